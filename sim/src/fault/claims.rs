//! What takes a run beyond what its scenario claims of clocks, on which the lease counts (`lease-bugs.md` P6, P8).
//!
//! The claims bound what is, not what was planned: the rates at which clocks run now, and all that monotonic clocks have jumped or
//! stood still so far.

use super::active::Deed;
use super::prelude::*;
use std::time::Duration;

/// A clock has another rate: do two differ by more than is claimed?
pub(super) fn after_drift(deed: &Deed) {
    let cluster = &deed.cluster;
    let claimed = i64::from(cluster.claims().clock_drift.0) * 1_000;
    let Some([(slow, slowest), (fast, fastest)]) = cluster.clock_rates() else { return };
    if fastest - slowest > claimed {
        let (apart_ppm, claimed_ppm) = ((fastest - slowest) / 1_000, claimed / 1_000);
        deed.leaves_the_claims(Evidence::Drift { fast, slow, apart_ppm, claimed_ppm });
    }
}

/// A monotonic clock jumps, or stands still, for `by`; `None`: nobody knows how long. Is that more than is claimed, with all
/// before?
pub(super) fn after_jump(injector: &Injector, deed: &Deed, by: Option<Duration>) {
    let claimed = deed.cluster.claims().clock_step;
    let so_far = {
        let mut jumped = injector.jumped.lock();
        *jumped = jumped.saturating_add(by.unwrap_or(Duration::MAX));
        *jumped
    };
    if so_far > claimed {
        let so_far = (so_far != Duration::MAX).then_some(so_far);
        deed.leaves_the_claims(Evidence::Jumped { so_far, claimed });
    }
}
