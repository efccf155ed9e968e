//! S6: a key is judged by an exact search as well. In the tests that ask for it, and in no other run.
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
//! **Seen alive by** its unit tests, `sim/tests/alive.rs`, and `sim/tests/scenarios`, where it judges the first seed of every committed
//! scenario.

use super::access::{Access, Done, writes};
use crate::check::prelude::*;
use crate::register::Register;
use crate::register::exact::has_order;
use crate::register::zones::{self, INITIAL, Kind, Value};
use std::collections::BTreeSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// So many operations are judged at most: what is wrong with some is found by trying all that may have come before.
const MOST: usize = 300;

/// In so many steps an order must be found, or that there is none. Almost always it takes one for each operation.
const STEPS: usize = 100_000;

#[derive(Default)]
pub(in crate::check) struct ExactSearch {
    /// The key that is judged, once it is chosen.
    key: Option<KeyId>,
    operations: Vec<zones::Operation>,
    /// Writes whose answer has not come, by their positions.
    pending: BTreeMap<OpId, usize>,
    /// Those that failed without effect.
    failed: BTreeSet<usize>,
}

impl ExactSearch {
    fn key(&mut self, now: &Now<'_>) -> KeyId {
        *self.key.get_or_insert_with(|| {
            let keys = now.premises.keys.len().max(1) as u64;
            let chosen = xxh3_64_with_seed(b"exact-search", now.premises.seed) % keys;
            KeyId(u32::try_from(chosen).unwrap_or(0))
        })
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

    fn judge(&mut self, now: &Now<'_>) -> Option<Finding> {
        let history = self.history();
        let ordered = has_order(&Register(&history), INITIAL, STEPS)?;
        history.iter().for_each(|_| now.judge());
        let by_zones = zones::judge(&history).is_ok();
        if ordered && by_zones {
            return None;
        }
        let key = now.premises.key(self.key(now));
        let number = counted(history.len() as u64, "operation");
        let message = if ordered == by_zones {
            format!("no order of the {number} on {key} explains what they found, says an exact search")
        } else {
            let [one, other] = if ordered { ["an order", "none"] } else { ["no order", "one"] };
            format!(
                "of the {number} on {key} the exact search finds {one} and the zones {other}: one of the two is wrong"
            )
        };
        Some(now.bare_finding(message, Vec::new()))
    }
}

impl Check for ExactSearch {
    fn invoked(&mut self, now: &Now<'_>, Invocation { op, operation, .. }: &Invocation) -> Option<Finding> {
        let (key, kind) = writes(*op, operation, now.premises)?;
        if self.operations.len() < MOST && key == self.key(now) {
            self.pending.insert(*op, self.operations.len());
            self.operations.push(zones::Operation { began: now.nodes.operations.events(), ended: None, kind });
        }
        None
    }

    /// One that was given up is of unknown outcome, as one that never ends is.
    fn comes(&mut self, now: &Now<'_>, invocation: &Invocation, _: bool) -> Option<Finding> {
        self.invoked(now, invocation)
    }

    fn completed(&mut self, now: &Now<'_>, op: OpId, completion: &Completion) -> Option<Finding> {
        let of = Done::now(now, completion)?;
        let was = of.was;
        let (own, pending) = (self.key(now), self.pending.remove(&op));
        // From the last that is taken on, all that is still under way is of unknown outcome: what was read by then may be of it.
        if self.operations.len() >= MOST {
            return None;
        }
        let done = |kind| zones::Operation { began: was.began, ended: Some(now.nodes.operations.events()), kind };
        match pending {
            Some(position) => match of.own()? {
                (_, Access::Did(kind)) => self.operations[position] = done(kind),
                (_, Access::Failed) => {
                    self.failed.insert(position);
                }
            },
            None => {
                if let (_, Access::Did(kind)) = of.accesses().find(|(key, _)| *key == own)? {
                    self.operations.push(done(kind));
                }
            }
        }
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        self.judge(now).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, cas, get, put, script};
    use leasehold::error::Outcome;

    fn judged(events: &Events) -> (Vec<String>, u64) {
        let (findings, evaluated) = events.judged_by("exact-search", 60_000);
        (findings.into_iter().map(|finding| finding.message).collect(), evaluated)
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
