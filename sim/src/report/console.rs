//! The report of a whole request, written while its runs come in.

use super::compare::comparison;
use super::jsonl::json_line;
use super::prelude::*;
use super::progress::Progress;
use super::tally::{Planned, Tally};
use super::totals::Totals;
use std::collections::VecDeque;

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

impl<W: Write> Witness for JsonLines<W> {
    fn see(&mut self, report: &RunReport, left: &Left) -> io::Result<()> {
        self.progress.done(report);
        let line = json_line(report, left);
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
    unexpected: Option<(RunReport, Left)>,
    totals: Totals,
}

impl<W: Write> Console<W> {
    /// Writes to `out` about what is `planned`, in its order; if it is to be `quiet`, only what is not as expected, and the verdict of the whole.
    pub fn new(out: W, style: Style, planned: Vec<Planned>, progress: Progress, quiet: bool) -> Self {
        Self {
            out,
            style,
            progress,
            quiet,
            single: planned.len() == 1,
            waiting: planned.into(),
            current: None,
            finished: Vec::new(),
            expected: None,
            unexpected: None,
            totals: Totals::default(),
        }
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        let out = &mut self.out;
        self.progress.aside(|| {
            writeln!(out, "{text}\n")?;
            out.flush()
        })
    }

    fn sort(&mut self, report: &RunReport, left: &Left) {
        self.totals.add(report);
        if report.verdict.as_expected {
            if report.verdict.ruling != Ruling::Pass {
                self.expected.get_or_insert_with(|| report.clone());
            }
        } else if self.unexpected.as_ref().is_none_or(|(shown, _)| gravity(report) < gravity(shown)) {
            // A stale read must not hide behind a bound that was missed a seed earlier.
            self.unexpected = Some((report.clone(), left.clone()));
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
            Some(report) => self.say(&indented("    ", &Screen::of(&report, &Left::default()).brief(self.style))),
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
}

impl<W: Write> Witness for Console<W> {
    fn see(&mut self, report: &RunReport, left: &Left) -> io::Result<()> {
        self.progress.done(report);
        let Some(mut tally) = self.current.take().or_else(|| self.waiting.pop_front().map(Tally::new)) else {
            return Ok(());
        };
        tally.add(report);
        self.sort(report, left);
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
            (Some((report, left)), _) => Some(Screen::of(report, left).full(self.style)),
            (None, Some(report)) => Some(Screen::of(report, &Left::default()).full(self.style)),
            (None, None) => None,
        };
        if let Some(screen) = screen {
            self.say(&screen)?;
        }
        if let Some(early) = ended.early() {
            writeln!(self.out, "{}", self.style.expected(early))?;
        }
        writeln!(self.out, "{}", self.style.fit(&self.totals.told(ended, self.style)))?;
        self.out.flush()
    }
}

/// The order of classes; what passed against expectation is the least.
fn gravity(report: &RunReport) -> (bool, Option<Class>) {
    (report.verdict.class.is_none(), report.verdict.class)
}
