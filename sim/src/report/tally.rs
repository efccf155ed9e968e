//! Many runs of one scenario under one variant, in a few numbers.

use super::screen::title;
use super::style::Style;
use crate::history::OpKind;
use crate::scenario::{Metric, Seeds};
use crate::verdict::{
    Coverage, Distributed, FaultCount, ManyRecoveries, OpMeasures, Ruling, RunReport, Took, not_answered, read,
};
use crate::view::LeaseState;
use crate::words::Spelled;
use crate::words::figures::{count, counted, duration, number, percent, seconds};
use leasehold::observe::RoundCause;
use std::collections::BTreeMap;
use std::time::Duration;

/// What will run: one scenario under one variant.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The scenario, as people call it: `fast/steady`.
    pub title: String,
    /// The variant.
    pub variant: String,
    /// The seeds.
    pub seeds: Seeds,
}

/// The figures of one run that are compared with those of others. Times in seconds; `None` where there was nothing to measure.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Hits in lease reads.
    pub hit_rate: Option<f64>,
    /// Operations of each kind that was due, in the order of [`OpKind::ALL`].
    pub ops: [Option<OpMeasures>; 5],
    /// Write conflicts in a simulated second.
    pub conflicts_per_second: f64,
    /// How often the leader changed.
    pub leader_changes: u64,
    /// ReadIndex rounds, in the order of [`RoundCause::ALL`].
    pub rounds: [u64; 4],
    /// Where the time of a script goes, mean: lease read, reads, write fence, commit, backoff.
    pub script_parts: Option<[f64; 5]>,
    /// Time a lease read waits for ReadIndex, mean over all lease reads.
    pub lease_read_wait: Option<f64>,
    /// Cores busy on the busiest node, mean.
    pub busy_cores: Option<f64>,
    /// Callers that wait for a ReadIndex round, mean.
    pub read_index_waiting: Option<f64>,
    /// ReadIndex rounds of a script.
    pub read_index_per_script: Option<f64>,
    /// Messages that found the heartbeat lane full, in a simulated second.
    pub heartbeats_dropped: Option<f64>,
}

impl Figures {
    /// The figures of `report`.
    pub fn of(report: &RunReport) -> Self {
        let whole = &report.measures.whole;
        let scripts = &whole.scripts;
        let times = scripts.times;
        let parts = [times.lease_read, times.reads, times.write_fence, times.commit, times.backoff];
        let waited = whole.rounds.get(&RoundCause::LeaseMiss).map_or(Duration::ZERO, |round| round.waited);
        let seconds = report.sim.as_secs_f64();
        let of_whole = |metric| read(metric, whole, None).ok().map(|measured| measured.value);
        Self {
            hit_rate: whole.lease.hit_rate(),
            ops: OpKind::ALL.map(|kind| whole.ops.get(&kind).copied().filter(|op| op.due() > 0)),
            conflicts_per_second: if seconds > 0.0 { whole.conflicts as f64 / seconds } else { 0.0 },
            leader_changes: whole.leader_changes,
            rounds: RoundCause::ALL.map(|cause| whole.rounds.get(&cause).map_or(0, |round| round.started)),
            script_parts: (scripts.ended > 0).then(|| parts.map(|part| part.as_secs_f64() / scripts.ended as f64)),
            busy_cores: of_whole(Metric::BusyCores),
            read_index_waiting: of_whole(Metric::ReadIndexWaiting),
            read_index_per_script: of_whole(Metric::ReadIndexPerScript),
            heartbeats_dropped: of_whole(Metric::HeartbeatsDroppedPerSecond),
            lease_read_wait: (whole.lease.reads > 0).then(|| waited.as_secs_f64() / whole.lease.reads as f64),
        }
    }
}

/// The runs of one scenario under one variant.
#[derive(Clone, Debug)]
pub struct Tally {
    /// What they are runs of.
    pub planned: Planned,
    runs: Vec<Figures>,
    /// How many runs ended in which way.
    ways: BTreeMap<Way, u64>,
    simulated: Duration,
    cpu: Duration,
    events: u64,
    operations: u64,
    faults: FaultCount,
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

    /// Without the class, for a table.
    fn brief(&self, number: u64) -> String {
        let word = match self {
            Way::Pass => "pass",
            Way::NotReached => "not reached",
            Way::ExpectedUnsafe => "unsafe, as expected",
            Way::ExpectedFail(_) => "fail, as expected",
            Way::Fail(_) => "FAIL",
            Way::UnexpectedPass => "PASS, unexpected",
        };
        format!("{} {word}", count(number))
    }

    fn words(&self, number: u64) -> String {
        let number = count(number);
        match self {
            Way::Pass => format!("{number} pass"),
            Way::NotReached => format!("{number} not reached (the variant did nothing that the default does not do)"),
            Way::ExpectedUnsafe => format!("{number} unsafe beyond what is claimed, as expected"),
            Way::ExpectedFail(class) => format!("{number} fail as expected: {class}"),
            Way::Fail(class) => format!("{number} FAIL: {class}"),
            Way::UnexpectedPass => format!("{number} PASS though a failure is expected"),
        }
    }
}

impl Tally {
    /// No runs yet.
    pub fn new(planned: Planned) -> Self {
        Self {
            planned,
            runs: Vec::new(),
            ways: BTreeMap::new(),
            simulated: Duration::ZERO,
            cpu: Duration::ZERO,
            events: 0,
            operations: 0,
            faults: FaultCount::default(),
            safe_beyond_claims: 0,
            verbs: BTreeMap::new(),
            recoveries: ManyRecoveries::default(),
            coverage: Coverage::new(),
            overloaded: (0, None),
        }
    }

    /// Counts a run.
    pub fn add(&mut self, report: &RunReport) {
        self.runs.push(Figures::of(report));
        *self.ways.entry(Way::of(report)).or_default() += 1;
        let safe = report.verdict.ruling == Ruling::Pass;
        self.safe_beyond_claims += u64::from(safe && report.verdict.beyond_claims.is_some());
        self.simulated += report.sim;
        self.cpu += report.cpu;
        self.events += report.events;
        self.operations += report.measures.whole.all.due();
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
            for total in [sum, &mut self.faults] {
                total.planned += counts.planned;
                total.activated += counts.activated;
                total.effective += counts.effective;
            }
        }
    }

    /// Have all runs that were planned come in?
    pub fn is_complete(&self) -> bool {
        self.runs.len() as u64 >= self.planned.seeds.len()
    }

    /// How many runs came in.
    pub fn runs(&self) -> u64 {
        self.runs.len() as u64
    }

    /// How many of them were not as expected.
    pub fn unexpected(&self) -> u64 {
        let unexpected = |way: &Way| matches!(way, Way::Fail(_) | Way::UnexpectedPass);
        self.ways.iter().filter(|(way, _)| unexpected(way)).map(|(_, number)| number).sum()
    }

    /// The median of a figure over the runs that have it; of an even number, the lower of the two in the middle, so that it is a
    /// value that some run gave.
    pub fn median(&self, figure: impl Fn(&Figures) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<f64> = self.runs.iter().filter_map(figure).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len().saturating_sub(1) / 2).copied()
    }

    /// As [`Tally::median`], of a latency of one kind of operation. Where the median stands for operations that were not answered, it is
    /// what it is at least.
    pub fn latency(&self, kind: OpKind, figure: fn(&OpMeasures) -> Took) -> Option<Took> {
        let ops = self.runs.iter().filter_map(|run| run.ops[kind as usize].as_ref());
        let mut values: Vec<Took> = ops.map(figure).collect();
        values.sort_by_key(|took| (took.least(), took.exactly().is_none()));
        values.get(values.len().saturating_sub(1) / 2).copied()
    }

    /// The share of all operations of all runs that was answered; `None` where none was due.
    pub fn availability(&self) -> Option<f64> {
        let ops = || self.runs.iter().flat_map(|run| run.ops.iter().flatten());
        let (ok, due) = (ops().map(|ops| ops.ok).sum::<u64>(), ops().map(OpMeasures::due).sum::<u64>());
        (due > 0).then(|| ok as f64 / due as f64)
    }

    /// What was not answered, kind by kind, summed over the runs; `None`: everything was.
    pub fn not_answered(&self) -> Option<String> {
        let of_kind = |kind: OpKind| {
            let mut sum = OpMeasures::default();
            for ops in self.runs.iter().filter_map(|run| run.ops[kind as usize].as_ref()) {
                sum.ok += ops.ok;
                sum.refused += ops.refused;
                sum.unknown += ops.unknown;
                sum.overdue += ops.overdue;
            }
            let words = not_answered(sum)?;
            let share = percent(sum.availability().unwrap_or_default());
            Some(format!("{kind}: {words}, {share} of {} answered", count(sum.due())))
        };
        let kinds: Vec<_> = OpKind::ALL.into_iter().filter_map(of_kind).collect();
        (!kinds.is_empty()).then(|| kinds.join("; "))
    }

    /// `5 pass`, `21 fail as expected: expectation`, `18 pass, 2 FAIL: stale-read`.
    pub fn verdicts(&self) -> String {
        let words: Vec<String> = self.ways.iter().map(|(way, number)| way.words(*number)).collect();
        let beyond = match self.safe_beyond_claims {
            0 => String::new(),
            some => format!(" ({} safe beyond what is claimed)", count(some)),
        };
        format!("{}{beyond}", words.join(", "))
    }

    /// [`Tally::verdicts`] without the classes.
    pub fn brief_verdicts(&self) -> String {
        let words: Vec<String> = self.ways.iter().map(|(way, number)| way.brief(*number)).collect();
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
        let time = |kind, figure| self.latency(kind, figure).map(|took| took.to_string());
        let shown = [
            ("lease hit rate", self.median(|run| run.hit_rate).map(percent)),
            ("GET mean", time(OpKind::Get, |op| op.mean)),
            ("GET p99", time(OpKind::Get, |op| op.p99)),
            ("PUT mean", time(OpKind::Put, |op| op.mean)),
            ("CAS mean", time(OpKind::Cas, |op| op.mean)),
            ("update mean", time(OpKind::Update, |op| op.mean)),
            ("script mean", time(OpKind::Script, |op| op.mean)),
        ];
        // Of several runs these are medians; the word would be noise beside a single one.
        let medians = if self.runs.len() > 1 { "   (medians)" } else { "" };
        let words: Vec<String> =
            shown.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name} {value}"))).collect();
        format!("{}{medians}", words.join("   "))
    }

    /// What happened to the cluster.
    fn disturbance(&self) -> String {
        let conflicts = self.median(|run| Some(run.conflicts_per_second)).unwrap_or_default();
        let changes: u64 = self.runs.iter().map(|run| run.leader_changes).sum();
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
            "conflicts {}/s   {} in {}   faults: {faults}",
            number(conflicts),
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
        if self.operations > 0 {
            words.push(format!("{} CPU us an operation", number(cpu * 1e6 / self.operations as f64)));
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
        let same = |tally: &Tally| tally.planned.title == title && tally.planned.variant == report.variant;
        let place = self.0.iter().position(same).unwrap_or(self.0.len());
        if place == self.0.len() {
            let (variant, seeds) = (report.variant.clone(), Seeds::one(report.seed));
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
        assert_eq!(tally.median(|run| run.hit_rate), None);
        for rate in [Some(0.4), Some(0.1), None, Some(0.3), Some(0.2)] {
            tally.runs.push(Figures { hit_rate: rate, ..Figures::default() });
        }
        assert_eq!(tally.median(|run| run.hit_rate), Some(0.2));
    }
}
