//! Requests and their answers.

use super::{Passing, tap};
use crate::cluster::Tap;
use leasehold::env::{Address, Instant, Reading};
use leasehold::error::{Error, Outcome};
use leasehold::lease::{Generation, Lease};
use leasehold::node::Parts;
use leasehold::observe::Host;
use leasehold::request::{Key, Request, Response, Value, Version};
use leasehold::transport::{CallId, Hop, Message};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A request that a node passes on is known by its number alone, and each process numbers from 1.
pub(in crate::mutant) fn numbered_anew(parts: &Parts) -> Arc<dyn Tap> {
    tap(parts.host.incarnation(), |_| Passing {
        leaving: |_, mut packet| {
            if let Message::Request { call, .. } = &mut packet.body {
                call.incarnation = 0;
            }
            Some(packet)
        },
        arriving: |incarnation, mut packet, _| {
            if let Message::Reply { call, .. } = &mut packet.body {
                call.incarnation = *incarnation;
            }
            Some(packet)
        },
    })
}

/// A client whose request has failed is not told.
pub(in crate::mutant) fn failures_unanswered(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        leaving: |(), packet| {
            let failed = matches!(packet.body, Message::Reply { result: Err(_), .. });
            let to_client = matches!(packet.to, Address::Client(_));
            (!(failed && to_client)).then_some(packet)
        },
        ..it
    })
}

/// A request that another node has passed on, and that reaches a leader that is one no longer, is thrown away.
pub(in crate::mutant) fn lost_at_leader_change(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        arriving: |(), packet, node| {
            let passed_on = matches!(packet.body, Message::Request { hop: Hop { forwarded: true, .. }, .. });
            (!passed_on || node.status(packet.group).leads()).then_some(packet)
        },
        ..it
    })
}

/// A request that a node passes on does not say so, and whoever does not lead passes it on again.
pub(in crate::mutant) fn passed_on_again(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        leaving: |(), mut packet| {
            if let Message::Request { hop, .. } = &mut packet.body {
                hop.forwarded = false;
            }
            Some(packet)
        },
        ..it
    })
}

/// Who gave a request up by the deadline that it had itself says that nothing was applied, and nothing will be.
pub(in crate::mutant) fn own_deadline_is_refused(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        leaving: |(), mut packet| {
            if let Message::Reply { result: Err(Error::DeadlineExceeded(outcome)), .. } = &mut packet.body {
                *outcome = Outcome::NotApplied;
            }
            Some(packet)
        },
        ..it
    })
}

/// Of every fifty requests that a client numbers one is lost on its way in.
pub(in crate::mutant) fn every_fiftieth_lost(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        arriving: |(), packet, _| match packet.body {
            Message::Request { call, hop: Hop { forwarded: false, .. }, .. } if call.number % 50 == 0 => None,
            _ => Some(packet),
        },
        ..it
    })
}

/// Gets are answered with what the last one of the same key was, for a while.
pub(in crate::mutant) fn cached_gets(parts: &Parts) -> Arc<dyn Tap> {
    const FRESH: Duration = Duration::from_millis(100);

    GetsAnswered::tap(parts, |last, now| match last {
        Some(last) if now.at.since(last.at) < FRESH => last.clone(),
        Some(_) | None => last.insert(now).clone(),
    })
}

/// The first get that finds another version of a key has the value of the version before.
pub(in crate::mutant) fn values_behind(parts: &Parts) -> Arc<dyn Tap> {
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
        let state = Self { host: Arc::clone(&parts.host), gets: Mutex::default(), answer };
        tap(state, |_| Passing {
            arriving: |state, packet, _| {
                if let Message::Request { call, request, .. } = &packet.body
                    && let Request::Get { key } = &**request
                {
                    state.gets.lock().asked.insert((packet.from, *call), key.clone());
                }
                Some(packet)
            },
            leaving: |state, mut packet| {
                let Message::Reply { call, result } = &mut packet.body else { return Some(packet) };
                let Gets { asked, kept } = &mut *state.gets.lock();
                if let Some(key) = asked.remove(&(packet.to, *call))
                    && let Ok(Response::Value { value, version, .. }) = result
                    && let Ok(at) = state.host.monotonic()
                {
                    let now = Found { at, value: value.take(), version: *version };
                    Found { value: *value, version: *version, .. } = (state.answer)(kept.entry(key).or_default(), now);
                }
                Some(packet)
            },
        })
    }
}

/// What has no value is answered as what was never written.
pub(in crate::mutant) fn tombstones_without_version(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        leaving: |(), mut packet| {
            match &mut packet.body {
                Message::Reply { result: Ok(Response::Value { value: None, version, .. }), .. } => *version = 0,
                Message::Reply { result: Ok(Response::Values { reads, .. }), .. } => {
                    reads.iter_mut().filter(|read| read.value.is_none()).for_each(|read| read.version = 0);
                }
                _ => {}
            }
            Some(packet)
        },
        ..it
    })
}

/// The last key that a scan has found is not told of.
pub(in crate::mutant) fn last_of_scans_left_out(_: &Parts) -> Arc<dyn Tap> {
    tap((), |it| Passing {
        leaving: |(), mut packet| {
            if let Message::Reply { result: Ok(Response::Entries { entries, .. }), .. } = &mut packet.body {
                entries.pop();
            }
            Some(packet)
        },
        ..it
    })
}

/// A write that the leader has committed for this node extends this node's own lease.
pub(in crate::mutant) fn forwarded_writes_extend(parts: &Parts) -> Arc<dyn Tap> {
    struct Extends {
        host: Arc<dyn Host>,
        lease: Arc<Lease>,
        /// When each request that was passed on left, and under which lease.
        forwarded: Mutex<BTreeMap<CallId, (Reading, Generation)>>,
    }

    let (host, lease) = (Arc::clone(&parts.host), Arc::clone(&parts.lease));
    tap(Extends { host, lease, forwarded: Mutex::default() }, |_| Passing {
        leaving: |state, packet| {
            if let Message::Request { call, hop: Hop { forwarded: true, .. }, .. } = &packet.body {
                state.forwarded.lock().insert(*call, (state.host.monotonic(), state.lease.generation()));
            }
            Some(packet)
        },
        arriving: |state, packet, node| {
            if let Message::Reply { call, result } = &packet.body
                && let Some((begun, generation)) = state.forwarded.lock().remove(call)
                && let (Ok(Response::Written { .. }), Ok(base)) = (result, begun)
            {
                state.lease.extend(node.status(packet.group).term, base, generation);
            }
            Some(packet)
        },
    })
}
