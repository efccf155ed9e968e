//! The engine on the crate `openraft` (0.10).
//!
//! [`Openraft`] makes them. `runtime` is what openraft runs on; `storage` what it keeps, on the process's disk; `network` and `wire` how its
//! nodes ask each other; `mail` what waits for it. `leadership` is what readers and writers hold on to, and tells whoever is to know;
//! `process` the task that brings openraft up and down. Every error of openraft's becomes one of ours in `errors`.
//!
//! # What openraft does not do
//!
//! - A leader that hands over never takes that back: a transfer that fails ends its leadership all the same, and `Listener::resumed` is
//!   never called ([openraft #2088](https://github.com/databendlabs/openraft/issues/2088)).
//! - What a quorum of the others has made durable is committed, though the leader's own disk stands still.
//! - Members are in force as soon as they are in the log. What counts acknowledgements here goes by those that are applied: whoever votes by
//!   the next ones needs a majority of these too, as changes are joint. A leader that has yet to apply more than that renews no lease.
//! - It leaves a joint configuration only for who entered it, and waits. Where nobody does, this engine's leader leaves it; whom a leader before
//!   it was to remove stays as a learner.
//! - Heartbeats of several groups do not leave together: [`Config::heartbeats_together`] is not heeded.

mod calls;
#[cfg(test)]
mod deaf;
mod errors;
mod leadership;
mod mail;
mod network;
mod process;
mod pulse;
mod runtime;
#[cfg(test)]
mod slips;
mod state;
mod storage;
mod timing;
mod told;
mod types;
mod wants;
mod wire;

use super::callers::Waits;
use super::round::Round;
use super::{Applied, Config, Engine, Factory, MembershipChange, Parts, Status};
use crate::env::{BoxFuture, NodeId};
use crate::error::{Error, Outcome};
use crate::metrics::Counter;
use crate::observe::{Event, RoundCause, Timing};
use crate::transport::Packet;
use crate::wire::{Malformed, Wire};
use errors::{UNHEARD, of_round, of_write};
use leadership::{Given, Shared};
use openraft::{ChangeMembers, ReadPolicy};
use openraft_rt::WatchReceiver;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use storage::{Logs, Machine, Told};
use types::{Command, Types};

#[cfg(test)]
pub(crate) use deaf::Callback;
#[cfg(test)]
pub(crate) use slips::{Arm, leave};

/// Makes engines on openraft.
#[derive(Default)]
pub struct Openraft {
    /// What is set of openraft itself.
    pub tuning: Tuning,
    /// What its engines do not hear of their own storage.
    #[cfg(test)]
    pub(crate) deaf_to: Option<deaf::Callback>,
}

impl Openraft {
    /// Who is told of what is kept.
    fn told(&self, shared: &Arc<Shared>) -> Arc<dyn Told> {
        let told: Arc<dyn Told> = Arc::clone(shared) as _;
        #[cfg(test)]
        let told = deaf::to(self.deaf_to, told);
        told
    }
}

/// What [`Config`] does not say, as it is openraft's alone.
#[derive(Clone, Copy, Default)]
pub struct Tuning {
    /// By whose account a lease is renewed where acknowledgements renew it.
    pub account: Account,
    /// A leader sends a follower the next entries before those before them are answered. openraft then takes the answer to one request for one
    /// to a later one, which ends at the same entry, and is mistaken about when a quorum has heard it: its lease lasts too long, and a round of
    /// ReadIndex is confirmed by what left before it began. Not for service.
    pub pipelines: bool,
    /// What confirms a read index.
    pub reads: Reads,
}

/// What confirms that a leader that is asked for a read index leads still.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reads {
    /// A round of heartbeats.
    #[default]
    Rounds,
    /// openraft's own lease (`ReadPolicy::LeaseRead`); where that has run out, a round.
    OwnLease,
}

/// Who keeps account of what a quorum has acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Account {
    /// This engine, by the stamps of what it sends.
    #[default]
    Stamps,
    /// openraft, for the lease of its own: its metrics tell when what a quorum has acknowledged was about to leave.
    Own,
}

impl Factory for Openraft {
    fn timing(&self, config: &Config, lease: Duration) -> Timing {
        timing::timing(config, lease)
    }

    fn start(&self, parts: Parts) -> Result<Arc<dyn Engine>, Error> {
        Ok(Arc::new(OpenraftEngine::start(parts, self)?))
    }

    fn decode(&self, bytes: &[u8]) -> Result<Wire, Malformed> {
        wire::decode(bytes)
    }
}

/// A running openraft node.
struct OpenraftEngine {
    shared: Arc<Shared>,
    logs: Logs,
}

impl OpenraftEngine {
    /// Opens log and snapshot and starts openraft and its clock.
    ///
    /// # Errors
    /// The disk failed, or what is on it is damaged.
    fn start(parts: Parts, made_by: &Openraft) -> Result<Self, Error> {
        let Parts { group, host, disk, transport, metrics, tasks, ticker, machine, listener, config } = parts;
        let tuning = made_by.tuning;
        let given =
            Given { group, host: Arc::clone(&host), transport, metrics, listener, config: config.clone(), tuning };
        let shared = Arc::new(Shared::new(given));
        let told = made_by.told(&shared);
        let logs = Logs::open(Arc::clone(&host), Arc::clone(&disk), Arc::clone(&told), &config)?;
        logs.found(&config.founders)?;
        let machine = Machine::open(Arc::clone(&host), disk, machine, logs.clone(), told, config.compact_after)?;
        let panicked = Arc::downgrade(&shared);
        shared.scope.when_panicked(move || {
            if let Some(shared) = panicked.upgrade() {
                shared.ends(Err(Error::Panicked));
            }
        });
        tasks.spawn(&*host, "raft", process::run(Arc::clone(&shared), logs.clone(), machine));
        let (ticked, written, mut under_way) = (Arc::clone(&shared), logs.clone(), (None, 0));
        ticker.every(config.tick, move || {
            let writing = written.writing();
            under_way =
                if writing.is_some() && writing == under_way.0 { (writing, under_way.1 + 1) } else { (writing, 0) };
            ticked.ticked(under_way.1);
            !ticked.is_over()
        });
        Ok(Self { shared, logs })
    }
}

/// Waits for `call`, which this node serves as a leader, but no longer than it leads. openraft says that it has stopped before this engine has,
/// and of what it has dropped though it runs: whoever waits hears of the one when this engine has ended, and of the other with its leadership.
async fn while_leading<T>(
    call: impl Future<Output = Result<T, Error>>,
    mut interrupted: Waits<()>,
) -> Result<T, Error> {
    let mut call = pin!(async {
        match call.await {
            Err(Error::Closed(_)) => pending().await,
            answer => answer,
        }
    });
    poll_fn(|cx| {
        if let Poll::Ready(answer) = call.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        let interrupted = std::pin::Pin::new(&mut interrupted).poll(cx);
        interrupted.map(|why| match why {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => Err(Error::Closed(Outcome::Unknown)),
        })
    })
    .await
}

impl Shared {
    fn raft(&self) -> Result<openraft::Raft<Types, Machine>, Error> {
        self.raft.get().cloned().ok_or(Error::NotLeader { leader: None })
    }

    async fn propose(&self, command: Vec<u8>) -> Result<Applied, Error> {
        let (_waiting, interrupted) = self.begin()?;
        let raft = self.raft()?;
        self.host.work(crate::env::Work::Propose).await;
        self.has_room()?;
        let written = self.once_heard(|| {
            let (raft, command) = (raft.clone(), Command(command.clone()));
            async move { raft.client_write(command).await.map_err(of_write) }
        });
        let call = async {
            let applied = written.await?.data;
            Ok(Applied { index: applied.index, response: applied.response })
        };
        while_leading(call, interrupted).await
    }

    /// Asks openraft to write something. A leader that no quorum has heard yet, or not for a while, takes nothing: whoever asks waits until it
    /// is heard, or leads no more.
    async fn once_heard<T, F: Future<Output = Result<T, Error>>>(&self, write: impl Fn() -> F) -> Result<T, Error> {
        loop {
            match self.scope.enter(write()).await {
                Err(UNHEARD) => self.host.sleep(self.config.tick).await,
                written => return written,
            }
        }
    }

    /// One round after another until one is answered.
    async fn read_index(&self, cause: RoundCause) -> Result<u64, Error> {
        let mut again = false;
        loop {
            let (_waiting, interrupted) = self.begin()?;
            let raft = self.raft()?;
            self.host.observe(Event::RoundStarted { cause, again });
            let confirmed_by = match self.tuning.reads {
                Reads::OwnLease if !again => ReadPolicy::LeaseRead.into(),
                Reads::OwnLease | Reads::Rounds => process::round(self.config.read_retry),
            };
            let read = self.scope.enter(async move { raft.get_read_linearizer(confirmed_by).await });
            let call = async {
                match read.await {
                    // A new leader's is the entry that it has begun its term with, be that committed or not.
                    Ok(round) => {
                        let index = round.read_log_id().index();
                        if index > self.board.status().commit {
                            self.board.applied(index).await?;
                        }
                        Ok(Some(index))
                    }
                    Err(error) => of_round(error).map_or(Ok(None), Err),
                }
            };
            if let Some(index) = while_leading(call, interrupted).await? {
                return Ok(index);
            }
            again = true;
        }
    }

    async fn change_membership(&self, logs: &Logs, change: MembershipChange) -> Result<u64, Error> {
        let (_waiting, interrupted) = self.begin()?;
        let raft = self.raft()?;
        let members = self.in_force();
        let refuse = |why| Err(Error::MembershipRefused(why));
        if !self.is_caught_up() {
            return refuse("the leader has not applied an entry of its own term");
        }
        if members.is_joint() || logs.has_change_after(self.board.status().applied) {
            return refuse("another change is under way");
        }
        if let Some(why) = change.nonsense(&members) {
            return refuse(why);
        }
        if let MembershipChange::Promote(node) = &change
            && !follows_closely(&raft, *node)
        {
            return refuse("it has not caught up");
        }
        let retains = matches!(change, MembershipChange::Demote(_));
        let Some(_changing) = self.begin_change(retains) else {
            return refuse("another change is under way");
        };
        let changes = changes(&change, &members);
        let changed = self.once_heard(|| {
            let (raft, changes) = (raft.clone(), changes.clone());
            async move { raft.change_membership(changes, retains).await.map_err(of_write) }
        });
        while_leading(async { Ok(changed.await?.log_id.index()) }, interrupted).await
    }
}

/// Has a learner everything that is committed? One that has not would be a voter that cannot help to commit anything.
fn follows_closely(raft: &openraft::Raft<Types, Machine>, node: NodeId) -> bool {
    let metrics = raft.metrics();
    let metrics = metrics.borrow_watched();
    let matched = metrics.replication.as_ref().and_then(|nodes| nodes.get(&node.0).copied().flatten());
    matched >= metrics.local_committed
}

/// `change` as openraft knows it.
fn changes(change: &MembershipChange, members: &crate::observe::Membership) -> ChangeMembers<u64, ()> {
    let ids = |nodes: &[NodeId]| nodes.iter().map(|node| node.0).collect::<BTreeSet<u64>>();
    let nodes = |nodes: &[NodeId]| nodes.iter().map(|node| (node.0, ())).collect::<BTreeMap<u64, ()>>();
    match change {
        MembershipChange::AddLearner(node) => ChangeMembers::AddNodes(nodes(&[*node])),
        MembershipChange::Promote(node) => ChangeMembers::AddVoterIds(ids(&[*node])),
        MembershipChange::Demote(node) => ChangeMembers::RemoveVoters(ids(&[*node])),
        MembershipChange::Remove(node) if members.votes(*node) => ChangeMembers::RemoveVoters(ids(&[*node])),
        MembershipChange::Remove(node) => ChangeMembers::RemoveNodes(ids(&[*node])),
        MembershipChange::Joint { add, remove } => {
            let (voters, learners): (Vec<_>, Vec<_>) = remove.iter().partition(|node| members.votes(**node));
            ChangeMembers::Batch(vec![
                ChangeMembers::AddVoters(nodes(add)),
                ChangeMembers::RemoveVoters(ids(&voters)),
                ChangeMembers::RemoveNodes(ids(&learners)),
            ])
        }
    }
}

impl Engine for OpenraftEngine {
    fn status(&self) -> Status {
        self.shared.board.status()
    }

    fn propose(&self, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let proposed = shared.propose(command).await;
            proposed.inspect_err(|_| shared.metrics.count(Counter::ProposalsFailed))
        })
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
        let (shared, logs) = (Arc::clone(&self.shared), self.logs.clone());
        Box::pin(async move {
            let amid_change = logs.has_change_after(shared.board.status().applied);
            let ended = shared.transfer(to, amid_change)?;
            ended.await.unwrap_or(Err(Error::Closed(Outcome::Unknown)))
        })
    }

    fn change_membership(&self, change: MembershipChange) -> BoxFuture<Result<u64, Error>> {
        let (shared, logs) = (Arc::clone(&self.shared), self.logs.clone());
        Box::pin(async move { shared.change_membership(&logs, change).await })
    }

    fn waiting(&self) -> usize {
        self.shared.board.callers.count()
    }

    fn deliver(&self, packet: Box<Packet>) {
        let lane = packet.lane;
        if !self.shared.is_over() && self.shared.mail.deliver(*packet).is_err() {
            self.shared.metrics.full(lane, Counter::StepQueueFull);
            self.shared.host.observe(Event::InboxFull { lane });
        }
    }

    fn stop(&self) {
        self.shared.stops(Ok(()));
    }

    fn ended(&self) -> BoxFuture<Result<(), Error>> {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { shared.board.ended().await })
    }
}
