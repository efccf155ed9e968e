//! The engine on openraft keeps the contract but where openraft does otherwise, and the kit sees every engine on it that does not.

use super::mutants::{self, Mutant};
use super::{seen, tests};
use crate::engine::conformance::{Kit, Report};
use crate::engine::openraft::{Account, Arm, Callback, Openraft, Tuning, leave};
use crate::engine::{Config, Factory, RenewalKind};
use crate::rules::Rule;
use std::collections::BTreeSet;
use std::sync::Arc;

const NEVER_TAKEN_BACK: &str = "a leader that has begun to hand over neither proposes nor sends heartbeats in its term again, \
    whether the other is elected or not (LeaderHandler::transfer_leader, RaftCore::send_heartbeat; openraft #2088)";
const TOLD_TO_ALL: &str =
    "every voter is told of a transfer, so that none keeps its promise (RaftCore::broadcast_transfer_leader)";
const BY_OTHERS: &str = "what a quorum of the others has made durable is committed, applied and answered, though this leader's own \
    disk stands still (RaftCore::run_append_entries does not wait)";
const FROM_THE_LOG: &str = "members are in force as soon as they are in the log (MembershipState::append): a joint configuration whose \
    new half is silent is not committed, and so not applied";
const CLOCK_OF_ITS_OWN: &str =
    "its clock is a task of its own (Tick::tick_loop), which no point of what it receives holds";

/// What of the contract openraft does not keep, and why.
const DIFFERENT: &[(&str, &str)] = &[
    ("propose_after_a_transfer_was_given_up_waits", NEVER_TAKEN_BACK),
    ("read_index_after_a_transfer_was_given_up_succeeds", NEVER_TAKEN_BACK),
    ("wait_applied_after_a_transfer_was_given_up_waits", NEVER_TAKEN_BACK),
    ("resumed_is_heard_once_an_entry_proposed_after_the_transfer_is_applied_and_not_before", NEVER_TAKEN_BACK),
    ("a_transfer_is_published_while_it_is_under_way", NEVER_TAKEN_BACK),
    ("a_transfer_that_gets_nowhere_is_given_up_after_an_election_timeout", NEVER_TAKEN_BACK),
    ("the_sink_is_told_transfer_aborted", NEVER_TAKEN_BACK),
    ("the_sink_is_told_stale_timeout_now", NEVER_TAKEN_BACK),
    ("suspended_is_heard_before_a_transfer_shows_and_before_timeout_now_leaves", TOLD_TO_ALL),
    ("propose_at_a_leader_whose_disk_stands_still_waits", BY_OTHERS),
    ("propose_under_way_when_the_disk_stands_still_for_too_long_is_answered_leadership_lost", BY_OTHERS),
    ("change_membership_under_way_when_the_disk_stands_still_for_too_long_is_answered_leadership_lost", BY_OTHERS),
    ("half_of_a_joint_configuration_renews_nothing", FROM_THE_LOG),
    ("who_was_held_does_not_make_up_for_its_ticks", CLOCK_OF_ITS_OWN),
];

const AFTER_THE_ONE_BEFORE: &str = "a heartbeat that is asked for while another is under way leaves after that (HeartbeatWorker::do_run): \
    the round has begun earlier, and the lease counts from then";

/// The same, where ReadIndex rounds renew the lease, or openraft keeps account of that.
const DIFFERENT_BY_ROUNDS: (&str, &str) =
    ("a_renewal_counts_from_when_what_a_quorum_has_acknowledged_left", AFTER_THE_ONE_BEFORE);

const ANSWERED_BEFORE_IT_LEFT: &str = "a request without entries that says how far the log is committed follows the one that it commits while that is \
    under way, and ends at the same entry: the answer to the first is taken for one to both, and the quorum's time is that at which the \
    second was about to leave (StreamState::next_request, InflightAppendQueue::drain_acked). Nobody has promised anything since then: a \
    lease of openraft's own lasts too long by as much. It takes a network that sends on before it is answered (stream_append)";

/// The same, where openraft keeps account of what renews the lease and sends on before it is answered.
const DIFFERENT_IN_A_PIPELINE: (&str, &str) =
    ("a_renewal_counts_from_when_what_a_quorum_has_acknowledged_left", ANSWERED_BEFORE_IT_LEFT);

/// What openraft keeps by itself, or this engine in another way: no such rule of ours is asked, or it is not the only one to be.
const ITS_OWN: &[Rule] = &[
    Rule::AckAfterWrite,
    Rule::VoteAfterWrite,
    Rule::PersistedIsWritten,
    Rule::LateTickIsLost,
    Rule::VoteDurable,
    Rule::WriteSucceeded,
    Rule::OwnEntryAnswers,
    Rule::RoundAfterOwnTerm,
    Rule::NothingDuringTransfer,
    Rule::SnapshotUnderWay,
];

/// What of openraft's errors nothing that the kit asks meets, and why. Beside `errors` a test is about each.
const UNMET: &[(Arm, &str)] = &[
    (Arm::WriteElsewhere, LEADS),
    (Arm::WriteAmidTransfer, LEADS),
    (Arm::WriteDiscarded, "whoever waits is told with the end of its leadership, before openraft discards an entry"),
    (Arm::ChangeRefused, "this engine refuses first what openraft would refuse"),
    (Arm::ChangePrecondition, "this engine sets openraft no condition"),
    (Arm::RoundAmidTransfer, LEADS),
    (Arm::Panicked, "a task that panics is told by whoever runs the tasks"),
    (Arm::Stopped, "only this engine stops openraft, and says so itself"),
];

const LEADS: &str = "this engine asks openraft only where it leads and does not hand over";

fn engines() -> Arc<dyn Factory> {
    Arc::new(Openraft::default())
}

fn is_kept(name: &str) -> bool {
    DIFFERENT.iter().all(|(different, _)| *different != name)
}

/// Runs the kit on these: what is broken is what openraft does otherwise, neither more nor less.
#[track_caller]
fn assert_kept_but_for_the_differences(
    engines: Openraft,
    config: fn(Config) -> Config,
    others: &[(&str, &str)],
) -> Report {
    let report = Kit::new(Arc::new(engines)).configured(config).run_all();
    let broken: BTreeSet<_> = report.broken().map(|outcome| outcome.name.as_str()).collect();
    let different: BTreeSet<_> = DIFFERENT.iter().chain(others).map(|(name, _)| *name).collect();
    assert_eq!(broken, different, "{report}");
    report
}

#[test]
fn the_engine_on_openraft_keeps_the_contract_but_for_what_openraft_does_otherwise() {
    assert_kept_but_for_the_differences(Openraft::default(), |config| config, &[]);
}

/// What is wrong about the moments that a lease is counted from, by openraft's own account.
fn wrong_base(pipelines: bool, difference: (&str, &str)) -> String {
    let tuning = Tuning { account: Account::Own, pipelines, ..Tuning::default() };
    let engines = Openraft { tuning, ..Openraft::default() };
    let report = assert_kept_but_for_the_differences(engines, |config| config, &[difference]);
    let base = report.outcomes.into_iter().find(|outcome| outcome.name == difference.0);
    base.and_then(|outcome| outcome.verdict.err()).unwrap_or_default()
}

#[test]
fn it_does_so_where_openraft_keeps_account_of_what_renews_the_lease_from_moments_that_are_early() {
    let why = wrong_base(false, DIFFERENT_BY_ROUNDS);
    assert!(why.contains("sent nothing in term"), "{why}");
}

#[test]
fn openraft_that_sends_on_before_it_is_answered_counts_its_lease_from_what_nobody_can_have_answered() {
    let why = wrong_base(true, DIFFERENT_IN_A_PIPELINE);
    assert!(why.contains("no answer can have come so soon"), "{why}");
}

#[test]
fn it_does_so_where_read_index_rounds_renew_the_lease() {
    let by_rounds = |config| Config { renewal: RenewalKind::ReadRounds, ..config };
    assert_kept_but_for_the_differences(Openraft::default(), by_rounds, &[DIFFERENT_BY_ROUNDS]);
}

#[test]
fn every_difference_is_one_of_a_test_that_the_kit_has() {
    let tests = tests();
    DIFFERENT
        .iter()
        .chain(&[DIFFERENT_BY_ROUNDS, DIFFERENT_IN_A_PIPELINE])
        .for_each(|(name, _)| assert!(tests.contains_key(*name), "the kit has no test {name}"));
}

#[test]
fn every_engine_on_openraft_that_breaks_the_contract_in_one_place_is_seen_by_the_test_that_is_about_that() {
    let mut mutants = mutants::all();
    mutants.retain(|Mutant { rules_off, .. }| !rules_off.iter().any(|rule| ITS_OWN.contains(rule)));
    mutants.extend(mutants::of_openraft());
    // Where several tests are about it, those that openraft's other ways leave to see it are enough.
    let seen = seen(&engines(), &mutants, is_kept);
    let asked: Vec<_> = seen.into_iter().filter(|seen| seen.asked > 0).collect();
    let unseen: Vec<_> = asked.iter().filter(|seen| seen.seeing == 0).map(|seen| &seen.mutant).collect();
    assert!(unseen.is_empty(), "of {} these are unseen: {unseen:#?}", asked.len());
    assert_eq!(asked.len(), 283, "docs/conformance.md counts them");
}

#[test]
fn an_engine_that_does_not_hear_all_that_its_storage_tells_is_seen() {
    for callback in Callback::ALL {
        let kit = Kit::new(Arc::new(Openraft { deaf_to: Some(callback), ..Openraft::default() }));
        let mut kept = Kit::tests().into_iter().filter(|test| is_kept(&test.name));
        assert!(kept.any(|test| kit.run(&test).verdict.is_err()), "nothing sees that it is deaf to {callback:?}");
    }
}

#[test]
fn an_engine_that_does_not_translate_one_of_openrafts_errors_is_seen_where_the_kit_meets_that() {
    let kit = Kit::new(engines());
    let tests: Vec<_> = Kit::tests().into_iter().filter(|test| is_kept(&test.name)).collect();
    let is_seen = |arm: &Arm| {
        leave(Some(*arm));
        let seen = tests.iter().any(|test| kit.run(test).verdict.is_err());
        leave(None);
        seen
    };
    let unseen: Vec<_> = Arm::ALL.into_iter().filter(|arm| !is_seen(arm)).collect();
    assert_eq!(unseen, UNMET.iter().map(|(arm, _)| *arm).collect::<Vec<_>>());
}
