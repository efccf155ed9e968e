//! S2: no client sees a key go back.
//!
//! **Proves**, for each client and key, that an operation does not find less than what an operation of the same client had found or
//! written that completed before it began. This is weaker than S1, and all that is left of it where clocks leave their claims and
//! clients carry the newest version that they saw (Raft dissertation §6.4.1); these clients do not.
//!
//! **Does not prove** anything about what different clients see of each other (S1). Of a client with several operations under
//! way at once, only the newest version that it saw is compared, so that not every case is seen.
//!
//! **Costs** a look-up for each key that an operation touches; remembers a version for each client and key.
//!
//! **Seen alive by** `answers-of-former-process` (`fast/late-answers`), where `committed-reads` speaks first, its unit tests
//! and `sim/tests/alive.rs`.

use crate::check::prelude::*;
use leasehold::request::Version;

#[derive(Default)]
pub(in crate::check) struct MonotoneReads {
    /// The newest version that each client, by number, has seen of each key.
    seen: Vec<BTreeMap<KeyId, Seen>>,
}

#[derive(Clone, Copy)]
struct Seen {
    version: Version,
    op: OpId,
    /// Which of all begins and ends of operations that was.
    ended: u64,
}

impl Check for MonotoneReads {
    fn completed(&mut self, now: &Now<'_>, op: OpId, _: &Completion) -> Option<Finding> {
        let completed = now.nodes.operations.completed()?;
        let (operation, did) = (&completed.operation, completed.did.as_ref()?);
        let client = operation.client as usize;
        if client >= self.seen.len() {
            self.seen.resize_with(client + 1, BTreeMap::new);
        }
        let seen = &mut self.seen[client];
        let reads = || completed.reads(now.nodes.ledger);
        for (key, found) in reads() {
            now.judge();
            let before = seen.get(&key).filter(|seen| seen.ended < operation.began);
            if let Some(before) = before.filter(|seen| seen.version > found.version) {
                let (named, key) = (operation.named(), now.premises.key(key));
                let message = format!(
                    "{named} found version {} of {key}, but its #{} had seen version {} before that began",
                    found.version, before.op.0, before.version
                );
                return Some(now.bare_finding(message, vec![operation.invocation()]));
            }
        }
        let ended = now.nodes.operations.events();
        for (key, version) in reads().map(|(key, found)| (key, found.version)).chain(did.wrote) {
            let seen = seen.entry(key).or_insert(Seen { version, op, ended });
            if version > seen.version {
                *seen = Seen { version, op, ended };
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Premises;
    use crate::check::testing::{Events, get, put, script};
    use crate::history::Invocation;
    use crate::history::Operation;
    use crate::history::What;
    use crate::scenario::Class;

    fn first(events: &Events) -> Option<Finding> {
        events.found_with(Premises::of_keys(&["a"]), "monotone-reads")
    }

    /// Operation `op` of client 7.
    fn invoke(events: Events, at: u64, op: u64, operation: Operation) -> Events {
        let due = crate::check::testing::ms(at);
        events.push(
            at,
            What::Invoked(Invocation { op: OpId(op), client: 7, via: leasehold::env::NodeId(1), due, operation }),
        )
    }

    fn seen() -> Events {
        invoke(Events::default(), 0, 1, get(0)).read(10, 1, 5)
    }

    #[test]
    fn a_client_does_not_find_less_than_it_has_found() {
        let finding = first(&invoke(seen(), 20, 2, get(0)).read(30, 2, 4)).expect("it went back");
        assert_eq!((finding.check, finding.class), ("monotone-reads", Class::StaleRead));
        assert_eq!(
            finding.message,
            "get #2 by client 7 found version 4 of a, but its #1 had seen version 5 before that began"
        );
        assert_eq!(first(&invoke(seen(), 20, 2, get(0)).read(30, 2, 5)), None);
    }

    #[test]
    fn nor_than_it_has_written_or_a_script_has_read() {
        let written = invoke(Events::default(), 0, 1, put(0)).written(10, 1, 5);
        assert!(first(&invoke(written, 20, 2, get(0)).read(30, 2, 4)).is_some());
        assert!(first(&invoke(seen(), 20, 2, script(&[0], 0)).ran(30, 2, &[4], 6)).is_some());
    }

    #[test]
    fn another_client_another_key_and_what_overlaps_may_find_less() {
        assert_eq!(first(&seen().invoke(20, 2, get(0)).read(30, 2, 4)), None);
        assert_eq!(first(&invoke(seen(), 20, 2, get(1)).read(30, 2, 4)), None);
        let overlapping = invoke(invoke(Events::default(), 0, 1, get(0)), 1, 2, get(0));
        assert_eq!(first(&overlapping.read(10, 1, 5).read(11, 2, 4)), None);
    }
}
