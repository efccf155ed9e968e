//! W5: only a live leader answers from a lease, and only from one of its own term.
//!
//! **Proves**, at each read that was answered from a lease, that the process runs, that the node is leader by what it has told
//! last, and that it holds a lease of the term that it leads.
//!
//! **Does not prove** that nobody else leads a later term (W1, W2), nor that the lease has time left (`fresh_clock`).
//!
//! **Costs** a look-up at each such read.
//!
//! **Seen alive by** its unit tests, and by `dead-engine-keeps-lease` (`planted/failed-engine`) and `end-leaves-expiry`
//! (`planted/back-and-forth`). A leader that is deposed and neither ends its lease nor says that it leads no more is not seen
//! by this with leases of the right length: they have run out by then.

use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct LiveLeader;

impl Check for LiveLeader {
    fn served(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        now.judge();
        let wrong = what_is_wrong(by.state)?;
        Some(now.finding(format!("{} answered a read from its lease, but {wrong}", by.node), Vec::new()))
    }
}

/// Why the node may not answer from a lease; `None`: it may.
fn what_is_wrong(state: &Replica) -> Option<String> {
    if let Some((change @ (ProcessChange::Killed | ProcessChange::Failed { .. } | ProcessChange::Paused), since)) =
        state.process
    {
        let how = if change == ProcessChange::Paused { "stands still" } else { "is dead" };
        return Some(format!("its process {how} since {since}"));
    }
    if !state.leads(state.term) {
        return Some(format!("it is {} in term {} since {}", state.role.name(), state.term, state.since));
    }
    match state.lease {
        None => Some(format!("it holds none in term {}, which it leads", state.term)),
        Some(lease) if lease.term != state.term => {
            Some(format!("that is one of term {}, and it leads term {}", lease.term, state.term))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, Of, ms};
    use crate::scenario::Class;
    use leasehold::observe::{EndCause, Miss};

    const CHECK: Of = Of("live-leader");

    /// n1 leads term 4 and holds a lease.
    fn leased() -> Events {
        Events::default().started(0, 1, 1).leads(5, 1, 4).extended(10, 1, 4, 1_000)
    }

    #[track_caller]
    fn wrong(events: &Events, how: &str) {
        let finding = CHECK.finds(events).expect("a read that should not have been answered");
        assert_eq!((finding.check, finding.class), ("live-leader", Class::LeaseInvariant));
        assert_eq!(finding.message, format!("n1 answered a read from its lease, but {how}"));
    }

    #[test]
    fn a_leader_answers_from_a_lease_of_its_term() {
        assert_eq!(leased().hit(20, 1).missed(30, 1, Miss::Expired).evaluated_by("live-leader"), 1);
    }

    #[test]
    fn a_follower_does_not() {
        wrong(&leased().follows(15, 1, 5).hit(20, 1), "it is follower in term 5 since 0.015000s");
    }

    #[test]
    fn nor_an_engine_that_has_stopped() {
        wrong(&leased().stopped(15, 1).hit(20, 1), "it is follower in term 4 since 0.015000s");
    }

    #[test]
    fn nor_a_process_that_is_dead_or_stands_still() {
        wrong(&leased().killed(15, 1).hit(20, 1), "its process is dead since 0.015000s");
        let paused = leased().process(15, 1, ProcessChange::Paused);
        wrong(&paused.hit(20, 1), "its process stands still since 0.015000s");
        assert_eq!(CHECK.finds(&leased().process(15, 1, ProcessChange::Resumed).hit(20, 1)), None);
    }

    #[test]
    fn nor_a_leader_without_a_lease() {
        let ended = leased().ended(15, 1, EndCause::Transfer).hit(20, 1);
        wrong(&ended, "it holds none in term 4, which it leads");
        assert_eq!(CHECK.finds(&ended).map(|finding| finding.at), Some(ms(20)));
    }

    #[test]
    fn nor_a_leader_with_a_lease_of_another_term() {
        let other = leased().leads(15, 1, 5).extended(16, 1, 4, 1_000).hit(20, 1);
        wrong(&other, "that is one of term 4, and it leads term 5");
    }
}
