//! Between the coordinator and the engine: what a node's requests are told of consensus.

use leasehold::engine::{Applied, Engine, MembershipChange, Status};
use leasehold::env::{BoxFuture, NodeId};
use leasehold::error::Error;
use leasehold::observe::{Host, RoundCause};
use leasehold::transport::Packet;
use std::sync::Arc;

/// What is odd about the answers; what is not said goes through as it is.
trait Between: Send + Sync + 'static {
    fn read_index(&self, engine: &dyn Engine, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
        engine.read_index(cause)
    }
}

struct Answering<B> {
    engine: Arc<dyn Engine>,
    between: B,
}

fn answering(engine: Arc<dyn Engine>, between: impl Between) -> Arc<dyn Engine> {
    Arc::new(Answering { engine, between })
}

impl<B: Between> Engine for Answering<B> {
    fn status(&self) -> Status {
        self.engine.status()
    }

    fn propose(&self, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
        self.engine.propose(command)
    }

    fn read_index(&self, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
        self.between.read_index(&*self.engine, cause)
    }

    fn wait_applied(&self, index: u64) -> BoxFuture<Result<(), Error>> {
        self.engine.wait_applied(index)
    }

    fn transfer(&self, to: NodeId) -> BoxFuture<Result<(), Error>> {
        self.engine.transfer(to)
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
}

/// Who leads, as far as it knows, confirms its reads itself.
pub(super) fn asks_nobody(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct AsksNobody;

    impl Between for AsksNobody {
        fn read_index(&self, engine: &dyn Engine, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
            let status = engine.status();
            match status.leads() {
                true => Box::pin(std::future::ready(Ok(status.commit))),
                false => engine.read_index(cause),
            }
        }
    }

    answering(engine, AsksNobody)
}
