//! The rules of the timeline: when a step acts and what it does.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use serde_json::Value;

use crate::scenario::{
    Action, MAX_REPETITIONS, MAX_STEPS, Misread, Problem, Selector, Step, Verb, WHOLE, When,
    problem::quote_all,
    schema::{Quantity, Scalar, Text, Whole},
    table::{
        self, DURATION, Definitions, Entries, Frame, Key, LENGTH, Name, Raw, Reader, Report, Tags, misfit, pattern,
    },
    units, verb,
};
use crate::words::{self, Phase, Spelled};

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

/// The keys of a step.
pub(in crate::scenario) fn keys() -> Vec<Key> {
    let mut keys = vec![
        Key::new(
            "at",
            "When: a moment (`6s`), or a window (`2s..6s`) for a tag and for what is repeated with `every`.",
            |to| to.named("At", |_| pattern(&format!(r"{LENGTH}\s*(\.\.\s*{LENGTH}\s*)?"))),
        ),
        Key::of("every", "Acts again and again in the window `at`, this far apart.", DURATION),
        Key::of(
            "jitter",
            "Each repetition is up to this much later, drawn from the seed. Shorter than `every`.",
            DURATION,
        ),
        Key::new(
            "when",
            "Instead of at a time: whenever this happens in the protocol, or so long after (`+ 5ms`), or before (`- 5ms`) where that \
             is\nknown beforehand. `at` is then the window in which it is waited for.",
            moments,
        ),
        Key::of("times", "Of what waits with `when`: how often at most. Default 1.", TIMES),
        Key::of("name", "What the step is called, in reports and where its draws are named.", Name("a step's name")),
        Key::of("tag", "Gives the window `at` a name that `[expect]` uses.", Name("a tag")),
    ];
    keys.extend(verb::keys());
    keys
}

const TIMES: table::Whole<u32> = table::Whole { least: 1, most: MAX_REPETITIONS as u32 };

fn moments(definitions: &mut Definitions<'_>) -> Value {
    definitions.named("Moment", |_| {
        let words: Vec<&str> = Phase::WORDS.iter().map(|(_, word)| *word).collect();
        let phases = words.join("|").replace('.', r"\.");
        let mut schema = pattern(&format!(r"({phases})\s*([+-]\s*{LENGTH}\s*)?"));
        schema["examples"] = words.into();
        schema
    })
}

pub(super) fn timeline(raw: Option<Raw<'_>>, frame: &Frame, report: &mut Report) -> Timeline {
    let Some(raw) = raw else { return Timeline::default() };
    let Some(items) = raw.get_ref().as_array() else {
        report.shapeless(misfit("a list", "timeline", raw));
        return Timeline::default();
    };
    if let Some(step) = items.get(MAX_STEPS) {
        let message = format!("a timeline has at most {MAX_STEPS} steps, this has {}", items.iter().count());
        report.refuse(Problem::new(message).at(step.span()));
        return Timeline::default();
    }
    let (mut tags, mut names, mut steps) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let mut repetitions = 0;
    for item in items {
        let Some(entries) = Entries::of(item) else {
            report.shapeless(misfit("a table", "", item));
            continue;
        };
        let place = entries.given(&actions()).into_iter().next().map_or_else(|| item.span(), |(place, _)| place);
        let Some(step) = step(&entries, &mut tags, &mut names, &mut Reader { frame, report }) else { continue };
        let within = repetitions <= MAX_REPETITIONS;
        repetitions += step.at.times();
        if within && repetitions > MAX_REPETITIONS {
            let message = format!(
                "up to this step the timeline acts {repetitions} times; at most {MAX_REPETITIONS} are possible"
            );
            report.refuse(Problem::new(message).at(item.span()).help("make `every` longer or the window shorter"));
        }
        steps.push((step, place));
    }
    steps.sort_by_key(|(step, _)| step.at.start());
    let (steps, places) = steps.into_iter().unzip();
    Timeline { steps, places, tags }
}

/// What a step may do, in the order in which people are told.
fn actions() -> Vec<&'static str> {
    ["tag"].into_iter().chain(Verb::all().map(Verb::name)).collect()
}

/// When a step acts, as it is written.
struct Time {
    at: Option<Quantity>,
    every: Option<Quantity>,
    jitter: Option<Quantity>,
    when: Option<Text>,
    times: Option<Whole>,
}

fn step(entries: &Entries<'_>, tags: &mut Tags, names: &mut Tags, reader: &mut Reader<'_>) -> Option<Step> {
    let keys = keys();
    let known: Vec<&str> = keys.iter().map(|key| key.name.as_ref()).collect();
    let report = &mut *reader.report;
    let unknown = |key: &str, known: &[&str]| {
        words::unknown("key", key, known).help(format!("allowed here: {}", quote_all(known)))
    };
    entries.refuse_unknown(&known, unknown, report);
    let mut quantity = |key| {
        let text = entries.get(key).and_then(|raw| table::quantity(key, raw, report))?;
        Some(toml::Spanned::new(text.span(), Scalar(text.into_inner())))
    };
    let (at, every, jitter) = (quantity("at"), quantity("every"), quantity("jitter"));
    let when = entries.get("when").and_then(|raw| table::text("when", raw, report));
    let times = entries.get("times").and_then(|raw| Some((raw.span(), table::whole("times", raw, report)?)));
    let times = times.map(|(span, times)| toml::Spanned::new(span, times));
    let name = entries.get("name").and_then(|raw| table::text("name", raw, report));
    let name = name.and_then(|name| named(name, names, report));
    let raw = Time { at, every, jitter, when, times };
    one_action(entries, report);
    let tag = entries.get("tag");
    misplaced(&raw, tag.is_some(), report);
    let at = match raw.when.filter(|_| tag.is_none()) {
        Some(when) => on(&when, (raw.at, raw.every, raw.times), reader.frame, report),
        None => self::when(raw.at, raw.every, raw.jitter, tag.is_some(), &entries.span, reader.frame, report),
    };
    let action = match tag {
        Some(tag) => table::text("tag", tag, report).and_then(|tag| named_window(tag, tags, report)),
        None => {
            let verb = Verb::all().find(|verb| entries.get(verb.name()).is_some());
            verb.and_then(|verb| Action::read(verb, entries.get(verb.name())?, reader))
        }
    };
    let (at, action) = (at?, action?);
    let of_a_node = matches!(at, When::On { moment, .. } if moment.phase.is_of_a_node());
    if !of_a_node && action.selectors().contains(&Selector::This) {
        let problem = Problem::new("`@this` is nobody here").at(entries.span.clone());
        let help = "it names the node that a step waited for: `when = \"timeout-now.received\"`";
        reader.report.missing(problem.help(help));
        return None;
    }
    Some(Step { line: reader.report.line(&entries.span), name, at, action })
}

/// Keys beside which, or without which, others say nothing.
fn misplaced(raw: &Time, is_tag: bool, report: &mut Report) {
    let tagged = raw.when.as_ref().filter(|_| is_tag);
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
    let moment = report.take(units::phase_moment(when.get_ref(), frame.protocol.as_ref()), when.span());
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

fn one_action(entries: &Entries<'_>, report: &mut Report) {
    let known = actions();
    match &entries.given(&known)[..] {
        [] => report.missing(
            Problem::new("this step does nothing")
                .at(entries.span.clone())
                .help(format!("actions are {}", quote_all(known))),
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
        let time = units::moment(text, frame.protocol.as_ref()).map_err(|misread| match window_meant(written) {
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
    let every = report.positive("every", Some(every), frame.protocol.as_ref());
    let Some(jitter) = jitter else { return Some(Some((every?, Duration::ZERO))) };
    let span = jitter.span();
    let jitter = report.duration(Some(jitter), frame.protocol.as_ref());
    let (every, jitter) = (every?, jitter?);
    if jitter >= every {
        report.refuse(Problem::new("`jitter` must be shorter than `every`, or the order of times is lost").at(span));
        return None;
    }
    Some(Some((every, jitter)))
}

/// The name of a step, which no other has.
fn named(name: Text, names: &mut Tags, report: &mut Report) -> Option<String> {
    let span = name.span();
    let name = report.kebab("a step's name", name)?;
    match names.insert(name.clone(), span.clone()) {
        None => Some(name),
        Some(first) => {
            let problem = Problem::new(format!("two steps are called `{name}`")).at(span);
            report.refuse(problem.also(first, "the first"));
            None
        }
    }
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
