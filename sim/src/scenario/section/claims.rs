//! `[claims]` and `[checks]`: what the run claims to stay within, and which checks only record.

use crate::scenario::prelude::*;

table! {
    /// What the scenario promises of its clocks, and the stack relies on.
    #[derive(Copy)]
    pub struct Claims: Default {
        /// By how much the rates of any two clocks differ at most. Default `200ppm`.
        clock_drift: Ppm = "clock-drift", Or(Ppm(200), SHARE);
        /// By how much monotonic clocks jump or stand still at most, all together in a run. Default `0s`.
        clock_step: Duration = "clock-step", Or(Duration::ZERO, DURATION);
    }
}

table! {
    /// What becomes of the checks that ride on every run.
    pub struct Checks: Default {
        /// Checks that count and report what they find, but neither end nor fail the run.
        record_only: Vec<String> = "record-only", Or(Vec::new(), List(CHECK));
    }
}
