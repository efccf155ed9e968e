//! Who leads, and to whom it hands over.

use super::{Between, answering};
use leasehold::engine::{Engine, Status};
use leasehold::error::Error;
use leasehold::observe::{Host, Role};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A process that starts again takes itself for a leader, of a term that it does not know, until it hears of one.
pub(in crate::mutant) fn leads_after_restart(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, (host.node(), AtomicBool::new(host.incarnation() == 1)), |it| Between {
        status: |(me, told), engine| {
            let status = engine.status();
            if status.leader.is_some() || told.load(Ordering::Relaxed) {
                told.store(true, Ordering::Relaxed);
                return status;
            }
            Status { role: Role::Leader, term: 0, applied_term: 0, leader: Some(*me), ..status }
        },
        ..it
    })
}

/// Who does not lead goes on asking the first leader that it has heard of.
pub(in crate::mutant) fn knows_first_leader(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, Mutex::new(None), |it| Between {
        status: |first, engine| {
            let (status, mut first) = (engine.status(), first.lock());
            *first = first.or(status.leader);
            Status { leader: if status.leads() { status.leader } else { *first }, ..status }
        },
        ..it
    })
}

/// A transfer of leadership leaves its mark on the node that begins it, which only one that succeeds wipes out: while it is
/// there no write is taken.
pub(in crate::mutant) fn transfer_leaves_mark(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, Arc::new(AtomicBool::new(false)), |it| Between {
        propose: |mark, engine, command| match mark.load(Ordering::Relaxed) {
            true => Box::pin(std::future::ready(Err(Error::TransferInProgress))),
            false => engine.propose(command),
        },
        transfer: |mark, engine, to| {
            let (mark, transfer) = (Arc::clone(mark), engine.transfer(to));
            mark.store(true, Ordering::Relaxed);
            Box::pin(async move {
                transfer.await?;
                mark.store(false, Ordering::Relaxed);
                Ok(())
            })
        },
        ..it
    })
}

/// A transfer begins once no write is under way, for which it waits a second, and writes are taken meanwhile.
pub(in crate::mutant) fn transfer_waits_for_quiet(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    const LOOKS: u32 = 100;
    const APART: Duration = Duration::from_millis(10);

    struct Quiet {
        host: Arc<dyn Host>,
        /// Each write that is under way holds it too.
        writes: Arc<()>,
    }

    answering(engine, Quiet { host: Arc::clone(host), writes: Arc::default() }, |it| Between {
        propose: |quiet, engine, command| {
            let (under_way, proposal) = (Arc::clone(&quiet.writes), engine.propose(command));
            Box::pin(async move {
                let result = proposal.await;
                drop(under_way);
                result
            })
        },
        transfer: |quiet, engine, to| {
            let (host, writes) = (Arc::clone(&quiet.host), Arc::downgrade(&quiet.writes));
            // It begins when it is first awaited.
            let transfer = engine.transfer(to);
            Box::pin(async move {
                for _ in 0..LOOKS {
                    if writes.strong_count() == 1 {
                        return transfer.await;
                    }
                    host.sleep(APART).await;
                }
                Err(Error::TransferRefused)
            })
        },
        ..it
    })
}

/// An engine that has stopped leads on, as far as readers are told: its status is what it was.
pub(in crate::mutant) fn leads_on_after_stop(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, Mutex::new(Status::default()), |it| Between {
        status: |last, engine| {
            let (now, mut last) = (engine.status(), last.lock());
            // One that has stopped has nothing applied any more.
            if now.applied >= last.applied {
                *last = now;
            }
            *last
        },
        ..it
    })
}

/// Who asks for a change of members is told that it is done as soon as it is begun.
pub(in crate::mutant) fn change_done_early(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, Arc::clone(host), |it| Between {
        change_membership: |host, engine, change| {
            let (next, change) = (engine.status().commit + 1, engine.change_membership(change));
            host.spawn("change", Box::pin(async move { drop(change.await) }));
            Box::pin(std::future::ready(Ok(next)))
        },
        ..it
    })
}

/// Who asks for a change of members is not told that it is done.
pub(in crate::mutant) fn change_unanswered(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    answering(engine, (), |it| Between {
        change_membership: |(), engine, change| {
            let change = engine.change_membership(change);
            Box::pin(async move {
                change.await?;
                std::future::pending().await
            })
        },
        ..it
    })
}
