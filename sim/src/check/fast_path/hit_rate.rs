//! Pf1: where nothing is wrong, reads are answered from the lease.
//!
//! **Proves**, of a lease that the engine renews by itself, where a leader has been caught up for two heartbeats and a round trip:
//! - at least 999 of 1,000 lease reads are answered from it, where nothing has disturbed the cluster for six election timeouts
//!   (two after a heal);
//! - the same where transactions conflict meanwhile, so that a storm of them changes the rate by no more than one in a thousand;
//! - at least 99 of 100, where one follower is down or stands still and nothing else is wrong: what is left is a quorum.
//!
//! A network that loses messages of its own accord is none where nothing is wrong.
//!
//! **Does not prove** anything of fewer reads than [`ENOUGH`], nor of a lease that its callers renew: that depends on how often
//! they call.
//!
//! **Costs** a few comparisons at each lease read.
//!
//! **Seen alive by** `heartbeats-behind-entries` (`planted/bulk-traffic`), `only-voter-without-lease` (`planted/only-voter`),
//! its unit tests and `sim/tests/alive.rs`.

use crate::check::prelude::*;
use crate::words::figures::list;
use leasehold::observe::Miss;

/// So many reads say something of a rate.
const ENOUGH: u64 = 200;

/// A conflict makes a storm of the time up to so long after it.
const STORM: Duration = Duration::from_millis(500);

/// Does it take a node out?
fn takes_out(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Lives | Disturbs::Standstill => true,
        Disturbs::Leadership
        | Disturbs::Members
        | Disturbs::Routes
        | Disturbs::Reach
        | Disturbs::Messages
        | Disturbs::Pace
        | Disturbs::Clocks
        | Disturbs::Nothing => false,
    }
}

/// What a cluster is going through.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Weather {
    Quiet,
    Storm,
    OneDown,
}

impl Weather {
    const fn words(self) -> &'static str {
        match self {
            Weather::Quiet => "where nothing was wrong",
            Weather::Storm => "where transactions conflicted and nothing was wrong",
            Weather::OneDown => "where one follower was down",
        }
    }

    /// How many of a thousand reads may miss.
    const fn may_miss(self) -> u64 {
        match self {
            Weather::Quiet | Weather::Storm => 1,
            Weather::OneDown => 10,
        }
    }
}

#[derive(Default)]
pub(in crate::check) struct HitRate {
    rates: BTreeMap<Weather, Rate>,
}

#[derive(Default)]
struct Rate {
    reads: u64,
    misses: BTreeMap<Miss, u64>,
}

fn weather(now: &Now<'_>, leader: NodeId) -> Option<Weather> {
    let Now { at, nodes, premises, .. } = *now;
    let settled = |calm| premises.is_settled(calm, at);
    if settled(nodes.faults.calm_without_transfers(|_| true)) {
        let storm = nodes.conflict.is_some_and(|conflict| at.since(conflict) <= STORM);
        return Some(if storm { Weather::Storm } else { Weather::Quiet });
    }
    let is_down = |node: NodeId| nodes.get(node).is_some_and(Replica::is_down);
    let alone = nodes.iter().filter(|(node, _)| is_down(*node)).count() == 1;
    let one_down = alone
        && !is_down(leader)
        && nodes.faults.in_force(takes_out) == 1
        && at.since(nodes.stirred()) >= premises.heartbeat * 2
        && settled(nodes.faults.calm_without_transfers(|disturbs| !takes_out(disturbs)))
        && nodes.members(leader).is_quorum(|node| !is_down(node));
    one_down.then_some(Weather::OneDown)
}

impl Check for HitRate {
    fn lease_read(&mut self, now: &Now<'_>, by: By<'_>, read: LeaseRead) -> Option<Finding> {
        let warm = now.premises.heartbeat * 2 + now.premises.slowest_round_trip;
        let since = now.nodes.caught_up(by.node)?;
        if !read.counts() || now.at.since(since) < warm || !now.premises.lossless || !now.nodes.renew_by_themselves() {
            return None;
        }
        let rate = self.rates.entry(weather(now, by.node)?).or_default();
        now.judge();
        rate.reads += 1;
        if let Some(miss) = read.miss {
            *rate.misses.entry(miss).or_default() += 1;
        }
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        let rates = self.rates.iter().map(|(weather, rate)| (*weather, rate, rate.misses.values().sum::<u64>()));
        let may_miss = |weather: &Weather, rate: &Rate| (rate.reads * weather.may_miss()).div_ceil(1_000);
        let low = rates.filter(|(weather, rate, misses)| rate.reads >= ENOUGH && *misses > may_miss(weather, rate));
        low.map(|(weather, rate, misses)| {
            let message = format!(
                "{} of {} lease reads missed {}, {} of 1,000 may",
                count(misses),
                count(rate.reads),
                weather.words(),
                weather.may_miss()
            );
            let reasons = rate.misses.iter().map(|(miss, times)| format!("{}: {}", miss.name(), count(*times)));
            now.bare_finding(message, vec![format!("by reason: {}", list(reasons))])
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::history::FaultPhase::{Activated, Ended};
    use crate::history::{StackRecord, What};
    use crate::words::Verb;
    use leasehold::observe::Event;

    /// n1 is caught up at 1 s; it is calm from 12.6 s on.
    fn led() -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        started.leads(900, 1, 4).event(1_000, 1, Event::CaughtUp { term: 4, index: 1 })
    }

    /// A thousand reads from `from` on, four a ms, of which so many miss.
    fn reads(events: Events, from: u64, misses: u64) -> Events {
        (0..1_000).fold(events, |events, read| {
            let at = from + read / 4;
            if read < misses { events.missed(at, 1, Miss::Expired) } else { events.hit(at, 1) }
        })
    }

    fn judged(events: &Events) -> (Vec<String>, u64) {
        let (findings, evaluated) = events.judged_by("hit-rate", 60_000);
        (findings.into_iter().map(|finding| finding.message).collect(), evaluated)
    }

    #[test]
    fn one_miss_in_a_thousand_is_none_too_many() {
        assert_eq!(judged(&reads(led(), 20_000, 1)), (Vec::new(), 1_000));
        let (findings, _) = judged(&reads(led(), 20_000, 2));
        assert_eq!(findings, ["2 of 1,000 lease reads missed where nothing was wrong, 1 of 1,000 may"]);
    }

    #[test]
    fn a_storm_of_conflicts_is_no_excuse() {
        let storm = (0..10).fold(led(), |events, n| events.event(19_900 + n, 1, Event::Conflict { index: n }));
        let (findings, _) = judged(&reads(storm, 19_950, 2));
        assert!(findings[0].contains("where transactions conflicted"), "{findings:?}");
    }

    #[test]
    fn what_a_fault_leaves_behind_is_not_judged() {
        let cut = led().fault(15_000, 0, Verb::Partition, Activated).fault(19_000, 0, Verb::Partition, Ended);
        assert_eq!(judged(&reads(cut, 20_000, 500)), (Vec::new(), 0));
    }

    #[test]
    fn one_follower_less_costs_next_to_nothing() {
        let down = || led().fault(20_000, 0, Verb::Crash, Activated).killed(20_000, 3);
        assert_eq!(judged(&reads(down(), 21_000, 10)), (Vec::new(), 1_000));
        let (findings, _) = judged(&reads(down(), 21_000, 11));
        assert!(findings[0].contains("where one follower was down, 10 of 1,000 may"), "{findings:?}");
        assert_eq!(judged(&reads(down().killed(20_500, 2), 21_000, 500)), (Vec::new(), 0), "two are no quorum's loss");
    }

    #[test]
    fn a_lease_that_callers_renew_is_as_good_as_they_are_busy() {
        let timing = |events: Events| match &events.configured(0, 1, Duration::from_secs(1)).records()[0].what {
            What::Stack(StackRecord { event: Event::Configured(timing), .. }) => *timing,
            other => panic!("{other:?}"),
        };
        let timing = leasehold::observe::Timing { renews: false, ..timing(Events::default()) };
        let by_callers = Events::default().event(0, 1, Event::Configured(timing)).leads(900, 1, 4);
        let by_callers = by_callers.event(1_000, 1, Event::CaughtUp { term: 4, index: 1 });
        assert_eq!(judged(&reads(by_callers, 20_000, 500)), (Vec::new(), 0));
    }
}
