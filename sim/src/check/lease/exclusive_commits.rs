//! W2: while a lease is valid, nobody commits in a later term.
//!
//! **Proves** that no entry of a later term had been applied by anybody while a node held a valid lease, in true time. It is
//! looked at where either side moves: when the first entry of a term is applied, and when a lease is extended. This is what a
//! lease is for, from the other side than W1: it also sees a new leader that has no lease of its own.
//!
//! **Does not prove** that the lease was backed (W3), nor that anybody read from it. An entry counts from when somebody is
//! known to have applied it; it was committed a little earlier.
//!
//! **Costs** a comparison for each entry applied, and a look at each node in each term and at each extension.
//!
//! **Seen alive by** its unit tests, and by `long-lease` in `fast/read-index-renewal`, before `one-lease` sees anything.

use crate::check::prelude::*;
use crate::check::story::moment;
use crate::view::Held;

#[derive(Default)]
pub(in crate::check) struct ExclusiveCommits {
    /// The first known of the latest term in which an entry was applied.
    latest: Option<Committed>,
}

#[derive(Clone, Copy)]
struct Committed {
    term: u64,
    index: u64,
    node: NodeId,
    at: SimTime,
}

impl ExclusiveCommits {
    fn judge(&self, now: &Now<'_>, holder: NodeId, lease: Held) -> Option<Finding> {
        let Committed { term, index, node, at } = self.latest?;
        if !lease.is_valid(now.at) || lease.term >= term {
            return None;
        }
        let Held { term: held, extended, until, .. } = lease;
        let left = if until == SimTime::NEVER { "ever".to_owned() } else { duration(until.since(now.at)) };
        let message = format!(
            "{holder} holds a lease of term {held} for another {left}, though an entry of term {term} is committed"
        );
        let story = vec![
            format!("{node} applied index {index} of term {term} at {at}: so a quorum has it"),
            format!("{holder} extended its lease of term {held} at {extended}, until {}", moment(until)),
        ];
        Some(now.finding(message, story))
    }
}

impl Check for ExclusiveCommits {
    fn applied(&mut self, now: &Now<'_>, by: By<'_>, Place { index, term, .. }: Place) -> Option<Finding> {
        if self.latest.is_some_and(|latest| latest.term >= term) {
            return None;
        }
        self.latest = Some(Committed { term, index, node: by.node, at: now.at });
        now.judge();
        now.nodes.iter().find_map(|(node, state)| self.judge(now, node, state.lease?))
    }

    fn lease_extended(&mut self, now: &Now<'_>, by: By<'_>, _: Extension) -> Option<Finding> {
        now.judge();
        self.judge(now, by.node, by.state.lease?)
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of};
    use leasehold::observe::EndCause;

    const CHECK: Of = Of("exclusive-commits");

    /// n1 leads term 4, with a lease until 1000 ms and an entry of its term.
    fn leased() -> Events {
        Events::default().leads(0, 1, 4).applies(5, 1, 1, 4, 0).extended(10, 1, 4, 1_000)
    }

    #[test]
    fn an_entry_of_a_later_term_under_a_valid_lease_is_a_violation() {
        leased().applies(900, 2, 2, 5, 0).breaks(
            "exclusive-commits",
            900,
            "n1 holds a lease of term 4 for another 100ms, though an entry of term 5 is committed",
        );
    }

    #[test]
    fn so_is_a_lease_extended_after_that() {
        assert!(CHECK.finds(&leased().applies(1_000, 2, 2, 5, 0).extended(1_001, 1, 4, 2_000)).is_some());
    }

    #[test]
    fn the_end_of_the_lease_lets_others_commit() {
        assert_eq!(CHECK.finds(&leased().applies(1_000, 2, 2, 5, 0)), None);
        assert_eq!(CHECK.finds(&leased().ended(800, 1, EndCause::Transfer).applies(900, 2, 2, 5, 0)), None);
    }

    #[test]
    fn the_holder_itself_commits_in_the_term_of_its_lease() {
        assert_eq!(CHECK.finds(&leased().applies(900, 1, 2, 4, 0).applies(901, 2, 2, 4, 0)), None);
        assert_eq!(
            CHECK.finds(&leased().leads(1_000, 2, 5).applies(1_001, 2, 2, 5, 0).extended(1_002, 2, 5, 2_000)),
            None
        );
    }

    #[test]
    fn each_term_and_each_extension_is_one_evaluation() {
        assert_eq!(leased().applies(20, 2, 1, 4, 0).extended(30, 1, 4, 1_030).evaluated_by("exclusive-commits"), 3);
    }
}
