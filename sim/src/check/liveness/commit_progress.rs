//! L7: a leader that cannot commit does not go on to answer.
//!
//! **Potential**: a node answers reads from its lease although it has applied nothing for three election timeouts, in which
//! clients asked for writes all the time and not one was acknowledged. Leadership should have moved to a node that can commit
//! (LB-80: a leader whose disk stalls while its heartbeats go out). No promise is broken by that, whether it matters is a
//! policy: so it fails no run.
//!
//! **Does not prove** that the writes were the leader's to commit: clients may have asked others.
//!
//! **Costs** a comparison at each read answered from a lease.
//!
//! **Seen alive by** `transfer-flag-stuck` (`planted/unreachable-target`), and, beside `served`, by `frozen-leader-stays`
//! (`fast/dark-clients`).

use crate::check::prelude::*;

/// How many election timeouts are too long.
const TIMEOUTS: u32 = 3;

#[derive(Default)]
pub(in crate::check) struct CommitProgress {
    /// When each node last applied something.
    applied: BTreeMap<NodeId, SimTime>,
    /// When the first write was asked for since one was last acknowledged.
    asked: Option<SimTime>,
    /// Told already, for what was asked then.
    told: Option<SimTime>,
}

impl Check for CommitProgress {
    fn invoked(&mut self, now: &Now<'_>, invocation: &Invocation) -> Option<Finding> {
        if !invocation.operation.kind().only_reads() {
            self.asked.get_or_insert(now.at);
        }
        None
    }

    /// Which of the writes was asked for first nobody knows any more.
    fn leaves(&mut self, _: &Now<'_>, _: OpId) -> Option<Finding> {
        self.asked = None;
        None
    }

    fn comes(&mut self, now: &Now<'_>, invocation: &Invocation, given_up: bool) -> Option<Finding> {
        if given_up { None } else { self.invoked(now, invocation) }
    }

    fn completed(&mut self, _: &Now<'_>, _: OpId, completion: &Completion) -> Option<Finding> {
        if matches!(completion, Completion::Written { .. } | Completion::Script { .. }) {
            self.asked = None;
        }
        None
    }

    fn applied(&mut self, now: &Now<'_>, by: By<'_>, _: Place) -> Option<Finding> {
        self.applied.insert(by.node, now.at);
        None
    }

    fn served(&mut self, now: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        now.judge();
        let applied = self.applied.get(&node).copied().unwrap_or_default();
        let asked = self.asked?;
        let waited = now.at.since(asked.max(applied));
        if waited <= now.premises.election_timeout * TIMEOUTS || self.told == Some(asked) {
            return None;
        }
        self.told = Some(asked);
        let message = format!(
            "{node} answers from its lease, has applied nothing since {applied}, and no write was acknowledged for {}",
            duration(now.at.since(asked))
        );
        Some(now.finding(message, Vec::new()).potential())
    }
}

#[cfg(test)]
mod tests {
    use crate::check::Severity;
    use crate::check::testing::{Events, Of, get, put};
    use crate::scenario::Class;

    /// An election timeout is one second.
    const CHECK: Of = Of("commit-progress");

    fn asked() -> Events {
        Events::default().applies(100, 1, 1, 4, 0).invoke(200, 1, put(0))
    }

    #[test]
    fn to_answer_for_long_without_a_commit_that_is_asked_for_might_be_wrong() {
        let finding = CHECK.finds(&asked().hit(3_201, 1)).expect("three election timeouts");
        assert_eq!((finding.severity, finding.class), (Severity::Potential, Class::Liveness));
        assert_eq!(
            finding.message,
            "n1 answers from its lease, has applied nothing since 0.100000s, and no write was acknowledged for 3s"
        );
    }

    #[test]
    fn it_is_told_once_for_what_was_asked() {
        let (found, _) = asked().hit(3_201, 1).hit(3_202, 1).seen_by("commit-progress");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn progress_and_nothing_to_do_are_in_order() {
        assert_eq!(CHECK.finds(&asked().hit(3_200, 1)), None);
        assert_eq!(CHECK.finds(&asked().applies(3_000, 1, 2, 4, 0).hit(3_201, 1)), None);
        assert_eq!(CHECK.finds(&asked().written(300, 1, 2).hit(9_000, 1)), None);
        assert_eq!(CHECK.finds(&Events::default().applies(100, 1, 1, 4, 0).invoke(200, 1, get(0)).hit(9_000, 1)), None);
    }
}
