//! Where a run meets the machine, and the one place that touches madsim.
//!
//! The world runs itself: it has its own queue of events, its own clock, network, tasks and randomness ([`super::process`],
//! [`super::streams`]). madsim is a guard around it: inside, libc's clock, entropy and threads answer with simulated values or not
//! at all, so that a leak is deterministic or fails loudly. Without the feature `guard` a run is the same, as `verify` proves; what
//! would leak is not caught.

/// Runs `body` on this thread, cut off from the machine if the guard is built in; madsim's own randomness is seeded by `seed`.
///
/// A thread may be used for one run only: std's hash maps take their keys from the thread, and the second run would see those of
/// the first.
#[cfg(feature = "guard")]
pub fn run<T>(seed: u64, body: impl FnOnce() -> T) -> T {
    madsim::runtime::Runtime::with_seed_and_config(seed, madsim::Config::default()).block_on(async { body() })
}

/// Runs `body` on this thread.
#[cfg(not(feature = "guard"))]
pub fn run<T>(_seed: u64, body: impl FnOnce() -> T) -> T {
    body()
}
