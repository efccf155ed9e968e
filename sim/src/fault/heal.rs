//! `heal = "everything"`: every fault ends, and nothing is under way of it any more: messages that faults of the network hold,
//! and those in flight that would not be but for one (late ones, second copies), are dropped; unary calls that wait for a lost
//! answer are over. Who is down or stands still goes on; clocks and disks are left to themselves. By how far a clock was
//! stepped it stays: to step it back would be another fault.
//! `heal = "network"` ends the first, `heal = "processes"` the rest; `heal = { messages = "deliver" }` lets the messages
//! arrive.
//!
//! Effective: there was something to end.

use super::prelude::*;
use crate::scenario::Heal;
use crate::words::Leftover;

pub(super) fn perform(act: &Act, heal: &Heal) {
    let deed = act.deed(Verb::Heal, Targets::Nobody, How::Heals(heal.what));
    deed.acts();
    if heal.what.network() && heal.messages == Leftover::Drop {
        act.injector.cluster.world().sweep();
    }
    if act.injector.heal(heal.what) {
        deed.is_effective(None);
    }
}
