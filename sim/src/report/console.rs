//! The report of a whole request, written while its runs come in.

use super::compare::comparison;
use super::ended::Ended;
use super::jsonl::json_line;
use super::progress::Progress;
use super::screen::{Screen, title};
use super::stored::Stored;
use super::style::Style;
use super::tally::{Planned, Tally};
use crate::scenario::Class;
use crate::verdict::{Ruling, RunReport};
use crate::words::figures::{counted, duration};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write};
use std::time::Duration;

/// Takes the runs of a request, in order.
pub trait Sink {
    /// Takes a run, and where its events are.
    ///
    /// # Errors
    ///
    /// The report could not be written.
    fn take(&mut self, report: RunReport, events: Option<Stored>) -> io::Result<()>;

    /// Ends the report.
    ///
    /// # Errors
    ///
    /// The report could not be written.
    fn finish(&mut self, ended: &Ended) -> io::Result<()>;
}

/// One JSON object a run.
pub struct JsonLines<W> {
    out: W,
    progress: Progress,
}

impl<W: Write> JsonLines<W> {
    /// Writes to `out`.
    pub fn new(out: W, progress: Progress) -> Self {
        Self { out, progress }
    }
}

impl<W: Write> Sink for JsonLines<W> {
    fn take(&mut self, report: RunReport, _: Option<Stored>) -> io::Result<()> {
        self.progress.done(&report);
        let line = json_line(&report);
        // Whoever reads along, or finds the process gone, has whole lines.
        self.progress.aside(|| writeln!(self.out, "{line}").and_then(|()| self.out.flush()))
    }

    fn finish(&mut self, ended: &Ended) -> io::Result<()> {
        self.progress.finish();
        // Standard output has one object a run, and nothing else.
        ended.early().iter().for_each(|early| eprintln!("{early}"));
        Ok(())
    }
}

/// The report for people: a summary of each scenario and variant as it is done, a comparison of variants, and last what needs
/// attention.
pub struct Console<W> {
    out: W,
    style: Style,
    progress: Progress,
    /// Only what is not as expected is told, and the verdict of the whole.
    quiet: bool,
    waiting: VecDeque<Planned>,
    /// Only one scenario under one variant was asked for.
    single: bool,
    current: Option<Tally>,
    finished: Vec<Tally>,
    /// The first run of the current group that failed as expected.
    expected: Option<RunReport>,
    /// The run that was not as expected and is shown in full: the first of the gravest class.
    unexpected: Option<(RunReport, Option<Stored>)>,
    /// All that were not, by class.
    classes: BTreeMap<String, u64>,
    /// What failed in those, and how often.
    failed: BTreeMap<Failed, Times>,
    as_expected: u64,
    cpu: Duration,
}

impl<W: Write> Console<W> {
    /// Writes to `out` about what is `planned`, in its order.
    pub fn new(out: W, style: Style, planned: Vec<Planned>, progress: Progress) -> Self {
        Self {
            out,
            style,
            progress,
            quiet: false,
            single: planned.len() == 1,
            waiting: planned.into(),
            current: None,
            finished: Vec::new(),
            expected: None,
            unexpected: None,
            classes: BTreeMap::new(),
            failed: BTreeMap::new(),
            as_expected: 0,
            cpu: Duration::ZERO,
        }
    }

    /// Says only what is not as expected, and the verdict of the whole.
    pub fn quiet(self, quiet: bool) -> Self {
        Self { quiet, ..self }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let out = &mut self.out;
        self.progress.aside(|| {
            writeln!(out, "{text}\n")?;
            out.flush()
        })
    }

    fn sort(&mut self, report: RunReport, events: Option<Stored>) {
        self.cpu += report.cpu;
        if !report.verdict.as_expected {
            let class = report.verdict.class.map_or_else(|| "pass".to_owned(), |class| class.to_string());
            *self.classes.entry(class).or_default() += 1;
            self.count(&report);
            // A stale read must not hide behind a bound that was missed a seed earlier.
            if self.unexpected.as_ref().is_none_or(|(shown, _)| gravity(&report) < gravity(shown)) {
                self.unexpected = Some((report, events));
            }
            return;
        }
        self.as_expected += 1;
        if report.verdict.ruling != Ruling::Pass {
            self.expected.get_or_insert(report);
        }
    }

    /// Each check that failed in `report` counts once.
    fn count(&mut self, report: &RunReport) {
        let failures = &report.verdict.failures;
        let mut checks: BTreeSet<&str> = failures.iter().map(|failure| failure.check.as_str()).collect();
        if failures.is_empty() {
            checks.insert("passed, though a failure is expected");
        }
        for check in checks {
            let failed =
                Failed { title: title(&report.path), variant: report.variant.clone(), check: check.to_owned() };
            let times = self.failed.entry(failed).or_insert(Times { number: 0, first: report.seed });
            times.number += 1;
            times.first = times.first.min(report.seed);
        }
    }

    /// A scenario and variant is done.
    fn group_done(&mut self, tally: Tally) -> io::Result<()> {
        if self.quiet {
            self.expected = None;
            return if tally.unexpected() > 0 { self.say(&tally.summary(self.style)) } else { Ok(()) };
        }
        self.say(&tally.summary(self.style))?;
        self.finished.push(tally);
        // The only one is told at the very end, where eyes rest.
        if self.single {
            return Ok(());
        }
        match self.expected.take() {
            Some(report) => self.say(&indented(&self.screen(&report, None).brief(self.style))),
            None => Ok(()),
        }
    }

    fn comparisons(&mut self) -> io::Result<()> {
        let finished = std::mem::take(&mut self.finished);
        for of_scenario in finished.chunk_by(|a, b| a.planned.title == b.planned.title) {
            let tallies: Vec<&Tally> = of_scenario.iter().collect();
            let table = comparison(&tallies, self.style);
            if !table.is_empty() {
                self.say(&table)?;
            }
        }
        Ok(())
    }

    /// The verdict of the whole: what failed where, and last of all how many runs were as expected.
    fn totals(&self, ended: &Ended) -> String {
        let unexpected: u64 = self.classes.values().sum();
        let runs = counted(self.as_expected + unexpected, "run");
        let cpu = format!("{} of CPU time", duration(self.cpu));
        if unexpected == 0 {
            let all = if ended.is_early() { "all of these as expected:" } else { "all as expected:" };
            return format!("{} {runs}, {cpu}", self.style.good(all));
        }
        let classes: Vec<String> = self.classes.iter().map(|(class, number)| format!("{number} {class}")).collect();
        let head = self.style.bad(format!("{unexpected} not as expected"));
        let mut lines: Vec<String> =
            self.failed.iter().take(FAILED).map(|(failed, times)| failed.line(*times)).collect();
        if let Some(more) = self.failed.len().checked_sub(FAILED).filter(|more| *more > 0) {
            lines.push(format!("  and {more} more"));
        }
        lines.push(format!("{head} of {runs} ({}), {cpu}", classes.join(", ")));
        lines.join("\n")
    }

    fn screen(&self, report: &RunReport, events: Option<&Stored>) -> Screen {
        Screen::of(report, events)
    }
}

impl<W: Write> Sink for Console<W> {
    fn take(&mut self, report: RunReport, events: Option<Stored>) -> io::Result<()> {
        self.progress.done(&report);
        let Some(mut tally) = self.current.take().or_else(|| self.waiting.pop_front().map(Tally::new)) else {
            return Ok(());
        };
        tally.add(&report);
        self.sort(report, events);
        if tally.is_complete() {
            return self.group_done(tally);
        }
        self.current = Some(tally);
        Ok(())
    }

    fn finish(&mut self, ended: &Ended) -> io::Result<()> {
        self.progress.finish();
        if let Some(tally) = self.current.take() {
            self.group_done(tally)?;
        }
        self.comparisons()?;
        let screen = match (&self.unexpected, &self.expected) {
            (Some((report, events)), _) => Some(self.screen(report, events.as_ref()).full(self.style)),
            (None, Some(report)) => Some(self.screen(report, None).full(self.style)),
            (None, None) => None,
        };
        if let Some(screen) = screen {
            self.say(&screen)?;
        }
        if let Some(early) = ended.early() {
            writeln!(self.out, "{}", self.style.expected(early))?;
        }
        writeln!(self.out, "{}", self.style.fit(&self.totals(ended)))?;
        self.out.flush()
    }
}

/// So many lines say what failed.
const FAILED: usize = 20;

/// What failed where.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Failed {
    title: String,
    variant: String,
    check: String,
}

/// In how many runs, and in which first.
#[derive(Clone, Copy)]
struct Times {
    number: u64,
    first: u64,
}

impl Failed {
    fn line(&self, Times { number, first }: Times) -> String {
        let Self { title, variant, check } = self;
        format!("  {title}, variant {variant}: {check} in {}, first at seed {first}", counted(number, "run"))
    }
}

/// The order of classes; what passed against expectation is the least.
fn gravity(report: &RunReport) -> (bool, Option<Class>) {
    (report.verdict.class.is_none(), report.verdict.class)
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}").trim_end().to_owned()).collect();
    lines.join("\n")
}
