//! What becomes of a proposal.

use super::super::machine::LAG;
use super::{Between, answering};
use leasehold::engine::{Applied, Engine};
use leasehold::env::BoxFuture;
use leasehold::error::{Error, Outcome};
use leasehold::observe::Host;
use leasehold::request::{Value, Version};
use leasehold::store::{Command, Verdict};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who proposed something is told when the store that lags behind has it.
pub(in crate::mutant) fn writes_wait_for_store(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct WaitForStore(Arc<dyn Host>);

    impl Between for WaitForStore {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            let (host, proposal) = (Arc::clone(&self.0), engine.propose(command));
            Box::pin(async move {
                let applied = proposal.await?;
                host.sleep(LAG * 2).await;
                Ok(applied)
            })
        }
    }

    answering(engine, WaitForStore(Arc::clone(host)))
}

/// A proposal that was under way when leadership ended is taken for one that was never made.
pub(in crate::mutant) fn interrupted_is_refused(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct Refused;

    impl Between for Refused {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            let proposal = engine.propose(command);
            Box::pin(async move {
                proposal.await.map_err(|error| match error {
                    Error::LeadershipLost(Outcome::Unknown) => Error::LeadershipLost(Outcome::NotApplied),
                    other => other,
                })
            })
        }
    }

    answering(engine, Refused)
}

/// A proposal that was under way when leadership ended is taken for one that was committed, at the next index.
pub(in crate::mutant) fn interrupted_is_done(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct Done;

    impl Between for Done {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            let (next, proposal) = (engine.status().commit + 1, engine.propose(command));
            Box::pin(async move {
                match proposal.await {
                    Err(Error::LeadershipLost(_)) => Ok(Applied { index: next, response: Verdict::Written.encode() }),
                    settled => settled,
                }
            })
        }
    }

    answering(engine, Done)
}

/// A transaction names what is committed when it is proposed for what it has read from.
pub(in crate::mutant) fn snapshot_at_proposal(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct AtProposal;

    impl Between for AtProposal {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            let newest = engine.status().commit;
            engine.propose(match Command::decode(&command) {
                Some(Command::Transaction { reads, key, value, .. }) => {
                    Command::Transaction { snapshot: newest, reads, key, value }.encode()
                }
                Some(Command::Put { .. } | Command::Cas { .. }) | None => command,
            })
        }
    }

    answering(engine, AtProposal)
}

/// A transaction does not say what it has read.
pub(in crate::mutant) fn nothing_was_read(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct NothingRead;

    impl Between for NothingRead {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            engine.propose(match Command::decode(&command) {
                Some(Command::Transaction { snapshot, key, value, .. }) => {
                    Command::Transaction { snapshot, reads: Vec::new(), key, value }.encode()
                }
                Some(Command::Put { .. } | Command::Cas { .. }) | None => command,
            })
        }
    }

    answering(engine, NothingRead)
}

/// Every attempt at a transaction names the snapshot that the first one had.
pub(in crate::mutant) fn first_snapshot(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    /// By the value that is written: no two transactions write the same.
    #[derive(Default)]
    struct First(Mutex<BTreeMap<Value, Version>>);

    impl Between for First {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            engine.propose(match Command::decode(&command) {
                Some(Command::Transaction { snapshot, reads, key, value }) => {
                    let snapshot = *self.0.lock().entry(value.clone()).or_insert(snapshot);
                    Command::Transaction { snapshot, reads, key, value }.encode()
                }
                Some(Command::Put { .. } | Command::Cas { .. }) | None => command,
            })
        }
    }

    answering(engine, First::default())
}

/// A proposal that is refused because leadership is being handed over is taken for one that waits for its entry: nobody answers it.
pub(in crate::mutant) fn refused_is_under_way(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct UnderWay;

    impl Between for UnderWay {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            let proposal = engine.propose(command);
            Box::pin(async move {
                match proposal.await {
                    Err(Error::TransferInProgress) => std::future::pending().await,
                    settled => settled,
                }
            })
        }
    }

    answering(engine, UnderWay)
}
