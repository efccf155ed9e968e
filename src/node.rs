//! One process: engines, leases and stores of its groups, coordinator and client service, started and stopped as a unit.

use crate::coordinator::{self, Coordinator, ShardedCoordinator};
use crate::engine::{self, Engine, MembershipChange, Status};
use crate::env::{BoxFuture, Bus, Disk, GroupId, NodeId};
use crate::error::{Error, Outcome};
use crate::folder::Folders;
use crate::lease::{self, Lease};
use crate::metrics::Metrics;
use crate::observe::{Event, Host};
use crate::routes::{Move, Route, Routes, Table};
use crate::store::Store;
use crate::tasks::Tasks;
use crate::ticker::Ticker;
use crate::transport::{Message, Packet, Transport};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// How a replica is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Consensus.
    pub engine: engine::Config,
    /// The lease.
    pub lease: lease::Policy,
    /// Where ReadIndex rounds are spent.
    pub coordinator: coordinator::Policy,
}

/// What a node's part in a group is put together from. [`Parts::new`] chooses the parts; whoever puts a node together may put another in
/// the place of one, or around it.
pub struct Parts {
    /// The group.
    pub group: GroupId,
    /// The seams; what it is told is of this replica.
    pub host: Arc<dyn Host>,
    /// The node's end of the bus.
    pub bus: Arc<dyn Bus<Message>>,
    /// What the replica keeps on the node's disk.
    pub disk: Arc<dyn Disk>,
    /// How it is set up.
    pub config: Config,
    /// The lease, as the coordinator asks it.
    pub lease: Arc<Lease>,
    /// Who hears of leadership from the engine: the lease.
    pub listener: Arc<dyn engine::Listener>,
    /// The store, as the coordinator reads it.
    pub store: Arc<Store>,
    /// Who applies what the engine has committed: the store.
    pub machine: Arc<dyn engine::StateMachine>,
    /// Makes the engine.
    pub engines: Arc<dyn engine::Factory>,
}

impl Parts {
    /// The parts of a replica of this stack, on engines of this kind: a lease that hears its engine, a store that applies what that
    /// commits, and has the keys that `founded` gives the group.
    pub fn new(
        group: GroupId,
        founded: Routes,
        engines: Arc<dyn engine::Factory>,
        host: Arc<dyn Host>,
        bus: Arc<dyn Bus<Message>>,
        disk: Arc<dyn Disk>,
        config: Config,
    ) -> Self {
        let lease = Arc::new(Lease::new(Arc::clone(&host), config.lease, config.engine.check_quorum));
        let store = Arc::new(Store::new(group, founded));
        Self {
            listener: Arc::clone(&lease) as _,
            machine: Arc::clone(&store) as _,
            group,
            engines,
            host,
            bus,
            disk,
            config,
            lease,
            store,
        }
    }
}

/// A running node.
pub struct Node {
    host: Arc<dyn Host>,
    engines: BTreeMap<GroupId, Arc<dyn Engine>>,
    coordinator: Arc<ShardedCoordinator>,
    transport: Arc<Transport>,
    metrics: BTreeMap<GroupId, Arc<Metrics>>,
    tasks: Tasks,
}

impl Node {
    /// Opens what is on the disk and starts. All of `replicas`, one at least, are on one host, bus and disk; requests go by `routes`, and by
    /// what is learned of them.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Damaged`].
    ///
    /// # Panics
    /// There is no replica.
    pub fn start(routes: Routes, replicas: Vec<Parts>) -> Result<Self, Error> {
        let first = replicas.first().expect("a node has a part in a group");
        let (host, policy) = (Arc::clone(&first.host), first.config.coordinator);
        let metrics: BTreeMap<GroupId, Arc<Metrics>> =
            replicas.iter().map(|parts| (parts.group, Arc::default())).collect();
        // What is the node's own, it counts and tells with its first group.
        let own = Arc::clone(&metrics[&first.group]);
        let tasks = Tasks::default();
        let ticker = Ticker::new(Arc::clone(&host) as _, tasks.clone());
        let (bus, has_several) = (Arc::clone(&first.bus), replicas.len() > 1);
        let transport = Arc::new(match has_several {
            true => Transport::coalescing(Arc::clone(&host), bus, Arc::clone(&own), tasks.clone()),
            false => Transport::new(Arc::clone(&host), bus, Arc::clone(&own)),
        });
        let folders = Folders::new(Arc::clone(&host) as _, Arc::clone(&first.disk), tasks.clone());
        let (mut engines, mut coordinators) = (BTreeMap::new(), BTreeMap::new());
        let table = Arc::new(Table::new(routes));
        for Parts { group, host, disk, config, lease, listener, store, machine, engines: factory, .. } in replicas {
            store.teach(Arc::clone(&table));
            host.observe(Event::Configured(factory.timing(&config.engine, config.lease.length)));
            let founders = config.engine.founders.clone();
            let engine = factory.start(engine::Parts {
                group,
                host: Arc::clone(&host),
                disk: if has_several { folders.of(group) } else { disk },
                transport: Arc::clone(&transport),
                metrics: Arc::clone(&metrics[&group]),
                tasks: tasks.clone(),
                ticker: ticker.clone(),
                machine,
                listener,
                config: engine::Config { heartbeats_together: has_several, ..config.engine },
            })?;
            let coordinator = Coordinator::new(coordinator::Parts {
                group,
                host,
                engine: Arc::clone(&engine),
                founders,
                lease,
                store,
                transport: Arc::clone(&transport),
                metrics: Arc::clone(&metrics[&group]),
                policy: config.coordinator,
            });
            engines.insert(group, engine);
            coordinators.insert(group, coordinator);
        }
        let door = coordinator::Door { host: Arc::clone(&host), metrics: own, policy };
        let coordinator = Arc::new(ShardedCoordinator::new(door, table, coordinators));
        Ok(Self { host, engines, coordinator, transport, metrics, tasks })
    }

    /// Takes a message from the bus. One of a group that this node has no part in is dropped.
    pub fn deliver(&self, packet: Box<Packet>) {
        let (from, group) = (packet.from, packet.group);
        match packet.body {
            Message::Wire(_) => {
                if let Some(engine) = self.engines.get(&group) {
                    engine.deliver(packet);
                }
            }
            Message::Wires(packets) => packets.into_iter().for_each(|packet| self.deliver(Box::new(packet))),
            Message::Reply { call, result } => self.transport.answered(call, result),
            Message::Request { call, .. } if self.tasks.are_stopped() => {
                self.transport.reply(group, from, call, Err(Error::Closed(Outcome::NotApplied)));
            }
            Message::Request { call, budget, hop, request } => {
                let (coordinator, transport) = (Arc::clone(&self.coordinator), Arc::clone(&self.transport));
                let tasks = self.tasks.clone();
                let serve = async move {
                    let served = tasks.until_stopped(pin!(coordinator.serve(group, &request, hop, budget))).await;
                    let result = served.unwrap_or(Err(Error::Closed(Outcome::Unknown)));
                    transport.reply(group, from, call, result);
                };
                self.tasks.spawn(&*self.host, "request", serve);
            }
        }
    }

    /// The groups that this node has a part in.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.engines.keys().copied()
    }

    /// Consensus of a group, without what stands in front of it.
    ///
    /// # Panics
    /// The node has no part in that group.
    pub fn engine(&self, group: GroupId) -> &Arc<dyn Engine> {
        self.engines.get(&group).expect("the node has a part in the group")
    }

    /// What the engine of a group has published. As for [`Node::engine`].
    pub fn status(&self, group: GroupId) -> Status {
        self.engine(group).status()
    }

    /// What is counted of a group; what is the node's own, of its first. As for [`Node::engine`].
    pub fn metrics(&self, group: GroupId) -> &Metrics {
        self.metrics.get(&group).expect("the node has a part in the group")
    }

    /// Hands leadership of a group to `to`; see [`Engine::transfer`]. As for [`Node::engine`].
    pub fn transfer(&self, group: GroupId, to: NodeId) -> BoxFuture<Result<(), Error>> {
        self.engine(group).transfer(to)
    }

    /// Changes the membership of a group; see [`Engine::change_membership`]. As for [`Node::engine`].
    pub fn change_membership(&self, group: GroupId, change: MembershipChange) -> BoxFuture<Result<u64, Error>> {
        self.engine(group).change_membership(change)
    }

    /// Moves a range from one group to another, within `budget`: the one that has it releases it, and then the other adopts it. Whoever is
    /// asked again for the same, whichever node that is, finishes what has been begun. Returns the version at which the range has moved.
    ///
    /// # Errors
    /// [`Error::Invalid`]; [`Error::RangeInUse`] where a key in it was ever written; [`Error::StaleRoute`] where a part of it belongs to
    /// another group than the two. After any other the move may have been begun, and is to be asked for again.
    pub fn move_range(&self, moved: Move, budget: Duration) -> BoxFuture<Result<u64, Error>> {
        let (coordinator, tasks) = (Arc::clone(&self.coordinator), self.tasks.clone());
        Box::pin(async move {
            let moved = tasks.until_stopped(pin!(coordinator.move_range(moved, budget))).await;
            moved.unwrap_or(Err(Error::Closed(Outcome::Unknown)))
        })
    }

    /// What this node knows of who has `key`, which may be late.
    pub fn route(&self, key: &str) -> Route {
        self.coordinator.route(key)
    }

    /// Stops the node in good order: what was asked of it is answered with [`Error::Closed`]. The future is ready when nothing runs
    /// any more that the node has started; it need not be awaited.
    pub fn stop(&self) -> BoxFuture<()> {
        self.tasks.stop();
        self.engines.values().for_each(|engine| engine.stop());
        let tasks = self.tasks.clone();
        Box::pin(async move { tasks.joined().await })
    }

    /// Waits until all engines have stopped, or one has failed. Then the node does nothing more that is of use, and whoever runs it ends
    /// its process.
    ///
    /// # Errors
    /// What stopped the one that failed.
    pub fn ended(&self) -> BoxFuture<Result<(), Error>> {
        let mut ends: Vec<_> = self.engines.values().map(|engine| engine.ended()).collect();
        Box::pin(poll_fn(move |cx| {
            let mut failed = None;
            ends.retain_mut(|end| match end.as_mut().poll(cx) {
                Poll::Ready(result) => {
                    failed = failed.take().or(result.err());
                    false
                }
                Poll::Pending => true,
            });
            match failed {
                Some(error) => Poll::Ready(Err(error)),
                None if ends.is_empty() => Poll::Ready(Ok(())),
                None => Poll::Pending,
            }
        }))
    }
}
