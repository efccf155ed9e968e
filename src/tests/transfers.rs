//! Leadership is handed over, or not.

use super::cluster::{Cluster, ELECTION, HEARTBEAT, Pending, Setup, TICK, lease_length};
use crate::engine::MembershipChange;
use crate::env::NodeId;
use crate::error::{Error, Outcome};
use crate::observe::{EndCause, Event, Miss, RoundCause};
use crate::wire::Kind;

const TO_N2: Event = Event::TransferStarted { to: NodeId(2) };
const ABORTED: Event = Event::TransferAborted { to: NodeId(2) };
const TIMEOUT_NOW: Event = Event::TimeoutNowSent { to: NodeId(2) };

/// A transfer from `n1` to `n2` that hangs: its `TimeoutNow` is held.
fn hanging() -> (Cluster, Pending<Result<(), Error>>) {
    let mut c = Cluster::led(3);
    c.run(HEARTBEAT);
    c.hold(Kind::TimeoutNow, 1, 2);
    c.forget();
    let transfer = c.begin_transfer(1, 2);
    (c, transfer)
}

/// The same, given up.
fn given_up() -> Cluster {
    let (mut c, transfer) = hanging();
    assert_eq!(c.wait(&transfer), Err(Error::TransferRefused));
    c
}

#[test]
fn a_transfer_is_over_when_another_leads() {
    let mut c = Cluster::led(3);
    assert_eq!(c.transfer(1, 2), Ok(()));
    assert!(c.leads(2) && !c.leads(1));
    assert_eq!((c.status(1).leader, c.status(2).term), (Some(NodeId(2)), 2));
}

#[test]
fn nobody_waits_for_an_election_timeout_in_a_transfer() {
    let mut c = Cluster::led(3);
    let begun = c.now();
    c.transfer(1, 2).unwrap();
    assert_eq!(c.now(), begun);
}

#[test]
fn the_lease_ends_before_timeout_now_leaves() {
    let (mut c, _) = hanging();
    let concerns = |event: &Event| matches!(event, Event::LeaseEnded { .. }) || [TO_N2, TIMEOUT_NOW].contains(event);
    let told: Vec<_> = c.events(1).into_iter().filter(concerns).collect();
    assert_eq!(told, [Event::LeaseEnded { generation: 0, cause: EndCause::Transfer, held: true }, TO_N2, TIMEOUT_NOW]);
    assert_eq!(c.gate(1), Err(Miss::Transfer));
    assert_eq!(c.status(1).transferee, Some(NodeId(2)));
}

#[test]
fn nothing_else_is_begun_during_a_transfer() {
    let (mut c, transfer) = hanging();
    let refused = Some(Err(Error::TransferInProgress));
    assert_eq!(c.begin_propose(1, b"x").now(), refused);
    assert_eq!(c.begin_read_index(1).now(), refused);
    assert_eq!(c.begin_change(1, MembershipChange::Remove(NodeId(3))).now(), refused);
    assert_eq!(c.begin_transfer(1, 3).now(), Some(Err(Error::TransferInProgress)));
    assert_eq!(c.begin_transfer(1, 2).now(), Some(Err(Error::TransferInProgress)));
    assert_eq!(transfer.now(), None);
}

#[test]
fn a_transfer_without_success_is_given_up_after_an_election_timeout() {
    let (mut c, transfer) = hanging();
    let begun = c.now();
    assert_eq!(c.wait(&transfer), Err(Error::TransferRefused));
    let waited = c.now().since(begun);
    assert!((ELECTION - TICK..=ELECTION + TICK).contains(&waited), "{waited:?}");
    assert_eq!(c.told(1, |event| *event == ABORTED), 1);
    assert!(c.leads(1));
    c.run(ELECTION);
    assert_eq!(c.told(1, |event| *event == ABORTED), 1, "once");
}

#[test]
fn acknowledgements_do_not_regain_the_lease_after_a_transfer_was_given_up_but_an_entry_proposed_since() {
    let (mut c, transfer) = hanging();
    c.hold(Kind::AppendResponse, 2, 1);
    c.hold(Kind::AppendResponse, 3, 1);
    assert_eq!(c.wait(&transfer), Err(Error::TransferRefused));
    let given_up = c.now();
    c.run(3 * HEARTBEAT);
    assert_eq!((c.gate(1), c.lease(1)), (Err(Miss::Transfer), None));
    c.release_only(Kind::AppendResponse);
    assert_eq!(c.gate(1), Ok(()));
    assert!(c.lease(1).unwrap() >= given_up.after(lease_length()));
}

#[test]
fn the_lease_is_not_regained_by_what_was_proposed_before_the_transfer_was_given_up() {
    let mut c = Cluster::led(3);
    for node in [2, 3] {
        c.hold(Kind::AppendResponse, node, 1);
    }
    let before = c.begin_propose(1, b"before");
    let transfer = c.begin_transfer(1, 2);
    assert_eq!(c.wait(&transfer), Err(Error::TransferRefused));
    c.release_first(Kind::AppendResponse);
    assert_eq!((before.now(), c.gate(1)), (Some(Ok(2)), Err(Miss::Transfer)));
    c.release();
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn a_leader_may_be_asked_again_once_a_transfer_was_given_up() {
    let mut c = given_up();
    c.put(1, "k", "v").unwrap();
    assert_eq!(c.transfer(1, 3), Ok(()));
    assert_eq!(c.status(1).leader, Some(NodeId(3)));
}

#[test]
fn without_a_clock_the_lease_is_regained_once_there_is_one() {
    let (mut c, transfer) = hanging();
    c.break_clock(1, true);
    assert_eq!(c.wait(&transfer), Err(Error::TransferRefused));
    let last = c.status(1).commit;
    c.run(5 * TICK);
    assert_eq!(c.status(1).commit, last, "nothing is proposed without a base");
    c.break_clock(1, false);
    c.run(TICK);
    assert_eq!((c.status(1).commit, c.gate(1)), (last + 1, Ok(())));
    assert_eq!(c.told(1, |event| *event == ABORTED), 1);
}

#[test]
fn timeout_now_is_obeyed_as_long_as_the_log_is_what_it_was() {
    let (mut c, transfer) = hanging();
    c.run(ELECTION / 2);
    c.release();
    assert_eq!(c.wait(&transfer), Ok(()));
    assert_eq!(c.told(2, |event| *event == Event::StaleTimeoutNow), 0);
}

#[test]
fn timeout_now_that_comes_after_the_log_has_moved_on_is_thrown_away() {
    let mut c = given_up();
    c.release();
    assert_eq!(c.told(2, |event| *event == Event::StaleTimeoutNow), 1);
    assert!(c.leads(1) && c.status(1).term == 1);
}

#[test]
fn a_target_that_lacks_entries_gets_them_first() {
    let mut c = Cluster::led(3);
    c.hold(Kind::Append, 1, 2);
    let version = c.put(1, "k", "v").unwrap();
    let transfer = c.begin_transfer(1, 2);
    c.run(HEARTBEAT);
    assert_eq!((transfer.now(), c.sent(Kind::TimeoutNow, 1, 2).len()), (None, 0));
    assert_eq!(c.gate(1), Err(Miss::Transfer), "though nothing has left");
    c.release();
    assert_eq!(c.wait(&transfer), Ok(()));
    assert_eq!(c.get(2, "k").unwrap().0, "v");
    assert!(c.status(2).commit > version);
}

#[test]
fn only_a_voter_other_than_the_leader_may_be_the_target() {
    let mut c = Setup::of(3).learner(4).stranger(5).start().elected(1);
    for target in [1, 4, 5, 9] {
        assert_eq!(c.begin_transfer(1, target).now(), Some(Err(Error::TransferRefused)), "n{target}");
    }
    assert_eq!(
        c.told(1, |event| matches!(
            event,
            Event::TransferStarted { .. } | Event::LeaseEnded { cause: EndCause::Transfer, .. }
        )),
        0
    );
    assert_eq!(c.gate(1), Ok(()), "a transfer that is refused costs nothing");
}

#[test]
fn a_transfer_amid_a_change_of_membership_is_refused() {
    let mut c = Setup::of(3).stranger(4).start().elected(1);
    for node in [2, 3] {
        c.hold(Kind::AppendResponse, node, 1);
    }
    let change = c.begin_change(1, MembershipChange::AddLearner(NodeId(4)));
    assert_eq!(c.begin_transfer(1, 2).now(), Some(Err(Error::TransferRefused)));
    c.release();
    assert!(c.wait(&change).is_ok());
    assert_eq!(c.transfer(1, 2), Ok(()));
}

#[test]
fn a_follower_has_nothing_to_hand_over() {
    let mut c = Cluster::led(3);
    c.settle();
    assert_eq!(c.transfer(2, 3), Err(Error::NotLeader { leader: Some(NodeId(1)) }));
}

#[test]
fn a_dead_target_is_tried() {
    let mut c = Cluster::led(3);
    c.crash(2);
    assert_eq!(c.transfer(1, 2), Err(Error::TransferRefused));
    assert_eq!(c.told(1, |event| *event == TO_N2), 1);
    c.run(TICK);
    assert_eq!(c.gate(1), Ok(()));
}

#[test]
fn reads_that_were_under_way_when_a_transfer_began_are_answered_or_fail_as_lost() {
    let mut c = Cluster::led(3);
    for node in [2, 3] {
        c.hold(Kind::HeartbeatResponse, node, 1);
    }
    let round = c.begin_read_index(1);
    assert_eq!(round.now(), None);
    c.transfer(1, 2).unwrap();
    assert_eq!(c.wait(&round), Err(Error::LeadershipLost(Outcome::Unknown)));
    assert_eq!(
        c.told(1, |event| matches!(event, Event::RoundEnded { cause: RoundCause::LeaseMiss, confirmed: false, .. })),
        1
    );
}
