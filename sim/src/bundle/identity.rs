//! Which run a bundle is of.

use super::{Built, FORMAT};
use crate::report::{Status, command, title};
use crate::scenario::{Class, Engine};
use crate::time::SimTime;
use crate::verdict::{Ruling, RunReport};
use serde::{Deserialize, Serialize};

/// Which run it is, of which leasehold, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// The format of the bundle.
    pub format: u32,
    /// What people call the scenario: `slow/chaos`.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The variant's name.
    pub variant: String,
    /// The engine's name.
    pub engine: String,
    /// The factor on the rates of open loops, which the scenario's rates have in them: `1.2`.
    pub load: String,
    /// How it was judged: `fail`.
    pub verdict: String,
    /// Was that expected?
    pub as_expected: bool,
    /// The exit status of the run.
    pub exit: u8,
    /// The first failure.
    pub failed: Option<Failed>,
    /// Hash of everything that happened.
    pub fingerprint: String,
    /// How many events there were.
    pub events: u64,
    /// How many of the first are not among the bundle's.
    pub events_left_out: u64,
    /// How many random choices were made.
    pub decisions: u64,
    /// The command that ran it.
    pub command: String,
    /// The leasehold that ran it.
    pub built: Built,
}

/// What failed first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Failed {
    /// Its class.
    pub class: String,
    /// The check or expectation.
    pub check: String,
    /// When.
    pub at_ns: u64,
    /// In one line.
    pub message: String,
    /// How it came about.
    pub story: Vec<String>,
}

impl Identity {
    /// That of the run on which `report` is.
    pub(super) fn of(report: &RunReport, left_out: u64, decisions: u64) -> Self {
        let failed = report.verdict.failures.first().map(|failure| Failed {
            class: failure.class.to_string(),
            check: failure.check.clone(),
            at_ns: failure.at.0,
            message: failure.message.clone(),
            story: failure.story.clone(),
        });
        Self {
            format: FORMAT,
            scenario: title(&report.path),
            seed: report.seed,
            variant: report.variant.clone(),
            engine: report.engine.name().to_owned(),
            load: report.load.to_string(),
            verdict: report.verdict.ruling.name().to_owned(),
            as_expected: report.verdict.as_expected,
            exit: Status::of(report).code(),
            failed,
            fingerprint: report.fingerprint.to_string(),
            events: report.events,
            events_left_out: left_out,
            decisions,
            command: command(report),
            built: Built::this().clone(),
        }
    }

    /// The run: scenario, variant, engine where that is not the usual one, seed.
    pub fn run(&self) -> String {
        let Self { scenario, variant, seed, engine, .. } = self;
        let under = engine.parse().unwrap_or_else(|_| Engine::default()).under(variant);
        format!("{scenario}, variant {under}, seed {seed}")
    }

    /// What came of it, in a line: `FAIL, stale-read (staleness) at 4.200000s`.
    pub fn outcome(&self) -> String {
        let as_expected = if self.as_expected { "" } else { ", not as expected" };
        let verdict = self.verdict.to_uppercase();
        match &self.failed {
            None => format!("{verdict}{as_expected}"),
            Some(Failed { class, check, at_ns, .. }) => {
                format!("{verdict}{as_expected}: {class} ({check}) at {}", SimTime(*at_ns))
            }
        }
    }

    /// The class of the first failure; `None`: nothing failed.
    ///
    /// # Errors
    ///
    /// It is none that this leasehold knows.
    pub fn class(&self) -> Result<Option<Class>, String> {
        let class = |failed: &Failed| failed.class.parse::<Class>().map_err(|misread| misread.to_string());
        self.failed.as_ref().map(class).transpose()
    }

    /// Does it say of itself what cannot be?
    pub(super) fn check(&self) -> Result<(), String> {
        self.class()?;
        self.engine.parse::<Engine>().map_err(|misread| misread.to_string())?;
        self.verdict.parse::<Ruling>().map_err(|misread| misread.to_string())?;
        Ok(())
    }
}
