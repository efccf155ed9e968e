//! `clock = { node = "@leader", rate = "+500ppm", for = "5s" }`: a node's clock goes wrong: `rate`, `slew`, `step`, `freeze`,
//! `fail`.
//!
//! The lease counts on the monotonic clock. A `step` moves the wall clock alone, unless it says `monotonic`. What goes beyond the
//! claims of the scenario is told, and makes what is unsafe afterwards expected to be ([`super::claims`]).
//!
//! Effective: a process read a clock of its node, and either its monotonic or its wall clock would have shown something else, or
//! anything at all, without this.

use super::claims;
use super::prelude::*;
use crate::scenario::ClockFault;
use crate::time::SimTime;
use crate::words::{ClockHarm, Drift, Jump};
use crate::world::clock::Clock;
use std::mem::discriminant;

pub(super) fn perform(act: &Act, fault: &ClockFault) {
    for node in act.named(Verb::Clock, &fault.nodes) {
        begin(act, fault, node);
    }
}

fn begin(act: &Act, fault: &ClockFault, node: NodeId) {
    let (cluster, harm) = (&act.injector.cluster, fault.harm);
    let deed = act.deed(Verb::Clock, Targets::Node(node), How::Clock(harm));
    if is_so_already(act, node, harm) {
        return deed.cannot_act(Some(Evidence::Already));
    }
    deed.acts();
    let by_wall = cluster.goes_by_wall_clock();
    let go_wrong = |clock: &mut Clock, now| go_wrong(clock, now, harm, by_wall);
    if let ClockHarm::Step { by, monotonic } = harm {
        cluster.touch_clock(node, go_wrong, Some(deed.effective()));
        if monotonic {
            claims::after_jump(&act.injector, &deed, Some(by.by));
        }
        return deed.is_over();
    }
    let end = cluster.hold_clock(node, go_wrong, move |clock, now| go_right(clock, now, harm), deed.effective());
    match harm {
        ClockHarm::Rate(_) | ClockHarm::Slew(_) => claims::after_drift(&deed),
        ClockHarm::Freeze => claims::after_jump(&act.injector, &deed, fault.lasts),
        ClockHarm::Step { .. } | ClockHarm::Fail => {}
    }
    deed.begins(&act.injector, end, fault.lasts);
}

/// A clock goes wrong in one way once at a time.
fn is_so_already(act: &Act, node: NodeId, harm: ClockHarm) -> bool {
    let same = |how: &How| matches!(how, How::Clock(other) if discriminant(other) == discriminant(&harm));
    act.injector.in_force.lock().deeds().any(|fault| fault.targets == Targets::Node(node) && same(&fault.how))
}

fn go_wrong(clock: &mut Clock, now: SimTime, harm: ClockHarm, by_wall: bool) {
    match harm {
        ClockHarm::Rate(by) => clock.impose_rate(now, Some(ppb(by))),
        ClockHarm::Slew(by) => clock.slew(now, ppb(by)),
        ClockHarm::Step { by, monotonic } => {
            clock.step_wall(now, nanos(by));
            if monotonic || by_wall {
                clock.step_monotonic(now, nanos(by));
            }
        }
        ClockHarm::Freeze => clock.freeze(now),
        ClockHarm::Fail => clock.set_failing(true),
    }
}

fn go_right(clock: &mut Clock, now: SimTime, harm: ClockHarm) {
    match harm {
        ClockHarm::Rate(_) => clock.impose_rate(now, None),
        ClockHarm::Slew(_) => clock.slew(now, 0),
        ClockHarm::Step { .. } => {}
        ClockHarm::Freeze => clock.thaw(now),
        ClockHarm::Fail => clock.set_failing(false),
    }
}

fn ppb(Drift(ppm): Drift) -> i64 {
    i64::from(ppm) * 1_000
}

fn nanos(Jump { back, by }: Jump) -> i64 {
    let by = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
    if back { -by } else { by }
}
