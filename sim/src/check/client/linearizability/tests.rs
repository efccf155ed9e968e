use super::*;
use crate::check::Premises;
use crate::check::STORY;
use crate::check::testing::{Events, delete, effect, get, mget, ms, put, scan, script, tombstone};
use crate::history::Found;
use crate::history::{Answer, Condition, Operation};
use crate::scenario::Class;
use leasehold::error::ErrorKind;
use leasehold::error::Outcome;
use leasehold::request::ReadPath;

fn first(events: &Events) -> Option<Finding> {
    events.found_with(Premises::of_keys(&["k0", "k1", "k2"]), "linearizability")
}

#[track_caller]
fn clean(events: Events) {
    assert_eq!(first(&events), None);
}

#[track_caller]
fn wrong(events: Events) -> Finding {
    let finding = first(&events).expect("no register has this history");
    assert!(finding.story.len() <= STORY, "{:#?}", finding.story);
    finding
}

/// A value: that of operation `op`; 0: never written. All versions are the same and say nothing.
fn value(op: u64) -> Option<OpId> {
    (op > 0).then_some(OpId(op))
}

fn cas(expected: u64) -> Operation {
    Operation::Cas { key: KeyId(0), expected: value(expected) }
}

/// Operations on key 0, each by the client of its own number.
impl Events {
    fn reads(self, from: u64, to: u64, op: u64, found: u64) -> Self {
        self.invoke(from, op, get(0)).saw(to, op, found)
    }

    fn saw(self, at: u64, op: u64, found: u64) -> Self {
        self.complete(at, op, Completion::Read { version: 1, value: value(found), path: ReadPath::Lease })
    }

    fn writes(self, from: u64, to: u64, op: u64) -> Self {
        self.invoke(from, op, put(0)).written(to, op, 1)
    }

    fn refused(self, at: u64, op: u64, found: u64) -> Self {
        self.complete(at, op, Completion::Unexpected { version: 1, value: value(found) })
    }

    fn committed(self, at: u64, op: u64, reads: &[u64]) -> Self {
        let reads = reads.iter().map(|found| Found { version: 1, value: value(*found) }).collect();
        self.complete(at, op, Completion::Script { reads, version: 1, attempts: 1 })
    }

    fn failed_op(self, at: u64, op: u64, outcome: Outcome) -> Self {
        self.complete(at, op, Completion::Failed { error: ErrorKind::DeadlineExceeded, outcome })
    }
}

/// Put 1 and then put 2, one after the other.
fn two_writes() -> Events {
    Events::default().writes(0, 10, 1).writes(11, 20, 2)
}

#[test]
fn a_read_of_what_was_overwritten_before_it_began() {
    let finding = wrong(two_writes().invoke(25, 3, get(0)).answers_client(30, 1, 3).saw(30, 3, 1));
    assert_eq!((finding.check, finding.class, finding.at), ("linearizability", Class::StaleRead, ms(30)));
    assert_eq!(
        finding.message,
        "get of k0 by client 3 read #1 from the lease, but put #2 by client 2 had ended 5ms before that began"
    );
    assert_eq!(
        finding.story,
        [
            "put #1 by client 1 ended at 0.010000s; after that put #2 by client 2 began at 0.011000s",
            "put #2 by client 2 ended at 0.020000s; after that get #3 by client 3, which read #1, began at 0.025000s",
            "so #1 comes before #2, but #2 comes before #1",
            "client 3 invoked get #3 at 0.025000s",
            "at 0.030000s it was answered by n1: it read #1 from the lease",
        ]
    );
}

#[test]
fn what_overlaps_may_come_in_either_order() {
    clean(two_writes().reads(25, 30, 3, 2));
    clean(Events::default().writes(0, 10, 1).invoke(11, 2, put(0)).reads(12, 14, 3, 2).reads(12, 13, 4, 2));
    clean(Events::default().writes(0, 10, 1).invoke(11, 2, put(0)).reads(12, 13, 3, 1).reads(14, 15, 4, 2));
    wrong(Events::default().writes(0, 10, 1).invoke(11, 2, put(0)).reads(12, 13, 3, 2).reads(14, 15, 4, 1));
}

#[test]
fn what_happens_at_one_instant_happened_in_the_order_of_the_records() {
    wrong(Events::default().writes(0, 10, 1).writes(10, 10, 2).reads(10, 10, 3, 1));
}

#[test]
fn a_key_that_was_written_is_not_read_as_never_written() {
    let finding = wrong(Events::default().writes(0, 10, 1).reads(11, 12, 2, 0));
    assert_eq!(
        finding.message,
        "get of k0 by client 2 read that it was never written from the lease, but put #1 by client 1 had ended 1ms before that began"
    );
    assert_eq!(finding.story[0], "at first k0 was never written; after that put #1 by client 1 began at 0.000000s");
    clean(Events::default().reads(0, 1, 1, 0).reads(2, 3, 2, 0));
}

#[test]
fn a_value_that_nobody_had_begun_to_write() {
    let finding = wrong(two_writes().reads(25, 30, 3, 77));
    assert!(
        finding.message.contains("but #77 had been overwritten long before, if it ever was"),
        "{}",
        finding.message
    );
    let finding = wrong(Events::default().reads(25, 30, 3, OpId::NOBODY.0));
    let message = "get of k0 by client 3 read foreign bytes from the lease, but no write of foreign bytes had begun";
    assert_eq!(finding.message, message);
}

#[test]
fn a_value_of_another_key() {
    wrong(Events::default().invoke(0, 1, put(1)).written(1, 1, 1).reads(2, 3, 2, 1));
    clean(Events::default().invoke(0, 1, put(1)).written(1, 1, 1).reads(2, 3, 2, 0));
}

#[test]
fn a_write_of_unknown_outcome_may_take_effect_at_any_time_but_only_once() {
    let lost = || Events::default().invoke(0, 1, put(0)).failed_op(5, 1, Outcome::Unknown).writes(6, 7, 2);
    clean(lost().reads(8, 9, 3, 2).reads(10, 11, 4, 1).reads(12, 13, 5, 1));
    clean(lost().reads(8, 9, 3, 2).reads(10, 11, 4, 2));
    wrong(lost().reads(8, 9, 3, 2).reads(10, 11, 4, 1).reads(12, 13, 5, 2));
}

#[test]
fn a_write_that_failed_without_effect_is_never_seen() {
    let failed = || Events::default().invoke(0, 1, put(0)).failed_op(5, 1, Outcome::NotApplied);
    clean(failed().reads(6, 7, 2, 0));
    let finding = wrong(failed().reads(6, 7, 2, 1));
    assert!(finding.message.ends_with("but #1 was seen although its write had no effect"), "{}", finding.message);
    let seen = Events::default().invoke(0, 1, put(0)).reads(1, 2, 2, 1);
    let finding = wrong(seen.failed_op(5, 1, Outcome::NotApplied));
    assert!(
        finding.message.starts_with("put of k0 by client 1 failed without effect, but #1 was"),
        "{}",
        finding.message
    );
}

#[test]
fn two_compare_and_sets_that_both_replaced_one_value() {
    let both = Events::default().invoke(0, 1, cas(0)).invoke(0, 2, cas(0)).written(5, 1, 1).written(6, 2, 1);
    let finding = wrong(both);
    assert_eq!(finding.message, "cas of k0 by client 2 replaced nothing by #2, but #1 and #2 both replaced nothing");
    clean(Events::default().invoke(0, 1, cas(0)).invoke(0, 2, cas(1)).written(5, 2, 1).written(6, 1, 1));
}

#[test]
fn a_compare_and_set_that_replaced_what_was_gone() {
    let gone = two_writes().invoke(21, 3, cas(1)).written(22, 3, 1);
    assert!(wrong(gone).message.starts_with("cas of k0 by client 3 replaced #1 by #3, but put #2"));
    clean(two_writes().invoke(21, 3, cas(2)).written(22, 3, 1).reads(23, 24, 4, 3));
    let back = two_writes().invoke(21, 3, cas(2)).written(22, 3, 1).reads(23, 24, 4, 2);
    assert!(wrong(back).message.contains("but #3 replaced #2, and cas #3 by client 3, which replaced #2 by #3,"));
}

#[test]
fn a_compare_and_set_of_unknown_outcome_counts_once_its_value_is_seen() {
    let lost = || two_writes().invoke(21, 3, cas(2)).failed_op(22, 3, Outcome::Unknown);
    clean(lost().reads(23, 24, 4, 2).reads(25, 26, 5, 3));
    wrong(lost().reads(23, 24, 4, 3).reads(25, 26, 5, 2));
    wrong(two_writes().invoke(21, 3, cas(1)).failed_op(22, 3, Outcome::Unknown).reads(23, 24, 4, 3));
}

#[test]
fn a_refusal_is_a_read_of_something_unexpected() {
    clean(two_writes().invoke(21, 3, cas(1)).refused(22, 3, 2));
    wrong(two_writes().invoke(21, 3, cas(7)).refused(22, 3, 1));
    let finding = wrong(two_writes().invoke(21, 3, cas(2)).refused(22, 3, 2));
    assert_eq!(finding.message, "cas of k0 by client 3 expected #2 and found #2, which is what it expected");
}

#[test]
fn a_script_reads_each_of_its_keys_where_it_commits() {
    let ran = |found| two_writes().invoke(21, 3, script(&[1, 0], 2)).committed(30, 3, &[0, found]);
    clean(ran(2));
    assert!(wrong(ran(1)).message.starts_with("script of k0 by client 3 read #1, but put #2"));
    // It commits before the put, which is answered first.
    clean(Events::default().invoke(0, 1, script(&[0], 1)).writes(1, 5, 2).committed(6, 1, &[0]));
}

#[test]
fn a_script_that_read_the_key_it_writes_replaces_what_it_found() {
    let both = |one, other| {
        let begun = Events::default().invoke(0, 1, script(&[0], 0)).invoke(0, 2, script(&[0], 0));
        begun.committed(5, 1, &[one]).committed(6, 2, &[other])
    };
    clean(both(0, 1));
    clean(both(2, 0));
    wrong(both(0, 0));
    assert!(wrong(both(2, 1)).message.ends_with("but #1 and #2 replaced each other"));
}

#[test]
fn a_script_that_has_not_read_the_key_it_writes_writes_blindly() {
    let begun = |reads| {
        let first = Events::default().writes(0, 10, 1).invoke(11, 2, put(0));
        first.invoke(15, 3, script(reads, 0)).written(20, 2, 1)
    };
    let ran = || begun(&[1]).committed(30, 3, &[0]);
    clean(ran().reads(31, 32, 4, 3));
    clean(ran().reads(31, 32, 4, 2));
    wrong(ran().reads(31, 32, 4, 1));
    let lost = begun(&[0]).failed_op(30, 3, Outcome::Unknown);
    clean(lost.reads(31, 32, 4, 2).reads(33, 34, 5, 3));
}

#[test]
fn a_key_is_judged_until_its_first_violation() {
    let events = two_writes().reads(25, 30, 3, 1).reads(31, 32, 4, 1).reads(33, 34, 5, 2);
    let (findings, panel) = events.seen_by("linearizability");
    assert_eq!((findings.len(), panel.evaluated()), (1, 3));
}

#[test]
fn versions_are_not_looked_at() {
    let backwards = Events::default().invoke(0, 1, put(0)).written(1, 1, 9).invoke(2, 2, put(0)).written(3, 2, 4);
    clean(backwards.reads(4, 5, 3, 2));
}

#[test]
fn an_answer_to_nothing_is_ignored() {
    clean(Events::default().saw(1, 77, 5).invoke(2, 1, get(0)).written(3, 1, 5));
}

/// Put 1 as version 1, and then delete 2 as version 2.
fn put_and_deleted() -> Events {
    let put = Events::default().invoke(0, 1, put(0)).takes_put(5, 1, 1, 0).written(10, 1, 1);
    put.invoke(11, 2, delete(0)).takes(15, 2, tombstone(2, 0)).written(20, 2, 2)
}

#[test]
fn a_delete_writes_what_only_its_tombstone_is_read_as() {
    let read = |version, value| Completion::Read { version, value, path: ReadPath::Lease };
    let then = |completion| put_and_deleted().invoke(21, 3, get(0)).complete(30, 3, completion);
    clean(then(read(2, None)));
    wrong(then(read(0, None)));
    wrong(then(read(1, Some(OpId(1)))));
    let again = put_and_deleted().invoke(21, 3, delete(0)).takes(22, 3, tombstone(3, 0)).written(30, 3, 3);
    let older = again.invoke(31, 4, get(0)).complete(40, 4, read(2, None));
    assert!(wrong(older).message.starts_with("get of k0 by client 4 read #2 from the lease, but"), "of another delete");
}

#[test]
fn compare_and_set_that_expects_nothing_replaces_the_tombstone_that_is_there() {
    let holds = effect(3, 0, Condition::Holds(None), Answer::Wrote);
    let set = || put_and_deleted().invoke(21, 3, cas(0)).takes(22, 3, holds.clone()).written(30, 3, 3);
    let deletes = Premises { deletes: true, ..Premises::of_keys(&["k0"]) };
    assert_eq!(set().found_with(deletes.clone(), "linearizability"), None);
    let refused = Completion::Unexpected { version: 2, value: None };
    let refused = put_and_deleted().invoke(21, 3, cas(0)).complete(30, 3, refused);
    assert!(refused.found_with(deletes, "linearizability").is_some(), "it found what it expected");
}

#[test]
fn each_of_several_keys_is_read_and_what_a_scan_leaves_out_as_deleted() {
    let several = |a: (u64, Option<u64>)| {
        let events = put_and_deleted().invoke(21, 3, mget(&[0, 1]));
        events.found(30, 3, 2, &[(0, Some(a)), (1, Some((0, None)))])
    };
    clean(several((2, None)));
    assert!(wrong(several((1, Some(1)))).message.starts_with("mget of k0 by client 3 read #1 from the lease, but"));
    let scanned = put_and_deleted().invoke(21, 3, scan(&[0, 1])).found(30, 3, 2, &[(0, None), (1, None)]);
    clean(scanned.invoke(31, 4, get(0)).complete(
        40,
        4,
        Completion::Read { version: 2, value: None, path: ReadPath::Lease },
    ));
}
