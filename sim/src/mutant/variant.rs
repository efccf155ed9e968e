//! What a variant is.

use super::bend::Bend;
use crate::cluster::{TakenForClock, Tap};
use crate::scenario;
use leasehold::coordinator::{ADMISSION, GroupFence, InnerReads, Policy, WriteFence};
use leasehold::engine::raft_rs::RaftConfig;
use leasehold::engine::{self, Engine, Listener, RenewalKind, StateMachine};
use leasehold::env::{Disk, NodeId};
use leasehold::error::Error;
use leasehold::lease::longest_safe;
use leasehold::node::{Config, Parts};
use leasehold::observe::Host;
use leasehold::routes::Routes;
use leasehold::rules::Rule;
use std::sync::Arc;
use std::time::Duration;

/// Puts something around what a process is given.
pub type Around<T> = fn(Arc<T>) -> Arc<T>;

/// Makes something that stands in for a part, from the part itself and the surroundings of the process.
pub type StandIn<T> = fn(Arc<T>, &Arc<dyn Host>) -> Arc<T>;

/// Makes the tap of a process that is put together from these parts.
pub type MakeTap = fn(&Parts) -> Arc<dyn Tap>;

/// The settings of one engine.
#[derive(Clone, Copy)]
pub enum Tuning {
    /// raft-rs's.
    RaftRs(fn() -> engine::raft_rs::Tuning),
    /// openraft's.
    Openraft(fn() -> engine::openraft::Tuning),
}

impl Tuning {
    fn engine(self) -> scenario::Engine {
        match self {
            Tuning::RaftRs(_) => scenario::Engine::RaftRs,
            Tuning::Openraft(_) => scenario::Engine::Openraft,
        }
    }
}

/// The rules that the engine on raft-rs alone keeps: the other has none of what they forbid, or openraft keeps it where nobody can bend it.
pub(super) const OF_RAFT_RS: &[Rule] = &[
    Rule::AckAfterWrite,
    Rule::AppliedSinceAbort,
    Rule::CommitDurable,
    Rule::FoundIsDurable,
    Rule::InstallAfterWrite,
    Rule::InstalledBeforeElection,
    Rule::InterruptedReadsAreTold,
    Rule::LateTickIsLost,
    Rule::OwnEntryAnswers,
    Rule::PersistedIsWritten,
    Rule::RoundAfterOwnTerm,
    Rule::SnapshotUnderWay,
    Rule::TimeoutNowNamesLog,
    Rule::TransferUnderWay,
    Rule::UnheardStandsFirst,
    Rule::VoteAfterWrite,
    Rule::VoteDurable,
    Rule::WriteSucceeded,
];

/// A behaviour of the stack under a name. What is put around a node is made anew for each of its processes.
pub struct Variant {
    /// Its name, for `--variant`: by what is wrong.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Why it is there.
    pub kind: Kind,
    /// What is wrong with it.
    pub harm: Harm,
    /// Where it is seen, and by what; `None`: nothing is wrong, or nothing shows it yet.
    pub seen: Option<Seen>,
    /// The lease's length, of election timeout and tick, where the scenario gives none.
    pub lease_length: fn(Duration, Duration) -> Duration,
    /// What renews the lease; `None`: as the scenario says.
    pub renewal: Option<RenewalKind>,
    /// Which errors of a write end the lease, where that is not as it should be.
    pub write_ends: Option<fn(&Error) -> bool>,
    /// Which errors of a lease read's slow path do.
    pub read_ends: Option<fn(&Error) -> bool>,
    /// Where ReadIndex rounds are spent, and what a forwarded write is to the lease.
    pub coordinator: Policy,
    /// How a node is set up, where that is not as the scenario says.
    pub set_up: Option<fn(NodeId, Config) -> Config>,
    /// How an engine's own settings are, where they are not as they should be. The variant is on no other engine.
    pub tuning: Option<Tuning>,
    /// The engine that alone has what is changed, where no setting and no rule says so; `None`: every engine has.
    pub only_on: Option<scenario::Engine>,
    /// What the nodes take for a monotonic clock.
    pub clock: TakenForClock,
    /// A supervisor ends a process whose engine has failed, and starts it again.
    pub supervised: bool,
    /// Stands around the node's surroundings.
    pub host: Option<Around<dyn Host>>,
    /// Stands around its disk.
    pub disk: Option<Around<dyn Disk>>,
    /// Stands between it and its messages.
    pub tap: Option<MakeTap>,
    /// Stands between engine and lease.
    pub listener: Option<StandIn<dyn Listener>>,
    /// Stands between engine and coordinator.
    pub engine: Option<StandIn<dyn Engine>>,
    /// Stands between engine and store.
    pub machine: Option<StandIn<dyn StateMachine>>,
    /// Stands between the groups of a process.
    pub groups: Option<fn(Vec<Parts>) -> Vec<Parts>>,
    /// Which group has which keys, as a node has it.
    pub routes: Option<fn(NodeId, Routes) -> Routes>,
    /// The rules that the stack does not keep.
    pub rules_off: &'static [Rule],
    /// Those that it does not quite keep.
    pub rules_bent: &'static [(Rule, Bend)],
    /// It breaks a rule, and nothing comes of it.
    pub equivalent: Option<Equivalent>,
}

/// Why a variant is there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// The stack as it is.
    Default,
    /// What a real system did.
    History,
    /// A bug put in, to see it found.
    Planted,
    /// Never wrong, and of no use: what only asks for safety does not notice.
    TooSafe,
}

impl Kind {
    /// Its name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Default => "default",
            Kind::History => "history",
            Kind::Planted => "planted",
            Kind::TooSafe => "too safe",
        }
    }
}

/// What is wrong with a variant: its class in `lease-bugs.md` §2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Harm {
    /// Nothing.
    Nothing,
    /// It can answer with what is no longer the newest, or breaks a rule that safety rests on.
    StaleRead,
    /// It hangs, or loses its leader for no reason.
    Liveness,
    /// It is slow, or leaves the fast path.
    Performance,
}

impl Harm {
    /// Its name in lists and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Harm::Nothing => "-",
            Harm::StaleRead => "stale-read",
            Harm::Liveness => "liveness",
            Harm::Performance => "performance",
        }
    }
}

/// Where a variant is seen to be wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The scenario: `planted/lb-05`.
    pub scenario: &'static str,
    /// The check, or the metric that the scenario bounds, that says so first.
    pub by: &'static str,
}

/// A variant that is as right as the default: what it leaves out is kept by something else, or never comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Equivalent {
    /// The scenario that shows its like. It is run in this all the same, and must not be seen.
    pub scenario: &'static str,
    /// Why nothing comes of it.
    pub because: &'static str,
}

/// Where, and by what.
pub(super) const fn seen(scenario: &'static str, by: &'static str) -> Option<Seen> {
    Some(Seen { scenario, by })
}

/// The stack as it is.
pub const DEFAULT: Variant = Variant {
    name: "default",
    about: "the stack as it is: a lease from acknowledged send times that only a loss of leadership ends",
    source: "Raft dissertation §6.4.1",
    kind: Kind::Default,
    harm: Harm::Nothing,
    seen: None,
    lease_length: longest_safe,
    renewal: None,
    write_ends: None,
    read_ends: None,
    coordinator: Policy {
        write_fence: WriteFence::Commit,
        group_fence: GroupFence::Each,
        inner_reads: InnerReads::Snapshot,
        reads_per_get: 1,
        admission: ADMISSION,
    },
    set_up: None,
    tuning: None,
    only_on: None,
    clock: TakenForClock::Monotonic,
    supervised: true,
    host: None,
    disk: None,
    tap: None,
    listener: None,
    engine: None,
    machine: None,
    groups: None,
    routes: None,
    rules_off: &[],
    rules_bent: &[],
    equivalent: None,
};

/// What every planted bug starts from.
pub(super) const PLANTED: Variant = Variant { kind: Kind::Planted, harm: Harm::StaleRead, ..DEFAULT };

impl Variant {
    /// The engine that alone can be so; `None`: nothing but a rule says so.
    pub fn engine(&self) -> Option<scenario::Engine> {
        self.tuning.map(Tuning::engine).or(self.only_on)
    }

    /// Can an engine be so? What it breaks must be there to be broken.
    pub fn is_on(&self, engine: scenario::Engine) -> bool {
        let rules = || self.rules_off.iter().chain(self.rules_bent.iter().map(|(rule, _)| rule));
        let keeps = |rule: &Rule| engine == scenario::Engine::RaftRs || !OF_RAFT_RS.contains(rule);
        self.engine().is_none_or(|only| only == engine) && (rules().next().is_none() || rules().any(keeps))
    }

    /// The scenario in which it is looked at.
    pub fn scenario(&self) -> Option<&'static str> {
        self.seen.map(|seen| seen.scenario).or(self.equivalent.map(|equivalent| equivalent.scenario))
    }
}

/// raft, set up otherwise.
pub(super) fn tuned(raft: fn(RaftConfig) -> RaftConfig) -> engine::raft_rs::Tuning {
    engine::raft_rs::Tuning { raft, ..engine::raft_rs::Tuning::default() }
}

pub(super) fn any_error(_: &Error) -> bool {
    true
}

pub(super) fn no_error(_: &Error) -> bool {
    false
}
