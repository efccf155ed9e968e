//! Who belongs to the group: changes are proposed, applied from the log, and outlive the leader that began them.

use super::EventLoop;
use crate::engine::MembershipChange;
use crate::engine::callers::Reply;
use crate::env::NodeId;
use crate::error::Error;
use crate::observe::{EndCause, Event, Membership, Role};
use crate::rules::Rule;
use protobuf::Message;
use raft::eraftpb::{ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, Entry, EntryType};
use raft::{ProgressState, StateRole};
use std::sync::Arc;

/// A change that this leader has proposed and not yet seen in force.
pub(super) struct Change {
    index: u64,
    reply: Reply<u64>,
}

impl EventLoop {
    pub(super) fn change_membership(&mut self, change: &MembershipChange, reply: Reply<u64>) {
        match self.propose_change(change) {
            Ok(index) => self.change = Some(Change { index, reply }),
            Err(error) => {
                reply.send(Err(error));
            }
        }
    }

    fn propose_change(&mut self, change: &MembershipChange) -> Result<u64, Error> {
        self.check_leading()?;
        let members = self.raft.store().membership();
        self.check_no_change_under_way(&members)?;
        self.check_sense(change, &members)?;
        self.raft.propose_conf_change(Vec::new(), encode(change, self.joint)).map_err(|_| Error::Overloaded)?;
        Ok(self.raft.raft.raft_log.last_index())
    }

    /// One change at a time, none in a joint configuration, and none before an entry of this leader's own term is applied: an
    /// earlier leader's change, unknown to this one, may else be committed beside it (Ongaro, raft-dev 2015). raft would
    /// replace it by an empty entry without a word.
    fn check_no_change_under_way(&self, members: &Membership) -> Result<(), Error> {
        let refuse = |why| Err(Error::MembershipRefused(why));
        if self.applied.1 != self.raft.raft.term {
            return refuse("the leader has not applied an entry of its own term");
        }
        if members.is_joint() || self.raft.raft.has_pending_conf() {
            return refuse("another change is under way");
        }
        Ok(())
    }

    fn check_sense(&self, change: &MembershipChange, members: &Membership) -> Result<(), Error> {
        let lags = || match change {
            MembershipChange::Promote(node) if !self.follows_closely(*node) => Some("it has not caught up"),
            MembershipChange::AddLearner(_)
            | MembershipChange::Promote(_)
            | MembershipChange::Demote(_)
            | MembershipChange::Remove(_)
            | MembershipChange::Joint { .. } => None,
        };
        let why = change.nonsense(members).or_else(lags);
        why.map_or(Ok(()), |why| Err(Error::MembershipRefused(why)))
    }

    /// Does a learner take entries as they come? One that is still being probed, or sent a snapshot, would be a voter that cannot
    /// help to commit anything (openraft #1805; etcd's `isLearnerReady`).
    fn follows_closely(&self, node: NodeId) -> bool {
        self.raft.raft.prs().get(node.0).is_some_and(|progress| progress.state == ProgressState::Replicate)
    }

    /// Applies an entry that changes the configuration. One that makes no sense where it stands changes nothing, on every node
    /// alike.
    pub(super) fn apply_change(&mut self, entry: &Entry) {
        let Some(change) = decode(entry) else { return };
        let Ok(conf_state) = self.raft.apply_conf_change(&change) else { return };
        self.raft.mut_store().set_conf_state(conf_state);
        self.members_changed(entry.index);
        self.settle_change(entry.index);
    }

    /// Other members are in force: those who count acknowledgements and those who watch are told, and the lease of a leader
    /// without a vote ends, before anything else happens.
    pub(super) fn members_changed(&mut self, index: u64) {
        let members = self.raft.store().membership();
        let leads = self.raft.raft.state == StateRole::Leader;
        if leads && !members.votes(self.host.node()) {
            self.listener.ended(EndCause::Removal);
        }
        self.renewal.reconfigured(members.clone());
        self.host.observe(Event::Membership { index, members: Arc::new(members) });
    }

    /// Answers who asked for the change, once what is in force is not joint.
    fn settle_change(&mut self, index: u64) {
        if self.raft.store().is_joint() {
            return;
        }
        if let Some(Change { reply, .. }) = self.change.take_if(|change| change.index <= index) {
            self.confirmed.push((reply, index));
        }
    }

    /// A leader that has lost its vote stops to lead. raft would let it go on, and, where one other voter is left, answer ReadIndex
    /// without asking that (LB-43). It hands over to who has everything, so that nobody must wait for an election timeout.
    ///
    /// Not between `ready` and `advance`.
    pub(super) fn resign_without_vote(&mut self) {
        let votes = Rule::LeaderHasVote.holds(self.raft.store().has_vote(self.host.node()));
        if votes || self.raft.raft.state != StateRole::Leader {
            return;
        }
        if let Some(heir) = self.heir() {
            self.raft.transfer_leader(heir);
        }
        self.resign();
    }

    /// The voter with the least number among those that have everything.
    fn heir(&self) -> Option<u64> {
        let raft = &self.raft.raft;
        let last = raft.raft_log.last_index();
        let voters = raft.prs().iter().filter(|(id, _)| self.raft.store().has_vote(NodeId(**id)));
        voters.filter(|(_, progress)| progress.matched == last).map(|(id, _)| *id).min()
    }

    /// Forgets who asked for the change under way, if nobody waits for it any more.
    pub(super) fn forget_change(&mut self) {
        self.change.take_if(|change| change.reply.is_closed());
    }

    pub(super) fn fail_change(&mut self, error: &Error) {
        if let Some(Change { reply, .. }) = self.change.take() {
            reply.send(Err(error.clone()));
        }
    }

    /// Tells of a node that stands for election without having applied what changes the configuration in its log.
    pub(super) fn tell_of_campaign(&self) {
        if !matches!(self.known.role, Role::PreCandidate | Role::Candidate) {
            return;
        }
        if let Some(index) = self.raft.store().first_change_after(self.applied.0) {
            self.host.observe(Event::CampaignedAmidChange { index, commit: self.raft.raft.raft_log.committed });
        }
    }
}

/// `change` as raft knows it; `joint`: how a joint configuration is left.
fn encode(change: &MembershipChange, joint: ConfChangeTransition) -> ConfChangeV2 {
    let single = |kind: ConfChangeType, node: &NodeId| ConfChangeSingle {
        change_type: kind,
        node_id: node.0,
        ..Default::default()
    };
    let mut encoded = ConfChangeV2::default();
    let changes = match change {
        MembershipChange::AddLearner(node) | MembershipChange::Demote(node) => {
            vec![single(ConfChangeType::AddLearnerNode, node)]
        }
        MembershipChange::Promote(node) => vec![single(ConfChangeType::AddNode, node)],
        MembershipChange::Remove(node) => vec![single(ConfChangeType::RemoveNode, node)],
        MembershipChange::Joint { add, remove } => {
            encoded.transition = joint;
            let add = add.iter().map(|node| single(ConfChangeType::AddNode, node));
            add.chain(remove.iter().map(|node| single(ConfChangeType::RemoveNode, node))).collect()
        }
    };
    encoded.changes = changes.into();
    encoded
}

fn decode(entry: &Entry) -> Option<ConfChangeV2> {
    match entry.entry_type {
        // The first version of a change is proposed by nobody here.
        EntryType::EntryNormal | EntryType::EntryConfChange => None,
        EntryType::EntryConfChangeV2 => ConfChangeV2::parse_from_bytes(&entry.data).ok(),
    }
}
