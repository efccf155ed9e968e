//! What a valid scenario is: plain data, with the defaults of what a file leaves out and the limits of what it may ask.
//!
//! The cluster is in `cluster`, what clients do in `workload`, what must come of it in `expect`, faults of the network in
//! `network`, what goes wrong with clocks and disks, and what is claimed of them, in `hardware`; the rest, with the timeline,
//! is here. Simulated time is [`Duration`] since the start of the run, exact to the nanosecond. How the metrics are called is in
//! `metric`.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

mod chaos;
mod cluster;
mod hardware;
mod moment;
mod network;
mod workload;

pub(super) use self::cluster::CHANGED;
pub use crate::words::{
    Calls, Class, ClockHarm, Cut, DiskHarm, DiskOperation, Drift, Healed, InnerReads, Jump, Lane, Leftover,
    MessageKind, Misread, OpKind, Paused, PausedClock, Phase, Point, Selector, Tail, Verb, nearest,
};

pub use self::{chaos::*, cluster::*, hardware::*, moment::*, network::*, workload::*};
use super::{Action, Expect, Floor};

/// The format of scenario files that this version reads.
pub const FORMAT: u32 = 1;
/// The largest scenario file, in bytes.
pub const MAX_FILE: usize = 1 << 20;
/// The most steps of a timeline.
pub const MAX_STEPS: usize = 10_000;
/// The most times that all repeated steps of a timeline may act, together.
pub const MAX_REPETITIONS: u64 = 100_000;
/// The longest run, and the longest duration that a file may name.
pub const MAX_DURATION: Duration = Duration::from_secs(24 * 60 * 60);
/// The most seeds of a sweep.
pub const MAX_SEEDS: u64 = 1_000_000;

/// A scenario that makes sense: all names resolve, all times lie within the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Kebab-case; equals the file's stem.
    pub name: String,
    /// One sentence for people. May be empty.
    pub about: String,
    /// The file, as the user named it.
    pub path: PathBuf,
    /// What a sweep runs.
    pub seeds: Seeds,
    /// How long the run lasts.
    pub until: Duration,
    /// The variant that the run is under. Only its name: the runner knows which exist.
    pub variant: Option<String>,
    /// What happens, by time; file order among equals.
    pub timeline: Vec<Step>,
    /// What each seed draws beside that.
    pub chaos: Option<Chaos>,
    /// What it happens to.
    pub cluster: Cluster,
    /// Within these the run must be safe.
    pub claims: Claims,
    /// Checks whose findings are counted and reported, but neither end nor fail the run. In file order.
    pub record_only: Vec<RecordOnly>,
    /// What clients do. Never empty; names are unique.
    pub workloads: Vec<Workload>,
    /// How much of the file's rates clients keep up. No word of the file: see [`Scenario::at_load`].
    pub load: Load,
    /// What must be true of the run.
    pub expect: Expect,
    /// What the run must have exercised, or it fails as vacuous.
    pub floors: Vec<Floor>,
}

impl Scenario {
    /// The scenario under a variant: its cluster as the file says that it then is.
    pub fn under(&self, variant: &str) -> Self {
        Self { cluster: self.cluster.under(variant), ..self.clone() }
    }

    /// The scenario with the rates of its open loops multiplied by `load`. Closed loops stay what they are.
    pub fn at_load(&self, load: Load) -> Self {
        let mut scaled = Self { load, ..self.clone() };
        for workload in &mut scaled.workloads {
            if let Pace::Open { per_second_milli, .. } = &mut workload.pace {
                *per_second_milli = (*per_second_milli * u64::from(load.0) / 1_000).max(1);
            }
        }
        scaled
    }
}

/// A factor on the rates of open loops, in thousandths: [`Load::LEAST`] to [`Load::MOST`]. Written `1.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load(pub u32);

impl Load {
    /// A hundredth.
    pub const LEAST: Self = Self(10);
    /// Four times: what a file may ask of the machine is limited at load one.
    pub const MOST: Self = Self(4_000);
}

impl Default for Load {
    fn default() -> Self {
        Self(1_000)
    }
}

/// A check that only records. The scenario room does not know which checks there are: the runner refuses a name that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOnly {
    /// The name of the check.
    pub check: String,
    /// The line of the file (1-based).
    pub line: usize,
}

/// The seeds of a sweep, in order: never empty, none twice, at most [`MAX_SEEDS`]. Written `"1..=20"`, `"0..20"`, `"7"`, or several
/// of these: `"1,5,9..12"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds {
    ranges: Vec<RangeInclusive<u64>>,
}

impl Default for Seeds {
    fn default() -> Self {
        Self::range(1, 5)
    }
}

#[expect(clippy::len_without_is_empty, reason = "a sweep is never empty")]
impl Seeds {
    /// One seed.
    pub fn one(seed: u64) -> Self {
        Self::range(seed, seed)
    }

    /// The seeds `first..=last`, or `first` alone if `last` is less.
    pub fn range(first: u64, last: u64) -> Self {
        Self { ranges: vec![first..=last.max(first)] }
    }

    /// The seeds of `ranges`, none of which is empty, in this order. `Err`: the least seed that is in two of them.
    pub(in crate::scenario) fn of(ranges: Vec<RangeInclusive<u64>>) -> Result<Self, u64> {
        let mut sorted: Vec<_> = ranges.iter().map(|range| (*range.start(), *range.end())).collect();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find(|pair| pair[1].0 <= pair[0].1);
        twice.map_or(Ok(Self { ranges }), |pair| Err(pair[1].0))
    }

    /// The ranges, in order.
    pub(in crate::scenario) fn ranges(&self) -> &[RangeInclusive<u64>] {
        &self.ranges
    }

    /// The first seed.
    pub fn first(&self) -> u64 {
        self.ranges.first().map_or(1, |range| *range.start())
    }

    /// The seeds, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        self.ranges.iter().cloned().flatten()
    }

    /// How many seeds there are.
    pub fn len(&self) -> u64 {
        let lengths = self.ranges.iter().map(|range| (range.end() - range.start()).saturating_add(1));
        lengths.fold(0, u64::saturating_add)
    }
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The line of the file (1-based).
    pub line: usize,
    /// What the file calls it, if anything: kebab-case, unique.
    pub name: Option<String>,
    /// When it acts.
    pub at: When,
    /// What it does.
    pub action: Action,
}

/// When a step acts. All times lie within the run, and `from < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Once.
    At(Duration),
    /// From `from` to `to`. Only a tag has this form.
    Window {
        /// Its start, included.
        from: Duration,
        /// Its end, excluded.
        to: Duration,
    },
    /// Again and again.
    Every {
        /// The first time, before jitter.
        from: Duration,
        /// No time lies at or after this.
        to: Duration,
        /// From one time to the next, before jitter. Not zero.
        every: Duration,
        /// Each time is drawn from `0..=jitter` later than planned. Less than `every`.
        jitter: Duration,
    },
    /// Whenever something happens in the protocol, within a window.
    On {
        /// What happens.
        moment: Moment,
        /// The start of the window, included.
        from: Duration,
        /// Its end, excluded.
        to: Duration,
        /// How often at most. Not zero.
        times: u32,
    },
}

impl When {
    /// When the step first acts.
    pub fn start(self) -> Duration {
        match self {
            Self::At(at) => at,
            Self::Window { from, .. } | Self::Every { from, .. } | Self::On { from, .. } => from,
        }
    }

    /// The time after which the step does not act any more.
    pub fn end(self) -> Duration {
        match self {
            Self::At(at) => at,
            Self::Window { to, .. } | Self::Every { to, .. } | Self::On { to, .. } => to,
        }
    }
}

impl When {
    /// How many times a step acts. A repetition that jitter pushes out of its window is counted all the same.
    pub fn times(self) -> u64 {
        match self {
            Self::At(_) | Self::Window { .. } => 1,
            Self::Every { from, to, every, .. } => {
                let times = to.saturating_sub(from).as_nanos().div_ceil(every.as_nanos().max(1));
                u64::try_from(times).unwrap_or(u64::MAX)
            }
            Self::On { times, .. } => u64::from(times),
        }
    }

    /// When the step acts for the last time: at the earliest, and at the latest, which jitter keeps apart; of what waits for a
    /// moment of the protocol only the window is known.
    pub fn last(self) -> (Duration, Duration) {
        match self {
            Self::At(at) | Self::Window { from: at, .. } => (at, at),
            Self::On { from, to, .. } => (from, to),
            Self::Every { from, every, jitter, .. } => {
                let more = u32::try_from(self.times().saturating_sub(1)).unwrap_or(u32::MAX);
                let last = from.saturating_add(every.saturating_mul(more));
                (last, last.saturating_add(jitter))
            }
        }
    }
}

impl Scenario {
    /// The deadline of each client's operations, by the client's number: clients are numbered through all workloads.
    pub fn deadlines(&self) -> impl Iterator<Item = Duration> {
        self.workloads.iter().flat_map(|workload| std::iter::repeat_n(workload.deadline, workload.clients as usize))
    }

    /// The steps of the timeline that may take the run beyond what it claims of its clocks, on which the lease counts. Whether they
    /// do shows when they act.
    pub fn may_leave_claims(&self) -> impl Iterator<Item = &Step> {
        self.timeline.iter().filter(|step| step.action.deed().is_some_and(|deed| deed.may_leave(&self.claims)))
    }

    /// Does anything touch a clock while processes run by it?
    pub fn touches_clocks(&self) -> bool {
        self.timeline.iter().any(|step| matches!(step.action, Action::Clock(_)))
    }

    /// The step of this number does something that lasts to the end of the run: it neither ends by itself nor is healed.
    pub fn is_endless(&self, number: usize) -> bool {
        let Some(step) = self.timeline.get(number) else { return false };
        let Some(lasts) = step.action.lasts() else { return false };
        let (_, latest) = step.at.last();
        let ends_itself = lasts.is_some_and(|lasts| latest.saturating_add(lasts) < self.until);
        // Of two steps at one time the later line acts later.
        let is_heal = |(_, other): &(usize, &Step)| other.action.heals(&step.action);
        let mut heals = self.timeline.iter().enumerate().filter(is_heal);
        !ends_itself && !heals.any(|(other, heal)| (heal.at.last().0, other) > (latest, number))
    }
}
