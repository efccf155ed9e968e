//! Pf3: a new leader's lease is warm as soon as it can be, and a healed one's as well.
//!
//! **Proves**, of a lease that the engine renews by itself, where no fault is in force: a leader that has applied an entry of
//! its own term answers from its lease one heartbeat round trip later; and one that led through a partition, a pause or a
//! transfer, a heartbeat interval and a round trip after it has ended. A tick is added to both, and an fsync: a loop looks at
//! its clock once a tick.
//!
//! **Does not prove** anything where nobody reads then: the first read that comes later is judged, and no other (`hit-rate`
//! is). Nor soon after other faults, which leave something behind: a node that starts again, an fsync that goes on. A transfer
//! that was given up is for `transfers-end` to judge.
//!
//! **Costs** a comparison at each lease read.
//!
//! **Seen alive by** `lease-ended-by-renewal` (`fast/steady`), where `lease-used` speaks first, `only-voter-without-lease`
//! (`planted/only-voter`), its unit tests and `sim/tests/alive.rs`.

use crate::check::{Check, CheckInfo, Finding, Kind, Premises, STORY, words};
use crate::history::{Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use crate::words::Disturbs;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, Miss, Role};

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "warm-lease",
    Class::Expectation,
    "a new leader answers from its lease one heartbeat round trip after it is caught up",
    "lease-bugs.md Pf3",
);

/// Is it not over when it has ended?
fn leaves_something_behind(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Members | Disturbs::Messages | Disturbs::Lives | Disturbs::Pace | Disturbs::Clocks => true,
        Disturbs::Leadership | Disturbs::Reach | Disturbs::Standstill | Disturbs::Nothing => false,
    }
}

/// The check.
pub(in crate::check) struct WarmLease {
    premises: Premises,
    /// Who was last caught up, and since when.
    leader: Option<(NodeId, SimTime)>,
    /// From when on the next read of the leader must be answered from its lease; `None`: one was judged.
    due: Option<SimTime>,
    renews: bool,
    cold: Vec<Finding>,
    evaluated: u64,
}

impl WarmLease {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self { premises: premises.clone(), leader: None, due: None, renews: true, cold: Vec::new(), evaluated: 0 }
    }

    fn told(
        &mut self,
        at: SimTime,
        StackRecord { replica: ReplicaId { node, .. }, event, .. }: &StackRecord,
        nodes: &View,
    ) {
        match event {
            Event::Configured(timing) => self.renews &= timing.renews,
            Event::CaughtUp { .. } => {
                self.leader = Some((*node, at));
                self.reckon(nodes);
            }
            Event::Role { role, .. } if *role != Role::Leader => {
                self.leader.take_if(|(leader, _)| leader == node);
            }
            Event::LeaseRead { miss, .. } if miss.is_none_or(Miss::counts) => self.read(at, *node, *miss, nodes),
            _ => {}
        }
    }

    /// Something began, from which the lease must be warm some time later.
    fn reckon(&mut self, nodes: &View) {
        let Premises { tick, heartbeat, slowest_round_trip, slowest_fsync, .. } = self.premises;
        let round = tick + slowest_round_trip + slowest_fsync;
        let reckoned = self.leader.zip(nodes.faults.calm(|_| true));
        self.due = reckoned.map(|((_, elected), calm)| elected.after(round).max(calm.since.after(heartbeat + round)));
    }

    fn read(&mut self, at: SimTime, node: NodeId, miss: Option<Miss>, nodes: &View) {
        let is_due = self.due.is_some_and(|due| at > due) && self.leader.is_some_and(|(leader, _)| leader == node);
        let judged = self.renews && self.premises.lossless && miss != Some(Miss::Transfer);
        let settled = || self.premises.is_settled(nodes.faults.calm(leaves_something_behind), at);
        if !is_due || !judged || !settled() {
            return;
        }
        self.due = None;
        self.evaluated += 1;
        let Some(((_, elected), miss)) = self.leader.zip(miss) else { return };
        let message = format!(
            "{node}, caught up since {elected}, answered a read not from its lease ({}) {} after that, and nothing was wrong any more",
            miss.name(),
            words::duration(at.since(elected))
        );
        self.cold.push(INFO.finding(at, message, nodes.story(at, STORY)));
    }
}

impl Check for WarmLease {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Told, Kind::LeaseRead, Kind::Fault]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Fault(_) => self.reckon(nodes),
            What::Stack(told) => self.told(record.at, told, nodes),
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, _end: SimTime) -> Vec<Finding> {
        let times = self.cold.len() as u64;
        let first = self.cold.drain(..).next();
        let counted = |finding: Finding| Finding {
            message: format!("{}; {} in all", finding.message, words::several(times, "time")),
            ..finding
        };
        first.map(counted).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::history::FaultPhase::{Activated, Ended};
    use crate::words::Verb;

    /// n1 is caught up at 21 s. A tick and a heartbeat are 100 ms, a round trip takes 4 at most, an fsync 5.
    fn led() -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        started.leads(20_900, 1, 4).event(21_000, 1, Event::CaughtUp { term: 4, index: 1 })
    }

    fn judged(events: &Events) -> (usize, u64) {
        let mut check = WarmLease::new(&Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "Pf3 is judged at the end");
        (check.finish(ms(60_000)).len(), check.evaluated())
    }

    #[test]
    fn a_round_trip_after_it_is_caught_up_a_leader_answers_from_its_lease() {
        assert_eq!(judged(&led().missed(21_100, 1, Miss::Cold).hit(21_110, 1)), (0, 1));
        assert_eq!(judged(&led().missed(21_110, 1, Miss::Cold)), (1, 1));
        assert_eq!(judged(&led().hit(21_110, 1).missed(21_120, 1, Miss::Cold)), (0, 1), "only the first");
    }

    #[test]
    fn after_a_fault_it_has_a_heartbeat_more() {
        let cut = || led().fault(22_000, 0, Verb::Partition, Activated);
        assert_eq!(judged(&cut().missed(22_900, 1, Miss::Expired)), (0, 0), "none is owed meanwhile");
        let healed = || cut().fault(23_000, 0, Verb::Partition, Ended);
        assert_eq!(judged(&healed().missed(23_209, 1, Miss::Expired).hit(23_210, 1)), (0, 1));
        assert_eq!(judged(&healed().missed(23_210, 1, Miss::Expired)), (1, 1));
        assert_eq!(judged(&healed().missed(23_210, 1, Miss::Transfer)), (0, 0), "it is being handed over");
        assert_eq!(
            judged(&healed().follows(23_100, 1, 5).missed(23_210, 1, Miss::Expired)),
            (0, 0),
            "it leads no more"
        );
    }

    #[test]
    fn what_leaves_something_behind_is_not_judged() {
        let crashed = led().fault(22_000, 0, Verb::Crash, Activated).fault(23_000, 0, Verb::Crash, Ended);
        assert_eq!(judged(&crashed.missed(24_000, 1, Miss::Expired)), (0, 0));
    }

    #[test]
    fn who_is_alone_has_a_lease_as_well() {
        let alone = led().members(22_000, 1, 7, [&[1], &[], &[]]);
        assert_eq!(judged(&alone.missed(24_000, 1, Miss::Cold)), (1, 1));
    }
}
