//! W9: no lease is ended without cause.
//!
//! **Proves** that only what means a loss of leadership ended a lease: a change of role or term, a transfer, the stop of the
//! engine, or an operation that failed because this node does not lead (any longer). A conflict, a validation failure, a
//! deadline, a transport error say nothing about leadership (rule RL.8). The classification is this file's own, not the
//! stack's.
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

use crate::check::{Check, CheckInfo, Finding, Kind, words};
use crate::history::{Record, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::error::ErrorKind;
use leasehold::observe::{EndCause, Event, Miss, RoundCause};
use std::collections::BTreeMap;
use std::time::Duration;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "end-causes",
    Class::Expectation,
    "only a loss of leadership ends a lease: no conflict, deadline or transport error does",
    "lease-bugs.md W9, RL.8; elastickv #558, #559",
);

/// The check.
#[derive(Default)]
pub(in crate::check) struct EndCauses {
    evaluated: u64,
    unfounded: BTreeMap<ErrorKind, Ends>,
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
fn is_loss_of_leadership(kind: ErrorKind) -> bool {
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
        | ErrorKind::Closed => false,
    }
}

impl EndCauses {
    fn ended(&mut self, cause: EndCause, held: bool) {
        self.evaluated += 1;
        if let EndCause::Failed(kind) = cause
            && !is_loss_of_leadership(kind)
        {
            let ends = self.unfounded.entry(kind).or_default();
            ends.all += 1;
            ends.held += u64::from(held);
        }
    }

    fn read(&mut self, miss: Option<Miss>) {
        self.reads += u64::from(miss.is_none_or(Miss::counts));
        self.cold += u64::from(miss == Some(Miss::Cold));
    }

    fn message(&self, end: SimTime) -> String {
        let total: u64 = self.unfounded.values().map(|ends| ends.all).sum();
        let causes: Vec<_> = self
            .by_number()
            .into_iter()
            .map(|(kind, ends)| format!("{} {}", kind.name(), words::count(ends.all)))
            .collect();
        let rate = words::per_second(total, end.since(SimTime::default()));
        format!("the lease was ended without cause {}, {rate}: {}", words::several(total, "time"), causes.join(", "))
    }

    fn by_number(&self) -> Vec<(ErrorKind, Ends)> {
        let mut ends: Vec<_> = self.unfounded.iter().map(|(kind, ends)| (*kind, *ends)).collect();
        ends.sort_by_key(|(_, ends)| std::cmp::Reverse(ends.all));
        ends
    }

    fn story(&self) -> Vec<String> {
        let mut story: Vec<_> = self
            .by_number()
            .into_iter()
            .take(4)
            .map(|(kind, ends)| {
                let voided = ends.all - ends.held;
                format!(
                    "{} ended a lease in force {}, and voided what would have brought one back {}",
                    kind.name(),
                    words::several(ends.held, "time"),
                    words::several(voided, "time")
                )
            })
            .collect();
        let (cold, reads) = (words::count(self.cold), words::count(self.reads));
        story.push(format!("{cold} of {reads} lease reads then found no lease (cold)"));
        if self.rounds > 0 {
            let mean = words::duration(words::mean(self.waited, self.rounds));
            story.push(format!("each of those paid a ReadIndex round; a read that missed waited {mean} in the mean"));
        }
        story.push("none of these errors says that leadership is lost (rule RL.8)".to_owned());
        story
    }
}

impl Check for EndCauses {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::LeaseRead, Kind::Round, Kind::Told]
    }

    fn record(&mut self, record: &Record, _nodes: &View) -> Option<Finding> {
        let What::Stack(told) = &record.what else { return None };
        match told.event {
            Event::LeaseEnded { cause, held, .. } => self.ended(cause, held),
            Event::LeaseRead { miss, .. } => self.read(miss),
            Event::RoundEnded { cause: RoundCause::LeaseMiss, waited, .. } => {
                self.rounds += 1;
                self.waited += waited;
            }
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        if self.unfounded.is_empty() {
            return Vec::new();
        }
        vec![INFO.finding(end, self.message(end), self.story())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};

    fn judged(events: &Events) -> Vec<Finding> {
        let mut check = EndCauses::default();
        assert_eq!(events.first(&mut check), None, "W9 never ends a run");
        check.finish(ms(2_000))
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

    #[test]
    fn losses_of_leadership_are_causes() {
        let causes = [EndCause::RoleChange, EndCause::Transfer, EndCause::Stopped];
        let errors = [ErrorKind::NotLeader, ErrorKind::LeadershipLost, ErrorKind::TransferInProgress];
        let causes = causes.into_iter().chain(errors.map(EndCause::Failed));
        let events = causes.fold(Events::default(), |events, cause| events.ended(1, 1, cause));
        assert_eq!(judged(&events), []);
    }

    #[test]
    fn every_end_is_one_evaluation() {
        let mut check = EndCauses::default();
        let events = Events::default().ended(1, 1, EndCause::Transfer).failed(2, 1, ErrorKind::NotLeader).hit(3, 1);
        assert_eq!(events.first(&mut check), None);
        assert_eq!(check.evaluated(), 2);
    }
}
