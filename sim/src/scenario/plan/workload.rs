//! What clients do.

use std::time::Duration;

/// The most workloads of a scenario.
pub const MAX_WORKLOADS: usize = 16;
/// The most clients of a scenario.
pub const MAX_CLIENTS: u32 = 10_000;
/// The most keys of a scenario.
pub const MAX_KEYS: u32 = 1_000_000;
/// The most operations of a run: those that `rate` asks for, and those that clients without one can make if each is answered at
/// once.
pub const MAX_OPERATIONS: u64 = 1_000_000_000;
/// The most operations that may be under way at once: what `rate` sends within `deadline`.
pub const MAX_UNDER_WAY: u64 = 100_000;
/// The most reads of a script.
pub const MAX_SCRIPT_READS: u32 = 1_000;
/// The most operations of a burst.
pub const MAX_BURST: u32 = 1_000;

/// Clients that all do the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Kebab-case, unique in the scenario. Default: the kind.
    pub name: String,
    /// What they do.
    pub kind: WorkloadKind,
    /// How many: 1 to [`MAX_CLIENTS`]. Default [`Workload::CLIENTS`].
    pub clients: u32,
    /// What they do it to.
    pub keys: Keys,
    /// How often.
    pub pace: Pace,
    /// After this an operation is given up. Not zero. Default [`Workload::DEADLINE`].
    pub deadline: Duration,
    /// Which node they talk to.
    pub to: Target,
    /// When they begin.
    pub from: Duration,
    /// When they stop; `None`: at the end of the run.
    pub until: Option<Duration>,
}

impl Workload {
    /// Clients of a workload that does not say how many.
    pub const CLIENTS: u32 = 8;
    /// The deadline of a workload that does not state one.
    pub const DEADLINE: Duration = Duration::from_secs(2);
}

/// What a client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkloadKind {
    /// `"kv"`: single operations.
    Kv {
        /// Of which kinds.
        mix: Mix,
    },
    /// `"script"`: a lease read, `reads` reads, one write that is checked against what was read, all again on conflict.
    Script {
        /// How many.
        reads: ScriptReads,
    },
}

/// How many reads a script makes: at most [`MAX_SCRIPT_READS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptReads {
    /// In so many calls,
    pub calls: Count,
    /// of so many reads each.
    pub each: Count,
}

impl ScriptReads {
    /// Always so many.
    pub const fn constant(reads: u32) -> Self {
        Self { calls: Count::constant(1), each: Count::constant(reads) }
    }
}

/// A number drawn from a range, each alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// At least 1.
    pub least: u32,
    /// At least `least`.
    pub most: u32,
}

impl Count {
    /// Always this.
    pub const fn constant(number: u32) -> Self {
        Self { least: number, most: number }
    }
}

/// Shares of kinds of operations, per mille; they add up to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mix {
    /// Reads.
    pub get: u32,
    /// Blind writes.
    pub put: u32,
    /// Compare-and-set.
    pub cas: u32,
    /// Read-modify-writes of one key, retried on conflict.
    pub update: u32,
}

impl Default for Mix {
    /// Mostly reads: what a lease is for.
    fn default() -> Self {
        Self { get: 900, put: 100, cas: 0, update: 0 }
    }
}

/// The keys of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// How many: 1 to [`MAX_KEYS`].
    pub count: u32,
    /// How often each is chosen.
    pub distribution: KeyDistribution,
    /// Workloads with the same prefix share keys. Default `k`.
    pub prefix: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self { count: 8, distribution: KeyDistribution::Uniform, prefix: "k".to_owned() }
    }
}

/// How often each key is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDistribution {
    /// `"uniform"`: all alike.
    Uniform,
    /// `"zipf(1.1)"`: the n-th in proportion to n to the power of minus the exponent.
    Zipf {
        /// The exponent, in thousandths: 1 to 10 000.
        exponent_milli: u32,
    },
}

/// How often a workload acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// `rate = "500/s"`: at this rate over all clients, whether or not earlier operations are answered.
    Open {
        /// Operations in 1000 seconds. Not zero.
        per_second_milli: u64,
        /// `burst = 3`: so many come at a time, on the same (first) key. 1 to [`MAX_BURST`].
        burst: u32,
    },
    /// `think = "1ms"`: each client waits this long after an answer.
    Closed {
        /// The wait.
        think: Duration,
    },
}

impl Default for Pace {
    fn default() -> Self {
        Self::Closed { think: Duration::ZERO }
    }
}

crate::words::words! {
    /// Which node a client talks to.
    pub enum Target: "target" {
        /// `"@any"`: each client is attached to one node.
        Any = "@any",
        /// `"@leader"`: clients follow the leader.
        Leader = "@leader",
    }
}
