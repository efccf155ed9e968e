//! The quantities that a scenario may bound or put a floor under, by name and unit.

use std::{fmt, str::FromStr};

use super::{Workload, WorkloadKind};

use crate::words::{self, Misread, OpKind, Spelled};

/// Declares the metrics: what each is, its name, its unit, and what clients must do for it to have a value.
macro_rules! metrics {
    ($($(#[$about:meta])* $metric:ident = $name:literal, $unit:ident, $needs:ident $(($op:expr))?;)*) => {
        /// A quantity that is measured over a window or over the whole run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $($(#[$about])* $metric,)*
            /// `get-p99`, `script-mean`, ...: from the moment the request was due to its answer.
            Latency(OpKind, Stat),
            /// `get-drift`, `script-drift`, ...: by how much the means of the window's two halves differ, relative to the first.
            Drift(OpKind),
        }

        const PLAIN: &[(Metric, &str, Unit, Needs)] =
            &[$((Metric::$metric, $name, Unit::$unit, Needs::$needs $(($op))?)),*];
    };
}

metrics! {
    /// `stale-reads`: reads that returned what was no longer the newest.
    StaleReads = "stale-reads", Count, Reads;
    /// `lease-hit-rate`: hits / (hits + misses) of reads at a leader that has applied an entry of its own term.
    LeaseHitRate = "lease-hit-rate", Ratio, Reads;
    /// `recovery`: the longest time from the end of a fault to the first success.
    Recovery = "recovery", Seconds, Writes;
    /// `rewarm`: the longest time from a new leader's first applied entry to the first read that it answers from its lease; nothing
    /// where no read came before that.
    Rewarm = "rewarm", Seconds, Reads;
    /// `leader-changes`
    LeaderChanges = "leader-changes", Count, Nothing;
    /// `conflicts-per-second`
    ConflictsPerSecond = "conflicts-per-second", Per, Writes;
    /// `read-index-per-write`: ReadIndex rounds for each write.
    ReadIndexPerWrite = "read-index-per-write", Per, Writes;
    /// `read-index-per-inner-read`: ReadIndex rounds for each read inside a script.
    ReadIndexPerInnerRead = "read-index-per-inner-read", Per, Op(OpKind::Script);
    /// `read-index-per-script`: ReadIndex rounds that a script waits for, those of its reads and of its write included.
    ReadIndexPerScript = "read-index-per-script", Per, Op(OpKind::Script);
    /// `read-index-waiting`: how many callers wait for a ReadIndex round, in the mean.
    ReadIndexWaiting = "read-index-waiting", Per, Anything;
    /// `heartbeats-dropped-per-second`: messages that found the heartbeat lane full.
    HeartbeatsDroppedPerSecond = "heartbeats-dropped-per-second", Per, Nothing;
    /// `busy-cores`: of the busiest node, in the mean.
    BusyCores = "busy-cores", Per, Nothing;
    /// `backlog-growth`: operations under way at the end of the window, to those half-way through it, or to ten where there
    /// were fewer.
    BacklogGrowth = "backlog-growth", Per, Anything;
    /// `reads`: that succeeded.
    Reads = "reads", Count, Op(OpKind::Get);
    /// `writes`: that succeeded.
    Writes = "writes", Count, SingleWrites;
    /// `scripts`: that succeeded.
    Scripts = "scripts", Count, Op(OpKind::Script);
    /// `conflicts`: write conflicts.
    Conflicts = "conflicts", Count, Writes;
    /// `lease-hits`
    LeaseHits = "lease-hits", Count, Reads;
    /// `lease-misses`
    LeaseMisses = "lease-misses", Count, Reads;
    /// `renewals`: of the lease.
    Renewals = "renewals", Count, Nothing;
    /// `snapshots-taken`: of their own state, by all nodes.
    SnapshotsTaken = "snapshots-taken", Count, Nothing;
    /// `snapshots-installed`: by nodes that needed what the leader's log no longer had.
    SnapshotsInstalled = "snapshots-installed", Count, Nothing;
    /// `snapshots-reopened`: by processes that started again on the snapshot on their own disk.
    SnapshotsReopened = "snapshots-reopened", Count, Nothing;
    /// `faults-effective`: faults that changed something.
    FaultsEffective = "faults-effective", Count, Nothing;
}

/// The unit of a metric, which its bounds are held in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds; written as a duration.
    Seconds,
    /// A whole number.
    Count,
    /// 0 to 1; may be written in percent.
    Ratio,
    /// Any number from 0: so many for each of something else.
    Per,
}

crate::words::words! {
    /// A statistic of many durations.
    pub enum Stat: "statistic" {
        /// The mean.
        Mean = "mean",
        /// The median.
        P50 = "p50",
        /// The 99th percentile.
        P99 = "p99",
        /// The longest.
        Max = "max",
    }
}

/// What clients must do for a metric to have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    Anything,
    Op(OpKind),
    Reads,
    Writes,
    SingleWrites,
}

impl Needs {
    /// Does `workload` do it?
    pub(super) fn met_by(self, workload: &Workload) -> bool {
        let does = |kind| match (&workload.kind, kind) {
            (WorkloadKind::Kv { mix }, OpKind::Get) => mix.get > 0,
            (WorkloadKind::Kv { mix }, OpKind::Put) => mix.put > 0,
            (WorkloadKind::Kv { mix }, OpKind::Cas) => mix.cas > 0,
            (WorkloadKind::Kv { mix }, OpKind::Update) => mix.update > 0,
            (WorkloadKind::Script { .. }, kind) => kind == OpKind::Script,
            (WorkloadKind::Kv { .. }, OpKind::Script) => false,
        };
        let any = |kinds: &[OpKind]| kinds.iter().any(|kind| does(*kind));
        match self {
            Self::Nothing | Self::Anything => true,
            Self::Op(kind) => does(kind),
            Self::Reads => any(&[OpKind::Get, OpKind::Update, OpKind::Script]),
            Self::Writes => any(&[OpKind::Put, OpKind::Cas, OpKind::Update, OpKind::Script]),
            Self::SingleWrites => any(&[OpKind::Put, OpKind::Cas, OpKind::Update]),
        }
    }

    /// What a workload does that does it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Nothing => "does nothing",
            Self::Anything => "does anything",
            Self::Op(OpKind::Get) => "reads single keys",
            Self::Op(OpKind::Put) => "puts",
            Self::Op(OpKind::Cas) => "compares and sets",
            Self::Op(OpKind::Update) => "updates",
            Self::Op(OpKind::Script) => "runs scripts",
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::SingleWrites => "writes single keys",
        }
    }
}

impl Metric {
    /// Every metric. `Display` gives the name that a scenario uses.
    pub fn all() -> Vec<Self> {
        let latencies = OpKind::all().flat_map(|op| Stat::all().map(move |stat| Self::Latency(op, stat)));
        let drifts = OpKind::all().map(Self::Drift);
        PLAIN.iter().map(|(metric, ..)| *metric).chain(latencies).chain(drifts).collect()
    }

    fn facts(self) -> (String, Unit, Needs) {
        match self {
            Self::Latency(op, stat) => (format!("{op}-{stat}"), Unit::Seconds, Needs::Op(op)),
            Self::Drift(op) => (format!("{op}-drift"), Unit::Per, Needs::Op(op)),
            plain => {
                let row = PLAIN.iter().find(|(metric, ..)| *metric == plain);
                row.map_or((String::new(), Unit::Count, Needs::Nothing), |(_, name, unit, needs)| {
                    ((*name).to_owned(), *unit, *needs)
                })
            }
        }
    }

    /// What its values are held in.
    pub fn unit(self) -> Unit {
        self.facts().1
    }

    /// What clients must do for it to have a value.
    pub(super) fn needs(self) -> Needs {
        self.facts().2
    }

    /// May be a floor: it is a count.
    pub fn is_count(self) -> bool {
        self.unit() == Unit::Count
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.facts().0)
    }
}

impl FromStr for Metric {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        Self::all()
            .into_iter()
            .find(|metric| metric.to_string() == text)
            .ok_or_else(|| words::unknown("metric", text, Self::all()))
    }
}
