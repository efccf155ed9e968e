//! Where everything that happens passes by on its way into the history.

use super::Effective;
use super::effects::{Done, Effects};
use super::kinds::classify;
use super::prelude::*;
use crate::history::{About, Added, Fate, Head, History, Past, Record, StackRecord, facts};
use crate::view::Replica;
use crate::words::Mishap;
use crate::world::network::{self, Tap};
use parking_lot::MappedMutexGuard;

/// The recorder of one run.
pub struct Recorder {
    told: Mutex<Told>,
    /// Rules of the network, and the step of the timeline each stands for until it is known to be effective.
    watched: Mutex<BTreeMap<RuleId, Watched>>,
    ended: AtomicBool,
}

/// What everything told goes into.
struct Told {
    history: History,
    replicas: Grouped<Replicas>,
    effects: Effects,
}

/// On whose behalf a rule of the network is there.
pub(super) struct Watched {
    pub(super) effective: Effective,
    /// Whose messages it must meet in order to be effective: those of all lanes, requests included, or those of the protocol.
    pub(super) requests: bool,
}

impl Recorder {
    /// A recorder into `history`, of groups that `founders` founded; `keys` are the names of the run's keys, by number.
    pub fn new(history: History, founders: BTreeMap<GroupId, Membership>, keys: &[String]) -> Self {
        let replicas = founders.into_iter().map(|(group, founders)| (group, Replicas::founded_by(founders)));
        let told = Told { history, replicas: Grouped::new(replicas), effects: Effects::new(keys) };
        Self { told: Mutex::new(told), watched: Mutex::default(), ended: AtomicBool::new(false) }
    }

    /// Has a check ended the run?
    pub fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Closes the history.
    pub fn close(&self) -> Past {
        self.told.lock().history.close()
    }

    pub(super) fn replicas(&self) -> MappedMutexGuard<'_, Grouped<Replicas>> {
        MutexGuard::map(self.told.lock(), |told| &mut told.replicas)
    }

    pub(super) fn watch(&self, rule: RuleId, watched: Watched) {
        self.watched.lock().insert(rule, watched);
    }

    pub(super) fn record(&self, at: SimTime, what: What) {
        self.take(&mut self.told.lock(), &Record { at, what });
    }

    fn take(&self, told: &mut Told, record: &Record) {
        told.replicas.record(record);
        told.history.record(record);
        self.ended.store(told.history.ended(), Ordering::Relaxed);
    }

    pub(super) fn stack(&self, at: SimTime, replica: ReplicaId, clock: &Clock, event: Event) {
        let told = &mut *self.told.lock();
        // A process that was killed tells nothing, whatever is dropped with it.
        if told.replicas.get(replica).is_some_and(Replica::was_killed) {
            return;
        }
        let (mut effect, mut moved) = (None, None);
        let lease_until = match facts(&event, About::Leases).adds {
            Added::Nothing => None,
            Added::End(expiry) => true_end(clock, expiry),
            Added::Effect(index) => {
                match told.effects.take((replica.group, index)) {
                    Some(Done::Effect(of)) => effect = Some(of),
                    Some(Done::Moved(of)) => moved = Some(of),
                    None => {}
                }
                None
            }
        };
        let clock = Instant::from_nanos(clock.reading(at));
        let what = What::Stack(StackRecord { replica, event, lease_until, clock, effect, moved });
        self.take(told, &Record { at, what });
    }

    /// A replica of `group` is about to tell that it has applied this.
    pub(super) fn effect(&self, group: GroupId, index: u64, command: &[u8], response: &[u8]) {
        self.told.lock().effects.note((group, index), command, response);
    }

    /// A fault has touched the clock of a replica's node: the lease that it counts by it ends at another time.
    pub(super) fn clock_changed(&self, at: SimTime, replica: ReplicaId, clock: &Clock) {
        let lease = self.replicas().get(replica).and_then(|replica| replica.lease);
        let lease_until = lease.and_then(|lease| true_end(clock, lease.expiry));
        let clock = Instant::from_nanos(clock.reading(at));
        self.record(at, What::Clock { replica, clock, lease_until });
    }

    /// A rule did something to a message: at the first that counts, the fault that made the rule is effective.
    fn note_effect(&self, rule: RuleId, packet: &Packet, mishap: Mishap) {
        let mut watched = self.watched.lock();
        let counts = |watched: &Watched| packet.lane != Lane::Request || watched.requests;
        if !watched.get(&rule).is_some_and(counts) {
            return;
        }
        let Some(Watched { effective, .. }) = watched.remove(&rule) else { return };
        drop(watched);
        effective(Some(Evidence::Message { mishap, from: packet.from, to: packet.to }));
    }
}

/// The true time at which a lease ends that its holder counts by `clock`: never, by one that stands still.
fn true_end(clock: &Clock, expiry: Instant) -> Option<SimTime> {
    Some(clock.when(expiry.as_nanos()).unwrap_or(SimTime::NEVER))
}

impl Tap<Box<Packet>> for Recorder {
    fn message(&self, at: SimTime, packet: &Box<Packet>, fate: network::Fate) {
        let (fate, rule) = match fate {
            network::Fate::Delivered => (Fate::Delivered, None),
            network::Fate::Cut(rule) => (Fate::Cut, Some(rule)),
            network::Fate::Held(rule) => (Fate::Held, Some(rule)),
            network::Fate::Lost => (Fate::Lost, None),
        };
        let parts = match &packet.body {
            Message::Wires(packets) => packets.as_slice(),
            Message::Wire(_) | Message::Request { .. } | Message::Reply { .. } => std::slice::from_ref(&**packet),
        };
        for (number, part) in parts.iter().enumerate() {
            let (kind, head) = classify(part);
            let (Packet { from, to, lane, stamp, echo, .. }, beside) = (part, number > 0);
            let (from, to, lane, stamp, echo) = (*from, *to, *lane, *stamp, *echo);
            self.record(at, What::Message { from, to, lane, fate, kind, head: Head { beside, ..head }, stamp, echo });
        }
        if let Some(rule) = rule {
            self.note_effect(rule, packet, Mishap::Stopped);
        }
    }

    fn impaired(&self, _at: SimTime, packet: &Box<Packet>, rule: RuleId, mishap: Mishap) {
        self.note_effect(rule, packet, mishap);
    }
}
