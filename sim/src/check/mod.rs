//! What must never happen, and what must not happen too often: one file a property.
//!
//! A check has a handler for each kind of record that it looks at, and no cluster, clock or scenario: `handlers` lists them. What is so
//! at that moment it asks of the [`View`](crate::view::View). It remembers what else it needs and answers with a [`Finding`] at the first
//! violation; what can only be counted it judges at the end. [`Panel`] is the one place where records are told apart, and counts how often
//! each property was evaluated.
//!
//! The folders are what is promised to whom; `leasehold list checks` says in one line what each check proves, of which class a
//! failure is, and where the property comes from.
//!
//! What no check of a single history can see is judged elsewhere: that nine of ten recoveries are quick (L2, B1) where a sweep
//! is summed up (`verdict::recoveries`); that nothing panics (L5) by the runner, which makes a failure of class `panic` of it;
//! that the same seed gives the same history (D1, D2) by `verify`; which faults met which state of the lease (V4) by the
//! auditor.
//!
//! `calm` says since when nothing is wrong, `story` what the nodes are up to.

mod calm;
mod handlers;
mod panel;
mod premises;
mod story;

/// What clients see.
mod client {
    mod access;
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

pub use panel::{Panel, Watch};
pub use premises::Premises;

#[cfg(test)]
pub(crate) mod testing;

use crate::scenario::Class;
use crate::time::SimTime;
use crate::words::figures::counted;
use handlers::{Arrival, By, Check, LeaseRead, Now, Opened, Place, Vote};
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

impl Finding {
    /// It is the first of so many.
    fn of(self, times: u64) -> Self {
        let message = format!("{}; {} in all", self.message, counted(times, "time"));
        Self { message, ..self }
    }

    /// It has not failed, but could have.
    fn potential(self) -> Self {
        Self { severity: Severity::Potential, ..self }
    }
}

/// The most lines of a story: with verdict, command and timeline it must fit on one screen.
pub const STORY: usize = 12;

/// The time from the end of the last fault until some leader had committed and a quorum followed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leaderless {
    /// When the fault ended.
    pub since: SimTime,
    /// How long it took; until the end of the run, where there never was one.
    pub took: Duration,
}

/// What a check is, for people.
#[derive(Clone, Copy, Debug)]
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
    /// A fresh one for a run.
    build: fn() -> Box<dyn Check>,
}

impl CheckInfo {
    const fn of<C: Check + Default + 'static>(
        name: &'static str,
        class: Class,
        about: &'static str,
        source: &'static str,
    ) -> Self {
        Self { name, about, class, stops: is_violation(class), source, build: || Box::new(C::default()) }
    }
}

/// Every check, the most severe first: a line each, beside that of its module above.
pub const ALL: &[CheckInfo] = &[
    client::staleness::INFO,
    client::linearizability::INFO,
    client::serial_order::INFO,
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
    availability::served::INFO,
    availability::calls_succeed::INFO,
    lease::end_causes::INFO,
    fast_path::read_index_budget::INFO,
    fast_path::hit_rate::INFO,
    fast_path::heartbeats::INFO,
    fast_path::warm_lease::INFO,
    fast_path::read_gap::INFO,
    fast_path::read_index_latency::INFO,
    fast_path::lease_used::INFO,
];

/// The search that checks the checker. It sits on no panel but those of tests that ask for it: what it says of a history is the same in
/// every run, and costs more than all others.
pub const EXACT_SEARCH: CheckInfo = client::exact_search::INFO;

/// The check that sees two leases that are good at once.
pub const TWO_LEASES: &str = lease::one_lease::INFO.name;

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
