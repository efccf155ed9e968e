//! `clock = { node = "@leader", rate = "+500ppm", for = "5s" }`: a node's clock goes wrong: `rate`, `slew`, `step`, `freeze`,
//! `fail`.
//!
//! The lease counts on the monotonic clock. A `step` moves the wall clock alone, unless it says `monotonic`. What goes beyond the
//! claims of the scenario is told, and makes what is unsafe afterwards expected to be ([`super::claims`]).
//!
//! Effective: a process read a clock of its node, and either its monotonic or its wall clock would have shown something else, or
//! anything at all, without this.

use super::{Act, Active, ClockPart, Harm, Injector, claims, record};
use crate::history::FaultPhase;
use crate::scenario::{ClockFault, ClockHarm, Drift, Jump};
use crate::time::SimTime;
use crate::world::clock::Clock;
use leasehold::env::NodeId;

pub(super) const VERB: &str = "clock";

pub(super) fn perform(act: &Act, fault: &ClockFault) {
    let nodes = act.select_all(&fault.nodes);
    if nodes.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selector");
    }
    for node in nodes {
        begin(act, fault, node);
    }
}

fn begin(act: &Act, fault: &ClockFault, node: NodeId) {
    let cluster = &act.injector.cluster;
    let harm = part(fault.harm).map(|part| Harm::Clock(node, part));
    if let Some(harm) = harm
        && act.injector.active.lock().iter().any(|active| active.harm == harm)
    {
        act.record(VERB, FaultPhase::Refused, &format!("the clock of {node} is wrong in this way already"));
        return;
    }
    act.record(VERB, FaultPhase::Activated, &format!("{node} {}", words(fault.harm)));
    cluster.watch_clock(node, act.step);
    let by_wall = cluster.goes_by_wall_clock();
    cluster.touch_clock(node, |clock, now| touch(clock, now, fault.harm, by_wall));
    match fault.harm {
        ClockHarm::Rate(_) | ClockHarm::Slew(_) => claims::after_drift(&act.injector, act.step, VERB),
        ClockHarm::Step { by, monotonic: true } => claims::after_jump(&act.injector, act.step, VERB, Some(by.by)),
        ClockHarm::Freeze => claims::after_jump(&act.injector, act.step, VERB, fault.lasts),
        ClockHarm::Step { monotonic: false, .. } | ClockHarm::Fail => {}
    }
    match harm {
        Some(harm) => act.injector.begin(Active { step: act.step, harm }, fault.lasts),
        None => act.record(VERB, FaultPhase::Ended, &format!("{node} goes on from there")),
    }
}

/// What of a clock a fault holds; `None` of one that is over at once.
fn part(harm: ClockHarm) -> Option<ClockPart> {
    match harm {
        ClockHarm::Rate(_) => Some(ClockPart::Rate),
        ClockHarm::Slew(_) => Some(ClockPart::Slew),
        ClockHarm::Freeze => Some(ClockPart::Hands),
        ClockHarm::Fail => Some(ClockPart::Face),
        ClockHarm::Step { .. } => None,
    }
}

fn touch(clock: &mut Clock, now: SimTime, harm: ClockHarm, by_wall: bool) {
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

pub(super) fn end(injector: &Injector, step: u32, node: NodeId, part: ClockPart) {
    injector.cluster.touch_clock(node, |clock, now| match part {
        ClockPart::Rate => clock.impose_rate(now, None),
        ClockPart::Slew => clock.slew(now, 0),
        ClockPart::Hands => clock.thaw(now),
        ClockPart::Face => clock.set_failing(false),
    });
    injector.cluster.unwatch_clock(node, step);
    record(&injector.cluster, step, VERB, FaultPhase::Ended, &format!("the clock of {node} is left to itself"));
}

fn ppb(Drift(ppm): Drift) -> i64 {
    i64::from(ppm) * 1_000
}

fn nanos(Jump { back, by }: Jump) -> i64 {
    let by = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
    if back { -by } else { by }
}

fn words(harm: ClockHarm) -> String {
    match harm {
        ClockHarm::Rate(by) => format!("runs at {by}"),
        ClockHarm::Slew(by) => format!("is slewed by {by}"),
        ClockHarm::Step { by, monotonic: false } => format!("has its wall clock stepped by {by}"),
        ClockHarm::Step { by, monotonic: true } => format!("has both clocks stepped by {by}"),
        ClockHarm::Freeze => "has its clock frozen".to_owned(),
        ClockHarm::Fail => "cannot read its clock".to_owned(),
    }
}
