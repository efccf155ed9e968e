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

use crate::check::prelude::*;

/// How many renewal rounds may begin in the length of one lease (Pf2: at most one per third of it).
const ROUNDS_PER_LEASE: u128 = 3;

#[derive(Default)]
pub(in crate::check) struct ReadIndexBudget {
    misses: u64,
    miss_rounds: u64,
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
    fn of(&mut self, node: NodeId) -> &mut Leading {
        self.leaders.entry(node).or_default()
    }

    fn misses(&self, now: &Now<'_>) -> Option<Finding> {
        let message = format!(
            "{} began for lease misses, but only {} missed",
            counted(self.miss_rounds, "ReadIndex round"),
            counted(self.misses, "lease read")
        );
        let why = "a lease read that is answered from the lease, or asks twice, must not pay a round".to_owned();
        (self.miss_rounds > self.misses).then(|| now.bare_finding(message, vec![why]))
    }

    fn renewals(&self, now: &Now<'_>) -> Vec<Finding> {
        let Some(length) = self.length else { return Vec::new() };
        let leaders = self.leaders.iter().map(|(node, leading)| (node, leading, leading.allowed(length)));
        let too_many = leaders.filter(|(_, leading, allowed)| leading.rounds > *allowed);
        too_many
            .map(|(node, leading, allowed)| {
                let (rounds, allowed) = (counted(leading.rounds, "ReadIndex round"), count(allowed));
                let message = format!("{node} began {rounds} to renew its lease, where {allowed} would do");
                let (terms, time) = (counted(leading.terms, "term"), duration(leading.time));
                let length = duration(length);
                let led = format!("it led {terms} for {time}; a lease lasts {length}, a third of that is early enough");
                now.bare_finding(message, vec![led])
            })
            .collect()
    }
}

impl Check for ReadIndexBudget {
    fn lease_read(&mut self, _: &Now<'_>, _: By<'_>, read: LeaseRead) -> Option<Finding> {
        self.misses += u64::from(read.miss.is_some());
        None
    }

    fn round_started(&mut self, now: &Now<'_>, by: By<'_>, cause: RoundCause, again: bool) -> Option<Finding> {
        if again {
            return None;
        }
        now.judge();
        match cause {
            RoundCause::LeaseMiss => self.miss_rounds += 1,
            RoundCause::Renewal => self.of(by.node).rounds += 1,
            RoundCause::Write | RoundCause::InnerRead => {}
        }
        None
    }

    fn lease_extended(&mut self, _: &Now<'_>, _: By<'_>, lease: Extension) -> Option<Finding> {
        let length = lease.expiry.since(lease.base);
        self.length = Some(self.length.map_or(length, |shortest| shortest.min(length)));
        None
    }

    fn leads(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        self.of(by.node).changed(now.at, Some(by.state.term));
        None
    }

    fn falls(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        self.of(by.node).changed(now.at, None);
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        self.leaders.values_mut().for_each(|leading| leading.changed(now.at, None));
        self.misses(now).into_iter().chain(self.renewals(now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::scenario::Class;
    use leasehold::observe::Miss;

    fn judged(events: &Events) -> Vec<Finding> {
        events.judged_by("read-index-budget", 3_000).0
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
        let events = renewed(34).follows(1_500, 1, 5);
        assert_eq!(judged(&events).len(), 1);
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
