//! The encoding of records for the fingerprint: tags and little-endian numbers, in tables of our own so that no library and no
//! change of an `enum`'s order can alter it by accident.

use super::{
    Completion, Fate, Fault, FaultPhase, Found, Head, Invocation, KeyId, OpId, Operation, ProcessChange, Record,
    StackRecord, StepId, What,
};
use crate::time::SimTime;
use crate::words::MessageKind;
use leasehold::env::{Address, GroupId, Instant, Lane, NodeId, ReplicaId, Stamp, nanos};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::{EndCause, Event, Membership, Miss, Role, RoundCause, ScriptTimes};
use leasehold::request::{Part, ReadPath};
use leasehold::transport::CallId;
use std::sync::Arc;
use std::time::Duration;

/// What stands for a value.
pub(super) trait Content {
    fn put(&self, bytes: &mut Vec<u8>);
}

/// A value that begins with a tag. It is never zero: that is the tag of nothing.
pub(super) trait Tagged: Content {}

impl<T: Tagged> Content for Option<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        match self {
            Some(value) => value.put(bytes),
            None => bytes.push(0),
        }
    }
}

/// The members of each set: the tag, by which the hash tells it from the others, and the fields behind it, in their order, without those that
/// say nothing (all of what it is `of`). A member that is new does not compile until it has a tag, nor a field until it has a place; a member that is gone
/// leaves its number unused.
macro_rules! tags {
    ($($set:ident {
        $($member:ident = $tag:literal $(($($field:ident),*))? $([$inner:ident])? $(of $silent:ident)? $(without ($($left:ident),*))?),* $(,)?
    })*) => {
        $(
            impl Tagged for $set {}

            impl Content for $set {
                fn put(&self, bytes: &mut Vec<u8>) {
                    match self {
                        $($set::$member { $($($field,)*)? $(0: $inner,)? $(0: $silent,)? $($($left: _,)*)? } => {
                            $(let _ = $silent;)?
                            bytes.push($tag);
                            $($($field.put(bytes);)*)?
                            $($inner.put(bytes);)?
                        })*
                    }
                }
            }
        )*

        #[cfg(test)]
        pub(super) const TAGS: &[(&str, &[u8])] = &[$((stringify!($set), &[$($tag),*])),*];
    };
}
pub(super) use tags;

tags! {
    What {
        Invoked = 1 [invocation], Completed = 2 (op, completion), Stack = 3 [told],
        Message = 4 (from, to, lane, fate, kind, head, stamp, echo), Fault = 5 [fault], Process = 6 (node, change),
        Busy = 7 (node, cores) without (disk), Clock = 8 (replica, clock, lease_until), Counted = 9 (replica) without (counts),
    }
    Fate { Delivered = 1, Cut = 2, Held = 3, Lost = 4 }
    MessageKind {
        Heartbeat = 1, HeartbeatResponse = 2, Append = 3, AppendResponse = 4, Snapshot = 5, PreVote = 6, PreVoteResponse = 7,
        Vote = 8, ForcedVote = 9, VoteResponse = 10, TimeoutNow = 11, Request = 12, Reply = 13,
    }
    ProcessChange { Started = 1 (incarnation), Killed = 2, Paused = 3, Resumed = 4, Failed = 5 (error) }
    FaultPhase { Activated = 1, Effective = 2, Refused = 3, Ended = 4, BeyondClaims = 5 }
    Operation { Get = 1 (key), Put = 2 (key), Cas = 3 (key, expected), Script = 4 (key, reads), Delete = 5 (key), Mget = 6 (keys) without (share), Scan = 7 (limit, keys) without (share) }
    Completion {
        Read = 1 (version, value, path), Written = 2 (version), Unexpected = 3 (version, value),
        Script = 4 (version, attempts, reads), Failed = 5 (error, outcome), Reads = 6 (found, parts),
    }
    ReadPath { Lease = 1, ReadIndex = 2 }
    Outcome { NotApplied = 1, Unknown = 2 }
    EndCause { RoleChange = 1, Transfer = 2, Stopped = 3, Failed = 4 [error], Removal = 5, DiskStalled = 6 }
    Lane { Heartbeat = 1, Bulk = 2, Request = 3 }
    Role { Follower = 1, PreCandidate = 2, Candidate = 3, Leader = 4 }
    Miss { Clock = 1, NotLeader = 2, Transfer = 3, NotCaughtUp = 4, Cold = 5, Expired = 6 }
    RoundCause { LeaseMiss = 1, Renewal = 2, Write = 3, InnerRead = 4 }
    ErrorKind {
        NotLeader = 1, LeadershipLost = 2, TransferInProgress = 3, LeaderNotFound = 4, WriteConflict = 5, RetriesExhausted = 6,
        Invalid = 7, DeadlineExceeded = 8, Transport = 9, Overloaded = 10, TransferRefused = 11, Storage = 13, Closed = 14,
        MembershipRefused = 15, Damaged = 16, Panicked = 17, Unroutable = 18, StaleRoute = 19, RangeInUse = 20,
    }
}

/// The same of what needs no tag.
macro_rules! fields {
    ($($of:ident ($($field:ident),*) $(without ($($left:ident),*))?;)*) => {
        $(impl Content for $of {
            fn put(&self, bytes: &mut Vec<u8>) {
                let $of { $($field,)* $($($left: _,)*)? } = self;
                $($field.put(bytes);)*
            }
        })*
    };
}

fields! {
    Record (at, what);
    StackRecord (replica, lease_until, event) without (clock, effect, moved);
    Invocation (op, client, via, due, operation);
    Found (version, value);
    Part (group, snapshot, path);
    Head (group, term, index, commit, entries, call, rejected, forwarded) without (beside, op, error);
    CallId (number) without (incarnation);
    StepId (name, time);
    ReplicaId (group, node);
    Membership (voters, outgoing, learners);
    ScriptTimes (rounds, lease_read, reads, write_fence, commit, backoff);
    Stamp (term, incarnation, round, sent_at);
}

/// To whom it did it shows in what follows.
impl Content for Fault {
    fn put(&self, bytes: &mut Vec<u8>) {
        let Fault { step, verb, phase, group: _, targets: _, how: _, evidence: _ } = self;
        step.put(bytes);
        verb.name().put(bytes);
        phase.put(bytes);
    }
}

macro_rules! numbers {
    ($($of:ty: |$value:ident| $number:expr;)*) => {
        $(impl Content for $of {
            fn put(&self, bytes: &mut Vec<u8>) {
                let $value = *self;
                bytes.extend_from_slice(&u64::from($number).to_le_bytes());
            }
        })*
    };
}

// Nodes and operations are numbered from 1 on: 0 is none.
numbers! {
    u64: |number| number;
    u32: |number| number;
    GroupId: |group| group.0;
    NodeId: |node| node.0;
    Option<NodeId>: |node| node.map_or(0, |node| node.0);
    OpId: |op| op.0;
    Option<OpId>: |writer| writer.map_or(0, |op| op.0);
    KeyId: |key| key.0;
    SimTime: |at| at.0;
    Option<SimTime>: |at| at.map_or(0, |at| at.0);
    Instant: |reading| reading.as_nanos();
    Option<u64>: |number| number.unwrap_or(0);
    Option<Instant>: |reading| reading.map_or(0, Instant::as_nanos);
    Duration: |duration| nanos(duration);
    Address: |address| match address {
        Address::Node(node) => node.0,
        Address::Client(client) => u64::from(client) | 1 << 63,
    };
}

impl Content for (KeyId, Option<Found>) {
    fn put(&self, bytes: &mut Vec<u8>) {
        let (key, found) = self;
        key.put(bytes);
        found.is_some().put(bytes);
        found.iter().for_each(|found| found.put(bytes));
    }
}

impl Content for bool {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(*self));
    }
}

impl Content for str {
    fn put(&self, bytes: &mut Vec<u8>) {
        (self.len() as u64).put(bytes);
        bytes.extend_from_slice(self.as_bytes());
    }
}

impl Content for Option<Stamp> {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.is_some().put(bytes);
        self.iter().for_each(|stamp| stamp.put(bytes));
    }
}

impl<T: Content> Content for Vec<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        (self.len() as u64).put(bytes);
        self.as_slice().put(bytes);
    }
}

/// Without its length, which another field tells.
impl<T: Content> Content for [T] {
    fn put(&self, bytes: &mut Vec<u8>) {
        self.iter().for_each(|value| value.put(bytes));
    }
}

impl<T: Content + ?Sized> Content for Arc<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        (**self).put(bytes);
    }
}

impl<T: Content + ?Sized> Content for Box<T> {
    fn put(&self, bytes: &mut Vec<u8>) {
        (**self).put(bytes);
    }
}

/// Writes one record after another, each from the beginning.
#[derive(Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// The content of a record; `None` of one that says how a process is set up, or what it counts: that follows from scenario and variant,
    /// or from what it did, and is no event.
    pub(super) fn encode(&mut self, record: &Record) -> Option<&[u8]> {
        if matches!(record.what, What::Stack(StackRecord { event: Event::Configured(_), .. }) | What::Counted { .. }) {
            return None;
        }
        self.bytes.clear();
        record.put(&mut self.bytes);
        Some(&self.bytes)
    }
}
