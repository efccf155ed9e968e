//! Whether what faults leave behind has settled: what checks ask before they judge how well a cluster does.

use super::Premises;
use super::handlers::Now;
use crate::history::KeyId;
use crate::time::SimTime;
use crate::view::faults::Calm;
use crate::words::Disturbs;

impl Premises {
    /// Has it been calm for so long that leadership, and all that faults leave behind, are settled? A heal of everything leaves
    /// nothing behind, and two elections are enough after it.
    pub(super) fn is_settled(&self, calm: Option<Calm>, at: SimTime) -> bool {
        let long = |calm: Calm| if calm.healed { self.usual_settling() } else { self.settling() };
        calm.is_some_and(|calm| at.since(calm.since) >= long(calm))
    }
}

/// Has no fault that disturbs such things been there since `at`, and long enough before?
pub(super) fn undisturbed(now: &Now<'_>, at: SimTime, such: impl Fn(Disturbs) -> bool) -> bool {
    let calm = now.nodes.faults.calm(such).map(|calm| calm.since);
    calm.is_some_and(|since| since == SimTime::default() || since.after(now.premises.usual_settling()) <= at)
}

/// Has `key` gone to another group since about `since`, or is it on its way, so that no group has it? Requests find that by trial.
pub(super) fn is_moving(now: &Now<'_>, key: KeyId, since: SimTime) -> bool {
    let owner = now.nodes.owners.of(key);
    owner.is_some_and(|owner| !owner.adopted || owner.at.after(now.premises.usual_settling()) >= since)
}

/// Does it disturb more than who leads?
pub(super) fn more_than_leadership(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Leadership => false,
        Disturbs::Members
        | Disturbs::Routes
        | Disturbs::Reach
        | Disturbs::Messages
        | Disturbs::Lives
        | Disturbs::Standstill
        | Disturbs::Pace
        | Disturbs::Clocks
        | Disturbs::Nothing => true,
    }
}

/// Does it keep a node from doing what it is asked?
pub(super) fn hinders(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Standstill | Disturbs::Pace => true,
        Disturbs::Leadership
        | Disturbs::Members
        | Disturbs::Routes
        | Disturbs::Reach
        | Disturbs::Messages
        | Disturbs::Lives
        | Disturbs::Clocks
        | Disturbs::Nothing => false,
    }
}

/// May it keep an answer that is not lost: on its way, or where a clock brings no tick?
pub(super) fn delays(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Messages | Disturbs::Clocks => true,
        Disturbs::Leadership
        | Disturbs::Members
        | Disturbs::Routes
        | Disturbs::Reach
        | Disturbs::Lives
        | Disturbs::Standstill
        | Disturbs::Pace
        | Disturbs::Nothing => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::history::FaultPhase::{Activated, Ended};
    use crate::view::View;
    use crate::words::Verb;

    #[test]
    fn a_heal_of_everything_leaves_nothing_behind() {
        let cut = || Events::default().fault(10, 0, Verb::Disk, Activated);
        let healed = cut().fault(1_000, 1, Verb::Heal, Activated).fault(1_000, 0, Verb::Disk, Ended);
        let ended = cut().fault(1_000, 0, Verb::Disk, Ended);
        let settled = |events: &Events, at| {
            Premises::of_tests().is_settled(View::after(events).first().faults.calm(|_| true), ms(at))
        };
        assert!(!settled(&healed, 5_000) && settled(&healed, 6_000), "after two elections of at most 2.1 s");
        assert!(!settled(&ended, 6_000) && settled(&ended, 14_000), "after six");
    }
}
