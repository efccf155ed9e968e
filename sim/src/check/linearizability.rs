//! S1 again, from values alone: every key behaves like a single register.
//!
//! **Proves**, for each key, that there is an order of its operations that respects real time and in which each finds what the one
//! before it left. A value says which operation wrote it, so no search is needed ([`zones`](super::zones)). Versions, logs and leases
//! are not looked at: this is what a client could find out. So it holds even where the versions that `staleness` goes by are wrong:
//! a value that belongs to another version, a write applied twice or lost, a refusal that should have been a success.
//!
//! What counts as what:
//! - A compare-and-set that found another value is a read of it, and that must not be the one it expected.
//! - A script takes effect where its write is applied, if nothing that it read has changed since: there it reads each of its keys. The
//!   key that it writes it updates, if it has read it: nothing comes between what it found and what it wrote. If not, it writes blindly.
//! - A write of unknown outcome takes effect if somebody sees its value, at any time after its invocation; a script's is then blind.
//! - A write that failed without effect must never be seen.
//!
//! **Does not prove** anything across keys: a script's keys are judged one by one. Nor that versions are right (S3), nor how stale a
//! read was. After its first violation a key is not judged any more: nothing that follows means anything.
//!
//! **Costs** the logarithm of the number of values that may still be seen, for each key that an operation touches. Remembers
//! operations under way, keys, some dozens of values a key, and each write that failed.
//!
//! **Seen alive by** its unit tests, by `zones` against an exact search, and by `sim/tests/linearizability.rs`: under `long-lease`,
//! with all that would end the run before set to record only.

mod story;

use super::zones::{INITIAL, Kind, Mark, Monitor, Time, Value};
use super::{Check, CheckInfo, Finding, Kind as RecordKind, Nodes};
use crate::history::{Completion, Invocation, KeyId, OpId, OpKind, Operation, Record, What};
use crate::scenario::Class;
use crate::time::SimTime;
use leasehold::env::{Address, NodeId};
use leasehold::error::Outcome;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const INFO: CheckInfo = CheckInfo::new(
    "linearizability",
    Class::StaleRead,
    "each key behaves like a single register, judged from the values that clients saw",
    "lease-bugs.md S1; Gibbons & Korach 1997",
);

/// The check.
pub(super) struct Linearizability {
    keys: Arc<[String]>,
    /// By key.
    registers: Vec<Register>,
    under_way: BTreeMap<OpId, UnderWay>,
    /// How many operations have begun or ended.
    events: Time,
    evaluated: u64,
    /// The last answer that each client was sent: from which node, and when it arrived.
    answers: Vec<Option<(NodeId, SimTime)>>,
}

/// What is known of a key.
#[derive(Default)]
enum Register {
    #[default]
    Untouched,
    Judged(Monitor<Witness>),
    /// No register has its history.
    Refuted,
}

/// An operation that has not completed.
struct UnderWay {
    client: u32,
    began: Time,
    invoked: SimTime,
    operation: Operation,
}

/// An operation that completed.
struct Done<'a> {
    op: OpId,
    was: UnderWay,
    ended: Time,
    at: SimTime,
    completion: &'a Completion,
}

/// What an operation that completed says about one key.
#[derive(Clone, Copy)]
enum Access {
    /// It did this.
    Did(Kind),
    /// It never took effect.
    Failed,
}

/// An operation at its begin or its end, and what it did to the key, as far as that was known then. For stories.
#[derive(Clone, Copy)]
struct Witness {
    op: OpId,
    client: u32,
    kind: OpKind,
    access: Kind,
    at: SimTime,
}

impl UnderWay {
    /// The one key that it is about; a script reads others besides.
    fn key(&self) -> KeyId {
        match &self.operation {
            Operation::Get { key }
            | Operation::Put { key }
            | Operation::Cas { key, .. }
            | Operation::Script { key, .. } => *key,
        }
    }

    fn writes(&self) -> bool {
        self.operation.kind() != OpKind::Get
    }

    /// What it is known to expect before it writes.
    fn expected(&self) -> Option<Value> {
        match &self.operation {
            Operation::Cas { expected, .. } => Some(number(*expected)),
            Operation::Get { .. } | Operation::Put { .. } | Operation::Script { .. } => None,
        }
    }

    fn began(&self, op: OpId, access: Kind) -> Mark<Witness> {
        let witness = Witness { op, client: self.client, kind: self.operation.kind(), access, at: self.invoked };
        Mark { at: self.began, by: Some(witness) }
    }
}

impl Done<'_> {
    /// What a script says about the keys that it read.
    fn reads(&self) -> impl Iterator<Item = (KeyId, Value)> {
        let (keys, found) = match (&self.was.operation, self.completion) {
            (Operation::Script { reads, .. }, Completion::Script { reads: found, .. }) => (&reads[..], &found[..]),
            _ => (&[][..], &[][..]),
        };
        keys.iter().copied().zip(found.iter().map(|found| number(found.value)))
    }

    /// What the operation says about the one key that it is about.
    fn own(&self) -> Option<(KeyId, Access)> {
        let own = self.op.0;
        let kind = match (&self.was.operation, self.completion) {
            (Operation::Get { .. }, Completion::Read { value, .. }) => Kind::Read(number(*value)),
            (Operation::Put { .. }, Completion::Written { .. }) => Kind::Write(own),
            (Operation::Cas { expected, .. }, Completion::Written { .. }) => Kind::Cas(number(*expected), own),
            (Operation::Cas { expected, .. }, Completion::Unexpected { value, .. }) => {
                Kind::Refused(number(*expected), number(*value))
            }
            (Operation::Script { key, .. }, Completion::Script { .. }) => {
                let found = self.reads().find(|(read, _)| read == key);
                found.map_or(Kind::Write(own), |(_, value)| Kind::Update(value, own))
            }
            (_, Completion::Failed { outcome: Outcome::NotApplied, .. }) => {
                return self.was.writes().then_some((self.was.key(), Access::Failed));
            }
            _ => return None,
        };
        Some((self.was.key(), Access::Did(kind)))
    }

    fn ended(&self, access: Kind) -> Mark<Witness> {
        let UnderWay { client, operation, .. } = &self.was;
        let witness = Witness { op: self.op, client: *client, kind: operation.kind(), access, at: self.at };
        Mark { at: self.ended, by: Some(witness) }
    }
}

impl Linearizability {
    pub(super) fn new(keys: Arc<[String]>) -> Self {
        Self { keys, registers: Vec::new(), under_way: BTreeMap::new(), events: 0, evaluated: 0, answers: Vec::new() }
    }

    fn tick(&mut self) -> Time {
        self.events += 1;
        self.events
    }

    fn invoked(&mut self, at: SimTime, Invocation { op, client, operation, .. }: &Invocation) {
        let began = self.tick();
        let operation = UnderWay { client: *client, began, invoked: at, operation: operation.clone() };
        if operation.writes()
            && let Some(monitor) = register(&mut self.registers, operation.key())
        {
            let expected = operation.expected();
            let access = expected.map_or(Kind::Write(op.0), |expected| Kind::Cas(expected, op.0));
            monitor.begin(op.0, expected, operation.began(*op, access));
        }
        self.under_way.insert(*op, operation);
    }

    fn completed(&mut self, at: SimTime, op: OpId, completion: &Completion) -> Option<Finding> {
        let ended = self.tick();
        let was = self.under_way.remove(&op)?;
        let done = Done { op, was, ended, at, completion };
        let read = done.reads().map(|(key, value)| (key, Access::Did(Kind::Read(value))));
        read.chain(done.own()).find_map(|(key, access)| self.judge(&done, key, access))
    }

    fn judge(&mut self, done: &Done<'_>, key: KeyId, access: Access) -> Option<Finding> {
        let monitor = register(&mut self.registers, key)?;
        self.evaluated += 1;
        let judged = match access {
            Access::Did(kind) => monitor.end(kind, done.was.began(done.op, kind), done.ended(kind)),
            Access::Failed => monitor.deny(done.op.0),
        };
        let Err(contradiction) = judged else {
            let others = self.under_way.values().map(|operation| operation.began);
            monitor.settle(|| others.chain([done.was.began]).min().unwrap_or(done.ended));
            return None;
        };
        self.registers[key.0 as usize] = Register::Refuted;
        Some(self.finding(done, key, access, contradiction))
    }
}

/// The judge of `key`, unless its history has been refuted.
fn register(registers: &mut Vec<Register>, key: KeyId) -> Option<&mut Monitor<Witness>> {
    let register = slot(registers, key.0);
    if let Register::Untouched = register {
        *register = Register::Judged(Monitor::default());
    }
    match register {
        Register::Judged(monitor) => Some(monitor),
        Register::Untouched | Register::Refuted => None,
    }
}

/// Number `number` of `slots`, of which there are as many as needed.
fn slot<T: Default>(slots: &mut Vec<T>, number: u32) -> &mut T {
    let number = number as usize;
    if number >= slots.len() {
        slots.resize_with(number + 1, T::default);
    }
    &mut slots[number]
}

/// A value as a number.
fn number(value: Option<OpId>) -> Value {
    value.map_or(INITIAL, |op| op.0)
}

impl Check for Linearizability {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn looks_at(&self) -> &'static [RecordKind] {
        &[RecordKind::Operation, RecordKind::Message]
    }

    fn record(&mut self, record: &Record, _nodes: &Nodes) -> Option<Finding> {
        match &record.what {
            What::Invoked(invocation) => self.invoked(record.at, invocation),
            What::Completed { op, completion } => return self.completed(record.at, *op, completion),
            What::Message { from: Address::Node(node), to: Address::Client(client), .. } if record.is_delivery() => {
                *slot(&mut self.answers, *client) = Some((*node, record.at));
            }
            What::Message { .. }
            | What::Stack(_)
            | What::Process { .. }
            | What::Cpu { .. }
            | What::Clock { .. }
            | What::Fault { .. } => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }
}

#[cfg(test)]
mod tests;
