//! Whether a request is taken at all.
//!
//! A node with more to do than it can has to refuse somebody. It refuses at once, before it has spent anything on the request, and as
//! soon as those that it takes wait too long for a core: what it takes it can still answer in time.

use crate::rules::{Rule, at_most, before};
use parking_lot::Mutex;
use std::time::Duration;

/// With fewer in service a node refuses nobody: the next one shows how long the wait is now.
const FEW: usize = 8;

/// A node's door.
pub(super) struct Admission {
    /// The longest wait for a core with which others are let in.
    bound: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_service: usize,
    /// How long the last one waited.
    waited: Duration,
}

/// Somebody who was let in, and is in service.
pub(super) struct Admitted<'a>(&'a Admission);

impl Admission {
    pub(super) fn new(bound: Duration) -> Self {
        Self { bound, state: Mutex::default() }
    }

    /// Lets one more in; `None`: there is too much to do, here or in the engine.
    pub(super) fn admit(&self, engine_behind: bool) -> Option<Admitted<'_>> {
        let mut state = self.state.lock();
        // An engine that is behind where cores are free is no better off without the others.
        let bound = if engine_behind { self.bound / 10 } else { self.bound };
        let has_room = Rule::HasRoom.holds(before(state.in_service, FEW).or(at_most(state.waited, bound)));
        has_room.then(|| {
            state.in_service += 1;
            Admitted(self)
        })
    }
}

impl Admitted<'_> {
    /// It has waited so long for a core.
    pub(super) fn waited(&self, waited: Duration) {
        self.0.state.lock().waited = waited;
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

    const BOUND: Duration = Duration::from_millis(100);

    #[test]
    fn while_those_in_service_have_waited_too_long_nobody_is_let_in() {
        let admission = Admission::new(BOUND);
        let mut inside: Vec<_> = (0..FEW).map(|_| admission.admit(false).unwrap()).collect();
        inside[0].waited(BOUND);
        inside.push(admission.admit(false).expect("they wait no longer than that"));
        inside[0].waited(2 * BOUND);
        assert!(admission.admit(false).is_none());
        inside[1].waited(BOUND / 2);
        assert!(admission.admit(false).is_some() && admission.admit(true).is_none());
        inside[1].waited(BOUND / 20);
        assert!(admission.admit(true).is_some(), "cores are free");
    }

    #[test]
    fn a_few_are_always_let_in_to_see_how_long_the_wait_is() {
        let admission = Admission::new(BOUND);
        let inside: Vec<_> = (0..FEW).map(|_| admission.admit(false).unwrap()).collect();
        inside[0].waited(2 * BOUND);
        assert!(admission.admit(false).is_none());
        drop(inside);
        assert!(admission.admit(false).is_some());
    }
}
