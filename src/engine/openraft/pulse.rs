//! What a leader looks after at each tick: does it hear a quorum, does its disk go on, is its lease to be renewed, is a joint configuration
//! to be left?

use super::leadership::Shared;
use super::state::{Left, State};
use super::storage::Machine;
use super::timing::ticks;
use super::types::Types;
use crate::engine::callers::Reply;
use crate::metrics::Counter;
use crate::observe::{EndCause, Event};
use crate::rules::{Rule, before, is};

impl Shared {
    /// A tick has passed. `writing`: for so many, the same write has been under way.
    pub(super) fn ticked(&self, writing: u64) {
        let mut state = self.state.lock();
        // openraft goes by a clock that stands still while none can be read, and then leaps: by that every promise is over at once.
        if self.now(&mut state).is_err()
            && let Some(raft) = self.raft.get()
        {
            self.promises_anew(&mut state, raft);
        }
        if state.promise == 1 {
            state.wants.may_stand = true;
            state.wants.wake();
        }
        state.promise = state.promise.saturating_sub(1);
        if state.is_over || !state.leads() {
            self.leave_again(&mut state, writing);
            return;
        }
        if state.transfer.as_ref().and_then(|transfer| transfer.reply.as_ref()).is_some_and(Reply::is_closed)
            && let Some(transfer) = &mut state.transfer
        {
            transfer.reply = None;
        }
        state.ticks += 1;
        let election = ticks(&self.config, self.config.election_timeout);
        if state.ticks >= election {
            state.ticks = 0;
            let confirmed = std::mem::take(&mut state.heard) || state.votes_alone(self.host.node());
            // Who answered before that does not count the next time.
            state.acks.reset();
            self.host.observe(Event::QuorumChecked { confirmed });
            if self.config.check_quorum && !confirmed {
                self.leave(&mut state, EndCause::RoleChange);
                return;
            }
        }
        if let Some(transfer) = &mut state.transfer {
            transfer.ticks += 1;
            // openraft goes on to refuse whatever it is asked; somebody else will lead.
            if transfer.ticks >= election {
                self.leave(&mut state, EndCause::RoleChange);
                return;
            }
        }
        if state.has_joint_to_leave() {
            state.wants.leave_joint = Some(state.retains);
            state.wants.wake();
        }
        self.leave_if_stalled(&mut state, writing);
        self.renew(&mut state);
        self.publish(&state);
    }

    /// openraft leads on in a term that this engine has left: it is told again, at the distance of heartbeats, where it did not know of its
    /// leadership then, and where nobody is left to whom it could hand over. The latter waits for a disk that stands still: what openraft
    /// does then is to be written down first.
    fn leave_again(&self, state: &mut State, writing: u64) {
        let Some(Left { term, is_told }) = state.left.filter(|left| left.term == state.term && !state.is_over) else {
            return;
        };
        state.ticks += 1;
        if !state.ticks.is_multiple_of(ticks(&self.config, self.config.heartbeat).max(1)) {
            return;
        }
        if state.votes_alone(self.host.node()) && writing == 0 {
            state.wants.step_down = Some(term);
        } else if !is_told {
            state.wants.leave = true;
        }
        state.wants.wake();
    }

    /// A leader whose disk stands still hands over to the voter that has most of its log, if anybody else votes.
    fn leave_if_stalled(&self, state: &mut State, writing: u64) {
        let most = self.config.stall.map(|stall| ticks(&self.config, stall));
        let writes = Rule::LeaderWrites.holds(most.map_or(is(true), |most| before(writing, most)));
        let writes = writes || state.votes_alone(self.host.node());
        let is_first = !std::mem::replace(&mut state.left_for_stall, !writes);
        if writes || !is_first {
            return;
        }
        let waited = self.config.tick.saturating_mul(u32::try_from(writing).unwrap_or(u32::MAX));
        self.host.observe(Event::DiskStalled { waited });
        self.metrics.count(Counter::DiskStalls);
        self.listener.ended(EndCause::DiskStalled);
        if state.transfer.is_some() {
            return;
        }
        match self.heir_among(&state.members) {
            Some(to) if state.last_change <= state.applied.0 => self.hand_over(state, to, None),
            Some(_) | None => self.leave(state, EndCause::DiskStalled),
        }
    }

    /// Keeps the promise that it may have given for as long as that lasts, from now on.
    pub(super) fn promises_anew(&self, state: &mut State, raft: &openraft::Raft<Types, Machine>) {
        state.promise = ticks(&self.config, self.config.election_timeout);
        raft.runtime_config().elect(false);
    }

    fn renew(&self, state: &mut State) {
        let Ok(now) = self.now(state) else { return };
        let term = state.term;
        if state.counts_as_voters_do()
            && let Some(base) = state.renewal.ticked(now)
        {
            self.listener.renewed(term, base);
        }
        if state.applied.1 == term && state.transfer.is_none() && state.renewal.due(now) {
            let context = [term.to_le_bytes(), now.as_nanos().to_le_bytes()].concat();
            state.renewal.begun(&context, now);
            state.wants.round = Some(context);
            state.wants.wake();
        }
    }
}
