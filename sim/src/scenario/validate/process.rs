//! The rules of faults that act on processes: crash, pause and slow.

use std::ops::Range;

use toml::Spanned;

use super::{Frame, partition::selector, report::Report};
use crate::scenario::{
    Action, Crash, MAX_FACTOR, Pause, Paused, PausedClock, Problem, Selector, Slow, Tail,
    schema::{self, Text},
};

pub(super) fn crash(raw: Spanned<schema::Crash>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let lasts = report.duration(raw.r#for, Some(&frame.protocol));
    let tail = report.word(raw.tail).unwrap_or(Tail::Lost);
    let node = victims("crash", raw.node, LASTING, span, frame, report)?;
    Some(Action::Crash(Crash { node, lasts, tail }))
}

pub(super) fn pause(raw: Spanned<schema::Pause>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let lasts = report.positive("for", raw.r#for, Some(&frame.protocol));
    let clock = report.word(raw.clock).unwrap_or(PausedClock::Running);
    let at = report.word(raw.at);
    let place = raw.what.as_ref().map_or_else(|| span.clone(), Spanned::span);
    let what = report.word(raw.what).unwrap_or(Paused::Process);
    let node = victims("pause", raw.node, LASTING, span, frame, report)?;
    if what == Paused::Task && at.is_none() {
        let problem = Problem::new("which task? One that reaches a point of the code").at(place);
        report.missing(problem.help("say which: `at = \"lease-checked\"`"));
        return None;
    }
    if what == Paused::Task && clock == PausedClock::Frozen {
        let problem = Problem::new("the clock of a process that goes on does not stand still").at(place);
        report.refuse(problem.help("leave `clock` out, or pause the whole process"));
        return None;
    }
    Some(Action::Pause(Pause { node, lasts, clock, at, what }))
}

pub(super) fn slow(raw: Spanned<schema::Slow>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let lasts = report.positive("for", raw.r#for, Some(&frame.protocol));
    if raw.factor.is_none() {
        let problem = Problem::new("how slow? `factor` is missing").at(span.clone());
        report.missing(problem.help("all work takes so many times as long: `factor = 10`"));
    }
    let factor = report.whole("factor", raw.factor, 2, MAX_FACTOR);
    let node = victims("slow", raw.node, "factor = 10, for = \"2s\"", span, frame, report)?;
    Some(Action::Slow(Slow { node, factor: factor?, lasts }))
}

/// What an example of a crash or a pause says beside whom it hits.
const LASTING: &str = "for = \"500ms\"";

/// The nodes that a fault of one side acts on; `@others` means nothing without another side. `example` is what else such a fault says.
pub(super) fn victims(
    what: &str,
    text: Option<Text>,
    example: &str,
    span: Range<usize>,
    frame: &Frame,
    report: &mut Report,
) -> Option<Selector> {
    let Some(text) = text else {
        let problem = Problem::new(format!("`{what}` needs a `node`")).at(span);
        report.missing(problem.help(format!("say whom it hits: `{what} = {{ node = \"@leader\", {example} }}`")));
        return None;
    };
    let place = text.span();
    let selector = selector(text, frame, report)?;
    if selector == Selector::Others {
        let problem = Problem::new(format!("`@others` of whom? `{what}` has one side")).at(place);
        report.refuse(problem.help("for all but the leader write `@followers`"));
        return None;
    }
    Some(selector)
}
