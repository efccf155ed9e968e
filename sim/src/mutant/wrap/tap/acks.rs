//! What a leader hears of its rounds.

use crate::cluster::Tap;
use leasehold::env::Stamp;
use leasehold::node::{Node, Parts};
use leasehold::observe::Host;
use leasehold::transport::{Message, Packet};
use leasehold::wire::Kind;
use parking_lot::Mutex;
use std::sync::Arc;

/// What arrives was sent just now, as far as its receiver knows: an acknowledgement counts from its arrival.
pub(in crate::mutant) fn at_receipt(parts: &Parts) -> Arc<dyn Tap> {
    struct AtReceipt(Arc<dyn Host>);

    impl Tap for AtReceipt {
        fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
            let sent_at = self.0.monotonic().ok();
            let echo = packet.echo.zip(sent_at).map(|(echo, sent_at)| Stamp { sent_at, ..echo });
            Some(Packet { echo, ..packet })
        }
    }

    Arc::new(AtReceipt(Arc::clone(&parts.host)))
}

/// There is one send time: an answer to whatever round counts from the latest.
pub(in crate::mutant) fn of_the_latest_round(_: &Parts) -> Arc<dyn Tap> {
    #[derive(Default)]
    struct Latest(Mutex<Option<Stamp>>);

    impl Tap for Latest {
        fn leaving(&self, packet: Packet) -> Option<Packet> {
            let mut latest = self.0.lock();
            *latest = packet.stamp.or(*latest);
            Some(packet)
        }

        fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
            let latest = *self.0.lock();
            let echo = packet.echo.map(|echo| Stamp { sent_at: latest.map_or(echo.sent_at, |it| it.sent_at), ..echo });
            Some(Packet { echo, ..packet })
        }
    }

    Arc::new(Latest::default())
}

/// What answers a heartbeat acknowledges nothing.
pub(in crate::mutant) fn without_heartbeat_acks(_: &Parts) -> Arc<dyn Tap> {
    Arc::new(WithoutAcks(Kind::HeartbeatResponse))
}

/// What answers an append acknowledges nothing.
pub(in crate::mutant) fn without_append_acks(_: &Parts) -> Arc<dyn Tap> {
    Arc::new(WithoutAcks(Kind::AppendResponse))
}

/// What messages of this kind acknowledge is not heard.
struct WithoutAcks(Kind);

impl Tap for WithoutAcks {
    fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
        let deaf = matches!(&packet.body, Message::Wire(wire) if wire.kind == self.0);
        let echo = packet.echo.filter(|_| !deaf);
        Some(Packet { echo, ..packet })
    }
}

/// Whatever answers a leader's messages acknowledges them at its arrival, of whatever term it is and whatever it answers: even
/// what tells the leader that it is one no longer.
pub(in crate::mutant) fn any_answer_at_receipt(parts: &Parts) -> Arc<dyn Tap> {
    struct AnyAnswer(Arc<dyn Host>);

    impl AnyAnswer {
        fn acknowledged(&self, body: &Message) -> Option<Stamp> {
            let Message::Wire(wire) = body else { return None };
            let answers = matches!(wire.kind, Kind::AppendResponse | Kind::HeartbeatResponse);
            let sent_at = self.0.monotonic().ok().filter(|_| answers)?;
            Some(Stamp { term: wire.head.term, incarnation: self.0.incarnation(), round: 0, sent_at })
        }
    }

    impl Tap for AnyAnswer {
        fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
            let echo = self.acknowledged(&packet.body).or(packet.echo);
            Some(Packet { echo, ..packet })
        }
    }

    Arc::new(AnyAnswer(Arc::clone(&parts.host)))
}
