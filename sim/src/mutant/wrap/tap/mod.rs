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

use leasehold::transport::{Message, Packet};
use leasehold::wire::Kind;

/// The kind of an engine's message, and its term.
fn of_engine(packet: &Packet) -> Option<(Kind, u64)> {
    match &packet.body {
        Message::Wire(wire) => Some((wire.kind, wire.head.term)),
        Message::Request { .. } | Message::Reply { .. } => None,
    }
}
