//! `slow = { node = "@leader", factor = 10, for = "2s" }`: all work of a node's CPU takes so many times as long; a process that is
//! started again is as slow.
//!
//! Effective: there was work.

use super::{Act, Active, Harm, Injector, record};
use crate::history::FaultPhase;
use crate::scenario::Slow;
use leasehold::env::NodeId;
use std::time::Duration;

pub(super) const VERB: &str = "slow";

pub(super) fn perform(act: &Act, slow: &Slow) {
    let nodes = act.select_all(&slow.nodes);
    if nodes.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selector");
    }
    for node in nodes {
        let is_slow = |active: &Active| matches!(active.harm, Harm::Slow(other, _) if other == node);
        if act.injector.active.lock().iter().any(is_slow) {
            act.record(VERB, FaultPhase::Refused, &format!("{node} is slow already"));
            continue;
        }
        act.record(VERB, FaultPhase::Activated, &format!("{node}, {} times", slow.factor));
        let spent = act.injector.cluster.slow_down(node, slow.factor);
        act.injector.begin(Active { step: act.step, harm: Harm::Slow(node, spent) }, slow.lasts);
    }
}

/// `spent` is the core time that the node had spent when it began.
pub(super) fn end(injector: &Injector, step: u32, node: NodeId, spent: Duration) {
    if injector.cluster.slow_down(node, 1) > spent {
        record(&injector.cluster, step, VERB, FaultPhase::Effective, &format!("{node} took longer"));
    }
    record(&injector.cluster, step, VERB, FaultPhase::Ended, &format!("{node} is as fast as before"));
}
