//! What happened, counted: over the whole run, and in each window that the timeline tags.

use super::gauge::Gauges;
use super::journey::Journeys;
use super::overload::Resource;
use super::prelude::*;
use super::waiting::Waiting;
use super::{Measures, Window};
use crate::history::{Extension, ScriptEnded};
use tallies::Tallies;

mod groups;
mod tallies;

/// Counts as the records come.
///
/// An operation belongs to the windows in which it was *due*, also where it completes later; its latency counts from there. All
/// else belongs to the windows in which it happened; the recovery from a fault to those in which the fault ended, and how long
/// a lease was cold to those in which its leader could first have answered.
pub struct Meter {
    tallies: Tallies,
    gauges: Gauges,
    waiting: Waiting,
    journeys: Journeys,
}

impl Meter {
    /// Nothing counted yet, for the windows that the scenario tags.
    pub fn new(scenario: &Scenario) -> Self {
        Self {
            tallies: Tallies::new(scenario),
            gauges: Gauges::new(scenario.cluster.heartbeat),
            waiting: Waiting::default(),
            journeys: Journeys::default(),
        }
    }

    /// Looks at how much is under way, where a moment to do so has come: before what happens at `now` is taken in.
    pub fn until(&mut self, now: SimTime, under_way: impl Fn() -> usize) {
        self.tallies.backlog(now, under_way);
    }

    /// Counts one record, which `view` has taken in already.
    pub fn record(&mut self, record: &Record, view: &GroupView<'_>) {
        let Self { tallies, gauges, waiting, journeys } = self;
        let leaderless = gauges.leadership.leaderless_by(record.at);
        let counting = &mut Counting { tallies, view };
        gauges.tell(record, view, &mut (&mut (&mut *waiting, &mut journeys.beside(view, leaderless)), counting));
        gauges.over().for_each(|lasted| tallies.lasted(lasted));
        waiting.over().for_each(|waited| tallies.waited(waited));
        journeys.over().for_each(|travelled| tallies.travelled(travelled));
    }

    /// A read at `at` was found to return less than what was acknowledged before, by one check or several.
    pub fn stale_read(&mut self, at: SimTime) {
        self.tallies.stale_read(at);
    }

    /// At `at` two leases were good at once.
    pub fn two_leases(&mut self, at: SimTime) {
        self.tallies.two_leases(at);
    }

    /// The run is over, at `end`. A window that it did not reach the end of is shorter.
    pub fn finish(&mut self, end: SimTime, view: &GroupView<'_>) -> Measures {
        self.close(end, view);
        self.tallies.finish(end)
    }

    fn close(&mut self, end: SimTime, view: &GroupView<'_>) {
        let Self { tallies, gauges, waiting, journeys } = self;
        tallies.backlog(end, || view.operations.len());
        tallies.close(end, view);
        let travelled = journeys.finish(end, gauges.leadership.leaderless_by(end), view);
        travelled.into_iter().for_each(|travelled| tallies.travelled(travelled));
        waiting.finish(end).into_iter().for_each(|waited| tallies.waited(waited));
        gauges.finish(end).into_iter().for_each(|lasted| tallies.lasted(lasted));
    }
}

/// The tallies, and the view that has taken in what they count.
struct Counting<'a> {
    tallies: &'a mut Tallies,
    view: &'a GroupView<'a>,
}

impl Counting<'_> {
    fn count(&mut self, at: SimTime, count: impl FnMut(&mut Window)) {
        self.tallies.at(at).for_each(count);
    }
}

impl Hears for Counting<'_> {
    fn invoked(&mut self, _: SimTime, Invocation { client, via, due, operation, .. }: &Invocation) {
        if operation.share() != Share::Further {
            self.tallies.due(*client, *via, *due);
        }
    }

    fn completed(&mut self, at: SimTime, _: OpId, completion: &Completion) {
        self.tallies.completed(at, completion, self.view);
    }

    fn role(&mut self, at: SimTime, node: NodeId, role: Role, term: u64, _: Option<NodeId>) {
        if role == Role::Leader {
            self.tallies.elected(at, node, term);
        }
    }

    fn appended(&mut self, at: SimTime, node: NodeId, _: Place) {
        self.tallies.durable(at, node);
    }

    fn second(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        self.tallies.cores(at, node, busy);
    }

    fn disk_second(&mut self, at: SimTime, node: NodeId, busy: Duration) {
        self.tallies.disk(at, node, busy);
    }

    fn lease_read(&mut self, at: SimTime, _: NodeId, LeaseRead { miss, again, .. }: LeaseRead) {
        self.count(at, |window| if again { window.lease.retries += 1 } else { window.lease.read(miss) });
    }

    fn lease_extended(&mut self, at: SimTime, _: NodeId, _: Extension) {
        self.count(at, |window| window.lease.renewals += 1);
    }

    fn lease_ended(&mut self, at: SimTime, _: NodeId, _: u64, cause: EndCause, held: bool) {
        self.count(at, |Window { lease, .. }| {
            let ends = if held { &mut lease.invalidations } else { &mut lease.voided };
            *ends.entry(cause).or_default() += 1;
        });
    }

    fn snapshot_taken(&mut self, at: SimTime, _: NodeId, _: Place) {
        self.count(at, |window| window.snapshots.taken += 1);
    }

    fn snapshot_restored(&mut self, at: SimTime, _: NodeId, _: Place, of: Option<NodeId>) {
        self.count(at, |Window { snapshots, .. }| match of {
            Some(_) => snapshots.installed += 1,
            None => snapshots.reopened += 1,
        });
    }

    fn conflict(&mut self, at: SimTime, _: NodeId, _: u64) {
        self.count(at, |window| window.conflicts += 1);
    }

    fn stale_route(&mut self, at: SimTime, _: NodeId) {
        self.count(at, |window| window.stale_routes += 1);
    }

    fn queue_full(&mut self, at: SimTime, node: NodeId, lane: Lane, to: Option<NodeId>) {
        self.tallies.overloads.full(node, Resource::Queue(lane), at, at);
        self.count(at, |window| {
            if to.is_some() {
                *window.dropped.entry(lane.name()).or_default() += 1;
            }
            window.bulk_refused += u64::from(lane == Lane::Bulk);
        });
    }

    fn round_started(&mut self, at: SimTime, _: NodeId, cause: RoundCause, again: bool) {
        self.count(at, |window| {
            let rounds = window.rounds.entry(cause).or_default();
            rounds.started += 1;
            rounds.repeated += u64::from(again);
        });
    }

    fn round_ended(&mut self, at: SimTime, _: NodeId, cause: RoundCause, waited: Duration, _: bool) {
        self.count(at, |window| {
            let rounds = window.rounds.entry(cause).or_default();
            rounds.ended += 1;
            rounds.waited += waited;
        });
    }

    fn script(&mut self, at: SimTime, _: NodeId, ScriptEnded { reads, attempts, times }: ScriptEnded) {
        // What reads no more than it writes is an update, as in the history.
        if reads <= 1 {
            return;
        }
        self.count(at, |Window { scripts, .. }| {
            scripts.ended += 1;
            scripts.attempts += u64::from(attempts);
            scripts.times.add(&times);
        });
    }
}

#[cfg(test)]
mod tests;
