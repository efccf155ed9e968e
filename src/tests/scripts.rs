//! Scripts: reads from a snapshot and one checked write, tried again on conflict.

use super::cluster::{Call, Cluster, Setup, put, script};
use crate::coordinator::{InnerReads, Policy, WriteFence};
use crate::env::{GroupId, Work};
use crate::error::Error;
use crate::metrics::Counter;
use crate::observe::{Event, ScriptTimes};
use crate::request::{Read, Response};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// A leader whose scripts take 4 ms for each key that they read.
fn slow_reader(policy: Policy) -> Cluster {
    let mut c = Setup::of(3).policy(policy).start().elected(1);
    c.cost(1, Work::ScriptRead, 4 * MS);
    c
}

/// Starts a script and lets another write come between its snapshot and its write.
fn conflicting(c: &mut Cluster, between: &str) -> Call {
    let call = c.ask(1, script(&["a"], "b", "script"));
    c.run(MS);
    c.put(1, between, "other").unwrap();
    call
}

fn times(c: &Cluster) -> ScriptTimes {
    let times = |event| match event {
        Event::Script { times, .. } => Some(times),
        _ => None,
    };
    c.events(1).into_iter().find_map(times).expect("a script has ended")
}

#[test]
fn a_script_answers_what_it_read_and_the_version_that_it_wrote() {
    let mut c = Cluster::led(3);
    c.put(1, "a", "one").unwrap();
    let reads = vec![Read { value: Some(b"one".to_vec()), version: 2 }, Read::default()];
    let answer = c.serve(1, script(&["a", "none"], "b", "two"));
    assert_eq!(answer, Ok(Response::Script { reads, version: 3, attempts: 1 }));
    assert_eq!(c.get(1, "b").unwrap().0, "two");
}

#[test]
fn a_script_whose_reads_have_changed_is_tried_again_on_a_new_snapshot() {
    for between in ["a", "b"] {
        let mut c = slow_reader(Policy::default());
        let call = conflicting(&mut c, between);
        let Ok(Response::Script { attempts, version, .. }) = c.answered(call) else { panic!() };
        assert_eq!((attempts, version), (2, 4));
        assert_eq!(c.told(1, |event| *event == Event::Conflict { index: 3 }), 1);
        assert_eq!((c.count(1, Counter::WriteConflict), c.get(1, "b").unwrap().0.as_str()), (1, "script"));
    }
}

#[test]
fn a_script_that_nothing_disturbs_is_not_tried_again() {
    let mut c = slow_reader(Policy::default());
    let call = conflicting(&mut c, "elsewhere");
    assert!(matches!(c.answered(call), Ok(Response::Script { attempts: 1, .. })));
    assert_eq!(c.count(1, Counter::WriteConflict), 0);
}

#[test]
fn a_conflict_leaves_the_lease_as_it_is() {
    let mut c = slow_reader(Policy::default());
    c.forget();
    let call = conflicting(&mut c, "a");
    c.answered(call).unwrap();
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseEnded { .. })), 0);
    assert_eq!(c.told(1, |event| matches!(event, Event::LeaseRead { miss: Some(_), .. })), 0);
}

#[test]
fn a_script_that_conflicts_fifty_times_is_given_up() {
    let mut c = slow_reader(Policy::default());
    let call = c.ask(1, script(&["a"], "b", "script"));
    // An attempt takes at most a read and the longest backoff: 4 ms and 15 ms.
    for _ in 0..50 * 20 {
        if c.answer(call).is_none() {
            c.run(MS);
            c.ask(1, put("a", "other"));
        }
    }
    assert_eq!(c.answered(call), Err(Error::RetriesExhausted { attempts: 50 }));
    assert_eq!(c.count(1, Counter::WriteConflict), 50);
    assert_eq!(c.told(1, |event| matches!(event, Event::Script { reads: 1, attempts: 50, .. })), 1);
}

#[test]
fn backoff_doubles_from_one_millisecond_to_ten_and_varies_by_half() {
    let mut c = slow_reader(Policy::default());
    let mut spent = Vec::new();
    for conflicts in 1..=6 {
        let call = c.ask(1, script(&["a"], "b", "script"));
        for _ in 0..2 * 20 * conflicts {
            if c.count(1, Counter::WriteConflict) < (1..=conflicts).sum() {
                c.run(MS / 2);
                c.put(1, "a", "other").unwrap();
            }
        }
        c.answered(call).unwrap();
        spent.push(times(&c).backoff);
        c.forget();
    }
    let mut least = Duration::ZERO;
    for (spent, backoff) in spent.iter().zip([1, 2, 4, 8, 10, 10]) {
        least += backoff * MS;
        assert!((least..=least + least / 2).contains(spent), "{spent:?} after {least:?}");
    }
    assert!(spent.iter().all(|spent| spent.as_micros() % 1000 != 0), "it varies: {spent:?}");
}

#[test]
fn where_a_scripts_time_went_is_told() {
    let policy = Policy { write_fence: WriteFence::ReadIndex, ..Policy::default() };
    let mut c = slow_reader(policy);
    c.cost(1, Work::LeaseCheck, MS);
    c.cost(1, Work::Propose, 2 * MS);
    c.latency(8 * MS);
    let call = c.ask(1, script(&["a", "x"], "b", "script"));
    c.answered(call).unwrap();
    let expected = ScriptTimes {
        lease_read: MS,
        reads: 2 * 4 * MS,
        write_fence: 2 * 8 * MS,
        commit: 2 * MS + 2 * 8 * MS,
        backoff: Duration::ZERO,
        rounds: 1,
    };
    assert_eq!(times(&c), expected);
    let metrics = c.node(1).metrics(GroupId::FIRST);
    assert_eq!((metrics.script_duration.count(), metrics.commit_duration.count()), (1, 1));
}

#[test]
fn the_times_of_all_attempts_are_added_up() {
    let policy = Policy { write_fence: WriteFence::ReadIndex, ..Policy::default() };
    let mut c = slow_reader(policy);
    c.cost(1, Work::LeaseCheck, MS);
    c.cost(1, Work::Propose, MS);
    let call = c.ask(1, script(&["a"], "b", "script"));
    c.run(2 * MS);
    c.put(1, "a", "other").unwrap();
    assert!(matches!(c.answered(call), Ok(Response::Script { attempts: 2, .. })));
    let ScriptTimes { lease_read, reads, commit, rounds, .. } = times(&c);
    assert_eq!((lease_read, reads, commit, rounds), (2 * MS, 8 * MS, 2 * MS, 2));
}

#[test]
fn rounds_of_all_fences_are_counted() {
    let policy = Policy { write_fence: WriteFence::ReadIndex, inner_reads: InnerReads::ReadIndex, ..Policy::default() };
    let mut c = slow_reader(policy);
    c.break_clock(1, true);
    let call = c.ask(1, script(&["a", "x"], "b", "script"));
    c.answered(call).unwrap();
    assert_eq!(times(&c).rounds, 4, "one miss, two keys, one write");
}

#[test]
fn another_error_than_a_conflict_ends_a_script_at_once() {
    let mut c = slow_reader(Policy::default());
    let call = c.ask(1, script(&["a"], "b", "script"));
    c.isolate(1);
    let answer = c.answered(call);
    assert!(matches!(answer, Err(Error::LeadershipLost(_))), "{answer:?}");
    assert_eq!(c.told(1, |event| matches!(event, Event::Script { attempts: 1, .. })), 1);
}
