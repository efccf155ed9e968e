//! Consensus: what the layers above may rely on.
//!
//! One event loop a node and group. Status, applied index and quorum acknowledgements are *published* after fsync and apply;
//! readers run beside the loop and see only what is published.

pub mod acks;
mod board;
mod callers;
mod changes;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod factory;
#[cfg(feature = "openraft")]
pub mod openraft;
pub mod raft_rs;
pub mod renewal;
mod round;
mod wal;

use crate::env::{BoxFuture, Instant, NodeId};
use crate::error::Error;
use crate::observe::{EndCause, Membership, Role, RoundCause};
use crate::transport::Packet;
use std::num::NonZeroU64;
use std::time::Duration;

pub use crate::wire::Malformed;
pub use factory::{Factory, Parts};
pub use renewal::RenewalKind;

/// What the engine has published.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Status {
    /// This node's role.
    pub role: Role,
    /// Its term.
    pub term: u64,
    /// Who leads, as far as it knows.
    pub leader: Option<NodeId>,
    /// To whom a leadership transfer is under way.
    pub transferee: Option<NodeId>,
    /// The commit index.
    pub commit: u64,
    /// The applied index.
    pub applied: u64,
    /// Term of the entry at the applied index.
    pub applied_term: u64,
    /// What is proposed, or what is committed, waits longer than it should: who could wait asks for nothing more now.
    pub behind: bool,
}

impl Status {
    /// Does this node lead?
    pub fn leads(&self) -> bool {
        self.role == Role::Leader
    }

    /// Has this leader applied an entry of its own term?
    pub fn caught_up(&self) -> bool {
        self.applied_term == self.term
    }
}

/// A proposal that was committed and applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// Its index in the log.
    pub index: u64,
    /// What the state machine answered.
    pub response: Vec<u8>,
}

/// The replicated state machine.
pub trait StateMachine: Send + Sync {
    /// Applies the entry at `index`; called once for each index after the one that was restored, in order. Must be deterministic.
    fn apply(&self, index: u64, command: &[u8]) -> Vec<u8>;

    /// Everything that was applied, for a snapshot. Equal states give equal bytes.
    fn save(&self) -> Vec<u8>;

    /// Goes on from what [`StateMachine::save`] returned on some node.
    ///
    /// # Errors
    /// The bytes are not such; nothing has changed.
    fn restore(&self, state: &[u8]) -> Result<(), Malformed>;
}

/// A change of a group's membership.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MembershipChange {
    /// A node that is no member becomes a learner: it takes the log and has no vote.
    AddLearner(NodeId),
    /// A learner becomes a voter.
    Promote(NodeId),
    /// A voter becomes a learner.
    Demote(NodeId),
    /// A member is one no longer.
    Remove(NodeId),
    /// All at once, by a joint configuration, which is left when it is in force (Raft dissertation §4.3).
    Joint {
        /// Who become voters, learners or not.
        add: Vec<NodeId>,
        /// Who are members no longer.
        remove: Vec<NodeId>,
    },
}

/// Is told by the engine, from its loop and without delay, what concerns leadership. Must not block.
pub trait Listener: Send + Sync {
    /// This node has become leader of `term`.
    fn elected(&self, term: u64);

    /// A quorum has acknowledged what this leader sent at `base` in `term`: none of them helps elect another for an election
    /// timeout from then on.
    fn renewed(&self, term: u64, base: Instant);

    /// A transfer of leadership begins; called before any `TimeoutNow` can leave.
    fn suspended(&self);

    /// After a transfer was given up: an entry proposed at `base`, after the end of the transfer, is applied (rule RL.4).
    fn resumed(&self, term: u64, base: Instant);

    /// Leadership is over, or its term is.
    fn ended(&self, cause: EndCause);
}

/// A replicated log with a leader. All futures may be dropped at any time; a dropped proposal may still be committed.
///
/// # What an engine owes who watches it
///
/// It tells the [`Sink`](crate::observe::Sink), from its loop and in the order in which things happen:
///
/// | event | when |
/// |---|---|
/// | `Opened` | once, before anything else, by one that finds a log: as soon as that is durable |
/// | `Role` | role, term or leader have changed; the [`Listener`] knows already |
/// | `Voted`, `Appended`, `ChangeAppended` | once term and vote, or the entry, are durable, and before any answer that says so leaves |
/// | `Applied` | for each index in order, once; `CaughtUp` after the first of a leader's own term |
/// | `Membership` | the members in force are others, before anything else is applied; and at a start, those of the snapshot |
/// | `Counts` | by an engine that counts votes by its log: it has another last change there, and nobody knows yet |
/// | `CampaignedAmidChange` | it stands for election with a change of members in its log that it has not applied |
/// | `QuorumChecked` | a leader has asked whether it still hears a quorum |
/// | `RoundStarted`, `RoundEnded` | when each ReadIndex round begins, those of the renewal included; when each wait for one ends, also because the caller has given up |
/// | `TransferStarted`, `TransferAborted` | a transfer is begun, is given up; a successful one ends by `Role` |
/// | `TimeoutNowSent` | before it leaves, and after [`Listener::suspended`] |
/// | `StaleTimeoutNow`, `VoteWithheld` | it sets such a message aside |
/// | `SnapshotTaken`, `SnapshotSent`, `SnapshotUnanswered` | each time |
/// | `SnapshotRestored`, `LogCompacted` | once what they tell of is durable |
/// | `InboxFull` | a message found no room |
/// | `DiskStalled` | a leader sets about to lead no more, as its disk stands still; before the [`Listener`] hears of it |
/// | `Stopped` | once, last; [`Listener::ended`] has been called |
///
/// [`Engine::status`] is published when what it tells is durable and applied; a caller is answered after that. The [`Listener`] hears
/// of leadership at once, before the message leaves, or the status is published, that lets anybody else know. Between persist, send,
/// apply, publish and answer it stops at the [`Point`](crate::env::Point)s of these names, and pays for what it does by
/// [`Env::work`](crate::env::Env::work).
///
/// # What an engine owes who calls it
///
/// Whoever cannot be served hears so at once. Whoever waits for a leader that hears no quorum hears within two election timeouts that
/// leadership is lost; whoever waits for an engine that stops, fails, or of which a task panics, hears that as soon as it has. Of a panic
/// the runtime hears after that. Nothing is kept for a caller who has gone, and no task is left behind by an engine that has ended.
///
/// Each sentence is a test of `engine::conformance` (feature `conformance`), a kit that any engine can be held to; a new kind of engine
/// passes it, the scripts of `src/tests` and the simulator's checks.
pub trait Engine: Send + Sync + 'static {
    /// What is published now.
    fn status(&self) -> Status;

    /// Proposes `command` and waits until it is applied here.
    ///
    /// # Errors
    /// [`Error::NotLeader`], [`Error::TransferInProgress`] before the proposal; [`Error::LeadershipLost`] after it, of unknown
    /// outcome unless another entry was applied at its index.
    fn propose(&self, command: Vec<u8>) -> BoxFuture<Result<Applied, Error>>;

    /// Confirms leadership by a round of heartbeats and returns the commit index as of the beginning of that round
    /// (ReadIndex, Raft dissertation §6.4). Repeats the round under a new context until it is answered.
    ///
    /// # Errors
    /// [`Error::NotLeader`], [`Error::TransferInProgress`], [`Error::LeadershipLost`].
    fn read_index(&self, cause: RoundCause) -> BoxFuture<Result<u64, Error>>;

    /// Waits until the published applied index is at least `index`.
    ///
    /// # Errors
    /// [`Error::Closed`].
    fn wait_applied(&self, index: u64) -> BoxFuture<Result<(), Error>>;

    /// Hands leadership to `to` and waits until this node leads no more as another term has begun, or until that is given up (after an
    /// election timeout).
    ///
    /// # Errors
    /// [`Error::NotLeader`]; [`Error::TransferRefused`] for a target that cannot lead, and where it was given up;
    /// [`Error::TransferInProgress`]; [`Error::LeadershipLost`] where leadership has gone, and as far as is known not to `to`.
    fn transfer(&self, to: NodeId) -> BoxFuture<Result<(), Error>>;

    /// Changes the membership and waits until the change is applied here; a joint configuration, until it is left. Returns the
    /// index from which on the new membership holds.
    ///
    /// # Errors
    /// [`Error::NotLeader`], [`Error::TransferInProgress`]; [`Error::MembershipRefused`] for a change that makes no sense or comes
    /// while another is under way, or may be: until a leader has applied an entry of its own term it does not know;
    /// [`Error::LeadershipLost`], of unknown outcome.
    fn change_membership(&self, change: MembershipChange) -> BoxFuture<Result<u64, Error>>;

    /// How many callers wait for an answer, as far as the engine knows. Whoever has dropped its future is forgotten within two ticks.
    fn waiting(&self) -> usize;

    /// Takes an engine's message from the network. One that finds the engine's queue full is dropped and counted.
    fn deliver(&self, packet: Box<Packet>);

    /// Stops the engine, soon; what waits is answered with [`Error::Closed`].
    fn stop(&self);

    /// Waits until the engine has stopped.
    ///
    /// # Errors
    /// What stopped it, if nobody asked it to: its disk failed, or what it had kept there is damaged; or one of its tasks panicked.
    fn ended(&self) -> BoxFuture<Result<(), Error>>;
}

/// How the engine is set up. Every node of a group has the same timing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The members of the group when it began, the same on every node, be it one of them or not. Not joint.
    pub founders: Membership,
    /// Length of a tick; heartbeat and election timeout are multiples of it.
    pub tick: Duration,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// They leave when those of other groups of the same process do: at the ticks, counted from its beginning, that a heartbeat divides.
    pub heartbeats_together: bool,
    /// A node that has taken part in no election yet stands at its first tick: so leadership begins where a placement wants it.
    pub stands_first: bool,
    /// How long a follower that has heard its leader refuses to vote, and the least time before it stands for election.
    pub election_timeout: Duration,
    /// Time after which an unanswered ReadIndex round is repeated under a new context.
    pub read_retry: Duration,
    /// How the lease is renewed.
    pub renewal: RenewalKind,
    /// Time between two read-index rounds that renew the lease, where it is renewed so.
    pub renewal_interval: Duration,
    /// A snapshot is taken, and the log cut, at every index that is a multiple of this; never, if it is `None`. The same on
    /// every node, so that their states can be compared.
    pub compact_after: Option<NonZeroU64>,
    /// The loop goes on while the disk writes and entries are applied; what comes meanwhile goes into the next write. If not, it takes one
    /// input, writes, waits, sends, applies, and only then takes the next.
    pub async_writes: bool,
    /// So long a write waits, once there is something to write, for what could go with it.
    pub group_commit_delay: Duration,
    /// The most bytes of one write, unless one input alone has more.
    pub max_write_bytes: usize,
    /// A leader whose write has been under way for so long hands over, or resigns. `None`: it waits for ever.
    pub stall: Option<Duration>,
    /// The most bytes of the entries of one append; one entry may be larger.
    pub max_append_bytes: u64,
    /// The longest time that a snapshot has to be acknowledged. The first has an election timeout, and after each loss the next twice as long.
    pub snapshot_timeout: Duration,
    /// The most appends that a follower has not acknowledged; what comes beside them gathers.
    pub max_inflight: usize,
    /// A node asks whether it would be elected before it stands.
    pub pre_vote: bool,
    /// A leader that hears no quorum steps down, and who hears a leader refuses its vote to others.
    pub check_quorum: bool,
    /// While what is proposed, or what is committed, waits longer than this, proposals are refused.
    pub admission: Duration,
    /// Inbound queue for requests of this node.
    pub ask_inbox: usize,
    /// Inbound queue for messages of the heartbeat lane.
    pub heartbeat_inbox: usize,
    /// Inbound queue for messages of the bulk lane.
    pub bulk_inbox: usize,
}
