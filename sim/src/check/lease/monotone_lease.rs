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

use crate::check::prelude::*;
use leasehold::observe::EndCause;

#[derive(Default)]
pub(in crate::check) struct MonotoneLease {
    successions: BTreeMap<NodeId, Succession>,
}

/// The leases of one process.
#[derive(Default)]
struct Succession {
    /// The last extension that no end has followed, and when that was.
    held: Option<(SimTime, Extension)>,
    /// The last end.
    ended: Option<End>,
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
    fn shrinks(&self, node: NodeId, new: &Extension) -> Option<String> {
        let same = |(_, held): &(SimTime, Extension)| (held.term, held.generation) == (new.term, new.generation);
        let (_, held) = self.held.filter(same)?;
        let by = duration(held.expiry.since(new.expiry));
        (new.expiry < held.expiry).then(|| format!("{node} made its lease of term {} shorter, by {by}", new.term))
    }

    fn returns(&self, node: NodeId, Extension { term, generation, base, .. }: &Extension) -> Option<String> {
        let ended = self.ended.as_ref()?;
        if *generation <= ended.generation {
            return Some(format!(
                "{node} extended its lease of term {term} in generation {generation}, which had ended"
            ));
        }
        let end = ended.clock.filter(|end| base < end)?;
        let (before, cause) = (duration(end.since(*base)), ended.cause.name());
        Some(format!(
            "{node} extended its lease of term {term} by what began {before} before the end of the last one ({cause})"
        ))
    }

    fn finding(&self, now: &Now<'_>, message: String) -> Finding {
        let ended = self.ended.map(|End { at, generation, cause, .. }| {
            format!("generation {generation} ended at {at} ({})", cause.name())
        });
        let held = self.held.map(|(at, Extension { term, generation, base, expiry, .. })| {
            let length = duration(expiry.since(base));
            format!("a lease of term {term}, generation {generation} was extended at {at}, by {length} from its base")
        });
        now.finding(message, ended.into_iter().chain(held).collect())
    }
}

impl Check for MonotoneLease {
    fn lease_extended(&mut self, now: &Now<'_>, by: By<'_>, lease: Extension) -> Option<Finding> {
        now.judge();
        let succession = self.successions.entry(by.node).or_default();
        let wrong = succession.shrinks(by.node, &lease).or_else(|| succession.returns(by.node, &lease));
        succession.held = Some((now.at, lease));
        wrong.map(|wrong| succession.finding(now, wrong))
    }

    fn lease_ended(
        &mut self,
        now: &Now<'_>,
        By { node, clock, .. }: By<'_>,
        generation: u64,
        cause: EndCause,
        _: bool,
    ) -> Option<Finding> {
        now.judge();
        let succession = self.successions.entry(node).or_default();
        let end = End { at: now.at, clock: Some(clock), generation, cause };
        succession.held = None;
        let before = succession.ended.replace(end)?.generation;
        let wrong = || format!("{node} ended generation {generation} of its lease after generation {before}");
        (generation <= before).then(|| succession.finding(now, wrong()))
    }

    /// What began before an end may have been sent in this new term all the same, and have been stamped with an older reading.
    fn leads(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        if by.state.since == now.at
            && let Some(ended) = &mut self.successions.entry(by.node).or_default().ended
        {
            ended.clock = None;
        }
        None
    }

    fn started(&mut self, _: &Now<'_>, node: NodeId) -> Option<Finding> {
        self.successions.remove(&node);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, Of};

    const CHECK: Of = Of("monotone-lease");

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
        assert_eq!(leased().leased(15, 1, 4, 0, 12).leased(16, 1, 4, 0, 12).evaluated_by("monotone-lease"), 3);
    }

    #[test]
    fn a_lease_that_shrinks_is_a_violation() {
        leased().leased(15, 1, 4, 0, 9).breaks("monotone-lease", 15, "n1 made its lease of term 4 shorter, by 1ms");
    }

    #[test]
    fn a_new_term_and_a_new_generation_may_begin_lower() {
        assert_eq!(CHECK.finds(&leased().leased(15, 1, 5, 0, 9)), None);
        assert_eq!(CHECK.finds(&ended().leased(30, 1, 4, 1, 20)), None);
    }

    #[test]
    fn a_generation_that_has_ended_is_not_extended() {
        let finding = CHECK.finds(&ended().leased(30, 1, 4, 0, 25)).expect("an ended generation");
        assert_eq!(finding.message, "n1 extended its lease of term 4 in generation 0, which had ended");
        assert_eq!(finding.story[0], "generation 0 ended at 0.020000s (transfer)");
    }

    #[test]
    fn what_began_before_the_end_extends_nothing_after_it() {
        let finding = CHECK.finds(&ended().leased(30, 1, 4, 1, 19)).expect("a renewal that was on its way");
        assert_eq!(
            finding.message,
            "n1 extended its lease of term 4 by what began 1ms before the end of the last one (transfer)"
        );
    }

    #[test]
    fn a_leader_without_a_clock_may_count_from_a_reading_of_an_earlier_term() {
        assert_eq!(CHECK.finds(&ended().leads(25, 1, 5).leased(30, 1, 5, 1, 19)), None);
    }

    #[test]
    fn a_generation_ends_once() {
        let finding = CHECK.finds(&ended().ends(30, 1, 0, EndCause::RoleChange)).expect("a second end");
        assert_eq!(finding.message, "n1 ended generation 0 of its lease after generation 0");
        assert_eq!(CHECK.finds(&ended().ends(30, 1, 1, EndCause::RoleChange)), None);
    }

    #[test]
    fn a_process_that_starts_again_counts_anew() {
        assert_eq!(CHECK.finds(&ended().killed(21, 1).started(22, 1, 2).leased(30, 1, 5, 0, 5)), None);
    }

    #[test]
    fn nodes_do_not_concern_each_other() {
        assert_eq!(CHECK.finds(&ended().leased(30, 2, 4, 0, 5)), None);
    }
}
