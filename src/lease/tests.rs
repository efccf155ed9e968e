use super::*;
use crate::env::{BoxFuture, Env, NodeId, Point, Wait, Work};
use crate::error::Outcome;
use crate::observe::{Role, Sink};

/// A host on which only the clock and what is told matter.
#[derive(Default)]
struct Quiet {
    clock: Mutex<Option<Instant>>,
    told: Mutex<Vec<Event>>,
}

impl Quiet {
    fn shows(&self, clock: Option<Instant>) {
        *self.clock.lock() = clock;
    }

    fn told(&self) -> Vec<Event> {
        std::mem::take(&mut self.told.lock())
    }
}

impl Env for Quiet {
    fn node(&self) -> NodeId {
        NodeId(1)
    }
    fn incarnation(&self) -> u64 {
        1
    }
    fn monotonic(&self) -> Result<Instant, ClockError> {
        self.clock.lock().ok_or(ClockError)
    }
    fn wall(&self) -> Result<Duration, ClockError> {
        Err(ClockError)
    }
    fn sleep(&self, _duration: Duration) -> Wait {
        Wait::Over
    }
    fn spawn(&self, _name: &'static str, _task: BoxFuture<()>) {}
    fn entropy(&self, _purpose: &'static str) -> u64 {
        0
    }
    fn work_times(&self, _work: Work, _times: u32) -> Wait {
        Wait::Over
    }
    fn point(&self, _point: Point) -> Wait {
        Wait::Over
    }
}

impl Sink for Quiet {
    fn observe(&self, event: Event) {
        self.told.lock().push(event);
    }
}

const LENGTH: Duration = Duration::from_nanos(100);
const LEADER: Status = Status {
    behind: false,
    role: Role::Leader,
    term: 7,
    leader: Some(NodeId(1)),
    transferee: None,
    commit: 9,
    applied: 9,
    applied_term: 7,
};

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

/// A leader's cold lease, and the host, whose clock shows 1000.
fn elected(renewal: RenewalKind) -> (Lease, Arc<Quiet>) {
    let host = Arc::new(Quiet::default());
    host.shows(Some(at(1000)));
    let lease = Lease::new(Arc::clone(&host) as Arc<dyn Host>, Policy::new(LENGTH, renewal), true);
    lease.elected(7);
    (lease, host)
}

fn lease(renewal: RenewalKind) -> Lease {
    elected(renewal).0
}

fn warm() -> Lease {
    let lease = lease(RenewalKind::Acks);
    lease.renewed(7, at(1000));
    lease
}

fn conflict() -> Error {
    Error::WriteConflict { key: "k".into(), latest: 8 }
}

#[test]
fn a_warm_lease_permits_reads_up_to_but_not_at_its_expiry() {
    assert_eq!(warm().check(Ok(at(1099)), &LEADER), Ok(()));
    assert_eq!(warm().check(Ok(at(1100)), &LEADER), Err(Miss::Expired));
}

#[test]
fn each_rule_of_the_gate_closes_it_alone() {
    let follower = Status { role: Role::Follower, ..LEADER };
    let transferring = Status { transferee: Some(NodeId(2)), ..LEADER };
    let behind = Status { applied_term: 6, ..LEADER };
    let next_term = Status { term: 8, applied_term: 8, ..LEADER };
    assert_eq!(warm().check(Err(ClockError), &LEADER), Err(Miss::Clock));
    assert_eq!(warm().check(Ok(at(1050)), &follower), Err(Miss::NotLeader));
    assert_eq!(warm().check(Ok(at(1050)), &transferring), Err(Miss::Transfer));
    assert_eq!(warm().check(Ok(at(1050)), &behind), Err(Miss::NotCaughtUp));
    assert_eq!(warm().check(Ok(at(1050)), &next_term), Err(Miss::Cold));
    assert_eq!(lease(RenewalKind::Acks).check(Ok(at(1050)), &LEADER), Err(Miss::Cold));
}

#[test]
fn the_first_rule_that_fails_is_the_reason() {
    let reasons: Vec<_> = gate::GATE.iter().map(|(_, miss, _)| *miss).collect();
    let transfer = [Miss::Transfer; 2];
    let first = [Miss::Clock, Miss::NotLeader];
    let last = [Miss::NotCaughtUp, Miss::Cold, Miss::Expired];
    assert_eq!(reasons, [&first[..], &transfer, &last].concat());
    assert_eq!(warm().check(Err(ClockError), &Status::default()), Err(Miss::Clock));
}

#[test]
fn neither_a_conflict_nor_a_deadline_nor_a_lost_message_ends_the_lease() {
    let lease = warm();
    for error in [conflict(), Error::DeadlineExceeded(Outcome::Unknown), Error::Transport(Outcome::Unknown)] {
        lease.write_failed(&error);
        lease.read_failed(&error);
    }
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Ok(()));
}

#[test]
fn a_loss_of_leadership_ends_the_lease() {
    for error in [Error::NotLeader { leader: None }, Error::LeadershipLost(Outcome::Unknown), Error::TransferInProgress]
    {
        for failed in [Lease::write_failed, Lease::read_failed] {
            let lease = warm();
            failed(&lease, &error);
            assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Cold), "{error}");
        }
    }
}

#[test]
fn a_lease_never_shrinks_within_a_generation() {
    let lease = warm();
    lease.renewed(7, at(900));
    assert_eq!(lease.check(Ok(at(1099)), &LEADER), Ok(()));
}

#[test]
fn an_acknowledgement_of_another_term_does_not_count() {
    let lease = lease(RenewalKind::Acks);
    lease.renewed(6, at(1000));
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Cold));
}

#[test]
fn a_transfer_ends_the_lease_and_acknowledgements_do_not_bring_it_back() {
    let lease = warm();
    lease.suspended();
    lease.renewed(7, at(1040));
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Transfer));
    lease.resumed(7, at(1060));
    assert_eq!(lease.check(Ok(at(1159)), &LEADER), Ok(()));
}

#[test]
fn a_transfer_ends_the_lease_once_however_often_it_is_told() {
    let (lease, host) = elected(RenewalKind::Acks);
    lease.suspended();
    lease.suspended();
    assert_eq!(host.told(), [Event::LeaseEnded { generation: 0, cause: EndCause::Transfer, held: false }]);
}

#[test]
fn acknowledgements_extend_nothing_until_a_transfer_is_settled() {
    let (lease, host) = elected(RenewalKind::Acks);
    lease.suspended();
    host.told();
    lease.renewed(7, at(1040));
    assert_eq!(host.told(), []);
}

#[test]
fn an_election_settles_a_transfer_of_an_earlier_term() {
    let lease = warm();
    lease.suspended();
    lease.elected(8);
    lease.renewed(8, at(1040));
    assert_eq!(lease.check(Ok(at(1050)), &Status { term: 8, applied_term: 8, ..LEADER }), Ok(()));
}

#[test]
fn each_extension_and_each_end_is_told() {
    let (lease, host) = elected(RenewalKind::Acks);
    lease.renewed(7, at(1000));
    assert_eq!(host.told(), [Event::LeaseExtended { term: 7, generation: 0, base: at(1000), expiry: at(1100) }]);
    lease.renewed(7, at(1000));
    assert_eq!(host.told(), [], "nothing was extended");
    lease.ended(EndCause::RoleChange);
    lease.ended(EndCause::Stopped);
    assert_eq!(
        host.told(),
        [
            Event::LeaseEnded { generation: 0, cause: EndCause::RoleChange, held: true },
            Event::LeaseEnded { generation: 1, cause: EndCause::Stopped, held: false },
        ]
    );
}

#[test]
fn an_extension_begun_before_the_lease_ended_is_void() {
    let lease = lease(RenewalKind::Caller);
    let begun_under = lease.generation();
    lease.ended(EndCause::RoleChange);
    lease.extend(7, at(1000), begun_under);
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Cold));
    lease.extend(7, at(1000), lease.generation());
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Ok(()));
}

#[test]
fn an_acknowledgement_of_what_was_sent_before_the_lease_ended_is_void() {
    let (lease, host) = elected(RenewalKind::Acks);
    host.shows(Some(at(1020)));
    lease.write_failed(&Error::NotLeader { leader: None });
    lease.renewed(7, at(1019));
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Cold));
    lease.renewed(7, at(1020));
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Ok(()));
}

#[test]
fn a_lease_that_ended_again_before_a_transfer_was_settled_is_not_brought_back() {
    let (lease, host) = elected(RenewalKind::Caller);
    lease.suspended();
    host.shows(Some(at(1040)));
    lease.write_failed(&Error::TransferInProgress);
    lease.resumed(7, at(1030));
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Cold));
}

#[test]
fn a_lease_that_ended_without_a_clock_is_gone_until_something_begins_with_one() {
    let (lease, host) = elected(RenewalKind::Acks);
    host.shows(None);
    lease.write_failed(&Error::NotLeader { leader: None });
    lease.renewed(7, at(1040));
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Cold));
    host.shows(Some(at(1050)));
    lease.renewed(7, at(1049));
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Cold), "what may have begun before");
    lease.renewed(7, at(1051));
    assert_eq!(lease.check(Ok(at(1052)), &LEADER), Ok(()));
}

#[test]
fn an_election_settles_an_end_without_a_clock() {
    let (lease, host) = elected(RenewalKind::Acks);
    host.shows(None);
    lease.write_failed(&Error::NotLeader { leader: None });
    lease.elected(7);
    lease.renewed(7, at(1040));
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Ok(()));
}

#[test]
fn the_callers_operations_extend_nothing_where_the_engine_renews() {
    let lease = lease(RenewalKind::Acks);
    lease.extend(7, at(1000), lease.generation());
    assert_eq!(lease.check(Ok(at(1050)), &LEADER), Err(Miss::Cold));
}

#[test]
fn the_longest_safe_lease_leaves_a_tick_and_a_thousandth() {
    let length = longest_safe(Duration::from_secs(1), Duration::from_millis(10));
    assert_eq!(length, Duration::from_micros(989_010));
}
