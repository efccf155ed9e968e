//! The replicas of a group, as their own records tell of them: the part of the view that whoever injects faults, waits for a moment or
//! draws a timeline needs.
//!
//! A lease is cleared where its holder says that it ended, is killed, or is no longer leader of the lease's term. It is *not*
//! cleared by the passing of time: [`Held::until`] says until when it is good, and moves where the holder's clock is touched.

use super::grouped::Grouped;
use super::log::Log;
use super::replica::{Held, Replica};
use crate::history::{Extension, Hears, Opened, Place, ProcessChange, Record, tell};
use crate::time::SimTime;
use leasehold::env::{Instant, NodeId, ReplicaId};
use leasehold::observe::{EndCause, Membership, Role, Timing};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the replicas of one group have told.
#[derive(Default)]
pub struct Replicas {
    replicas: BTreeMap<NodeId, Replica>,
    /// The members of the group when it began. `None`: every node that has told anything, and all of them vote.
    founders: Option<Arc<Membership>>,
    /// Who led last, and who before it.
    led: [Option<NodeId>; 2],
    /// Who was last caught up, and since when; until it leads no more.
    caught_up: Option<(NodeId, SimTime)>,
    /// The membership by the latest change that any replica has told of, and the index of that change.
    latest: Option<(u64, Arc<Membership>)>,
    /// What is before this index is in nobody's log, and ends no snapshot that may yet be restored.
    forgotten: u64,
    /// Snapshots on their way: to whom, and the index of the last entry in each.
    sent: BTreeSet<(NodeId, u64)>,
    /// Who has not answered a snapshot, and when it has taken one after that; [`SimTime::NEVER`]: not yet.
    unanswered: BTreeMap<NodeId, SimTime>,
}

crate::words::words! {
    /// Where the lease of a cluster stands.
    pub enum LeaseState: "state of the lease" {
        /// Some node holds a valid one.
        Valid = "valid",
        /// The last one has run out, and its holder has neither renewed nor lost it.
        Expired = "expired",
        /// There is none.
        None = "none",
    }
}

impl Hears for Replicas {
    fn tells(&mut self, _: SimTime, node: NodeId, _: Instant) {
        self.of(node);
    }

    fn configured(&mut self, _: SimTime, node: NodeId, timing: Timing) {
        self.of(node).timing = Some(timing);
    }

    fn role(&mut self, at: SimTime, node: NodeId, role: Role, term: u64, leader: Option<NodeId>) {
        let replica = self.of(node);
        replica.changed(at, role, term);
        (replica.leader, replica.opens) = (leader, replica.opens && leader.is_none());
        if role == Role::Leader && self.led[0] != Some(node) {
            self.led = [Some(node), self.led[0]];
        }
    }

    fn falls(&mut self, _: SimTime, node: NodeId) {
        self.caught_up.take_if(|(leader, _)| *leader == node);
    }

    fn stopped(&mut self, at: SimTime, node: NodeId) {
        self.of(node).stopped(at);
    }

    fn caught_up(&mut self, at: SimTime, node: NodeId, _: u64, _: u64) {
        self.caught_up = Some((node, at));
    }

    fn transfer_started(&mut self, _: SimTime, node: NodeId, _: NodeId) {
        self.of(node).lately.handed_over = Some(SimTime::NEVER);
    }

    // Who resigns hands over without a transfer.
    fn timeout_now_sent(&mut self, at: SimTime, node: NodeId) {
        let handed_over = &mut self.of(node).lately.handed_over;
        *handed_over = (*handed_over).max(Some(at));
    }

    fn transfer_aborted(&mut self, at: SimTime, node: NodeId) {
        self.of(node).hands_over_no_more(at);
    }

    fn lease_extended(&mut self, at: SimTime, node: NodeId, lease: Extension) {
        self.of(node).extended(at, lease);
    }

    fn lease_ended(&mut self, at: SimTime, node: NodeId, _: u64, cause: EndCause, _: bool) {
        self.of(node).lost(at, Some(cause));
    }

    fn served(&mut self, at: SimTime, node: NodeId) {
        self.of(node).last_hit = Some(at);
    }

    fn opened(&mut self, _: SimTime, node: NodeId, _: Opened) {
        let replica = self.of(node);
        (replica.opens, replica.leader) = (false, None);
    }

    fn appended(&mut self, _: SimTime, node: NodeId, Place { index, term, digest }: Place) {
        self.of(node).log.append(index, term, digest);
    }

    fn applied(&mut self, _: SimTime, node: NodeId, Place { index, term, .. }: Place) {
        let replica = self.of(node);
        (replica.applied, replica.reached) = (Some((index, term)), replica.reached.max(index));
    }

    fn counts(&mut self, _: SimTime, node: NodeId, members: &Arc<Membership>) {
        self.of(node).counts = Some(Arc::clone(members));
    }

    fn membership(&mut self, _: SimTime, node: NodeId, index: u64, members: &Arc<Membership>) {
        self.of(node).members = Some(Arc::clone(members));
        if self.latest.as_ref().is_none_or(|(latest, _)| index >= *latest) {
            self.latest = Some((index, Arc::clone(members)));
        }
    }

    fn snapshot_sent(&mut self, _: SimTime, _: NodeId, to: NodeId, index: u64) {
        self.sent.insert((to, index));
    }

    fn snapshot_unanswered(&mut self, _: SimTime, _: NodeId, by: NodeId) {
        self.unanswered.insert(by, SimTime::NEVER);
    }

    /// A node whose state machine goes on from a snapshot has all that went into it. What its own log lacks of that is as in
    /// the log of whoever has the last entry, of this term at this index (R2; that the states are the same is for R4 to see).
    fn snapshot_restored(&mut self, at: SimTime, node: NodeId, Place { index, term, .. }: Place, of: Option<NodeId>) {
        let has = |log: &Log| log.get(index).is_some_and(|entry| entry.term == term);
        if of.is_some() {
            self.unanswered.entry(node).and_modify(|taken| *taken = at);
        }
        let own = self.of(node);
        own.applied = Some((index, term));
        own.lately.state = of.map(|_| at).or(own.lately.state);
        if has(&own.log) {
            return;
        }
        let known = self.replicas.values().find(|other| has(&other.log)).map(|other| other.log.up_to(index));
        if let Some(log) = known {
            self.of(node).log = log;
            self.forget();
        }
    }

    fn log_compacted(&mut self, _: SimTime, node: NodeId, first: u64) {
        // The term of the entry before the first one is known still.
        self.of(node).log.cut(first.saturating_sub(1));
        self.forget();
    }

    fn process(&mut self, at: SimTime, node: NodeId, change: ProcessChange) {
        self.of(node).became(at, change);
        if change == ProcessChange::Killed {
            self.falls(at, node);
        }
    }

    fn clock(&mut self, _: SimTime, node: NodeId, _: Instant, lease_until: Option<SimTime>) {
        if let Some(until) = lease_until {
            self.of(node).reckoned(until);
        }
    }
}

impl Replicas {
    /// Nothing told yet, by the nodes of a group that `founders` founded.
    pub fn founded_by(founders: Membership) -> Self {
        Self { founders: Some(Arc::new(founders)), ..Self::default() }
    }

    /// Forgets what no log tells of any more. A snapshot that arrives late is of an index that the others may have cut by then.
    fn forget(&mut self) {
        let Self { replicas, sent, .. } = self;
        sent.retain(|(to, index)| replicas.get(to).is_none_or(|replica| replica.log.last_index() < *index));
        let begin = replicas.values().filter_map(|replica| replica.log.begins());
        self.forgotten = begin.chain(sent.iter().map(|(_, index)| *index)).min().unwrap_or_default();
        self.replicas.values_mut().for_each(|replica| replica.log.forget(self.forgotten));
    }

    /// What is before this index is in nobody's log.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Since when this node has had no snapshot to wait for that is sent again, as it has not answered the one before; `None`: it has one.
    pub(crate) fn is_brought_up_since(&self, node: NodeId) -> Option<SimTime> {
        let brought_up = self.unanswered.get(&node).copied().unwrap_or_default();
        let last = self.get(node).map_or(0, |replica| replica.log.last_index());
        let awaits = || self.sent.iter().any(|(to, index)| *to == node && last < *index);
        if brought_up < SimTime::NEVER { Some(brought_up) } else { (!awaits()).then(SimTime::default) }
    }

    fn of(&mut self, node: NodeId) -> &mut Replica {
        self.replicas.entry(node).or_default()
    }

    /// The members of the group when it began, if that is known.
    pub fn founders(&self) -> Option<Arc<Membership>> {
        self.founders.clone()
    }

    /// The membership that `node` goes by.
    pub fn members(&self, node: NodeId) -> Arc<Membership> {
        let told = self.get(node).and_then(|state| state.members.as_ref()).or(self.founders.as_ref());
        told.cloned().unwrap_or_else(|| {
            Arc::new(Membership { voters: self.replicas.keys().copied().collect(), ..Membership::default() })
        })
    }

    /// The membership by which `node` counts votes and acknowledgements.
    pub fn counted_by(&self, node: NodeId) -> Arc<Membership> {
        let told = self.get(node).and_then(|state| state.counts.clone());
        told.unwrap_or_else(|| self.members(node))
    }

    /// A node, if it has told anything.
    pub fn get(&self, node: NodeId) -> Option<&Replica> {
        self.replicas.get(&node)
    }

    /// Each node that has told anything, by number.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Replica)> {
        self.replicas.iter().map(|(id, node)| (*id, node))
    }

    /// The leader of the latest term.
    pub fn leader(&self) -> Option<NodeId> {
        let leaders = self.iter().filter(|(_, replica)| replica.role == Role::Leader);
        leaders.max_by_key(|(_, replica)| replica.term).map(|(node, _)| node)
    }

    /// The node that led last.
    pub fn led_last(&self) -> Option<NodeId> {
        self.led[0]
    }

    /// Who was last caught up as leader and leads on, and since when.
    pub fn caught_up(&self) -> Option<(NodeId, SimTime)> {
        self.caught_up
    }

    /// The leader of the latest term, if its process runs and a quorum of its voters that run take it for their leader.
    pub fn followed_leader(&self) -> Option<NodeId> {
        let leader = self.leader()?;
        let term = self.get(leader).filter(|replica| replica.runs())?.term;
        let follows = |voter: NodeId| {
            voter == leader
                || self.get(voter).is_some_and(|it| it.runs() && (it.leader, it.term) == (Some(leader), term))
        };
        self.members(leader).is_quorum(follows).then_some(leader)
    }

    /// The node that led before the one that leads now, or led last.
    pub fn old_leader(&self) -> Option<NodeId> {
        self.led[1]
    }

    /// The node whose lease runs longest, if one runs at `at`.
    pub fn lease_holder(&self, at: SimTime) -> Option<NodeId> {
        let held = self.iter().filter(|(_, replica)| replica.holds_lease(at));
        held.max_by_key(|(_, replica)| replica.lease.map(|lease| lease.until)).map(|(node, _)| node)
    }

    /// The members of the group, by the latest change that any node has applied.
    pub fn membership(&self) -> Arc<Membership> {
        let latest = self.latest.as_ref().map(|(_, members)| members).or(self.founders.as_ref());
        latest.cloned().unwrap_or_default()
    }

    /// The node's lease, if it has one, good or run out.
    pub fn lease(&self, node: NodeId) -> Option<Held> {
        self.replicas.get(&node)?.lease
    }

    /// Where the lease of the whole cluster stands at `at`.
    pub fn lease_state(&self, at: SimTime) -> LeaseState {
        if self.replicas.values().any(|replica| replica.holds_lease(at)) {
            LeaseState::Valid
        } else if self.replicas.values().any(|state| state.lease.is_some()) {
            LeaseState::Expired
        } else {
            LeaseState::None
        }
    }
}

impl Grouped<Replicas> {
    /// Takes in what a replica told, or what became of the process or clock of a node.
    pub fn record(&mut self, record: &Record) {
        self.concerned(record).for_each(|replicas| tell(record, replicas));
    }

    /// A replica, if it has told anything.
    pub fn get(&self, ReplicaId { group, node }: ReplicaId) -> Option<&Replica> {
        self.of(group).get(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, ms};
    use leasehold::observe::{EndCause, Event};

    fn nodes(events: Events) -> Replicas {
        let mut nodes = Replicas::default();
        events.records().iter().for_each(|record| tell(record, &mut nodes));
        nodes
    }

    #[test]
    fn a_lease_is_cleared_by_its_end_and_by_the_loss_of_the_role_or_the_term() {
        let leads = || Events::default().leads(0, 1, 4).extended(10, 1, 4, 1_000);
        assert!(nodes(leads()).lease(NodeId(1)).is_some());
        assert!(nodes(leads().ended(20, 1, EndCause::Transfer)).lease(NodeId(1)).is_none());
        assert!(nodes(leads().follows(20, 1, 4)).lease(NodeId(1)).is_none());
        assert!(nodes(leads().leads(20, 1, 6)).lease(NodeId(1)).is_none());
        assert!(nodes(leads().stopped(20, 1)).lease(NodeId(1)).is_none());
        assert!(nodes(leads().killed(20, 1)).lease(NodeId(1)).is_none());
    }

    #[test]
    fn a_lease_begins_anew_only_after_it_ran_out() {
        let extended = |at| Events::default().leads(0, 1, 4).extended(10, 1, 4, 100).extended(at, 1, 4, 300);
        let since = |at| nodes(extended(at)).lease(NodeId(1)).map(|lease| lease.since);
        assert_eq!(since(99), Some(ms(10)));
        assert_eq!(since(100), Some(ms(100)));
    }

    #[test]
    fn a_snapshot_that_comes_when_all_others_have_cut_more_is_a_log_all_the_same() {
        let written = (1..=6).fold(Events::default(), |events, index| {
            events.appends(index, 1, index, 1, 0xa).appends(index, 3, index, 1, 0xa)
        });
        let sent = written.event(10, 1, Event::SnapshotSent { to: NodeId(2), index: 3 });
        let cut =
            [1, 3].into_iter().fold(sent, |events, node| events.event(20, node, Event::LogCompacted { first: 6 }));
        let nodes = nodes(cut.restores(30, 2, 3, 1, 0xb));
        let log = |node| &nodes.get(NodeId(node)).expect("it has told something").log;
        assert_eq!((log(2).last(), log(2).first_difference(log(1))), ((1, 3), Some(4)));
        assert_eq!(nodes.forgotten(), 3, "what n2 has is known");
    }

    #[test]
    fn an_applied_entry_is_of_one_process_and_the_log_is_of_the_node() {
        let events = Events::default().started(0, 1, 1).appends(5, 1, 1, 4, 0xa).applies(6, 1, 1, 4, 0xa);
        let of = |events: Events| {
            let nodes = nodes(events);
            let state = nodes.get(NodeId(1)).expect("it has told something");
            (state.incarnation, state.applied, state.log.last_index())
        };
        assert_eq!(of(events), (1, Some((1, 4)), 1));
        let events = Events::default().started(0, 1, 1).appends(5, 1, 1, 4, 0xa).applies(6, 1, 1, 4, 0xa);
        assert_eq!(of(events.killed(7, 1).started(8, 1, 2)), (2, None, 1));
    }
}
