//! S4: who answers from a lease has applied all that anybody was told of.
//!
//! **Proves**, at each read that was answered from a lease, that the node had applied every entry that a client had been told
//! of by then, of whatever key: written, or read. Only the holder of the lease commits while it is valid (W2), and it applies
//! before it answers. This is stronger than S1, and tells of a wrong lease before any client happens to ask for the key that is
//! missing.
//!
//! **Does not prove** that the read then looks at what is applied (S1), nor that other replicas have it.
//!
//! **Costs** a comparison at each such read.
//!
//! **Seen alive by** its unit tests, and by `long-lease` in `fast/stale-read`.

use crate::check::prelude::*;

#[derive(Default)]
pub(in crate::check) struct AppliedBeforeRead;

impl Check for AppliedBeforeRead {
    fn served(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        now.judge();
        let (applied, floor) = (by.state.applied_index(), now.nodes.operations.floor());
        if applied >= floor.place {
            return None;
        }
        let message = format!(
            "{} answered a read from its lease with index {applied} applied, after a client had been told of index {}",
            by.node, floor.place
        );
        let told = floor.by.map(|(op, client, when)| format!("client {client} had been told by #{}, at {when}", op.0));
        Some(now.finding(message, told.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use crate::check::testing::{Events, Of, get};
    use leasehold::observe::Miss;

    const CHECK: Of = Of("applied-before-read");

    /// n1 has applied index 1, n2 index 2 as well.
    fn applied() -> Events {
        Events::default().applies(1, 1, 1, 4, 0).applies(2, 2, 1, 4, 0).applies(3, 2, 2, 5, 0)
    }

    #[test]
    fn a_node_that_lacks_what_was_acknowledged_does_not_answer() {
        applied().put(5, 10, 2).hit(20, 1).breaks(
            "applied-before-read",
            20,
            "n1 answered a read from its lease with index 1 applied, after a client had been told of index 2",
        );
        assert!(CHECK.finds(&applied().invoke(5, 1, get(0)).read(10, 1, 2).hit(20, 1)).is_some(), "or was read");
    }

    #[test]
    fn one_that_has_it_does_and_so_does_one_that_lacks_what_nobody_was_told_of() {
        assert_eq!(CHECK.finds(&applied().put(5, 10, 2).hit(20, 2)), None);
        assert_eq!(CHECK.finds(&applied().hit(20, 1)), None);
        assert_eq!(CHECK.finds(&applied().put(5, 10, 2).missed(20, 1, Miss::Expired)), None);
    }

    #[test]
    fn a_process_that_starts_again_has_applied_nothing() {
        let again = applied().put(5, 10, 2).killed(11, 2).started(12, 2, 2);
        assert!(CHECK.finds(&again.hit(20, 2)).is_some());
    }
}
