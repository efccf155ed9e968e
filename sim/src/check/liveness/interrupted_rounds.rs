//! L5: who waits for a ReadIndex round hears at once that its leader leads no more.
//!
//! **Proves** that no wait for a round, of a node that ceased to lead meanwhile, went on for more than two ticks after that. raft forgets
//! its rounds with its role and tells nobody: who is left waiting is answered when the engine repeats the round, at its election timeout
//! (LB-58).
//!
//! **Does not prove** that a wait ends that is never told to have ended: `calls-return` sees that; nor anything of who asked and was not
//! taken up by the engine before its leadership ended. While a pause, a slow node or a bad disk may keep somebody from telling it, and
//! after it, everybody is excused.
//!
//! **Costs** a look-up for each end of a wait and each loss of the role.
//!
//! **Seen alive by** its unit tests, and by `reads-left-waiting` (`fast/partition`).

use crate::check::calm::hinders;
use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct InterruptedRounds {
    nodes: BTreeMap<NodeId, Rounds>,
    /// The first that was left waiting.
    found: Option<Finding>,
}

/// The rounds of a node.
#[derive(Default)]
struct Rounds {
    /// How many wait for one that the engine has taken up. Each that ends is taken for one of them.
    waiting: u32,
    /// Since when the node has not led, and how many of those have not ended since.
    fell: Option<(SimTime, u32)>,
}

impl Check for InterruptedRounds {
    fn leads(&mut self, _: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        self.nodes.entry(node).or_default().fell = None;
        None
    }

    fn falls(&mut self, now: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        let Rounds { waiting, fell } = self.nodes.entry(node).or_default();
        fell.get_or_insert((now.at, *waiting));
        None
    }

    fn round_started(
        &mut self,
        _: &Now<'_>,
        By { node, .. }: By<'_>,
        cause: RoundCause,
        again: bool,
    ) -> Option<Finding> {
        self.nodes.entry(node).or_default().waiting += u32::from(!again && cause != RoundCause::Renewal);
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
        let Rounds { waiting, fell } = self.nodes.entry(node).or_default();
        *waiting = waiting.saturating_sub(1);
        let (fell, left) = fell.as_mut().filter(|(_, left)| *left > 0)?;
        *left -= 1;
        let (after, may) = (now.at.since(*fell), now.premises.tick * 2);
        let is_unhindered = now.nodes.faults.calm(hinders).is_some_and(|calm| calm.since < *fell);
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

    fn started(&mut self, _: &Now<'_>, node: NodeId) -> Option<Finding> {
        self.nodes.remove(&node);
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
    use leasehold::observe::Event;

    /// A tick is 100 ms.
    fn judged(events: &Events) -> (Vec<Finding>, u64) {
        events.judged_by("interrupted-rounds", 60_000)
    }

    /// The engine of n1 takes up so many reads at 0.9 s, and n1 ceases to lead at 1 s.
    fn waiting(events: Events, number: u32) -> Events {
        let taken = Event::RoundStarted { cause: RoundCause::LeaseMiss, again: false };
        let led = events.started(0, 1, 1).leads(10, 1, 4);
        (0..number).fold(led, |events, _| events.event(900, 1, taken.clone())).follows(1_000, 1, 5)
    }

    /// One of those who asked at 0.9 s hears what has become of it.
    fn hears(events: Events, at: u64) -> Events {
        events.round_ended(at, 1, RoundCause::LeaseMiss, at - 900)
    }

    #[test]
    fn who_hears_at_once_is_well_served() {
        assert_eq!(judged(&hears(waiting(Events::default(), 1), 1_200)), (Vec::new(), 1));
    }

    #[test]
    fn who_is_left_waiting_is_told_of_once() {
        let (findings, judged) = judged(&hears(hears(waiting(Events::default(), 2), 1_201), 1_300));
        assert_eq!((findings.len(), judged), (1, 2));
        assert_eq!(
            findings[0].message,
            "who waited at n1 for a ReadIndex round heard nothing for 201ms after n1 had ceased to lead; 200ms is the longest"
        );
    }

    #[test]
    fn who_was_not_taken_up_by_the_engine_is_none_of_its() {
        assert_eq!(judged(&hears(hears(waiting(Events::default(), 1), 1_100), 1_300)), (Vec::new(), 1));
    }

    #[test]
    fn who_came_after_the_leadership_had_ended_is_none_of_its() {
        let events = waiting(Events::default(), 1).round_ended(2_000, 1, RoundCause::LeaseMiss, 500);
        assert_eq!(judged(&events), (Vec::new(), 0));
    }

    #[test]
    fn who_was_kept_from_telling_it_is_excused() {
        let slow = |until| {
            let slow = Events::default().fault(0, 7, Verb::Slow, FaultPhase::Activated);
            slow.fault(until, 7, Verb::Slow, FaultPhase::Ended)
        };
        assert_eq!(judged(&hears(waiting(slow(0), 1), 1_500)).1, 1);
        let paused = Events::default().fault(0, 7, Verb::Pause, FaultPhase::Activated);
        assert_eq!(judged(&hears(waiting(paused, 1), 1_500)), (Vec::new(), 0));
    }
}
