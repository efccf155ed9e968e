//! How this node stands.

use super::wants::Wants;
use crate::engine::acks::QuorumAcks;
use crate::engine::callers::Reply;
use crate::engine::renewal::Renewal;
use crate::engine::{Config, Status};
use crate::env::{Instant, NodeId};
use crate::error::Error;
use crate::observe::{Membership, Role};
use crate::rules::Rule;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// All of it, behind one lock.
pub(super) struct State {
    pub(super) role: Role,
    pub(super) term: u64,
    pub(super) leader: Option<NodeId>,
    /// The term, as far as it is durable.
    pub(super) durable_term: u64,
    /// What of that, and of what is applied, readers may see: role, term and leader once they are durable.
    pub(super) shown: Shown,
    /// Who says that it leads, in no earlier term, though this node has not been able to write that down yet.
    pub(super) hint: Option<(u64, NodeId)>,
    pub(super) commit: u64,
    /// Up to which index was committed when; what is not applied yet.
    pub(super) committed: VecDeque<(u64, Instant)>,
    /// Where the last change of membership in the log stands, and by which members openraft counts.
    pub(super) last_change: u64,
    pub(super) counts: Membership,
    /// Somebody waits for a change, and leaves the joint configuration that it enters.
    pub(super) is_changing: bool,
    /// Voters who are none of the next half stay as learners when this leader leaves a joint configuration. So they do where another leader
    /// has entered it, as the log does not say what it was asked for.
    pub(super) retains: bool,
    /// Index and term.
    pub(super) applied: (u64, u64),
    pub(super) members: Membership,
    pub(super) renewal: Box<dyn Renewal>,
    /// What a quorum has acknowledged, whoever renews the lease: by that a leader knows that it hears one.
    pub(super) acks: QuorumAcks,
    pub(super) heard: bool,
    /// What openraft's own account has renewed the lease from last, and in which term.
    pub(super) accounted: Option<(u64, Instant)>,
    pub(super) ticks: u64,
    /// For so many ticks more this node helps to elect nobody.
    pub(super) promise: u64,
    pub(super) round: u64,
    pub(super) latest: Instant,
    /// To whom leadership is handed over, and who asked for that.
    pub(super) transfer: Option<Transfer>,
    /// How many snapshots each has not acknowledged, one after the other.
    pub(super) lost: BTreeMap<NodeId, u32>,
    /// The last leadership of this node that its engine ended, and not openraft.
    pub(super) left: Option<Left>,
    /// This leader has set about to lead no more, as its disk stands still.
    pub(super) left_for_stall: bool,
    /// Who waits for this leader, by number.
    pub(super) waiting: BTreeMap<u64, Reply<()>>,
    pub(super) last: u64,
    pub(super) wants: Wants,
    /// Nothing more is told to anybody.
    pub(super) is_over: bool,
}

/// What readers may see.
#[derive(Clone, Copy, Default)]
pub(super) struct Shown {
    role: Role,
    term: u64,
    leader: Option<NodeId>,
    applied: (u64, u64),
}

/// An engine leads no more in this term.
#[derive(Clone, Copy)]
pub(super) struct Left {
    pub(super) term: u64,
    /// openraft has been told to hand over. Before that it may not have known of its leadership yet.
    pub(super) is_told: bool,
}

/// Leadership is handed over.
pub(super) struct Transfer {
    pub(super) to: NodeId,
    /// `None`: whoever asked has gone.
    pub(super) reply: Option<Reply<()>>,
    /// How many ticks it has taken.
    pub(super) ticks: u64,
}

impl State {
    /// Does whoever could be elected need a majority of those by whom acknowledgements are counted here? openraft counts votes by the last
    /// change in the log, this engine acknowledgements by the last one applied. Those are one step apart at most, and every step is joint or
    /// out of a joint configuration, once a leader has applied an entry of its own term: it takes no change before it has applied the one
    /// before. Until then there may be several between them, and of the first and the last of those the majorities need not meet.
    pub(super) fn counts_as_voters_do(&self) -> bool {
        Rule::CountsAsVotersDo.holds(self.applied.1 == self.term || self.last_change <= self.applied.0)
    }

    /// That of a follower who knows of nothing but the founders.
    pub(super) fn new(me: NodeId, config: &Config) -> Self {
        let members = config.founders.clone();
        Self {
            role: Role::Follower,
            term: 0,
            leader: None,
            durable_term: 0,
            shown: Shown::default(),
            hint: None,
            commit: 0,
            committed: VecDeque::new(),
            last_change: 0,
            counts: members.clone(),
            is_changing: false,
            retains: true,
            applied: (0, 0),
            renewal: config.renewal.build(me, members.clone(), config.renewal_interval),
            acks: QuorumAcks::new(me, members.clone()),
            members,
            heard: false,
            accounted: None,
            ticks: 0,
            promise: 0,
            round: 0,
            latest: Instant::default(),
            transfer: None,
            lost: BTreeMap::new(),
            left: None,
            left_for_stall: false,
            waiting: BTreeMap::new(),
            last: 0,
            wants: Wants::default(),
            is_over: false,
        }
    }

    pub(super) fn leads(&self) -> bool {
        self.role == Role::Leader
    }

    /// Is this node the only one that votes, by the members in force and by the last change that it knows of?
    pub(super) fn votes_alone(&self, me: NodeId) -> bool {
        [&self.members, &self.counts].into_iter().all(|members| members.voters == [me] && !members.is_joint())
    }

    /// Does this node follow another, though no other votes?
    pub(super) fn follows_alone(&self, me: NodeId) -> bool {
        let is_alone = self.counts.voters == [me] && !self.counts.is_joint();
        is_alone && self.leader.is_some_and(|leader| leader != me)
    }

    /// Has this leader to leave a joint configuration, as nobody waits for that?
    pub(super) fn has_joint_to_leave(&self) -> bool {
        let may_change = self.applied.1 == self.term && self.last_change <= self.applied.0 && self.transfer.is_none();
        self.members.is_joint() && !self.is_changing && may_change
    }

    /// Readers may see role, term and leader as they are.
    pub(super) fn show_role(&mut self) {
        self.shown = Shown { role: self.role, term: self.term, leader: self.leader, ..self.shown };
    }

    /// Readers may see what is applied.
    pub(super) fn show_applied(&mut self) {
        self.shown.applied = self.applied;
    }

    /// What readers are to see.
    pub(super) fn status(&self, admission: Duration) -> Status {
        let Shown { role, term, leader, applied } = self.shown;
        let hint = self.hint.filter(|(of, _)| *of > term || *of == term && leader.is_none());
        Status {
            role,
            term,
            leader: hint.map_or(leader, |(_, leader)| Some(leader)),
            transferee: self.transfer.as_ref().map(|transfer| transfer.to),
            commit: self.commit,
            applied: applied.0,
            applied_term: applied.1,
            behind: self.is_behind(admission),
        }
    }

    /// Has what is committed waited for longer than this?
    pub(super) fn is_behind(&self, admission: Duration) -> bool {
        self.committed.front().is_some_and(|(_, since)| self.latest.since(*since) > admission)
    }

    /// Whoever waits for this leader hears this.
    pub(super) fn interrupt(&mut self, error: &Error) {
        for waits in std::mem::take(&mut self.waiting).into_values() {
            waits.send(Err(error.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::conformance::config;

    /// Of a leader of term 5 whose log's last change is at index 7, and who has applied up to this index, of this term.
    fn counts(applied: (u64, u64)) -> bool {
        let config = config(Membership { voters: vec![NodeId(1)], ..Membership::default() });
        let state = State { term: 5, last_change: 7, applied, ..State::new(NodeId(1), &config) };
        state.counts_as_voters_do()
    }

    #[test]
    fn a_leader_that_may_have_several_changes_to_apply_renews_no_lease_before_it_has_applied_an_entry_of_its_term() {
        assert!(!counts((6, 4)), "the change at 7 is one it has yet to apply, and there may be another before it");
        assert!(counts((7, 4)), "the last change is applied");
        assert!(counts((6, 5)), "it has taken the change at 7 itself, after it had applied all before");
    }
}
