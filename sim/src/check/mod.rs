//! What must never happen, and what must not happen too often: one file a property.
//!
//! A check has a handler for each kind of record that it looks at, and no cluster, clock or scenario: `history::hears` lists them. What is
//! so at that moment it asks of the [`GroupView`](crate::view::GroupView). It remembers what else it needs and answers with a [`Finding`] at the first
//! violation; what can only be counted it judges at the end. [`Panel`] tells each record to those that have a handler for it, and counts
//! how often each property was evaluated.
//!
//! The folders are what is promised to whom; `leasehold list checks` says in one line what each check proves, of which class a
//! failure is, and where the property comes from.
//!
//! What no check of a single history can see is judged elsewhere: that nine of ten recoveries are quick (L2, B1) where a sweep
//! is summed up (`verdict::recoveries`); that nothing panics (L5) by the runner, which makes a failure of class `panic` of it;
//! that the same seed gives the same history (D1, D2) by `verify`; which faults met which state of the lease (V4) by the
//! auditor.
//!
//! `calm` says since when nothing is wrong, `story` what the nodes are up to; `prelude` is what nearly every check imports.

mod calm;
mod handlers;
mod panel;
mod prelude;
mod premises;
mod story;

/// What clients see.
mod client {
    mod access;
    pub(super) mod committed_reads;
    pub(super) mod exact_search;
    pub(super) mod linearizability;
    pub(super) mod monotone_reads;
    pub(super) mod one_owner;
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

/// What the stack tells of itself.
mod told {
    pub(super) mod true_counts;
    pub(super) mod true_errors;
    pub(super) mod true_events;
}

/// What must happen in time.
mod liveness {
    pub(super) mod calls_return;
    pub(super) mod changes_end;
    pub(super) mod commit_progress;
    pub(super) mod interrupted_calls;
    pub(super) mod interrupted_rounds;
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

pub(crate) use lease::end_causes::is_loss_of_leadership;
pub use panel::{Panel, Watch};
pub use premises::Premises;

#[cfg(test)]
pub(crate) mod testing;

use crate::scenario::Class;
use crate::time::SimTime;
use crate::words::figures::counted;
use handlers::Check;
use std::time::Duration;

crate::words::words! {
    /// Has a finding broken something, or could it have?
    pub enum Severity: "severity" {
        /// The property does not hold.
        Actual = "actual",
        /// One line of defence is open and another still stands, as far as is known. Recorded, counted and shown; neither ends nor
        /// fails the run (`lease-bugs.md` W3, W6, L7).
        Potential = "potential",
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

    /// Not as others of its class: whatever it finds, the run goes on.
    const fn going_on(self) -> Self {
        Self { stops: false, ..self }
    }
}

/// The name of a file as that of its check: `one_lease` is `one-lease`.
const fn dashed<const LENGTH: usize>(file: &str) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        bytes[at] = if file.as_bytes()[at] == b'_' { b'-' } else { file.as_bytes()[at] };
        at += 1;
    }
    bytes
}

/// What a check is: `room::file::Type: Class, "what it says", "where from";`, with `going_on` behind the class where it is as
/// [`CheckInfo::going_on`] says.
macro_rules! checks {
    ($($room:ident::$file:ident::$check:ident: $class:ident $(, $going_on:ident)?, $about:literal, $source:literal;)*) => {
        [$({
            const NAME: &[u8] = &dashed::<{ stringify!($file).len() }>(stringify!($file));
            let Ok(name) = std::str::from_utf8(NAME) else { unreachable!() };
            CheckInfo::of::<$room::$file::$check>(name, Class::$class, $about, $source)$(.$going_on())?
        }),*]
    };
}

/// Every check, the most severe first.
pub const ALL: &[CheckInfo] = &checks! {
    client::staleness::Staleness: StaleRead,
        "no operation sees or overwrites less than what was acknowledged before it was invoked",
        "lease-bugs.md S1";
    client::linearizability::Linearizability: StaleRead,
        "each key behaves like a single register, judged from the values that clients saw",
        "lease-bugs.md S1; Gibbons & Korach 1997";
    client::one_owner::OneOwner: LostWrite,
        "a key has one group at a time, and only that reads and writes it by its log",
        "elastickv Composed-1, C1 to C4";
    client::serial_order::SerialOrder: StaleRead,
        "all operations, scripts across all their keys, take place in the order of the log and in real time",
        "lease-bugs.md S5, S1; Herlihy & Wing 1990; Papadimitriou 1979";
    client::committed_reads::CommittedReads: StaleRead,
        "what is read was committed by then, and belongs to its version",
        "lease-bugs.md S3";
    client::monotone_reads::MonotoneReads: StaleRead,
        "no client finds less of a key than it has seen before",
        "lease-bugs.md S2; Terry et al. 1994";
    raft::election_safety::ElectionSafety: RaftInvariant,
        "a term has one leader",
        "lease-bugs.md R1; Raft §5.2";
    raft::state_machine_safety::StateMachineSafety: RaftInvariant,
        "all nodes apply the same entries, in order and without gaps",
        "lease-bugs.md R4; Raft §5.4.3";
    raft::log_matching::LogMatching: RaftInvariant,
        "entries with the same index and term are the same, and so are all before them",
        "lease-bugs.md R2; Raft §5.3";
    raft::leader_completeness::LeaderCompleteness: RaftInvariant,
        "a leader's log has everything that was committed in earlier terms",
        "lease-bugs.md R3; Raft §5.4";
    raft::durability::Durability: RaftInvariant,
        "terms, votes and entries that others were told of are durable, and are there after a restart",
        "lease-bugs.md R5; Raft §5.1";
    raft::quorum_commits::QuorumCommits: RaftInvariant,
        "nothing is committed that is not durable on a quorum",
        "lease-bugs.md R7; Raft §5.3";
    raft::configuration::Configuration: RaftInvariant,
        "memberships follow each other one change at a time, and joint ones are left",
        "lease-bugs.md R6; Raft dissertation §4; LB-44, LB-50";
    lease::one_lease::OneLease: LeaseInvariant,
        "no two nodes hold a valid lease at the same instant",
        "lease-bugs.md W1";
    lease::exclusive_commits::ExclusiveCommits: LeaseInvariant,
        "nothing of a later term is committed while a lease is valid",
        "lease-bugs.md W2";
    lease::transfer_lease::TransferLease: LeaseInvariant,
        "no lease from the start of a transfer until it is won back by a new entry",
        "lease-bugs.md W6, P4, RL.3, RL.4; raft-rs #234";
    lease::applied_before_read::AppliedBeforeRead: LeaseInvariant,
        "who answers from a lease has applied all that any client was told of",
        "lease-bugs.md S4, P9";
    lease::lease_base::LeaseBase: LeaseInvariant,
        "a lease is counted from when something left that a quorum has acknowledged",
        "lease-bugs.md W4, P1; Raft dissertation §6.4.1";
    lease::counted_voters::CountedVoters: LeaseInvariant,
        "a lease is extended by acknowledgements of a quorum of those who vote",
        "lease-bugs.md W11, P5; LB-39 to LB-41, LB-43";
    // Not as others of its class: all that it finds is potential.
    lease::backed_by_promises::BackedByPromises: LeaseInvariant, going_on,
        "while a lease is valid, every election needs a voter that has promised against it",
        "lease-bugs.md W3, P2, P3, P5, P6; Raft dissertation §4.2.3, §6.4.1";
    // Not as others of its class: a run with wrong timers goes on, to show what comes of them (DESIGN §6).
    lease::timing::WellTimed: LeaseInvariant, going_on,
        "a lease is covered by the promises behind it, and renewed before it runs out",
        "lease-bugs.md W12, P6, RL.7; TiKV #9737; etcd #10483";
    lease::live_leader::LiveLeader: LeaseInvariant,
        "who answers from a lease runs, leads, and leads the lease's term",
        "lease-bugs.md W5";
    lease::caught_up::CaughtUp: LeaseInvariant,
        "a leader answers from its lease only after it has applied an entry of its own term",
        "lease-bugs.md W7, P7";
    lease::monotone_lease::MonotoneLease: LeaseInvariant,
        "a lease never gets shorter, and one that was ended never comes back",
        "lease-bugs.md W8, RL.3";
    lease::fresh_clock::FreshClock: LeaseInvariant,
        "a lease read is decided by a fresh reading of the clock, before the lease's expiry",
        "lease-bugs.md W10, P8";
    liveness::calls_return::CallsReturn: Liveness,
        "every call is answered or given up by its deadline, once",
        "lease-bugs.md L1";
    liveness::recovers::Recovers: Liveness,
        "after the last fault a quorum follows a leader that has committed, and who runs follows it, within six election timeouts",
        "lease-bugs.md L2, B2, LB-76";
    liveness::transfers_end::TransfersEnd: Liveness,
        "a transfer succeeds or is given up within an election timeout, to a healthy target in a few round trips",
        "lease-bugs.md L3, L4, LB-21, LB-72; Raft dissertation §3.10";
    liveness::changes_end::ChangesEnd: Liveness,
        "a change of membership that was asked for is answered, truly, and where a leader stands in two election timeouts",
        "lease-bugs.md L4, R6; Raft dissertation §4";
    liveness::interrupted_calls::InterruptedCalls: Liveness,
        "who passed a call on to a leader hears at once that it leads no more, and who took it passes it on to nobody",
        "lease-bugs.md L5, LB-58; elastickv D1";
    liveness::interrupted_rounds::InterruptedRounds: Liveness,
        "who waits for a ReadIndex round hears at once that its leader leads no more",
        "lease-bugs.md L5, LB-58; TiKV #4810";
    liveness::steady_leadership::SteadyLeadership: Liveness,
        "leadership changes for a fault or a transfer, never under load alone",
        "lease-bugs.md L6, Pf4";
    liveness::commit_progress::CommitProgress: Liveness,
        "a leader that cannot commit does not go on to answer from its lease",
        "lease-bugs.md L7, LB-80";
    availability::served::Served: Availability,
        "an operation that nothing stands in the way of is answered ok in the time that network, disk and retries take",
        "elastickv 52987615 (R4), 18a25bdb #618 (D1); lease-bugs LB-80";
    availability::calls_succeed::CallsSucceed: Availability,
        "where nothing is wrong and cores are free, 999 of 1,000 operations are answered ok",
        "the other half of `hit-rate`, which asks how reads are answered and not whether calls are";
    told::true_errors::TrueErrors: Expectation,
        "an error says what is so: not-leader, leadership-lost, transfer-in-progress, closed, retries-exhausted",
        "lease-bugs.md W9, RL.8; elastickv #558, #559";
    told::true_events::TrueEvents: Expectation,
        "what a node tells of itself agrees with what it and others show",
        "lease-bugs.md V4; Raft §5.2";
    told::true_counts::TrueCounts: Expectation,
        "the metrics of a process equal what it did",
        "elastickv #522 and #558, which were seen by their metrics alone";
    lease::end_causes::EndCauses: Expectation,
        "only a loss of leadership ends a lease: no conflict, deadline or transport error does",
        "lease-bugs.md W9, RL.8; elastickv #558, #559";
    fast_path::read_index_budget::ReadIndexBudget: Expectation,
        "ReadIndex rounds are spent on lease misses and renewals only, and sparingly",
        "lease-bugs.md Pf2";
    fast_path::hit_rate::HitRate: Expectation,
        "where nothing is wrong, or one follower is down, reads are answered from the lease",
        "lease-bugs.md Pf1";
    fast_path::heartbeats::Heartbeats: Expectation,
        "where nothing is wrong, a leader's heartbeats go out and arrive, whatever the load",
        "lease-bugs.md Pf2, Pf4; elastickv #1044";
    fast_path::warm_lease::WarmLease: Expectation,
        "a new leader answers from its lease one heartbeat round trip after it is caught up",
        "lease-bugs.md Pf3";
    fast_path::read_gap::ReadGap: Expectation,
        "when leadership moves, reads are away for no longer than it takes to move",
        "lease-bugs.md Pf5";
    fast_path::read_index_latency::ReadIndexLatency: Expectation,
        "a ReadIndex round takes a round trip, and waits for no tick",
        "lease-bugs.md Pf6, LB-62";
    fast_path::lease_used::LeaseUsed: Expectation,
        "where a leader stands for long and is asked, its lease answers at least once",
        "lease-bugs.md V1";
};

/// The search that checks the checker. It sits on no panel but those of tests that ask for it: what it says of a history is the same in
/// every run, and costs more than all others.
pub const EXACT_SEARCH: CheckInfo = {
    let [search] = checks! {
        // What it says is said at the end.
        client::exact_search::ExactSearch: StaleRead, going_on,
            "a key behaves like a single register, judged by an exact search in a sample",
            "lease-bugs.md S6; Wing & Gong 1993, Lowe 2017";
    };
    search
};

/// The check that sees two leases that are good at once.
pub const TWO_LEASES: &str = "one-lease";

/// The check of which nothing is found where nothing is wrong, not even what only might do harm.
pub const CLOSED_UNDER_DEFAULT: &str = "backed-by-promises";

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
    fn the_checks_that_are_known_by_name_are_among_them() {
        assert!(ALL.iter().any(|info| info.name == TWO_LEASES && info.class == Class::LeaseInvariant));
        assert!(ALL.iter().any(|info| info.name == CLOSED_UNDER_DEFAULT));
    }

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
                "changes-end",
                "interrupted-calls",
                "interrupted-rounds",
                "steady-leadership",
                "commit-progress",
                "served",
                "calls-succeed",
                "true-errors",
                "true-events",
                "true-counts",
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
