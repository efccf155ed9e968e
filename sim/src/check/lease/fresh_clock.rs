//! W10: a lease read is decided by what the clock shows then, and answered only before the lease's expiry.
//!
//! **Proves**, at each lease read, that the reading it was decided by is what the node's monotonic clock showed at that very
//! moment, as the world knows it; that nothing is answered without a reading (fail closed), nor by one at or after the expiry
//! of the lease that the node holds. This is stricter than W10, which lets a reading be as old as the read itself: in this
//! stack nothing waits between the reading and the decision.
//!
//! **Does not prove** that the clock is right: what a frozen or a drifting clock does to a lease is judged in true time (W1, S1).
//!
//! **Costs** two comparisons at each lease read.
//!
//! **Seen alive by** its unit tests, and by `cached-clock` (`fast/s-06-pause-anywhere`), `signed-age` (`fast/s-07-wall-steps`),
//! `clock-failure-is-zero` (`planted/clock-failure`) and `never-expires` (`fast/s-03-cut-after-check-quorum`): a cached reading
//! at once.

use crate::check::{Check, CheckInfo, Finding, Kind, STORY, words};
use crate::history::{Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{Instant, NodeId, ReplicaId};
use leasehold::observe::Event;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "fresh-clock",
    Class::LeaseInvariant,
    "a lease read is decided by a fresh reading of the clock, before the lease's expiry",
    "lease-bugs.md W10, P8",
);

/// The check.
#[derive(Default)]
pub(in crate::check) struct FreshClock {
    evaluated: u64,
}

/// A lease read that was decided.
struct Decision {
    at: SimTime,
    node: NodeId,
    hit: bool,
    /// The reading that it was decided by.
    now: Option<Instant>,
    /// What the clock showed.
    clock: Instant,
}

impl FreshClock {
    fn decided(&mut self, decision: &Decision, nodes: &View) -> Option<Finding> {
        self.evaluated += 1;
        let wrong = what_is_wrong(decision, nodes)?;
        let Decision { at, node, hit, .. } = *decision;
        let did = if hit { "answered a lease read" } else { "refused a lease read" };
        Some(INFO.finding(at, format!("{node} {did} by {wrong}"), nodes.story(at, STORY)))
    }
}

/// What is wrong with the reading; `None`: nothing.
fn what_is_wrong(Decision { node, hit, now, clock, .. }: &Decision, nodes: &View) -> Option<String> {
    let Some(now) = now else { return hit.then(|| "no clock at all".to_owned()) };
    if now != clock {
        let (apart, how) = if now < clock { (clock.since(*now), "old") } else { (now.since(*clock), "in the future") };
        return Some(format!("a reading of its clock that was {} {how}", words::duration(apart)));
    }
    let expiry = nodes.lease(*node).filter(|_| *hit)?.expiry;
    (*now >= expiry).then(|| format!("a reading {} after its lease had run out", words::duration(now.since(expiry))))
}

impl Check for FreshClock {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::LeaseRead]
    }

    fn record(&mut self, Record { at, what }: &Record, nodes: &View) -> Option<Finding> {
        match what {
            What::Stack(StackRecord {
                replica: ReplicaId { node, .. },
                event: Event::LeaseRead { miss, now, .. },
                clock,
                ..
            }) => {
                let (at, node, hit) = (*at, *node, miss.is_none());
                self.decided(&Decision { at, node, hit, now: *now, clock: *clock }, nodes)
            }
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
    use crate::check::testing::{Events, ms};
    use leasehold::observe::Miss;

    /// n1 holds a lease that runs out at 310 ms; at 200 ms it decides a read by `now`.
    fn decided(miss: Option<Miss>, now: Option<u64>) -> Option<Finding> {
        let now = now.map(|now| Instant::from_nanos(ms(now).0));
        let events = Events::default().leads(0, 1, 4).leased(11, 1, 4, 0, 10);
        events.event(200, 1, Event::LeaseRead { miss, now, again: false }).first(&mut FreshClock::default())
    }

    #[test]
    fn a_fresh_reading_is_right() {
        assert_eq!(decided(None, Some(200)), None);
        assert_eq!(decided(Some(Miss::Transfer), Some(200)), None);
    }

    #[test]
    fn an_old_reading_is_a_violation_whatever_was_decided() {
        let finding = decided(None, Some(150)).expect("a cached clock");
        assert_eq!((finding.check, finding.class, finding.at), (INFO.name, Class::LeaseInvariant, ms(200)));
        assert_eq!(finding.message, "n1 answered a lease read by a reading of its clock that was 50ms old");
        assert!(decided(Some(Miss::Expired), Some(150)).is_some());
        assert!(decided(None, Some(201)).is_some());
    }

    #[test]
    fn without_a_clock_nothing_is_answered() {
        let finding = decided(None, None).expect("a hit without a clock");
        assert_eq!(finding.message, "n1 answered a lease read by no clock at all");
        assert_eq!(decided(Some(Miss::Clock), None), None);
    }

    #[test]
    fn the_instant_of_expiry_is_too_late() {
        let at =
            |at| Events::default().leads(0, 1, 4).leased(11, 1, 4, 0, 10).hit(at, 1).first(&mut FreshClock::default());
        assert_eq!(at(309), None);
        let finding = at(310).expect("run out");
        assert_eq!(finding.message, "n1 answered a lease read by a reading 0s after its lease had run out");
    }
}
