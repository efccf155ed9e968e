//! A network that delivers in order and at once, unless a test holds, drops or delays.

use super::world::World;
use crate::env::{Address, Bus, Envelope, LaneFull, NodeId};
use crate::transport::{Message, Packet};
use crate::wire::Kind;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What a test asks a message for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// From one engine to another.
    Wire(Kind),
    Request,
    Reply,
}

impl From<Kind> for What {
    fn from(kind: Kind) -> Self {
        What::Wire(kind)
    }
}

/// What happens to messages that a rule is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Drop,
    Hold,
    /// Not taken: the lane is full.
    Refuse,
    /// Its sender panics.
    Panic,
}

type Matches = Box<dyn Fn(&Packet) -> bool + Send>;

/// The network of a cluster.
pub(crate) struct TestBus {
    world: Arc<World>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rules: BTreeMap<u64, (Matches, Fate)>,
    held: Vec<Packet>,
    latency: Duration,
    /// What is under way, by when it arrives and in which order it left.
    flying: BTreeMap<(u64, u64), Packet>,
    last: u64,
    /// All that was sent, dropped or not, and when.
    sent: Vec<(u64, Packet)>,
}

impl TestBus {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self { world, state: Mutex::default() }
    }

    /// What matches has this fate from now on. Returns the rule's number.
    pub(crate) fn rule(&self, fate: Fate, matches: impl Fn(&Packet) -> bool + Send + 'static) -> u64 {
        let mut state = self.state.lock();
        state.last += 1;
        let number = state.last;
        state.rules.insert(number, (Box::new(matches), fate));
        number
    }

    /// Ends one rule.
    pub(crate) fn end(&self, rule: u64) {
        self.state.lock().rules.remove(&rule);
    }

    /// Ends the rules of this fate. What was held stays so.
    pub(crate) fn lift(&self, fate: Fate) {
        self.state.lock().rules.retain(|_, (_, other)| *other != fate);
    }

    /// Lets go what is held and matches; the rules stay.
    pub(crate) fn release(&self, mut matches: impl FnMut(&Packet) -> bool) {
        let mut state = self.state.lock();
        let (now, released) =
            (self.world.now(), state.held.extract_if(.., |packet| matches(packet)).collect::<Vec<_>>());
        released.into_iter().for_each(|packet| state.fly(now, packet));
    }

    pub(crate) fn delays(&self, latency: Duration) {
        self.state.lock().latency = latency;
    }

    pub(crate) fn sent(&self) -> Vec<(u64, Packet)> {
        self.state.lock().sent.clone()
    }

    pub(crate) fn forget_sent(&self) {
        self.state.lock().sent.clear();
    }

    pub(crate) fn next_arrival(&self) -> Option<u64> {
        self.state.lock().flying.keys().next().map(|(at, _)| *at)
    }

    /// Takes the next message that has arrived.
    pub(crate) fn arrived(&self) -> Option<Packet> {
        let mut state = self.state.lock();
        let first = state.flying.first_entry().filter(|first| first.key().0 <= self.world.now())?;
        Some(first.remove())
    }
}

impl State {
    fn fly(&mut self, now: u64, packet: Packet) {
        self.last += 1;
        self.flying.insert((now + crate::env::nanos(self.latency), self.last), packet);
    }
}

impl Bus<Message> for TestBus {
    fn send(&self, packet: Envelope<Message>) -> Result<(), LaneFull> {
        let mut state = self.state.lock();
        let fate = state.rules.values().find(|(matches, _)| matches(&packet)).map(|(_, fate)| *fate);
        match fate {
            Some(Fate::Refuse) => return Err(LaneFull),
            Some(Fate::Panic) => super::panic("the network was told to"),
            Some(Fate::Drop | Fate::Hold) | None => {}
        }
        state.sent.push((self.world.now(), packet.clone()));
        match fate {
            Some(Fate::Hold) => state.held.push(packet),
            Some(Fate::Drop | Fate::Refuse | Fate::Panic) => {}
            None => state.fly(self.world.now(), packet),
        }
        Ok(())
    }
}

/// Is it this?
pub(crate) fn is(packet: &Packet, what: What) -> bool {
    what == match &packet.body {
        Message::Wires(packets) => return packets.iter().any(|packet| is(packet, what)),
        Message::Wire(wire) => What::Wire(wire.kind),
        Message::Request { .. } => What::Request,
        Message::Reply { .. } => What::Reply,
    }
}

/// Does it go from this node to that?
pub(crate) fn goes(packet: &Packet, from: u64, to: u64) -> bool {
    packet.from == Address::Node(NodeId(from)) && packet.to == Address::Node(NodeId(to))
}

/// Is it between this node and another?
pub(crate) fn touches(packet: &Packet, node: u64) -> bool {
    let node = Address::Node(NodeId(node));
    let between_nodes = matches!((packet.from, packet.to), (Address::Node(_), Address::Node(_)));
    between_nodes && (packet.from == node || packet.to == node)
}

/// Does it ask for a vote, of a candidate that nobody told to stand?
pub(crate) fn asks_for_vote(packet: &Packet) -> bool {
    is(packet, Kind::PreVote.into()) || is(packet, Kind::Vote.into())
}

/// Is it another's than this node's?
pub(crate) fn is_of_others(packet: &Packet, node: u64) -> bool {
    packet.from != Address::Node(NodeId(node))
}
