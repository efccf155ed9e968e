//! What is claimed of clocks.

use std::time::Duration;

use super::Ppm;

/// The most by which a fault may make a clock fast or slow: it then runs at double rate, or at a hundredth of it.
pub const MAX_DRIFT: std::ops::RangeInclusive<i32> = -990_000..=1_000_000;

/// What the scenario promises of its clocks, and the stack relies on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// By how much the rates of any two clocks differ at most.
    pub clock_drift: Ppm,
    /// By how much monotonic clocks jump or stand still at most, all together in a run.
    pub clock_step: Duration,
}

impl Default for Claims {
    fn default() -> Self {
        Self { clock_drift: Ppm(200), clock_step: Duration::ZERO }
    }
}
