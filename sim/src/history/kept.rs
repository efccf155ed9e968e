//! What is kept of a stream: all of it, or a scene, and before it what made what is so when it begins: who runs, leads and holds a lease,
//! which faults are in force, and what clients have under way.

use super::event::State;
use super::{About, Fault, FaultPhase, Keep, Record, What, facts};
use crate::words::Healed;
use leasehold::env::ReplicaId;
use std::collections::VecDeque;

/// Records of a scene up to the moment that it is about, and after it.
const BEFORE: usize = 2_000;
const AFTER: usize = 1_000;

/// Records that are kept.
pub(super) struct Kept {
    keep: Keep,
    records: VecDeque<Record>,
    /// So many of them come after the moment.
    after: usize,
    /// What made what is so when the scene begins.
    before: Vec<Record>,
}

impl Kept {
    pub(super) fn new(keep: Keep) -> Self {
        Self { keep, records: VecDeque::new(), after: 0, before: Vec::new() }
    }

    pub(super) fn push(&mut self, record: &Record) {
        match self.keep {
            Keep::Nothing => return,
            Keep::All => {}
            Keep::Around(moment) if record.at > moment && self.after == AFTER => return,
            Keep::Around(moment) if record.at > moment => self.after += 1,
            Keep::Around(_) => {
                if self.records.len() == BEFORE {
                    let lost = self.records.pop_front();
                    lost.into_iter().for_each(|lost| self.lose(lost));
                }
            }
        }
        self.records.push_back(record.clone());
    }

    pub(super) fn take(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.before).into_iter().chain(std::mem::take(&mut self.records)).collect()
    }
}

impl Kept {
    fn lose(&mut self, record: Record) {
        match (&record.what, makes(&record.what)) {
            (_, Some(state)) => {
                self.before.retain(|it| makes(&it.what) != Some(state));
                self.before.push(record);
            }
            // Who ends in the scene had begun before.
            (What::Invoked(_), _) => self.before.push(record),
            (What::Completed { op, .. }, _) => {
                self.before.retain(|it| !matches!(&it.what, What::Invoked(begun) if begun.op == *op));
            }
            _ => in_force(&mut self.before, record, |record| record.what.fault()),
        }
    }
}

/// Of which replica it makes what (of a process, the first): that stays so until it is made anew.
fn makes(what: &What) -> Option<(ReplicaId, State)> {
    match what {
        What::Process { node, .. } => Some((ReplicaId::first(*node), State::Process)),
        What::Stack(told) => Some((told.replica, facts(&told.event, About::Leases).makes?)),
        What::Invoked(_)
        | What::Completed { .. }
        | What::Message { .. }
        | What::Busy { .. }
        | What::Counted { .. }
        | What::Clock { .. }
        | What::Fault(_) => None,
    }
}

/// What began the faults in force, after one more record, of which `fault` says what a fault did in it, if one did.
pub(crate) fn in_force<T>(begun: &mut Vec<T>, record: T, fault: impl Fn(&T) -> Option<&Fault>) {
    let Some(now) = fault(&record) else { return };
    match now.phase {
        FaultPhase::Activated if now.verb.lasts() => begun.push(record),
        FaultPhase::Activated if now.heals() == Some(Healed::Everything) => begun.clear(),
        FaultPhase::Ended => {
            begun.retain(|it| fault(it).is_none_or(|it| (&it.step, &it.targets) != (&now.step, &now.targets)));
        }
        FaultPhase::Activated | FaultPhase::Effective | FaultPhase::Refused | FaultPhase::BeyondClaims => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Events, get, ms};
    use super::*;
    use crate::words::Verb;

    /// The times in milliseconds of what is kept around 5 s of so many records, a millisecond apart, of which these are of faults.
    fn kept(records: u64, faults: &[(u64, FaultPhase)]) -> Vec<u64> {
        let mut kept = Kept::new(Keep::Around(ms(5_000)));
        for at in 0..records {
            let phase = faults.iter().find(|(of, _)| *of == at).map(|(_, phase)| *phase);
            let events = Events::default();
            let events = match phase {
                Some(phase) => events.fault(at, 0, Verb::Partition, phase),
                None if at == 50 => events.extended(at, 1, 1, 9_000),
                None => events.hit(at, 1),
            };
            events.records().iter().for_each(|record| kept.push(record));
        }
        kept.take().into_iter().map(|record| record.at.millis()).collect()
    }

    #[test]
    fn a_scene_is_kept_and_what_made_what_is_so_when_it_begins() {
        use FaultPhase::{Activated, Effective, Ended};
        let scene: Vec<u64> = (3_001..6_001).collect();
        let of_lease = || [vec![50], scene.clone()].concat();
        assert_eq!(kept(20_000, &[]), of_lease());
        let begun = [(100, Activated), (120, Effective)];
        assert_eq!(kept(20_000, &begun), [vec![50, 100], scene.clone()].concat());
        assert_eq!(kept(20_000, &[begun[0], (200, Ended)]), of_lease());
        assert_eq!(kept(20_000, &[begun[0], (4_000, Ended)]), [vec![50, 100], scene].concat());
        assert_eq!(kept(700, &begun), (0..700).collect::<Vec<_>>(), "what fits is kept once");
    }
    #[test]
    fn what_ends_in_the_scene_is_kept_from_its_beginning() {
        let mut kept = Kept::new(Keep::Around(ms(5_000)));
        let begun = Events::default().invoke(1, 1, get(0)).invoke(2, 2, get(0)).read(3, 1, 0);
        let scene = (0..BEFORE as u64).fold(begun, |events, at| events.hit(10 + at, 1)).read(4_000, 2, 0);
        scene.records().iter().for_each(|record| kept.push(record));
        let first: Vec<u64> = kept.take().iter().take(2).map(|record| record.at.millis()).collect();
        assert_eq!(first, [2, 11], "the first operation had ended");
    }
}
