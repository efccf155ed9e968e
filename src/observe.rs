//! What the stack tells about itself: one typed event, handed to a sink.
//!
//! Events are small and are copied; nothing in them is formatted until somebody wants to read it.

use crate::env::{Env, Instant, Lane, NodeId};
use crate::error::ErrorKind;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Takes the stack's events. Must not block.
pub trait Sink: Send + Sync + 'static {
    /// Takes one event.
    fn observe(&self, event: Event);

    /// Sees an entry's command and what applying it answered, right before [`Event::Applied`] is told of it. For who reads
    /// along what the log does to the store; most need not.
    fn effect(&self, index: u64, command: &[u8], response: &[u8]) {
        let _ = (index, command, response);
    }
}

/// What a process runs on: the seams and the sink in one.
pub trait Host: Env + Sink {}

impl<T: Env + Sink> Host for T {}

/// A node's role in its Raft group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Role {
    /// Follows a leader, or waits for one.
    #[default]
    Follower,
    /// Asks whether it would be elected.
    PreCandidate,
    /// Stands for election.
    Candidate,
    /// Leads.
    Leader,
}

impl Role {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Follower => "follower",
            Role::PreCandidate => "pre-candidate",
            Role::Candidate => "candidate",
            Role::Leader => "leader",
        }
    }
}

/// Who belongs to a Raft group, and who decides in it. Each list ascends.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Membership {
    /// Those who vote. Of a joint configuration: those who will.
    pub voters: Vec<NodeId>,
    /// Of a joint configuration, those who voted before it: until it is left, a majority of them is needed too.
    pub outgoing: Vec<NodeId>,
    /// Those who take the log and have no vote.
    pub learners: Vec<NodeId>,
}

impl Membership {
    /// Two majorities decide.
    pub fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Has `node` a vote, in either half?
    pub fn votes(&self, node: NodeId) -> bool {
        self.voters.contains(&node) || self.outgoing.contains(&node)
    }

    /// Does `node` take the log?
    pub fn contains(&self, node: NodeId) -> bool {
        self.votes(node) || self.learners.contains(&node)
    }

    /// Are the nodes of which `is_in` holds a majority of each half?
    pub fn is_quorum(&self, is_in: impl Fn(NodeId) -> bool) -> bool {
        let majority = |half: &[NodeId]| half.iter().filter(|node| is_in(**node)).count() > half.len() / 2;
        majority(&self.voters) && (self.outgoing.is_empty() || majority(&self.outgoing))
    }
}

impl fmt::Display for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |nodes: &[NodeId]| nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ");
        f.write_str(&named(&self.voters))?;
        if self.is_joint() {
            write!(f, " and {}", named(&self.outgoing))?;
        }
        if !self.learners.is_empty() {
            write!(f, ", learning {}", named(&self.learners))?;
        }
        Ok(())
    }
}

/// Why a lease read was not answered from the lease: the first rule of the gate that failed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Miss {
    /// The clock cannot be read.
    Clock,
    /// This node does not lead.
    NotLeader,
    /// A leadership transfer is under way, or has ended and the lease is not yet regained.
    Transfer,
    /// No entry of this leader's own term is applied yet.
    NotCaughtUp,
    /// No lease is held for this term.
    Cold,
    /// The lease has run out.
    Expired,
}

impl Miss {
    /// Every reason.
    pub const ALL: [Miss; 6] =
        [Miss::Clock, Miss::NotLeader, Miss::Transfer, Miss::NotCaughtUp, Miss::Cold, Miss::Expired];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Miss::Clock => "clock",
            Miss::NotLeader => "not-leader",
            Miss::Transfer => "transfer",
            Miss::NotCaughtUp => "not-caught-up",
            Miss::Cold => "cold",
            Miss::Expired => "expired",
        }
    }

    /// Does the miss count against the fast path? Not where there was no leader with an applied entry of its own term.
    pub const fn counts(self) -> bool {
        match self {
            Miss::NotLeader | Miss::NotCaughtUp => false,
            Miss::Clock | Miss::Transfer | Miss::Cold | Miss::Expired => true,
        }
    }
}

/// Why a lease was ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EndCause {
    /// The node's role or term changed.
    RoleChange,
    /// A leadership transfer began.
    Transfer,
    /// The leader lost its vote: it was removed, or made a learner.
    Removal,
    /// The leader's disk stands still.
    DiskStalled,
    /// The engine stopped.
    Stopped,
    /// An operation failed with an error of this kind.
    Failed(ErrorKind),
}

impl EndCause {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            EndCause::RoleChange => "role-change",
            EndCause::Transfer => "transfer",
            EndCause::Removal => "removal",
            EndCause::DiskStalled => "disk-stalled",
            EndCause::Stopped => "stopped",
            EndCause::Failed(kind) => kind.name(),
        }
    }
}

/// Who pays for a ReadIndex round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RoundCause {
    /// A lease read that missed.
    LeaseMiss,
    /// The renewal of the lease.
    Renewal,
    /// A write that verifies leadership before its proposal.
    Write,
    /// A read inside a script that runs a fence of its own.
    InnerRead,
}

impl RoundCause {
    /// Every cause.
    pub const ALL: [RoundCause; 4] =
        [RoundCause::LeaseMiss, RoundCause::Renewal, RoundCause::Write, RoundCause::InnerRead];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            RoundCause::LeaseMiss => "lease_miss",
            RoundCause::Renewal => "renewal",
            RoundCause::Write => "write",
            RoundCause::InnerRead => "inner_read",
        }
    }
}

/// Where the time of a script went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScriptTimes {
    /// Lease reads at the start of each attempt, ReadIndex rounds included.
    pub lease_read: Duration,
    /// Reads from the snapshot.
    pub reads: Duration,
    /// ReadIndex rounds before the write's proposal.
    pub write_fence: Duration,
    /// Proposal to applied, conflicts included.
    pub commit: Duration,
    /// Backoff between attempts.
    pub backoff: Duration,
    /// Not a time: how many ReadIndex rounds it waited for.
    pub rounds: u32,
}

impl ScriptTimes {
    /// Those of another script as well.
    pub fn add(&mut self, other: &Self) {
        let Self { lease_read, reads, write_fence, commit, backoff, rounds } = other;
        self.lease_read += *lease_read;
        self.reads += *reads;
        self.write_fence += *write_fence;
        self.commit += *commit;
        self.backoff += *backoff;
        self.rounds += rounds;
    }
}

/// How the timers of a process are set: what a lease rests on, and how long it is (invariant W12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// One step of Raft's clock.
    pub tick: Duration,
    /// How often a leader lets itself be heard.
    pub heartbeat: Duration,
    /// For how long after it has heard its leader a follower refuses its vote to others, give or take a tick. Zero: it refuses it to nobody.
    pub promise: Duration,
    /// How long at least a follower hears nobody before it stands for election.
    pub patience: Duration,
    /// How long a lease lasts from its base on. `None`: none is granted, as no voter promises anything.
    pub lease: Option<Duration>,
    /// The engine renews the lease by itself, whether anybody reads or not.
    pub renews: bool,
}

/// What happened inside a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The process begins, with its timers set like this. Told once, before anything else.
    Configured(Timing),
    /// Role, term or known leader changed.
    Role {
        /// The new role.
        role: Role,
        /// The new term.
        term: u64,
        /// Who leads.
        leader: Option<NodeId>,
    },
    /// An entry of the leader's own term is applied: from here on it may serve local reads.
    CaughtUp {
        /// That term.
        term: u64,
        /// The index applied.
        index: u64,
    },
    /// The lease was extended.
    LeaseExtended {
        /// The term it holds in.
        term: u64,
        /// Its generation.
        generation: u64,
        /// The local time it is counted from.
        base: Instant,
        /// The local time at which it runs out.
        expiry: Instant,
    },
    /// The lease was ended before its time, or would have been had it been held.
    LeaseEnded {
        /// The generation that ended.
        generation: u64,
        /// Why.
        cause: EndCause,
        /// Was a lease in force?
        held: bool,
    },
    /// A lease read was decided.
    LeaseRead {
        /// `None`: answered from the lease.
        miss: Option<Miss>,
        /// The clock reading that it was decided by; `None`: the clock could not be read.
        now: Option<Instant>,
        /// The same read was decided before, and its node only tries it again: no hit rate counts it a second time.
        again: bool,
    },
    /// A ReadIndex round began.
    RoundStarted {
        /// Who pays.
        cause: RoundCause,
        /// Is it a repetition, under a new context, of a round that was not answered in time?
        again: bool,
    },
    /// A ReadIndex request, its repetitions included, ended, or was given up by who had asked.
    RoundEnded {
        /// Who paid.
        cause: RoundCause,
        /// How long it took.
        waited: Duration,
        /// Was leadership confirmed?
        confirmed: bool,
    },
    /// A leadership transfer was accepted.
    TransferStarted {
        /// To whom.
        to: NodeId,
    },
    /// A leadership transfer was given up; this node still leads.
    TransferAborted {
        /// To whom it would have gone.
        to: NodeId,
    },
    /// A leader that hands over has told its successor to stand for election at once (`TimeoutNow`).
    TimeoutNowSent {
        /// To whom.
        to: NodeId,
    },
    /// A leader has counted, as it does once an election timeout (CheckQuorum), whether a quorum has answered since the last time.
    QuorumChecked {
        /// Did it? If not, it leads no more.
        confirmed: bool,
    },
    /// A `TimeoutNow` was thrown away because the receiver's log had moved on since it was sent (rule RL.4).
    StaleTimeoutNow,
    /// A request for a vote was ignored: this node has started too short a time ago to know whom it has promised what (rule RL.5).
    VoteWithheld {
        /// Who asked.
        from: NodeId,
    },
    /// A node that was there before has opened its log; what it has found is durable.
    Opened {
        /// The term.
        term: u64,
        /// For whom it has voted in that term.
        vote: Option<NodeId>,
        /// Index of the last entry.
        last_index: u64,
        /// Term of the last entry.
        last_term: u64,
        /// For how long from now on this node will grant no vote, as it cannot know what it has promised (rule RL.5).
        withholds: Duration,
    },
    /// Another term or vote is durable.
    Voted {
        /// The term.
        term: u64,
        /// For whom this node has voted in that term.
        vote: Option<NodeId>,
    },
    /// An entry is durable in this node's log; what it had at this index and after it is gone.
    Appended {
        /// Its index.
        index: u64,
        /// Its term.
        term: u64,
        /// CRC-32 of its content.
        digest: u32,
    },
    /// An entry was applied.
    Applied {
        /// Its index.
        index: u64,
        /// Its term.
        term: u64,
        /// CRC-32 of its content.
        digest: u32,
    },
    /// A change of membership is durable in this node's log, at this index.
    ChangeAppended {
        /// Its index.
        index: u64,
    },
    /// This node counts votes and acknowledgements by these members from now on: by the last change in its log, applied or not. Who never
    /// tells it counts by what it has applied.
    Counts {
        /// The members.
        members: Arc<Membership>,
    },
    /// This node goes by another membership: it has applied a change, or has it from a snapshot.
    Membership {
        /// The index applied.
        index: u64,
        /// The membership from there on.
        members: Arc<Membership>,
    },
    /// This node stands for election with a change of membership in its log that it has not applied.
    CampaignedAmidChange {
        /// Index of the change.
        index: u64,
        /// Its commit index. A change up to there ought to be applied first (raft-rs #225).
        commit: u64,
    },
    /// The state machine's state was written into a snapshot.
    SnapshotTaken {
        /// Index of the last entry in it.
        index: u64,
        /// That entry's term.
        term: u64,
        /// CRC-32 of the state.
        digest: u32,
        /// Length of the state.
        bytes: u64,
    },
    /// A snapshot left for a follower that needs entries which the log no longer has.
    SnapshotSent {
        /// To whom.
        to: NodeId,
        /// Index of the last entry in it.
        index: u64,
    },
    /// A snapshot was not taken, or not acknowledged within an election timeout; it is sent again if need be.
    SnapshotUnanswered {
        /// By whom.
        by: NodeId,
    },
    /// The state machine goes on from a snapshot, which is durable.
    SnapshotRestored {
        /// Index of the last entry in it.
        index: u64,
        /// That entry's term.
        term: u64,
        /// CRC-32 of the state.
        digest: u32,
        /// Who sent it. `None`: this node starts again on what it had itself kept.
        from: Option<NodeId>,
    },
    /// The log was cut at its front, durably.
    LogCompacted {
        /// Index of the first entry that it still has.
        first: u64,
    },
    /// A transaction was refused at apply.
    Conflict {
        /// Index of the refused entry.
        index: u64,
    },
    /// A request was refused: its group does not have a key of it.
    StaleRoute {
        /// Index of the refused entry; `None`: it was a read.
        index: Option<u64>,
        /// The version of the key's range that the group knows.
        version: u64,
    },
    /// A script ended, successfully or not.
    Script {
        /// How many keys it read.
        reads: u32,
        /// How many attempts it made.
        attempts: u32,
        /// Where its time went.
        times: ScriptTimes,
    },
    /// A message was not sent: the lane's queue to that peer was full.
    LaneFull {
        /// The peer.
        to: NodeId,
        /// The lane.
        lane: Lane,
    },
    /// A message was refused: the receiving engine's queue was full.
    InboxFull {
        /// The lane it came by.
        lane: Lane,
    },
    /// A write of this leader has been under way for so long that it sets about to lead no more.
    DiskStalled {
        /// How long, give or take a tick.
        waited: Duration,
    },
    /// The engine stopped.
    Stopped {
        /// The error that stopped it, if it was one.
        error: Option<ErrorKind>,
    },
}
