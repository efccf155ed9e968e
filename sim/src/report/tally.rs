//! Many runs of one scenario under one variant, in a few numbers.

use super::prelude::*;
use crate::scenario::{Seeds, Stat};
use crate::verdict::{Coverage, Distributed, ManyRecoveries, Measured, not_answered};
use crate::view::LeaseState;

/// What will run: one scenario under one variant.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The scenario, as people call it: `fast/steady`.
    pub title: String,
    /// The variant.
    pub variant: String,
    /// The seeds.
    pub seeds: Seeds,
}

/// What is taken from each run, to be compared with that of others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Figure {
    /// A metric over the whole run.
    Of(Metric),
    /// ReadIndex rounds that began for this.
    Rounds(RoundCause),
    /// Where the time of a script goes, mean: lease read, reads, write fence, commit, backoff, by number.
    Part(usize),
    /// All parts of a script, mean.
    Script,
    /// Time a lease read waits for ReadIndex, mean over all lease reads.
    LeaseReadWait,
}

impl Figure {
    const fn latency(kind: OpKind, stat: Stat) -> Self {
        Self::Of(Metric::Operations(Some(kind), stat))
    }

    fn all() -> impl Iterator<Item = Self> {
        let metrics = [
            Metric::ConflictsPerSecond,
            Metric::LeaderChanges,
            Metric::BusyCores,
            Metric::ReadIndexWaiting,
            Metric::ReadIndexPerScript,
            Metric::HeartbeatsDroppedPerSecond,
        ];
        let shown = SHOWN.map(|(_, figure)| figure).into_iter().chain(metrics.map(Self::Of));
        let rounds = RoundCause::ALL.map(Self::Rounds);
        shown.chain(rounds).chain((0..5).map(Self::Part)).chain([Self::Script, Self::LeaseReadWait])
    }

    /// That of a run; `None` where there was nothing to measure.
    fn of(self, report: &RunReport) -> Option<Measured> {
        let whole = &report.measures.whole;
        let (lease, scripts, times) = (&whole.lease, &whole.scripts, &whole.scripts.times);
        let parts = [times.lease_read, times.reads, times.write_fence, times.commit, times.backoff];
        let parts = || parts.map(|part| part.as_secs_f64() / scripts.ended as f64);
        let seconds = match self {
            Self::Of(metric) => return read(metric, whole, None).ok(),
            Self::Rounds(cause) => whole.rounds.get(&cause).map_or(0.0, |round| round.started as f64),
            Self::Part(_) | Self::Script if scripts.ended == 0 => return None,
            Self::Part(part) => parts()[part],
            Self::Script => parts().iter().sum(),
            Self::LeaseReadWait if lease.reads == 0 => return None,
            Self::LeaseReadWait => {
                let waited = whole.rounds.get(&RoundCause::LeaseMiss).map_or(Duration::ZERO, |round| round.waited);
                waited.as_secs_f64() / lease.reads as f64
            }
        };
        Some(seconds.into())
    }
}

/// What a summary says of the service, and under which name.
const SHOWN: [(&str, Figure); 10] = [
    ("lease hit rate", Figure::HIT_RATE),
    ("GET mean", Figure::GET_MEAN),
    ("GET p99", Figure::GET_P99),
    ("PUT mean", Figure::PUT_MEAN),
    ("CAS mean", Figure::latency(OpKind::Cas, Stat::Mean)),
    ("update mean", Figure::latency(OpKind::Update, Stat::Mean)),
    ("delete mean", Figure::latency(OpKind::Delete, Stat::Mean)),
    ("mget mean", Figure::latency(OpKind::Mget, Stat::Mean)),
    ("scan mean", Figure::latency(OpKind::Scan, Stat::Mean)),
    ("script mean", Figure::SCRIPT_MEAN),
];

impl Figure {
    pub(super) const HIT_RATE: Self = Self::Of(Metric::LeaseHitRate);
    pub(super) const GET_MEAN: Self = Self::latency(OpKind::Get, Stat::Mean);
    pub(super) const GET_P99: Self = Self::latency(OpKind::Get, Stat::P99);
    pub(super) const PUT_MEAN: Self = Self::latency(OpKind::Put, Stat::Mean);
    pub(super) const SCRIPT_MEAN: Self = Self::latency(OpKind::Script, Stat::Mean);
}

/// The runs of one scenario under one variant.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What they are runs of.
    pub planned: Planned,
    runs: u64,
    /// Of the runs that have them.
    figures: BTreeMap<Figure, Vec<Measured>>,
    /// What became of the operations of all runs; no latencies.
    ops: BTreeMap<OpKind, OpMeasures>,
    /// How many runs ended in which way.
    ways: BTreeMap<Way, u64>,
    simulated: Duration,
    cpu: Duration,
    events: u64,
    /// How many runs passed beyond what their scenario claims.
    safe_beyond_claims: u64,
    /// A verb's planned and effective steps, summed over the runs.
    verbs: BTreeMap<&'static str, FaultCount>,
    recoveries: ManyRecoveries,
    coverage: Coverage,
    /// How many runs were asked for more than cores can do, and the first time of the first.
    overloaded: (u64, Option<String>),
}

/// How a run ended, the unexpected last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Way {
    Pass,
    NotReached,
    ExpectedUnsafe,
    ExpectedFail(String),
    Fail(String),
    UnexpectedPass,
}

impl Way {
    fn of(report: &RunReport) -> Self {
        let verdict = &report.verdict;
        let class = || verdict.class.map_or_else(|| "no class".to_owned(), |class| class.to_string());
        match (verdict.ruling, verdict.as_expected) {
            (Ruling::Pass, true) => Way::Pass,
            (Ruling::NotReached, true) => Way::NotReached,
            (Ruling::Pass | Ruling::NotReached, false) => Way::UnexpectedPass,
            (Ruling::ExpectedUnsafe, true) => Way::ExpectedUnsafe,
            (Ruling::Fail, true) => Way::ExpectedFail(class()),
            (Ruling::Fail | Ruling::ExpectedUnsafe, false) => Way::Fail(class()),
        }
    }

    /// In a table, and with its class.
    fn told(&self) -> (&'static str, String) {
        match self {
            Way::Pass => ("pass", "pass".to_owned()),
            Way::NotReached => {
                ("not reached", "not reached (the variant did nothing that the default does not do)".to_owned())
            }
            Way::ExpectedUnsafe => ("unsafe, as expected", "unsafe beyond what is claimed, as expected".to_owned()),
            Way::ExpectedFail(class) => ("fail, as expected", format!("fail as expected: {class}")),
            Way::Fail(class) => ("FAIL", format!("FAIL: {class}")),
            Way::UnexpectedPass => ("PASS, unexpected", "PASS though a failure is expected".to_owned()),
        }
    }
}

impl Tally {
    /// No runs yet.
    pub fn new(planned: Planned) -> Self {
        Self { planned, ..Self::default() }
    }

    /// Counts a run.
    pub fn add(&mut self, report: &RunReport) {
        self.runs += 1;
        for (figure, value) in Figure::all().filter_map(|figure| Some((figure, figure.of(report)?))) {
            self.figures.entry(figure).or_default().push(value);
        }
        for (kind, ops) in &report.measures.whole.ops {
            self.ops.entry(*kind).or_default().count(ops);
        }
        *self.ways.entry(Way::of(report)).or_default() += 1;
        let safe = report.verdict.ruling == Ruling::Pass;
        self.safe_beyond_claims += u64::from(safe && report.verdict.beyond_claims.is_some());
        self.simulated += report.sim;
        self.cpu += report.cpu;
        self.events += report.events;
        self.recoveries.add(&report.recoveries, report.verdict.fails_as_expected());
        if let Some(overload) = report.measures.overload.iter().find(|overload| overload.of.excuses()) {
            self.overloaded.0 += 1;
            self.overloaded.1.get_or_insert_with(|| format!("seed {}: {overload}", report.seed));
        }
        for (verb, states) in &report.coverage {
            let sum = self.coverage.entry(*verb).or_default();
            states.iter().for_each(|(state, times)| *sum.entry(*state).or_default() += times);
        }
        for (verb, counts) in &report.faults {
            let sum = self.verbs.entry(*verb).or_default();
            sum.planned += counts.planned;
            sum.effective += counts.effective;
        }
    }

    /// Have all runs that were planned come in?
    pub fn is_complete(&self) -> bool {
        self.runs >= self.planned.seeds.len()
    }

    /// How many runs came in.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// How many of them were not as expected.
    pub fn unexpected(&self) -> u64 {
        let unexpected = |way: &Way| matches!(way, Way::Fail(_) | Way::UnexpectedPass);
        self.ways.iter().filter(|(way, _)| unexpected(way)).map(|(_, number)| number).sum()
    }

    /// The median of a figure over the runs that have it; of an even number, the lower of the two in the middle, so that it is a
    /// value that some run gave.
    /// Where it stands for operations that were not answered, it is what it is at least.
    pub fn median(&self, figure: Figure) -> Option<Measured> {
        let mut values = self.figures.get(&figure)?.clone();
        values.sort_by(|one, other| one.value.total_cmp(&other.value).then(one.at_least.cmp(&other.at_least)));
        values.get(values.len().saturating_sub(1) / 2).copied()
    }

    /// The median, for people.
    pub fn shown(&self, figure: Figure) -> Option<String> {
        self.median(figure).map(|median| match figure {
            Figure::Of(metric) => median.shown(metric),
            Figure::Rounds(_) => count(median.value as u64),
            Figure::Part(_) | Figure::Script | Figure::LeaseReadWait => seconds(median.value),
        })
    }

    /// The share of all operations of all runs that was answered; `None` where none was due.
    pub fn availability(&self) -> Option<f64> {
        let mut all = OpMeasures::default();
        self.ops.values().for_each(|ops| all.count(ops));
        all.availability()
    }

    /// What was not answered, kind by kind, summed over the runs; `None`: everything was.
    pub fn not_answered(&self) -> Option<String> {
        let of_kind = |(kind, ops): (&OpKind, &OpMeasures)| {
            let share = percent(ops.availability().unwrap_or_default());
            Some(format!("{kind}: {}, {share} of {} answered", not_answered(*ops)?, count(ops.due())))
        };
        let kinds: Vec<_> = self.ops.iter().filter_map(of_kind).collect();
        (!kinds.is_empty()).then(|| kinds.join("; "))
    }

    /// `5 pass`, `21 fail as expected: expectation`, `18 pass, 2 FAIL: stale-read`.
    pub fn verdicts(&self) -> String {
        let words: Vec<String> =
            self.ways.iter().map(|(way, number)| format!("{} {}", count(*number), way.told().1)).collect();
        let beyond = match self.safe_beyond_claims {
            0 => String::new(),
            some => format!(" ({} safe beyond what is claimed)", count(some)),
        };
        format!("{}{beyond}", words.join(", "))
    }

    /// [`Tally::verdicts`] without the classes.
    pub fn brief_verdicts(&self) -> String {
        let words: Vec<String> =
            self.ways.iter().map(|(way, number)| format!("{} {}", count(*number), way.told().0)).collect();
        words.join("; ")
    }

    /// [`Tally::verdicts`], coloured.
    fn styled_verdicts(&self, style: Style) -> String {
        match self.ways.keys().next_back() {
            Some(Way::Fail(_) | Way::UnexpectedPass) => style.bad(self.verdicts()),
            Some(Way::ExpectedFail(_) | Way::ExpectedUnsafe | Way::NotReached) => style.expected(self.verdicts()),
            Some(Way::Pass) | None => style.good(self.verdicts()),
        }
    }

    /// What came of the runs, in a few lines.
    pub fn summary(&self, style: Style) -> String {
        let Planned { title, variant, seeds } = &self.planned;
        let early = match seeds.len() {
            planned if self.runs() < planned => format!(" ({} of {})", count(self.runs()), count(planned)),
            _ => String::new(),
        };
        let seeds = format!("{} {seeds}{early}", if seeds.len() == 1 { "seed" } else { "seeds" });
        let head = format!("{}  variant {variant}, {seeds}: {}", style.strong(title), self.styled_verdicts(style));
        let mut lines = vec![head, self.service()];
        lines.extend(self.not_answered().map(|words| style.expected(format!("not answered ok: {words}"))));
        let (runs, first) = &self.overloaded;
        let overloaded = first.iter().map(|first| format!("overload in {}, first in {first}", counted(*runs, "run")));
        lines.extend(overloaded.map(|words| style.expected(words)));
        lines.push(self.disturbance());
        lines.extend(self.covered());
        lines.extend(self.recovered());
        lines.extend(self.recoveries.shortfall().map(|words| style.bad(format!("liveness (recovers): {words}"))));
        lines.push(style.faint(self.speed()));
        style.fit(&lines.join("\n  "))
    }

    /// In which states of the lease the faults acted, and in which they never did (`lease-bugs.md` V4).
    fn covered(&self) -> Option<String> {
        let verbs: Vec<_> = self.verbs.iter().filter(|(_, counts)| counts.planned > 0).map(|(verb, _)| *verb).collect();
        if verbs.is_empty() {
            return None;
        }
        let pairs: Vec<_> = verbs.iter().flat_map(|verb| LeaseState::all().map(|state| (*verb, state))).collect();
        let never = |(verb, state): &&(&str, LeaseState)| {
            self.coverage.get(verb).is_none_or(|states| !states.contains_key(state))
        };
        let missing: Vec<_> =
            pairs.iter().filter(never).map(|(verb, state)| format!("{verb} x {}", state.name())).collect();
        let seen = format!("faults x lease states: {} of {} seen", pairs.len() - missing.len(), pairs.len());
        Some(if missing.is_empty() { seen } else { format!("{seen}; never {}", missing.join(", ")) })
    }

    /// How soon there was a leader again.
    fn recovered(&self) -> Option<String> {
        let Distributed { number, within_usual, quantiles, usual, longest } = self.recoveries.distributed()?;
        let [p50, p90, p99, max] = quantiles.map(|took| seconds(took.as_secs_f64()));
        let bound = |(least, greatest): (Duration, Duration)| {
            let [least, greatest] = [least, greatest].map(|bound| seconds(bound.as_secs_f64()));
            if least == greatest { least } else { format!("{least} to {greatest}") }
        };
        let share = percent(within_usual as f64 / number as f64);
        Some(format!(
            "a leader again after the end of {}: p50 {p50}   p90 {p90}   p99 {p99}   max {max}\n    {share} within the usual {}, none may exceed {}",
            counted(number as u64, "fault"),
            bound(usual),
            bound(longest),
        ))
    }

    /// What clients got.
    fn service(&self) -> String {
        let medians = if self.runs > 1 { "   (medians)" } else { "" };
        let words = SHOWN.into_iter().filter_map(|(name, figure)| Some(format!("{name} {}", self.shown(figure)?)));
        format!("{}{medians}", words.collect::<Vec<_>>().join("   "))
    }

    /// What happened to the cluster.
    fn disturbance(&self) -> String {
        let conflicts = self.shown(Figure::Of(Metric::ConflictsPerSecond)).unwrap_or_else(|| "0".to_owned());
        let changes = self.figures.get(&Figure::Of(Metric::LeaderChanges)).into_iter().flatten();
        let changes = changes.map(|changes| changes.value as u64).sum::<u64>();
        let verbs: Vec<String> = self
            .verbs
            .iter()
            .filter(|(_, counts)| counts.planned > 0)
            .map(|(verb, counts)| format!("{verb} {} of {}", count(counts.effective), count(counts.planned)))
            .collect();
        // What they wait for has not happened.
        let idle =
            self.verbs.iter().filter(|(_, counts)| counts.planned == 0).map(|(verb, _)| format!("{verb} never due"));
        let effective = (!verbs.is_empty()).then(|| format!("{} effective", verbs.join(", ")));
        let faults: Vec<String> = effective.into_iter().chain(idle).collect();
        let faults = if faults.is_empty() { "none".to_owned() } else { faults.join("; ") };
        format!(
            "conflicts {conflicts}/s   {} in {}   faults: {faults}",
            counted(changes, "leader change"),
            counted(self.runs(), "run"),
        )
    }

    /// How fast it went: by CPU time, whatever the number of jobs and of cores.
    fn speed(&self) -> String {
        let (cpu, simulated) = (self.cpu.as_secs_f64(), self.simulated.as_secs_f64());
        let mut words = vec![format!("{} simulated", duration(self.simulated))];
        if cpu > 0.0 {
            words.push(format!("{} simulated s per CPU s", number(simulated / cpu)));
            words.push(format!("{} events per CPU s", number(self.events as f64 / cpu)));
        }
        let operations: u64 = self.ops.values().map(OpMeasures::due).sum();
        if operations > 0 {
            words.push(format!("{} CPU us an operation", number(cpu * 1e6 / operations as f64)));
        }
        words.join("   ")
    }
}

/// Tallies of all scenarios and variants whose runs come in, in the order of their first.
#[derive(Clone, Debug, Default)]
pub(super) struct Tallies(Vec<Tally>);

impl Tallies {
    /// Counts a run of whatever scenario and variant.
    pub(super) fn add(&mut self, report: &RunReport) {
        let title = title(&report.path);
        let same = |tally: &Tally| tally.planned.title == title && tally.planned.variant == report.under();
        let place = self.0.iter().position(same).unwrap_or(self.0.len());
        if place == self.0.len() {
            let (variant, seeds) = (report.under(), Seeds::one(report.seed));
            self.0.push(Tally::new(Planned { title, variant, seeds }));
        }
        self.0[place].add(report);
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Tally> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_a_value_that_a_run_gave() {
        let seeds = Seeds::range(1, 4);
        let mut tally = Tally::new(Planned { title: "x".into(), variant: "default".into(), seeds });
        assert_eq!(tally.median(Figure::HIT_RATE), None);
        tally.figures.insert(Figure::HIT_RATE, [0.4, 0.1, 0.3, 0.2].map(Measured::from).into());
        assert_eq!(tally.median(Figure::HIT_RATE), Some(Measured::from(0.2)));
    }
}
