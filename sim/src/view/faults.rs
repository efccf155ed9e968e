//! The faults in force, and when faults last disturbed what, as the history tells of them.
//!
//! A fault that acts is in force until the history says that it ended, or until a heal of everything. Those of a verb that does not
//! last are over at once.

use crate::history::{Fault, FaultPhase, Hears, How, StepId};
use crate::time::SimTime;
use crate::words::{Disturbs, Healed};
use leasehold::env::NodeId;
use std::collections::BTreeMap;

/// Which faults are in force, and what the present record has changed in that.
#[derive(Default)]
pub(crate) struct Faults {
    /// How many, by their steps: a step may have hit several nodes.
    in_force: BTreeMap<StepId, (Disturbs, u32)>,
    change: Change,
    /// When the last ended that left none in force.
    calm_since: SimTime,
    /// When faults that disturb this last began, changed something, or ended.
    told: BTreeMap<Disturbs, SimTime>,
    /// When everything was last healed.
    healed: Option<SimTime>,
    /// When a transfer of leadership last began or was given up, whoever had asked for it.
    transfer: Option<SimTime>,
}

/// What a record changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Change {
    /// Nothing.
    #[default]
    None,
    /// A fault began that lasts.
    Began(Disturbs),
    /// One ended.
    Ended(Disturbs),
    /// All ended.
    Healed,
}

/// No fault is in force, of those that were asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Calm {
    /// Since when none of them has done anything.
    pub since: SimTime,
    /// What was done then was to heal everything, which leaves nothing behind.
    pub healed: bool,
}

impl Hears for Faults {
    fn transfer_started(&mut self, at: SimTime, _: NodeId, _: NodeId) {
        self.transfer = Some(at);
    }

    fn transfer_aborted(&mut self, at: SimTime, _: NodeId) {
        self.transfer = Some(at);
    }

    fn fault(&mut self, at: SimTime, fault: &Fault) {
        self.change = self.changed(at, fault);
        if self.change != Change::None && self.in_force.is_empty() {
            self.calm_since = at;
        }
    }
}

impl Faults {
    /// A record comes, which changes nothing unless it is a fault's.
    pub(super) fn begin(&mut self) {
        self.change = Change::None;
    }

    fn changed(&mut self, at: SimTime, fault: &Fault) -> Change {
        let disturbs = fault.verb.disturbs();
        self.told.insert(disturbs, at);
        if fault.how == How::Heals(Healed::Everything) {
            self.healed = Some(at);
        }
        match fault.phase {
            FaultPhase::Activated if fault.verb.lasts() => {
                self.in_force.entry(fault.step.clone()).or_insert((disturbs, 0)).1 += 1;
                Change::Began(disturbs)
            }
            // A heal of one kind ends those of that kind one by one.
            FaultPhase::Activated if fault.heals() == Some(Healed::Everything) => {
                self.in_force.clear();
                Change::Healed
            }
            FaultPhase::Ended if fault.verb.lasts() => {
                self.end_one(&fault.step);
                Change::Ended(disturbs)
            }
            FaultPhase::Activated
            | FaultPhase::Effective
            | FaultPhase::Refused
            | FaultPhase::BeyondClaims
            | FaultPhase::Ended => Change::None,
        }
    }

    fn end_one(&mut self, step: &StepId) {
        if let Some((_, hit)) = self.in_force.get_mut(step) {
            *hit -= 1;
            if *hit == 0 {
                self.in_force.remove(step);
            }
        }
    }

    /// What the present record has changed.
    pub(crate) fn change(&self) -> Change {
        self.change
    }

    /// How many are in force that disturb such things.
    pub(crate) fn in_force(&self, such: impl Fn(Disturbs) -> bool) -> u32 {
        self.in_force.values().filter(|(disturbs, _)| such(*disturbs)).map(|(_, hit)| *hit).sum()
    }

    /// Since when no fault has been in force; `None`: one is.
    pub(crate) fn calm_since(&self) -> Option<SimTime> {
        self.in_force.is_empty().then_some(self.calm_since)
    }

    /// Since when no fault has done anything that disturbs such things; `None`: one is in force.
    pub(crate) fn calm(&self, such: impl Fn(Disturbs) -> bool) -> Option<Calm> {
        if self.in_force(&such) > 0 {
            return None;
        }
        let told = self.told.iter().filter(|(disturbs, _)| such(**disturbs));
        let since = told.map(|(_, at)| *at).max().unwrap_or_default();
        Some(Calm { since, healed: such(Disturbs::Nothing) && self.healed == Some(since) })
    }

    /// The same, and no transfer of leadership has begun or was given up either.
    pub(crate) fn calm_without_transfers(&self, such: impl Fn(Disturbs) -> bool) -> Option<Calm> {
        let calm = self.calm(such)?;
        let transfer = self.transfer.filter(|at| *at >= calm.since);
        Some(transfer.map_or(calm, |since| Calm { since, healed: false }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tell;
    use crate::history::testing::{Events, ms};
    use crate::words::Verb;
    use FaultPhase::{Activated, Effective, Ended, Refused};
    use leasehold::observe::Event;

    fn folded(events: &Events) -> Faults {
        let mut faults = Faults::default();
        for record in events.records() {
            faults.begin();
            tell(record, &mut faults);
        }
        faults
    }

    fn after(events: &Events) -> (Change, Option<SimTime>) {
        let faults = folded(events);
        (faults.change(), faults.calm_since())
    }

    #[test]
    fn a_fault_is_in_force_until_it_ends() {
        let begun = || Events::default().fault(10, 0, Verb::Partition, Activated);
        assert_eq!(after(&begun()), (Change::Began(Disturbs::Reach), None));
        assert_eq!(after(&begun().fault(11, 0, Verb::Partition, Effective)), (Change::None, None));
        let ended = (Change::Ended(Disturbs::Reach), Some(ms(20)));
        assert_eq!(after(&begun().fault(20, 0, Verb::Partition, Ended)), ended);
    }

    #[test]
    fn a_step_that_hit_two_nodes_ends_twice() {
        let two = Events::default().fault(10, 0, Verb::Crash, Activated).fault(10, 0, Verb::Crash, Activated);
        assert_eq!(after(&two.fault(20, 0, Verb::Crash, Ended)), (Change::Ended(Disturbs::Lives), None));
    }

    #[test]
    fn a_heal_ends_all_and_nothing_ends_twice() {
        let healed = Events::default().fault(10, 0, Verb::Pause, Activated).fault(20, 1, Verb::Heal, Activated);
        assert_eq!(after(&healed.fault(20, 0, Verb::Pause, Ended)).1, Some(ms(20)));
    }

    #[test]
    fn a_transfer_and_what_was_refused_do_not_last() {
        assert_eq!(after(&Events::default().fault(10, 0, Verb::Transfer, Activated)), (Change::None, Some(ms(0))));
        assert_eq!(after(&Events::default().fault(10, 0, Verb::Crash, Refused)), (Change::None, Some(ms(0))));
    }

    #[test]
    fn a_transfer_disturbs_whoever_asked_for_it() {
        let moved = Events::default().event(20, 1, Event::TransferStarted { to: NodeId(2) });
        let since = folded(&moved).calm_without_transfers(|_| true).map(|calm| calm.since);
        assert_eq!((since, folded(&moved).calm(|_| true).map(|calm| calm.since)), (Some(ms(20)), Some(ms(0))));
    }

    #[test]
    fn it_is_calm_since_the_last_of_those_that_were_asked_for_did_anything() {
        let cut = || Events::default().fault(10, 0, Verb::Partition, Activated);
        let ended = |verb| cut().fault(30, 0, Verb::Partition, Ended).fault(40, 1, verb, Activated);
        let calm = |since, healed| Some(Calm { since: ms(since), healed });
        assert_eq!(folded(&cut()).calm(|_| true), None);
        assert_eq!(folded(&cut()).calm(|disturbs| disturbs != Disturbs::Reach), calm(0, false));
        assert_eq!(folded(&ended(Verb::Transfer)).calm(|_| true), calm(40, false));
        assert_eq!(folded(&ended(Verb::Heal)).calm(|_| true), calm(40, true));
        assert_eq!(folded(&ended(Verb::Heal)).calm(|disturbs| disturbs == Disturbs::Reach), calm(30, false));
    }
}
