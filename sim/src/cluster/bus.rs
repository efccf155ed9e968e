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
}

impl SimBus {
    pub(super) fn new(world: &SimWorld, links: &Links, me: NodeId) -> Self {
        Self { world: world.clone(), peers: links.peers_of(me), clients: links.clients_of(me) }
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
        let link = self.link(envelope.to, envelope.lane).ok_or(LaneFull)?;
        self.world.send(link, Box::new(envelope)).map_err(|_| LaneFull)
    }
}
