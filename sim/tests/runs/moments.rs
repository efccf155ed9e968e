//! Steps that wait for a moment of the protocol act at that moment, as often as they may, and at no other.

use super::given::Given;
use leasehold::observe::{Event, Role};
use leasehold_sim::history::{Fate, FaultPhase, Record, What};
use leasehold_sim::time::SimTime;
use leasehold_sim::words::{MessageKind, Verb};

/// The history of a run of 12 s with these steps, under a load of reads and writes.
fn history(steps: &str) -> Vec<Record> {
    Given::load("12s", "rate = \"50/s\"\ndeadline = \"500ms\"").steps(steps).run().kept
}

/// When a verb acted, and on whom.
fn acts(history: &[Record], of: Verb) -> Vec<(SimTime, String)> {
    let act = |record: &Record| match &record.what {
        What::Fault(fault) if fault.verb == of && fault.phase == FaultPhase::Activated => {
            Some((record.at, fault.to_string()))
        }
        _ => None,
    };
    history.iter().filter_map(act).collect()
}

/// When nodes told what `is` looks for.
fn told(history: &[Record], is: impl Fn(&Event) -> bool) -> Vec<SimTime> {
    let told = |record: &Record| matches!(&record.what, What::Stack(stack) if is(&stack.event));
    history.iter().filter(|record| told(record)).map(|record| record.at).collect()
}

fn is_leader(event: &Event) -> bool {
    matches!(event, Event::Role { role: Role::Leader, .. })
}

const MS: u64 = 1_000_000;

#[test]
fn a_lease_that_is_extended_does_not_run_out_and_one_that_is_cut_off_does() {
    let cut = r#"{ at = "4s", partition = { sides = [["@leader"], ["@others"]], for = "3s" } },"#;
    let wait = r#"{ when = "lease.expiry - 5ms", times = 9, pause = { node = "@this", for = "1ms" } },"#;
    assert_eq!(acts(&history(wait), Verb::Pause), []);
    let history = history(&format!("{cut}\n{wait}"));
    let pauses = acts(&history, Verb::Pause);
    let extended = |record: &&Record| matches!(&record.what, What::Stack(told) if told.lease_until.is_some());
    let last = history.iter().filter(extended).rfind(|record| record.at < pauses[0].0).unwrap();
    let What::Stack(last) = &last.what else { unreachable!() };
    assert_eq!(pauses.len(), 1, "{pauses:?}");
    assert_eq!(pauses[0].0.0, last.lease_until.unwrap().0 - 5 * MS);
    assert!(pauses[0].1.starts_with(&last.replica.to_string()), "{pauses:?}");
}

#[test]
fn an_election_is_answered_before_the_first_entry_of_the_term_is_committed() {
    let history = history(r#"{ when = "election", times = 2, pause = { node = "@this", for = "300ms" } },"#);
    let (elected, caught_up) =
        (told(&history, is_leader), told(&history, |event| matches!(event, Event::CaughtUp { .. })));
    let pauses: Vec<SimTime> = acts(&history, Verb::Pause).into_iter().map(|(at, _)| at).collect();
    assert_eq!(pauses, elected, "one election, one pause");
    assert!(caught_up[0].0 >= pauses[0].0 + 300 * MS);
}

#[test]
fn a_step_acts_no_more_often_than_it_may_and_only_in_its_window() {
    let crash = |keys: &str| format!(r#"{{ {keys}, crash = {{ node = "@this", for = "200ms" }} }},"#);
    let at = |keys: &str| acts(&history(&crash(keys)), Verb::Crash).into_iter().map(|(at, _)| at.0).collect::<Vec<_>>();
    assert_eq!(at(r#"when = "caught-up + 100ms""#).len(), 1);
    assert!(at(r#"when = "caught-up + 100ms", times = 3"#).len() > 1);
    let late = at(r#"when = "caught-up", times = 9, at = "5s..12s""#);
    assert_eq!(late, Vec::<u64>::new(), "nobody is elected anew where nothing happens");
}

#[test]
fn a_moment_of_a_transfer_is_when_its_message_is_sent_or_arrives() {
    let transfer = r#"{ at = "5s", transfer = {} },"#;
    let wait = |when: &str| format!(r#"{{ when = "{when}", pause = {{ node = "@this", for = "2s" }} }},"#);
    let sent = history(&format!("{transfer}\n{}", wait("timeout-now.sent")));
    assert_eq!(acts(&sent, Verb::Pause)[0].0, told(&sent, |event| matches!(event, Event::TimeoutNowSent { .. }))[0]);
    let received = history(&format!("{transfer}\n{}", wait("timeout-now.received")));
    let arrival = |record: &Record| {
        matches!(&record.what, What::Message { kind: MessageKind::TimeoutNow, fate: Fate::Delivered, .. })
    };
    let arrived = received.iter().find(|record| arrival(record)).unwrap();
    assert_eq!(acts(&received, Verb::Pause)[0].0, arrived.at);
}

#[test]
fn a_leader_checks_its_quorum_once_an_election_timeout() {
    let history = history(r#"{ when = "check-quorum", times = 20, pause = { node = "@follower", for = "1ms" } },"#);
    let pauses: Vec<SimTime> = acts(&history, Verb::Pause).into_iter().map(|(at, _)| at).collect();
    assert_eq!(pauses, told(&history, |event| matches!(event, Event::QuorumChecked { confirmed: true })));
    assert!((9..=11).contains(&pauses.len()), "{pauses:?}");
}
