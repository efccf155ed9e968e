//! L5: who waits for a ReadIndex round hears at once that its leader leads no more.
//!
//! **Proves** that no wait for a round, of a node that ceased to lead meanwhile, went on for more than two ticks after that. raft forgets
//! its rounds with its role and tells nobody: who is left waiting is answered when the engine repeats the round, at its election timeout
//! (LB-58).
//!
//! **Does not prove** that a wait ends that is never told to have ended: `calls-return` sees that. A node is excused that stood still, was
//! slowed down, or whose disk was bad meanwhile.
//!
//! **Costs** a look-up for each end of a wait and each loss of the role.
//!
//! **Seen alive by** its unit tests, and by `reads-left-waiting` (`fast/partition`).

use crate::check::calm::hinders;
use crate::check::{By, Check, Finding, Now};
use crate::history::{Fault, ProcessChange};
use crate::time::SimTime;
use crate::view::faults::Change;
use crate::words::figures::duration;
use leasehold::env::NodeId;
use leasehold::observe::RoundCause;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Default)]
pub(in crate::check) struct InterruptedRounds {
    leads: BTreeSet<NodeId>,
    /// When each node last ceased to lead.
    fell: BTreeMap<NodeId, SimTime>,
    /// When somebody was last kept from doing anything in time.
    hindered: Option<SimTime>,
    /// The first that was left waiting.
    found: Option<Finding>,
}

impl Check for InterruptedRounds {
    fn leads(&mut self, _: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        self.leads.insert(node);
        None
    }

    fn falls(&mut self, now: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        if self.leads.remove(&node) {
            self.fell.insert(node, now.at);
        }
        None
    }

    fn round_ended(
        &mut self,
        now: &Now<'_>,
        By { node, .. }: By<'_>,
        _: RoundCause,
        waited: Duration,
        _: bool,
    ) -> Option<Finding> {
        let fell = *self.fell.get(&node)?;
        let (after, may) = (now.at.since(fell), now.premises.tick * 2);
        let is_hindered = now.nodes.faults.in_force(hinders) > 0 || self.hindered >= Some(fell);
        if after > waited || is_hindered {
            return None;
        }
        now.judge();
        if after <= may || self.found.is_some() {
            return None;
        }
        let [waited, after, may] = [waited, after, may].map(duration);
        let message = format!(
            "who waited at {node} for a ReadIndex round heard nothing for {after} after {node} had ceased to lead; {may} is the longest"
        );
        let ended = format!("the wait ended at {}, after {waited}", now.at);
        self.found = Some(now.finding(message, vec![format!("{node} ceased to lead at {fell}"), ended]));
        None
    }

    fn fault(&mut self, now: &Now<'_>, _: &Fault) -> Option<Finding> {
        let hindered = match now.nodes.faults.change() {
            Change::Began(disturbs) | Change::Ended(disturbs) => hinders(disturbs),
            Change::Healed => true,
            Change::None => false,
        };
        if hindered {
            self.hindered = Some(now.at);
        }
        None
    }

    fn process(&mut self, now: &Now<'_>, node: NodeId, change: ProcessChange) -> Option<Finding> {
        match change {
            ProcessChange::Paused | ProcessChange::Resumed => self.hindered = Some(now.at),
            ProcessChange::Started { .. } | ProcessChange::Killed | ProcessChange::Failed { .. } => {
                self.fell.remove(&node);
            }
        }
        None
    }

    fn at_end(&mut self, _: &Now<'_>) -> Vec<Finding> {
        self.found.take().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::history::FaultPhase;
    use crate::words::Verb;

    /// A tick is 100 ms.
    fn judged(events: &Events) -> (Vec<Finding>, u64) {
        events.judged_by("interrupted-rounds", 60_000)
    }

    /// n1 ceases to lead at 1 s; somebody has waited there from 0.9 s on.
    fn ends(events: Events, at: u64) -> Events {
        let events = events.started(0, 1, 1).leads(10, 1, 4).follows(1_000, 1, 5);
        events.round_ended(at, 1, RoundCause::LeaseMiss, at - 900)
    }

    #[test]
    fn who_hears_at_once_is_well_served() {
        assert_eq!(judged(&ends(Events::default(), 1_200)), (Vec::new(), 1));
    }

    #[test]
    fn who_is_left_waiting_is_told_of_once() {
        let events = ends(Events::default(), 1_201).round_ended(1_300, 1, RoundCause::LeaseMiss, 1_000);
        let (findings, judged) = judged(&events);
        assert_eq!((findings.len(), judged), (1, 2));
        assert_eq!(
            findings[0].message,
            "who waited at n1 for a ReadIndex round heard nothing for 201ms after n1 had ceased to lead; 200ms is the longest"
        );
    }

    #[test]
    fn who_came_after_the_leadership_had_ended_is_none_of_its() {
        let events = Events::default().started(0, 1, 1).leads(10, 1, 4).follows(1_000, 1, 5);
        assert_eq!(judged(&events.round_ended(2_000, 1, RoundCause::LeaseMiss, 500)), (Vec::new(), 0));
    }

    #[test]
    fn who_stood_still_meanwhile_is_excused() {
        let events = Events::default().started(0, 1, 1).leads(10, 1, 4).follows(1_000, 1, 5);
        let events = events.process(1_100, 1, ProcessChange::Paused).process(1_400, 1, ProcessChange::Resumed);
        assert_eq!(judged(&events.round_ended(1_500, 1, RoundCause::LeaseMiss, 600)), (Vec::new(), 0));
        let slow = Events::default().fault(500, 7, Verb::Slow, FaultPhase::Activated);
        assert_eq!(judged(&ends(slow, 1_500)), (Vec::new(), 0));
    }
}
