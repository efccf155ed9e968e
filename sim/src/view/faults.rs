//! The faults in force, as the history tells of them.
//!
//! A fault that acts is in force until the history says that it ended, or until a heal. A transfer, a change of membership and
//! a heal are over at once.

use crate::history::{FaultPhase, Record, StepId, What};
use crate::time::SimTime;
use crate::words::Healed;
use std::collections::BTreeMap;

/// Faults in force: how many, by their steps. A step may have hit several nodes.
#[derive(Default)]
pub(crate) struct Troubles {
    lasting: BTreeMap<StepId, u32>,
    /// When the last ended that left none in force.
    calm_since: SimTime,
}

/// What a record changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// A fault began that lasts.
    Began,
    /// One ended; another is still in force.
    Less,
    /// The last ended.
    Calm,
}

impl Troubles {
    pub(crate) fn record(&mut self, record: &Record) -> Change {
        let What::Fault(fault) = &record.what else { return Change::None };
        match fault.phase {
            FaultPhase::Activated if fault.verb.lasts() => {
                *self.lasting.entry(fault.step).or_default() += 1;
                Change::Began
            }
            // A heal of one kind ends those of that kind one by one.
            FaultPhase::Activated if fault.heals() == Some(Healed::Everything) => {
                self.lasting.clear();
                self.ended(record.at)
            }
            FaultPhase::Ended if fault.verb.lasts() => {
                self.end_one(fault.step);
                self.ended(record.at)
            }
            FaultPhase::Activated
            | FaultPhase::Effective
            | FaultPhase::Refused
            | FaultPhase::BeyondClaims
            | FaultPhase::Ended => Change::None,
        }
    }

    fn end_one(&mut self, step: StepId) {
        if let Some(lasting) = self.lasting.get_mut(&step) {
            *lasting -= 1;
            if *lasting == 0 {
                self.lasting.remove(&step);
            }
        }
    }

    fn ended(&mut self, at: SimTime) -> Change {
        if !self.lasting.is_empty() {
            return Change::Less;
        }
        self.calm_since = at;
        Change::Calm
    }

    /// How many are in force.
    pub(crate) fn in_force(&self) -> u32 {
        self.lasting.values().sum()
    }

    /// Since when no fault has been in force; `None`: one is.
    pub(crate) fn calm_since(&self) -> Option<SimTime> {
        self.lasting.is_empty().then_some(self.calm_since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, ms};
    use crate::words::Verb;
    use FaultPhase::{Activated, Effective, Ended, Refused};

    fn after(events: &Events) -> (Change, Option<SimTime>) {
        let mut troubles = Troubles::default();
        let last = events.records().iter().map(|record| troubles.record(record)).last();
        (last.unwrap_or(Change::None), troubles.calm_since())
    }

    #[test]
    fn a_fault_is_in_force_until_it_ends() {
        let begun = || Events::default().fault(10, 0, Verb::Partition, Activated);
        assert_eq!(after(&begun()), (Change::Began, None));
        assert_eq!(after(&begun().fault(11, 0, Verb::Partition, Effective)), (Change::None, None));
        assert_eq!(after(&begun().fault(20, 0, Verb::Partition, Ended)), (Change::Calm, Some(ms(20))));
    }

    #[test]
    fn a_step_that_hit_two_nodes_ends_twice() {
        let two = Events::default().fault(10, 0, Verb::Crash, Activated).fault(10, 0, Verb::Crash, Activated);
        assert_eq!(after(&two.fault(20, 0, Verb::Crash, Ended)), (Change::Less, None));
    }

    #[test]
    fn a_heal_ends_all_and_nothing_ends_twice() {
        let healed = Events::default().fault(10, 0, Verb::Pause, Activated).fault(20, 1, Verb::Heal, Activated);
        assert_eq!(after(&healed.fault(20, 0, Verb::Pause, Ended)), (Change::Calm, Some(ms(20))));
    }

    #[test]
    fn a_transfer_and_what_was_refused_do_not_last() {
        assert_eq!(after(&Events::default().fault(10, 0, Verb::Transfer, Activated)), (Change::None, Some(ms(0))));
        assert_eq!(after(&Events::default().fault(10, 0, Verb::Crash, Refused)), (Change::None, Some(ms(0))));
    }
}
