//! `membership = { add-learner = "@spare" }`: the leader is asked to change who belongs to the group: `add-learner`, `promote`,
//! `demote`, `remove`, or several at once by a joint configuration, `joint = { add = [...], remove = [...] }`.
//!
//! Effective: the leader that was asked has applied the change, and left the joint configuration if it was one. Refused: nobody
//! leads or answers to a selector, the leader refused (another change is under way, the learner has not caught up, it makes no
//! sense), or lost its leadership meanwhile.

use super::prelude::*;
use super::selector::group;
use crate::scenario::{Action, Joint, MembershipChange, Selector};
use leasehold::engine;
use leasehold::env::GroupId;

pub(super) fn perform(act: &Act, change: &MembershipChange) {
    // Of the group of the step, or that which a selector names.
    let named = Action::Membership(change.clone()).selectors().iter().find_map(|selector| selector.group());
    let group = group(named.or(act.group));
    let leader = act.select_in(group, Selector::Leader).first().copied();
    let Some((leader, change)) = leader.zip(act.change(group, change)) else { return act.nobody(Verb::Membership) };
    let deed = act.deed(Verb::Membership, Targets::Asked(leader), How::Changes(change.clone())).within(group);
    deed.acts();
    act.injector.cluster.on_node(leader, move |node| async move {
        match node.change_membership(group, change).await {
            Ok(index) => deed.is_effective(Some(Evidence::Index(index))),
            Err(error) => deed.cannot_act(Some(Evidence::Error(error))),
        }
    });
}

impl Act {
    /// What is meant now. `None` if nobody answers to a selector.
    fn change(&self, group: GroupId, change: &MembershipChange) -> Option<engine::MembershipChange> {
        use engine::MembershipChange as Change;
        let one = |selector: Selector| self.select_in(group, selector).first().copied();
        match change {
            MembershipChange::AddLearner(node) => one(*node).map(Change::AddLearner),
            MembershipChange::Promote(node) => one(*node).map(Change::Promote),
            MembershipChange::Demote(node) => one(*node).map(Change::Demote),
            MembershipChange::Remove(node) => one(*node).map(Change::Remove),
            MembershipChange::Joint(Joint { add, remove }) => {
                Some(Change::Joint { add: self.distinct(group, add)?, remove: self.distinct(group, remove)? })
            }
        }
    }

    /// A node for each selector, none of them twice.
    fn distinct(&self, group: GroupId, selectors: &[Selector]) -> Option<Vec<NodeId>> {
        let mut nodes = selectors
            .iter()
            .map(|selector| self.select_in(group, *selector).first().copied())
            .collect::<Option<Vec<_>>>()?;
        nodes.sort_unstable();
        nodes.dedup();
        Some(nodes)
    }
}
