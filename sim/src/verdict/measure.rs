//! What happened, counted: over the whole run, and in each window that the timeline tags.

use super::latency::Latencies;
use super::recovery::{Recovered, Recovery};
use super::rewarm::{Rewarm, Rewarmed};
use super::{LeaseMeasures, Measures, Window};
use crate::history::{ByOp, Completion, Invocation, OpId, OpKind, Record, StackRecord, What};
use crate::scenario::{Action, Scenario, Step};
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, Miss, Role};
use std::collections::BTreeMap;
use std::time::Duration;

/// Counts as the records come.
///
/// An operation belongs to the windows in which it was *due*, also where it completes later; its latency counts from there. All
/// else belongs to the windows in which it happened; the recovery from a fault to those in which the fault ended, and how long
/// a lease was cold to those in which its leader could first have answered.
pub struct Meter {
    /// The whole run first, then the windows in the order of the timeline.
    tallies: Vec<Tally>,
    under_way: ByOp<(SimTime, OpKind)>,
    /// What the nodes' cores had done when last told.
    busy: BTreeMap<NodeId, Duration>,
    /// Moments at which the backlog is looked at, the next last: of which tally, and which half of it ends then.
    counts: Vec<(SimTime, usize, usize)>,
    /// The term that each node was last leader of.
    led: BTreeMap<NodeId, u64>,
    recovery: Recovery,
    rewarm: Rewarm,
}

/// One window while it is being measured.
struct Tally {
    window: Window,
    latencies: BTreeMap<OpKind, Latencies>,
}

impl Meter {
    /// Nothing counted yet, for the windows that the scenario tags.
    pub fn new(scenario: &Scenario) -> Self {
        let whole = Tally::new("whole", SimTime(0), SimTime::at(scenario.until));
        let tallies: Vec<Tally> = [whole].into_iter().chain(scenario.timeline.iter().filter_map(Tally::of)).collect();
        let halves = |(n, tally): (usize, &Tally)| [(tally.middle(), n, 0), (tally.window.to, n, 1)];
        let mut counts: Vec<_> = tallies.iter().enumerate().flat_map(halves).collect();
        counts.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
        Self {
            tallies,
            under_way: ByOp::default(),
            busy: BTreeMap::new(),
            counts,
            led: BTreeMap::new(),
            recovery: Recovery::default(),
            rewarm: Rewarm::default(),
        }
    }

    /// Counts one record, which `view` has taken in already.
    pub fn record(&mut self, record: &Record, view: &View) {
        self.count_backlog(record.at);
        for recovered in self.recovery.record(record, &view.faults) {
            self.recovered(&recovered);
        }
        if let Some(rewarmed) = self.rewarm.record(record) {
            self.rewarmed(&rewarmed);
        }
        match &record.what {
            What::Invoked(Invocation { op, due, operation, .. }) => {
                self.under_way.insert(*op, (*due, operation.kind()));
            }
            What::Completed { op, completion } => self.completed(record.at, *op, completion),
            What::Stack(StackRecord {
                replica: ReplicaId { node, .. },
                event: Event::Role { role: Role::Leader, term, .. },
                ..
            }) => {
                self.elected(record.at, *node, *term);
            }
            What::Stack(told) => self.at(record.at).for_each(|window| window.count(&told.event)),
            What::Cpu { node, busy } => self.cores(record.at, *node, *busy),
            What::Message { .. } | What::Process { .. } | What::Clock { .. } | What::Fault(_) => {}
        }
    }

    fn count_backlog(&mut self, now: SimTime) {
        while let Some((_, tally, half)) = self.counts.pop_if(|(at, ..)| *at <= now) {
            self.tallies[tally].window.backlog[half] = self.under_way.len() as u64;
        }
    }

    /// What was spent since it was last told belongs to the window in which that second began.
    fn cores(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        let before = self.busy.insert(node, busy).unwrap_or_default();
        let begun = SimTime(at.0.saturating_sub(1));
        self.at(begun).for_each(|window| *window.busy.entry(node).or_default() += busy.saturating_sub(before));
    }

    /// A read at `at` was found to return less than what was acknowledged before, by one check or several.
    pub fn stale_read(&mut self, at: SimTime) {
        self.at(at).for_each(|window| window.stale_reads += 1);
    }

    /// The run is over, at `end`. A window that it did not reach the end of is shorter; operations that did not complete are
    /// not counted.
    pub fn finish(&mut self, end: SimTime) -> Measures {
        self.count_backlog(end);
        for recovered in self.recovery.finish(end) {
            self.recovered(&recovered);
        }
        for rewarmed in self.rewarm.finish() {
            self.rewarmed(&rewarmed);
        }
        let mut windows = self.tallies.drain(..).map(|tally| tally.finish(end));
        Measures { whole: windows.next().unwrap_or_default(), windows: windows.collect() }
    }

    /// The windows that contain `at`.
    fn at(&mut self, at: SimTime) -> impl Iterator<Item = &mut Window> {
        self.tallies.iter_mut().filter(move |tally| tally.contains(at)).map(|tally| &mut tally.window)
    }

    fn completed(&mut self, at: SimTime, op: OpId, completion: &Completion) {
        let Some((due, kind)) = self.under_way.remove(op) else { return };
        for tally in self.tallies.iter_mut().filter(|tally| tally.contains(due)) {
            let half = usize::from(due >= tally.middle());
            tally.latencies.entry(kind).or_default().completed(kind, completion, at.since(due), half);
        }
    }

    /// Elections after the first of the run. A leader may say more than once that it leads a term.
    fn elected(&mut self, at: SimTime, node: NodeId, term: u64) {
        let first = self.led.is_empty();
        if self.led.insert(node, term) != Some(term) && !first {
            self.at(at).for_each(|window| window.leader_changes += 1);
        }
    }

    fn recovered(&mut self, recovered: &Recovered) {
        self.at(recovered.since).for_each(|window| window.recovery = window.recovery.max(Some(recovered.took)));
    }

    fn rewarmed(&mut self, rewarmed: &Rewarmed) {
        self.at(rewarmed.since).for_each(|window| window.rewarm = window.rewarm.max(Some(rewarmed.took)));
    }
}

impl Tally {
    fn new(name: &str, from: SimTime, to: SimTime) -> Self {
        let window = Window { name: name.to_owned(), from, to, ..Window::default() };
        Self { window, latencies: BTreeMap::new() }
    }

    /// The window that this step tags, if it does.
    fn of(step: &Step) -> Option<Self> {
        let Action::Tag { name } = &step.action else { return None };
        Some(Self::new(name, SimTime::at(step.at.start()), SimTime::at(step.at.end())))
    }

    fn middle(&self) -> SimTime {
        SimTime(self.window.from.0 + (self.window.to.0 - self.window.from.0) / 2)
    }

    /// The first instant of a window belongs to it, the last does not.
    fn contains(&self, at: SimTime) -> bool {
        self.window.from <= at && at < self.window.to
    }

    fn finish(self, end: SimTime) -> Window {
        let Self { mut window, latencies } = self;
        (window.from, window.to) = (window.from.min(end), window.to.min(end));
        window.ops = latencies.iter().map(|(kind, latencies)| (*kind, latencies.measures())).collect();
        window
    }
}

impl Window {
    fn count(&mut self, event: &Event) {
        match *event {
            Event::LeaseRead { miss, .. } => self.lease.read(miss),
            Event::LeaseExtended { .. } => self.lease.renewals += 1,
            Event::LeaseEnded { cause, .. } => *self.lease.invalidations.entry(cause.name()).or_default() += 1,
            Event::SnapshotTaken { .. } => self.snapshots.taken += 1,
            Event::SnapshotRestored { from: Some(_), .. } => self.snapshots.installed += 1,
            Event::SnapshotRestored { from: None, .. } => self.snapshots.reopened += 1,
            Event::Conflict { .. } => self.conflicts += 1,
            Event::LaneFull { lane, .. } => *self.dropped.entry(lane.name()).or_default() += 1,
            Event::RoundStarted { cause, again } => {
                let rounds = self.rounds.entry(cause).or_default();
                rounds.started += 1;
                rounds.repeated += u64::from(again);
            }
            Event::RoundEnded { cause, waited, .. } => {
                let rounds = self.rounds.entry(cause).or_default();
                rounds.ended += 1;
                rounds.waited += waited;
            }
            // What reads no more than it writes is an update, as in the history.
            Event::Script { reads, attempts, times } if reads > 1 => {
                self.scripts.ended += 1;
                self.scripts.attempts += u64::from(attempts);
                let sum = &mut self.scripts.times;
                sum.lease_read += times.lease_read;
                sum.reads += times.reads;
                sum.write_fence += times.write_fence;
                sum.commit += times.commit;
                sum.backoff += times.backoff;
                sum.rounds += times.rounds;
            }
            _ => {}
        }
    }
}

impl LeaseMeasures {
    fn read(&mut self, miss: Option<Miss>) {
        self.reads += u64::from(miss.is_none_or(Miss::counts));
        match miss {
            None => self.hits += 1,
            Some(miss) => *self.misses.entry(miss).or_default() += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, get, ms, put};
    use crate::verdict::testing::scenario;
    use leasehold::error::{ErrorKind, Outcome};
    use leasehold::observe::{EndCause, RoundCause, ScriptTimes};
    use std::time::Duration;

    /// A run of ten seconds, whose storm is from 2 s to 6 s.
    fn measured(events: &Events) -> Measures {
        let mut meter = Meter::new(&scenario(""));
        let mut view = View::default();
        for record in events.records() {
            view.record(record);
            meter.record(record, &view);
        }
        meter.finish(ms(10_000))
    }

    #[test]
    fn an_operation_belongs_to_the_window_in_which_it_was_due_and_is_measured_from_there() {
        let early = Events::default().invoke_due(2_100, 1_999, 1, get(0)).read(2_200, 1, 0);
        let in_storm = early.invoke_due(7_000, 2_000, 2, get(0)).read(8_000, 2, 0);
        let Measures { whole, windows } = measured(&in_storm.invoke_due(6_000, 6_000, 3, get(0)).read(6_001, 3, 0));
        assert_eq!(whole.ops[&OpKind::Get].ok, 3);
        let storm = windows[0].ops[&OpKind::Get];
        assert_eq!((storm.ok, storm.mean, storm.max), (1, Duration::from_secs(6), Duration::from_secs(6)));
    }

    #[test]
    fn kinds_that_did_not_occur_and_operations_under_way_are_absent() {
        let measures =
            measured(&Events::default().invoke(1, 1, put(0)).invoke(2, 2, get(0)).gave_up(3, 2, Outcome::Unknown));
        assert_eq!(measures.whole.ops.keys().collect::<Vec<_>>(), [&OpKind::Get]);
    }

    #[test]
    fn only_reads_at_a_leader_that_is_caught_up_count_for_the_hit_rate() {
        let reads = Events::default().hit(1, 1).hit(2, 1).hit(3, 1).missed(4, 1, Miss::Expired);
        let lease = measured(&reads.missed(5, 2, Miss::NotLeader).missed(6, 1, Miss::NotCaughtUp)).whole.lease;
        assert_eq!((lease.reads, lease.hits, lease.hit_rate()), (4, 3, Some(0.75)));
        assert_eq!(lease.misses.values().sum::<u64>(), 3);
    }

    #[test]
    fn events_belong_to_the_window_in_which_they_happen() {
        let events = Events::default().hit(1_999, 1).hit(2_000, 1).hit(5_999, 1).hit(6_000, 1);
        let Measures { whole, windows } = measured(&events);
        assert_eq!((whole.lease.hits, windows[0].lease.hits), (4, 2));
    }

    #[test]
    fn the_first_election_is_no_change_and_a_leader_that_repeats_itself_is_none() {
        let events = Events::default().leads(100, 1, 4).leads(200, 1, 4).leads(2_500, 2, 5).leads(7_000, 1, 6);
        let Measures { whole, windows } = measured(&events);
        assert_eq!((whole.leader_changes, windows[0].leader_changes), (2, 1));
    }

    #[test]
    fn rounds_scripts_conflicts_and_ends_of_leases_are_counted() {
        let times = ScriptTimes { commit: Duration::from_millis(3), ..ScriptTimes::default() };
        let events = Events::default().round(1, 1, RoundCause::LeaseMiss).round_again(2, 1, RoundCause::LeaseMiss);
        let events = events.round_ended(3, 1, RoundCause::LeaseMiss, 7).event(4, 1, Event::Conflict { index: 3 });
        let events = events.event(5, 1, Event::Script { reads: 2, attempts: 4, times }).event(
            6,
            1,
            Event::Script { reads: 2, attempts: 1, times },
        );
        let events =
            events.failed(7, 1, ErrorKind::WriteConflict).ended(8, 1, EndCause::Transfer).extended(9, 1, 4, 300);
        let whole = measured(&events).whole;
        let rounds = whole.rounds[&RoundCause::LeaseMiss];
        assert_eq!((rounds.started, rounds.repeated, rounds.ended), (2, 1, 1));
        assert_eq!((rounds.waited, whole.conflicts, whole.lease.renewals), (Duration::from_millis(7), 1, 1));
        assert_eq!((whole.scripts.ended, whole.scripts.attempts), (2, 5));
        assert_eq!(whole.scripts.times.commit, Duration::from_millis(6));
        assert_eq!(whole.lease.invalidations, BTreeMap::from([("transfer", 1), ("write-conflict", 1)]));
    }

    #[test]
    fn the_backlog_is_what_is_under_way_in_the_middle_and_at_the_end_of_a_window() {
        // The storm lasts from 2 s to 6 s.
        let events = Events::default().invoke(1_000, 1, get(0)).invoke(2_500, 2, get(0)).read(3_000, 1, 0);
        let events = events.invoke(4_500, 3, get(0)).invoke(5_000, 4, get(0)).read(7_000, 2, 0);
        assert_eq!(measured(&events).windows[0].backlog, [1, 3]);
    }

    #[test]
    fn the_halves_of_a_window_have_means_of_their_own() {
        let events = Events::default().invoke(2_500, 1, get(0)).read(2_510, 1, 0);
        let events = events.invoke(3_500, 2, get(0)).read(3_530, 2, 0).invoke(4_100, 3, get(0)).read(4_160, 3, 0);
        let halves = measured(&events).windows[0].ops[&OpKind::Get].halves;
        assert_eq!(halves, [Duration::from_millis(20), Duration::from_millis(60)]);
    }

    #[test]
    fn a_run_that_ends_early_cuts_its_windows_short() {
        let mut meter = Meter::new(&scenario(""));
        let Measures { whole, windows } = meter.finish(ms(3_000));
        assert_eq!((whole.to, windows[0].from, windows[0].to), (ms(3_000), ms(2_000), ms(3_000)));
        let Measures { windows, .. } = Meter::new(&scenario("")).finish(ms(1_000));
        assert_eq!((windows[0].from, windows[0].to), (ms(1_000), ms(1_000)));
    }
}
