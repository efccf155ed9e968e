//! `pause = { node = "@any", for = "150ms", clock = "running" }`: the process stands still; messages and timers wait for it.
//!
//! With `at = "lease-checked"` it does so when a task of the process next reaches that point of the code: it counts as
//! activated then, and `for` runs from then. With `what = "task"` that task alone stands still, as a preempted thread does.
//!
//! Effective: a task that could run was delayed.

use super::{Act, Active, Harm, Injector, claims, record};
use crate::cluster::TrapId;
use crate::history::FaultPhase;
use crate::scenario::{Pause, Paused, PausedClock, Point};
use crate::world::process::yield_now;
use leasehold::env::{self, NodeId, Wait};
use tokio::sync::oneshot;

pub(super) const VERB: &str = "pause";

pub(super) fn perform(act: &Act, pause: &Pause) {
    let nodes = act.select_all(&pause.nodes);
    if nodes.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selector");
    }
    for node in nodes {
        match pause.at {
            None => stand_still(&act.injector, act.step, node, pause),
            Some(at) => set_trap(act, node, at, pause),
        }
    }
}

fn stand_still(injector: &Injector, step: u32, node: NodeId, pause: &Pause) {
    let harm = Harm::Pause(node);
    let paused = injector.active.lock().iter().any(|active| active.harm == harm);
    if paused || !injector.cluster.pause(node, pause.clock == PausedClock::Frozen) {
        let detail = format!("{node} stands still already, or is down");
        record(&injector.cluster, step, VERB, FaultPhase::Refused, &detail);
        return;
    }
    let at = pause.at.map_or_else(String::new, |at| format!(" at {at}"));
    let detail = format!("{node}{at} (clock {})", pause.clock);
    record(&injector.cluster, step, VERB, FaultPhase::Activated, &detail);
    if pause.clock == PausedClock::Frozen {
        claims::after_jump(injector, step, VERB, pause.lasts);
    }
    injector.begin(Active { step, harm }, pause.lasts);
}

pub(super) fn end(injector: &Injector, step: u32, node: NodeId) {
    if injector.cluster.resume(node) {
        record(&injector.cluster, step, VERB, FaultPhase::Effective, &format!("{node} was delayed"));
    }
    record(&injector.cluster, step, VERB, FaultPhase::Ended, &format!("{node} goes on"));
}

fn set_trap(act: &Act, node: NodeId, at: Point, pause: &Pause) {
    let (injector, step, pause) = (act.injector.clone(), act.step, pause.clone());
    let spring = move |trap| {
        injector.forget(Active { step, harm: Harm::Trap(node, trap) });
        match pause.what {
            Paused::Process => {
                stand_still(&injector, step, node, &pause);
                // The task that is here would run on to its next wait; it waits here.
                Wait::For(Box::pin(yield_now()))
            }
            Paused::Task => hold_task(&injector, step, (node, trap), &pause),
        }
    };
    let trap = act.injector.cluster.set_trap(node, point(at), Box::new(spring));
    act.injector.begin(Active { step: act.step, harm: Harm::Trap(node, trap) }, None);
}

/// How the task that has sprung a trap waits.
fn hold_task(injector: &Injector, step: u32, (node, trap): (NodeId, TrapId), pause: &Pause) -> Wait {
    let at = pause.at.map_or_else(String::new, |at| format!(" at {at}"));
    let detail = format!("a task of {node}{at}");
    record(&injector.cluster, step, VERB, FaultPhase::Activated, &detail);
    record(&injector.cluster, step, VERB, FaultPhase::Effective, &format!("{detail} waits"));
    let (release, released) = oneshot::channel();
    injector.tasks.lock().insert((node, trap), release);
    injector.begin(Active { step, harm: Harm::Task(node, trap) }, pause.lasts);
    Wait::For(Box::pin(async move {
        let _ = released.await;
    }))
}

pub(super) fn end_task(injector: &Injector, step: u32, node: NodeId, trap: TrapId) {
    let release = injector.tasks.lock().remove(&(node, trap));
    drop(release);
    record(&injector.cluster, step, VERB, FaultPhase::Ended, &format!("a task of {node} goes on"));
}

/// The trap was never sprung: the fault has not acted, and will not.
pub(super) fn disarm(injector: &Injector, node: NodeId, trap: TrapId) {
    injector.cluster.remove_trap(node, trap);
}

fn point(at: Point) -> env::Point {
    match at {
        Point::Appended => env::Point::Appended,
        Point::Persisted => env::Point::Persisted,
        Point::Sent => env::Point::Sent,
        Point::Applied => env::Point::Applied,
        Point::Published => env::Point::Published,
        Point::LeaseChecked => env::Point::LeaseChecked,
        Point::IndexConfirmed => env::Point::IndexConfirmed,
    }
}
