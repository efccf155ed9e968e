//! What nodes are made of: disk, processor, and the queues of the transport between them.

use super::distribution::{Distribution, quantiles};
use super::network::{Base, Profiled};
use crate::scenario::prelude::*;
use crate::scenario::profiles::{self, DISKS, Profile};
use crate::words::{Calls, Work};

/// The longest queue of a lane, in messages.
pub const MAX_QUEUE: u32 = 1_000_000;
/// The most cores of a node.
pub const MAX_CORES: u32 = 256;

table! {
    /// A kind of disk.
    pub struct Disk {
        /// The profile that the rest of the table changes.
        name: String = "base", Base::<Disk>::of();
        /// How long an fsync takes, however little it makes durable.
        fsync: Distribution = "fsync", Or(Distribution::constant(Duration::ZERO), quantiles());
        /// How fast it writes what an fsync makes durable: the fsync takes so much longer. Without it, at once.
        bandwidth: Option<u64> = "bandwidth", Maybe(BANDWIDTH);
    }
}

impl Profiled for Disk {
    const WHAT: &'static str = "disk";
    const NAMES: &'static str = "DiskName";
    const PROFILES: &'static [Profile] = &DISKS;
    const USUAL: &'static Profile = &profiles::NVME;

    fn of(Profile { name, quantiles, bandwidth }: &Profile) -> Self {
        Self { name: (*name).to_owned(), fsync: Distribution::of(*quantiles), bandwidth: *bandwidth }
    }

    fn name(&mut self) -> &mut String {
        &mut self.name
    }
}

table! {
    /// The lanes of the transport between nodes. What rides on which is the stack's business.
    pub struct Lanes: Default {
        /// Heartbeats and their answers.
        heartbeat: LaneSetup = "heartbeat", Or(LaneSetup { queue: 512, ..LaneSetup::default() }, over());
        /// Log entries and snapshots.
        bulk: LaneSetup = "bulk", Or(LaneSetup::default(), over());
        /// Forwarded requests.
        request: LaneSetup = "request", Or(LaneSetup { queue: 4096, inbound: 4096, ..LaneSetup::default() }, over());
    }
}

const QUEUE: Whole<u32> = Whole { least: 1, most: MAX_QUEUE };

table! {
    /// How one lane carries messages.
    pub struct LaneSetup: Default {
        /// `stream`: as they come; `unary`: one call at a time for each peer.
        calls: Calls = "calls", Or(Calls::Stream, word::<Calls>());
        /// Messages that may wait to leave, for each peer.
        queue: u32 = "queue", Or(1024, QUEUE);
        /// Messages that may wait to be handled, for each node.
        inbound: u32 = "inbound", Or(1024, QUEUE);
        /// CPU time of sending or taking one frame of a unary call, at each end. Default `0us`.
        cost: Duration = "cost", Or(Duration::ZERO, DURATION);
    }
}

table! {
    /// The processor of a node.
    pub struct Cpu: Default {
        /// How many tasks run at once. Default 4.
        cores: u32 = "cores", Or(4, Whole { least: 1, most: MAX_CORES });
        /// CPU time of named operations, instead of the built-in ones.
        costs: BTreeMap<Work, Duration> = "costs", Or(BTreeMap::new(), COSTS);
    }
}

impl Cpu {
    /// The CPU time of this work. Where the scenario does not say: a request decoded and answered 10 us, a memtable read 2 us, a
    /// script's read through its interpreter 10 us (elastickv #540 counts calls, not their cost: an assumption), a Raft message
    /// stepped, a proposal appended, an entry applied 5 us each, 64 kB of a snapshot written or read 1 ms, what a new leader sets up
    /// 100 us. A lease check is some 50 ns and sending is asynchronous: not charged.
    pub fn cost(&self, work: Work) -> Duration {
        self.costs.get(&work).copied().unwrap_or(Duration::from_micros(match work {
            Work::Request | Work::ScriptRead => 10,
            Work::Read => 2,
            Work::Step | Work::Propose | Work::Apply => 5,
            Work::Snapshot => 1_000,
            Work::TakeOver => 100,
            Work::LeaseCheck | Work::Send => 0,
        }))
    }
}

/// Costs by name, beside those that are there.
const COSTS: Named<Work, Scalar<Duration>> = Named { named: "Costs", name: word::<Work>(), value: DURATION };
