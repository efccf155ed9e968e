//! `[cluster]`: the cluster under test.

use super::hardware::{Cpu, Disk, Lanes};
use super::network::{LINKS, Network, Profiled, Wire, by_profile};
use crate::scenario::Selector;
use crate::scenario::prelude::*;
use crate::scenario::units::Protocol;
use crate::words::{InnerReads, RenewalKind};
use leasehold::coordinator::ADMISSION;
use std::ops::Bound;

/// The most nodes of a cluster, learners and spares included.
pub const MAX_NODES: u32 = 9;
/// The most groups of a cluster.
pub const MAX_GROUPS: u32 = 64;
/// The least and the most entries from one snapshot to the next.
pub const COMPACT_AFTER: [u64; 2] = [10, 1_000_000];
/// The most reads of storage of a get.
pub const MAX_GET_READS: u32 = 1_000;

const NODES: Or<u32, Whole<u32>> = Or(3, Whole { least: 1, most: MAX_NODES });
const BESIDE: Or<u32, Whole<u32>> = Or(0, Whole { least: 0, most: MAX_NODES - 1 });
const GROUPS: Or<u32, Whole<u32>> = Or(1, Whole { least: 1, most: MAX_GROUPS });
const REPLICAS: Maybe<Whole<u32>> = Maybe(Whole { least: 1, most: MAX_NODES });
const MAX_APPEND: Or<u64, Whole<u64>> = Or(1 << 20, Whole { least: 1, most: 1 << 30 });
const MAX_INFLIGHT: Or<u32, Whole<u32>> = Or(256, Whole { least: 1, most: 1_000_000 });
const TICK: Or<Duration, Special<Duration>> = Or(Duration::from_millis(10), POSITIVE);
const HEARTBEAT: Or<Duration, Special<Duration>> = Or(Duration::from_millis(100), POSITIVE);
const ELECTION_TIMEOUT: Or<Duration, Special<Duration>> = Or(Duration::from_secs(1), POSITIVE);
const LEASE: Maybe<Special<Duration>> = Maybe(POSITIVE);
const CHANGES: Named<String, Inner<Changes>> = Named { named: "ClusterVariants", name: SECTION, value: over() };
const GET_READS: Whole<u32> = Whole { least: 1, most: MAX_GET_READS };

/// The voters of single groups.
const PLACEMENT: Named<u32, List<Scalar<u32>>> = Named {
    named: "Placement",
    name: Scalar { named: "", write: |group| format!("g{group}"), ..GROUP },
    value: List(Scalar {
        named: "NodeName",
        schema: |_| json!({ "type": "string", "pattern": "^n[1-9]$" }),
        bare: false,
        read: |text, frame| match text.parse() {
            Ok(Selector::Node(number)) => frame.node(number),
            Ok(_) | Err(_) => {
                Err(Misread::new(format!("{} is no node", quote(text))).help("nodes are `n1`, `n2`, ..."))
            }
        },
        write: |node| quoted(format!("n{node}")),
    }),
};

/// Where ranges of keys begin, and which group has each; `None`: none has.
pub type Ranges = BTreeMap<String, Option<u32>>;

const RANGES: Named<String, Scalar<Option<u32>>> = Named {
    named: "Ranges",
    name: Scalar { schema: |_| json!({ "pattern": "^.*$" }), ..TEXT },
    value: Scalar {
        named: "RangeOwner",
        schema: |_| json!({ "type": "string", "pattern": "^(g[1-9][0-9]?|none)$" }),
        bare: false,
        read: |text, frame| if text == "none" { Ok(None) } else { (GROUP.read)(text, frame).map(Some) },
        write: |owner| owner.map_or_else(|| quoted("none"), |group| (GROUP.write)(&group)),
    },
};

/// `even`, or a table of ranges.
const ROUTES: Special<Option<Ranges>> = Special {
    schema: |definitions| json!({ "anyOf": [{ "const": "even" }, RANGES.schema(definitions)] }),
    read: |key, raw, reader| match raw.get_ref().as_str() {
        Some("even") => Some(None),
        _ if raw.get_ref().is_table() => RANGES.read(key, raw, reader).map(Some),
        _ => {
            let problem = misfit("`even`, or a table of ranges", key, raw);
            reader.report.shape(
                problem.help("say where each range begins, and whose it is: `routes = { \"\" = \"g1\", m = \"g2\" }`"),
            )
        }
    },
    write: |ranges| ranges.as_ref().map_or_else(|| quoted("even"), |ranges| RANGES.toml(ranges)),
};

/// A number of entries, or never.
const COMPACTED: Special<Option<u64>> = Special {
    schema: |definitions| json!({ "anyOf": [ENTRIES.schema(definitions), { "const": "never" }] }),
    read: |key, raw, reader| match raw.get_ref().as_str() {
        Some("never") => Some(None),
        Some(_) => reader.report.shape(misfit("a whole number, or `never`", key, raw)),
        None => ENTRIES.read(key, raw, reader).map(Some),
    },
    write: |entries| entries.map_or_else(|| quoted("never"), |entries| entries.to_string()),
};
const ENTRIES: Whole<u64> = Whole { least: COMPACT_AFTER[0], most: COMPACT_AFTER[1] };

table! {
    /// The cluster under test. `Default` is what a file that says nothing about it gets.
    pub struct Cluster: Default {
        /// How many nodes vote from the beginning: 1 to 9. Default 3.
        nodes: u32 = "nodes", NODES;
        /// How many more nodes begin as learners: they take the log and have no vote. Default 0; 9 nodes in all.
        learners: u32 = "learners", BESIDE;
        /// How many more nodes run and belong to no group, until one is added. Default 0; 9 nodes in all.
        spares: u32 = "spares", BESIDE;
        /// How many Raft groups there are, each with a part of the keys and a lease of its own: 1 to 64. Default 1.
        groups: u32 = "groups", GROUPS;
        /// How many of the nodes that vote from the beginning vote in each group: in group 1 from `n1` on, in group 2 from `n2` on, and so
        /// on. The first of them leads at the beginning, if there are several groups. Default: all, from `n1` on in each.
        replicas: Option<u32> = "replicas", REPLICAS;
        /// Who vote in single groups instead, the first of them to lead at the beginning: `g2 = ["n2", "n3", "n1"]`.
        placement: BTreeMap<u32, Vec<u32>> = "placement", Or(BTreeMap::new(), PLACEMENT);
        /// Which group has which keys: `even`, each has as many of each workload's; or a table of where ranges begin, and whose they are:
        /// `{ "" = "g1", m = "g2", x = "none" }`. Default `even`.
        routes: Option<Ranges> = "routes", Or(None, ROUTES);
        /// Every node takes a snapshot, and cuts its log, every so many entries: 10 to 1000000, or `never`. Default 5000.
        compact_after: Option<u64> = "compact-after", Or(Some(5_000), COMPACTED);
        /// The Raft implementation: `raft-rs` or `openraft`. Default: the one that `engines` names, if it names one alone, or else `raft-rs`.
        engine: Engine = "engine", Or(Engine::RaftRs, word::<Engine>());
        /// The engine goes on while its disk writes; if not, it takes one input after the other. Default true.
        async_writes: bool = "async-writes", Or(true, FLAG);
        /// So long a write of the log waits for others that could go with it. Default `0ms`.
        group_commit_delay: Duration = "group-commit-delay", Or(Duration::ZERO, DURATION);
        /// The most bytes of the entries of one append. Default 1048576.
        max_append_bytes: u64 = "max-append-bytes", MAX_APPEND;
        /// The most appends on their way to a follower. Default 256.
        max_inflight: u32 = "max-inflight", MAX_INFLIGHT;
        /// A node asks whether it would be elected before it stands. Default true.
        pre_vote: bool = "pre-vote", Or(true, FLAG);
        /// A leader that hears no quorum steps down, and who hears a leader refuses its vote to others. Default true.
        check_quorum: bool = "check-quorum", Or(true, FLAG);
        /// While what is asked waits longer than this for the engine, or a tenth of this for a core, a node refuses others. Default `100ms`.
        admission: Duration = "admission", Or(ADMISSION, POSITIVE);
        /// The engine's clock step. Default `10ms`.
        tick: Duration = "tick", TICK;
        /// A multiple of `tick`. Default `100ms`.
        heartbeat: Duration = "heartbeat", HEARTBEAT;
        /// A multiple of `tick`, longer than `heartbeat`. Default `1s`.
        election_timeout: Duration = "election-timeout", ELECTION_TIMEOUT;
        /// The length of a lease, shorter than `election-timeout`. Default: the stack's own rule.
        lease: Option<Duration> = "lease", LEASE;
        /// What renews a lease: rounds that a quorum acknowledged, or rounds of ReadIndex. Default `acks`.
        renewal: RenewalKind = "renewal", Or(RenewalKind::Acks, word::<RenewalKind>());
        /// Between nodes: a profile, or a table. Default `same-az`.
        network: Network = "network", Or(Network::of(Network::USUAL), by_profile::<Network>());
        /// Between two nodes, where it is not as between all: `"n1-n2"` there and back, `"n1>n2"` one way.
        links: BTreeMap<Wire, Network> = "links", Or(BTreeMap::new(), LINKS);
        /// Between clients and nodes. Default `same-az`.
        client_network: Network = "client-network", Or(Network::of(Network::USUAL), by_profile::<Network>());
        /// The queues of the transport between nodes.
        lanes: Lanes = "lanes", Or(Lanes::default(), over());
        /// Of every node: a profile, or a table. Default `nvme`.
        disk: Disk = "disk", Or(Disk::of(Disk::USUAL), by_profile::<Disk>());
        /// Of every node.
        cpu: Cpu = "cpu", Or(Cpu::default(), over());
        /// How often a get reads storage. Default 1.
        reads_per_get: u32 = "reads-per-get", Or(1, GET_READS);
        /// How each read of storage is fenced, beyond the lease read with which its request began. Default: as the variant says.
        inner_reads: Option<InnerReads> = "inner-reads", Maybe(word::<InnerReads>());
        /// What is different under a variant: `elastickv-549 = { cpu.costs = { read = "1ms" } }`.
        changes: BTreeMap<String, Changes> = "variant", Or(BTreeMap::new(), CHANGES);
    }
    wrong |cluster, given, _frame| {
        lacking "placement" if given.has("placement") && cluster.placement.values().any(Vec::is_empty) =>
            "a group has a voter at least", "`placement = { g2 = [\"n2\", \"n3\", \"n1\"] }`";
        refused "placement" if cluster.placement.values().flatten().any(|node| *node > cluster.nodes) =>
            "a group takes its voters from those nodes that vote from the beginning",
            format!("these are n1 to n{}; learners and spares join later", cluster.nodes);
    }
    fits = with_changes;
}

table! {
    /// What a variant changes about the cluster; what it leaves unsaid is as for all.
    pub struct Changes {
        /// The queues of the transport between nodes.
        lanes: Lanes = "lanes", Or(Lanes::default(), over());
        /// Of every node.
        cpu: Cpu = "cpu", Or(Cpu::default(), over());
        /// How often a get reads storage.
        reads_per_get: u32 = "reads-per-get", Or(1, GET_READS);
        /// How each read of storage is fenced. `None`: as the variant says.
        inner_reads: Option<InnerReads> = "inner-reads", Maybe(word::<InnerReads>());
    }
}

impl Cluster {
    /// How many nodes there are, voters or not.
    pub fn size(&self) -> u32 {
        self.nodes + self.learners + self.spares
    }

    /// The nodes, by number, that vote in a group when it begins, the one that is to lead it first.
    pub fn placed(&self, group: u32) -> Vec<u32> {
        let by_rule = || {
            let first = if self.replicas.is_some() { group - 1 } else { 0 };
            (0..self.replicas.unwrap_or(self.nodes)).map(|replica| (first + replica) % self.nodes + 1).collect()
        };
        self.placement.get(&group).cloned().unwrap_or_else(by_rule)
    }

    /// The group that has `key`, by number, where a file says which has which; `None`: none has.
    pub fn routed(ranges: &Ranges, key: &str) -> Option<u32> {
        ranges.range::<str, _>((Bound::Unbounded, Bound::Included(key))).next_back().and_then(|(_, owner)| *owner)
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
        let Changes { lanes, cpu, reads_per_get, inner_reads } = changes;
        Self { lanes, cpu, reads_per_get, inner_reads, ..self.clone() }
    }

    /// What variants change, if they change nothing.
    fn unchanged(&self) -> Changes {
        let Self { lanes, cpu, reads_per_get, inner_reads, .. } = self.clone();
        Changes { lanes, cpu, reads_per_get, inner_reads }
    }
}

/// The table, with what variants change.
pub(super) fn put(cluster: &Cluster) -> Keys {
    let rest = Cluster { changes: BTreeMap::new(), ..cluster.clone() }.put(None, Keys::default());
    match cluster.changes.is_empty() {
        true => rest,
        false => rest.key("variant", CHANGES.put(None, Some(&cluster.unchanged()), &cluster.changes)),
    }
}

/// What the rest of a file must know of the cluster that `entries` describe. Size and times are read alone and in silence, and
/// judged by how they fit together: what else is wrong here keeps neither them nor the rest from that.
pub(super) fn frame(entries: &Entries<'_>, mut frame: Frame, report: &mut Report) -> Frame {
    let mut silent = Report::silent();
    let reader = &mut Reader { frame: &mut frame, report: &mut silent };
    let mut sketch = Cluster::default();
    let is_sized = into(&mut sketch.nodes, &NODES, entries.entry("nodes"), reader)
        & into(&mut sketch.learners, &BESIDE, entries.entry("learners"), reader)
        & into(&mut sketch.spares, &BESIDE, entries.entry("spares"), reader);
    let is_timed = into(&mut sketch.tick, &TICK, entries.entry("tick"), reader)
        & into(&mut sketch.heartbeat, &HEARTBEAT, entries.entry("heartbeat"), reader)
        & into(&mut sketch.election_timeout, &ELECTION_TIMEOUT, entries.entry("election-timeout"), reader)
        & into(&mut sketch.lease, &LEASE, entries.entry("lease"), reader);
    into(&mut sketch.groups, &GROUPS, entries.entry("groups"), reader);
    reader.frame.groups = sketch.groups;
    into(&mut sketch.routes, &Or(None, ROUTES), entries.entry("routes"), reader);
    let reader = &mut Reader { frame: &mut frame, report };
    let has_room = is_sized && enough_room(&sketch, entries, reader);
    if is_sized && into(&mut sketch.replicas, &REPLICAS, entries.entry("replicas"), reader) {
        enough_voters(&sketch, entries, reader);
    }
    if is_timed {
        times_fit(&sketch, entries, reader);
    }
    let Cluster { election_timeout, heartbeat, lease, .. } = sketch;
    let protocol = Some(Protocol { election_timeout, heartbeat, lease });
    // After a refused number no node may be refused for being too many.
    Frame {
        nodes: if has_room { sketch.size() } else { MAX_NODES },
        groups: sketch.groups,
        routes: sketch.routes,
        protocol,
        ..frame
    }
}

/// Puts what `field` reads into `place`. Was it not refused?
fn into<F: Field>(place: &mut F::Of, field: &F, entry: Entry<'_>, reader: &mut Reader<'_>) -> bool {
    let read = field.read(entry, None, reader);
    read.map(|read| *place = read).is_some()
}

/// What a variant leaves unsaid is as for all.
fn with_changes(mut cluster: Cluster, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Cluster> {
    if let Some(raw) = entries.get("variant") {
        cluster.changes = CHANGES.read_each(Some(&cluster.unchanged()), "variant", raw, reader)?;
    }
    Some(cluster)
}

/// Is there room for those beside the nodes that vote from the beginning? Refuses what is too many.
fn enough_room(cluster: &Cluster, entries: &Entries<'_>, reader: &mut Reader<'_>) -> bool {
    let mut room = MAX_NODES - cluster.nodes;
    for (what, number) in [("learners", cluster.learners), ("spares", cluster.spares)] {
        if number > room {
            let message = format!("a cluster has at most {MAX_NODES} nodes: `{what}` can be {room} at most");
            let problem = Problem::new(message).at(entries.place(what));
            reader.report.refuse(problem.help("`nodes`, `learners` and `spares` count together"));
            return false;
        }
        room -= number;
    }
    true
}

/// Are there so many nodes that vote from the beginning as each group is to have?
fn enough_voters(cluster: &Cluster, entries: &Entries<'_>, reader: &mut Reader<'_>) {
    if let Some(replicas) = cluster.replicas.filter(|replicas| *replicas > cluster.nodes) {
        let message = format!("`replicas` ({replicas}) is more than `nodes` ({})", cluster.nodes);
        let help = "each group takes its voters from `nodes`; leave it out if all vote in each";
        reader.report.missing(Problem::new(message).at(entries.place("replicas")).help(help));
    }
}

fn times_fit(cluster: &Cluster, entries: &Entries<'_>, reader: &mut Reader<'_>) {
    let Cluster { tick, heartbeat, election_timeout, lease, .. } = cluster;
    let place = |wrong: &str, other: &str| entries.place(if entries.get(wrong).is_some() { wrong } else { other });
    let mut refuse = |message: String, place: Range<usize>, help: &str| {
        reader.report.missing(Problem::new(message).at(place).help(help));
    };
    for (what, time) in [("heartbeat", heartbeat), ("election-timeout", election_timeout)] {
        if !time.as_nanos().is_multiple_of(tick.as_nanos()) {
            let message = format!("`{what}` ({time:?}) is not a multiple of `tick` ({tick:?})");
            refuse(message, place(what, "tick"), "Raft counts its times in ticks");
        }
    }
    if election_timeout <= heartbeat {
        let message =
            format!("`election-timeout` ({election_timeout:?}) must be longer than `heartbeat` ({heartbeat:?})");
        let help = "or followers stand for election between two heartbeats; ten heartbeats are usual";
        refuse(message, place("election-timeout", "heartbeat"), help);
    }
    if let Some(lease) = lease.filter(|lease| lease >= election_timeout) {
        let message = format!("`lease` ({lease:?}) must be shorter than `election-timeout` ({election_timeout:?})");
        let help = "another leader may be elected one election timeout after the last round";
        refuse(message, place("lease", "election-timeout"), help);
    }
}

crate::words::words! {
    /// The Raft implementation under the stack.
    pub enum Engine: "engine" {
        /// `"raft-rs"`: crate `raft`.
        RaftRs = "raft-rs",
        /// `"openraft"`: crate `openraft`.
        Openraft = "openraft",
    }
}

impl Default for Engine {
    fn default() -> Self {
        Cluster::default().engine
    }
}

impl Engine {
    /// The engine of a file that is for these, and names none in `[cluster]`.
    pub(super) fn meant(engines: &[Self]) -> Self {
        if let [only] = engines { *only } else { Self::default() }
    }

    /// A variant on this engine, as people call it: the usual engine goes without saying.
    pub fn under(self, variant: &str) -> String {
        if self == Self::default() { variant.to_owned() } else { format!("{variant} on {self}") }
    }
}
