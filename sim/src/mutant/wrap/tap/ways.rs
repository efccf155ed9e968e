//! By which way messages go, and when.

use super::{Passing, tap};
use crate::cluster::Tap;
use leasehold::env::{Address, Bus, Lane, LaneFull, timeout};
use leasehold::node::{Node, Parts};
use leasehold::observe::Host;
use leasehold::transport::{Message, Packet};
use leasehold::wire::Kind;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Heartbeats, votes and their answers take the way of entries, at both ends and between.
pub(in crate::mutant) fn one_lane(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        leaving: |(), mut packet| {
            if matches!(packet.body, Message::Wire(_)) {
                packet.lane = Lane::Bulk;
            }
            Some(packet)
        },
        ..it
    })
}

/// There is one channel to all nodes: what a leader sends one of them leaves when whoever was sent something before has
/// answered, or has not for as long as a call waits.
pub(in crate::mutant) fn one_channel(parts: &Parts) -> Arc<dyn Tap> {
    /// As long as a unary call waits for its answer (elastickv `grpc_transport.go`).
    const CALL_TIMEOUT: Duration = Duration::from_secs(5);
    /// As many messages wait (elastickv's `defaultMaxInflightMsg`).
    const QUEUE: usize = 1024;

    #[derive(Default)]
    struct Channel {
        waiting: VecDeque<Packet>,
        /// Who is being called.
        call: Option<(Address, oneshot::Sender<()>)>,
        busy: bool,
    }

    impl Channel {
        /// Takes a packet; was somebody at work on those before it?
        fn take(&mut self, packet: Packet) -> Result<bool, LaneFull> {
            if self.waiting.len() >= QUEUE {
                return Err(LaneFull);
            }
            self.waiting.push_back(packet);
            Ok(std::mem::replace(&mut self.busy, true))
        }

        fn next(&mut self) -> Option<Packet> {
            let next = self.waiting.pop_front();
            self.busy = next.is_some();
            next
        }
    }

    struct OneChannel {
        host: Arc<dyn Host>,
        channel: Arc<Mutex<Channel>>,
    }

    impl OneChannel {
        /// Sends what waits, a call after the other.
        fn work(&self, bus: &Arc<dyn Bus<Message>>) {
            let (host, bus, channel) = (Arc::clone(&self.host), Arc::clone(bus), Arc::clone(&self.channel));
            let work = async move {
                loop {
                    let Some(packet) = channel.lock().next() else { return };
                    let (sender, answered) = oneshot::channel();
                    channel.lock().call = Some((packet.to, sender));
                    // A lane that is full loses it: nobody is left to tell.
                    let _ = bus.send(packet);
                    let _ = timeout(&*host, CALL_TIMEOUT, answered).await;
                }
            };
            self.host.spawn("channel", Box::pin(work));
        }
    }

    impl Tap for OneChannel {
        fn send(&self, bus: &Arc<dyn Bus<Message>>, packet: Packet) -> Result<(), LaneFull> {
            // What bears a stamp is answered.
            if packet.stamp.is_none() {
                return bus.send(packet);
            }
            if !self.channel.lock().take(packet)? {
                self.work(bus);
            }
            Ok(())
        }

        fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
            let called = self.channel.lock().call.take_if(|(peer, _)| *peer == packet.from && packet.echo.is_some());
            if let Some((_, answered)) = called {
                let _ = answered.send(());
            }
            Some(packet)
        }
    }

    Arc::new(OneChannel { host: Arc::clone(&parts.host), channel: Arc::default() })
}

/// What asks for the confirmation of a ReadIndex leaves with the next tick.
pub(in crate::mutant) fn rounds_at_ticks(parts: &Parts) -> Arc<dyn Tap> {
    const TICK: Duration = Duration::from_millis(10);

    struct AtTicks(Arc<dyn Host>);

    impl Tap for AtTicks {
        fn send(&self, bus: &Arc<dyn Bus<Message>>, packet: Packet) -> Result<(), LaneFull> {
            let asks = match &packet.body {
                Message::Wire(wire) => wire.kind == Kind::Heartbeat && wire.head.confirms,
                Message::Wires(_) | Message::Request { .. } | Message::Reply { .. } => false,
            };
            if !asks {
                return bus.send(packet);
            }
            let (host, bus) = (Arc::clone(&self.0), Arc::clone(bus));
            let late = async move {
                host.sleep(TICK).await;
                // One that finds its lane full then is lost, as on any network.
                let _ = bus.send(packet);
            };
            self.0.spawn("tick", Box::pin(late));
            Ok(())
        }
    }

    Arc::new(AtTicks(Arc::clone(&parts.host)))
}
