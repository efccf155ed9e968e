//! What must never happen, and what must not happen too often: one file a property.
//!
//! A check sees the [`Record`]s of a run as they come, and nothing else: no cluster, no clock, no scenario. It remembers what
//! it needs and answers with a [`Finding`] at the first violation. What can only be counted is judged in [`Check::finish`].
//! What the nodes have told so far is followed once for all of them, by [`View`]; [`Panel`] shows each record to those who
//! look at its kind.
//!
//! The folders are what is promised to whom; `leasehold list checks` says in one line what each check proves, of which class a
//! failure is, and where the property comes from.
//!
//! What no check of a single history can see is judged elsewhere: that nine of ten recoveries are quick (L2, B1) where a sweep
//! is summed up (`verdict::recoveries`); that nothing panics (L5) by the runner, which makes a failure of class `panic` of it;
//! that the same seed gives the same history (D1, D2) by `verify`; which faults met which state of the lease (V4) by the
//! auditor.
//!
//! `calm` says since when nothing is wrong, `story` what the nodes are up to, `words` writes numbers as people read them.

mod calm;
mod panel;
mod premises;
mod story;
pub mod words;

/// What clients see.
mod client {
    pub(super) mod committed_reads;
    pub(super) mod exact_search;
    pub(super) mod linearizability;
    pub(super) mod monotone_reads;
    pub(super) mod serial_order;
    pub(super) mod staleness;
}

/// What Raft promises.
mod raft {
    pub(super) mod configuration;
    pub(super) mod durability;
    pub(super) mod election_safety;
    pub(super) mod leader_completeness;
    pub(super) mod log_matching;
    pub(super) mod quorum_commits;
    pub(super) mod state_machine_safety;
}

/// What a lease promises.
mod lease {
    pub(super) mod applied_before_read;
    pub(super) mod backed_by_promises;
    pub(super) mod caught_up;
    pub(super) mod counted_voters;
    pub(super) mod end_causes;
    pub(super) mod exclusive_commits;
    pub(super) mod fresh_clock;
    pub(super) mod lease_base;
    pub(super) mod live_leader;
    pub(super) mod monotone_lease;
    pub(super) mod one_lease;
    pub(super) mod timing;
    pub(super) mod transfer_lease;
}

/// What must happen in time.
mod liveness {
    pub(super) mod calls_return;
    pub(super) mod commit_progress;
    pub(super) mod recovers;
    pub(super) mod steady_leadership;
    pub(super) mod transfers_end;
}

/// What clients are owed where nothing stands in the way.
mod availability {
    pub(super) mod calls_succeed;
    mod excuse;
    pub(super) mod served;

    use crate::words::Disturbs;

    /// Does it leave nodes and links as they are?
    fn moves_leadership_only(disturbs: Disturbs) -> bool {
        match disturbs {
            Disturbs::Leadership | Disturbs::Nothing => true,
            Disturbs::Members
            | Disturbs::Reach
            | Disturbs::Messages
            | Disturbs::Lives
            | Disturbs::Standstill
            | Disturbs::Pace
            | Disturbs::Clocks => false,
        }
    }
}

/// What the fast path is for.
mod fast_path {
    pub(super) mod heartbeats;
    pub(super) mod hit_rate;
    pub(super) mod lease_used;
    pub(super) mod read_gap;
    pub(super) mod read_index_budget;
    pub(super) mod read_index_latency;
    pub(super) mod warm_lease;
}

pub use panel::{Kind, Panel, Watch};
pub use premises::Premises;

#[cfg(test)]
pub(crate) mod testing;

use crate::history::Record;
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use std::time::Duration;

/// Has a finding broken something, or could it have?
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The property does not hold.
    Actual,
    /// One line of defence is open and another still stands, as far as is known. Recorded, counted and shown; neither ends nor
    /// fails the run (`lease-bugs.md` W3, W6, L7).
    Potential,
}

impl Severity {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Actual => "actual",
            Severity::Potential => "potential",
        }
    }
}

/// A property that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The name of the check.
    pub check: &'static str,
    /// The class of failure.
    pub class: Class,
    /// Has it failed, or could it have?
    pub severity: Severity,
    /// When: the moment of the violation, or the end of the run for what is judged there.
    pub at: SimTime,
    /// One line with numbers.
    pub message: String,
    /// What led to it, in at most [`STORY`] lines.
    pub story: Vec<String>,
}

/// The most lines of a story: with verdict, command and timeline it must fit on one screen.
pub const STORY: usize = 12;

/// Watches one property.
pub trait Check: Send {
    /// The kinds of record that it sees.
    fn looks_at(&self) -> &'static [Kind] {
        &Kind::ALL
    }

    /// Sees one record, which `nodes` has taken in already. A finding that [`ends_run`] is the last.
    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding>;

    /// How often the property was evaluated so far. A check that never was has proved nothing.
    fn evaluated(&self) -> u64;

    /// How long it took after faults until there was a leader again, for who measures that (L2).
    fn recoveries(&self) -> &[Leaderless] {
        &[]
    }

    /// The run is over, at `end`: judges what was counted.
    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        let _ = end;
        Vec::new()
    }
}

/// The time from the end of the last fault until some leader had committed and a quorum followed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaderless {
    /// When the fault ended.
    pub since: SimTime,
    /// How long it took; until the end of the run, where there never was one.
    pub took: Duration,
}

/// What a check is, for people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckInfo {
    /// Its name.
    pub name: &'static str,
    /// What it says, in one line.
    pub about: &'static str,
    /// The class of its findings.
    pub class: Class,
    /// Does an actual finding end the run? As its class does ([`is_violation`]), where the check does not say otherwise.
    pub stops: bool,
    /// Where the property comes from.
    pub source: &'static str,
}

impl CheckInfo {
    const fn new(name: &'static str, class: Class, about: &'static str, source: &'static str) -> Self {
        Self { name, about, class, stops: is_violation(class), source }
    }

    /// The property does not hold.
    fn finding(&self, at: SimTime, message: String, story: Vec<String>) -> Finding {
        Finding { check: self.name, class: self.class, severity: Severity::Actual, at, message, story }
    }

    /// The property might not have held.
    fn potential(&self, at: SimTime, message: String, story: Vec<String>) -> Finding {
        Finding { severity: Severity::Potential, ..self.finding(at, message, story) }
    }
}

/// From one list, what there is to know of each check and how it is built for a run.
macro_rules! checks {
    ($premises:ident: $($room:ident::$file:ident::$check:ident::$build:ident($($given:ident)?),)*) => {
        /// Every check, the most severe first.
        pub const ALL: &[CheckInfo] = &[$($room::$file::INFO),*];

        /// All checks, fresh for one run, in the order of [`ALL`].
        pub fn all($premises: &Premises) -> Vec<Watch> {
            vec![$(Watch::new(&$room::$file::INFO, $room::$file::$check::$build($($given)?))),*]
        }
    };
}

// A line a check, the most severe first. Its module is declared above: `cargo fmt` does not see what a macro declares.
checks! { premises:
    client::staleness::Staleness::new(premises),
    client::linearizability::Linearizability::new(premises),
    client::serial_order::SerialOrder::new(premises),
    client::exact_search::ExactSearch::new(premises),
    client::committed_reads::CommittedReads::new(premises),
    client::monotone_reads::MonotoneReads::new(premises),
    raft::election_safety::ElectionSafety::default(),
    raft::state_machine_safety::StateMachineSafety::default(),
    raft::log_matching::LogMatching::default(),
    raft::leader_completeness::LeaderCompleteness::default(),
    raft::durability::Durability::default(),
    raft::quorum_commits::QuorumCommits::default(),
    raft::configuration::Configuration::default(),
    lease::one_lease::OneLease::default(),
    lease::exclusive_commits::ExclusiveCommits::default(),
    lease::transfer_lease::TransferLease::default(),
    lease::applied_before_read::AppliedBeforeRead::default(),
    lease::lease_base::LeaseBase::default(),
    lease::counted_voters::CountedVoters::default(),
    lease::backed_by_promises::BackedByPromises::new(premises),
    lease::timing::WellTimed::new(premises),
    lease::live_leader::LiveLeader::default(),
    lease::caught_up::CaughtUp::default(),
    lease::monotone_lease::MonotoneLease::default(),
    lease::fresh_clock::FreshClock::default(),
    liveness::calls_return::CallsReturn::new(premises),
    liveness::recovers::Recovers::new(premises),
    liveness::transfers_end::TransfersEnd::new(premises),
    liveness::steady_leadership::SteadyLeadership::new(premises),
    liveness::commit_progress::CommitProgress::new(premises),
    availability::served::Served::new(premises),
    availability::calls_succeed::CallsSucceed::new(premises),
    lease::end_causes::EndCauses::default(),
    fast_path::read_index_budget::ReadIndexBudget::default(),
    fast_path::hit_rate::HitRate::new(premises),
    fast_path::heartbeats::Heartbeats::new(premises),
    fast_path::warm_lease::WarmLease::new(premises),
    fast_path::read_gap::ReadGap::new(premises),
    fast_path::read_index_latency::ReadIndexLatency::new(premises),
    fast_path::lease_used::LeaseUsed::new(premises),
}

/// Does this finding end the run? Then bounds and floors are not judged: the run did not get that far.
pub fn ends_run(finding: &Finding) -> bool {
    let stops = ALL.iter().any(|info| info.name == finding.check && info.stops);
    stops && finding.severity == Severity::Actual
}

/// Is a failure of this class a violation of safety? After one nothing that follows means anything; what is counted needs the
/// whole run.
pub const fn is_violation(class: Class) -> bool {
    match class {
        Class::Nondeterminism
        | Class::Panic
        | Class::StaleRead
        | Class::LostWrite
        | Class::RaftInvariant
        | Class::LeaseInvariant => true,
        Class::Liveness | Class::Availability | Class::Expectation | Class::Vacuous => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safety_stops_a_run_and_expectations_do_not() {
        let going_on: Vec<_> = ALL.iter().filter(|info| !info.stops).map(|info| info.name).collect();
        assert_eq!(
            going_on,
            [
                "exact-search",
                "backed-by-promises",
                "timing",
                "calls-return",
                "recovers",
                "transfers-end",
                "steady-leadership",
                "commit-progress",
                "served",
                "calls-succeed",
                "end-causes",
                "read-index-budget",
                "hit-rate",
                "heartbeats",
                "warm-lease",
                "read-gap",
                "read-index-latency",
                "lease-used"
            ]
        );
    }
}
