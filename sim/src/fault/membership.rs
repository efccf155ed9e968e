//! `membership = { add-learner = "@spare" }`: the leader is asked to change who belongs to the group: `add-learner`, `promote`,
//! `demote`, `remove`, or several at once by a joint configuration, `joint = { add = [...], remove = [...] }`.
//!
//! Effective: the leader that was asked has applied the change, and left the joint configuration if it was one. Refused: nobody
//! leads or answers to a selector, the leader refused (another change is under way, the learner has not caught up, it makes no
//! sense), or lost its leadership meanwhile.

use super::{Act, record};
use crate::history::FaultPhase;
use crate::scenario::{MembershipChange, Selector};
use leasehold::engine;
use leasehold::env::NodeId;

pub(super) const VERB: &str = "membership";

pub(super) fn perform(act: &Act, change: &MembershipChange) {
    let leader = act.select(Selector::Leader).first().copied();
    let Some((leader, (change, detail))) = leader.zip(act.change(change)) else {
        act.record(VERB, FaultPhase::Refused, "nobody leads, or answers to a selector");
        return;
    };
    act.record(VERB, FaultPhase::Activated, &detail);
    let (cluster, step) = (act.injector.cluster.clone(), act.step);
    act.injector.cluster.on_node(leader, move |node| async move {
        match node.change_membership(change).await {
            Ok(index) => {
                record(&cluster, step, VERB, FaultPhase::Effective, &format!("{detail}, from index {index} on"));
            }
            Err(error) => record(&cluster, step, VERB, FaultPhase::Refused, &format!("{detail}: {error}")),
        }
    });
}

impl Act {
    /// What is meant now, and in words. `None` if nobody answers to a selector.
    fn change(&self, change: &MembershipChange) -> Option<(engine::MembershipChange, String)> {
        let one = |selector: Selector| self.select(selector).first().copied();
        let plain = |selector, what: &str, make: fn(NodeId) -> engine::MembershipChange| {
            one(selector).map(|node| (make(node), format!("{what} {node}")))
        };
        match change {
            MembershipChange::AddLearner(node) => plain(*node, "add learner", engine::MembershipChange::AddLearner),
            MembershipChange::Promote(node) => plain(*node, "promote", engine::MembershipChange::Promote),
            MembershipChange::Demote(node) => plain(*node, "demote", engine::MembershipChange::Demote),
            MembershipChange::Remove(node) => plain(*node, "remove", engine::MembershipChange::Remove),
            MembershipChange::Joint { add, remove } => {
                let [add, remove] = [self.distinct(add)?, self.distinct(remove)?];
                let named = |nodes: &[NodeId]| nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ");
                let detail = format!("joint: add {}; remove {}", named(&add), named(&remove));
                Some((engine::MembershipChange::Joint { add, remove }, detail))
            }
        }
    }

    /// A node for each selector, none of them twice.
    fn distinct(&self, selectors: &[Selector]) -> Option<Vec<NodeId>> {
        let mut nodes =
            selectors.iter().map(|selector| self.select(*selector).first().copied()).collect::<Option<Vec<_>>>()?;
        nodes.sort_unstable();
        nodes.dedup();
        Some(nodes)
    }
}
