//! `heal = "everything"`: every partition is lifted; what was held back is delivered.
//!
//! Effective: there was one.

use super::Act;
use crate::history::FaultPhase;

pub(super) const VERB: &str = "heal";

pub(super) fn perform(act: &Act) {
    let partitions = act.injector.partitions.lock().clone();
    act.record(VERB, FaultPhase::Activated, "everything");
    for active in &partitions {
        act.injector.lift(*active);
    }
    if !partitions.is_empty() {
        act.record(VERB, FaultPhase::Effective, "everything");
    }
}
