//! Between the coordinator and the engine: what a node's requests are told of consensus.

mod leading;
mod proposals;
mod reads;

pub(in crate::mutant) use leading::{
    knows_first_leader, leads_after_restart, leads_on_after_stop, transfer_leaves_mark, transfer_waits_for_quiet,
};
pub(in crate::mutant) use proposals::{
    first_snapshot, interrupted_is_done, interrupted_is_refused, nothing_was_read, refused_is_under_way,
    snapshot_at_proposal, writes_wait_for_store,
};
pub(super) use reads::OLD_LEASE;
pub(in crate::mutant) use reads::{
    answers_before_own_term, asks_nobody, asks_without_end, joins_rounds, serves_after_old_lease,
};

use crate::mutant::StandIn;
use leasehold::engine::{Applied, Config, Engine, Factory, Malformed, MembershipChange, Parts, Status};
use leasehold::env::{BoxFuture, NodeId};
use leasehold::error::Error;
use leasehold::observe::{RoundCause, Timing};
use leasehold::transport::Packet;
use leasehold::wire::Wire;
use std::sync::Arc;
use std::time::Duration;

/// What is odd about the answers; what is not said goes through as it is.
trait Between: Send + Sync + 'static {
    fn status(&self, engine: &dyn Engine) -> Status {
        engine.status()
    }

    fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
        engine.propose(command)
    }

    fn read_index(&self, engine: &dyn Engine, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
        engine.read_index(cause)
    }

    fn transfer(&self, engine: &dyn Engine, to: NodeId) -> BoxFuture<Result<(), Error>> {
        engine.transfer(to)
    }
}

struct Answering<B> {
    engine: Arc<dyn Engine>,
    between: B,
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

fn answering(engine: Arc<dyn Engine>, between: impl Between) -> Arc<dyn Engine> {
    Arc::new(Answering { engine, between })
}

impl<B: Between> Engine for Answering<B> {
    fn status(&self) -> Status {
        self.between.status(&*self.engine)
    }

    fn propose(&self, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
        self.between.propose(&*self.engine, command)
    }

    fn read_index(&self, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
        self.between.read_index(&*self.engine, cause)
    }

    fn wait_applied(&self, index: u64) -> BoxFuture<Result<(), Error>> {
        self.engine.wait_applied(index)
    }

    fn transfer(&self, to: NodeId) -> BoxFuture<Result<(), Error>> {
        self.between.transfer(&*self.engine, to)
    }

    fn change_membership(&self, change: MembershipChange) -> BoxFuture<Result<u64, Error>> {
        self.engine.change_membership(change)
    }

    fn deliver(&self, packet: Packet) {
        self.engine.deliver(packet);
    }

    fn stop(&self) {
        self.engine.stop();
    }

    fn ended(&self) -> BoxFuture<Result<(), Error>> {
        self.engine.ended()
    }
}
