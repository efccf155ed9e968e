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
    /// What stands between the parts.
    #[cfg(feature = "planted")]
    pub between: Between,
}

/// Makes something that stands in for a part, from the part itself and the process's surroundings.
#[cfg(feature = "planted")]
pub type StandIn<T> = fn(Arc<T>, &Arc<dyn Host>) -> Arc<T>;

/// What a test puts between the parts of a node; nothing, unless it says so.
#[cfg(feature = "planted")]
#[derive(Clone, Copy, Debug, Default)]
pub struct Between {
    /// Hears what the engine tells the lease, and tells it what it likes.
    pub listener: Option<StandIn<dyn engine::Listener>>,
    /// Answers the coordinator in the engine's place.
    pub engine: Option<StandIn<dyn Engine>>,
    /// Applies what the engine has committed, and tells the store what it likes.
    pub machine: Option<StandIn<dyn engine::StateMachine>>,
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
    /// Opens what is on `disk` and starts.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Damaged`].
    pub fn start(
        host: Arc<dyn Host>,
        bus: Arc<dyn Bus<Message>>,
        disk: Arc<dyn Disk>,
        config: Config,
    ) -> Result<Self, Error> {
        host.observe(Event::Configured(raft_rs::timing(&config.engine, config.lease.length)));
        let metrics = Arc::new(Metrics::default());
        let transport = Arc::new(Transport::new(Arc::clone(&host), bus, Arc::clone(&metrics)));
        let store = Arc::new(Store::default());
        let lease = Arc::new(Lease::new(Arc::clone(&host), config.lease));
        let listener = Arc::clone(&lease) as Arc<dyn engine::Listener>;
        #[cfg(feature = "planted")]
        let listener = match config.between.listener {
            Some(between) => between(listener, &host),
            None => listener,
        };
        let machine = Arc::clone(&store) as Arc<dyn engine::StateMachine>;
        #[cfg(feature = "planted")]
        let machine = match config.between.machine {
            Some(between) => between(machine, &host),
            None => machine,
        };
        let engine: Arc<dyn Engine> = Arc::new(RaftEngine::start(raft_rs::Parts {
            host: Arc::clone(&host),
            disk,
            transport: Arc::clone(&transport),
            metrics: Arc::clone(&metrics),
            machine,
            listener,
            config: config.engine,
        })?);
        #[cfg(feature = "planted")]
        let engine = match config.between.engine {
            Some(between) => between(engine, &host),
            None => engine,
        };
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
            Message::Raft(_) => self.engine.deliver(packet),
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
