//! Between a node and its messages.

use crate::cluster::Tap;
use leasehold::engine::raft_rs::wire::{MessageType, rewrite};
use leasehold::env::{Address, Bus, Instant, Lane, LaneFull, Reading, Stamp, timeout};
use leasehold::lease::{Generation, Lease};
use leasehold::node::{Node, Parts};
use leasehold::observe::Host;
use leasehold::request::{Key, Request, Response, Value, Version};
use leasehold::transport::{CallId, Message, Packet};
use leasehold::wire::Kind;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// The kind of an engine's message, and its term.
fn of_engine(packet: &Packet) -> Option<(Kind, u64)> {
    match &packet.body {
        Message::Wire(wire) => Some((wire.kind, wire.head.term)),
        Message::Request { .. } | Message::Reply { .. } => None,
    }
}

/// What arrives was sent just now, as far as its receiver knows: an acknowledgement counts from its arrival.
pub(super) fn at_receipt(parts: &Parts) -> Arc<dyn Tap> {
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
pub(super) fn of_the_latest_round(_: &Parts) -> Arc<dyn Tap> {
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
pub(super) fn without_heartbeat_acks(_: &Parts) -> Arc<dyn Tap> {
    Arc::new(WithoutAcks(Kind::HeartbeatResponse))
}

/// What answers an append acknowledges nothing.
pub(super) fn without_append_acks(_: &Parts) -> Arc<dyn Tap> {
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
pub(super) fn any_answer_at_receipt(parts: &Parts) -> Arc<dyn Tap> {
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

/// A request that a node passes on is known by its number alone, and each process numbers from 1.
pub(super) fn numbered_anew(parts: &Parts) -> Arc<dyn Tap> {
    struct NumberedAnew {
        incarnation: u64,
    }

    impl Tap for NumberedAnew {
        fn leaving(&self, mut packet: Packet) -> Option<Packet> {
            if let Message::Request { call, .. } = &mut packet.body {
                call.incarnation = 0;
            }
            Some(packet)
        }

        fn arriving(&self, mut packet: Packet, _node: &Node) -> Option<Packet> {
            if let Message::Reply { call, .. } = &mut packet.body {
                call.incarnation = self.incarnation;
            }
            Some(packet)
        }
    }

    Arc::new(NumberedAnew { incarnation: parts.host.incarnation() })
}

/// Who has started again does not hear who asks for its vote.
pub(super) fn no_votes_after_restart(parts: &Parts) -> Arc<dyn Tap> {
    struct NoVotes {
        restarted: bool,
    }

    impl Tap for NoVotes {
        fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
            let asked = matches!(&packet.body, Message::Wire(wire) if wire.kind.asks_for_vote());
            (!(self.restarted && asked)).then_some(packet)
        }
    }

    Arc::new(NoVotes { restarted: parts.host.incarnation() > 1 })
}

/// Heartbeats, votes and their answers take the way of entries, at both ends and between.
pub(super) fn one_lane(_: &Parts) -> Arc<dyn Tap> {
    struct OneLane;

    impl Tap for OneLane {
        fn leaving(&self, mut packet: Packet) -> Option<Packet> {
            if matches!(packet.body, Message::Wire(_)) {
                packet.lane = Lane::Bulk;
            }
            Some(packet)
        }
    }

    Arc::new(OneLane)
}

/// There is one channel to all nodes: what a leader sends one of them leaves when whoever was sent something before has
/// answered, or has not for as long as a call waits.
pub(super) fn one_channel(parts: &Parts) -> Arc<dyn Tap> {
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

/// Who stands for election itself hears nobody else do so.
pub(super) fn deaf_candidates(_: &Parts) -> Arc<dyn Tap> {
    #[derive(Default)]
    struct Deaf {
        stands: AtomicBool,
    }

    impl Tap for Deaf {
        fn leaving(&self, packet: Packet) -> Option<Packet> {
            match of_engine(&packet) {
                Some((Kind::PreVote, _)) => self.stands.store(true, Ordering::Relaxed),
                Some((Kind::Heartbeat | Kind::Append, _)) => self.stands.store(false, Ordering::Relaxed),
                _ => {}
            }
            Some(packet)
        }

        fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
            match of_engine(&packet) {
                Some((Kind::PreVote, _)) if self.stands.load(Ordering::Relaxed) => return None,
                Some((Kind::Heartbeat | Kind::Append, _)) => self.stands.store(false, Ordering::Relaxed),
                _ => {}
            }
            Some(packet)
        }
    }

    Arc::new(Deaf::default())
}

/// What the leader of an earlier term sends is not heard, and so not answered: nobody tells it that there is a later one.
pub(super) fn earlier_terms_unheard(_: &Parts) -> Arc<dyn Tap> {
    /// The term of this node, as far as it has told others.
    #[derive(Default)]
    struct Unheard(AtomicU64);

    impl Tap for Unheard {
        fn leaving(&self, packet: Packet) -> Option<Packet> {
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
                self.0.fetch_max(term, Ordering::Relaxed);
            }
            Some(packet)
        }

        fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
            let unheard = match of_engine(&packet) {
                Some((Kind::Heartbeat | Kind::Append, term)) => term < self.0.load(Ordering::Relaxed),
                _ => false,
            };
            (!unheard).then_some(packet)
        }
    }

    Arc::new(Unheard::default())
}

/// Whoever asks for a vote seems to have a log that is longer than any.
pub(super) fn any_log_will_do(_: &Parts) -> Arc<dyn Tap> {
    struct AnyLog;

    impl Tap for AnyLog {
        fn arriving(&self, mut packet: Packet, _node: &Node) -> Option<Packet> {
            if let Message::Wire(wire) = &mut packet.body
                && wire.kind.asks_for_vote()
                && let Some(longer) = rewrite(wire, |message| (message.log_term, message.index) = (u64::MAX, u64::MAX))
            {
                *wire = longer;
            }
            Some(packet)
        }
    }

    Arc::new(AnyLog)
}

/// A heartbeat of the leader that this node follows is answered as soon as it arrives, whatever the node's loop waits for.
pub(super) fn heartbeats_answered_at_once(_: &Parts) -> Arc<dyn Tap> {
    /// The leader that this node has answered last, and its term.
    #[derive(Default)]
    struct AtOnce(Mutex<Option<(Address, u64)>>);

    impl Tap for AtOnce {
        fn leaving(&self, packet: Packet) -> Option<Packet> {
            match of_engine(&packet) {
                Some((Kind::HeartbeatResponse | Kind::AppendResponse, term)) => {
                    *self.0.lock() = Some((packet.to, term));
                }
                Some((Kind::PreVote | Kind::VoteResponse, _)) => *self.0.lock() = None,
                _ => {}
            }
            Some(packet)
        }

        fn answering(&self, packet: &Packet) -> Option<Packet> {
            let Message::Wire(heartbeat) = &packet.body else { return None };
            let follows = *self.0.lock() == Some((packet.from, heartbeat.head.term));
            if heartbeat.kind != Kind::Heartbeat || !follows {
                return None;
            }
            let answer = rewrite(heartbeat, |message| {
                (message.from, message.to) = (message.to, message.from);
                (message.msg_type, message.commit) = (MessageType::MsgHeartbeatResponse, 0);
            })?;
            let (from, to, echo) = (packet.to, packet.from, packet.stamp);
            Some(Packet { from, to, lane: packet.lane, stamp: None, echo, body: Message::Wire(answer) })
        }
    }

    Arc::new(AtOnce::default())
}

/// A client whose request has failed is not told.
pub(super) fn failures_unanswered(_: &Parts) -> Arc<dyn Tap> {
    struct Unanswered;

    impl Tap for Unanswered {
        fn leaving(&self, packet: Packet) -> Option<Packet> {
            let failed = matches!(packet.body, Message::Reply { result: Err(_), .. });
            let to_client = matches!(packet.to, Address::Client(_));
            (!(failed && to_client)).then_some(packet)
        }
    }

    Arc::new(Unanswered)
}

/// What asks for the confirmation of a ReadIndex leaves with the next tick.
pub(super) fn rounds_at_ticks(parts: &Parts) -> Arc<dyn Tap> {
    const TICK: Duration = Duration::from_millis(10);

    struct AtTicks(Arc<dyn Host>);

    impl Tap for AtTicks {
        fn send(&self, bus: &Arc<dyn Bus<Message>>, packet: Packet) -> Result<(), LaneFull> {
            let asks = match &packet.body {
                Message::Wire(wire) => wire.kind == Kind::Heartbeat && wire.head.confirms,
                Message::Request { .. } | Message::Reply { .. } => false,
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

/// Gets are answered with what the last one of the same key was, for a while.
pub(super) fn cached_gets(parts: &Parts) -> Arc<dyn Tap> {
    const FRESH: Duration = Duration::from_millis(100);

    GetsAnswered::tap(parts, |last, now| match last {
        Some(last) if now.at.since(last.at) < FRESH => last.clone(),
        Some(_) | None => last.insert(now).clone(),
    })
}

/// The first get that finds another version of a key has the value of the version before.
pub(super) fn values_behind(parts: &Parts) -> Arc<dyn Tap> {
    GetsAnswered::tap(parts, |last, now| match last.replace(now.clone()) {
        Some(last) if last.version != now.version => Found { value: last.value, ..now },
        Some(_) | None => now,
    })
}

/// What a get was answered, and when.
#[derive(Clone)]
struct Found {
    at: Instant,
    value: Option<Value>,
    version: Version,
}

/// Stands between the answers to gets and those who asked.
struct GetsAnswered {
    host: Arc<dyn Host>,
    gets: Mutex<Gets>,
    /// What is answered, of what is kept for the key and what was found now.
    answer: fn(&mut Option<Found>, Found) -> Found,
}

#[derive(Default)]
struct Gets {
    asked: BTreeMap<(Address, CallId), Key>,
    kept: BTreeMap<Key, Option<Found>>,
}

impl GetsAnswered {
    fn tap(parts: &Parts, answer: fn(&mut Option<Found>, Found) -> Found) -> Arc<dyn Tap> {
        Arc::new(Self { host: Arc::clone(&parts.host), gets: Mutex::default(), answer })
    }
}

impl Tap for GetsAnswered {
    fn arriving(&self, packet: Packet, _node: &Node) -> Option<Packet> {
        if let Message::Request { call, request, .. } = &packet.body
            && let Request::Get { key } = &**request
        {
            self.gets.lock().asked.insert((packet.from, *call), key.clone());
        }
        Some(packet)
    }

    fn leaving(&self, mut packet: Packet) -> Option<Packet> {
        let Message::Reply { call, result } = &mut packet.body else { return Some(packet) };
        let Gets { asked, kept } = &mut *self.gets.lock();
        if let Some(key) = asked.remove(&(packet.to, *call))
            && let Ok(Response::Value { value, version, .. }) = result
            && let Ok(at) = self.host.monotonic()
        {
            let now = Found { at, value: value.take(), version: *version };
            Found { value: *value, version: *version, .. } = (self.answer)(kept.entry(key).or_default(), now);
        }
        Some(packet)
    }
}

/// A write that the leader has committed for this node extends this node's own lease.
pub(super) fn forwarded_writes_extend(parts: &Parts) -> Arc<dyn Tap> {
    /// When each request that was passed on left, and under which lease.
    type Forwarded = BTreeMap<CallId, (Reading, Generation)>;

    struct Extends {
        host: Arc<dyn Host>,
        lease: Arc<Lease>,
        forwarded: Mutex<Forwarded>,
    }

    impl Tap for Extends {
        fn leaving(&self, packet: Packet) -> Option<Packet> {
            if let Message::Request { call, forwarded: true, .. } = &packet.body {
                self.forwarded.lock().insert(*call, (self.host.monotonic(), self.lease.generation()));
            }
            Some(packet)
        }

        fn arriving(&self, packet: Packet, node: &Node) -> Option<Packet> {
            if let Message::Reply { call, result } = &packet.body
                && let Some((begun, generation)) = self.forwarded.lock().remove(call)
                && let (Ok(Response::Written { .. }), Ok(base)) = (result, begun)
            {
                self.lease.extend(node.status().term, base, generation);
            }
            Some(packet)
        }
    }

    let (host, lease) = (Arc::clone(&parts.host), Arc::clone(&parts.lease));
    Arc::new(Extends { host, lease, forwarded: Mutex::default() })
}
