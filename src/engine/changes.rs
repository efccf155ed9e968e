//! Which change of membership makes sense.

use super::MembershipChange;
use crate::env::NodeId;
use crate::observe::Membership;

impl MembershipChange {
    /// Why it makes no sense where these are the members; `None`: it does.
    pub(super) fn nonsense(&self, members: &Membership) -> Option<&'static str> {
        let last_voter = |node: &NodeId| members.voters == [*node];
        match self {
            MembershipChange::AddLearner(node) if members.contains(*node) => Some("it is a member already"),
            MembershipChange::Promote(node) if !members.learners.contains(node) => Some("it is no learner"),
            MembershipChange::Demote(node) if !members.votes(*node) => Some("it is no voter"),
            MembershipChange::Remove(node) if !members.contains(*node) => Some("it is no member"),
            MembershipChange::Demote(node) | MembershipChange::Remove(node) if last_voter(node) => {
                Some("it is the last voter")
            }
            MembershipChange::Joint { add, remove } => joint(add, remove, members),
            MembershipChange::AddLearner(_)
            | MembershipChange::Promote(_)
            | MembershipChange::Demote(_)
            | MembershipChange::Remove(_) => None,
        }
    }
}

fn joint(add: &[NodeId], remove: &[NodeId], members: &Membership) -> Option<&'static str> {
    if add.iter().any(|node| members.votes(*node)) {
        return Some("it is a voter already");
    }
    if remove.iter().any(|node| !members.contains(*node)) {
        return Some("it is no member");
    }
    let stays = |node: &NodeId| !remove.contains(node);
    if add.is_empty() && remove.is_empty() {
        return Some("it changes nothing");
    }
    (!members.voters.iter().chain(add).any(stays)).then_some("nobody would vote")
}
