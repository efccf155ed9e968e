//! `crash = { node = "@leader", for = "500ms", tail = "torn" }`: the process is killed, what its disk had not synced is lost,
//! or torn; after that time it starts again on what is left. `for = "0s"`: at once. Without `for` it stays down, until
//! something heals it.
//!
//! Effective: there was a process to kill.

use super::{Act, Active, Harm, Injector, record};
use crate::history::FaultPhase;
use crate::scenario::{self, Crash};
use crate::world::disk::Tail;
use leasehold::env::NodeId;

pub(super) const VERB: &str = "crash";

pub(super) fn perform(act: &Act, crash: &Crash) {
    let nodes = act.select_all(&crash.nodes);
    if nodes.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selector");
    }
    for node in nodes {
        if !act.injector.cluster.is_up(node) {
            act.record(VERB, FaultPhase::Refused, &format!("{node} is down already"));
            continue;
        }
        act.record(VERB, FaultPhase::Activated, &node.to_string());
        act.injector.cluster.crash(node, tail(crash.tail));
        act.record(VERB, FaultPhase::Effective, &node.to_string());
        act.injector.begin(Active { step: act.step, harm: Harm::Crash(node) }, crash.lasts);
    }
}

fn tail(tail: scenario::Tail) -> Tail {
    match tail {
        scenario::Tail::Lost => Tail::Lost,
        scenario::Tail::Kept => Tail::Kept,
        scenario::Tail::Torn => Tail::Torn,
        scenario::Tail::Scattered => Tail::Scattered,
    }
}

pub(super) fn end(injector: &Injector, step: u32, node: NodeId) {
    injector.cluster.start(node);
    record(&injector.cluster, step, VERB, FaultPhase::Ended, &format!("{node} starts again"));
}
