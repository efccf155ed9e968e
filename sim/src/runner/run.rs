//! One run: one seed, one variant, on a thread of its own.

use super::{cpu, panics};
use crate::check::{self, Finding, Severity};
use crate::cluster::{Cluster, Plan, Recorder, SimWorld, founders};
use crate::fault::{self, Watch};
use crate::history::{Deeds, History, Keep, Observer, Past};
use crate::mutant::{Harm, Variant};
use crate::scenario::{Dice, Scenario};
use crate::time::SimTime;
use crate::verdict::{self, Audit, Auditor, Failure, Potential, RunReport, SharedAuditor, judge};
use crate::workload::{self, KeySpace};
use crate::world::executor;
use crate::world::streams::{Stream, Streams};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What to run.
#[derive(Clone)]
pub struct Spec {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The seed.
    pub seed: u64,
    /// The variant.
    pub variant: &'static Variant,
    /// Of a variant other than the default: the scenario as it is under the default.
    pub default: Option<Arc<Scenario>>,
    /// How much of the history the report is to hold.
    pub keep: Keep,
    /// Plants a leak of nondeterminism; see [`Plan::leak`].
    pub leak: bool,
}

/// The purpose of what makes a scenario of `[chaos]`.
pub(super) const CHAOS: &str = "chaos";

impl Dice for Stream {
    fn below(&mut self, bound: u64) -> u64 {
        Stream::below(self, bound)
    }
}

impl Spec {
    /// The same, with what the scenario leaves to the seed.
    pub fn drawn(&self) -> Self {
        self.drawn_from(&self.streams())
    }

    /// What it draws from.
    pub(super) fn streams(&self) -> Streams {
        Streams::new(self.seed)
    }

    /// The names of its keys, by number.
    pub fn keys(&self) -> Vec<String> {
        KeySpace::new(&self.scenario).names().to_vec()
    }

    fn drawn_from(&self, streams: &Streams) -> Self {
        if self.scenario.chaos.is_none() {
            return self.clone();
        }
        let draw = |scenario: &Scenario| Arc::new(scenario.drawn(|purpose| streams.stream(&[CHAOS, purpose])));
        Self { scenario: draw(&self.scenario), ..self.clone() }
    }
}

/// Runs it. All fields of the report but `wall` and `cpu` are functions of the spec.
///
/// A panic inside is a failure of class [`Class::Panic`](crate::scenario::Class::Panic).
pub fn run(spec: &Spec) -> RunReport {
    run_seen_by(spec, [])
}

/// The same, and what was done in it. `beside` sees it too.
pub(super) fn run_telling(spec: &Spec, streams: &Streams, beside: Option<Box<dyn Observer>>) -> (RunReport, Deeds) {
    let deeds = Deeds::default();
    (run_drawing(spec, streams, beside.into_iter().chain([deeds.observer()])), deeds)
}

/// As [`run`], seen by others too.
pub(super) fn run_seen_by(spec: &Spec, observers: impl IntoIterator<Item = Box<dyn Observer>>) -> RunReport {
    run_drawing(spec, &spec.streams(), observers)
}

/// The same, with what is drawn from `streams`.
pub(super) fn run_drawing(
    spec: &Spec,
    streams: &Streams,
    observers: impl IntoIterator<Item = Box<dyn Observer>>,
) -> RunReport {
    let (begun, cpu) = (now(), cpu::time());
    let spec = &spec.drawn_from(streams);
    let (finished, simulating) = simulated(spec, streams, observers.into_iter().collect());
    let mut report = match finished {
        Ok(finished) => finished.judge(spec),
        Err(message) => panicked(spec, message),
    };
    report.wall = begun.elapsed();
    report.cpu = simulating + cpu::time().saturating_sub(cpu);
    report
}

#[expect(clippy::disallowed_methods, reason = "the real time of a run: how long it took")]
fn now() -> Instant {
    Instant::now()
}

/// Runs again what `report` is about, for the records around the moment that shows best what failed.
pub fn revisit(report: &mut RunReport, spec: &Spec) {
    if let Some(moment) = report.moment() {
        report.kept = run(&Spec { keep: Keep::Around(moment), ..spec.clone() }).kept;
    }
}

/// Runs it again for `observer`, who sees what was seen by who judged it. A panic inside ends it.
pub(super) fn rerun(spec: &Spec, observer: Box<dyn Observer>) {
    rerun_drawing(spec, &spec.streams(), observer);
}

/// The same, with what is drawn from `streams`.
pub(super) fn rerun_drawing(spec: &Spec, streams: &Streams, observer: Box<dyn Observer>) {
    let spec = Spec { keep: Keep::Nothing, ..spec.drawn_from(streams) };
    // What came of it is known.
    let _ = simulated(&spec, streams, vec![observer]);
}

/// What came of it on a thread of its own, or how it panicked there, and how long that thread computed.
fn simulated(
    spec: &Spec,
    streams: &Streams,
    observers: Vec<Box<dyn Observer>>,
) -> (Result<Finished, String>, Duration) {
    panics::keep_those_of_runs();
    let (own, name) = (spec.clone(), format!("{} seed {}", spec.scenario.name, spec.seed));
    let streams = streams.clone();
    let simulate = move || (panics::kept(|| simulate(&own, streams, observers)), cpu::time());
    let none = |words: String| (Err(words), Duration::ZERO);
    match std::thread::Builder::new().name(name).spawn(simulate) {
        Ok(thread) => thread.join().unwrap_or_else(|_| none("the run's thread died".to_owned())),
        Err(error) => none(format!("no thread for the run: {error}")),
    }
}

/// What comes back from the run's thread.
struct Finished {
    past: Past,
    audit: Audit,
    end: SimTime,
    keys: Arc<[String]>,
}

fn simulate(spec: &Spec, streams: Streams, beside: Vec<Box<dyn Observer>>) -> Finished {
    let keys = KeySpace::new(&spec.scenario);
    let auditor = SharedAuditor::new(Auditor::new(&spec.scenario, spec.seed, keys.names(), &keys.routes()));
    let world = SimWorld::drawing(streams);
    let mut observers: Vec<Box<dyn Observer>> = vec![Box::new(auditor.clone())];
    observers.extend(beside);
    let (past, end) = watched(&world, spec, &keys, observers);
    Finished { past, audit: auditor.finish(end), end, keys: keys.names() }
}

/// Runs it with nobody looking but `observers`: nothing is measured, checked or judged. `spec` must be [`Spec::drawn`], and the
/// calling thread have run nothing before.
pub fn observed(spec: &Spec, observers: Vec<Box<dyn Observer>>) -> Past {
    let world = SimWorld::new(spec.seed);
    watched(&world, spec, &KeySpace::new(&spec.scenario), observers).0
}

/// What it draws: its history, and the first numbers of each of its streams, by name. As [`observed`] otherwise.
pub fn draws(spec: &Spec, count: usize) -> (Past, BTreeMap<String, Vec<u64>>) {
    let world = SimWorld::new(spec.seed);
    let (past, _) = watched(&world, spec, &KeySpace::new(&spec.scenario), Vec::new());
    (past, world.streams().first(count))
}

fn watched(world: &SimWorld, spec: &Spec, keys: &KeySpace, mut observers: Vec<Box<dyn Observer>>) -> (Past, SimTime) {
    let watch = Watch::of(&spec.scenario);
    observers.extend(watch.clone().map(|watch| Box::new(watch) as Box<dyn Observer>));
    let history = History::new(spec.keep, observers);
    let recorder = Arc::new(Recorder::new(history, founders(&spec.scenario), &keys.names()));
    executor::run(spec.seed, || live(world, &recorder, spec, keys, watch))
}

fn live(
    world: &SimWorld,
    recorder: &Arc<Recorder>,
    spec: &Spec,
    keys: &KeySpace,
    watch: Option<Watch>,
) -> (Past, SimTime) {
    let scenario = Arc::clone(&spec.scenario);
    let plan = Plan { scenario: Arc::clone(&scenario), assembly: spec.variant, routes: keys.routes(), leak: spec.leak };
    let cluster = Cluster::build(world.clone(), Arc::clone(recorder), plan);
    let schedule = fault::schedule(&cluster, &scenario, watch);
    workload::start(&cluster, &scenario, keys);
    world.run(SimTime::at(scenario.until), || {
        schedule.act();
        recorder.ended()
    });
    cluster.tell_at_end();
    let end = if recorder.ended() { world.now() } else { SimTime::at(scenario.until) };
    let past = recorder.close();
    drop(schedule);
    cluster.dissolve();
    (past, end)
}

impl Finished {
    fn judge(self, spec: &Spec) -> RunReport {
        let Audit { mut findings, potential, checks, recoveries, measures, faults, coverage, beyond_claims } =
            self.audit;
        if beyond_claims.is_none() {
            findings.extend(open_defence(spec, &potential));
        }
        let verdict = judge(&spec.scenario, spec.variant.name, findings, &measures, &faults, beyond_claims);
        RunReport {
            verdict,
            fingerprint: self.past.fingerprint,
            sim: self.end.since(SimTime(0)),
            events: self.past.events,
            messages: self.past.messages,
            measures,
            faults,
            coverage,
            checks,
            recoveries,
            potential,
            kept: self.past.kept,
            telling: self.past.telling,
            keys: self.keys.to_vec(),
            ..blank(spec)
        }
    }
}

/// Where nothing is wrong, not even what only might do harm is found by a check of which that is asked.
fn open_defence(spec: &Spec, potential: &BTreeMap<&'static str, Potential>) -> Option<Finding> {
    let check = check::CLOSED_UNDER_DEFAULT;
    let records_only = spec.scenario.checks.record_only.iter().any(|only| only == check);
    if spec.variant.harm != Harm::Nothing || records_only {
        return None;
    }
    let Failure { class, at, message, story, .. } = potential.get(check)?.first.clone();
    Some(Finding { check, class, severity: Severity::Actual, at, message, story })
}

/// A report on nothing.
fn blank(spec: &Spec) -> RunReport {
    RunReport {
        scenario: spec.scenario.name.clone(),
        path: spec.scenario.path.clone(),
        seed: spec.seed,
        variant: spec.variant.name.to_owned(),
        load: spec.scenario.load,
        engine: spec.scenario.cluster.engine,
        nodes: spec.scenario.cluster.size(),
        ..RunReport::default()
    }
}

fn panicked(spec: &Spec, message: String) -> RunReport {
    RunReport { verdict: verdict::panicked(&spec.scenario, spec.variant.name, message), ..blank(spec) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutant::DEFAULT;
    use crate::report::Status;
    use crate::scenario::Class;
    use std::path::Path;

    #[test]
    fn what_only_might_do_harm_fails_where_nothing_is_planted() {
        let spec = |variant: &'static str, checks: &str| {
            let text = format!("name = \"p\"\nuntil = \"1s\"\n[[workload]]\nkind = \"kv\"\n{checks}");
            let scenario = crate::scenario::parse(Path::new("p.toml"), &text).unwrap_or_else(|it| panic!("{it}"));
            Spec {
                scenario: Arc::new(scenario),
                seed: 7,
                variant: crate::mutant::find(variant).expect(variant),
                default: None,
                keep: Keep::Nothing,
                leak: false,
            }
        };
        let found = Failure::new("backed-by-promises", Class::LeaseInvariant, SimTime(7), "open".to_owned());
        let potential = BTreeMap::from([("backed-by-promises", Potential { times: 3, first: found })]);
        let fails = |variant, checks: &str| open_defence(&spec(variant, checks), &potential).map(|it| it.severity);
        assert_eq!(fails("default", ""), Some(Severity::Actual));
        assert_eq!(fails("long-lease", ""), None, "which has a check of its own");
        assert_eq!(fails("default", "[checks]\nrecord-only = [\"backed-by-promises\"]"), None);
    }

    /// L5: raft's `fatal!` and every other panic of a node end the run, and are what is wrong with it.
    #[test]
    fn a_panic_in_a_task_of_a_node_is_a_failure_of_class_panic_with_its_seed() {
        panics::keep_those_of_runs();
        let broken = || {
            let world = SimWorld::new(7);
            world.process("n1").spawn(async { panic!("not leader but has new msg after advance") });
            world.run(SimTime::at(Duration::from_secs(1)), || false);
        };
        let run = move || panics::kept(|| executor::run(7, broken));
        let message = std::thread::Builder::new()
            .spawn(run)
            .expect("a thread")
            .join()
            .expect("the panic is kept")
            .expect_err("the panic ends the run");
        let scenario = "name = \"p\"\nuntil = \"1s\"\n[[workload]]\nkind = \"kv\"\n";
        let scenario =
            crate::scenario::parse(Path::new("p.toml"), scenario).unwrap_or_else(|problems| panic!("{problems}"));
        let spec = Spec {
            scenario: Arc::new(scenario),
            seed: 7,
            variant: &DEFAULT,
            default: None,
            keep: Keep::Nothing,
            leak: false,
        };
        let report = panicked(&spec, message);
        assert_eq!((report.seed, report.verdict.class, report.verdict.as_expected), (7, Some(Class::Panic), false));
        assert!(report.verdict.failures[0].message.starts_with("not leader but has new msg after advance (at "));
        assert_ne!(Status::of(&report), Status::AsExpected);
    }
}
