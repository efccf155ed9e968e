//! The rules of faults that act on hardware: clocks and disks; and of what is claimed of clocks.

use std::ops::Range;

use toml::Spanned;

use super::{Frame, process::victims, report::Report};
use crate::scenario::{
    Action, Claims, ClockFault, ClockHarm, DiskFault, DiskHarm, MAX_SLOWER, Problem,
    problem::quote_all,
    schema::{self, Quantity},
    units,
};

pub(super) fn claims(raw: schema::Claims, report: &mut Report) -> Claims {
    let default = Claims::default();
    Claims {
        clock_drift: report.scalar(raw.clock_drift, units::ppm).unwrap_or(default.clock_drift),
        clock_step: report.duration(raw.clock_step, None).unwrap_or(default.clock_step),
    }
}

pub(super) fn clock(raw: Spanned<schema::ClockFault>, frame: &Frame, report: &mut Report) -> Option<Action> {
    const KEYS: [&str; 5] = ["rate", "slew", "step", "freeze", "fail"];
    let (span, raw) = (raw.span(), raw.into_inner());
    let schema::ClockFault { node, rate, slew, step, freeze, fail, monotonic, r#for } = raw;
    let places = [place(&rate), place(&slew), place(&step), place(&freeze), place(&fail)];
    let only = one_of("clock", KEYS, places, &span, report);
    step_alone(step.is_some(), monotonic.as_ref(), r#for.as_ref(), report);
    let lasts = report.positive("for", r#for, Some(&frame.protocol));
    let rate = report.scalar(rate, units::drift).map(ClockHarm::Rate);
    let slew = report.scalar(slew, units::drift).map(ClockHarm::Slew);
    let monotonic = monotonic.is_some_and(Spanned::into_inner);
    let by = report.scalar(step, |text| units::jump(text, Some(&frame.protocol)));
    let step = by.map(|by| ClockHarm::Step { by, monotonic });
    let freeze = said("freeze", freeze, report).map(|()| ClockHarm::Freeze);
    let fail = said("fail", fail, report).map(|()| ClockHarm::Fail);
    let nodes = victims("clock", node, "rate = \"+500ppm\"", span, frame, report)?;
    let harm = rate.or(slew).or(step).or(freeze).or(fail).filter(|_| only)?;
    Some(Action::Clock(ClockFault { nodes, harm, lasts }))
}

/// `monotonic` is said of a step alone, `for` of all else.
fn step_alone(is_step: bool, monotonic: Option<&Spanned<bool>>, lasts: Option<&Quantity>, report: &mut Report) {
    if let Some(monotonic) = monotonic.filter(|_| !is_step) {
        let problem = Problem::new("`monotonic` says which clock a `step` moves").at(monotonic.span());
        report.refuse(problem.help("`rate`, `slew` and `freeze` concern the monotonic clock anyway"));
    }
    if let Some(lasts) = lasts.filter(|_| is_step) {
        let problem = Problem::new("a `step` is over at once").at(lasts.span());
        report.refuse(problem.help("for a clock that jumps back later write another step"));
    }
}

pub(super) fn disk(raw: Spanned<schema::DiskFault>, frame: &Frame, report: &mut Report) -> Option<Action> {
    const KEYS: [&str; 5] = ["fsync", "slow", "stall", "fail", "full"];
    let (span, raw) = (raw.span(), raw.into_inner());
    let schema::DiskFault { node, fsync, slow, stall, fail, full, r#for } = raw;
    let places = [place(&fsync), place(&slow), place(&stall), place(&fail), place(&full)];
    let only = one_of("disk", KEYS, places, &span, report);
    let lasts = report.positive("for", r#for, Some(&frame.protocol));
    let fsync = report.positive("fsync", fsync, Some(&frame.protocol)).map(DiskHarm::Fsync);
    let slow = report.whole("slow", slow, 2, MAX_SLOWER).map(DiskHarm::Slow);
    let stall = said("stall", stall, report).map(|()| DiskHarm::Stall);
    let fail = report.word(fail).map(DiskHarm::Fail);
    let full = said("full", full, report).map(|()| DiskHarm::Full);
    let nodes = victims("disk", node, "fsync = \"200ms\"", span, frame, report)?;
    let harm = fsync.or(slow).or(stall).or(fail).or(full).filter(|_| only)?;
    Some(Action::Disk(DiskFault { nodes, harm, lasts }))
}

fn place<T>(value: &Option<Spanned<T>>) -> Option<Range<usize>> {
    value.as_ref().map(Spanned::span)
}

/// Is exactly one of `keys` given?
fn one_of<const N: usize>(
    what: &str,
    keys: [&str; N],
    places: [Option<Range<usize>>; N],
    table: &Range<usize>,
    report: &mut Report,
) -> bool {
    let given: Vec<_> = keys.into_iter().zip(places).filter_map(|(key, place)| Some((key, place?))).collect();
    match &given[..] {
        [_] => true,
        [] => {
            let problem = Problem::new(format!("nothing is wrong with this {what}")).at(table.clone());
            report.missing(problem.help(format!("say what is: {}", quote_all(keys))));
            false
        }
        [(one, first), (other, second), ..] => {
            let message = format!("one thing is wrong with a {what} at a time, here `{one}` and `{other}`");
            let problem = Problem::new(message).at(second.clone()).label("move this to a step of its own");
            report.refuse(problem.also(first.clone(), "the first"));
            false
        }
    }
}

/// What is said by `key = true` alone.
fn said(key: &str, value: Option<Spanned<bool>>, report: &mut Report) -> Option<()> {
    let value = value?;
    if !*value.get_ref() {
        report.refuse(Problem::new(format!("`{key}` is `true`, or is left out")).at(value.span()));
        return None;
    }
    Some(())
}
