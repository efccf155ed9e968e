//! A key has one group at a time, by the logs of all groups.
//!
//! **Proves**, by what the logs say: a group adopts a key only after another has released it to it, at that version; an entry that reads or
//! writes a key takes effect only in the group that has it; and an entry is refused as being of another group's key only where it is. A
//! key that has never moved is that of the group that was founded with it.
//!
//! **Does not prove** anything of reads that go by a lease or a ReadIndex round, and leave no entry: what they find is judged by
//! `staleness` and `linearizability`, in the group that has the key.
//!
//! **Costs** a look-up for each key of an entry.
//!
//! **Seen alive by** its unit tests, `sim/tests/alive.rs`, and by `release-lets-nothing-go` and `applies-what-it-released`
//! (`fast/groups-stale-route`).

use crate::check::prelude::*;
use crate::history::{Answer, Condition, Effect, Moved};
use leasehold::env::GroupId;
use leasehold::request::Version;

#[derive(Default)]
pub(in crate::check) struct OneOwner;

impl Check for OneOwner {
    fn moved(&mut self, now: &Now<'_>, Moved { keys, by, version, .. }: &Moved) -> Option<Finding> {
        let contested = |key: &&KeyId| {
            let owner = now.nodes.owners.of(**key);
            owner.is_some_and(|owner| (owner.group, owner.version) == (*by, *version) && !owner.released)
        };
        keys.iter().for_each(|_| now.judge());
        let key = keys.iter().find(contested)?;
        let message = format!(
            "g{} has adopted {} at version {version}, which nobody has released to it at that version",
            by.0,
            now.premises.key(*key)
        );
        Some(now.bare_finding(message, Vec::new()))
    }

    fn effect(&mut self, now: &Now<'_>, index: Version, effect: &Effect) -> Option<Finding> {
        let group = now.nodes.group();
        let others = elsewhere(now, group, effect);
        now.judge();
        let (key, owner) = match (effect.answer == Answer::Elsewhere, others) {
            (true, None) => {
                let key = now.premises.key(effect.key);
                let message =
                    format!("entry {index} of g{}, of operation #{}, was refused for {key}", group.0, effect.op.0);
                let message = format!("{message}, as if that were not its own; all keys of it are");
                return Some(now.bare_finding(message, Vec::new()));
            }
            (false, Some(others)) => others,
            (true, Some(_)) | (false, None) => return None,
        };
        let key = now.premises.key(key);
        let message = format!("entry {index} of g{}, of operation #{}, took effect: {key} is", group.0, effect.op.0);
        Some(now.bare_finding(format!("{message} {owner}"), Vec::new()))
    }
}

/// The first key that an entry of `group` reads or writes and that the group does not have, and what it is instead.
fn elsewhere(now: &Now<'_>, group: GroupId, effect: &Effect) -> Option<(KeyId, String)> {
    let reads = match &effect.condition {
        Condition::Unchanged { reads, .. } => &reads[..],
        Condition::Always | Condition::Holds(_) => &[][..],
    };
    reads.iter().chain([&effect.key]).find_map(|key| {
        let founded = || now.premises.owners.get(key.0 as usize).copied().unwrap_or(Some(group));
        let not_its_own = match now.nodes.owners.of(*key) {
            Some(owner) if owner.group != group => Some(format!("that of g{} since {}", owner.group.0, owner.at)),
            Some(owner) if !owner.adopted => Some(format!("released to it since {}, and not yet adopted", owner.at)),
            Some(_) => None,
            None => match founded() {
                Some(owner) if owner == group => None,
                Some(owner) => Some(format!("that of g{}", owner.0)),
                None => Some("that of no group".to_owned()),
            },
        };
        not_its_own.map(|words| (*key, words))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, effect, unchanged};

    fn first(events: &Events) -> Option<Finding> {
        events.found_by("one-owner")
    }

    fn released() -> Events {
        Events::default().takes_put(5, 4, 1, 2).moves(10, (1, 2), &[3], 2)
    }

    #[test]
    fn a_group_that_has_released_a_key_writes_it_no_more_and_refuses_it() {
        let refused = effect(2, 3, Condition::Always, Answer::Elsewhere);
        assert_eq!(first(&released().takes(20, 6, refused)), None);
        let found = first(&released().takes_put(20, 6, 2, 3)).expect("it wrote what it had released");
        assert_eq!(found.message, "entry 6 of g1, of operation #2, took effect: key 3 is that of g2 since 0.010000s");
    }

    #[test]
    fn a_transaction_reads_keys_of_its_group_alone() {
        let reads = effect(2, 2, unchanged(4, &[2, 3]), Answer::Wrote);
        assert!(first(&released().takes(20, 6, reads)).is_some());
    }

    #[test]
    fn a_group_refuses_no_key_of_its_own() {
        let refused = effect(2, 2, Condition::Always, Answer::Elsewhere);
        let found = first(&released().takes(20, 6, refused)).expect("k2 is its own");
        assert!(found.message.ends_with("was refused for key 2, as if that were not its own; all keys of it are"));
    }

    #[test]
    fn a_group_has_a_key_again_once_it_is_released_to_it_and_adopted() {
        let back = released().moves(20, (2, 2), &[3], 2).moves(30, (2, 1), &[3], 3);
        assert!(first(&back.clone().takes_put(35, 7, 2, 3)).is_some(), "not yet adopted");
        assert_eq!(first(&back.moves(40, (1, 1), &[3], 3).takes_put(45, 8, 2, 3)), None);
    }

    #[test]
    fn who_adopts_what_nobody_has_released_to_it_is_found() {
        let found = first(&Events::default().moves(10, (1, 1), &[3], 2)).expect("nobody has released it");
        assert_eq!(found.message, "g1 has adopted key 3 at version 2, which nobody has released to it at that version");
    }
}
