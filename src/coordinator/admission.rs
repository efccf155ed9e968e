//! Whether a request is taken at all.
//!
//! A node with more to do than it can has to refuse somebody. It refuses at once, before it has spent anything on the request, and as
//! soon as those that it takes wait too long for a core: what it takes it can still answer in time.

use crate::env::{ClockError, Reading, between};
use crate::rules::{Rule, at_most, before};
use parking_lot::Mutex;
use std::time::Duration;

/// With fewer in service a node refuses nobody: the next one shows how long the wait is now.
const FEW: usize = 8;

/// A node's door.
pub(super) struct Admission {
    /// The longest wait for a core with which others are let in.
    bound: Duration,
    /// For so long what the last one has waited says how long the wait is.
    recent: Duration,
    state: Mutex<State>,
}

struct State {
    in_service: usize,
    /// How long the last one waited.
    waited: Duration,
    /// When that was found out, or somebody was let in to find it out.
    asked: Reading,
}

/// Somebody who was let in, and is in service.
pub(super) struct Admitted<'a>(&'a Admission);

impl Admission {
    /// Nobody is in service yet. Others are let in while the wait for a core is at most `bound`, and to find out how long it is where that
    /// was found out longer ago than `recent`.
    pub(super) fn new(bound: Duration, recent: Duration) -> Self {
        let state = State { in_service: 0, waited: Duration::ZERO, asked: Err(ClockError) };
        Self { bound, recent, state: Mutex::new(state) }
    }

    /// Lets one more in, at `now`; `None`: there is too much to do, here or in the engine.
    ///
    /// Those in service may hang for something else than a core, for as long as it takes: unless it is the engine, how long the wait is
    /// is found out anew every now and then, by letting in another.
    pub(super) fn admit(&self, engine_behind: bool, now: Reading) -> Option<Admitted<'_>> {
        let mut state = self.state.lock();
        // An engine that is behind where cores are free is no better off without the others.
        let bound = if engine_behind { self.bound / 10 } else { self.bound };
        let finds_out = !engine_behind && !Rule::WaitIsRecent.holds(at_most(between(state.asked, now), self.recent));
        let waits_little = at_most(state.waited, bound);
        let has_room = Rule::HasRoom.holds(before(state.in_service, FEW).or(waits_little).or(finds_out));
        has_room.then(|| {
            state.in_service += 1;
            if finds_out {
                state.asked = now;
            }
            Admitted(self)
        })
    }
}

impl Admitted<'_> {
    /// It has waited for a core from when it came until now.
    pub(super) fn waited(&self, come: Reading, now: Reading) {
        let mut state = self.0.state.lock();
        (state.waited, state.asked) = (between(come, now), now);
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.0.state.lock().in_service -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Instant;

    const BOUND: Duration = Duration::from_millis(100);
    const RECENT: Duration = Duration::from_secs(1);

    fn at(millis: u64) -> Reading {
        Ok(Instant::from_nanos(millis * 1_000_000))
    }

    /// A node of whose door this has been asked now, and that has a few in service.
    fn with_a_few(admission: &Admission) -> Vec<Admitted<'_>> {
        (0..FEW).map(|_| admission.admit(false, at(0)).unwrap()).collect()
    }

    #[test]
    fn while_those_in_service_have_waited_too_long_nobody_is_let_in() {
        let admission = Admission::new(BOUND, RECENT);
        let mut inside = with_a_few(&admission);
        inside[0].waited(at(0), at(100));
        inside.push(admission.admit(false, at(100)).expect("they wait no longer than that"));
        inside[0].waited(at(0), at(200));
        assert!(admission.admit(false, at(200)).is_none());
        inside[1].waited(at(200), at(250));
        assert!(admission.admit(false, at(250)).is_some() && admission.admit(true, at(250)).is_none());
        inside[1].waited(at(250), at(255));
        assert!(admission.admit(true, at(255)).is_some(), "cores are free");
    }

    #[test]
    fn a_few_are_always_let_in_to_see_how_long_the_wait_is() {
        let admission = Admission::new(BOUND, RECENT);
        let inside = with_a_few(&admission);
        inside[0].waited(at(0), at(200));
        assert!(admission.admit(false, at(200)).is_none());
        drop(inside);
        assert!(admission.admit(false, at(200)).is_some());
    }

    #[test]
    fn while_others_hang_one_is_let_in_now_and_then_to_see_how_long_the_wait_is() {
        let admission = Admission::new(BOUND, RECENT);
        let hang = with_a_few(&admission);
        hang[0].waited(at(0), at(200));
        assert!(admission.admit(false, at(1_200)).is_none() && admission.admit(true, at(1_201)).is_none());
        let next = admission.admit(false, at(1_201)).expect("nobody knows how long the wait is now");
        assert!(admission.admit(false, at(2_201)).is_none(), "one is on its way to find out");
        next.waited(at(2_201), at(2_202));
        assert!(admission.admit(false, at(2_202)).is_some());
    }
}
