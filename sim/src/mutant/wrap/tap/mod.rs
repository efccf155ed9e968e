//! Between a node and its messages.

pub(in crate::mutant) mod acks;
pub(in crate::mutant) mod elections;
pub(in crate::mutant) mod requests;
pub(in crate::mutant) mod ways;

use crate::cluster::Tap;
use leasehold::node::Node;
use leasehold::transport::{Message, Packet};
use leasehold::wire::Kind;
use std::sync::Arc;

/// What becomes of packets, by what is known here: they pass as they are, where nothing else is said.
struct Passing<S> {
    leaving: fn(&S, Packet) -> Option<Packet>,
    arriving: fn(&S, Packet, &Node) -> Option<Packet>,
}

struct Tapping<S> {
    state: S,
    passing: Passing<S>,
}

/// Stands between a node and its messages, with what is odd about that.
fn tap<S: Send + Sync + 'static>(state: S, odd: impl FnOnce(Passing<S>) -> Passing<S>) -> Arc<dyn Tap> {
    let passing = odd(Passing { leaving: |_, packet| Some(packet), arriving: |_, packet, _| Some(packet) });
    Arc::new(Tapping { state, passing })
}

impl<S: Send + Sync> Tap for Tapping<S> {
    fn leaving(&self, packet: Packet) -> Option<Packet> {
        (self.passing.leaving)(&self.state, packet)
    }

    fn arriving(&self, packet: Packet, node: &Node) -> Option<Packet> {
        (self.passing.arriving)(&self.state, packet, node)
    }
}

/// The kind of an engine's message, and its term.
fn of_engine(packet: &Packet) -> Option<(Kind, u64)> {
    match &packet.body {
        Message::Wire(wire) => Some((wire.kind, wire.head.term)),
        Message::Wires(_) | Message::Request { .. } | Message::Reply { .. } => None,
    }
}
