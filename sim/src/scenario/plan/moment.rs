//! Moments of the protocol, at which a step may act instead of at a time.

use std::time::Duration;

use crate::words::Phase;

/// `when = "lease.expiry - 5ms"`: a phase, and how long before or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What happens.
    pub phase: Phase,
    /// How long after it.
    pub after: Duration,
    /// How long before it. Zero, unless it is [known beforehand](Phase::is_foreseen).
    pub before: Duration,
}
