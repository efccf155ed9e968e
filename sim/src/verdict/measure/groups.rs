//! What was counted of each group, and of all together.

use super::Meter;
use super::tallies::{Tallies, Tally};
use crate::verdict::latency::Latencies;
use crate::verdict::prelude::*;
use crate::verdict::{Lasted, LeaseMeasures, Measures, RoundMeasures, Window};
use leasehold::env::GroupId;

impl Meter {
    /// As [`Meter::finish`], of each group and of all together: what they did in sum, and of what lasted the longest in any of them.
    pub(in crate::verdict) fn finish_all<'a>(
        end: SimTime,
        groups: impl Iterator<Item = (GroupId, &'a mut Self, GroupView<'a>)>,
    ) -> Measures {
        let mut closed: Vec<(GroupId, &mut Tallies)> = Vec::new();
        for (group, meter, view) in groups {
            meter.close(end, &view);
            closed.push((group, &mut meter.tallies));
        }
        let Some(((group, first), others)) = closed.split_first_mut() else { return Measures::default() };
        if others.is_empty() {
            return first.finish(end);
        }
        let own = (*group, first.all.clone());
        others.iter().for_each(|(_, other)| first.absorb(other));
        let scopes = first.scopes.clone();
        let mut all = first.finish(end);
        let others = others.iter_mut().map(|(group, other)| (*group, std::mem::take(&mut other.all)));
        for (group, tallies) in std::iter::once(own).chain(others) {
            for (window, tally) in [&mut all.whole].into_iter().chain(&mut all.windows).zip(tallies) {
                window.of.insert(Of::Group(group.0 as u32), tally.finish(end, &scopes));
            }
        }
        all
    }
}

impl Tallies {
    /// Takes in what was counted of another group.
    fn absorb(&mut self, other: &Self) {
        for (own, tally) in self.all.iter_mut().zip(&other.all) {
            own.absorb(tally);
        }
        self.overloads.absorb(&other.overloads);
    }
}

impl Tally {
    /// Takes in the same window of another group.
    fn absorb(&mut self, other: &Self) {
        self.window.absorb(&other.window);
        let add = |own: &mut BTreeMap<OpKind, Latencies>, other: &BTreeMap<OpKind, Latencies>| {
            other.iter().for_each(|(kind, latencies)| own.entry(*kind).or_default().add(latencies));
        };
        add(&mut self.latencies, &other.latencies);
        self.of.iter_mut().zip(&other.of).for_each(|(own, other)| add(own, other));
    }
}

impl Window {
    /// Takes in the same window of another group: but not what nodes have spent, which is of no group.
    fn absorb(&mut self, other: &Self) {
        let Self { name: _, from: _, to: _, ops: _, all: _, busy: _, .. } = other;
        for (of, window) in &other.of {
            self.of.entry(of.clone()).or_default().absorb(window);
        }
        for (kind, spent) in &other.spent {
            self.spent.entry(*kind).or_default().merge(spent);
        }
        for (span, Lasted { longest, over, via }) in &other.lasted {
            self.lasting(*span, *longest, *over, *via);
        }
        self.lease.absorb(&other.lease);
        self.conflicts += other.conflicts;
        self.stale_routes += other.stale_routes;
        self.leader_changes += other.leader_changes;
        for (cause, RoundMeasures { started, repeated, ended, waited }) in &other.rounds {
            let own = self.rounds.entry(*cause).or_default();
            (own.started, own.repeated) = (own.started + started, own.repeated + repeated);
            (own.ended, own.waited) = (own.ended + ended, own.waited + *waited);
        }
        self.waiting += other.waiting;
        self.scripts.ended += other.scripts.ended;
        self.scripts.attempts += other.scripts.attempts;
        self.scripts.times.add(&other.scripts.times);
        self.snapshots.taken += other.snapshots.taken;
        self.snapshots.installed += other.snapshots.installed;
        self.snapshots.reopened += other.snapshots.reopened;
        self.stale_reads += other.stale_reads;
        self.first_stale = earlier(self.first_stale, other.first_stale);
        self.two_leases += other.two_leases;
        self.first_overlap = earlier(self.first_overlap, other.first_overlap);
        other.dropped.iter().for_each(|(lane, number)| *self.dropped.entry(lane).or_default() += number);
        self.bulk_refused += other.bulk_refused;
        self.durable.entries += other.durable.entries;
        self.durable.writes += other.durable.writes;
        self.backlog.iter_mut().zip(other.backlog).for_each(|(own, other)| *own += other);
    }
}

fn earlier(one: Option<SimTime>, other: Option<SimTime>) -> Option<SimTime> {
    one.into_iter().chain(other).min()
}

impl LeaseMeasures {
    fn absorb(&mut self, other: &Self) {
        let Self { reads, hits, retries, renewals, misses, invalidations, voided } = other;
        self.reads += reads;
        self.hits += hits;
        self.retries += retries;
        self.renewals += renewals;
        misses.iter().for_each(|(miss, number)| *self.misses.entry(*miss).or_default() += number);
        invalidations.iter().for_each(|(cause, number)| *self.invalidations.entry(*cause).or_default() += number);
        voided.iter().for_each(|(cause, number)| *self.voided.entry(*cause).or_default() += number);
    }
}
