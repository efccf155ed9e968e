//! Who runs, leads, holds which lease, has and has applied which entries, as the nodes' own records tell it.
//!
//! A lease is cleared where its holder says that it ended, is killed, or is no longer leader of the lease's term. It is *not*
//! cleared by the passing of time: [`Held::until`] says until when it is good, and moves where the holder's clock is touched.

use super::acknowledged::Acknowledged;
use super::ledger::Ledger;
use super::log::Log;
use super::operations::Operations;
use super::{STORY, words};
use crate::history::{ProcessChange, Record, StackRecord, What};
use crate::time::SimTime;
use leasehold::env::{Instant, NodeId, ReplicaId};
use leasehold::observe::{EndCause, Event, Membership, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the nodes of a cluster have told, what clients have under way, and what the log made of it.
#[derive(Default)]
pub struct Nodes {
    nodes: BTreeMap<NodeId, NodeState>,
    pub(super) operations: Operations,
    pub(super) ledger: Ledger,
    pub(super) acknowledged: Acknowledged,
    /// The members of the group when it began. `None`: every node that has told anything, and all of them vote.
    founders: Option<Arc<Membership>>,
}

/// Where the lease of a cluster stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LeaseState {
    /// Some node holds a valid one.
    Valid,
    /// The last one has run out, and its holder has neither renewed nor lost it.
    Expired,
    /// There is none.
    None,
}

impl LeaseState {
    /// Every state.
    pub const ALL: [LeaseState; 3] = [LeaseState::Valid, LeaseState::Expired, LeaseState::None];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            LeaseState::Valid => "valid",
            LeaseState::Expired => "expired",
            LeaseState::None => "none",
        }
    }
}

/// What one node has told.
#[derive(Default)]
pub(super) struct NodeState {
    pub(super) role: Role,
    pub(super) term: u64,
    /// Since when it has this role in this term.
    pub(super) since: SimTime,
    pub(super) lease: Option<Held>,
    /// The last lease that was ended before its time.
    ended: Option<Ended>,
    /// When it last answered a read from its lease.
    pub(super) last_hit: Option<SimTime>,
    /// What last became of its process, and when.
    pub(super) process: Option<(ProcessChange, SimTime)>,
    /// Which start of its process this is.
    pub(super) incarnation: u64,
    /// Index and term of the last entry that this process has applied.
    pub(super) applied: Option<(u64, u64)>,
    /// The membership that this process goes by, if it is not that of the founders.
    members: Option<Arc<Membership>>,
    pub(super) log: Log,
}

/// A lease.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) term: u64,
    /// When it began; extensions that came in time do not count.
    pub(super) since: SimTime,
    /// When it was last extended.
    pub(super) extended: SimTime,
    /// The true time at which it runs out.
    pub(super) until: SimTime,
    /// The holder's local time at which it runs out.
    pub(super) expiry: Instant,
}

impl Held {
    /// Is it good at `at`? The last instant does not count, as in the stack's own gate.
    pub(super) fn is_valid(&self, at: SimTime) -> bool {
        at < self.until
    }
}

struct Ended {
    lease: Held,
    at: SimTime,
    cause: Option<EndCause>,
}

impl Ended {
    /// Whichever came first: the end, or the time until which the lease would have been good.
    fn until(&self) -> SimTime {
        self.at.min(self.lease.until)
    }
}

impl Nodes {
    /// Nothing told yet, by the nodes of a group that `founders` founded.
    pub fn founded_by(founders: Membership) -> Self {
        Self { founders: Some(Arc::new(founders)), ..Self::default() }
    }

    /// Takes in what a node told, or what became of its process.
    pub fn record(&mut self, record: &Record) {
        self.operations.record(record);
        self.acknowledged.record(record);
        let Record { at, what } = record;
        match what {
            What::Stack(told) => self.told(*at, told),
            What::Process { node, change } => self.of(*node).process(*at, *change),
            What::Clock { replica: ReplicaId { node, .. }, lease_until: Some(until), .. } => {
                self.of(*node).reckoned(*until)
            }
            _ => {}
        }
    }

    fn told(&mut self, at: SimTime, told: &StackRecord) {
        if let (Event::Applied { index, .. }, Some(effect)) = (&told.event, &told.effect) {
            self.ledger.take(*index, effect, self.operations.least());
        }
        match &told.event {
            Event::Membership { members, .. } => self.of(told.replica.node).members = Some(Arc::clone(members)),
            Event::SnapshotRestored { index, term, .. } => self.restored(told.replica.node, *index, *term),
            _ => {}
        }
        match told.event {
            Event::Role { role, term, .. } => self.of(told.replica.node).changed(at, role, term),
            Event::Stopped { .. } => self.of(told.replica.node).stopped(at),
            Event::LeaseExtended { term, expiry, .. } => {
                let until = told.lease_until.unwrap_or(SimTime::NEVER);
                self.of(told.replica.node).extended(at, term, until, expiry);
            }
            Event::LeaseEnded { cause, .. } => self.of(told.replica.node).lost(at, Some(cause)),
            Event::LeaseRead { miss: None, .. } => self.of(told.replica.node).last_hit = Some(at),
            Event::Appended { index, term, digest } => self.of(told.replica.node).log.append(index, term, digest),
            Event::Applied { index, term, .. } => self.of(told.replica.node).applied = Some((index, term)),
            _ => {}
        }
    }

    fn of(&mut self, node: NodeId) -> &mut NodeState {
        self.nodes.entry(node).or_default()
    }

    /// A node whose state machine goes on from a snapshot has all that went into it. What its own log lacks of that is as in
    /// the log of whoever has the last entry, of this term at this index (R2; that the states are the same is for R4 to see).
    fn restored(&mut self, node: NodeId, index: u64, term: u64) {
        let has = |log: &Log| log.get(index).is_some_and(|entry| entry.term == term);
        let own = self.of(node);
        own.applied = Some((index, term));
        if has(&own.log) {
            return;
        }
        let known = self.nodes.values().find(|other| has(&other.log)).map(|other| other.log.up_to(index));
        if let Some(log) = known {
            self.of(node).log = log;
        }
    }

    /// How many nodes there are, members of the group or not.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// The members of the group when it began, if that is known.
    pub(super) fn founders(&self) -> Option<Arc<Membership>> {
        self.founders.clone()
    }

    /// The membership that `node` goes by.
    pub(super) fn members(&self, node: NodeId) -> Arc<Membership> {
        let told = self.get(node).and_then(|state| state.members.as_ref()).or(self.founders.as_ref());
        told.cloned().unwrap_or_else(|| {
            Arc::new(Membership { voters: self.nodes.keys().copied().collect(), ..Membership::default() })
        })
    }

    /// A node, if it has told anything.
    pub(super) fn get(&self, node: NodeId) -> Option<&NodeState> {
        self.nodes.get(&node)
    }

    /// Each node that has told anything, by number.
    pub(super) fn iter(&self) -> impl Iterator<Item = (NodeId, &NodeState)> {
        self.nodes.iter().map(|(id, node)| (*id, node))
    }

    /// The node's lease, if it has one, good or run out.
    pub(super) fn lease(&self, node: NodeId) -> Option<Held> {
        self.nodes.get(&node)?.lease
    }

    /// Where the lease of the whole cluster stands at `at`.
    pub fn lease_state(&self, at: SimTime) -> LeaseState {
        let valid = |state: &NodeState| state.lease.is_some_and(|lease| lease.is_valid(at));
        if self.nodes.values().any(valid) {
            LeaseState::Valid
        } else if self.nodes.values().any(|state| state.lease.is_some()) {
            LeaseState::Expired
        } else {
            LeaseState::None
        }
    }

    /// A line for each node that leads or has had a lease, at most `most`, those with a lease in force at `at` first.
    pub(super) fn story(&self, at: SimTime, most: usize) -> Vec<String> {
        let mut nodes: Vec<_> = self.iter().filter(|(_, node)| node.is_of_interest()).collect();
        nodes.sort_by_key(|(_, node)| !node.lease.is_some_and(|lease| lease.is_valid(at)));
        nodes.iter().take(most).map(|(id, node)| format!("{id} {}", node.describe(at))).collect()
    }

    /// A finding's story, and what the nodes are up to as far as there is room.
    pub(super) fn complete(&self, at: SimTime, mut story: Vec<String>) -> Vec<String> {
        story.extend(self.story(at, STORY.saturating_sub(story.len())));
        story
    }

    /// For each lease that was still good while another node already led a later term: how long that was, up to `at`.
    pub(super) fn overlaps(&self, at: SimTime) -> Vec<String> {
        let newest = self.iter().filter(|(_, node)| node.role == Role::Leader).max_by_key(|(_, node)| node.term);
        let Some((leader, leading)) = newest else { return Vec::new() };
        let outlived = self.iter().filter(|(id, _)| *id != leader).filter_map(|(id, node)| {
            let (lease, until) = node.latest_lease()?;
            let until = until.min(at);
            let overlap = until.since(leading.since.max(lease.since));
            let old = lease.term < leading.term && !overlap.is_zero();
            let overlap = words::duration(overlap);
            let (theirs, ours) = (lease.term, leading.term);
            old.then(|| format!("so {id} had its lease of term {theirs} for {overlap} while {leader} led term {ours}"))
        });
        outlived.collect()
    }
}

impl NodeState {
    /// Is it leader of `term`, by what it told last?
    pub(super) fn leads(&self, term: u64) -> bool {
        (self.role, self.term) == (Role::Leader, term)
    }

    fn changed(&mut self, at: SimTime, role: Role, term: u64) {
        if (role, term) != (self.role, self.term) {
            (self.role, self.term, self.since) = (role, term, at);
        }
        if role != Role::Leader || self.lease.is_some_and(|lease| lease.term != term) {
            self.lost(at, None);
        }
    }

    fn process(&mut self, at: SimTime, change: ProcessChange) {
        self.process = Some((change, at));
        match change {
            ProcessChange::Started { incarnation } => {
                (self.incarnation, self.applied, self.members) = (incarnation, None, None);
            }
            ProcessChange::Killed | ProcessChange::Failed { .. } => self.stopped(at),
            ProcessChange::Paused | ProcessChange::Resumed => {}
        }
    }

    fn stopped(&mut self, at: SimTime) {
        self.changed(at, Role::Follower, self.term);
    }

    fn extended(&mut self, at: SimTime, term: u64, until: SimTime, expiry: Instant) {
        let unbroken = self.lease.filter(|lease| lease.term == term && lease.is_valid(at));
        let since = unbroken.map_or(at, |lease| lease.since);
        self.lease = Some(Held { term, since, extended: at, until, expiry });
    }

    /// Its clock was touched, and with it the true end of its lease.
    fn reckoned(&mut self, until: SimTime) {
        if let Some(lease) = &mut self.lease {
            lease.until = until;
        }
    }

    fn lost(&mut self, at: SimTime, cause: Option<EndCause>) {
        if let Some(lease) = self.lease.take() {
            self.ended = Some(Ended { lease, at, cause });
        }
    }

    /// The lease, or the last one there was, and until when it was good.
    fn latest_lease(&self) -> Option<(Held, SimTime)> {
        let ended = || self.ended.as_ref().map(|ended| (ended.lease, ended.until()));
        self.lease.map(|lease| (lease, lease.until)).or_else(ended)
    }

    fn is_of_interest(&self) -> bool {
        self.role == Role::Leader || self.latest_lease().is_some()
    }

    pub(super) fn describe(&self, at: SimTime) -> String {
        let role = match self.role {
            Role::Leader => format!("has led term {} since {}", self.term, self.since),
            role => format!("has been {} in term {} since {}", role.name(), self.term, self.since),
        };
        let served = self.last_hit.map_or(String::new(), |hit| format!("; last answered from a lease at {hit}"));
        format!("{role}{}; {}{served}", self.describe_process(), self.describe_lease(at))
    }

    fn describe_process(&self) -> String {
        match self.process {
            Some((ProcessChange::Failed { error }, at)) => format!(", could not start at {at} ({})", error.name()),
            Some((ProcessChange::Killed, at)) => format!(", killed at {at}"),
            Some((ProcessChange::Paused, at)) => format!(", standing still since {at}"),
            _ => String::new(),
        }
    }

    fn describe_lease(&self, at: SimTime) -> String {
        match (&self.lease, &self.ended) {
            (Some(Held { term, extended, until, .. }), _) => {
                let holds = if at < *until { "holds" } else { "held" };
                format!("{holds} a lease of term {term}, extended at {extended}, until {}", moment(*until))
            }
            (None, Some(ended)) => {
                let cause = ended.cause.map_or("no longer leader", EndCause::name);
                format!("its lease of term {} ended at {} ({cause})", ended.lease.term, ended.until())
            }
            (None, None) => "has had no lease".to_owned(),
        }
    }
}

/// A moment, or that it never comes.
pub(super) fn moment(at: SimTime) -> String {
    if at == SimTime::NEVER { "the end of time".to_owned() } else { at.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};

    fn nodes(events: Events) -> Nodes {
        let mut nodes = Nodes::default();
        events.records().iter().for_each(|record| nodes.record(record));
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

    #[test]
    fn the_story_says_whose_process_is_down() {
        let told = |change| nodes(Events::default().leads(0, 1, 4).process(10, 1, change)).story(ms(20), 1);
        let line = |process| vec![format!("n1 has {process}; has had no lease")];
        assert_eq!(told(ProcessChange::Paused), line("led term 4 since 0.000000s, standing still since 0.010000s"));
        assert_eq!(told(ProcessChange::Resumed), line("led term 4 since 0.000000s"));
        let killed = nodes(Events::default().leads(0, 1, 4).extended(5, 1, 4, 50).killed(10, 1)).story(ms(20), 1);
        assert!(killed[0].starts_with("n1 has been follower in term 4 since 0.010000s, killed at 0.010000s;"));
    }

    #[test]
    fn the_story_names_roles_leases_and_the_overlap() {
        let nodes = nodes(Events::default().leads(0, 1, 4).extended(10, 1, 4, 1_000).hit(850, 1).leads(700, 2, 5));
        assert_eq!(
            nodes.story(ms(900), 7),
            [
                "n1 has led term 4 since 0.000000s; holds a lease of term 4, extended at 0.010000s, until 1.000000s; \
                 last answered from a lease at 0.850000s",
                "n2 has led term 5 since 0.700000s; has had no lease",
            ]
        );
        let overlap = "so n1 had its lease of term 4 for 200.000 ms while n2 led term 5";
        assert_eq!(nodes.overlaps(ms(900)), [overlap]);
    }
}
