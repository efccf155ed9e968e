//! A cluster: its nodes, started and stopped, and its time.

use super::bus::TestBus;
use super::disk::TestDisk;
use super::host::{Surroundings, TestHost};
use super::setup::Setup;
use super::world::World;
use crate::engine::Status;
use crate::env::{Address, Bus, Envelope, NodeId};
use crate::error::Error;
use crate::node::Node;
use crate::request::Response;
use crate::transport::{Message, Packet};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Nodes that say so much to each other while time stands still never come to rest.
const RESTLESS: usize = 100_000;

/// After so long a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a node made of a request.
pub(crate) type Answer = Result<Response, Error>;

/// A client's request that is under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Call(pub(super) u64);

/// What a test waits for beside a cluster.
pub(crate) struct Pending<T>(Arc<Mutex<Option<T>>>);

impl<T: Clone> Pending<T> {
    /// The result, if there is one yet.
    pub(crate) fn now(&self) -> Option<T> {
        self.0.lock().clone()
    }
}

/// Real nodes on a world of their own.
pub(crate) struct Cluster {
    setup: Setup,
    pub(super) world: Arc<World>,
    pub(super) bus: Arc<TestBus>,
    members: BTreeMap<u64, Member>,
    pub(super) answers: BTreeMap<Call, Answer>,
    pub(super) calls: u64,
}

#[derive(Default)]
pub(super) struct Member {
    pub(super) disk: TestDisk,
    pub(super) surroundings: Arc<Surroundings>,
    incarnation: u64,
    /// `None`: it is down.
    node: Option<Node>,
}

impl Setup {
    pub(crate) fn start(self) -> Cluster {
        Cluster::start(self)
    }
}

impl Cluster {
    /// Voters `n1` and so on; nobody leads.
    pub(crate) fn of(voters: u64) -> Self {
        Setup::of(voters).start()
    }

    /// The same, led by `n1`.
    pub(crate) fn led(voters: u64) -> Self {
        Self::of(voters).elected(1)
    }

    /// This cluster, with that leader.
    pub(crate) fn elected(mut self, node: u64) -> Self {
        self.elect(node);
        self
    }

    fn start(setup: Setup) -> Self {
        let world = Arc::new(World::default());
        // The clocks' origin is no special moment.
        world.advance_to(1_000_000_000);
        let bus = Arc::new(TestBus::new(Arc::clone(&world)));
        let founders = [&setup.founders.voters, &setup.founders.learners, &setup.strangers];
        let members = founders.into_iter().flatten().map(|node| (node.0, Member::default())).collect();
        let mut cluster = Self { setup, world, bus, members, answers: BTreeMap::new(), calls: 0 };
        for node in cluster.nodes() {
            cluster.restart(node).expect("an empty disk opens");
        }
        cluster.settle();
        cluster
    }

    /// Every node, running or not.
    pub(crate) fn nodes(&self) -> Vec<u64> {
        self.members.keys().copied().collect()
    }

    /// Starts a node on what is on its disk.
    pub(crate) fn restart(&mut self, node: u64) -> Result<(), Error> {
        let bus = Arc::clone(&self.bus) as Arc<dyn Bus<Message>>;
        let member = self.members.get_mut(&node).expect("a node of this cluster");
        member.incarnation += 1;
        let (world, surroundings) = (Arc::clone(&self.world), Arc::clone(&member.surroundings));
        let host = Arc::new(TestHost::new(NodeId(node), member.incarnation, world, surroundings));
        member.node = Some(self.setup.node(host, bus, member.disk.clone())?);
        self.settle();
        Ok(())
    }

    /// Kills a node; what it had not synced is lost.
    pub(crate) fn crash(&mut self, node: u64) {
        self.world.kill(NodeId(node));
        let member = self.members.get_mut(&node).expect("a node of this cluster");
        member.node = None;
        member.disk.crash();
    }

    /// Stops a node in good order. It still answers that it has stopped.
    pub(crate) fn stop(&mut self, node: u64) -> Pending<()> {
        let stopped = self.node(node).stop();
        self.begin(stopped)
    }

    /// How many tasks of a node have not ended.
    pub(crate) fn tasks_of(&self, node: u64) -> usize {
        self.world.tasks_of(NodeId(node))
    }

    /// Lets `span` pass.
    pub(crate) fn run(&mut self, span: Duration) {
        let end = self.world.now() + crate::env::nanos(span);
        while self.step(end) {}
        self.world.advance_to(end);
    }

    /// Lets time pass until `holds`.
    pub(crate) fn run_until(&mut self, holds: impl Fn(&Self) -> bool) {
        let end = self.world.now() + crate::env::nanos(PATIENCE);
        self.settle();
        while !holds(self) {
            assert!(self.step(end), "waited in vain; the nodes are {:#?}", self.statuses());
        }
    }

    /// Does what can be done now.
    pub(crate) fn settle(&mut self) {
        for _ in 0..RESTLESS {
            self.world.run_until_idle();
            let Some(packet) = self.bus.arrived() else { return };
            self.deliver(packet);
        }
        panic!("the nodes do not come to rest");
    }

    /// Does what can be done now, then moves time to what comes next, if that is not after `end`.
    fn step(&mut self, end: u64) -> bool {
        self.settle();
        let next = [self.world.next_timer(), self.bus.next_arrival()].into_iter().flatten().min();
        let Some(next) = next.filter(|next| *next <= end) else { return false };
        self.world.advance_to(next);
        self.settle();
        true
    }

    fn deliver(&mut self, packet: Packet) {
        match (packet.to, packet.body) {
            (Address::Client(_), Message::Reply { call, result }) => {
                self.answers.insert(Call(call.number), result);
            }
            (Address::Client(_), _) => {}
            (Address::Node(node), body) => {
                let member = self.members.get(&node.0);
                if let Some(node) = member.and_then(|member| member.node.as_ref()) {
                    node.deliver(Envelope { body, ..packet });
                }
            }
        }
    }

    pub(super) fn member(&self, node: u64) -> &Member {
        &self.members[&node]
    }

    /// A running node.
    pub(crate) fn node(&self, node: u64) -> &Node {
        self.member(node).node.as_ref().expect("it runs")
    }

    fn statuses(&self) -> BTreeMap<u64, Status> {
        let running = self.members.iter().filter_map(|(id, member)| Some((*id, member.node.as_ref()?)));
        running.map(|(id, node)| (id, node.status())).collect()
    }

    /// Runs a future beside the nodes.
    pub(crate) fn begin<T: Send + 'static>(&mut self, future: impl Future<Output = T> + Send + 'static) -> Pending<T> {
        let pending = Pending(Arc::new(Mutex::new(None)));
        let slot = Arc::clone(&pending.0);
        let task = async move {
            let result = future.await;
            *slot.lock() = Some(result);
        };
        self.world.spawn(None, Box::pin(task));
        self.settle();
        pending
    }

    /// Lets time pass until there is a result.
    pub(crate) fn wait<T: Clone>(&mut self, pending: &Pending<T>) -> T {
        self.run_until(|_| pending.now().is_some());
        pending.now().expect("waited for")
    }
}
