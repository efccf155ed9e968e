//! What happened, counted: over the whole run, and in each window that the timeline tags.

use super::gauge::{Counts, Gauged, Gauges, Stretch};
use super::journey::{Journeys, Travelled};
use super::latency::{Fate, Latencies};
use super::overload::{Overloads, Resource};
use super::prelude::*;
use super::unserved::Unserved;
use super::waiting::Waiting;
use super::{Lasted, LeaseMeasures, Measures, Window};
use crate::history::{Extension, ScriptEnded};
use crate::scenario::{Action, Step, Workload};
use crate::view::operations::{Completed, UnderWay};

mod groups;

/// Counts as the records come.
///
/// An operation belongs to the windows in which it was *due*, also where it completes later; its latency counts from there. All
/// else belongs to the windows in which it happened; the recovery from a fault to those in which the fault ended, and how long
/// a lease was cold to those in which its leader could first have answered.
pub struct Meter {
    /// The whole run first, then the windows in the order of the timeline.
    tallies: Vec<Tally>,
    /// The deadline of each client's operations.
    deadlines: Vec<Duration>,
    /// When nobody was served of all, of those who ask a node, of the clients that bounds are about.
    unserved: BTreeMap<Who, Unserved>,
    /// The clients that bounds are about.
    scopes: Vec<Of>,
    /// The workload of each client.
    workloads: Vec<String>,
    /// What the nodes' cores had done when last told.
    busy: BTreeMap<NodeId, Duration>,
    /// For how long their disks had moved.
    moved: BTreeMap<NodeId, Duration>,
    /// Moments at which the backlog is looked at, the next last: of which tally, and which half of it ends then.
    counts: Vec<(SimTime, usize, usize)>,
    /// The term that each node was last leader of.
    terms: BTreeMap<NodeId, u64>,
    /// The last entry that became durable: when, and on which node.
    wrote: Option<(SimTime, NodeId)>,
    gauges: Gauges,
    waiting: Waiting,
    journeys: Journeys,
    overloads: Overloads,
}

/// When the second began that is over at `at`.
fn second_before(at: SimTime) -> SimTime {
    SimTime(at.0.saturating_sub(1_000_000_000))
}

/// Clients.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    All,
    Via(NodeId),
    /// Those of a scope, by its place.
    Scope(usize),
}

/// One window while it is being measured.
#[derive(Clone)]
struct Tally {
    window: Window,
    latencies: BTreeMap<OpKind, Latencies>,
    /// Those of each of the scopes.
    of: Vec<BTreeMap<OpKind, Latencies>>,
}

impl Meter {
    /// Nothing counted yet, for the windows that the scenario tags.
    pub fn new(scenario: &Scenario) -> Self {
        let whole = Tally::new("whole", SimTime(0), SimTime::at(scenario.until));
        let mut tallies: Vec<Tally> =
            [whole].into_iter().chain(scenario.timeline.iter().filter_map(Tally::of)).collect();
        let sections = scenario.expect.variants.values().map(|section| &section.bounds);
        let bounds = [&scenario.expect.bounds].into_iter().chain(sections).flatten();
        let scopes: BTreeSet<_> =
            bounds.map(|bound| bound.of.clone()).filter(|of| !matches!(of, Of::All | Of::Group(_))).collect();
        tallies.iter_mut().for_each(|tally| tally.of.resize_with(scopes.len(), BTreeMap::new));
        let clients = |workload: &Workload| std::iter::repeat_n(workload.name.clone(), workload.clients as usize);
        let halves = |(n, tally): (usize, &Tally)| [(tally.middle(), n, 0), (tally.window.to, n, 1)];
        let mut counts: Vec<_> = tallies.iter().enumerate().flat_map(halves).collect();
        counts.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
        Self {
            tallies,
            deadlines: scenario.deadlines().collect(),
            unserved: BTreeMap::new(),
            scopes: scopes.into_iter().collect(),
            workloads: scenario.workloads.iter().flat_map(clients).collect(),
            busy: BTreeMap::new(),
            moved: BTreeMap::new(),
            counts,
            terms: BTreeMap::new(),
            wrote: None,
            gauges: Gauges::new(scenario.cluster.heartbeat),
            waiting: Waiting::default(),
            journeys: Journeys::default(),
            overloads: Overloads::new(scenario.cluster.cpu.cores),
        }
    }

    /// Looks at what is under way, where a moment to do so has come. `view` has not taken in yet what happens at `now`.
    pub fn until(&mut self, now: SimTime, view: &GroupView<'_>) {
        while let Some((_, tally, half)) = self.counts.pop_if(|(at, ..)| *at <= now) {
            self.tallies[tally].window.backlog[half] = view.operations.len() as u64;
        }
    }

    /// Counts one record, which `view` has taken in already.
    pub fn record(&mut self, record: &Record, view: &GroupView<'_>) {
        let lasted = self.gauges.record(record, view);
        lasted.into_iter().for_each(|lasted| self.lasted(lasted));
        let waited = self.waiting.record(record);
        self.waited(waited);
        let travelled = self.journeys.record(record, view, self.gauges.leadership.leaderless_by(record.at));
        self.travelled(travelled);
        tell(record, &mut Counting { meter: self, view });
    }

    /// An entry became durable. Those that do so at one moment on one node were written together.
    fn durable(&mut self, at: SimTime, node: NodeId) {
        let together = self.wrote.replace((at, node)) == Some((at, node));
        self.at(at).for_each(|window| {
            window.durable.entries += 1;
            window.durable.writes += u64::from(!together);
        });
    }

    /// What was spent since it was last told belongs to the window in which that second began.
    fn cores(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        let before = self.busy.insert(node, busy).unwrap_or_default();
        let begun = SimTime(at.0.saturating_sub(1));
        self.overloads.busy(node, Resource::Cores, second_before(at), at, busy.saturating_sub(before));
        self.at(begun).for_each(|window| *window.busy.entry(node).or_default() += busy.saturating_sub(before));
    }

    fn disk(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        let before = self.moved.insert(node, busy).unwrap_or_default();
        self.overloads.busy(node, Resource::Disk, second_before(at), at, busy.saturating_sub(before));
    }

    /// A read at `at` was found to return less than what was acknowledged before, by one check or several.
    pub fn stale_read(&mut self, at: SimTime) {
        self.at(at).for_each(|window| {
            window.stale_reads += 1;
            window.first_stale.get_or_insert(at);
        });
    }

    /// At `at` two leases were good at once.
    pub fn two_leases(&mut self, at: SimTime) {
        self.at(at).for_each(|window| {
            window.two_leases += 1;
            window.first_overlap.get_or_insert(at);
        });
    }

    /// The run is over, at `end`. A window that it did not reach the end of is shorter.
    pub fn finish(&mut self, end: SimTime, view: &GroupView<'_>) -> Measures {
        self.close(end, view);
        self.measures(end)
    }

    fn close(&mut self, end: SimTime, view: &GroupView<'_>) {
        self.until(end, view);
        let open = view.operations.iter().filter(|operation| operation.counts());
        open.for_each(|operation| self.ended(end, operation, Fate::Open));
        for (who, mut unserved) in std::mem::take(&mut self.unserved) {
            self.nobody_served(unserved.over(end), who);
        }
        let travelled = self.journeys.finish(end, self.gauges.leadership.leaderless_by(end), view);
        self.travelled(travelled);
        let waited = self.waiting.finish(end);
        self.waited(waited);
        let lasted = self.gauges.finish(end);
        lasted.into_iter().for_each(|lasted| self.lasted(lasted));
    }

    fn measures(&mut self, end: SimTime) -> Measures {
        let scopes = std::mem::take(&mut self.scopes);
        let mut windows = self.tallies.drain(..).map(|tally| tally.finish(end, &scopes));
        let (whole, windows) = (windows.next().unwrap_or_default(), windows.collect());
        Measures { whole, windows, overload: self.overloads.finish() }
    }

    /// The windows that contain `at`.
    fn at(&mut self, at: SimTime) -> impl Iterator<Item = &mut Window> {
        self.tallies.iter_mut().filter(move |tally| tally.contains(at)).map(|tally| &mut tally.window)
    }

    fn completed(&mut self, at: SimTime, completion: &Completion, view: &GroupView<'_>) {
        let Some(Completed { operation, .. }) = view.operations.completed() else { return };
        if !operation.counts() {
            return;
        }
        let fate = Fate::of(operation.operation.kind(), completion);
        self.ended(at, operation, fate);
        for who in self.all_of(operation.client, operation.via) {
            let stretch = self.unserved.entry(who).or_default().ended(at, fate);
            self.nobody_served(stretch, who);
        }
    }

    /// Whom an operation of this client counts for, which asks this node.
    fn all_of(&self, client: u32, via: NodeId) -> impl Iterator<Item = Who> + use<> {
        let scopes = self.scopes_of(client, via);
        [Who::All, Who::Via(via)].into_iter().chain(scopes.into_iter().map(Who::Scope))
    }

    /// The places of the scopes that an operation of this client belongs to, which asks this node.
    fn scopes_of(&self, client: u32, via: NodeId) -> Vec<usize> {
        let workload = self.workloads.get(client as usize);
        let belongs = |of: &Of| match of {
            Of::All | Of::Group(_) => false,
            Of::Workload(name) => workload == Some(name),
            Of::Via(node) => u64::from(*node) == via.0,
        };
        (0..self.scopes.len()).filter(|scope| belongs(&self.scopes[*scope])).collect()
    }

    /// This became of an operation by `at`.
    fn ended(&mut self, at: SimTime, operation: &UnderWay, fate: Fate) {
        let UnderWay { client, via, due, operation, .. } = operation;
        let scopes = self.scopes_of(*client, *via);
        let (kind, took) = (operation.kind(), at.since(*due));
        let deadline = self.deadlines.get(*client as usize).copied().unwrap_or(took);
        if fate != Fate::Open || took >= deadline {
            self.overloads.due(*due, fate == Fate::Ok);
        }
        for tally in self.tallies.iter_mut().filter(|tally| tally.contains(*due)) {
            let half = usize::from(*due >= tally.middle());
            tally.latencies.entry(kind).or_default().ended(fate, took, deadline, half);
            for scope in &scopes {
                tally.of[*scope].entry(kind).or_default().ended(fate, took, deadline, half);
            }
        }
    }

    /// It is known where the time of operations went. One that was open at the end and younger than its deadline counts for nothing.
    fn travelled(&mut self, travelled: impl IntoIterator<Item = Travelled>) {
        for Travelled { client, via, kind, due, answered, took, parts } in travelled {
            let early = self.deadlines.get(client as usize).is_none_or(|deadline| took < *deadline);
            if answered.is_none() && early {
                continue;
            }
            let scopes = self.scopes_of(client, via);
            for tally in self.tallies.iter_mut().filter(|tally| tally.contains(due)) {
                let window = &mut tally.window;
                let add = |window: &mut Window| {
                    window.spent.entry(kind).or_default().add(answered == Some(true), due, took, parts);
                };
                let of = scopes.iter().map(|scope| self.scopes[*scope].clone());
                of.for_each(|of| add(window.of.entry(of).or_default()));
                add(window);
            }
        }
    }

    /// In this stretch of time no operation of these was answered.
    fn nobody_served(&mut self, stretch: Option<Stretch>, who: Who) {
        let Some(stretch) = stretch else { return };
        let (span, via, of) = match who {
            Who::All => (Span::Unserved, None, None),
            Who::Via(node) => (Span::UnservedVia, Some(node), None),
            Who::Scope(scope) => (Span::Unserved, None, Some(self.scopes[scope].clone())),
        };
        self.during(stretch, |window, part| match &of {
            None => window.lasting(span, part.took(), stretch.to, via),
            Some(of) => window.of.entry(of.clone()).or_default().lasting(span, part.took(), stretch.to, via),
        });
    }

    /// Each window has its part of a stretch of time, if it has any.
    fn during(&mut self, stretch: Stretch, mut have: impl FnMut(&mut Window, Stretch)) {
        for Tally { window, .. } in &mut self.tallies {
            let part = Stretch { from: stretch.from.max(window.from), to: stretch.to.min(window.to) };
            if part.from < part.to {
                have(window, part);
            }
        }
    }

    fn lasted(&mut self, Gauged { span, stretch, counts }: Gauged) {
        match counts {
            Counts::WhereItBegan => {
                self.at(stretch.from).for_each(|window| window.lasting(span, stretch.took(), stretch.to, None));
            }
            Counts::ByItsParts => {
                self.during(stretch, |window, part| window.lasting(span, part.took(), stretch.to, None));
            }
        }
    }

    fn waited(&mut self, stretches: Vec<Stretch>) {
        for stretch in stretches {
            self.during(stretch, |window, part| window.waiting += part.took());
        }
    }

    /// Elections after the first of the run. A leader may say more than once that it leads a term.
    fn elected(&mut self, at: SimTime, node: NodeId, term: u64) {
        let first = self.terms.is_empty();
        if self.terms.insert(node, term) != Some(term) && !first {
            self.at(at).for_each(|window| window.leader_changes += 1);
        }
    }
}

/// The meter, and the view that has taken in what it counts.
struct Counting<'a> {
    meter: &'a mut Meter,
    view: &'a GroupView<'a>,
}

impl Counting<'_> {
    fn count(&mut self, at: SimTime, count: impl FnMut(&mut Window)) {
        self.meter.at(at).for_each(count);
    }
}

impl Hears for Counting<'_> {
    fn invoked(&mut self, _: SimTime, Invocation { client, via, due, operation, .. }: &Invocation) {
        if operation.share() == Share::Further {
            return;
        }
        for who in self.meter.all_of(*client, *via) {
            self.meter.unserved.entry(who).or_default().due(*due);
        }
    }

    fn completed(&mut self, at: SimTime, _: OpId, completion: &Completion) {
        self.meter.completed(at, completion, self.view);
    }

    fn role(&mut self, at: SimTime, node: NodeId, role: Role, term: u64, _: Option<NodeId>) {
        if role == Role::Leader {
            self.meter.elected(at, node, term);
        }
    }

    fn appended(&mut self, at: SimTime, node: NodeId, _: Place) {
        self.meter.durable(at, node);
    }

    fn second(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        self.meter.cores(at, node, busy);
    }

    fn disk_second(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        self.meter.disk(at, node, busy);
    }

    fn lease_read(&mut self, at: SimTime, _: NodeId, LeaseRead { miss, again, .. }: LeaseRead) {
        self.count(at, |window| if again { window.lease.retries += 1 } else { window.lease.read(miss) });
    }

    fn lease_extended(&mut self, at: SimTime, _: NodeId, _: Extension) {
        self.count(at, |window| window.lease.renewals += 1);
    }

    fn lease_ended(&mut self, at: SimTime, _: NodeId, _: u64, cause: EndCause, held: bool) {
        self.count(at, |Window { lease, .. }| {
            let ends = if held { &mut lease.invalidations } else { &mut lease.voided };
            *ends.entry(cause).or_default() += 1;
        });
    }

    fn snapshot_taken(&mut self, at: SimTime, _: NodeId, _: Place) {
        self.count(at, |window| window.snapshots.taken += 1);
    }

    fn snapshot_restored(&mut self, at: SimTime, _: NodeId, _: Place, of: Option<NodeId>) {
        self.count(at, |Window { snapshots, .. }| match of {
            Some(_) => snapshots.installed += 1,
            None => snapshots.reopened += 1,
        });
    }

    fn conflict(&mut self, at: SimTime, _: NodeId, _: u64) {
        self.count(at, |window| window.conflicts += 1);
    }

    fn stale_route(&mut self, at: SimTime, _: NodeId) {
        self.count(at, |window| window.stale_routes += 1);
    }

    fn queue_full(&mut self, at: SimTime, node: NodeId, lane: Lane, to: Option<NodeId>) {
        self.meter.overloads.full(node, Resource::Queue(lane), at, at);
        self.count(at, |window| {
            if to.is_some() {
                *window.dropped.entry(lane.name()).or_default() += 1;
            }
            window.bulk_refused += u64::from(lane == Lane::Bulk);
        });
    }

    fn round_started(&mut self, at: SimTime, _: NodeId, cause: RoundCause, again: bool) {
        self.count(at, |window| {
            let rounds = window.rounds.entry(cause).or_default();
            rounds.started += 1;
            rounds.repeated += u64::from(again);
        });
    }

    fn round_ended(&mut self, at: SimTime, _: NodeId, cause: RoundCause, waited: Duration, _: bool) {
        self.count(at, |window| {
            let rounds = window.rounds.entry(cause).or_default();
            rounds.ended += 1;
            rounds.waited += waited;
        });
    }

    fn script(&mut self, at: SimTime, _: NodeId, ScriptEnded { reads, attempts, times }: ScriptEnded) {
        // What reads no more than it writes is an update, as in the history.
        if reads <= 1 {
            return;
        }
        self.count(at, |Window { scripts, .. }| {
            scripts.ended += 1;
            scripts.attempts += u64::from(attempts);
            scripts.times.add(&times);
        });
    }
}

impl Tally {
    fn new(name: &str, from: SimTime, to: SimTime) -> Self {
        let window = Window { name: name.to_owned(), from, to, ..Window::default() };
        Self { window, latencies: BTreeMap::new(), of: Vec::new() }
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

    fn finish(self, end: SimTime, scopes: &[Of]) -> Window {
        let Self { mut window, latencies, of } = self;
        (window.from, window.to) = (window.from.min(end), window.to.min(end));
        window.took(&latencies);
        for (scope, latencies) in scopes.iter().zip(of) {
            let (name, from, to) = (window.name.clone(), window.from, window.to);
            let part = window.of.entry(scope.clone()).or_default();
            (part.name, part.from, part.to) = (name, from, to);
            part.took(&latencies);
        }
        window
    }
}

impl Window {
    /// This was the longest of its kind, unless another was.
    fn lasting(&mut self, span: Span, longest: Duration, over: SimTime, via: Option<NodeId>) {
        let lasted = Lasted { longest, over, via };
        let longest = self.lasted.entry(span).or_insert(lasted);
        if longest.longest < lasted.longest {
            *longest = lasted;
        }
    }

    fn took(&mut self, latencies: &BTreeMap<OpKind, Latencies>) {
        self.ops = latencies.iter().map(|(kind, latencies)| (*kind, latencies.measures())).collect();
        let mut all = Latencies::default();
        latencies.values().for_each(|latencies| all.add(latencies));
        self.all = all.measures();
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
mod tests;
