//! How a node comes by its engine, of whatever kind.

use super::{Config, Engine, Listener, StateMachine};
use crate::env::{Disk, GroupId};
use crate::error::Error;
use crate::metrics::Metrics;
use crate::observe::{Host, Timing};
use crate::tasks::Tasks;
use crate::ticker::Ticker;
use crate::transport::Transport;
use crate::wire::{Malformed, Wire};
use std::sync::Arc;
use std::time::Duration;

/// Makes engines of one kind.
pub trait Factory: Send + Sync {
    /// How the timers are set of an engine that `config` describes, beside a lease of this length.
    fn timing(&self, config: &Config, lease: Duration) -> Timing;

    /// Opens what is on the disk and starts. Whatever runs beside the caller is one of [`Parts::tasks`].
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Damaged`].
    fn start(&self, parts: Parts) -> Result<Arc<dyn Engine>, Error>;

    /// Takes a message from bytes that the body of another gave ([`Body::encode`](crate::wire::Body::encode)), for a network that
    /// carries nothing but bytes.
    ///
    /// # Errors
    /// The bytes are not such.
    fn decode(&self, bytes: &[u8]) -> Result<Wire, Malformed>;
}

/// What an engine is made of.
pub struct Parts {
    /// Its group: what its messages bear.
    pub group: GroupId,
    /// The seams.
    pub host: Arc<dyn Host>,
    /// The node's disk.
    pub disk: Arc<dyn Disk>,
    /// The node's end of the bus.
    pub transport: Arc<Transport>,
    /// The node's metrics.
    pub metrics: Arc<Metrics>,
    /// The node's tasks.
    pub tasks: Tasks,
    /// The node's clock step.
    pub ticker: Ticker,
    /// The state machine.
    pub machine: Arc<dyn StateMachine>,
    /// Who is told about leadership.
    pub listener: Arc<dyn Listener>,
    /// Timing, founders, queues.
    pub config: Config,
}
