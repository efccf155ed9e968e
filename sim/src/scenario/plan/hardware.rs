//! Faults of clocks and disks, and what a crash leaves on a disk.

use std::time::Duration;

use super::{Ppm, Selector};

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

/// What is wrong with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockHarm {
    /// `rate`: its oscillator runs so much too fast or too slow, whatever it does otherwise.
    Rate(Drift),
    /// `slew`: it is brought to another time by a rate that is so much higher or lower, as NTP does.
    Slew(Drift),
    /// `step`: it jumps.
    Step {
        /// By how much.
        by: Jump,
        /// The monotonic clock too, which should never.
        monotonic: bool,
    },
    /// `freeze`: it stands still while the process runs. At the end the monotonic clock goes on from there and the wall clock
    /// jumps.
    Freeze,
    /// `fail`: it cannot be read.
    Fail,
}

/// How much too fast a clock is, or too slow: parts per million, not zero, within [`MAX_DRIFT`]. Written `+500ppm`, `-2%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift(pub i32);

/// How far a clock jumps: written `+3s`, `-150ms`. Not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// Backwards.
    pub back: bool,
    /// How far.
    pub by: Duration,
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

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskHarm {
    /// `fsync`: each fsync takes so long.
    Fsync(Duration),
    /// `slow`: each fsync takes so many times longer. 2 to [`MAX_SLOWER`].
    Slow(u32),
    /// `stall`: no fsync returns before it is over.
    Stall,
    /// `fail`: an operation returns an error.
    Fail(DiskOperation),
    /// `full`: nothing can be appended.
    Full,
}

/// What a disk is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskOperation {
    /// `"append"`: write at the end of a file.
    Append,
    /// `"sync"`: make durable. What it failed for is never durable, whatever a later one says (Rebello et al., ATC '20).
    Sync,
    /// `"read"`: read a file, which a node does when it starts.
    Read,
}

/// What a crash leaves of the end of a file that was written and not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// `"lost"`: nothing.
    Lost,
    /// `"kept"`: all of it: the process died, the machine did not.
    Kept,
    /// `"torn"`: the beginning of it, cut at any byte.
    Torn,
    /// `"scattered"`: some of its sectors, in no order; those between read as zeros.
    Scattered,
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
