//! Counters and histograms, with the reference system's metric names (elastickv; Prometheus).

use crate::env::{Lane, nanos};
use crate::observe::{Miss, ScriptTimes};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A counter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "each is described by its metric name")]
pub enum Counter {
    LeaseReadHit,
    LeaseReadMiss,
    WriteConflict,
    DispatchDropped,
    StepQueueFull,
    ProposalsFailed,
    LeaderChangesSeen,
    DiskStalls,
    Refused,
    StaleRoute,
}

impl Counter {
    /// Every counter.
    pub const ALL: [Counter; 10] = [
        Counter::LeaseReadHit,
        Counter::LeaseReadMiss,
        Counter::WriteConflict,
        Counter::DispatchDropped,
        Counter::StepQueueFull,
        Counter::ProposalsFailed,
        Counter::LeaderChangesSeen,
        Counter::DiskStalls,
        Counter::Refused,
        Counter::StaleRoute,
    ];

    /// The metric's name and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Counter::LeaseReadHit => "elastickv_lease_read_total{outcome=\"hit\"}",
            Counter::LeaseReadMiss => "elastickv_lease_read_total{outcome=\"miss\"}",
            Counter::WriteConflict => "elastickv_store_write_conflict_total",
            Counter::DispatchDropped => "elastickv_raft_dispatch_dropped_total",
            Counter::StepQueueFull => "elastickv_raft_step_queue_full_total",
            Counter::ProposalsFailed => "elastickv_raft_proposals_failed_total",
            Counter::LeaderChangesSeen => "elastickv_raft_leader_changes_seen_total",
            // The reference has none of these.
            Counter::DiskStalls => "leasehold_raft_disk_stalls_total",
            Counter::Refused => "leasehold_requests_refused_total",
            Counter::StaleRoute => "leasehold_stale_routes_total",
        }
    }
}

/// Cumulative buckets with a sum, as Prometheus has them.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    buckets: Vec<AtomicU64>,
    sum: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [u64]) -> Self {
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, buckets, sum: AtomicU64::new(0) }
    }

    fn record(&self, value: u64) {
        let bucket = self.bounds.partition_point(|&bound| bound < value);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// How many values were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).sum()
    }

    /// Their sum.
    pub fn sum(&self) -> u64 {
        self.sum.load(Ordering::Relaxed)
    }

    /// Upper bounds and cumulative counts; the last bound is infinite (`None`).
    pub fn cumulative(&self) -> Vec<(Option<u64>, u64)> {
        let mut total = 0;
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let counts = self.buckets.iter().map(|bucket| {
            total += bucket.load(Ordering::Relaxed);
            total
        });
        bounds.zip(counts.collect::<Vec<_>>()).collect()
    }
}

/// Bounds of `elastickv_lua_conflict_retries`.
const RETRIES: &[u64] = &[0, 1, 2, 3, 5, 10, 20, 50];

/// Bounds of the duration histograms, in nanoseconds: 1 ms to 10 s.
const DURATIONS: &[u64] = &[
    1_000_000,
    5_000_000,
    10_000_000,
    50_000_000,
    100_000_000,
    500_000_000,
    1_000_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// One node's metrics.
#[derive(Debug)]
pub struct Metrics {
    counters: [AtomicU64; Counter::ALL.len()],
    /// `elastickv_lua_conflict_retries`.
    pub conflict_retries: Histogram,
    /// `elastickv_lua_exec_duration_seconds`, in nanoseconds.
    pub script_duration: Histogram,
    /// `elastickv_lua_commit_duration_seconds`, in nanoseconds.
    pub commit_duration: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            counters: Default::default(),
            conflict_retries: Histogram::new(RETRIES),
            script_duration: Histogram::new(DURATIONS),
            commit_duration: Histogram::new(DURATIONS),
        }
    }
}

impl Metrics {
    /// Adds one to a counter.
    pub fn count(&self, counter: Counter) {
        self.counters[counter as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The value of a counter.
    pub fn get(&self, counter: Counter) -> u64 {
        self.counters[counter as usize].load(Ordering::Relaxed)
    }

    /// Counts a decided lease read.
    pub(crate) fn lease_read(&self, miss: Option<Miss>) {
        self.count(if miss.is_none() { Counter::LeaseReadHit } else { Counter::LeaseReadMiss });
    }

    /// Records a script that ended.
    pub(crate) fn script(&self, attempts: u32, times: &ScriptTimes, total: Duration) {
        self.conflict_retries.record(u64::from(attempts.saturating_sub(1)));
        self.commit_duration.record(nanos(times.commit));
        self.script_duration.record(nanos(total));
    }

    /// Counts a message that found its lane or queue full.
    pub(crate) fn full(&self, lane: Lane, counter: Counter) {
        if lane != Lane::Request {
            self.count(counter);
        }
    }
}
