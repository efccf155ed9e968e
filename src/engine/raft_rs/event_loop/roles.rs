//! Role, term and vote, and who is told when they change.

use super::snapshots::Sent;
use super::{EventLoop, known_node};
use crate::engine::raft_rs::pending::INTERRUPTED;
use crate::env::Work;
use crate::metrics::Counter;
use crate::observe::{EndCause, Event, Role};
use crate::rules::Rule;
use raft::StateRole;

/// What the listener and the sink were last told.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Known {
    pub(super) role: Role,
    pub(super) term: u64,
    pub(super) leader: u64,
}

impl EventLoop {
    /// Follows every call that may change term or role: election timeout, listener, what waits.
    pub(super) fn after_step(&mut self) {
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
            if !Rule::InterruptedWritesAreTold.holds(self.proposals.is_empty()) {
                self.proposals.fail_all(&INTERRUPTED);
            }
            if !Rule::InterruptedReadsAreTold.holds(self.reads.is_empty()) {
                self.reads.fail_all(&INTERRUPTED);
            }
            self.fail_change(&INTERRUPTED);
            self.end_transfer(before.term);
        }
        self.takes_over = self.known.role == Role::Leader;
        if self.takes_over {
            self.listener.elected(self.known.term);
        }
    }

    /// What it costs to begin to lead.
    pub(super) async fn take_over(&mut self) {
        if std::mem::take(&mut self.takes_over) {
            self.host.work(Work::TakeOver).await;
        }
    }

    /// Tells of another term or vote, which is durable now.
    pub(super) fn tell_vote(&mut self, voted: (u64, u64)) {
        if std::mem::replace(&mut self.voted, voted) != voted {
            self.host.observe(Event::Voted { term: voted.0, vote: known_node(voted.1) });
        }
    }
}

pub(in crate::engine::raft_rs) fn role_of(state: StateRole) -> Role {
    match state {
        StateRole::Follower => Role::Follower,
        StateRole::PreCandidate => Role::PreCandidate,
        StateRole::Candidate => Role::Candidate,
        StateRole::Leader => Role::Leader,
    }
}
