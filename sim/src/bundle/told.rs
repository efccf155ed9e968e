//! Two runs beside each other as text, on one screen.

use super::diff::{Both, Diff, Standing};
use super::{Event, Identity};
use crate::report::Style;
use crate::words::figures::{count, counted};
use crate::world::decisions::Choice;

/// What the two runs are called.
const NAMES: Both<&str> = ["A", "B"];
/// Lines of a story that fit on the screen.
const STORY: usize = 8;

impl Diff {
    /// For a person: both verdicts, where the runs part, and what of that matters.
    pub fn told(&self, style: Style) -> String {
        let mut lines = self.heads(style);
        if self.is_same() {
            lines.push(String::new());
            let events = counted(self.runs[0].events, "event");
            let what = format!("{}, fingerprint {}", events, self.runs[0].fingerprint);
            lines.push(format!("{} {what}", style.good("THE SAME HAPPENED IN BOTH:")));
            return style.fit(&lines.join("\n"));
        }
        lines.extend(self.causes(style));
        lines.extend(self.what_matters(style));
        lines.extend(self.then_told(style));
        lines.extend(self.beginnings(style));
        style.fit(&lines.join("\n"))
    }

    fn heads(&self, style: Style) -> Vec<String> {
        let head = |(name, (run, of)): (&str, (&Identity, &String))| {
            let place = if *of == run.run() { String::new() } else { format!(" ({of})") };
            format!("{name}  {}{place}\n     {}", style.strong(run.run()), verdict(run, style))
        };
        NAMES.into_iter().zip(self.runs.iter().zip(&self.names)).map(head).collect()
    }

    /// Why each failed that did.
    fn causes(&self, style: Style) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, run) in NAMES.iter().zip(&self.runs) {
            let Some(failed) = &run.failed else { continue };
            lines.push(String::new());
            lines.push(format!("{} {}", style.strong(format!("why {name} fails:")), failed.message));
            lines.extend(failed.story.iter().take(STORY).map(|line| format!("  {line}")));
        }
        lines
    }

    fn what_matters(&self, style: Style) -> Vec<String> {
        let first = self.first_that_matters();
        let Some(first) = first else {
            let nothing = "nothing that differs is about leadership, a lease, a fault or an answer to a client";
            return vec![String::new(), nothing.to_owned()];
        };
        let heading = format!("the first difference that matters is about {first}; the first of each kind:");
        let mut lines = vec![String::new(), style.strong(heading)];
        let mut matters: Vec<_> = self.matters.iter().collect();
        matters.sort_by_key(|(matter, both)| (both.iter().flatten().map(Event::at).min(), **matter));
        for (matter, both) in matters {
            lines.push(format!("  {matter}"));
            lines.extend(sides(both, Event::to_string, "nothing of the kind"));
        }
        lines
    }

    /// What was so in both when one failed.
    fn then_told(&self, style: Style) -> Vec<String> {
        let Some((at, both)) = &self.then else { return Vec::new() };
        let name = if self.runs[0].failed.is_some() { NAMES[0] } else { NAMES[1] };
        let mut lines =
            vec![String::new(), style.strong(format!("when {name} failed, at {at}, the last that was told had been"))];
        for (name, standing) in NAMES.iter().zip(both) {
            let Standing { leadership, lease, fault } = standing;
            let mut told = [leadership, lease, fault].into_iter().flatten().peekable();
            if told.peek().is_none() {
                lines.push(format!("  {name}  nothing: nobody had led, no lease had ended, no fault had acted"));
            }
            lines.extend(told.map(|event| format!("  {name}  {event}")));
        }
        lines
    }

    /// Where the runs part.
    fn beginnings(&self, style: Style) -> Vec<String> {
        let mut lines = vec![String::new()];
        match &self.decision {
            None => {
                let made = counted(self.runs[0].decisions, "decision");
                lines.push(format!("{}: both drew the same, {made}", style.strong("decisions")));
            }
            Some((number, both)) => {
                let heading = format!("the first decision that differs is number {}", count(*number));
                lines.push(style.strong(heading));
                lines.extend(sides(both, Choice::to_string, "no more are made"));
            }
        }
        if let Some((number, before, both)) = &self.event {
            lines.push(style.strong(format!("the first event that differs is number {}", count(*number))));
            lines.extend(before.iter().map(|before| format!("    both  {before}")));
            lines.extend(sides(both, Event::to_string, "the run has ended"));
        }
        lines
    }
}

fn verdict(run: &Identity, style: Style) -> String {
    let outcome = run.outcome();
    match (run.failed.is_some(), run.as_expected) {
        (false, true) => style.good(outcome),
        (true, true) => style.expected(outcome),
        (_, false) => style.bad(outcome),
    }
}

/// What each of both runs has, a line each.
fn sides<'a, T>(
    both: &'a Both<Option<T>>,
    told: impl Fn(&T) -> String + 'a,
    otherwise: &'a str,
) -> impl Iterator<Item = String> + 'a {
    let side = move |(name, of): (&&str, &Option<T>)| {
        format!("    {name}  {}", of.as_ref().map_or_else(|| otherwise.to_owned(), &told))
    };
    NAMES.iter().zip(both).map(side)
}
