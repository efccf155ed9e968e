//! S3: what is read was committed, and belongs to its version.
//!
//! **Proves**, for each version that a completed operation found, that some node had applied the entry at that index by then,
//! that the entry wrote this key, and that the value found is the one that it wrote. So no read is dirty (an entry not yet
//! committed, or one that was later thrown away) and none a phantom (a value that nobody wrote). Values are told apart by the
//! operation that wrote them.
//!
//! **Does not prove** that what was applied was committed (R7, R3), nor that the version was still the newest (S1): one that was
//! overwritten before anything under way began is remembered no longer and not judged here; S1 has caught that read.
//!
//! **Costs** a search among the versions of a key that still count, for each key that an operation found.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, by `value-behind-version` in `fast/steady`, and by
//! `answers-of-former-process` in `fast/late-answers`.

use crate::check::{Check, CheckInfo, Finding, Kind, Premises};
use crate::history::{Found, KeyId, OpId, Record, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use crate::view::operations::Completed;
use std::sync::Arc;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "committed-reads",
    Class::StaleRead,
    "what is read was committed by then, and belongs to its version",
    "lease-bugs.md S3",
);

/// The check.
pub(in crate::check) struct CommittedReads {
    keys: Arc<[String]>,
    evaluated: u64,
}

impl CommittedReads {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self { keys: Arc::clone(&premises.keys), evaluated: 0 }
    }

    fn completed(&mut self, at: SimTime, op: OpId, nodes: &View) -> Option<Finding> {
        let Completed { operation, did: Some(did), .. } = nodes.operations.completed()? else { return None };
        let (key, found, wrong) = did.found.iter().find_map(|(key, found)| {
            let wrong = self.what_is_wrong(*key, *found, nodes)?;
            Some((*key, found, wrong))
        })?;
        let name = self.keys.get(key.0 as usize).cloned().unwrap_or_else(|| format!("key {}", key.0));
        let value = found.value.map_or("no value".to_owned(), |writer| format!("the value of #{}", writer.0));
        let (client, kind) = (operation.client, operation.operation.kind().name());
        let message = format!(
            "{kind} #{} by client {client} found {value} as version {} of {name}, but {wrong}",
            op.0, found.version
        );
        let invoked = format!("client {client} invoked {kind} #{} at {}", op.0, operation.invoked);
        Some(INFO.finding(at, message, vec![invoked]))
    }

    fn what_is_wrong(&mut self, key: KeyId, found: Found, nodes: &View) -> Option<String> {
        let (ledger, version) = (&nodes.ledger, found.version);
        if version != 0 && version <= ledger.last() && !ledger.remembers(key, version) {
            return None;
        }
        self.evaluated += 1;
        let writer = ledger.writer(key, version);
        if writer == found.value {
            return None;
        }
        Some(match writer {
            None if version == 0 => "that is the version of what was never written".to_owned(),
            None if version > ledger.last() => "nobody has applied that entry yet".to_owned(),
            None => "that entry did not write it".to_owned(),
            Some(writer) => format!("that was written by #{}", writer.0),
        })
    }
}

impl Check for CommittedReads {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Completed]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Completed { op, .. } => self.completed(record.at, *op, nodes),
            _ => None,
        }
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, get};
    use crate::history::Completion;
    use leasehold::request::ReadPath;

    fn check() -> CommittedReads {
        CommittedReads::new(&Premises::of_keys(&["a", "b"]))
    }

    /// Operation 1 has written a at index 1, operation 2 b at index 2; then operation 3 finds this of a.
    fn found(version: u64, value: Option<u64>) -> Events {
        let events = Events::default().takes_put(5, 1, 1, 0).takes_put(6, 2, 2, 1).invoke(10, 3, get(0));
        let value = value.map(OpId);
        events.complete(20, 3, Completion::Read { version, value, path: ReadPath::Lease })
    }

    #[track_caller]
    fn wrong(events: &Events, message: &str) {
        let finding = events.first(&mut check()).expect("a read of what is not there");
        assert_eq!((finding.check, finding.class), (INFO.name, Class::StaleRead));
        assert_eq!(finding.message, format!("get #3 by client 3 found {message}"));
    }

    #[test]
    fn what_an_applied_entry_wrote_may_be_read() {
        let mut check = check();
        assert_eq!(found(1, Some(1)).first(&mut check), None);
        assert_eq!(check.evaluated(), 1);
        assert_eq!(found(0, None).first(&mut check), None, "before the first write, as far as this check goes");
    }

    #[test]
    fn what_nobody_has_applied_may_not() {
        wrong(&found(3, Some(4)), "the value of #4 as version 3 of a, but nobody has applied that entry yet");
    }

    #[test]
    fn nor_a_value_under_anothers_version() {
        wrong(&found(1, Some(2)), "the value of #2 as version 1 of a, but that was written by #1");
        wrong(&found(2, Some(2)), "the value of #2 as version 2 of a, but that entry did not write it");
        wrong(
            &found(0, Some(1)),
            "the value of #1 as version 0 of a, but that is the version of what was never written",
        );
        wrong(&found(1, None), "no value as version 1 of a, but that was written by #1");
    }

    #[test]
    fn what_is_forgotten_is_not_judged() {
        let events = (1..=100).fold(Events::default(), |events, index| {
            events
                .invoke(index, index, crate::check::testing::put(0))
                .takes_put(index, index, index, 0)
                .written(index, index, index)
        });
        let mut check = check();
        let events = events.invoke(200, 101, get(0)).read(201, 101, 2);
        assert_eq!(events.first(&mut check), None);
        assert_eq!(check.evaluated(), 0);
    }
}
