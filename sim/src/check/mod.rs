//! What must never happen, and what must not happen too often: one file a property.
//!
//! A check sees the [`Record`]s of a run as they come, and nothing else: no cluster, no clock, no scenario. It remembers what
//! it needs and answers with a [`Finding`] at the first violation. What can only be counted is judged in [`Check::finish`].
//! What the nodes have told so far is followed once for all of them, by [`View`]; [`Panel`] shows each record to those who
//! look at its kind.
//!
//! | file                           | property                                                               | id in `lease-bugs.md` §3 |
//! |--------------------------------|------------------------------------------------------------------------|--------------------------|
//! | `client/staleness`             | no read is older than what was acknowledged before it                  | S1                       |
//! | `client/linearizability`       | each key is a single register, judged from its values                  | S1                       |
//! | `client/serial_order`          | the log is the order in which everything took place, across keys       | S5, S1                   |
//! | `client/exact_search`          | a key behaves like a register, by an exact search                      | S6                       |
//! | `client/committed_reads`       | what is read was committed, and belongs to its version                 | S3                       |
//! | `client/monotone_reads`        | no client sees a key go back                                           | S2                       |
//! | `raft/election_safety`         | a term has one leader                                                  | R1                       |
//! | `raft/state_machine_safety`    | all nodes apply the same entries, in order                             | R4                       |
//! | `raft/log_matching`            | equal index and term, equal entry and equal past                       | R2                       |
//! | `raft/leader_completeness`     | a leader's log has what was committed before                           | R3                       |
//! | `raft/durability`              | what others were told of is durable, and is there after a restart      | R5                       |
//! | `raft/configuration`           | memberships follow each other one change at a time                     | R6                       |
//! | `lease/one_lease`              | never two valid leases at one instant                                  | W1                       |
//! | `raft/quorum_commits`          | nothing is committed that a quorum does not have                       | R7                       |
//! | `lease/exclusive_commits`      | while a lease is valid, nobody commits in a later term                 | W2                       |
//! | `lease/transfer_lease`         | no lease while leadership is being handed over                         | W6                       |
//! | `lease/applied_before_read`    | who answers from a lease has applied all that anybody was told of      | S4                       |
//! | `lease/lease_base`             | a lease is counted from when something left that a quorum acknowledged | W4                       |
//! | `lease/counted_voters`         | those who count for a lease are voters, by the membership in force     | W11                      |
//! | `lease/backed_by_promises`     | every election needs a voter that has promised against it              | W3                       |
//! | `lease/timing`                 | a lease is covered by promises, and renewed in time                    | W12                      |
//! | `lease/live_leader`            | who answers from a lease runs, leads, and leads the lease's term       | W5                       |
//! | `lease/caught_up`              | no lease read before an entry of the leader's own term is applied      | W7                       |
//! | `lease/monotone_lease`         | a lease never gets shorter; an ended one never comes back              | W8                       |
//! | `lease/fresh_clock`            | a lease read is decided by a fresh reading of the clock                | W10                      |
//! | `liveness/calls_return`        | every call returns                                                     | L1                       |
//! | `liveness/recovers`            | after the last fault there is a leader again                           | L2                       |
//! | `liveness/transfers_end`       | a transfer ends, one way or the other                                  | L3, L4                   |
//! | `liveness/steady_leadership`   | nobody is elected for no reason                                        | L6, Pf4                  |
//! | `liveness/commit_progress`     | a leader that cannot commit does not go on to answer                   | L7                       |
//! | `lease/end_causes`             | no lease is ended without cause                                        | W9                       |
//! | `fast_path/read_index_budget`  | a ReadIndex round for each miss and each renewal                       | Pf2                      |
//! | `fast_path/hit_rate`           | where nothing is wrong, reads are answered from the lease              | Pf1                      |
//! | `fast_path/heartbeats`         | heartbeats go out and arrive, whatever the load                        | Pf2, Pf4                 |
//! | `fast_path/warm_lease`         | a new leader's lease is warm as soon as it can be                      | Pf3                      |
//! | `fast_path/read_gap`           | when leadership moves, reads are away for no longer than it takes      | Pf5                      |
//! | `fast_path/read_index_latency` | a ReadIndex round takes a round trip, and waits for no tick            | Pf6                      |
//! | `fast_path/lease_used`         | the lease is used at all                                               | V1                       |
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

pub use panel::{Kind, Panel};
pub use premises::Premises;

#[cfg(test)]
pub(crate) mod testing;

use crate::history::Record;
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use std::sync::Arc;
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
    /// Its name, as in [`CheckInfo::name`].
    fn name(&self) -> &'static str;

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

/// Every check, the most severe first.
pub const ALL: &[CheckInfo] = &[
    client::staleness::INFO,
    client::linearizability::INFO,
    client::serial_order::INFO,
    client::exact_search::INFO,
    client::committed_reads::INFO,
    client::monotone_reads::INFO,
    raft::election_safety::INFO,
    raft::state_machine_safety::INFO,
    raft::log_matching::INFO,
    raft::leader_completeness::INFO,
    raft::durability::INFO,
    raft::quorum_commits::INFO,
    raft::configuration::INFO,
    lease::one_lease::INFO,
    lease::exclusive_commits::INFO,
    lease::transfer_lease::INFO,
    lease::applied_before_read::INFO,
    lease::lease_base::INFO,
    lease::counted_voters::INFO,
    lease::backed_by_promises::INFO,
    lease::timing::INFO,
    lease::live_leader::INFO,
    lease::caught_up::INFO,
    lease::monotone_lease::INFO,
    lease::fresh_clock::INFO,
    liveness::calls_return::INFO,
    liveness::recovers::INFO,
    liveness::transfers_end::INFO,
    liveness::steady_leadership::INFO,
    liveness::commit_progress::INFO,
    lease::end_causes::INFO,
    fast_path::read_index_budget::INFO,
    fast_path::hit_rate::INFO,
    fast_path::heartbeats::INFO,
    fast_path::warm_lease::INFO,
    fast_path::read_gap::INFO,
    fast_path::read_index_latency::INFO,
    fast_path::lease_used::INFO,
];

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
        Class::Liveness | Class::Expectation | Class::Vacuous => false,
    }
}

/// All checks, fresh for one run, in the order of [`ALL`].
pub fn all(premises: &Premises) -> Vec<Box<dyn Check>> {
    let keys = || Arc::clone(&premises.keys);
    let premises = || premises.clone();
    vec![
        Box::new(client::staleness::Staleness::new(keys())),
        Box::new(client::linearizability::Linearizability::new(keys())),
        Box::new(client::serial_order::SerialOrder::new(keys())),
        Box::new(client::exact_search::ExactSearch::new(premises())),
        Box::new(client::committed_reads::CommittedReads::new(keys())),
        Box::new(client::monotone_reads::MonotoneReads::new(keys())),
        Box::new(raft::election_safety::ElectionSafety::default()),
        Box::new(raft::state_machine_safety::StateMachineSafety::default()),
        Box::new(raft::log_matching::LogMatching::default()),
        Box::new(raft::leader_completeness::LeaderCompleteness::default()),
        Box::new(raft::durability::Durability::default()),
        Box::new(raft::quorum_commits::QuorumCommits::default()),
        Box::new(raft::configuration::Configuration::default()),
        Box::new(lease::one_lease::OneLease::default()),
        Box::new(lease::exclusive_commits::ExclusiveCommits::default()),
        Box::new(lease::transfer_lease::TransferLease::default()),
        Box::new(lease::applied_before_read::AppliedBeforeRead::default()),
        Box::new(lease::lease_base::LeaseBase::default()),
        Box::new(lease::counted_voters::CountedVoters::default()),
        Box::new(lease::backed_by_promises::BackedByPromises::new(premises())),
        Box::new(lease::timing::WellTimed::new(premises())),
        Box::new(lease::live_leader::LiveLeader::default()),
        Box::new(lease::caught_up::CaughtUp::default()),
        Box::new(lease::monotone_lease::MonotoneLease::default()),
        Box::new(lease::fresh_clock::FreshClock::default()),
        Box::new(liveness::calls_return::CallsReturn::new(premises())),
        Box::new(liveness::recovers::Recovers::new(premises())),
        Box::new(liveness::transfers_end::TransfersEnd::new(premises())),
        Box::new(liveness::steady_leadership::SteadyLeadership::new(premises())),
        Box::new(liveness::commit_progress::CommitProgress::new(premises())),
        Box::new(lease::end_causes::EndCauses::default()),
        Box::new(fast_path::read_index_budget::ReadIndexBudget::default()),
        Box::new(fast_path::hit_rate::HitRate::new(premises())),
        Box::new(fast_path::heartbeats::Heartbeats::new(premises())),
        Box::new(fast_path::warm_lease::WarmLease::new(premises())),
        Box::new(fast_path::read_gap::ReadGap::new(premises())),
        Box::new(fast_path::read_index_latency::ReadIndexLatency::new(premises())),
        Box::new(fast_path::lease_used::LeaseUsed::new(premises())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_listed_under_its_name_and_in_the_same_order() {
        let built: Vec<_> = all(&Premises::of_tests()).iter().map(|check| check.name()).collect();
        let listed: Vec<_> = ALL.iter().map(|info| info.name).collect();
        assert_eq!(built, listed);
    }

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
