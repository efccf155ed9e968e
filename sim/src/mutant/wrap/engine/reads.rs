//! What a ReadIndex is answered.

use super::{Between, Later, answering};
use leasehold::engine::{Engine, Status};
use leasehold::env::{Instant, timeout};
use leasehold::error::{Error, Outcome};
use leasehold::observe::Host;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Who is like this confirms its reads itself, by the commit index that it has.
fn confirmed_by(engine: Arc<dyn Engine>, itself: fn(&Status) -> bool) -> Arc<dyn Engine> {
    answering(engine, itself, |it| Between {
        read_index: |itself, engine, cause| {
            let status = engine.status();
            match itself(&status) {
                true => Box::pin(std::future::ready(Ok(status.commit))),
                false => engine.read_index(cause),
            }
        },
        ..it
    })
}

/// Who leads, as far as it knows, confirms its reads itself.
pub(in crate::mutant) fn asks_nobody(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    confirmed_by(engine, Status::leads)
}

/// A new leader answers by the commit index that it has, as long as it has not applied an entry of its own term.
pub(in crate::mutant) fn answers_before_own_term(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    confirmed_by(engine, |status| status.leads() && !status.caught_up())
}

/// Whatever a round has found, it is read at once.
pub(in crate::mutant) fn waits_for_no_apply(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, (), |it| Between { wait_applied: |(), _, _| Box::pin(std::future::ready(Ok(()))), ..it })
}

/// A read that comes while a round is under way has its answer.
pub(in crate::mutant) fn joins_rounds(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    type Waiting = Arc<Mutex<Vec<oneshot::Sender<Result<u64, Error>>>>>;

    answering(engine, (Arc::clone(host), Waiting::default()), |it| Between {
        read_index: |(host, all), engine, cause| {
            let (sender, receiver) = oneshot::channel();
            let mut waiting = all.lock();
            waiting.push(sender);
            if waiting.len() == 1 {
                let (round, waiting) = (engine.read_index(cause), Arc::clone(all));
                let all_wait = async move {
                    let result = round.await;
                    for sender in std::mem::take(&mut *waiting.lock()) {
                        let _ = sender.send(result.clone());
                    }
                };
                host.spawn("round", Box::pin(all_wait));
            }
            answer(receiver)
        },
        ..it
    })
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

    answering(engine, AfterOldLease { host: Arc::clone(host), leads: Mutex::default() }, |it| Between {
        read_index: |state, engine, cause| {
            let (term, now) = (engine.status().term, state.host.monotonic().unwrap_or_default());
            let mut leads = state.leads.lock();
            let since = leads.filter(|(led, _)| *led == term).map_or(now, |(_, since)| since);
            *leads = Some((term, since));
            let (host, round) = (Arc::clone(&state.host), engine.read_index(cause));
            Box::pin(async move {
                host.sleep(OLD_LEASE.saturating_sub(now.since(since))).await;
                round.await
            })
        },
        ..it
    })
}

/// A ReadIndex round that is not answered soon is begun anew, for as long as it takes, whether or not its caller still waits.
pub(in crate::mutant) fn asks_without_end(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    const SOON: Duration = Duration::from_millis(100);

    answering(Arc::clone(&engine), (engine, Arc::clone(host)), |it| Between {
        read_index: |(engine, host), _, cause| {
            let (engine, asking) = (Arc::clone(engine), Arc::clone(host));
            let (sender, receiver) = oneshot::channel();
            let ask = async move {
                let result = loop {
                    if let Ok(result) = timeout(&*asking, SOON, engine.read_index(cause)).await {
                        break result;
                    }
                };
                let _ = sender.send(result);
            };
            host.spawn("round", Box::pin(ask));
            answer(receiver)
        },
        ..it
    })
}

/// What is sent there, if anything is.
fn answer(receiver: oneshot::Receiver<Result<u64, Error>>) -> Later<u64> {
    Box::pin(async move { receiver.await.unwrap_or(Err(Error::Closed(Outcome::NotApplied))) })
}
