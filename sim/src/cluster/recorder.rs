//! Where everything that happens passes by on its way into the history.

use super::effects::Effects;
use super::kinds::classify;
use super::roles::Roles;
use crate::history::{Fate, FaultPhase, History, Past, ProcessChange, StackRecord, What};
use crate::time::SimTime;
use crate::world::clock::Clock;
use crate::world::network::{self, Effect, RuleId, Tap};
use leasehold::env::{Instant, Lane, NodeId, ReplicaId};
use leasehold::observe::Event;
use leasehold::transport::Packet;
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The recorder of one run.
pub struct Recorder {
    history: Mutex<History>,
    roles: Mutex<Roles>,
    /// Rules of the network, and the step of the timeline each stands for until it is known to be effective.
    watched: Mutex<BTreeMap<RuleId, Watched>>,
    effects: Mutex<Effects>,
    ended: AtomicBool,
}

/// On whose behalf a rule of the network is there.
#[derive(Clone, Copy)]
pub(super) struct Watched {
    pub(super) step: u32,
    pub(super) verb: &'static str,
    /// Whose messages it must meet in order to be effective: those of all lanes, requests included, or those of the protocol.
    pub(super) requests: bool,
}

impl Recorder {
    /// A recorder into `history`; `keys` are the names of the run's keys, by number.
    pub fn new(history: History, keys: &[String]) -> Self {
        Self {
            history: Mutex::new(history),
            roles: Mutex::default(),
            watched: Mutex::default(),
            effects: Mutex::new(Effects::new(keys)),
            ended: AtomicBool::new(false),
        }
    }

    /// Has a check ended the run?
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Closes the history.
    pub fn close(&self) -> Past {
        self.history.lock().close()
    }

    pub(super) fn roles(&self) -> MutexGuard<'_, Roles> {
        self.roles.lock()
    }

    pub(super) fn watch(&self, rule: RuleId, watched: Watched) {
        self.watched.lock().insert(rule, watched);
    }

    pub(super) fn record(&self, at: SimTime, what: What) {
        let mut history = self.history.lock();
        history.record(at, what);
        self.ended.store(history.ended(), Ordering::Relaxed);
    }

    pub(super) fn killed(&self, at: SimTime, node: NodeId) {
        self.roles.lock().forget(node);
        self.record(at, What::Process { node, change: ProcessChange::Killed });
    }

    pub(super) fn stack(&self, at: SimTime, node: NodeId, clock: &Clock, event: Event) {
        let lease_until = match &event {
            Event::LeaseExtended { expiry, .. } => true_end(clock, *expiry),
            _ => None,
        };
        if matches!(
            event,
            Event::Role { .. } | Event::LeaseExtended { .. } | Event::LeaseEnded { .. } | Event::Membership { .. }
        ) {
            self.roles.lock().observe(node, &event, lease_until);
        }
        let effect = match &event {
            Event::Applied { index, .. } => self.effects.lock().take(*index),
            _ => None,
        };
        let clock = Instant::from_nanos(clock.reading(at));
        self.record(
            at,
            What::Stack(StackRecord { replica: ReplicaId::first(node), event, lease_until, clock, effect }),
        );
    }

    /// A node is about to tell that it has applied this.
    pub(super) fn effect(&self, index: u64, command: &[u8], response: &[u8]) {
        self.effects.lock().note(index, command, response);
    }

    /// A fault has touched a node's clock: the lease that it counts by it ends at another time.
    pub(super) fn clock_changed(&self, at: SimTime, node: NodeId, clock: &Clock) {
        let lease_until = self.roles.lock().reckon(node, |expiry| true_end(clock, expiry));
        let clock = Instant::from_nanos(clock.reading(at));
        self.record(at, What::Clock { replica: ReplicaId::first(node), clock, lease_until });
    }

    /// A process has read its clock, and a fault has shown in that for the first time.
    pub(super) fn clock_revealed(&self, at: SimTime, step: u32, node: NodeId) {
        let detail = Arc::from(format!("{node} read its clock and found it so"));
        self.record(at, What::Fault { step, verb: "clock", phase: FaultPhase::Effective, detail });
    }

    /// A fault of a node's disk has changed something for the first time.
    pub(super) fn disk_shown(&self, at: SimTime, step: u32, node: NodeId) {
        let detail = Arc::from(format!("{node} met it"));
        self.record(at, What::Fault { step, verb: "disk", phase: FaultPhase::Effective, detail });
    }

    /// A rule did something to a message: at the first that counts, the fault that made the rule is effective.
    fn note_effect(&self, at: SimTime, rule: RuleId, packet: &Packet, what: &str) {
        let mut watched = self.watched.lock();
        let Some(Watched { step, verb, requests }) = watched.get(&rule).copied() else { return };
        if packet.lane == Lane::Request && !requests {
            return;
        }
        watched.remove(&rule);
        let detail = Arc::from(format!("{what} from {} to {}", packet.from, packet.to));
        self.record(at, What::Fault { step, verb, phase: FaultPhase::Effective, detail });
    }
}

/// The true time at which a lease ends that its holder counts by `clock`: never, by one that stands still.
fn true_end(clock: &Clock, expiry: Instant) -> Option<SimTime> {
    Some(clock.when(expiry.as_nanos()).unwrap_or(SimTime::NEVER))
}

impl Tap<Box<Packet>> for Recorder {
    fn message(&self, at: SimTime, packet: &Box<Packet>, fate: network::Fate) {
        let (kind, head) = classify(&packet.body);
        let (fate, rule) = match fate {
            network::Fate::Delivered => (Fate::Delivered, None),
            network::Fate::Cut(rule) => (Fate::Cut, Some(rule)),
            network::Fate::Held(rule) => (Fate::Held, Some(rule)),
            network::Fate::Lost => (Fate::Lost, None),
        };
        let Packet { from, to, lane, stamp, echo, .. } = **packet;
        self.record(at, What::Message { from, to, lane, fate, kind, head, stamp, echo });
        if let Some(rule) = rule {
            self.note_effect(at, rule, packet, "stopped a message");
        }
    }

    fn impaired(&self, at: SimTime, packet: &Box<Packet>, rule: RuleId, effect: Effect) {
        let what = match effect {
            Effect::Lost => "lost a message",
            Effect::Late => "delayed a message",
            Effect::Twice => "doubled a message",
            Effect::OutOfOrder => "let a message overtake another",
            Effect::Refused => "left no room in the queue for a message",
        };
        self.note_effect(at, rule, packet, what);
    }
}
