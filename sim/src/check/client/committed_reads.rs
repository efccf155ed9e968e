//! S3: what is read was committed, and belongs to its version.
//!
//! **Proves**, for each version that a completed operation found, that some node had applied the entry at that index by then,
//! that the entry wrote this key, and that the value found is the one that it wrote: none, if it is a delete. So no read is dirty (an entry not yet
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

use crate::check::prelude::*;
use crate::history::Found;
use crate::view::ledger::Wrote;

#[derive(Default)]
pub(in crate::check) struct CommittedReads;

impl Check for CommittedReads {
    fn completed(&mut self, now: &Now<'_>, _: OpId, _: &Completion) -> Option<Finding> {
        let (operation, did) = now.nodes.operations.did()?;
        let found = did.found.iter().filter_map(|(key, found)| Some((*key, (*found)?)));
        let mut wrong = found.filter_map(|(key, found)| Some((key, found, what_is_wrong(now, key, found)?)));
        let (key, found, wrong) = wrong.next()?;
        let value = found.value.map_or("no value".to_owned(), |writer| format!("the value of #{}", writer.0));
        let (named, key) = (operation.named(), now.premises.key(key));
        let message = format!("{named} found {value} as version {} of {key}, but {wrong}", found.version);
        Some(now.bare_finding(message, vec![operation.invocation()]))
    }
}

fn what_is_wrong(now: &Now<'_>, key: KeyId, found: Found) -> Option<String> {
    let (ledger, version) = (&now.nodes.ledger, found.version);
    if version != 0 && version <= ledger.last() && !ledger.remembers(key, version) {
        return None;
    }
    now.judge();
    let wrote = ledger.wrote(key, version);
    if wrote.map_or_else(Found::default, Wrote::found) == found {
        return None;
    }
    Some(match wrote {
        None if version == 0 => "that is the version of what was never written".to_owned(),
        None if version > ledger.last() => "nobody has applied that entry yet".to_owned(),
        None => "that entry did not write it".to_owned(),
        Some(Wrote { op, deleted: true, .. }) => format!("that is the tombstone of #{}", op.0),
        Some(Wrote { op, .. }) => format!("that was written by #{}", op.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Premises;
    use crate::check::testing::{Events, get, tombstone};
    use crate::history::Completion;
    use crate::scenario::Class;
    use leasehold::request::ReadPath;

    /// Operation 1 has written a at index 1, operation 2 b at index 2; then operation 3 finds this of a.
    fn found(version: u64, value: Option<u64>) -> Events {
        let events = Events::default().takes_put(5, 1, 1, 0).takes_put(6, 2, 2, 1).invoke(10, 3, get(0));
        let value = value.map(OpId);
        events.complete(20, 3, Completion::Read { version, value, path: ReadPath::Lease })
    }

    #[track_caller]
    fn wrong(events: &Events, message: &str) {
        let finding =
            events.found_with(Premises::of_keys(&["a", "b"]), "committed-reads").expect("a read of what is not there");
        assert_eq!((finding.check, finding.class), ("committed-reads", Class::StaleRead));
        assert_eq!(finding.message, format!("get #3 by client 3 found {message}"));
    }

    #[test]
    fn what_an_applied_entry_wrote_may_be_read() {
        assert_eq!(found(1, Some(1)).evaluated_by("committed-reads"), 1);
        assert_eq!(
            found(0, None).found_by("committed-reads"),
            None,
            "before the first write, as far as this check goes"
        );
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
    fn what_an_entry_deleted_may_be_read_as_no_value_of_that_version_and_nothing_else() {
        let deleted = || Events::default().takes_put(5, 1, 1, 0).takes(6, 2, tombstone(2, 0)).invoke(10, 3, get(0));
        let read = |version, value: Option<u64>| {
            let value = value.map(OpId);
            let events = deleted().complete(20, 3, Completion::Read { version, value, path: ReadPath::Lease });
            events.found_with(Premises::of_keys(&["a"]), "committed-reads").map(|finding| finding.message)
        };
        assert_eq!(read(2, None), None);
        let one = "get #3 by client 3 found the value of #1 as version 2 of a, but that is the tombstone of #2";
        assert_eq!(read(2, Some(1)).as_deref(), Some(one));
        let none = "get #3 by client 3 found no value as version 1 of a, but that was written by #1";
        assert_eq!(read(1, None).as_deref(), Some(none));
        let later = "get #3 by client 3 found no value as version 3 of a, but nobody has applied that entry yet";
        assert_eq!(read(3, None).as_deref(), Some(later));
    }

    #[test]
    fn what_is_forgotten_is_not_judged() {
        let events = (1..=100).fold(Events::default(), |events, index| {
            events
                .invoke(index, index, crate::check::testing::put(0))
                .takes_put(index, index, index, 0)
                .written(index, index, index)
        });
        let events = events.invoke(200, 101, get(0)).read(201, 101, 2);
        assert_eq!(events.evaluated_by("committed-reads"), 0);
    }
}
