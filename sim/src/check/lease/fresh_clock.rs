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

use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct FreshClock;

impl Check for FreshClock {
    fn lease_read(&mut self, now: &Now<'_>, by: By<'_>, read: LeaseRead) -> Option<Finding> {
        now.judge();
        let wrong = what_is_wrong(by, read)?;
        let did = if read.miss.is_none() { "answered a lease read" } else { "refused a lease read" };
        Some(now.finding(format!("{} {did} by {wrong}", by.node), Vec::new()))
    }
}

/// What is wrong with the reading; `None`: nothing.
fn what_is_wrong(By { clock, state, .. }: By<'_>, LeaseRead { miss, reading, .. }: LeaseRead) -> Option<String> {
    let Some(reading) = reading else { return miss.is_none().then(|| "no clock at all".to_owned()) };
    if reading != clock {
        let (apart, how) =
            if reading < clock { (clock.since(reading), "old") } else { (reading.since(clock), "in the future") };
        return Some(format!("a reading of its clock that was {} {how}", duration(apart)));
    }
    let expiry = state.lease.filter(|_| miss.is_none())?.expiry;
    (reading >= expiry).then(|| format!("a reading {} after its lease had run out", duration(reading.since(expiry))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::scenario::Class;
    use leasehold::env::Instant;
    use leasehold::observe::Event;
    use leasehold::observe::Miss;

    /// n1 holds a lease that runs out at 310 ms; at 200 ms it decides a read by `now`.
    fn decided(miss: Option<Miss>, now: Option<u64>) -> Option<Finding> {
        let now = now.map(|now| Instant::from_nanos(ms(now).0));
        let events = Events::default().leads(0, 1, 4).leased(11, 1, 4, 0, 10);
        events.event(200, 1, Event::LeaseRead { miss, now, again: false }).found_by("fresh-clock")
    }

    #[test]
    fn a_fresh_reading_is_right() {
        assert_eq!(decided(None, Some(200)), None);
        assert_eq!(decided(Some(Miss::Transfer), Some(200)), None);
    }

    #[test]
    fn an_old_reading_is_a_violation_whatever_was_decided() {
        let finding = decided(None, Some(150)).expect("a cached clock");
        assert_eq!((finding.check, finding.class, finding.at), ("fresh-clock", Class::LeaseInvariant, ms(200)));
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
        let at = |at| Events::default().leads(0, 1, 4).leased(11, 1, 4, 0, 10).hit(at, 1).found_by("fresh-clock");
        assert_eq!(at(309), None);
        let finding = at(310).expect("run out");
        assert_eq!(finding.message, "n1 answered a lease read by a reading 0s after its lease had run out");
    }
}
