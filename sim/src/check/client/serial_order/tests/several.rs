//! Deletes, and reads of several keys.

use super::*;
use crate::check::testing::{Sighting, delete, mget, scan, tombstone};

/// Then operation 3 reads a and b while operation 4 writes a at index 3.
fn read_amid(events: Events) -> Events {
    events.invoke(40, 3, mget(&[0, 1])).invoke(41, 4, put(0)).takes_put(45, 3, 4, 0).written(46, 4, 3)
}

#[test]
fn several_keys_are_read_as_they_were_at_the_snapshot_that_was_told() {
    let read = |snapshot, a| read_amid(both()).found(50, 3, snapshot, &[(0, Some((a, None))), (1, Some((2, None)))]);
    assert_eq!((first(&read(2, 1)), first(&read(3, 3))), (None, None));
    wrong(
        &read(2, 3),
        Class::StaleRead,
        "mget #3 by client 3 found version 3 of a, but it took effect before that, at index 2",
    );
    wrong(
        &read(3, 1),
        Class::StaleRead,
        "mget #3 by client 3 found version 1 of a, but #4 had written version 3 of it, and it took effect at index 3",
    );
}

#[test]
fn a_snapshot_older_than_what_had_completed_is_one_if_nothing_that_was_read_has_changed_since() {
    let read = |a| both().invoke(40, 3, mget(&[0])).found(50, 3, 0, &[(0, Some((a, None)))]);
    assert_eq!(first(&read(1)), None);
    wrong(
        &read(0),
        Class::StaleRead,
        "mget #3 by client 3 found that it was never written of a, but #1 had written version 1 of it, and #2 of client 2, at index 2, \
         had completed 10ms before that began",
    );
}

#[test]
fn what_follows_a_read_of_several_keys_comes_after_its_snapshot() {
    let read = read_amid(both()).found(50, 3, 3, &[(1, Some((2, None)))]);
    wrong(
        &read.invoke(60, 5, get(0)).read(70, 5, 1),
        Class::StaleRead,
        "get #5 by client 5 found version 1 of a, but #4 had written version 3 of it, and #4 of client 4, at index 3, \
         had completed 14ms before that began",
    );
}

/// Operation 1 has written a, operation 2 b, and operation 3 has deleted a at index 3, from 32 to 35 ms.
fn deleted() -> Events {
    both().invoke(32, 3, delete(0)).takes(33, 3, tombstone(3, 0)).written(35, 3, 3)
}

#[test]
fn a_delete_takes_effect_as_a_write_does() {
    assert_eq!(first(&deleted().invoke(40, 4, get(0)).read(50, 4, 3)), None);
    wrong(
        &deleted().invoke(40, 4, get(0)).read(50, 4, 1),
        Class::StaleRead,
        "get #4 by client 4 found version 1 of a, but #3 had deleted it, as version 3 of it, and #3 of client 3, at index 3, \
         had completed 5ms before that began",
    );
    let expects_nothing =
        |answer| deleted().invoke(40, 4, cas(0)).takes(45, 4, effect(4, 0, Condition::Holds(None), answer));
    assert_eq!(first(&expects_nothing(Answer::Wrote).written(50, 4, 4)), None, "a tombstone is no value");
    let found = Answer::Found(Found { version: 3, value: None });
    assert!(
        first(&expects_nothing(found))
            .is_some_and(|finding| finding.message.ends_with("by the entries before it, it wrote"))
    );
}

#[test]
fn what_a_scan_leaves_out_has_no_value_at_its_snapshot() {
    let scanned = |events: Events, snapshot, found: &[Sighting]| {
        events.invoke(40, 4, scan(&[0, 1])).found(50, 4, snapshot, found)
    };
    let b = (1, Some((2, None)));
    assert_eq!(first(&scanned(deleted(), 3, &[(0, None), b])), None);
    assert_eq!(first(&scanned(written(), 1, &[(0, Some((1, None))), (1, None)])), None, "b was never written");
    wrong(
        &scanned(both(), 2, &[(0, None), b]),
        Class::StaleRead,
        "scan #4 by client 4 found no value of a, but #1 had written version 1 of it, and #2 of client 2, at index 2, \
         had completed 10ms before that began",
    );
    wrong(
        &scanned(deleted(), 3, &[(0, Some((1, None))), b]),
        Class::StaleRead,
        "scan #4 by client 4 found version 1 of a, but #3 had deleted it, as version 3 of it, and #3 of client 3, at index 3, \
         had completed 5ms before that began",
    );
}

#[test]
fn a_scan_that_a_group_does_not_answer_is_judged_by_what_had_completed() {
    let found = vec![(KeyId(0), None), (KeyId(1), None)];
    let nothing = Completion::Reads { found, parts: Vec::new() };
    assert!(first(&both().invoke(40, 4, scan(&[0, 1])).complete(50, 4, nothing)).is_some());
}
