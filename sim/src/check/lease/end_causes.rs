//! W9: no lease is ended without cause.
//!
//! **Proves** that only what means a loss of leadership ended a lease: a change of role or term, a transfer, the stop of the
//! engine, or an operation that failed because this node does not lead (any longer). A conflict, a validation failure, a
//! deadline, a transport error say nothing about leadership (rule RL.8). The classification is this file's own, not the
//! stack's.
//!
//! And that the cause was so: history shows, at that very moment or before, the change of role, the transfer, the loss of the vote, the disk
//! that stands still, the engine that stops or, of an operation that failed, what its error says, within the longest deadline.
//!
//! An end counts even where no lease was in force: it moves the generation, and so voids the extension that is under way. That
//! is how a storm of conflicts keeps a lease from ever coming back.
//!
//! **Does not prove** that a lease was ended where it had to be (W1, W6), nor that it was held at all (the hit rate's business).
//! Unsafe it never is; what it costs is the fast path, so it is counted and judged at the end.
//!
//! **Costs** a counter.
//!
//! **Seen alive by** the variant `elastickv-549`, under which every error ends the lease: write conflicts above all.

use crate::check::prelude::*;
use crate::time::mean;
use crate::view::Lately;
use crate::words::figures::rate;
use leasehold::error::ErrorKind;
use leasehold::observe::{EndCause, Miss};

#[derive(Default)]
pub(in crate::check) struct EndCauses {
    unfounded: BTreeMap<ErrorKind, Ends>,
    /// Nodes that have told of the end of a lease at this moment, and why it is to have ended: what shows that may come after it.
    told: Vec<(NodeId, EndCause, SimTime)>,
    /// The first cause that was none.
    untrue: Option<Finding>,
    /// When a leader last said that its disk stands still.
    stalled: BTreeMap<NodeId, SimTime>,
    reads: u64,
    cold: u64,
    rounds: u64,
    waited: Duration,
}

#[derive(Clone, Copy, Default)]
struct Ends {
    all: u64,
    /// Of those, with a lease in force.
    held: u64,
}

/// Does a failure of this kind mean that leadership is lost, or may be? No wildcard: a new kind has to be decided here too.
pub(crate) fn is_loss_of_leadership(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::NotLeader | ErrorKind::LeadershipLost | ErrorKind::TransferInProgress => true,
        ErrorKind::LeaderNotFound
        | ErrorKind::WriteConflict
        | ErrorKind::RetriesExhausted
        | ErrorKind::Invalid
        | ErrorKind::DeadlineExceeded
        | ErrorKind::Transport
        | ErrorKind::Overloaded
        | ErrorKind::TransferRefused
        | ErrorKind::MembershipRefused
        | ErrorKind::Storage
        | ErrorKind::Damaged
        | ErrorKind::Closed
        | ErrorKind::Panicked
        | ErrorKind::Unroutable
        | ErrorKind::StaleRoute
        | ErrorKind::RangeInUse => false,
    }
}

impl EndCauses {
    /// Was the lease of `node` ended for this cause, as it says that it was at `at`?
    fn judge(&mut self, now: &Now<'_>, node: NodeId, cause: EndCause, at: SimTime) {
        let Some(state) = now.nodes.get(node).filter(|state| !state.is_down()) else { return };
        let Lately { led, handed_over, ran, .. } = state.lately;
        let longest = now.premises.deadlines.iter().max().copied().unwrap_or_default();
        let then = |so: Option<SimTime>| so.is_some_and(|until| until >= at);
        let before = |so: Option<SimTime>| so.is_some_and(|until| until.after(longest) >= at);
        let follows = state.role != Role::Leader;
        let is_true = match cause {
            EndCause::RoleChange => then(led) || follows || state.since == at,
            EndCause::Transfer => then(handed_over),
            EndCause::Removal => !now.nodes.members(node).votes(node),
            // It has told so, and hands over or leads no more; or tries to.
            EndCause::DiskStalled => self.stalled.get(&node) == Some(&at),
            EndCause::Stopped => ran.is_some(),
            EndCause::Failed(ErrorKind::TransferInProgress) => before(handed_over),
            EndCause::Failed(_) => follows || before(led) || state.since.after(longest) >= at,
        };
        if !is_true && self.untrue.is_none() {
            let is = format!("{node} is {} of term {} since {}", state.role.name(), state.term, state.since);
            let message = format!("{node} ended its lease at {at} for {}, which was not so", cause.name());
            self.untrue = Some(now.finding(message, vec![is]));
        }
    }

    fn message(&self, end: SimTime) -> String {
        let total: u64 = self.unfounded.values().map(|ends| ends.all).sum();
        let causes: Vec<_> =
            self.by_number().iter().map(|(kind, ends)| format!("{} {}", kind.name(), count(ends.all))).collect();
        let rate = rate(total, end.since(SimTime::default()));
        format!("the lease was ended without cause {}, {rate}: {}", counted(total, "time"), causes.join(", "))
    }

    fn by_number(&self) -> Vec<(ErrorKind, Ends)> {
        let mut ends: Vec<_> = self.unfounded.iter().map(|(kind, ends)| (*kind, *ends)).collect();
        ends.sort_by_key(|(_, ends)| std::cmp::Reverse(ends.all));
        ends
    }

    fn story(&self) -> Vec<String> {
        let line = |(kind, ends): &(ErrorKind, Ends)| {
            format!(
                "{} ended a lease in force {}, and voided what would have brought one back {}",
                kind.name(),
                counted(ends.held, "time"),
                counted(ends.all - ends.held, "time")
            )
        };
        let mut story: Vec<_> = self.by_number().iter().take(4).map(line).collect();
        story.push(format!("{} of {} lease reads then found no lease (cold)", count(self.cold), count(self.reads)));
        if self.rounds > 0 {
            let mean = duration(mean(self.waited, self.rounds));
            story.push(format!("each of those paid a ReadIndex round; a read that missed waited {mean} in the mean"));
        }
        story.push("none of these errors says that leadership is lost (rule RL.8)".to_owned());
        story
    }
}

impl Check for EndCauses {
    fn lease_ended(&mut self, now: &Now<'_>, by: By<'_>, _: u64, cause: EndCause, held: bool) -> Option<Finding> {
        now.judge();
        match cause {
            EndCause::Failed(kind) if !is_loss_of_leadership(kind) => {
                let ends = self.unfounded.entry(kind).or_default();
                ends.all += 1;
                ends.held += u64::from(held);
            }
            _ => self.told.push((by.node, cause, now.at)),
        }
        None
    }

    fn time_passed(&mut self, now: &Now<'_>) -> Option<Finding> {
        for (node, cause, at) in std::mem::take(&mut self.told) {
            self.judge(now, node, cause, at);
        }
        None
    }

    // What would show it has gone with the process before.
    fn started(&mut self, _: &Now<'_>, node: NodeId) -> Option<Finding> {
        self.told.retain(|(told, ..)| *told != node);
        None
    }

    fn disk_stalled(&mut self, now: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        self.stalled.insert(node, now.at);
        None
    }

    fn lease_read(&mut self, _: &Now<'_>, _: By<'_>, read: LeaseRead) -> Option<Finding> {
        self.reads += u64::from(read.counts());
        self.cold += u64::from(read.miss == Some(Miss::Cold));
        None
    }

    fn round_ended(&mut self, _: &Now<'_>, _: By<'_>, cause: RoundCause, waited: Duration, _: bool) -> Option<Finding> {
        if cause == RoundCause::LeaseMiss {
            self.rounds += 1;
            self.waited += waited;
        }
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        self.time_passed(now);
        let unfounded = (!self.unfounded.is_empty()).then(|| now.bare_finding(self.message(now.at), self.story()));
        unfounded.into_iter().chain(self.untrue.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::scenario::Class;
    use leasehold::observe::Event;

    fn judged(events: &Events) -> Vec<Finding> {
        events.judged_by("end-causes", 2_000).0
    }

    #[test]
    fn a_write_conflict_is_no_cause() {
        let storm = (0..481).fold(Events::default(), |events, at| events.failed(at, 1, ErrorKind::WriteConflict));
        let storm = storm.failed(500, 1, ErrorKind::DeadlineExceeded).hit(501, 1);
        let storm = storm.missed(502, 1, Miss::Cold).missed(503, 1, Miss::NotLeader);
        let findings = judged(&storm.round_ended(504, 1, RoundCause::LeaseMiss, 3));
        let [finding] = &findings[..] else { panic!("one finding: {findings:?}") };
        assert_eq!((finding.check, finding.class, finding.at), ("end-causes", Class::Expectation, ms(2_000)));
        assert_eq!(
            finding.message,
            "the lease was ended without cause 482 times, 241/s: write-conflict 481, deadline-exceeded 1"
        );
        assert!(
            finding.story.contains(&"1 of 2 lease reads then found no lease (cold)".to_owned()),
            "{:?}",
            finding.story
        );
        assert!(finding.story[3].contains("3ms"), "{:?}", finding.story);
    }

    #[test]
    fn an_end_counts_though_no_lease_was_in_force() {
        let cause = EndCause::Failed(ErrorKind::Transport);
        let event = Event::LeaseEnded { generation: 3, cause, held: false };
        assert_eq!(judged(&Events::default().event(1, 1, event)).len(), 1);
    }

    /// n1 leads term 4.
    fn led() -> Events {
        Events::default().started(0, 1, 1).leads(0, 1, 4)
    }

    fn ended(events: Events, cause: EndCause) -> Events {
        events.ended(5_000, 1, cause)
    }

    fn untrue(events: Events, cause: EndCause) -> bool {
        let found = judged(&ended(events, cause).hit(5_001, 2));
        found
            .iter()
            .all(|it| it.message == format!("n1 ended its lease at 5.000000s for {}, which was not so", cause.name()))
            && !found.is_empty()
    }

    #[test]
    fn what_means_a_loss_of_leadership_is_a_cause_where_it_was_so() {
        let failed = EndCause::Failed;
        let [lost, no_leader, transfer] =
            [ErrorKind::LeadershipLost, ErrorKind::NotLeader, ErrorKind::TransferInProgress].map(failed);
        for (events, cause) in [
            (led().follows(5_000, 1, 5), EndCause::RoleChange),
            (led().transfers(4_990, 1, 2), EndCause::Transfer),
            (led().members(4_000, 1, 3, [&[2, 3], &[], &[]]), EndCause::Removal),
            (led().event(5_000, 1, Event::DiskStalled { waited: Duration::from_secs(2) }), EndCause::DiskStalled),
            (led().stopped(5_000, 1), EndCause::Stopped),
            (led().follows(4_500, 1, 5).leads(4_600, 1, 6), lost),
            (led().follows(4_500, 1, 5), no_leader),
            (led().transfers(4_400, 1, 2).aborts(4_500, 1, 2), transfer),
        ] {
            assert_eq!(judged(&ended(events, cause).hit(5_001, 2)), [], "{cause:?}");
            assert!(untrue(led(), cause), "{cause:?}");
        }
    }

    #[test]
    fn what_shows_it_may_be_told_right_after_it() {
        let begins = ended(led(), EndCause::Transfer).transfers(5_000, 1, 2);
        assert_eq!(judged(&begins.hit(5_001, 1)), []);
        assert!(untrue(led().transfers(3_000, 1, 2).aborts(4_000, 1, 2), EndCause::Transfer), "that was over");
    }

    #[test]
    fn what_a_process_says_that_is_gone_in_that_moment_is_not_judged() {
        let handed_over = ended(led().transfers(4_990, 1, 2), EndCause::Transfer);
        assert_eq!(judged(&handed_over.killed(5_000, 1).started(5_000, 1, 2).hit(5_001, 2)), []);
    }

    #[test]
    fn what_an_operation_says_was_so_within_the_longest_deadline() {
        let lost = EndCause::Failed(ErrorKind::LeadershipLost);
        assert_eq!(judged(&ended(led().follows(3_900, 1, 5).leads(3_990, 1, 6), lost).hit(5_001, 2)).len(), 1);
    }

    #[test]
    fn every_end_is_one_evaluation() {
        let events =
            led().transfers(1, 1, 2).ended(1, 1, EndCause::Transfer).failed(2, 1, ErrorKind::NotLeader).hit(3, 1);
        assert_eq!(events.evaluated_by("end-causes"), 2);
    }
}
