//! W6: no lease while leadership is being handed over.
//!
//! **Proves** that a node neither answers from a lease nor extends one from the moment at which it accepts a transfer. Where
//! the transfer is given up, that goes on until an entry is applied that was proposed after that, and the first lease after it
//! is counted from no earlier (rule RL.4).
//!
//! **Potential**: a `TimeoutNow`, or the vote that it forced, arrives while a lease of the term is valid, and the log of its
//! target is neither ahead of what it permits (RL.4 throws it away) nor behind the holder's (it cannot win). It was under way
//! all the time that the lease was; what saved the lease was luck (raft-rs #234).
//!
//! **Does not prove** that such a message is not still under way: one that never arrives goes unseen.
//!
//! **Costs** a look-up at each extension and at each answer from a lease, and one at each `TimeoutNow` and each vote asked for.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, and by `one-path-does-not-end` (`planted/lagging-target`),
//! `regained-by-acknowledgement` and `regained-by-time` (`planted/late-vote`).

use crate::check::prelude::*;
use crate::history::Head;

#[derive(Default)]
pub(in crate::check) struct TransferLease {
    /// Where the transfers of those stand that have one under way, or have not yet won their lease back.
    transfers: BTreeMap<NodeId, Transfer>,
    /// In which term each node stands for election because it was told to.
    forced: BTreeMap<NodeId, u64>,
}

/// Where a transfer stands.
#[derive(Clone, Copy)]
enum Transfer {
    Pending {
        to: NodeId,
        since: SimTime,
    },
    /// Given up, when the node's clock showed `clock` and its log ended at `last`.
    GivenUp {
        at: SimTime,
        clock: Instant,
        last: u64,
    },
}

impl TransferLease {
    /// Who stands no longer, in a later term, is forced no longer.
    fn forget_forced(&mut self, By { node, state, .. }: By<'_>) {
        if self.forced.get(&node).is_some_and(|forced| *forced < state.term) && state.role != Role::Candidate {
            self.forced.remove(&node);
        }
    }
}

impl Check for TransferLease {
    fn transfer_started(&mut self, now: &Now<'_>, by: By<'_>, to: NodeId) -> Option<Finding> {
        self.transfers.insert(by.node, Transfer::Pending { to, since: now.at });
        None
    }

    fn transfer_aborted(&mut self, now: &Now<'_>, By { node, clock, state }: By<'_>) -> Option<Finding> {
        self.transfers.insert(node, Transfer::GivenUp { at: now.at, clock, last: state.log.last_index() });
        None
    }

    fn role(&mut self, _: &Now<'_>, by: By<'_>, _: Role, _: u64, _: Option<NodeId>) -> Option<Finding> {
        self.forget_forced(by);
        None
    }

    fn falls(&mut self, _: &Now<'_>, by: By<'_>) -> Option<Finding> {
        self.transfers.remove(&by.node);
        None
    }

    fn process(&mut self, _: &Now<'_>, node: NodeId, change: ProcessChange) -> Option<Finding> {
        if change == ProcessChange::Killed {
            self.transfers.remove(&node);
        }
        None
    }

    fn lease_extended(&mut self, now: &Now<'_>, By { node, state, .. }: By<'_>, lease: Extension) -> Option<Finding> {
        now.judge();
        let wrong = match *self.transfers.get(&node)? {
            Transfer::Pending { to, since } => format!("its transfer to {to} has been pending since {since}"),
            Transfer::GivenUp { at, clock, .. } if lease.base < clock => {
                format!("the lease is counted from before {at}, when its transfer was given up")
            }
            Transfer::GivenUp { at, last, .. } if state.applied_index() <= last => {
                format!("it has applied nothing that was proposed after {at}, when its transfer was given up")
            }
            Transfer::GivenUp { .. } => {
                self.transfers.remove(&node);
                return None;
            }
        };
        Some(now.finding(format!("{node} extended its lease, but {wrong}"), Vec::new()))
    }

    fn served(&mut self, now: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        now.judge();
        let wrong = match *self.transfers.get(&node)? {
            Transfer::Pending { to, since } => format!("its transfer to {to} has been pending since {since}"),
            Transfer::GivenUp { at, .. } => format!("it has not won it back since its transfer was given up at {at}"),
        };
        Some(now.finding(format!("{node} answered a read from its lease, but {wrong}"), Vec::new()))
    }

    fn handover(&mut self, now: &Now<'_>, Arrival { from, to, head }: Arrival<'_>) -> Option<Finding> {
        now.judge();
        // The index at which the sender's log ended; 0: it does not say.
        let Head { term, index, .. } = *head;
        self.forced.insert(to, term + 1);
        let log_end = now.nodes.get(to)?.log.last_index();
        let lease = now.nodes.lease(from).filter(|lease| lease.is_valid(now.at) && lease.term <= term)?;
        let thrown_away = index != 0 && log_end > index;
        if thrown_away || log_end < now.nodes.get(from)?.log.last_index() {
            return None;
        }
        let message = format!(
            "{to} is told by {from} to stand for election at once, while {from} holds a lease of term {} until {}",
            lease.term, lease.until
        );
        Some(now.finding(message, Vec::new()).potential())
    }

    fn candidacy(&mut self, now: &Now<'_>, Arrival { from, head, .. }: Arrival<'_>) -> Option<Finding> {
        let term = head.term;
        self.forced.get(&from).filter(|forced| **forced == term)?;
        now.judge();
        let log_end = now.nodes.get(from)?.log.last_index();
        let could_lose = |(_, state): &(NodeId, &Replica)| {
            let lease = state.lease.is_some_and(|lease| lease.is_valid(now.at) && lease.term < term);
            lease && log_end >= state.log.last_index()
        };
        let (holder, _) = now.nodes.iter().find(could_lose)?;
        let message =
            format!("a vote for {from} in term {term}, forced by a transfer, arrives while {holder} holds a lease");
        Some(now.finding(message, Vec::new()).potential())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Severity;
    use crate::check::testing::{Events, Of, head, ms};
    use crate::scenario::Class;
    use crate::words::MessageKind;
    use leasehold::observe::Event;

    const CHECK: Of = Of("transfer-lease");

    /// n1 leads term 4, with entry 1 in its log and applied, and gives leadership to n2 from 100 ms on.
    fn transferring() -> Events {
        let led = Events::default().started(0, 1, 1).started(0, 2, 1).leads(5, 1, 4).appends(6, 1, 1, 4, 0xa);
        let led = led.appends(7, 2, 1, 4, 0xa).applies(8, 1, 1, 4, 0xa);
        led.event(100, 1, Event::TransferStarted { to: NodeId(2) })
    }

    fn given_up() -> Events {
        transferring().event(200, 1, Event::TransferAborted { to: NodeId(2) })
    }

    #[track_caller]
    fn wrong(events: &Events, message: &str) {
        let finding = CHECK.finds(events).expect("a lease in a transfer");
        assert_eq!(
            (finding.check, finding.class, finding.severity),
            ("transfer-lease", Class::LeaseInvariant, Severity::Actual)
        );
        assert_eq!(finding.message, message);
    }

    #[test]
    fn a_leader_that_hands_over_neither_answers_nor_extends() {
        wrong(
            &transferring().hit(150, 1),
            "n1 answered a read from its lease, but its transfer to n2 has been pending since 0.100000s",
        );
        wrong(
            &transferring().leased(150, 1, 4, 0, 140),
            "n1 extended its lease, but its transfer to n2 has been pending since 0.100000s",
        );
    }

    #[test]
    fn nor_after_it_has_given_that_up_until_a_new_entry_is_applied() {
        wrong(
            &given_up().hit(250, 1),
            "n1 answered a read from its lease, but it has not won it back since its transfer was given up at 0.200000s",
        );
        wrong(
            &given_up().leased(250, 1, 4, 0, 210),
            "n1 extended its lease, but it has applied nothing that was proposed after 0.200000s, when its transfer was given up",
        );
        let regained = || given_up().appends(220, 1, 2, 4, 0xb).applies(230, 1, 2, 4, 0xb);
        wrong(
            &regained().leased(250, 1, 4, 0, 190),
            "n1 extended its lease, but the lease is counted from before 0.200000s, when its transfer was given up",
        );
        assert_eq!(CHECK.finds(&regained().leased(250, 1, 4, 0, 210).hit(260, 1).leased(270, 1, 4, 0, 220)), None);
    }

    #[test]
    fn the_new_leader_and_a_later_life_are_free() {
        assert_eq!(
            CHECK.finds(&transferring().follows(150, 1, 5).leads(160, 2, 5).leased(170, 2, 5, 0, 165).hit(180, 2)),
            None
        );
        assert_eq!(
            CHECK.finds(&transferring().killed(150, 1).started(160, 1, 2).leads(900, 1, 6).leased(910, 1, 6, 0, 905)),
            None
        );
    }

    #[test]
    fn a_timeout_now_that_was_under_way_while_the_lease_came_back_might_have_cost_it() {
        let regained = || given_up().appends(220, 1, 2, 4, 0xb).applies(230, 1, 2, 4, 0xb).leased(250, 1, 4, 0, 210);
        let arrives = |events: Events| events.arrives(300, (1, 2), MessageKind::TimeoutNow, head(4, 2, 0));
        let finding = CHECK.finds(&arrives(regained().appends(240, 2, 2, 4, 0xb))).expect("it might win");
        assert_eq!((finding.severity, finding.at), (Severity::Potential, ms(300)));
        assert_eq!(CHECK.finds(&arrives(regained())), None, "its log is behind: it cannot win");
        let ahead = regained().appends(240, 2, 2, 4, 0xb).appends(241, 2, 3, 4, 0xc);
        assert_eq!(CHECK.finds(&arrives(ahead)), None, "its log has moved on: it throws that away");
        assert_eq!(
            CHECK.finds(&transferring().arrives(150, (1, 2), MessageKind::TimeoutNow, head(4, 1, 0))),
            None,
            "there is no lease"
        );
    }

    #[test]
    fn so_might_a_vote_that_it_forced() {
        let stands = || transferring().arrives(150, (1, 2), MessageKind::TimeoutNow, head(4, 1, 0));
        let asked = |events: Events, term| events.arrives(300, (2, 3), MessageKind::ForcedVote, head(term, 1, 0));
        let leased = stands().extended(200, 3, 4, 1_000);
        assert_eq!(CHECK.finds(&asked(leased, 5)).map(|finding| finding.severity), Some(Severity::Potential));
        assert_eq!(CHECK.finds(&asked(stands(), 5)), None);
        assert_eq!(CHECK.finds(&asked(stands().extended(200, 3, 4, 1_000), 6)), None, "of its own accord");
    }
}
