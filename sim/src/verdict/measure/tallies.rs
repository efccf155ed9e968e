//! The whole run and its windows, while they are being measured.

use crate::scenario::{Action, Step, Workload};
use crate::verdict::gauge::{Counts, Gauged, Stretch};
use crate::verdict::journey::Travelled;
use crate::verdict::latency::{Fate, Latencies};
use crate::verdict::overload::{Overloads, Resource};
use crate::verdict::prelude::*;
use crate::verdict::unserved::Unserved;
use crate::verdict::{Lasted, LeaseMeasures, Measures, Window};
use crate::view::operations::{Completed, UnderWay};

/// What is counted, and what of it belongs to which window.
pub(super) struct Tallies {
    /// The whole run first, then the windows in the order of the timeline.
    pub(super) all: Vec<Tally>,
    /// The deadline of each client's operations.
    deadlines: Vec<Duration>,
    /// When nobody was served of all, of those who ask a node, of the clients that bounds are about.
    unserved: BTreeMap<Who, Unserved>,
    /// The clients that bounds are about.
    pub(super) scopes: Vec<Of>,
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
    pub(super) overloads: Overloads,
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
pub(super) struct Tally {
    pub(super) window: Window,
    pub(super) latencies: BTreeMap<OpKind, Latencies>,
    /// Those of each of the scopes.
    pub(super) of: Vec<BTreeMap<OpKind, Latencies>>,
}

impl Tallies {
    /// Nothing counted yet, for the windows that the scenario tags.
    pub(super) fn new(scenario: &Scenario) -> Self {
        let whole = Tally::new("whole", SimTime(0), SimTime::at(scenario.until));
        let mut all: Vec<Tally> = [whole].into_iter().chain(scenario.timeline.iter().filter_map(Tally::of)).collect();
        let sections = scenario.expect.variants.values().map(|section| &section.bounds);
        let bounds = [&scenario.expect.bounds].into_iter().chain(sections).flatten();
        let scopes: BTreeSet<_> =
            bounds.map(|bound| bound.of.clone()).filter(|of| !matches!(of, Of::All | Of::Group(_))).collect();
        all.iter_mut().for_each(|tally| tally.of.resize_with(scopes.len(), BTreeMap::new));
        let clients = |workload: &Workload| std::iter::repeat_n(workload.name.clone(), workload.clients as usize);
        let halves = |(n, tally): (usize, &Tally)| [(tally.middle(), n, 0), (tally.window.to, n, 1)];
        let mut counts: Vec<_> = all.iter().enumerate().flat_map(halves).collect();
        counts.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
        Self {
            all,
            deadlines: scenario.deadlines().collect(),
            unserved: BTreeMap::new(),
            scopes: scopes.into_iter().collect(),
            workloads: scenario.workloads.iter().flat_map(clients).collect(),
            busy: BTreeMap::new(),
            moved: BTreeMap::new(),
            counts,
            terms: BTreeMap::new(),
            wrote: None,
            overloads: Overloads::new(scenario.cluster.cpu.cores),
        }
    }

    /// Notes how many operations are under way, where a moment to do so has come by `now`.
    pub(super) fn backlog(&mut self, now: SimTime, under_way: impl Fn() -> usize) {
        while let Some((_, tally, half)) = self.counts.pop_if(|(at, ..)| *at <= now) {
            self.all[tally].window.backlog[half] = under_way() as u64;
        }
    }

    /// The run is over, at `end`: this became of what has not ended.
    pub(super) fn close(&mut self, end: SimTime, view: &GroupView<'_>) {
        let open = view.operations.iter().filter(|operation| operation.counts());
        open.for_each(|operation| self.ended(end, operation, Fate::Open));
        for (who, mut unserved) in std::mem::take(&mut self.unserved) {
            self.nobody_served(unserved.over(end), who);
        }
    }

    /// What was measured, up to `end`.
    pub(super) fn finish(&mut self, end: SimTime) -> Measures {
        let scopes = std::mem::take(&mut self.scopes);
        let mut windows = self.all.drain(..).map(|tally| tally.finish(end, &scopes));
        let (whole, windows) = (windows.next().unwrap_or_default(), windows.collect());
        Measures { whole, windows, overload: self.overloads.finish() }
    }

    /// An operation of this client is due, which asks this node.
    pub(super) fn due(&mut self, client: u32, via: NodeId, due: SimTime) {
        for who in self.all_of(client, via) {
            self.unserved.entry(who).or_default().due(due);
        }
    }

    /// An entry became durable. Those that do so at one moment on one node were written together.
    pub(super) fn durable(&mut self, at: SimTime, node: NodeId) {
        let together = self.wrote.replace((at, node)) == Some((at, node));
        self.at(at).for_each(|window| {
            window.durable.entries += 1;
            window.durable.writes += u64::from(!together);
        });
    }

    /// What was spent since it was last told belongs to the window in which that second began.
    pub(super) fn cores(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        let before = self.busy.insert(node, busy).unwrap_or_default();
        let begun = SimTime(at.0.saturating_sub(1));
        self.overloads.busy(node, Resource::Cores, second_before(at), at, busy.saturating_sub(before));
        self.at(begun).for_each(|window| *window.busy.entry(node).or_default() += busy.saturating_sub(before));
    }

    pub(super) fn disk(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        let before = self.moved.insert(node, busy).unwrap_or_default();
        self.overloads.busy(node, Resource::Disk, second_before(at), at, busy.saturating_sub(before));
    }

    /// A read at `at` was found to return less than what was acknowledged before, by one check or several.
    pub(super) fn stale_read(&mut self, at: SimTime) {
        self.at(at).for_each(|window| {
            window.stale_reads += 1;
            window.first_stale.get_or_insert(at);
        });
    }

    /// At `at` two leases were good at once.
    pub(super) fn two_leases(&mut self, at: SimTime) {
        self.at(at).for_each(|window| {
            window.two_leases += 1;
            window.first_overlap.get_or_insert(at);
        });
    }

    /// The windows that contain `at`.
    pub(super) fn at(&mut self, at: SimTime) -> impl Iterator<Item = &mut Window> {
        self.all.iter_mut().filter(move |tally| tally.contains(at)).map(|tally| &mut tally.window)
    }

    pub(super) fn completed(&mut self, at: SimTime, completion: &Completion, view: &GroupView<'_>) {
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
        for tally in self.all.iter_mut().filter(|tally| tally.contains(*due)) {
            let half = usize::from(*due >= tally.middle());
            tally.latencies.entry(kind).or_default().ended(fate, took, deadline, half);
            for scope in &scopes {
                tally.of[*scope].entry(kind).or_default().ended(fate, took, deadline, half);
            }
        }
    }

    /// It is known where the time of an operation went. One that was open at the end and younger than its deadline counts for nothing.
    pub(super) fn travelled(&mut self, Travelled { client, via, kind, due, answered, took, parts }: Travelled) {
        let early = self.deadlines.get(client as usize).is_none_or(|deadline| took < *deadline);
        if answered.is_none() && early {
            return;
        }
        let scopes = self.scopes_of(client, via);
        for tally in self.all.iter_mut().filter(|tally| tally.contains(due)) {
            let window = &mut tally.window;
            let add = |window: &mut Window| {
                window.spent.entry(kind).or_default().add(answered == Some(true), due, took, parts);
            };
            let of = scopes.iter().map(|scope| self.scopes[*scope].clone());
            of.for_each(|of| add(window.of.entry(of).or_default()));
            add(window);
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
        for Tally { window, .. } in &mut self.all {
            let part = Stretch { from: stretch.from.max(window.from), to: stretch.to.min(window.to) };
            if part.from < part.to {
                have(window, part);
            }
        }
    }

    pub(super) fn lasted(&mut self, Gauged { span, stretch, counts }: Gauged) {
        match counts {
            Counts::WhereItBegan => {
                self.at(stretch.from).for_each(|window| window.lasting(span, stretch.took(), stretch.to, None));
            }
            Counts::ByItsParts => {
                self.during(stretch, |window, part| window.lasting(span, part.took(), stretch.to, None));
            }
        }
    }

    pub(super) fn waited(&mut self, stretch: Stretch) {
        self.during(stretch, |window, part| window.waiting += part.took());
    }

    /// Elections after the first of the run. A leader may say more than once that it leads a term.
    pub(super) fn elected(&mut self, at: SimTime, node: NodeId, term: u64) {
        let first = self.terms.is_empty();
        if self.terms.insert(node, term) != Some(term) && !first {
            self.at(at).for_each(|window| window.leader_changes += 1);
        }
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

    pub(super) fn finish(self, end: SimTime, scopes: &[Of]) -> Window {
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
    pub(super) fn lasting(&mut self, span: Span, longest: Duration, over: SimTime, via: Option<NodeId>) {
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
    pub(super) fn read(&mut self, miss: Option<Miss>) {
        self.reads += u64::from(miss.is_none_or(Miss::counts));
        match miss {
            None => self.hits += 1,
            Some(miss) => *self.misses.entry(miss).or_default() += 1,
        }
    }
}
