//! Since when nothing has disturbed a cluster: what the checks of the fast path ask before they judge how fast it is.
//!
//! A fault disturbs while it is in force, and where it begins, acts or ends; so does a transfer of leadership, asked for by a fault or not.

use super::troubles::Troubles;
use crate::history::{Record, StackRecord, What};
use crate::time::SimTime;
use leasehold::observe::Event;
use std::time::Duration;

/// Since when nothing has disturbed the cluster.
#[derive(Default)]
pub(super) struct Calm {
    troubles: Troubles,
    /// When something last happened that disturbs.
    disturbed: SimTime,
    /// Verbs that do not, here.
    excused: &'static [&'static str],
}

impl Calm {
    /// Calm but for faults of these verbs.
    pub(super) fn but_for(excused: &'static [&'static str]) -> Self {
        Self { excused, ..Self::default() }
    }

    /// Sees a record; `true` if it disturbs.
    pub(super) fn record(&mut self, record: &Record) -> bool {
        let disturbs = match &record.what {
            What::Fault { verb, .. } if !self.excused.contains(verb) => {
                self.troubles.record(record);
                true
            }
            What::Stack(StackRecord {
                event: Event::TransferStarted { .. } | Event::TransferAborted { .. }, ..
            }) => true,
            _ => false,
        };
        if disturbs {
            self.disturbed = record.at;
        }
        disturbs
    }

    /// Since when it is calm; `None`: a fault is in force.
    pub(super) fn since(&self) -> Option<SimTime> {
        self.troubles.calm_since().map(|_| self.disturbed)
    }

    /// Has it been calm for so long?
    pub(super) fn lasts(&self, at: SimTime, long: Duration) -> bool {
        self.since().is_some_and(|since| at.since(since) >= long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::history::FaultPhase::{Activated, Ended};
    use leasehold::env::NodeId;

    fn after(mut calm: Calm, events: &Events) -> Option<SimTime> {
        events.records().iter().for_each(|record| {
            calm.record(record);
        });
        calm.since()
    }

    #[test]
    fn a_fault_disturbs_from_its_begin_to_its_end() {
        let cut = || Events::default().fault(10, 0, "partition", Activated);
        assert_eq!(after(Calm::default(), &Events::default()), Some(ms(0)));
        assert_eq!(after(Calm::default(), &cut()), None);
        assert_eq!(after(Calm::default(), &cut().fault(30, 0, "partition", Ended)), Some(ms(30)));
        assert_eq!(after(Calm::but_for(&["partition"]), &cut()), Some(ms(0)));
    }

    #[test]
    fn a_transfer_disturbs_whoever_asked_for_it() {
        let moved = Events::default().event(20, 1, Event::TransferStarted { to: NodeId(2) });
        assert_eq!(after(Calm::default(), &moved), Some(ms(20)));
    }
}
