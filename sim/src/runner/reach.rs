//! Whether a variant did anything that the default does not do, or broke a rule by what it held: else whatever its run shows is not
//! shown of the variant.

use super::run::{Spec, rerun, run_drawing, run_telling};
use crate::history::{Deeds, Observer};
use crate::mutant::DEFAULT;
use crate::scenario::{Engine, Scenario};
use crate::verdict::RunReport;
use crate::world::streams::Streams;
use parking_lot::Mutex;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// So many of what defaults did are kept: variants of one seed do not run far from each other.
const KEPT: usize = 128;

/// Which run of the default: the file, the engine, the load and the seed.
pub(super) type Which = (PathBuf, Engine, u32, u64);

/// What the default did, seed by seed, for whatever variants run beside it.
#[derive(Default)]
pub struct Defaults {
    /// The files that variants run as well.
    shared: BTreeSet<PathBuf>,
    /// What is not there yet is being run: who wants it too waits for it.
    done: Mutex<VecDeque<(Which, Arc<OnceLock<Deeds>>)>>,
}

impl Defaults {
    /// For these runs.
    pub fn of<'a>(specs: impl IntoIterator<Item = &'a Spec>) -> Self {
        let under_variants = specs.into_iter().filter(|spec| spec.default.is_some());
        Self::of_files(under_variants.map(|spec| spec.scenario.path.clone()))
    }

    /// For runs of these files, under the default and under variants.
    pub fn of_files(files: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { shared: files.into_iter().collect(), done: Mutex::default() }
    }

    /// Runs it, and says of a variant whether it was reached.
    pub fn run(&self, spec: &Spec) -> RunReport {
        self.run_seen_by(spec, None)
    }

    /// The same, seen by another too.
    pub fn run_seen_by(&self, spec: &Spec, beside: Option<Box<dyn Observer>>) -> RunReport {
        self.run_drawing(spec, &spec.streams(), beside)
    }

    /// The same, with what is drawn from `streams`. What the default does, it does by the seed.
    pub(super) fn run_drawing(
        &self,
        spec: &Spec,
        streams: &Streams,
        mut beside: Option<Box<dyn Observer>>,
    ) -> RunReport {
        let Some(scenario) = &spec.default else {
            if !self.shared.contains(&spec.scenario.path) {
                return run_drawing(spec, streams, beside);
            }
            let mut own = None;
            self.done(spec).get_or_init(|| {
                let (report, deeds) = run_telling(spec, streams, beside.take());
                own = Some(report);
                deeds
            });
            return own.unwrap_or_else(|| run_drawing(spec, streams, beside));
        };
        let (mut report, deeds) = run_telling(spec, streams, beside);
        let usual = self.done(spec);
        let usual = usual.get_or_init(|| {
            let deeds = Deeds::default();
            rerun(&default_of(spec, scenario), deeds.observer());
            deeds
        });
        judge(&mut report, spec, &deeds, usual);
        report
    }

    /// What the default did, or where it is to be kept.
    fn done(&self, spec: &Spec) -> Arc<OnceLock<Deeds>> {
        let (which, mut done) = (which(spec), self.done.lock());
        if let Some((_, deeds)) = done.iter().find(|(other, _)| *other == which) {
            return Arc::clone(deeds);
        }
        if done.len() == KEPT {
            done.pop_front();
        }
        let deeds = Arc::default();
        done.push_back((which, Arc::clone(&deeds)));
        deeds
    }
}

/// Runs it; of a variant, where `worth` says so of what came of it, the default too, whose report comes with it: then it says whether the
/// variant was reached.
pub fn beside_default(spec: &Spec, worth: &dyn Fn(&RunReport) -> bool) -> (RunReport, Option<RunReport>) {
    let (mut report, deeds) = run_telling(spec, &spec.streams(), None);
    let Some(scenario) = spec.default.as_ref().filter(|_| worth(&report)) else { return (report, None) };
    let default = default_of(spec, scenario);
    let (default, usual) = run_telling(&default, &default.streams(), None);
    judge(&mut report, spec, &deeds, &usual);
    (report, Some(default))
}

/// The run of the default beside one of a variant.
fn default_of(spec: &Spec, scenario: &Arc<Scenario>) -> Spec {
    Spec { scenario: Arc::clone(scenario), variant: &DEFAULT, default: None, ..spec.clone() }
}

/// Says of a variant, which did those deeds, whether it was reached, where the default did these.
fn judge(report: &mut RunReport, spec: &Spec, deeds: &Deeds, usual: &Deeds) {
    let name = spec.variant.name;
    let own = spec.scenario.variant.as_deref() == Some(name);
    let is_expected_of = own || spec.scenario.expect.variants.contains_key(name);
    report.reached = Some(!deeds.agree(usual) || report.verdict.broke_something());
    if report.reached == Some(false) {
        report.verdict.was_not_reached(name, is_expected_of, report.sim);
    }
}

/// That beside this run.
pub(super) fn which(spec: &Spec) -> Which {
    (spec.scenario.path.clone(), spec.scenario.cluster.engine, spec.scenario.load.0, spec.seed)
}
