//! What a run came to: plain data that reports are written from.

use super::prelude::*;
use super::{Overload, Recoveries, Spent};
use crate::check::is_violation;
use crate::history::Fingerprint;
use crate::scenario::{Class, Engine, Load};
use crate::view::LeaseState;
use crate::words::words;
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// One run of one seed under one variant.
#[derive(Clone, Debug, Default)]
pub struct RunReport {
    /// The scenario's name.
    pub scenario: String,
    /// Its file.
    pub path: PathBuf,
    /// The seed.
    pub seed: u64,
    /// The variant's name.
    pub variant: String,
    /// Did the variant do anything that the default does not do, up to where the shorter of both runs ended? `None` of the default, and
    /// where nobody has looked.
    pub reached: Option<bool>,
    /// The factor on the rates of open loops.
    pub load: Load,
    /// The engine.
    pub engine: Engine,
    /// How many nodes there are.
    pub nodes: u32,
    /// The judgement.
    pub verdict: Verdict,
    /// Hash of everything that happened.
    pub fingerprint: Fingerprint,
    /// Simulated time.
    pub sim: Duration,
    /// Real time. Never part of a snapshot.
    pub wall: Duration,
    /// CPU time that the run took, judging included.
    pub cpu: Duration,
    /// Entries of the history.
    pub events: u64,
    /// Messages delivered.
    pub messages: u64,
    /// What was measured.
    pub measures: Measures,
    /// What the faults did, by verb.
    pub faults: BTreeMap<&'static str, FaultCount>,
    /// In which states of the lease they acted.
    pub coverage: Coverage,
    /// What the checks did, by name.
    pub checks: BTreeMap<&'static str, CheckCount>,
    /// How long it took after faults until there was a leader again.
    pub recoveries: Recoveries,
    /// What might have failed, by check.
    pub potential: BTreeMap<&'static str, Potential>,
    /// What was kept of the history.
    pub kept: Vec<Record>,
    /// When something last happened that tells by itself why a run came out as it did.
    pub telling: Option<SimTime>,
    /// Names of the keys, by number.
    pub keys: Vec<String>,
}

impl RunReport {
    /// The variant, and the engine where that is not the usual one: what is one run of a scenario among several.
    pub fn under(&self) -> String {
        self.engine.under(&self.variant)
    }

    /// The moment that shows best what failed. What is judged at the end of a run did not happen there: a hit rate is lost when leases
    /// are, so the last lease that was thrown away is shown, or else the last fault. `None`: no moment says more than another.
    pub fn moment(&self) -> Option<SimTime> {
        let end = SimTime::at(self.sim);
        let failure = self.verdict.failures.first()?;
        // A run that a violation ended has it as its last event.
        let stopped = (failure.class <= Class::LeaseInvariant && failure.class != Class::Panic).then_some(end);
        Some(failure.at).filter(|at| *at < end).or(stopped).or(failure.shows).or(self.telling)
    }
}

words! {
    /// Pass, fail, or beyond what the scenario claims to be safe.
    #[derive(Default)]
    pub enum Ruling: "verdict" {
        /// Every check and expectation held.
        #[default] Pass = "pass",
        /// They held of a variant that did nothing which the default does not do.
        NotReached = "not-reached",
        /// One did not.
        Fail = "fail",
        /// One did not, but the run had left the bounds within which it claims to be safe.
        ExpectedUnsafe = "expected-unsafe",
    }
}

/// The judgement on a run.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Pass or fail.
    pub ruling: Ruling,
    /// What first took the run beyond what its scenario claims, and when; `None`: it stayed within.
    pub beyond_claims: Option<String>,
    /// Is this what the scenario file expects of this variant?
    pub as_expected: bool,
    /// The most severe class among the failures.
    pub class: Option<Class>,
    /// What failed, most severe first.
    pub failures: Vec<Failure>,
    /// Where `as_expected` is false: what was expected instead, in words.
    pub unexpected: Vec<String>,
}

impl Verdict {
    /// Is what is wrong with the run meant to be?
    pub fn fails_as_expected(&self) -> bool {
        self.as_expected && self.ruling != Ruling::Pass
    }

    /// Has a check found a violation of safety in what happened, and not in how the run was set up? So has who panicked, though nobody
    /// knows when.
    pub fn broke_something(&self) -> bool {
        let happened = |failure: &Failure| failure.class == Class::Panic || failure.at > SimTime::default();
        self.failures.iter().any(|failure| is_violation(failure.class) && happened(failure))
    }

    /// The variant did nothing that the default does not do: what the file expects of it is shown of nothing.
    pub fn was_not_reached(&mut self, variant: &str, is_expected_of: bool, end: Duration) {
        if !is_expected_of {
            if self.ruling == Ruling::Pass {
                self.ruling = Ruling::NotReached;
            }
            return;
        }
        let message = format!(
            "`{variant}` was not reached: all that it did, answers and their times, roles, messages and applied entries, the default does too"
        );
        self.unexpected.push(format!("what is expected of `{variant}` is shown of nothing"));
        self.failures.push(Failure::new("reached", Class::Vacuous, SimTime::at(end), message));
        self.class = self.failures.first().map(|failure| failure.class);
        (self.ruling, self.as_expected) = (Ruling::Fail, false);
    }
}

/// One thing that failed.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// The check or expectation: `staleness`, `lease-hit-rate`, ...
    pub check: String,
    /// Its class.
    pub class: Class,
    /// When: the moment of the violation, or the end of the run for what is judged there.
    pub at: SimTime,
    /// One line with numbers.
    pub message: String,
    /// The line of the scenario file that asks for what failed (1-based); `None` of a check, which no file asks for.
    pub line: Option<usize>,
    /// The moment that shows it best, where it was judged at the end.
    pub shows: Option<SimTime>,
    /// The story in at most twelve lines of domain words.
    pub story: Vec<String>,
}

impl Failure {
    /// Without a story, and no file asks for it.
    pub fn new(check: impl Into<String>, class: Class, at: SimTime, message: String) -> Self {
        Self { check: check.into(), class, at, message, line: None, shows: None, story: Vec::new() }
    }
}

/// What one check found that might have failed, and did not as far as is known.
#[derive(Clone, PartialEq, Debug)]
pub struct Potential {
    /// How often.
    pub times: u64,
    /// The first.
    pub first: Failure,
}

/// What the steps of one verb did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FaultCount {
    /// So often they were to act: at times of the timeline, or because what they wait for has happened.
    pub planned: u64,
    /// How many acted.
    pub activated: u64,
    /// How many changed something.
    pub effective: u64,
    /// How many could not act.
    pub refused: u64,
    /// Why the first of these could not.
    pub refusal: Option<String>,
}

/// How often faults acted, by verb and by the state of the lease at that moment (`lease-bugs.md` V4).
pub type Coverage = BTreeMap<&'static str, BTreeMap<LeaseState, u64>>;

/// What one check did.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct CheckCount {
    /// How often it was evaluated.
    pub evaluated: u64,
    /// How often it failed.
    pub violations: u64,
    /// How often it was evaluated in each group, where there are several.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, u64>,
}

/// What was measured, over the whole run and in each of its windows.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    /// The whole run.
    pub whole: Window,
    /// The windows that the timeline tags, in its order.
    pub windows: Vec<Window>,
    /// What was full, and when.
    pub overload: Vec<Overload>,
}

/// What was measured in one window. Operations belong to the window in which they were due, all else to that in which it happened.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// Its name; `whole` for the whole run.
    pub name: String,
    /// Where it begins.
    pub from: SimTime,
    /// Where it ends.
    pub to: SimTime,
    /// Operations, by kind; kinds that did not occur are absent.
    pub ops: BTreeMap<OpKind, OpMeasures>,
    /// Operations of all kinds.
    pub all: OpMeasures,
    /// The operations of those clients alone whom a bound is about, and when none of these was answered.
    pub of: BTreeMap<Of, Window>,
    /// Where their time went, by kind.
    pub spent: BTreeMap<OpKind, Spent>,
    /// What lasted in it, whose longest stretches are metrics.
    pub lasted: BTreeMap<Span, Lasted>,
    /// Lease reads.
    pub lease: LeaseMeasures,
    /// Transactions refused.
    pub conflicts: u64,
    /// Requests that a group refused because it did not have their key.
    pub stale_routes: u64,
    /// How often a node became leader, the first election of the run not counted.
    pub leader_changes: u64,
    /// ReadIndex rounds.
    pub rounds: BTreeMap<RoundCause, RoundMeasures>,
    /// How long callers have waited for such rounds in it, in sum.
    pub waiting: Duration,
    /// Scripts that ended on a node, and where their time went in sum.
    pub scripts: ScriptMeasures,
    /// Snapshots of the nodes' state machines.
    pub snapshots: SnapshotMeasures,
    /// Reads that returned less than what was acknowledged before.
    pub stale_reads: u64,
    /// When the first of them was seen.
    pub first_stale: Option<SimTime>,
    /// How often a lease was extended while another was good.
    pub two_leases: u64,
    /// When that was first seen.
    pub first_overlap: Option<SimTime>,
    /// Messages that found their lane full, by lane.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Appends and snapshots that found a lane or an inbox full.
    pub bulk_refused: u64,
    /// Log entries that became durable.
    pub durable: Durable,
    /// Core time that each node spent.
    pub busy: BTreeMap<NodeId, Duration>,
    /// Operations under way: half-way through the window, and at its end.
    pub backlog: [u64; 2],
}

/// The longest stretch of time of one kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lasted {
    /// How long.
    pub longest: Duration,
    /// When it was over.
    pub over: SimTime,
    /// Whom those asked who were concerned, where it is counted by node.
    pub via: Option<NodeId>,
}

impl Window {
    /// How long the longest such stretch was; `None` where there was none that could be said to have taken time.
    pub fn longest(&self, span: Span) -> Option<Duration> {
        let lasted = self.lasted.get(&span).map(|lasted| lasted.longest);
        lasted.or_else(|| span.absent().is_none().then_some(Duration::ZERO))
    }
}

/// Operations of one kind, or of all.
///
/// Each figure counts every operation that was due, and not those alone that were answered: one that was refused, whose effect is
/// unknown or that is open beyond its deadline stands in it as at least its deadline.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpMeasures {
    /// Answered (a compare-and-set that found another value is answered).
    pub ok: u64,
    /// Failed without effect.
    pub refused: u64,
    /// Failed with unknown effect.
    pub unknown: u64,
    /// Under way when the run ended.
    pub open: u64,
    /// Of those, the ones whose deadline had passed. The others count for nothing.
    pub overdue: u64,
    /// Mean.
    pub mean: Took,
    /// Median.
    pub p50: Took,
    /// 90th percentile.
    pub p90: Took,
    /// 99th percentile.
    pub p99: Took,
    /// 99.9th percentile.
    pub p999: Took,
    /// Longest.
    pub max: Took,
    /// Mean of those due in the first half of the window, and in the second.
    pub halves: [Took; 2],
}

impl OpMeasures {
    /// Counts those of `other` too.
    pub fn count(&mut self, other: &Self) {
        self.ok += other.ok;
        self.refused += other.refused;
        self.unknown += other.unknown;
        self.open += other.open;
        self.overdue += other.overdue;
    }

    /// How many count: all but those that were under way at the end and younger than their deadline.
    pub fn due(&self) -> u64 {
        self.ok + self.unserved()
    }

    /// Of those, how many were not answered.
    pub fn unserved(&self) -> u64 {
        self.refused + self.unknown + self.overdue
    }

    /// Answered / due; `None` where nothing was due.
    pub fn availability(&self) -> Option<f64> {
        (self.due() > 0).then(|| self.ok as f64 / self.due() as f64)
    }
}

/// How long something took.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Took {
    /// So long.
    Exactly(Duration),
    /// So long or longer: it stands for operations that were never answered.
    AtLeast(Duration),
}

impl Default for Took {
    fn default() -> Self {
        Took::Exactly(Duration::ZERO)
    }
}

impl Took {
    /// So long, if that is known exactly.
    pub fn new(least: Duration, exact: bool) -> Self {
        if exact { Took::Exactly(least) } else { Took::AtLeast(least) }
    }

    /// So long at least.
    pub fn least(self) -> Duration {
        match self {
            Took::Exactly(took) | Took::AtLeast(took) => took,
        }
    }

    /// So long, if that is known exactly.
    pub fn exactly(self) -> Option<Duration> {
        match self {
            Took::Exactly(took) => Some(took),
            Took::AtLeast(_) => None,
        }
    }
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Took::Exactly(took) => f.write_str(&duration(*took)),
            Took::AtLeast(least) => write!(f, ">= {}", duration(*least)),
        }
    }
}

/// Log entries that became durable, over all nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Durable {
    /// How many.
    pub entries: u64,
    /// In how many writes of a log.
    pub writes: u64,
}

/// Lease reads and what became of leases.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeaseMeasures {
    /// Lease reads decided at a leader that was caught up, each once, by its first decision.
    pub reads: u64,
    /// How often nodes tried one of them again.
    pub retries: u64,
    /// Of those, answered from the lease.
    pub hits: u64,
    /// All others, by reason; `not-leader` and `not-caught-up` are not among [`LeaseMeasures::reads`].
    pub misses: BTreeMap<Miss, u64>,
    /// Leases in force that were ended, by cause.
    pub invalidations: BTreeMap<EndCause, u64>,
    /// The same where none was in force: what would have brought one back was voided.
    pub voided: BTreeMap<EndCause, u64>,
    /// Extensions.
    pub renewals: u64,
}

impl LeaseMeasures {
    /// Hits in lease reads; `None` without lease reads.
    pub fn hit_rate(&self) -> Option<f64> {
        (self.reads > 0).then(|| self.hits as f64 / self.reads as f64)
    }
}

/// ReadIndex rounds of one cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RoundMeasures {
    /// Rounds begun, repetitions included.
    pub started: u64,
    /// Of those, repetitions.
    pub repeated: u64,
    /// Requests that ended.
    pub ended: u64,
    /// Time they waited, in sum.
    pub waited: Duration,
}

/// Snapshots, counted over all nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SnapshotMeasures {
    /// Of a node's own state.
    pub taken: u64,
    /// That came from the leader.
    pub installed: u64,
    /// On which a process started again.
    pub reopened: u64,
}

/// Scripts as their node saw them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScriptMeasures {
    /// Scripts that ended.
    pub ended: u64,
    /// Attempts they made.
    pub attempts: u64,
    /// Where their time went, in sum.
    pub times: leasehold::observe::ScriptTimes,
}
