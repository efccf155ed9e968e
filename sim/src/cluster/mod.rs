//! The stack wired into the world.
//!
//! [`Cluster::build`] lays the links, gives every node its clock, disk and cores, and starts it. From then on the cluster is known
//! by what it tells: every event of the stack and every message goes to the recorder; of the replicas it keeps what
//! selectors ask. What goes wrong with it is in `harm`.

mod assembly;
mod bus;
mod clock;
mod effects;
mod guard;
mod harm;
mod host;
mod kinds;
mod prelude;
mod recorder;
mod traps;
mod wiring;

pub use assembly::{Assembly, TakenForClock, Tap};
pub use guard::{Effective, Guard};
pub use kinds::{classify, size};
pub use recorder::Recorder;
pub use traps::Spring;
pub use wiring::founders;

use crate::history::Counts;
use crate::scenario::Claims;
use crate::world::World;
use crate::world::network::{self, Receiver};
use crate::world::timer::Timer;
use assembly::Tapped;
use clock::NodeClock;
use host::{Identity, SimDisk, SimHost};
use leasehold::error::Error;
use leasehold::metrics::Counter;
use leasehold::routes::Routes;
use parking_lot::MappedMutexGuard;
use prelude::*;
use traps::Traps;
use wiring::Links;

/// The world that carries this stack's messages.
pub type SimWorld = World<Box<Packet>>;

/// A wait in it.
pub type SimTimer = Timer<Box<Packet>>;

/// What makes its links worse than they are.
pub type Impairment = network::Impairment<Box<Packet>>;

/// What sets single messages of it aside.
pub type Hold = network::Hold<Box<Packet>>;

/// What a cluster is built from.
pub struct Plan {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// How its processes are put together.
    pub assembly: &'static dyn Assembly,
    /// Which group has which keys.
    pub routes: Routes,
    /// Plants a leak of nondeterminism, for the tests of `verify`: entropy mixed with a counter of the whole process.
    pub leak: bool,
}

impl Plan {
    /// May anything be done to a clock in this run?
    fn touches_clocks(&self) -> bool {
        self.scenario.touches_clocks() || self.assembly.clock() == TakenForClock::Uptime
    }
}

/// How long after the end of a process that has failed, or that could not start, the next attempt is made: a supervisor's pause.
pub(crate) const STARTED_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often it is told how busy the nodes are.
const TOLD_EVERY: Duration = Duration::from_secs(1);

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
    /// Waits for processes to fail. It is none of theirs.
    supervisor: Process,
    /// The node that was started again last.
    restarted: Mutex<Option<NodeId>>,
    /// So many faults are about the messages of one group alone.
    apart: Arc<AtomicUsize>,
}

/// Where a node lives: what is there whether or not its process runs.
struct Slot {
    disk: Arc<Mutex<Disk>>,
    clock: Arc<Mutex<NodeClock>>,
    cpu: Arc<Mutex<Cpu>>,
    /// Its CPU is slow: how long that had been busy before, and what to call if there has been work since.
    slowed: Mutex<Option<(Duration, Effective)>>,
    traps: Arc<Traps>,
    starts: AtomicU64,
    /// A fault keeps it down: nobody else may start it.
    held_down: AtomicBool,
    running: Mutex<Option<Running>>,
}

impl Slot {
    fn new(disk: Disk, clock: NodeClock, cpu: Arc<Mutex<Cpu>>) -> Self {
        let (disk, clock) = (Arc::new(Mutex::new(disk)), Arc::new(Mutex::new(clock)));
        let (starts, held_down) = (AtomicU64::new(0), AtomicBool::new(false));
        let (traps, slowed, running) = (Arc::default(), Mutex::new(None), Mutex::new(None));
        Self { disk, clock, cpu, slowed, traps, starts, held_down, running }
    }

    /// Says whether there was work since its CPU is slow, unless that has been said.
    fn tell_slowed(&self) {
        let slowed = self.slowed.lock().take();
        let busy = self.cpu.lock().busy();
        if let Some((_, effective)) = slowed.filter(|(before, _)| busy > *before) {
            effective(None);
        }
    }
}

struct Running {
    process: Process,
    node: Arc<Node>,
    /// It stands still, and its clock with it.
    suspended: AtomicBool,
}

impl Cluster {
    /// Lays out the cluster and starts its nodes.
    pub fn build(world: SimWorld, recorder: Arc<Recorder>, plan: Plan) -> Self {
        plan.assembly.begin();
        let cpus = wiring::cpus(&plan.scenario);
        let links = wiring::lay(&world, &plan, &cpus);
        let slot = |(id, cpu)| {
            let (disk, clock) = (wiring::disk(&world, &plan, id), wiring::clock(&world, &plan.scenario, id));
            (id, Slot::new(disk, NodeClock::new(clock, plan.touches_clocks()), cpu))
        };
        let slots = cpus.into_iter().map(slot).collect();
        let (supervisor, restarted) = (world.process("supervisor"), Mutex::new(None));
        let shared = Shared { world, recorder, plan, links, slots, supervisor, restarted, apart: Arc::default() };
        let cluster = Self { shared: Arc::new(shared) };
        cluster.shared.world.set_tap(Arc::clone(&cluster.shared.recorder) as Arc<_>);
        cluster.nodes().for_each(|node| cluster.start(node));
        cluster.tell_how_busy();
        cluster
    }

    /// Ends its world, and lets go of what refers to it in circles.
    pub fn dissolve(&self) {
        self.world().dissolve();
        self.shared.slots.values().for_each(|slot| slot.traps.clear());
    }

    /// Tells how busy the nodes are, now and once a second.
    fn tell_how_busy(&self) {
        for (node, slot) in &self.shared.slots {
            let (cores, disk) = (slot.cpu.lock().busy(), slot.disk.lock().busy(self.world().now()));
            self.record(What::Busy { node: *node, cores, disk });
        }
        let (world, cluster) = (self.world(), self.clone());
        world.call_at(world.now().after(TOLD_EVERY), move || cluster.tell_how_busy());
    }

    /// Tells what shows at the end alone: whether a CPU that is still slow had work, and what each process counts of itself.
    pub fn tell_at_end(&self) {
        for (node, slot) in &self.shared.slots {
            slot.tell_slowed();
            if let Some(running) = &*slot.running.lock() {
                self.counted(*node, running);
            }
        }
    }

    fn counted(&self, node: NodeId, running: &Running) {
        for group in running.node.groups() {
            let metrics = running.node.metrics(group);
            let (scripts, retries) = (metrics.conflict_retries.count(), metrics.conflict_retries.sum());
            let counts = Counts { counters: Counter::ALL.map(|counter| metrics.get(counter)), scripts, retries };
            self.record(What::Counted { replica: ReplicaId { group, node }, counts: Box::new(counts) });
        }
    }

    /// The nodes, running or not.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.shared.slots.keys().copied()
    }

    /// What the scenario claims of its clocks.
    pub fn claims(&self) -> Claims {
        self.shared.plan.scenario.claims
    }

    /// Does a step of the wall clock move what nodes take for their monotonic clock?
    pub fn goes_by_wall_clock(&self) -> bool {
        self.shared.plan.assembly.clock() == TakenForClock::Wall
    }

    /// The world it runs in.
    pub fn world(&self) -> &SimWorld {
        &self.shared.world
    }

    /// Who leads, who holds a lease: as told by the nodes themselves.
    pub fn replicas(&self) -> MappedMutexGuard<'_, Grouped<Replicas>> {
        self.shared.recorder.replicas()
    }

    /// Records what did not come from the stack: operations, faults.
    pub fn record(&self, what: What) {
        self.shared.recorder.record(self.shared.world.now(), what);
    }

    /// Starts a node's process on what is on its disk. One that cannot start says so, and is started again a while later; but
    /// not where its log is damaged, which only a person can mend.
    pub fn start(&self, id: NodeId) {
        let shared = &self.shared;
        let slot = &shared.slots[&id];
        slot.held_down.store(false, Ordering::Relaxed);
        let process = shared.world.process(&id.to_string());
        let incarnation = slot.starts.fetch_add(1, Ordering::Relaxed) + 1;
        if incarnation > 1 {
            *shared.restarted.lock() = Some(id);
        }
        let identity = Identity { node: id, incarnation };
        self.record(What::Process { node: id, change: ProcessChange::Started { incarnation } });
        let disk: Arc<dyn leasehold::env::Disk> =
            Arc::new(SimDisk::new(&shared.world, &shared.recorder, id, &slot.disk));
        let assembly = shared.plan.assembly;
        let replica = |(group, founders): (GroupId, Membership), bus: &Arc<dyn Bus<Message>>| {
            let host = SimHost::new(shared, slot, identity, group, process.clone());
            Parts::new(
                group,
                shared.plan.routes.clone(),
                wiring::engines(&shared.plan.scenario),
                assembly.host(Arc::new(host)),
                Arc::clone(bus),
                Arc::clone(&disk),
                wiring::node_config(&shared.plan, ReplicaId { group, node: id }, founders),
            )
        };
        let bus: Arc<dyn Bus<Message>> = Arc::new(bus::SimBus::new(&shared.world, &shared.links, id, &shared.apart));
        let groups = wiring::founders(&shared.plan.scenario);
        let mut replicas: Vec<Parts> = groups.into_iter().map(|group| replica(group, &bus)).collect();
        let taps = replicas.iter().filter_map(|parts| Some((parts.group, assembly.tap(parts)?))).collect();
        let tap = Tapped::around(bus, taps).map(Arc::new);
        if let Some(tap) = &tap {
            replicas.iter_mut().for_each(|parts| parts.bus = Arc::clone(tap) as _);
        }
        let replicas = replicas.into_iter().map(|parts| assembly.parts(parts)).collect();
        let node = match Node::start(assembly.routes(id, shared.plan.routes.clone()), assembly.groups(replicas)) {
            Ok(node) => Arc::new(node),
            Err(error) => {
                process.kill();
                self.record(What::Process { node: id, change: ProcessChange::Failed { error: error.kind() } });
                if error != Error::Damaged {
                    self.start_later(identity);
                }
                return;
            }
        };
        if shared.plan.assembly.supervised() {
            self.supervise(identity, &node);
        }
        for link in shared.links.entering_node(id) {
            shared.world.set_receiver(link, Some(Arc::new(Door { node: Arc::clone(&node), tap: tap.clone() })));
        }
        *slot.running.lock() = Some(Running { process, node, suspended: AtomicBool::new(false) });
    }

    /// Ends a process whose engine has failed, which is of no use to anybody: it is gone once it has come to rest, and starts again
    /// a while later. Its disk is as after a crash of the machine: what had failed to become durable is not found in a cache that
    /// nobody can trust.
    fn supervise(&self, identity: Identity, node: &Node) {
        let (shared, ended) = (Arc::downgrade(&self.shared), node.ended());
        self.shared.supervisor.spawn(async move {
            if ended.await.is_ok() {
                return;
            }
            let Some(cluster) = shared.upgrade().map(|shared| Cluster { shared }) else { return };
            let world = cluster.world().clone();
            world.call_at(world.now(), move || {
                if cluster.is_still(identity) && cluster.kill(identity.node, Tail::Lost) {
                    cluster.start_later(identity);
                }
            });
        });
    }

    fn start_later(&self, identity: Identity) {
        let (world, cluster) = (self.world(), self.clone());
        world.call_at(world.now().after(STARTED_AGAIN_AFTER), move || {
            let slot = &cluster.shared.slots[&identity.node];
            let held_down = slot.held_down.load(Ordering::Relaxed);
            if cluster.is_still(identity) && !held_down && !cluster.is_up(identity.node) {
                cluster.start(identity.node);
            }
        });
    }

    /// Has the node not been started since?
    fn is_still(&self, Identity { node, incarnation }: Identity) -> bool {
        self.shared.slots[&node].starts.load(Ordering::Relaxed) == incarnation
    }

    /// Kills a node's process; its disk keeps what was durable, and what is left of the rest.
    fn kill(&self, id: NodeId, tail: Tail) -> bool {
        let slot = &self.shared.slots[&id];
        let Some(running) = slot.running.lock().take() else { return false };
        self.counted(id, &running);
        self.record(What::Process { node: id, change: ProcessChange::Killed });
        self.wake(id, &running);
        running.process.kill();
        slot.disk.lock().crash(tail);
        for link in self.shared.links.entering_node(id) {
            self.shared.world.set_receiver(link, None);
        }
        true
    }

    /// The slowest and the fastest of the nodes' clocks, each with its rate in parts per billion.
    pub fn clock_rates(&self) -> Option<[(NodeId, i64); 2]> {
        let rates = || self.shared.slots.iter().map(|(id, slot)| (*id, slot.clock.lock().clock.rate_ppb()));
        Some([rates().min_by_key(|(_, rate)| *rate)?, rates().max_by_key(|(_, rate)| *rate)?])
    }

    /// The node that was started again last.
    pub fn restarted(&self) -> Option<NodeId> {
        *self.shared.restarted.lock()
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
        Lane::ALL.into_iter().flat_map(|lane| self.lane_between(from, to, lane)).collect()
    }

    /// The same, of one lane.
    pub fn lane_between(&self, from: &[NodeId], to: &[NodeId], lane: Lane) -> Vec<LinkId> {
        let pairs = from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to)));
        pairs.filter_map(|(from, to)| self.shared.links.peer(from, to, lane)).collect()
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
struct Door {
    node: Arc<Node>,
    tap: Option<Arc<Tapped>>,
}

impl Receiver<Box<Packet>> for Door {
    fn receive(&self, packet: Box<Packet>) {
        match &self.tap {
            Some(tap) => tap.receive(*packet, &self.node),
            None => self.node.deliver(packet),
        }
    }
}
