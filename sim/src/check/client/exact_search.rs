//! S6: a key of every run is judged by an exact search as well.
//!
//! **Proves**, of one key that the seed chooses and of its first [`MOST`] operations, that there is an order of them that
//! respects real time and in which each finds what the last before it left: by trying the orders that there are
//! ([`exact`](crate::register::exact)), and not by the theorem that `linearizability` stands on. The zones are asked about the same
//! operations, and must say the same.
//!
//! What counts as what is as in `linearizability`.
//!
//! **Does not prove** anything of other keys, of what comes later, or where no order is found in [`STEPS`] steps: such a run is
//! not counted as evaluated.
//!
//! **Costs** a comparison for each operation, and some milliseconds at the end of a run.
//!
//! **Seen alive by** `snapshot-too-new` (`planted/lost-update`), where `serial-order` speaks first, its unit tests,
//! `sim/tests/alive.rs`, and `sim/tests/runs/linearizability.rs`.

use crate::check::{Check, CheckInfo, Finding, Kind as RecordKind, Premises, words};
use crate::history::{Completion, KeyId, OpId, Operation, Record, What};
use crate::register::Register;
use crate::register::exact::has_order;
use crate::register::zones::{self, INITIAL, Kind, Value};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use crate::view::operations::Completed;
use leasehold::error::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Not as others of its class: what it says is said at the end.
pub(in crate::check) const INFO: CheckInfo = CheckInfo {
    stops: false,
    ..CheckInfo::new(
        "exact-search",
        Class::StaleRead,
        "a key behaves like a single register, judged by an exact search in a sample of every run",
        "lease-bugs.md S6; Wing & Gong 1993, Lowe 2017",
    )
};

/// So many operations are judged at most: what is wrong with some is found by trying all that may have come before.
const MOST: usize = 300;

/// In so many steps an order must be found, or that there is none. Almost always it takes one for each operation.
const STEPS: usize = 100_000;

/// The check.
pub(in crate::check) struct ExactSearch {
    keys: Arc<[String]>,
    /// The key that is judged.
    key: KeyId,
    operations: Vec<zones::Operation>,
    /// Writes whose answer has not come, by their positions.
    pending: BTreeMap<OpId, usize>,
    /// Those that failed without effect.
    failed: BTreeSet<usize>,
    evaluated: u64,
}

impl ExactSearch {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        let Premises { keys, seed, .. } = premises.clone();
        let chosen = xxh3_64_with_seed(b"exact-search", seed) % (keys.len().max(1) as u64);
        let key = KeyId(u32::try_from(chosen).unwrap_or(0));
        let (operations, pending, failed) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        Self { keys, key, operations, pending, failed, evaluated: 0 }
    }

    fn invoked(&mut self, op: OpId, operation: &Operation, nodes: &View) {
        let kind = match operation {
            Operation::Get { .. } => return,
            Operation::Cas { expected, .. } => Kind::Cas(number(*expected), op.0),
            Operation::Put { .. } | Operation::Script { .. } => Kind::Write(op.0),
        };
        if self.operations.len() < MOST && written(operation) == Some(self.key) {
            self.pending.insert(op, self.operations.len());
            self.operations.push(zones::Operation { began: nodes.operations.events(), ended: None, kind });
        }
    }

    fn completed(&mut self, op: OpId, completion: &Completion, nodes: &View) {
        let Some(Completed { operation: was, .. }) = nodes.operations.completed() else { return };
        let full = self.operations.len() >= MOST;
        let pending = self.pending.remove(&op);
        let read = (!full).then(|| read(&was.operation, completion, self.key)).flatten();
        let done = |kind| zones::Operation { began: was.began, ended: Some(nodes.operations.events()), kind };
        match (pending, completion) {
            // From the last that is taken on, all that is still under way is of unknown outcome: what was read by then may be
            // of it.
            (Some(_), _) if full => {}
            (Some(position), Completion::Failed { outcome: Outcome::NotApplied, .. }) => {
                self.failed.insert(position);
            }
            (Some(_), Completion::Failed { outcome: Outcome::Unknown, .. }) => {}
            (Some(position), Completion::Unexpected { value, .. }) => {
                if let Kind::Cas(expected, _) = self.operations[position].kind {
                    self.operations[position] = done(Kind::Refused(expected, number(*value)));
                }
            }
            (Some(position), _) => {
                let own = self.operations[position].kind;
                let kind = read.map_or(own, |found| match own {
                    Kind::Write(value) => Kind::Update(found, value),
                    other => other,
                });
                self.operations[position] = done(kind);
            }
            (None, _) => self.operations.extend(read.map(|value| done(Kind::Read(value)))),
        }
    }

    /// The operations, without writes that never took effect: those that failed, and those of unknown outcome that nobody has seen.
    fn history(&self) -> Vec<zones::Operation> {
        let seen = |kind: &Kind| match kind {
            Kind::Read(value) | Kind::Cas(value, _) | Kind::Update(value, _) | Kind::Refused(_, value) => Some(*value),
            Kind::Write(_) => None,
        };
        let ended = self.operations.iter().filter(|operation| operation.ended.is_some());
        let mut values: BTreeSet<Value> = ended.filter_map(|operation| seen(&operation.kind)).collect();
        // One of unknown outcome that was seen has seen what it expected.
        for operation in self.operations.iter().rev().filter(|operation| operation.ended.is_none()) {
            if let Kind::Cas(expected, own) = operation.kind
                && values.contains(&own)
            {
                values.insert(expected);
            }
        }
        let took_effect = |operation: &zones::Operation| match operation.kind {
            Kind::Write(own) | Kind::Cas(_, own) | Kind::Update(_, own) => {
                operation.ended.is_some() || values.contains(&own)
            }
            Kind::Read(_) | Kind::Refused(..) => true,
        };
        let known = self.operations.iter().enumerate().filter(|(position, _)| !self.failed.contains(position));
        known.map(|(_, operation)| *operation).filter(took_effect).collect()
    }

    fn judge(&mut self, end: SimTime) -> Option<Finding> {
        let history = self.history();
        let ordered = has_order(&Register(&history), INITIAL, STEPS)?;
        self.evaluated = history.len() as u64;
        let by_zones = zones::judge(&history).is_ok();
        if ordered && by_zones {
            return None;
        }
        let key = self.keys.get(self.key.0 as usize).cloned().unwrap_or_else(|| format!("key {}", self.key.0));
        let number = words::several(self.evaluated, "operation");
        let message = if ordered == by_zones {
            format!("no order of the {number} on {key} explains what they found, says an exact search")
        } else {
            let [one, other] = if ordered { ["an order", "none"] } else { ["no order", "one"] };
            format!(
                "of the {number} on {key} the exact search finds {one} and the zones {other}: one of the two is wrong"
            )
        };
        Some(INFO.finding(end, message, Vec::new()))
    }
}

/// The key that an operation writes.
fn written(operation: &Operation) -> Option<KeyId> {
    match operation {
        Operation::Get { .. } => None,
        Operation::Put { key } | Operation::Cas { key, .. } | Operation::Script { key, .. } => Some(*key),
    }
}

/// What an operation that succeeded read of `key`.
fn read(operation: &Operation, completion: &Completion, key: KeyId) -> Option<Value> {
    match (operation, completion) {
        (Operation::Get { key: own }, Completion::Read { value, .. }) => (*own == key).then(|| number(*value)),
        (Operation::Script { reads, .. }, Completion::Script { reads: found, .. }) => {
            let place = reads.iter().position(|read| *read == key)?;
            found.get(place).map(|found| number(found.value))
        }
        _ => None,
    }
}

/// A value as a number.
fn number(value: Option<OpId>) -> Value {
    value.map_or(INITIAL, |op| op.0)
}

impl Check for ExactSearch {
    fn looks_at(&self) -> &'static [RecordKind] {
        &[RecordKind::Invoked, RecordKind::Completed]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Invoked(invocation) => self.invoked(invocation.op, &invocation.operation, nodes),
            What::Completed { op, completion } => self.completed(*op, completion, nodes),
            What::Stack(_)
            | What::Message { .. }
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

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        self.judge(end).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, cas, get, ms, put, script};

    fn judged(events: &Events) -> (Vec<String>, u64) {
        let mut check = ExactSearch::new(&Premises::of_tests());
        assert_eq!(check.key, KeyId(0), "there is no other");
        assert_eq!(events.first(&mut check), None, "S6 is judged at the end");
        let findings = check.finish(ms(60_000));
        (findings.into_iter().map(|finding| finding.message).collect(), check.evaluated())
    }

    fn found(events: Events, at: u64, op: u64, value: Option<u64>) -> Events {
        let path = leasehold::request::ReadPath::Lease;
        events.complete(at, op, Completion::Read { version: 0, value: value.map(OpId), path })
    }

    fn wrote_twice() -> Events {
        let first = Events::default().invoke(1, 1, put(0)).written(2, 1, 1);
        first.invoke(3, 2, put(0)).written(4, 2, 2)
    }

    #[test]
    fn a_read_of_what_was_overwritten_has_no_place() {
        let read = |value| judged(&found(wrote_twice().invoke(5, 3, get(0)), 6, 3, value));
        assert_eq!(read(Some(2)), (Vec::new(), 3));
        assert_eq!(
            read(Some(1)).0,
            ["no order of the 3 operations on key 0 explains what they found, says an exact search"]
        );
        assert_eq!(read(None).0.len(), 1);
    }

    #[test]
    fn other_keys_are_not_looked_at() {
        assert_eq!(judged(&found(wrote_twice().invoke(5, 3, get(1)), 6, 3, Some(1))), (Vec::new(), 2));
    }

    #[test]
    fn a_write_of_unknown_outcome_took_effect_if_it_was_seen() {
        let lost = || wrote_twice().invoke(5, 3, put(0)).gave_up(6, 3, Outcome::Unknown);
        assert_eq!(judged(&found(lost().invoke(7, 4, get(0)), 8, 4, Some(3))), (Vec::new(), 4));
        assert_eq!(judged(&found(lost().invoke(7, 4, get(0)), 8, 4, Some(2))), (Vec::new(), 3));
        let failed = wrote_twice().invoke(5, 3, put(0)).gave_up(6, 3, Outcome::NotApplied);
        assert_eq!(judged(&found(failed.invoke(7, 4, get(0)), 8, 4, Some(3))).0.len(), 1, "what failed is never seen");
    }

    #[test]
    fn a_refusal_reads_and_a_script_updates_what_it_reads() {
        let unexpected = Completion::Unexpected { version: 0, value: Some(OpId(2)) };
        assert_eq!(judged(&wrote_twice().invoke(5, 3, cas(0)).complete(6, 3, unexpected)), (Vec::new(), 3));
        let ran = |value| {
            let reads = [crate::history::Found { version: 0, value: Some(OpId(value)) }].into();
            let done = Completion::Script { reads, version: 3, attempts: 1 };
            judged(&wrote_twice().invoke(5, 3, script(&[0], 0)).complete(6, 3, done))
        };
        assert_eq!(ran(2), (Vec::new(), 3));
        assert_eq!(ran(1).0.len(), 1);
    }

    #[test]
    fn so_many_operations_are_judged_and_no_more() {
        let many = (1..=3_000)
            .fold(Events::default(), |events, op| events.invoke(2 * op, op, put(0)).written(2 * op + 1, op, op));
        assert_eq!(
            judged(&found(many.invoke(9_000, 9_000, get(0)), 9_001, 9_000, Some(1))),
            (Vec::new(), MOST as u64 - 1)
        );
    }
}
