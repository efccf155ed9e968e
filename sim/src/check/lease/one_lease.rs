//! W1: at no instant are two leases valid.
//!
//! **Proves** that leases of different nodes do not overlap in true time. Whenever a node's lease is extended, or its clock is
//! touched, no other node may hold one whose true end, as the world computes it from the node's clock, is still to come. Fires
//! before any client sees a stale value.
//!
//! A lease counts from its extension on, even where the gate would not serve from it yet (no entry of the leader's own term is
//! applied): the promises behind it are what must not overlap.
//!
//! **Does not prove** that a lease is backed by promises (W3), nor that reads respect it (S1).
//!
//! **Costs** one comparison for each other node at each extension and each fault of a clock.
//!
//! **Seen alive by** its unit tests, and by what lengthens a lease (`lease-past-promises` in `planted/tight-lease`,
//! `clock-stops-in-suspend` in `planted/suspended`), outlives the start of a transfer (`transfer-keeps-lease` in
//! `fast/s-01-transfer-and-hold`) or shortens promises (`uneven-timeouts` and `late-ticks-made-up`, in scenarios of theirs).

use crate::check::prelude::*;
use crate::check::story::moment;
use crate::view::Held;

#[derive(Default)]
pub(in crate::check) struct OneLease;

impl Check for OneLease {
    fn lease_extended(&mut self, now: &Now<'_>, by: By<'_>, _: Extension) -> Option<Finding> {
        moved(now, by.node)
    }

    fn clock(&mut self, now: &Now<'_>, node: NodeId, _: Instant, lease_until: Option<SimTime>) -> Option<Finding> {
        lease_until.and_then(|_| moved(now, node))
    }
}

/// The end of a node's lease has moved.
fn moved(now: &Now<'_>, node: NodeId) -> Option<Finding> {
    now.judge();
    let valid = |lease: &Held| lease.is_valid(now.at);
    let lease = now.nodes.lease(node).filter(valid)?;
    let (other, held) = now.nodes.others(node).find_map(|(other, state)| Some((other, state.lease.filter(valid)?)))?;
    let until = lease.until.min(held.until);
    let overlap = if until == SimTime::NEVER { "ever".to_owned() } else { duration(until.since(now.at)) };
    let message = format!(
        "{node} extended its lease of term {} while {other} still held one of term {}: both are valid for {overlap}",
        lease.term, held.term
    );
    let describe = |node, verb, Held { term, since, extended, until, .. }| {
        format!("{node} {verb} a lease of term {term} at {extended}, held since {since}, until {}", moment(until))
    };
    let mut story = vec![
        describe(other, "last extended", held),
        describe(node, "extended", lease),
        format!("from {} to {} both would answer reads without asking anybody: {overlap}", now.at, moment(until)),
    ];
    let (old, older, new) = if held.term < lease.term { (other, held, lease) } else { (node, lease, held) };
    story.extend(now.nodes.stands_on(old, &older, new.since));
    Some(now.finding(message, story))
}

#[cfg(test)]
mod tests {
    use crate::check::STORY;
    use crate::check::testing::{Events, Of, ms};
    use leasehold::observe::EndCause;

    const CHECK: Of = Of("one-lease");

    /// n1 leads term 4 with a lease until 1000 ms.
    fn leased() -> Events {
        Events::default().leads(0, 1, 4).extended(10, 1, 4, 1_000)
    }

    #[test]
    fn two_valid_leases_at_one_instant_are_a_violation() {
        let finding = leased().leads(800, 2, 5).extended(850, 2, 5, 1_800).breaks(
            "one-lease",
            850,
            "n2 extended its lease of term 5 while n1 still held one of term 4: both are valid for 150ms",
        );
        assert_eq!(
            finding.story[0],
            "n1 last extended a lease of term 4 at 0.010000s, held since 0.010000s, until 1.000000s"
        );
        assert!(finding.story.len() <= STORY);
    }

    #[test]
    fn a_lease_may_begin_at_the_instant_at_which_another_runs_out() {
        assert_eq!(CHECK.finds(&leased().leads(800, 2, 5).extended(1_000, 2, 5, 1_800)), None);
        assert!(CHECK.finds(&leased().leads(800, 2, 5).extended(999, 2, 5, 1_800)).is_some());
    }

    #[test]
    fn a_lease_that_was_ended_does_not_count() {
        let ended = leased().ended(700, 1, EndCause::Transfer);
        assert_eq!(CHECK.finds(&ended.leads(800, 2, 5).extended(850, 2, 5, 1_800)), None);
    }

    #[test]
    fn a_lease_does_not_outlive_its_holders_role_or_term() {
        assert_eq!(CHECK.finds(&leased().follows(700, 1, 5).extended(850, 2, 5, 1_800)), None);
        assert_eq!(CHECK.finds(&leased().stopped(700, 1).extended(850, 2, 5, 1_800)), None);
    }

    #[test]
    fn the_end_of_one_lease_does_not_end_another() {
        let ended = leased().ended(700, 2, EndCause::Transfer);
        assert!(CHECK.finds(&ended.extended(850, 2, 5, 1_800)).is_some());
    }

    #[test]
    fn an_extension_that_has_run_out_already_is_no_lease() {
        assert_eq!(CHECK.finds(&leased().extended(850, 2, 5, 850)), None);
    }

    #[test]
    fn a_clock_that_is_touched_moves_the_end_of_a_lease() {
        let finding =
            CHECK.finds(&leased().clock_touched(500, 1, 1_500).extended(1_200, 2, 5, 2_000)).expect("slowed down");
        assert_eq!(finding.at, ms(1_200));
        assert_eq!(CHECK.finds(&leased().clock_touched(500, 1, 700).extended(850, 2, 5, 1_800)), None);
    }

    #[test]
    fn a_lease_that_comes_back_by_a_step_of_the_clock_is_a_violation_there() {
        let stepped = leased().leads(1_050, 2, 5).extended(1_100, 2, 5, 2_000).clock_touched(1_300, 1, 1_900);
        assert_eq!(CHECK.finds(&stepped).map(|finding| finding.at), Some(ms(1_300)));
        let of_no_lease =
            Events::default().leads(1_050, 2, 5).extended(1_100, 2, 5, 2_000).clock_touched(1_300, 1, 1_900);
        assert_eq!(CHECK.finds(&of_no_lease), None);
    }

    #[test]
    fn a_node_extends_its_own_lease_as_often_as_it_likes() {
        let events = leased().extended(100, 1, 4, 1_100).extended(200, 1, 4, 1_200);
        assert_eq!(events.evaluated_by("one-lease"), 3);
    }
}
