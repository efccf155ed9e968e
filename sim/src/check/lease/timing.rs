//! W12: a lease is covered by the promises behind it, and is renewed before it runs out.
//!
//! **Proves**, at every start of a process, from what it says of its own timers and what the others have said of theirs:
//! - a lease is no longer than a promise of any node less one tick, by clocks that differ as far as the run claims (premise P6;
//!   the tick is lost where a leader is heard just before one);
//! - all nodes promise for the same time;
//! - a lease is longer than a heartbeat interval and a round trip (its 99th percentile) with an fsync: the next round renews it
//!   in time;
//! - nobody stands for election before two ticks after the promises of others have ended (etcd #10483).
//!
//! The first two are a matter of safety, the others of the fast path and of elections that are wasted: class `expectation`.
//!
//! **Does not prove** that a timer does as it says (W3, W4), nor that clocks keep to what is claimed of them.
//!
//! **Costs** nothing but at a start.
//!
//! **Seen alive by** the variant `long-lease`, whose lease lasts three election timeouts, in every scenario.

use crate::check::prelude::*;
use crate::scenario::Class;
use leasehold::observe::Timing;

#[derive(Default)]
pub(in crate::check) struct WellTimed {
    /// What is wrong, once each: the same process may start again and again.
    wrong: BTreeMap<String, Finding>,
}

impl Check for WellTimed {
    fn configured(&mut self, now: &Now<'_>, By { node, .. }: By<'_>, timing: Timing) -> Option<Finding> {
        now.judge();
        let known = || now.nodes.iter().filter_map(|(other, state)| Some((other, state.timing?)));
        let mut wrong = Vec::new();
        for (other, others) in known() {
            wrong.extend(covered(now, (node, timing), (other, others)));
            wrong.extend(covered(now, (other, others), (node, timing)));
        }
        wrong.extend(known().filter_map(|(_, others)| equal(now, node, timing, others)));
        wrong.extend(renewed(now, node, timing));
        wrong.extend(patient(now, node, timing));
        for finding in wrong {
            self.wrong.entry(finding.message.clone()).or_insert(finding);
        }
        None
    }

    fn at_end(&mut self, _: &Now<'_>) -> Vec<Finding> {
        std::mem::take(&mut self.wrong).into_values().collect()
    }
}

/// The lease of `holder` by the promise of `voter`.
fn covered(now: &Now<'_>, (holder, held): (NodeId, Timing), (voter, behind): (NodeId, Timing)) -> Option<Finding> {
    let (length, promise) = (held.lease?, behind.promise.saturating_sub(behind.tick));
    let (ppm, whole) = (now.premises.drift_ppm, 1_000_000);
    if length.as_nanos() * (whole + u128::from(ppm)) <= promise.as_nanos() * whole {
        return None;
    }
    let (lease, sure) = (duration(length), duration(promise));
    let message = format!(
        "a lease lasts {lease}, and the promises behind it are sure for {sure} only, less {ppm} ppm by which clocks may differ"
    );
    Some(now.bare_finding(message, vec![format!("the lease would be {holder}'s, the promise {voter}'s")]))
}

fn equal(now: &Now<'_>, node: NodeId, own: Timing, other: Timing) -> Option<Finding> {
    (own.promise != other.promise).then(|| {
        let (own, other) = (duration(own.promise), duration(other.promise));
        now.bare_finding(format!("{node} promises for {own}, another node for {other}"), Vec::new())
    })
}

fn renewed(now: &Now<'_>, node: NodeId, Timing { heartbeat, lease, .. }: Timing) -> Option<Finding> {
    let Premises { round_trip, fsync, .. } = *now.premises;
    let (lease, round) = (lease?, round_trip + fsync);
    (lease <= heartbeat + round).then(|| {
        let [lease, heartbeat, round] = [lease, heartbeat, round].map(duration);
        let message = format!(
            "a lease of {node} lasts {lease}: a heartbeat comes every {heartbeat}, and is answered within {round}"
        );
        let why = "it runs out before the next round renews it".to_owned();
        Finding { class: Class::Expectation, ..now.bare_finding(message, vec![why]) }
    })
}

fn patient(now: &Now<'_>, node: NodeId, Timing { promise, patience, tick, .. }: Timing) -> Option<Finding> {
    (patience < promise + tick * 2).then(|| {
        let [promise, patience] = [promise, patience].map(duration);
        let message = format!(
            "{node} may stand for election {patience} after it heard its leader, while others refuse their votes for {promise}"
        );
        let why = "the first round of an election would be wasted".to_owned();
        Finding { class: Class::Expectation, ..now.bare_finding(message, vec![why]) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use leasehold::observe::Event;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);
    const TICK: Duration = Duration::from_millis(100);

    /// An election timeout of one second in ticks of 100 ms; nine tenths of it cover a lease, less 200 ppm.
    fn right() -> Timing {
        let (promise, patience, lease) = (SECOND, SECOND + TICK * 2, Duration::from_millis(899));
        Timing { tick: TICK, heartbeat: TICK, promise, patience, lease: Some(lease), renews: true }
    }

    fn judged(timings: &[Timing]) -> Vec<(Class, String)> {
        let events = timings.iter().zip(1..);
        let events = events
            .fold(Events::default(), |events, (timing, node)| events.event(node, node, Event::Configured(*timing)));
        let (found, evaluated) = events.judged_by("timing", 0);
        assert_eq!(evaluated, timings.len() as u64);
        found.into_iter().map(|finding| (finding.class, finding.message)).collect()
    }

    #[test]
    fn what_the_promises_cover_is_right() {
        assert_eq!(judged(&[right(), right(), right()]), []);
    }

    #[test]
    fn where_nobody_promises_anything_no_lease_is_right() {
        let none = Timing { promise: Duration::ZERO, lease: None, renews: false, ..right() };
        assert_eq!(judged(&[none, none, none]), []);
        let one = Timing { lease: right().lease, ..none };
        assert_eq!(judged(&[one])[0].0, Class::LeaseInvariant);
    }

    #[test]
    fn a_lease_longer_than_the_promises_is_seen_at_once_and_told_once() {
        let long = Timing { lease: Some(SECOND * 3), ..right() };
        let covered = "a lease lasts 3s, and the promises behind it are sure for 900ms only, less 200 ppm by which clocks may differ";
        assert_eq!(judged(&[long, long]), [(Class::LeaseInvariant, covered.to_owned())]);
    }

    #[test]
    fn clocks_that_may_differ_take_their_part() {
        let lease = |micros| Timing { lease: Some(Duration::from_micros(micros)), ..right() };
        assert_eq!(judged(&[lease(899_820)]), []);
        assert_eq!(judged(&[lease(899_821)]).len(), 1);
    }

    #[test]
    fn one_node_that_promises_less_is_enough() {
        let short = Timing { promise: SECOND / 2, patience: SECOND, ..right() };
        let classes: Vec<_> = judged(&[right(), short]).into_iter().map(|(class, _)| class).collect();
        assert_eq!(classes, [Class::LeaseInvariant; 2], "it covers no lease, and is not as long as the other's");
    }

    #[test]
    fn a_lease_that_no_round_can_renew_in_time_is_no_fast_path() {
        let brief = Timing { lease: Some(TICK + Duration::from_millis(3)), ..right() };
        let found = judged(&[brief]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, Class::Expectation);
    }

    #[test]
    fn nobody_stands_for_election_while_others_still_refuse() {
        let found = judged(&[Timing { patience: SECOND + TICK, ..right() }]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, Class::Expectation);
    }
}
