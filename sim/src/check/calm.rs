//! Since when nothing has disturbed a cluster: what the checks of the fast path ask before they judge how fast it is.
//!
//! A fault disturbs while it is in force, and where it begins, acts or ends; so does a transfer of leadership, asked for by a
//! fault or not.

use super::Premises;
use crate::history::{How, Record, StackRecord, What};
use crate::time::SimTime;
use crate::view::faults::Troubles;
use crate::words::{Healed, Verb};
use leasehold::observe::Event;

/// Since when nothing has disturbed the cluster.
#[derive(Default)]
pub(super) struct Calm {
    troubles: Troubles,
    /// When something last happened that disturbs.
    disturbed: SimTime,
    /// That was a heal of everything.
    healed: bool,
    /// Verbs that do not, here.
    excused: &'static [Verb],
}

impl Calm {
    /// Calm but for faults of these verbs.
    pub(super) fn but_for(excused: &'static [Verb]) -> Self {
        Self { excused, ..Self::default() }
    }

    /// Sees a record; `true` if it disturbs.
    pub(super) fn record(&mut self, record: &Record) -> bool {
        match &record.what {
            What::Fault(fault) if !self.excused.contains(&fault.verb) => {
                self.troubles.record(record);
                // What it ends tells so at the same instant.
                let ended_by_heal = self.healed && record.at == self.disturbed;
                self.healed = ended_by_heal || fault.how == How::Heals(Healed::Everything);
            }
            What::Stack(StackRecord {
                event: Event::TransferStarted { .. } | Event::TransferAborted { .. }, ..
            }) => {
                self.healed = false;
            }
            _ => return false,
        }
        self.disturbed = record.at;
        true
    }

    /// Since when it is calm; `None`: a fault is in force.
    pub(super) fn since(&self) -> Option<SimTime> {
        self.troubles.calm_since().map(|_| self.disturbed)
    }

    /// Has it been calm for so long that leadership, and all that faults leave behind, are settled? A heal of everything leaves
    /// nothing behind, and two elections are enough after it.
    pub(super) fn is_settled(&self, at: SimTime, premises: &Premises) -> bool {
        let long = if self.healed { premises.usual_settling() } else { premises.settling() };
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
        let cut = || Events::default().fault(10, 0, Verb::Partition, Activated);
        assert_eq!(after(Calm::default(), &Events::default()), Some(ms(0)));
        assert_eq!(after(Calm::default(), &cut()), None);
        assert_eq!(after(Calm::default(), &cut().fault(30, 0, Verb::Partition, Ended)), Some(ms(30)));
        assert_eq!(after(Calm::but_for(&[Verb::Partition]), &cut()), Some(ms(0)));
    }

    #[test]
    fn a_heal_of_everything_leaves_nothing_behind() {
        let cut = || Events::default().fault(10, 0, Verb::Disk, Activated);
        let healed = cut().fault(1_000, 1, Verb::Heal, Activated).fault(1_000, 0, Verb::Disk, Ended);
        let ended = cut().fault(1_000, 0, Verb::Disk, Ended);
        let settled = |events: &Events, at| {
            let mut calm = Calm::default();
            events.records().iter().for_each(|record| {
                calm.record(record);
            });
            calm.is_settled(ms(at), &Premises::of_tests())
        };
        assert!(!settled(&healed, 5_000) && settled(&healed, 6_000), "after two elections of at most 2.1 s");
        assert!(!settled(&ended, 6_000) && settled(&ended, 14_000), "after six");
    }

    #[test]
    fn a_transfer_disturbs_whoever_asked_for_it() {
        let moved = Events::default().event(20, 1, Event::TransferStarted { to: NodeId(2) });
        assert_eq!(after(Calm::default(), &moved), Some(ms(20)));
    }
}
