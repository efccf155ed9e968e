//! The verdict of a whole request: how many runs were as expected, and what failed where.

use super::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;

/// So many lines say what failed.
const FAILED: usize = 20;

/// What came of the runs so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) as_expected: u64,
    /// Those that were not, by the gravest class of each.
    pub(super) classes: BTreeMap<String, u64>,
    /// What failed where, by scenario, variant and check.
    failed: BTreeMap<[String; 3], Failed>,
    cpu: Duration,
}

/// What failed against expectation where, and how often.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failed {
    scenario: String,
    variant: String,
    check: String,
    runs: u64,
    first_seed: u64,
}

impl Totals {
    /// Counts a run; each check that failed in it counts once.
    pub(super) fn add(&mut self, report: &RunReport) {
        self.cpu += report.cpu;
        if report.verdict.as_expected {
            self.as_expected += 1;
            return;
        }
        let class = report.verdict.class.map_or_else(|| "pass".to_owned(), |class| class.to_string());
        *self.classes.entry(class).or_default() += 1;
        let failures = &report.verdict.failures;
        let mut checks: BTreeSet<&str> = failures.iter().map(|failure| failure.check.as_str()).collect();
        if failures.is_empty() {
            checks.insert("passed, though a failure is expected");
        }
        for check in checks {
            let [scenario, variant, check] = [&title(&report.path), &report.under(), check].map(String::from);
            let what = [&scenario, &variant, &check].map(String::clone);
            let first = Failed { scenario, variant, check, runs: 0, first_seed: report.seed };
            let failed = self.failed.entry(what).or_insert(first);
            failed.runs += 1;
            failed.first_seed = failed.first_seed.min(report.seed);
        }
    }

    /// How many runs were not as expected.
    pub(super) fn unexpected(&self) -> u64 {
        self.classes.values().sum()
    }

    /// What failed where, ordered by scenario.
    pub(super) fn failed(&self) -> Vec<&Failed> {
        self.failed.values().collect()
    }

    /// What failed where, and last of all how many runs were as expected.
    pub(super) fn told(&self, ended: &Ended, style: Style) -> String {
        let unexpected = self.unexpected();
        let runs = counted(self.as_expected + unexpected, "run");
        let cpu = format!("{} of CPU time", duration(self.cpu));
        if unexpected == 0 {
            let all = if ended.is_early() { "all of these as expected:" } else { "all as expected:" };
            return format!("{} {runs}, {cpu}", style.good(all));
        }
        let classes: Vec<String> = self.classes.iter().map(|(class, number)| format!("{number} {class}")).collect();
        let head = style.bad(format!("{unexpected} not as expected"));
        let mut lines: Vec<String> = self.failed.values().take(FAILED).map(Failed::line).collect();
        if let Some(more) = self.failed.len().checked_sub(FAILED).filter(|more| *more > 0) {
            lines.push(format!("  and {more} more"));
        }
        lines.push(format!("{head} of {runs} ({}), {cpu}", classes.join(", ")));
        lines.join("\n")
    }
}

impl Failed {
    fn line(&self) -> String {
        let Self { scenario, variant, check, runs, first_seed } = self;
        format!("  {scenario}, variant {variant}: {check} in {}, first at seed {first_seed}", counted(*runs, "run"))
    }
}
