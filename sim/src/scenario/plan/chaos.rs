//! What a scenario leaves to the seed.

use std::time::Duration;

use crate::words::{Spelled, Verb};

/// `[chaos]`: each seed draws the cluster's shape and timing, which of these faults exist at all, how often they act and on whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// The faults that may exist. Never empty; no doubles.
    pub faults: Vec<Verb>,
    /// How long nothing is wrong any more, at the end of the run. Shorter than the run.
    pub quiet: Duration,
}

impl Chaos {
    /// The calm of a file that says nothing of it.
    pub const QUIET: Duration = Duration::from_secs(5);

    /// Every fault that chaos can draw.
    pub fn all() -> impl Iterator<Item = Verb> {
        Verb::all().filter(|verb| verb.is_drawn())
    }
}
