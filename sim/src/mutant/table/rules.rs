//! Bugs that are made by switching off what the stack keeps.

use super::stack::without_check_quorum;
use crate::mutant::wrap::listener;
use crate::mutant::{Harm, PLANTED, Tuning, Variant, any_error, seen};
use crate::scenario::Engine;
use leasehold::coordinator::{Policy, WriteFence};
use leasehold::engine::RenewalKind;
use leasehold::rules::Rule;

pub(super) const VARIANTS: &[Variant] = &[
    Variant {
        name: "leader-is-lease",
        about: "planted: who leads by CheckQuorum answers, however long ago a quorum was heard",
        source: "etcd-io/raft #166; etcd #12704; lease-bugs LB-01",
        seen: seen("fast/s-03-cut-after-check-quorum", "fresh-clock"),
        rules_off: &[Rule::HeldInThisTerm, Rule::NotExpired],
        ..PLANTED
    },
    Variant {
        name: "leader-without-check-quorum",
        about: "planted: who leads answers, and nothing makes it step down",
        source: "raft-rs #140, #141; etcd #8450; lease-bugs LB-02",
        seen: seen("fast/s-03-cut-after-check-quorum", "fresh-clock"),
        rules_off: &[Rule::HeldInThisTerm, Rule::NotExpired],
        tuning: Some(Tuning::RaftRs(without_check_quorum)),
        ..PLANTED
    },
    Variant {
        name: "lease-without-promises",
        about: "planted: a lease is granted where CheckQuorum is off, and voters promise nothing",
        source: "lease-bugs LB-02; found by a generated scenario in this stack",
        seen: seen("fast/no-promises", "one-lease"),
        rules_off: &[Rule::VotersPromise],
        ..PLANTED
    },
    Variant {
        name: "stands-though-led",
        about: "planted: who is to stand before all others does so when it starts, although it has heard a leader",
        source: "found by a generated scenario in this stack",
        seen: seen("fast/groups-late-founder", "leader-changes"),
        harm: Harm::Liveness,
        rules_off: &[Rule::UnheardStandsFirst],
        ..PLANTED
    },
    Variant {
        name: "never-expires",
        about: "planted: the gate does not ask whether the lease has run out",
        source: "rule not-expired of the gate; premise P6",
        seen: seen("fast/s-03-cut-after-check-quorum", "fresh-clock"),
        rules_off: &[Rule::NotExpired],
        ..PLANTED
    },
    Variant {
        name: "transfer-keeps-lease",
        about: "planted: a transfer of leadership leaves the lease as it is",
        source: "etcd-io/raft #99; openraft #1747; TiKV #1593; lease-bugs LB-18",
        seen: seen("fast/s-01-transfer-and-hold", "one-lease"),
        listener: Some(listener::hears_of_no_transfer),
        rules_off: &[Rule::NoTransfer],
        ..PLANTED
    },
    Variant {
        name: "late-timeout-now",
        about: "planted: a TimeoutNow that arrives after its leader has regained its lease is obeyed",
        source: "raft-rs #234; lease-bugs LB-19 (b)",
        seen: seen("planted/late-timeout-now", "one-lease"),
        rules_off: &[Rule::TimeoutNowNamesLog],
        ..PLANTED
    },
    Variant {
        name: "regained-by-time",
        about: "planted: a transfer that is given up gives the lease back, without an entry that proves it over",
        source: "lease-bugs LB-19 (a), LB-20",
        seen: seen("planted/late-vote", "transfer-lease"),
        rules_off: &[Rule::RegainedByEntry],
        ..PLANTED
    },
    Variant {
        name: "served-before-own-term",
        about: "planted: a new leader answers before it has applied an entry of its own term",
        source: "elastickv at d9a031d; redisraft #18; etcd #7331; lease-bugs LB-28",
        seen: seen("planted/fresh-leader", "caught-up"),
        rules_off: &[Rule::CaughtUp],
        ..PLANTED
    },
    Variant {
        name: "revived-lease",
        about: "planted: an operation that began before the lease ended brings it back",
        source: "elastickv b82ba323, 9c15a89b; lease-bugs LB-22",
        seen: seen("fast/write-conflict-storm", "monotone-lease"),
        renewal: Some(RenewalKind::Caller),
        write_ends: Some(any_error),
        rules_off: &[Rule::SameGeneration, Rule::BegunSinceEnd],
        ..PLANTED
    },
    Variant {
        name: "shortened-lease",
        about: "planted: of two operations that overlap the one that ends last sets the lease, even back",
        source: "elastickv f28bf0d5; lease-bugs LB-34",
        seen: seen("planted/overlapping", "monotone-lease"),
        harm: Harm::Performance,
        renewal: Some(RenewalKind::Caller),
        coordinator: Policy { write_fence: WriteFence::ReadIndex, ..PLANTED.coordinator },
        rules_off: &[Rule::NeverShortened],
        ..PLANTED
    },
    Variant {
        name: "promise-lost-in-restart",
        about: "planted: a voter that starts again has forgotten whom it has heard lead",
        source: "TiKV #15035, #15085; lease-bugs LB-45",
        seen: seen("fast/restart-promise", "one-lease"),
        rules_off: &[Rule::PromiseSurvivesRestart],
        ..PLANTED
    },
    Variant {
        name: "learners-counted",
        about: "planted: learners acknowledge for the lease",
        source: "hashicorp/raft #308; lease-bugs LB-39",
        seen: seen("planted/learners", "counted-voters"),
        rules_off: &[Rule::AckOfVoter],
        ..PLANTED
    },
    Variant {
        name: "regained-by-earlier-entry",
        about: "planted: after a transfer was given up whatever is applied next brings the lease back, be it from before the transfer",
        source: "TiKV: what is proposed after it lifts a suspect lease; lease-bugs LB-20",
        seen: seen("fast/entries-after-abort", "transfer-lease"),
        rules_off: &[Rule::AppliedSinceAbort],
        ..PLANTED
    },
    Variant {
        name: "unvoted-promises-nothing",
        about: "planted: a voter that heard of its term by an append, and has not voted in it, votes at once when it starts again",
        source: "lease-bugs LB-45",
        seen: seen("fast/unvoted-restart", "one-lease"),
        rules_off: &[Rule::WhoFollowedHasPromised],
        ..PLANTED
    },
    Variant {
        name: "commit-forgotten",
        about: "planted: the commit index is written with a vote alone: who starts again goes by members that are members no more",
        source: "raft-rs #225; lease-bugs LB-44",
        seen: seen("planted/forgotten-commit", "leader-completeness"),
        rules_off: &[Rule::CommitDurable],
        ..PLANTED
    },
    Variant {
        name: "removed-counted",
        about: "planted: who was removed acknowledges for the lease still",
        source: "elastickv 2b86cdc5 (Q2), 9adc6b46 (Q3), 50d3aa45 (Q4); lease-bugs LB-40",
        seen: seen("fast/membership", "counted-voters"),
        rules_off: &[Rule::AckOfVoter, Rule::AckOfMember],
        ..PLANTED
    },
    Variant {
        name: "one-acknowledgement",
        about: "planted: of five voters one acknowledgement renews the lease",
        source: "lease-bugs LB-41 (a)",
        seen: seen("planted/five-voters", "lease-base"),
        rules_off: &[Rule::AckQuorum],
        ..PLANTED
    },
    Variant {
        name: "counts-by-members-applied",
        about: "planted: a leader with several changes of members to apply counts acknowledgements by the members from before them",
        source: "openraft: members are in force as soon as they are in the log; found by reading this stack",
        seen: seen("planted/unapplied-changes", "one-lease"),
        only_on: Some(Engine::Openraft),
        rules_off: &[Rule::CountsAsVotersDo],
        ..PLANTED
    },
    Variant {
        name: "half-of-joint",
        about: "planted: of a joint configuration the incoming half renews the lease alone",
        source: "lease-bugs LB-41 (b)",
        seen: seen("planted/slow-half", "counted-voters"),
        rules_off: &[Rule::AcksOfBothHalves],
        ..PLANTED
    },
    Variant {
        name: "acknowledged-in-another-term",
        about: "planted: an acknowledgement counts in whatever term it was given, and in every later one",
        source: "elastickv a1e1f582 and d9a031d; lease-bugs LB-37",
        seen: seen("planted/back-and-forth", "lease-base"),
        rules_off: &[Rule::StampOfThisTerm, Rule::AnswerOfThisTerm, Rule::RenewedInThisTerm, Rule::AcksOfOneTerm],
        ..PLANTED
    },
    Variant {
        name: "deposed-leader-keeps-lease",
        about: "planted: neither the role nor the term is asked, and a lost leadership leaves the lease in force",
        source: "elastickv b94ee7e0; lease-bugs LB-25",
        seen: seen("fast/s-01-transfer-and-hold", "one-lease"),
        listener: Some(listener::hears_of_no_loss),
        rules_off: &[Rule::Leader, Rule::NoTransfer, Rule::HeldInThisTerm],
        ..PLANTED
    },
    Variant {
        name: "end-leaves-expiry",
        about: "planted: the end of a lease moves the generation, and the next one finds the old expiry",
        source: "elastickv ac9b7f85: between two stores there, to the end of the lease here, as one lock guards both; lease-bugs LB-23",
        seen: seen("planted/back-and-forth", "live-leader"),
        renewal: Some(RenewalKind::Caller),
        rules_off: &[Rule::HeldInThisGeneration],
        ..PLANTED
    },
    Variant {
        name: "late-ticks-made-up",
        about: "planted: a loop that fell behind takes all its ticks at once, and with them a promise that it has just given",
        source: "TiKV #6596, #6648; lease-bugs LB-15",
        seen: seen("planted/stalled-followers", "one-lease"),
        rules_off: &[Rule::LateTickIsLost],
        ..PLANTED
    },
    Variant {
        name: "removed-leader-stays",
        about: "planted: a leader without a vote goes on to lead, and confirms ReadIndex alone where one voter is left",
        source: "raft-rs post_conf_change, is_singleton; dragonboat 31f4122; etcd #10563; lease-bugs LB-43",
        seen: seen("findings/raft-rs-removed-leader", "staleness"),
        rules_off: &[Rule::LeaderHasVote],
        ..PLANTED
    },
    Variant {
        name: "context-reused",
        about: "planted: all ReadIndex rounds of a node have one context: an answer to an old one confirms the next",
        source: "etcd-io/raft #397; etcd #20418; lease-bugs LB-54",
        seen: seen("fast/s-04-late-acknowledgement", "lease-base"),
        renewal: Some(RenewalKind::ReadRounds),
        rules_off: &[Rule::RoundConfirmsItself],
        ..PLANTED
    },
    Variant {
        name: "early-round-dropped",
        about: "planted: a ReadIndex that reaches a new leader before its first commit is lost without a word, until it is repeated",
        source: "raft-rs; etcd #12680, #12762; lease-bugs LB-52",
        seen: seen("planted/early-reads", "get-max"),
        harm: Harm::Liveness,
        rules_off: &[Rule::RoundAfterOwnTerm],
        ..PLANTED
    },
    Variant {
        name: "vote-not-durable",
        about: "planted: term and vote are not written before the vote is given; a voter that restarts gives another",
        source: "sofa-jraft #1245; lease-bugs LB-48",
        seen: seen("planted/second-vote", "durability"),
        rules_off: &[Rule::VoteDurable],
        ..PLANTED
    },
    Variant {
        name: "end-never-settled",
        about: "planted: a lease that ended while the clock could not be read stays away as long as its leader leads",
        source: "found by slow/chaos in this stack",
        seen: seen("fast/clock-back", "lease-hit-rate"),
        harm: Harm::Performance,
        rules_off: &[Rule::EndSettledByClock],
        ..PLANTED
    },
    Variant {
        name: "every-leader-is-alone",
        about: "planted: every leader takes its vote for the only one, and backs its lease by itself",
        source: "elastickv #676 (Q7): a count of voters that is zero at start opens the way of the only voter; lease-bugs LB-30",
        seen: seen("fast/s-03-cut-after-check-quorum", "lease-base"),
        rules_off: &[Rule::AloneByItsVote],
        ..PLANTED
    },
    Variant {
        name: "ignored-transfer-awaited",
        about: "planted: a transfer that raft ignores, as to a learner, or has given up is waited for, and the lease with it, for ever",
        source: "elastickv 852b13ff (R1), 8045c2ff, 7aa08b53 and 9e9432c6 (R2)",
        seen: seen("planted/vain-transfers", "transfers-end"),
        harm: Harm::Liveness,
        rules_off: &[Rule::TransferToEligible, Rule::TransferUnderWay],
        ..PLANTED
    },
    Variant {
        name: "lost-snapshot-unreported",
        about: "planted: raft is not told of a snapshot that was lost, and sends its receiver nothing else, while heartbeats flow",
        source: "elastickv d82b6c14 #535 (R6), 7e0ce99d (R7): of entries raft finds out by the next heartbeat's answer",
        seen: seen("planted/lost-snapshot", "writes"),
        harm: Harm::Liveness,
        rules_off: &[Rule::SnapshotUnderWay],
        ..PLANTED
    },
    Variant {
        name: "transfer-to-anybody",
        about: "planted: a transfer to who cannot lead is begun, and costs the lease until raft has not taken it up",
        source: "elastickv #972, 1a247056 (R5); lease-bugs LB-71",
        seen: seen("planted/vain-transfers", "lease-hit-rate"),
        harm: Harm::Performance,
        rules_off: &[Rule::TransferToEligible],
        ..PLANTED
    },
    Variant {
        name: "transient-errors-returned",
        about: "planted: what comes during a transfer, or finds no leader, fails at once: clients repeat it, or do not",
        source: "elastickv 18a25bdb #618 (D1)",
        seen: seen("planted/plain-handovers", "served"),
        harm: Harm::Liveness,
        rules_off: &[Rule::TransientIsRetried],
        ..PLANTED
    },
    Variant {
        name: "transfer-never-over",
        about: "planted: a transfer that raft has given up is under way for ever, and the lease does not come back",
        source: "hashicorp/raft #493; lease-bugs LB-67",
        seen: seen("planted/unreachable-target", "transfers-end"),
        harm: Harm::Liveness,
        rules_off: &[Rule::TransferUnderWay],
        ..PLANTED
    },
    Variant {
        name: "frozen-leader-stays",
        about: "planted: a leader whose disk stands still leads on, and answers no write",
        source: "CockroachDB's disk stalls; lease-bugs LB-80",
        seen: seen("fast/dark-clients", "served"),
        harm: Harm::Liveness,
        rules_off: &[Rule::LeaderWrites],
        ..PLANTED
    },
    Variant {
        name: "acknowledged-from-memory",
        about: "planted: a follower acknowledges what it has yet to write, and a leader counts it",
        source: "raft-rs #403, #410, #433; lease-bugs LB-49",
        seen: seen("fast/steady", "durability"),
        rules_off: &[Rule::AckAfterWrite],
        ..PLANTED
    },
    Variant {
        name: "vote-before-write",
        about: "planted: votes are asked for and given while they are being written",
        source: "sofa-jraft #1245; raft-rs #372; lease-bugs LB-48",
        seen: seen("planted/second-vote", "durability"),
        rules_off: &[Rule::VoteAfterWrite],
        ..PLANTED
    },
    Variant {
        name: "persisted-too-far",
        about: "planted: a leader takes what it has staged for written as soon as an earlier write ends",
        source: "raft-rs #410, #417; lease-bugs LB-49",
        seen: seen("fast/writes-starve", "durability"),
        rules_off: &[Rule::PersistedIsWritten],
        ..PLANTED
    },
    Variant {
        name: "failed-write-counts",
        about: "planted: a write that has failed counts as any other",
        source: "Rebello et al., USENIX ATC '20; lease-bugs LB-49",
        seen: seen("fast/disk", "durability"),
        rules_off: &[Rule::WriteSucceeded],
        ..PLANTED
    },
    Variant {
        name: "found-is-durable",
        about: "planted: what a node finds in its log when it starts counts as durable, though nobody has synced it",
        source: "Alagappan et al., OSDI '16; lease-bugs LB-49",
        seen: seen("planted/unsynced-restart", "durability"),
        rules_off: &[Rule::FoundIsDurable],
        ..PLANTED
    },
    Variant {
        name: "snapshot-acknowledged-early",
        about: "planted: a follower acknowledges a snapshot that it has yet to write",
        source: "raft-rs #417, #465; lease-bugs LB-49",
        seen: seen("fast/snapshot", "durability"),
        rules_off: &[Rule::InstallAfterWrite],
        ..PLANTED
    },
    Variant {
        name: "answered-for-another",
        about: "planted: a leader that is one no longer lets its callers wait, and answers them by whatever is applied at their indices",
        source: "elastickv HZ-2: matched by an identifier of the process alone",
        seen: seen("fast/partition", "serial-order"),
        rules_off: &[Rule::InterruptedWritesAreTold, Rule::OwnEntryAnswers],
        ..PLANTED
    },
    Variant {
        name: "reads-left-waiting",
        about: "planted: a ReadIndex whose leader steps down, or hands over, is told to nobody, until it is repeated",
        source: "TiKV #4810; lease-bugs LB-58",
        seen: seen("fast/partition", "interrupted-rounds"),
        harm: Harm::Liveness,
        rules_off: &[Rule::InterruptedReadsAreTold],
        ..PLANTED
    },
    Variant {
        name: "stands-while-installing",
        about: "planted: a node whose snapshot is on its way to the disk stands for election, and raft panics",
        source: "raft-rs 0.7.0 raft.rs (hup): advance_append_async with a snapshot; found by slow/chaos in this stack",
        seen: seen("findings/raft-rs-stands-while-installing", "panic"),
        harm: Harm::Liveness,
        rules_off: &[Rule::InstalledBeforeElection],
        ..PLANTED
    },
    Variant {
        name: "wait-never-asked-anew",
        about: "planted: while a few requests hang, how long the last one waited for a core keeps all others out, however free cores are",
        source: "none: a sample that nobody renews",
        seen: seen("fast/hung-calls", "served"),
        harm: Harm::Liveness,
        rules_off: &[Rule::WaitIsRecent],
        ..PLANTED
    },
    Variant {
        name: "refuses-nobody",
        about: "planted: who asks is let in, however long those before wait: beyond capacity next to nothing is answered in time",
        source: "Zhou et al., SoCC '18 (DAGOR)",
        seen: seen("fast/overload", "interrupted-calls"),
        harm: Harm::Liveness,
        rules_off: &[Rule::HasRoom],
        ..PLANTED
    },
];
