//! The encoding of records for the fingerprint: tags and little-endian numbers, written by hand so that no library and no
//! change of an `enum`'s order can alter it by accident.

use super::{Completion, Fate, FaultPhase, Found, Head, OpId, Operation, ProcessChange, Record, StackRecord, What};
use crate::words::MessageKind;
use leasehold::env::{Address, Instant, Lane, NodeId, ReplicaId, Stamp};
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
        const TAGS: &[(&str, &[u8])] = &[$((stringify!($set), &[$($tag),*])),*];
    };
}

trait Tagged {
    /// Never zero: that is the tag of nothing.
    fn tag(&self) -> u8;
}

tags! {
    What {
        Invoked = 1, Completed = 2, Stack = 3, Message = 4, Fault = 5, Process = 6, Cpu = 7, Clock = 8,
    }
    Event {
        Role = 1, CaughtUp = 2, LeaseExtended = 3, LeaseEnded = 4, LeaseRead = 5, RoundStarted = 6, RoundEnded = 7,
        TransferStarted = 8, TransferAborted = 9, StaleTimeoutNow = 10, Applied = 11, Conflict = 12, Script = 13, LaneFull = 14,
        InboxFull = 15, Stopped = 16, Appended = 17, VoteWithheld = 18, ChangeAppended = 19, Membership = 20,
        CampaignedAmidChange = 21, SnapshotTaken = 22, SnapshotSent = 23, SnapshotUnanswered = 24, SnapshotRestored = 25,
        LogCompacted = 26, TimeoutNowSent = 27, QuorumChecked = 28, Opened = 29, Voted = 30, Configured = 31,
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

    fn tag(&mut self, of: &impl Tagged) {
        self.bytes.push(of.tag());
    }

    fn optional(&mut self, of: Option<&impl Tagged>) {
        self.bytes.push(of.map_or(0, Tagged::tag));
    }

    fn flag(&mut self, flag: bool) {
        self.bytes.push(u8::from(flag));
    }

    fn number(&mut self, number: impl Into<u64>) {
        self.bytes.extend_from_slice(&number.into().to_le_bytes());
    }

    fn numbers(&mut self, numbers: impl IntoIterator<Item = u64>) {
        numbers.into_iter().for_each(|number| self.number(number));
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn duration(&mut self, duration: Duration) {
        self.number(leasehold::env::nanos(duration));
    }

    fn node(&mut self, node: Option<NodeId>) {
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
        self.tag(&record.event);
        match &record.event {
            Event::Role { role, term, leader } => {
                self.number(*term);
                self.tag(role);
                self.node(*leader);
            }
            Event::CaughtUp { term, index } => self.numbers([*term, *index]),
            Event::LeaseExtended { term, generation, base, expiry } => {
                self.numbers([*term, *generation, base.as_nanos(), expiry.as_nanos()]);
            }
            Event::LeaseEnded { generation, cause, held } => {
                self.number(*generation);
                self.tag(cause);
                if let EndCause::Failed(kind) = cause {
                    self.tag(kind);
                }
                self.flag(*held);
            }
            Event::LeaseRead { miss, now, again } => {
                self.optional(miss.as_ref());
                self.flag(*again);
                self.number(now.map_or(0, Instant::as_nanos));
            }
            Event::RoundStarted { cause, again } => {
                self.tag(cause);
                self.flag(*again);
            }
            Event::RoundEnded { cause, waited, confirmed } => {
                self.tag(cause);
                self.duration(*waited);
                self.flag(*confirmed);
            }
            Event::TransferStarted { to } | Event::TransferAborted { to } | Event::TimeoutNowSent { to } => {
                self.number(to.0);
            }
            Event::QuorumChecked { confirmed } => self.flag(*confirmed),
            Event::Applied { index, term, digest } | Event::Appended { index, term, digest } => {
                self.numbers([*index, *term, u64::from(*digest)]);
            }
            Event::VoteWithheld { from } => self.number(from.0),
            Event::SnapshotUnanswered { by } => self.number(by.0),
            Event::ChangeAppended { index } | Event::Conflict { index } | Event::LogCompacted { first: index } => {
                self.number(*index);
            }
            Event::Membership { index, members } => {
                self.number(*index);
                for nodes in [&members.voters, &members.outgoing, &members.learners] {
                    self.number(nodes.len() as u64);
                    self.numbers(nodes.iter().map(|node| node.0));
                }
            }
            Event::CampaignedAmidChange { index, commit } => self.numbers([*index, *commit]),
            Event::SnapshotTaken { index, term, digest, bytes } => {
                self.numbers([*index, *term, u64::from(*digest), *bytes]);
            }
            Event::SnapshotSent { to, index } => self.numbers([to.0, *index]),
            Event::SnapshotRestored { index, term, digest, from } => {
                self.numbers([*index, *term, u64::from(*digest)]);
                self.node(*from);
            }
            Event::Script { reads, attempts, times } => {
                self.numbers([*attempts, *reads, times.rounds].map(u64::from));
                [times.lease_read, times.reads, times.write_fence, times.commit, times.backoff]
                    .into_iter()
                    .for_each(|time| self.duration(time));
            }
            Event::LaneFull { to, lane } => {
                self.number(to.0);
                self.tag(lane);
            }
            Event::InboxFull { lane } => self.tag(lane),
            // For how long it withholds its vote follows from how it is set up.
            Event::Opened { term, vote, last_index, last_term, withholds: _ } => {
                self.number(*term);
                self.node(*vote);
                self.numbers([*last_index, *last_term]);
            }
            Event::Voted { term, vote } => {
                self.number(*term);
                self.node(*vote);
            }
            Event::Stopped { error } => self.optional(error.as_ref()),
            // No event, see above; and nothing but its name.
            Event::Configured(_) | Event::StaleTimeoutNow => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_members_of_a_set_have_the_same_tag_and_none_that_of_nothing() {
        for (set, tags) in TAGS {
            let distinct: BTreeSet<_> = tags.iter().collect();
            assert!(distinct.len() == tags.len() && !distinct.contains(&0), "the tags of {set}: {tags:?}");
        }
    }
}
