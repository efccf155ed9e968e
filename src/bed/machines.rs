//! Machines: what runs on them, started and stopped, and their time.

use super::bus::{Fate, TestBus};
use super::disk::TestDisk;
use super::host::{Surroundings, TestHost};
use super::world::World;
use crate::env::{Address, Bus, Envelope, NodeId};
use crate::error::Error;
use crate::observe::Host;
use crate::request::Response;
use crate::transport::{Message, Packet};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Who says so much while time stands still never comes to rest.
const RESTLESS: usize = 100_000;

/// After so long a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is to run on the machines of a bed.
pub(crate) trait Software {
    /// What runs on one of them.
    type Process: Process;

    /// Is a task that panics dropped, while the others run on, as a runtime has it? If not, the test ends.
    fn outlives_panics(&self) -> bool {
        false
    }

    /// The nodes that there are, running or not.
    fn nodes(&self) -> Vec<NodeId>;

    /// Starts it on one of them.
    ///
    /// # Errors
    /// What is on the disk cannot be opened.
    fn start(&self, machine: Machine) -> Result<Self::Process, Error>;
}

/// A running process.
pub(crate) trait Process {
    /// Takes a message from the network.
    fn deliver(&self, packet: Packet);

    /// Some task has run: what it has published may be looked at.
    fn polled(&self) {}

    /// How it stands, for who waits for it in vain.
    fn describe(&self) -> String;
}

/// What a process is started on.
pub(crate) struct Machine {
    pub(crate) host: Arc<dyn Host>,
    pub(crate) bus: Arc<dyn Bus<Message>>,
    pub(crate) disk: TestDisk,
}

/// What a test waits for beside the machines.
pub(crate) struct Pending<T>(Arc<Mutex<Option<T>>>);

impl<T: Clone> Pending<T> {
    /// The result, if there is one yet.
    pub(crate) fn now(&self) -> Option<T> {
        self.0.lock().clone()
    }
}

/// Machines on a world of their own, and what runs on them.
pub(crate) struct Bed<S: Software> {
    pub(crate) software: S,
    pub(crate) world: Arc<World>,
    pub(crate) bus: Arc<TestBus>,
    members: BTreeMap<u64, Member<S::Process>>,
    /// What clients were answered, by the number of the call.
    pub(crate) replies: BTreeMap<u64, Result<Response, Error>>,
    last_number: u64,
}

pub(crate) struct Member<P> {
    pub(crate) disk: TestDisk,
    pub(crate) surroundings: Arc<Surroundings>,
    incarnation: u64,
    /// `None`: it is down.
    process: Option<P>,
}

impl<S: Software> Bed<S> {
    /// Everything runs.
    ///
    /// # Errors
    /// Something does not open an empty disk.
    pub(crate) fn start(software: S) -> Result<Self, Error> {
        let world = Arc::new(World::new(software.outlives_panics()));
        // The clocks' origin is no special moment.
        world.advance_to(1_000_000_000);
        let bus = Arc::new(TestBus::new(Arc::clone(&world)));
        let member =
            || Member { disk: TestDisk::default(), surroundings: Arc::default(), incarnation: 0, process: None };
        let members = software.nodes().into_iter().map(|node| (node.0, member())).collect();
        let mut bed = Self { software, world, bus, members, replies: BTreeMap::new(), last_number: 0 };
        for node in bed.nodes() {
            bed.restart(node)?;
        }
        bed.settle();
        Ok(bed)
    }

    /// Every node, running or not.
    pub(crate) fn nodes(&self) -> Vec<u64> {
        self.members.keys().copied().collect()
    }

    /// Starts a node on what is on its disk.
    pub(crate) fn restart(&mut self, node: u64) -> Result<(), Error> {
        let bus = Arc::clone(&self.bus) as Arc<dyn Bus<Message>>;
        let member = self.members.get_mut(&node).expect("a node of this bed");
        member.incarnation += 1;
        let (world, surroundings) = (Arc::clone(&self.world), Arc::clone(&member.surroundings));
        let host = Arc::new(TestHost::new(NodeId(node), member.incarnation, world, surroundings));
        let disk = member.disk.clone();
        member.process = Some(self.software.start(Machine { host, bus, disk })?);
        self.settle();
        Ok(())
    }

    /// Kills a node; what it had not synced is lost.
    pub(crate) fn crash(&mut self, node: u64) {
        self.world.kill(NodeId(node));
        let member = self.members.get_mut(&node).expect("a node of this bed");
        member.process = None;
        member.disk.crash();
    }

    /// A number for a call that no other has.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
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

    /// Lets time pass until `holds`, or for `span`. Does it hold?
    pub(crate) fn run_at_most(&mut self, span: Duration, holds: impl Fn(&Self) -> bool) -> bool {
        let end = self.world.now() + crate::env::nanos(span);
        self.settle();
        while !holds(self) {
            if !self.step(end) {
                return false;
            }
        }
        true
    }

    /// Lets time pass until `holds`.
    pub(crate) fn run_until(&mut self, holds: impl Fn(&Self) -> bool) {
        assert!(self.run_at_most(PATIENCE, holds), "waited in vain; the nodes are {}", self.describe());
    }

    /// How every node stands that runs.
    pub(crate) fn describe(&self) -> String {
        let running = self.members.iter().filter_map(|(id, member)| Some((id, member.process.as_ref()?)));
        running.map(|(id, process)| format!("n{id}: {}", process.describe())).collect::<Vec<_>>().join("; ")
    }

    /// Does what can be done now.
    pub(crate) fn settle(&mut self) {
        for _ in 0..RESTLESS {
            let processes = || self.members.values().filter_map(|member| member.process.as_ref());
            self.world.run_until_idle(|| processes().for_each(Process::polled));
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
                self.replies.insert(call.number, result);
            }
            (Address::Client(_), _) => {}
            (Address::Node(node), body) => {
                if let Some(process) = self.members.get(&node.0).and_then(|member| member.process.as_ref()) {
                    process.deliver(Envelope { body, ..packet });
                }
            }
        }
    }

    pub(crate) fn member(&self, node: u64) -> &Member<S::Process> {
        &self.members[&node]
    }

    /// What runs on a node.
    pub(crate) fn process(&self, node: u64) -> &S::Process {
        self.member(node).process.as_ref().expect("it runs")
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

    /// Drops what any other than `node` asks to be elected by. Returns the rule's number.
    pub(crate) fn let_others_not_stand(&mut self, node: u64) -> u64 {
        self.bus
            .rule(Fate::Drop, move |packet| super::bus::asks_for_vote(packet) && super::bus::is_of_others(packet, node))
    }
}
