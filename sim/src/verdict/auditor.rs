//! Sees every record of a run and hands it to whoever counts or checks.

use super::prelude::*;
use super::{CheckCount, Coverage, Failure, FaultCount, Measures, Meter, Panels, Potential, Recoveries};
use crate::check::{self, CheckInfo, Finding, Premises, Severity, ends_run};
use crate::cluster::{STARTED_AGAIN_AFTER, founders};
use crate::history::{FaultPhase, Observer, StepId};
use crate::scenario::{Class, Ppm, Step, When, step_names};
use leasehold::routes::Routes;
use parking_lot::Mutex;
use std::sync::Arc;

/// Checks and measures one run while it happens.
pub struct Auditor {
    panels: Panels,
    violations: BTreeMap<&'static str, u64>,
    /// Of each group, in the order of the panels.
    meters: Vec<Meter>,
    /// What was found so far.
    audit: Audit,
    /// The steps that wait for something.
    waiting: BTreeSet<Arc<str>>,
    /// What steps of the timeline have told of themselves.
    told: BTreeSet<(StepId, FaultPhase)>,
    /// Checks that are counted and neither end nor fail the run.
    record_only: BTreeSet<String>,
}

/// What an [`Auditor`] found.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// What the checks found that did happen, in the order in which they did.
    pub findings: Vec<Finding>,
    /// What they found that might have, by check.
    pub potential: BTreeMap<&'static str, Potential>,
    /// What each check did.
    pub checks: BTreeMap<&'static str, CheckCount>,
    /// How long it took after faults until there was a leader again.
    pub recoveries: Recoveries,
    /// What was measured.
    pub measures: Measures,
    /// What the faults did, by verb: planned by the timeline, activated and effective as recorded.
    pub faults: BTreeMap<&'static str, FaultCount>,
    /// What first took the run beyond what its scenario claims, and when; `None`: it stayed within.
    pub beyond_claims: Option<String>,
    /// In which states of the lease they acted.
    pub coverage: Coverage,
}

impl Auditor {
    /// Nothing seen yet. `keys` are the names of the run's keys, by number, and `routes` say which group has which.
    pub fn new(scenario: &Scenario, seed: u64, keys: Arc<[String]>, routes: &Routes) -> Self {
        let premises = premises(scenario, seed, keys, routes);
        let (recoveries, faults) = (Recoveries::bounded_by(&premises), planned(&scenario.timeline));
        let panels = Panels::new(founders(scenario), &premises, check::ALL);
        Self {
            meters: panels.iter().map(|_| Meter::new(scenario)).collect(),
            panels,
            violations: BTreeMap::new(),
            audit: Audit { recoveries, faults, ..Audit::default() },
            waiting: waiting(&scenario.timeline),
            told: BTreeSet::new(),
            record_only: scenario.checks.record_only.iter().cloned().collect(),
        }
    }

    /// Sees one record. `false` ends the run: a check found what no run survives.
    pub fn record(&mut self, record: &Record) -> bool {
        self.count_fault(record);
        let concerned = self.panels.concerned(record);
        let mut goes_on = true;
        for place in concerned {
            goes_on &= self.seen_by(place, record);
        }
        goes_on
    }

    fn seen_by(&mut self, place: usize, record: &Record) -> bool {
        let record = &*self.panels.shown(place, record);
        let meter = &mut self.meters[place];
        meter.until(record.at, || self.panels.at(place).nodes().operations.len());
        let found = self.panels.see(place, record);
        meter.record(record, &self.panels.at(place).nodes());
        found.is_empty() || self.found(place, record.at, found)
    }

    /// The panel at a place has found this. `false` ends the run.
    fn found(&mut self, place: usize, at: SimTime, found: Vec<Finding>) -> bool {
        let meter = &mut self.meters[place];
        let actual = |finding: &&Finding| finding.severity == Severity::Actual;
        let goes_on = !found.iter().any(|finding| ends_run(finding) && !self.record_only.contains(finding.check));
        // Two checks may find the same read.
        if found.iter().filter(actual).any(|finding| finding.class == Class::StaleRead) {
            meter.stale_read(at);
        }
        if found.iter().filter(actual).any(|finding| finding.check == check::TWO_LEASES) {
            meter.two_leases(at);
        }
        self.take(found);
        goes_on
    }

    /// The run is over, at `end`; to be called once.
    pub fn finish(&mut self, end: SimTime) -> Audit {
        let found = self.panels.finish(end);
        self.take(found);
        let mut audit = std::mem::take(&mut self.audit);
        for panel in self.panels.iter() {
            audit.recoveries.took.extend(panel.recoveries());
            for watch in panel.checks() {
                let count = audit.checks.entry(watch.info.name).or_default();
                count.violations = self.violations.get(watch.info.name).copied().unwrap_or(0);
                count.evaluated += watch.evaluated();
                if self.meters.len() > 1 {
                    count.groups.insert(format!("g{}", panel.group().0), watch.evaluated());
                }
            }
        }
        let meters = self.panels.iter().zip(&mut self.meters);
        audit.measures = Meter::finish_all(end, meters.map(|(panel, meter)| (panel.group(), meter, panel.nodes())));
        audit
    }

    fn take(&mut self, found: Vec<Finding>) {
        for finding in found {
            if finding.severity == Severity::Potential {
                let potential = self.audit.potential.entry(finding.check);
                potential.or_insert_with(|| Potential { times: 0, first: Failure::from(finding) }).times += 1;
                continue;
            }
            *self.violations.entry(finding.check).or_default() += 1;
            if !self.record_only.contains(finding.check) {
                self.audit.findings.push(finding);
            }
        }
    }

    fn count_fault(&mut self, record: &Record) {
        let What::Fault(fault) = &record.what else { return };
        // One that is aimed at several nodes is one.
        if !self.told.insert((fault.step.clone(), fault.phase)) {
            return;
        }
        let verb = fault.verb.name();
        let count = self.audit.faults.entry(verb).or_default();
        let other = match fault.phase {
            FaultPhase::Activated => Some(FaultPhase::Refused),
            FaultPhase::Refused => Some(FaultPhase::Activated),
            FaultPhase::Effective | FaultPhase::Ended | FaultPhase::BeyondClaims => None,
        };
        let is_new = other.is_some_and(|other| !self.told.contains(&(fault.step.clone(), other)));
        count.planned += u64::from(is_new && self.waiting.contains(&fault.step.name));
        match fault.phase {
            FaultPhase::Activated => {
                count.activated += 1;
                let state = self.panels.of(fault.group).nodes().lease_state(record.at);
                *self.audit.coverage.entry(verb).or_default().entry(state).or_default() += 1;
            }
            FaultPhase::Effective => count.effective += 1,
            FaultPhase::BeyondClaims => {
                self.audit.beyond_claims.get_or_insert_with(|| format!("from {} on: {fault}", record.at));
            }
            FaultPhase::Refused => {
                count.refused += 1;
                count.refusal.get_or_insert_with(|| fault.to_string());
            }
            FaultPhase::Ended => {}
        }
    }
}

/// These checks of each group, for a run of `scenario` under this seed. `keys` are the names of the run's keys, by number.
pub fn panels(
    scenario: &Scenario,
    seed: u64,
    keys: Arc<[String]>,
    routes: &Routes,
    checks: impl IntoIterator<Item = &'static CheckInfo> + Clone,
) -> Panels {
    Panels::new(founders(scenario), &premises(scenario, seed, keys, routes), checks)
}

/// What the checks are told of a run of `scenario`. Clients are numbered through all workloads.
fn premises(scenario: &Scenario, seed: u64, keys: Arc<[String]>, routes: &Routes) -> Premises {
    let cluster = &scenario.cluster;
    let networks = || std::iter::once(&cluster.network).chain(cluster.links.values());
    let one_way = networks().map(|network| network.latency.quantile(990)).max().unwrap_or_default();
    Premises {
        owners: keys.iter().map(|key| routes.owner(key)).collect(),
        keys,
        deletes: scenario.workloads.iter().any(|workload| workload.share_of(OpKind::Delete) > 0),
        deadlines: scenario.deadlines().collect(),
        budgets: scenario.budgets().collect(),
        election_timeout: cluster.election_timeout,
        tick: cluster.tick,
        heartbeat: cluster.heartbeat,
        round_trip: one_way * 2,
        slowest_round_trip: networks().map(|network| network.latency.longest()).max().unwrap_or_default() * 2,
        client_round_trip: cluster.client_network.latency.longest() * 2,
        cores: cluster.cpu.cores,
        clients_lossless: cluster.client_network.loss == Ppm(0),
        unowned: cluster.routes.iter().flat_map(|ranges| ranges.values()).any(Option::is_none),
        lossless: networks().all(|network| (network.loss, network.duplicate) == (Ppm(0), Ppm(0))),
        fsync: cluster.disk.fsync.quantile(990),
        slowest_fsync: cluster.disk.fsync.longest(),
        reading: scenario.workloads.iter().map(|workload| workload.reading(cluster)).max().unwrap_or_default(),
        started_again_after: STARTED_AGAIN_AFTER,
        drift_ppm: scenario.claims.clock_drift.0,
        seed,
    }
}

/// How often each verb is to act, whatever happens. A repetition that jitter pushes out of its window is counted all the same; a step
/// that waits for something is to act when that happens.
fn planned(timeline: &[Step]) -> BTreeMap<&'static str, FaultCount> {
    let mut faults = BTreeMap::<_, FaultCount>::new();
    for step in timeline {
        if let Some(verb) = step.action.verb() {
            let times = if matches!(step.at, When::On { .. }) { 0 } else { step.at.times() };
            faults.entry(verb.name()).or_default().planned += times;
        }
    }
    faults
}

/// The names of the steps that wait for something.
fn waiting(timeline: &[Step]) -> BTreeSet<Arc<str>> {
    let names = timeline.iter().zip(step_names(timeline));
    names.filter(|(step, _)| matches!(step.at, When::On { .. })).map(|(_, name)| name).collect()
}

/// An [`Auditor`] that observes a history and that the runner can still reach.
#[derive(Clone)]
pub struct SharedAuditor(Arc<Mutex<Auditor>>);

impl SharedAuditor {
    /// Shares `auditor`.
    pub fn new(auditor: Auditor) -> Self {
        Self(Arc::new(Mutex::new(auditor)))
    }

    /// As [`Auditor::finish`], whoever else still holds it.
    pub fn finish(&self, end: SimTime) -> Audit {
        self.0.lock().finish(end)
    }
}

impl Observer for SharedAuditor {
    fn record(&mut self, record: &Record) -> bool {
        self.0.lock().record(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, ms};
    use crate::history::{History, Keep};
    use crate::verdict::testing::{scenario, with_timeline};
    use crate::view::LeaseState;
    use crate::words::Verb;
    use leasehold::env::GroupId;
    use leasehold::error::ErrorKind;
    use leasehold::observe::Miss;

    fn counted(planned: u64, activated: u64, effective: u64) -> FaultCount {
        FaultCount { planned, activated, effective, ..FaultCount::default() }
    }

    fn audited(scenario: &Scenario, events: &Events) -> (Audit, usize) {
        let mut auditor = Auditor::new(scenario, 1, Arc::from([]), &Routes::all_to(GroupId::FIRST));
        let seen = events.records().iter().take_while(|record| auditor.record(record)).count();
        (auditor.finish(ms(10_000)), seen)
    }

    #[test]
    fn a_stale_read_ends_the_run_and_is_counted_in_its_window() {
        let events = Events::default().put(2_000, 2_100, 5).get(2_200, 2_300, 4).get(2_400, 2_500, 4);
        // Written by hand, these say nothing of what the log did.
        let (audit, seen) =
            audited(&scenario("[checks]\nrecord-only = [\"serial-order\", \"committed-reads\"]"), &events);
        assert_eq!((audit.findings.len(), seen), (2, 3), "by its version and by its value");
        assert_eq!(audit.checks["staleness"], CheckCount { evaluated: 2, violations: 1, ..CheckCount::default() });
        assert_eq!((audit.measures.whole.stale_reads, audit.measures.windows[0].stale_reads), (1, 1));
    }

    #[test]
    fn what_is_judged_at_the_end_does_not_end_the_run() {
        let events = Events::default().failed(1, 1, ErrorKind::WriteConflict).missed(2, 1, Miss::Cold);
        let (audit, seen) = audited(&scenario(""), &events);
        assert_eq!((audit.findings.len(), seen), (1, 2));
        assert_eq!(audit.checks["end-causes"], CheckCount { evaluated: 1, violations: 1, ..CheckCount::default() });
    }

    #[test]
    fn a_check_that_only_records_is_counted_and_neither_ends_nor_fails_the_run() {
        let only =
            "[checks]\nrecord-only = [\"staleness\", \"linearizability\", \"serial-order\", \"committed-reads\"]";
        let events = Events::default().put(2_000, 2_100, 5).get(2_200, 2_300, 4).get(2_400, 2_500, 4);
        let (audit, seen) = audited(&scenario(only), &events);
        assert_eq!((audit.findings.len(), seen), (0, events.records().len()));
        assert_eq!(audit.checks["staleness"].violations, 2);
        assert_eq!(audit.measures.whole.stale_reads, 2, "and measured all the same");
    }

    #[test]
    fn what_might_have_failed_is_counted_and_neither_ends_nor_fails_the_run() {
        let mut auditor = Auditor::new(&scenario(""), 1, Arc::from([]), &Routes::all_to(GroupId::FIRST));
        let finding = |at| Finding {
            check: "one-lease",
            class: Class::LeaseInvariant,
            severity: Severity::Potential,
            at: ms(at),
            message: format!("at {at}"),
            story: Vec::new(),
        };
        auditor.take(vec![finding(3), finding(4)]);
        let audit = auditor.finish(ms(10_000));
        assert_eq!((audit.findings.len(), audit.checks["one-lease"].violations), (0, 0));
        let potential = &audit.potential["one-lease"];
        assert_eq!((potential.times, potential.first.message.as_str()), (2, "at 3"));
    }

    #[test]
    fn every_check_is_in_the_audit_though_it_was_never_evaluated() {
        let (audit, _) = audited(&scenario(""), &Events::default());
        assert_eq!(audit.checks.len(), check::ALL.len());
        assert!(audit.checks.values().all(|count| *count == CheckCount::default()));
    }

    #[test]
    fn faults_are_planned_by_the_timeline_and_counted_as_they_act() {
        let timeline = r#"
            { at = "1s..2s", every = "300ms", transfer = {} },
            { at = "3s", transfer = {} },
            { at = "4s", partition = { sides = [["n1"], ["n2", "n3"]], for = "1s" } },"#;
        let events = Events::default().fault(1_000, 0, Verb::Transfer, FaultPhase::Activated);
        let events = events.fault(1_001, 0, Verb::Transfer, FaultPhase::Effective).fault(
            1_300,
            1,
            Verb::Transfer,
            FaultPhase::Refused,
        );
        let (audit, _) = audited(&with_timeline(timeline, ""), &events);
        assert_eq!(audit.coverage["transfer"], BTreeMap::from([(LeaseState::None, 1)]));
        let refusal = Some("nobody answers to the selector".to_owned());
        assert_eq!(audit.faults["transfer"], FaultCount { refused: 1, refusal, ..counted(5, 1, 1) });
        assert_eq!(audit.faults["partition"], counted(1, 0, 0));
        assert_eq!(audit.faults.len(), 2);
    }

    #[test]
    fn a_step_that_waits_is_planned_as_often_as_what_it_waits_for_happens() {
        let timeline = r#"
            { at = "1s", crash = { node = "n1", for = "1s" } },
            { when = "election", times = 100, name = "step", crash = { node = "@this", for = "1s" } },"#;
        let events = Events::default().fault(1_000, 0, Verb::Crash, FaultPhase::Activated);
        let events = events.fault(1_001, 0, Verb::Crash, FaultPhase::Effective);
        let events = events.fault(2_000, 1, Verb::Crash, FaultPhase::Refused);
        let (audit, _) = audited(&with_timeline(timeline, ""), &events);
        assert_eq!((audit.faults["crash"].planned, audit.faults["crash"].refused), (3, 1));
    }

    #[test]
    fn a_step_that_is_aimed_at_several_nodes_is_one() {
        let twice =
            |events: Events, phase| events.fault(1_000, 0, Verb::Crash, phase).fault(1_000, 0, Verb::Crash, phase);
        let events = twice(twice(Events::default(), FaultPhase::Activated), FaultPhase::Effective);
        let timeline = r#"{ at = "1s", crash = { node = "@majority", for = "1s" } },"#;
        let (audit, _) = audited(&with_timeline(timeline, ""), &events);
        assert_eq!(audit.faults["crash"], counted(1, 1, 1));
    }

    #[test]
    fn it_is_counted_in_which_state_of_the_lease_a_fault_acted() {
        let leased = Events::default().leads(0, 1, 4).extended(10, 1, 4, 1_000);
        let cut = |events: Events, at, step| events.fault(at, step, Verb::Partition, FaultPhase::Activated);
        let ended = cut(cut(leased, 500, 0), 1_500, 1).ended(1_600, 1, leasehold::observe::EndCause::Transfer);
        // Written by hand, it has nobody's acknowledgements.
        let only = "[checks]\nrecord-only = [\"lease-base\", \"counted-voters\"]";
        let (audit, _) = audited(&scenario(only), &cut(ended, 1_700, 2));
        let once = [LeaseState::Valid, LeaseState::Expired, LeaseState::None].map(|state| (state, 1));
        assert_eq!(audit.coverage["partition"], BTreeMap::from(once));
    }

    #[test]
    fn a_shared_auditor_outlives_the_history_that_it_observes() {
        let shared = SharedAuditor::new(Auditor::new(&scenario(""), 1, Arc::from([]), &Routes::all_to(GroupId::FIRST)));
        let mut history = History::new(Keep::Nothing, vec![Box::new(shared.clone())]);
        for record in Events::default().missed(1, 1, Miss::Cold).missed(2, 1, Miss::Cold).records() {
            history.record(record);
        }
        assert_eq!(shared.finish(ms(10)).measures.whole.lease.misses[&Miss::Cold], 2);
        assert_eq!(history.close().events, 2);
    }
}
