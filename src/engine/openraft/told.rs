//! What storage tells: by the vote that is written a node knows how it stands, before anybody else can.

use super::leadership::Shared;
use super::state::State;
use super::storage::Told;
use super::types::{LogId, Vote, position, voted_for};
use crate::observe::{EndCause, Event, Membership, Role};
use crate::rules::Rule;
use std::sync::Arc;

impl Shared {
    /// openraft counts by these members from now on.
    fn counts(&self, state: &mut State, members: &Membership) {
        if state.counts != *members && !state.is_over {
            state.counts = members.clone();
            self.host.observe(Event::Counts { members: Arc::new(members.clone()) });
            self.promises_alone(state);
        }
    }
}

impl Told for Shared {
    fn votes(&self, vote: &Vote) {
        let mut state = self.state.lock();
        if state.is_over {
            return;
        }
        let (term, of) = (vote.leader_id.term, voted_for(vote));
        let role = match (of == Some(self.host.node()), vote.committed) {
            (true, true) => Role::Leader,
            (true, false) => Role::Candidate,
            (false, _) => Role::Follower,
        };
        self.becomes(&mut state, role, term, of.filter(|_| vote.committed), of);
    }

    fn voted(&self, vote: &Vote) {
        let mut state = self.state.lock();
        state.durable_term = vote.leader_id.term;
        if !state.is_over {
            state.show_role();
            self.publish(&state);
        }
    }

    fn members(&self, index: u64, members: &Membership) {
        let mut state = self.state.lock();
        if state.is_over {
            return;
        }
        if state.leads() && !members.votes(self.host.node()) {
            self.listener.ended(EndCause::Removal);
        }
        state.renewal.reconfigured(members.clone());
        state.acks.reconfigured(members.clone());
        state.members = members.clone();
        if state.last_change <= index {
            self.counts(&mut state, members);
        }
    }

    fn applied(&self, log_id: LogId) {
        let mut state = self.state.lock();
        let (index, term) = position(Some(log_id));
        let is_first_of_term = state.applied.1 != term;
        state.applied = (index, term);
        state.commit = state.commit.max(index);
        while state.committed.pop_front_if(|(last, _)| *last <= index).is_some() {}
        if is_first_of_term && state.leads() && state.term == term && !state.is_over {
            self.host.observe(Event::CaughtUp { term, index });
        }
    }

    fn publishes(&self) {
        let mut state = self.state.lock();
        if state.is_over {
            return;
        }
        let votes = Rule::LeaderHasVote.holds(state.members.votes(self.host.node()));
        if state.leads() && !votes {
            self.leave(&mut state, EndCause::Removal);
        }
        state.show_applied();
        self.publish(&state);
    }

    fn last_change(&self, change: Option<(u64, Membership)>) {
        let mut state = self.state.lock();
        let (index, members) = change.unwrap_or_else(|| (0, state.members.clone()));
        state.last_change = index;
        self.counts(&mut state, &members);
    }

    fn snapshot_due(&self) {
        self.want(|wants| wants.snapshot = true);
    }
}
