//! What there is.

use std::time::Duration;

use super::Context;
use crate::scenario::{
    Calls, Cluster, Disk, Distribution, Engine, InnerReads, LaneSetup, Lanes, Network, Ppm, Ranges, Scenario,
    units::{decimal, written_bandwidth},
};
use crate::words::RenewalKind;
use crate::words::figures::{count, counted, exact as time, listed};

pub(super) fn told(scenario: &Scenario, context: &Context<'_>) -> Vec<String> {
    let Cluster { nodes, engine, tick, heartbeat, election_timeout, .. } = &scenario.cluster;
    let cluster = &scenario.cluster;
    let nodes = counted(*nodes, "node");
    let (heartbeat, election, tick) = (time(*heartbeat), time(*election_timeout), time(*tick));
    let mut lines = vec![format!(
        "{nodes} of {engine}: a heartbeat every {heartbeat}, an election after {election} without one, counted in ticks of {tick}."
    )];
    lines.extend(others(cluster));
    lines.extend(groups(cluster));
    lines.extend(cluster.compact_after.map(|entries| {
        format!(
            "Every {} entries each node takes a snapshot and cuts its log; who needs what is gone gets the snapshot.",
            count(entries)
        )
    }));
    lines.extend([lease(cluster, context), format!("Between nodes {}", network(&cluster.network))]);
    lines.extend(cluster.links.iter().map(|(wire, of)| format!("  On the link {wire} {}", network(of))));
    lines.push(if cluster.client_network == cluster.network {
        "Between clients and nodes the same.".to_owned()
    } else {
        format!("Between clients and nodes {}", network(&cluster.client_network))
    });
    lines.extend(lanes(&cluster.lanes));
    lines.push(disk(cluster));
    lines.extend(waits_for_disk(cluster));
    lines.push(processor(cluster));
    lines.extend(reads(cluster));
    lines.extend(by_variant(cluster));
    lines.push(clocks(scenario));
    lines
}

/// Who is there beside the voters.
fn others(cluster: &Cluster) -> Option<String> {
    let named =
        |from: u32, number: u32| listed(&(from + 1..=from + number).map(|node| format!("n{node}")).collect::<Vec<_>>());
    let told = |from, number: u32, one: &str, many: &str| {
        (number > 0).then(|| format!("{} {}", named(from, number), if number == 1 { one } else { many }))
    };
    let learners = told(cluster.nodes, cluster.learners, "begins as a learner", "begin as learners");
    let spares = told(cluster.nodes + cluster.learners, cluster.spares, "is no member yet", "are no members yet");
    let words: Vec<String> = learners.into_iter().chain(spares).collect();
    (!words.is_empty()).then(|| format!("Beside them {}.", listed(&words)))
}

/// Only where there are several, or not all nodes vote.
fn groups(cluster: &Cluster) -> Option<String> {
    let group = |number| {
        let voters: Vec<String> = cluster.placed(number).iter().map(|node| format!("n{node}")).collect();
        format!("g{number} on {}", listed(&voters))
    };
    let placed: Vec<String> = (1..=cluster.groups).take(5).map(group).collect();
    let more = if cluster.groups > 5 { format!(", and so on to g{}", cluster.groups) } else { String::new() };
    let first = if cluster.groups > 1 { ", the first of them leading at the beginning" } else { "" };
    let is_told = cluster.replicas.is_some() || !cluster.placement.is_empty();
    let placed = match is_told {
        true => format!(": {}{more}{first}", placed.join("; ")),
        false if cluster.groups > 1 => "; at the beginning n1 leads all of them".into(),
        false => String::new(),
    };
    let (keys, ranges) = match &cluster.routes {
        None => ("an even part of the keys", String::new()),
        Some(ranges) => ("keys of its own", format!(" {}", routed(ranges))),
    };
    (cluster.groups > 1 || is_told).then(|| {
        let groups = counted(cluster.groups, "group");
        format!("They are of {groups}, each with a log, a leader, a lease and {keys}{placed}.{ranges}")
    })
}

/// Who has which keys in the beginning.
fn routed(ranges: &Ranges) -> String {
    let owner = |owner: &Option<u32>| owner.map_or_else(|| "nobody's".to_owned(), |group| format!("g{group}'s"));
    let range = |(from, of): (&String, &Option<u32>)| {
        let from = if from.is_empty() { "from the first key on".to_owned() } else { format!("from {from} on") };
        format!("{from} they are {}", owner(of))
    };
    format!("Of the keys, {}.", listed(&ranges.iter().map(range).collect::<Vec<_>>()))
}

fn lease(cluster: &Cluster, context: &Context<'_>) -> String {
    let (length, whose) = match cluster.lease {
        Some(lease) => (lease, ""),
        None => (context.lease, ", by the rule of the variant"),
    };
    let renewed = context.renewal.unwrap_or(match cluster.renewal {
        RenewalKind::Acks => "rounds that a quorum acknowledged renew it",
        RenewalKind::ReadRounds => "rounds of ReadIndex renew it",
        RenewalKind::Caller => "an operation that succeeded renews it",
    });
    format!("A lease lasts {}{whose}; {renewed}.", time(length))
}

fn network(network: &Network) -> String {
    let order = if network.fifo { "messages of one lane stay in order" } else { "messages overtake each other" };
    let share = |what: &str, Ppm(share): Ppm| match share {
        0 => format!("none is {what}"),
        share => format!("{}% are {what}", decimal(share.into(), 4)),
    };
    let fate = listed(&[share("lost", network.loss), share("delivered twice", network.duplicate)]);
    format!("it is {}: one way takes {}; {order}; {fate}.", network.name, spread(&network.latency, time))
}

fn disk(cluster: &Cluster) -> String {
    let Disk { name, fsync, bandwidth } = &cluster.disk;
    let bandwidth = bandwidth.map_or(String::new(), |bytes| format!(", and writes {}", written_bandwidth(bytes)));
    let delay = match cluster.group_commit_delay {
        Duration::ZERO => String::new(),
        delay => format!(" A write waits {} for others to go with it.", time(delay)),
    };
    format!("Disks are {name}: an fsync takes {}{bandwidth}.{delay}", spread(fsync, time))
}

/// Only where the file says so; not every engine can.
fn waits_for_disk(cluster: &Cluster) -> Option<String> {
    let how = match cluster.engine {
        Engine::RaftRs => {
            "The engine waits for its disk: it takes one input, writes, sends, applies, and only then takes the next."
        }
        Engine::Openraft => {
            "That the engine waits for its disk (`async-writes = false`) is not heeded: openraft goes on while it writes."
        }
    };
    (!cluster.async_writes).then(|| how.to_owned())
}

/// Only those that are not as usual.
fn lanes(lanes: &Lanes) -> Option<String> {
    let usual = Lanes::default();
    let all = [
        ("heartbeats", &lanes.heartbeat, &usual.heartbeat),
        ("log entries", &lanes.bulk, &usual.bulk),
        ("forwarded requests", &lanes.request, &usual.request),
    ];
    let unusual = all.into_iter().filter(|(_, lane, usual)| lane != usual);
    let words: Vec<String> = unusual.map(|(what, lane, _)| format!("{what} travel {}", travel(lane))).collect();
    (!words.is_empty()).then(|| format!("On the wire {}.", listed(&words)))
}

fn travel(LaneSetup { calls, queue, inbound, cost }: &LaneSetup) -> String {
    let how = match calls {
        Calls::Stream => "as a stream",
        Calls::Unary => "one call at a time for each peer",
    };
    let cost = if cost.is_zero() { String::new() } else { format!(", each end spends {} on a frame", time(*cost)) };
    format!("{how} (up to {queue} wait to leave, {inbound} to be handled{cost})")
}

fn processor(cluster: &Cluster) -> String {
    let costs: Vec<String> =
        cluster.cpu.costs.iter().map(|(work, cost)| format!("{} {}", work.name(), time(*cost))).collect();
    let costs = if costs.is_empty() { String::new() } else { format!("; CPU costs are set: {}", listed(&costs)) };
    format!("Each node has {}{costs}.", counted(cluster.cpu.cores, "core"))
}

/// Only where it is not as usual.
fn reads(cluster: &Cluster) -> Option<String> {
    let times = (cluster.reads_per_get > 1).then(|| format!("a get reads storage {} times", cluster.reads_per_get));
    let fence = cluster.inner_reads.map(|fence| match fence {
        InnerReads::Snapshot => "no read of storage is fenced beyond its request's lease read",
        InnerReads::Lease => "each read of storage is a lease read of its own",
        InnerReads::ReadIndex => "each read of storage waits for a ReadIndex round of its own",
    });
    let words: Vec<String> = times.into_iter().chain(fence.map(str::to_owned)).collect();
    (!words.is_empty()).then(|| format!("On a node {}.", listed(&words)))
}

/// What is told above is as under the variant of this run.
fn by_variant(cluster: &Cluster) -> Option<String> {
    let names: Vec<String> = cluster.changes.keys().map(|name| format!("`{name}`")).collect();
    (!names.is_empty())
        .then(|| format!("Lanes, cores and reads differ under {}; told with `--variant`.", listed(&names)))
}

fn clocks(scenario: &Scenario) -> String {
    let Ppm(drift) = scenario.claims.clock_drift;
    let lines: Vec<String> = scenario.may_leave_claims().map(|step| step.line.to_string()).collect();
    let which = match &lines[..] {
        [] => None,
        [line] => Some(format!("step of line {line}")),
        lines => Some(format!("steps of lines {}", listed(lines))),
    };
    let beyond = "may go beyond that; what is unsafe from then on is expected to be.";
    let beyond = which.map_or(String::new(), |which| format!(" The {which} {beyond}"));
    let jumps = match scenario.claims.clock_step {
        Duration::ZERO => "none ever jumps or stands still".to_owned(),
        most => format!("all jumps and stops together are {} at most", time(most)),
    };
    format!(
        "Clocks run at rates drawn from the seed, of which no two are more than {drift} ppm apart; of the monotonic ones {jumps}: \
         that is claimed, and within that the run must be safe.{beyond}"
    )
}

/// `20us`, or `80us to 2ms, with a median of 125us and a p99 of 500us`.
pub(super) fn spread<T: Copy + PartialEq>(distribution: &Distribution<T>, told: impl Fn(T) -> String) -> String {
    let [(_, least), between @ .., (_, most)] = &distribution.knots[..] else { return String::new() };
    if least == most {
        return format!("{}, always", told(*least));
    }
    let name = |per_mille: u32| match per_mille {
        500 => "a median".to_owned(),
        _ => format!("a p{}", decimal(per_mille.into(), 1)),
    };
    let between: Vec<String> =
        between.iter().map(|(per_mille, value)| format!("{} of {}", name(*per_mille), told(*value))).collect();
    let between = if between.is_empty() { String::new() } else { format!(", with {}", listed(&between)) };
    format!("{} to {}{between}", told(*least), told(*most))
}
