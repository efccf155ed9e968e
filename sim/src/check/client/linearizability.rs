//! S1 again, from values alone: every key behaves like a single register.
//!
//! **Proves**, for each key, that there is an order of its operations that respects real time and in which each finds what the
//! one before it left. A value says which operation wrote it, so no search is needed ([`zones`](crate::register::zones)). Versions, logs
//! and leases are not looked at: this is what a client could find out. So it holds even where the versions that `staleness`
//! goes by are wrong: a value that belongs to another version, a write applied twice or lost, a refusal that should have been a
//! success.
//!
//! What counts as what:
//! - A compare-and-set that found another value is a read of it, and that must not be the one it expected.
//! - A script takes effect where its write is applied, if nothing that it read has changed since: there it reads each of its
//!   keys. The key that it writes it updates, if it has read it: nothing comes between what it found and what it wrote. If not,
//!   it writes blindly.
//! - A write of unknown outcome takes effect if somebody sees its value, at any time after its invocation; a script's is then
//!   blind.
//! - A write that failed without effect must never be seen.
//!
//! **Does not prove** anything across keys: a script's keys are judged one by one. Nor that versions are right (S3), nor how
//! stale a read was. After its first violation a key is not judged any more: nothing that follows means anything.
//!
//! **Costs** the logarithm of the number of values that may still be seen, for each key that an operation touches. Remembers
//! operations under way, keys, some dozens of values a key, and each write that failed.
//!
//! **Seen alive by** its unit tests, by `zones` against an exact search, and by `sim/tests/runs/linearizability.rs`: under `long-lease`,
//! with all that would end the run before set to record only.

mod story;

use crate::check::{Check, CheckInfo, Finding, Kind as RecordKind, Premises};
use crate::history::{Completion, Invocation, KeyId, OpId, OpKind, Operation, Record, What};
use crate::register::zones::{INITIAL, Kind, Mark, Monitor, Time, Value};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use crate::view::operations::UnderWay;
use leasehold::error::Outcome;
use std::sync::Arc;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "linearizability",
    Class::StaleRead,
    "each key behaves like a single register, judged from the values that clients saw",
    "lease-bugs.md S1; Gibbons & Korach 1997",
);

/// The check.
pub(in crate::check) struct Linearizability {
    keys: Arc<[String]>,
    /// By key.
    registers: Vec<Register>,
    evaluated: u64,
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

/// An operation that completed.
struct Done<'a> {
    op: OpId,
    was: &'a UnderWay,
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

/// The one key that an operation is about; a script reads others besides.
fn key(operation: &Operation) -> KeyId {
    match operation {
        Operation::Get { key }
        | Operation::Put { key }
        | Operation::Cas { key, .. }
        | Operation::Script { key, .. } => *key,
    }
}

/// What an operation is known to do before anything is known of what it finds, if it writes.
fn writes(op: OpId, operation: &Operation) -> Option<Kind> {
    match operation {
        Operation::Get { .. } => None,
        Operation::Put { .. } | Operation::Script { .. } => Some(Kind::Write(op.0)),
        Operation::Cas { expected, .. } => Some(Kind::Cas(number(*expected), op.0)),
    }
}

fn began(op: OpId, was: &UnderWay, access: Kind) -> Mark<Witness> {
    let witness = Witness { op, client: was.client, kind: was.operation.kind(), access, at: was.invoked };
    Mark { at: was.began, by: Some(witness) }
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
                return writes(self.op, &self.was.operation).map(|_| (key(&self.was.operation), Access::Failed));
            }
            _ => return None,
        };
        Some((key(&self.was.operation), Access::Did(kind)))
    }

    fn ended(&self, access: Kind) -> Mark<Witness> {
        let UnderWay { client, operation, .. } = &self.was;
        let witness = Witness { op: self.op, client: *client, kind: operation.kind(), access, at: self.at };
        Mark { at: self.ended, by: Some(witness) }
    }
}

impl Linearizability {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self { keys: Arc::clone(&premises.keys), registers: Vec::new(), evaluated: 0 }
    }

    fn invoked(&mut self, op: OpId, operation: &UnderWay) {
        if let Some(access) = writes(op, &operation.operation)
            && let Some(monitor) = register(&mut self.registers, key(&operation.operation))
        {
            let expected = match access {
                Kind::Cas(expected, _) => Some(expected),
                Kind::Read(_) | Kind::Write(_) | Kind::Update(..) | Kind::Refused(..) => None,
            };
            monitor.begin(op.0, expected, began(op, operation, access));
        }
    }

    fn completed(&mut self, at: SimTime, op: OpId, completion: &Completion, nodes: &View) -> Option<Finding> {
        let was = &nodes.operations.completed()?.operation;
        let done = Done { op, was, ended: nodes.operations.events(), at, completion };
        let read = done.reads().map(|(key, value)| (key, Access::Did(Kind::Read(value))));
        read.chain(done.own()).find_map(|(key, access)| self.judge(&done, key, access, nodes))
    }

    fn judge(&mut self, done: &Done<'_>, key: KeyId, access: Access, nodes: &View) -> Option<Finding> {
        let monitor = register(&mut self.registers, key)?;
        self.evaluated += 1;
        let judged = match access {
            Access::Did(kind) => monitor.end(kind, began(done.op, done.was, kind), done.ended(kind)),
            Access::Failed => monitor.deny(done.op.0),
        };
        let Err(contradiction) = judged else {
            let oldest = nodes.operations.oldest().map_or(done.was.began, |oldest| oldest.began.min(done.was.began));
            monitor.settle(oldest);
            return None;
        };
        self.registers[key.0 as usize] = Register::Refuted;
        Some(self.finding(done, key, access, contradiction, nodes))
    }
}

/// The judge of `key`, unless its history has been refuted.
fn register(registers: &mut Vec<Register>, key: KeyId) -> Option<&mut Monitor<Witness>> {
    let number = key.0 as usize;
    if number >= registers.len() {
        registers.resize_with(number + 1, Register::default);
    }
    let register = &mut registers[number];
    if let Register::Untouched = register {
        *register = Register::Judged(Monitor::default());
    }
    match register {
        Register::Judged(monitor) => Some(monitor),
        Register::Untouched | Register::Refuted => None,
    }
}

/// A value as a number.
fn number(value: Option<OpId>) -> Value {
    value.map_or(INITIAL, |op| op.0)
}

impl Check for Linearizability {
    fn looks_at(&self) -> &'static [RecordKind] {
        &[RecordKind::Invoked, RecordKind::Completed]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Invoked(Invocation { op, .. }) => self.invoked(*op, nodes.operations.get(*op)?),
            What::Completed { op, completion } => return self.completed(record.at, *op, completion, nodes),
            What::Message { .. }
            | What::Stack(_)
            | What::Process { .. }
            | What::Cpu { .. }
            | What::Clock { .. }
            | What::Fault(_) => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }
}

#[cfg(test)]
mod tests;
