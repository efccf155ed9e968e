//! `pause = { node = "@any", for = "150ms", clock = "running" }`: the process stands still; messages and timers wait for it.
//!
//! With `at = "lease-checked"` it does so when a task of the process next reaches that point of the code: it counts as
//! activated then, and `for` runs from then. With `what = "task"` that task alone stands still, as a preempted thread does.
//!
//! Effective: a task that could run was delayed.

use super::active::Deed;
use super::claims;
use super::prelude::*;
use crate::cluster::Guard;
use crate::scenario::Pause;
use crate::words::{Paused, PausedClock, Point};
use crate::world::process::yield_now;
use leasehold::env::Wait;
use std::time::Duration;
use tokio::sync::oneshot;

pub(super) fn perform(act: &Act, pause: &Pause) {
    for node in act.named(Verb::Pause, &pause.nodes) {
        let targets = match pause.what {
            Paused::Process => Targets::Node(node),
            Paused::Task => Targets::Task(node),
        };
        let deed = act.deed(Verb::Pause, targets, How::Pauses { at: pause.at, clock: pause.clock });
        match pause.at {
            None => stand_still(&act.injector, deed, node, pause),
            Some(at) => set_trap(&act.injector, deed, node, at, pause),
        }
    }
}

fn stand_still(injector: &Injector, deed: Deed, node: NodeId, pause: &Pause) {
    let stands = injector.in_force.lock().any(Verb::Pause, node);
    let freeze = pause.clock == PausedClock::Frozen;
    let end = if stands { None } else { injector.cluster.pause(node, freeze, deed.effective()) };
    let Some(end) = end else { return deed.cannot_act(Some(Evidence::Already)) };
    deed.acts();
    if freeze {
        claims::after_jump(injector, &deed, pause.lasts);
    }
    deed.begins(injector, end, pause.lasts);
}

/// If the trap is never sprung, the fault has not acted, and will not.
fn set_trap(injector: &Injector, deed: Deed, node: NodeId, at: Point, pause: &Pause) {
    let (own, pause, to_do) = (injector.clone(), pause.clone(), deed.clone());
    deed.awaits(injector, |id| {
        let spring = move || {
            own.call_off(id);
            match pause.what {
                Paused::Process => {
                    stand_still(&own, to_do, node, &pause);
                    // The task that is here would run on to its next wait; it waits here.
                    Wait::For(Box::pin(yield_now()))
                }
                Paused::Task => hold_task(&own, to_do, pause.lasts),
            }
        };
        injector.cluster.set_trap(node, at, Box::new(spring))
    });
}

/// How the task that has sprung a trap waits.
fn hold_task(injector: &Injector, deed: Deed, lasts: Option<Duration>) -> Wait {
    deed.acts();
    deed.is_effective(None);
    let (release, released) = oneshot::channel::<()>();
    deed.begins(injector, Guard::new(move || drop(release)), lasts);
    Wait::For(Box::pin(async move {
        let _ = released.await;
    }))
}
