//! Between the coordinator and the engine: what a node's requests are told of consensus.

pub(in crate::mutant) mod heard;
pub(in crate::mutant) mod leading;
pub(in crate::mutant) mod proposals;
pub(in crate::mutant) mod reads;

use crate::mutant::StandIn;
use leasehold::engine::{Applied, Config, Engine, Factory, Malformed, MembershipChange, Parts, Status};
use leasehold::env::{BoxFuture, NodeId};
use leasehold::error::Error;
use leasehold::observe::{RoundCause, Timing};
use leasehold::transport::Packet;
use leasehold::wire::Wire;
use std::sync::Arc;
use std::time::Duration;

/// What comes of a call, later.
type Later<T> = BoxFuture<Result<T, Error>>;

wrapper! {
    Between, answering, dyn Engine;
    impl Engine {
        odd status() -> Status;
        odd propose(command: Vec<u8>) -> Later<Applied>;
        odd read_index(cause: RoundCause) -> Later<u64>;
        odd transfer(to: NodeId) -> Later<()>;
        odd change_membership(change: MembershipChange) -> Later<u64>;
        odd wait_applied(index: u64) -> Later<()>;
        odd deliver(packet: Box<Packet>);
        plain waiting() -> usize;
        plain stop();
        plain ended() -> Later<()>;
    }
}

/// Makes engines that something stands in front of.
pub(in crate::mutant) struct Fronted {
    pub(in crate::mutant) engines: Arc<dyn Factory>,
    pub(in crate::mutant) front: StandIn<dyn Engine>,
}

impl Factory for Fronted {
    fn timing(&self, config: &Config, lease: Duration) -> Timing {
        self.engines.timing(config, lease)
    }

    fn start(&self, parts: Parts) -> Result<Arc<dyn Engine>, Error> {
        let host = Arc::clone(&parts.host);
        Ok((self.front)(self.engines.start(parts)?, &host))
    }

    fn decode(&self, bytes: &[u8]) -> Result<Wire, Malformed> {
        self.engines.decode(bytes)
    }
}
