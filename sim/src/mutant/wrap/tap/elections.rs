//! Who is heard, and what is believed of it.

use super::{Passing, of_engine, tap};
use crate::cluster::Tap;
use leasehold::engine::raft_rs::wire::rewrite;
use leasehold::node::Parts;
use leasehold::transport::Message;
use leasehold::wire::Kind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Who has started again does not hear who asks for its vote.
pub(in crate::mutant) fn no_votes_after_restart(parts: &Parts) -> Arc<dyn Tap> {
    tap(parts.host.incarnation() > 1, |it| Passing {
        arriving: |restarted, packet, _| {
            let asked = matches!(&packet.body, Message::Wire(wire) if wire.kind.asks_for_vote());
            (!(*restarted && asked)).then_some(packet)
        },
        ..it
    })
}

/// Who stands for election itself hears nobody else do so.
pub(in crate::mutant) fn deaf_candidates(_: &Parts) -> Arc<dyn Tap> {
    tap(AtomicBool::new(false), |_| Passing {
        leaving: |stands, packet| {
            match of_engine(&packet) {
                Some((Kind::PreVote, _)) => stands.store(true, Ordering::Relaxed),
                Some((Kind::Heartbeat | Kind::Append, _)) => stands.store(false, Ordering::Relaxed),
                _ => {}
            }
            Some(packet)
        },
        arriving: |stands, packet, _| {
            match of_engine(&packet) {
                Some((Kind::PreVote, _)) if stands.load(Ordering::Relaxed) => return None,
                Some((Kind::Heartbeat | Kind::Append, _)) => stands.store(false, Ordering::Relaxed),
                _ => {}
            }
            Some(packet)
        },
    })
}

/// What the leader of an earlier term sends is not heard, and so not answered: nobody tells it that there is a later one.
pub(in crate::mutant) fn earlier_terms_unheard(_: &Parts) -> Arc<dyn Tap> {
    // The term of this node, as far as it has told others.
    tap(AtomicU64::default(), |_| Passing {
        leaving: |own, packet| {
            // What concerns a pre-vote may bear a term that nobody is in yet.
            if let Some((
                Kind::Vote
                | Kind::ForcedVote
                | Kind::Heartbeat
                | Kind::Append
                | Kind::HeartbeatResponse
                | Kind::AppendResponse,
                term,
            )) = of_engine(&packet)
            {
                own.fetch_max(term, Ordering::Relaxed);
            }
            Some(packet)
        },
        arriving: |own, packet, _| match of_engine(&packet) {
            Some((Kind::Heartbeat | Kind::Append, term)) if term < own.load(Ordering::Relaxed) => None,
            _ => Some(packet),
        },
    })
}

/// Whoever asks for a vote seems to have a log that is longer than any.
pub(in crate::mutant) fn any_log_will_do(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        arriving: |(), mut packet, _| {
            if let Message::Wire(wire) = &mut packet.body
                && wire.kind.asks_for_vote()
                && let Some(longer) = rewrite(wire, |message| (message.log_term, message.index) = (u64::MAX, u64::MAX))
            {
                *wire = longer;
            }
            Some(packet)
        },
        ..it
    })
}
