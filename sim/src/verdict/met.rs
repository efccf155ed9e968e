//! What a run has met, in which situations of the node to which it happened: what no scenario brings about no check can judge.

use crate::cluster::founders;
use crate::history::{Fault, FaultPhase, How, Observer, ProcessChange, Record, Targets, What};
use crate::scenario::Scenario;
use crate::time::SimTime;
use crate::view::{GroupView, Replica, View};
use crate::words::{ClockHarm, Spelled};
use leasehold::engine::MembershipChange;
use leasehold::env::{Address, GroupId, NodeId, Point};
use leasehold::error::ErrorKind;
use leasehold::observe::{EndCause, Event, Miss, Role, RoundCause};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

crate::words::words! {
    /// What a node is in the midst of.
    pub enum Situation: "situation" {
        /// None of the others.
        Plain = "plain",
        /// It leads, and has yet to apply an entry of its own term.
        Fresh = "fresh",
        /// It has a transfer of leadership under way.
        HandsOver = "hands over",
        /// It has given one up, and has no lease again.
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
        .collect()
}

/// Why this cannot be met in that situation, if it cannot.
pub fn ruled_out(thing: &str, situation: Situation) -> Option<&'static str> {
    use Situation::{Deposed, Fresh, GivenUp, HandsOver, NoClock, Plain};
    let is = |things: &[&str], situations: &[Situation]| things.contains(&thing) && situations.contains(&situation);
    if is(&["round: write", "round: inner_read"], &[situation]) {
        Some("only who is set up otherwise than the default spends such rounds")
    } else if is(&["lease read: hit", "paused at lease-checked"], &[Fresh, HandsOver, GivenUp, NoClock]) {
        Some("the gate in front of the lease is closed")
    } else if thing.starts_with("lease read: ") && thing != "lease read: clock" && situation == NoClock {
        Some("the clock is asked first")
    } else if is(&["lease read: not-leader"], &[Fresh, HandsOver, GivenUp, Deposed]) {
        Some("it leads")
    } else if is(&["lease read: clock"], &[Plain]) || is(&["lease read: not-caught-up"], &[Plain]) {
        Some("it is the situation itself")
    } else if is(&["transfer begun"], &[Plain, GivenUp]) || is(&["transfer given up"], &[Plain, HandsOver]) {
        Some("it makes another situation")
    } else {
        None
    }
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
    met: Met,
}

impl Meets {
    /// Nothing met yet, by a run of `scenario`.
    pub fn new(scenario: &Scenario) -> Self {
        let (view, promise) = (View::founded_by(founders(scenario)), scenario.cluster.election_timeout);
        Self(Arc::new(Mutex::new(Following { view, promise, clockless: BTreeSet::new(), met: Met::new() })))
    }

    /// What was met.
    pub fn met(&self) -> Met {
        self.0.lock().met.clone()
    }
}

impl Observer for Meets {
    fn record(&mut self, record: &Record) -> bool {
        let following = &mut *self.0.lock();
        following.view.record(record);
        following.note(record);
        true
    }
}

impl Following {
    fn note(&mut self, Record { at, what }: &Record) {
        let met = match what {
            What::Stack(told) => thing(&told.event).map(|thing| (told.replica.node, thing)),
            What::Message { from: Address::Node(node), head, .. } => head.error.map(|(error, _)| (*node, told(error))),
            What::Fault(fault) => self.fault(fault),
            What::Message { .. }
            | What::Invoked(_)
            | What::Completed { .. }
            | What::Process { .. }
            | What::Busy { .. }
            | What::Counted { .. }
            | What::Clock { .. } => None,
        };
        let Some((node, thing)) = met else { return };
        for situation in self.situations(*at, node) {
            *self.met.entry((thing.clone(), situation)).or_default() += 1;
        }
    }

    fn fault(&mut self, Fault { targets, how, phase, .. }: &Fault) -> Option<(NodeId, String)> {
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

    /// What `node` is in the midst of.
    fn situations(&self, at: SimTime, node: NodeId) -> Vec<Situation> {
        let nodes = self.view.within(GroupId::FIRST);
        let Some(state) = nodes.get(node) else { return vec![Situation::Plain] };
        let of = |situation: Situation| self.is_in(situation, at, node, state, &nodes);
        let all: Vec<_> = Situation::all().filter(|situation| of(*situation)).collect();
        if all.is_empty() { vec![Situation::Plain] } else { all }
    }

    fn is_in(&self, of: Situation, at: SimTime, node: NodeId, state: &Replica, nodes: &GroupView<'_>) -> bool {
        let leads = state.role == Role::Leader;
        let recent = |since: SimTime| at.since(since) < self.promise;
        let handed_over = state.lately.handed_over;
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
