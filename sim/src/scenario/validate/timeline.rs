//! The rules of the timeline: when a step acts and what it does.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use toml::Spanned;

use super::{
    Frame, hardware,
    membership::membership,
    network,
    partition::{partition, selector},
    process,
    report::Report,
};
use crate::scenario::{
    Action, Heal, Healed, Leftover, MAX_REPETITIONS, MAX_STEPS, Misread, Problem, Selector, Step, When,
    problem::quote_all,
    schema::{self, Or, Quantity, Scalar, Text, Whole},
    units,
};

/// What expectations call the whole run, so that no window may.
pub(in crate::scenario) const WHOLE: &str = "whole";

/// The verbs of a step, in the order in which they are listed to people.
const VERBS: [&str; 12] =
    ["tag", "transfer", "partition", "link", "hold", "crash", "pause", "slow", "clock", "disk", "membership", "heal"];

/// The timeline, and what other rules need of it.
#[derive(Default)]
pub(super) struct Timeline {
    /// By time.
    pub steps: Vec<Step>,
    /// Where the action of each step stands.
    pub places: Vec<Range<usize>>,
    /// The windows that have a name, and where each was given.
    pub tags: Tags,
}

pub(super) fn timeline(raw: Vec<Spanned<schema::Step>>, frame: &Frame, report: &mut Report) -> Timeline {
    if let Some(step) = raw.get(MAX_STEPS) {
        let message = format!("a timeline has at most {MAX_STEPS} steps, this has {}", raw.len());
        report.refuse(Problem::new(message).at(step.span()));
        return Timeline::default();
    }
    let (mut tags, mut steps) = (BTreeMap::new(), Vec::new());
    let mut repetitions = 0;
    for raw in raw {
        let span = raw.span();
        let place = action_place(raw.get_ref()).unwrap_or_else(|| span.clone());
        let Some(step) = step(raw, frame, &mut tags, report) else { continue };
        let within = repetitions <= MAX_REPETITIONS;
        repetitions += step.at.times();
        if within && repetitions > MAX_REPETITIONS {
            let message = format!(
                "up to this step the timeline acts {repetitions} times; at most {MAX_REPETITIONS} are possible"
            );
            report.refuse(Problem::new(message).at(span).help("make `every` longer or the window shorter"));
        }
        steps.push((step, place));
    }
    steps.sort_by_key(|(step, _)| step.at.start());
    let (steps, places) = steps.into_iter().unzip();
    Timeline { steps, places, tags }
}

type Tags = BTreeMap<String, Range<usize>>;

fn step(raw: Spanned<schema::Step>, frame: &Frame, tags: &mut Tags, report: &mut Report) -> Option<Step> {
    let span = raw.span();
    let line = report.line(&span);
    let raw = raw.into_inner();
    one_action(&raw, &span, report);
    let is_tag = raw.tag.is_some();
    misplaced(&raw, report);
    let at = match raw.when.filter(|_| !is_tag) {
        Some(when) => on(&when, (raw.at, raw.every, raw.times), frame, report),
        None => when(raw.at, raw.every, raw.jitter, is_tag, &span, frame, report),
    };
    let action = if let Some(tag) = raw.tag {
        named_window(tag, tags, report)
    } else if let Some(transfer) = raw.transfer {
        transfer_between(transfer, frame, report)
    } else if let Some(raw) = raw.partition {
        partition(raw, frame, report).map(Action::Partition)
    } else if let Some(raw) = raw.link {
        network::link(raw, frame, report).map(Action::Link)
    } else if let Some(raw) = raw.hold {
        network::hold(raw, frame, report).map(Action::Hold)
    } else if let Some(raw) = raw.crash {
        process::crash(raw, frame, report)
    } else if let Some(raw) = raw.pause {
        process::pause(raw, frame, report)
    } else if let Some(raw) = raw.slow {
        process::slow(raw, frame, report)
    } else if let Some(raw) = raw.clock {
        hardware::clock(raw, frame, report)
    } else if let Some(raw) = raw.disk {
        hardware::disk(raw, frame, report)
    } else if let Some(raw) = raw.membership {
        membership(raw, frame, report)
    } else {
        raw.heal.and_then(|raw| heal(raw, report))
    };
    let (at, action) = (at?, action?);
    let of_a_node = matches!(at, When::On { moment, .. } if moment.phase.is_of_a_node());
    if !of_a_node && action.selectors().contains(&Selector::This) {
        let problem = Problem::new("`@this` is nobody here").at(span);
        report.missing(problem.help("it names the node that a step waited for: `when = \"timeout-now.received\"`"));
        return None;
    }
    Some(Step { line, at, action })
}

/// Keys beside which, or without which, others say nothing.
fn misplaced(raw: &schema::Step, report: &mut Report) {
    let tagged = raw.when.as_ref().filter(|_| raw.tag.is_some());
    if let Some(when) = tagged {
        report.refuse(Problem::new("a tag names a window of time").at(when.span()).help("give it an `at`"));
    }
    let timed = [&raw.every, &raw.jitter].into_iter().flatten().next().filter(|_| raw.when.is_some());
    if let Some(timed) = timed {
        let problem = Problem::new("a step that waits for a moment has no period").at(timed.span());
        report.refuse(problem.help("it acts `times = 3` times; `at = \"2s..6s\"` says in which window"));
    }
    if let Some(times) = raw.times.as_ref().filter(|_| raw.when.is_none()) {
        let problem = Problem::new("`times` without `when`").at(times.span());
        report.missing(problem.help("a step is repeated with `every = \"400ms\"` in a window"));
    }
}

/// A step that waits for a moment of the protocol: from a time on, within a window, or throughout the run.
fn on(
    when: &Text,
    (at, every, times): (Option<Quantity>, Option<Quantity>, Option<Whole>),
    frame: &Frame,
    report: &mut Report,
) -> Option<When> {
    let moment = report.take(units::phase_moment(when.get_ref(), &frame.protocol), when.span());
    let times = report.whole("times", times, 1, MAX_REPETITIONS as u32).unwrap_or(1);
    let window = match at {
        None => Some((Duration::ZERO, frame.until)),
        Some(at) => match time_or_window(&at, frame, report)? {
            When::Window { from, to } => Some((from, to)),
            other if other.start() < frame.until => Some((other.start(), frame.until)),
            _ => {
                report.missing(Problem::new("this step waits from the end of the run on").at(at.span()));
                None
            }
        },
    };
    let (from, to) = window.filter(|_| every.is_none())?;
    Some(When::On { moment: moment?, from, to, times })
}

/// Where the verbs of a step stand, with their names; by position.
fn actions(raw: &schema::Step) -> Vec<(Range<usize>, &'static str)> {
    let present = [
        raw.tag.as_ref().map(Spanned::span),
        raw.transfer.as_ref().map(Spanned::span),
        raw.partition.as_ref().map(Spanned::span),
        raw.link.as_ref().map(Spanned::span),
        raw.hold.as_ref().map(Spanned::span),
        raw.crash.as_ref().map(Spanned::span),
        raw.pause.as_ref().map(Spanned::span),
        raw.slow.as_ref().map(Spanned::span),
        raw.clock.as_ref().map(Spanned::span),
        raw.disk.as_ref().map(Spanned::span),
        raw.membership.as_ref().map(Spanned::span),
        raw.heal.as_ref().map(Spanned::span),
    ];
    let mut actions: Vec<_> = present.into_iter().zip(VERBS).filter_map(|(span, verb)| Some((span?, verb))).collect();
    actions.sort_by_key(|(span, _)| span.start);
    actions
}

fn action_place(raw: &schema::Step) -> Option<Range<usize>> {
    actions(raw).into_iter().next().map(|(span, _)| span)
}

fn one_action(raw: &schema::Step, span: &Range<usize>, report: &mut Report) {
    let actions = actions(raw);
    match &actions[..] {
        [] => report.missing(
            Problem::new("this step does nothing").at(span.clone()).help(format!("actions are {}", quote_all(VERBS))),
        ),
        [_] => {}
        [(first, one), (second, other), ..] => {
            let message = format!("a step has one action, this has `{one}` and `{other}`");
            let problem = Problem::new(message).at(second.clone()).label("move this to a step of its own");
            report.refuse(problem.also(first.clone(), "the first action"));
        }
    }
}

const AT_FORMS: &str = "`at` is a time, `\"6s\"`, or a window, `\"2s..6s\"`";

fn when(
    at: Option<Quantity>,
    every: Option<Quantity>,
    jitter: Option<Quantity>,
    is_tag: bool,
    step: &Range<usize>,
    frame: &Frame,
    report: &mut Report,
) -> Option<When> {
    let Some(at) = at else {
        report.missing(Problem::new("this step has no time").at(step.clone()).help(AT_FORMS));
        return None;
    };
    let when = time_or_window(&at, frame, report);
    let period = period(every, jitter, is_tag, frame, report);
    match (when?, period?) {
        (When::Window { from, to }, Some((every, jitter))) => Some(When::Every { from, to, every, jitter }),
        (When::At(time), Some(_)) => {
            let problem = Problem::new("a step that is repeated needs a window").at(at.span());
            report.refuse(problem.help(format!(
                "say when it stops: `at = \"{}..{}\"`",
                units::written(time),
                units::written(frame.until)
            )));
            None
        }
        (When::At(_), None) if is_tag => {
            let problem = Problem::new("a tag names a window, not a moment").at(at.span());
            report.missing(problem.help("write when it begins and ends: `at = \"2s..6s\"`"));
            None
        }
        (When::Window { .. }, None) if !is_tag => {
            let problem = Problem::new("a window without `every` says when to begin, not how often").at(at.span());
            report.missing(problem.help(
                "repeat it with `every = \"400ms\"`, or act once: `at = \"2s\"` (a partition may last: `for = \"4s\"`)",
            ));
            None
        }
        (when, _) => Some(when),
    }
}

fn time_or_window(at: &Quantity, frame: &Frame, report: &mut Report) -> Option<When> {
    let Scalar(text) = at.get_ref();
    let written = text.as_str();
    let time = |text: &str, report: &mut Report| {
        let time = units::moment(text, Some(&frame.protocol)).map_err(|misread| match window_meant(written) {
            Some(meant) => Misread { meant: Some(meant), ..misread.help(AT_FORMS) },
            None if misread.meant.is_none() => misread.help(AT_FORMS),
            None => misread,
        });
        report.take(time, at.span())
    };
    let after = |time: Duration| time > frame.until;
    let Some((from, to)) = text.split_once("..") else {
        let time = time(text, report)?;
        if after(time) {
            let message = format!("this step is after the end of the run ({})", units::written(frame.until));
            report.missing(Problem::new(message).at(at.span()));
            return None;
        }
        return Some(When::At(time));
    };
    if to.starts_with('=') {
        let problem = Problem::new("the end of a window is not part of it").at(at.span());
        report.refuse(problem.label(format!("did you mean `{from}..{}`?", to.trim_start_matches('='))).help(AT_FORMS));
        return None;
    }
    let (from, to) = (time(from, report)?, time(to, report)?);
    if to <= from {
        let message = if to == from { "this window is empty" } else { "this window ends before it begins" };
        report.refuse(Problem::new(message).at(at.span()).help(AT_FORMS));
    } else if after(to) {
        let message = format!("this window ends after the end of the run ({})", units::written(frame.until));
        report.missing(Problem::new(message).at(at.span()));
    }
    (from < to && !after(to)).then_some(When::Window { from, to })
}

/// `2s..6s` for `2s-6s`, `2s...6s`, `2s to 6s` and `2..6s`.
fn window_meant(text: &str) -> Option<String> {
    let ends = ["...", "..", "-", "–", " to "].into_iter().find_map(|between| text.split_once(between));
    let (from, to) = ends.map(|(from, to)| (from.trim(), to.trim()))?;
    let unit = to.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let has_unit = !from.ends_with(|c: char| c.is_ascii_digit());
    let from = if has_unit { from.to_owned() } else { format!("{from}{unit}") };
    let reads = |text: &str| units::duration(text, None).is_ok();
    (reads(&from) && reads(to)).then(|| format!("{from}..{to}"))
}

/// How often a step is repeated, with the jitter; `Some(None)`: it is not. `None` if what the file says was refused.
fn period(
    every: Option<Quantity>,
    jitter: Option<Quantity>,
    is_tag: bool,
    frame: &Frame,
    report: &mut Report,
) -> Option<Option<(Duration, Duration)>> {
    let Some(every) = every else {
        let Some(jitter) = jitter else { return Some(None) };
        report.missing(
            Problem::new("`jitter` without `every`").at(jitter.span()).help("a step that acts once has no jitter"),
        );
        return None;
    };
    if is_tag {
        report.refuse(Problem::new("a tag is not repeated").at(every.span()));
        return None;
    }
    let every = report.positive("every", Some(every), Some(&frame.protocol));
    let Some(jitter) = jitter else { return Some(Some((every?, Duration::ZERO))) };
    let span = jitter.span();
    let jitter = report.duration(Some(jitter), Some(&frame.protocol));
    let (every, jitter) = (every?, jitter?);
    if jitter >= every {
        report.refuse(Problem::new("`jitter` must be shorter than `every`, or the order of times is lost").at(span));
        return None;
    }
    Some(Some((every, jitter)))
}

fn named_window(tag: Text, tags: &mut Tags, report: &mut Report) -> Option<Action> {
    let span = tag.span();
    let name = report.kebab("a tag", tag)?;
    if name == WHOLE {
        let message = "`whole` is what expectations call the whole run; no window may have that name";
        report.refuse(Problem::new(message).at(span));
        return None;
    }
    if let Some(first) = tags.get(&name) {
        report.refuse(
            Problem::new(format!("the tag `{name}` is given twice")).at(span).also(first.clone(), "first given here"),
        );
        return None;
    }
    tags.insert(name.clone(), span);
    Some(Action::Tag { name })
}

fn transfer_between(raw: Spanned<schema::Transfer>, frame: &Frame, report: &mut Report) -> Option<Action> {
    let span = raw.get_ref().to.as_ref().or(raw.get_ref().from.as_ref()).map_or_else(|| raw.span(), Spanned::span);
    let raw = raw.into_inner();
    let from = one_node("from", raw.from, Selector::Leader, frame, report);
    let to = one_node("to", raw.to, Selector::Follower, frame, report);
    let (from, to) = (from?, to?);
    if from == to && !from.is_drawn() {
        report.refuse(Problem::new(format!("a transfer from `{from}` to `{to}` moves nothing")).at(span));
        return None;
    }
    Some(Action::Transfer { from, to })
}

fn one_node(what: &str, text: Option<Text>, default: Selector, frame: &Frame, report: &mut Report) -> Option<Selector> {
    let Some(text) = text else { return Some(default) };
    let span = text.span();
    let selector = selector(text, frame, report)?;
    if selector.is_many() {
        let problem =
            Problem::new(format!("`{selector}` may be several nodes; `{what}` of a transfer is one")).at(span);
        report.refuse(problem.help("for one of them write `@follower` or `@any`"));
        return None;
    }
    Some(selector)
}

fn heal(raw: Spanned<Or<schema::Heal>>, report: &mut Report) -> Option<Action> {
    let span = raw.span();
    let (what, messages) = match raw.into_inner() {
        Or::Word(Scalar(word)) => (report.take(word.parse(), span)?, Leftover::Drop),
        Or::Table(table) => {
            let what = table.what.map_or(Some(Healed::Everything), |word| report.word(Some(word)))?;
            let place = table.messages.as_ref().map_or(span, Spanned::span);
            let messages = table.messages.map_or(Some(Leftover::Drop), |word| report.word(Some(word)))?;
            if messages == Leftover::Deliver && !what.network() {
                let problem = Problem::new("faults of processes leave no messages behind").at(place);
                report.refuse(problem.help("`messages` is for what faults of the network hold or have left in flight"));
                return None;
            }
            (what, messages)
        }
    };
    Some(Action::Heal(Heal { what, messages }))
}
