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
use crate::time::SimTime;
use crate::words::figures::duration;
use leasehold::env::NodeId;
use leasehold::observe::RoundCause;
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Default)]
pub(in crate::check) struct InterruptedRounds {
    /// Since when each node has not led.
    fell: BTreeMap<NodeId, SimTime>,
    /// The first that was left waiting.
    found: Option<Finding>,
}

impl Check for InterruptedRounds {
    fn leads(&mut self, _: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        self.fell.remove(&node);
        None
    }

    fn falls(&mut self, now: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        self.fell.entry(node).or_insert(now.at);
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
        let is_unhindered = now.nodes.faults.calm(hinders).is_some_and(|calm| calm.since < fell);
        if after > waited || !is_unhindered {
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
    fn who_was_kept_from_telling_it_is_excused() {
        let slow = |from, until| {
            let slow = Events::default().fault(from, 7, Verb::Slow, FaultPhase::Activated);
            slow.fault(until, 7, Verb::Slow, FaultPhase::Ended)
        };
        assert_eq!(judged(&ends(slow(500, 999), 1_500)).1, 1);
        let late = Events::default().started(0, 1, 1).leads(10, 1, 4).fault(500, 7, Verb::Pause, FaultPhase::Activated);
        assert_eq!(
            judged(&late.follows(1_000, 1, 5).round_ended(1_500, 1, RoundCause::LeaseMiss, 600)),
            (Vec::new(), 0)
        );
    }
}
