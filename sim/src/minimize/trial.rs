//! Whether a smaller scenario still fails in the same way: it is printed, read as any file is, and run.

use super::failure::Wanted;
use crate::history::Keep;
use crate::mutant::{DEFAULT, Variant};
use crate::runner::{Spec, beside_default, in_order, read_as, run};
use crate::scenario::{Scenario, Seeds, print};
use crate::verdict::{Ruling, RunReport};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A scenario that fails as is wanted, under the one seed that it names.
#[derive(Clone)]
pub(super) struct Shown {
    /// The scenario, as it was read.
    pub scenario: Scenario,
    /// What came of it.
    pub report: RunReport,
    /// So many warnings are to be had of its file.
    pub warnings: usize,
}

impl Shown {
    /// The seed that shows it.
    pub(super) fn seed(&self) -> u64 {
        self.scenario.seeds.first()
    }
}

/// What candidates are tried on.
#[derive(Clone)]
pub(super) struct Ground {
    /// The variant that fails. Under the default its file passes.
    pub variant: &'static Variant,
    /// How.
    pub wanted: Wanted,
    /// The file that is being written: relative names are none of its business.
    pub path: PathBuf,
}

/// A candidate as a file says it.
pub(super) struct Read {
    /// As it was read.
    scenario: Scenario,
    /// Its run, under the variant.
    pub spec: Spec,
    warnings: usize,
}

/// What one trial came to, and what it cost.
struct Trial {
    shown: Option<Box<Shown>>,
    runs: u64,
    cpu: Duration,
}

impl Ground {
    /// A scenario, as a file; `None`: it is refused.
    pub(super) fn read(&self, scenario: &Scenario) -> Option<Read> {
        let group = read_as(&self.path, &print(scenario)).ok()?;
        let warnings = group.warnings.iter().count();
        let spec = group.under(self.variant).spec(group.seeds.first(), Keep::Nothing);
        Some(Read { scenario: (*group.scenario).clone(), spec, warnings })
    }

    /// Does something fail in it where nothing is planted? `None`: its file is refused.
    pub(super) fn fails_by_default(&self, scenario: &Scenario) -> Option<bool> {
        let read = Self { variant: &DEFAULT, ..self.clone() }.read(scenario)?;
        Some(run(&read.spec).verdict.ruling != Ruling::Pass)
    }

    /// Tries a file with `seed`. Where something else failed too the file does not ask for that, and is tried again.
    fn attempt(&self, read: &Read, seed: u64, warnings: usize) -> Trial {
        let mut trial = Trial { shown: None, runs: 0, cpu: Duration::ZERO };
        let mut alone: Option<Read> = None;
        // What failed beside it may have hidden what fails beside it now.
        for _ in 0..3 {
            let read = alone.as_ref().unwrap_or(read);
            let spec = Spec { seed, ..read.spec.clone() };
            let (report, default) = beside_default(&spec, &|report| self.wanted.found_in(&report.verdict).is_some());
            trial.runs += 1 + u64::from(default.is_some());
            trial.cpu += report.cpu + default.as_ref().map_or(Duration::ZERO, |default| default.cpu);
            let passes = default.is_none_or(|report| report.verdict.ruling == Ruling::Pass);
            if read.warnings > warnings || !passes || self.wanted.found_in(&report.verdict).is_none() {
                break;
            }
            let scenario = Scenario { seeds: Seeds::one(seed), ..read.scenario.clone() };
            if self.variant.name == DEFAULT.name || report.verdict.as_expected {
                trial.shown = Some(Box::new(Shown { scenario, report, warnings: read.warnings }));
                break;
            }
            let asked = self.wanted.alone(&scenario, &report.verdict);
            match self.read(&asked).filter(|_| asked != scenario) {
                Some(read) => alone = Some(read),
                None => break,
            }
        }
        trial
    }
}

/// How hard a list of candidates is tried.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    /// With so many seeds beside the pinned one.
    pub seeds: u64,
    /// The file may have so many warnings.
    pub warnings: usize,
}

/// What the trials so far have cost.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Runs, those of the default included.
    pub runs: u64,
    /// CPU time of these.
    pub cpu: Duration,
}

/// Trials, several at a time.
pub(super) struct Trials<'a> {
    pub ground: Ground,
    pub jobs: usize,
    pub stop: &'a AtomicBool,
    pub cost: Cost,
    /// Told after every trial.
    pub heard: &'a mut dyn FnMut(Cost),
    /// What was tried in vain: text and seeds.
    vain: BTreeSet<(String, u64)>,
}

impl<'a> Trials<'a> {
    pub(super) fn new(ground: Ground, jobs: usize, stop: &'a AtomicBool, heard: &'a mut dyn FnMut(Cost)) -> Self {
        Self { ground, jobs, stop, heard, cost: Cost::default(), vain: BTreeSet::new() }
    }

    /// The first of `candidates` that fails as is wanted, each tried with the pinned seed first and then with others; its number too. What
    /// comes of it does not depend on how many are tried at a time.
    pub(super) fn first(&mut self, pinned: u64, candidates: &[Scenario], effort: Effort) -> Option<(usize, Shown)> {
        let keys: Vec<_> = candidates.iter().map(|candidate| (print(candidate), effort.seeds)).collect();
        let is_first = |number: usize| !keys[..number].contains(&keys[number]);
        let fresh = (0..candidates.len()).filter(|number| !self.vain.contains(&keys[*number]) && is_first(*number));
        let others = |pinned| (1..).filter(move |seed| *seed != pinned).take(effort.seeds as usize);
        let seeds: Vec<u64> = [pinned].into_iter().chain(others(pinned)).collect();
        let trials: Vec<(usize, u64)> =
            fresh.flat_map(|number| seeds.iter().map(move |seed| (number, *seed))).collect();
        let (ground, cost, heard) = (&self.ground, &mut self.cost, &mut self.heard);
        // Each is read once, by whoever tries it first.
        let read: Vec<OnceLock<Option<Read>>> = candidates.iter().map(|_| OnceLock::new()).collect();
        let work = |(number, seed): &(usize, u64)| {
            let read = read[*number].get_or_init(|| ground.read(&candidates[*number]));
            (*number, read.as_ref().map(|read| ground.attempt(read, *seed, effort.warnings)))
        };
        let mut found = None;
        in_order(&trials, self.jobs, self.stop, &work, &mut |(number, trial)| {
            let Some(trial): Option<Trial> = trial else { return ControlFlow::Continue(()) };
            cost.runs += trial.runs;
            cost.cpu += trial.cpu;
            heard(*cost);
            match trial.shown {
                Some(shown) => {
                    found = Some((number, *shown));
                    ControlFlow::Break(())
                }
                None => ControlFlow::Continue(()),
            }
        });
        if !self.stop.load(Ordering::Relaxed) {
            let tried = found.as_ref().map_or(candidates.len(), |(number, _)| *number);
            self.vain.extend(keys.into_iter().take(tried));
        }
        found
    }
}
