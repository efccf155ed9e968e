//! S1 again, from values alone: every key behaves like a single register.
//!
//! **Proves**, for each key, that there is an order of its operations that respects real time and in which each finds what the
//! one before it left. A value says which operation wrote it, so no search is needed ([`zones`](crate::register::zones)). Versions, logs
//! and leases are not looked at, but to tell tombstones apart: this is what a client could find out. So it holds even where the versions that `staleness`
//! goes by are wrong: a value that belongs to another version, a write applied twice or lost, a refusal that should have been a
//! success.
//!
//! What counts as what:
//! - A compare-and-set that found another value is a read of it, and that must not be the one it expected.
//! - A script takes effect where its write is applied, if nothing that it read has changed since: there it reads each of its
//!   keys. The key that it writes it updates, if it has read it: nothing comes between what it found and what it wrote. If not,
//!   it writes blindly.
//! - A delete writes a value that no other write has: whoever reads no value with a tombstone's version has read that. Which delete that
//!   was is told by the log.
//! - A read of several keys is a read of each. What a scan leaves out it reads as deleted, or never written, as the log has it at the
//!   place of the scan; where the log has a value there, `serial-order` speaks.
//! - A write of unknown outcome takes effect if somebody sees its value, at any time after its invocation; a script's is then
//!   blind.
//! - A write that failed without effect must never be seen.
//!
//! **Does not prove** anything across keys: those of a script, or of a read of several, are judged one by one. Nor that versions are right (S3), nor how
//! stale a read was. After its first violation a key is not judged any more: nothing that follows means anything.
//!
//! **Costs** the logarithm of the number of values that may still be seen, for each key that an operation touches. Remembers
//! operations under way, keys, some dozens of values a key, and each write that failed.
//!
//! **Seen alive by** its unit tests, by `zones` against an exact search, and by `sim/tests/runs/linearizability.rs`: under `long-lease`,
//! with all that would end the run before set to record only.

mod story;

use super::access::{Access, Done, writes};
use crate::check::prelude::*;
use crate::register::zones::{Kind, Mark, Monitor, Value};

#[derive(Default)]
pub(in crate::check) struct Linearizability {
    /// By key.
    registers: Vec<Register>,
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

/// An operation at its begin or its end, and what it did to the key, as far as that was known then. For stories.
#[derive(Clone, Copy)]
struct Witness {
    op: OpId,
    client: u32,
    kind: OpKind,
    access: Kind,
    at: SimTime,
}

impl Witness {
    fn of(operation: &UnderWay, access: Kind, at: SimTime) -> Self {
        Self { op: operation.op, client: operation.client, kind: operation.operation.kind(), access, at }
    }
}

fn began(operation: &UnderWay, access: Kind) -> Mark<Witness> {
    Mark { at: operation.began, by: Some(Witness::of(operation, access, operation.invoked)) }
}

/// The value that a write demands to find, if it demands one.
fn expects(access: Kind) -> Option<Value> {
    match access {
        Kind::Cas(expected, _) => Some(expected),
        Kind::Read(_) | Kind::Write(_) | Kind::Update(..) | Kind::Refused(..) => None,
    }
}

impl Linearizability {
    /// The judge of `key`, unless its history has been refuted.
    fn register(&mut self, key: KeyId) -> Option<&mut Monitor<Witness>> {
        let number = key.0 as usize;
        if number >= self.registers.len() {
            self.registers.resize_with(number + 1, Register::default);
        }
        let register = &mut self.registers[number];
        if let Register::Untouched = register {
            *register = Register::Judged(Monitor::default());
        }
        match register {
            Register::Judged(monitor) => Some(monitor),
            Register::Untouched | Register::Refuted => None,
        }
    }

    fn judge(&mut self, now: &Now<'_>, done: &Done<'_>, key: KeyId, access: Access) -> Option<Finding> {
        let monitor = self.register(key)?;
        now.judge();
        let operations = &now.nodes.operations;
        let judged = match access {
            Access::Did(kind) => {
                let ended = Mark { at: operations.events(), by: Some(Witness::of(done.was, kind, now.at)) };
                let judged = monitor.end(kind, began(done.was, kind), ended);
                // What was refused has written nothing, and never will.
                if judged.is_ok() && matches!(kind, Kind::Refused(..)) { monitor.deny(done.was.op.0) } else { judged }
            }
            Access::Failed => monitor.deny(done.was.op.0),
        };
        let Err(contradiction) = judged else {
            let oldest = operations.oldest().map_or(done.was.began, |oldest| oldest.began.min(done.was.began));
            monitor.settle(oldest);
            return None;
        };
        self.registers[key.0 as usize] = Register::Refuted;
        Some(story::finding(now, done, key, access, contradiction))
    }
}

impl Check for Linearizability {
    fn invoked(&mut self, now: &Now<'_>, Invocation { op, operation, .. }: &Invocation) -> Option<Finding> {
        let (key, access) = writes(*op, operation, now.premises)?;
        let under_way = now.nodes.operations.get(*op)?;
        self.register(key)?.begin(op.0, expects(access), began(under_way, access));
        None
    }

    fn comes(&mut self, now: &Now<'_>, invocation: &Invocation, given_up: bool) -> Option<Finding> {
        if !given_up {
            return self.invoked(now, invocation);
        }
        let (key, access) = writes(invocation.op, &invocation.operation, now.premises)?;
        let mark = Mark { at: now.nodes.operations.events(), by: None };
        self.register(key)?.begin(invocation.op.0, expects(access), mark);
        None
    }

    fn completed(&mut self, now: &Now<'_>, _: OpId, completion: &Completion) -> Option<Finding> {
        let done = Done::now(now, completion)?;
        done.accesses().find_map(|(key, access)| self.judge(now, &done, key, access))
    }
}

#[cfg(test)]
mod tests;
