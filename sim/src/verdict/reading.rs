//! The value of a scenario's metric in a window.

use super::prelude::*;
use super::{FaultCount, OpMeasures, Took, Window};
use crate::scenario::{Bound, OpKind, Unit};
use crate::words::figures::exact;

/// The kinds that write a single key, and read none but that.
pub(super) const WRITES: [OpKind; 4] = [OpKind::Put, OpKind::Cas, OpKind::Update, OpKind::Delete];

/// What was measured, in the metric's unit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// It is so much or more: it stands for operations that were never answered.
    pub at_least: bool,
}

impl From<f64> for Measured {
    fn from(value: f64) -> Self {
        Self { value, at_least: false }
    }
}

impl From<Took> for Measured {
    fn from(took: Took) -> Self {
        Self { value: seconds(took.least()), at_least: took.exactly().is_none() }
    }
}

impl From<Measured> for Took {
    fn from(Measured { value, at_least }: Measured) -> Self {
        Took::new(nanos(value), !at_least)
    }
}

impl Measured {
    /// Is it certain to be within `bound`? Of a value that may be larger, no upper bound is.
    pub fn is_within(self, bound: &Bound) -> bool {
        bound.holds(self.value) && !(self.at_least && bound.most().is_some())
    }

    /// For people.
    pub fn shown(self, metric: Metric) -> String {
        self.marked(shown(metric, self.value))
    }

    fn marked(self, shown: String) -> String {
        if self.at_least { format!(">= {shown}") } else { shown }
    }
}

/// The value of `metric` in `window`, in the metric's unit. `faults` are those of the whole run; `None` for a part of it.
///
/// What the counts are of:
/// - `writes` are puts, updates and compare-and-sets that succeeded, those that found another value included; scripts are
///   counted apart.
/// - `lease-misses` are those at a leader that was caught up, as in the hit rate.
/// - `read-index-per-write` is by *dispatches*: each write that a leader attempts ends as a success, a conflict or with unknown
///   effect. Those that failed without effect were mostly refused before any round.
/// - `read-index-per-inner-read` is by attempt of a script, not by read: how many reads an attempt makes is not in the history.
///   Scripts whose caller gave up before they ended are not counted.
///
/// # Errors
/// Why there is none: nothing happened that it could be measured by.
pub fn read(
    metric: Metric,
    window: &Window,
    faults: Option<&BTreeMap<&'static str, FaultCount>>,
) -> Result<Measured, &'static str> {
    let lease = &window.lease;
    let over_time = |amount: f64| per(amount, length(window), "the window is empty");
    let count = match metric {
        Metric::LeaseHitRate => {
            let rate = lease.hit_rate().ok_or("no lease read reached a leader that was caught up");
            return rate.map(Measured::from);
        }
        Metric::Longest(span) => {
            let longest = window.longest(span).map(|took| Took::Exactly(took).into());
            return longest.ok_or(span.absent().unwrap_or_default());
        }
        Metric::ConflictsPerSecond => return over_time(window.conflicts as f64),
        Metric::ReadIndexPerWrite => {
            return per(rounds(window, RoundCause::Write), dispatches(window) as f64, "no write was attempted");
        }
        Metric::ReadIndexPerInnerRead => {
            return per(rounds(window, RoundCause::InnerRead), window.scripts.attempts as f64, "no script ended");
        }
        Metric::ReadIndexPerScript => {
            let scripts = &window.scripts;
            return per(f64::from(scripts.times.rounds), scripts.ended as f64, "no script ended");
        }
        Metric::ReadIndexWaiting => return over_time(seconds(window.waiting)),
        Metric::HeartbeatsDroppedPerSecond => {
            let dropped = window.dropped.get(Lane::Heartbeat.name()).copied().unwrap_or_default();
            return over_time(dropped as f64);
        }
        Metric::BusyCores => {
            let busiest = window.busy.values().copied().max().unwrap_or_default();
            return over_time(seconds(busiest));
        }
        Metric::BacklogGrowth => {
            let [middle, end] = window.backlog;
            return Ok(Measured::from(end as f64 / middle.max(NO_BACKLOG) as f64));
        }
        Metric::Drift(kind) => return drift(window, kind),
        Metric::Operations(kind, stat) => return operations(window, kind, stat),
        Metric::BulkRefusedPerSecond => return over_time(window.bulk_refused as f64),
        Metric::EntriesPerFsync => {
            let durable = window.durable;
            return per(durable.entries as f64, durable.writes as f64, "no entry was written");
        }
        Metric::StaleReads => window.stale_reads,
        Metric::LeaderChanges => window.leader_changes,
        Metric::Reads => ops(window, OpKind::Get).ok,
        Metric::Writes => WRITES.map(|kind| ops(window, kind).ok).iter().sum(),
        Metric::Scripts => ops(window, OpKind::Script).ok,
        Metric::Conflicts => window.conflicts,
        Metric::StaleRoutes => window.stale_routes,
        Metric::LeaseHits => lease.hits,
        Metric::LeaseMisses => lease.reads - lease.hits,
        Metric::Renewals => lease.renewals,
        Metric::SnapshotsTaken => window.snapshots.taken,
        Metric::SnapshotsInstalled => window.snapshots.installed,
        Metric::SnapshotsReopened => window.snapshots.reopened,
        Metric::FaultsEffective => {
            let faults = faults.ok_or("faults are counted over the whole run only")?;
            faults.values().map(|count| count.effective).sum()
        }
    };
    Ok(Measured::from(count as f64))
}

/// `value` of `metric` for people.
pub fn shown(metric: Metric, value: f64) -> String {
    match metric.unit() {
        Unit::Seconds => duration(nanos(value)),
        Unit::Count => count(value as u64),
        Unit::Ratio => percent(value),
        Unit::Per => number(value),
    }
}

/// `value`, which misses `bound`, for people: with all its digits where it would otherwise read like the bound.
pub(super) fn shown_against(metric: Metric, measured: impl Into<Measured>, bound: f64) -> String {
    let measured = measured.into();
    let value = measured.value;
    measured.marked(match shown(metric, value) {
        rounded if rounded != shown(metric, bound) || value == bound => rounded,
        _ if metric.unit() == Unit::Seconds => exact(nanos(value)),
        _ => value.to_string(),
    })
}

fn nanos(seconds: f64) -> Duration {
    Duration::from_nanos((seconds * 1e9).round() as u64)
}

fn per(count: f64, of: f64, otherwise: &'static str) -> Result<Measured, &'static str> {
    if of > 0.0 { Ok(Measured::from(count / of)) } else { Err(otherwise) }
}

/// As `scenario` makes seconds of a duration, so that a bound is met exactly where the nanoseconds are equal.
fn seconds(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e9
}

fn length(window: &Window) -> f64 {
    seconds(window.to.since(window.from))
}

/// So few operations under way are none that waits for another: their number says nothing of growth.
const NO_BACKLOG: u64 = 10;

fn drift(window: &Window, kind: OpKind) -> Result<Measured, &'static str> {
    let [Took::Exactly(first), Took::Exactly(second)] = ops(window, kind).halves else {
        return Err("some were not answered, so that the means of the halves are not known");
    };
    let [first, second] = [first, second].map(seconds);
    per((second - first).abs(), first, "none was due in the first half")
}

fn rounds(window: &Window, cause: RoundCause) -> f64 {
    window.rounds.get(&cause).map_or(0, |rounds| rounds.started) as f64
}

fn dispatches(window: &Window) -> u64 {
    let attempted = |kind| {
        let ops = ops(window, kind);
        ops.ok + ops.unknown
    };
    window.conflicts + WRITES.map(attempted).iter().sum::<u64>() + attempted(OpKind::Script)
}

fn operations(window: &Window, kind: Option<OpKind>, stat: Stat) -> Result<Measured, &'static str> {
    let ops = kind.map_or(window.all, |kind| ops(window, kind));
    let number = |number: u64| Ok(Measured::from(number as f64));
    let took = |took: Took| if ops.due() > 0 { Ok(took.into()) } else { Err(none_was_due(kind)) };
    match stat {
        Stat::Ok => number(ops.ok),
        Stat::Refused => number(ops.refused),
        Stat::Unknown => number(ops.unknown),
        Stat::Availability => ops.availability().map(Measured::from).ok_or(none_was_due(kind)),
        Stat::PerSecond => per(ops.ok as f64, length(window), "the window is empty"),
        Stat::Mean => took(ops.mean),
        Stat::P50 => took(ops.p50),
        Stat::P90 => took(ops.p90),
        Stat::P99 => took(ops.p99),
        Stat::P999 => took(ops.p999),
        Stat::Max => took(ops.max),
    }
}

fn none_was_due(kind: Option<OpKind>) -> &'static str {
    match kind {
        None => "no operation was due",
        Some(OpKind::Get) => "no get was due",
        Some(OpKind::Put) => "no put was due",
        Some(OpKind::Cas) => "no compare-and-set was due",
        Some(OpKind::Update) => "no update was due",
        Some(OpKind::Script) => "no script was due",
        Some(OpKind::Delete) => "no delete was due",
        Some(OpKind::Mget) => "no mget was due",
        Some(OpKind::Scan) => "no scan was due",
    }
}

/// The operations of one kind; zeros where there were none.
pub(super) fn ops(window: &Window, kind: OpKind) -> OpMeasures {
    window.ops.get(&kind).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Op;
    use crate::scenario::Span;
    use crate::time::SimTime;
    use crate::verdict::{Durable, Lasted, LeaseMeasures, RoundMeasures, ScriptMeasures};
    use crate::words::Spelled;
    use leasehold::env::NodeId;

    fn window() -> Window {
        Window { to: SimTime(4_000_000_000), ..Window::default() }
    }

    #[test]
    fn what_was_not_exercised_has_no_value() {
        let absent = |metric: &str| read(metric.parse().expect("a metric"), &window(), None).expect_err(metric);
        assert_eq!(absent("lease-hit-rate"), "no lease read reached a leader that was caught up");
        assert_eq!(absent("get-p99"), "no get was due");
        assert_eq!(absent("read-index-per-write"), "no write was attempted");
        assert_eq!(absent("read-index-per-inner-read"), "no script ended");
        assert_eq!(absent("faults-effective"), "faults are counted over the whole run only");
        assert_eq!(absent("recovery"), "no fault ended that left nothing else in force");
        assert_eq!(absent("rewarm"), "nobody was elected and then asked for a lease read");
    }

    #[test]
    fn every_metric_has_a_value_where_everything_was_exercised() {
        let halves = [2, 3].map(|millis| Took::Exactly(Duration::from_millis(millis)));
        let ops = OpMeasures { ok: 4, mean: halves[0], halves, ..OpMeasures::default() };
        let rounds = RoundMeasures { started: 6, ..RoundMeasures::default() };
        let lasted = |span| {
            Duration::from_millis(match span {
                Span::Unserved => 20,
                Span::UnservedVia => 40,
                Span::Leaderless => 700,
                Span::Failover => 800,
                Span::Recovery => 1_500,
                Span::Rewarm => 3,
            })
        };
        let full = Window {
            ops: OpKind::all().map(|kind| (kind, ops)).collect(),
            lease: LeaseMeasures { reads: 8, hits: 6, ..LeaseMeasures::default() },
            scripts: ScriptMeasures { ended: 2, attempts: 12, ..ScriptMeasures::default() },
            rounds: RoundCause::ALL.into_iter().map(|cause| (cause, rounds)).collect(),
            lasted: Span::all().map(|span| (span, Lasted { longest: lasted(span), ..Lasted::default() })).collect(),
            waiting: Duration::from_secs(12),
            conflicts: 12,
            busy: BTreeMap::from([(NodeId(1), Duration::from_secs(8)), (NodeId(2), Duration::from_secs(2))]),
            dropped: BTreeMap::from([("heartbeat", 20)]),
            backlog: [40, 50],
            all: ops,
            bulk_refused: 8,
            durable: Durable { entries: 30, writes: 10 },
            ..window()
        };
        let faults = BTreeMap::from([("heal", FaultCount { effective: 1, ..FaultCount::default() })]);
        let value =
            |metric: &str| read(metric.parse().expect("a metric"), &full, Some(&faults)).map(|measured| measured.value);
        assert!(Metric::all().all(|metric| value(&metric.to_string()).is_ok()));
        assert_eq!((value("conflicts-per-second"), value("lease-hit-rate")), (Ok(3.0), Ok(0.75)));
        assert_eq!((value("writes"), value("lease-misses"), value("recovery")), (Ok(16.0), Ok(2.0), Ok(1.5)));
        // 12 conflicts and 4 successes of each of five kinds, in 4 seconds.
        assert_eq!((value("read-index-per-write"), value("read-index-per-inner-read")), (Ok(6.0 / 32.0), Ok(0.5)));
        assert_eq!((value("busy-cores"), value("heartbeats-dropped-per-second")), (Ok(2.0), Ok(5.0)));
        assert_eq!((value("read-index-waiting"), value("backlog-growth")), (Ok(3.0), Ok(1.25)));
        assert_eq!((value("get-drift"), value("script-drift")), (Ok(0.5), Ok(0.5)));
        assert_eq!([value("rewarm"), value("leaderless"), value("failover")], [Ok(0.003), Ok(0.7), Ok(0.8)]);
        assert_eq!((value("unserved"), value("unserved-via")), (Ok(0.02), Ok(0.04)));
        assert_eq!((value("bulk-refused-per-second"), value("entries-per-fsync")), (Ok(2.0), Ok(3.0)));
        assert_eq!((value("all-availability"), value("put-per-second")), (Ok(1.0), Ok(1.0)));
        assert_eq!((value("get-mean"), value("faults-effective")), (Ok(0.002), Ok(1.0)));
    }

    #[test]
    fn what_stands_for_operations_that_were_not_answered_meets_no_upper_bound() {
        let bound = |op, value| Bound { op, value, upper: None, text: String::new() };
        let measured = Measured::from(Took::AtLeast(Duration::from_secs(1)));
        assert_eq!(measured.shown("get-p99".parse().expect("a metric")), ">= 1s");
        let within = |op, value| measured.is_within(&bound(op, value));
        assert!(![Op::Lt, Op::Le, Op::Eq].iter().any(|op| within(*op, 2.0) || within(*op, 1.0)));
        assert!(within(Op::Ge, 1.0) && within(Op::Gt, 0.5) && !within(Op::Ge, 2.0));
    }

    #[test]
    fn a_few_operations_under_way_are_no_backlog_that_could_grow() {
        let growth = |backlog| {
            let metric = "backlog-growth".parse().expect("a metric");
            read(metric, &Window { backlog, ..window() }, None).map(|measured| measured.value)
        };
        assert_eq!([[0, 0], [1, 9], [4, 20], [100, 150]].map(growth), [0.0, 0.9, 2.0, 1.5].map(Ok));
    }

    #[test]
    fn values_are_shown_in_their_unit() {
        let shown = |metric: &str, value| shown(metric.parse().expect("a metric"), value);
        assert_eq!(shown("get-p99", 0.001_234_567), "1.23ms");
        assert_eq!(shown("lease-hit-rate", 0.971_26), "97.12%");
        assert_eq!(shown("conflicts", 4_812.0), "4,812");
        assert_eq!(shown("read-index-per-write", 0.750_04), "0.75");
    }

    #[test]
    fn a_value_beside_the_bound_that_it_misses_never_reads_like_it() {
        let shown = |metric: &str, value, bound| shown_against(metric.parse().expect("a metric"), value, bound);
        assert_eq!(shown("get-p99", 0.012_345_678, 0.01), "12.3ms");
        assert_eq!(shown("get-p99", 0.010_000_003, 0.01), "10.000003ms");
        assert_eq!(shown("lease-hit-rate", 0.999_985, 0.999_99), "0.999985");
    }
}
