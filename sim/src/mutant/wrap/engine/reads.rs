//! What a ReadIndex is answered.

use super::{Between, answering};
use leasehold::engine::Engine;
use leasehold::env::{BoxFuture, Instant, timeout};
use leasehold::error::{Error, Outcome};
use leasehold::observe::{Host, RoundCause};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Who leads, as far as it knows, confirms its reads itself.
pub(in crate::mutant) fn asks_nobody(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
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

/// A new leader answers by the commit index that it has, as long as it has not applied an entry of its own term.
pub(in crate::mutant) fn answers_before_own_term(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct BeforeOwnTerm;

    impl Between for BeforeOwnTerm {
        fn read_index(&self, engine: &dyn Engine, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
            let status = engine.status();
            match status.leads() && !status.caught_up() {
                true => Box::pin(std::future::ready(Ok(status.commit))),
                false => engine.read_index(cause),
            }
        }
    }

    answering(engine, BeforeOwnTerm)
}

/// A read that comes while a round is under way has its answer.
pub(in crate::mutant) fn joins_rounds(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    type Waiting = Arc<Mutex<Vec<oneshot::Sender<Result<u64, Error>>>>>;

    struct Joins {
        host: Arc<dyn Host>,
        waiting: Waiting,
    }

    impl Between for Joins {
        fn read_index(&self, engine: &dyn Engine, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
            let (sender, receiver) = oneshot::channel();
            let mut waiting = self.waiting.lock();
            waiting.push(sender);
            if waiting.len() == 1 {
                let (round, waiting) = (engine.read_index(cause), Arc::clone(&self.waiting));
                let all_wait = async move {
                    let result = round.await;
                    for sender in std::mem::take(&mut *waiting.lock()) {
                        let _ = sender.send(result.clone());
                    }
                };
                self.host.spawn("round", Box::pin(all_wait));
            }
            Box::pin(async move { receiver.await.unwrap_or(Err(Error::Closed(Outcome::NotApplied))) })
        }
    }

    answering(engine, Joins { host: Arc::clone(host), waiting: Waiting::default() })
}

/// So long a lease lasts at most that was granted before an election, as far as a new leader knows.
pub(in crate::mutant) const OLD_LEASE: Duration = Duration::from_millis(300);

/// The first ReadIndex of a process, and the first after each election, is put off until any lease that was granted before must
/// be over.
pub(in crate::mutant) fn serves_after_old_lease(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct AfterOldLease {
        host: Arc<dyn Host>,
        /// The term that it leads, and when it noticed.
        leads: Mutex<Option<(u64, Instant)>>,
    }

    impl Between for AfterOldLease {
        fn read_index(&self, engine: &dyn Engine, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
            let (term, now) = (engine.status().term, self.host.monotonic().unwrap_or_default());
            let mut leads = self.leads.lock();
            let since = leads.filter(|(led, _)| *led == term).map_or(now, |(_, since)| since);
            *leads = Some((term, since));
            let (host, round) = (Arc::clone(&self.host), engine.read_index(cause));
            Box::pin(async move {
                host.sleep(OLD_LEASE.saturating_sub(now.since(since))).await;
                round.await
            })
        }
    }

    answering(engine, AfterOldLease { host: Arc::clone(host), leads: Mutex::default() })
}

/// A ReadIndex round that is not answered soon is begun anew, for as long as it takes, whether or not its caller still waits.
pub(in crate::mutant) fn asks_without_end(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    const SOON: Duration = Duration::from_millis(100);

    struct WithoutEnd {
        engine: Arc<dyn Engine>,
        host: Arc<dyn Host>,
    }

    impl Between for WithoutEnd {
        fn read_index(&self, _: &dyn Engine, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
            let (engine, host) = (Arc::clone(&self.engine), Arc::clone(&self.host));
            let (sender, receiver) = oneshot::channel();
            let ask = async move {
                let result = loop {
                    if let Ok(result) = timeout(&*host, SOON, engine.read_index(cause)).await {
                        break result;
                    }
                };
                let _ = sender.send(result);
            };
            self.host.spawn("round", Box::pin(ask));
            Box::pin(async move { receiver.await.unwrap_or(Err(Error::Closed(Outcome::NotApplied))) })
        }
    }

    answering(Arc::clone(&engine), WithoutEnd { engine, host: Arc::clone(host) })
}
