//! Valid scenarios, for tests: every verb, every kind of workload, every profile and table.
//!
//! | file       | what it holds                                                                      |
//! |------------|------------------------------------------------------------------------------------|
//! | `file`     | whatever a file may say, expectations of every metric and variants included        |
//! | `run`      | what is there to be run: short, with nothing odd about it, and nothing asked of it  |
//! | `steps`    | when steps act, and what they do                                                   |
//! | `cluster`  | clusters                                                                           |
//! | `clients`  | what clients do                                                                    |
//! | `expected` | what must come of it                                                               |

mod clients;
mod cluster;
mod expected;
mod file;
mod run;
mod steps;

use std::{ops::RangeInclusive, time::Duration};

use proptest::{
    prelude::*,
    sample::{select, subsequence},
};

use super::{Ppm, Seeds};
use crate::words::Spelled;

pub(super) use self::file::scenarios;
pub(crate) use self::run::runs;

/// How far the numbers of a scenario go.
struct Breadth {
    /// The longest run.
    until: Duration,
    /// Nodes that vote from the beginning. Steps name as many as there may be.
    nodes: RangeInclusive<u32>,
    /// Groups.
    groups: RangeInclusive<u32>,
    /// The length of a tick, in milliseconds,
    tick: RangeInclusive<u64>,
    /// fewer ticks than this in a heartbeat,
    beats: u32,
    /// and heartbeats in an election timeout.
    elections: RangeInclusive<u32>,
    /// The longest that a message or an fsync takes.
    latency: Duration,
    /// The largest share of messages that is lost, doubled or late, in parts per million.
    share: u32,
    /// The most CPU time that a piece of work takes.
    cost: Duration,
    /// Clients of a workload.
    clients: RangeInclusive<u32>,
    /// Keys of a workload.
    keys: RangeInclusive<u32>,
    /// The most reads, or keys, of one request.
    reads: u32,
    /// Operations of an open loop, in 1000 seconds.
    rate: RangeInclusive<u64>,
    /// The least that the clients of a closed loop wait.
    think: Duration,
}

/// What the validator has nothing against.
const WIDE: Breadth = Breadth {
    until: Duration::from_secs(600),
    nodes: 5..=5,
    groups: 2..=2,
    tick: 1..=20,
    beats: 20,
    elections: 2..=20,
    latency: Duration::from_secs(9),
    share: 1_000_000,
    cost: Duration::from_millis(9),
    clients: 1..=100,
    keys: 1..=1_000,
    reads: 100,
    rate: 1..=50_000,
    think: Duration::from_millis(1),
};

/// Any seeds that a file may name.
fn seeds() -> impl Strategy<Value = Seeds> {
    let one =
        (any::<u64>(), 0_u64..1_000_000).prop_map(|(first, more)| Seeds::range(first, first.saturating_add(more)));
    // Each range begins in a thousand of its own.
    let several = (subsequence((0_u64..9).collect::<Vec<_>>(), 1..=4).prop_shuffle(), 0_u64..1_000);
    let several = several.prop_map(|(thousands, more)| {
        let ranges = thousands.into_iter().map(|thousand| thousand * 1_000..=thousand * 1_000 + more);
        Seeds::of(ranges.collect()).unwrap_or_default()
    });
    prop_oneof![one, several]
}

fn words<T: Spelled + std::fmt::Debug>() -> impl Strategy<Value = T> {
    select(T::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>())
}

/// None, what oscillators differ by, or up to `most` parts per million.
fn shares(most: u32) -> impl Strategy<Value = Ppm> {
    prop_oneof![Just(0), Just(200), 0..=most].prop_map(Ppm)
}

/// Not zero, of every unit.
fn durations(most: Duration) -> impl Strategy<Value = Duration> {
    let most = most.as_nanos() as u64;
    prop_oneof![
        1..=most,
        (1..=(most / 1_000).max(1)).prop_map(|us| us * 1_000),
        (1..=(most / 1_000_000).max(1)).prop_map(|ms| ms * 1_000_000),
    ]
    .prop_map(Duration::from_nanos)
}
