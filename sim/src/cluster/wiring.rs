//! From the scenario's words to the world's parts and the stack's configuration.

use super::prelude::*;
use super::{Plan, SimWorld};
use crate::scenario;
use crate::world::network::{Ends, Link, Quality};
use crate::world::quantiles::Quantiles;
use leasehold::{engine, lease, node};
use std::num::NonZeroU64;

/// All links of a cluster.
pub(super) struct Links {
    nodes: u64,
    /// Between nodes: by sender, receiver, lane.
    peers: Vec<Option<LinkId>>,
    /// Between clients and nodes: by client, node; there and back.
    clients: Vec<(LinkId, LinkId)>,
}

/// The cores of every node.
pub(super) fn cpus(scenario: &Scenario) -> BTreeMap<NodeId, Arc<Mutex<Cpu>>> {
    let cores = scenario.cluster.cpu.cores as usize;
    nodes(scenario).map(|id| (id, Arc::new(Mutex::new(Cpu::new(cores))))).collect()
}

/// All nodes, members or not: voters first, then learners, then those that belong to no group yet.
fn nodes(scenario: &Scenario) -> impl Iterator<Item = NodeId> + use<> {
    (1..=u64::from(scenario.cluster.size())).map(NodeId)
}

/// Who belongs to each group when it begins.
pub fn founders(scenario: &Scenario) -> BTreeMap<GroupId, Membership> {
    let cluster = &scenario.cluster;
    let founders = |number| {
        let mut voters: Vec<NodeId> = cluster.placed(number).into_iter().map(|node| NodeId(u64::from(node))).collect();
        voters.sort_unstable();
        let learners = nodes(scenario).skip(cluster.nodes as usize).take(cluster.learners as usize).collect();
        (GroupId(u64::from(number)), Membership { voters, learners, outgoing: Vec::new() })
    };
    (1..=cluster.groups).map(founders).collect()
}

pub(super) fn lay(world: &SimWorld, plan: &Plan, cpus: &BTreeMap<NodeId, Arc<Mutex<Cpu>>>) -> Links {
    let scenario = &plan.scenario;
    let nodes = u64::from(scenario.cluster.size());
    let ids = || (1..=nodes).map(NodeId);
    let mut peers = Vec::new();
    for (from, to) in ids().flat_map(|from| ids().map(move |to| (from, to))) {
        for lane in Lane::ALL {
            peers.push((from != to).then(|| {
                let name = format!("{from}>{to} {}", lane.name());
                let stream = world.streams().stream(&["network", &name]);
                let link = Link::new(name, peer_quality(scenario, (from, to), lane), stream);
                let ends = Ends {
                    caller: Arc::clone(&cpus[&from]),
                    callee: Arc::clone(&cpus[&to]),
                    cost: peer_lane(scenario, lane).cost,
                };
                world.add_link(link.between(ends))
            }));
        }
    }
    let mut clients = Vec::new();
    let names = scenario.workloads.iter().flat_map(|workload| {
        let clients = 0..workload.clients;
        clients.map(|index| format!("{} {index}", workload.name)).collect::<Vec<_>>()
    });
    for (client, node) in names.flat_map(|client| ids().map(move |node| (client.clone(), node))) {
        let link = |name: String| {
            let quality = quality(&scenario.cluster.client_network, scenario, Lane::Request);
            let stream = world.streams().stream(&["network", &name]);
            world.add_link(Link::new(name, quality, stream))
        };
        clients.push((link(format!("{client}>{node}")), link(format!("{node}>{client}"))));
    }
    Links { nodes, peers, clients }
}

impl Links {
    pub(super) fn peer(&self, from: NodeId, to: NodeId, lane: Lane) -> Option<LinkId> {
        let position = ((from.0 - 1) * self.nodes + to.0 - 1) as usize * Lane::ALL.len() + lane.index();
        self.peers.get(position).copied().flatten()
    }

    pub(super) fn between(&self, from: NodeId, to: NodeId) -> impl Iterator<Item = LinkId> {
        Lane::ALL.into_iter().filter_map(move |lane| self.peer(from, to, lane))
    }

    pub(super) fn entering_node(&self, node: NodeId) -> Vec<LinkId> {
        let peers = (1..=self.nodes).map(NodeId).flat_map(|from| self.between(from, node));
        let clients = self.clients.iter().skip(node.0 as usize - 1).step_by(self.nodes as usize);
        peers.chain(clients.map(|(there, _)| *there)).collect()
    }

    /// From one node to every node, by number and lane.
    pub(super) fn peers_of(&self, from: NodeId) -> Vec<[Option<LinkId>; Lane::ALL.len()]> {
        let to_nobody = std::iter::once([None; Lane::ALL.len()]);
        let to = |to| Lane::ALL.map(|lane| self.peer(from, NodeId(to), lane));
        to_nobody.chain((1..=self.nodes).map(to)).collect()
    }

    /// From one node to every client, by number.
    pub(super) fn clients_of(&self, from: NodeId) -> Vec<LinkId> {
        let clients = self.clients.iter().skip(from.0 as usize - 1).step_by(self.nodes as usize);
        clients.map(|(_, back)| *back).collect()
    }

    pub(super) fn client_to_node(&self, client: u32, node: NodeId) -> LinkId {
        self.client(client, node).0
    }

    pub(super) fn entering_client(&self, client: u32) -> Vec<LinkId> {
        (1..=self.nodes).map(|node| self.client(client, NodeId(node)).1).collect()
    }

    fn client(&self, client: u32, node: NodeId) -> (LinkId, LinkId) {
        self.clients[(u64::from(client) * self.nodes + node.0 - 1) as usize]
    }
}

fn peer_quality(scenario: &Scenario, (from, to): (NodeId, NodeId), lane: Lane) -> Quality {
    let network = scenario.cluster.network_between(from.0 as u32, to.0 as u32);
    quality(network, scenario, lane)
}

fn peer_lane(scenario: &Scenario, lane: Lane) -> &scenario::LaneSetup {
    let lanes = &scenario.cluster.lanes;
    match lane {
        Lane::Heartbeat => &lanes.heartbeat,
        Lane::Bulk => &lanes.bulk,
        Lane::Request => &lanes.request,
    }
}

fn quality(network: &scenario::Network, scenario: &Scenario, lane: Lane) -> Quality {
    let setup = peer_lane(scenario, lane);
    Quality {
        latency: quantiles(&network.latency),
        loss: network.loss.0,
        duplicate: network.duplicate.0,
        // gRPC calls over HTTP/2: what a client repeats has an identity of its own.
        at_most_once: lane == Lane::Request,
        fifo: network.fifo,
        calls: setup.calls,
        bound: setup.queue as usize,
    }
}

fn quantiles(distribution: &scenario::Distribution) -> Quantiles {
    Quantiles::per_mille(&distribution.knots)
}

pub(super) fn disk(world: &SimWorld, plan: &Plan, node: NodeId) -> Disk {
    let stream = |purpose| world.streams().stream(&[purpose, &node.to_string()]);
    let scenario::Disk { fsync, bandwidth, .. } = &plan.scenario.cluster.disk;
    Disk::new(quantiles(fsync), *bandwidth, stream("disk"), stream("disk-tail"))
}

/// A node's clock: some offset, and a rate drawn within what the scenario claims.
///
/// The claim bounds the rate of one clock against another (premise P6), so each stays within half of it.
pub(super) fn clock(world: &SimWorld, scenario: &Scenario, node: NodeId) -> Clock {
    let mut stream = world.streams().stream(&["clock", &node.to_string()]);
    let offset = Duration::from_nanos(stream.below(1_000_000_000_000));
    let half = i64::from(scenario.claims.clock_drift.0) * 500;
    let rate_ppb = stream.below(2 * half as u64 + 1) as i64 - half;
    Clock::new(offset, rate_ppb)
}

/// What makes the engines of the nodes.
pub(super) fn engines(scenario: &Scenario) -> Arc<dyn engine::Factory> {
    match scenario.cluster.engine {
        scenario::Engine::RaftRs => Arc::new(engine::raft_rs::RaftRs::default()),
        scenario::Engine::Openraft => Arc::new(engine::openraft::Openraft::default()),
    }
}

pub(super) fn node_config(plan: &Plan, replica: ReplicaId, founders: Membership) -> node::Config {
    let cluster = &plan.scenario.cluster;
    // Many groups of one node have one pair of nodes to speak to; of one group, chance may decide.
    let first = cluster.placed(replica.group.0 as u32).first().map(|node| NodeId(u64::from(*node)));
    let stands_first = cluster.groups > 1 && first == Some(replica.node);
    let (election_timeout, tick) = (cluster.election_timeout, cluster.tick);
    let renewal = plan.assembly.renewal().unwrap_or(cluster.renewal);
    let length = cluster.lease.unwrap_or(plan.assembly.lease_length(election_timeout, tick));
    let policy = plan.assembly.coordinator();
    let config = node::Config {
        engine: engine::Config {
            founders,
            compact_after: cluster.compact_after.and_then(NonZeroU64::new),
            tick,
            heartbeat: cluster.heartbeat,
            heartbeats_together: false,
            stands_first,
            election_timeout,
            // Long enough that a round slowed by load is not doubled, short enough that one lost message costs no more than an
            // election.
            read_retry: election_timeout,
            renewal,
            // TiKV renews when a third of the lease is left at the latest; a third of it between rounds allows for two failures.
            renewal_interval: length / 3,
            async_writes: cluster.async_writes,
            group_commit_delay: cluster.group_commit_delay,
            snapshot_timeout: 256 * election_timeout,
            max_write_bytes: 1 << 20,
            stall: Some(2 * election_timeout),
            admission: cluster.admission,
            max_append_bytes: cluster.max_append_bytes,
            max_inflight: cluster.max_inflight as usize,
            pre_vote: cluster.pre_vote,
            check_quorum: cluster.check_quorum,
            ask_inbox: 4_096,
            heartbeat_inbox: cluster.lanes.heartbeat.inbound as usize,
            bulk_inbox: cluster.lanes.bulk.inbound as usize,
        },
        lease: lease::Policy::new(length, renewal),
        coordinator: coordinator::Policy {
            inner_reads: cluster.inner_reads.unwrap_or(policy.inner_reads),
            reads_per_get: cluster.reads_per_get,
            admission: cluster.admission,
            ..policy
        },
    };
    plan.assembly.config(replica.node, config)
}
