//! The stack's bus on the world's links.

use super::SimWorld;
use super::prelude::*;
use super::wiring::Links;
use leasehold::env::{Address, Envelope};

/// One node's end of the bus.
pub(super) struct SimBus {
    world: SimWorld,
    /// To every node, by number and lane.
    peers: Vec<[Option<LinkId>; Lane::ALL.len()]>,
    /// To every client, by number.
    clients: Vec<LinkId>,
    /// Does what several groups say go apart? If this is not zero.
    apart: Arc<AtomicUsize>,
}

impl SimBus {
    pub(super) fn new(world: &SimWorld, links: &Links, me: NodeId, apart: &Arc<AtomicUsize>) -> Self {
        let (peers, clients) = (links.peers_of(me), links.clients_of(me));
        Self { world: world.clone(), peers, clients, apart: Arc::clone(apart) }
    }

    fn link(&self, to: Address, lane: Lane) -> Option<LinkId> {
        match to {
            Address::Node(node) => self.peers.get(node.0 as usize)?[lane.index()],
            Address::Client(client) => self.clients.get(client as usize).copied(),
        }
    }
}

impl Bus<Message> for SimBus {
    fn send(&self, envelope: Envelope<Message>) -> Result<(), LaneFull> {
        if self.apart.load(Ordering::Relaxed) > 0
            && let Message::Wires(packets) = envelope.body
        {
            return packets.into_iter().try_for_each(|packet| self.send(packet));
        }
        let link = self.link(envelope.to, envelope.lane).ok_or(LaneFull)?;
        self.world.send(link, Box::new(envelope)).map_err(|_| LaneFull)
    }
}
