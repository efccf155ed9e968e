//! The one place that touches madsim.
//!
//! madsim stands between a run and the machine: inside, libc's clock, entropy and threads answer with simulated values or not at
//! all, so that a leak is deterministic or fails loudly. Its timers, clock, network and order of tasks are not used: they are too
//! coarse, or drawn from one stream (DESIGN §3); see [`super::process`].

use madsim::runtime::Runtime;

/// Runs `body` on this thread, cut off from the machine; madsim's own randomness is seeded by `seed`.
///
/// A thread may be used for one run only: std's hash maps take their keys from the thread, and the second run would see those of
/// the first.
pub fn run<T>(seed: u64, body: impl FnOnce() -> T) -> T {
    Runtime::with_seed_and_config(seed, madsim::Config::default()).block_on(async { body() })
}
