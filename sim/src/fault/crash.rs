//! `crash = { node = "@leader", for = "500ms", tail = "torn" }`: the process is killed, what its disk had not synced is lost,
//! or torn; after that time it starts again on what is left. `for = "0s"`: at once. Without `for` it stays down, until
//! something heals it.
//!
//! Effective: there was a process to kill.

use super::prelude::*;
use crate::scenario::Crash;

pub(super) fn perform(act: &Act, crash: &Crash) {
    for node in act.named(Verb::Crash, &crash.nodes) {
        let cluster = &act.injector.cluster;
        let deed = act.deed(Verb::Crash, Targets::Node(node), How::Plainly);
        if !cluster.is_up(node) {
            deed.cannot_act(Some(Evidence::Already));
            continue;
        }
        deed.acts();
        let end = cluster.crash(node, crash.tail);
        deed.is_effective(None);
        deed.begins(&act.injector, end, crash.lasts);
    }
}
