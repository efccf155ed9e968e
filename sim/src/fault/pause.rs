//! `pause = { node = "@any", for = "150ms", clock = "running" }`: the process stands still; messages and timers wait for it.
//!
//! Effective: a task that could run was delayed.

use super::{Act, Active, Harm, Injector, claims, record};
use crate::history::FaultPhase;
use crate::scenario::{Pause, PausedClock};
use leasehold::env::NodeId;

pub(super) const VERB: &str = "pause";

pub(super) fn perform(act: &Act, pause: &Pause) {
    let nodes = act.select(pause.node);
    if nodes.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selector");
    }
    for node in nodes {
        let harm = Harm::Pause(node);
        let paused = act.injector.active.lock().iter().any(|active| active.harm == harm);
        if paused || !act.injector.cluster.pause(node, pause.clock == PausedClock::Frozen) {
            act.record(VERB, FaultPhase::Refused, &format!("{node} stands still already, or is down"));
            continue;
        }
        act.record(VERB, FaultPhase::Activated, &format!("{node} (clock {})", pause.clock));
        if pause.clock == PausedClock::Frozen {
            claims::after_jump(act, VERB, pause.lasts);
        }
        act.injector.begin(Active { step: act.step, harm }, pause.lasts);
    }
}

pub(super) fn end(injector: &Injector, step: u32, node: NodeId) {
    if injector.cluster.resume(node) {
        record(&injector.cluster, step, VERB, FaultPhase::Effective, &format!("{node} was delayed"));
    }
    record(&injector.cluster, step, VERB, FaultPhase::Ended, &format!("{node} goes on"));
}
