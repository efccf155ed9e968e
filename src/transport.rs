//! Messages between nodes, and between clients and nodes.
//!
//! Messages of engines go by two lanes, as in the reference (elastickv #522): what leadership depends on does not queue behind
//! appends. A full lane drops the message, counts it and tells the engine, which takes the peer for unreachable;
//! nothing ever blocks the engine's loop. What the groups of a node say to a peer at about the same time, and nobody waits for, goes as one
//! message (`coalescing`). Requests have answers, matched by [`CallId`]; an answer that does not come is the
//! caller's deadline.

mod coalescing;

use crate::env::{Address, Bus, Envelope, GroupId, Lane, NodeId, Stamp, timeout};
use crate::error::{Error, Outcome};
use crate::metrics::{Counter, Metrics};
use crate::observe::{Event, Host};
use crate::request::{Request, Response};
use crate::tasks::Tasks;
use crate::wire::{Kind, Wire};
use coalescing::Coalescing;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// What an envelope carries.
#[derive(Clone, Debug)]
pub enum Message {
    /// From one engine to another.
    Wire(Wire),
    /// Several of these, of one kind and of different groups.
    Wires(Vec<Packet>),
    /// A request that wants an answer.
    Request {
        /// The sender's name for it.
        call: CallId,
        /// Time left to answer it.
        budget: Duration,
        /// How it has come.
        hop: Hop,
        /// The request.
        request: Arc<Request>,
    },
    /// The answer to a request.
    Reply {
        /// Which request.
        call: CallId,
        /// The answer.
        result: Result<Response, Error>,
    },
}

/// How a request has come to the node that serves it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Hop {
    /// Has a node passed it on? It is then not passed on again.
    pub forwarded: bool,
    /// Has a leader decided it before, so that it is only tried again? A lease read is then not counted a second time.
    pub again: bool,
    /// The client's number for it, which it keeps when it is passed on: what a trace of it goes by. Nothing is decided by it.
    pub origin: u64,
}

/// Names a request among all that its sender ever sends. A process that was started again numbers from the beginning, and what
/// was asked before may be answered only now: without the incarnation, a read would get the answer to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct CallId {
    /// The sender's incarnation; zero for a client, which has but one.
    pub incarnation: u64,
    /// Ascending within it.
    pub number: u64,
}

/// An envelope with a message of this stack.
pub type Packet = Envelope<Message>;

/// The lane that an engine's message goes by (elastickv `isPriorityMsg`).
pub const fn lane_of(kind: Kind) -> Lane {
    match kind {
        Kind::Heartbeat
        | Kind::HeartbeatResponse
        | Kind::PreVote
        | Kind::PreVoteResponse
        | Kind::Vote
        | Kind::ForcedVote
        | Kind::VoteResponse
        | Kind::TimeoutNow => Lane::Heartbeat,
        Kind::Append | Kind::AppendResponse | Kind::Snapshot => Lane::Bulk,
    }
}

/// One node's end of the bus.
pub struct Transport {
    line: Arc<Line>,
    /// `None`: the node has one group.
    coalescing: Option<Coalescing>,
    calls: Mutex<Calls>,
}

/// To the other nodes.
struct Line {
    host: Arc<dyn Host>,
    bus: Arc<dyn Bus<Message>>,
    metrics: Arc<Metrics>,
}

impl Line {
    fn send(&self, packet: Packet) -> Result<(), Error> {
        self.bus.send(packet).map_err(|_| Error::Overloaded)
    }

    /// Sends a message of engines, and counts it if the lane's queue is full.
    fn send_wire(&self, to: NodeId, packet: Packet) -> Result<(), Error> {
        let lane = packet.lane;
        self.send(packet).inspect_err(|_| {
            self.metrics.full(lane, Counter::DispatchDropped);
            self.host.observe(Event::LaneFull { to, lane });
        })
    }
}

#[derive(Default)]
struct Calls {
    last: u64,
    waiting: BTreeMap<CallId, oneshot::Sender<Result<Response, Error>>>,
}

impl Transport {
    /// The end of `bus` that belongs to this process.
    pub fn new(host: Arc<dyn Host>, bus: Arc<dyn Bus<Message>>, metrics: Arc<Metrics>) -> Self {
        Self { line: Arc::new(Line { host, bus, metrics }), coalescing: None, calls: Mutex::default() }
    }

    /// The same of a process with several groups: what they say to a peer goes together. What that needs is one of `tasks`.
    pub fn coalescing(host: Arc<dyn Host>, bus: Arc<dyn Bus<Message>>, metrics: Arc<Metrics>, tasks: Tasks) -> Self {
        let alone = Self::new(host, bus, metrics);
        Self { coalescing: Some(Coalescing::new(Arc::clone(&alone.line), tasks)), ..alone }
    }

    /// Sends a message of this group's engine, stamped as this round or as the answer to `echo`; at once, or together with what other
    /// groups say.
    ///
    /// # Errors
    /// The lane's queue to that peer is full; the message is gone, and counted. Of one that goes together with others nobody hears it.
    pub fn send_wire(
        &self,
        group: GroupId,
        to: NodeId,
        wire: Wire,
        stamp: Option<Stamp>,
        echo: Option<Stamp>,
    ) -> Result<(), Error> {
        // Somebody waits for a round of ReadIndex, and for what entries bring.
        let (kind, at_once) = (wire.kind, wire.head.confirms || wire.head.payload > 0);
        let (from, lane) = (Address::Node(self.line.host.node()), lane_of(kind));
        let packet = Envelope { from, to: Address::Node(to), lane, group, stamp, echo, body: Message::Wire(wire) };
        match &self.coalescing {
            Some(coalescing) if coalescing::may_wait(kind) => coalescing.send(to, kind, packet, at_once),
            _ => self.line.send_wire(to, packet),
        }
    }

    /// Passes a request on to `to` that has come by `hop` and is for `group`, and waits for its answer.
    ///
    /// # Errors
    /// Whatever the peer answered; [`Error::Overloaded`] if the lane is full; [`Error::Transport`], of unknown outcome, if
    /// no answer came within `budget`.
    pub async fn call(
        &self,
        group: GroupId,
        to: NodeId,
        request: Arc<Request>,
        hop: Hop,
        budget: Duration,
    ) -> Result<Response, Error> {
        let (sender, receiver) = oneshot::channel();
        let call = {
            let mut calls = self.calls.lock();
            calls.last += 1;
            let call = CallId { incarnation: self.line.host.incarnation(), number: calls.last };
            calls.waiting.insert(call, sender);
            call
        };
        let _registered = Registered { transport: self, call };
        let body = Message::Request { call, budget, hop: Hop { forwarded: true, ..hop }, request };
        self.line.send(self.of_request(group, Address::Node(to), body))?;
        match timeout(&*self.line.host, budget, receiver).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) | Err(_) => Err(Error::Transport(Outcome::Unknown)),
        }
    }

    /// Answers request `call` of `to`, which was for `group`. An answer that finds its lane full is lost, as on any network.
    pub fn reply(&self, group: GroupId, to: Address, call: CallId, result: Result<Response, Error>) {
        let _ = self.line.send(self.of_request(group, to, Message::Reply { call, result }));
    }

    /// Takes the answer to a call of this node; one that nobody waits for any more is dropped.
    pub fn answered(&self, call: CallId, result: Result<Response, Error>) {
        if let Some(waiting) = self.calls.lock().waiting.remove(&call) {
            let _ = waiting.send(result);
        }
    }

    fn of_request(&self, group: GroupId, to: Address, body: Message) -> Packet {
        let from = Address::Node(self.line.host.node());
        Envelope { from, to, lane: Lane::Request, group, stamp: None, echo: None, body }
    }
}

/// Forgets a call when its caller does.
struct Registered<'a> {
    transport: &'a Transport,
    call: CallId,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.transport.calls.lock().waiting.remove(&self.call);
    }
}
