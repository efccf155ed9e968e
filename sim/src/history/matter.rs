//! What in a history decides how a run comes out, as far as an event shows it by itself.

use super::event::{Weight, facts, in_brief};
use super::{About, Completion, FaultPhase, What};
use crate::words::Matter;
use leasehold::error::Outcome;

impl What {
    /// What it is about, if it matters.
    pub fn matter(&self) -> Option<Matter> {
        match self {
            What::Completed { .. } => Some(Matter::Answer),
            What::Stack(told) => facts(&told.event, About::Leases).matter,
            What::Fault(_) => Some(Matter::Fault),
            What::Invoked(_)
            | What::Message { .. }
            | What::Process { .. }
            | What::Busy { .. }
            | What::Counted { .. }
            | What::Clock { .. } => None,
        }
    }

    /// The same in words that runs of two seeds can share: without times and numbers of operations. `None` of what happens in every run.
    pub fn gist(&self) -> Option<String> {
        match self {
            What::Completed { completion: Completion::Failed { error, outcome }, .. } => {
                let effect = match outcome {
                    Outcome::NotApplied => "no effect",
                    Outcome::Unknown => "effect unknown",
                };
                Some(format!("an operation failed: {}, {effect}", error.name()))
            }
            What::Stack(told) => {
                let facts = facts(&told.event, About::Leases);
                let is_rare = facts.matter.is_some() && facts.weight == Weight::Rare;
                is_rare.then(|| format!("{}: {}", told.replica, in_brief(told)))
            }
            What::Fault(fault) => match fault.phase {
                FaultPhase::Activated | FaultPhase::Refused | FaultPhase::BeyondClaims => {
                    Some(format!("{} {}: {fault}", fault.verb, fault.phase))
                }
                FaultPhase::Effective | FaultPhase::Ended => None,
            },
            What::Completed { .. }
            | What::Invoked(_)
            | What::Message { .. }
            | What::Process { .. }
            | What::Busy { .. }
            | What::Counted { .. }
            | What::Clock { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, get};
    use crate::words::Verb;
    use leasehold::observe::Miss;

    fn of(events: &Events) -> Vec<(Option<Matter>, Option<String>)> {
        events.records().iter().map(|record| (record.what.matter(), record.what.gist())).collect()
    }

    #[test]
    fn who_leads_holds_a_lease_and_is_answered_matters_and_what_is_new_has_a_gist() {
        let events = Events::default().leads(10, 1, 4).extended(20, 1, 4, 900).missed(30, 1, Miss::Cold);
        let told = of(&events);
        let leads = told.iter().find(|(matter, _)| *matter == Some(Matter::Leadership)).expect("somebody leads");
        assert_eq!(leads.1.as_deref(), Some("n1: LEADER of term 4"));
        assert_eq!(told.iter().filter(|(matter, gist)| *matter == Some(Matter::Lease) && gist.is_none()).count(), 2);
        let told = of(&Events::default().invoke(20, 1, get(0)).read(50, 1, 7));
        assert_eq!(told, [(None, None), (Some(Matter::Answer), None)]);
        let told = of(&Events::default().fault(1, 0, Verb::Partition, FaultPhase::Activated));
        assert!(told[0].1.as_ref().is_some_and(|gist| gist.starts_with("partition acts: ")), "{told:?}");
    }
}
