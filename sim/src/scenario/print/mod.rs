//! A plan as a scenario file: canonical, and short enough that a person could have written it.
//!
//! What equals its default is left out; keys stand in the order of the schema; a step is one line. Reading the text back gives
//! the same plan, but for the lines that it remembers.

use std::time::Duration;

use super::table::{Bare, Keys, Value};
use super::{
    Changes, Chaos, Claims, Cluster, Count, Cpu, Disk, Expectation, KeyDistribution, Keys as KeySet, LaneSetup, Lanes,
    Mix, Network, Pace, Scenario, ScriptReads, Seeds, Step, Target, Verb, When, Workload, WorkloadKind, profiles,
    section::WHOLE,
    units::{decimal, written},
};

/// `scenario` as the text of a file.
pub fn print(scenario: &Scenario) -> String {
    let mut parts = vec![head(scenario).lines(), timeline(&scenario.timeline)];
    parts.push(cluster(&scenario.cluster).section("[cluster]"));
    parts.push(claims(&scenario.claims).section("[claims]"));
    parts.push(checks(scenario).section("[checks]"));
    parts.extend(scenario.chaos.as_ref().map(chaos));
    parts.extend(scenario.workloads.iter().map(|workload| clients(workload).section("[[workload]]")));
    let expect = Keys::default().some("violation", scenario.expect.violation);
    parts.push(bounds(expect, &scenario.expect.bounds).section("[expect]"));
    for (name, variant) in &scenario.expect.variants {
        let keys = bounds(Keys::default().some("class", variant.class), &variant.bounds);
        parts.push(format!("[expect.variant.{name}]\n{}", keys.lines()));
    }
    parts.push(floors(scenario).section("[floors]"));
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// Its section is there even where it says nothing.
fn chaos(Chaos { faults, quiet }: &Chaos) -> String {
    let all: Vec<Verb> = Chaos::all().collect();
    let keys = Keys::default().unless("faults", faults.as_slice(), &all).unless("quiet", *quiet, Chaos::QUIET);
    format!("[chaos]\n{}", keys.lines())
}

fn head(scenario: &Scenario) -> Keys {
    Keys::default()
        .key("name", &scenario.name)
        .unless("about", scenario.about.as_str(), "")
        .unless("seeds", scenario.seeds.clone(), Seeds::default())
        .key("until", scenario.until)
        .some("variant", scenario.variant.as_ref())
}

fn timeline(steps: &[Step]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let lines: String = steps.iter().map(|step| format!("  {},\n", line(step).toml())).collect();
    format!("timeline = [\n{lines}]\n")
}

/// A step as the line of a timeline.
pub(super) fn step(step: &Step) -> String {
    line(step).toml()
}

fn line(step: &Step) -> Keys {
    time(step.at).some("name", step.name.as_ref()).verbatim(&step.action.to_string(), step.action.toml())
}

fn time(at: When) -> Keys {
    let window = |from, to| format!("{}..{}", written(from), written(to));
    match at {
        When::At(at) => Keys::default().key("at", at),
        When::Window { from, to } => Keys::default().key("at", window(from, to)),
        When::Every { from, to, every, jitter } => {
            Keys::default().key("at", window(from, to)).key("every", every).unless("jitter", jitter, Duration::ZERO)
        }
        When::On { moment, from, to, times } => {
            Keys::default().key("when", moment).key("at", window(from, to)).unless("times", times, 1)
        }
    }
}

fn cluster(cluster: &Cluster) -> Keys {
    let default = Cluster::default();
    let keys = Keys::default()
        .unless("nodes", cluster.nodes, default.nodes)
        .unless("learners", cluster.learners, default.learners)
        .unless("spares", cluster.spares, default.spares)
        .some("compact-after", cluster.compact_after)
        .unless("engine", cluster.engine, default.engine)
        .unless("tick", cluster.tick, default.tick)
        .unless("heartbeat", cluster.heartbeat, default.heartbeat)
        .unless("election-timeout", cluster.election_timeout, default.election_timeout)
        .some("lease", cluster.lease)
        .unless("renewal", cluster.renewal, default.renewal);
    let keys = network(keys, "network", &cluster.network, &default.network);
    let links = cluster.links.iter();
    let links = links.fold(Keys::default(), |keys, (wire, of)| any_network(keys, &wire.to_string(), of));
    let keys = keys.table("links", links);
    let keys = network(keys, "client-network", &cluster.client_network, &default.client_network);
    let keys = keys.table("lanes", lanes(&cluster.lanes, &default.lanes));
    let keys = disk(keys, &cluster.disk, &default.disk);
    let keys = keys
        .table("cpu", cpu(&cluster.cpu, &default.cpu))
        .unless("reads-per-get", cluster.reads_per_get, default.reads_per_get)
        .some("inner-reads", cluster.inner_reads);
    keys.table(
        "variant",
        cluster
            .changes
            .iter()
            .fold(Keys::default(), |keys, (name, changes)| keys.key(name, what_changes(changes, cluster))),
    )
}

fn what_changes(changes: &Changes, base: &Cluster) -> Keys {
    Keys::default()
        .table("lanes", lanes(&changes.lanes, &base.lanes))
        .table("cpu", cpu(&changes.cpu, &base.cpu))
        .unless("reads-per-get", changes.reads_per_get, base.reads_per_get)
        .some("inner-reads", changes.inner_reads.filter(|fence| Some(*fence) != base.inner_reads))
}

/// By name where it is a profile; else what it changes of one.
fn network(keys: Keys, key: &str, network: &Network, default: &Network) -> Keys {
    if network == default { keys } else { any_network(keys, key, network) }
}

fn any_network(keys: Keys, key: &str, network: &Network) -> Keys {
    let default = Cluster::default().network;
    let base = profiles::network(network.base()).unwrap_or_else(|| default.clone());
    if *network == base {
        return keys.key(key, &network.name);
    }
    let changes = Keys::default()
        .unless("base", network.base(), default.base())
        .unless("latency", &network.latency, &base.latency)
        .unless("loss", network.loss, base.loss)
        .unless("duplicate", network.duplicate, base.duplicate)
        .unless("fifo", network.fifo, base.fifo);
    keys.key(key, changes)
}

fn disk(keys: Keys, disk: &Disk, default: &Disk) -> Keys {
    if disk == default {
        return keys;
    }
    let base = profiles::disk(disk.base()).unwrap_or_else(|| default.clone());
    if *disk == base {
        return keys.key("disk", &disk.name);
    }
    let changes = Keys::default().unless("base", disk.base(), default.base()).unless("fsync", &disk.fsync, &base.fsync);
    keys.key("disk", changes)
}

fn lanes(lanes: &Lanes, default: &Lanes) -> Keys {
    Keys::default()
        .table("heartbeat", lane(&lanes.heartbeat, &default.heartbeat))
        .table("bulk", lane(&lanes.bulk, &default.bulk))
        .table("request", lane(&lanes.request, &default.request))
}

fn lane(lane: &LaneSetup, default: &LaneSetup) -> Keys {
    Keys::default()
        .unless("calls", lane.calls, default.calls)
        .unless("queue", lane.queue, default.queue)
        .unless("inbound", lane.inbound, default.inbound)
        .unless("cost", lane.cost, default.cost)
}

fn cpu(cpu: &Cpu, default: &Cpu) -> Keys {
    let costs = cpu.costs.iter().filter(|(name, cost)| default.costs.get(*name) != Some(cost));
    let costs = costs.fold(Keys::default(), |keys, (name, cost)| keys.key(name, *cost));
    Keys::default().unless("cores", cpu.cores, default.cores).table("costs", costs)
}

fn claims(claims: &Claims) -> Keys {
    let default = Claims::default();
    Keys::default().unless("clock-drift", claims.clock_drift, default.clock_drift).unless(
        "clock-step",
        claims.clock_step,
        default.clock_step,
    )
}

fn checks(scenario: &Scenario) -> Keys {
    let names: Vec<&str> = scenario.record_only.iter().map(|only| only.check.as_str()).collect();
    Keys::default().unless("record-only", names, Vec::new())
}

fn clients(workload: &Workload) -> Keys {
    let (kind, mix, reads) = match &workload.kind {
        WorkloadKind::Kv { mix } => ("kv", *mix, ScriptReads::constant(1)),
        WorkloadKind::Script { reads } => ("script", Mix::default(), *reads),
    };
    let (rate, burst, think) = match workload.pace {
        Pace::Open { per_second_milli, burst } => {
            (Some(format!("{}/s", decimal(per_second_milli, 3))), burst, Duration::ZERO)
        }
        Pace::Closed { think } => (None, 1, think),
    };
    let plain = (reads == ScriptReads::constant(reads.each.least)).then_some(reads.each.least);
    Keys::default()
        .unless("name", workload.name.as_str(), kind)
        .key("kind", kind)
        .unless("clients", workload.clients, Workload::CLIENTS)
        .table("keys", keys(&workload.keys))
        .some("mix", (mix != Mix::default()).then(|| shares(mix)))
        .some("reads-per-script", plain.filter(|reads| *reads != 1))
        .some("reads-per-script", plain.is_none().then(|| script_reads(reads)))
        .some("rate", rate)
        .unless("burst", burst, 1)
        .unless("think", think, Duration::ZERO)
        .unless("deadline", workload.deadline, Workload::DEADLINE)
        .unless("to", workload.to, Target::Any)
        .unless("from", workload.from, Duration::ZERO)
        .some("until", workload.until)
}

fn script_reads(ScriptReads { calls, each }: ScriptReads) -> Keys {
    Keys::default().key("calls", count(calls)).key("each", count(each))
}

fn count(Count { least, most }: Count) -> String {
    if least == most { least.to_string() } else { format!("{least}..={most}") }
}

fn keys(keys: &KeySet) -> Keys {
    let default = KeySet::default();
    let distribution = match keys.distribution {
        KeyDistribution::Uniform => None,
        KeyDistribution::Zipf { exponent_milli } => Some(format!("zipf({})", decimal(exponent_milli.into(), 3))),
    };
    Keys::default().unless("count", keys.count, default.count).some("distribution", distribution).unless(
        "prefix",
        &keys.prefix,
        &default.prefix,
    )
}

fn shares(mix: Mix) -> Keys {
    let share = |share: u32| (share > 0).then(|| Bare(decimal(share.into(), 3)));
    Keys::default()
        .some("get", share(mix.get))
        .some("put", share(mix.put))
        .some("cas", share(mix.cas))
        .some("update", share(mix.update))
}

/// Bounds of one metric stand together, as they do in every file that was read.
fn bounds(keys: Keys, bounds: &[Expectation]) -> Keys {
    let same = |one: &Expectation, other: &Expectation| one.metric == other.metric;
    bounds.chunk_by(same).fold(keys, |keys, of_metric| {
        let name = of_metric.first().map(|expectation| expectation.metric.to_string()).unwrap_or_default();
        match of_metric {
            [Expectation { window: None, bound, .. }] => keys.key(&name, bound),
            windows => keys.key(&name, in_windows(windows)),
        }
    })
}

fn in_windows(bounds: &[Expectation]) -> Keys {
    bounds.iter().fold(Keys::default(), |keys, Expectation { window, bound, .. }| {
        keys.key(window.as_deref().unwrap_or(WHOLE), bound)
    })
}

fn floors(scenario: &Scenario) -> Keys {
    scenario.floors.iter().fold(Keys::default(), |keys, floor| keys.key(&floor.metric.to_string(), floor.least))
}
