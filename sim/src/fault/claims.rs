//! What takes a run beyond what its scenario claims of clocks, on which the lease counts (`lease-bugs.md` P6, P8).
//!
//! The claims bound what is, not what was planned: the rates at which clocks run now, and all that monotonic clocks have jumped or
//! stood still so far.

use super::{Injector, record};
use crate::history::FaultPhase;
use std::time::Duration;

/// A clock has another rate: do two differ by more than is claimed?
pub(super) fn after_drift(injector: &Injector, step: u32, verb: &'static str) {
    let cluster = &injector.cluster;
    let claimed = i64::from(cluster.claims().clock_drift.0) * 1_000;
    let Some([(slow, slowest), (fast, fastest)]) = cluster.clock_rates() else { return };
    if fastest - slowest > claimed {
        let (apart, claimed) = ((fastest - slowest) / 1_000, claimed / 1_000);
        let detail =
            format!("the clock of {fast} runs {apart} ppm faster than that of {slow}; claimed are {claimed} ppm");
        record(&injector.cluster, step, verb, FaultPhase::BeyondClaims, &detail);
    }
}

/// A monotonic clock jumps, or stands still, for `by`; `None`: nobody knows how long. Is that more than is claimed, with all
/// before?
pub(super) fn after_jump(injector: &Injector, step: u32, verb: &'static str, by: Option<Duration>) {
    let claimed = injector.cluster.claims().clock_step;
    let so_far = {
        let mut jumped = injector.jumped.lock();
        *jumped = jumped.saturating_add(by.unwrap_or(Duration::MAX));
        *jumped
    };
    if so_far > claimed {
        let how_far =
            if so_far == Duration::MAX { "for nobody knows how long".to_owned() } else { format!("{so_far:?}") };
        let detail = format!("monotonic clocks jump or stand still, {how_far} in all; claimed are {claimed:?}");
        record(&injector.cluster, step, verb, FaultPhase::BeyondClaims, &detail);
    }
}
