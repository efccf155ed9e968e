//! How a cluster is set up: the one place that builds nodes.

use super::Cluster;
use super::stub::Stub;
use crate::bed::{Machine, Process, Software};
use crate::coordinator;
use crate::engine::conformance::{self, ELECTION, TICK};
use crate::engine::raft_rs::RaftRs;
use crate::engine::{self, RenewalKind};
use crate::env::{Disk, GroupId, NodeId};
use crate::error::Error;
use crate::lease;
use crate::node::{Config, Node, Parts};
use crate::observe::Membership;
use crate::routes::Routes;
use crate::transport::Packet;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::Duration;

/// How long a lease lasts from its base on.
pub(crate) fn lease_length() -> Duration {
    lease::longest_safe(ELECTION, TICK)
}

/// A cluster to be.
#[derive(Clone)]
pub(crate) struct Setup {
    founders: Membership,
    /// Nodes that run and are no members yet.
    strangers: Vec<NodeId>,
    renewal: RenewalKind,
    compact_after: Option<NonZeroU64>,
    group_commit_delay: Duration,
    policy: coordinator::Policy,
    /// Which errors of a lease read's slow path end the lease, if not those that mean a loss of leadership.
    read_ends: Option<fn(&Error) -> bool>,
    async_writes: bool,
    inbox: usize,
    engines: Arc<dyn engine::Factory>,
    routes: Routes,
    groups: u64,
}

impl Setup {
    /// Voters `n1` and so on.
    pub(crate) fn of(voters: u64) -> Self {
        Self {
            founders: Membership { voters: (1..=voters).map(NodeId).collect(), ..Membership::default() },
            strangers: Vec::new(),
            renewal: RenewalKind::Acks,
            compact_after: None,
            group_commit_delay: Duration::ZERO,
            policy: coordinator::Policy::default(),
            read_ends: None,
            async_writes: true,
            inbox: 256,
            engines: Arc::new(RaftRs::default()),
            routes: Routes::all_to(GroupId::FIRST),
            groups: 1,
        }
    }

    /// So many groups, which have their keys by these routes.
    pub(crate) fn groups(mut self, routes: Routes, groups: u64) -> Self {
        (self.routes, self.groups) = (routes, groups);
        self
    }

    pub(crate) fn learner(mut self, node: u64) -> Self {
        self.founders.learners.push(NodeId(node));
        self
    }

    /// A node that runs, and may be added.
    pub(crate) fn stranger(mut self, node: u64) -> Self {
        self.strangers.push(NodeId(node));
        self
    }

    pub(crate) fn renewal(mut self, renewal: RenewalKind) -> Self {
        self.renewal = renewal;
        self
    }

    /// A snapshot at every index that is a multiple of this.
    pub(crate) fn compact_after(mut self, entries: u64) -> Self {
        self.compact_after = NonZeroU64::new(entries);
        self
    }

    pub(crate) fn policy(mut self, policy: coordinator::Policy) -> Self {
        self.policy = policy;
        self
    }

    pub(crate) fn read_ends(mut self, read_ends: fn(&Error) -> bool) -> Self {
        self.read_ends = Some(read_ends);
        self
    }

    /// Whether the loop goes on while the disk writes.
    pub(crate) fn async_writes(mut self, async_writes: bool) -> Self {
        self.async_writes = async_writes;
        self
    }

    /// So long a write waits for what could go with it.
    pub(crate) fn group_commit_delay(mut self, delay: Duration) -> Self {
        self.group_commit_delay = delay;
        self
    }

    /// How many messages wait for an engine at most, of each lane.
    pub(crate) fn inbox(mut self, bound: usize) -> Self {
        self.inbox = bound;
        self
    }

    /// Every node has this engine.
    pub(crate) fn stub(mut self, stub: &Stub) -> Self {
        self.engines = Arc::new(stub.clone());
        self
    }

    pub(crate) fn start(self) -> Cluster {
        Cluster::start(self).expect("an empty disk opens")
    }
}

impl Software for Setup {
    type Process = Node;

    fn nodes(&self) -> Vec<NodeId> {
        let Membership { voters, learners, .. } = &self.founders;
        [voters, learners, &self.strangers].into_iter().flatten().copied().collect()
    }

    fn start(&self, Machine { host, bus, disk }: Machine) -> Result<Node, Error> {
        let lease = lease::Policy::new(lease_length(), self.renewal);
        let config = Config {
            engine: engine::Config {
                renewal: self.renewal,
                compact_after: self.compact_after,
                async_writes: self.async_writes,
                group_commit_delay: self.group_commit_delay,
                admission: coordinator::ADMISSION,
                heartbeat_inbox: self.inbox,
                bulk_inbox: self.inbox,
                ..conformance::config(self.founders.clone())
            },
            lease: lease::Policy { read_ends: self.read_ends.unwrap_or(lease.read_ends), ..lease },
            coordinator: self.policy,
        };
        let disk: Arc<dyn Disk> = Arc::new(disk);
        let parts = |group| {
            let (engines, host, bus) = (Arc::clone(&self.engines), Arc::clone(&host), Arc::clone(&bus));
            Parts::new(GroupId(group), self.routes.clone(), engines, host, bus, Arc::clone(&disk), config.clone())
        };
        Node::start(self.routes.clone(), (1..=self.groups).map(parts).collect())
    }
}

impl Process for Node {
    fn deliver(&self, packet: Packet) {
        Node::deliver(self, Box::new(packet));
    }

    fn describe(&self) -> String {
        format!("{:?}", self.status(GroupId::FIRST))
    }
}
