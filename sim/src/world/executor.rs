//! The one place that touches madsim.
//!
//! madsim runs futures on one thread and stands between them and the machine: inside a run the clock, the entropy and the
//! thread functions of libc answer with simulated values or not at all, so that a leak is deterministic or fails loudly. Its timers,
//! its clock and its network are not used: they are too coarse, see DESIGN §3.

use madsim::runtime::{Handle, Runtime};
use std::future::Future;

/// Runs `future` to its end, on this thread, with madsim's randomness seeded by `seed`.
///
/// A thread may be used for one run only: std's hash maps take their keys from the thread, and the second run would see those of
/// the first.
pub fn run<T>(seed: u64, future: impl Future<Output = T>) -> T {
    Runtime::with_seed_and_config(seed, madsim::Config::default()).block_on(future)
}

/// Starts `future` as a node of its own.
pub(super) fn spawn(name: &str, future: impl Future<Output = ()> + Send + 'static) {
    Handle::current().create_node().name(name).build().spawn(future);
}

/// Runs a world until nothing is due any more. For tests of the world itself.
#[cfg(test)]
pub(crate) fn run_to_end<M: Clone + Send + 'static>(world: &super::World<M>) {
    run(0, world.run(crate::time::SimTime(u64::MAX), || false));
}
