//! The quantities that a scenario may bound or put a floor under, by name and unit.

use std::{fmt, str::FromStr};

use crate::words::{self, Misread, OpKind, Spelled};

/// A quantity that is measured over a window or over the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// `stale-reads`: reads that returned what was no longer the newest.
    StaleReads,
    /// `lease-hit-rate`: hits / (hits + misses) of reads at a leader that has applied an entry of its own term.
    LeaseHitRate,
    /// `recovery`: the longest time from the end of a fault to the first success.
    Recovery,
    /// `rewarm`: the longest time from a new leader's first applied entry to the first read that it answers from its lease; nothing
    /// where no read came before that.
    Rewarm,
    /// `leader-changes`
    LeaderChanges,
    /// `conflicts-per-second`
    ConflictsPerSecond,
    /// `read-index-per-write`: ReadIndex rounds for each write.
    ReadIndexPerWrite,
    /// `read-index-per-inner-read`: ReadIndex rounds for each read inside a script.
    ReadIndexPerInnerRead,
    /// `get-p99`, `script-mean`, ...: from the moment the request was due to its answer.
    Latency(OpKind, Stat),
    /// `read-index-per-script`: ReadIndex rounds that a script waits for, those of its reads and of its write included.
    ReadIndexPerScript,
    /// `read-index-waiting`: how many callers wait for a ReadIndex round, in the mean.
    ReadIndexWaiting,
    /// `heartbeats-dropped-per-second`: messages that found the heartbeat lane full.
    HeartbeatsDroppedPerSecond,
    /// `busy-cores`: of the busiest node, in the mean.
    BusyCores,
    /// `backlog-growth`: operations under way at the end of the window, to those half-way through it, or to ten where there
    /// were fewer.
    BacklogGrowth,
    /// `get-drift`, `script-drift`, ...: by how much the means of the window's two halves differ, relative to the first.
    Drift(OpKind),
    /// `reads`: that succeeded.
    Reads,
    /// `writes`: that succeeded.
    Writes,
    /// `scripts`: that succeeded.
    Scripts,
    /// `conflicts`: write conflicts.
    Conflicts,
    /// `lease-hits`
    LeaseHits,
    /// `lease-misses`
    LeaseMisses,
    /// `renewals`: of the lease.
    Renewals,
    /// `snapshots-taken`: of their own state, by all nodes.
    SnapshotsTaken,
    /// `snapshots-installed`: by nodes that needed what the leader's log no longer had.
    SnapshotsInstalled,
    /// `snapshots-reopened`: by processes that started again on the snapshot on their own disk.
    SnapshotsReopened,
    /// `faults-effective`: faults that changed something.
    FaultsEffective,
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

/// A statistic of many durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stat {
    /// The mean.
    Mean,
    /// The median.
    P50,
    /// The 99th percentile.
    P99,
    /// The longest.
    Max,
}

impl Metric {
    const PLAIN: [(Self, &'static str); 24] = [
        (Self::StaleReads, "stale-reads"),
        (Self::LeaseHitRate, "lease-hit-rate"),
        (Self::Recovery, "recovery"),
        (Self::Rewarm, "rewarm"),
        (Self::LeaderChanges, "leader-changes"),
        (Self::ConflictsPerSecond, "conflicts-per-second"),
        (Self::ReadIndexPerWrite, "read-index-per-write"),
        (Self::ReadIndexPerInnerRead, "read-index-per-inner-read"),
        (Self::ReadIndexPerScript, "read-index-per-script"),
        (Self::ReadIndexWaiting, "read-index-waiting"),
        (Self::HeartbeatsDroppedPerSecond, "heartbeats-dropped-per-second"),
        (Self::BusyCores, "busy-cores"),
        (Self::BacklogGrowth, "backlog-growth"),
        (Self::Reads, "reads"),
        (Self::Writes, "writes"),
        (Self::Scripts, "scripts"),
        (Self::Conflicts, "conflicts"),
        (Self::LeaseHits, "lease-hits"),
        (Self::LeaseMisses, "lease-misses"),
        (Self::Renewals, "renewals"),
        (Self::SnapshotsTaken, "snapshots-taken"),
        (Self::SnapshotsInstalled, "snapshots-installed"),
        (Self::SnapshotsReopened, "snapshots-reopened"),
        (Self::FaultsEffective, "faults-effective"),
    ];

    /// Every metric. `Display` gives the name that a scenario uses.
    pub fn all() -> Vec<Self> {
        let latencies =
            OpKind::WORDS.iter().flat_map(|(op, _)| Stat::WORDS.iter().map(|(stat, _)| Self::Latency(*op, *stat)));
        let drifts = OpKind::WORDS.iter().map(|(op, _)| Self::Drift(*op));
        Self::PLAIN.iter().map(|(metric, _)| *metric).chain(latencies).chain(drifts).collect()
    }

    /// What its values are held in.
    pub fn unit(self) -> Unit {
        match self {
            Self::Recovery | Self::Rewarm | Self::Latency(..) => Unit::Seconds,
            Self::LeaseHitRate => Unit::Ratio,
            Self::ConflictsPerSecond
            | Self::ReadIndexPerWrite
            | Self::ReadIndexPerInnerRead
            | Self::ReadIndexPerScript
            | Self::ReadIndexWaiting
            | Self::HeartbeatsDroppedPerSecond
            | Self::BusyCores
            | Self::BacklogGrowth
            | Self::Drift(_) => Unit::Per,
            Self::StaleReads
            | Self::LeaderChanges
            | Self::Reads
            | Self::Writes
            | Self::Scripts
            | Self::Conflicts
            | Self::LeaseHits
            | Self::LeaseMisses
            | Self::Renewals
            | Self::SnapshotsTaken
            | Self::SnapshotsInstalled
            | Self::SnapshotsReopened
            | Self::FaultsEffective => Unit::Count,
        }
    }

    /// May be a floor: it is a count.
    pub fn is_count(self) -> bool {
        self.unit() == Unit::Count
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Latency(op, stat) = self {
            return write!(f, "{}-{}", op.word(), stat.word());
        }
        if let Self::Drift(op) = self {
            return write!(f, "{}-drift", op.word());
        }
        let name = Self::PLAIN.iter().find(|(metric, _)| metric == self).map(|(_, name)| *name);
        f.write_str(name.unwrap_or_default())
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

impl Spelled for Stat {
    const WHAT: &'static str = "statistic";
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Mean, "mean"), (Self::P50, "p50"), (Self::P99, "p99"), (Self::Max, "max")];
}
