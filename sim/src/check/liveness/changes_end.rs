//! L4 of changes of membership: who asks for one is answered, truly and in time.
//!
//! **Proves** that
//! - whoever is told that its change is done finds it so: the node that was asked goes by such members, and they are not joint;
//! - while the node that was asked leads, a quorum follows it and nothing is wrong with either, a change is answered within [`TIMEOUTS`]
//!   election timeouts, counted anew from each change of the members (a joint configuration is two);
//! - whoever has asked a node that leads no more hears that within two ticks, as far as no pause, slow node or bad disk keeps it from telling.
//!
//! **Does not prove** that a refusal is well founded (`true-errors` judges what is told of leadership), nor that changes are safe
//! (`configuration`).
//!
//! **Costs** a look-up for each change that is asked for.
//!
//! **Seen alive by** `change-done-early` (`planted/joint`) and its unit tests.

use crate::check::calm::hinders;
use crate::check::prelude::*;
use crate::history::{Evidence, FaultPhase, How, StepId, Targets};
use crate::view::soundness::Excuses;
use leasehold::engine::MembershipChange;

/// In so many election timeouts a change is answered where nothing stands in its way.
const TIMEOUTS: u32 = 2;

#[derive(Default)]
pub(in crate::check) struct ChangesEnd {
    asked: BTreeMap<StepId, Asked>,
    found: Vec<Finding>,
}

/// A change that a node was asked for.
struct Asked {
    node: NodeId,
    change: MembershipChange,
    at: SimTime,
    /// Nobody else has asked for another meanwhile.
    alone: bool,
    /// Since when the node has led no more.
    fell: Option<SimTime>,
}

/// Is the change in force, by these members?
fn is_done(change: &MembershipChange, members: &Membership) -> bool {
    let learns = |node: &NodeId| members.learners.contains(node);
    let done = match change {
        MembershipChange::AddLearner(node) | MembershipChange::Demote(node) => learns(node),
        MembershipChange::Promote(node) => members.votes(*node),
        MembershipChange::Remove(node) => !members.contains(*node),
        MembershipChange::Joint { add, remove } => {
            add.iter().all(|node| members.votes(*node)) && !remove.iter().any(|node| members.votes(*node))
        }
    };
    done && !members.is_joint()
}

impl ChangesEnd {
    fn find(&mut self, now: &Now<'_>, message: String) {
        if self.found.is_empty() {
            self.found.push(now.finding(message, Vec::new()));
        }
    }

    /// It is answered now, or the run is over and it is not.
    fn judge_time(&mut self, now: &Now<'_>, asked: &Asked) {
        let Asked { node, at, fell, .. } = *asked;
        now.judge();
        if let Some(fell) = fell {
            let unhindered = now.nodes.faults.calm(hinders).is_some_and(|calm| calm.since < fell);
            let (took, may) = (now.at.since(fell), now.premises.tick * 2);
            if unhindered && took > may {
                let [took, may] = [took, may].map(duration);
                self.find(now, format!("whoever asked {node} at {at} for a change of members heard nothing for {took} after {node} had ceased to lead; {may} is the longest"));
            }
            return;
        }
        let excuses = Excuses { settling: now.premises.usual_settling(), stalled_leader: Duration::MAX };
        let Some(standing) = now.nodes.standing(node, excuses).filter(|standing| standing.leader == node) else {
            return;
        };
        let (stood, may) = (now.at.since(standing.since.max(at)), now.premises.election_timeout * TIMEOUTS);
        if stood > may {
            let [stood, may] = [stood, may].map(duration);
            self.find(now, format!("{node}, asked at {at} for a change of members, led a quorum for {stood} and did not answer; {may} is the longest"));
        }
    }
}

impl Check for ChangesEnd {
    fn fault(&mut self, now: &Now<'_>, Fault { step, targets, how, phase, evidence, .. }: &Fault) -> Option<Finding> {
        let (Targets::Asked(node), How::Changes(change)) = (targets, how) else { return None };
        match phase {
            FaultPhase::Activated => {
                self.asked.values_mut().for_each(|asked| asked.alone = false);
                let alone = self.asked.is_empty();
                let asked = Asked { node: *node, change: change.clone(), at: now.at, alone, fell: None };
                self.asked.insert(step.clone(), asked);
            }
            FaultPhase::Effective | FaultPhase::Refused => {
                let asked = self.asked.remove(step)?;
                self.judge_time(now, &asked);
                let members = now.nodes.members(*node);
                if let (Some(Evidence::Index(index)), true) = (evidence, asked.alone)
                    && !is_done(&asked.change, &members)
                {
                    let message = format!(
                        "{node} says that what it was asked for at {} is done at index {index}; its members are {members}",
                        asked.at
                    );
                    self.find(now, message);
                }
            }
            FaultPhase::Ended | FaultPhase::BeyondClaims => {}
        }
        None
    }

    fn falls(&mut self, now: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        self.asked.values_mut().filter(|asked| asked.node == node).for_each(|asked| {
            asked.fell.get_or_insert(now.at);
        });
        None
    }

    /// Whoever had asked a process that is gone, or stands still, hears of it otherwise.
    fn process(&mut self, _: &Now<'_>, node: NodeId, change: ProcessChange) -> Option<Finding> {
        match change {
            ProcessChange::Killed | ProcessChange::Paused | ProcessChange::Failed { .. } => {
                self.asked.retain(|_, asked| asked.node != node);
            }
            ProcessChange::Started { .. } | ProcessChange::Resumed => {}
        }
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        for asked in std::mem::take(&mut self.asked).into_values() {
            self.judge_time(now, &asked);
        }
        std::mem::take(&mut self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::words::Verb;

    /// n1 leads and is asked at 20 s for n4 as a learner; an election timeout is a second.
    fn asked() -> Events {
        asks(Events::three_and_a_leader().members(20, 1, 1, [&[1, 2, 3], &[], &[]]), 20_000, 0)
    }

    fn told(events: Events, at: u64, step: u32, phase: FaultPhase, evidence: Option<Evidence>) -> Events {
        let change = How::Changes(MembershipChange::AddLearner(NodeId(4)));
        events.fault_shown(at, step, (Verb::Membership, change), Targets::Asked(NodeId(1)), (phase, evidence))
    }

    fn asks(events: Events, at: u64, step: u32) -> Events {
        told(events, at, step, FaultPhase::Activated, None)
    }

    fn done(events: Events, at: u64) -> Events {
        told(events, at, 0, FaultPhase::Effective, Some(Evidence::Index(9)))
    }

    fn judged(events: &Events) -> (Vec<String>, u64) {
        let (found, judged) = events.judged_by("changes-end", 60_000);
        (found.into_iter().map(|finding| finding.message).collect(), judged)
    }

    #[test]
    fn what_is_told_to_be_done_is_done() {
        let learns = asked().members(20_050, 1, 9, [&[1, 2, 3], &[], &[4]]);
        assert_eq!(judged(&done(learns, 20_100)), (vec![], 1));
        let message = "n1 says that what it was asked for at 20.000000s is done at index 9; its members are n1 n2 n3";
        assert_eq!(judged(&done(asked(), 20_100)).0, [message]);
        let joint = asked().members(20_050, 1, 9, [&[1, 2], &[1, 2, 3], &[4]]);
        assert_eq!(judged(&done(joint, 20_100)).0.len(), 1, "a joint configuration has to be left");
    }

    #[test]
    fn who_was_not_the_only_one_to_ask_may_find_other_members() {
        assert_eq!(judged(&done(asks(asked(), 20_050, 1), 20_100).killed(20_200, 1)), (vec![], 1));
    }

    #[test]
    fn a_leader_that_stands_answers_in_two_election_timeouts() {
        let refused = |at| told(asked(), at, 0, FaultPhase::Refused, None);
        assert_eq!(judged(&refused(22_000)), (vec![], 1));
        let message = "n1, asked at 20.000000s for a change of members, led a quorum for 2s and did not answer; 2s is the longest";
        assert_eq!(judged(&refused(22_001)).0.len(), 1, "{message}");
        assert_eq!(judged(&asked()).0.len(), 1, "nor at the end");
        let entered = |at| asked().members(at, 1, 9, [&[1, 2], &[1, 2, 3], &[4]]);
        let later = told(entered(21_500), 23_400, 0, FaultPhase::Refused, None);
        assert_eq!(judged(&later), (vec![], 1), "it has entered a joint configuration meanwhile");
    }

    #[test]
    fn who_leads_no_more_says_so_within_two_ticks() {
        let fell = |at| told(asked().follows(20_100, 1, 5), at, 0, FaultPhase::Refused, None);
        assert_eq!(judged(&fell(20_300)), (vec![], 1));
        assert_eq!(judged(&fell(20_301)).0.len(), 1);
        assert_eq!(
            judged(&asked().follows(20_100, 1, 5).killed(20_200, 1)),
            (vec![], 0),
            "a process that is gone owes nothing"
        );
    }
}
