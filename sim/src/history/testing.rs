//! Histories written by hand, for unit tests. Times are milliseconds since the run began; nodes and keys are numbers.

use super::Evidence;
use crate::history::{
    Answer, Completion, Condition, Effect, Fate, Fault, FaultPhase, Found, Head, How, Invocation, KeyId, OpId,
    Operation, ProcessChange, Record, Share, StackRecord, StepId, Targets, What,
};
use crate::time::SimTime;
use crate::words::{Healed, MessageKind, Verb};
use leasehold::env::{Address, GroupId, Instant, Lane, NodeId, ReplicaId, Stamp};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::{EndCause, Event, Membership, Miss, Role, RoundCause, Timing};
use leasehold::request::{Part, ReadPath, Version};
use leasehold::transport::CallId;
use std::sync::Arc;
use std::time::Duration;

/// The moment `millis` after the start.
pub(crate) fn ms(millis: u64) -> SimTime {
    SimTime::at(Duration::from_millis(millis))
}

/// What was found of a key: which version, by which operation; `None`: a scan left it out.
pub(crate) type Sighting = (u32, Option<(Version, Option<u64>)>);

/// A group that is not the first.
pub(crate) const SECOND: GroupId = GroupId(2);

/// A history, built record by record in the order of the calls.
#[derive(Clone, Default)]
pub(crate) struct Events {
    records: Vec<Record>,
    operations: u64,
}

impl Events {
    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Its cores have worked for so long since the run began.
    pub(crate) fn busy(self, at: u64, node: u64, cores: Duration) -> Self {
        self.push(at, What::Busy { node: NodeId(node), cores, disk: Duration::ZERO })
    }

    pub(crate) fn push(mut self, at: u64, what: What) -> Self {
        self.records.push(Record { at: ms(at), what });
        self
    }

    /// These, and then those.
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.records.extend(other.records);
        self
    }

    /// The same, of the second group.
    pub(crate) fn of_second(mut self) -> Self {
        for Record { what, .. } in &mut self.records {
            match what {
                What::Stack(told) => told.replica.group = SECOND,
                What::Message { head, .. } => head.group = SECOND,
                _ => {}
            }
        }
        self
    }

    pub(crate) fn event(self, at: u64, node: u64, event: Event) -> Self {
        self.told_by(at, node, event, None)
    }

    fn told_by(self, at: u64, node: u64, event: Event, lease_until: Option<SimTime>) -> Self {
        let clock = Instant::from_nanos(ms(at).0);
        self.push(
            at,
            What::Stack(StackRecord {
                replica: ReplicaId::first(NodeId(node)),
                event,
                lease_until,
                clock,
                effect: None,
                moved: None,
            }),
        )
    }

    pub(crate) fn leads(self, at: u64, node: u64, term: u64) -> Self {
        self.event(at, node, Event::Role { role: Role::Leader, term, leader: Some(NodeId(node)) })
    }

    pub(crate) fn follows(self, at: u64, node: u64, term: u64) -> Self {
        self.event(at, node, Event::Role { role: Role::Follower, term, leader: None })
    }

    pub(crate) fn follows_whom(self, at: u64, node: u64, term: u64, leader: u64) -> Self {
        self.event(at, node, Event::Role { role: Role::Follower, term, leader: Some(NodeId(leader)) })
    }

    /// The node begins with ticks and heartbeats of 100 ms and leases of 300.
    pub(crate) fn configured(self, at: u64, node: u64, promise: Duration) -> Self {
        let tick = Duration::from_millis(100);
        let (patience, lease) = (promise + tick * 2, tick * 3);
        let timing = Timing { tick, heartbeat: tick, promise, patience, lease: Some(lease), renews: true };
        self.event(at, node, Event::Configured(timing))
    }

    /// Somebody touches a node's clock; it shows this now.
    pub(crate) fn shows(self, at: u64, node: u64, clock: u64) -> Self {
        let (clock, lease_until) = (Instant::from_nanos(ms(clock).0), None);
        self.push(at, What::Clock { replica: ReplicaId::first(NodeId(node)), clock, lease_until })
    }

    /// The clock of a leader goes otherwise from now on, and so does its lease.
    pub(crate) fn lease_shown(self, at: u64, node: u64, clock: u64, until: SimTime) -> Self {
        let (clock, lease_until) = (Instant::from_nanos(ms(clock).0), Some(until));
        self.push(at, What::Clock { replica: ReplicaId::first(NodeId(node)), clock, lease_until })
    }

    pub(crate) fn transfers(self, at: u64, node: u64, to: u64) -> Self {
        self.event(at, node, Event::TransferStarted { to: NodeId(to) })
    }

    pub(crate) fn aborts(self, at: u64, node: u64, to: u64) -> Self {
        self.event(at, node, Event::TransferAborted { to: NodeId(to) })
    }

    pub(crate) fn stopped(self, at: u64, node: u64) -> Self {
        self.event(at, node, Event::Stopped { error: None })
    }

    pub(crate) fn killed(self, at: u64, node: u64) -> Self {
        self.process(at, node, ProcessChange::Killed)
    }

    pub(crate) fn started(self, at: u64, node: u64, incarnation: u64) -> Self {
        self.process(at, node, ProcessChange::Started { incarnation })
    }

    /// Somebody touches a node's clock; its lease ends at `until` now.
    pub(crate) fn clock_touched(self, at: u64, node: u64, until: u64) -> Self {
        let (clock, lease_until) = (Instant::from_nanos(ms(at).0), Some(ms(until)));
        self.push(at, What::Clock { replica: ReplicaId::first(NodeId(node)), clock, lease_until })
    }

    pub(crate) fn process(self, at: u64, node: u64, change: ProcessChange) -> Self {
        self.push(at, What::Process { node: NodeId(node), change })
    }

    /// A lease of 300 ms of local time whose true end is `until`.
    pub(crate) fn extended(self, at: u64, node: u64, term: u64, until: u64) -> Self {
        let (base, expiry) = (Instant::from_nanos(0), Instant::from_nanos(300_000_000));
        let event = Event::LeaseExtended { term, generation: 0, base, expiry };
        self.told_by(at, node, event, Some(ms(until)))
    }

    /// A lease of 300 ms counted from `base`, by a clock that shows the time since the run began.
    pub(crate) fn leased(self, at: u64, node: u64, term: u64, generation: u64, base: u64) -> Self {
        let (from, to) = (ms(base), ms(base + 300));
        let (base, expiry) = (Instant::from_nanos(from.0), Instant::from_nanos(to.0));
        self.told_by(at, node, Event::LeaseExtended { term, generation, base, expiry }, Some(to))
    }

    /// `voter`'s answer reaches `leader`: to what that sent at `sent_at` in the first life of its process.
    pub(crate) fn acknowledges(self, at: u64, voter: u64, leader: u64, term: u64, sent_at: u64) -> Self {
        let sent_at = Instant::from_nanos(ms(sent_at).0);
        let message = What::Message {
            from: Address::Node(NodeId(voter)),
            to: Address::Node(NodeId(leader)),
            lane: Lane::Heartbeat,
            fate: Fate::Delivered,
            kind: MessageKind::HeartbeatResponse,
            head: head(term, 0, 0),
            stamp: None,
            echo: Some(Stamp { term, incarnation: 1, round: 1, sent_at }),
        };
        self.push(at, message)
    }

    /// A message of Raft arrives.
    pub(crate) fn arrives(self, at: u64, (from, to): (u64, u64), kind: MessageKind, head: Head) -> Self {
        let (from, to) = (Address::Node(NodeId(from)), Address::Node(NodeId(to)));
        let (lane, fate, stamp, echo) = (Lane::Heartbeat, Fate::Delivered, None, None);
        self.push(at, What::Message { from, to, lane, fate, kind, head, stamp, echo })
    }

    /// The request of an operation reaches a node.
    pub(crate) fn asks(self, at: u64, op: u64, node: u64) -> Self {
        self.request(at, (Address::Client(0), Address::Node(NodeId(node))), MessageKind::Request, op)
    }

    /// A node answers the request of an operation.
    pub(crate) fn answers(self, at: u64, node: u64, op: u64) -> Self {
        self.request(at, (Address::Node(NodeId(node)), Address::Client(0)), MessageKind::Reply, op)
    }

    /// A node answers a client.
    pub(crate) fn answers_client(self, at: u64, node: u64, client: u32) -> Self {
        self.request(at, (Address::Node(NodeId(node)), Address::Client(client)), MessageKind::Reply, 0)
    }

    /// A node answers the request of an operation by this error.
    pub(crate) fn answers_with(self, at: u64, node: u64, op: u64, error: Option<(ErrorKind, Outcome)>) -> Self {
        let head =
            Head { call: CallId { incarnation: 0, number: op }, rejected: error.is_some(), error, ..Head::default() };
        self.called(at, (Address::Node(NodeId(node)), Address::Client(0)), MessageKind::Reply, head)
    }

    /// A call that one node has passed on, by this number, for an operation, reaches another.
    pub(crate) fn passes_on(self, at: u64, (from, to): (u64, u64), call: u64, op: u64) -> Self {
        let head = Head {
            call: CallId { incarnation: 1, number: call },
            forwarded: true,
            op: Some(OpId(op)),
            ..Head::default()
        };
        self.called(at, (Address::Node(NodeId(from)), Address::Node(NodeId(to))), MessageKind::Request, head)
    }

    /// The answer to that, by this error if by one, comes back.
    pub(crate) fn returns(
        self,
        at: u64,
        (from, to): (u64, u64),
        call: u64,
        error: Option<(ErrorKind, Outcome)>,
    ) -> Self {
        let head =
            Head { call: CallId { incarnation: 1, number: call }, rejected: error.is_some(), error, ..Head::default() };
        self.called(at, (Address::Node(NodeId(from)), Address::Node(NodeId(to))), MessageKind::Reply, head)
    }

    fn request(self, at: u64, between: (Address, Address), kind: MessageKind, op: u64) -> Self {
        let known = (kind == MessageKind::Request).then_some(OpId(op));
        self.called(
            at,
            between,
            kind,
            Head { call: CallId { incarnation: 0, number: op }, op: known, ..Head::default() },
        )
    }

    fn called(self, at: u64, (from, to): (Address, Address), kind: MessageKind, head: Head) -> Self {
        let (lane, fate) = (Lane::Request, Fate::Delivered);
        self.push(at, What::Message { from, to, lane, fate, kind, head, stamp: None, echo: None })
    }

    pub(crate) fn ends(self, at: u64, node: u64, generation: u64, cause: EndCause) -> Self {
        self.event(at, node, Event::LeaseEnded { generation, cause, held: true })
    }

    pub(crate) fn ended(self, at: u64, node: u64, cause: EndCause) -> Self {
        self.ends(at, node, 0, cause)
    }

    pub(crate) fn failed(self, at: u64, node: u64, kind: ErrorKind) -> Self {
        self.ended(at, node, EndCause::Failed(kind))
    }

    pub(crate) fn hit(self, at: u64, node: u64) -> Self {
        self.event(at, node, Event::LeaseRead { miss: None, now: Some(Instant::from_nanos(ms(at).0)), again: false })
    }

    pub(crate) fn missed(self, at: u64, node: u64, miss: Miss) -> Self {
        self.event(
            at,
            node,
            Event::LeaseRead { miss: Some(miss), now: Some(Instant::from_nanos(ms(at).0)), again: false },
        )
    }

    pub(crate) fn round(self, at: u64, node: u64, cause: RoundCause) -> Self {
        self.event(at, node, Event::RoundStarted { cause, again: false })
    }

    pub(crate) fn round_again(self, at: u64, node: u64, cause: RoundCause) -> Self {
        self.event(at, node, Event::RoundStarted { cause, again: true })
    }

    pub(crate) fn round_ended(self, at: u64, node: u64, cause: RoundCause, waited_ms: u64) -> Self {
        let waited = Duration::from_millis(waited_ms);
        self.event(at, node, Event::RoundEnded { cause, waited, confirmed: true })
    }

    /// Three nodes run; n1 leads term 4, is followed by the others and can serve from 20 ms on.
    pub(crate) fn three_and_a_leader() -> Self {
        let started = (1..=3).fold(Self::default(), |events, node| events.started(0, node, 1));
        let led = started.follows(10, 2, 4).follows(10, 3, 4).leads(10, 1, 4);
        led.event(20, 1, Event::CaughtUp { term: 4, index: 1 })
    }

    pub(crate) fn applied(self, at: u64, index: u64) -> Self {
        self.applies(at, 1, index, 1, 0)
    }

    pub(crate) fn applies(self, at: u64, node: u64, index: u64, term: u64, digest: u32) -> Self {
        self.event(at, node, Event::Applied { index, term, digest })
    }

    /// n1 is the first to apply an entry, and this is what it did.
    pub(crate) fn takes(self, at: u64, index: u64, effect: Effect) -> Self {
        let (event, clock) = (Event::Applied { index, term: 1, digest: 0 }, Instant::from_nanos(ms(at).0));
        let (replica, effect) = (ReplicaId::first(NodeId(1)), Some(Box::new(effect)));
        self.push(at, What::Stack(StackRecord { replica, event, lease_until: None, clock, effect, moved: None }))
    }

    /// n1 is the first to apply an entry of the group `by`: these keys are, or shall be, those of the group `to`.
    pub(crate) fn moves(self, at: u64, (by, to): (u64, u64), keys: &[u32], version: u64) -> Self {
        let (by, to) = (GroupId(by), GroupId(to));
        let (event, clock) = (Event::Applied { index: 1, term: 1, digest: 0 }, Instant::from_nanos(ms(at).0));
        let keys = keys.iter().copied().map(KeyId).collect();
        let moved = Some(Box::new(super::Moved { keys, by, to, version }));
        let replica = ReplicaId { group: by, node: NodeId(1) };
        self.push(at, What::Stack(StackRecord { replica, event, lease_until: None, clock, effect: None, moved }))
    }

    /// The entry at `index` is a write of `key` by operation `op`.
    pub(crate) fn takes_put(self, at: u64, index: u64, op: u64, key: u32) -> Self {
        self.takes(at, index, effect(op, key, Condition::Always, Answer::Wrote))
    }

    pub(crate) fn appends(self, at: u64, node: u64, index: u64, term: u64, digest: u32) -> Self {
        self.event(at, node, Event::Appended { index, term, digest })
    }

    /// The node takes a snapshot of its state, whose digest is `digest`.
    pub(crate) fn snapshots(self, at: u64, node: u64, index: u64, term: u64, digest: u32) -> Self {
        self.event(at, node, Event::SnapshotTaken { index, term, digest, bytes: 1 })
    }

    pub(crate) fn restores(self, at: u64, node: u64, index: u64, term: u64, digest: u32) -> Self {
        self.event(at, node, Event::SnapshotRestored { index, term, digest, from: None })
    }

    /// The node goes by these voters, those who voted before them in a joint configuration, and these learners.
    pub(crate) fn members(self, at: u64, node: u64, index: u64, lists: [&[u64]; 3]) -> Self {
        let [voters, outgoing, learners] = lists.map(|ids| ids.iter().copied().map(NodeId).collect());
        self.event(at, node, Event::Membership { index, members: Arc::new(Membership { voters, outgoing, learners }) })
    }

    pub(crate) fn fault(self, at: u64, step: u32, verb: Verb, phase: FaultPhase) -> Self {
        let how = if verb == Verb::Heal { How::Heals(Healed::Everything) } else { How::Plainly };
        self.fault_of(at, step, (verb, how), Targets::Nobody, phase)
    }

    pub(crate) fn fault_of(
        self,
        at: u64,
        step: u32,
        (verb, how): (Verb, How),
        targets: Targets,
        phase: FaultPhase,
    ) -> Self {
        self.fault_shown(at, step, (verb, how), targets, (phase, None))
    }

    /// The same, and this shows it.
    pub(crate) fn fault_shown(
        self,
        at: u64,
        step: u32,
        (verb, how): (Verb, How),
        targets: Targets,
        (phase, evidence): (FaultPhase, Option<Evidence>),
    ) -> Self {
        let step = StepId { name: "step".into(), time: step };
        self.push(at, What::Fault(Box::new(Fault { step, verb, group: None, targets, how, phase, evidence })))
    }

    /// Client number `op` invokes operation number `op`, due when it is invoked.
    pub(crate) fn invoke(self, at: u64, op: u64, operation: Operation) -> Self {
        self.invoke_due(at, at, op, operation)
    }

    pub(crate) fn invoke_due(self, at: u64, due: u64, op: u64, operation: Operation) -> Self {
        self.invoked(at, (due, 1), op, operation)
    }

    /// The same, of a client that asks this node.
    pub(crate) fn invoke_via(self, at: u64, via: u64, op: u64, operation: Operation) -> Self {
        self.invoked(at, (at, via), op, operation)
    }

    fn invoked(self, at: u64, (due, via): (u64, u64), op: u64, operation: Operation) -> Self {
        let (client, via) = (u32::try_from(op).unwrap_or(0), NodeId(via));
        self.push(at, What::Invoked(Invocation { op: OpId(op), client, via, due: ms(due), operation }))
    }

    pub(crate) fn complete(self, at: u64, op: u64, completion: Completion) -> Self {
        self.push(at, What::Completed { op: OpId(op), completion })
    }

    pub(crate) fn read(self, at: u64, op: u64, version: Version) -> Self {
        self.complete(at, op, Completion::Read { version, value: None, path: ReadPath::Lease })
    }

    pub(crate) fn written(self, at: u64, op: u64, version: Version) -> Self {
        self.complete(at, op, Completion::Written { version })
    }

    pub(crate) fn ran(self, at: u64, op: u64, reads: &[Version], version: Version) -> Self {
        let reads = reads.iter().map(|version| Found { version: *version, value: None }).collect();
        self.complete(at, op, Completion::Script { reads, version, attempts: 1 })
    }

    /// Several keys are read in the first group, from a snapshot.
    pub(crate) fn found(self, at: u64, op: u64, snapshot: Version, found: &[Sighting]) -> Self {
        let read = |(version, value): (Version, Option<u64>)| Found { version, value: value.map(OpId) };
        let found = found.iter().map(|(key, found)| (KeyId(*key), found.map(read))).collect();
        let parts = vec![Part { group: GroupId::FIRST, snapshot, path: ReadPath::Lease }];
        self.complete(at, op, Completion::Reads { found, parts })
    }

    pub(crate) fn gave_up(self, at: u64, op: u64, outcome: Outcome) -> Self {
        self.complete(at, op, Completion::Failed { error: ErrorKind::DeadlineExceeded, outcome })
    }

    /// A get of key 0, from invocation to completion.
    pub(crate) fn get(mut self, from: u64, to: u64, version: Version) -> Self {
        let op = self.fresh();
        self.invoke(from, op, get(0)).read(to, op, version)
    }

    /// A put of key 0, from invocation to completion.
    pub(crate) fn put(mut self, from: u64, to: u64, version: Version) -> Self {
        let op = self.fresh();
        self.invoke(from, op, put(0)).written(to, op, version)
    }

    fn fresh(&mut self) -> u64 {
        self.operations += 1;
        1_000 + self.operations
    }
}

/// The head of a message between replicas.
pub(crate) fn head(term: u64, index: u64, commit: u64) -> Head {
    Head { term, index, commit, ..Head::default() }
}

pub(crate) fn effect(op: u64, key: u32, condition: Condition, answer: Answer) -> Effect {
    Effect { op: OpId(op), key: KeyId(key), deletes: false, condition, answer }
}

/// That of a delete.
pub(crate) fn tombstone(op: u64, key: u32) -> Effect {
    Effect { deletes: true, ..effect(op, key, Condition::Always, Answer::Wrote) }
}

/// On condition that none of these keys has changed.
pub(crate) fn unchanged(since: Version, reads: &[u32]) -> Condition {
    Condition::Unchanged { since, reads: reads.iter().map(|key| KeyId(*key)).collect() }
}

pub(crate) fn get(key: u32) -> Operation {
    Operation::Get { key: KeyId(key) }
}

pub(crate) fn put(key: u32) -> Operation {
    Operation::Put { key: KeyId(key) }
}

pub(crate) fn cas(key: u32) -> Operation {
    Operation::Cas { key: KeyId(key), expected: None }
}

pub(crate) fn delete(key: u32) -> Operation {
    Operation::Delete { key: KeyId(key) }
}

pub(crate) fn mget(keys: &[u32]) -> Operation {
    Operation::Mget { keys: keys.iter().map(|key| KeyId(*key)).collect(), share: Share::Whole }
}

pub(crate) fn scan(keys: &[u32]) -> Operation {
    Operation::Scan { limit: 100, keys: keys.iter().map(|key| KeyId(*key)).collect(), share: Share::Whole }
}

pub(crate) fn script(reads: &[u32], key: u32) -> Operation {
    Operation::Script { reads: reads.iter().map(|key| KeyId(*key)).collect(), key: KeyId(key) }
}
