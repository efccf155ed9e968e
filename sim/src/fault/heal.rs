//! `heal = "everything"`: every fault ends, and nothing is under way of it any more: messages that faults of the network hold,
//! and those in flight that would not be but for one (late ones, second copies), are dropped; unary calls that wait for a lost
//! answer are over. Who is down or stands still goes on; clocks and disks are left to themselves. By how far a clock was
//! stepped it stays: to step it back would be another fault.
//! `heal = "network"` ends the first, `heal = "processes"` the rest; `heal = { messages = "deliver" }` lets the messages
//! arrive.
//!
//! Effective: there was something to end.

use super::{Act, Active, Harm};
use crate::history::FaultPhase;
use crate::scenario::{Heal, Leftover};

pub(super) const VERB: &str = "heal";

pub(super) fn perform(act: &Act, heal: Heal) {
    let what = heal.what.to_string();
    act.record(VERB, FaultPhase::Activated, &what);
    if heal.what.network() && heal.messages == Leftover::Drop {
        act.injector.cluster.world().sweep();
    }
    let is_over =
        |active: &Active| if active.harm.is_of_the_network() { heal.what.network() } else { heal.what.processes() };
    let over: Vec<Active> = act.injector.active.lock().iter().copied().filter(is_over).collect();
    for fault in &over {
        act.injector.end(*fault);
    }
    if !over.is_empty() {
        act.record(VERB, FaultPhase::Effective, &what);
    }
}

impl Harm {
    fn is_of_the_network(self) -> bool {
        match self {
            Harm::Partition(_) | Harm::Link(_) | Harm::Hold(..) => true,
            Harm::Crash(_)
            | Harm::Pause(_)
            | Harm::Trap(..)
            | Harm::Task(..)
            | Harm::Slow(..)
            | Harm::Clock(..)
            | Harm::Disk(..) => false,
        }
    }
}
