//! openraft's types, with ours filled in.

use super::runtime::Runtime;
use crate::env::NodeId;
use crate::observe::Membership;
use openraft::impls::leader_id_std::LeaderId;
use openraft::vote::RaftLeaderId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

openraft::declare_raft_types!(
    /// Of two ways in which openraft can go about a term it is the one with at most one leader to it, as Raft has it.
    pub(super) Types:
        D = Command,
        R = Response,
        NodeId = u64,
        Node = (),
        LeaderId = LeaderId<u64, u64>,
        AsyncRuntime = Runtime,
);

/// The term of an entry: who led in it needs no telling.
pub(super) type Term = <LeaderId<u64, u64> as RaftLeaderId>::Committed;
pub(super) type Vote = openraft::Vote<LeaderId<u64, u64>>;
pub(super) type LogId = openraft::LogId<Term>;
pub(super) type Payload = openraft::EntryPayload<Command, u64, ()>;
pub(super) type Entry = openraft::Entry<Term, Payload>;
pub(super) type Members = openraft::Membership<u64, ()>;
pub(super) type StoredMembers = openraft::StoredMembership<Term, u64, ()>;
pub(super) type SnapshotMeta = openraft::SnapshotMeta<Term, u64, ()>;
pub(super) type Snapshot = openraft::Snapshot<Term, u64, (), State>;

/// The state machine's state, as it saves it.
pub(super) type State = Arc<Vec<u8>>;

/// A command for the state machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Command(pub(super) Vec<u8>);

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// What applying an entry has answered, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Response {
    pub(super) index: u64,
    pub(super) response: Vec<u8>,
}

/// The number of no node: a vote for it is one for nobody.
pub(super) const NOBODY: u64 = 0;

/// Whom this vote is for.
pub(super) fn voted_for(vote: &Vote) -> Option<NodeId> {
    let of = vote.leader_id.voted_for;
    (of != NOBODY).then_some(NodeId(of))
}

/// Index and term of a place in the log. openraft counts from 0, where it has the first membership: the place of nothing.
pub(super) fn position(log_id: Option<LogId>) -> (u64, u64) {
    log_id.map_or((0, 0), |log_id| (log_id.index(), log_id.committed_leader_id().term))
}

/// What an entry says, for a digest of it: the command, or how the membership is written down.
pub(super) fn content(entry: &Entry) -> Vec<u8> {
    match &entry.payload {
        Payload::Blank => Vec::new(),
        Payload::Normal(command) => command.0.clone(),
        Payload::Membership(members) => postcard::to_allocvec(members).unwrap_or_default(),
    }
}

/// Is this a change of membership?
pub(super) fn is_change(entry: &Entry) -> bool {
    change(entry).is_some()
}

/// Where a change of membership stands, and whom it makes the members; `None`: this entry is none.
pub(super) fn change(entry: &Entry) -> Option<(u64, Membership)> {
    match &entry.payload {
        Payload::Membership(members) => Some((entry.log_id.index(), membership(members))),
        Payload::Blank | Payload::Normal(_) => None,
    }
}

/// `members` in the words that any Raft has. Of two halves openraft puts that which is to be left first.
pub(super) fn membership(members: &Members) -> Membership {
    let nodes = |ids: &BTreeSet<u64>| ids.iter().copied().map(NodeId).collect();
    let halves = members.get_joint_config();
    Membership {
        voters: halves.last().map(nodes).unwrap_or_default(),
        outgoing: if halves.len() > 1 { halves.first().map(nodes).unwrap_or_default() } else { Vec::new() },
        learners: members.learner_ids().map(NodeId).collect(),
    }
}

/// The same the other way round, of one that is not joint.
pub(super) fn members(membership: &Membership) -> Members {
    let ids = |nodes: &[NodeId]| nodes.iter().map(|node| node.0).collect::<BTreeSet<u64>>();
    Members::new_with_defaults(vec![ids(&membership.voters)], ids(&membership.learners))
}
