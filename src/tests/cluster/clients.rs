//! What clients ask, and what they are answered.

use super::Cluster;
use crate::env::{Address, Bus, Envelope, GroupId, Instant, Lane, NodeId};
use crate::error::Error;
use crate::observe::{Event, Miss};
use crate::request::{KeyRange, ReadPath, Request, Response};
use crate::transport::{CallId, Hop, Message};
use std::sync::Arc;
use std::time::Duration;

/// What a node made of a request.
pub(crate) type Answer = Result<Response, Error>;

/// A client's request that is under way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Call(u64);

/// What a client gives a request.
const BUDGET: Duration = Duration::from_secs(30);

impl Cluster {
    /// Sends a request to `node`.
    pub(crate) fn ask(&mut self, node: u64, request: Request) -> Call {
        self.ask_within(node, request, BUDGET)
    }

    /// The same, with so much time to answer it.
    pub(crate) fn ask_within(&mut self, node: u64, request: Request, budget: Duration) -> Call {
        self.send(node, request, budget, false)
    }

    fn send(&mut self, node: u64, request: Request, budget: Duration, forwarded: bool) -> Call {
        let number = self.next_number();
        let call = CallId { incarnation: 0, number };
        let body =
            Message::Request { call, budget, hop: Hop { forwarded, ..Hop::default() }, request: Arc::new(request) };
        let (from, to) = (Address::Client(0), Address::Node(NodeId(node)));
        let sent = self.bus.send(Envelope {
            from,
            to,
            lane: Lane::Request,
            group: GroupId::FIRST,
            stamp: None,
            echo: None,
            body,
        });
        sent.expect("clients' lanes are never full");
        self.settle();
        Call(number)
    }

    /// The answer, if there is one yet.
    pub(crate) fn answer(&self, call: Call) -> Option<Answer> {
        self.replies.get(&call.0).cloned()
    }

    /// Lets time pass until there is an answer.
    pub(crate) fn answered(&mut self, call: Call) -> Answer {
        self.run_until(|cluster| cluster.replies.contains_key(&call.0));
        self.replies[&call.0].clone()
    }

    /// Sends a request, and waits for its answer.
    pub(crate) fn serve(&mut self, node: u64, request: Request) -> Answer {
        let call = self.ask(node, request);
        self.answered(call)
    }

    /// Sends a request as a node does that passes it on.
    pub(crate) fn pass_on(&mut self, node: u64, request: Request) -> Answer {
        let call = self.send(node, request, BUDGET, true);
        self.answered(call)
    }

    /// The version written.
    pub(crate) fn put(&mut self, node: u64, key: &str, value: &str) -> Result<u64, Error> {
        match self.serve(node, put(key, value))? {
            Response::Written { version } => Ok(version),
            other => panic!("a put was answered {other:?}"),
        }
    }

    /// The value read, and how the read was fenced.
    pub(crate) fn get(&mut self, node: u64, key: &str) -> Result<(String, ReadPath), Error> {
        match self.serve(node, get(key))? {
            Response::Value { value, path, .. } => Ok((text(value), path)),
            other => panic!("a get was answered {other:?}"),
        }
    }

    /// What the gate of `node` says to a lease read now, whatever becomes of that.
    pub(crate) fn gate(&mut self, node: u64) -> Result<(), Miss> {
        self.ask(node, get("gate"));
        let decided = self.events(node).into_iter().rev().find_map(|event| match event {
            Event::LeaseRead { miss, .. } => Some(miss),
            _ => None,
        });
        decided.expect("a node that leads decides by its gate").map_or(Ok(()), Err)
    }

    /// When the lease of `node` runs out, if it holds one.
    pub(crate) fn lease(&self, node: u64) -> Option<Instant> {
        let last = |event: Event| match event {
            Event::LeaseExtended { expiry, .. } => Some(Some(expiry)),
            Event::LeaseEnded { .. } => Some(None),
            _ => None,
        };
        self.all_events(node).into_iter().rev().find_map(last).flatten()
    }
}

/// A client's get.
pub(crate) fn get(key: &str) -> Request {
    Request::Get { key: key.into() }
}

/// A client's put.
pub(crate) fn put(key: &str, value: &str) -> Request {
    Request::Put { key: key.into(), value: value.into() }
}

/// A client's delete.
pub(crate) fn delete(key: &str) -> Request {
    Request::Delete { key: key.into() }
}

/// A client's read of several keys.
pub(crate) fn mget(keys: &[&str]) -> Request {
    Request::Mget { keys: keys.iter().map(|key| (*key).into()).collect() }
}

/// A client's scan from one key up to before another.
pub(crate) fn scan(from: &str, to: &str, limit: u32) -> Request {
    Request::Scan { ranges: vec![KeyRange { from: from.into(), to: Some(to.into()) }], limit }
}

/// A client's script that reads keys and writes one.
pub(crate) fn script(reads: &[&str], key: &str, value: &str) -> Request {
    Request::Script { reads: reads.iter().map(|key| (*key).into()).collect(), key: key.into(), value: value.into() }
}

fn text(value: Option<Vec<u8>>) -> String {
    value.map_or_else(String::new, |value| String::from_utf8_lossy(&value).into_owned())
}
