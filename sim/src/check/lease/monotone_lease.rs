//! W8: a lease never gets shorter, and one that was ended never comes back.
//!
//! **Proves**, for each life of a process: within a term and generation, no extension has an earlier expiry than the one
//! before; generations follow each other, none is extended or ended that was ended before; and after an end, until the node is
//! elected again, only what began after it extends a lease: its base, by the node's clock, is not earlier than the end. The
//! last is what a renewal breaks that was begun under one generation and comes home under another (ABA), whatever generation it
//! then goes by.
//!
//! **Does not prove** that the base is true, or of the lease's term (W4: a leader that cannot read its clock counts from its latest
//! reading, which may be older than its election), nor that a lease was ended where it had to be (W1, W6).
//!
//! **Costs** a look-up at each extension and each end.
//!
//! **Seen alive by** its unit tests, and by `revived-lease` (`fast/write-conflict-storm`) and `shortened-lease`
//! (`planted/overlapping`).

use crate::check::{Check, CheckInfo, Finding, Kind, words};
use crate::history::{ProcessChange, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{Instant, NodeId};
use leasehold::observe::{EndCause, Event, Role};
use std::collections::BTreeMap;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "monotone-lease",
    Class::LeaseInvariant,
    "a lease never gets shorter, and one that was ended never comes back",
    "lease-bugs.md W8, RL.3",
);

/// The check.
#[derive(Default)]
pub(in crate::check) struct MonotoneLease {
    successions: BTreeMap<NodeId, Succession>,
    evaluated: u64,
}

/// The leases of one process.
#[derive(Default)]
struct Succession {
    /// The last extension that no end has followed.
    held: Option<Extension>,
    /// The last end.
    ended: Option<End>,
}

#[derive(Clone, Copy)]
struct Extension {
    at: SimTime,
    term: u64,
    generation: u64,
    base: Instant,
    expiry: Instant,
}

#[derive(Clone, Copy)]
struct End {
    at: SimTime,
    /// The node's own time; `None`: it was elected since.
    clock: Option<Instant>,
    generation: u64,
    cause: EndCause,
}

impl Succession {
    /// What is wrong with this extension, in a message.
    fn extended(&mut self, node: NodeId, new: Extension) -> Option<String> {
        let wrong = self.shrinks(node, &new).or_else(|| self.returns(node, &new));
        self.held = Some(new);
        wrong
    }

    fn shrinks(&self, node: NodeId, new: &Extension) -> Option<String> {
        let held = self.held.filter(|held| (held.term, held.generation) == (new.term, new.generation))?;
        let by = words::duration(held.expiry.since(new.expiry));
        let term = new.term;
        (new.expiry < held.expiry).then(|| format!("{node} made its lease of term {term} shorter, by {by}"))
    }

    fn returns(&self, node: NodeId, new: &Extension) -> Option<String> {
        let ended = self.ended.as_ref()?;
        let term = new.term;
        if new.generation <= ended.generation {
            let generation = new.generation;
            return Some(format!(
                "{node} extended its lease of term {term} in generation {generation}, which had ended"
            ));
        }
        let end = ended.clock.filter(|end| new.base < *end)?;
        let (before, cause) = (words::duration(end.since(new.base)), ended.cause.name());
        Some(format!(
            "{node} extended its lease of term {term} by what began {before} before the end of the last one ({cause})"
        ))
    }

    /// What is wrong with this end, in a message.
    fn ended(&mut self, node: NodeId, new: End) -> Option<String> {
        let before = self.ended.replace(new).map(|before| before.generation);
        self.held = None;
        before
            .filter(|before| new.generation <= *before)
            .map(|before| format!("{node} ended generation {} of its lease after generation {before}", new.generation))
    }

    /// What began before an end may have been sent in this new term all the same, and have been stamped with an older reading.
    fn elected(&mut self) {
        if let Some(ended) = &mut self.ended {
            ended.clock = None;
        }
    }

    fn story(&self) -> Vec<String> {
        let ended = self.ended.map(|End { at, generation, cause, .. }| {
            format!("generation {generation} ended at {at} ({})", cause.name())
        });
        let held = self.held.map(|Extension { at, term, generation, base, expiry }| {
            let length = words::duration(expiry.since(base));
            format!("a lease of term {term}, generation {generation} was extended at {at}, by {length} from its base")
        });
        ended.into_iter().chain(held).collect()
    }
}

impl MonotoneLease {
    fn told(&mut self, at: SimTime, told: &StackRecord, nodes: &View) -> Option<Finding> {
        let (node, clock) = (told.replica.node, told.clock);
        let wrong = match told.event {
            Event::LeaseExtended { term, generation, base, expiry } => {
                self.of(node).extended(node, Extension { at, term, generation, base, expiry })
            }
            Event::LeaseEnded { generation, cause, .. } => {
                self.of(node).ended(node, End { at, clock: Some(clock), generation, cause })
            }
            Event::Role { role: Role::Leader, .. } => {
                // It tells this again when nothing but its knowledge of the leader has changed.
                if nodes.get(node).is_some_and(|state| state.since == at) {
                    self.of(node).elected();
                }
                return None;
            }
            _ => return None,
        };
        self.evaluated += 1;
        wrong.map(|message| self.finding(at, node, message, nodes))
    }

    fn of(&mut self, node: NodeId) -> &mut Succession {
        self.successions.entry(node).or_default()
    }

    fn finding(&mut self, at: SimTime, node: NodeId, message: String, nodes: &View) -> Finding {
        let story = self.of(node).story();
        INFO.finding(at, message, nodes.complete(at, story))
    }
}

impl Check for MonotoneLease {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::LeaseExtended, Kind::Told, Kind::Process]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Stack(told) => self.told(record.at, told, nodes),
            What::Process { node, change: ProcessChange::Started { .. } } => {
                self.successions.remove(node);
                None
            }
            _ => None,
        }
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};

    fn first(events: &Events) -> Option<Finding> {
        events.first(&mut MonotoneLease::default())
    }

    /// n1 has extended its lease of term 4, generation 0, from 10 ms on.
    fn leased() -> Events {
        Events::default().leads(0, 1, 4).leased(11, 1, 4, 0, 10)
    }

    /// And that has ended at 20 ms.
    fn ended() -> Events {
        leased().ends(20, 1, 0, EndCause::Transfer)
    }

    #[test]
    fn a_lease_that_grows_is_right() {
        let mut check = MonotoneLease::default();
        assert_eq!(leased().leased(15, 1, 4, 0, 12).leased(16, 1, 4, 0, 12).first(&mut check), None);
        assert_eq!(check.evaluated(), 3);
    }

    #[test]
    fn a_lease_that_shrinks_is_a_violation() {
        let finding = first(&leased().leased(15, 1, 4, 0, 9)).expect("an earlier expiry");
        assert_eq!((finding.check, finding.class, finding.at), (INFO.name, Class::LeaseInvariant, ms(15)));
        assert_eq!(finding.message, "n1 made its lease of term 4 shorter, by 1ms");
    }

    #[test]
    fn a_new_term_and_a_new_generation_may_begin_lower() {
        assert_eq!(first(&leased().leased(15, 1, 5, 0, 9)), None);
        assert_eq!(first(&ended().leased(30, 1, 4, 1, 20)), None);
    }

    #[test]
    fn a_generation_that_has_ended_is_not_extended() {
        let finding = first(&ended().leased(30, 1, 4, 0, 25)).expect("an ended generation");
        assert_eq!(finding.message, "n1 extended its lease of term 4 in generation 0, which had ended");
        assert_eq!(finding.story[0], "generation 0 ended at 0.020000s (transfer)");
    }

    #[test]
    fn what_began_before_the_end_extends_nothing_after_it() {
        let finding = first(&ended().leased(30, 1, 4, 1, 19)).expect("a renewal that was on its way");
        assert_eq!(
            finding.message,
            "n1 extended its lease of term 4 by what began 1ms before the end of the last one (transfer)"
        );
    }

    #[test]
    fn a_leader_without_a_clock_may_count_from_a_reading_of_an_earlier_term() {
        assert_eq!(first(&ended().leads(25, 1, 5).leased(30, 1, 5, 1, 19)), None);
    }

    #[test]
    fn a_generation_ends_once() {
        let finding = first(&ended().ends(30, 1, 0, EndCause::RoleChange)).expect("a second end");
        assert_eq!(finding.message, "n1 ended generation 0 of its lease after generation 0");
        assert_eq!(first(&ended().ends(30, 1, 1, EndCause::RoleChange)), None);
    }

    #[test]
    fn a_process_that_starts_again_counts_anew() {
        assert_eq!(first(&ended().killed(21, 1).started(22, 1, 2).leased(30, 1, 5, 0, 5)), None);
    }

    #[test]
    fn nodes_do_not_concern_each_other() {
        assert_eq!(first(&ended().leased(30, 2, 4, 0, 5)), None);
    }
}
