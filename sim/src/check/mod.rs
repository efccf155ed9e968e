//! What must never happen, and what must not happen too often: one file a property.
//!
//! A check sees the [`Record`]s of a run as they come, and nothing else: no cluster, no clock, no scenario. It remembers what
//! it needs and answers with a [`Finding`] at the first violation. What can only be counted is judged in [`Check::finish`].
//! What the nodes have told so far is followed once for all of them, by [`Nodes`]; [`Panel`] shows each record to those who
//! look at its kind.
//!
//! | file                   | property                                                               | id in `lease-bugs.md` §3 |
//! |------------------------|------------------------------------------------------------------------|--------------------------|
//! | `staleness`            | no read is older than what was acknowledged before it                  | S1                       |
//! | `linearizability`      | each key is a single register, judged from its values                  | S1                       |
//! | `serial_order`         | the log is the order in which everything took place, across keys       | S5, S1                   |
//! | `exact_search`         | a key behaves like a register, by an exact search                      | S6                       |
//! | `committed_reads`      | what is read was committed, and belongs to its version                 | S3                       |
//! | `monotone_reads`       | no client sees a key go back                                           | S2                       |
//! | `election_safety`      | a term has one leader                                                  | R1                       |
//! | `state_machine_safety` | all nodes apply the same entries, in order                             | R4                       |
//! | `log_matching`         | equal index and term, equal entry and equal past                       | R2                       |
//! | `leader_completeness`  | a leader's log has what was committed before                           | R3                       |
//! | `durability`           | what others were told of is durable, and is there after a restart      | R5                       |
//! | `configuration`        | memberships follow each other one change at a time                     | R6                       |
//! | `one_lease`            | never two valid leases at one instant                                  | W1                       |
//! | `quorum_commits`       | nothing is committed that a quorum does not have                       | R7                       |
//! | `exclusive_commits`    | while a lease is valid, nobody commits in a later term                 | W2                       |
//! | `transfer_lease`       | no lease while leadership is being handed over                         | W6                       |
//! | `applied_before_read`  | who answers from a lease has applied all that anybody was told of      | S4                       |
//! | `lease_base`           | a lease is counted from when something left that a quorum acknowledged | W4                       |
//! | `counted_voters`       | those who count for a lease are voters, by the membership in force     | W11                      |
//! | `backed_by_promises`   | every election needs a voter that has promised against it              | W3                       |
//! | `timing`               | a lease is covered by promises, and renewed in time                    | W12                      |
//! | `live_leader`          | who answers from a lease runs, leads, and leads the lease's term       | W5                       |
//! | `caught_up`            | no lease read before an entry of the leader's own term is applied      | W7                       |
//! | `monotone_lease`       | a lease never gets shorter; an ended one never comes back              | W8                       |
//! | `fresh_clock`          | a lease read is decided by a fresh reading of the clock                | W10                      |
//! | `calls_return`         | every call returns                                                     | L1                       |
//! | `recovers`             | after the last fault there is a leader again                           | L2                       |
//! | `transfers_end`        | a transfer ends, one way or the other                                  | L3, L4                   |
//! | `steady_leadership`    | nobody is elected for no reason                                        | L6, Pf4                  |
//! | `commit_progress`      | a leader that cannot commit does not go on to answer                   | L7                       |
//! | `end_causes`           | no lease is ended without cause                                        | W9                       |
//! | `read_index_budget`    | a ReadIndex round for each miss and each renewal                       | Pf2                      |
//! | `hit_rate`             | where nothing is wrong, reads are answered from the lease              | Pf1                      |
//! | `heartbeats`           | heartbeats go out and arrive, whatever the load                        | Pf2, Pf4                 |
//! | `warm_lease`           | a new leader's lease is warm as soon as it can be                      | Pf3                      |
//! | `read_gap`             | when leadership moves, reads are away for no longer than it takes      | Pf5                      |
//! | `read_index_latency`   | a ReadIndex round takes a round trip, and waits for no tick            | Pf6                      |
//! | `lease_used`           | the lease is used at all                                               | V1                       |
//!
//! What no check of a single history can see is judged elsewhere: that nine of ten recoveries are quick (L2, B1) where a sweep
//! is summed up (`verdict::recoveries`); that nothing panics (L5) by the runner, which makes a failure of class `panic` of it;
//! that the same seed gives the same history (D1, D2) by `verify`; which faults met which state of the lease (V4) by the
//! auditor.
//!
//! `zones` judges a register while its history happens, `exact` a short history by search; `ledger` is the store as the log
//! makes it, `operations` what is under way, `troubles` which faults are in force, `calm` since when nothing is wrong, `clocks`
//! when a clock shows what. `nodes` follows the processes, roles, leases and logs of all nodes, for the checks that judge them
//! and for everybody's stories; `words` writes numbers as people read them.

mod applied_before_read;
mod backed_by_promises;
mod calls_return;
mod calm;
mod caught_up;
mod commit_progress;
mod committed_reads;
mod configuration;
mod counted_voters;
mod durability;
mod election_safety;
mod end_causes;
mod exact;
mod exact_search;
mod exclusive_commits;
mod fresh_clock;
mod heartbeats;
mod hit_rate;
mod leader_completeness;
mod lease_base;
mod lease_used;
mod linearizability;
mod live_leader;
mod log_matching;
mod monotone_lease;
mod monotone_reads;
mod one_lease;
mod panel;
mod premises;
mod quorum_commits;
mod read_gap;
mod read_index_budget;
mod read_index_latency;
mod recovers;
mod serial_order;
mod staleness;
mod state_machine_safety;
mod steady_leadership;
mod story;
mod timing;
mod transfer_lease;
mod transfers_end;
mod warm_lease;
pub mod words;
pub mod zones;

/// The names by which checks know parts of the view.
mod nodes {
    pub(super) use super::story::moment;
    pub(super) use crate::view::{Held, Replica as NodeState, View as Nodes};
}

pub use panel::{Kind, Panel};
pub use premises::Premises;

#[cfg(test)]
pub(crate) mod testing;

use crate::history::Record;
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::{View as Nodes, acknowledged, clocks, faults as troubles, ledger, log, operations};
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
    fn record(&mut self, record: &Record, nodes: &Nodes) -> Option<Finding>;

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
    staleness::INFO,
    linearizability::INFO,
    serial_order::INFO,
    exact_search::INFO,
    committed_reads::INFO,
    monotone_reads::INFO,
    election_safety::INFO,
    state_machine_safety::INFO,
    log_matching::INFO,
    leader_completeness::INFO,
    durability::INFO,
    quorum_commits::INFO,
    configuration::INFO,
    one_lease::INFO,
    exclusive_commits::INFO,
    transfer_lease::INFO,
    applied_before_read::INFO,
    lease_base::INFO,
    counted_voters::INFO,
    backed_by_promises::INFO,
    timing::INFO,
    live_leader::INFO,
    caught_up::INFO,
    monotone_lease::INFO,
    fresh_clock::INFO,
    calls_return::INFO,
    recovers::INFO,
    transfers_end::INFO,
    steady_leadership::INFO,
    commit_progress::INFO,
    end_causes::INFO,
    read_index_budget::INFO,
    hit_rate::INFO,
    heartbeats::INFO,
    warm_lease::INFO,
    read_gap::INFO,
    read_index_latency::INFO,
    lease_used::INFO,
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
        Box::new(staleness::Staleness::new(keys())),
        Box::new(linearizability::Linearizability::new(keys())),
        Box::new(serial_order::SerialOrder::new(keys())),
        Box::new(exact_search::ExactSearch::new(premises())),
        Box::new(committed_reads::CommittedReads::new(keys())),
        Box::new(monotone_reads::MonotoneReads::new(keys())),
        Box::new(election_safety::ElectionSafety::default()),
        Box::new(state_machine_safety::StateMachineSafety::default()),
        Box::new(log_matching::LogMatching::default()),
        Box::new(leader_completeness::LeaderCompleteness::default()),
        Box::new(durability::Durability::default()),
        Box::new(quorum_commits::QuorumCommits::default()),
        Box::new(configuration::Configuration::default()),
        Box::new(one_lease::OneLease::default()),
        Box::new(exclusive_commits::ExclusiveCommits::default()),
        Box::new(transfer_lease::TransferLease::default()),
        Box::new(applied_before_read::AppliedBeforeRead::default()),
        Box::new(lease_base::LeaseBase::default()),
        Box::new(counted_voters::CountedVoters::default()),
        Box::new(backed_by_promises::BackedByPromises::new(premises())),
        Box::new(timing::WellTimed::new(premises())),
        Box::new(live_leader::LiveLeader::default()),
        Box::new(caught_up::CaughtUp::default()),
        Box::new(monotone_lease::MonotoneLease::default()),
        Box::new(fresh_clock::FreshClock::default()),
        Box::new(calls_return::CallsReturn::new(premises())),
        Box::new(recovers::Recovers::new(premises())),
        Box::new(transfers_end::TransfersEnd::new(premises())),
        Box::new(steady_leadership::SteadyLeadership::new(premises())),
        Box::new(commit_progress::CommitProgress::new(premises())),
        Box::new(end_causes::EndCauses::default()),
        Box::new(read_index_budget::ReadIndexBudget::default()),
        Box::new(hit_rate::HitRate::new(premises())),
        Box::new(heartbeats::Heartbeats::new(premises())),
        Box::new(warm_lease::WarmLease::new(premises())),
        Box::new(read_gap::ReadGap::new(premises())),
        Box::new(read_index_latency::ReadIndexLatency::new(premises())),
        Box::new(lease_used::LeaseUsed::new(premises())),
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
