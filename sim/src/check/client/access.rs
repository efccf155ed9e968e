//! What an operation does to the registers that keys are: from the values that clients saw, and from nothing else. Only a tombstone has
//! none: of that clients saw the version, and the log says which delete it is.

use crate::check::Premises;
use crate::check::prelude::*;
use crate::history::Found;
use crate::register::zones::{INITIAL, Kind, Value};
use crate::view::ledger::Ledger;
use crate::view::operations::Completed;
use leasehold::error::Outcome;

/// What an operation that completed says about one key.
#[derive(Clone, Copy)]
pub(super) enum Access {
    /// It did this.
    Did(Kind),
    /// It never took effect.
    Failed,
}

/// An operation that completed.
pub(super) struct Done<'a> {
    pub(super) was: &'a UnderWay,
    pub(super) completion: &'a Completion,
    completed: &'a Completed,
    /// Whose each tombstone is.
    ledger: &'a Ledger,
}

/// What an operation is known to do before anything is known of what it finds, if it writes. One that expects no value where keys are
/// deleted may find any tombstone.
pub(super) fn writes(op: OpId, operation: &Operation, premises: &Premises) -> Option<(KeyId, Kind)> {
    match operation {
        Operation::Get { .. } | Operation::Mget { .. } | Operation::Scan { .. } => None,
        Operation::Cas { key, expected: None } if premises.deletes => Some((*key, Kind::Write(op.0))),
        Operation::Put { key } | Operation::Delete { key } | Operation::Script { key, .. } => {
            Some((*key, Kind::Write(op.0)))
        }
        Operation::Cas { key, expected } => Some((*key, Kind::Cas(number(*expected), op.0))),
    }
}

impl<'a> Done<'a> {
    /// The operation that the present record completes, if it is a completion.
    pub(super) fn now(now: &'a Now<'_>, completion: &'a Completion) -> Option<Self> {
        let completed = now.nodes.operations.completed()?;
        Some(Self { was: &completed.operation, completion, completed, ledger: now.nodes.ledger })
    }

    /// What it says about all keys that it touched.
    pub(super) fn accesses(&self) -> impl Iterator<Item = (KeyId, Access)> {
        let read = self.reads().map(|(key, value)| (key, Access::Did(Kind::Read(value))));
        read.chain(self.own())
    }

    /// What it says about the keys that it read, where those may be several.
    fn reads(&self) -> impl Iterator<Item = (KeyId, Value)> {
        let several = matches!(self.completion, Completion::Script { .. } | Completion::Reads { .. });
        let reads = several.then(|| self.completed.reads(self.ledger)).into_iter().flatten();
        reads.map(|(key, found)| (key, self.value(key, found)))
    }

    /// What it says about the one key that it is about; a script reads others besides.
    pub(super) fn own(&self) -> Option<(KeyId, Access)> {
        let own = self.was.op.0;
        let (key, kind) = match (&self.was.operation, self.completion) {
            (Operation::Get { key }, Completion::Read { version, value, .. }) => {
                (key, Kind::Read(self.value(*key, Found { version: *version, value: *value })))
            }
            (Operation::Put { key } | Operation::Delete { key }, Completion::Written { .. }) => (key, Kind::Write(own)),
            (Operation::Cas { key, expected }, Completion::Written { version }) => {
                // What it found is what was there before, if that is what it expected.
                let before = self.ledger.before(*key, *version);
                let found = if before.value == *expected { self.value(*key, before) } else { number(*expected) };
                (key, Kind::Cas(found, own))
            }
            (Operation::Cas { key, expected }, Completion::Unexpected { version, value }) => {
                let found = self.value(*key, Found { version: *version, value: *value });
                (key, Kind::Refused(if value == expected { found } else { number(*expected) }, found))
            }
            (Operation::Script { key, .. }, Completion::Script { .. }) => {
                let found = self.reads().find(|(read, _)| read == key);
                (key, found.map_or(Kind::Write(own), |(_, value)| Kind::Update(value, own)))
            }
            (operation, Completion::Failed { outcome: Outcome::NotApplied, .. }) => {
                let key = operation.key();
                return (!operation.kind().only_reads()).then_some((key, Access::Failed));
            }
            _ => return None,
        };
        Some((*key, Access::Did(kind)))
    }

    /// What was found as a number: a tombstone is told from others by its version, and whose it is by the log.
    fn value(&self, key: KeyId, found: Found) -> Value {
        let deleted = || self.ledger.wrote(key, found.version).filter(|wrote| wrote.deleted);
        match found.value {
            Some(op) => op.0,
            None => deleted().map_or(INITIAL, |wrote| wrote.op.0),
        }
    }
}

/// A value as a number.
fn number(value: Option<OpId>) -> Value {
    value.map_or(INITIAL, |op| op.0)
}
