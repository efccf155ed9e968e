//! What a scenario leaves to the seed.

use std::time::Duration;

/// `[chaos]`: each seed draws the cluster's shape and timing, which of these faults exist at all, how often they act and on whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// The faults that may exist. Never empty; no doubles.
    pub faults: Vec<FaultName>,
    /// How long nothing is wrong any more, at the end of the run. Shorter than the run.
    pub quiet: Duration,
}

impl Chaos {
    /// The calm of a file that says nothing of it.
    pub const QUIET: Duration = Duration::from_secs(5);
}

/// The faults that chaos can draw, by their verbs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultName {
    /// `transfer`
    Transfer,
    /// `partition`
    Partition,
    /// `link`
    Link,
    /// `hold`
    Hold,
    /// `crash`
    Crash,
    /// `pause`
    Pause,
    /// `slow`
    Slow,
    /// `clock`
    Clock,
    /// `disk`
    Disk,
    /// `membership`
    Membership,
}
