//! What goes wrong with clocks, disks and processes.

use std::time::Duration;

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

/// What of a process stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// `"process"`: all of it: a stop-the-world garbage collection, a SIGSTOP.
    Process,
    /// `"task"`: the task that reached the point: its thread is preempted.
    Task,
}

/// A named point of the stack's code; see `leasehold::env::Point`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// `"appended"`: entries are in the log's file, and not durable.
    Appended,
    /// `"persisted"`: log and hard state are durable; messages that promise so have not left.
    Persisted,
    /// `"sent"`: messages have left; committed entries are not applied.
    Sent,
    /// `"applied"`: committed entries are applied; the status that says so is not published.
    Applied,
    /// `"published"`: the status is published; the callers that waited for it have no answer.
    Published,
    /// `"lease-checked"`: the lease permitted a local read; the store has not been read.
    LeaseChecked,
    /// `"index-confirmed"`: a ReadIndex round confirmed a read and its index is applied; the store has not been read.
    IndexConfirmed,
}

/// What a node's monotonic clock does while its process stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PausedClock {
    /// `"running"`: it goes on: a garbage collection, a SIGSTOP, a virtual machine that tells the truth.
    Running,
    /// `"frozen"`: it stands still too: a machine in suspend whose clock does not count it. Beyond what the stack may assume of its
    /// clock, so that what is unsafe in such a run is expected to be.
    Frozen,
}
