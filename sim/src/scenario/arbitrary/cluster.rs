//! Clusters.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::{Breadth, durations, shares, words};
use crate::scenario::{
    Changes, Cluster, Cpu, Disk, Distribution, InnerReads, LaneSetup, Lanes, MAX_BANDWIDTH, Network, Profiled, Wire,
    profiles,
};
use crate::words::Work;

pub(super) fn clusters(breadth: &Breadth) -> impl Strategy<Value = Cluster> + use<> {
    let times = (breadth.tick.clone(), 1..breadth.beats, breadth.elections.clone(), option::of(1_u32..100));
    let (nodes, groups, networks) = (*breadth.nodes.end(), *breadth.groups.end(), || networks(breadth));
    let kinds = (words(), words(), networks(), networks(), btree_map(wires(nodes), networks(), 0..3));
    let parts = (times, kinds, [lanes(), lanes(), lanes()], disks(breadth.latency), cpus(breadth.cost), reads());
    let beside = (0_u32..=2, 0_u32..=2, option::of(10_u64..=1_000_000), (flags(), 1_u64..=1 << 30, 1_u32..=1_000_000));
    (parts, beside, btree_map("[a-z]{1,6}", changes(breadth.cost), 0..3)).prop_map(move |(parts, beside, changes)| {
        let (learners, spares, compact_after, raft) = beside;
        let ([async_writes, pre_vote, check_quorum], max_append_bytes, max_inflight) = raft;
        let (times, kinds, lanes, disk, cpu, (reads_per_get, inner_reads)) = parts;
        let (tick, beats, elections, lease) = times;
        let (engine, renewal, network, client_network, links) = kinds;
        let [heartbeat_lane, bulk, request] = lanes;
        let tick = Duration::from_millis(tick);
        let heartbeat = tick * beats;
        let election_timeout = heartbeat * elections;
        Cluster {
            nodes,
            learners,
            spares,
            groups,
            routes: Some([(String::new(), Some(1)), ("k5".to_owned(), check_quorum.then_some(groups))].into()),
            replicas: pre_vote.then_some(nodes - 1),
            placement: BTreeMap::from_iter(check_quorum.then(|| (1, vec![2, 1]))),
            compact_after,
            engine,
            async_writes,
            group_commit_delay: tick / 10,
            admission: tick * 10,
            max_append_bytes,
            max_inflight,
            pre_vote,
            check_quorum,
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

fn flags() -> impl Strategy<Value = [bool; 3]> {
    [any::<bool>(), any::<bool>(), any::<bool>()]
}

fn wires(nodes: u32) -> impl Strategy<Value = Wire> {
    (1..nodes, any::<bool>()).prop_map(move |(from, one_way)| Wire { from, to: nodes, one_way })
}

/// How storage is read: how often by a get, and behind which fence.
fn reads() -> impl Strategy<Value = (u32, Option<InnerReads>)> {
    (1_u32..=1000, option::of(words()))
}

fn changes(cost: Duration) -> impl Strategy<Value = Changes> {
    ([lanes(), lanes(), lanes()], cpus(cost), reads()).prop_map(
        |([heartbeat, bulk, request], cpu, (reads_per_get, inner_reads))| Changes {
            lanes: Lanes { heartbeat, bulk, request },
            cpu,
            reads_per_get,
            inner_reads,
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
fn networks(breadth: &Breadth) -> impl Strategy<Value = Network> + use<> {
    let (distributions, shares) = (distributions(breadth.latency), || shares(breadth.share));
    let profiles: Vec<_> = profiles::NETWORKS.iter().map(Network::of).collect();
    let changes = (option::of(distributions), option::of(shares()), option::of(shares()), any::<bool>());
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

fn disks(longest: Duration) -> impl Strategy<Value = Disk> {
    let profiles: Vec<_> = profiles::DISKS.iter().map(Disk::of).collect();
    (select(profiles), option::of(distributions(longest)), option::of(1..=MAX_BANDWIDTH)).prop_map(
        |(base, fsync, bandwidth)| {
            let fsync = fsync.unwrap_or_else(|| base.fsync.clone());
            let bandwidth = bandwidth.or(base.bandwidth);
            let is_base = (&fsync, bandwidth) == (&base.fsync, base.bandwidth);
            let name = if is_base { base.name } else { format!("{} (changed)", base.name) };
            Disk { name, fsync, bandwidth }
        },
    )
}

fn distributions(longest: Duration) -> impl Strategy<Value = Distribution> {
    let quantiles = subsequence((1..1000).collect::<Vec<u32>>(), 0..4);
    let table = (quantiles, vec(durations(longest), 5)).prop_map(|(between, mut values)| {
        values.sort();
        let ends = [0].into_iter().chain(between).chain([1000]);
        Distribution { knots: ends.zip(values).collect() }
    });
    let constant = durations(longest).prop_map(Distribution::constant);
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

fn cpus(most: Duration) -> impl Strategy<Value = Cpu> {
    let cost = prop_oneof![Just(Duration::ZERO), durations(most)];
    (1_u32..=256, btree_map(select(Work::ALL.to_vec()), cost, 0..4)).prop_map(|(cores, costs)| Cpu { cores, costs })
}
