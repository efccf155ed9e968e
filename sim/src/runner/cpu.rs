//! How much a thread has computed: unlike the time that passes, the same however many threads share the cores.

use std::time::Duration;

/// The CPU time of this thread since it began; zero on systems without such a clock.
#[cfg(unix)]
pub(super) fn time() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(spent).unwrap_or_default()
}

#[cfg(not(unix))]
pub(super) fn time() -> Duration {
    Duration::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn a_thread_that_waits_spends_less_than_one_that_computes() {
        let done = Barrier::new(2);
        let spent = std::thread::scope(|scope| {
            let waits = scope.spawn(|| {
                done.wait();
                time()
            });
            let mut sum = 0_u64;
            while time() < Duration::from_millis(50) {
                sum = std::hint::black_box(sum.wrapping_mul(31) + 7);
            }
            done.wait();
            [waits.join().unwrap(), time()]
        });
        assert!(spent[0] < spent[1], "{spent:?}");
    }
}
