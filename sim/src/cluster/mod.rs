//! The stack wired into the world.
//!
//! [`Cluster::build`] lays the links, gives every node its clock, disk and cores, and starts it. From then on the cluster is known
//! by what it tells: every event of the stack and every message goes to the recorder; [`roles`] keeps who leads and who
//! holds a lease, for the selectors of faults.

mod bus;
mod effects;
mod host;
mod recorder;
mod roles;
mod variant;
mod wiring;

pub use recorder::Recorder;
pub use roles::Roles;
pub use variant::{DEFAULT, VARIANTS, Variant, find};
pub use wiring::founders;

use crate::history::{ProcessChange, What};
use crate::scenario::Scenario;
use crate::world::World;
use crate::world::clock::Clock;
use crate::world::cpu::Cpu;
use crate::world::disk::Disk;
use crate::world::network::{Cut, LinkId, Receiver, RuleId};
use crate::world::process::Process;
use host::{Identity, SimDisk, SimHost};
use leasehold::env::NodeId;
use leasehold::node::Node;
use leasehold::observe::Host;
use leasehold::transport::Packet;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use wiring::Links;

/// The world that carries this stack's messages.
pub type SimWorld = World<Box<Packet>>;

/// What a cluster is built from.
pub struct Plan {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// What about the stack differs.
    pub variant: &'static Variant,
    /// How many clients there are, over all workloads.
    pub clients: u32,
    /// Plants a leak of nondeterminism, for the tests of `verify`: entropy mixed with a counter of the whole process.
    pub leak: bool,
}

/// How often it is told how busy the nodes are.
const CORES_TOLD_EVERY: Duration = Duration::from_secs(1);

/// A running cluster. A handle: clones are the same cluster.
#[derive(Clone)]
pub struct Cluster {
    shared: Arc<Shared>,
}

struct Shared {
    world: SimWorld,
    recorder: Arc<Recorder>,
    plan: Plan,
    links: Links,
    slots: BTreeMap<NodeId, Slot>,
}

/// Where a node lives: what is there whether or not its process runs.
struct Slot {
    disk: Arc<Mutex<Disk>>,
    clock: Arc<Mutex<Clock>>,
    cpu: Arc<Mutex<Cpu>>,
    starts: AtomicU64,
    running: Mutex<Option<Running>>,
}

impl Slot {
    fn new(disk: Disk, clock: Clock, cpu: Arc<Mutex<Cpu>>) -> Self {
        let (disk, clock) = (Arc::new(Mutex::new(disk)), Arc::new(Mutex::new(clock)));
        Self { disk, clock, cpu, starts: AtomicU64::new(0), running: Mutex::new(None) }
    }
}

struct Running {
    process: Process,
    node: Arc<Node>,
}

impl Cluster {
    /// Lays out the cluster and starts its nodes.
    pub fn build(world: SimWorld, recorder: Arc<Recorder>, plan: Plan) -> Self {
        let cpus = wiring::cpus(&plan.scenario);
        let links = wiring::lay(&world, &plan, &cpus);
        let slot = |(id, cpu)| {
            let (disk, clock) = (wiring::disk(&world, &plan, id), wiring::clock(&world, &plan.scenario, id));
            (id, Slot::new(disk, clock, cpu))
        };
        let slots = cpus.into_iter().map(slot).collect();
        let cluster = Self { shared: Arc::new(Shared { world, recorder, plan, links, slots }) };
        cluster.shared.recorder.roles().found(founders(&cluster.shared.plan.scenario));
        cluster.shared.world.set_tap(Arc::clone(&cluster.shared.recorder) as Arc<_>);
        cluster.nodes().for_each(|node| cluster.start(node));
        cluster.tell_of_cores();
        cluster
    }

    /// Tells how busy the nodes are, now and once a second.
    fn tell_of_cores(&self) {
        for (node, slot) in &self.shared.slots {
            self.record(What::Cpu { node: *node, busy: slot.cpu.lock().busy() });
        }
        let (world, cluster) = (self.world(), self.clone());
        world.call_at(world.now().after(CORES_TOLD_EVERY), move || cluster.tell_of_cores());
    }

    /// The nodes, running or not.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.shared.slots.keys().copied()
    }

    /// The world it runs in.
    pub fn world(&self) -> &SimWorld {
        &self.shared.world
    }

    /// Who leads, who holds a lease: as told by the nodes themselves.
    pub fn roles(&self) -> MutexGuard<'_, Roles> {
        self.shared.recorder.roles()
    }

    /// Records what did not come from the stack: operations, faults.
    pub fn record(&self, what: What) {
        self.shared.recorder.record(self.shared.world.now(), what);
    }

    /// Starts a node's process on what is on its disk.
    ///
    /// # Panics
    /// If the node refuses to start: the simulated disk has then lost what it had promised to keep.
    pub fn start(&self, id: NodeId) {
        let shared = &self.shared;
        let slot = &shared.slots[&id];
        let process = shared.world.process(&id.to_string());
        let incarnation = slot.starts.fetch_add(1, Ordering::Relaxed) + 1;
        let identity = Identity { node: id, incarnation };
        self.record(What::Process { node: id, change: ProcessChange::Started { incarnation } });
        let host = SimHost::new(
            &shared.world,
            &shared.plan,
            &shared.recorder,
            identity,
            Arc::clone(&slot.clock),
            Arc::clone(&slot.cpu),
            process.clone(),
        );
        let host: Arc<dyn Host> = Arc::new(host);
        let bus = Arc::new(bus::SimBus::new(&shared.world, &shared.links, id));
        let disk = Arc::new(SimDisk::new(&shared.world, &slot.disk));
        let config = wiring::node_config(&shared.plan);
        let node = Arc::new(Node::start(host, bus, disk, config).expect("a node starts on its own disk"));
        for link in shared.links.entering_node(id) {
            shared.world.set_receiver(link, Some(Arc::new(Door(Arc::clone(&node)))));
        }
        *slot.running.lock() = Some(Running { process, node });
    }

    /// Kills a node's process; its disk keeps what was durable. Returns whether there was a process.
    pub fn kill(&self, id: NodeId) -> bool {
        let slot = &self.shared.slots[&id];
        let Some(running) = slot.running.lock().take() else { return false };
        self.shared.recorder.killed(self.shared.world.now(), id);
        slot.clock.lock().thaw(self.shared.world.now());
        running.process.kill();
        slot.disk.lock().crash();
        for link in self.shared.links.entering_node(id) {
            self.shared.world.set_receiver(link, None);
        }
        true
    }

    /// Lets a node's process stand still, and its clock with it if `freeze`. Returns whether there was a process.
    pub fn pause(&self, id: NodeId, freeze: bool) -> bool {
        let slot = &self.shared.slots[&id];
        let running = slot.running.lock();
        let Some(running) = &*running else { return false };
        self.record(What::Process { node: id, change: ProcessChange::Paused });
        running.process.pause();
        if freeze {
            slot.clock.lock().freeze(self.shared.world.now());
        }
        true
    }

    /// Lets a node's process, and its clock, go on. Returns whether the pause delayed anything that could have run.
    pub fn resume(&self, id: NodeId) -> bool {
        let slot = &self.shared.slots[&id];
        slot.clock.lock().thaw(self.shared.world.now());
        let running = slot.running.lock();
        let Some(running) = &*running else { return false };
        self.record(What::Process { node: id, change: ProcessChange::Resumed });
        running.process.resume()
    }

    /// Does a process of this node exist, standing still or not?
    pub fn is_up(&self, id: NodeId) -> bool {
        self.shared.slots[&id].running.lock().is_some()
    }

    /// A node, if it runs.
    pub fn node(&self, id: NodeId) -> Option<Arc<Node>> {
        self.shared.slots[&id].running.lock().as_ref().map(|running| Arc::clone(&running.node))
    }

    /// Runs `task` in a node's process, if it runs.
    pub fn on_node<F>(&self, id: NodeId, task: impl FnOnce(Arc<Node>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        if let Some(running) = &*self.shared.slots[&id].running.lock() {
            running.process.spawn(task(Arc::clone(&running.node)));
        }
    }

    /// The links by which one set of nodes reaches another.
    pub fn links_between(&self, from: &[NodeId], to: &[NodeId]) -> Vec<LinkId> {
        from.iter().flat_map(|from| to.iter().flat_map(|to| self.shared.links.between(*from, *to))).collect()
    }

    /// Cuts links on behalf of step `step` of the timeline, which is told to be effective once a protocol message meets the cut.
    pub fn cut(&self, step: u32, verb: &'static str, links: &[LinkId], how: Cut) -> RuleId {
        let rule = self.shared.world.cut(links, how);
        self.shared.recorder.watch(rule, step, verb);
        rule
    }

    /// Lifts what [`Cluster::cut`] cut.
    pub fn lift(&self, rule: RuleId) {
        self.shared.world.lift(rule);
    }

    /// The link by which a client reaches a node.
    pub fn link_to(&self, client: u32, node: NodeId) -> LinkId {
        self.shared.links.client_to_node(client, node)
    }

    /// What nodes send to a client goes to `receiver`.
    pub fn attach_client(&self, client: u32, receiver: &Arc<dyn Receiver<Box<Packet>>>) {
        for link in self.shared.links.entering_client(client) {
            self.shared.world.set_receiver(link, Some(Arc::clone(receiver)));
        }
    }
}

/// Where messages enter a node.
struct Door(Arc<Node>);

impl Receiver<Box<Packet>> for Door {
    fn receive(&self, packet: Box<Packet>) {
        self.0.deliver(*packet);
    }
}
