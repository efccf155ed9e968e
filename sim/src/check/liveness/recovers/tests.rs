use super::*;
use crate::check::STORY;
use crate::check::testing::{Events, ms, put};
use crate::history::FaultPhase::{Activated, Ended};
use crate::history::Head;
use crate::history::testing::head;
use crate::words::{MessageKind, Verb};
use leasehold::observe::Event;
use std::time::Duration;

/// The timeouts are those of an election timeout of one second: it must be over in 12.6.
fn judged(events: &Events) -> (Vec<Finding>, u64) {
    judged_at(60_000, events)
}

fn judged_at(end: u64, events: &Events) -> (Vec<Finding>, u64) {
    events.judged_by("recovers", end)
}

/// Three nodes; a partition ends at 2 s.
fn healed() -> Events {
    let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
    started.fault(1_000, 0, Verb::Partition, Activated).fault(2_000, 0, Verb::Partition, Ended)
}

fn told(events: Events, at: u64) -> Events {
    events.busy(at, 1, Duration::ZERO)
}

#[test]
fn a_leader_that_has_applied_and_is_answered_has_recovered() {
    let events = healed().leads(3_000, 1, 4).applies(3_001, 1, 1, 4, 0).acknowledges(3_100, 2, 1, 4, 3_050);
    assert_eq!(judged(&events), (Vec::new(), 1));
}

#[test]
fn who_runs_and_votes_follows_in_the_same_time() {
    let two = || healed().leads(3_000, 1, 4).applies(3_001, 1, 1, 4, 0).acknowledges(3_100, 2, 1, 4, 3_050);
    let (findings, _) = judged(&told(two(), 14_601));
    assert_eq!(
        findings[0].message,
        "the last fault was over at 2.000000s, and 12.6s later n3, which runs and votes, has not followed n1, which leads term 4"
    );
    assert_eq!(judged(&told(two(), 14_600)).0, [], "it has time yet");
    assert_eq!(judged(&told(two().acknowledges(9_000, 3, 1, 4, 8_950), 14_601)).0, []);
    assert_eq!(judged(&told(two().acknowledges(9_000, 3, 1, 3, 8_950), 14_601)).0.len(), 1, "in an earlier term");
    assert_eq!(judged(&told(two().killed(9_000, 3), 14_601)).0, []);
    assert_eq!(judged(&told(two().members(9_000, 1, 7, [&[1, 2], &[], &[3]]), 14_601)).0, []);
    assert_eq!(judged(&told(two().fault(9_000, 1, Verb::Slow, Activated), 14_601)).0, []);
}

#[test]
fn nobody_for_six_of_the_longest_election_timeouts_is_too_long() {
    let (findings, evaluated) = judged(&told(healed(), 14_601));
    assert_eq!((findings.len(), evaluated), (1, 1));
    assert_eq!(
        findings[0].message,
        "the last fault was over at 2.000000s, and 12.6s later no leader has committed and is followed by a quorum"
    );
    assert!(findings[0].story.len() <= STORY);
}

#[test]
fn the_story_says_what_waits_for_what() {
    let stuck = healed().invoke(2_500, 3, put(0)).leads(3_000, 2, 4).applies(3_001, 2, 7, 3, 0);
    let story = judged(&told(stuck, 14_601)).0.remove(0).story;
    assert_eq!(
        story[..5],
        [
            "partition began at 1.000000s ()",
            "partition ended at 2.000000s (links restored)",
            "n2 leads term 4 and waits for a quorum of n1 n2 n3: answered since by nobody; it has applied up to 7, of term 3, and nothing of its own",
            "1 operation under way then",
            "c3 waits with a put of key 0 since 2.500000s, for 12.1s, for its entry to be committed",
        ]
    );
}

#[test]
fn the_story_says_who_refuses_whom_its_vote() {
    let rejects = Head { rejected: true, ..head(4, 0, 0) };
    let role = |role| Event::Role { role, term: 4, leader: None };
    let asks = |events: Events, at, to| events.arrives(at, (1, to), MessageKind::PreVote, head(4, 0, 0));
    let stands = healed().event(3_000, 1, role(Role::PreCandidate)).event(3_000, 2, role(Role::Candidate));
    let refused = asks(asks(stands, 3_001, 2), 3_001, 3).arrives(3_002, (2, 1), MessageKind::PreVoteResponse, rejects);
    let story = judged(&told(refused, 14_601)).0.remove(0).story.join("\n");
    assert!(story.contains("n2 refused its vote at 3.002000s, n3, asked at 3.001000s, has not answered"), "{story}");
    assert!(story.contains("; nobody hears it ask for votes"), "n2: {story}");
}

#[test]
fn it_tells_how_long_each_recovery_took() {
    let once = healed().leads(3_000, 1, 4).applies(3_001, 1, 1, 4, 0).acknowledges(3_100, 2, 1, 4, 3_050);
    let twice = once.fault(5_000, 1, Verb::Crash, Activated).fault(6_000, 1, Verb::Crash, Ended);
    let took = |end| {
        let (_, mut panel) = twice.seen_by("recovers");
        panel.finish(ms(end));
        panel.recoveries().map(|recovery| recovery.took.as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(took(6_100), [1_100], "the other has time yet");
    assert_eq!(took(11_000), [1_100, 5_000], "and is too late to be usual");
}

#[test]
fn one_that_comes_too_late_is_late_all_the_same() {
    let late = told(healed(), 14_650).leads(15_000, 1, 4).applies(15_001, 1, 1, 4, 0);
    assert_eq!(judged(&late.acknowledges(15_100, 2, 1, 4, 15_050)).0.len(), 1);
}

#[test]
fn a_leader_whom_nobody_answers_or_who_has_applied_nothing_of_its_term_has_not_recovered() {
    let alone = healed().leads(3_000, 1, 4).applies(3_001, 1, 1, 4, 0);
    assert_eq!(judged(&told(alone, 14_601)).0.len(), 1);
    let cold = healed().leads(3_000, 1, 4).acknowledges(3_100, 2, 1, 4, 3_050);
    assert_eq!(judged(&told(cold, 14_601)).0.len(), 1);
}

#[test]
fn the_only_voter_needs_no_answer() {
    let led =
        |at| Events::default().started(0, 1, 1).started(0, 2, 1).members(1, 1, 5, [&[1], &[], &[2]]).leads(at, 1, 4);
    let before = led(500).applies(501, 1, 6, 4, 0).fault(1_000, 0, Verb::Slow, Activated);
    assert_eq!(judged(&told(before.fault(2_000, 0, Verb::Slow, Ended), 20_000)), (Vec::new(), 1));
    let after = Events::default().started(0, 1, 1).members(1, 1, 5, [&[1], &[], &[]]);
    let after = after.fault(1_000, 0, Verb::Slow, Activated).fault(2_000, 0, Verb::Slow, Ended).leads(3_000, 1, 4);
    let caught_up = Event::CaughtUp { term: 4, index: 6 };
    assert_eq!(judged(&after.applies(3_001, 1, 6, 4, 0).event(3_001, 1, caught_up)), (Vec::new(), 1));
}

#[test]
fn nothing_is_owed_under_a_fault() {
    let again = healed().fault(3_000, 1, Verb::Slow, Activated);
    assert_eq!(judged(&told(again, 20_000)), (Vec::new(), 0));
}

#[test]
fn a_majority_goes_on_without_those_who_crashed() {
    let crashed = |events: Events, node| {
        events.fault(3_000 + node, node as u32, Verb::Crash, Activated).killed(3_000 + node, node)
    };
    let one = || crashed(healed(), 3);
    assert_eq!(judged_at(15_603, &one()).0, [], "it has six election timeouts from the crash on");
    assert_eq!(judged_at(15_604, &one()).0.len(), 1);
    let led = one().leads(4_000, 1, 4).applies(4_001, 1, 1, 4, 0).acknowledges(4_100, 2, 1, 4, 4_050);
    assert_eq!(judged(&told(led, 20_000)), (Vec::new(), 1));
    assert_eq!(judged(&told(crashed(one(), 2), 20_000)), (Vec::new(), 0), "one of three is none");
    assert_eq!(judged(&told(crashed(crashed(one(), 2), 1), 20_000)), (Vec::new(), 0), "nor is nobody");
}

#[test]
fn a_quorum_that_is_down_though_nothing_is_wrong_any_more_has_not_recovered() {
    let down = |events: Events| events.killed(2_500, 2).killed(2_500, 3);
    assert_eq!(judged(&told(down(healed()), 14_601)).0.len(), 1, "it did not start, or died of itself");
    let again = healed().fault(1_500, 1, Verb::Crash, Activated).fault(2_000, 1, Verb::Crash, Ended);
    assert_eq!(judged(&told(down(again), 14_601)).0.len(), 1);
    let healed = healed().fault(1_500, 1, Verb::Crash, Activated).fault(2_000, 2, Verb::Heal, Activated);
    assert_eq!(judged(&told(down(healed), 14_601)).0.len(), 1);
}

#[test]
fn a_crash_under_another_fault_changes_nothing_of_what_is_owed() {
    let cut =
        healed().fault(2_500, 7, Verb::Partition, Activated).fault(3_000, 1, Verb::Crash, Activated).killed(3_000, 3);
    assert_eq!(judged(&told(cut, 20_000)), (Vec::new(), 0));
}

#[test]
fn the_end_of_a_run_finds_it_late_where_nobody_looked_any_more() {
    let (findings, evaluated) = judged(&healed());
    assert_eq!((findings.len(), evaluated), (1, 1));
}
