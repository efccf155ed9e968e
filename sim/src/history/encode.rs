//! The encoding of records for the fingerprint: tags and little-endian numbers, written by hand so that no library and no
//! change of an `enum`'s order can alter it by accident.

use super::{Completion, Fate, FaultPhase, Found, OpId, Operation, ProcessChange, Record, StackRecord, What};
use leasehold::env::{Address, Instant, Lane, NodeId, Stamp};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::{EndCause, Event, Miss, Role, RoundCause};
use leasehold::request::ReadPath;
use std::time::Duration;

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

    fn tag(&mut self, tag: u8) {
        self.bytes.push(tag);
    }

    fn number(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
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

    fn address(&mut self, address: Address) {
        match address {
            Address::Node(node) => self.number(node.0),
            Address::Client(client) => self.number(u64::from(client) | 1 << 63),
        }
    }

    fn what(&mut self, what: &What) {
        match what {
            What::Invoked(invocation) => {
                self.tag(1);
                self.number(invocation.op.0);
                self.number(u64::from(invocation.client));
                self.number(invocation.due.0);
                self.operation(&invocation.operation);
            }
            What::Completed { op, completion } => {
                self.tag(2);
                self.number(op.0);
                self.completion(completion);
            }
            What::Stack(record) => {
                self.tag(3);
                self.stack(record);
            }
            What::Message { from, to, lane, fate, kind, content, stamp, echo } => {
                self.tag(4);
                self.address(*from);
                self.address(*to);
                self.tag(lane_tag(*lane));
                self.tag(match fate {
                    Fate::Delivered => 1,
                    Fate::Cut => 2,
                    Fate::Held => 3,
                    Fate::Lost => 4,
                });
                self.text(kind);
                content.iter().for_each(|word| self.number(*word));
                [stamp, echo].into_iter().for_each(|stamp| self.stamp(*stamp));
            }
            What::Process { node, change } => {
                self.tagged(6, node.0);
                match change {
                    ProcessChange::Started { incarnation } => self.tagged(1, *incarnation),
                    ProcessChange::Killed => self.tag(2),
                    ProcessChange::Paused => self.tag(3),
                    ProcessChange::Resumed => self.tag(4),
                    ProcessChange::Failed { error } => {
                        self.tag(5);
                        self.tag(error_tag(*error));
                    }
                }
            }
            What::Cpu { node, busy } => {
                self.tagged(7, node.0);
                self.duration(*busy);
            }
            What::Clock { node, clock, lease_until } => {
                self.tagged(8, node.0);
                self.number(clock.as_nanos());
                self.number(lease_until.map_or(0, |until| until.0));
            }
            What::Fault { step, verb, phase, detail } => {
                self.tag(5);
                self.number(u64::from(*step));
                self.text(verb);
                self.tag(match phase {
                    FaultPhase::Activated => 1,
                    FaultPhase::Effective => 2,
                    FaultPhase::Refused => 3,
                    FaultPhase::Ended => 4,
                    FaultPhase::BeyondClaims => 5,
                });
                self.text(detail);
            }
        }
    }

    fn stamp(&mut self, stamp: Option<Stamp>) {
        self.tag(u8::from(stamp.is_some()));
        if let Some(Stamp { term, incarnation, round, sent_at }) = stamp {
            [term, incarnation, round, sent_at.as_nanos()].into_iter().for_each(|number| self.number(number));
        }
    }

    fn operation(&mut self, operation: &Operation) {
        match operation {
            Operation::Get { key } => self.tagged(1, key.0),
            Operation::Put { key } => self.tagged(2, key.0),
            Operation::Cas { key, expected } => {
                self.tagged(3, key.0);
                self.writer(*expected);
            }
            Operation::Script { reads, key } => {
                self.tagged(4, key.0);
                reads.iter().for_each(|key| self.number(u64::from(key.0)));
            }
        }
    }

    fn tagged(&mut self, tag: u8, number: impl Into<u64>) {
        self.tag(tag);
        self.number(number.into());
    }

    /// The operation that wrote a value. They are numbered from 1 on.
    fn writer(&mut self, writer: Option<OpId>) {
        self.number(writer.map_or(0, |op| op.0));
    }

    fn completion(&mut self, completion: &Completion) {
        match completion {
            Completion::Read { version, value, path } => {
                self.tagged(1, *version);
                self.writer(*value);
                self.tag(match path {
                    ReadPath::Lease => 1,
                    ReadPath::ReadIndex => 2,
                });
            }
            Completion::Written { version } => self.tagged(2, *version),
            Completion::Unexpected { version, value } => {
                self.tagged(3, *version);
                self.writer(*value);
            }
            Completion::Script { reads, version, attempts } => {
                self.tagged(4, *version);
                self.number(u64::from(*attempts));
                for Found { version, value } in reads.iter() {
                    self.number(*version);
                    self.writer(*value);
                }
            }
            Completion::Failed { error, outcome } => {
                self.tag(5);
                self.tag(error_tag(*error));
                self.tag(match outcome {
                    Outcome::NotApplied => 1,
                    Outcome::Unknown => 2,
                });
            }
        }
    }

    fn stack(&mut self, record: &StackRecord) {
        self.number(record.node.0);
        self.number(record.lease_until.map_or(0, |until| until.0));
        match &record.event {
            Event::Role { role, term, leader } => {
                self.tagged(1, *term);
                self.tag(role_tag(*role));
                self.node(*leader);
            }
            Event::CaughtUp { term, index } => {
                self.tagged(2, *term);
                self.number(*index);
            }
            Event::LeaseExtended { term, generation, base, expiry } => {
                self.tagged(3, *term);
                self.number(*generation);
                self.number(base.as_nanos());
                self.number(expiry.as_nanos());
            }
            Event::LeaseEnded { generation, cause, held } => {
                self.tagged(4, *generation);
                self.cause(*cause);
                self.tag(u8::from(*held));
            }
            Event::LeaseRead { miss, now } => {
                self.tag(5);
                self.tag(miss.map_or(0, miss_tag));
                self.number(now.map_or(0, Instant::as_nanos));
            }
            Event::RoundStarted { cause, again } => {
                self.tag(6);
                self.tag(round_tag(*cause));
                self.tag(u8::from(*again));
            }
            Event::RoundEnded { cause, waited, confirmed } => {
                self.tag(7);
                self.tag(round_tag(*cause));
                self.duration(*waited);
                self.tag(u8::from(*confirmed));
            }
            Event::TransferStarted { to } => self.tagged(8, to.0),
            Event::TransferAborted { to } => self.tagged(9, to.0),
            Event::StaleTimeoutNow => self.tag(10),
            Event::TimeoutNowSent { to } => self.tagged(40, to.0),
            Event::QuorumChecked { confirmed } => self.tagged(41, u64::from(*confirmed)),
            Event::Applied { index, term, digest } => {
                self.tagged(11, *index);
                self.number(*term);
                self.number(u64::from(*digest));
            }
            Event::VoteWithheld { from } => self.tagged(18, from.0),
            Event::Appended { index, term, digest } => {
                self.tagged(17, *index);
                self.number(*term);
                self.number(u64::from(*digest));
            }
            Event::ChangeAppended { index } => self.tagged(19, *index),
            Event::Membership { index, members } => {
                self.tagged(20, *index);
                for nodes in [&members.voters, &members.outgoing, &members.learners] {
                    self.number(nodes.len() as u64);
                    nodes.iter().for_each(|node| self.number(node.0));
                }
            }
            Event::CampaignedAmidChange { index, commit } => {
                self.tagged(21, *index);
                self.number(*commit);
            }
            Event::SnapshotTaken { index, term, digest, bytes } => {
                self.tagged(22, *index);
                [*term, u64::from(*digest), *bytes].into_iter().for_each(|number| self.number(number));
            }
            Event::SnapshotSent { to, index } => {
                self.tagged(23, to.0);
                self.number(*index);
            }
            Event::SnapshotUnanswered { by } => self.tagged(24, by.0),
            Event::SnapshotRestored { index, term, digest, from } => {
                self.tagged(25, *index);
                [*term, u64::from(*digest)].into_iter().for_each(|number| self.number(number));
                self.node(*from);
            }
            Event::LogCompacted { first } => self.tagged(26, *first),
            Event::Conflict { index } => self.tagged(12, *index),
            Event::Script { reads, attempts, times } => {
                self.tagged(13, *attempts);
                [*reads, times.rounds].into_iter().for_each(|number| self.number(u64::from(number)));
                [times.lease_read, times.reads, times.write_fence, times.commit, times.backoff]
                    .into_iter()
                    .for_each(|time| self.duration(time));
            }
            Event::LaneFull { to, lane } => {
                self.tagged(14, to.0);
                self.tag(lane_tag(*lane));
            }
            Event::InboxFull { lane } => {
                self.tag(15);
                self.tag(lane_tag(*lane));
            }
            // For how long it withholds its vote follows from how it is set up.
            Event::Opened { term, vote, last_index, last_term, withholds: _ } => {
                self.tagged(17, *term);
                self.node(*vote);
                [*last_index, *last_term].into_iter().for_each(|number| self.number(number));
            }
            Event::Voted { term, vote } => {
                self.tagged(18, *term);
                self.node(*vote);
            }
            // No event, see above.
            Event::Configured(_) => {}
            Event::Stopped { error } => {
                self.tag(16);
                self.tag(error.map_or(0, error_tag));
            }
        }
    }

    fn cause(&mut self, cause: EndCause) {
        match cause {
            EndCause::RoleChange => self.tag(1),
            EndCause::Transfer => self.tag(2),
            EndCause::Stopped => self.tag(3),
            EndCause::Removal => self.tag(5),
            EndCause::Failed(kind) => {
                self.tag(4);
                self.tag(error_tag(kind));
            }
        }
    }
}

fn lane_tag(lane: Lane) -> u8 {
    match lane {
        Lane::Heartbeat => 1,
        Lane::Bulk => 2,
        Lane::Request => 3,
    }
}

fn role_tag(role: Role) -> u8 {
    match role {
        Role::Follower => 1,
        Role::PreCandidate => 2,
        Role::Candidate => 3,
        Role::Leader => 4,
    }
}

fn miss_tag(miss: Miss) -> u8 {
    match miss {
        Miss::Clock => 1,
        Miss::NotLeader => 2,
        Miss::Transfer => 3,
        Miss::NotCaughtUp => 4,
        Miss::Cold => 5,
        Miss::Expired => 6,
    }
}

fn round_tag(cause: RoundCause) -> u8 {
    match cause {
        RoundCause::LeaseMiss => 1,
        RoundCause::Renewal => 2,
        RoundCause::Write => 3,
        RoundCause::InnerRead => 4,
    }
}

fn error_tag(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::NotLeader => 1,
        ErrorKind::LeadershipLost => 2,
        ErrorKind::TransferInProgress => 3,
        ErrorKind::LeaderNotFound => 4,
        ErrorKind::WriteConflict => 5,
        ErrorKind::RetriesExhausted => 6,
        ErrorKind::Invalid => 7,
        ErrorKind::DeadlineExceeded => 8,
        ErrorKind::Transport => 9,
        ErrorKind::Overloaded => 10,
        ErrorKind::TransferRefused => 11,
        ErrorKind::MembershipRefused => 15,
        ErrorKind::Storage => 13,
        ErrorKind::Damaged => 16,
        ErrorKind::Closed => 14,
    }
}
