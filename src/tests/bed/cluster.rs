//! A cluster, and all that a test may do to it.

use super::bus::{self, Fate, Kind, TestBus};
use super::disk::TestDisk;
use super::host::{Surroundings, TestHost};
use super::setup::Setup;
use super::world::World;
use crate::engine::{Engine, MembershipChange, Status};
use crate::env::{Address, Bus, Envelope, Instant, Lane, NodeId, Point, Stamp, Work};
use crate::error::Error;
use crate::metrics::Counter;
use crate::node::Node;
use crate::observe::{Event, Miss, RoundCause};
use crate::request::{ReadPath, Request, Response};
use crate::transport::{CallId, Message, Packet};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// What a client gives a request.
const BUDGET: Duration = Duration::from_secs(30);

/// After so long a test that waits has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a node made of a request.
pub(in crate::tests) type Answer = Result<Response, Error>;

/// A client's request that is under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::tests) struct Call(u64);

/// What a test waits for beside a cluster.
pub(in crate::tests) struct Pending<T>(Arc<Mutex<Option<T>>>);

impl<T: Clone> Pending<T> {
    /// The result, if there is one yet.
    pub(in crate::tests) fn now(&self) -> Option<T> {
        self.0.lock().clone()
    }
}

/// Real nodes on a world of their own.
pub(in crate::tests) struct Cluster {
    setup: Setup,
    world: Arc<World>,
    bus: Arc<TestBus>,
    members: BTreeMap<u64, Member>,
    answers: BTreeMap<Call, Answer>,
    calls: u64,
}

#[derive(Default)]
struct Member {
    disk: TestDisk,
    surroundings: Arc<Surroundings>,
    incarnation: u64,
    /// `None`: it is down.
    node: Option<Node>,
}

/// Starting, stopping and time.
impl Cluster {
    /// Voters `n1` and so on; nobody leads.
    pub(in crate::tests) fn of(voters: u64) -> Self {
        Setup::of(voters).start()
    }

    /// The same, led by `n1`.
    pub(in crate::tests) fn led(voters: u64) -> Self {
        Self::of(voters).elected(1)
    }

    /// This cluster, with that leader.
    pub(in crate::tests) fn elected(mut self, node: u64) -> Self {
        self.elect(node);
        self
    }

    pub(super) fn start(setup: Setup) -> Self {
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
    pub(in crate::tests) fn nodes(&self) -> Vec<u64> {
        self.members.keys().copied().collect()
    }

    /// Starts a node on what is on its disk.
    pub(in crate::tests) fn restart(&mut self, node: u64) -> Result<(), Error> {
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
    pub(in crate::tests) fn crash(&mut self, node: u64) {
        self.world.kill(NodeId(node));
        let member = self.members.get_mut(&node).expect("a node of this cluster");
        member.node = None;
        member.disk.crash();
    }

    /// Stops a node in good order. It still answers that it has stopped.
    pub(in crate::tests) fn stop(&mut self, node: u64) {
        self.node(node).stop();
        self.settle();
    }

    /// How many tasks of a node have not ended.
    pub(in crate::tests) fn tasks_of(&self, node: u64) -> usize {
        self.world.tasks_of(NodeId(node))
    }

    /// Lets `span` pass.
    pub(in crate::tests) fn run(&mut self, span: Duration) {
        let end = self.world.now() + crate::env::nanos(span);
        while self.step(end) {}
        self.world.advance_to(end);
    }

    /// Lets time pass until `holds`.
    pub(in crate::tests) fn run_until(&mut self, holds: impl Fn(&Self) -> bool) {
        let end = self.world.now() + crate::env::nanos(PATIENCE);
        self.settle();
        while !holds(self) {
            assert!(self.step(end), "waited in vain; the nodes are {:#?}", self.statuses());
        }
    }

    /// Does what can be done now.
    pub(in crate::tests) fn settle(&mut self) {
        loop {
            self.world.run_until_idle();
            let Some(packet) = self.bus.arrived() else { return };
            self.deliver(packet);
        }
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

    fn member(&self, node: u64) -> &Member {
        &self.members[&node]
    }

    /// A running node.
    pub(in crate::tests) fn node(&self, node: u64) -> &Node {
        self.member(node).node.as_ref().expect("it runs")
    }

    fn engine(&self, node: u64) -> Arc<dyn Engine> {
        self.node(node).engine()
    }
}

/// Leadership and membership.
impl Cluster {
    /// Lets time pass until `node` leads: nobody else gets as far as asking for votes.
    pub(in crate::tests) fn stand(&mut self, node: u64) {
        let others = move |packet: &Packet| bus::is(packet, Kind::PreVote) && bus::is_of_others(packet, node);
        let quiet = self.bus.rule(Fate::Drop, others);
        self.run_until(|cluster| cluster.status(node).leads());
        self.bus.end(quiet);
    }

    /// The same, and until it has applied an entry of its term.
    pub(in crate::tests) fn elect(&mut self, node: u64) {
        self.stand(node);
        self.run_until(|cluster| cluster.leads(node));
    }

    /// Does it lead, as far as it has published, and may it serve reads?
    pub(in crate::tests) fn leads(&self, node: u64) -> bool {
        let status = self.status(node);
        status.leads() && status.caught_up()
    }

    /// What a node has published.
    pub(in crate::tests) fn status(&self, node: u64) -> Status {
        self.node(node).status()
    }

    fn statuses(&self) -> BTreeMap<u64, Status> {
        let running = self.members.iter().filter_map(|(id, member)| Some((*id, member.node.as_ref()?)));
        running.map(|(id, node)| (id, node.status())).collect()
    }

    /// Asks `from` to hand over to `to`.
    pub(in crate::tests) fn begin_transfer(&mut self, from: u64, to: u64) -> Pending<Result<(), Error>> {
        let transfer = self.node(from).transfer(NodeId(to));
        self.begin(transfer)
    }

    /// The same, and waits for the answer.
    pub(in crate::tests) fn transfer(&mut self, from: u64, to: u64) -> Result<(), Error> {
        let transfer = self.begin_transfer(from, to);
        self.wait(&transfer)
    }

    pub(in crate::tests) fn begin_change(&mut self, at: u64, change: MembershipChange) -> Pending<Result<u64, Error>> {
        let change = self.node(at).change_membership(change);
        self.begin(change)
    }

    /// Asks `at` for a change of membership, and waits for the answer.
    pub(in crate::tests) fn change(&mut self, at: u64, change: MembershipChange) -> Result<u64, Error> {
        let change = self.begin_change(at, change);
        self.wait(&change)
    }

    /// Asks the engine of `at` to confirm that it leads.
    pub(in crate::tests) fn begin_read_index(&mut self, at: u64) -> Pending<Result<u64, Error>> {
        let round = self.engine(at).read_index(RoundCause::LeaseMiss);
        self.begin(round)
    }

    /// Proposes bytes to the engine of `at`.
    pub(in crate::tests) fn begin_propose(&mut self, at: u64, command: &[u8]) -> Pending<Result<u64, Error>> {
        let proposal = self.engine(at).propose(command.to_vec());
        self.begin(async move { proposal.await.map(|applied| applied.index) })
    }

    /// Waits at `at` until an index is applied there.
    pub(in crate::tests) fn begin_wait(&mut self, at: u64, index: u64) -> Pending<Result<(), Error>> {
        let applied = self.engine(at).wait_applied(index);
        self.begin(applied)
    }

    /// Runs a future beside the nodes.
    pub(in crate::tests) fn begin<T: Send + 'static>(
        &mut self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Pending<T> {
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
    pub(in crate::tests) fn wait<T: Clone>(&mut self, pending: &Pending<T>) -> T {
        self.run_until(|_| pending.now().is_some());
        pending.now().expect("waited for")
    }
}

/// Clients.
impl Cluster {
    /// Sends a request to `node`.
    pub(in crate::tests) fn ask(&mut self, node: u64, request: Request) -> Call {
        self.ask_within(node, request, BUDGET)
    }

    /// The same, with so much time to answer it.
    pub(in crate::tests) fn ask_within(&mut self, node: u64, request: Request, budget: Duration) -> Call {
        self.send(node, request, budget, false)
    }

    fn send(&mut self, node: u64, request: Request, budget: Duration, forwarded: bool) -> Call {
        self.calls += 1;
        let call = CallId { incarnation: 0, number: self.calls };
        let body = Message::Request { call, budget, forwarded, request: Arc::new(request) };
        let (from, to) = (Address::Client(0), Address::Node(NodeId(node)));
        let sent = self.bus.send(Envelope { from, to, lane: Lane::Request, stamp: None, echo: None, body });
        sent.expect("clients' lanes are never full");
        self.settle();
        Call(self.calls)
    }

    /// The answer, if there is one yet.
    pub(in crate::tests) fn answer(&self, call: Call) -> Option<Answer> {
        self.answers.get(&call).cloned()
    }

    /// Lets time pass until there is an answer.
    pub(in crate::tests) fn answered(&mut self, call: Call) -> Answer {
        self.run_until(|cluster| cluster.answers.contains_key(&call));
        self.answers[&call].clone()
    }

    /// Sends a request, and waits for its answer.
    pub(in crate::tests) fn serve(&mut self, node: u64, request: Request) -> Answer {
        let call = self.ask(node, request);
        self.answered(call)
    }

    /// Sends a request as a node does that passes it on.
    pub(in crate::tests) fn pass_on(&mut self, node: u64, request: Request) -> Answer {
        let call = self.send(node, request, BUDGET, true);
        self.answered(call)
    }

    /// The version written.
    pub(in crate::tests) fn put(&mut self, node: u64, key: &str, value: &str) -> Result<u64, Error> {
        match self.serve(node, put(key, value))? {
            Response::Written { version } => Ok(version),
            other => panic!("a put was answered {other:?}"),
        }
    }

    /// The value read, and how the read was fenced.
    pub(in crate::tests) fn get(&mut self, node: u64, key: &str) -> Result<(String, ReadPath), Error> {
        match self.serve(node, get(key))? {
            Response::Value { value, path, .. } => Ok((text(value), path)),
            other => panic!("a get was answered {other:?}"),
        }
    }

    /// What the gate of `node` says to a lease read now, whatever becomes of that.
    pub(in crate::tests) fn gate(&mut self, node: u64) -> Result<(), Miss> {
        self.ask(node, get("gate"));
        let decided = self.events(node).into_iter().rev().find_map(|event| match event {
            Event::LeaseRead { miss, .. } => Some(miss),
            _ => None,
        });
        decided.expect("a node that leads decides by its gate").map_or(Ok(()), Err)
    }

    /// When the lease of `node` runs out, if it holds one.
    pub(in crate::tests) fn lease(&self, node: u64) -> Option<Instant> {
        let last = |event: Event| match event {
            Event::LeaseExtended { expiry, .. } => Some(Some(expiry)),
            Event::LeaseEnded { .. } => Some(None),
            _ => None,
        };
        self.member(node).surroundings.all_events().into_iter().rev().find_map(last).flatten()
    }
}

/// Trouble.
impl Cluster {
    /// Holds messages of this kind on this link, those to come.
    pub(in crate::tests) fn hold(&mut self, kind: Kind, from: u64, to: u64) {
        self.bus.rule(Fate::Hold, move |packet| bus::is(packet, kind) && bus::goes(packet, from, to));
    }

    /// Lets go what is held, in order, and holds no more.
    pub(in crate::tests) fn release(&mut self) {
        self.hold_no_more();
        self.bus.release(|_| true);
        self.settle();
    }

    /// Lets go what is held of this kind, and goes on to hold.
    pub(in crate::tests) fn release_only(&mut self, kind: Kind) {
        self.bus.release(|packet| bus::is(packet, kind));
        self.settle();
    }

    /// Keeps what is held, and holds nothing more.
    pub(in crate::tests) fn hold_no_more(&mut self) {
        self.bus.lift(Fate::Hold);
    }

    /// Drops messages of this kind on this link.
    pub(in crate::tests) fn drop(&mut self, kind: Kind, from: u64, to: u64) {
        self.bus.rule(Fate::Drop, move |packet| bus::is(packet, kind) && bus::goes(packet, from, to));
    }

    /// Drops all that goes from this node to that.
    pub(in crate::tests) fn cut(&mut self, from: u64, to: u64) {
        self.bus.rule(Fate::Drop, move |packet| bus::goes(packet, from, to));
    }

    /// Drops all between this node and the others.
    pub(in crate::tests) fn isolate(&mut self, node: u64) {
        self.bus.rule(Fate::Drop, move |packet| bus::touches(packet, node));
    }

    /// Lets the sender of this lane hear that it is full.
    pub(in crate::tests) fn fill(&mut self, lane: Lane, from: u64, to: u64) {
        self.bus.rule(Fate::Refuse, move |packet| packet.lane == lane && bus::goes(packet, from, to));
    }

    /// Drops and refuses nothing more.
    pub(in crate::tests) fn heal(&mut self) {
        self.bus.lift(Fate::Drop);
        self.bus.lift(Fate::Refuse);
    }

    /// How long messages take from now on.
    pub(in crate::tests) fn latency(&mut self, latency: Duration) {
        self.bus.delays(latency);
    }

    /// Makes the clock of `node` unreadable, or readable again.
    pub(in crate::tests) fn break_clock(&mut self, node: u64, broken: bool) {
        self.member(node).surroundings.breaks_clock(broken);
    }

    /// What a piece of work costs `node`.
    pub(in crate::tests) fn cost(&mut self, node: u64, work: Work, cost: Duration) {
        self.member(node).surroundings.costs(work, cost);
    }

    /// Lets all of a disk's operations fail, or none.
    pub(in crate::tests) fn fail_disk(&mut self, node: u64, fails: bool) {
        self.member(node).disk.fails(fails);
        self.settle();
    }

    /// Lets a disk's syncs wait, or go on.
    pub(in crate::tests) fn stall_disk(&mut self, node: u64, stalls: bool) {
        self.member(node).disk.stalls(stalls);
        self.settle();
    }

    /// Changes a file behind a node's back.
    pub(in crate::tests) fn corrupt(&mut self, node: u64, file: &str, change: impl Fn(&mut Vec<u8>)) {
        self.member(node).disk.corrupt(file, change);
    }

    /// Holds every task of `node` that comes to `point`.
    pub(in crate::tests) fn hold_at(&mut self, node: u64, point: Point) {
        self.member(node).surroundings.hold_at(point);
    }

    /// How many tasks of `node` are held at a point.
    pub(in crate::tests) fn held_at_point(&self, node: u64) -> usize {
        self.member(node).surroundings.held()
    }

    /// Lets go the tasks of `node`.
    pub(in crate::tests) fn resume(&mut self, node: u64) {
        self.member(node).surroundings.resume();
        self.settle();
    }
}

/// What a test sees.
impl Cluster {
    /// True time; what every clock shows.
    pub(in crate::tests) fn now(&self) -> Instant {
        Instant::from_nanos(self.world.now())
    }

    /// What `node` told since the start, or the last [`Cluster::forget`].
    pub(in crate::tests) fn events(&self, node: u64) -> Vec<Event> {
        self.member(node).surroundings.events()
    }

    /// Forgets, lets `span` pass, and forgets nothing after that.
    pub(in crate::tests) fn watch(&mut self, span: Duration) {
        self.forget();
        self.run(span);
    }

    /// How many of these.
    pub(in crate::tests) fn told(&self, node: u64, is: impl Fn(&Event) -> bool) -> usize {
        self.events(node).iter().filter(|event| is(event)).count()
    }

    /// The messages of this kind that this node sent to that, those that were dropped or held too.
    pub(in crate::tests) fn sent(&self, kind: Kind, from: u64, to: u64) -> Vec<Packet> {
        self.sent_with_times(kind, from, to).map(|(_, packet)| packet).collect()
    }

    /// Those of this kind to whomever, in order.
    pub(in crate::tests) fn all_sent(&self, kind: Kind) -> Vec<Packet> {
        let sent = self.bus.sent().into_iter().map(|(_, packet)| packet);
        sent.filter(|packet| bus::is(packet, kind)).collect()
    }

    /// When that was.
    pub(in crate::tests) fn moments(&self, kind: Kind, from: u64, to: u64) -> Vec<Instant> {
        self.sent_with_times(kind, from, to).map(|(at, _)| Instant::from_nanos(at)).collect()
    }

    fn sent_with_times(&self, kind: Kind, from: u64, to: u64) -> impl Iterator<Item = (u64, Packet)> {
        let matches = move |packet: &Packet| bus::is(packet, kind) && bus::goes(packet, from, to);
        self.bus.sent().into_iter().filter(move |(_, packet)| matches(packet))
    }

    /// Their stamps.
    pub(in crate::tests) fn stamps(&self, kind: Kind, from: u64, to: u64) -> Vec<Stamp> {
        self.sent(kind, from, to).into_iter().filter_map(|packet| packet.stamp).collect()
    }

    /// Forgets events and messages so far.
    pub(in crate::tests) fn forget(&mut self) {
        self.members.values().for_each(|member| member.surroundings.forget());
        self.bus.forget_sent();
    }

    pub(in crate::tests) fn count(&self, node: u64, counter: Counter) -> u64 {
        self.node(node).metrics().get(counter)
    }
}

/// A client's get.
pub(in crate::tests) fn get(key: &str) -> Request {
    Request::Get { key: key.into() }
}

/// A client's put.
pub(in crate::tests) fn put(key: &str, value: &str) -> Request {
    Request::Put { key: key.into(), value: value.into() }
}

/// A client's script that reads keys and writes one.
pub(in crate::tests) fn script(reads: &[&str], key: &str, value: &str) -> Request {
    Request::Script { reads: reads.iter().map(|key| (*key).into()).collect(), key: key.into(), value: value.into() }
}

fn text(value: Option<Vec<u8>>) -> String {
    value.map_or_else(String::new, |value| String::from_utf8_lossy(&value).into_owned())
}
