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

use super::board::Board;
use super::callers::Reply;
use super::round::Round;
use super::{Applied, Config, Engine, Factory, MembershipChange, Parts, Status};
use crate::env::{BoxFuture, NodeId, timeout};
use crate::error::{Error, Outcome};
use crate::metrics::{Counter, Metrics};
use crate::observe::{Event, Host, RoundCause, Timing};
use crate::transport::Packet;
use crate::wire::{Malformed, Wire};
use event_loop::EventLoop;
use inbox::{Ask, Inbox, Proposal, ReadIndex, Refused};
use std::pin::pin;
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
    board: Board,
    read_retry: Duration,
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
            board: Board::default(),
            inbox: Inbox::new(parts.config.heartbeat_inbox, parts.config.bulk_inbox, parts.config.ask_inbox),
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
    async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Error> {
        let (reply, receiver) = self.board.callers.reply();
        self.inbox.ask(make(reply))?;
        receiver.await.unwrap_or(Err(Error::Closed(Outcome::Unknown)))
    }

    /// One ReadIndex after another, each under a new context, until one is answered.
    async fn read_index(&self, cause: RoundCause) -> Result<u64, Error> {
        let mut again = false;
        loop {
            let round = self.ask(move |reply| Ask::ReadIndex(ReadIndex { cause, again, reply }));
            match timeout(&*self.host, self.read_retry, pin!(round)).await {
                Ok(result) => return result,
                Err(_) => again = true,
            }
        }
    }
}

impl Engine for RaftEngine {
    fn status(&self) -> Status {
        self.shared.board.status()
    }

    fn propose(&self, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
        let shared = Arc::clone(&self.shared);
        let asked = shared.host.monotonic();
        Box::pin(async move { shared.ask(|reply| Ask::Propose(Proposal { command, asked, reply })).await })
    }

    fn read_index(&self, cause: RoundCause) -> BoxFuture<Result<u64, Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let round = Round::begin(&*shared.host, cause);
            round.ends(shared.read_index(cause).await)
        })
    }

    fn wait_applied(&self, index: u64) -> BoxFuture<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.board.applied(index).await })
    }

    fn transfer(&self, to: NodeId) -> BoxFuture<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.ask(|reply| Ask::Transfer { to, reply }).await })
    }

    fn change_membership(&self, change: MembershipChange) -> BoxFuture<Result<u64, Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.ask(|reply| Ask::ChangeMembership { change, reply }).await })
    }

    fn deliver(&self, packet: Box<Packet>) {
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
        Box::pin(async move { shared.board.ended().await })
    }

    fn waiting(&self) -> usize {
        self.shared.board.callers.count()
    }
}
