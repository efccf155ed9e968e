//! The one task that owns the `RawNode`.
//!
//! Take an input, step it, then drain what raft has ready: to the writer what is to be durable (`log`), to the network what may leave,
//! to the applier what is committed (`apply`). The loop waits for neither writer nor applier, unless it is set up to
//! ([`Config::async_writes`](crate::engine::Config::async_writes)). Everything that readers see is published at the end of a turn; what concerns the lease is
//! told to the listener as soon as the loop knows it.

mod apply;
mod asks;
mod log;
mod membership;
mod messages;
mod roles;
mod snapshots;
mod transfers;

use super::applier::{self, Applier};
use super::inbox::{Ask, Input, Which};
use super::pending::{Contexts, Proposals, Reads};
use super::storage::{LogStore, is_change};
use super::timing::{self, Beats, ElectionTimeouts, RestartPromise, raft_config};
use super::writer;
use super::{Shared, Tuning};
use crate::engine::callers::Reply;
use crate::engine::renewal::Renewal;
use crate::engine::{Applied, Listener, Parts, Status};
use crate::env::{ClockError, GroupId, Instant, NodeId, Point, Stamp};
use crate::error::{Error, ErrorKind, Outcome};
use crate::metrics::Metrics;
use crate::observe::{EndCause, Event, Host, RoundCause};
use crate::rules::Rule;
use crate::tasks::{Tasks, caught};
use crate::transport::Transport;
use apply::Applies;
use log::Log;
use membership::Change;
use raft::eraftpb::{ConfChangeTransition, Entry};
use raft::{RawNode, StateRole};
use roles::Known;
use snapshots::Sent;
use std::num::NonZeroU64;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use transfers::Transfer;

pub(super) use roles::role_of;

pub(super) struct EventLoop {
    group: GroupId,
    host: Arc<dyn Host>,
    transport: Arc<Transport>,
    metrics: Arc<Metrics>,
    listener: Arc<dyn Listener>,
    shared: Arc<Shared>,
    raft: RawNode<LogStore>,
    timeouts: ElectionTimeouts,
    beats: Beats,
    promise: RestartPromise,
    renewal: Box<dyn Renewal>,
    proposals: Proposals,
    reads: Reads,
    contexts: Contexts,
    transfer: Transfer,
    change: Option<Change>,
    joint: ConfChangeTransition,
    compact_after: Option<NonZeroU64>,
    /// The loop takes other inputs while a write, or a batch that is applied, is under way.
    async_writes: bool,
    /// A leader counts, once an election timeout, whether a quorum has answered: otherwise there is nothing to tell of that.
    counts_quorum: bool,
    /// While what is asked, or what is committed, waits longer than this, proposals are refused.
    admission: Duration,
    log: Log,
    applies: Applies,
    /// For so many ticks a leader waits for a write.
    stall: Option<usize>,
    /// The most ticks until a snapshot counts as lost.
    snapshot_timeout: usize,
    tick_length: Duration,
    /// This leader has set about to lead no more, as its disk stands still.
    left_for_stall: bool,
    /// Writer and applier.
    helpers: Tasks,
    snapshots: Sent,
    /// Answers that leave once the status that justifies them is published.
    answers: Vec<(Reply<Applied>, Result<Applied, Error>)>,
    confirmed: Vec<(Reply<u64>, u64)>,
    /// The stamp of the message that is being stepped, and who sent it.
    echo: Option<(u64, Stamp)>,
    round: u64,
    /// So many messages more may be stepped: their CPU time is spent.
    steps_paid: usize,
    /// The latest reading of the clock.
    latest: Instant,
    known: Known,
    /// It has become leader, and not yet paid for it.
    takes_over: bool,
    /// The term and the vote that the sink was last told to be durable.
    voted: (u64, u64),
    /// Index and term of the last entry that was applied.
    applied: (u64, u64),
}

impl EventLoop {
    pub(super) fn new(parts: Parts, tuning: Tuning, store: LogStore, shared: Arc<Shared>) -> Result<Self, Error> {
        let Parts { group, host, disk: _, transport, metrics, tasks: _, ticker: _, machine, listener, config } = parts;
        let me = host.node();
        let timeouts = ElectionTimeouts::new(&config, &store);
        let promise = RestartPromise::new(&config, me, &store);
        let applied = match store.latest_snapshot() {
            Some(snapshot) => applier::restore(snapshot, &*machine, &*host, None)?,
            None => (0, 0),
        };
        let members = store.membership();
        let voted = vote_of(&store);
        let logger = slog::Logger::root(slog::Discard, slog::o!());
        let raft_config = (tuning.raft)(raft::Config { applied: applied.0, ..raft_config(me, &config) });
        let raft = RawNode::new(&raft_config, store, &logger).map_err(|_| Error::Storage)?;
        let (writer, writes) = unbounded_channel();
        let (jobs, batches) = unbounded_channel();
        let applier = Applier { host: Arc::clone(&host), machine, compact_after: config.compact_after, applied };
        let helpers = Tasks::default();
        helpers.spawn(&*host, "log-writer", writer::write(writes, Arc::clone(&shared)));
        helpers.spawn(&*host, "applier", applier.run(batches, Arc::clone(&shared)));
        let mut event_loop = Self {
            group,
            contexts: Contexts::new(me, host.incarnation()),
            renewal: config.renewal.build(me, members, config.renewal_interval),
            host,
            transport,
            metrics,
            listener,
            shared,
            raft,
            timeouts,
            beats: Beats::new(&config),
            promise,
            proposals: Proposals::default(),
            reads: Reads::default(),
            transfer: Transfer::None,
            change: None,
            joint: tuning.joint,
            compact_after: config.compact_after,
            async_writes: config.async_writes,
            counts_quorum: config.check_quorum,
            admission: config.admission,
            log: Log::new(writer, &config, voted),
            applies: Applies::new(jobs),
            stall: timing::stall(&config),
            snapshot_timeout: timing::snapshot_timeout(&config),
            tick_length: config.tick,
            left_for_stall: false,
            helpers,
            snapshots: Sent::default(),
            answers: Vec::new(),
            confirmed: Vec::new(),
            echo: None,
            round: 0,
            steps_paid: 0,
            latest: Instant::default(),
            known: Known::default(),
            takes_over: false,
            voted: (0, 0),
            applied,
        };
        if applied.0 > 0 {
            event_loop.members_changed(applied.0);
        }
        event_loop.after_step();
        Ok(event_loop)
    }

    pub(super) async fn run(mut self) {
        let served = caught(pin!(self.serve())).await;
        self.log.close();
        self.applies.close();
        match served {
            Ok(result) => {
                self.helpers.joined().await;
                self.stop(result);
            }
            // Whoever counts on this engine hears that it is over; then the panic goes on to whoever runs the task.
            Err(panic) => {
                self.stop(Err(Error::Panicked));
                resume_unwind(panic);
            }
        }
    }

    async fn serve(&mut self) -> Result<(), Error> {
        self.recover().await?;
        while let Some(input) = self.shared.inbox.next(self.wanted()).await {
            self.take(input).await?;
            self.host.point(Point::Stepped).await;
            self.drain().await;
        }
        Ok(())
    }

    /// Which inputs the loop takes now.
    fn wanted(&self) -> Which {
        let is_idle = self.log.is_idle() && self.applies.is_idle();
        if self.async_writes || is_idle { Which::Any } else { Which::Done }
    }

    /// What a process before this one wrote and did not sync was readable when the log was opened, and may yet be lost: it is made
    /// durable before anybody is told of it.
    async fn recover(&mut self) -> Result<(), Error> {
        if self.raft.store().is_fresh() {
            return Ok(());
        }
        if !Rule::FoundIsDurable.holds(self.raft.store().is_durable()) {
            self.raft.store().sync().await?;
        }
        let store = self.raft.store();
        let state = store.hard_state();
        self.voted = vote_of(store);
        let (last_index, last_term) = (self.raft.raft.raft_log.last_index(), self.raft.raft.raft_log.last_term());
        let vote = known_node(state.vote);
        let withholds = self.promise.left();
        self.host.observe(Event::Opened { term: state.term, vote, last_index, last_term, withholds });
        store.unproven().iter().flat_map(appended).for_each(|event| self.host.observe(event));
        Ok(())
    }

    async fn take(&mut self, input: Input) -> Result<(), Error> {
        match input {
            Input::Written(written) => {
                let failed = written.err();
                if !Rule::WriteSucceeded.holds(failed.is_none()) {
                    return Err(failed.unwrap_or(Error::Storage));
                }
                self.written();
            }
            Input::Applied(done) => self.applied(done?),
            Input::Tick => self.tick(),
            Input::Ask(Ask::Propose(proposal)) => self.propose_all(proposal).await,
            Input::Ask(Ask::ReadIndex(read)) => self.read_index_all(read),
            Input::Ask(Ask::Transfer { to, reply }) => self.start_transfer(to, reply),
            Input::Ask(Ask::ChangeMembership { change, reply }) => self.change_membership(&change, reply),
            Input::Packet(packet) => self.step(packet).await,
        }
        self.after_step();
        Ok(())
    }

    fn tick(&mut self) {
        let writing_for = self.log.tick();
        let raft = &self.raft.raft;
        // The only voter elects itself at once, and raft takes it for granted that its log is durable then.
        let unwritten = raft.prs().is_singleton() && !self.log.is_durable();
        if raft.state != StateRole::Leader && (unwritten || !self.may_stand()) {
            self.promise.tick();
            return;
        }
        let (leads, ticked) = (raft.state == StateRole::Leader, self.shared.inbox.ticked());
        let waits = leads && self.beats.wait(ticked, raft.heartbeat_elapsed());
        let checks = self.counts_quorum && leads && !waits && raft.election_elapsed + 1 >= raft.election_timeout();
        if self.timeouts.stand_at_once(raft.term) {
            let _ = self.raft.campaign();
        }
        if !waits {
            self.raft.tick();
            self.beats.counted(ticked, self.raft.raft.heartbeat_elapsed());
        }
        if checks {
            self.host.observe(Event::QuorumChecked { confirmed: self.raft.raft.state == StateRole::Leader });
        }
        self.promise.tick();
        if self.raft.raft.state != StateRole::Leader {
            self.timeouts.ticked(self.raft.raft.election_elapsed);
            return;
        }
        self.forget_who_has_gone();
        self.settle_transfer();
        self.leave_if_stalled(writing_for);
        self.give_up_lost_snapshots();
        if let Ok(now) = self.now() {
            self.renew(now);
        }
    }

    /// What renews the lease without anybody's asking.
    fn renew(&mut self, now: Instant) {
        if let Some(base) = self.renewal.ticked(now) {
            self.listener.renewed(self.raft.raft.term, base);
        }
        if self.raft.raft.commit_to_current_term() && self.renewal.due(now) {
            let context = self.contexts.next();
            self.renewal.begun(&context, now);
            self.host.observe(Event::RoundStarted { cause: RoundCause::Renewal, again: false });
            self.raft.read_index(context.to_vec());
        }
    }

    async fn drain(&mut self) {
        self.take_over().await;
        self.resign_without_vote();
        self.after_step();
        self.release_early_reads();
        while self.raft.has_ready() {
            let mut ready = self.raft.ready();
            // A leader's messages promise nothing about its own disk (Raft dissertation §10.2.1).
            let messages = ready.take_messages();
            self.stage(&mut ready);
            self.confirm(&ready.take_read_states());
            self.commit(ready.take_committed_entries());
            self.raft.advance_append_async(ready);
            self.write();
            self.send(messages).await;
            self.after_step();
            self.release_early_reads();
        }
        self.write();
        self.release().await;
        self.hand_over();
        self.echo = None;
        // Who waits for its disk before it goes on says nothing before that either.
        if self.wanted() == Which::Done {
            return;
        }
        if self.publish() || !self.confirmed.is_empty() {
            self.host.point(Point::Published).await;
        }
        self.answer();
    }

    /// Reads the clock.
    fn now(&mut self) -> Result<Instant, ClockError> {
        self.latest = self.host.monotonic()?;
        Ok(self.latest)
    }

    /// Lets readers see how things stand; has more been applied than they saw?
    fn publish(&self) -> bool {
        let raft = &self.raft.raft;
        self.shared.board.publish(Status {
            role: self.known.role,
            term: raft.term,
            leader: known_node(raft.leader_id),
            transferee: raft.lead_transferee.map(NodeId),
            commit: raft.raft_log.committed,
            applied: self.applied.0,
            applied_term: self.applied.1,
            behind: self.is_behind(),
        })
    }

    fn answer(&mut self) {
        for (reply, result) in self.answers.drain(..) {
            reply.send(result);
        }
        for (reply, index) in self.confirmed.drain(..) {
            reply.send(Ok(index));
        }
    }

    fn stop(&mut self, end: Result<(), Error>) {
        self.shared.inbox.close();
        self.shared.board.close();
        self.listener.ended(EndCause::Stopped);
        let closed = Error::Closed(Outcome::Unknown);
        self.proposals.fail_all(&closed);
        self.reads.fail_all(&closed);
        self.host.observe(Event::Stopped { error: end.as_ref().err().map(Error::kind) });
        let stops = |error: &Error| matches!(error.kind(), ErrorKind::Storage | ErrorKind::Panicked);
        debug_assert!(end.as_ref().err().is_none_or(stops));
        self.shared.board.end(end);
    }
}

/// Term and vote, as written last.
fn vote_of(store: &LogStore) -> (u64, u64) {
    (store.hard_state().term, store.hard_state().vote)
}

fn appended(entry: &Entry) -> impl Iterator<Item = Event> + use<> {
    let Entry { index, term, .. } = *entry;
    let change = is_change(entry).then_some(Event::ChangeAppended { index });
    std::iter::once(Event::Appended { index, term, digest: crc32fast::hash(&entry.data) }).chain(change)
}

fn known_node(id: u64) -> Option<NodeId> {
    (id != raft::INVALID_ID).then_some(NodeId(id))
}
