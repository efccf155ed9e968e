//! What an operation does to the registers that keys are: from the values that clients saw, and from nothing else.

use crate::check::prelude::*;
use crate::register::zones::{INITIAL, Kind, Value};
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
}

/// What an operation is known to do before anything is known of what it finds, if it writes.
pub(super) fn writes(op: OpId, operation: &Operation) -> Option<(KeyId, Kind)> {
    match operation {
        Operation::Get { .. } => None,
        Operation::Put { key } | Operation::Script { key, .. } => Some((*key, Kind::Write(op.0))),
        Operation::Cas { key, expected } => Some((*key, Kind::Cas(number(*expected), op.0))),
    }
}

impl Done<'_> {
    /// What it says about all keys that it touched.
    pub(super) fn accesses(&self) -> impl Iterator<Item = (KeyId, Access)> {
        let read = self.reads().map(|(key, value)| (key, Access::Did(Kind::Read(value))));
        read.chain(self.own())
    }

    /// What a script says about the keys that it read.
    fn reads(&self) -> impl Iterator<Item = (KeyId, Value)> {
        let (keys, found) = match (&self.was.operation, self.completion) {
            (Operation::Script { reads, .. }, Completion::Script { reads: found, .. }) => (&reads[..], &found[..]),
            _ => (&[][..], &[][..]),
        };
        keys.iter().copied().zip(found.iter().map(|found| number(found.value)))
    }

    /// What it says about the one key that it is about; a script reads others besides.
    pub(super) fn own(&self) -> Option<(KeyId, Access)> {
        let own = self.was.op.0;
        let (key, kind) = match (&self.was.operation, self.completion) {
            (Operation::Get { key }, Completion::Read { value, .. }) => (key, Kind::Read(number(*value))),
            (Operation::Put { key }, Completion::Written { .. }) => (key, Kind::Write(own)),
            (Operation::Cas { key, expected }, Completion::Written { .. }) => (key, Kind::Cas(number(*expected), own)),
            (Operation::Cas { key, expected }, Completion::Unexpected { value, .. }) => {
                (key, Kind::Refused(number(*expected), number(*value)))
            }
            (Operation::Script { key, .. }, Completion::Script { .. }) => {
                let found = self.reads().find(|(read, _)| read == key);
                (key, found.map_or(Kind::Write(own), |(_, value)| Kind::Update(value, own)))
            }
            (operation, Completion::Failed { outcome: Outcome::NotApplied, .. }) => {
                return writes(self.was.op, operation).map(|(key, _)| (key, Access::Failed));
            }
            _ => return None,
        };
        Some((*key, Access::Did(kind)))
    }
}

/// A value as a number.
fn number(value: Option<OpId>) -> Value {
    value.map_or(INITIAL, |op| op.0)
}
