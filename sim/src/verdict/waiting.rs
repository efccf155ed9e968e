//! Who waited for a ReadIndex round, and when: each caller counts while it waits, whether or not a round ever answers it.
//!
//! A lease read that the gate does not let through waits from that moment on, also where its node's engine never takes it. Of who asks
//! before a write or inside a script it is told when the engine takes them, and at their end since when they have waited.

use super::gauge::Stretch;
use super::prelude::*;
use std::collections::VecDeque;

/// Callers that wait.
#[derive(Default)]
pub(super) struct Waiting {
    /// By the nodes that they have asked, and since when.
    callers: BTreeMap<NodeId, VecDeque<SimTime>>,
    /// When those who wait no longer have waited.
    waited: Vec<Stretch>,
}

impl Hears for Waiting {
    fn lease_read(&mut self, at: SimTime, node: NodeId, LeaseRead { miss, .. }: LeaseRead) {
        if miss.is_some() {
            self.callers.entry(node).or_default().push_back(at);
        }
    }

    fn round_started(&mut self, at: SimTime, node: NodeId, cause: RoundCause, again: bool) {
        let is_told_sooner = match cause {
            RoundCause::LeaseMiss | RoundCause::Renewal => true,
            RoundCause::Write | RoundCause::InnerRead => again,
        };
        if !is_told_sooner {
            self.callers.entry(node).or_default().push_back(at);
        }
    }

    fn round_ended(&mut self, at: SimTime, node: NodeId, _: RoundCause, waited: Duration, _: bool) {
        let from = SimTime::at(at.since(SimTime::at(waited)));
        // It is the first since then, or one that nobody can tell from it.
        let callers = self.callers.entry(node).or_default();
        let place = callers.partition_point(|since| *since < from);
        callers.remove(place.min(callers.len().saturating_sub(1)));
        self.waited.push(Stretch { from, to: at });
    }

    fn process(&mut self, at: SimTime, node: NodeId, change: ProcessChange) {
        match change {
            ProcessChange::Killed | ProcessChange::Failed { .. } => {
                let gone = self.callers.remove(&node).unwrap_or_default();
                self.waited.extend(gone.into_iter().map(|from| Stretch { from, to: at }));
            }
            ProcessChange::Started { .. } | ProcessChange::Paused | ProcessChange::Resumed => {}
        }
    }
}

impl Waiting {
    /// When those who wait no longer have waited, since this was last asked. A caller that its node took late has waited before, too.
    pub(super) fn over(&mut self) -> impl Iterator<Item = Stretch> {
        self.waited.drain(..)
    }

    /// The run is over.
    pub(super) fn finish(&mut self, end: SimTime) -> Vec<Stretch> {
        let waiting = std::mem::take(&mut self.callers).into_values().flatten();
        waiting.map(|from| Stretch { from, to: end }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, ms};
    use leasehold::observe::Miss;

    fn waited(events: &Events) -> Vec<(u64, u64)> {
        let mut waiting = Waiting::default();
        events.records().iter().for_each(|record| tell(record, &mut waiting));
        let mut all: Vec<_> = waiting.over().collect();
        all.extend(waiting.finish(ms(9_000)));
        all.iter().map(|Stretch { from, to }| (from.millis(), to.millis())).collect()
    }

    #[test]
    fn who_waits_counts_from_when_it_asked_to_its_answer_or_the_end() {
        let miss = RoundCause::LeaseMiss;
        let asked = |events: Events, at| events.missed(at, 1, Miss::Expired);
        let begun = || asked(Events::default(), 100);
        assert_eq!(waited(&begun().round(130, 1, miss).round_ended(400, 1, miss, 300)), [(100, 400)]);
        let crossed = asked(begun(), 200).round_ended(300, 1, miss, 100).round_ended(500, 1, miss, 400);
        assert_eq!(waited(&crossed), [(200, 300), (100, 500)]);
        assert_eq!(waited(&begun().round(150, 1, miss).round_again(200, 1, miss)), [(100, 9_000)]);
        assert_eq!(waited(&Events::default().hit(100, 1)), [], "it need not wait");
        assert_eq!(waited(&Events::default().round(100, 1, RoundCause::Renewal)), [], "nobody waits for it");
    }

    #[test]
    fn who_asks_a_node_that_never_takes_it_waits_until_it_gives_up_or_the_node_dies() {
        let asked = || Events::default().missed(100, 1, Miss::Expired);
        assert_eq!(waited(&asked()), [(100, 9_000)]);
        assert_eq!(waited(&asked().killed(500, 1)), [(100, 500)]);
        // One that the node did take, and that still waits, is not taken for the one that gave up.
        let two = asked().missed(300, 1, Miss::Expired).round(310, 1, RoundCause::LeaseMiss);
        assert_eq!(waited(&two.round_ended(700, 1, RoundCause::LeaseMiss, 600)), [(100, 700), (300, 9_000)]);
    }

    #[test]
    fn a_write_that_its_node_took_late_has_waited_before() {
        let taken = || Events::default().round(100, 1, RoundCause::Write);
        assert_eq!(waited(&taken().round_ended(400, 1, RoundCause::Write, 350)), [(50, 400)]);
        assert_eq!(waited(&taken().round_again(200, 1, RoundCause::Write)), [(100, 9_000)]);
    }
}
