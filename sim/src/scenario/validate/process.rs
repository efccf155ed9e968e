//! The rules of faults that act on processes: crash and pause.

use std::ops::Range;

use toml::Spanned;

use super::{Frame, partition::selector, report::Report};
use crate::scenario::{
    Action, Crash, Pause, PausedClock, Problem, Selector, Tail,
    schema::{self, Text},
};

pub(super) fn crash(raw: Spanned<schema::Crash>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let lasts = report.positive("for", raw.r#for, Some(&frame.protocol));
    let tail = report.word(raw.tail).unwrap_or(Tail::Lost);
    let node = victims("crash", raw.node, LASTING, span, frame, report)?;
    Some(Action::Crash(Crash { node, lasts, tail }))
}

pub(super) fn pause(raw: Spanned<schema::Pause>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let lasts = report.positive("for", raw.r#for, Some(&frame.protocol));
    let clock = report.word(raw.clock).unwrap_or(PausedClock::Running);
    let node = victims("pause", raw.node, LASTING, span, frame, report)?;
    Some(Action::Pause(Pause { node, lasts, clock }))
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
        let problem = Problem::new(format!("a {what} needs a `node`")).at(span);
        report.missing(problem.help(format!("say whom it hits: `{what} = {{ node = \"@leader\", {example} }}`")));
        return None;
    };
    let place = text.span();
    let selector = selector(text, frame, report)?;
    if selector == Selector::Others {
        let problem = Problem::new(format!("`@others` of whom? A {what} has one side")).at(place);
        report.refuse(problem.help("for all but the leader write `@followers`"));
        return None;
    }
    Some(selector)
}
