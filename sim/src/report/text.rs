//! One screen about one run as text.

use super::prelude::*;
use super::screen::{Head, replay};
use super::sheet::WIDTH;
use super::timeline::Timeline;

/// Lines of a story, failures, and expectations that were not met, that fit on the screen.
const STORY: usize = 12;
const SOME: usize = 4;

impl Screen {
    /// The verdict and the story.
    pub fn brief(&self, style: Style) -> String {
        let mut lines = self.verdict(style);
        lines.extend(self.story_lines());
        style.fit(&lines.join("\n"))
    }

    /// All of it: verdict, command, story, timeline, where the rest is.
    pub fn full(&self, style: Style) -> String {
        let mut told: Vec<String> = Vec::new();
        if !self.story.is_empty() {
            told.push(String::new());
            told.extend(self.story_lines());
        }
        told.extend(self.recorded_only());
        told.extend(self.forbidden());
        told.extend(self.potential.iter().map(potential));
        let events = match &self.left.events {
            Some(stored) => Some(format!("events: {stored}")),
            None if self.head.as_expected || self.left.bundle.is_some() => None,
            None => Some("events: the same command with `--out DIR`".to_owned()),
        };
        // The command is in one piece, since it is there to be pasted.
        let mut parts = vec![style.fit(&self.verdict(style).join("\n")), String::new()];
        parts.push(format!("  {}", style.strong(&self.command)));
        parts.extend((!told.is_empty()).then(|| style.fit(&told.join("\n"))));
        parts.extend(self.timeline_lines(style));
        parts.extend(events.map(|events| style.fit(&style.faint(events))));
        if let Some(bundle) = &self.left.bundle {
            parts.push(style.fit(&style.faint("all of it in one file, which gives the run again:")));
            parts.push(format!("  {}", style.strong(replay(bundle))));
        }
        parts.join("\n")
    }

    /// The verdict line, and below it what was expected instead.
    fn verdict(&self, style: Style) -> Vec<String> {
        let mut lines = vec![self.head.line(style)];
        some(&mut lines, &self.failures);
        let beyond = self.beyond_claims.iter();
        lines.extend(beyond.map(|beyond| format!("  beyond what the scenario claims {beyond}")));
        some(&mut lines, &self.unexpected);
        lines
    }

    fn story_lines(&self) -> impl Iterator<Item = String> {
        self.story.iter().take(STORY).map(|line| format!("  {line}"))
    }

    /// What checks found that the scenario sets to record only: it neither ended nor failed the run.
    fn recorded_only(&self) -> Option<String> {
        let found = |(name, number): (&&str, &u64)| format!("{name} found {}", counted(*number, "violation"));
        let found: Vec<String> = self.recorded.iter().map(found).collect();
        (!found.is_empty()).then(|| format!("  and, only recorded as the scenario asks: {}", found.join(", ")))
    }

    /// Where to look in the stack.
    fn forbidden(&self) -> impl Iterator<Item = String> {
        self.rules.iter().map(|(check, rules)| {
            let breach = if let [_] = rules[..] { "a breach of this rule" } else { "breaches of these rules" };
            format!("  {check} is the first to see {breach} (src/rules.rs): {}", rules.join(", "))
        })
    }

    fn timeline_lines(&self, style: Style) -> Vec<String> {
        let Some(timeline) = &self.timeline else {
            if self.head.first.is_none() {
                return Vec::new();
            }
            let why = match self.moment {
                None => "no timeline: this failed over the whole run, in which no fault acted and no lease ended",
                Some(_) => "no timeline: nothing is kept of the run's events",
            };
            return vec![String::new(), style.fit(&style.faint(why))];
        };
        let Timeline { moment, events, left_out, more_faults, rows, .. } = timeline;
        let (all, rows) = (count(self.events), rows.len());
        let left_out = if *left_out == 0 { String::new() } else { format!(", {} left out", count(*left_out as u64)) };
        let faults =
            if *more_faults == 0 { String::new() } else { format!("; {more_faults} more faults are in force") };
        let events = count(*events as u64);
        let heading = format!(
            "{rows} lines for {events} of {all} events{left_out}, around {}; ┃ a lease is in force{faults}",
            moment.exact()
        );
        let mut lines = vec![String::new(), style.fit(&style.faint(heading))];
        lines.extend(timeline.lines(style.width(WIDTH)));
        lines
    }
}

impl Head {
    /// The verdict in one line.
    pub fn line(&self, style: Style) -> String {
        let place = format!("{}, variant {}, seed {}", self.title, self.variant, self.seed);
        let what = match &self.first {
            Some((class, check, at)) => format!("{class} ({check}) in {place}, at {at}"),
            None => place,
        };
        let word = match (self.ruling, self.as_expected) {
            (Ruling::Pass, true) => style.good("PASS"),
            (Ruling::NotReached, true) => style.expected("NOT REACHED:"),
            (Ruling::Pass | Ruling::NotReached, false) => style.bad("NOT AS EXPECTED: PASS"),
            (Ruling::Fail, true) => style.expected("FAIL, AS EXPECTED:"),
            (Ruling::ExpectedUnsafe, true) => style.expected("UNSAFE, AS EXPECTED:"),
            (Ruling::Fail | Ruling::ExpectedUnsafe, false) => style.bad("FAIL:"),
        };
        format!("{word} {what}")
    }
}

/// What might have failed.
fn potential((check, potential): (&&str, &Potential)) -> String {
    let (times, first) = (counted(potential.times, "time"), &potential.first);
    format!("  potential ({check}), {times}, first at {}: {}", first.at, first.message)
}

/// The first of `words`, and how many there are beside.
fn some(lines: &mut Vec<String>, words: &[String]) {
    lines.extend(words.iter().take(SOME).map(|words| format!("  {words}")));
    let more = words.len().saturating_sub(SOME);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
}
