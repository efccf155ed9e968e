//! Whether a variant did anything that the default does not do, or broke a rule by what it held: else whatever its run shows is not
//! shown of the variant.

use super::run::{Spec, rerun, run, run_telling};
use crate::history::Deeds;
use crate::mutant::DEFAULT;
use crate::verdict::RunReport;
use parking_lot::Mutex;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;

/// So many of what defaults did are kept: variants of one seed do not run far from each other.
const KEPT: usize = 128;

/// Which run of the default: the file, the load and the seed.
type Which = (PathBuf, u32, u64);

/// What the default did, seed by seed, for whatever variants run beside it.
#[derive(Default)]
pub struct Defaults {
    /// The files that variants run as well.
    shared: BTreeSet<PathBuf>,
    done: Mutex<VecDeque<(Which, Deeds)>>,
}

impl Defaults {
    /// For these runs.
    pub fn of<'a>(specs: impl IntoIterator<Item = &'a Spec>) -> Self {
        let under_variants = specs.into_iter().filter(|spec| spec.default.is_some());
        let shared = under_variants.map(|spec| spec.scenario.path.clone()).collect();
        Self { shared, done: Mutex::default() }
    }

    /// Runs it, and says of a variant whether it was reached.
    pub fn run(&self, spec: &Spec) -> RunReport {
        let Some(scenario) = &spec.default else {
            if !self.shared.contains(&spec.scenario.path) {
                return run(spec);
            }
            let (report, deeds) = run_telling(spec);
            self.keep(which(spec), deeds);
            return report;
        };
        let (mut report, deeds) = run_telling(spec);
        let usual = self.kept(&which(spec)).unwrap_or_else(|| {
            let default = Spec { scenario: scenario.clone(), variant: &DEFAULT, default: None, ..spec.clone() };
            let deeds = Deeds::default();
            rerun(&default, deeds.observer());
            self.keep(which(spec), deeds.clone());
            deeds
        });
        let name = spec.variant.name;
        let own = spec.scenario.variant.as_deref() == Some(name);
        let is_expected_of = own || spec.scenario.expect.variants.contains_key(name);
        report.reached = Some(!deeds.agree(&usual) || report.verdict.broke_something());
        if report.reached == Some(false) {
            report.verdict.was_not_reached(name, is_expected_of, report.sim);
        }
        report
    }

    fn kept(&self, which: &Which) -> Option<Deeds> {
        self.done.lock().iter().find(|(other, _)| other == which).map(|(_, deeds)| deeds.clone())
    }

    fn keep(&self, which: Which, deeds: Deeds) {
        let mut done = self.done.lock();
        if done.len() == KEPT {
            done.pop_front();
        }
        done.push_back((which, deeds));
    }
}

fn which(spec: &Spec) -> Which {
    (spec.scenario.path.clone(), spec.scenario.load.0, spec.seed)
}
