//! One screen about one run: what was broken, the command that shows it again, the story, the events around it.

use super::style::Style;
use super::timeline::Timeline;
use crate::history::{FaultPhase, What};
use crate::scenario::{Class, Load};
use crate::time::SimTime;
use crate::verdict::{Potential, Ruling, RunReport};
use crate::words::figures::{count, counted};
use leasehold::observe::Event;
use std::path::Path;

/// The folders of scenarios, which are part of a scenario's name.
pub const FOLDERS: [&str; 5] = ["fast", "incidents", "planted", "findings", "slow"];
/// Lines of a story, failures, and expectations that were not met, that fit on the screen.
const STORY: usize = 12;
const SOME: usize = 4;

/// What people call the scenario in this file: `fast/steady`, or `steady` where the file lies elsewhere.
pub fn title(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy());
    match folder {
        Some(folder) if FOLDERS.contains(&folder.as_ref()) => format!("{folder}/{stem}"),
        _ => stem.into_owned(),
    }
}

/// The command that runs `report`'s run again, complete and ready to paste. `program` is what starts leasehold:
/// `cargo run --release --` inside the repository.
pub fn command(program: &str, report: &RunReport) -> String {
    let path = shell_word(&report.path.to_string_lossy());
    let load = if report.load == Load::default() { String::new() } else { format!(" --load {}", report.load) };
    format!("{program} run {path} --seed {} --variant {}{load}", report.seed, report.variant)
}

fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%:=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A run to tell about.
pub struct Screen<'a> {
    /// The run.
    pub report: &'a RunReport,
    /// What starts leasehold.
    pub program: &'a str,
    /// Where its events file is.
    pub events: Option<&'a Path>,
    /// Colours.
    pub style: Style,
}

impl Screen<'_> {
    /// The verdict and the story.
    pub fn brief(&self) -> String {
        let mut lines = self.verdict();
        lines.extend(self.story());
        lines.join("\n")
    }

    /// All of it: verdict, command, story, timeline, where the rest is.
    pub fn full(&self) -> String {
        let mut lines = self.verdict();
        lines.push(String::new());
        lines.push(format!("  {}", self.style.strong(command(self.program, self.report))));
        let story = self.story();
        if !story.is_empty() {
            lines.push(String::new());
            lines.extend(story);
        }
        lines.extend(self.recorded_only());
        lines.extend(self.potential());
        lines.extend(self.timeline());
        match self.events {
            Some(path) => lines.push(self.style.faint(format!("events: {}", path.display()))),
            None if self.report.verdict.as_expected => {}
            None => lines.push(self.style.faint("events: the same command with `--out DIR`")),
        }
        lines.join("\n")
    }

    /// The verdict in one line.
    pub fn headline(&self) -> String {
        let RunReport { variant, seed, verdict, .. } = self.report;
        let place = format!("{}, variant {variant}, seed {seed}", title(&self.report.path));
        let first = verdict.failures.first();
        let what = match first {
            Some(failure) => format!("{} ({}) in {place}, at {}", failure.class, failure.check, failure.at),
            None => place,
        };
        let word = match (verdict.ruling, verdict.as_expected) {
            (Ruling::Pass, true) => self.style.good("PASS"),
            (Ruling::Pass, false) => self.style.bad("NOT AS EXPECTED: PASS"),
            (Ruling::Fail, true) => self.style.expected("FAIL, AS EXPECTED:"),
            (Ruling::ExpectedUnsafe, true) => self.style.expected("UNSAFE, AS EXPECTED:"),
            (Ruling::Fail | Ruling::ExpectedUnsafe, false) => self.style.bad("FAIL:"),
        };
        format!("{word} {what}")
    }

    /// The verdict line, and below it what was expected instead.
    fn verdict(&self) -> Vec<String> {
        let verdict = &self.report.verdict;
        let mut lines = vec![self.headline()];
        some(&mut lines, verdict.failures.iter().map(|failure| failure.message.as_str()));
        // That it failed at all needs no second saying.
        let failed = |words: &&str| verdict.failures.iter().any(|failure| words.contains(&failure.message));
        lines
            .extend(verdict.beyond_claims.as_ref().map(|beyond| format!("  beyond what the scenario claims {beyond}")));
        some(&mut lines, verdict.unexpected.iter().map(String::as_str).filter(|words| !failed(words)));
        lines
    }

    fn story(&self) -> Vec<String> {
        let story = self.report.verdict.failures.iter().map(|failure| &failure.story).find(|story| !story.is_empty());
        story.into_iter().flatten().take(STORY).map(|line| format!("  {line}")).collect()
    }

    /// What checks found that the scenario sets to record only: it neither ended nor failed the run.
    fn recorded_only(&self) -> Option<String> {
        let failed = |name: &str| self.report.verdict.failures.iter().any(|failure| failure.check == name);
        let silent = self.report.checks.iter().filter(|(name, count)| count.violations > 0 && !failed(name));
        let silent: Vec<String> =
            silent.map(|(name, count)| format!("{name} found {}", counted(count.violations, "violation"))).collect();
        (!silent.is_empty()).then(|| format!("  and, only recorded as the scenario asks: {}", silent.join(", ")))
    }

    /// What might have failed; a line for each check.
    fn potential(&self) -> Vec<String> {
        let line = |(name, potential): (&&str, &Potential)| {
            let times = counted(potential.times, "time");
            format!("  potential ({name}), {times}, first at {}: {}", potential.first.at, potential.first.message)
        };
        self.report.potential.iter().map(line).collect()
    }

    fn timeline(&self) -> Vec<String> {
        let RunReport { kept, keys, nodes, events, .. } = self.report;
        let Some(moment) = moment(self.report) else { return Vec::new() };
        let rows = Timeline { records: kept, keys, nodes: *nodes }.around(moment);
        if rows.is_empty() {
            return Vec::new();
        }
        let shown = rows.len() - 1;
        let heading = format!("{shown} of {} events, around {}; ┃ a lease is in force", count(*events), moment.exact());
        let mut lines = vec![String::new(), self.style.faint(heading)];
        lines.extend(rows);
        lines
    }
}

/// The first of `words`, and how many there are beside.
fn some<'a>(lines: &mut Vec<String>, words: impl Iterator<Item = &'a str>) {
    let words: Vec<&str> = words.collect();
    lines.extend(words.iter().take(SOME).map(|words| format!("  {words}")));
    let more = words.len().saturating_sub(SOME);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
}

/// The moment that the timeline of a failure is about. What is judged at the end of a run did not happen there: a hit rate is
/// lost when leases are, so the last lease that was thrown away is shown, or else the last fault. `None`: no moment says more
/// than another.
fn moment(report: &RunReport) -> Option<SimTime> {
    let failed = report.verdict.failures.first().filter(|failure| failure.at < SimTime::at(report.sim));
    let last = |is: fn(&What) -> bool| report.kept.iter().rev().find(|record| is(&record.what));
    let record = || last(lease_lost).or_else(|| last(fault_acted));
    // A run that a violation ended has it as its last event.
    let stopped = || report.verdict.class.filter(|class| *class <= Class::LeaseInvariant).and(report.kept.last());
    failed.map(|failure| failure.at).or_else(|| stopped().or_else(record).map(|record| record.at))
}

/// Also where none was in force: then what would have brought one back was voided.
fn lease_lost(what: &What) -> bool {
    matches!(what, What::Stack(stack) if matches!(stack.event, Event::LeaseEnded { .. }))
}

fn fault_acted(what: &What) -> bool {
    matches!(what, What::Fault(fault) if matches!(fault.phase, FaultPhase::Activated | FaultPhase::Effective))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_called_by_its_folder_and_stem() {
        let of = |path: &str| title(Path::new(path));
        assert_eq!(of("/x/scenarios/fast/steady.toml"), "fast/steady");
        assert_eq!(of("mine/steady.toml"), "steady");
        assert_eq!(of("steady.toml"), "steady");
    }

    #[test]
    fn a_path_survives_the_shell() {
        assert_eq!(shell_word("scenarios/fast/steady.toml"), "scenarios/fast/steady.toml");
        assert_eq!(shell_word("my files/it's.toml"), r"'my files/it'\''s.toml'");
    }
}
