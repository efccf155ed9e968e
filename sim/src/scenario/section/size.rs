//! How much a run may ask of the machine that simulates it.
//!
//! Every number of a file has a limit of its own; these are the limits of what several of them make together.

use super::cluster::Cluster;
use super::workload::{MAX_CLIENTS, MAX_KEYS, MAX_OPERATIONS, MAX_UNDER_WAY, Pace, Workload};
use crate::scenario::prelude::*;

/// The most ticks of a run, over all nodes.
pub const MAX_TICKS: u64 = 100_000_000;

/// The most bytes of all values, one of each key.
pub const MAX_STORED: u64 = 1_000_000_000;

/// Refuses what is too large. `places` are those of the workloads, `end` that of the length of the run.
pub(super) fn limits(
    until: Duration,
    cluster: &Cluster,
    workloads: &[Workload],
    (places, end): (&[Range<usize>], Range<usize>),
    report: &mut Report,
) {
    let ticks = until.as_nanos() / cluster.tick.as_nanos().max(1) * u128::from(cluster.size());
    if ticks > u128::from(MAX_TICKS) {
        let message = format!("{ticks} ticks of {} nodes; a run has at most {MAX_TICKS}", cluster.size());
        report.refuse(Problem::new(message).at(end).help("make `tick` longer or the run shorter"));
    }
    let answer = 2 * cluster.client_network.latency.mean_nanos();
    let mut sums = Sums::default();
    for (workload, place) in workloads.iter().zip(places) {
        if let Some((message, help)) = sums.add(workload, until, answer) {
            report.refuse(Problem::new(message).at(place.clone()).help(help));
            return;
        }
    }
}

/// What the workloads so far make together.
#[derive(Default)]
struct Sums {
    clients: u128,
    /// Workloads with one prefix share their keys.
    keys: BTreeMap<String, u32>,
    operations: u128,
    under_way: u128,
    /// Bytes of the values that the store may hold.
    values: u128,
}

impl Sums {
    /// What is too large with this workload, and what to do about it.
    fn add(&mut self, workload: &Workload, until: Duration, answer: u128) -> Option<(String, &'static str)> {
        self.clients += u128::from(workload.clients);
        let keys = self.keys.entry(workload.keys.prefix.clone()).or_default();
        *keys = workload.keys.count.max(*keys);
        let keys = self.keys.values().map(|keys| u128::from(*keys)).sum();
        let Some(operations) = operations(workload, until, answer) else {
            let message = "an operation of this workload takes no time, so that there is no end to them";
            return Some((message.to_owned(), "let clients `think`, or give `client-network` a latency"));
        };
        self.operations += operations;
        self.under_way += under_way(workload);
        self.values += u128::from(workload.keys.count) * u128::from(workload.value_size.largest());
        let fewer = "ask for less, or make the run shorter";
        let sums = [
            ("clients", self.clients, u64::from(MAX_CLIENTS), "have fewer"),
            ("keys", keys, u64::from(MAX_KEYS), "have fewer, or let workloads share them by the same `prefix`"),
            ("operations", self.operations, MAX_OPERATIONS, fewer),
            ("operations under way at once", self.under_way, MAX_UNDER_WAY, "lower `rate`, or make `deadline` shorter"),
            ("bytes in all values", self.values, MAX_STORED, "have fewer `keys`, or a smaller `value-size`"),
        ];
        let (what, sum, most, help) = sums.into_iter().find(|(_, sum, most, _)| *sum > u128::from(*most))?;
        Some((format!("up to this workload there may be {sum} {what}; at most {most} are possible"), help))
    }
}

/// The most operations that a workload can make in a run of this length, if an answer is so many nanoseconds on its way; `None`: there
/// is no end to them.
fn operations(workload: &Workload, until: Duration, answer: u128) -> Option<u128> {
    let lasts = workload.until.unwrap_or(until).saturating_sub(workload.from).as_nanos();
    match workload.pace() {
        Pace::Open { per_second_milli, .. } => Some(u128::from(per_second_milli) * lasts / 1_000_000_000_000),
        Pace::Closed { think } => (u128::from(workload.clients) * lasts).checked_div(think.as_nanos() + answer),
    }
}

fn under_way(workload: &Workload) -> u128 {
    let nanos = |time: Duration| time.as_nanos();
    match workload.pace() {
        Pace::Open { per_second_milli, .. } => {
            u128::from(per_second_milli) * nanos(workload.deadline) / 1_000_000_000_000
        }
        Pace::Closed { .. } => u128::from(workload.clients),
    }
}
