//! Any valid scenario: every verb, every kind of workload, every profile and table, expectations of every metric, variants.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::values::seeds;
use crate::scenario::{
    Action, Changes, Chaos, Claims, Class, ClockFault, ClockHarm, Cluster, Count, Cpu, Crash, Cut, Disk, DiskFault,
    DiskHarm, DiskOperation, Distribution, Drift, Ends, Expect, Expectation, Floor, Heal, Healed, Hold, InnerReads,
    Jump, KeyDistribution, Keys, Lane, LaneSetup, Lanes, Leftover, Link, Load, MAX_BANDWIDTH, MAX_DRIFT, MAX_FACTOR,
    MAX_QUEUE, MAX_SLOWER, MembershipChange, MessageKind, Metric, Mix, Moment, Network, Pace, Partition, Pause, Paused,
    PausedClock, Phase, Point, Ppm, RecordOnly, Scenario, ScriptReads, Seeds, Selector, Shape, Slow, Step, Tail,
    Target, Transfer, Unit, VariantExpect, When, Wire, Workload, WorkloadKind, profiles,
    units::{self, Protocol},
};
use crate::words::{Spelled, Work};

const UNTIL: Duration = Duration::from_secs(600);
const NODES: u32 = 5;

/// A scenario in the file `t.toml` that the validator has nothing against. Lines are 0.
pub(super) fn scenarios() -> impl Strategy<Value = Scenario> {
    let tags = subsequence(vec!["a", "storm", "9-lives"], 0..=3);
    let parts = (tags, vec((times(), actions()), 0..8), clusters(), vec(workloads(), 1..4), any::<Head>());
    parts.prop_flat_map(|(tags, steps, cluster, workloads, head)| {
        let protocol =
            Protocol { election_timeout: cluster.election_timeout, heartbeat: cluster.heartbeat, lease: cluster.lease };
        let windows: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let sections = btree_map("[a-z]{1,6}(-[0-9]{1,3})?", section(windows.clone(), protocol), 0..3);
        let expect = (bounds(windows.clone(), protocol), option::of(words::<Class>()), sections, floors());
        let timeline = timeline(windows, steps);
        expect.prop_map(move |(bounds, violation, variants, floors)| Scenario {
            name: "t".to_owned(),
            about: head.about.clone(),
            path: PathBuf::from("t.toml"),
            seeds: head.seeds.clone(),
            until: UNTIL,
            variant: head.variant.clone(),
            timeline: timeline.clone(),
            chaos: head.chaos.clone(),
            cluster: cluster.clone(),
            claims: Claims { clock_drift: head.drift, clock_step: head.step },
            record_only: head.record_only.clone(),
            workloads: named(&workloads),
            load: Load::default(),
            expect: Expect { bounds, violation, variants },
            floors,
        })
    })
}

#[derive(Clone, Debug)]
struct Head {
    about: String,
    seeds: Seeds,
    variant: Option<String>,
    drift: Ppm,
    step: Duration,
    record_only: Vec<RecordOnly>,
    chaos: Option<Chaos>,
}

impl Arbitrary for Head {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> BoxedStrategy<Self> {
        let checks = subsequence(vec!["one-lease", "staleness", "x"], 0..=3).prop_shuffle();
        let variant = option::of("[a-z0-9]{1,9}(-[a-z0-9]{1,9}){0,2}");
        let step = prop_oneof![Just(Duration::ZERO), durations(UNTIL)];
        let faults = subsequence(Chaos::all().collect::<Vec<_>>(), 1..=10);
        let chaos = option::of((faults, durations(UNTIL / 2)).prop_map(|(faults, quiet)| Chaos { faults, quiet }));
        ("\\PC{0,30}|[\\x00-\\x7f]{0,12}", seeds(), variant, (shares(), step), checks, chaos)
            .prop_map(|(about, seeds, variant, (drift, step), checks, chaos)| Self {
                chaos,
                about,
                seeds,
                variant,
                drift,
                step,
                record_only: checks.into_iter().map(|check| RecordOnly { check: check.to_owned(), line: 0 }).collect(),
            })
            .boxed()
    }
}

fn words<T: Spelled + std::fmt::Debug>() -> impl Strategy<Value = T> {
    select(T::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>())
}

fn shares() -> impl Strategy<Value = Ppm> {
    prop_oneof![Just(0), Just(200), 0_u32..=1_000_000].prop_map(Ppm)
}

/// Not zero, of every unit.
fn durations(most: Duration) -> impl Strategy<Value = Duration> {
    let most = most.as_nanos() as u64;
    prop_oneof![
        1..=most,
        (1..=most / 1_000).prop_map(|us| us * 1_000),
        (1..=most / 1_000_000).prop_map(|ms| ms * 1_000_000),
    ]
    .prop_map(Duration::from_nanos)
}

fn times() -> impl Strategy<Value = When> {
    let apart = (durations(UNTIL), durations(UNTIL)).prop_filter("two times", |(one, other)| one != other);
    let windows = apart.prop_map(|(one, other)| (one.min(other), one.max(other)));
    let every = (windows, 10_u64..300, option::of(0_u64..10_000)).prop_map(|((from, to), seconds, jitter)| {
        let jitter = Duration::from_millis(jitter.unwrap_or_default());
        When::Every { from, to, every: Duration::from_secs(seconds), jitter: jitter / 2 }
    });
    prop_oneof![durations(UNTIL).prop_map(When::At), Just(When::At(Duration::ZERO)), every, moments()]
}

fn moments() -> impl Strategy<Value = When> {
    let shifts = (words::<Phase>(), option::of(durations(UNTIL)), any::<bool>());
    (shifts, 1_u32..=5).prop_map(|((phase, shift, is_before), times)| {
        let (shift, zero) = (shift.unwrap_or_default(), Duration::ZERO);
        let (after, before) = if is_before && phase.is_foreseen() { (zero, shift) } else { (shift, zero) };
        When::On { moment: Moment { phase, after, before }, from: zero, to: UNTIL, times }
    })
}

fn actions() -> impl Strategy<Value = Action> {
    let lasts = lasting;
    let down = prop_oneof![lasts(), Just(Some(Duration::ZERO))];
    let crash =
        (victims(), down, words::<Tail>()).prop_map(|(nodes, lasts, tail)| Action::Crash(Crash { nodes, lasts, tail }));
    let slow = (victims(), 2..=MAX_FACTOR, lasts())
        .prop_map(|(nodes, factor, lasts)| Action::Slow(Slow { nodes, factor, lasts }));
    let cut = (shapes(), words::<Cut>(), any::<bool>(), lasts()).prop_map(|(shape, how, one_way, lasts)| {
        Action::Partition(Partition { one_way: one_way && shape != Shape::Ring, shape, how, lasts })
    });
    let heal = (words::<Healed>(), words::<Leftover>()).prop_map(|(what, messages)| {
        let messages = if what.network() { messages } else { Leftover::Drop };
        Action::Heal(Heal { what, messages })
    });
    let ends = select(vec![
        (Selector::Leader, Selector::Follower),
        (Selector::LeaseHolder, Selector::Node(5)),
        (Selector::Any, Selector::Any),
        (Selector::Node(1), Selector::OldLeader),
    ]);
    let clock = (victims(), clock_harms(), lasts()).prop_map(|(nodes, harm, lasts)| {
        let lasts = lasts.filter(|_| !matches!(harm, ClockHarm::Step { .. }));
        Action::Clock(ClockFault { nodes, harm, lasts })
    });
    let disk = (victims(), disk_harms(), lasts())
        .prop_map(|(nodes, harm, lasts)| Action::Disk(DiskFault { nodes, harm, lasts }));
    let transfer = ends.prop_map(|(from, to)| Action::Transfer(Transfer { from, to }));
    let network = prop_oneof![cut, links(), holds()];
    let processes = prop_oneof![crash, pauses(), slow];
    prop_oneof![transfer, network, processes, clock, disk, changes_of_membership(), heal]
}

fn clock_harms() -> impl Strategy<Value = ClockHarm> {
    let drift = || MAX_DRIFT.prop_filter("a change", |ppm| *ppm != 0).prop_map(Drift);
    let jump = (any::<bool>(), durations(UNTIL)).prop_map(|(back, by)| Jump { back, by });
    prop_oneof![
        drift().prop_map(ClockHarm::Rate),
        drift().prop_map(ClockHarm::Slew),
        (jump, any::<bool>()).prop_map(|(by, monotonic)| ClockHarm::Step { by, monotonic }),
        Just(ClockHarm::Freeze),
        Just(ClockHarm::Fail),
    ]
}

fn disk_harms() -> impl Strategy<Value = DiskHarm> {
    prop_oneof![
        durations(UNTIL).prop_map(DiskHarm::Fsync),
        (2..=MAX_SLOWER).prop_map(DiskHarm::Slow),
        Just(DiskHarm::Stall),
        words::<DiskOperation>().prop_map(DiskHarm::Fail),
        Just(DiskHarm::Full),
    ]
}

fn changes_of_membership() -> impl Strategy<Value = Action> {
    use Selector::{Any, Follower, Leader, Learner, Node, Spare};
    select(vec![
        MembershipChange::AddLearner(Spare),
        MembershipChange::AddLearner(Node(4)),
        MembershipChange::Promote(Learner),
        MembershipChange::Demote(Follower),
        MembershipChange::Remove(Leader),
        MembershipChange::Joint { add: vec![Spare, Spare, Node(1)], remove: vec![Leader, Any] },
        MembershipChange::Joint { add: vec![], remove: vec![Node(3)] },
        MembershipChange::Joint { add: vec![Learner], remove: vec![] },
    ])
    .prop_map(Action::Membership)
}

fn lasting() -> impl Strategy<Value = Option<Duration>> {
    option::of(durations(UNTIL))
}

fn pauses() -> impl Strategy<Value = Action> {
    let at = option::of((words::<Point>(), words::<Paused>()));
    (victims(), lasting(), words::<PausedClock>(), at).prop_map(|(nodes, lasts, clock, at)| {
        let what = at.map_or(Paused::Process, |(_, what)| what);
        let clock = if what == Paused::Task { PausedClock::Running } else { clock };
        Action::Pause(Pause { nodes, lasts, clock, at: at.map(|(point, _)| point), what })
    })
}

fn shapes() -> impl Strategy<Value = Shape> {
    let one = select(vec![Selector::Any, Selector::Leader, Selector::Node(3)]);
    prop_oneof![sides().prop_map(Shape::Sides), one.prop_map(Shape::Bridge), Just(Shape::Ring)]
}

fn link_ends() -> impl Strategy<Value = Ends> {
    use Selector::{Follower, Leader, Majority, Node, Others};
    let ends = vec![
        (vec![], vec![]),
        (vec![Leader], vec![Others]),
        (vec![Others], vec![Node(1), Follower]),
        (vec![Majority], vec![]),
        (vec![], vec![Leader]),
        (vec![Node(1), Node(2)], vec![Node(2), Node(5)]),
    ];
    select(ends).prop_map(|(from, to)| Ends { from, to })
}

fn message_kinds(least: usize) -> impl Strategy<Value = Vec<MessageKind>> {
    subsequence(MessageKind::WORDS.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), least..4).prop_shuffle()
}

fn links() -> impl Strategy<Value = Action> {
    let times = || prop_oneof![Just(Duration::ZERO), durations(UNTIL)];
    let which = (link_ends(), option::of(words::<Lane>()), message_kinds(0));
    let line = (option::of(1..=MAX_BANDWIDTH), option::of(1..=MAX_QUEUE));
    (which, [shares(), shares(), shares()], [times(), times()], line, any::<bool>(), lasting()).prop_map(
        |((ends, lane, messages), [loss, duplicate, stall], [delay, jitter], (bandwidth, queue), reorder, lasts)| {
            Action::Link(Link {
                ends,
                lane: lane.filter(|_| messages.is_empty()),
                messages,
                loss,
                delay: delay.max(Duration::from_nanos(1)),
                jitter,
                duplicate,
                reorder,
                stall: if reorder { Ppm(0) } else { stall },
                bandwidth,
                queue,
                lasts,
            })
        },
    )
}

fn holds() -> impl Strategy<Value = Action> {
    (message_kinds(1), link_ends(), option::of(1..=MAX_QUEUE), words::<Leftover>(), lasting())
        .prop_map(|(messages, ends, first, then, lasts)| Action::Hold(Hold { messages, ends, first, then, lasts }))
}

fn victims() -> impl Strategy<Value = Vec<Selector>> {
    let roles: Vec<_> = Selector::roles().filter(|role| !matches!(role, Selector::Others | Selector::This)).collect();
    let one = prop_oneof![select(roles), (1..=NODES).prop_map(Selector::Node)];
    let once = |nodes: &Vec<Selector>| nodes.iter().enumerate().all(|(n, node)| !nodes[..n].contains(node));
    vec(one, 1..=3).prop_filter("named twice", once)
}

fn sides() -> impl Strategy<Value = [Vec<Selector>; 2]> {
    use Selector::{Any, Follower, Followers, Leader, LeaseHolder, Majority, Minority, Node, OldLeader, Others};
    select(vec![
        [vec![Leader], vec![Others]],
        [vec![Others], vec![Any]],
        [vec![Leader], vec![Followers]],
        [vec![Majority], vec![Others]],
        [vec![Others], vec![Minority]],
        [vec![Node(1), Node(2)], vec![Node(3), OldLeader]],
        [vec![LeaseHolder, Follower], vec![Follower, Node(4)]],
    ])
}

/// The tags, the steps, and a heal at the very end, so that recovery may be expected whatever there is.
fn timeline(tags: Vec<String>, steps: Vec<(When, Action)>) -> Vec<Step> {
    let second = |n: usize| Duration::from_secs(n as u64);
    let window = |n: usize| When::Window { from: second(n), to: UNTIL - second(n) };
    let tags = tags.into_iter().enumerate().map(|(n, name)| (window(n), Action::Tag { name }));
    let everything = Heal { what: Healed::Everything, messages: Leftover::Drop };
    let last = (When::At(UNTIL), Action::Heal(everything));
    let mut timeline: Vec<Step> =
        tags.chain(steps).chain([last]).map(|(at, action)| Step { line: 0, name: None, at, action }).collect();
    timeline.sort_by_key(|step| step.at.start());
    timeline
}

fn clusters() -> impl Strategy<Value = Cluster> {
    let times = (1_u64..20, 1_u32..20, 2_u32..20, option::of(1_u32..100));
    let kinds = (words(), words(), networks(), networks(), btree_map(wires(), networks(), 0..3));
    let parts = (times, kinds, [lanes(), lanes(), lanes()], disks(), cpus(), reads());
    let beside = (0_u32..=2, 0_u32..=2, option::of(10_u64..=1_000_000));
    (parts, beside, btree_map("[a-z]{1,6}", changes(), 0..3)).prop_map(|(parts, beside, changes)| {
        let (learners, spares, compact_after) = beside;
        let (times, kinds, lanes, disk, cpu, (reads_per_get, inner_reads)) = parts;
        let (tick, beats, elections, lease) = times;
        let (engine, renewal, network, client_network, links) = kinds;
        let [heartbeat_lane, bulk, request] = lanes;
        let tick = Duration::from_millis(tick);
        let heartbeat = tick * beats;
        let election_timeout = heartbeat * elections;
        Cluster {
            nodes: NODES,
            learners,
            spares,
            compact_after,
            engine,
            tick,
            heartbeat,
            election_timeout,
            lease: lease.map(|part| election_timeout * part / 100),
            renewal,
            network,
            links,
            client_network,
            lanes: Lanes { heartbeat: heartbeat_lane, bulk, request },
            disk,
            reads_per_get,
            inner_reads,
            changes: changes.into_iter().map(|(name, own)| (name, over(own, &cpu, inner_reads))).collect(),
            cpu,
        }
    })
}

fn wires() -> impl Strategy<Value = Wire> {
    (1..NODES, any::<bool>()).prop_map(|(from, one_way)| Wire { from, to: NODES, one_way })
}

/// How storage is read: how often by a get, and behind which fence.
fn reads() -> impl Strategy<Value = (u32, Option<InnerReads>)> {
    (1_u32..=1000, option::of(words()))
}

fn changes() -> impl Strategy<Value = Changes> {
    ([lanes(), lanes(), lanes()], cpus(), reads()).prop_map(
        |([heartbeat, bulk, request], cpu, (reads_per_get, inner_reads))| Changes {
            lanes: Lanes { heartbeat, bulk, request },
            cpu,
            reads_per_get,
            inner_reads,
            line: 0,
        },
    )
}

/// What a variant leaves unsaid is as for all.
fn over(changes: Changes, base: &Cpu, inner_reads: Option<InnerReads>) -> Changes {
    let costs = base.costs.clone().into_iter().chain(changes.cpu.costs).collect();
    let cpu = Cpu { costs, ..changes.cpu };
    Changes { cpu, inner_reads: changes.inner_reads.or(inner_reads), ..changes }
}

/// A profile, or one with other values; the rule of the name is the validator's.
fn networks() -> impl Strategy<Value = Network> {
    let profiles: Vec<_> = profiles::NETWORKS.iter().map(profiles::Profile::network).collect();
    let changes = (option::of(distributions()), option::of(shares()), option::of(shares()), any::<bool>());
    (select(profiles), option::of(changes)).prop_map(|(base, changes)| {
        let Some((latency, loss, duplicate, fifo)) = changes else { return base };
        let network = Network {
            name: base.name.clone(),
            latency: latency.unwrap_or_else(|| base.latency.clone()),
            loss: loss.unwrap_or(base.loss),
            duplicate: duplicate.unwrap_or(base.duplicate),
            fifo,
        };
        let name = if network == base { base.name } else { format!("{} (changed)", base.name) };
        Network { name, ..network }
    })
}

fn disks() -> impl Strategy<Value = Disk> {
    let profiles: Vec<_> = profiles::DISKS.iter().map(profiles::Profile::disk).collect();
    (select(profiles), option::of(distributions())).prop_map(|(base, fsync)| {
        let fsync = fsync.unwrap_or_else(|| base.fsync.clone());
        let name = if fsync == base.fsync { base.name } else { format!("{} (changed)", base.name) };
        Disk { name, fsync }
    })
}

fn distributions() -> impl Strategy<Value = Distribution> {
    let quantiles = subsequence((1..1000).collect::<Vec<u32>>(), 0..4);
    let table = (quantiles, vec(durations(Duration::from_secs(9)), 5)).prop_map(|(between, mut values)| {
        values.sort();
        let ends = [0].into_iter().chain(between).chain([1000]);
        Distribution { knots: ends.zip(values).collect() }
    });
    let constant = durations(Duration::from_secs(9)).prop_map(Distribution::constant);
    prop_oneof![constant, table].prop_filter("both ends", |distribution| {
        distribution.knots.last().is_some_and(|(per_mille, _)| *per_mille == 1000)
    })
}

fn lanes() -> impl Strategy<Value = LaneSetup> {
    let bound = || prop_oneof![Just(1024), 1_u32..=1_000_000];
    let cost = prop_oneof![Just(Duration::ZERO), durations(Duration::from_millis(1))];
    (words(), bound(), bound(), cost).prop_map(|(calls, queue, inbound, cost)| LaneSetup {
        calls,
        queue,
        inbound,
        cost,
    })
}

fn cpus() -> impl Strategy<Value = Cpu> {
    let cost = prop_oneof![Just(Duration::ZERO), durations(Duration::from_millis(9))];
    (1_u32..=256, btree_map(select(Work::ALL.to_vec()), cost, 0..4)).prop_map(|(cores, costs)| Cpu { cores, costs })
}

fn counts(range: RangeInclusive<u32>) -> impl Strategy<Value = Count> {
    (range.clone(), range).prop_map(|(one, other)| Count { least: one.min(other), most: one.max(other) })
}

fn workloads() -> impl Strategy<Value = Workload> {
    let kind = prop_oneof![
        [0_u32..=1000, 0_u32..=1000, 0_u32..=1000].prop_map(|mut cuts| {
            cuts.sort_unstable();
            let [one, two, three] = cuts;
            WorkloadKind::Kv { mix: Mix { get: one, put: two - one, cas: three - two, update: 1000 - three } }
        }),
        (counts(1..=10), counts(1..=100))
            .prop_map(|(calls, each)| WorkloadKind::Script { reads: ScriptReads { calls, each } }),
    ];
    let pace = prop_oneof![
        (1_u64..=50_000, 1_u32..=5).prop_map(|(per_second_milli, burst)| Pace::Open { per_second_milli, burst }),
        option::of(durations(UNTIL))
            .prop_map(|think| Pace::Closed { think: think.unwrap_or_default() + Duration::from_millis(1) }),
    ];
    let span = prop_oneof![
        Just((Duration::ZERO, None)),
        (durations(UNTIL / 2), option::of(durations(UNTIL / 2)))
            .prop_map(|(from, more)| (from, more.map(|more| from + more))),
    ];
    (kind, pace, span, keys(), 1_u32..=100, durations(UNTIL), words::<Target>()).prop_map(
        |(kind, pace, (from, until), keys, clients, deadline, to)| Workload {
            name: String::new(),
            kind,
            clients,
            keys,
            pace,
            deadline,
            to,
            from,
            until,
        },
    )
}

fn keys() -> impl Strategy<Value = Keys> {
    let distribution = prop_oneof![
        Just(KeyDistribution::Uniform),
        (1_u32..=10_000).prop_map(|exponent_milli| KeyDistribution::Zipf { exponent_milli }),
    ];
    (prop_oneof![Just(8), 1_u32..=1_000], distribution, "k|[a-z0-9]{1,9}")
        .prop_map(|(count, distribution, prefix)| Keys { count, distribution, prefix })
}

/// Unique names, the first that of its kind where that is free.
fn named(workloads: &[Workload]) -> Vec<Workload> {
    let name = |(n, workload): (usize, &Workload)| {
        let kind = if matches!(workload.kind, WorkloadKind::Kv { .. }) { "kv" } else { "script" };
        let name = if n == 0 { kind.to_owned() } else { format!("w{n}") };
        Workload { name, ..workload.clone() }
    };
    workloads.iter().enumerate().map(name).collect()
}

fn section(windows: Vec<String>, protocol: Protocol) -> impl Strategy<Value = VariantExpect> {
    (option::of(words::<Class>()), bounds(windows, protocol)).prop_map(|(class, bounds)| VariantExpect {
        class,
        bounds,
        line: 0,
    })
}

/// Bounds of some metrics in some windows, in any order, as a file has them: those of one metric together.
fn bounds(windows: Vec<String>, protocol: Protocol) -> impl Strategy<Value = Vec<Expectation>> {
    let windows: Vec<Option<String>> = windows.into_iter().map(Some).chain([None]).collect();
    let all = windows.len();
    let metrics = subsequence(Metric::all(), 0..5).prop_shuffle();
    metrics.prop_flat_map(move |metrics| {
        let each = metrics.into_iter().map(|metric| {
            let windows = subsequence(windows.clone(), 1..=all).prop_shuffle();
            (windows, vec(written_bounds(metric), all)).prop_map(move |(windows, texts)| {
                let bound = |(window, text): (Option<String>, String)| {
                    let bound = units::bound(&text, metric, Some(&protocol)).expect("a bound that can hold");
                    Expectation { metric, window, bound, line: 0 }
                };
                windows.into_iter().zip(texts).map(bound).collect::<Vec<_>>()
            })
        });
        each.collect::<Vec<_>>().prop_map(|bounds| bounds.concat())
    })
}

/// A bound as somebody might write it.
fn written_bounds(metric: Metric) -> BoxedStrategy<String> {
    let op = select(vec!["", "<=", ">= ", " ==  ", "<\u{a0}", "<=\t"]);
    let value = match metric.unit() {
        Unit::Seconds => "[1-9][0-9]{0,3}(\\.[0-9]{1,3})? ?(ms|s|election-timeouts|heartbeats)".boxed(),
        Unit::Ratio => "0\\.0?[1-9]{1,4}|[1-9][0-9]?%".boxed(),
        Unit::Per => "[1-9][0-9]{0,4}(\\.[0-9]{1,3})?(/s)?".boxed(),
        Unit::Count => "[1-9][0-9_]{0,6}".boxed(),
    };
    (op, value).prop_map(|(op, value)| format!("{op}{value}")).boxed()
}

fn floors() -> impl Strategy<Value = Vec<Floor>> {
    let counts: Vec<_> = Metric::all().into_iter().filter(|metric| metric.is_count()).collect();
    let some = subsequence(counts, 0..4).prop_shuffle();
    (some, vec(0_u64..i64::MAX as u64, 4)).prop_map(|(metrics, least)| {
        metrics.into_iter().zip(least).map(|(metric, least)| Floor { metric, least, line: 0 }).collect()
    })
}
