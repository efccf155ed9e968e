//! One process: engine, lease, store, coordinator and client service, started and stopped as a unit.

use crate::coordinator::{self, Coordinator};
use crate::engine::raft_rs::{self, RaftEngine};
use crate::engine::{self, Engine, MembershipChange, Status};
use crate::env::{BoxFuture, Bus, Disk, NodeId};
use crate::error::Error;
use crate::lease::{self, Lease};
use crate::metrics::Metrics;
use crate::observe::{Event, Host};
use crate::store::Store;
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

/// Starts the engine of a node.
pub type StartEngine = Box<dyn FnOnce(raft_rs::Parts) -> Result<Arc<dyn Engine>, Error>>;

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
    /// Starts consensus.
    pub engine: StartEngine,
}

impl Parts {
    /// The parts of a node of this stack: a lease that hears its engine, a store that applies what that commits, raft-rs.
    pub fn new(host: Arc<dyn Host>, bus: Arc<dyn Bus<Message>>, disk: Arc<dyn Disk>, config: Config) -> Self {
        let lease = Arc::new(Lease::new(Arc::clone(&host), config.lease));
        let store = Arc::new(Store::default());
        Self {
            listener: Arc::clone(&lease) as _,
            machine: Arc::clone(&store) as _,
            engine: Box::new(|parts| Ok(Arc::new(RaftEngine::start(parts)?))),
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
}

impl Node {
    /// Opens what is on the disk and starts.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Damaged`].
    pub fn start(parts: Parts) -> Result<Self, Error> {
        let Parts { host, bus, disk, config, lease, listener, store, machine, engine } = parts;
        host.observe(Event::Configured(raft_rs::timing(&config.engine, config.lease.length)));
        let metrics = Arc::new(Metrics::default());
        let transport = Arc::new(Transport::new(Arc::clone(&host), bus, Arc::clone(&metrics)));
        let engine = engine(raft_rs::Parts {
            host: Arc::clone(&host),
            disk,
            transport: Arc::clone(&transport),
            metrics: Arc::clone(&metrics),
            machine,
            listener,
            config: config.engine,
            tuning: raft_rs::Tuning::default(),
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
        Ok(Self { host, engine, coordinator, transport, metrics })
    }

    /// Takes a message from the bus.
    pub fn deliver(&self, packet: Packet) {
        match packet.body {
            Message::Wire(_) => self.engine.deliver(packet),
            Message::Reply { call, result } => self.transport.answered(call, result),
            Message::Request { call, budget, forwarded, request } => {
                let coordinator = Arc::clone(&self.coordinator);
                let transport = Arc::clone(&self.transport);
                let serve = async move {
                    let result = coordinator.serve(&request, forwarded, budget).await;
                    transport.reply(packet.from, call, result);
                };
                self.host.spawn("request", Box::pin(serve));
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

    /// Stops the node in good order.
    pub fn stop(&self) {
        self.engine.stop();
    }
}
