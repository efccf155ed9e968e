//! What a run has met, in which situations of the node to which it happened: what no scenario brings about no check can judge.

mod ruled_out;

use crate::cluster::founders;
use crate::history::{Evidence, Fate, Fault, FaultPhase, Head, How, Observer, ProcessChange, Record, Targets, What};
use crate::scenario::Scenario;
use crate::time::SimTime;
use crate::view::{GroupView, Replica, View};
use crate::words::{ClockHarm, Spelled};
use leasehold::engine::MembershipChange;
use leasehold::env::{Address, GroupId, NodeId, Point, ReplicaId};
use leasehold::error::ErrorKind;
use leasehold::observe::{EndCause, Event, Miss, Role, RoundCause};
#[cfg(feature = "planted")]
use leasehold::rules::Rule;
use leasehold::transport::CallId;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub use ruled_out::ruled_out;

crate::words::words! {
    /// What a node is in the midst of.
    pub enum Situation: "situation" {
        /// None of the others.
        Plain = "plain",
        /// It leads, and has yet to apply an entry of its own term.
        Fresh = "fresh",
        /// It has a transfer of leadership under way.
        HandsOver = "hands over",
        /// It has given one up in this term, and has no lease again.
        GivenUp = "given up",
        /// It goes by a joint configuration.
        Joint = "joint",
        /// Its process has started again, less than a promise ago.
        Restarted = "restarted",
        /// A snapshot of another has replaced its state, less than a promise ago.
        Installed = "installed",
        /// It cannot read its clock.
        NoClock = "no clock",
        /// It leads, and another leads a later term.
        Deposed = "deposed",
    }
}

impl Situation {
    /// Each of them.
    pub fn all() -> impl Iterator<Item = Situation> {
        Self::WORDS.iter().map(|(situation, _)| *situation)
    }
}

/// What can be met, in the order of reports.
pub fn things() -> Vec<String> {
    let causes = [
        EndCause::RoleChange,
        EndCause::Transfer,
        EndCause::Removal,
        EndCause::DiskStalled,
        EndCause::Stopped,
        EndCause::Failed(ErrorKind::NotLeader),
        EndCause::Failed(ErrorKind::LeadershipLost),
        EndCause::Failed(ErrorKind::TransferInProgress),
    ];
    // Those that somebody can be told. Of the rest, two are tried again until something else comes of it or never come in a run
    // (`leader-not-found`, `invalid`), and two mean that something is broken (`damaged`, `panicked`).
    let errors = [
        ErrorKind::NotLeader,
        ErrorKind::LeadershipLost,
        ErrorKind::TransferInProgress,
        ErrorKind::RetriesExhausted,
        ErrorKind::DeadlineExceeded,
        ErrorKind::Transport,
        ErrorKind::Overloaded,
        ErrorKind::Closed,
        ErrorKind::Storage,
        ErrorKind::WriteConflict,
        ErrorKind::TransferRefused,
        ErrorKind::MembershipRefused,
    ];
    let transfer = ["transfer begun", "transfer given up", "TimeoutNow sent"].map(str::to_owned);
    let misses = std::iter::once(None).chain(Miss::ALL.map(Some));
    let points = Point::WORDS.iter().map(|(point, _)| paused(*point));
    let changes = ["add-learner", "promote", "demote", "remove", "joint"];
    let reads = misses.map(read).chain(RoundCause::ALL.map(round));
    reads
        .chain(causes.map(ended))
        .chain(errors.map(told))
        .chain(transfer)
        .chain(changes.map(changed))
        .chain(points)
        .chain(rules())
        .collect()
}

/// The rules of the register; none, where nobody can hear that one is asked.
fn rules() -> Vec<String> {
    #[cfg(feature = "planted")]
    return Rule::ALL.iter().map(|rule| asks(*rule)).collect();
    #[cfg(not(feature = "planted"))]
    Vec::new()
}

#[cfg(feature = "planted")]
fn asks(rule: Rule) -> String {
    format!("rule: {}", rule.name())
}

fn read(miss: Option<Miss>) -> String {
    miss.map_or("lease read: hit".to_owned(), |miss| format!("lease read: {}", miss.name()))
}

fn round(cause: RoundCause) -> String {
    format!("round: {}", cause.name())
}

fn ended(cause: EndCause) -> String {
    format!("lease ended: {}", cause.name())
}

fn told(error: ErrorKind) -> String {
    format!("error: {}", error.name())
}

fn changed(what: &str) -> String {
    format!("change: {what}")
}

fn paused(point: Point) -> String {
    format!("paused at {}", point.word())
}

/// How often each thing was met in each situation.
pub type Met = BTreeMap<(String, Situation), u64>;

/// In how many scenarios each thing was met in each situation.
pub type MetIn = BTreeMap<(String, Situation), usize>;

/// Follows a run, and notes what it meets. Clones are the same.
#[derive(Clone)]
pub struct Meets(Arc<Mutex<Following>>);

struct Following {
    view: View,
    promise: Duration,
    /// Who cannot read its clock.
    clockless: BTreeSet<NodeId>,
    /// The answers that were held back when they were sent: they were told then.
    held: BTreeSet<(Address, Address, CallId)>,
    /// When the last record was made, and which rules each node has asked since: nobody's situation has changed meanwhile.
    #[cfg(feature = "planted")]
    since: (SimTime, BTreeSet<(NodeId, Rule)>),
    met: Met,
}

impl Meets {
    /// Nothing met yet, by a run of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        let (view, promise) = (View::founded_by(founders(scenario)), scenario.cluster.election_timeout);
        Self(Arc::new(Mutex::new(Following {
            view,
            promise,
            clockless: BTreeSet::new(),
            held: BTreeSet::new(),
            #[cfg(feature = "planted")]
            since: (SimTime(0), BTreeSet::new()),
            met: Met::new(),
        })))
    }

    /// A process of `node` asks `rule`; of which group, nobody can tell: what it is in the midst of is that in the first.
    #[cfg(feature = "planted")]
    pub fn asked(&self, node: NodeId, rule: Rule) {
        let following = &mut *self.0.lock();
        let (at, asked) = &mut following.since;
        let at = *at;
        if asked.insert((node, rule)) {
            following.meets(at, ReplicaId { group: GroupId::FIRST, node }, &asks(rule));
        }
    }

    /// What was met.
    pub fn met(&self) -> Met {
        self.0.lock().met.clone()
    }
}

impl Observer for Meets {
    fn record(&mut self, record: &Record) -> bool {
        let following = &mut *self.0.lock();
        // What happens, happens in the situation before it.
        following.note(record);
        following.view.record(record);
        #[cfg(feature = "planted")]
        {
            following.since = (record.at, BTreeSet::new());
        }
        true
    }
}

impl Following {
    fn note(&mut self, Record { at, what }: &Record) {
        let met = match what {
            What::Stack(told) => thing(&told.event).map(|thing| (told.replica.node, thing)),
            What::Message { from: Address::Node(node), to, fate, head, .. } => {
                self.error(Address::Node(*node), *to, *fate, head).map(|error| (*node, told(error)))
            }
            What::Process { node, change: ProcessChange::Failed { error } } => Some((*node, told(*error))),
            What::Fault(fault) => self.fault(fault),
            What::Message { .. }
            | What::Invoked(_)
            | What::Completed { .. }
            | What::Process { .. }
            | What::Busy { .. }
            | What::Counted { .. }
            | What::Clock { .. } => None,
        };
        if let Some((node, thing)) = met {
            let group = what.group().unwrap_or(GroupId::FIRST);
            self.meets(*at, ReplicaId { group, node }, &thing);
        }
    }

    fn meets(&mut self, at: SimTime, replica: ReplicaId, thing: &str) {
        for situation in self.situations(at, replica) {
            *self.met.entry((thing.to_owned(), situation)).or_default() += 1;
        }
    }

    /// The error that an answer tells, if it is heard of for the first time.
    fn error(&mut self, from: Address, to: Address, fate: Fate, head: &Head) -> Option<ErrorKind> {
        let (error, _) = head.error?;
        let answer = (from, to, head.call);
        let is_known = if fate == Fate::Held { !self.held.insert(answer) } else { self.held.remove(&answer) };
        (!is_known).then_some(error)
    }

    fn fault(&mut self, Fault { targets, how, phase, evidence, .. }: &Fault) -> Option<(NodeId, String)> {
        if let (Targets::Handover(node, _) | Targets::Asked(node), Some(Evidence::Error(error))) = (targets, evidence) {
            return Some((*node, told(error.kind())));
        }
        match (how, targets, phase) {
            (How::Clock(ClockHarm::Fail), Targets::Node(node), FaultPhase::Activated) => {
                self.clockless.insert(*node);
                None
            }
            (How::Clock(ClockHarm::Fail), Targets::Node(node), FaultPhase::Ended) => {
                self.clockless.remove(node);
                None
            }
            (How::Heals(_), _, FaultPhase::Activated) => {
                self.clockless.clear();
                None
            }
            (How::Changes(change), Targets::Asked(node), FaultPhase::Activated) => Some((*node, changed(name(change)))),
            (How::Pauses { at: Some(point), .. }, Targets::Node(node) | Targets::Task(node), FaultPhase::Effective) => {
                Some((*node, paused(*point)))
            }
            _ => None,
        }
    }

    /// What a replica is in the midst of.
    fn situations(&self, at: SimTime, ReplicaId { group, node }: ReplicaId) -> Vec<Situation> {
        let nodes = self.view.within(group);
        let Some(state) = nodes.get(node) else { return vec![Situation::Plain] };
        let of = |situation: Situation| self.is_in(situation, at, node, state, &nodes);
        let all: Vec<_> = Situation::all().filter(|situation| of(*situation)).collect();
        if all.is_empty() { vec![Situation::Plain] } else { all }
    }

    fn is_in(&self, of: Situation, at: SimTime, node: NodeId, state: &Replica, nodes: &GroupView<'_>) -> bool {
        let leads = state.role == Role::Leader;
        let recent = |since: SimTime| at.since(since) < self.promise;
        // Of this term: what ended a term ended its transfer too.
        let handed_over = state.lately.handed_over.filter(|over| *over >= state.since);
        match of {
            Situation::Plain => false,
            Situation::Fresh => leads && state.applied.is_none_or(|(_, of)| of != state.term),
            Situation::HandsOver => handed_over == Some(SimTime::NEVER),
            Situation::GivenUp => leads && handed_over.is_some_and(|over| over <= at) && state.lease.is_none(),
            Situation::Joint => nodes.members(node).is_joint(),
            Situation::Restarted => {
                let began = state.process.filter(|(change, _)| matches!(change, ProcessChange::Started { .. }));
                state.incarnation > 1 && began.is_some_and(|(_, at)| recent(at))
            }
            Situation::Installed => state.lately.state.is_some_and(recent),
            Situation::NoClock => self.clockless.contains(&node),
            Situation::Deposed => leads && nodes.iter().any(|(_, it)| it.role == Role::Leader && it.term > state.term),
        }
    }
}

/// What an event says that was met, if it is asked for.
fn thing(event: &Event) -> Option<String> {
    match event {
        Event::LeaseRead { miss, .. } => Some(read(*miss)),
        Event::RoundStarted { cause, .. } => Some(round(*cause)),
        Event::LeaseEnded { cause, .. } => Some(ended(*cause)),
        Event::TransferStarted { .. } => Some("transfer begun".to_owned()),
        Event::TransferAborted { .. } => Some("transfer given up".to_owned()),
        Event::TimeoutNowSent { .. } => Some("TimeoutNow sent".to_owned()),
        Event::Stopped { error: Some(error) } => Some(told(*error)),
        Event::Conflict { .. } => Some(told(ErrorKind::WriteConflict)),
        _ => None,
    }
}

fn name(change: &MembershipChange) -> &'static str {
    match change {
        MembershipChange::AddLearner(_) => "add-learner",
        MembershipChange::Promote(_) => "promote",
        MembershipChange::Demote(_) => "demote",
        MembershipChange::Remove(_) => "remove",
        MembershipChange::Joint { .. } => "joint",
    }
}

#[cfg(test)]
mod tests;
