//! What is there to be run: whatever can go wrong in a few seconds. What was drawn part by part is made to fit together, so that
//! neither the validator nor the lint has anything against it, whatever shrinks first: who is named in a step is there, and what is
//! to happen happens before the end.

use std::{path::PathBuf, time::Duration};

use proptest::{bool::weighted, collection::vec, option, prelude::*, sample::select};

use super::{
    Breadth,
    clients::{named, workloads},
    cluster::clusters,
    durations,
    steps::{actions, times},
};
use crate::scenario::{
    Action, Checks, Claims, ClockHarm, Cluster, Expect, FORMAT, Floor, Load, Metric, MoveRange, Partition, Ppm,
    Scenario, Seeds, Selector, Shape, ShapeName, Stat, Step, When, Wire, Workload, lint,
};
use crate::words::{OpKind, Spelled};

/// What can be run in a few milliseconds, and has time for some elections.
const SHORT: Breadth = Breadth {
    until: Duration::from_millis(2_500),
    nodes: 1..=5,
    groups: 1..=3,
    tick: 5..=20,
    beats: 6,
    elections: 3..=10,
    latency: Duration::from_millis(20),
    share: 300_000,
    cost: Duration::from_micros(200),
    clients: 1..=6,
    keys: 1..=8,
    reads: 4,
    rate: 5_000..=100_000,
    think: Duration::from_millis(10),
};
/// The shortest run.
const SHORTEST: Duration = Duration::from_secs(1);

/// The parts of a cluster that are not as usual.
const PARTS: usize = 11;

/// A scenario in the file `generated.toml` of two and a half seconds at most, of which nothing is asked but that somebody is served. It shrinks to
/// fewer steps, fewer and plainer clients, and the usual cluster.
pub(crate) fn runs() -> impl Strategy<Value = Scenario> {
    let steps = vec((times(&SHORT), option::of(SHORT.groups), actions(&SHORT)), 0..7);
    let cluster = ([weighted(0.3); PARTS], (weighted(0.4), SHORT.nodes), clusters(&SHORT));
    let groups = (weighted(0.3), SHORT.groups, any::<bool>());
    let claims = (select(vec![0, 200, 1_000]), prop_oneof![Just(Duration::ZERO), durations(Duration::from_millis(50))]);
    let claims = claims.prop_map(|(drift, clock_step)| Claims { clock_drift: Ppm(drift), clock_step });
    let run = (SHORTEST.as_millis() as u64..=SHORT.until.as_millis() as u64, 1_u64..=1_000);
    (steps, vec(workloads(&SHORT), 1..3), cluster, groups, claims, run).prop_map(
        |(steps, workloads, (own, (resized, nodes), cluster), (several, groups, even), claims, (until, seed))| {
            let until = Duration::from_millis(until);
            let usual = Cluster::default();
            let nodes = if resized { nodes } else { usual.nodes };
            let groups = if several { groups } else { usual.groups };
            let cluster = Cluster { nodes, groups, ..partly(own, cluster) };
            let mut drawn = Scenario {
                name: "generated".to_owned(),
                about: String::new(),
                path: PathBuf::from("generated.toml"),
                seeds: Seeds::one(seed),
                until,
                variant: None,
                engines: Vec::new(),
                timeline: Vec::new(),
                chaos: None,
                cluster,
                claims,
                format: FORMAT,
                checks: Checks::default(),
                workloads,
                load: Load::default(),
                expect: Expect::default(),
                floors: vec![Floor { metric: Metric::Operations(None, Stat::Ok), least: 1, line: 0 }],
            };
            drawn.timeline = steps.into_iter().map(|(at, group, action)| step(at, group, action, &drawn)).collect();
            fitted(drawn, even)
        },
    )
}

/// The usual cluster, but for the parts that are `cluster`'s own.
fn partly(own: [bool; PARTS], cluster: Cluster) -> Cluster {
    let [times, lease, renewal, raft, network, client_network, links, lanes, hardware, beside, placed] = own;
    let usual = Cluster::default();
    /// Fields of `cluster` where this is so.
    macro_rules! own {
        ($($is:ident: $($field:ident)+;)*) => {
            Cluster { $($($field: if $is { cluster.$field } else { usual.$field },)+)* ..usual }
        };
    }
    let quick = (Duration::from_millis(50), Duration::from_millis(300));
    let partly = own! {
        times: tick heartbeat election_timeout;
        lease: lease;
        renewal: renewal;
        raft: async_writes group_commit_delay admission max_append_bytes max_inflight pre_vote check_quorum compact_after;
        network: network;
        client_network: client_network;
        links: links;
        lanes: lanes;
        hardware: disk cpu reads_per_get;
        beside: learners spares;
        placed: replicas placement routes;
    };
    // Elections of a second would leave no time for anything else.
    let timed = if times { partly } else { Cluster { heartbeat: quick.0, election_timeout: quick.1, ..partly } };
    // A lease must be renewed before it runs out.
    let round = (timed.heartbeat + lint::round(&timed)) * 11 / 10;
    let ticks = round.as_nanos().div_ceil(timed.tick.as_nanos()) as u32 + 2;
    Cluster { election_timeout: timed.election_timeout.max(timed.tick * ticks), ..timed }
}

/// A step that acts before the end, after the first election if it is of a leader; and what it does is over at the end.
fn step(at: When, group: Option<u32>, mut action: Action, drawn: &Scenario) -> Step {
    let first = lint::of_a_leader(&action).map_or(Duration::ZERO, |_| drawn.cluster.election_timeout);
    let span = drawn.until - first - Duration::from_millis(1);
    let placed = |at: Duration| {
        let within = span.as_millis() * at.as_nanos() / SHORT.until.as_nanos();
        first + Duration::from_millis(u64::try_from(within).unwrap_or(u64::MAX))
    };
    let at = match at {
        When::At(at) => When::At(placed(at)),
        When::Window { from, to } => When::Window { from: placed(from), to: placed(to) },
        When::Every { from, to, every, jitter } => {
            let from = placed(from);
            When::Every { from, to: placed(to).max(from + Duration::from_millis(1)), every, jitter }
        }
        When::On { moment, from, to, times } => When::On { moment, from, to: to.min(drawn.until), times },
    };
    let room = drawn.until.saturating_sub(at.last().1);
    if let Some(lasts) = lasts(&mut action).filter(|_| !matches!(at, When::On { .. })) {
        *lasts = lasts.map(|lasts| lasts.min(room)).filter(|lasts| !lasts.is_zero());
    }
    let is_of_none = matches!(action, Action::Heal(_) | Action::Tag { .. });
    Step { line: 0, name: None, group: group.filter(|_| !is_of_none), at, action }
}

/// How long what an action does lasts, if it does.
fn lasts(action: &mut Action) -> Option<&mut Option<Duration>> {
    match action {
        Action::Partition(it) => Some(&mut it.lasts),
        Action::Link(it) => Some(&mut it.lasts),
        Action::Hold(it) => Some(&mut it.lasts),
        Action::Crash(it) => Some(&mut it.lasts),
        Action::Pause(it) => Some(&mut it.lasts),
        Action::Slow(it) => Some(&mut it.lasts),
        Action::Clock(it) if !matches!(it.harm, ClockHarm::Step { .. }) => Some(&mut it.lasts),
        Action::Disk(it) => Some(&mut it.lasts),
        Action::Clock(_)
        | Action::Tag { .. }
        | Action::Transfer(_)
        | Action::Membership(_)
        | Action::MoveRange(_)
        | Action::Heal(_) => None,
    }
}

/// Parts that fit together: whoever is named is there, and has what it needs.
fn fitted(mut drawn: Scenario, even: bool) -> Scenario {
    let Scenario { timeline, cluster, workloads, claims, until, .. } = &mut drawn;
    timeline.sort_by_key(|step| step.at.start());
    let who: Vec<Selector> = timeline.iter().flat_map(|step| step.action.selectors()).collect();
    cluster.nodes = timeline.iter().map(|step| nodes_of(&step.action)).fold(cluster.nodes, u32::max);
    cluster.learners = cluster.learners.max(u32::from(who.contains(&Selector::Learner)));
    cluster.spares = cluster.spares.max(u32::from(who.contains(&Selector::Spare)));
    let of_one = cluster.groups == 1;
    for step in timeline.iter_mut() {
        step.group = step.group.filter(|_| !of_one).map(|group| group.min(cluster.groups));
        if let Action::MoveRange(range) = &mut step.action {
            range.group = range.group.min(cluster.groups);
            used(range, workloads);
        }
    }
    let nodes = cluster.nodes;
    let links = std::mem::take(&mut cluster.links).into_iter().filter(|(wire, _)| wire.from < nodes);
    cluster.links = links.map(|(wire, network)| (Wire { to: nodes, ..wire }, network)).collect();
    cluster.replicas = cluster.replicas.filter(|_| !of_one).map(|replicas| replicas.min(nodes));
    cluster.placement.retain(|_, voters| !of_one && voters.iter().all(|node| *node <= nodes));
    cluster.routes = cluster.routes.take().filter(|_| !of_one && !even).map(|mut ranges| {
        ranges.values_mut().for_each(|owner| *owner = owner.map(|group| group.min(cluster.groups)));
        ranges
    });
    let is_kept = |lease: &Duration| lint::is_covered(*lease, cluster, claims) && lint::is_renewed(*lease, cluster);
    cluster.lease = cluster.lease.filter(is_kept);
    (cluster.inner_reads, cluster.changes) = (None, Default::default());
    for workload in workloads.iter_mut() {
        workload.keys.count = workload.keys.count.max(cluster.groups);
        workload.from = workload.from.min(*until / 2);
        workload.until = workload.until.filter(|end| *end > workload.from && end < until);
        let asked = OpKind::all().filter(|kind| workload.share_of(*kind) > 0);
        let takes = asked.map(|kind| lint::usually_takes(cluster, workload, kind)).max().unwrap_or_default();
        workload.deadline = workload.deadline.max(takes);
        workload.budget = workload.budget.filter(|budget| *budget >= takes);
    }
    *workloads = named(workloads);
    drawn
}

/// How many nodes it takes for this to be possible: as many as it names.
fn nodes_of(action: &Action) -> u32 {
    let apart = match action {
        Action::Partition(Partition { shape: Shape::Sides(_), .. }) => 2,
        Action::Partition(Partition { shape: Shape::Named { shape: ShapeName::Bridge, .. }, .. }) => 3,
        Action::Partition(Partition { shape: Shape::Named { shape: ShapeName::Ring, .. }, .. }) => 4,
        _ => 1,
    };
    let number = |node: Selector| if let Selector::Node(number) = node { number } else { 1 };
    action.selectors().into_iter().map(number).fold(apart, u32::max)
}

/// A range has a key that clients use.
fn used(range: &mut MoveRange, workloads: &[Workload]) {
    let mut keys = workloads.iter().flat_map(|workload| workload.keys.names());
    if !keys.any(|key| range.has(&key)) {
        range.from = workloads.iter().flat_map(|workload| workload.keys.names()).next().unwrap_or_default();
        range.until = None;
    }
}
