//! `timeline`: when a step acts, and what it does.

use crate::scenario::prelude::*;
use crate::scenario::units::Protocol;
use crate::scenario::{Action, Selector};
use crate::words::Phase;

/// The most steps of a timeline.
pub const MAX_STEPS: usize = 10_000;
/// The most times that all repeated steps of a timeline may act, together.
pub const MAX_REPETITIONS: u64 = 100_000;

const NAMES: Maybe<Scalar<String>> = Maybe(Scalar { read: |text, _| named(text, "a step's name"), ..NAME });
const WHEN: Among<When> = among();
const ACTION: Among<Action> = among();

table! {
    /// One line of the timeline.
    pub struct Step {
        /// When it acts.
        at: When = "", WHEN;
        /// What the step is called, in reports and where its draws are named.
        name: Option<String> = "name", NAMES;
        /// The group that it is about: roles that name none are those in it, a transfer or a change of members is one of it, as is the moment
        /// that is waited for, and `link` and `hold` meet its messages alone. Default: a role is one in `g1`.
        group: Option<u32> = "group", Maybe(GROUP);
        /// What it does.
        action: Action = "", ACTION;
        /// The line of the file (1-based).
        line: usize = "", LINE;
    }
    wrong |step, _given, _frame| {
        refused "group" if step.group.is_some() && matches!(step.action, Action::Tag { .. } | Action::Heal(_)) =>
            "a window, and a heal, are of no group", "`[expect.group.g2]` bounds a metric of one group in a window";
        lacking "" if !step.at.is_of_a_node() && step.action.selectors().contains(&Selector::This) =>
            "`@this` is nobody here", "it names the node that a step waited for: `when = \"timeout-now.received\"`";
    }
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
    /// Does it wait for something that happens to a node?
    fn is_of_a_node(self) -> bool {
        matches!(self, Self::On { moment, .. } if moment.phase.is_of_a_node())
    }

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
    struct Times {
        /// When: a moment (`6s`), or a window (`2s..6s`) for a tag and for what is repeated with `every`.
        at: Option<Span> = "at", Maybe(AT);
        /// Acts again and again in the window `at`, this far apart.
        every: Option<Duration> = "every", Maybe(POSITIVE);
        /// Each repetition is up to this much later, drawn from the seed. Shorter than `every`.
        jitter: Option<Duration> = "jitter", Maybe(DURATION);
        /// Instead of at a time: whenever this happens in the protocol, or so long after (`+ 5ms`), or before (`- 5ms`) where that is
        /// known beforehand. `at` is then the window in which it is waited for.
        when: Option<Moment> = "when", Maybe(MOMENT);
        /// Of what waits with `when`: how often at most. Default 1.
        times: Option<u32> = "times", Maybe(Whole { least: 1, most: MAX_REPETITIONS as u32 });
    }
    wrong |times, given, frame| {
        refused "when" if given.has("when") && given.has("tag") => "a tag names a window of time", "give it an `at`";
        refused "every" if given.has("every") && given.has("tag") => "a tag is not repeated",
            "each window has a tag of its own";
        refused "every" if given.has("every") && given.has("when") => "a step that waits for a moment has no period",
            "it acts `times = 3` times; `at = \"2s..6s\"` says in which window";
        refused "jitter" if given.has("jitter") && given.has("when") => "a step that waits for a moment has no period",
            "it acts `times = 3` times; `at = \"2s..6s\"` says in which window";
        lacking "jitter" if given.has("jitter") && !given.has("every") => "`jitter` without `every`",
            "a step that acts once has no jitter";
        lacking "times" if given.has("times") && !given.has("when") => "`times` without `when`",
            "a step is repeated with `every = \"400ms\"` in a window";
        lacking "at" if times.when.is_some() && times.at.is_some_and(|at| at.to.unwrap_or(frame.until) == at.from) =>
            "this step waits from the end of the run on";
        lacking "at" if times.when.is_none() && times.at.is_none() => "this step has no time", AT_FORMS;
        lacking "at" if times.every.is_some() && times.at.is_some_and(|at| at.to.is_none()) =>
            "a step that is repeated needs a window",
            format!("say when it stops: `at = \"{}..{}\"`", written(times.at.unwrap_or_default().from), written(frame.until));
        refused "jitter" if times.every.is_some() && times.jitter >= times.every =>
            "`jitter` must be shorter than `every`, or the order of times is lost";
        lacking "at" if given.has("tag") && times.at.is_some_and(|at| at.to.is_none()) =>
            "a tag names a window, not a moment", "write when it begins and ends: `at = \"2s..6s\"`";
        lacking "at" if !given.has("tag") && times.is_a_window_alone() =>
            "a window without `every` says when to begin, not how often",
            "repeat it with `every = \"400ms\"`, or act once: `at = \"2s\"` (a partition may last: `for = \"4s\"`)";
    }
}

impl Times {
    fn is_a_window_alone(&self) -> bool {
        self.when.is_none() && self.every.is_none() && self.at.is_some_and(|at| at.to.is_some())
    }
}

impl Table for When {
    const NAME: &'static str = "When";

    fn keys() -> Vec<Key> {
        Times::keys()
    }

    fn decode(_: Option<&Self>, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let Times { at, every, jitter, when, times } = Times::decode(None, entries, reader)?;
        let Span { from, to } = at.unwrap_or_default();
        Some(match (when, to, every) {
            (Some(moment), to, _) => {
                Self::On { moment, from, to: to.unwrap_or(reader.frame.until), times: times.unwrap_or(1) }
            }
            (None, Some(to), Some(every)) => Self::Every { from, to, every, jitter: jitter.unwrap_or_default() },
            (None, Some(to), None) => Self::Window { from, to },
            (None, None, _) => Self::At(from),
        })
    }

    fn put(&self, _: Option<&Self>, mut keys: Keys) -> Keys {
        let at = |from, to| Some(Span { from, to });
        let none = Times { at: None, every: None, jitter: None, when: None, times: None };
        let times = match *self {
            Self::At(from) => Times { at: at(from, None), ..none },
            Self::Window { from, to } => Times { at: at(from, Some(to)), ..none },
            Self::Every { from, to, every, jitter } => {
                let jitter = Some(jitter).filter(|jitter| !jitter.is_zero());
                Times { at: at(from, Some(to)), every: Some(every), jitter, ..none }
            }
            Self::On { moment, from, to, times } => {
                keys = Times { when: Some(moment), ..none.clone() }.put(None, keys);
                Times { at: at(from, Some(to)), times: Some(times).filter(|times| *times > 1), ..none }
            }
        };
        times.put(None, keys)
    }
}

/// The steps of a timeline, by time.
pub(super) const TIMELINE: Special<Vec<Step>> = Special {
    schema: |definitions| {
        let step = definitions.named("Step", |definitions| {
            let mut step = definitions.closed(&Step::keys());
            let mut actions = Action::words();
            actions.sort_unstable();
            step["oneOf"] = actions.iter().map(|verb| json!({ "required": [verb] })).collect();
            step["anyOf"] = json!([{ "required": ["at"] }, { "required": ["when"] }]);
            step
        });
        json!({ "type": "array", "items": step })
    },
    read: |key, raw, reader| {
        let items = items_of(key, raw, reader)?;
        if let Some(step) = items.get(MAX_STEPS) {
            let message = format!("a timeline has at most {MAX_STEPS} steps, this has {}", items.len());
            return reader.report.refused(Problem::new(message).at(step.span()));
        }
        let (mut tags, mut names, mut steps, mut repetitions) = (Tags::new(), Tags::new(), Vec::new(), 0);
        for item in items {
            let Some(entries) = table_of("", item, reader) else { continue };
            let mut once = |key, names: &mut Tags, twice: &str, first| {
                let Some((name, place)) = entries.get(key).and_then(|raw| Some((raw.get_ref().as_str()?, raw.span())))
                else {
                    return;
                };
                reader.report.once(names, name.to_owned(), place, twice.replace("{}", name), first);
            };
            once("tag", &mut tags, "the tag `{}` is given twice", "first given here");
            once("name", &mut names, "two steps are called `{}`", "the first");
            let Some(step) = Step::read(None, &entries, reader) else { continue };
            let within = repetitions <= MAX_REPETITIONS;
            repetitions += step.at.times();
            if within && repetitions > MAX_REPETITIONS {
                let message = format!(
                    "up to this step the timeline acts {repetitions} times; at most {MAX_REPETITIONS} are possible"
                );
                let problem = Problem::new(message).at(item.span());
                reader.report.refuse(problem.help("make `every` longer or the window shorter"));
            }
            steps.push((entries.place(&step.action.to_string()), step));
        }
        steps.sort_by_key(|(_, step)| step.at.start());
        let (places, steps) = steps.into_iter().unzip();
        (reader.frame.tags, reader.frame.places) = (tags, places);
        Some(steps)
    },
    write: |value| list_of(value, |step| inner().toml(step)),
};

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
    read: |text, frame| phase_moment(text, frame.protocol.as_ref()),
    write: |moment| quoted(moment),
};

/// A moment, or a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    from: Duration,
    to: Option<Duration>,
}

const AT_FORMS: &str = "`at` is a time, `\"6s\"`, or a window, `\"2s..6s\"`";

/// A moment or a window, within the run.
const AT: Special<Span> = Special {
    schema: |definitions| definitions.named("At", |_| pattern(&format!(r"{LENGTH}\s*(\.\.\s*{LENGTH}\s*)?"))),
    read: |key, raw, reader| {
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
    },
    write: |Span { from, to }| match to {
        None => quoted(written(*from)),
        Some(to) => quoted(format!("{}..{}", written(*from), written(*to))),
    },
};

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

/// A phase of the protocol, or so long before or after it: `lease.expiry - 5ms`.
fn phase_moment(text: &str, protocol: Option<&Protocol>) -> Result<Moment, Misread> {
    let split = text.find(" -").or_else(|| text.find(" +")).or_else(|| text.find('+'));
    let (phase, shift) = text.split_at(split.unwrap_or(text.len()));
    let phase: Phase = phase.trim().parse()?;
    let (shift, zero) = (shift.trim_start(), Duration::ZERO);
    let (after, before) = match shift.split_at_checked(1) {
        None => (zero, zero),
        Some(("+", after)) => (units::duration(after, protocol)?, zero),
        Some((_, before)) => (zero, units::duration(before, protocol)?),
    };
    if !before.is_zero() && !phase.is_foreseen() {
        return Err(Misread::new(format!("nobody knows beforehand when `{phase}` will be"))
            .help("only `lease.expiry` can be acted before; after the others: `election + 5ms`"));
    }
    Ok(Moment { phase, after, before })
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.phase)?;
        if !self.after.is_zero() {
            write!(f, " + {}", written(self.after))?;
        }
        if !self.before.is_zero() {
            write!(f, " - {}", written(self.before))?;
        }
        Ok(())
    }
}
