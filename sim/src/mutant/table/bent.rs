//! Rules that are not quite kept: off by one at their boundary, with one operand that nobody asks, from the second time on, in one phase
//! alone, or where there is nothing to refuse. To be switched off is another table (`rules`). What two rules keep is bent in both.
//!
//! An entry: its name, what it does, the rules and how they are bent, the scenario and the check that sees it. `hinders` is what
//! hangs or is slow, and never wrong; `harmless`, what is as right as the default, with the reason in place of the check.

use crate::mutant::Bend::{FromSecondTime, Never, NotIn, Off, Only, Slack, Without};
use crate::mutant::variant::Equivalent;
use crate::mutant::{Bend, Harm, PLANTED, Phase, Variant, any_error, seen};
use crate::scenario::Engine;
use leasehold::engine::RenewalKind;
use leasehold::rules::Rule;

type Bent = &'static [(Rule, Bend)];

/// A tick of most scenarios, in nanoseconds.
const TICK: i64 = 10_000_000;

const fn bent(
    name: &'static str,
    about: &'static str,
    rules_bent: Bent,
    scenario: &'static str,
    by: &'static str,
) -> Variant {
    Variant { name, about, source: "a rule's boundary: src/rules.rs", rules_bent, seen: seen(scenario, by), ..PLANTED }
}

const fn hinders(
    name: &'static str,
    about: &'static str,
    rules_bent: Bent,
    scenario: &'static str,
    by: &'static str,
) -> Variant {
    Variant { harm: Harm::Liveness, ..bent(name, about, rules_bent, scenario, by) }
}

const fn harmless(
    name: &'static str,
    about: &'static str,
    rules_bent: Bent,
    scenario: &'static str,
    because: &'static str,
) -> Variant {
    let equivalent = Some(Equivalent { scenario, because });
    Variant { seen: None, equivalent, ..bent(name, about, rules_bent, scenario, "") }
}

/// The same, of a rule that the engine on openraft alone keeps.
const fn on_openraft(variant: Variant) -> Variant {
    Variant { only_on: Some(Engine::Openraft), ..variant }
}

/// The same, where the caller's own operations renew the lease besides.
const fn of_callers(variant: Variant) -> Variant {
    by_any_error(Variant { renewal: Some(RenewalKind::Caller), ..variant })
}

/// The same, where any error of a write ends the lease.
const fn by_any_error(variant: Variant) -> Variant {
    Variant { write_ends: Some(any_error), ..variant }
}

/// The same, where ReadIndex rounds renew the lease.
const fn of_rounds(variant: Variant) -> Variant {
    Variant { renewal: Some(RenewalKind::ReadRounds), ..variant }
}

/// Entries as they are, which `cargo fmt` leaves in peace: a line for what it is, a line for how.
macro_rules! entries {
    ($($entry:expr),+ $(,)?) => { &[$($entry),+] };
}

pub(super) const VARIANTS: &[Variant] = entries! {
    // The gate.
    harmless("clock-readable-off", "bent: the gate does not ask whether the clock can be read",
        &[(Rule::ClockReadable, Off)], "planted/clock-failure",
        "without a clock not-expired refuses: only the reason that is told for the miss is another"),
    bent("expires-once-without-clock", "bent: each process may once use its lease without a clock",
        &[(Rule::ClockReadable, Off), (Rule::NotExpired, FromSecondTime)], "planted/clock-failure", "fresh-clock"),
    hinders("clock-readable-never", "bent: the gate takes every clock for one that cannot be read",
        &[(Rule::ClockReadable, Never)], "planted/read-only", "lease-hit-rate"),
    harmless("leader-off", "bent: the gate does not ask whether the node leads",
        &[(Rule::Leader, Off)], "fast/s-01-transfer-and-hold",
        "who leads no more has ended its lease: held-in-this-generation refuses"),
    hinders("leader-never", "bent: the gate takes nobody for the leader",
        &[(Rule::Leader, Never)], "planted/read-only", "lease-hits"),
    harmless("no-transfer-off", "bent: the gate does not ask whether leadership is being handed over",
        &[(Rule::NoTransfer, Off)], "fast/s-01-transfer-and-hold",
        "the transfer has suspended the lease: regained-by-entry refuses until it is over"),
    hinders("no-transfer-never", "bent: the gate takes every leader for one that hands over",
        &[(Rule::NoTransfer, Never)], "planted/read-only", "lease-hit-rate"),
    bent("regained-once", "bent: each process may once do without the entry that proves its transfer over",
        &[(Rule::RegainedByEntry, FromSecondTime)], "planted/late-vote", "transfer-lease"),
    bent("regained-while-handing", "bent: as long as a transfer is under way nobody asks for an entry after it",
        &[(Rule::RegainedByEntry, NotIn(Phase::HandingOver))], "planted/late-vote", "transfer-lease"),
    bent("regained-after-handing", "bent: once a transfer is given up nobody asks for an entry after it",
        &[(Rule::RegainedByEntry, Only(Phase::HandingOver))], "planted/late-vote", "transfer-lease"),
    hinders("regained-never", "bent: whether a transfer is over is never proved, and no lease is held",
        &[(Rule::RegainedByEntry, Never)], "planted/read-only", "lease-hit-rate"),
    bent("caught-up-once", "bent: each process serves once before an entry of its own term is applied",
        &[(Rule::CaughtUp, FromSecondTime)], "planted/fresh-leader", "caught-up"),
    bent("caught-up-a-term-late", "bent: an entry of the term before will do as well",
        &[(Rule::CaughtUp, Slack(1))], "planted/fresh-leader", "caught-up"),
    hinders("caught-up-never", "bent: no leader ever counts as caught up",
        &[(Rule::CaughtUp, Never)], "planted/read-only", "lease-hits"),
    harmless("held-in-this-term-without-lease", "bent: the gate asks for the lease's term, not whether there is one",
        &[(Rule::HeldInThisTerm, Without(0))], "fast/leader-transfer",
        "not-expired refuses who has none: only the reason that is told for the miss is another"),
    harmless("held-in-any-term", "bent: the gate asks whether there is a lease, not for its term",
        &[(Rule::HeldInThisTerm, Without(1))], "planted/back-and-forth",
        "another term ends the lease, and moves the generation: held-in-this-generation refuses"),
    harmless("held-a-term-late", "bent: a lease of the term before will do as well",
        &[(Rule::HeldInThisTerm, Slack(1))], "fast/leader-transfer",
        "another term ends the lease, and moves the generation: held-in-this-generation refuses"),
    hinders("held-in-this-term-never", "bent: the gate knows of no lease of this term",
        &[(Rule::HeldInThisTerm, Never)], "planted/read-only", "lease-hit-rate"),
    bent("expires-a-tick-late", "bent: a lease is good for a tick after its end",
        &[(Rule::NotExpired, Slack(TICK))], "fast/s-03-cut-after-check-quorum", "fresh-clock"),
    bent("expires-once", "bent: each process may use one lease after its end",
        &[(Rule::NotExpired, FromSecondTime)], "fast/s-03-cut-after-check-quorum", "fresh-clock"),
    harmless("expires-a-tick-early", "bent: a lease is good until a tick before its end",
        &[(Rule::NotExpired, Slack(-TICK))], "planted/tight-lease",
        "who reads in that tick asks a quorum, as it would a tick later: a lease that is renewed has nine ticks left"),
    hinders("not-expired-never", "bent: every lease has run out",
        &[(Rule::NotExpired, Never)], "planted/read-only", "lease-hit-rate"),

    // How a lease is extended, and what is left of one that has ended.
    hinders("voters-promise-never", "bent: no lease is granted, as if CheckQuorum were off",
        &[(Rule::VotersPromise, Never)], "planted/read-only", "lease-hit-rate"),
    of_callers(bent("held-two-generations-late", "bent: what was granted two generations before, up to the last transfer, is held",
        &[(Rule::HeldInThisGeneration, Slack(2))], "planted/back-and-forth", "live-leader")),
    hinders("held-in-this-generation-never", "bent: no lease is of this generation",
        &[(Rule::HeldInThisGeneration, Never)], "planted/read-only", "lease-hit-rate"),
    of_callers(bent("revived-once", "bent: each process once brings a lease back by what began before it ended",
        &[(Rule::SameGeneration, FromSecondTime), (Rule::BegunSinceEnd, FromSecondTime)],
        "planted/second-attempts", "monotone-lease")),
    of_callers(bent("revived-a-generation-late", "bent: an extension that was begun in the generation before brings a lease back",
        &[(Rule::SameGeneration, Slack(1)), (Rule::BegunSinceEnd, Off)], "planted/second-attempts", "monotone-lease")),
    of_callers(bent("revived-a-tick-before", "bent: what began up to a tick before the lease ended brings it back",
        &[(Rule::SameGeneration, Off), (Rule::BegunSinceEnd, Slack(TICK))],
        "planted/second-attempts", "monotone-lease")),
    by_any_error(bent("revived-by-acknowledgement", "bent: what was sent before the lease ended brings it back",
        &[(Rule::BegunSinceEnd, Off)], "planted/second-attempts", "monotone-lease")),
    by_any_error(bent("revived-by-acknowledgement-once", "bent: each process once brings a lease back by what was sent before it ended",
        &[(Rule::BegunSinceEnd, FromSecondTime)], "planted/second-attempts", "monotone-lease")),
    hinders("begun-since-end-never", "bent: nothing ever began late enough to extend a lease",
        &[(Rule::BegunSinceEnd, Never)], "planted/read-only", "lease-hit-rate"),
    hinders("begun-long-since-end", "bent: what is to bring a lease back must have begun a second after it ended",
        &[(Rule::BegunSinceEnd, Slack(-100 * TICK))], "planted/vain-transfers", "lease-hit-rate"),
    hinders("end-settled-again", "bent: every extension takes the last lease's end to be now",
        &[(Rule::EndSettledByClock, Never)], "planted/clock-failure", "lease-used"),
    harmless("renewed-in-any-term", "bent: what another term has acknowledged extends the lease",
        &[(Rule::RenewedInThisTerm, Off)], "planted/back-and-forth",
        "stamp-of-this-term and answer-of-this-term let nothing of another term come so far"),
    hinders("renewed-never", "bent: nothing is of the term that the lease is held in",
        &[(Rule::RenewedInThisTerm, Never)], "planted/read-only", "lease-hit-rate"),
    of_callers(bent("shortened-once", "bent: each process once sets its lease back",
        &[(Rule::NeverShortened, FromSecondTime)], "planted/overlapping", "monotone-lease")),
    of_callers(bent("shortened-by-a-tick", "bent: a lease may be set back by a tick",
        &[(Rule::NeverShortened, Slack(TICK))], "planted/overlapping", "monotone-lease")),
    harmless("shortened-by-acknowledgements", "bent: of two acknowledgements the one that comes last sets the lease, even back",
        &[(Rule::NeverShortened, Off)], "planted/overlapping",
        "the time that a quorum has acknowledged never goes back within a term"),
    hinders("never-longer", "bent: no expiry is later than the one before",
        &[(Rule::NeverShortened, Never)], "planted/read-only", "lease-hit-rate"),

    // Whose acknowledgements count, and which.
    harmless("stamp-of-any-term", "bent: nobody asks in which term left what is acknowledged",
        &[(Rule::StampOfThisTerm, Off)], "planted/back-and-forth",
        "an answer returns the stamp of a message of its own term alone: answer-of-this-term refuses it"),
    harmless("answer-of-any-term", "bent: nobody asks of which term an answer is",
        &[(Rule::AnswerOfThisTerm, Off)], "planted/back-and-forth",
        "an answer returns the stamp of a message of its own term alone: stamp-of-this-term refuses it"),
    bent("acknowledged-term-by-term", "bent: what was acknowledged in one term is counted in the next",
        &[(Rule::AcksOfOneTerm, Off)], "planted/back-and-forth", "lease-base"),
    bent("acknowledged-in-another-term-once", "bent: once in each process an acknowledgement of another term counts",
        &[(Rule::AcksOfOneTerm, Off), (Rule::StampOfThisTerm, FromSecondTime), (Rule::AnswerOfThisTerm, FromSecondTime),
            (Rule::RenewedInThisTerm, Off)], "planted/back-and-forth", "lease-base"),
    hinders("answer-never", "bent: no answer is of this term",
        &[(Rule::AnswerOfThisTerm, Never)], "planted/read-only", "lease-hit-rate"),
    bent("stranger-counted-once", "bent: once in each process who was removed acknowledges for the lease",
        &[(Rule::AckOfMember, FromSecondTime), (Rule::AckOfVoter, Off)], "planted/joint", "counted-voters"),
    harmless("ack-of-stranger", "bent: who is no member acknowledges",
        &[(Rule::AckOfMember, Off)], "planted/joint", "who is no member has no vote: ack-of-voter refuses it"),
    bent("learner-counted-once", "bent: once in each process a learner acknowledges for the lease",
        &[(Rule::AckOfVoter, FromSecondTime)], "planted/learners", "counted-voters"),
    hinders("ack-of-voter-never", "bent: nobody's acknowledgement is that of a voter",
        &[(Rule::AckOfVoter, Never)], "planted/read-only", "lease-hit-rate"),
    bent("quorum-but-one", "bent: of five voters two are a quorum",
        &[(Rule::AckQuorum, Slack(1))], "planted/five-voters", "lease-base"),
    bent("quorum-once", "bent: once in each process one acknowledgement of two is a quorum",
        &[(Rule::AckQuorum, FromSecondTime)], "planted/five-voters", "lease-base"),
    hinders("quorum-and-one", "bent: all three voters are needed for a quorum",
        &[(Rule::AckQuorum, Slack(-1))], "planted/one-down", "lease-hit-rate"),
    on_openraft(hinders("counts-as-voters-do-never", "bent: no leader is taken to count acknowledgements as its voters count votes",
        &[(Rule::CountsAsVotersDo, Never)], "fast/steady", "hit-rate")),
    bent("half-of-joint-once", "bent: once in each process half of a joint configuration decides alone",
        &[(Rule::AcksOfBothHalves, FromSecondTime)], "planted/slow-half", "counted-voters"),
    bent("alone-in-joint", "bent: whose vote is the only one of the incoming half is alone",
        &[(Rule::AloneByItsVote, Without(1))], "planted/one-left", "lease-base"),
    bent("alone-among-voters", "bent: every leader is alone that is in no joint configuration",
        &[(Rule::AloneByItsVote, Without(0))], "planted/read-only", "lease-base"),
    bent("alone-once", "bent: once in each process a leader takes itself for alone",
        &[(Rule::AloneByItsVote, FromSecondTime)], "planted/five-voters", "lease-base"),
    hinders("alone-never", "bent: the only voter backs no lease",
        &[(Rule::AloneByItsVote, Never)], "planted/only-voter", "lease-hit-rate"),
    of_rounds(bent("context-reused-once", "bent: once in each process a round confirms another",
        &[(Rule::RoundConfirmsItself, FromSecondTime)], "fast/read-index-renewal", "lease-base")),

    // What the engine adds to raft.
    hinders("transfer-to-learner", "bent: a transfer to who has no vote is begun",
        &[(Rule::TransferToEligible, Without(0))], "planted/vain-transfers", "lease-hit-rate"),
    hinders("transfer-amid-change", "bent: a transfer is begun while a change of members is on its way",
        &[(Rule::TransferToEligible, Without(1))], "planted/refused-transfers", "lease-hit-rate"),
    hinders("transfer-to-itself", "bent: a leader begins to hand over to itself",
        &[(Rule::TransferToEligible, Without(2))], "planted/refused-transfers", "lease-hit-rate"),
    hinders("transfer-to-nobody", "bent: nobody can take leadership over",
        &[(Rule::TransferToEligible, Never)], "planted/busy-handover", "leader-changes"),
    hinders("transfer-over-at-once", "bent: a transfer is taken for one that raft has given up as soon as it is begun",
        &[(Rule::TransferUnderWay, Never)], "planted/unreachable-target", "served"),
    hinders("transfer-to-anybody-once", "bent: once in each process a transfer to who cannot lead is begun",
        &[(Rule::TransferToEligible, FromSecondTime)], "planted/vain-transfers", "lease-hit-rate"),
    bent("timeout-now-an-entry-late", "bent: a TimeoutNow is obeyed after one entry more",
        &[(Rule::TimeoutNowNamesLog, Slack(1))], "planted/quiet-timeout-now", "one-lease"),
    bent("late-timeout-now-once", "bent: each process once obeys a TimeoutNow that comes late",
        &[(Rule::TimeoutNowNamesLog, FromSecondTime)], "planted/quiet-timeout-now", "one-lease"),
    hinders("timeout-now-never", "bent: no TimeoutNow is obeyed",
        &[(Rule::TimeoutNowNamesLog, Never)], "planted/busy-handover", "leader-changes"),
    bent("regained-an-entry-early", "bent: after a transfer was given up the last entry from before brings the lease back",
        &[(Rule::AppliedSinceAbort, Slack(1))], "fast/entries-after-abort", "transfer-lease"),
    bent("regained-by-earlier-entry-once", "bent: once in each process an entry from before the transfer brings the lease back",
        &[(Rule::AppliedSinceAbort, FromSecondTime)], "fast/entries-after-abort", "transfer-lease"),
    harmless("who-begins-has-promised", "bent: a node that has never been there before takes it that it has promised something",
        &[(Rule::WhoFollowedHasPromised, Never)], "planted/all-restart",
        "who begins stands for election two ticks after every such promise is over"),
    hinders("stands-in-first-term", "bent: who is to stand before all others does so although it hears a leader, of the first term at the latest",
        &[(Rule::UnheardStandsFirst, Slack(1))], "fast/groups-late-founder", "leader-changes"),
    on_openraft(bent("alone-stands-at-once", "bent: the last voter does not keep what it has promised to who leaves",
        &[(Rule::AloneKeepsPromise, Off)], "findings/openraft-last-voter", "staleness")),
    hinders("promise-for-ever", "bent: who starts again votes for nobody, ever",
        &[(Rule::PromiseSurvivesRestart, Never)], "planted/all-restart", "recovers"),
    hinders("early-round-dropped-once", "bent: once in each process a ReadIndex that comes too early is lost",
        &[(Rule::RoundAfterOwnTerm, FromSecondTime)], "planted/early-reads", "served"),
    harmless("round-after-own-term-never", "bent: every ReadIndex waits as one that comes too early",
        &[(Rule::RoundAfterOwnTerm, Never)], "fast/read-index",
        "what waits is released in the same turn of the loop once the leader has committed in its term"),
    hinders("snapshot-a-tick-longer", "bent: a snapshot may still be acknowledged a tick after its time, ever again",
        &[(Rule::SnapshotUnderWay, Slack(1))], "planted/lost-snapshot", "served"),

    hinders("leader-writes-never", "bent: every leader's disk is taken for one that stands still",
        &[(Rule::LeaderWrites, Never)], "planted/read-only", "lease-hit-rate"),
    hinders("frozen-leader-stays-long", "bent: a leader whose disk stands still leads on for a second more",
        &[(Rule::LeaderWrites, Slack(100))], "fast/dark-clients", "served"),
    hinders("installed-never", "bent: no snapshot counts as installed, and nobody stands for election",
        &[(Rule::InstalledBeforeElection, Never)], "planted/all-restart", "recovers"),
    hinders("nothing-ever", "bent: everything is refused as during a transfer",
        &[(Rule::NothingDuringTransfer, Never)], "planted/one-down", "served"),
    hinders("every-tick-is-lost", "bent: every tick finds one waiting, and time stands still",
        &[(Rule::LateTickIsLost, Never)], "planted/read-only", "get-p99"),
    hinders("leader-has-no-vote", "bent: every leader resigns as one without a vote",
        &[(Rule::LeaderHasVote, Never)], "planted/read-only", "get-p99"),

    // What is durable before it is told.
    bent("acknowledged-a-write-early", "bent: an append is acknowledged when the write before its own is durable",
        &[(Rule::AckAfterWrite, Slack(1))], "planted/all-alone", "durability"),
    bent("acknowledged-from-memory-once", "bent: each process once acknowledges what it has yet to write",
        &[(Rule::AckAfterWrite, FromSecondTime)], "planted/all-alone", "durability"),
    hinders("never-acknowledged", "bent: nothing is durable enough to be acknowledged",
        &[(Rule::AckAfterWrite, Never)], "planted/read-only", "get-p99"),
    hinders("never-voted", "bent: no vote is durable enough to be given",
        &[(Rule::VoteAfterWrite, Never)], "planted/all-restart", "recovers"),
    bent("vote-before-write-once", "bent: each process once gives a vote that it has yet to write",
        &[(Rule::VoteAfterWrite, FromSecondTime)], "planted/second-vote", "durability"),
    bent("vote-a-write-early", "bent: a vote is given when the write before its own is durable",
        &[(Rule::VoteAfterWrite, Slack(1))], "planted/second-vote", "durability"),
    harmless("found-is-synced-again", "bent: a node syncs what it finds in its log, durable or not",
        &[(Rule::FoundIsDurable, Never)], "planted/unsynced-restart", "what is durable stays so by one sync more"),
    bent("commit-forgotten-by-one", "bent: a commit index that has moved by one is not written",
        &[(Rule::CommitDurable, Slack(1))], "planted/forgotten-commit", "leader-completeness"),
    harmless("vote-is-written-again", "bent: term, vote and commit index are written whenever one of them is mentioned",
        &[(Rule::VoteDurable, Never)], "planted/second-vote", "what is written already is written once more"),
    bent("persisted-a-write-early", "bent: what came alone since a write began is taken for written with it",
        &[(Rule::PersistedIsWritten, Slack(1))], "planted/all-alone", "durability"),
    bent("persisted-too-far-once", "bent: each process once takes for written what has come since the write began",
        &[(Rule::PersistedIsWritten, FromSecondTime)], "planted/all-alone", "durability"),
    bent("failed-write-counts-once", "bent: the first write of a process that fails counts as any other",
        &[(Rule::WriteSucceeded, FromSecondTime)], "planted/failed-disks", "durability"),
    bent("snapshot-acknowledged-a-write-early", "bent: a snapshot is acknowledged when the write before it is durable",
        &[(Rule::InstallAfterWrite, Slack(1))], "planted/lost-snapshot", "durability"),
    bent("snapshot-acknowledged-early-once", "bent: each process once acknowledges a snapshot that it has yet to write",
        &[(Rule::InstallAfterWrite, FromSecondTime)], "planted/lost-snapshot", "durability"),

    // Which group has which keys.
    bent("routes-never-replaced", "bent: no node and no group learns of a move",
        &[(Rule::NewerRouteReplaces, Never)], "fast/groups-stale-route", "one-owner"),
    bent("reads-what-it-released-once", "bent: each process once reads a key that its group has released",
        &[(Rule::OwnedWhenRead, FromSecondTime)], "fast/groups-stale-route", "staleness"),
    bent("applies-what-it-released-once", "bent: each process once lets an entry take effect whose key its group has released",
        &[(Rule::OwnedWhenApplied, FromSecondTime)], "fast/groups-stale-route", "one-owner"),
    hinders("stale-route-returned-once", "bent: each process once leaves it to the client to find out who has its key",
        &[(Rule::StaleRouteIsRoutedAgain, FromSecondTime)], "fast/groups-stale-route", "all-availability"),
    hinders("strangers-leave-who-answers", "bent: a node without a part in a group asks another each time, though it was answered",
        &[(Rule::AsksWhoAnswers, Never)], "fast/groups-strangers", "get-p99"),

    // Whoever waits is answered.
    hinders("reads-left-waiting-once", "bent: each process once tells nobody that leadership is over, of those who wait for a ReadIndex",
        &[(Rule::InterruptedReadsAreTold, FromSecondTime)], "planted/unheard-answers", "interrupted-rounds"),
    harmless("answered-for-another-alone", "bent: who waits for an index is answered by whatever is applied there",
        &[(Rule::OwnEntryAnswers, Off)], "planted/unheard-answers",
        "nobody waits any more: interrupted-writes-are-told has answered all when leadership ended"),
    bent("answered-for-the-next-term", "bent: who waits for an index is answered by what the next term, or the one before, applies there",
        &[(Rule::OwnEntryAnswers, Slack(1)), (Rule::InterruptedWritesAreTold, Off)], "fast/partition", "serial-order"),
    hinders("room-for-less", "bent: who asks waits for a core 100 ms too long as soon as he waits at all",
        &[(Rule::HasRoom, Slack(-10 * TICK))], "planted/one-down", "served"),
    hinders("room-for-nobody", "bent: there is no room for anybody",
        &[(Rule::HasRoom, Never)], "planted/one-down", "served"),
    hinders("wait-always-asked-anew", "bent: whoever comes is let in to find out how long the wait for a core is",
        &[(Rule::WaitIsRecent, Never)], "fast/overload", "heartbeats"),
    hinders("transient-returned-once", "bent: each process once returns an error that passes",
        &[(Rule::TransientIsRetried, FromSecondTime)], "planted/plain-handovers", "served"),
    hinders("transient-returned-by-leaders", "bent: who leads returns errors that pass",
        &[(Rule::TransientIsRetried, NotIn(Phase::Leading))], "planted/plain-handovers", "served"),
    hinders("everything-is-retried", "bent: every error, and every answer that is one, is taken for one that passes",
        &[(Rule::TransientIsRetried, Never)], "planted/slow-handover", "writes"),
    hinders("every-key-unroutable", "bent: of a read of several keys there is always one that no group has",
        &[(Rule::EveryKeyIsRouted, Never)], "fast/groups-reads", "served"),
    bent("snapshot-an-entry-late", "bent: of several keys each is read as it is after the next entry, if that has come",
        &[(Rule::VersionInSnapshot, Slack(1))], "fast/groups-reads", "serial-order"),
};
