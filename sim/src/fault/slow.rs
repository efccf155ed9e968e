//! `slow = { node = "@leader", factor = 10, for = "2s" }`: all work of a node's CPU takes so many times as long; a process that is
//! started again is as slow.
//!
//! Effective: there was work.

use super::prelude::*;
use crate::scenario::Slow;

pub(super) fn perform(act: &Act, slow: &Slow) {
    for node in act.named(Verb::Slow, &slow.nodes) {
        let deed = act.deed(Verb::Slow, Targets::Node(node), How::Slows(slow.factor));
        if act.injector.in_force.lock().any(Verb::Slow, node) {
            deed.cannot_act(Some(Evidence::Already));
            continue;
        }
        deed.acts();
        let end = act.injector.cluster.slow_down(node, slow.factor, deed.effective());
        deed.begins(&act.injector, end, slow.lasts);
    }
}
