//! Between a node and its messages.

mod acks;
mod elections;
mod requests;
mod ways;

pub(in crate::mutant) use acks::{
    any_answer_at_receipt, at_receipt, of_the_latest_round, without_append_acks, without_heartbeat_acks,
};
pub(in crate::mutant) use elections::{
    any_log_will_do, deaf_candidates, earlier_terms_unheard, heartbeats_answered_at_once, no_votes_after_restart,
};
pub(in crate::mutant) use requests::{
    cached_gets, every_fiftieth_lost, failures_unanswered, forwarded_writes_extend, lost_at_leader_change,
    numbered_anew, values_behind,
};
pub(in crate::mutant) use ways::{one_channel, one_lane, rounds_at_ticks};

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
        Message::Request { .. } | Message::Reply { .. } => None,
    }
}
