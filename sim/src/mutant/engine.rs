//! Between the coordinator and the engine: what a node's requests are told of consensus.

use super::machine::LAG;
use leasehold::engine::{Applied, Engine, MembershipChange, Status};
use leasehold::env::{BoxFuture, Instant, NodeId, timeout};
use leasehold::error::{Error, Outcome};
use leasehold::observe::{Host, Role, RoundCause};
use leasehold::request::{Value, Version};
use leasehold::store::{Command, Verdict};
use leasehold::transport::Packet;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

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

/// A new leader answers by the commit index that it has, as long as it has not applied an entry of its own term.
pub(super) fn answers_before_own_term(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
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
pub(super) fn joins_rounds(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
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

/// Who proposed something is told when the store that lags behind has it.
pub(super) fn writes_wait_for_store(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
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

/// So long a lease lasts at most that was granted before an election, as far as a new leader knows.
pub(super) const OLD_LEASE: Duration = Duration::from_millis(300);

/// The first ReadIndex of a process, and the first after each election, is put off until any lease that was granted before must
/// be over.
pub(super) fn serves_after_old_lease(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
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

/// A proposal that was under way when leadership ended is taken for one that was never made.
pub(super) fn interrupted_is_refused(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
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
pub(super) fn interrupted_is_done(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
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
pub(super) fn snapshot_at_proposal(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
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
pub(super) fn nothing_was_read(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
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
pub(super) fn first_snapshot(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
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

/// A ReadIndex round that is not answered soon is begun anew, for as long as it takes, whether or not its caller still waits.
pub(super) fn asks_without_end(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
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

/// A process that starts again takes itself for a leader, of a term that it does not know, until it hears of one.
pub(super) fn leads_after_restart(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    struct Leads {
        me: NodeId,
        told: AtomicBool,
    }

    impl Between for Leads {
        fn status(&self, engine: &dyn Engine) -> Status {
            let status = engine.status();
            if status.leader.is_some() || self.told.load(Ordering::Relaxed) {
                self.told.store(true, Ordering::Relaxed);
                return status;
            }
            Status { role: Role::Leader, term: 0, applied_term: 0, leader: Some(self.me), ..status }
        }
    }

    answering(engine, Leads { me: host.node(), told: AtomicBool::new(host.incarnation() == 1) })
}

/// A transfer of leadership leaves its mark on the node that begins it, which only one that succeeds wipes out: while it is
/// there no write is taken.
pub(super) fn transfer_leaves_mark(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    #[derive(Default)]
    struct Marked(Arc<AtomicBool>);

    impl Between for Marked {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            match self.0.load(Ordering::Relaxed) {
                true => Box::pin(std::future::ready(Err(Error::TransferInProgress))),
                false => engine.propose(command),
            }
        }

        fn transfer(&self, engine: &dyn Engine, to: NodeId) -> BoxFuture<Result<(), Error>> {
            let (mark, transfer) = (Arc::clone(&self.0), engine.transfer(to));
            mark.store(true, Ordering::Relaxed);
            Box::pin(async move {
                transfer.await?;
                mark.store(false, Ordering::Relaxed);
                Ok(())
            })
        }
    }

    answering(engine, Marked::default())
}

/// A proposal that is refused because leadership is being handed over is taken for one that waits for its entry: nobody answers it.
pub(super) fn refused_is_under_way(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
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

/// A transfer begins once no write is under way, for which it waits a second, and writes are taken meanwhile.
pub(super) fn transfer_waits_for_quiet(engine: Arc<dyn Engine>, host: &Arc<dyn Host>) -> Arc<dyn Engine> {
    const LOOKS: u32 = 100;
    const APART: Duration = Duration::from_millis(10);

    struct Quiet {
        host: Arc<dyn Host>,
        /// Each write that is under way holds it too.
        writes: Arc<()>,
    }

    impl Between for Quiet {
        fn propose(&self, engine: &dyn Engine, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
            let (under_way, proposal) = (Arc::clone(&self.writes), engine.propose(command));
            Box::pin(async move {
                let result = proposal.await;
                drop(under_way);
                result
            })
        }

        fn transfer(&self, engine: &dyn Engine, to: NodeId) -> BoxFuture<Result<(), Error>> {
            let (host, writes) = (Arc::clone(&self.host), Arc::downgrade(&self.writes));
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
        }
    }

    answering(engine, Quiet { host: Arc::clone(host), writes: Arc::default() })
}

/// An engine that has stopped leads on, as far as readers are told: its status is what it was.
pub(super) fn leads_on_after_stop(engine: Arc<dyn Engine>, _: &Arc<dyn Host>) -> Arc<dyn Engine> {
    #[derive(Default)]
    struct LeadsOn(Mutex<Status>);

    impl Between for LeadsOn {
        fn status(&self, engine: &dyn Engine) -> Status {
            let (now, mut last) = (engine.status(), self.0.lock());
            // One that has stopped has nothing applied any more.
            if now.applied >= last.applied {
                *last = now;
            }
            *last
        }
    }

    answering(engine, LeadsOn::default())
}
