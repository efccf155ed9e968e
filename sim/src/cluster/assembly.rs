//! How the processes of a cluster are put together, where that is not as production does it.

use super::prelude::*;
use leasehold::engine::RenewalKind;
use leasehold::node::Config;
use leasehold::observe::Host;
use leasehold::routes::Routes;

/// What is different about the stack of a run, and about what stands around it. Everything
/// that is put around a node is made anew for each of its processes.
pub trait Assembly: Send + Sync {
    /// Before the first process starts, on the thread of the run.
    fn begin(&self);

    /// The lease's length, of election timeout and tick, where the scenario gives none.
    fn lease_length(&self, election_timeout: Duration, tick: Duration) -> Duration;

    /// What renews the lease; `None`: as the scenario says.
    fn renewal(&self) -> Option<RenewalKind>;

    /// Where ReadIndex rounds are spent, where the scenario does not say.
    fn coordinator(&self) -> coordinator::Policy;

    /// `config` as it is at this node.
    fn config(&self, node: NodeId, config: Config) -> Config;

    /// What the nodes take for their monotonic clock.
    fn clock(&self) -> TakenForClock;

    /// Does a supervisor end a process whose engine has failed, and start it again?
    fn supervised(&self) -> bool;

    /// What stands around the surroundings of a process.
    fn host(&self, host: Arc<dyn Host>) -> Arc<dyn Host>;

    /// What stands between a replica and its messages, and those of clients, who name the first group.
    fn tap(&self, parts: &Parts) -> Option<Arc<dyn Tap>>;

    /// What stands around and between the parts of a replica.
    fn parts(&self, parts: Parts) -> Parts;

    /// What stands between the replicas of a process.
    fn groups(&self, replicas: Vec<Parts>) -> Vec<Parts>;

    /// Which group has which keys, as `node` has it.
    fn routes(&self, node: NodeId, routes: Routes) -> Routes;
}

/// What a node takes for its monotonic clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TakenForClock {
    /// A clock that counts on whatever happens.
    Monotonic,
    /// The wall clock: every step moves it.
    Wall,
    /// A clock that stands still while the process does (Linux: `CLOCK_MONOTONIC` in a suspend of the machine).
    Uptime,
}

/// Sees every message that leaves a process or reaches it, and passes on what it likes. What the world records of a message, and
/// checks judge, lies beyond: it is what was really sent.
pub trait Tap: Send + Sync {
    /// What leaves in place of `packet`; `None`: nothing does.
    fn leaving(&self, packet: Packet) -> Option<Packet> {
        Some(packet)
    }

    /// Sends what leaves, now or later.
    ///
    /// # Errors
    /// It has no room for it.
    fn send(&self, bus: &Arc<dyn Bus<Message>>, packet: Packet) -> Result<(), LaneFull> {
        self.leaving(packet).map_or(Ok(()), |packet| bus.send(packet))
    }

    /// What `node` is given in place of `packet`; `None`: nothing.
    fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
        Some(packet)
    }
}

/// A bus, with a tap for what concerns each group.
pub(super) struct Tapped {
    bus: Arc<dyn Bus<Message>>,
    taps: BTreeMap<GroupId, Arc<dyn Tap>>,
}

impl Tapped {
    /// These taps on `bus`, if there are any.
    pub(super) fn around(bus: Arc<dyn Bus<Message>>, taps: BTreeMap<GroupId, Arc<dyn Tap>>) -> Option<Self> {
        (!taps.is_empty()).then_some(Self { bus, taps })
    }

    /// Gives `node` what the taps give in place of `packet`.
    pub(super) fn receive(&self, packet: Packet, node: &Node) {
        if let Message::Wires(packets) = packet.body {
            return packets.into_iter().for_each(|packet| self.receive(packet, node));
        }
        let given = match self.taps.get(&packet.group) {
            Some(tap) => tap.arriving(packet, node),
            None => Some(packet),
        };
        given.into_iter().for_each(|packet| node.deliver(Box::new(packet)));
    }
}

impl Bus<Message> for Tapped {
    fn send(&self, packet: Packet) -> Result<(), LaneFull> {
        match packet.body {
            // What goes together is tapped one by one, and goes so.
            Message::Wires(packets) => packets.into_iter().try_for_each(|packet| self.send(packet)),
            _ => match self.taps.get(&packet.group) {
                Some(tap) => tap.send(&self.bus, packet),
                None => self.bus.send(packet),
            },
        }
    }
}
