//! One process: engine, lease, store, coordinator and client service, started and stopped as a unit.

use crate::coordinator::{self, Coordinator};
use crate::engine::{self, Engine, MembershipChange, Status};
use crate::env::{BoxFuture, Bus, Disk, NodeId};
use crate::error::{Error, Outcome};
use crate::lease::{self, Lease};
use crate::metrics::Metrics;
use crate::observe::{Event, Host};
use crate::store::Store;
use crate::tasks::Tasks;
use crate::transport::{Message, Packet, Transport};
use std::sync::Arc;

/// How a node is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Consensus.
    pub engine: engine::Config,
    /// The lease.
    pub lease: lease::Policy,
    /// Where ReadIndex rounds are spent.
    pub coordinator: coordinator::Policy,
}

/// What a node is put together from. [`Parts::new`] chooses the parts; whoever puts a node together may put another in the place of
/// one, or around it.
pub struct Parts {
    /// The seams.
    pub host: Arc<dyn Host>,
    /// The node's end of the bus.
    pub bus: Arc<dyn Bus<Message>>,
    /// The node's disk.
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
    /// Makes its engine.
    pub engines: Arc<dyn engine::Factory>,
}

impl Parts {
    /// The parts of a node of this stack, on engines of this kind: a lease that hears its engine, a store that applies what that
    /// commits.
    pub fn new(
        engines: Arc<dyn engine::Factory>,
        host: Arc<dyn Host>,
        bus: Arc<dyn Bus<Message>>,
        disk: Arc<dyn Disk>,
        config: Config,
    ) -> Self {
        let lease = Arc::new(Lease::new(Arc::clone(&host), config.lease));
        let store = Arc::new(Store::default());
        Self {
            listener: Arc::clone(&lease) as _,
            machine: Arc::clone(&store) as _,
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
    engine: Arc<dyn Engine>,
    coordinator: Arc<Coordinator>,
    transport: Arc<Transport>,
    metrics: Arc<Metrics>,
    tasks: Tasks,
}

impl Node {
    /// Opens what is on the disk and starts.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Damaged`].
    pub fn start(parts: Parts) -> Result<Self, Error> {
        let Parts { host, bus, disk, config, lease, listener, store, machine, engines } = parts;
        host.observe(Event::Configured(engines.timing(&config.engine, config.lease.length)));
        let metrics = Arc::new(Metrics::default());
        let transport = Arc::new(Transport::new(Arc::clone(&host), bus, Arc::clone(&metrics)));
        let tasks = Tasks::default();
        let engine = engines.start(engine::Parts {
            host: Arc::clone(&host),
            disk,
            transport: Arc::clone(&transport),
            metrics: Arc::clone(&metrics),
            tasks: tasks.clone(),
            machine,
            listener,
            config: config.engine,
        })?;
        let coordinator = Arc::new(Coordinator::new(coordinator::Parts {
            host: Arc::clone(&host),
            engine: Arc::clone(&engine),
            lease,
            store,
            transport: Arc::clone(&transport),
            metrics: Arc::clone(&metrics),
            policy: config.coordinator,
        }));
        Ok(Self { host, engine, coordinator, transport, metrics, tasks })
    }

    /// Takes a message from the bus.
    pub fn deliver(&self, packet: Packet) {
        match packet.body {
            Message::Wire(_) => self.engine.deliver(packet),
            Message::Reply { call, result } => self.transport.answered(call, result),
            Message::Request { call, .. } if self.tasks.are_stopped() => {
                self.transport.reply(packet.from, call, Err(Error::Closed(Outcome::NotApplied)));
            }
            Message::Request { call, budget, hop, request } => {
                let (coordinator, transport) = (Arc::clone(&self.coordinator), Arc::clone(&self.transport));
                let tasks = self.tasks.clone();
                let serve = async move {
                    let served = tasks.until_stopped(coordinator.serve(&request, hop, budget)).await;
                    let result = served.unwrap_or(Err(Error::Closed(Outcome::Unknown)));
                    transport.reply(packet.from, call, result);
                };
                self.tasks.spawn(&*self.host, "request", serve);
            }
        }
    }

    /// Consensus, without what stands in front of it.
    pub fn engine(&self) -> Arc<dyn Engine> {
        Arc::clone(&self.engine)
    }

    /// What the engine has published.
    pub fn status(&self) -> Status {
        self.engine.status()
    }

    /// This node's metrics.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Hands leadership to `to`; see [`Engine::transfer`].
    pub fn transfer(&self, to: NodeId) -> BoxFuture<Result<(), Error>> {
        self.engine.transfer(to)
    }

    /// Changes the membership of the group; see [`Engine::change_membership`].
    pub fn change_membership(&self, change: MembershipChange) -> BoxFuture<Result<u64, Error>> {
        self.engine.change_membership(change)
    }

    /// Stops the node in good order: what was asked of it is answered with [`Error::Closed`]. The future is ready when nothing runs
    /// any more that the node has started; it need not be awaited.
    pub fn stop(&self) -> BoxFuture<()> {
        self.tasks.stop();
        self.engine.stop();
        let tasks = self.tasks.clone();
        Box::pin(async move { tasks.joined().await })
    }

    /// Waits until the node's engine has stopped. One that has failed does nothing more, and whoever runs the node ends its process.
    ///
    /// # Errors
    /// What stopped it, if nobody asked it to.
    pub fn ended(&self) -> BoxFuture<Result<(), Error>> {
        self.engine.ended()
    }
}
