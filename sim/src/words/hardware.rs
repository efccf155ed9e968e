//! What goes wrong with clocks, disks and processes.

use std::{fmt, time::Duration};

use super::figures::exact;

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

/// How much too fast a clock is, or too slow: parts per million, not zero, within `scenario::MAX_DRIFT`. Written `+500ppm`, `-2%`.
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

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}ppm", self.0)
    }
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.back { '-' } else { '+' }, exact(self.by))
    }
}

/// What is wrong with a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskHarm {
    /// `fsync`: each fsync takes so long.
    Fsync(Duration),
    /// `slow`: each fsync takes so many times longer. 2 to `scenario::MAX_SLOWER`.
    Slow(u32),
    /// `stall`: no fsync returns before it is over.
    Stall,
    /// `fail`: an operation returns an error.
    Fail(DiskOperation),
    /// `full`: nothing can be appended.
    Full,
}

super::words! {
    /// What a disk is asked.
    pub enum DiskOperation: "operation of a disk" {
        /// `"append"`: write at the end of a file.
        Append = "append",
        /// `"sync"`: make durable. What it failed for is never durable, whatever a later one says (Rebello et al., ATC '20).
        Sync = "sync",
        /// `"read"`: read a file, which a node does when it starts.
        Read = "read",
    }
}

super::words! {
    /// What a crash leaves of the end of a file that was written and not synced.
    pub enum Tail: "tail of a file" {
        /// `"lost"`: nothing.
        Lost = "lost",
        /// `"kept"`: all of it: the process died, the machine did not.
        Kept = "kept",
        /// `"torn"`: the beginning of it, cut at any byte.
        Torn = "torn",
        /// `"scattered"`: some of its sectors, in no order; those between read as zeros.
        Scattered = "scattered",
    }
}

super::words! {
    /// What of a process stands still.
    pub enum Paused: "thing to pause" {
        /// `"process"`: all of it: a stop-the-world garbage collection, a SIGSTOP.
        Process = "process",
        /// `"task"`: the task that reached the point: its thread is preempted.
        Task = "task",
    }
}

super::words! {
    /// What a node's monotonic clock does while its process stands still.
    pub enum PausedClock: "clock of a pause" {
        /// `"running"`: it goes on: a garbage collection, a SIGSTOP, a virtual machine that tells the truth.
        Running = "running",
        /// `"frozen"`: it stands still too: a machine in suspend whose clock does not count it. Beyond what the stack may assume of its
        /// clock, so that what is unsafe in such a run is expected to be.
        Frozen = "frozen",
    }
}
