//! The cluster under test: nodes, Raft's times, network, disk, processor.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use crate::scenario::profiles;
use crate::words::{Calls, InnerReads, Misread, Selector, quote};

/// The most nodes of a cluster, learners and spares included.
pub const MAX_NODES: u32 = 9;
/// The least and the most entries from one snapshot to the next.
pub const COMPACT_AFTER: [u64; 2] = [10, 1_000_000];
/// The longest queue of a lane, in messages.
pub const MAX_QUEUE: u32 = 1_000_000;
/// The most ticks of a run, over all nodes.
pub const MAX_TICKS: u64 = 100_000_000;
/// The most cores of a node.
pub const MAX_CORES: u32 = 256;
/// The most reads of storage of a get.
pub const MAX_GET_READS: u32 = 1_000;

/// The names of CPU costs that a scenario may override.
pub const COSTS: [&str; 9] =
    ["request", "script-read", "read", "lease-check", "step", "propose", "apply", "send", "snapshot"];

/// The cluster under test. `Default` is what a file that says nothing about it gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// How many nodes vote from the beginning: 1 to [`MAX_NODES`].
    pub nodes: u32,
    /// How many nodes after those begin as learners.
    pub learners: u32,
    /// How many nodes after those run and belong to no group yet.
    pub spares: u32,
    /// A snapshot is taken, and the log cut, every so many entries; within [`COMPACT_AFTER`]. `None`: never.
    pub compact_after: Option<u64>,
    /// The Raft implementation.
    pub engine: Engine,
    /// The engine's clock step. Not zero.
    pub tick: Duration,
    /// A multiple of `tick`.
    pub heartbeat: Duration,
    /// A multiple of `tick`, longer than `heartbeat`.
    pub election_timeout: Duration,
    /// The length of a lease, shorter than `election_timeout`. `None`: the stack's own rule.
    pub lease: Option<Duration>,
    /// What renews a lease.
    pub renewal: Renewal,
    /// Between nodes.
    pub network: Network,
    /// Between two nodes, where it is not as between all. One way goes before both ways.
    pub links: BTreeMap<Wire, Network>,
    /// Between clients and nodes.
    pub client_network: Network,
    /// The queues of the transport.
    pub lanes: Lanes,
    /// Of every node.
    pub disk: Disk,
    /// Of every node.
    pub cpu: Cpu,
    /// How often a get reads storage: 1 to [`MAX_GET_READS`].
    pub reads_per_get: u32,
    /// How each read of storage is fenced. `None`: as the variant says.
    pub inner_reads: Option<InnerReads>,
    /// What is different under a variant, by its name.
    pub changes: BTreeMap<String, Changes>,
}

/// What a variant changes about the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The queues of the transport.
    pub lanes: Lanes,
    /// Of every node.
    pub cpu: Cpu,
    /// How often a get reads storage.
    pub reads_per_get: u32,
    /// How each read of storage is fenced. `None`: as the variant says.
    pub inner_reads: Option<InnerReads>,
    /// The line of the file (1-based).
    pub line: usize,
}

/// What joins two nodes, by number: `"n1-n2"` there and back, `"n1>n2"` one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wire {
    /// Who sends; of both ways, the lower number.
    pub from: u32,
    /// Who receives. Not the sender.
    pub to: u32,
    /// Only there.
    pub one_way: bool,
}

impl Cluster {
    /// How many nodes there are, voters or not.
    pub fn size(&self) -> u32 {
        self.nodes + self.learners + self.spares
    }

    /// The network by which one node, by number, reaches another.
    pub fn network_between(&self, from: u32, to: u32) -> &Network {
        let there = Wire { from, to, one_way: true };
        let both = Wire { from: from.min(to), to: from.max(to), one_way: false };
        self.links.get(&there).or(self.links.get(&both)).unwrap_or(&self.network)
    }

    /// The cluster under a variant.
    pub fn under(&self, variant: &str) -> Self {
        let Some(changes) = self.changes.get(variant).cloned() else { return self.clone() };
        let Changes { lanes, cpu, reads_per_get, inner_reads, line: _ } = changes;
        Self { lanes, cpu, reads_per_get, inner_reads, ..self.clone() }
    }
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            nodes: 3,
            learners: 0,
            spares: 0,
            compact_after: None,
            engine: Engine::RaftRs,
            tick: Duration::from_millis(10),
            heartbeat: Duration::from_millis(100),
            election_timeout: Duration::from_secs(1),
            lease: None,
            renewal: Renewal::Acks,
            network: profiles::SAME_AZ.network(),
            links: BTreeMap::new(),
            client_network: profiles::SAME_AZ.network(),
            lanes: Lanes::default(),
            disk: profiles::NVME.disk(),
            cpu: Cpu::default(),
            reads_per_get: 1,
            inner_reads: None,
            changes: BTreeMap::new(),
        }
    }
}

crate::words::words! {
    /// The Raft implementation under the stack.
    pub enum Engine: "engine" {
        /// `"raft-rs"`: crate `raft`.
        RaftRs = "raft-rs",
    }
}

crate::words::words! {
    /// What renews a lease.
    pub enum Renewal: "renewal" {
        /// `"acks"`: rounds that a quorum acknowledged.
        Acks = "acks",
        /// `"read-index"`: rounds of ReadIndex.
        ReadIndex = "read-index",
    }
}

/// A kind of link.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The profile's name; `"NAME (changed)"` if the file gives parts of it another value.
    pub name: String,
    /// One way.
    pub latency: Distribution,
    /// The share of messages that is lost.
    pub loss: Ppm,
    /// The share of messages that arrives twice.
    pub duplicate: Ppm,
    /// Messages of one lane stay in order.
    pub fifo: bool,
}

/// What the name of a profile ends with of which the file overrides a part.
pub(in crate::scenario) const CHANGED: &str = " (changed)";

impl Network {
    /// The name of the profile, overridden or not.
    pub fn base(&self) -> &str {
        self.name.trim_end_matches(CHANGED)
    }
}

impl Disk {
    /// The name of the profile, overridden or not.
    pub fn base(&self) -> &str {
        self.name.trim_end_matches(CHANGED)
    }
}

/// A distribution of durations, as a table of quantiles; linear between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// (per mille, quantile): the first strictly ascending from 0 to 1000, the second never descending.
    pub knots: Vec<(u32, Duration)>,
}

impl Distribution {
    /// Always `value`.
    pub fn constant(value: Duration) -> Self {
        Self { knots: vec![(0, value), (1000, value)] }
    }

    /// The value that so many of a thousand do not exceed, rounded down to a nanosecond.
    pub fn quantile(&self, per_mille: u32) -> Duration {
        let between = self.knots.iter().zip(self.knots.iter().skip(1));
        let around = between.into_iter().find(|(_, (to, _))| *to >= per_mille);
        let Some(((from, low), (to, high))) = around else { return self.longest() };
        let part = per_mille.saturating_sub(*from);
        *low + high.saturating_sub(*low) * part / (to - from).max(1)
    }

    /// The longest there is.
    pub fn longest(&self) -> Duration {
        self.knots.last().map_or(Duration::ZERO, |(_, longest)| *longest)
    }

    /// The mean, in nanoseconds, rounded down.
    pub fn mean_nanos(&self) -> u128 {
        let between = self.knots.iter().zip(self.knots.iter().skip(1));
        let areas = between.map(|((from, low), (to, high))| u128::from(to - from) * (low.as_nanos() + high.as_nanos()));
        areas.sum::<u128>() / 2_000
    }
}

/// Parts per million, 0 to 1 000 000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ppm(
    /// The parts.
    pub u32,
);

/// The lanes of the transport between nodes. What rides on which is the stack's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// Heartbeats and their answers.
    pub heartbeat: LaneSetup,
    /// Log entries and snapshots.
    pub bulk: LaneSetup,
    /// Forwarded requests.
    pub request: LaneSetup,
}

impl Default for Lanes {
    fn default() -> Self {
        let stream = |queue, inbound| LaneSetup { calls: Calls::Stream, queue, inbound, cost: Duration::ZERO };
        Self { heartbeat: stream(512, 1024), bulk: stream(1024, 1024), request: stream(4096, 4096) }
    }
}

/// How one lane carries messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneSetup {
    /// Pipelined or one by one.
    pub calls: Calls,
    /// Messages that may wait to leave, per peer. At least 1.
    pub queue: u32,
    /// Messages that may wait to be handled, per node. At least 1.
    pub inbound: u32,
    /// CPU time of sending or taking one frame of a unary call, at each end.
    pub cost: Duration,
}

/// A kind of disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// The profile's name; `"NAME (changed)"` if the file gives parts of it another value.
    pub name: String,
    /// How long an fsync takes.
    pub fsync: Distribution,
}

/// The processor of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// How many tasks run at once: 1 to [`MAX_CORES`].
    pub cores: u32,
    /// Overrides of named costs; the names are of [`COSTS`].
    pub costs: BTreeMap<String, Duration>,
}

impl Default for Cpu {
    fn default() -> Self {
        Self { cores: 4, costs: BTreeMap::new() }
    }
}

impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, one_way } = self;
        write!(f, "n{from}{}n{to}", if *one_way { '>' } else { '-' })
    }
}

impl FromStr for Wire {
    type Err = Misread;

    fn from_str(text: &str) -> Result<Self, Misread> {
        let forms = "two nodes: `n1-n2` there and back, `n1>n2` one way";
        let node = |text: &str| match text.trim().parse() {
            Ok(Selector::Node(number)) => Some(number),
            Ok(_) | Err(_) => None,
        };
        let ends = text.split_once('>').map(|ends| (ends, true)).or(text.split_once('-').map(|ends| (ends, false)));
        let wire = ends.and_then(|((from, to), one_way)| Some((node(from)?, node(to)?, one_way)));
        match wire {
            Some((from, to, _)) if from == to => {
                Err(Misread::new(format!("there is no link from `n{from}` to itself")).help(forms))
            }
            Some((from, to, true)) => Ok(Self { from, to, one_way: true }),
            Some((from, to, false)) => Ok(Self { from: from.min(to), to: from.max(to), one_way: false }),
            None => Err(Misread::new(format!("{} is not a link", quote(text))).help(forms)),
        }
    }
}
