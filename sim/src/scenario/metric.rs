//! The quantities that a scenario may bound or put a floor under, by name and unit.

use std::{fmt, str::FromStr, sync::LazyLock};

use super::Workload;

use crate::words::{self, Misread, OpKind, Spelled};

/// Declares the metrics: what each is, its name, its unit, and what clients must do for it to have a value.
macro_rules! metrics {
    ($($(#[doc = $meaning:literal])+ $metric:ident = $name:literal, $unit:ident, $needs:ident $(($op:expr))?;)*) => {
        /// A quantity that is measured over a window or over the whole run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Metric {
            $(#[doc = concat!("`", $name, "`: ", $($meaning),+)] $metric,)*
            /// `recovery`, `unserved`, ...: the longest of such stretches of time.
            Longest(Span),
            /// `get-p99`, `script-ok`, `all-availability`, ...: of the operations of one kind, or of all.
            Operations(Option<OpKind>, Stat),
            /// `get-drift`, `script-drift`, ...: by how much the means of the window's two halves differ, relative to the first.
            Drift(OpKind),
        }

        const PLAIN: &[(Metric, &str, &str, Unit, Needs)] =
            &[$((Metric::$metric, $name, concat!($($meaning),+), Unit::$unit, Needs::$needs $(($op))?)),*];
    };
}

metrics! {
    /// Reads that returned what was no longer the newest value when they were invoked.
    StaleReads = "stale-reads", Count, Reads;
    /// Hits / (hits + misses) of the lease reads at a leader that has applied an entry of its own term.
    LeaseHitRate = "lease-hit-rate", Ratio, Reads;
    /// How often the leader changed.
    LeaderChanges = "leader-changes", Count, Nothing;
    /// Write conflicts in a simulated second.
    ConflictsPerSecond = "conflicts-per-second", Per, Writes;
    /// ReadIndex rounds for each write.
    ReadIndexPerWrite = "read-index-per-write", Per, Writes;
    /// ReadIndex rounds for each read inside a script.
    ReadIndexPerInnerRead = "read-index-per-inner-read", Per, Op(OpKind::Script);
    /// ReadIndex rounds that a script waits for, those of its reads and of its write included.
    ReadIndexPerScript = "read-index-per-script", Per, Op(OpKind::Script);
    /// How many callers wait for a ReadIndex round: the mean over time; each counts while it waits, answered or not.
    ReadIndexWaiting = "read-index-waiting", Per, Anything;
    /// Messages that found the heartbeat lane full, in a simulated second.
    HeartbeatsDroppedPerSecond = "heartbeats-dropped-per-second", Per, Nothing;
    /// Cores that are busy on the busiest node: the mean over time.
    BusyCores = "busy-cores", Per, Nothing;
    /// Operations under way at the end of the window, divided by those half-way through it, or by ten where there were fewer.
    BacklogGrowth = "backlog-growth", Per, Anything;
    /// Appends and snapshots that found a queue full, their sender's lane or their receiver's inbox, in a simulated second.
    BulkRefusedPerSecond = "bulk-refused-per-second", Per, Nothing;
    /// Log entries that one write of a node's log makes durable: the mean over the writes that hold any.
    EntriesPerFsync = "entries-per-fsync", Per, Writes;
    /// Gets that succeeded.
    Reads = "reads", Count, Op(OpKind::Get);
    /// Puts, updates and compare-and-sets that succeeded, those that found another value included.
    Writes = "writes", Count, SingleWrites;
    /// Scripts that succeeded.
    Scripts = "scripts", Count, Op(OpKind::Script);
    /// Write conflicts.
    Conflicts = "conflicts", Count, Writes;
    /// Requests that a group refused because it did not have their key; their node routes them again.
    StaleRoutes = "stale-routes", Count, Anything;
    /// Lease reads that the gate let through.
    LeaseHits = "lease-hits", Count, Reads;
    /// Lease reads that the gate did not let through.
    LeaseMisses = "lease-misses", Count, Reads;
    /// Rounds that moved the end of a lease.
    Renewals = "renewals", Count, Nothing;
    /// Snapshots that nodes took of their own state.
    SnapshotsTaken = "snapshots-taken", Count, Nothing;
    /// Snapshots that nodes installed which needed what the leader's log no longer had.
    SnapshotsInstalled = "snapshots-installed", Count, Nothing;
    /// Snapshots on their own disk on which processes started again.
    SnapshotsReopened = "snapshots-reopened", Count, Nothing;
    /// Faults that changed something.
    FaultsEffective = "faults-effective", Count, Nothing;
}

/// Declares what may last, the longest of which is a metric: its name, what clients must do, and why there is no value where it never
/// was; where nothing is said, it is zero then.
macro_rules! spans {
    ($($(#[doc = $meaning:literal])+ $span:ident = $name:literal, $needs:ident $(, $absent:literal)?;)*) => {
        words::words! {
            /// What may last.
            pub enum Span: "span" {
                $($(#[doc = $meaning])+ $span = $name,)*
            }
        }

        impl Span {
            const fn facts(self) -> (&'static str, Needs) {
                match self {
                    $(Self::$span => (concat!($($meaning),+), Needs::$needs),)*
                }
            }

            /// Why it has no value where it never was; `None`: it is zero then.
            pub fn absent(self) -> Option<&'static str> {
                match self {
                    $(Self::$span => [$($absent)?].first().copied(),)*
                }
            }
        }
    };
}

spans! {
    /// The longest time in which nobody's operation was answered ok though some were due.
    Unserved = "unserved", Anything, "nothing was due";
    /// The same for those who ask one node: that of the node at which it was longest.
    UnservedVia = "unserved-via", Anything, "nothing was due";
    /// The longest time without a leader that runs and that a quorum follows, from the first leader of the run on; all of the
    /// time if there never was one.
    Leaderless = "leaderless", Nothing;
    /// The longest time from the beginning of what took a leader away to the first operation that is answered when its successor serves.
    Failover = "failover", Anything, "no leader came after another";
    /// The longest time from the end of a fault, and not from its beginning (that is `failover`), to the first write whose commit is
    /// acknowledged again.
    Recovery = "recovery", Writes, "no fault ended that left nothing else in force";
    /// The longest time from when a new leader can serve, and not from the fault before it, to the first read that it answers from its
    /// lease; it has no value where no read came before that.
    Rewarm = "rewarm", Reads, "nobody was elected and then asked for a lease read";
}

/// What is said of a metric.
struct Row {
    metric: Metric,
    name: String,
    /// A sentence, as its doc comment has it.
    meaning: String,
    unit: Unit,
    needs: Needs,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let row = |metric, name: String, meaning: &str, unit, needs| {
        let meaning = meaning.trim_start().to_owned();
        Row { metric, name, meaning, unit, needs }
    };
    let plain = PLAIN
        .iter()
        .map(|(metric, name, meaning, unit, needs)| row(*metric, (*name).to_owned(), meaning, *unit, *needs));
    let spans = Span::all().map(|span| {
        let (meaning, needs) = span.facts();
        row(Metric::Longest(span), span.to_string(), meaning, Unit::Seconds, needs)
    });
    let kinds = OpKind::all().map(Some).chain([None]);
    let operations = kinds.flat_map(|kind| Stat::all().map(move |stat| (kind, stat))).map(|(kind, stat)| {
        let (name, needs) = (kind.map_or("all", Spelled::word), kind.map_or(Needs::Anything, Needs::Op));
        row(Metric::Operations(kind, stat), format!("{name}-{stat}"), &stat.meaning(kind), stat.facts().0, needs)
    });
    let drifts = OpKind::all().map(|op| {
        let halves = "differs between the window's two halves, relative to the first.";
        let meaning = format!("How much the mean latency of {op} {halves}");
        row(Metric::Drift(op), format!("{op}-drift"), &meaning, Unit::Per, Needs::Op(op))
    });
    plain.chain(spans).chain(operations).chain(drifts).collect()
});

words::words! {
    /// The unit of a metric, which its bounds are held in.
    pub enum Unit: "unit" {
        /// Seconds; written as a duration.
        Seconds = "duration",
        /// A whole number.
        Count = "count",
        /// 0 to 1; may be written in percent.
        Ratio = "ratio",
        /// Any number from 0: so many for each of something else.
        Per = "number",
    }
}

/// Declares what is asked of operations: its word, its unit, and what it is of `{}`; of a latency which one.
macro_rules! stats {
    ($($stat:ident = $word:literal, $unit:ident, $meaning:literal;)*) => {
        crate::words::words! {
            /// What is asked of operations.
            pub enum Stat: "statistic" {
                $(#[doc = $meaning] $stat = $word,)*
            }
        }

        impl Stat {
            const fn facts(self) -> (Unit, &'static str) {
                match self {
                    $(Self::$stat => (Unit::$unit, $meaning),)*
                }
            }
        }
    };
}

stats! {
    Ok = "ok", Count, "How many {} were answered; a compare-and-set that finds another value is.";
    Refused = "refused", Count, "How many {} failed and have certainly had no effect; a read has none.";
    Unknown = "unknown", Count, "How many {} failed or were given up, and may have taken effect.";
    Availability = "availability", Ratio, "The share of the {} that were due which was answered.";
    PerSecond = "per-second", Per, "How many {} were answered in a simulated second.";
    Mean = "mean", Seconds, "mean";
    P50 = "p50", Seconds, "median";
    P90 = "p90", Seconds, "90th percentile";
    P99 = "p99", Seconds, "99th percentile";
    P999 = "p999", Seconds, "99.9th percentile";
    Max = "max", Seconds, "longest";
}

impl Stat {
    /// What it is of one kind of operation, or of all, in a sentence.
    fn meaning(self, kind: Option<OpKind>) -> String {
        let ops = kind.map_or("operations of all kinds", OpKind::many);
        match self.facts() {
            (Unit::Seconds, which) => format!(
                "The {which} of the latencies of the {ops} that were due, each from then to its answer; one that was not answered \
                 counts as at least its deadline."
            ),
            (_, meaning) => meaning.replace("{}", ops),
        }
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
        let does = |kind| workload.share_of(kind) > 0;
        let any = |kinds: &[OpKind]| kinds.iter().any(|kind| does(*kind));
        match self {
            Self::Nothing | Self::Anything => true,
            Self::Op(kind) => does(kind),
            Self::Reads => any(&[OpKind::Get, OpKind::Mget, OpKind::Scan, OpKind::Update, OpKind::Script]),
            Self::Writes => any(&[OpKind::Put, OpKind::Cas, OpKind::Delete, OpKind::Update, OpKind::Script]),
            Self::SingleWrites => any(&[OpKind::Put, OpKind::Cas, OpKind::Delete, OpKind::Update]),
        }
    }

    /// What a workload does that does it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Nothing => "does nothing",
            Self::Anything => "does anything",
            Self::Op(kind) => kind.done(),
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::SingleWrites => "writes single keys",
        }
    }
}

impl Metric {
    /// How long it takes to recover: the one that protocols give a limit of their own.
    pub const RECOVERY: Self = Self::Longest(Span::Recovery);

    /// Is there none of it, whatever happens? Of no read the effect is unknown.
    pub fn is_never(self) -> bool {
        matches!(self, Self::Operations(Some(kind), Stat::Unknown) if kind.only_reads())
    }

    /// Every metric. `Display` gives the name that a scenario uses.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.metric)
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.metric == self).expect("every metric has a row")
    }

    /// What it is, in a sentence.
    pub fn meaning(self) -> &'static str {
        &self.row().meaning
    }

    /// Is it a latency of operations?
    pub fn is_latency(self) -> bool {
        matches!(self, Self::Operations(..)) && self.unit() == Unit::Seconds
    }

    /// Can it be counted for some clients alone?
    pub fn is_of_clients(self) -> bool {
        matches!(self, Self::Operations(..) | Self::Longest(Span::Unserved))
    }

    /// What its values are held in.
    pub fn unit(self) -> Unit {
        self.row().unit
    }

    /// What clients must do for it to have a value.
    pub(super) fn needs(self) -> Needs {
        self.row().needs
    }

    /// May be a floor: it is a count.
    pub fn is_count(self) -> bool {
        self.unit() == Unit::Count
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.row().name)
    }
}

impl FromStr for Metric {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let row = ROWS.iter().find(|row| row.name == text);
        row.map(|row| row.metric).ok_or_else(|| words::unknown("metric", text, Self::all()))
    }
}
