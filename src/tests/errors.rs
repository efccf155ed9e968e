//! What an engine's errors are to callers, to the lease and to retries: on an engine that fails as the test says.

use super::cluster::{Cluster, Setup, Stub, get, put};
use crate::coordinator::RETRY_INTERVAL;
use crate::engine::RenewalKind;
use crate::env::NodeId;
use crate::error::{Error, Outcome};
use crate::observe::{EndCause, Event};
use crate::request::{ReadPath, Response};
use crate::store::Verdict;

/// A node whose engine is a stub that leads.
fn led() -> (Cluster, Stub) {
    let stub = Stub::leading(1);
    (Setup::of(1).renewal(RenewalKind::Caller).stub(&stub).start(), stub)
}

/// How often errors have ended the lease.
fn ended(c: &Cluster) -> usize {
    c.told(1, |event| matches!(event, Event::LeaseEnded { cause: EndCause::Failed(_), .. }))
}

const UNKNOWN: Outcome = Outcome::Unknown;
const NOT_APPLIED: Outcome = Outcome::NotApplied;

#[test]
fn errors_that_leave_the_outcome_open_are_answered_at_once_and_never_tried_again() {
    let kept_from_the_lease = |error| (error, 0);
    let answered = [
        (Error::LeadershipLost(UNKNOWN), 1),
        kept_from_the_lease(Error::DeadlineExceeded(UNKNOWN)),
        kept_from_the_lease(Error::Transport(UNKNOWN)),
        kept_from_the_lease(Error::Closed(UNKNOWN)),
        kept_from_the_lease(Error::Storage),
        kept_from_the_lease(Error::Overloaded),
    ];
    for (error, ends) in answered {
        let (mut c, stub) = led();
        stub.answers(Err(error.clone()));
        let call = c.ask(1, put("k", "v"));
        assert_eq!((c.answer(call), stub.proposed(), ended(&c)), (Some(Err(error)), 1, ends));
    }
}

#[test]
fn what_failed_after_its_proposal_is_of_unknown_outcome_whatever_the_engine_says() {
    for (error, answer) in [
        (Error::DeadlineExceeded(NOT_APPLIED), Error::DeadlineExceeded(UNKNOWN)),
        (Error::Transport(NOT_APPLIED), Error::Transport(UNKNOWN)),
        (Error::Closed(NOT_APPLIED), Error::Closed(UNKNOWN)),
    ] {
        let (mut c, stub) = led();
        stub.answers(Err(error));
        let call = c.ask(1, put("k", "v"));
        assert_eq!(c.answer(call), Some(Err(answer)));
    }
}

#[test]
fn losses_of_leadership_before_anything_was_applied_are_tried_again_and_end_the_lease_each_time() {
    let leader = Some(NodeId(2));
    for error in [Error::NotLeader { leader }, Error::TransferInProgress, Error::LeadershipLost(NOT_APPLIED)] {
        let (mut c, stub) = led();
        stub.answers(Err(error));
        let call = c.ask(1, put("k", "v"));
        c.run(2 * RETRY_INTERVAL);
        assert_eq!((c.answer(call), stub.proposed(), ended(&c)), (None, 3, 3));
        stub.answers(Ok(Verdict::Written.encode()));
        assert_eq!(c.answered(call), Ok(Response::Written { version: 7 }));
    }
}

#[test]
fn an_answer_that_is_no_verdict_is_no_success() {
    for answer in [Verdict::Malformed.encode(), vec![0xff]] {
        let (mut c, stub) = led();
        stub.answers(Ok(answer));
        assert!(matches!(c.put(1, "k", "v"), Err(Error::Invalid(_))));
        assert_eq!(ended(&c), 0);
    }
}

#[test]
fn a_conflict_is_the_callers_and_ends_no_lease() {
    let (mut c, stub) = led();
    stub.answers(Ok(Verdict::Conflict { key: "k".into(), latest: 5 }.encode()));
    assert_eq!(c.put(1, "k", "v"), Err(Error::WriteConflict { key: "k".into(), latest: 5 }));
    assert_eq!(ended(&c), 0);
}

#[test]
fn a_round_that_fails_ends_the_lease_only_where_leadership_is_lost() {
    for (error, ends) in [(Error::LeadershipLost(UNKNOWN), 1), (Error::Closed(UNKNOWN), 0), (Error::Overloaded, 0)] {
        let (mut c, stub) = led();
        stub.confirms(Err(error.clone()));
        assert_eq!((c.get(1, "k"), ended(&c)), (Err(error), ends));
        stub.confirms(Ok(7));
        assert_eq!(c.get(1, "k").unwrap().1, ReadPath::ReadIndex);
    }
}

#[test]
fn a_node_that_is_said_to_lead_and_does_not_yet_forwards_nothing_to_itself() {
    let (mut c, stub) = led();
    stub.publishes(|status| status.role = crate::observe::Role::Candidate);
    let call = c.ask(1, get("k"));
    assert_eq!((c.answer(call), c.sent(super::cluster::What::Request, 1, 1).len()), (None, 0));
    stub.publishes(|status| status.role = crate::observe::Role::Leader);
    assert!(c.answered(call).is_ok());
}

#[test]
fn a_transfer_and_a_change_of_membership_are_the_engines_to_decide() {
    let (mut c, _) = led();
    assert_eq!(c.transfer(1, 2), Err(Error::TransferRefused));
    let change = crate::engine::MembershipChange::Remove(NodeId(2));
    assert_eq!(c.change(1, change), Err(Error::MembershipRefused("a stub has no members")));
}
