//! The shape of a scenario file, as serde reads it: every value with its place in the text, nothing judged.
//!
//! Places survive only where serde does not buffer (measured: reference/libraries.md §3.2). Hence no `flatten`,
//! `untagged` or `tag`: a step is one struct with one optional field for each action, and what may be a word or a table
//! is [`Or`]. Every key is optional here, so that a missing one is reported in our words, with the others.

mod values;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, de::IgnoredAny};
use toml::Spanned;

use super::shape;

pub(super) use values::{Or, Scalar};

pub(super) type Text = Spanned<String>;
pub(super) type Whole = Spanned<i64>;
pub(super) type Quantity = Spanned<Scalar>;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    /// The file's name without `.toml`.
    #[schemars(with = "shape::Name")]
    pub name: Option<Text>,
    /// One sentence for people.
    #[schemars(with = "Option<String>")]
    pub about: Option<Text>,
    /// What `cargo test` and `run` sweep: `1..=20`, `0..20` (20 not included), `7`, or several: `1,5,9..12`. Default `1..=5`.
    #[schemars(with = "Option<shape::Seeds>")]
    pub seeds: Option<Quantity>,
    /// How long the run lasts, in simulated time.
    #[schemars(with = "shape::Duration")]
    pub until: Option<Quantity>,
    /// The behaviour of the stack that the file runs under. Default `default`.
    #[schemars(with = "Option<shape::VariantName>")]
    pub variant: Option<Text>,
    /// The format of the file. Default 1, which is the only one.
    #[schemars(with = "Option<shape::Format>")]
    pub format: Option<Whole>,
    /// What happens, one step a line. Must stand before the first [table].
    #[expect(dead_code, reason = "the timeline is taken out of the file before, and read by `table`")]
    #[schemars(with = "Option<shape::Timeline>")]
    pub timeline: Option<IgnoredAny>,
    /// The cluster under test.
    #[serde(default)]
    pub cluster: Cluster,
    /// What the run claims to stay within. Within these it must be safe.
    #[serde(default)]
    pub claims: Claims,
    /// What becomes of the checks that ride on every run.
    #[serde(default)]
    pub checks: Checks,
    /// What each seed draws: the cluster's shape and timing, which faults exist, how often they act and on whom.
    #[schemars(with = "Option<Chaos>")]
    pub chaos: Option<Spanned<Chaos>>,
    /// What clients do: `[[workload]]`, at least one.
    #[serde(default)]
    #[schemars(with = "Vec<Workload>")]
    pub workload: Vec<Spanned<Workload>>,
    #[expect(dead_code, reason = "likewise")]
    #[schemars(with = "Option<u32>")]
    pub expect: Option<IgnoredAny>,
    #[expect(dead_code, reason = "likewise")]
    #[schemars(with = "Option<u32>")]
    pub floors: Option<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Cluster {
    /// How many nodes vote from the beginning: 1 to 9. Default 3.
    #[schemars(with = "Option<u32>", range(min = 1, max = 9))]
    pub nodes: Option<Whole>,
    /// How many more nodes begin as learners: they take the log and have no vote. Default 0; 9 nodes in all.
    #[schemars(with = "Option<u32>", range(max = 8))]
    pub learners: Option<Whole>,
    /// How many more nodes run and belong to no group, until one is added. Default 0; 9 nodes in all.
    #[schemars(with = "Option<u32>", range(max = 8))]
    pub spares: Option<Whole>,
    /// Every node takes a snapshot, and cuts its log, every so many entries: 10 to 1000000. Default: never.
    #[schemars(with = "Option<u32>", range(min = 10, max = 1_000_000))]
    pub compact_after: Option<Whole>,
    /// The Raft implementation. Default `raft-rs`.
    #[schemars(with = "Option<shape::EngineWord>")]
    pub engine: Option<Text>,
    /// The engine's clock step. Default `10ms`.
    #[schemars(with = "Option<shape::Duration>")]
    pub tick: Option<Quantity>,
    /// A multiple of `tick`. Default `100ms`.
    #[schemars(with = "Option<shape::Duration>")]
    pub heartbeat: Option<Quantity>,
    /// A multiple of `tick`, longer than `heartbeat`. Default `1s`.
    #[schemars(with = "Option<shape::Duration>")]
    pub election_timeout: Option<Quantity>,
    /// The length of a lease, shorter than `election-timeout`. Default: the stack's own rule.
    #[schemars(with = "Option<shape::Duration>")]
    pub lease: Option<Quantity>,
    /// What renews a lease: rounds that a quorum acknowledged, or rounds of ReadIndex. Default `acks`.
    #[schemars(with = "Option<shape::RenewalWord>")]
    pub renewal: Option<Text>,
    /// Between nodes: a profile, or a table. Default `same-az`.
    #[schemars(with = "Option<shape::Either<shape::NetworkName, Network>>")]
    pub network: Option<Spanned<Or<Network>>>,
    /// Between two nodes, where it is not as between all: `"n1-n2"` there and back, `"n1>n2"` one way.
    #[serde(default)]
    #[schemars(with = "BTreeMap<shape::Wire, shape::Either<shape::NetworkName, Network>>")]
    pub links: BTreeMap<Text, Spanned<Or<Network>>>,
    /// Between clients and nodes. Default `same-az`.
    #[schemars(with = "Option<shape::Either<shape::NetworkName, Network>>")]
    pub client_network: Option<Spanned<Or<Network>>>,
    /// The queues of the transport between nodes.
    #[serde(default)]
    pub lanes: Lanes,
    /// Of every node: a profile, or a table. Default `nvme`.
    #[schemars(with = "Option<shape::Either<shape::DiskName, Disk>>")]
    pub disk: Option<Spanned<Or<Disk>>>,
    /// Of every node.
    #[serde(default)]
    pub cpu: Cpu,
    /// How often a get reads storage. Default 1.
    #[schemars(with = "Option<u32>")]
    pub reads_per_get: Option<Whole>,
    /// How each read of storage is fenced, beyond the lease read with which its request began. Default: as the variant says.
    #[schemars(with = "Option<shape::InnerReadsWord>")]
    pub inner_reads: Option<Text>,
    /// What is different under a variant: `elastickv-549 = { cpu.costs = { read = "1ms" } }`.
    #[serde(default)]
    #[schemars(with = "shape::ClusterVariants<Changes>")]
    pub variant: BTreeMap<Text, Changes>,
}

/// What a variant changes about the cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Changes {
    /// The queues of the transport between nodes.
    #[serde(default)]
    pub lanes: Lanes,
    /// Of every node.
    #[serde(default)]
    pub cpu: Cpu,
    /// How often a get reads storage.
    #[schemars(with = "Option<u32>")]
    pub reads_per_get: Option<Whole>,
    /// How each read of storage is fenced.
    #[schemars(with = "Option<shape::InnerReadsWord>")]
    pub inner_reads: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Network {
    /// The profile that the rest of the table changes.
    #[schemars(with = "Option<shape::NetworkName>")]
    pub base: Option<Text>,
    /// One way: a constant, or quantiles with `p0` and `p100`.
    #[schemars(with = "Option<shape::Either<shape::Duration, shape::Quantiles>>")]
    pub latency: Option<Spanned<Or<Knots>>>,
    /// The share of messages that is lost.
    #[schemars(with = "Option<shape::Share>")]
    pub loss: Option<Quantity>,
    /// The share of messages that arrives twice.
    #[schemars(with = "Option<shape::Share>")]
    pub duplicate: Option<Quantity>,
    /// Messages of one lane stay in order.
    pub fifo: Option<bool>,
}

/// The quantiles of a distribution: `p50 = "0.4ms"`.
pub(super) type Knots = BTreeMap<Text, Quantity>;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Disk {
    /// The profile that the rest of the table changes.
    #[schemars(with = "Option<shape::DiskName>")]
    pub base: Option<Text>,
    /// How long an fsync takes.
    #[schemars(with = "Option<shape::Either<shape::Duration, shape::Quantiles>>")]
    pub fsync: Option<Spanned<Or<Knots>>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Lanes {
    /// Heartbeats and their answers.
    #[serde(default)]
    pub heartbeat: Lane,
    /// Log entries and snapshots.
    #[serde(default)]
    pub bulk: Lane,
    /// Forwarded requests.
    #[serde(default)]
    pub request: Lane,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Lane {
    /// `stream`: as they come; `unary`: one call at a time for each peer.
    #[schemars(with = "Option<shape::CallsWord>")]
    pub calls: Option<Text>,
    /// Messages that may wait to leave, for each peer.
    #[schemars(with = "Option<u32>")]
    pub queue: Option<Whole>,
    /// Messages that may wait to be handled, for each node.
    #[schemars(with = "Option<u32>")]
    pub inbound: Option<Whole>,
    /// CPU time of sending or taking one frame of a unary call, at each end. Default `0us`.
    #[schemars(with = "Option<shape::Duration>")]
    pub cost: Option<Quantity>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Cpu {
    /// How many tasks run at once. Default 4.
    #[schemars(with = "Option<u32>")]
    pub cores: Option<Whole>,
    /// CPU time of named operations, instead of the built-in ones.
    #[serde(default)]
    #[schemars(with = "shape::Costs")]
    pub costs: BTreeMap<Text, Quantity>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Claims {
    /// By how much the rates of any two clocks differ at most. Default `200ppm`.
    #[schemars(with = "Option<shape::Share>")]
    pub clock_drift: Option<Quantity>,
    /// By how much monotonic clocks jump or stand still at most, all together in a run. Default `0s`.
    #[schemars(with = "Option<shape::Duration>")]
    pub clock_step: Option<Quantity>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Checks {
    /// Checks that count and report what they find, but neither end nor fail the run.
    #[serde(default)]
    #[schemars(with = "Vec<shape::CheckName>")]
    pub record_only: Vec<Text>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Chaos {
    /// The faults that may exist in a run; which do, the seed says. Default: all that chaos can draw.
    #[schemars(with = "Option<Vec<shape::FaultWord>>")]
    pub faults: Option<Spanned<Vec<Text>>>,
    /// How long, at the end, nothing is wrong any more. Default `5s`.
    #[schemars(with = "Option<shape::Duration>")]
    pub quiet: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Workload {
    /// Default: the kind. Two of one kind need a name.
    #[schemars(with = "Option<shape::Name>")]
    pub name: Option<Text>,
    /// `kv`: single operations; `script`: a lease read, reads, and one write checked against them, again on conflict.
    #[schemars(with = "shape::Kind")]
    pub kind: Option<Text>,
    /// How many. Default 8.
    #[schemars(with = "Option<u32>")]
    pub clients: Option<Whole>,
    /// How many keys, or a table that says more. Default 8.
    #[schemars(with = "Option<shape::Either<u32, Keys>>")]
    pub keys: Option<Spanned<Or<Keys>>>,
    /// Of `kv`: shares of operations that add up to 1. Default 0.9 get, 0.1 put.
    #[schemars(with = "Option<Mix>")]
    pub mix: Option<Spanned<Mix>>,
    /// Of `script`: a number, or so many calls of so many reads each. Default 1.
    #[schemars(with = "Option<shape::Either<u32, ScriptReads>>")]
    pub reads_per_script: Option<Spanned<Or<ScriptReads>>>,
    /// Open loop: operations a second over all clients, answered or not.
    #[schemars(with = "Option<shape::Rate>")]
    pub rate: Option<Quantity>,
    /// Open loop: so many operations come at a time, on the same (first) key. Default 1.
    #[schemars(with = "Option<u32>")]
    pub burst: Option<Whole>,
    /// Closed loop: each client waits this long after an answer. Default `0ms`.
    #[schemars(with = "Option<shape::Duration>")]
    pub think: Option<Quantity>,
    /// After this an operation is given up. Default `2s`.
    #[schemars(with = "Option<shape::Duration>")]
    pub deadline: Option<Quantity>,
    /// `@any`: each client is attached to a node; `@leader`: clients follow the leader. Default `@any`.
    #[schemars(with = "Option<shape::TargetWord>")]
    pub to: Option<Text>,
    /// When it begins.
    #[schemars(with = "Option<shape::Duration>")]
    pub from: Option<Quantity>,
    /// When it stops; without it, at the end of the run.
    #[schemars(with = "Option<shape::Duration>")]
    pub until: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ScriptReads {
    /// How many calls: `6` or `5..=7`.
    #[schemars(with = "shape::Count")]
    pub calls: Option<Quantity>,
    /// How many reads in each: `4` or `1..=7`.
    #[schemars(with = "shape::Count")]
    pub each: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Keys {
    /// How many. Default 8.
    #[schemars(with = "Option<u32>")]
    pub count: Option<Whole>,
    /// How often each is chosen: `uniform`, `zipf(1.1)`.
    #[schemars(with = "Option<shape::Spread>")]
    pub distribution: Option<Text>,
    /// Workloads with the same prefix share keys. Default `k`.
    #[schemars(with = "Option<shape::Name>")]
    pub prefix: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Mix {
    /// Reads.
    #[schemars(with = "Option<shape::Share>")]
    pub get: Option<Quantity>,
    /// Blind writes.
    #[schemars(with = "Option<shape::Share>")]
    pub put: Option<Quantity>,
    /// Compare-and-set.
    #[schemars(with = "Option<shape::Share>")]
    pub cas: Option<Quantity>,
    /// Read, modify and write: as a script of one key, again on conflict.
    #[schemars(with = "Option<shape::Share>")]
    pub update: Option<Quantity>,
}
