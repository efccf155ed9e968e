//! The shape of a scenario file, as serde reads it: every value with its place in the text, nothing judged.
//!
//! Places survive only where serde does not buffer (measured: reference/libraries.md §3.2). Hence no `flatten`,
//! `untagged` or `tag`: a step is one struct with one optional field for each action, and what may be a word or a table
//! is [`Or`]. Every key is optional here, so that a missing one is reported in our words, with the others.

mod values;

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use toml::Spanned;

use super::shape;

pub(super) use values::{OneOrMore, Or, Scalar};

pub(super) type Text = Spanned<String>;
pub(super) type Whole = Spanned<i64>;
pub(super) type Quantity = Spanned<Scalar>;
pub(super) type Named = Spanned<OneOrMore>;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    /// The file's name without `.toml`.
    #[schemars(with = "shape::Name")]
    pub name: Option<Text>,
    /// One sentence for people.
    #[schemars(with = "Option<String>")]
    pub about: Option<Text>,
    /// What `cargo test` and `run` sweep: `1..=20`, `0..20` (20 not included) or `7`. Default `1..=5`.
    #[schemars(with = "Option<shape::Seeds>")]
    pub seeds: Option<Quantity>,
    /// How long the run lasts, in simulated time.
    #[schemars(with = "shape::Duration")]
    pub until: Option<Quantity>,
    /// The behaviour of the stack that the file runs under. Default `default`.
    #[schemars(with = "Option<shape::VariantName>")]
    pub variant: Option<Text>,
    /// What happens, one step a line. Must stand before the first [table].
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub timeline: Vec<Spanned<Step>>,
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
    /// What must be true of a run: bounds on metrics, over the whole run or in tagged windows.
    #[serde(default)]
    #[schemars(with = "shape::Expect")]
    pub expect: Expect,
    /// What the run must have exercised, or it fails as vacuous.
    #[serde(default)]
    #[schemars(with = "shape::Floors")]
    pub floors: BTreeMap<Text, Whole>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Step {
    /// When: a moment (`6s`), or a window (`2s..6s`) for a tag and for what is repeated with `every`.
    #[schemars(with = "Option<shape::At>")]
    pub at: Option<Quantity>,
    /// Acts again and again in the window `at`, this far apart.
    #[schemars(with = "Option<shape::Duration>")]
    pub every: Option<Quantity>,
    /// Each repetition is up to this much later, drawn from the seed. Shorter than `every`.
    #[schemars(with = "Option<shape::Duration>")]
    pub jitter: Option<Quantity>,
    /// Instead of at a time: whenever this happens in the protocol, or so long after (`+ 5ms`), or before (`- 5ms`) where that is
    /// known beforehand. `at` is then the window in which it is waited for.
    #[schemars(with = "Option<shape::Moment>")]
    pub when: Option<Text>,
    /// Of what waits with `when`: how often at most. Default 1.
    #[schemars(with = "Option<u32>", range(min = 1, max = 100_000))]
    pub times: Option<Whole>,
    // One field for each verb. `validate::timeline` lists them again, once.
    /// Gives the window `at` a name that `[expect]` uses.
    #[schemars(with = "Option<shape::Name>")]
    pub tag: Option<Text>,
    /// Asks for a leader transfer.
    #[schemars(with = "Option<Transfer>")]
    pub transfer: Option<Spanned<Transfer>>,
    /// Separates nodes.
    #[schemars(with = "Option<Partition>")]
    pub partition: Option<Spanned<Partition>>,
    /// Makes links worse than they are.
    #[schemars(with = "Option<Link>")]
    pub link: Option<Spanned<Link>>,
    /// Holds single messages back, by their kind.
    #[schemars(with = "Option<Hold>")]
    pub hold: Option<Spanned<Hold>>,
    /// Kills a process; what its disk has not synced is lost, or torn.
    #[schemars(with = "Option<Crash>")]
    pub crash: Option<Spanned<Crash>>,
    /// Stops a process for a while; it does not know.
    #[schemars(with = "Option<Pause>")]
    pub pause: Option<Spanned<Pause>>,
    /// Makes a node's CPU slow.
    #[schemars(with = "Option<Slow>")]
    pub slow: Option<Spanned<Slow>>,
    /// Makes a clock go wrong.
    #[schemars(with = "Option<ClockFault>")]
    pub clock: Option<Spanned<ClockFault>>,
    /// Makes a disk go wrong.
    #[schemars(with = "Option<DiskFault>")]
    pub disk: Option<Spanned<DiskFault>>,
    /// Asks the leader for a change of membership.
    #[schemars(with = "Option<Membership>")]
    pub membership: Option<Spanned<Membership>>,
    /// Ends faults, and removes what they have left in flight.
    #[schemars(with = "Option<shape::Either<shape::HealedWord, Heal>>")]
    pub heal: Option<Spanned<Or<Heal>>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Transfer {
    /// The node that is asked. Default `@leader`.
    #[schemars(with = "Option<shape::OneNode>")]
    pub from: Option<Text>,
    /// The node that shall lead. Default `@follower`.
    #[schemars(with = "Option<shape::OneNode>")]
    pub to: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Partition {
    /// The two sides: `[["@leader"], ["@others"]]`. Who is on neither reaches both.
    #[schemars(with = "Option<Vec<Vec<shape::Node>>>")]
    pub sides: Option<Spanned<Vec<Spanned<Vec<Text>>>>>,
    /// Instead of sides. `bridge`: two halves that both reach one node; `ring`: each node reaches its two neighbours only.
    #[schemars(with = "Option<shape::ShapeWord>")]
    pub shape: Option<Text>,
    /// The node that both halves of a bridge reach. Default `@any`.
    #[schemars(with = "Option<shape::OneNode>")]
    pub node: Option<Text>,
    /// `drop`: what is sent is lost; `hold`: it is delivered when the partition ends; `cut`: what is in flight is lost too.
    /// Default `drop`.
    #[schemars(with = "Option<shape::CutWord>")]
    pub how: Option<Text>,
    /// Only the first side cannot reach the second.
    pub one_way: Option<bool>,
    /// How long it lasts; without it, until a `heal`.
    #[schemars(with = "Option<shape::Duration>")]
    pub r#for: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Crash {
    /// Whose process.
    #[schemars(with = "shape::Nodes")]
    pub node: Option<Named>,
    /// How long it is down, `0s`: it starts again at once; without it, until a `heal`.
    #[schemars(with = "Option<shape::Duration>")]
    pub r#for: Option<Quantity>,
    /// What is left of what its disk had not synced: nothing (`lost`, the default), all (`kept`: the process dies, not the
    /// machine), the beginning, cut at any byte (`torn`), or some sectors in no order (`scattered`).
    #[schemars(with = "Option<shape::TailWord>")]
    pub tail: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ClockFault {
    /// Whose clock.
    #[schemars(with = "shape::Nodes")]
    pub node: Option<Named>,
    // What is wrong with it: one of these.
    /// It runs so much too fast (`+500ppm`) or too slow (`-2%`).
    #[schemars(with = "Option<shape::Drift>")]
    pub rate: Option<Quantity>,
    /// It runs so much faster or slower than it does by itself, as NTP slews a clock.
    #[schemars(with = "Option<shape::Drift>")]
    pub slew: Option<Quantity>,
    /// The wall clock jumps: `+3s`, `-150ms`.
    #[schemars(with = "Option<shape::Jump>")]
    pub step: Option<Quantity>,
    /// It stands still while the process runs; at the end the wall clock jumps.
    #[schemars(with = "Option<shape::True>")]
    pub freeze: Option<Spanned<bool>>,
    /// It cannot be read.
    #[schemars(with = "Option<shape::True>")]
    pub fail: Option<Spanned<bool>>,
    /// Of a `step`: the monotonic clock jumps too (beyond what the stack may assume of a clock).
    #[schemars(with = "Option<bool>")]
    pub monotonic: Option<Spanned<bool>>,
    /// For how long; without it, until a `heal`. Not of a `step`.
    #[schemars(with = "Option<shape::Duration>")]
    pub r#for: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DiskFault {
    /// Whose disk.
    #[schemars(with = "shape::Nodes")]
    pub node: Option<Named>,
    // What is wrong with it: one of these.
    /// Each fsync takes so long.
    #[schemars(with = "Option<shape::Duration>")]
    pub fsync: Option<Quantity>,
    /// Each fsync takes so many times longer.
    #[schemars(with = "Option<u32>")]
    pub slow: Option<Whole>,
    /// No fsync returns before it is over.
    #[schemars(with = "Option<shape::True>")]
    pub stall: Option<Spanned<bool>>,
    /// An operation returns an error: `append`, `sync`, `read` (when a node starts).
    #[schemars(with = "Option<shape::DiskOperationWord>")]
    pub fail: Option<Text>,
    /// Nothing can be appended.
    #[schemars(with = "Option<shape::True>")]
    pub full: Option<Spanned<bool>>,
    /// For how long; without it, until a `heal`.
    #[schemars(with = "Option<shape::Duration>")]
    pub r#for: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Pause {
    /// Whose process.
    #[schemars(with = "shape::Nodes")]
    pub node: Option<Named>,
    /// For how long; without it, until a `heal`.
    #[schemars(with = "Option<shape::Duration>")]
    pub r#for: Option<Quantity>,
    /// What its monotonic clock does meanwhile: `running` (default) or `frozen` (beyond what the stack may assume of a clock).
    #[schemars(with = "Option<shape::PausedClockWord>")]
    pub clock: Option<Text>,
    /// Not now, but when a task of the process next reaches this point of the code.
    #[schemars(with = "Option<shape::PointWord>")]
    pub at: Option<Text>,
    /// Of a pause `at` a point. `process` (default): all of it stands still; `task`: only the task that reached the point.
    #[schemars(with = "Option<shape::PausedWord>")]
    pub what: Option<Text>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Slow {
    /// Whose CPU.
    #[schemars(with = "shape::Nodes")]
    pub node: Option<Named>,
    /// All work takes so many times as long: 2 to 1000.
    #[schemars(with = "u32", range(min = 2, max = 1000))]
    pub factor: Option<Whole>,
    /// For how long; without it, until a `heal`.
    #[schemars(with = "Option<shape::Duration>")]
    pub r#for: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Link {
    /// Who sends. Default: every node.
    #[serde(default)]
    #[schemars(with = "Option<shape::Nodes>")]
    pub from: Option<Named>,
    /// Who receives. Default: every node.
    #[serde(default)]
    #[schemars(with = "Option<shape::Nodes>")]
    pub to: Option<Named>,
    /// The lane of the transport. Default: all.
    #[schemars(with = "Option<shape::LaneWord>")]
    pub lane: Option<Text>,
    /// Only messages of these kinds. Default: all.
    #[serde(default)]
    #[schemars(with = "Vec<shape::MessageWord>")]
    pub messages: Vec<Text>,
    /// The share of messages that is lost.
    #[schemars(with = "Option<shape::Share>")]
    pub loss: Option<Quantity>,
    /// How much later each message arrives.
    #[schemars(with = "Option<shape::Duration>")]
    pub delay: Option<Quantity>,
    /// Up to so much later still, drawn for each message.
    #[schemars(with = "Option<shape::Duration>")]
    pub jitter: Option<Quantity>,
    /// The share of messages that arrives twice; requests never do, as calls over a connection.
    #[schemars(with = "Option<shape::Share>")]
    pub duplicate: Option<Quantity>,
    /// Messages may overtake one another.
    pub reorder: Option<bool>,
    /// The share of messages whose segment is lost and sent again, 200 ms later and then twice as late each time; what follows
    /// waits.
    #[schemars(with = "Option<shape::Share>")]
    pub stall: Option<Quantity>,
    /// How fast bytes leave; what comes faster waits in the lane's queue.
    #[schemars(with = "Option<shape::Bandwidth>")]
    pub bandwidth: Option<Quantity>,
    /// How many messages may wait to leave, where that is less than the lane allows.
    #[schemars(with = "Option<u32>")]
    pub queue: Option<Whole>,
    /// For how long; without it, until a `heal`.
    #[schemars(with = "Option<shape::Duration>")]
    pub r#for: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Hold {
    /// The kinds of messages: `["heartbeat-response"]`.
    #[serde(default)]
    #[schemars(with = "Vec<shape::MessageWord>")]
    pub messages: Vec<Text>,
    /// Who sends. Default: every node.
    #[serde(default)]
    #[schemars(with = "Option<shape::Nodes>")]
    pub from: Option<Named>,
    /// Who receives. Default: every node.
    #[serde(default)]
    #[schemars(with = "Option<shape::Nodes>")]
    pub to: Option<Named>,
    /// Only so many, the first that are sent; the others pass. Default: all.
    #[schemars(with = "Option<u32>")]
    pub first: Option<Whole>,
    /// What becomes of them at the end: `deliver` (default) or `drop`.
    #[schemars(with = "Option<shape::LeftoverWord>")]
    pub then: Option<Text>,
    /// For how long; without it, until a `heal`.
    #[schemars(with = "Option<shape::Duration>")]
    pub r#for: Option<Quantity>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Heal {
    /// `everything` (default), `network` or `processes`.
    #[schemars(with = "Option<shape::HealedWord>")]
    pub what: Option<Text>,
    /// What becomes of messages that faults hold, or have left in flight: `drop` (default) or `deliver`.
    #[schemars(with = "Option<shape::LeftoverWord>")]
    pub messages: Option<Text>,
}

/// One of these.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Membership {
    /// A node that is no member takes the log from then on, without a vote.
    #[schemars(with = "Option<shape::OneNode>")]
    pub add_learner: Option<Text>,
    /// A learner votes from then on.
    #[schemars(with = "Option<shape::OneNode>")]
    pub promote: Option<Text>,
    /// A voter is a learner from then on.
    #[schemars(with = "Option<shape::OneNode>")]
    pub demote: Option<Text>,
    /// A member is one no longer.
    #[schemars(with = "Option<shape::OneNode>")]
    pub remove: Option<Text>,
    /// All at once, by a joint configuration that is left by itself.
    #[schemars(with = "Option<Joint>")]
    pub joint: Option<Spanned<Joint>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Joint {
    /// Who vote from then on, learners or not.
    #[serde(default)]
    #[schemars(with = "Vec<shape::OneNode>")]
    pub add: Vec<Text>,
    /// Who are members no longer.
    #[serde(default)]
    #[schemars(with = "Vec<shape::OneNode>")]
    pub remove: Vec<Text>,
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

/// One bound, or one bound for each window.
pub(super) type Bounds = Or<BTreeMap<Text, Quantity>>;

/// `[expect]`: two keys of its own; every other key is a metric.
#[derive(Debug, Default)]
pub(super) struct Expect {
    pub violation: Option<Text>,
    pub variant: BTreeMap<Text, Variant>,
    pub bounds: Vec<(Text, Spanned<Bounds>)>,
}

/// `[expect.variant.NAME]`: one key of its own; every other key is a metric.
#[derive(Debug, Default)]
pub(super) struct Variant {
    pub class: Option<Text>,
    pub bounds: Vec<(Text, Spanned<Bounds>)>,
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ExpectVisitor)
    }
}

struct ExpectVisitor;

impl<'de> Visitor<'de> for ExpectVisitor {
    type Value = Expect;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expect, A::Error> {
        let mut expect = Expect::default();
        while let Some(key) = map.next_key::<Text>()? {
            match key.get_ref().as_str() {
                "violation" => expect.violation = Some(map.next_value()?),
                "variant" => expect.variant = map.next_value()?,
                _ => expect.bounds.push((key, map.next_value()?)),
            }
        }
        Ok(expect)
    }
}

impl<'de> Deserialize<'de> for Variant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(VariantVisitor)
    }
}

struct VariantVisitor;

impl<'de> Visitor<'de> for VariantVisitor {
    type Value = Variant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of metrics")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Variant, A::Error> {
        let mut variant = Variant::default();
        while let Some(key) = map.next_key::<Text>()? {
            match key.get_ref().as_str() {
                "class" => variant.class = Some(map.next_value()?),
                _ => variant.bounds.push((key, map.next_value()?)),
            }
        }
        Ok(variant)
    }
}
