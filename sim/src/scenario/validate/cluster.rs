//! The rules of `[cluster]`.

use std::{collections::BTreeMap, ops::Range, time::Duration};

use toml::Spanned;

use crate::scenario::{
    CHANGED, COMPACT_AFTER, COSTS, Changes, Cluster, Cpu, Disk, Distribution, LaneSetup, Lanes, MAX_CORES,
    MAX_GET_READS, MAX_NODES, MAX_QUEUE, Misread, Network, Problem, Wire,
    problem::quote_all,
    profiles::{DISKS, NETWORKS, Profile},
    schema::{self, Knots, Or, Quantity, Text, Whole},
    table::Report,
    units,
};
use crate::words;

pub(super) fn cluster(raw: schema::Cluster, report: &mut Report) -> Cluster {
    let default = Cluster::default();
    let times = times(&raw, &default, report);
    let base = Changes {
        lanes: lanes(raw.lanes, default.lanes, report),
        cpu: cpu(raw.cpu, default.cpu, report),
        reads_per_get: reads_per_get(raw.reads_per_get, default.reads_per_get, report),
        inner_reads: report.spelled(raw.inner_reads),
        line: 0,
    };
    let changes = raw.variant.into_iter().filter_map(|(name, raw)| {
        let changes = changes(raw, Changes { line: report.line(&name.span()), ..base.clone() }, report);
        Some((report.kebab("a variant's name", name)?, changes))
    });
    let changes = changes.collect();
    let Changes { lanes, cpu, reads_per_get, inner_reads, line: _ } = base;
    let nodes = nodes(raw.nodes, default.nodes, report);
    let [learners, spares] = beside([("learners", raw.learners), ("spares", raw.spares)], nodes, report);
    let [least, most] = COMPACT_AFTER;
    Cluster {
        nodes,
        learners,
        spares,
        compact_after: report.whole("compact-after", raw.compact_after, least, most),
        links: links(raw.links, nodes + learners + spares, &default.network, report),
        engine: report.word(raw.engine).unwrap_or(default.engine),
        tick: times.tick,
        heartbeat: times.heartbeat,
        election_timeout: times.election_timeout,
        lease: times.lease,
        renewal: report.word(raw.renewal).unwrap_or(default.renewal),
        network: network(raw.network, default.network, report),
        client_network: network(raw.client_network, default.client_network, report),
        lanes,
        disk: disk(raw.disk, default.disk, report),
        cpu,
        reads_per_get,
        inner_reads,
        changes,
    }
}

/// What a variant leaves unsaid is as for all.
fn changes(raw: schema::Changes, base: Changes, report: &mut Report) -> Changes {
    Changes {
        lanes: lanes(raw.lanes, base.lanes, report),
        cpu: cpu(raw.cpu, base.cpu, report),
        reads_per_get: reads_per_get(raw.reads_per_get, base.reads_per_get, report),
        inner_reads: report.spelled(raw.inner_reads).or(base.inner_reads),
        line: base.line,
    }
}

fn reads_per_get(raw: Option<Whole>, default: u32, report: &mut Report) -> u32 {
    report.whole("reads-per-get", raw, 1, MAX_GET_READS).unwrap_or(default)
}

fn nodes(raw: Option<Whole>, default: u32, report: &mut Report) -> u32 {
    if raw.is_none() {
        return default;
    }
    // After a refused number no node may be refused for being too many.
    report.whole("nodes", raw, 1, MAX_NODES).unwrap_or(MAX_NODES)
}

/// How many nodes there are beside those that vote from the beginning.
fn beside(kinds: [(&str, Option<Whole>); 2], nodes: u32, report: &mut Report) -> [u32; 2] {
    let mut room = MAX_NODES - nodes;
    kinds.map(|(what, raw)| {
        let span = raw.as_ref().map(Spanned::span);
        let number = report.whole(what, raw, 0, MAX_NODES - 1).unwrap_or(0);
        if let Some(span) = span.filter(|_| number > room) {
            let message = format!("a cluster has at most {MAX_NODES} nodes: `{what}` can be {room} at most");
            report.refuse(Problem::new(message).at(span).help("`nodes`, `learners` and `spares` count together"));
            return 0;
        }
        room -= number;
        number
    })
}

/// Raft's times.
struct Times {
    tick: Duration,
    heartbeat: Duration,
    election_timeout: Duration,
    lease: Option<Duration>,
}

fn times(raw: &schema::Cluster, default: &Cluster, report: &mut Report) -> Times {
    let before = report.problems.len();
    let mut time = |what: &str, quantity: &Option<Quantity>| report.positive(what, quantity.clone(), None);
    let times = Times {
        tick: time("tick", &raw.tick).unwrap_or(default.tick),
        heartbeat: time("heartbeat", &raw.heartbeat).unwrap_or(default.heartbeat),
        election_timeout: time("election-timeout", &raw.election_timeout).unwrap_or(default.election_timeout),
        lease: time("lease", &raw.lease),
    };
    // Values that stand in for refused ones prove nothing about how the others fit together.
    if report.problems.len() == before {
        times_fit(&times, raw, report);
    }
    times
}

fn times_fit(times: &Times, raw: &schema::Cluster, report: &mut Report) {
    let span =
        |wrong: &Option<Quantity>, other: &Option<Quantity>| wrong.as_ref().or(other.as_ref()).map(Spanned::span);
    let Times { tick, heartbeat, election_timeout, lease } = times;
    if !is_multiple(*heartbeat, *tick) {
        let message = format!("`heartbeat` ({heartbeat:?}) is not a multiple of `tick` ({tick:?})");
        refuse(message, span(&raw.heartbeat, &raw.tick), "Raft counts its times in ticks", report);
    }
    if !is_multiple(*election_timeout, *tick) {
        let message = format!("`election-timeout` ({election_timeout:?}) is not a multiple of `tick` ({tick:?})");
        refuse(message, span(&raw.election_timeout, &raw.tick), "Raft counts its times in ticks", report);
    }
    if election_timeout <= heartbeat {
        let message =
            format!("`election-timeout` ({election_timeout:?}) must be longer than `heartbeat` ({heartbeat:?})");
        let help = "or followers stand for election between two heartbeats; ten heartbeats are usual";
        refuse(message, span(&raw.election_timeout, &raw.heartbeat), help, report);
    }
    if let Some(lease) = lease.filter(|lease| lease >= election_timeout) {
        let message = format!("`lease` ({lease:?}) must be shorter than `election-timeout` ({election_timeout:?})");
        let help = "another leader may be elected one election timeout after the last round";
        refuse(message, span(&raw.lease, &raw.election_timeout), help, report);
    }
}

fn refuse(message: String, span: Option<Range<usize>>, help: &str, report: &mut Report) {
    let problem = Problem::new(message).help(help);
    report.missing(match span {
        Some(span) => problem.at(span),
        None => problem,
    });
}

fn is_multiple(duration: Duration, of: Duration) -> bool {
    !of.is_zero() && duration.as_nanos().is_multiple_of(of.as_nanos())
}

fn network(raw: Option<Spanned<Or<schema::Network>>>, default: Network, report: &mut Report) -> Network {
    let Some(raw) = raw else { return default };
    let span = raw.span();
    let raw = match raw.into_inner() {
        Or::Word(name) => {
            return profile("network", &name.0, span, &NETWORKS, report).map_or(default, Profile::network);
        }
        Or::Table(table) => table,
    };
    let base = base("network", raw.base, &NETWORKS, report).map_or(default, Profile::network);
    let network = Network {
        name: base.name.clone(),
        latency: distribution(raw.latency, report).unwrap_or_else(|| base.latency.clone()),
        loss: report.scalar(raw.loss, units::ppm).unwrap_or(base.loss),
        duplicate: report.scalar(raw.duplicate, units::ppm).unwrap_or(base.duplicate),
        fifo: raw.fifo.unwrap_or(base.fifo),
    };
    let name = named(&base.name, network != base);
    Network { name, ..network }
}

fn links(
    raw: BTreeMap<Text, Spanned<Or<schema::Network>>>,
    nodes: u32,
    default: &Network,
    report: &mut Report,
) -> BTreeMap<Wire, Network> {
    let mut links = BTreeMap::new();
    for (name, raw) in raw {
        let span = name.span();
        let link = network(Some(raw), default.clone(), report);
        let Some(wire) = report.word::<Wire>(Some(name)) else { continue };
        if let Some(node) = [wire.from, wire.to].into_iter().find(|node| *node > nodes) {
            let message = format!("there is no node `n{node}`: the cluster has {nodes}");
            report.missing(Problem::new(message).at(span).help(format!("nodes are `n1` to `n{nodes}`")));
        } else if links.insert(wire, link).is_some() {
            report.refuse(Problem::new(format!("the link `{wire}` is given twice")).at(span));
        }
    }
    links
}

fn disk(raw: Option<Spanned<Or<schema::Disk>>>, default: Disk, report: &mut Report) -> Disk {
    let Some(raw) = raw else { return default };
    let span = raw.span();
    let raw = match raw.into_inner() {
        Or::Word(name) => return profile("disk", &name.0, span, &DISKS, report).map_or(default, Profile::disk),
        Or::Table(table) => table,
    };
    let base = base("disk", raw.base, &DISKS, report).map_or(default, Profile::disk);
    let fsync = distribution(raw.fsync, report).unwrap_or_else(|| base.fsync.clone());
    Disk { name: named(&base.name, fsync != base.fsync), fsync }
}

fn named(base: &str, changed: bool) -> String {
    format!("{base}{}", if changed { CHANGED } else { "" })
}

fn base<'p>(what: &str, name: Option<Text>, profiles: &'p [Profile], report: &mut Report) -> Option<&'p Profile> {
    let name = name?;
    profile(what, name.get_ref(), name.span(), profiles, report)
}

fn profile<'p>(
    what: &str,
    name: &str,
    span: Range<usize>,
    profiles: &'p [Profile],
    report: &mut Report,
) -> Option<&'p Profile> {
    let found = profiles.iter().find(|profile| profile.name == name);
    let names = profiles.iter().map(|profile| profile.name);
    report.take(found.ok_or_else(|| words::unknown(what, name, names)), span)
}

/// A constant (`"1ms"`) or a table of quantiles (`{ p0 = "1ms", p100 = "2ms" }`).
fn distribution(raw: Option<Spanned<Or<Knots>>>, report: &mut Report) -> Option<Distribution> {
    let raw = raw?;
    let span = raw.span();
    match raw.into_inner() {
        Or::Word(constant) => report.take(units::duration(&constant.0, None), span).map(Distribution::constant),
        Or::Table(knots) => quantiles(knots, span, report),
    }
}

fn quantiles(raw: Knots, span: Range<usize>, report: &mut Report) -> Option<Distribution> {
    let before = report.problems.len();
    let mut knots: BTreeMap<u32, (Duration, Range<usize>)> = BTreeMap::new();
    for (name, value) in raw {
        let per_mille = report.take(units::quantile(name.get_ref()), name.span());
        let place = value.span();
        let value = report.duration(Some(value), None);
        let (Some(per_mille), Some(value)) = (per_mille, value) else { continue };
        if let Some((_, first)) = knots.insert(per_mille, (value, place)) {
            report.refuse(Problem::new("this quantile is given twice").at(name.span()).also(first, "here as well"));
        }
    }
    if report.problems.len() > before {
        return None;
    }
    for needed in [0, 1000].into_iter().filter(|needed| !knots.contains_key(needed)) {
        let message = format!("`p{}` is missing: a distribution needs `p0` and `p100`", needed / 10);
        report.missing(Problem::new(message).at(span.clone()));
    }
    for ((_, (low, first)), (_, (high, second))) in knots.iter().zip(knots.iter().skip(1)) {
        if high < low {
            let problem = Problem::new("a higher quantile cannot be shorter than a lower one").at(second.clone());
            report.refuse(problem.also(first.clone(), "longer than this"));
        }
    }
    Some(Distribution { knots: knots.into_iter().map(|(per_mille, (value, _))| (per_mille, value)).collect() })
}

fn lanes(raw: schema::Lanes, default: Lanes, report: &mut Report) -> Lanes {
    Lanes {
        heartbeat: lane(raw.heartbeat, default.heartbeat, report),
        bulk: lane(raw.bulk, default.bulk, report),
        request: lane(raw.request, default.request, report),
    }
}

fn lane(raw: schema::Lane, default: LaneSetup, report: &mut Report) -> LaneSetup {
    LaneSetup {
        calls: report.word(raw.calls).unwrap_or(default.calls),
        queue: report.whole("queue", raw.queue, 1, MAX_QUEUE).unwrap_or(default.queue),
        inbound: report.whole("inbound", raw.inbound, 1, MAX_QUEUE).unwrap_or(default.inbound),
        cost: report.duration(raw.cost, None).unwrap_or(default.cost),
    }
}

fn cpu(raw: schema::Cpu, default: Cpu, report: &mut Report) -> Cpu {
    let cores = report.whole("cores", raw.cores, 1, MAX_CORES).unwrap_or(default.cores);
    let mut costs = default.costs;
    for (name, cost) in raw.costs {
        report.take(known_cost(name.get_ref()), name.span());
        if let Some(cost) = report.duration(Some(cost), None) {
            costs.insert(name.into_inner(), cost);
        }
    }
    Cpu { cores, costs }
}

fn known_cost(name: &str) -> Result<(), Misread> {
    if COSTS.contains(&name) {
        return Ok(());
    }
    Err(words::unknown("cost", name, COSTS).help(format!("costs are {}", quote_all(COSTS))))
}
