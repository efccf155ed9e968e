//! What this node knows of its leadership, and tells: to the listener, the sink, readers, and whoever waits for it as a leader.
//!
//! openraft has no callbacks of its own that come in time: its metrics say what was, once it has done all that it had to do. What it
//! cannot do without asking is to keep its vote, and every change of leadership but one is a change of vote: by that the listener hears of
//! it before anybody else can ([`Told`]). The one is that a leader gives up, which openraft's never does: it goes on to lead as long as
//! nobody else does, whether anybody hears it, or it has a vote, or its disk goes on. This engine's leader *leaves* then. It says so and
//! serves nobody, and has openraft hand over to another, after which that neither proposes nor sends heartbeats in its term.

use super::calls::Calls;
use super::errors::INTERRUPTED;
use super::mail::Mail;
use super::runtime::Scope;
use super::state::{Left, State, Transfer};
use super::storage::Machine;
use super::types::{Types, Vote, position};
use super::wants::{Want, Wants};
use super::{Account, Tuning};
use crate::engine::board::Board;
use crate::engine::callers::{Reply, Waits};
use crate::engine::{Config, Listener};
use crate::env::{ClockError, GroupId, Instant, NodeId, Stamp};
use crate::error::{Error, Outcome};
use crate::metrics::{Counter, Metrics};
use crate::observe::{EndCause, Event, Host, Membership, Role};
use crate::rules::{Rule, is, same};
use crate::tasks::Tasks;
use crate::transport::Transport;
use openraft_rt::WatchReceiver;
use parking_lot::Mutex;
use std::future::poll_fn;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

/// What all tasks of one engine share.
pub(super) struct Shared {
    pub(super) group: GroupId,
    pub(super) host: Arc<dyn Host>,
    pub(super) transport: Arc<Transport>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) listener: Arc<dyn Listener>,
    pub(super) config: Config,
    pub(super) tuning: Tuning,
    pub(super) board: Board,
    pub(super) mail: Mail,
    pub(super) calls: Calls,
    pub(super) scope: Scope,
    /// openraft's tasks, and those that serve it.
    pub(super) tasks: Tasks,
    /// Set once what is on the disk was found durable.
    pub(super) raft: OnceLock<openraft::Raft<Types, Machine>>,
    pub(super) state: Mutex<State>,
}

/// What an engine is given that its tasks share.
pub(super) struct Given {
    pub(super) group: GroupId,
    pub(super) host: Arc<dyn Host>,
    pub(super) transport: Arc<Transport>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) listener: Arc<dyn Listener>,
    pub(super) config: Config,
    pub(super) tuning: Tuning,
}

impl Shared {
    pub(super) fn new(given: Given) -> Self {
        let Given { group, host, transport, metrics, listener, config, tuning } = given;
        let me = host.node();
        let tasks = Tasks::default();
        let state = State::new(me, &config);
        Self {
            scope: Scope::new(Arc::clone(&host), tasks.clone()),
            mail: Mail::new(config.heartbeat_inbox, config.bulk_inbox),
            group,
            host,
            transport,
            metrics,
            listener,
            config,
            tuning,
            board: Board::default(),
            calls: Calls::default(),
            tasks,
            raft: OnceLock::new(),
            state: Mutex::new(state),
        }
    }

    /// The next thing for the engine's own task to do.
    pub(super) async fn next(&self) -> Want {
        poll_fn(|cx| {
            let wants = &mut self.state.lock().wants;
            match wants.take() {
                Some(want) => Poll::Ready(want),
                None => {
                    wants.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Waits until the engine is to stop; says so again when it is asked what to do.
    pub(super) async fn stopped(&self) {
        poll_fn(|cx| {
            let wants = &mut self.state.lock().wants;
            if wants.stop.is_some() {
                return Poll::Ready(());
            }
            wants.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// Has the engine's own task do something.
    pub(super) fn want(&self, want: impl FnOnce(&mut Wants)) {
        let mut state = self.state.lock();
        want(&mut state.wants);
        state.wants.wake();
    }

    /// The engine is to end: as asked, or for this reason. The first reason stands.
    pub(super) fn stops(&self, end: Result<(), Error>) {
        self.want(|wants| {
            wants.stop.get_or_insert(end);
        });
    }

    /// Has the engine ended, or is it about to?
    pub(super) fn is_over(&self) -> bool {
        self.state.lock().is_over
    }

    /// The term, as far as it is durable: what an answer may say.
    pub(super) fn durable_term(&self) -> u64 {
        self.state.lock().durable_term
    }

    /// The members in force.
    pub(super) fn in_force(&self) -> Membership {
        self.state.lock().members.clone()
    }

    /// Has this leader applied an entry of its own term?
    pub(super) fn is_caught_up(&self) -> bool {
        let state = self.state.lock();
        state.applied.1 == state.term
    }

    /// One more waits for this leader.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::NotLeader`], [`Error::TransferInProgress`], [`Error::Overloaded`].
    pub(super) fn begin(&self) -> Result<(Waiting<'_>, Waits<()>), Error> {
        let mut state = self.state.lock();
        if state.is_over {
            return Err(Error::Closed(Outcome::NotApplied));
        }
        if !state.leads() {
            return Err(Error::NotLeader { leader: state.leader });
        }
        if !Rule::NothingDuringTransfer.holds(state.transfer.is_none()) {
            return Err(Error::TransferInProgress);
        }
        if state.waiting.len() >= self.config.ask_inbox {
            return Err(Error::Overloaded);
        }
        let (reply, waits) = self.board.callers.reply();
        state.last += 1;
        let number = state.last;
        state.waiting.insert(number, reply);
        Ok((Waiting { shared: self, number }, waits))
    }

    /// A change of members begins that leaves the joint configuration which it enters, as long as what is returned is kept: voters who are
    /// none of the next half stay as learners then, or go. `None`: another is under way.
    pub(super) fn begin_change(&self, retains: bool) -> Option<Changing<'_>> {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.is_changing, true) {
            return None;
        }
        state.retains = retains;
        Some(Changing(self))
    }

    /// May this leader take another proposal? While what is committed waits longer than it should, it refuses.
    ///
    /// # Errors
    /// [`Error::Overloaded`].
    pub(super) fn has_room(&self) -> Result<(), Error> {
        let mut state = self.state.lock();
        let _ = self.now(&mut state);
        if Rule::HasRoom.holds(!state.is_behind(self.config.admission)) { Ok(()) } else { Err(Error::Overloaded) }
    }

    /// Begins to hand over. Returns what tells how that ended.
    ///
    /// # Errors
    /// Those of [`Shared::begin`]; [`Error::TransferRefused`].
    pub(super) fn transfer(&self, to: NodeId, amid_change: bool) -> Result<Waits<()>, Error> {
        drop(self.begin()?);
        let mut state = self.state.lock();
        let voter = state.members.voters.contains(&to);
        if !Rule::TransferToEligible.holds(is(voter).and(!amid_change).and(to != self.host.node())) {
            return Err(Error::TransferRefused);
        }
        let (reply, waits) = self.board.callers.reply();
        self.hand_over(&mut state, to, Some(reply));
        Ok(waits)
    }

    /// Sets about to hand over.
    pub(super) fn hand_over(&self, state: &mut State, to: NodeId, reply: Option<Reply<()>>) {
        self.listener.suspended();
        state.transfer = Some(Transfer { to, reply, ticks: 0 });
        self.host.observe(Event::TransferStarted { to });
        self.publish(state);
        state.wants.hand_over = Some(to);
        state.wants.wake();
    }

    /// Lets readers see how things stand.
    pub(super) fn publish(&self, state: &State) {
        self.board.publish(state.status(self.config.admission));
    }

    /// The voter, other than this node, that has most of the log; of several the first.
    pub(super) fn heir(&self) -> Option<NodeId> {
        self.heir_among(&self.in_force())
    }

    /// That of these.
    pub(super) fn heir_among(&self, members: &Membership) -> Option<NodeId> {
        let metrics = self.raft.get()?.metrics();
        let metrics = metrics.borrow_watched();
        let replication = metrics.replication.as_ref()?;
        let others = members.voters.iter().filter(|node| **node != self.host.node());
        let matched = |node: &&NodeId| position(replication.get(&node.0).copied().flatten()).0;
        others.max_by_key(|node| (matched(node), std::cmp::Reverse(**node))).copied()
    }

    /// The stamp of what leaves now, in a term of this leader.
    pub(super) fn stamp(&self, term: u64) -> Option<Stamp> {
        let mut state = self.state.lock();
        if !state.leads() || state.term != term {
            return None;
        }
        state.round += 1;
        let sent_at = self.now(&mut state).unwrap_or(state.latest);
        Some(Stamp { term, incarnation: self.host.incarnation(), round: state.round, sent_at })
    }

    /// Reads the clock.
    pub(super) fn now(&self, state: &mut State) -> Result<Instant, ClockError> {
        state.latest = self.host.monotonic()?;
        Ok(state.latest)
    }

    /// A peer has answered, in this term, what left with this stamp, and keeps its promise since.
    pub(super) fn acknowledged(&self, from: NodeId, term: u64, stamp: Stamp) {
        let mut state = self.state.lock();
        let mine =
            Rule::StampOfThisTerm.holds(same(stamp.term, state.term)) && stamp.incarnation == self.host.incarnation();
        if state.is_over || !state.leads() || !mine || !Rule::AnswerOfThisTerm.holds(same(term, state.term)) {
            return;
        }
        state.heard |= state.acks.acknowledged(from, stamp.sent_at).is_some();
        if self.tuning.account == Account::Stamps
            && state.counts_as_voters_do()
            && let Some(base) = state.renewal.acknowledged(from, stamp)
        {
            self.listener.renewed(stamp.term, base);
        }
    }

    /// By openraft's own account a quorum has acknowledged, in this term, what was about to leave then.
    pub(super) fn accounted(&self, term: u64, base: Instant) {
        let mut state = self.state.lock();
        let is_later = state.accounted.is_none_or(|(of, before)| of != term || before < base);
        if self.tuning.account == Account::Own && is_later && state.leads() && state.term == term && !state.is_over {
            state.accounted = Some((term, base));
            self.listener.renewed(term, base);
        }
    }

    /// A ReadIndex round that was to renew the lease was confirmed.
    pub(super) fn confirmed(&self, context: &[u8]) {
        let mut state = self.state.lock();
        if state.leads()
            && !state.is_over
            && let Some(base) = state.renewal.confirmed(context)
        {
            self.listener.renewed(state.term, base);
        }
    }

    /// Leads no more, though nobody else does yet.
    pub(super) fn leave(&self, state: &mut State, cause: EndCause) {
        self.listener.ended(cause);
        let term = state.term;
        self.becomes(state, Role::Follower, term, None, None);
        state.left = Some(Left { term, is_told: false });
        state.wants.leave = true;
        state.wants.wake();
    }

    /// Follows whatever may have changed role, term or leader. `voted`: for whom this node has voted in that term.
    pub(super) fn becomes(
        &self,
        state: &mut State,
        role: Role,
        term: u64,
        leader: Option<NodeId>,
        voted: Option<NodeId>,
    ) {
        let before = (state.role, state.term, state.leader);
        if before == (role, term, leader) {
            return;
        }
        (state.role, state.term, state.leader) = (role, term, leader);
        if (before.0, before.1) != (role, term) {
            state.renewal.reset();
            state.acks.reset();
            (state.heard, state.ticks, state.retains) = (false, 0, true);
            if before.0 == Role::Leader {
                self.listener.ended(EndCause::RoleChange);
                if !Rule::InterruptedWritesAreTold.holds(state.waiting.is_empty()) {
                    state.interrupt(&INTERRUPTED);
                }
                self.end_transfer(state, before.1, voted);
                state.show_role();
                self.publish(state);
            }
            if role == Role::Leader {
                state.left_for_stall = false;
                self.listener.elected(term);
            }
        }
        if before.2 != leader {
            self.metrics.count(Counter::LeaderChangesSeen);
        }
        if matches!(role, Role::PreCandidate | Role::Candidate) && state.last_change > state.applied.0 {
            self.host.observe(Event::CampaignedAmidChange { index: state.last_change, commit: state.commit });
        }
        self.host.observe(Event::Role { role, term, leader });
    }

    /// This node asks whether it would be elected. Returns its term.
    pub(super) fn asks_before_it_stands(&self) -> u64 {
        let mut state = self.state.lock();
        let term = state.term;
        if !state.leads() && !state.is_over {
            self.becomes(&mut state, Role::PreCandidate, term, None, None);
            state.show_role();
            self.publish(&state);
        }
        term
    }

    /// openraft takes what the leader of this term says: whoever has only asked whether it would be elected follows again, and who has started
    /// again knows whom it follows.
    pub(super) fn follows(&self, leader: NodeId, term: u64) {
        let mut state = self.state.lock();
        let is_news = state.role == Role::PreCandidate || state.leader != Some(leader);
        if is_news && !state.leads() && state.term == term && !state.is_over {
            self.becomes(&mut state, Role::Follower, term, Some(leader), None);
            state.show_role();
            self.publish(&state);
        }
        self.promises_alone(&mut state);
    }

    /// Who is the only voter left, as far as its log tells, and follows a leader that is on its way out, has just heard that: it does not stand
    /// before its promise is over.
    pub(super) fn promises_alone(&self, state: &mut State) {
        if !Rule::AloneKeepsPromise.holds(!state.follows_alone(self.host.node()))
            && let Some(raft) = self.raft.get()
        {
            self.promises_anew(state, raft);
        }
    }

    /// Has every promise passed that this node has given?
    pub(super) fn may_stand(&self) -> bool {
        self.state.lock().promise == 0
    }

    /// Somebody says that it leads in this term. Readers know at once, though the disk may stand still.
    pub(super) fn hears(&self, leader: NodeId, term: u64) {
        let mut state = self.state.lock();
        if term >= state.term && state.leader != Some(leader) && state.hint != Some((term, leader)) && !state.is_over {
            state.hint = Some((term, leader));
            self.publish(&state);
        }
    }

    /// How long this node has to take a snapshot: an election timeout, and twice as long after each that it has not acknowledged.
    pub(super) fn patience_with(&self, node: NodeId) -> std::time::Duration {
        let lost = self.state.lock().lost.get(&node).copied().unwrap_or_default();
        self.config.election_timeout.saturating_mul(1 << lost.min(16))
    }

    /// It has.
    pub(super) fn installed_by(&self, node: NodeId) {
        self.state.lock().lost.remove(&node);
    }

    /// It has not.
    pub(super) fn lost_to(&self, node: NodeId) {
        *self.state.lock().lost.entry(node).or_default() += 1;
        self.host.observe(Event::SnapshotUnanswered { by: node });
    }

    /// Leadership of `term` is over: who asked for a transfer hears whether it has gone where it was to go.
    fn end_transfer(&self, state: &mut State, term: u64, voted: Option<NodeId>) {
        if let Some(Transfer { to, reply: Some(reply), .. }) = state.transfer.take() {
            let is_lost = state.term == term || voted != Some(to);
            reply.send(if is_lost { Err(INTERRUPTED) } else { Ok(()) });
        }
    }

    /// For so many ticks from now on this node helps to elect nobody.
    pub(super) fn promises(&self, ticks: u64) {
        self.state.lock().promise = ticks;
    }

    /// Does a promise that this node may have given before it was started again forbid to hear who asks for a vote?
    pub(super) fn has_promised(&self) -> bool {
        let left = self.state.lock().promise;
        !Rule::PromiseSurvivesRestart.holds(crate::rules::at_most(left, 0))
    }

    /// What was found on the disk.
    pub(super) fn found(&self, vote: Option<Vote>) {
        let Some(vote) = vote else { return };
        let mut state = self.state.lock();
        state.term = vote.leader_id.term;
        state.durable_term = state.term;
        state.show_role();
    }

    /// What openraft's metrics tell: the commit index.
    pub(super) fn committed(&self, commit: u64) {
        let mut state = self.state.lock();
        if commit > state.commit && !state.is_over {
            state.commit = commit;
            if commit > state.applied.0 {
                let at = self.now(&mut state).unwrap_or(state.latest);
                state.committed.push_back((commit, at));
            }
            self.publish(&state);
        }
    }

    /// The engine has ended: whoever counts on it hears so. Called once or more often; the first counts.
    pub(super) fn ends(&self, end: Result<(), Error>) {
        {
            let mut state = self.state.lock();
            if std::mem::replace(&mut state.is_over, true) {
                return;
            }
            self.board.close();
            self.listener.ended(EndCause::Stopped);
            state.interrupt(&Error::Closed(Outcome::Unknown));
            if let Some(Transfer { reply: Some(reply), .. }) = state.transfer.take() {
                reply.send(Err(Error::Closed(Outcome::Unknown)));
            }
            state.wants.stop = Some(end.clone());
            state.wants.wake();
        }
        self.host.observe(Event::Stopped { error: end.as_ref().err().map(Error::kind) });
        self.board.end(end);
    }
}

/// A change of members that somebody waits for.
pub(super) struct Changing<'a>(&'a Shared);

impl Drop for Changing<'_> {
    fn drop(&mut self) {
        self.0.state.lock().is_changing = false;
    }
}

/// Forgets who waits for this leader when it waits no more.
pub(super) struct Waiting<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let _gone = self.shared.state.lock().waiting.remove(&self.number);
    }
}
