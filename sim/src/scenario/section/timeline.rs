//! `timeline`: when a step acts, and what it does.

use std::{ops::Range, time::Duration};

use serde_json::{Value as Json, json};

use super::expect::WHOLE;
use crate::scenario::{
    Action, Misread, Problem, Selector, Verb,
    problem::quote_all,
    table::{
        DURATION, Definitions, Entries, Field, Key, Keys, Kind, LENGTH, Maybe, NAME, Positive, Raw, Reader, Scalar,
        Table, Tags, Value as _, Whole, misfit, named, pattern, quantity, table,
    },
    units::{self, written},
    verb,
};
use crate::words::{Phase, Spelled};

/// The most steps of a timeline.
pub const MAX_STEPS: usize = 10_000;
/// The most times that all repeated steps of a timeline may act, together.
pub const MAX_REPETITIONS: u64 = 100_000;

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The line of the file (1-based).
    pub line: usize,
    /// What the file calls it, if anything: kebab-case, unique.
    pub name: Option<String>,
    /// When it acts.
    pub at: When,
    /// What it does.
    pub action: Action,
}

/// When a step acts. All times lie within the run, and `from < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once.
    At(Duration),
    /// From `from` to `to`. Only a tag has this form.
    Window {
        /// Its start, included.
        from: Duration,
        /// Its end, excluded.
        to: Duration,
    },
    /// Again and again.
    Every {
        /// The first time, before jitter.
        from: Duration,
        /// No time lies at or after this.
        to: Duration,
        /// From one time to the next, before jitter. Not zero.
        every: Duration,
        /// Each time is drawn from `0..=jitter` later than planned. Less than `every`.
        jitter: Duration,
    },
    /// Whenever something happens in the protocol, within a window.
    On {
        /// What happens.
        moment: Moment,
        /// The start of the window, included.
        from: Duration,
        /// Its end, excluded.
        to: Duration,
        /// How often at most. Not zero.
        times: u32,
    },
}

impl When {
    /// When the step first acts.
    pub fn start(self) -> Duration {
        match self {
            Self::At(at) => at,
            Self::Window { from, .. } | Self::Every { from, .. } | Self::On { from, .. } => from,
        }
    }

    /// The time after which the step does not act any more.
    pub fn end(self) -> Duration {
        match self {
            Self::At(at) => at,
            Self::Window { to, .. } | Self::Every { to, .. } | Self::On { to, .. } => to,
        }
    }
}

impl When {
    /// How many times a step acts. A repetition that jitter pushes out of its window is counted all the same.
    pub fn times(self) -> u64 {
        match self {
            Self::At(_) | Self::Window { .. } => 1,
            Self::Every { from, to, every, .. } => {
                let times = to.saturating_sub(from).as_nanos().div_ceil(every.as_nanos().max(1));
                u64::try_from(times).unwrap_or(u64::MAX)
            }
            Self::On { times, .. } => u64::from(times),
        }
    }

    /// When the step acts for the last time: at the earliest, and at the latest, which jitter keeps apart; of what waits for a
    /// moment of the protocol only the window is known.
    pub fn last(self) -> (Duration, Duration) {
        match self {
            Self::At(at) | Self::Window { from: at, .. } => (at, at),
            Self::On { from, to, .. } => (from, to),
            Self::Every { from, every, jitter, .. } => {
                let more = u32::try_from(self.times().saturating_sub(1)).unwrap_or(u32::MAX);
                let last = from.saturating_add(every.saturating_mul(more));
                (last, last.saturating_add(jitter))
            }
        }
    }
}

/// `when = "lease.expiry - 5ms"`: a phase, and how long before or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What happens.
    pub phase: Phase,
    /// How long after it.
    pub after: Duration,
    /// How long before it. Zero, unless it is [known beforehand](Phase::is_foreseen).
    pub before: Duration,
}

table! {
    /// When a step acts, as it is written.
    struct Time {
        /// When: a moment (`6s`), or a window (`2s..6s`) for a tag and for what is repeated with `every`.
        at: Option<Span> = "at", Maybe(At);
        /// Acts again and again in the window `at`, this far apart.
        every: Option<Duration> = "every", Maybe(Positive);
        /// Each repetition is up to this much later, drawn from the seed. Shorter than `every`.
        jitter: Option<Duration> = "jitter", Maybe(DURATION);
        /// Instead of at a time: whenever this happens in the protocol, or so long after (`+ 5ms`), or before (`- 5ms`) where that is
        /// known beforehand. `at` is then the window in which it is waited for.
        when: Option<Moment> = "when", Maybe(MOMENT);
        /// Of what waits with `when`: how often at most. Default 1.
        times: Option<u32> = "times", Maybe(Whole { least: 1, most: MAX_REPETITIONS as u32 });
    }
}

const STEP: Maybe<Scalar<String>> = Maybe(Scalar { read: |text, _| named(text, "a step's name"), ..NAME });
const TAG: Maybe<Scalar<String>> = Maybe(Scalar { read: |text, _| named(text, "a tag"), ..NAME });

/// The keys of a step.
fn keys() -> Vec<Key> {
    let name = STEP.keys("name", "What the step is called, in reports and where its draws are named.");
    let tag = TAG.keys("tag", "Gives the window `at` a name that `[expect]` uses.");
    [Time::keys(), name, tag, verb::keys()].into_iter().flatten().collect()
}

/// What a step may do, in the order in which people are told.
fn actions() -> Vec<&'static str> {
    ["tag"].into_iter().chain(Verb::all().map(Verb::name)).collect()
}

/// The timeline, and what other rules need of it.
#[derive(Default)]
pub(in crate::scenario) struct Timeline {
    /// By time.
    pub steps: Vec<Step>,
    /// Where the action of each step stands.
    pub places: Vec<Range<usize>>,
    /// The windows that have a name, and where each was given.
    pub tags: Tags,
}

impl Timeline {
    pub(super) fn schema(definitions: &mut Definitions<'_>) -> Json {
        let step = definitions.named("Step", |definitions| {
            let mut step = definitions.closed(&keys());
            let mut actions = actions();
            actions.sort_unstable();
            step["oneOf"] = actions.iter().map(|verb| json!({ "required": [verb] })).collect();
            step["anyOf"] = json!([{ "required": ["at"] }, { "required": ["when"] }]);
            step
        });
        json!({ "type": "array", "items": step })
    }

    pub(super) fn read(raw: Option<Raw<'_>>, reader: &mut Reader<'_>) -> Self {
        let Some(raw) = raw else { return Self::default() };
        let Some(items) = raw.get_ref().as_array() else {
            reader.report.shapeless(misfit("a list", "timeline", raw));
            return Self::default();
        };
        if let Some(step) = items.get(MAX_STEPS) {
            let message = format!("a timeline has at most {MAX_STEPS} steps, this has {}", items.iter().count());
            reader.report.refuse(Problem::new(message).at(step.span()));
            return Self::default();
        }
        let (mut tags, mut names, mut steps) = (Tags::new(), Tags::new(), Vec::new());
        let (keys, mut repetitions) = (keys(), 0);
        for item in items {
            let Some(entries) = Entries::of(item) else {
                reader.report.shapeless(misfit("a table", "", item));
                continue;
            };
            entries.refuse_unknown(&keys, Time::unknown, reader.report);
            let place = entries.given(&actions()).into_iter().next().map_or_else(|| item.span(), |(place, _)| place);
            let Some(step) = step(&entries, &mut tags, &mut names, reader) else { continue };
            let within = repetitions <= MAX_REPETITIONS;
            repetitions += step.at.times();
            if within && repetitions > MAX_REPETITIONS {
                let message = format!(
                    "up to this step the timeline acts {repetitions} times; at most {MAX_REPETITIONS} are possible"
                );
                let problem = Problem::new(message).at(item.span());
                reader.report.refuse(problem.help("make `every` longer or the window shorter"));
            }
            steps.push((step, place));
        }
        steps.sort_by_key(|(step, _)| step.at.start());
        let (steps, places) = steps.into_iter().unzip();
        Self { steps, places, tags }
    }
}

fn step(entries: &Entries<'_>, tags: &mut Tags, names: &mut Tags, reader: &mut Reader<'_>) -> Option<Step> {
    let name = STEP.read(entries.entry("name"), None, reader);
    let name = name.flatten().and_then(|name| {
        let twice = format!("two steps are called `{name}`");
        once(name, entries.place("name"), &twice, "the first", names, reader)
    });
    one_action(entries, reader);
    misplaced(entries, reader);
    let at = Time::decode(None, entries, reader).and_then(|time| when(&time, entries, reader));
    let action = match entries.get("tag") {
        Some(_) => tag(entries, tags, reader),
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
        return reader.report.lacking(problem.help(help));
    }
    Some(Step { line: reader.report.line(&entries.span), name, at, action })
}

/// The name, if it is not among `names` yet; else `twice` says what is wrong, and `first` what stands there.
fn once(
    name: String,
    place: Range<usize>,
    twice: &str,
    first: &str,
    names: &mut Tags,
    reader: &mut Reader<'_>,
) -> Option<String> {
    if let Some(other) = names.get(&name) {
        return reader.report.refused(Problem::new(twice).at(place).also(other.clone(), first));
    }
    names.insert(name.clone(), place);
    Some(name)
}

fn tag(entries: &Entries<'_>, tags: &mut Tags, reader: &mut Reader<'_>) -> Option<Action> {
    let name = TAG.read(entries.entry("tag"), None, reader).flatten()?;
    let place = entries.place("tag");
    if name == WHOLE {
        let message = "`whole` is what expectations call the whole run; no window may have that name";
        return reader.report.refused(Problem::new(message).at(place));
    }
    let twice = format!("the tag `{name}` is given twice");
    Some(Action::Tag { name: once(name, place, &twice, "first given here", tags, reader)? })
}

fn one_action(entries: &Entries<'_>, reader: &mut Reader<'_>) {
    let known = actions();
    match &entries.given(&known)[..] {
        [] => reader.report.missing(
            Problem::new("this step does nothing")
                .at(entries.span.clone())
                .help(format!("actions are {}", quote_all(known))),
        ),
        [_] => {}
        [(first, one), (second, other), ..] => {
            let message = format!("a step has one action, this has `{one}` and `{other}`");
            let problem = Problem::new(message).at(second.clone()).label("move this to a step of its own");
            reader.report.refuse(problem.also(first.clone(), "the first action"));
        }
    }
}

/// Keys beside which, or without which, others say nothing.
fn misplaced(entries: &Entries<'_>, reader: &mut Reader<'_>) {
    let is = |key| entries.get(key).is_some();
    let mut refuse = |needs: bool, key: &str, message: &str, help: &str| {
        let problem = Problem::new(message).at(entries.place(key)).help(help);
        if needs { reader.report.missing(problem) } else { reader.report.refuse(problem) }
    };
    if is("when") && is("tag") {
        refuse(false, "when", "a tag names a window of time", "give it an `at`");
    } else if is("tag") && is("every") {
        refuse(false, "every", "a tag is not repeated", "each window has a tag of its own");
    } else if let (true, Some((_, key))) = (is("when"), entries.given(&["every", "jitter"]).first()) {
        let help = "it acts `times = 3` times; `at = \"2s..6s\"` says in which window";
        refuse(false, key, "a step that waits for a moment has no period", help);
    } else if is("jitter") && !is("every") {
        refuse(true, "jitter", "`jitter` without `every`", "a step that acts once has no jitter");
    }
    if is("times") && !is("when") {
        refuse(true, "times", "`times` without `when`", "a step is repeated with `every = \"400ms\"` in a window");
    }
}

/// When a step acts. `None` after refusing it, or where [`misplaced`] has.
fn when(time: &Time, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<When> {
    let until = reader.frame.until;
    let is_tag = entries.get("tag").is_some();
    if let Some(moment) = time.when.filter(|_| !is_tag) {
        let (from, to) = match time.at {
            None => (Duration::ZERO, until),
            Some(Span { from, to }) => (from, to.unwrap_or(until)),
        };
        if from == to {
            let problem = Problem::new("this step waits from the end of the run on").at(entries.place("at"));
            return reader.report.lacking(problem);
        }
        return Some(When::On { moment, from, to, times: time.times.unwrap_or(1) });
    }
    let Some(Span { from, to }) = time.at else {
        let problem = Problem::new("this step has no time").at(entries.span.clone());
        return reader.report.lacking(problem.help(AT_FORMS));
    };
    let wrong = match (to, time.every) {
        (Some(to), Some(every)) => {
            let jitter = time.jitter.unwrap_or_default();
            if jitter >= every {
                let message = "`jitter` must be shorter than `every`, or the order of times is lost";
                reader.report.refuse(Problem::new(message).at(entries.place("jitter")));
            }
            return Some(When::Every { from, to, every, jitter });
        }
        (None, Some(_)) => {
            let help = format!("say when it stops: `at = \"{}..{}\"`", written(from), written(until));
            Problem::new("a step that is repeated needs a window").help(help)
        }
        (None, None) if is_tag => {
            Problem::new("a tag names a window, not a moment").help("write when it begins and ends: `at = \"2s..6s\"`")
        }
        (Some(_), None) if !is_tag => Problem::new("a window without `every` says when to begin, not how often").help(
            "repeat it with `every = \"400ms\"`, or act once: `at = \"2s\"` (a partition may last: `for = \"4s\"`)",
        ),
        (None, None) => return Some(When::At(from)),
        (Some(to), None) => return Some(When::Window { from, to }),
    };
    reader.report.lacking(wrong.at(entries.place("at")))
}

/// A phase of the protocol, or so long before or after it.
const MOMENT: Scalar<Moment> = Scalar {
    named: "Moment",
    bare: true,
    schema: |_| {
        let words: Vec<&str> = Phase::WORDS.iter().map(|(_, word)| *word).collect();
        let phases = words.join("|").replace('.', r"\.");
        let mut schema = pattern(&format!(r"({phases})\s*([+-]\s*{LENGTH}\s*)?"));
        schema["examples"] = words.into();
        schema
    },
    read: units::phase_moment,
    write: |moment| moment.to_string().toml(),
};

/// A moment, or a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    from: Duration,
    to: Option<Duration>,
}

const AT_FORMS: &str = "`at` is a time, `\"6s\"`, or a window, `\"2s..6s\"`";

/// A moment or a window, within the run.
struct At;

impl Kind for At {
    type Of = Span;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        definitions.named("At", |_| pattern(&format!(r"{LENGTH}\s*(\.\.\s*{LENGTH}\s*)?")))
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Span> {
        let whole = quantity(key, raw, reader.report)?;
        let (whole, until) = (whole.get_ref().as_str(), reader.frame.until);
        let time = |text: &str, reader: &mut Reader<'_>| {
            let time = units::moment(text, reader.frame.protocol.as_ref());
            let time = time.map_err(|misread| match window_meant(whole) {
                Some(meant) => Misread { meant: Some(meant), ..misread.help(AT_FORMS) },
                None if misread.meant.is_none() => misread.help(AT_FORMS),
                None => misread,
            });
            reader.report.take(time, raw.span())
        };
        let late = |what: &str| Problem::new(format!("this {what} the end of the run ({})", written(until)));
        let Some((from, to)) = whole.split_once("..") else {
            let from = time(whole, reader)?;
            if from > until {
                return reader.report.lacking(late("step is after").at(raw.span()));
            }
            return Some(Span { from, to: None });
        };
        if to.starts_with('=') {
            let problem = Problem::new("the end of a window is not part of it").at(raw.span());
            let meant = format!("did you mean `{from}..{}`?", to.trim_start_matches('='));
            return reader.report.refused(problem.label(meant).help(AT_FORMS));
        }
        let (from, to) = (time(from, reader)?, time(to, reader)?);
        if to <= from {
            let message = if to == from { "this window is empty" } else { "this window ends before it begins" };
            reader.report.refuse(Problem::new(message).at(raw.span()).help(AT_FORMS));
        } else if to > until {
            reader.report.missing(late("window ends after").at(raw.span()));
        }
        (from < to && to <= until).then_some(Span { from, to: Some(to) })
    }

    fn toml(&self, Span { from, to }: &Span) -> String {
        match to {
            None => from.toml(),
            Some(to) => format!("{}..{}", written(*from), written(*to)).toml(),
        }
    }
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

impl Step {
    /// The line of a timeline.
    pub(in crate::scenario) fn put(&self) -> Keys {
        let keys = Keys::default();
        let at = |keys: Keys, from, to| keys.verbatim("at", At.toml(&Span { from, to }));
        let keys = match self.at {
            When::At(from) => at(keys, from, None),
            When::Window { from, to } => at(keys, from, Some(to)),
            When::Every { from, to, every, jitter } => {
                at(keys, from, Some(to)).key("every", every).unless("jitter", jitter, Duration::ZERO)
            }
            When::On { moment, from, to, times } => {
                at(keys.key("when", moment), from, Some(to)).unless("times", times, 1)
            }
        };
        keys.some("name", self.name.as_ref()).verbatim(&self.action.to_string(), self.action.toml())
    }
}
