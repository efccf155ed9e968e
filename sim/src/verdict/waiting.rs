//! Who waited for a ReadIndex round, and when: each caller counts while it waits, whether or not a round ever answers it.

use super::unserved::Stretch;
use crate::history::{Hears, ProcessChange, Record, tell};
use crate::time::SimTime;
use leasehold::env::NodeId;
use leasehold::observe::RoundCause;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Callers that wait.
#[derive(Default)]
pub(super) struct Waiting {
    /// By the nodes that have taken them, and since when.
    callers: BTreeMap<NodeId, VecDeque<SimTime>>,
    /// When those who wait no longer have waited.
    waited: Vec<Stretch>,
}

impl Hears for Waiting {
    fn round_started(&mut self, at: SimTime, node: NodeId, cause: RoundCause, again: bool) {
        if !again && cause != RoundCause::Renewal {
            self.callers.entry(node).or_default().push_back(at);
        }
    }

    fn round_ended(&mut self, at: SimTime, node: NodeId, _: RoundCause, waited: Duration, _: bool) {
        let from = SimTime::at(at.since(SimTime::at(waited)));
        // It is the first that was taken since then, or one that nobody can tell from it.
        let taken = self.callers.entry(node).or_default();
        let place = taken.partition_point(|taken| *taken < from);
        taken.remove(place.min(taken.len().saturating_sub(1)));
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
    /// Sees a record: when those who wait no longer have waited. A caller that its node took late has waited before, too.
    pub(super) fn record(&mut self, record: &Record) -> Vec<Stretch> {
        tell(record, self);
        std::mem::take(&mut self.waited)
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

    fn waited(events: &Events) -> Vec<(u64, u64)> {
        let mut waiting = Waiting::default();
        let mut all: Vec<_> = events.records().iter().flat_map(|record| waiting.record(record)).collect();
        all.extend(waiting.finish(ms(9_000)));
        all.iter().map(|Stretch { from, to }| (from.millis(), to.millis())).collect()
    }

    #[test]
    fn who_waits_counts_from_when_it_asked_to_its_answer_or_the_end() {
        let miss = RoundCause::LeaseMiss;
        let begun = || Events::default().round(100, 1, miss);
        assert_eq!(waited(&begun().round_ended(400, 1, miss, 350)), [(50, 400)], "it was taken late");
        let crossed = begun().round(200, 1, miss).round_ended(300, 1, miss, 100).round_ended(500, 1, miss, 400);
        assert_eq!(waited(&crossed), [(200, 300), (100, 500)]);
        assert_eq!(waited(&begun().round_again(200, 1, miss)), [(100, 9_000)]);
        assert_eq!(waited(&begun().killed(500, 1)), [(100, 500)]);
        assert_eq!(waited(&Events::default().round(100, 1, RoundCause::Renewal)), [], "nobody waits for it");
    }
}
