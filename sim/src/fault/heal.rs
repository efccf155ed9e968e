//! `heal = "everything"`: every partition is lifted, what was held back is delivered; who is down or stands still goes on; clocks and
//! disks are left to themselves. What a clock was stepped by stays.
//!
//! Effective: there was something to end.

use super::Act;
use crate::history::FaultPhase;

pub(super) const VERB: &str = "heal";

pub(super) fn perform(act: &Act) {
    let active = act.injector.active.lock().clone();
    act.record(VERB, FaultPhase::Activated, "everything");
    for fault in &active {
        act.injector.end(*fault);
    }
    if !active.is_empty() {
        act.record(VERB, FaultPhase::Effective, "everything");
    }
}
