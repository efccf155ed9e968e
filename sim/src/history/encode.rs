//! The encoding of records for the fingerprint: tags and little-endian numbers, written by hand so that no library and no
//! change of an `enum`'s order can alter it by accident.

use super::{Completion, Fate, FaultPhase, Found, Head, OpId, Operation, ProcessChange, Record, StackRecord, What};
use crate::words::MessageKind;
use leasehold::env::{Address, Lane, NodeId, ReplicaId, Stamp};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::{EndCause, Event, Miss, Role, RoundCause};
use leasehold::request::ReadPath;
use std::time::Duration;

/// The tag of each member of each set, by which the hash tells them apart. A member that is new does not compile until it has one;
/// one that is gone leaves its number unused.
macro_rules! tags {
    ($($set:ident { $($member:ident = $tag:literal),* $(,)? })*) => {
        $(
            impl Tagged for $set {
                fn tag(&self) -> u8 {
                    match self {
                        $($set::$member { .. } => $tag,)*
                    }
                }
            }
        )*

        #[cfg(test)]
        pub(super) const TAGS: &[(&str, &[u8])] = &[$((stringify!($set), &[$($tag),*])),*];
    };
}
pub(super) use tags;

pub(super) trait Tagged {
    /// Never zero: that is the tag of nothing.
    fn tag(&self) -> u8;
}

tags! {
    What {
        Invoked = 1, Completed = 2, Stack = 3, Message = 4, Fault = 5, Process = 6, Cpu = 7, Clock = 8,
    }
    Fate { Delivered = 1, Cut = 2, Held = 3, Lost = 4 }
    MessageKind {
        Heartbeat = 1, HeartbeatResponse = 2, Append = 3, AppendResponse = 4, Snapshot = 5, PreVote = 6, PreVoteResponse = 7,
        Vote = 8, ForcedVote = 9, VoteResponse = 10, TimeoutNow = 11, Request = 12, Reply = 13,
    }
    ProcessChange { Started = 1, Killed = 2, Paused = 3, Resumed = 4, Failed = 5 }
    FaultPhase { Activated = 1, Effective = 2, Refused = 3, Ended = 4, BeyondClaims = 5 }
    Operation { Get = 1, Put = 2, Cas = 3, Script = 4 }
    Completion { Read = 1, Written = 2, Unexpected = 3, Script = 4, Failed = 5 }
    ReadPath { Lease = 1, ReadIndex = 2 }
    Outcome { NotApplied = 1, Unknown = 2 }
    EndCause { RoleChange = 1, Transfer = 2, Stopped = 3, Failed = 4, Removal = 5 }
    Lane { Heartbeat = 1, Bulk = 2, Request = 3 }
    Role { Follower = 1, PreCandidate = 2, Candidate = 3, Leader = 4 }
    Miss { Clock = 1, NotLeader = 2, Transfer = 3, NotCaughtUp = 4, Cold = 5, Expired = 6 }
    RoundCause { LeaseMiss = 1, Renewal = 2, Write = 3, InnerRead = 4 }
    ErrorKind {
        NotLeader = 1, LeadershipLost = 2, TransferInProgress = 3, LeaderNotFound = 4, WriteConflict = 5, RetriesExhausted = 6,
        Invalid = 7, DeadlineExceeded = 8, Transport = 9, Overloaded = 10, TransferRefused = 11, Storage = 13, Closed = 14,
        MembershipRefused = 15, Damaged = 16,
    }
}

/// Writes one record after another, each from the beginning.
#[derive(Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// The content of a record; `None` of one that says how a process is set up: that follows from scenario and variant, and is
    /// no event.
    pub(super) fn encode(&mut self, record: &Record) -> Option<&[u8]> {
        if matches!(record.what, What::Stack(StackRecord { event: Event::Configured(_), .. })) {
            return None;
        }
        self.bytes.clear();
        self.number(record.at.0);
        self.what(&record.what);
        Some(&self.bytes)
    }

    pub(super) fn tag(&mut self, of: &impl Tagged) {
        self.bytes.push(of.tag());
    }

    pub(super) fn optional(&mut self, of: Option<&impl Tagged>) {
        self.bytes.push(of.map_or(0, Tagged::tag));
    }

    pub(super) fn flag(&mut self, flag: bool) {
        self.bytes.push(u8::from(flag));
    }

    pub(super) fn number(&mut self, number: impl Into<u64>) {
        self.bytes.extend_from_slice(&number.into().to_le_bytes());
    }

    pub(super) fn numbers(&mut self, numbers: impl IntoIterator<Item = u64>) {
        numbers.into_iter().for_each(|number| self.number(number));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(super) fn duration(&mut self, duration: Duration) {
        self.number(leasehold::env::nanos(duration));
    }

    pub(super) fn node(&mut self, node: Option<NodeId>) {
        self.number(node.map_or(0, |node| node.0));
    }

    fn replica(&mut self, ReplicaId { group, node }: ReplicaId) {
        self.numbers([group.0, node.0]);
    }

    fn address(&mut self, address: Address) {
        match address {
            Address::Node(node) => self.number(node.0),
            Address::Client(client) => self.number(u64::from(client) | 1 << 63),
        }
    }

    /// The operation that wrote a value. They are numbered from 1 on.
    fn writer(&mut self, writer: Option<OpId>) {
        self.number(writer.map_or(0, |op| op.0));
    }

    fn what(&mut self, what: &What) {
        self.tag(what);
        match what {
            What::Invoked(invocation) => {
                self.numbers([invocation.op.0, u64::from(invocation.client), invocation.via.0, invocation.due.0]);
                self.operation(&invocation.operation);
            }
            What::Completed { op, completion } => {
                self.number(op.0);
                self.completion(completion);
            }
            What::Stack(record) => self.stack(record),
            What::Message { from, to, lane, fate, kind, head, stamp, echo } => {
                self.address(*from);
                self.address(*to);
                self.tag(lane);
                self.tag(fate);
                self.tag(kind);
                self.head(head);
                self.stamp(*stamp);
                self.stamp(*echo);
            }
            What::Process { node, change } => {
                self.number(node.0);
                self.tag(change);
                match change {
                    ProcessChange::Started { incarnation } => self.number(*incarnation),
                    ProcessChange::Failed { error } => self.tag(error),
                    ProcessChange::Killed | ProcessChange::Paused | ProcessChange::Resumed => {}
                }
            }
            What::Cpu { node, busy } => {
                self.number(node.0);
                self.duration(*busy);
            }
            What::Clock { replica, clock, lease_until } => {
                self.replica(*replica);
                self.numbers([clock.as_nanos(), lease_until.map_or(0, |until| until.0)]);
            }
            // To whom it did it shows in what follows.
            What::Fault(fault) => {
                self.text(&fault.step.name);
                self.number(fault.step.time);
                self.text(fault.verb.name());
                self.tag(&fault.phase);
            }
        }
    }

    fn head(&mut self, head: &Head) {
        let Head { group, term, index, commit, entries, rejected, call, forwarded } = *head;
        self.numbers([group.0, term, index, commit, entries, call]);
        self.flag(rejected);
        self.flag(forwarded);
    }

    fn stamp(&mut self, stamp: Option<Stamp>) {
        self.flag(stamp.is_some());
        if let Some(Stamp { term, incarnation, round, sent_at }) = stamp {
            self.numbers([term, incarnation, round, sent_at.as_nanos()]);
        }
    }

    fn operation(&mut self, operation: &Operation) {
        self.tag(operation);
        match operation {
            Operation::Get { key } | Operation::Put { key } => self.number(key.0),
            Operation::Cas { key, expected } => {
                self.number(key.0);
                self.writer(*expected);
            }
            Operation::Script { reads, key } => {
                self.number(key.0);
                self.numbers(reads.iter().map(|key| u64::from(key.0)));
            }
        }
    }

    fn completion(&mut self, completion: &Completion) {
        self.tag(completion);
        match completion {
            Completion::Read { version, value, path } => {
                self.number(*version);
                self.writer(*value);
                self.tag(path);
            }
            Completion::Written { version } => self.number(*version),
            Completion::Unexpected { version, value } => {
                self.number(*version);
                self.writer(*value);
            }
            Completion::Script { reads, version, attempts } => {
                self.numbers([*version, u64::from(*attempts)]);
                for Found { version, value } in reads.iter() {
                    self.number(*version);
                    self.writer(*value);
                }
            }
            Completion::Failed { error, outcome } => {
                self.tag(error);
                self.tag(outcome);
            }
        }
    }

    fn stack(&mut self, record: &StackRecord) {
        self.replica(record.replica);
        self.number(record.lease_until.map_or(0, |until| until.0));
        self.event(&record.event);
    }
}
