//! The one task that owns the `RawNode`.
//!
//! Take one input, step it, then drain: persist, send, apply, publish, with a [`Point`] between each two. Everything that readers
//! see is published at the end; what concerns the lease is told to the listener as soon as the loop knows it.

mod apply;
mod asks;
mod membership;
mod messages;
mod roles;
mod snapshots;
mod transfers;

use super::inbox::{Ask, Input, Reply};
use super::pending::{Contexts, Proposals, Reads};
use super::storage::{LogStore, is_change};
use super::timing::{ElectionTimeouts, RestartPromise, raft_config};
use super::{Shared, Tuning};
use crate::engine::renewal::Renewal;
use crate::engine::{Applied, Listener, Parts, StateMachine, Status};
use crate::env::{ClockError, Instant, NodeId, Point, Stamp};
use crate::error::{Error, ErrorKind, Outcome};
use crate::metrics::Metrics;
use crate::observe::{EndCause, Event, Host, RoundCause};
use crate::transport::Transport;
use membership::Change;
use raft::eraftpb::{ConfChangeTransition, Entry, Snapshot};
use raft::{RawNode, StateRole};
use roles::Known;
use snapshots::Sent;
use std::num::NonZeroU64;
use std::sync::Arc;
use transfers::Transfer;

pub(super) use roles::role_of;

pub(super) struct EventLoop {
    host: Arc<dyn Host>,
    transport: Arc<Transport>,
    metrics: Arc<Metrics>,
    machine: Arc<dyn StateMachine>,
    listener: Arc<dyn Listener>,
    shared: Arc<Shared>,
    raft: RawNode<LogStore>,
    timeouts: ElectionTimeouts,
    promise: RestartPromise,
    renewal: Box<dyn Renewal>,
    proposals: Proposals,
    reads: Reads,
    contexts: Contexts,
    transfer: Transfer,
    change: Option<Change>,
    joint: ConfChangeTransition,
    compact_after: Option<NonZeroU64>,
    /// A snapshot that is taken and not yet on disk.
    captured: Option<Snapshot>,
    snapshots: Sent,
    /// Answers that leave once the status that justifies them is published.
    answers: Vec<(Reply<Applied>, Result<Applied, Error>)>,
    confirmed: Vec<(Reply<u64>, u64)>,
    /// The stamp of the message that is being stepped, and who sent it.
    echo: Option<(u64, Stamp)>,
    round: u64,
    /// The latest reading of the clock.
    latest: Instant,
    known: Known,
    /// The term and the vote that the sink was last told to be durable.
    voted: (u64, u64),
    /// Index and term of the last entry that was applied.
    applied: (u64, u64),
}

impl EventLoop {
    pub(super) fn new(parts: Parts, tuning: Tuning, store: LogStore, shared: Arc<Shared>) -> Result<Self, Error> {
        let Parts { host, disk: _, transport, metrics, tasks: _, machine, listener, config } = parts;
        let me = host.node();
        let timeouts = ElectionTimeouts::new(&config);
        let promise = RestartPromise::new(&config, me, &store);
        let applied = snapshots::reopen(&store, &*machine, &*host)?;
        let members = store.membership();
        let logger = slog::Logger::root(slog::Discard, slog::o!());
        let raft_config = (tuning.raft)(raft::Config { applied: applied.0, ..raft_config(me, &config) });
        let raft = RawNode::new(&raft_config, store, &logger).map_err(|_| Error::Storage)?;
        let mut event_loop = Self {
            contexts: Contexts::new(me, host.incarnation()),
            renewal: config.renewal.build(me, members, config.renewal_interval),
            host,
            transport,
            metrics,
            machine,
            listener,
            shared,
            raft,
            timeouts,
            promise,
            proposals: Proposals::default(),
            reads: Reads::default(),
            transfer: Transfer::None,
            change: None,
            joint: tuning.joint,
            compact_after: config.compact_after,
            captured: None,
            snapshots: Sent::default(),
            answers: Vec::new(),
            confirmed: Vec::new(),
            echo: None,
            round: 0,
            latest: Instant::default(),
            known: Known::default(),
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
        let result = self.serve().await;
        self.stop(result);
    }

    async fn serve(&mut self) -> Result<(), Error> {
        self.recover().await?;
        while let Some(input) = self.shared.inbox.next().await {
            self.take(input).await;
            self.drain().await?;
        }
        Ok(())
    }

    /// What a process before this one wrote and did not sync was readable when the log was opened, and may yet be lost: it is made
    /// durable before anybody is told of it.
    async fn recover(&mut self) -> Result<(), Error> {
        if self.raft.store().is_fresh() {
            return Ok(());
        }
        self.raft.store().sync().await?;
        let store = self.raft.store();
        let state = store.hard_state();
        self.voted = (state.term, state.vote);
        let (last_index, last_term) = (self.raft.raft.raft_log.last_index(), self.raft.raft.raft_log.last_term());
        let vote = known_node(state.vote);
        let withholds = self.promise.left();
        self.host.observe(Event::Opened { term: state.term, vote, last_index, last_term, withholds });
        store.unproven().iter().flat_map(appended).for_each(|event| self.host.observe(event));
        Ok(())
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Tick => self.tick(),
            Input::Ask(Ask::Propose { command, reply }) => self.propose(command, reply).await,
            Input::Ask(Ask::ReadIndex { cause, again, reply }) => self.read_index(cause, again, reply),
            Input::Ask(Ask::Transfer { to, reply }) => self.start_transfer(to, reply),
            Input::Ask(Ask::ChangeMembership { change, reply }) => self.change_membership(&change, reply),
            Input::Packet(packet) => self.step(packet).await,
        }
        self.after_step();
    }

    fn tick(&mut self) {
        let raft = &self.raft.raft;
        let checks = raft.state == StateRole::Leader && raft.election_elapsed + 1 >= raft.election_timeout();
        self.raft.tick();
        if checks {
            self.host.observe(Event::QuorumChecked { confirmed: self.raft.raft.state == StateRole::Leader });
        }
        self.promise.tick();
        if self.raft.raft.state != StateRole::Leader {
            self.timeouts.ticked(self.raft.raft.election_elapsed);
            return;
        }
        self.reads.prune();
        self.settle_transfer();
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

    async fn drain(&mut self) -> Result<(), Error> {
        while self.raft.has_ready() {
            let mut ready = self.raft.ready();
            // A leader's messages promise nothing about its own disk (Raft dissertation §10.2.1).
            self.send(ready.take_messages()).await;
            let mut hard_state = ready.hs().cloned();
            if !ready.snapshot().is_empty() {
                self.install(&ready.snapshot().clone(), hard_state.take()).await?;
            }
            let appended = ready.entries().iter().flat_map(appended).collect::<Vec<_>>();
            self.raft.mut_store().append(ready.take_entries(), hard_state)?;
            self.host.point(Point::Appended).await;
            if ready.must_sync() {
                self.raft.store().sync().await?;
            }
            self.tell_vote();
            appended.into_iter().for_each(|event| self.host.observe(event));
            self.host.point(Point::Persisted).await;
            self.send(ready.take_persisted_messages()).await;
            self.host.point(Point::Sent).await;
            self.confirm(&ready.take_read_states());
            self.apply(ready.take_committed_entries()).await;

            let mut light = self.raft.advance_append(ready);
            if let Some(index) = light.commit_index() {
                self.raft.mut_store().commit(index)?;
            }
            self.send(light.take_messages()).await;
            self.apply(light.take_committed_entries()).await;
            self.raft.advance_apply();
            self.host.point(Point::Applied).await;
            self.resign_without_vote();
            self.after_step();
            self.keep_captured().await?;
            self.release_early_reads();
        }
        self.echo = None;
        self.take_wanted_snapshot().await?;
        self.publish();
        self.host.point(Point::Published).await;
        self.answer();
        Ok(())
    }

    /// Reads the clock.
    fn now(&mut self) -> Result<Instant, ClockError> {
        self.latest = self.host.monotonic()?;
        Ok(self.latest)
    }

    fn publish(&self) {
        let raft = &self.raft.raft;
        self.shared.publish(Status {
            role: self.known.role,
            term: raft.term,
            leader: known_node(raft.leader_id),
            transferee: raft.lead_transferee.map(NodeId),
            commit: raft.raft_log.committed,
            applied: self.applied.0,
            applied_term: self.applied.1,
        });
    }

    fn answer(&mut self) {
        for (reply, result) in self.answers.drain(..) {
            let _ = reply.send(result);
        }
        for (reply, index) in self.confirmed.drain(..) {
            let _ = reply.send(Ok(index));
        }
    }

    fn stop(&mut self, end: Result<(), Error>) {
        self.shared.inbox.close();
        self.shared.close();
        self.listener.ended(EndCause::Stopped);
        let closed = Error::Closed(Outcome::Unknown);
        self.proposals.fail_all(&closed);
        self.reads.fail_all(&closed);
        self.host.observe(Event::Stopped { error: end.as_ref().err().map(Error::kind) });
        debug_assert!(end.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::Storage));
        self.shared.end(end);
    }
}

fn appended(entry: &Entry) -> impl Iterator<Item = Event> + use<> {
    let Entry { index, term, .. } = *entry;
    let change = is_change(entry).then_some(Event::ChangeAppended { index });
    std::iter::once(Event::Appended { index, term, digest: crc32fast::hash(&entry.data) }).chain(change)
}

fn known_node(id: u64) -> Option<NodeId> {
    (id != raft::INVALID_ID).then_some(NodeId(id))
}
