//! The metrics of a process equal what it did.
//!
//! Whoever runs a stack sees its metrics, and nothing else: a hit rate that is counted wrong hides what this harness is for.
//!
//! **Proves**, of each process as it ends or the run does, that hits and misses, conflicts, stale routes, full queues, changes of leader, stalls of the
//! disk, scripts and their retries were counted as often as the process told of them.
//!
//! **Does not prove** that what the process told happened (`true-events`), nor anything of what it refused at its door, which it tells of by
//! its answers alone.
//!
//! **Costs** a counter for each kind.
//!
//! **Seen alive by** `hits-told-twice` (`fast/steady`) and its unit tests.

use crate::check::prelude::*;
use crate::history::{Counts, ScriptEnded};
use leasehold::metrics::Counter;

#[derive(Default)]
pub(in crate::check) struct TrueCounts {
    nodes: BTreeMap<NodeId, Told>,
    found: Option<Finding>,
}

/// What a process has told.
#[derive(Default)]
struct Told {
    counts: Counts,
    leader: Option<NodeId>,
}

/// Does a process tell of each of these?
const fn is_told(counter: Counter) -> bool {
    match counter {
        Counter::LeaseReadHit
        | Counter::LeaseReadMiss
        | Counter::WriteConflict
        | Counter::DispatchDropped
        | Counter::StepQueueFull
        | Counter::LeaderChangesSeen
        | Counter::DiskStalls
        | Counter::StaleRoute => true,
        Counter::ProposalsFailed | Counter::Refused => false,
    }
}

impl TrueCounts {
    fn told(&mut self, node: NodeId) -> &mut Told {
        self.nodes.entry(node).or_default()
    }

    fn count(&mut self, node: NodeId, counter: Counter) -> Option<Finding> {
        self.told(node).counts.counters[counter as usize] += 1;
        None
    }
}

impl Check for TrueCounts {
    fn started(&mut self, _: &Now<'_>, node: NodeId) -> Option<Finding> {
        self.nodes.remove(&node);
        None
    }

    fn lease_read(&mut self, _: &Now<'_>, By { node, .. }: By<'_>, read: LeaseRead) -> Option<Finding> {
        self.count(node, if read.miss.is_none() { Counter::LeaseReadHit } else { Counter::LeaseReadMiss })
    }

    fn conflict(&mut self, _: &Now<'_>, By { node, .. }: By<'_>, _: u64) -> Option<Finding> {
        self.count(node, Counter::WriteConflict)
    }

    fn queue_full(&mut self, _: &Now<'_>, By { node, .. }: By<'_>, lane: Lane, to: Option<NodeId>) -> Option<Finding> {
        match (lane, to) {
            (Lane::Request, _) => None,
            (Lane::Heartbeat | Lane::Bulk, Some(_)) => self.count(node, Counter::DispatchDropped),
            (Lane::Heartbeat | Lane::Bulk, None) => self.count(node, Counter::StepQueueFull),
        }
    }

    fn role(
        &mut self,
        _: &Now<'_>,
        By { node, .. }: By<'_>,
        _: Role,
        _: u64,
        leader: Option<NodeId>,
    ) -> Option<Finding> {
        let before = std::mem::replace(&mut self.told(node).leader, leader);
        if before == leader { None } else { self.count(node, Counter::LeaderChangesSeen) }
    }

    fn disk_stalled(&mut self, _: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        self.count(node, Counter::DiskStalls)
    }

    fn stale_route(&mut self, _: &Now<'_>, By { node, .. }: By<'_>) -> Option<Finding> {
        self.count(node, Counter::StaleRoute)
    }

    fn script(&mut self, _: &Now<'_>, By { node, .. }: By<'_>, script: ScriptEnded) -> Option<Finding> {
        let Counts { scripts, retries, .. } = &mut self.told(node).counts;
        *scripts += 1;
        *retries += u64::from(script.attempts.saturating_sub(1));
        None
    }

    fn counted(&mut self, now: &Now<'_>, node: NodeId, counts: &Counts) -> Option<Finding> {
        now.judge();
        let told = self.told(node).counts;
        let of_counters = Counter::ALL.into_iter().filter(|counter| is_told(*counter));
        let of_counters = of_counters.map(|it| (it.name(), counts.counters[it as usize], told.counters[it as usize]));
        let of_scripts = [
            ("elastickv_lua_conflict_retries", (counts.scripts, told.scripts)),
            ("its sum", (counts.retries, told.retries)),
        ];
        let all = of_counters.chain(of_scripts.map(|(name, (counted, told))| (name, counted, told)));
        let wrong: Vec<_> = all.filter(|(_, counted, told)| counted != told).collect();
        let (name, counted, told) = *wrong.first()?;
        let line = |(name, counted, told): &(&str, u64, u64)| {
            format!("{name}: counted {}, told {}", count(*counted), count(*told))
        };
        let story = wrong.iter().map(line).collect();
        let message = format!("{node} counts {} of {name} and has told of {}", count(counted), count(told));
        self.found.get_or_insert_with(|| now.bare_finding(message, story));
        None
    }

    fn at_end(&mut self, _: &Now<'_>) -> Vec<Finding> {
        self.found.take().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::Events;
    use crate::history::What;
    use leasehold::env::ReplicaId;
    use leasehold::observe::Miss;

    fn counts(of: &[(Counter, u64)]) -> Counts {
        let mut counts = Counts::default();
        of.iter().for_each(|(counter, number)| counts.counters[*counter as usize] = *number);
        counts
    }

    fn judged(events: Events, counts: Counts) -> Vec<String> {
        let events =
            events.push(1_000, What::Counted { replica: ReplicaId::first(NodeId(1)), counts: Box::new(counts) });
        events.judged_by("true-counts", 2_000).0.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_process_that_counts_what_it_did_is_left_alone() {
        let events = Events::default().started(0, 1, 1).hit(1, 1).hit(2, 1).missed(3, 1, Miss::Cold).hit(4, 2);
        let events = events.follows_whom(5, 1, 4, 2).follows_whom(6, 1, 5, 2).follows_whom(7, 1, 5, 3);
        let all = [(Counter::LeaseReadHit, 2), (Counter::LeaseReadMiss, 1), (Counter::LeaderChangesSeen, 2)];
        assert_eq!(judged(events, counts(&all)), [""; 0]);
    }

    #[test]
    fn one_that_counts_another_number_is_told_of_with_both() {
        let message = "n1 counts 2 of elastickv_lease_read_total{outcome=\"hit\"} and has told of 1";
        assert_eq!(judged(Events::default().hit(1, 1), counts(&[(Counter::LeaseReadHit, 2)])), [message]);
    }

    #[test]
    fn a_process_that_begins_has_counted_nothing() {
        let events = Events::default().hit(1, 1).killed(2, 1).started(3, 1, 2);
        assert_eq!(judged(events, Counts::default()), [""; 0]);
    }

    #[test]
    fn what_a_process_tells_nobody_is_not_asked_for() {
        assert_eq!(judged(Events::default(), counts(&[(Counter::Refused, 7), (Counter::ProposalsFailed, 1)])), [""; 0]);
    }
}
