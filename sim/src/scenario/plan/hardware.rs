//! Faults of clocks and disks, and what a crash leaves on a disk.

use std::time::Duration;

use super::{Ppm, Selector};
use crate::words::{ClockHarm, DiskHarm, Drift};

/// The most by which a fault may make a clock fast or slow: it then runs at double rate, or at a hundredth of it.
pub const MAX_DRIFT: std::ops::RangeInclusive<i32> = -990_000..=1_000_000;
/// The most times slower that a fault may make fsync.
pub const MAX_SLOWER: u32 = 1_000_000;

/// Nodes whose clocks go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockFault {
    /// Who. Never empty.
    pub nodes: Vec<Selector>,
    /// How.
    pub harm: ClockHarm,
    /// For how long; `None`: until they are healed. Always `None` of a step, which is over at once.
    pub lasts: Option<Duration>,
}

impl ClockFault {
    /// May it take clocks beyond what is claimed of them? It does where the nodes' own rates, drawn from the seed, leave no room.
    pub fn may_leave(&self, claims: &Claims) -> bool {
        let half = claims.clock_drift.0 / 2;
        match self.harm {
            ClockHarm::Rate(Drift(ppm)) => ppm.unsigned_abs() > half,
            ClockHarm::Slew(_) => true,
            ClockHarm::Step { by, monotonic } => monotonic && by.by > claims.clock_step,
            ClockHarm::Freeze => self.lasts.is_none_or(|lasts| lasts > claims.clock_step),
            ClockHarm::Fail => false,
        }
    }
}

/// Nodes whose disks go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskFault {
    /// Who. Never empty.
    pub nodes: Vec<Selector>,
    /// How.
    pub harm: DiskHarm,
    /// For how long; `None`: until they are healed.
    pub lasts: Option<Duration>,
}

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
