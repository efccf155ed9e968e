//! The coordinators: one of a node, which takes a request and finds its group (`sharded`), and one of each group, which finds the leader,
//! fences the read or proposes the write, and retries what may be retried.
//!
//! On the leader, reads go by the lease (`reads`), also those of several keys (`several`); scripts are snapshots with one checked write
//! (`script`). On a follower the request is forwarded to the leader, as the reference's LeaderProxy does; only the node that the client
//! asked retries. On a node that has no part in the group a member is asked (`stranger`). A read of several keys may be of several groups: each is asked for its share (`shares`), as for a request of its own.

mod admission;
mod reads;
mod script;
mod several;
mod sharded;
mod shares;
mod stranger;

use crate::engine::Engine;
use crate::env::{GroupId, NodeId, Reading, between};
use crate::error::Error;
use crate::lease::{Generation, Lease};
use crate::metrics::{Counter, Metrics};
use crate::observe::{Event, Host, Membership, RoundCause, ScriptTimes};
use crate::request::{Request, Response, Version};
use crate::routes::Route;
use crate::rules::{Rule, is};
use crate::store::{Command, Store, Verdict};
use crate::transport::{Hop, Transport};
use std::sync::Arc;
use std::time::Duration;
use stranger::Stranger;

pub use sharded::{Door, ShardedCoordinator};

/// Time between two attempts while there is no leader (elastickv `dispatchLeaderRetryInterval`).
pub const RETRY_INTERVAL: Duration = Duration::from_millis(25);

/// While what is asked of a node waits longer than this, others are refused: a tenth of a usual deadline.
pub const ADMISSION: Duration = Duration::from_millis(100);

/// How a write shows that this node leads, before it is proposed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum WriteFence {
    /// Not at all: that it commits proves it.
    #[default]
    Commit,
    /// By a ReadIndex round (elastickv's LeaderProxy).
    ReadIndex,
}

/// How a read of storage is fenced, beyond the lease read with which the request began.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum InnerReads {
    /// Not at all: it reads from a snapshot taken after that.
    #[default]
    Snapshot,
    /// By a lease read of its own (elastickv from #575 on).
    Lease,
    /// By a ReadIndex round of its own (elastickv before #575).
    ReadIndex,
}

/// Which groups show their leadership for a read of several keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum GroupFence {
    /// Each for its own share.
    #[default]
    Each,
    /// The first for all of them (elastickv before fae225ca).
    FirstAlone,
}

/// Where a coordinator spends ReadIndex rounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    /// Before a write.
    pub write_fence: WriteFence,
    /// Before each read of storage.
    pub inner_reads: InnerReads,
    /// Before each share of a read of several keys.
    pub group_fence: GroupFence,
    /// How often a get reads storage: more than once where the type of a key has to be found out first.
    pub reads_per_get: u32,
    /// While requests wait longer than a tenth of this for a core, or the engine is behind, others are refused.
    pub admission: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            write_fence: WriteFence::default(),
            inner_reads: InnerReads::default(),
            group_fence: GroupFence::default(),
            reads_per_get: 1,
            admission: ADMISSION,
        }
    }
}

/// What a group's coordinator is made of.
pub struct Parts {
    /// The group.
    pub group: GroupId,
    /// The seams.
    pub host: Arc<dyn Host>,
    /// Consensus.
    pub engine: Arc<dyn Engine>,
    /// Who founded the group.
    pub founders: Membership,
    /// The replica's lease.
    pub lease: Arc<Lease>,
    /// The replica's store.
    pub store: Arc<Store>,
    /// To the other nodes.
    pub transport: Arc<Transport>,
    /// This node's metrics.
    pub metrics: Arc<Metrics>,
    /// Where ReadIndex rounds are spent.
    pub policy: Policy,
}

/// Serves, on one node, the requests that are for one group.
pub struct Coordinator {
    parts: Parts,
    /// Where this node was none of the group's founders.
    stranger: Option<Stranger>,
}

impl Coordinator {
    /// A coordinator of these parts.
    pub fn new(parts: Parts) -> Self {
        Self { stranger: Stranger::to(&parts.founders, parts.host.node()), parts }
    }

    /// Is the group's engine behind?
    fn is_behind(&self) -> bool {
        self.parts.engine.status().behind
    }

    /// Tries again, at a fixed distance, as long as there is no leader and nothing can have been applied.
    async fn serve(&self, request: &Arc<Request>, mut hop: Hop, budget: Duration) -> Result<Response, Error> {
        let begun = self.parts.host.monotonic();
        loop {
            let spent = between(begun, self.parts.host.monotonic());
            let result = self.serve_once(request, hop, budget.saturating_sub(spent)).await;
            let settled = |error: &Error| Rule::TransientIsRetried.holds(is(hop.forwarded).or(!error.is_transient()));
            if result.as_ref().err().is_none_or(settled) {
                return result;
            }
            // Of the errors that are tried again these are a leader's: it has decided the read.
            hop.again |= matches!(result, Err(Error::LeadershipLost(_) | Error::TransferInProgress));
            self.parts.host.sleep(RETRY_INTERVAL).await;
        }
    }

    async fn serve_once(&self, request: &Arc<Request>, hop: Hop, budget: Duration) -> Result<Response, Error> {
        let status = self.parts.engine.status();
        if status.leads() {
            return self.serve_as_leader(request, hop).await;
        }
        if hop.forwarded {
            return Err(Error::NotLeader { leader: status.leader });
        }
        let leader = status.leader.filter(|leader| *leader != self.me());
        match (&self.stranger, leader) {
            (None, None) => Err(Error::LeaderNotFound),
            (None, Some(leader)) => self.pass_on(leader, request, hop, budget).await,
            (Some(stranger), _) => {
                let asking = stranger.ask(leader.map(|leader| (leader, status.term)));
                let answer = self.pass_on(asking.node, request, hop, budget).await;
                asking.answered(&answer);
                answer
            }
        }
    }

    async fn pass_on(&self, to: NodeId, request: &Arc<Request>, hop: Hop, budget: Duration) -> Result<Response, Error> {
        self.parts.transport.call(self.parts.group, to, Arc::clone(request), hop, budget).await
    }

    async fn serve_as_leader(&self, request: &Request, Hop { again, origin, .. }: Hop) -> Result<Response, Error> {
        match request.clone() {
            Request::Get { key } => self.get(&key, again).await,
            Request::Put { key, value } => self.write(Command::Put { key, value }).await,
            Request::Cas { key, expected, value } => self.write(Command::Cas { key, expected, value }).await,
            Request::Delete { key } => self.write(Command::Delete { key, origin }).await,
            Request::Mget { keys } => self.mget(&keys, again).await,
            Request::Scan { ranges, limit } => self.scan(&ranges, limit, again).await,
            Request::Script { reads, key, value } => self.script(reads, key, value, again).await,
            Request::Release { range, to } => self.write(Command::Release { range, to }).await,
            Request::Adopt { range, version } => self.write(Command::Adopt { range, version }).await,
        }
    }

    async fn write(&self, command: Command) -> Result<Response, Error> {
        let (version, verdict) = self.dispatch(command, &mut ScriptTimes::default()).await?;
        match verdict {
            Verdict::Unexpected { value, version } => Ok(Response::Unexpected { value, version }),
            Verdict::Released { version } => Ok(Response::Released { version }),
            Verdict::Adopted => Ok(Response::Adopted),
            _ => Ok(Response::Written { version }),
        }
    }

    /// Proposes `command` and waits for its verdict; the lease learns how that went.
    ///
    /// A refusal by the store comes back as [`Error::WriteConflict`]: to the caller a failed write, to the lease no reason to end.
    async fn dispatch(&self, command: Command, times: &mut ScriptTimes) -> Result<(Version, Verdict), Error> {
        let begun_under = self.parts.lease.generation();
        let begun = self.parts.host.monotonic();
        let term = self.parts.engine.status().term;
        let result = self.commit(command, times).await;
        match &result {
            Ok(_) => self.extend_lease(term, begun, begun_under),
            Err(error) => self.parts.lease.write_failed(error),
        }
        result
    }

    /// An operation of this node that needed a quorum began at `begun` and succeeded; without a clock the lease has nothing
    /// from that.
    fn extend_lease(&self, term: u64, begun: Reading, begun_under: Generation) {
        if let Ok(base) = begun {
            self.parts.lease.extend(term, base, begun_under);
        }
    }

    async fn commit(&self, command: Command, times: &mut ScriptTimes) -> Result<(Version, Verdict), Error> {
        let host = &*self.parts.host;
        let begun = host.monotonic();
        if self.parts.policy.write_fence == WriteFence::ReadIndex {
            self.parts.engine.read_index(RoundCause::Write).await?;
            times.rounds += 1;
        }
        let fenced = host.monotonic();
        times.write_fence += between(begun, fenced);
        let applied = self.parts.engine.propose(command.encode()).await.map_err(Error::after_proposal);
        times.commit += between(fenced, host.monotonic());
        let applied = applied?;
        match Verdict::decode(&applied.response) {
            Some(Verdict::Conflict { key, latest }) => {
                self.parts.metrics.count(Counter::WriteConflict);
                host.observe(Event::Conflict { index: applied.index });
                Err(Error::WriteConflict { key, latest })
            }
            Some(Verdict::Elsewhere(route)) => Err(self.stale_route(Some(applied.index), route)),
            Some(Verdict::InUse { key }) => Err(Error::RangeInUse { key }),
            Some(Verdict::Malformed) | None => Err(Error::Invalid("the log holds an entry that is not a command")),
            Some(verdict) => Ok((applied.index, verdict)),
        }
    }

    /// The group does not have a key that it was asked for: by the entry at `index`, or to read it.
    fn stale_route(&self, index: Option<u64>, route: Route) -> Error {
        self.parts.metrics.count(Counter::StaleRoute);
        self.parts.host.observe(Event::StaleRoute { index, version: route.version });
        Error::StaleRoute(Box::new(route))
    }

    fn me(&self) -> NodeId {
        self.parts.host.node()
    }
}
