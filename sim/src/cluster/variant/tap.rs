//! Between a node and its messages.

use leasehold::env::{Bus, Envelope, LaneFull, Stamp};
use leasehold::observe::Host;
use leasehold::transport::{Message, MessageType, Packet};
use parking_lot::Mutex;
use std::sync::Arc;

/// Sees every message that leaves a process or reaches it, and passes on what it likes. What the world records of a message, and
/// checks judge, lies beyond: it is what was really sent.
pub trait Tap: Send + Sync {
    /// What leaves in place of `packet`; `None`: nothing does.
    fn leaving(&self, packet: Packet) -> Option<Packet> {
        Some(packet)
    }

    /// What the process is given in place of `packet`; `None`: nothing.
    fn arriving(&self, packet: Packet) -> Option<Packet> {
        Some(packet)
    }
}

/// `bus`, and the tap on it, if there is one.
pub(in crate::cluster) fn tapped(bus: Arc<dyn Bus<Message>>, tap: Option<&Arc<dyn Tap>>) -> Arc<dyn Bus<Message>> {
    match tap {
        Some(tap) => Arc::new(Tapped { bus, tap: Arc::clone(tap) }),
        None => bus,
    }
}

struct Tapped {
    bus: Arc<dyn Bus<Message>>,
    tap: Arc<dyn Tap>,
}

impl Bus<Message> for Tapped {
    fn send(&self, envelope: Envelope<Message>) -> Result<(), LaneFull> {
        self.tap.leaving(envelope).map_or(Ok(()), |envelope| self.bus.send(envelope))
    }
}

/// What arrives was sent just now, as far as its receiver knows: an acknowledgement counts from its arrival.
pub(super) fn at_receipt(host: &Arc<dyn Host>) -> Arc<dyn Tap> {
    struct AtReceipt(Arc<dyn Host>);

    impl Tap for AtReceipt {
        fn arriving(&self, packet: Packet) -> Option<Packet> {
            let sent_at = self.0.monotonic().ok();
            let echo = packet.echo.zip(sent_at).map(|(echo, sent_at)| Stamp { sent_at, ..echo });
            Some(Packet { echo, ..packet })
        }
    }

    Arc::new(AtReceipt(Arc::clone(host)))
}

/// There is one send time: an answer to whatever round counts from the latest.
pub(super) fn of_the_latest_round(_: &Arc<dyn Host>) -> Arc<dyn Tap> {
    #[derive(Default)]
    struct Latest(Mutex<Option<Stamp>>);

    impl Tap for Latest {
        fn leaving(&self, packet: Packet) -> Option<Packet> {
            let mut latest = self.0.lock();
            *latest = packet.stamp.or(*latest);
            Some(packet)
        }

        fn arriving(&self, packet: Packet) -> Option<Packet> {
            let latest = *self.0.lock();
            let echo = packet.echo.map(|echo| Stamp { sent_at: latest.map_or(echo.sent_at, |it| it.sent_at), ..echo });
            Some(Packet { echo, ..packet })
        }
    }

    Arc::new(Latest::default())
}

/// What answers a heartbeat acknowledges nothing.
pub(super) fn without_heartbeat_acks(_: &Arc<dyn Host>) -> Arc<dyn Tap> {
    Arc::new(WithoutAcks(MessageType::MsgHeartbeatResponse))
}

/// What answers an append acknowledges nothing.
pub(super) fn without_append_acks(_: &Arc<dyn Host>) -> Arc<dyn Tap> {
    Arc::new(WithoutAcks(MessageType::MsgAppendResponse))
}

/// What messages of this kind acknowledge is not heard.
struct WithoutAcks(MessageType);

impl Tap for WithoutAcks {
    fn arriving(&self, packet: Packet) -> Option<Packet> {
        let deaf = matches!(&packet.body, Message::Raft(message) if message.msg_type == self.0);
        let echo = packet.echo.filter(|_| !deaf);
        Some(Packet { echo, ..packet })
    }
}

/// Whatever answers a leader's messages acknowledges them at its arrival, of whatever term it is and whatever it answers: even what tells
/// the leader that it is one no longer.
pub(super) fn any_answer_at_receipt(host: &Arc<dyn Host>) -> Arc<dyn Tap> {
    struct AnyAnswer(Arc<dyn Host>);

    impl AnyAnswer {
        fn acknowledged(&self, body: &Message) -> Option<Stamp> {
            let Message::Raft(message) = body else { return None };
            let answers =
                matches!(message.msg_type, MessageType::MsgAppendResponse | MessageType::MsgHeartbeatResponse);
            let sent_at = self.0.monotonic().ok().filter(|_| answers)?;
            Some(Stamp { term: message.term, incarnation: self.0.incarnation(), round: 0, sent_at })
        }
    }

    impl Tap for AnyAnswer {
        fn arriving(&self, packet: Packet) -> Option<Packet> {
            let echo = self.acknowledged(&packet.body).or(packet.echo);
            Some(Packet { echo, ..packet })
        }
    }

    Arc::new(AnyAnswer(Arc::clone(host)))
}
