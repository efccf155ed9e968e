//! How a lease begins, is renewed and ends on a running cluster; the rules themselves are tested beside them.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, Setup, TICK, get, lease_length, put};
use crate::engine::RenewalKind;
use crate::env::{GroupId, Instant, NodeId};
use crate::error::ErrorKind;
use crate::observe::{EndCause, Event, Miss, RoundCause};
use crate::request::ReadPath;
use crate::wire::Kind;
use std::time::Duration;

fn extensions(c: &Cluster, node: u64) -> Vec<(u64, Instant)> {
    let extension = |event| match event {
        Event::LeaseExtended { term, base, .. } => Some((term, base)),
        _ => None,
    };
    c.events(node).into_iter().filter_map(extension).collect()
}

#[test]
fn a_leader_with_a_lease_reads_without_a_message() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.forget();
    assert_eq!(c.get(1, "k"), Ok(("v".into(), ReadPath::Lease)));
    assert_eq!(c.sent(Kind::Heartbeat, 1, 2).len() + c.sent(Kind::Append, 1, 2).len(), 0);
}

#[test]
fn a_leader_may_read_locally_only_once_an_entry_of_its_own_term_is_applied() {
    let mut c = Cluster::of(3);
    c.hold(Kind::AppendResponse, 2, 1);
    c.hold(Kind::AppendResponse, 3, 1);
    c.stand(1);
    c.run(HEARTBEAT);
    assert!(c.lease(1).is_some(), "heartbeats are answered");
    assert_eq!(c.gate(1), Err(Miss::NotCaughtUp));
    c.release();
    assert_eq!(c.gate(1), Ok(()));
    assert_eq!(c.told(1, |event| matches!(event, Event::CaughtUp { term: 1, index: 1 })), 1);
    assert_eq!(c.told(2, |event| matches!(event, Event::CaughtUp { .. })), 0, "a follower does not lead");
}

#[test]
fn being_caught_up_is_told_once_a_term() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.put(1, "k", "w").unwrap();
    assert_eq!(c.told(1, |event| matches!(event, Event::CaughtUp { .. })), 1);
    c.transfer(1, 2).unwrap();
    c.put(2, "k", "x").unwrap();
    assert_eq!(c.told(2, |event| matches!(event, Event::CaughtUp { term: 2, .. })), 1);
    assert_eq!(c.told(1, |event| matches!(event, Event::CaughtUp { .. })), 1);
}

#[test]
fn a_lease_is_counted_from_when_the_acknowledged_round_left_not_from_when_the_answer_came() {
    let mut c = Cluster::led(3);
    c.run(HEARTBEAT);
    c.latency(Duration::from_millis(7));
    c.watch(HEARTBEAT + 2 * TICK);
    let left = c.moments(Kind::Heartbeat, 1, 2)[0];
    assert_eq!(extensions(&c, 1), [(1, left)]);
    assert_eq!(c.lease(1), Some(left.after(lease_length())));
}

#[test]
fn of_three_voters_one_follower_that_answers_is_enough() {
    let mut c = Cluster::led(3);
    c.isolate(3);
    c.run(3 * ELECTION);
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn of_five_voters_two_followers_that_answer_are_enough() {
    let mut c = Cluster::led(5);
    [4, 5].into_iter().for_each(|node| c.isolate(node));
    c.run(3 * ELECTION);
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn acknowledgements_of_two_terms_do_not_make_a_quorum() {
    let mut c = Cluster::led(5);
    c.run(HEARTBEAT);
    c.transfer(1, 2).unwrap();
    for node in [2, 4, 5] {
        c.hold(Kind::AppendResponse, node, 1);
        c.hold(Kind::HeartbeatResponse, node, 1);
    }
    c.begin_transfer(2, 1);
    c.stand(1);
    c.forget();
    c.run(HEARTBEAT);
    assert_eq!(extensions(&c, 1), [], "n3 alone has answered in this term");
    c.release();
    assert!(c.lease(1).is_some());
}

#[test]
fn of_five_voters_one_follower_that_answers_is_not() {
    let mut c = Cluster::led(5);
    c.run(ELECTION / 2);
    [3, 4, 5].into_iter().for_each(|node| c.isolate(node));
    c.run(ELECTION);
    assert_eq!(c.gate(1), Err(Miss::Expired));
}

#[test]
fn a_lease_that_nobody_renews_runs_out_while_its_leader_still_leads() {
    let mut c = Cluster::led(3);
    c.run(ELECTION / 2);
    c.drop(Kind::HeartbeatResponse, 2, 1);
    c.drop(Kind::HeartbeatResponse, 3, 1);
    let expiry = c.lease(1).unwrap();
    c.run(expiry.since(c.now()) - Duration::from_nanos(1));
    assert_eq!(c.gate(1), Ok(()));
    c.run(Duration::from_nanos(1));
    assert!(c.leads(1));
    assert_eq!(c.gate(1), Err(Miss::Expired));
    c.heal();
    c.run(2 * HEARTBEAT);
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn a_leaders_rounds_are_stamped_with_its_term_incarnation_and_ascending_numbers() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.run(ELECTION);
    for kind in [Kind::Append, Kind::Heartbeat] {
        let stamps = c.stamps(kind, 1, 2);
        assert_eq!(stamps.len(), c.sent(kind, 1, 2).len(), "each of them is stamped");
        assert!(stamps.iter().all(|stamp| (stamp.term, stamp.incarnation) == (1, 1)));
        assert!(stamps.windows(2).all(|pair| pair[0].round < pair[1].round), "{stamps:?}");
    }
    assert!(c.stamps(Kind::Vote, 1, 2).is_empty());
    for kind in [Kind::AppendResponse, Kind::HeartbeatResponse, Kind::VoteResponse] {
        assert!(!c.sent(kind, 2, 1).is_empty() && c.stamps(kind, 2, 1).is_empty(), "an answer is no round");
    }
}

#[test]
fn an_answer_returns_the_stamp_of_what_it_answers_and_nothing_else_does() {
    let mut c = Cluster::led(3);
    c.put(1, "k", "v").unwrap();
    c.run(ELECTION);
    for (kind, answer) in [(Kind::Append, Kind::AppendResponse), (Kind::Heartbeat, Kind::HeartbeatResponse)] {
        let echoes: Vec<_> = c.sent(answer, 2, 1).into_iter().filter_map(|packet| packet.echo).collect();
        assert_eq!(echoes, c.stamps(kind, 1, 2));
    }
    assert!(c.sent(Kind::VoteResponse, 2, 1).iter().all(|packet| packet.echo.is_none()));
    assert!(c.sent(Kind::Heartbeat, 1, 2).iter().all(|packet| packet.echo.is_none()));
}

#[test]
fn an_answer_of_a_later_term_returns_no_stamp() {
    let mut c = Cluster::led(3);
    c.hold(Kind::Heartbeat, 1, 3);
    c.run(HEARTBEAT);
    c.transfer(1, 2).unwrap();
    c.settle();
    c.forget();
    c.release();
    let answers = c.sent(Kind::AppendResponse, 3, 1);
    assert_eq!(answers.len(), 1, "n3 tells the old leader of the new term");
    assert!(answers[0].echo.is_none());
}

#[test]
fn what_was_acknowledged_in_an_earlier_term_extends_nothing_in_this_one() {
    let mut c = Cluster::led(3);
    for node in [2, 3] {
        c.hold(Kind::HeartbeatResponse, node, 1);
    }
    c.run(HEARTBEAT);
    for node in [2, 3] {
        c.hold(Kind::AppendResponse, node, 1);
    }
    c.transfer(1, 2).unwrap();
    c.begin_transfer(2, 1);
    c.stand(1);
    c.forget();
    c.release_only(Kind::HeartbeatResponse);
    assert_eq!(extensions(&c, 1), []);
    c.release_only(Kind::AppendResponse);
    assert_eq!(extensions(&c, 1).first().map(|(term, _)| *term), Some(3));
}

#[test]
fn what_was_acknowledged_to_an_earlier_process_extends_nothing() {
    let mut c = Cluster::led(3);
    for node in [2, 3] {
        c.hold(Kind::HeartbeatResponse, node, 1);
    }
    c.run(HEARTBEAT);
    c.hold_no_more();
    c.crash(1);
    c.restart(1).unwrap();
    c.forget();
    c.release();
    assert_eq!(extensions(&c, 1), []);
}

#[test]
fn a_follower_has_no_lease_whatever_it_is_told() {
    let mut c = Cluster::led(3);
    c.run(ELECTION);
    assert_eq!((extensions(&c, 2), extensions(&c, 3)), (vec![], vec![]));
}

#[test]
fn the_loss_of_leadership_ends_the_lease() {
    let mut c = Cluster::led(3);
    c.forget();
    c.isolate(1);
    c.run(2 * ELECTION + TICK);
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseEnded { cause: EndCause::RoleChange, .. })), 1);
    assert_eq!(c.lease(1), None);
    assert_eq!(c.told(2, |event| matches!(event, Event::LeaseEnded { .. })), 0);
}

#[test]
fn without_a_clock_no_read_is_local_and_with_one_they_are_again() {
    let mut c = Cluster::led(3);
    c.break_clock(1, true);
    assert_eq!(c.gate(1), Err(Miss::Clock));
    assert_eq!(c.get(1, "k").unwrap().1, ReadPath::ReadIndex);
    c.break_clock(1, false);
    c.run(2 * HEARTBEAT);
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn rounds_that_leave_while_the_clock_cannot_be_read_bear_the_latest_reading() {
    let mut c = Cluster::led(3);
    c.run(ELECTION / 2);
    let latest = c.now();
    c.break_clock(1, true);
    c.watch(ELECTION);
    let stamps = c.stamps(Kind::Heartbeat, 1, 2);
    assert!(stamps.len() >= 9 && stamps.iter().all(|stamp| stamp.sent_at <= latest), "{stamps:?}");
    assert!(stamps.iter().all(|stamp| latest.since(stamp.sent_at) <= HEARTBEAT), "{stamps:?}");
}

#[test]
fn the_only_voter_renews_its_lease_by_itself() {
    let mut c = Cluster::led(1);
    c.run(5 * ELECTION);
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn a_leader_of_followers_that_are_silent_does_not_renew_by_itself() {
    let mut c = Cluster::led(3);
    c.run(ELECTION / 2);
    c.isolate(1);
    c.watch(ELECTION / 4);
    assert_eq!(extensions(&c, 1), []);
}

#[test]
fn where_rounds_renew_the_lease_it_is_counted_from_the_start_of_a_confirmed_round() {
    let mut c = Setup::of(3).renewal(RenewalKind::ReadRounds).start().elected(1);
    c.run(ELECTION);
    assert_eq!(c.gate(1), Ok(()));
    c.latency(Duration::from_millis(7));
    c.watch(6 * HEARTBEAT);
    let begun = c.told(1, |event| matches!(event, Event::RoundStarted { cause: RoundCause::Renewal, .. }));
    assert_eq!(begun, 2, "one in three heartbeats' time");
    let extended = extensions(&c, 1);
    assert_eq!(extended.len(), 2);
    assert_eq!(extended[1].1.since(extended[0].1), 3 * HEARTBEAT);
    assert!(c.moments(Kind::Heartbeat, 1, 2).contains(&extended[1].1));
}

#[test]
fn where_rounds_renew_the_lease_none_is_begun_before_an_entry_of_the_term_is_committed() {
    let mut c = Setup::of(3).renewal(RenewalKind::ReadRounds).start();
    c.hold(Kind::AppendResponse, 2, 1);
    c.hold(Kind::AppendResponse, 3, 1);
    c.stand(1);
    c.run(ELECTION / 2);
    assert_eq!(c.told(1, |event| matches!(event, Event::RoundStarted { .. })), 0);
    c.release();
    c.run(TICK);
    assert_eq!(c.told(1, |event| matches!(event, Event::RoundStarted { .. })), 1);
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn where_callers_renew_the_lease_writes_and_slow_reads_do_and_nothing_else() {
    let mut c = Setup::of(3).renewal(RenewalKind::Caller).start().elected(1);
    c.run(ELECTION);
    assert_eq!(c.lease(1), None);
    let base = c.now();
    assert_eq!(c.gate(1), Err(Miss::Cold));
    assert_eq!(c.lease(1), Some(base.after(lease_length())));
    assert_eq!(c.get(1, "k").unwrap().1, ReadPath::Lease);
    c.run(ELECTION / 2);
    let latency = Duration::from_millis(7);
    c.latency(latency);
    let proposed = c.now().after(latency);
    c.put(1, "k", "v").unwrap();
    assert_eq!(c.lease(1), Some(proposed.after(lease_length())), "not from when it was committed");
}

#[test]
fn a_write_that_begins_without_a_clock_extends_nothing() {
    let mut c = Setup::of(3).renewal(RenewalKind::Caller).start().elected(1);
    c.break_clock(1, true);
    c.put(1, "k", "v").unwrap();
    assert_eq!(c.lease(1), None);
}

#[test]
fn a_write_whose_lease_ended_meanwhile_extends_nothing() {
    let mut c = Setup::of(3).renewal(RenewalKind::Caller).start().elected(1);
    c.hold(Kind::AppendResponse, 2, 1);
    c.hold(Kind::AppendResponse, 3, 1);
    let call = c.ask(1, put("k", "v"));
    c.hold(Kind::TimeoutNow, 1, 2);
    c.begin_transfer(1, 2);
    c.forget();
    c.release_only(Kind::AppendResponse);
    assert!(c.answered(call).is_ok(), "what was proposed before the transfer is committed");
    assert_eq!(extensions(&c, 1), []);
}

#[test]
fn a_slow_path_that_its_caller_gives_up_has_failed_by_deadline_and_one_that_is_answered_has_not() {
    let mut c = Setup::of(3).read_ends(|_| true).start().elected(1);
    c.break_clock(1, true);
    let by_deadline = EndCause::Failed(ErrorKind::DeadlineExceeded);
    let read = |c: &mut Cluster| {
        c.forget();
        let call = c.ask_within(1, get("k"), HEARTBEAT);
        let answered = c.answered(call).is_ok();
        let ended = |event: &Event| matches!(event, Event::LeaseEnded { cause, .. } if *cause == by_deadline);
        (answered, c.told(1, ended))
    };
    assert_eq!(read(&mut c), (true, 0));
    c.hold(Kind::HeartbeatResponse, 2, 1);
    c.hold(Kind::HeartbeatResponse, 3, 1);
    assert_eq!(read(&mut c), (false, 1));
}

#[test]
fn how_the_timers_are_set_is_told_first() {
    let c = Cluster::of(1);
    let Event::Configured(timing) = c.events(1)[0] else { panic!("{:?}", c.events(1)[0]) };
    assert_eq!((timing.tick, timing.heartbeat, timing.promise), (TICK, HEARTBEAT, ELECTION));
    assert_eq!((timing.patience, timing.lease, timing.renews), (ELECTION + 2 * TICK, Some(lease_length()), true));
    let caller = Setup::of(1).renewal(RenewalKind::Caller).start();
    assert!(matches!(caller.events(1)[0], Event::Configured(timing) if !timing.renews));
    assert_eq!(caller.node(1).status(GroupId::FIRST).leader, None::<NodeId>);
}
