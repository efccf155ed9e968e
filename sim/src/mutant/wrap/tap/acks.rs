//! What a leader hears of its rounds.

use super::{Passing, tap};
use crate::cluster::Tap;
use leasehold::env::Stamp;
use leasehold::node::Parts;
use leasehold::observe::Host;
use leasehold::transport::{Message, Packet};
use leasehold::wire::Kind;
use parking_lot::Mutex;
use std::sync::Arc;

/// What arrives was sent just now, as far as its receiver knows: an acknowledgement counts from its arrival.
pub(in crate::mutant) fn at_receipt(parts: &Parts) -> Arc<dyn Tap> {
    tap(Arc::clone(&parts.host), |it| Passing {
        arriving: |host, packet, _| {
            let sent_at = host.monotonic().ok();
            let echo = packet.echo.zip(sent_at).map(|(echo, sent_at)| Stamp { sent_at, ..echo });
            Some(Packet { echo, ..packet })
        },
        ..it
    })
}

/// There is one send time: an answer to whatever round counts from the latest.
pub(in crate::mutant) fn of_the_latest_round(_: &Parts) -> Arc<dyn Tap> {
    tap(Mutex::new(None::<Stamp>), |_| Passing {
        leaving: |latest, packet| {
            let mut latest = latest.lock();
            *latest = packet.stamp.or(*latest);
            Some(packet)
        },
        arriving: |latest, packet, _| {
            let latest = *latest.lock();
            let echo = packet.echo.map(|echo| Stamp { sent_at: latest.map_or(echo.sent_at, |it| it.sent_at), ..echo });
            Some(Packet { echo, ..packet })
        },
    })
}

/// What answers a heartbeat acknowledges nothing.
pub(in crate::mutant) fn without_heartbeat_acks(_: &Parts) -> Arc<dyn Tap> {
    without_acks(Kind::HeartbeatResponse)
}

/// What answers an append acknowledges nothing.
pub(in crate::mutant) fn without_append_acks(_: &Parts) -> Arc<dyn Tap> {
    without_acks(Kind::AppendResponse)
}

/// What messages of this kind acknowledge is not heard.
fn without_acks(kind: Kind) -> Arc<dyn Tap> {
    tap(kind, |it| Passing {
        arriving: |kind, packet, _| {
            let deaf = matches!(&packet.body, Message::Wire(wire) if wire.kind == *kind);
            let echo = packet.echo.filter(|_| !deaf);
            Some(Packet { echo, ..packet })
        },
        ..it
    })
}

/// Whatever answers a leader's messages acknowledges them at its arrival, of whatever term it is and whatever it answers: even
/// what tells the leader that it is one no longer.
pub(in crate::mutant) fn any_answer_at_receipt(parts: &Parts) -> Arc<dyn Tap> {
    fn acknowledged(host: &dyn Host, body: &Message) -> Option<Stamp> {
        let Message::Wire(wire) = body else { return None };
        let answers = matches!(wire.kind, Kind::AppendResponse | Kind::HeartbeatResponse);
        let sent_at = host.monotonic().ok().filter(|_| answers)?;
        Some(Stamp { term: wire.head.term, incarnation: host.incarnation(), round: 0, sent_at })
    }

    tap(Arc::clone(&parts.host), |it| Passing {
        arriving: |host, packet, _| {
            let echo = acknowledged(&**host, &packet.body).or(packet.echo);
            Some(Packet { echo, ..packet })
        },
        ..it
    })
}
