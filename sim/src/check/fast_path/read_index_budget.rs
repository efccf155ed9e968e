//! Pf2: ReadIndex rounds are spent on lease misses and on renewals, and on each no more than it needs.
//!
//! **Proves** two bounds, from counts alone:
//! - *misses*: rounds for lease misses, repetitions not counted, are at most as many as lease reads that missed.
//! - *renewals*: a leader begins at most [`ROUNDS_PER_LEASE`] renewal rounds in the length of one lease, and one more in each term
//!   that it leads, with a tenth to spare for clocks and ticks. The length of a lease is in its extensions (`expiry - base`).
//!
//! **Does not prove** that writes and reads inside scripts pay no round: whether they may is the scenario's to say
//! (`read-index-per-write`, `read-index-per-inner-read`; zero where it says nothing), and `verdict` judges it under the name of
//! the metric. The renewal bound is not evaluated before the first extension, which alone shows the length of a lease. A
//! repetition means that a round was not answered in time and is the network's affair. A killed leader that says nothing more
//! counts as leading: the bound is then too generous, never too strict.
//!
//! **Costs** counters.
//!
//! **Seen alive by** `rounds-without-end` (`fast/s-03-cut-after-check-quorum`), `renewed-at-every-tick` (`fast/steady`) and its
//! unit tests. What `verdict` judges is seen by `elastickv-559` (`fast/steady`), which runs a round before each write.

use crate::check::{Check, CheckInfo, Finding, Kind, words};
use crate::history::{Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, Role, RoundCause};
use std::collections::BTreeMap;
use std::time::Duration;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "read-index-budget",
    Class::Expectation,
    "ReadIndex rounds are spent on lease misses and renewals only, and sparingly",
    "lease-bugs.md Pf2",
);

/// How many renewal rounds may begin in the length of one lease (Pf2: at most one per third of it).
const ROUNDS_PER_LEASE: u128 = 3;

/// The check.
#[derive(Default)]
pub(in crate::check) struct ReadIndexBudget {
    misses: u64,
    miss_rounds: u64,
    evaluated: u64,
    /// The shortest lease seen: gives the most generous bound.
    length: Option<Duration>,
    leaders: BTreeMap<NodeId, Leading>,
}

/// One node's time as leader.
#[derive(Default)]
struct Leading {
    /// The term it leads, and since when.
    now: Option<(u64, SimTime)>,
    /// Terms that it has led.
    terms: u64,
    /// Time that it has led, terms that are over.
    time: Duration,
    /// Renewal rounds that it began.
    rounds: u64,
}

impl Leading {
    fn changed(&mut self, at: SimTime, leads: Option<u64>) {
        if self.now.map(|(term, _)| term) == leads {
            return;
        }
        if let Some((_, since)) = self.now.take() {
            self.time += at.since(since);
        }
        if let Some(term) = leads {
            self.now = Some((term, at));
            self.terms += 1;
        }
    }

    /// How many renewal rounds it may have begun, for leases of `length`.
    fn allowed(&self, length: Duration) -> u64 {
        let in_time = ROUNDS_PER_LEASE * self.time.as_nanos() / length.as_nanos().max(1);
        let allowed = u128::from(self.terms) + in_time + in_time.div_ceil(10);
        u64::try_from(allowed).unwrap_or(u64::MAX)
    }
}

impl ReadIndexBudget {
    fn told(&mut self, at: SimTime, StackRecord { replica: ReplicaId { node, .. }, event, .. }: &StackRecord) {
        match *event {
            Event::LeaseRead { miss, .. } => self.misses += u64::from(miss.is_some()),
            Event::RoundStarted { cause, again: false } => self.round(*node, cause),
            Event::LeaseExtended { base, expiry, .. } => {
                let length = expiry.since(base);
                self.length = Some(self.length.map_or(length, |shortest| shortest.min(length)));
            }
            Event::Role { role, term, .. } => self.of(*node).changed(at, (role == Role::Leader).then_some(term)),
            Event::Stopped { .. } => self.of(*node).changed(at, None),
            _ => {}
        }
    }

    fn round(&mut self, node: NodeId, cause: RoundCause) {
        self.evaluated += 1;
        match cause {
            RoundCause::LeaseMiss => self.miss_rounds += 1,
            RoundCause::Renewal => self.of(node).rounds += 1,
            RoundCause::Write | RoundCause::InnerRead => {}
        }
    }

    fn of(&mut self, node: NodeId) -> &mut Leading {
        self.leaders.entry(node).or_default()
    }

    fn misses(&self, end: SimTime) -> Option<Finding> {
        let message = format!(
            "{} began for lease misses, but only {} missed",
            words::several(self.miss_rounds, "ReadIndex round"),
            words::several(self.misses, "lease read")
        );
        let why = "a lease read that is answered from the lease, or asks twice, must not pay a round".to_owned();
        (self.miss_rounds > self.misses).then(|| INFO.finding(end, message, vec![why]))
    }

    fn renewals(&self, end: SimTime) -> Vec<Finding> {
        let Some(length) = self.length else { return Vec::new() };
        let leaders = self.leaders.iter().map(|(node, leading)| (node, leading, leading.allowed(length)));
        leaders
            .filter(|(_, leading, allowed)| leading.rounds > *allowed)
            .map(|(node, leading, allowed)| {
                let message = format!(
                    "{node} began {} to renew its lease, where {} would do",
                    words::several(leading.rounds, "ReadIndex round"),
                    words::count(allowed)
                );
                let (terms, time) = (words::several(leading.terms, "term"), words::duration(leading.time));
                let length = words::duration(length);
                let led = format!("it led {terms} for {time}; a lease lasts {length}, a third of that is early enough");
                INFO.finding(end, message, vec![led])
            })
            .collect()
    }
}

impl Check for ReadIndexBudget {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::LeaseRead, Kind::LeaseExtended, Kind::Round, Kind::Told]
    }

    fn record(&mut self, record: &Record, _nodes: &View) -> Option<Finding> {
        if let What::Stack(told) = &record.what {
            self.told(record.at, told);
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        for leading in self.leaders.values_mut() {
            leading.changed(end, None);
        }
        self.misses(end).into_iter().chain(self.renewals(end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use leasehold::observe::Miss;

    fn judged(events: &Events) -> Vec<Finding> {
        let mut check = ReadIndexBudget::default();
        assert_eq!(events.first(&mut check), None, "Pf2 never ends a run");
        check.finish(ms(3_000))
    }

    fn renewed(rounds: u64) -> Events {
        let led = Events::default().leads(0, 1, 4).extended(1, 1, 4, 300);
        (0..rounds).fold(led, |events, at| events.round(at, 1, RoundCause::Renewal))
    }

    #[test]
    fn a_round_for_a_read_that_did_not_miss_is_too_many() {
        let findings = judged(&Events::default().hit(1, 1).round(2, 1, RoundCause::LeaseMiss));
        assert_eq!(findings[0].message, "1 ReadIndex round began for lease misses, but only 0 lease reads missed");
        assert_eq!((findings[0].check, findings[0].class), ("read-index-budget", Class::Expectation));
    }

    #[test]
    fn a_miss_pays_one_round_and_its_repetitions() {
        let missed = Events::default().missed(1, 1, Miss::Cold).round(2, 1, RoundCause::LeaseMiss);
        let repeated = missed.round_again(3, 1, RoundCause::LeaseMiss).round_again(4, 1, RoundCause::LeaseMiss);
        assert_eq!(judged(&repeated), []);
    }

    #[test]
    fn a_leader_renews_three_times_in_a_lease_with_a_tenth_to_spare() {
        // 3 s as leader with leases of 300 ms: 30 rounds, a tenth more, one for the term.
        assert_eq!(judged(&renewed(34)), []);
        let findings = judged(&renewed(35));
        assert_eq!(findings[0].message, "n1 began 35 ReadIndex rounds to renew its lease, where 34 would do");
    }

    #[test]
    fn time_as_a_follower_gives_no_budget() {
        let mut check = ReadIndexBudget::default();
        let events = renewed(34).follows(1_500, 1, 5);
        assert_eq!(events.first(&mut check), None);
        assert_eq!(check.finish(ms(3_000)).len(), 1);
    }

    #[test]
    fn without_a_lease_its_length_is_unknown_and_renewals_are_not_judged() {
        let rounds = (0..99).fold(Events::default(), |events, at| events.round(at, 1, RoundCause::Renewal));
        assert_eq!(judged(&rounds), []);
    }

    #[test]
    fn rounds_of_writes_and_inner_reads_are_for_the_verdict_to_judge() {
        let paid = Events::default().round(1, 1, RoundCause::Write).round(2, 1, RoundCause::InnerRead);
        assert_eq!(judged(&paid), []);
    }
}
