//! The seams to the outside world.
//!
//! The stack reads no clock, draws no entropy, spawns no task, sleeps on no timer, touches no disk and sends no message
//! except through these traits. A simulation implements them on a virtual clock; a server implements them on a runtime,
//! where [`Env::work`] and [`Env::point`] do nothing.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A boxed future that can move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A voter or learner of the cluster. Printed as `n1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct NodeId(pub u64);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A Raft group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct GroupId(pub u64);

impl GroupId {
    /// The group of a cluster that has one.
    pub const FIRST: GroupId = GroupId(1);
}

/// A node's part in a group. Printed as the node is, and of any group but the first with the group's number: `n1`, `n1/g2`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ReplicaId {
    /// The group.
    pub group: GroupId,
    /// The node.
    pub node: NodeId,
}

impl ReplicaId {
    /// The part of `node` in the first group.
    pub const fn first(node: NodeId) -> Self {
        Self { group: GroupId::FIRST, node }
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)?;
        if self.group == GroupId::FIRST { Ok(()) } else { write!(f, "/g{}", self.group.0) }
    }
}

/// Where a message comes from or goes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Address {
    /// A node of the cluster.
    Node(NodeId),
    /// A client, by number.
    Client(u32),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Node(node) => node.fmt(f),
            Address::Client(number) => write!(f, "client({number})"),
        }
    }
}

/// A reading of one node's monotonic clock, in nanoseconds since an origin of its own.
///
/// Comparable only with readings of the same node and incarnation. The clock must keep counting while the process or its
/// machine is suspended (CLOCK_BOOTTIME, not CLOCK_MONOTONIC, on Linux): a lease that stops ageing in a suspend is a stale read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant(u64);

impl Instant {
    /// The reading `nanos` nanoseconds after the clock's origin.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This reading plus `duration`; saturates.
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// Time from `earlier` to this reading; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in nanoseconds; saturates after 584 years.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The clock could not be read. Whatever depends on it fails closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClockError;

/// What reading a clock gave.
pub type Reading = Result<Instant, ClockError>;

/// Time from one reading to a later one; zero where either failed. For measures alone: an operation that succeeded must not fail
/// because nobody knows how long it took.
pub fn between(begun: Reading, ended: Reading) -> Duration {
    match (begun, ended) {
        (Ok(begun), Ok(ended)) => ended.since(begun),
        (Err(ClockError), _) | (_, Err(ClockError)) => Duration::ZERO,
    }
}

/// A piece of CPU work whose cost a simulation charges to the node's cores.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Work {
    /// Decode a request, encode its answer.
    Request,
    /// Decide whether the lease permits a local read.
    LeaseCheck,
    /// Read one key from the store.
    Read,
    /// Read one key for a script: the call out of its interpreter included.
    ScriptRead,
    /// Append a proposal to the log.
    Propose,
    /// Step one Raft message.
    Step,
    /// Encode and hand over 64 kB of a Raft message; the rest counts as whole.
    Send,
    /// Apply one committed entry.
    Apply,
    /// Write 64 kB of the state machine's state into a snapshot, or read them from one; the rest counts as whole.
    Snapshot,
    /// Begin to lead: set up what a leader keeps of its followers.
    TakeOver,
}

impl Work {
    /// Every kind of work.
    pub const ALL: [Work; 10] = [
        Work::Request,
        Work::LeaseCheck,
        Work::Read,
        Work::ScriptRead,
        Work::Propose,
        Work::Step,
        Work::Send,
        Work::Apply,
        Work::Snapshot,
        Work::TakeOver,
    ];

    /// How often this much counts as one, of work that is charged by 64 kB.
    pub const fn of_bytes(bytes: u64) -> u32 {
        const UNIT: u64 = 64_000;
        let whole = bytes / UNIT + 1;
        if whole > u32::MAX as u64 { u32::MAX } else { whole as u32 }
    }

    /// The name under which a cost table knows this work.
    pub const fn name(self) -> &'static str {
        match self {
            Work::Request => "request",
            Work::LeaseCheck => "lease-check",
            Work::Read => "read",
            Work::ScriptRead => "script-read",
            Work::Propose => "propose",
            Work::Step => "step",
            Work::Send => "send",
            Work::Apply => "apply",
            Work::Snapshot => "snapshot",
            Work::TakeOver => "take-over",
        }
    }
}

/// A named place in the code at which a test may hold a task, and a scheduler may switch to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Point {
    /// The loop: an input was taken and stepped; nothing that comes of it is written, sent, handed over or published.
    Stepped,
    /// The writer: a write has begun, its entries and hard state are in the log's file; they are not durable.
    Appended,
    /// The writer: they are durable; the engine's loop has not heard of it, what promises so has not left, and more may be gathering.
    Persisted,
    /// The applier: what is committed is not applied, while the loop goes on to append.
    Sent,
    /// The applier: it is applied; the status that says so is not published.
    Applied,
    /// The loop: the status is published; the callers that waited for it have not been answered.
    Published,
    /// The lease permitted a local read; the store has not been read.
    LeaseChecked,
    /// A ReadIndex round confirmed a read, and its index is applied; the store has not been read.
    IndexConfirmed,
}

/// A wait that is often over before it begins: no allocation in that case.
pub enum Wait {
    /// Nothing to wait for.
    Over,
    /// Wait for this future.
    For(BoxFuture<()>),
}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.get_mut() {
            Wait::Over => Poll::Ready(()),
            Wait::For(future) => future.as_mut().poll(cx),
        }
    }
}

/// What a process is given by its surroundings.
pub trait Env: Send + Sync + 'static {
    /// The node that this process is.
    fn node(&self) -> NodeId;

    /// How often this node has been started; distinguishes what an earlier process left in flight.
    fn incarnation(&self) -> u64;

    /// Reads the monotonic clock.
    ///
    /// # Errors
    /// The clock cannot be read now.
    fn monotonic(&self) -> Reading;

    /// Reads the wall clock: time since the Unix epoch. For people and for timestamps, never for a lease.
    ///
    /// # Errors
    /// The clock cannot be read now.
    fn wall(&self) -> Result<Duration, ClockError>;

    /// Waits for `duration` on this node's monotonic clock.
    fn sleep(&self, duration: Duration) -> Wait;

    /// Runs `task` beside the others of this process, until it ends or the process does.
    fn spawn(&self, name: &'static str, task: BoxFuture<()>);

    /// A random number; draws for one purpose do not shift those for another.
    fn entropy(&self, purpose: &'static str) -> u64;

    /// Spends the CPU time that `work` costs.
    fn work(&self, work: Work) -> Wait {
        self.work_times(work, 1)
    }

    /// Spends the CPU time that so much of the same `work` costs, done in one go by one task.
    fn work_times(&self, work: Work, times: u32) -> Wait;

    /// A named place where a test may hold this task.
    fn point(&self, point: Point) -> Wait;
}

/// Which queue a message waits in. Lanes do not overtake within themselves; across lanes nothing is promised.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lane {
    /// Heartbeats, votes, read-index rounds, `TimeoutNow`: small, and leadership depends on them.
    Heartbeat,
    /// Appends, their answers, snapshots.
    Bulk,
    /// Requests of clients and of forwarding nodes, and their answers.
    Request,
}

impl Lane {
    /// Every lane, in the order of [`Lane::index`].
    pub const ALL: [Lane; 3] = [Lane::Heartbeat, Lane::Bulk, Lane::Request];

    /// Position in [`Lane::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name a scenario and a report know the lane by.
    pub const fn name(self) -> &'static str {
        match self {
            Lane::Heartbeat => "heartbeat",
            Lane::Bulk => "bulk",
            Lane::Request => "request",
        }
    }
}

/// When a leader sent a round of messages, as the leader itself will want to know when the round is acknowledged.
///
/// A follower returns the stamp of the message that it answers, untouched. The lease is counted from `sent_at`, never from
/// the arrival of the answer (Raft dissertation §6.4.1; premise P1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The sender's term.
    pub term: u64,
    /// The sender's incarnation.
    pub incarnation: u64,
    /// The sender's number for this round of messages, ascending within an incarnation.
    pub round: u64,
    /// The sender's monotonic clock just before the round left: no later than that, where the clock could not be read.
    pub sent_at: Instant,
}

/// One message on the bus.
#[derive(Clone, Debug)]
pub struct Envelope<M> {
    /// Sender.
    pub from: Address,
    /// Receiver.
    pub to: Address,
    /// The queue it waits in.
    pub lane: Lane,
    /// The group that it is about. Of a client's request, as far as the client knows: it is routed by its keys.
    pub group: GroupId,
    /// Set on a leader's rounds: which round this is and when it left.
    pub stamp: Option<Stamp>,
    /// Set on an answer: the stamp of the message that is answered.
    pub echo: Option<Stamp>,
    /// The message itself.
    pub body: M,
}

/// The lane's outbound queue to that peer is full; the message was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LaneFull;

/// Carries messages. Delivery is by callback into the receiving process; loss, delay and duplication are allowed.
pub trait Bus<M>: Send + Sync + 'static {
    /// Takes a message for delivery. Never blocks.
    ///
    /// # Errors
    /// The lane's queue to that peer is full.
    fn send(&self, envelope: Envelope<M>) -> Result<(), LaneFull>;
}

/// A disk operation failed; what the failed operation would have made durable may or may not be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskError;

/// Files that grow at their end or are replaced as a whole. What was appended is readable at once, and survives a crash only after
/// [`Disk::sync`] has completed.
pub trait Disk: Send + Sync + 'static {
    /// The whole content of `file`; empty if it does not exist.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read(&self, file: &str) -> Result<Vec<u8>, DiskError>;

    /// Appends `bytes` to `file`, creating it if need be.
    ///
    /// # Errors
    /// The bytes were not taken.
    fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError>;

    /// Cuts `file` to `length` bytes.
    ///
    /// # Errors
    /// The file cannot be cut.
    fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError>;

    /// Makes everything appended to `file` before this call durable. Of several that are under way the one that was begun later may
    /// end first.
    fn sync(&self, file: &str) -> BoxFuture<Result<(), DiskError>>;

    /// The same of several files, in one flush if the disk can do that (`syncfs`).
    fn sync_all(&self, files: &[&str]) -> BoxFuture<Result<(), DiskError>> {
        let syncs: Vec<_> = files.iter().map(|file| self.sync(file)).collect();
        Box::pin(async move {
            let mut all = Ok(());
            for sync in syncs {
                all = sync.await.and(all);
            }
            all
        })
    }

    /// Puts `bytes` in the place of what `file` holds, durably and at once: whoever reads it, after a crash too, finds all of
    /// the old content or all of the new (write a new file, sync it, rename it, sync the folder). Nothing may be appended
    /// meanwhile.
    ///
    /// # Errors
    /// The old content is still there, or the new is.
    fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>>;
}

/// The deadline passed before the future was ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elapsed;

/// Waits for `future`, but at most `limit`. No timer is started for a future that is ready at once. The caller pins a large one where it
/// is: handed over by value, it would have its place twice.
///
/// # Errors
/// `limit` passed first.
pub async fn timeout<T>(
    env: &(impl Env + ?Sized),
    limit: Duration,
    mut future: impl Future<Output = T> + Unpin,
) -> Result<T, Elapsed> {
    let mut timer: Option<Wait> = None;
    std::future::poll_fn(|cx| {
        if let Poll::Ready(value) = Pin::new(&mut future).poll(cx) {
            return Poll::Ready(Ok(value));
        }
        let timer = timer.get_or_insert_with(|| env.sleep(limit));
        Pin::new(timer).poll(cx).map(|()| Err(Elapsed))
    })
    .await
}
