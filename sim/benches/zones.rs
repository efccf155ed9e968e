//! What it costs to judge whether one register is linearizable.
//!
//! A million operations on one key, as 32 clients could have seen them: reads, writes, compare-and-sets, and now and then a write
//! whose outcome nobody knows. Prints the time of the median round and the most memory that the process ever had, the history
//! itself included.

use leasehold_sim::register::zones::{Kind, Operation, Value, judge};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::fs;
use std::time::{Duration, Instant};

const OPERATIONS: usize = 1_000_000;

/// Operations under way at any moment.
const CLIENTS: u64 = 32;

/// Measured rounds; the median is printed.
const ROUNDS: usize = 5;

fn main() {
    let mixes = [
        ("reads, 30 % writes", Mix { writes: 300, cas: 0, unknown: 0 }),
        ("and 0.6 % of writes unknown", Mix { writes: 300, cas: 0, unknown: 6 }),
        ("and 20 % compare-and-sets", Mix { writes: 300, cas: 200, unknown: 6 }),
        ("compare-and-sets alone", Mix { writes: 0, cas: 1_000, unknown: 0 }),
    ];
    println!("{OPERATIONS} operations on one key, {CLIENTS} at a time, median of {ROUNDS} rounds");
    for (name, mix) in mixes {
        let operations = history(mix);
        let mut rounds: Vec<_> = (0..ROUNDS).map(|_| timed(&operations)).collect();
        rounds.sort_unstable();
        println!("{name:<28} {:>6.1} ms", rounds[ROUNDS / 2].as_secs_f64() * 1e3);
    }
    println!(
        "{:<28} {:>6} MB",
        "most memory",
        most_memory().map_or("?".to_owned(), |bytes| (bytes / 1_000_000).to_string())
    );
}

/// How many of a thousand operations are what; the others are reads.
#[derive(Clone, Copy)]
struct Mix {
    writes: u32,
    cas: u32,
    /// Of a thousand writes and compare-and-sets: how many have no answer.
    unknown: u32,
}

/// Operations that took effect one after another, each somewhere between its begin and its end.
fn history(mix: Mix) -> Vec<Operation> {
    let mut stream = ChaCha8Rng::seed_from_u64(1);
    let mut value: Value = 0;
    let mut operation = |number: usize| {
        let (effect, draw) = (64 * (number as u64 + CLIENTS), stream.next_u32() % 1_000);
        let mut up_to = |most: u64| u64::from(stream.next_u32()) % most;
        let (began, ended) = (effect - up_to(32 * CLIENTS), effect + up_to(32 * CLIENTS));
        let new = number as Value + 1;
        let kind = match draw {
            _ if draw < mix.writes => Kind::Write(new),
            _ if draw < mix.writes + mix.cas => Kind::Cas(value, new),
            _ => Kind::Read(value),
        };
        if draw < mix.writes + mix.cas {
            value = new;
        }
        let answered = draw >= mix.writes + mix.cas || up_to(1_000) >= u64::from(mix.unknown);
        Operation { began, ended: answered.then_some(ended), kind }
    };
    (0..OPERATIONS).map(&mut operation).collect()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn timed(operations: &[Operation]) -> Duration {
    let begun = Instant::now();
    judge(operations).expect("a register could have had this history");
    begun.elapsed()
}

/// The most bytes of memory that this process had, where the system says so.
fn most_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}
