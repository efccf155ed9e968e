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

/// What comes of a call, later.
type Later<T> = BoxFuture<Result<T, Error>>;

/// What is answered, by what is known here: as the engine does, where nothing else is said.
struct Between<S> {
    status: fn(&S, &dyn Engine) -> Status,
    propose: fn(&S, &dyn Engine, Vec<u8>) -> Later<Applied>,
    read_index: fn(&S, &dyn Engine, RoundCause) -> Later<u64>,
    transfer: fn(&S, &dyn Engine, NodeId) -> Later<()>,
}

struct Answering<S> {
    engine: Arc<dyn Engine>,
    state: S,
    between: Between<S>,
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

/// Stands in front of the engine, with what is odd about that.
fn answering<S: Send + Sync + 'static>(
    engine: Arc<dyn Engine>,
    state: S,
    odd: impl FnOnce(Between<S>) -> Between<S>,
) -> Arc<dyn Engine> {
    let between = odd(Between {
        status: |_, engine| engine.status(),
        propose: |_, engine, command| engine.propose(command),
        read_index: |_, engine, cause| engine.read_index(cause),
        transfer: |_, engine, to| engine.transfer(to),
    });
    Arc::new(Answering { engine, state, between })
}

impl<S: Send + Sync + 'static> Engine for Answering<S> {
    fn status(&self) -> Status {
        (self.between.status)(&self.state, &*self.engine)
    }

    fn propose(&self, command: Vec<u8>) -> Later<Applied> {
        (self.between.propose)(&self.state, &*self.engine, command)
    }

    fn read_index(&self, cause: RoundCause) -> Later<u64> {
        (self.between.read_index)(&self.state, &*self.engine, cause)
    }

    fn wait_applied(&self, index: u64) -> Later<()> {
        self.engine.wait_applied(index)
    }

    fn transfer(&self, to: NodeId) -> Later<()> {
        (self.between.transfer)(&self.state, &*self.engine, to)
    }

    fn change_membership(&self, change: MembershipChange) -> Later<u64> {
        self.engine.change_membership(change)
    }

    fn deliver(&self, packet: Packet) {
        self.engine.deliver(packet);
    }

    fn stop(&self) {
        self.engine.stop();
    }

    fn ended(&self) -> Later<()> {
        self.engine.ended()
    }
}
