//! What becomes of a proposal.

use super::super::machine::LAG;
use super::{Between, answering};
use leasehold::engine::{Applied, Engine};
use leasehold::error::{Error, Outcome};
use leasehold::observe::Host;
use leasehold::request::{Key, Value, Version};
use leasehold::store::{Command, Verdict};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Who proposed something is told when the store that lags behind has it.
pub(in crate::mutant) fn writes_wait_for_store(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, Arc::clone(host), |it| Between {
        propose: |host, engine, command| {
            let (host, proposal) = (Arc::clone(host), engine.propose(command));
            Box::pin(async move {
                let applied = proposal.await?;
                host.sleep(LAG * 2).await;
                Ok(applied)
            })
        },
        ..it
    })
}

/// What came of a proposal.
type Settled = Result<Applied, Error>;

/// Who proposed something is told what `told` makes of what came of it, and of the index that was next; `None`: nothing ever.
fn settled(engine: Arc<dyn Engine>, told: fn(Settled, u64) -> Option<Settled>) -> Arc<dyn Engine> {
    answering(engine, told, |it| Between {
        propose: |told, engine, command| {
            let (told, next, proposal) = (*told, engine.status().commit + 1, engine.propose(command));
            Box::pin(async move {
                match told(proposal.await, next) {
                    Some(settled) => settled,
                    None => std::future::pending().await,
                }
            })
        },
        ..it
    })
}

/// A proposal that was under way when leadership ended is taken for one that was never made.
pub(in crate::mutant) fn interrupted_is_refused(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    settled(engine, |settled, _| match settled {
        Err(Error::LeadershipLost(Outcome::Unknown)) => Some(Err(Error::LeadershipLost(Outcome::NotApplied))),
        settled => Some(settled),
    })
}

/// A proposal that was under way when leadership ended is taken for one that was committed, at the next index.
pub(in crate::mutant) fn interrupted_is_done(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    settled(engine, |settled, next| match settled {
        Err(Error::LeadershipLost(_)) => Some(Ok(Applied { index: next, response: Verdict::Written.encode() })),
        settled => Some(settled),
    })
}

/// A proposal that was under way when leadership ended is taken for one that the end of the engine has cut short.
pub(in crate::mutant) fn interrupted_is_closed(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    settled(engine, |settled, _| match settled {
        Err(Error::LeadershipLost(outcome)) => Some(Err(Error::Closed(outcome))),
        settled => Some(settled),
    })
}

/// A transaction that was refused for a conflict is taken for one that lost its leader.
pub(in crate::mutant) fn conflict_is_lost_leadership(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    settled(engine, |settled, _| match settled {
        Ok(Applied { response, .. }) if matches!(Verdict::decode(&response), Some(Verdict::Conflict { .. })) => {
            Some(Err(Error::LeadershipLost(Outcome::Unknown)))
        }
        settled => Some(settled),
    })
}

/// Who proposed something hears half a second late that leadership has ended.
pub(in crate::mutant) fn interrupted_hears_late(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, Arc::clone(host), |it| Between {
        propose: |host, engine, command| {
            let (host, proposal) = (Arc::clone(host), engine.propose(command));
            Box::pin(async move {
                let settled = proposal.await;
                if let Err(Error::LeadershipLost(_)) = settled {
                    host.sleep(Duration::from_millis(500)).await;
                }
                settled
            })
        },
        ..it
    })
}

/// A proposal that is refused because leadership is being handed over is taken for one that waits for its entry: nobody answers it.
pub(in crate::mutant) fn refused_is_under_way(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    settled(engine, |settled, _| match settled {
        Err(Error::TransferInProgress) => None,
        settled => Some(settled),
    })
}

/// Says something else of a transaction than it is: of its snapshot and its reads, by the engine and the value that it writes.
type Says<S> = fn(&S, &dyn Engine, &mut Version, &mut Vec<Key>, &Value);

/// A transaction is proposed as `says` has it.
fn transactions<S: Send + Sync + 'static>(engine: Arc<dyn Engine>, state: S, says: Says<S>) -> Arc<dyn Engine> {
    answering(engine, (state, says), |it| Between {
        propose: |(state, says), engine, command| {
            engine.propose(match Command::decode(&command) {
                Some(Command::Transaction { mut snapshot, mut reads, key, value }) => {
                    says(state, engine, &mut snapshot, &mut reads, &value);
                    Command::Transaction { snapshot, reads, key, value }.encode()
                }
                Some(
                    Command::Put { .. }
                    | Command::Cas { .. }
                    | Command::Delete { .. }
                    | Command::Release { .. }
                    | Command::Adopt { .. },
                )
                | None => command,
            })
        },
        ..it
    })
}

/// A transaction names what is committed when it is proposed for what it has read from.
pub(in crate::mutant) fn snapshot_at_proposal(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    transactions(engine, (), |(), engine, snapshot, _, _| *snapshot = engine.status().commit)
}

/// A transaction does not say what it has read.
pub(in crate::mutant) fn nothing_was_read(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    transactions(engine, (), |(), _, _, reads, _| reads.clear())
}

/// Every attempt at a transaction names the snapshot that the first one had: no two transactions write the same value.
pub(in crate::mutant) fn first_snapshot(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    transactions(engine, Mutex::new(BTreeMap::new()), |first, _, snapshot, _, value| {
        *snapshot = *first.lock().entry(value.clone()).or_insert(*snapshot);
    })
}
