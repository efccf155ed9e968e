//! The one task that owns the `RawNode`.
//!
//! Take one input, step it, then drain: persist, send, apply, publish, with a [`Point`] between each two. Everything that readers
//! see is published at the end; what concerns the lease is told to the listener as soon as the loop knows it.

mod membership;
mod snapshots;

use super::inbox::{Ask, Input, Reply};
use super::pending::{Contexts, INTERRUPTED, OVERWRITTEN, Proposals, Reads};
use super::storage::{LogStore, is_change};
use super::timing::{ElectionTimeouts, RestartPromise, raft_config};
use super::{Parts, Shared, wire};
use crate::engine::renewal::Renewal;
use crate::engine::{Applied, Listener, StateMachine, Status};
use crate::env::{Address, ClockError, Instant, NodeId, Point, Stamp, Work};
use crate::error::{Error, ErrorKind, Outcome};
use crate::metrics::{Counter, Metrics};
use crate::observe::{EndCause, Event, Host, Role, RoundCause};
use crate::rules::Rule;
use crate::transport::{Message, Packet, Transport};
use membership::Change;
use raft::eraftpb::{ConfChangeTransition, Entry, Message as RaftMessage, MessageType, Snapshot};
use raft::{RawNode, ReadState, StateRole};
use snapshots::Sent;
use std::num::NonZeroU64;
use std::sync::Arc;

/// What the loop itself proposes, after a transfer that was given up: nothing.
const NO_COMMAND: Vec<u8> = Vec::new();

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

/// What the listener and the sink were last told.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Known {
    role: Role,
    term: u64,
    leader: u64,
}

/// Where this leader's transfer of leadership stands.
enum Transfer {
    None,
    /// Under way.
    Pending {
        to: u64,
        reply: Reply<()>,
    },
    /// Given up; the lease is regained once this entry, proposed after that, is applied.
    Regaining {
        index: u64,
        base: Instant,
    },
    /// Given up, but the clock could not be read or the proposal was refused: tried again at the next tick.
    Unsettled,
}

impl EventLoop {
    pub(super) fn new(parts: Parts, store: LogStore, shared: Arc<Shared>) -> Result<Self, Error> {
        let Parts { host, disk: _, transport, metrics, machine, listener, config, tuning } = parts;
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
        self.stop(result.as_ref().err());
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

    async fn propose(&mut self, command: Vec<u8>, reply: Reply<Applied>) {
        self.host.work(Work::Propose).await;
        match self.append(command) {
            Ok(index) => self.proposals.insert(index, self.raft.raft.term, reply),
            Err(error) => {
                self.metrics.count(Counter::ProposalsFailed);
                let _ = reply.send(Err(error));
            }
        }
    }

    /// Appends an entry to this leader's log and returns its index.
    fn append(&mut self, command: Vec<u8>) -> Result<u64, Error> {
        self.check_leading()?;
        match self.raft.propose(Vec::new(), command) {
            Ok(()) => Ok(self.raft.raft.raft_log.last_index()),
            Err(_) => Err(Error::Overloaded),
        }
    }

    fn check_leading(&self) -> Result<(), Error> {
        let raft = &self.raft.raft;
        if raft.state != StateRole::Leader {
            return Err(Error::NotLeader { leader: known_node(raft.leader_id) });
        }
        if !Rule::NothingDuringTransfer.holds(raft.lead_transferee.is_none()) {
            return Err(Error::TransferInProgress);
        }
        Ok(())
    }

    fn read_index(&mut self, cause: RoundCause, again: bool, reply: Reply<u64>) {
        if let Err(error) = self.check_leading() {
            let _ = reply.send(Err(error));
            return;
        }
        self.host.observe(Event::RoundStarted { cause, again });
        let context = self.contexts.next();
        if Rule::RoundAfterOwnTerm.holds(self.raft.raft.commit_to_current_term()) {
            self.reads.insert(context, reply);
            self.raft.read_index(context.to_vec());
        } else {
            self.reads.defer(context, reply);
        }
    }

    fn start_transfer(&mut self, to: NodeId, reply: Reply<()>) {
        if let Err(error) = self.check_leading() {
            let _ = reply.send(Err(error));
            return;
        }
        let voter = self.raft.store().conf_state().voters.contains(&to.0);
        // Who has a change in its log and not applied it does not stand for election (LB-44): the cluster would wait for nothing.
        let amid_change = self.raft.store().first_change_after(self.applied.0).is_some();
        // Whether the target is alive is not asked: raft's `recent_active` says no for a heartbeat after every CheckQuorum, which
        // refused healthy targets; a dead one is given up after an election timeout.
        let eligible = Rule::TransferToEligible.holds(voter && !amid_change && to != self.host.node());
        if !eligible {
            let _ = reply.send(Err(Error::TransferRefused));
            return;
        }
        self.listener.suspended();
        self.raft.transfer_leader(to.0);
        self.transfer = Transfer::Pending { to: to.0, reply };
        self.host.observe(Event::TransferStarted { to });
        self.settle_transfer();
    }

    /// Notices that raft has given a transfer up, which it does in silence, and sets about to regain the lease.
    fn settle_transfer(&mut self) {
        let under_way = Rule::TransferUnderWay.holds(self.raft.raft.lead_transferee.is_some());
        if under_way {
            return;
        }
        match std::mem::replace(&mut self.transfer, Transfer::Unsettled) {
            Transfer::Pending { to, reply } => {
                self.host.observe(Event::TransferAborted { to: NodeId(to) });
                let _ = reply.send(Err(Error::TransferRefused));
            }
            Transfer::Unsettled => {}
            settled @ (Transfer::None | Transfer::Regaining { .. }) => {
                self.transfer = settled;
                return;
            }
        }
        let settled = Rule::RegainedByEntry.holds(!matches!(self.transfer, Transfer::Unsettled));
        if let Ok(base) = self.now()
            && !settled
            && let Ok(index) = self.append(NO_COMMAND)
        {
            self.transfer = Transfer::Regaining { index, base };
        }
    }

    async fn step(&mut self, packet: Packet) {
        self.host.work(Work::Step).await;
        let Packet { from: Address::Node(from), body: Message::Wire(wire), stamp, echo, .. } = packet else {
            return;
        };
        let Some(message) = wire::open(wire) else { return };
        if !Rule::TimeoutNowNamesLog.holds(self.is_no_stale_timeout_now(&message)) {
            self.host.observe(Event::StaleTimeoutNow);
            return;
        }
        if !Rule::PromiseSurvivesRestart.holds(self.promise.permits(&message)) {
            self.host.observe(Event::VoteWithheld { from });
            return;
        }
        self.echo = stamp.map(|stamp| (from.0, stamp));
        if let Some(stamp) = echo {
            self.acknowledged(from, message.term, stamp);
        }
        // A message of a peer that is not, or no longer, a member is an error that concerns nobody here.
        let _ = self.raft.step(message);
    }

    /// Rule RL.4 (raft-rs #234): a `TimeoutNow` permits an election against the log that its sender had. If this log has moved
    /// on since, the sender has regained its lease by an entry that the permission knows nothing of.
    fn is_no_stale_timeout_now(&self, message: &RaftMessage) -> bool {
        let log = &self.raft.raft.raft_log;
        message.msg_type != MessageType::MsgTimeoutNow
            || message.index == 0
            || (log.last_term(), log.last_index()) <= (message.log_term, message.index)
    }

    fn acknowledged(&mut self, from: NodeId, term: u64, stamp: Stamp) {
        let raft = &self.raft.raft;
        let mine = Rule::StampOfThisTerm.holds(stamp.term == raft.term) && stamp.incarnation == self.host.incarnation();
        if raft.state == StateRole::Leader
            && mine
            && Rule::AnswerOfThisTerm.holds(term == raft.term)
            && let Some(base) = self.renewal.acknowledged(from, stamp)
        {
            self.listener.renewed(stamp.term, base);
        }
    }

    /// Follows every call that may change term or role: election timeout, listener, what waits.
    fn after_step(&mut self) {
        let raft = &mut self.raft.raft;
        self.timeouts.impose(raft, &*self.host);
        let known = Known { role: role_of(raft.state), term: raft.term, leader: raft.leader_id };
        if known == self.known {
            return;
        }
        let before = std::mem::replace(&mut self.known, known);
        if (before.role, before.term) != (known.role, known.term) {
            self.role_changed(before);
        }
        if before.leader != known.leader {
            self.metrics.count(Counter::LeaderChangesSeen);
        }
        let leader = known_node(known.leader);
        self.tell_of_campaign();
        self.host.observe(Event::Role { role: known.role, term: known.term, leader });
    }

    fn role_changed(&mut self, before: Known) {
        self.renewal.reset();
        self.snapshots = Sent::default();
        if before.role == Role::Leader {
            self.listener.ended(EndCause::RoleChange);
            self.proposals.fail_all(&INTERRUPTED);
            self.reads.fail_all(&INTERRUPTED);
            self.fail_change(&INTERRUPTED);
            if let Transfer::Pending { reply, .. } = std::mem::replace(&mut self.transfer, Transfer::None) {
                let _ = reply.send(Ok(()));
            }
        }
        if self.known.role == Role::Leader {
            self.listener.elected(self.known.term);
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

    /// Tells of another term or vote, which is durable now.
    fn tell_vote(&mut self) {
        let state = self.raft.store().hard_state();
        let voted = (state.term, state.vote);
        if std::mem::replace(&mut self.voted, voted) != voted {
            self.host.observe(Event::Voted { term: voted.0, vote: known_node(voted.1) });
        }
    }

    /// Sends what raft has ready, in an order that does not depend on its hash maps.
    async fn send(&mut self, mut messages: Vec<RaftMessage>) {
        if messages.is_empty() {
            return;
        }
        if !messages.is_sorted_by_key(|message| message.to) {
            messages.sort_by_key(|message| message.to);
        }
        let stamp = self.stamp();
        for mut message in messages {
            self.host.work(Work::Send).await;
            if message.msg_type == MessageType::MsgTimeoutNow {
                self.listener.suspended();
                self.host.observe(Event::TimeoutNowSent { to: NodeId(message.to) });
                let log = &self.raft.raft.raft_log;
                (message.log_term, message.index) = (log.last_term(), log.last_index());
            }
            self.sends_snapshot(&message);
            let round = stamp.filter(|_| is_round(message.msg_type));
            let echo = self.echo_for(&message);
            let to = message.to;
            let Some(wire) = wire::seal(message) else { continue };
            let kind = wire.kind;
            if self.transport.send_wire(NodeId(to), wire, round, echo).is_err() {
                self.not_sent(to, kind);
            }
        }
    }

    /// Reads the clock.
    fn now(&mut self) -> Result<Instant, ClockError> {
        self.latest = self.host.monotonic()?;
        Ok(self.latest)
    }

    /// The stamp of what leaves now. Where the clock cannot be read it bears the latest reading: it left after that.
    fn stamp(&mut self) -> Option<Stamp> {
        if self.raft.raft.state != StateRole::Leader {
            return None;
        }
        self.round += 1;
        let sent_at = self.now().unwrap_or(self.latest);
        let (term, incarnation) = (self.raft.raft.term, self.host.incarnation());
        Some(Stamp { term, incarnation, round: self.round, sent_at })
    }

    /// The stamp that an answer returns: that of the message which is being stepped, if it is of the same term.
    fn echo_for(&self, answer: &RaftMessage) -> Option<Stamp> {
        let (from, stamp) = self.echo?;
        let answers = matches!(answer.msg_type, MessageType::MsgAppendResponse | MessageType::MsgHeartbeatResponse);
        (answers && answer.to == from && answer.term == stamp.term).then_some(stamp)
    }

    async fn apply(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.host.work(Work::Apply).await;
            let (index, term) = (entry.index, entry.term);
            let is_command = !is_change(&entry) && !entry.data.is_empty();
            let response = if is_command { self.machine.apply(index, &entry.data) } else { Vec::new() };
            if is_command {
                self.host.effect(index, &entry.data, &response);
            }
            self.host.observe(Event::Applied { index, term, digest: crc32fast::hash(&entry.data) });
            self.note_applied(index, term);
            self.apply_change(&entry);
            if self.is_snapshot_due(index) {
                self.capture().await;
            }
            if let Some((reply, own)) = self.proposals.applied(index, term) {
                let result = if own { Ok(Applied { index, response }) } else { Err(OVERWRITTEN) };
                self.answers.push((reply, result));
            }
        }
    }

    fn note_applied(&mut self, index: u64, term: u64) {
        let first_of_term = self.applied.1 != term;
        self.applied = (index, term);
        let leading = self.raft.raft.state == StateRole::Leader && self.raft.raft.term == term;
        if first_of_term && leading {
            self.host.observe(Event::CaughtUp { term, index });
        }
        if let Transfer::Regaining { index: awaited, base } = self.transfer
            && leading
            && index >= awaited
        {
            self.transfer = Transfer::None;
            self.listener.resumed(term, base);
        }
    }

    fn confirm(&mut self, states: &[ReadState]) {
        for state in states {
            if let Some(base) = self.renewal.confirmed(&state.request_ctx) {
                self.listener.renewed(self.raft.raft.term, base);
            }
            if let Some(reply) = self.reads.confirmed(&state.request_ctx) {
                self.confirmed.push((reply, state.index));
            }
        }
    }

    /// Starts the reads that came before an entry of this term was committed.
    fn release_early_reads(&mut self) {
        if self.raft.raft.state == StateRole::Leader && self.raft.raft.commit_to_current_term() {
            for (context, reply) in self.reads.take_early() {
                self.reads.insert(context, reply);
                self.raft.read_index(context.to_vec());
            }
        }
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

    fn stop(&mut self, error: Option<&Error>) {
        self.shared.inbox.close();
        self.shared.close();
        self.listener.ended(EndCause::Stopped);
        let closed = Error::Closed(Outcome::Unknown);
        self.proposals.fail_all(&closed);
        self.reads.fail_all(&closed);
        self.host.observe(Event::Stopped { error: error.map(Error::kind) });
        debug_assert!(error.is_none_or(|error| error.kind() == ErrorKind::Storage));
    }
}

pub(super) fn role_of(state: StateRole) -> Role {
    match state {
        StateRole::Follower => Role::Follower,
        StateRole::PreCandidate => Role::PreCandidate,
        StateRole::Candidate => Role::Candidate,
        StateRole::Leader => Role::Leader,
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

/// Is this one of a leader's messages that renew the receiver's promise?
fn is_round(kind: MessageType) -> bool {
    matches!(kind, MessageType::MsgAppend | MessageType::MsgHeartbeat | MessageType::MsgSnapshot)
}
