//! W4: a lease is counted from a time at which a message left that a quorum has acknowledged since.
//!
//! **Proves**, at each extension, that so many voters as make a quorum with the leader itself have answered something that left
//! it at the base of the extension or later, by its own clock, in the lease's term and in this life of its process; and that
//! these answers had reached it. The stamp of what is answered travels with the answer, so that one rule serves every way to
//! renew a lease: acknowledged rounds, ReadIndex rounds (their heartbeats leave after the round began), a caller's own
//! operations, the entry proposed after an aborted transfer. A base that is a receipt time, or any other "now", is later than
//! every stamp (premise P1).
//!
//! **Does not prove** that a stamp tells the truth: it is the sender's own. Nor that an answer still counted when the engine
//! came to it: one that was refused at the door of a full queue counts here. Nor that the lease is short enough (W1, W12), nor
//! that those who answered may vote (W11): here anybody counts.
//!
//! **Costs** a look-up for each voter at each extension; the view follows the answers.
//!
//! **Seen alive by** its unit tests, and by `receipt-time-base` and `latest-round-base` (`fast/s-04-late-acknowledgement`),
//! `base-after-operation` (`fast/s-06-pause-anywhere`), `confirmed-by-nobody` (`fast/s-03-cut-after-check-quorum`) and
//! `vote-is-promise` (`fast/steady`).

use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct LeaseBase;

impl Check for LeaseBase {
    fn lease_extended(&mut self, now: &Now<'_>, by: By<'_>, lease: Extension) -> Option<Finding> {
        now.judge();
        let (node, process) = (by.node, by.process());
        let (peers, acknowledged) = (|| now.nodes.others(node).map(|(peer, _)| peer), &now.nodes.acknowledged);
        let backed_by = peers().filter(|peer| acknowledged.backs(process, &lease, *peer)).count() + 1;
        let (members, counted) = (now.nodes.members(node), now.nodes.counted_by(node));
        // Of a joint configuration, in its larger half. The members in force are one step from those that its engine counts by: of that step
        // one end is in the other, and whoever could be elected needs a quorum of both.
        let larger = |of: &Membership| of.voters.len().max(of.outgoing.len());
        let voters = larger(&members).min(larger(&counted));
        let quorum = voters / 2 + 1;
        if backed_by >= quorum {
            return None;
        }
        let term = lease.term;
        let message = format!(
            "{node} counts its lease of term {term} from a moment after which only {backed_by} of {voters} nodes, itself included, \
             are known to have heard it: a quorum is {quorum}"
        );
        let mut story = vec![format!("{node} extended its lease of term {term} at {}", now.at)];
        story.extend(peers().take(STORY - 4).map(|peer| acknowledged.describe(process, &lease, peer)));
        story.push(
            "a voter's promise begins when it hears the leader: only when that was sent is known to be earlier"
                .to_owned(),
        );
        Some(now.finding(message, story))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of};
    use leasehold::env::NodeId;
    use leasehold::observe::{Event, Membership};
    use std::sync::Arc;

    const CHECK: Of = Of("lease-base");

    /// n1 leads term 4 of `nodes` nodes.
    fn led(nodes: u64) -> Events {
        let started = (1..=nodes).fold(Events::default(), |events, node| events.started(0, node, 1));
        started.leads(10, 1, 4)
    }

    #[test]
    fn a_base_that_a_quorum_has_acknowledged_is_right() {
        assert_eq!(CHECK.finds(&led(3).acknowledges(30, 2, 1, 4, 20).leased(30, 1, 4, 0, 20)), None);
        assert_eq!(CHECK.finds(&led(3).acknowledges(30, 2, 1, 4, 20).leased(30, 1, 4, 0, 15)), None);
    }

    #[test]
    fn a_base_later_than_what_was_acknowledged_is_a_violation() {
        let events = led(3).acknowledges(30, 2, 1, 4, 20).acknowledges(31, 3, 1, 4, 15).leased(32, 1, 4, 0, 32);
        let finding = events.breaks(
            "lease-base",
            32,
            "n1 counts its lease of term 4 from a moment after which only 1 of 3 nodes, itself included, \
             are known to have heard it: a quorum is 2",
        );
        assert_eq!(
            finding.story[1],
            "the latest that n2 has acknowledged is round 1, which left 12ms before the lease's base"
        );
    }

    #[test]
    fn of_five_nodes_two_others_must_have_acknowledged_it() {
        let one = || led(5).acknowledges(30, 2, 1, 4, 20).acknowledges(30, 3, 1, 4, 19);
        assert!(CHECK.finds(&one().leased(30, 1, 4, 0, 20)).is_some());
        assert_eq!(CHECK.finds(&one().leased(30, 1, 4, 0, 19)), None);
    }

    #[test]
    fn the_members_that_the_engine_counts_by_are_enough_and_no_fewer() {
        let counts = |voters: u64| {
            let members = Membership { voters: (1..=voters).map(NodeId).collect(), ..Membership::default() };
            let led = led(5).event(15, 1, Event::Counts { members: Arc::new(members) });
            led.acknowledges(30, 2, 1, 4, 20).leased(30, 1, 4, 0, 20)
        };
        assert_eq!(CHECK.finds(&counts(3)), None);
        let finding = CHECK.finds(&counts(4)).expect("half is no quorum");
        assert!(
            finding.message.contains("only 2 of 4 nodes") && finding.message.ends_with("a quorum is 3"),
            "{}",
            finding.message
        );
    }

    #[test]
    fn an_older_acknowledgement_that_comes_late_takes_nothing_back() {
        let events = led(3).acknowledges(30, 2, 1, 4, 20).acknowledges(31, 2, 1, 4, 15);
        assert_eq!(CHECK.finds(&events.leased(32, 1, 4, 0, 20)), None);
    }

    #[test]
    fn an_acknowledgement_of_another_term_or_another_life_does_not_count() {
        assert!(CHECK.finds(&led(3).acknowledges(30, 2, 1, 3, 20).leased(30, 1, 4, 0, 20)).is_some());
        let again = led(3).acknowledges(30, 2, 1, 4, 20).killed(31, 1).started(32, 1, 2);
        let finding = CHECK.finds(&again.leased(33, 1, 4, 0, 20)).expect("another life");
        assert_eq!(finding.story[1], "n2 has acknowledged nothing in this term");
    }

    #[test]
    fn a_leader_alone_is_its_own_quorum() {
        assert_eq!(CHECK.finds(&led(1).leased(30, 1, 4, 0, 30)), None);
    }
}
