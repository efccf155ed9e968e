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

use crate::check::{Check, CheckInfo, Finding, Kind, Premises, words};
use crate::history::{Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, Timing};
use std::collections::BTreeMap;

/// Not as others of its class: a run with wrong timers goes on, to show what comes of them (DESIGN §6).
pub(in crate::check) const INFO: CheckInfo = CheckInfo {
    stops: false,
    ..CheckInfo::new(
        "timing",
        Class::LeaseInvariant,
        "a lease is covered by the promises behind it, and renewed before it runs out",
        "lease-bugs.md W12, P6, RL.7; TiKV #9737; etcd #10483",
    )
};

/// The check.
pub(in crate::check) struct WellTimed {
    premises: Premises,
    timings: BTreeMap<NodeId, Timing>,
    /// What is wrong, once each: the same process may start again and again.
    wrong: BTreeMap<String, Finding>,
    evaluated: u64,
}

impl WellTimed {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self { premises: premises.clone(), timings: BTreeMap::new(), wrong: BTreeMap::new(), evaluated: 0 }
    }

    fn configured(&mut self, at: SimTime, node: NodeId, timing: Timing) {
        self.evaluated += 1;
        self.timings.insert(node, timing);
        let pairs = self.timings.keys().flat_map(|other| [(node, *other), (*other, node)]).collect::<Vec<_>>();
        for (holder, voter) in pairs {
            self.covered(at, holder, voter);
        }
        for other in self.timings.values().copied().collect::<Vec<_>>() {
            self.equal(at, node, timing, other);
        }
        self.renewed(at, node, timing);
        self.patient(at, node, timing);
    }

    /// The lease of `holder` by the promise of `voter`.
    fn covered(&mut self, at: SimTime, holder: NodeId, voter: NodeId) {
        let (Some(Timing { lease, .. }), Some(behind)) = (self.timings.get(&holder), self.timings.get(&voter)) else {
            return;
        };
        let promise = behind.promise.saturating_sub(behind.tick);
        let whole = 1_000_000;
        let drift = u128::from(self.premises.drift_ppm);
        if lease.as_nanos() * (whole + drift) <= promise.as_nanos() * whole {
            return;
        }
        let (lease, sure) = (words::duration(*lease), words::duration(promise));
        let ppm = self.premises.drift_ppm;
        let message = format!(
            "a lease lasts {lease}, and the promises behind it are sure for {sure} only, less {ppm} ppm by which clocks may differ"
        );
        let story = vec![format!("the lease would be {holder}'s, the promise {voter}'s")];
        self.wrong(Class::LeaseInvariant, at, message, story);
    }

    fn equal(&mut self, at: SimTime, node: NodeId, own: Timing, other: Timing) {
        if own.promise != other.promise {
            let (own, other) = (words::duration(own.promise), words::duration(other.promise));
            let message = format!("{node} promises for {own}, another node for {other}");
            self.wrong(Class::LeaseInvariant, at, message, Vec::new());
        }
    }

    fn renewed(&mut self, at: SimTime, node: NodeId, Timing { heartbeat, lease, .. }: Timing) {
        let Premises { round_trip, fsync, .. } = self.premises;
        let round = round_trip + fsync;
        if lease <= heartbeat + round {
            let [lease, heartbeat, round] = [lease, heartbeat, round].map(words::duration);
            let message = format!(
                "a lease of {node} lasts {lease}: a heartbeat comes every {heartbeat}, and is answered within {round}"
            );
            self.wrong(Class::Expectation, at, message, vec!["it runs out before the next round renews it".to_owned()]);
        }
    }

    fn patient(&mut self, at: SimTime, node: NodeId, Timing { promise, patience, tick, .. }: Timing) {
        if patience < promise + tick * 2 {
            let [promise, patience] = [promise, patience].map(words::duration);
            let message = format!(
                "{node} may stand for election {patience} after it heard its leader, while others refuse their votes for {promise}"
            );
            self.wrong(
                Class::Expectation,
                at,
                message,
                vec!["the first round of an election would be wasted".to_owned()],
            );
        }
    }

    fn wrong(&mut self, class: Class, at: SimTime, message: String, story: Vec<String>) {
        let finding = Finding { class, ..INFO.finding(at, message.clone(), story) };
        self.wrong.entry(message).or_insert(finding);
    }
}

impl Check for WellTimed {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Told]
    }

    fn record(&mut self, record: &Record, _nodes: &View) -> Option<Finding> {
        if let What::Stack(StackRecord { replica: ReplicaId { node, .. }, event: Event::Configured(timing), .. }) =
            &record.what
        {
            self.configured(record.at, *node, *timing);
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, _end: SimTime) -> Vec<Finding> {
        std::mem::take(&mut self.wrong).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);
    const TICK: Duration = Duration::from_millis(100);

    /// An election timeout of one second in ticks of 100 ms; nine tenths of it cover a lease, less 200 ppm.
    fn right() -> Timing {
        let (promise, patience, lease) = (SECOND, SECOND + TICK * 2, Duration::from_millis(899));
        Timing { tick: TICK, heartbeat: TICK, promise, patience, lease, renews: true }
    }

    fn judged(timings: &[Timing]) -> Vec<(Class, String)> {
        let mut check = WellTimed::new(&Premises::of_tests());
        let events = timings.iter().zip(1..);
        let events = events
            .fold(Events::default(), |events, (timing, node)| events.event(node, node, Event::Configured(*timing)));
        assert_eq!(events.first(&mut check), None, "W12 ends no run");
        assert_eq!(check.evaluated(), timings.len() as u64);
        check.finish(SimTime(0)).into_iter().map(|finding| (finding.class, finding.message)).collect()
    }

    #[test]
    fn what_the_promises_cover_is_right() {
        assert_eq!(judged(&[right(), right(), right()]), []);
    }

    #[test]
    fn a_lease_longer_than_the_promises_is_seen_at_once_and_told_once() {
        let long = Timing { lease: SECOND * 3, ..right() };
        let covered = "a lease lasts 3s, and the promises behind it are sure for 900ms only, less 200 ppm by which clocks may differ";
        assert_eq!(judged(&[long, long]), [(Class::LeaseInvariant, covered.to_owned())]);
    }

    #[test]
    fn clocks_that_may_differ_take_their_part() {
        let lease = |micros| Timing { lease: Duration::from_micros(micros), ..right() };
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
        let brief = Timing { lease: TICK + Duration::from_millis(3), ..right() };
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
