//! The engine on the crate `raft` (raft-rs 0.7).
//!
//! [`RaftRs`] makes them. `RaftEngine` is the handle that readers and writers hold; `event_loop` is the one task that owns the
//! `RawNode`. Between them: an `inbox` in one direction, the published state in the other. `storage` is the log that `raft` reads.

mod applier;
mod event_loop;
mod inbox;
mod pending;
mod storage;
mod timing;
pub mod wire;
mod writer;

use super::{Applied, Config, Engine, Factory, MembershipChange, Parts, Status};
use crate::env::{BoxFuture, NodeId, Reading, between, timeout};
use crate::error::{Error, Outcome};
use crate::metrics::{Counter, Metrics};
use crate::observe::{Event, Host, RoundCause, Timing};
use crate::transport::Packet;
use crate::wire::{Malformed, Wire};
use event_loop::EventLoop;
use inbox::{Ask, Callers, Inbox, Proposal, ReadIndex, Refused, Reply};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use storage::LogStore;

pub use raft::eraftpb::ConfChangeTransition;
pub use raft::{Config as RaftConfig, ReadOnlyOption};

/// Makes engines on raft-rs.
#[derive(Default)]
pub struct RaftRs {
    /// What is set of raft itself.
    pub tuning: Tuning,
}

/// What [`Config`] does not say, as it is raft's alone.
#[derive(Clone, Copy)]
pub struct Tuning {
    /// Has the last word on how raft is set up.
    pub raft: fn(raft::Config) -> raft::Config,
    /// How a joint configuration is entered and left: even where one voter changes, and by itself, under whoever leads when it is
    /// applied, or next (R6; etcd #12136, LB-50).
    pub joint: ConfChangeTransition,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { raft: |raft| raft, joint: ConfChangeTransition::Implicit }
    }
}

impl Factory for RaftRs {
    fn timing(&self, config: &Config, lease: Duration) -> Timing {
        timing::timing(config, lease)
    }

    fn start(&self, parts: Parts) -> Result<Arc<dyn Engine>, Error> {
        Ok(Arc::new(RaftEngine::start(parts, self.tuning)?))
    }

    fn decode(&self, bytes: &[u8]) -> Result<Wire, Malformed> {
        wire::decode(bytes)
    }
}

/// A running Raft node.
struct RaftEngine {
    shared: Arc<Shared>,
}

struct Shared {
    host: Arc<dyn Host>,
    metrics: Arc<Metrics>,
    inbox: Inbox,
    callers: Callers,
    published: Mutex<Published>,
    read_retry: Duration,
}

/// What readers beside the loop see.
#[derive(Default)]
struct Published {
    status: Status,
    closed: bool,
    /// Who waits for which index to be applied, in the order in which they came.
    waiting: BTreeMap<u64, (u64, Reply<()>)>,
    /// How the engine ended, and who waits for that.
    end: Option<Result<(), Error>>,
    awaiting_end: BTreeMap<u64, Reply<()>>,
    /// The number of the last who waits for either.
    last: u64,
}

impl Published {
    /// A number for one more who waits.
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// Forgets who waits for what is published when its future goes.
struct Registered<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        let mut published = self.shared.published.lock();
        published.waiting.remove(&self.number);
        published.awaiting_end.remove(&self.number);
    }
}

impl RaftEngine {
    /// Opens log and snapshot and starts the loop and its clock.
    ///
    /// # Errors
    /// The disk failed, or the log on it is damaged, or not one that `raft` accepts.
    fn start(parts: Parts, tuning: Tuning) -> Result<Self, Error> {
        let store = LogStore::open(Arc::clone(&parts.disk), &parts.config.founders)?;
        let shared = Arc::new(Shared {
            host: Arc::clone(&parts.host),
            metrics: Arc::clone(&parts.metrics),
            callers: Callers::default(),
            inbox: Inbox::new(parts.config.heartbeat_inbox, parts.config.bulk_inbox, parts.config.ask_inbox),
            published: Mutex::default(),
            read_retry: parts.config.read_retry,
        });
        let (host, tasks, tick) = (Arc::clone(&parts.host), parts.tasks.clone(), parts.config.tick);
        let (ticker, ticked) = (parts.ticker.clone(), Arc::clone(&shared));
        let event_loop = EventLoop::new(parts, tuning, store, Arc::clone(&shared))?;
        tasks.spawn(&*host, "raft", event_loop.run());
        // A loop that falls behind loses ticks, it does not catch up in a burst: a late tick lengthens a follower's promise, an early one
        // would shorten it.
        ticker.every(tick, move || {
            ticked.inbox.tick();
            !ticked.inbox.is_closed()
        });
        Ok(Self { shared })
    }
}

impl Shared {
    /// Publishes `status`, and lets those go who waited for its applied index. Is that another than before?
    fn publish(&self, status: Status) -> bool {
        let mut published = self.published.lock();
        let advanced = status.applied != published.status.applied;
        published.status = status;
        if advanced {
            for (_, (_, waiter)) in published.waiting.extract_if(.., |_, (index, _)| *index <= status.applied) {
                waiter.send(Ok(()));
            }
        }
        advanced
    }

    fn close(&self) {
        let mut published = self.published.lock();
        published.closed = true;
        published.status = Status { term: published.status.term, ..Status::default() };
        published.waiting.clear();
    }

    /// Tells who waits for it how the engine ended.
    fn end(&self, end: Result<(), Error>) {
        let mut published = self.published.lock();
        for waiter in std::mem::take(&mut published.awaiting_end).into_values() {
            waiter.send(end.clone());
        }
        published.end = Some(end);
    }

    async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Error> {
        let (reply, receiver) = self.callers.reply();
        self.inbox.ask(make(reply))?;
        receiver.await.unwrap_or(Err(Error::Closed(Outcome::Unknown)))
    }

    /// One ReadIndex after another, each under a new context, until one is answered.
    async fn read_index(&self, cause: RoundCause) -> Result<u64, Error> {
        let mut again = false;
        loop {
            let round = self.ask(|reply| Ask::ReadIndex(ReadIndex { cause, again, reply }));
            match timeout(&*self.host, self.read_retry, round).await {
                Ok(result) => return result,
                Err(_) => again = true,
            }
        }
    }
}

/// Who waits for a ReadIndex round. Its end is told also where the caller is given up.
struct Waiting<'a> {
    host: &'a dyn Host,
    cause: RoundCause,
    begun: Reading,
    confirmed: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let waited = between(self.begun, self.host.monotonic());
        self.host.observe(Event::RoundEnded { cause: self.cause, waited, confirmed: self.confirmed });
    }
}

impl Engine for RaftEngine {
    fn status(&self) -> Status {
        self.shared.published.lock().status
    }

    fn propose(&self, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
        let shared = Arc::clone(&self.shared);
        let asked = shared.host.monotonic();
        Box::pin(async move { shared.ask(|reply| Ask::Propose(Proposal { command, asked, reply })).await })
    }

    fn read_index(&self, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let mut waiting = Waiting { host: &*shared.host, cause, begun: shared.host.monotonic(), confirmed: false };
            let result = shared.read_index(cause).await;
            waiting.confirmed = result.is_ok();
            result
        })
    }

    fn wait_applied(&self, index: u64) -> BoxFuture<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let (_registered, receiver) = {
                let mut published = shared.published.lock();
                if published.status.applied >= index {
                    return Ok(());
                }
                if published.closed {
                    return Err(Error::Closed(Outcome::NotApplied));
                }
                let (reply, receiver) = shared.callers.reply();
                let number = published.next();
                published.waiting.insert(number, (index, reply));
                (Registered { shared: &shared, number }, receiver)
            };
            receiver.await.unwrap_or(Err(Error::Closed(Outcome::NotApplied)))
        })
    }

    fn transfer(&self, to: NodeId) -> BoxFuture<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.ask(|reply| Ask::Transfer { to, reply }).await })
    }

    fn change_membership(&self, change: MembershipChange) -> BoxFuture<Result<u64, Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.ask(|reply| Ask::ChangeMembership { change, reply }).await })
    }

    fn deliver(&self, packet: Packet) {
        let lane = packet.lane;
        if self.shared.inbox.deliver(packet) == Err(Refused::Full) {
            self.shared.metrics.full(lane, Counter::StepQueueFull);
            self.shared.host.observe(Event::InboxFull { lane });
        }
    }

    fn stop(&self) {
        self.shared.inbox.close();
    }

    fn ended(&self) -> BoxFuture<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let (_registered, receiver) = {
                let mut published = shared.published.lock();
                if let Some(end) = published.end.clone() {
                    return end;
                }
                let (reply, receiver) = shared.callers.reply();
                let number = published.next();
                published.awaiting_end.insert(number, reply);
                (Registered { shared: &shared, number }, receiver)
            };
            // An engine that is gone without a word went with its process.
            receiver.await.unwrap_or(Ok(()))
        })
    }

    fn waiting(&self) -> usize {
        self.shared.callers.count()
    }
}
