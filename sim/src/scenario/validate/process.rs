//! The rules of faults that act on processes: crash, pause and slow.

use std::ops::Range;

use toml::Spanned;

use super::{Frame, partition::selector, report::Report};
use crate::scenario::{
    Action, Crash, MAX_FACTOR, Pause, Paused, PausedClock, Problem, Selector, Slow, Tail,
    schema::{self, Named, OneOrMore, Text},
};

pub(super) fn crash(raw: Spanned<schema::Crash>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let lasts = report.duration(raw.r#for, Some(&frame.protocol));
    let tail = report.word(raw.tail).unwrap_or(Tail::Lost);
    let nodes = victims("crash", raw.node, LASTING, span, frame, report)?;
    Some(Action::Crash(Crash { nodes, lasts, tail }))
}

pub(super) fn pause(raw: Spanned<schema::Pause>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let lasts = report.positive("for", raw.r#for, Some(&frame.protocol));
    let clock = report.word(raw.clock).unwrap_or(PausedClock::Running);
    let at = report.spelled(raw.at);
    let place = raw.what.as_ref().map_or_else(|| span.clone(), Spanned::span);
    let what = report.word(raw.what).unwrap_or(Paused::Process);
    let nodes = victims("pause", raw.node, LASTING, span, frame, report)?;
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
    Some(Action::Pause(Pause { nodes, lasts, clock, at, what }))
}

pub(super) fn slow(raw: Spanned<schema::Slow>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let (span, raw) = (raw.span(), raw.into_inner());
    let lasts = report.positive("for", raw.r#for, Some(&frame.protocol));
    if raw.factor.is_none() {
        let problem = Problem::new("how slow? `factor` is missing").at(span.clone());
        report.missing(problem.help("all work takes so many times as long: `factor = 10`"));
    }
    let factor = report.whole("factor", raw.factor, 2, MAX_FACTOR);
    let nodes = victims("slow", raw.node, "factor = 10, for = \"2s\"", span, frame, report)?;
    Some(Action::Slow(Slow { nodes, factor: factor?, lasts }))
}

/// What an example of a crash or a pause says beside whom it hits.
const LASTING: &str = "for = \"500ms\"";

/// The nodes that a fault of one side acts on; `@others` means nothing without another side. `example` is what else such a
/// fault says.
pub(super) fn victims(
    what: &str,
    named: Option<Named>,
    example: &str,
    span: Range<usize>,
    frame: &Frame,
    report: &mut Report,
) -> Option<Vec<Selector>> {
    let place = named.as_ref().map_or(span, Spanned::span);
    let texts = named.map(texts).unwrap_or_default();
    if texts.is_empty() {
        let problem = Problem::new(format!("`{what}` needs a `node`")).at(place);
        report.missing(problem.help(format!("say whom it hits: `{what} = {{ node = \"@leader\", {example} }}`")));
        return None;
    }
    let count = texts.len();
    let mut victims = Vec::new();
    for text in texts {
        let place = text.span();
        victims
            .extend(selector(text, frame, report).and_then(|selector| victim(what, selector, &victims, place, report)));
    }
    (victims.len() == count).then_some(victims)
}

/// The names, whether they stand in a list or one stands without.
pub(super) fn texts(named: Named) -> Vec<Text> {
    let span = named.span();
    match named.into_inner() {
        OneOrMore::One(text) => vec![Spanned::new(span, text)],
        OneOrMore::More(texts) => texts,
    }
}

fn victim(
    what: &str,
    selector: Selector,
    others: &[Selector],
    place: Range<usize>,
    report: &mut Report,
) -> Option<Selector> {
    if selector == Selector::Others {
        let problem = Problem::new(format!("`@others` of whom? `{what}` has one side")).at(place);
        report.refuse(problem.help("for all but the leader write `@followers`"));
        return None;
    }
    // What is drawn may give another node each time it is written.
    if !selector.is_drawn() && others.contains(&selector) {
        report.refuse(Problem::new(format!("`{selector}` is named twice")).at(place));
        return None;
    }
    Some(selector)
}
