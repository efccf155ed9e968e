use super::*;
use crate::check::Premises;
use crate::check::testing::{Events, cas, delete, get, mget, ms, put, scan, script, tombstone};
use crate::scenario::Class;
use leasehold::error::Outcome;

fn first(events: &Events) -> Option<Finding> {
    events.found_with(Premises::of_keys(&["k0", "k1", "k2"]), "staleness")
}

#[track_caller]
fn clean(events: Events) {
    assert_eq!(first(&events), None);
}

#[track_caller]
fn stale(events: Events) -> Finding {
    first(&events).expect("this history violates S1")
}

fn unexpected(version: Version) -> Completion {
    Completion::Unexpected { version, value: None }
}

#[test]
fn a_read_below_an_acknowledged_write_is_stale() {
    let finding = stale(Events::default().put(0, 10, 5).get(11, 20, 4));
    assert_eq!((finding.check, finding.class, finding.at), ("staleness", Class::StaleRead, ms(20)));
    assert_eq!(
        finding.message,
        "get of k0 by client 1002 read version 4 from the lease, but client 1001 had written version 5 1ms before that began"
    );
}

#[test]
fn a_read_that_was_invoked_before_the_write_completed_may_be_older() {
    clean(Events::default().invoke(9, 1, get(0)).put(0, 10, 5).read(20, 1, 4));
}

#[test]
fn a_read_may_return_a_write_that_is_not_acknowledged_yet() {
    clean(Events::default().invoke(0, 1, put(0)).get(1, 2, 5).written(3, 1, 5));
}

#[test]
fn a_read_below_an_earlier_read_is_stale() {
    let finding = stale(Events::default().get(0, 10, 5).get(11, 20, 4));
    assert!(finding.message.contains("client 1001 had read version 5"), "{}", finding.message);
}

#[test]
fn two_reads_may_return_the_same() {
    clean(Events::default().put(0, 5, 3).get(6, 7, 3).get(8, 9, 3));
}

#[test]
fn concurrent_reads_may_disagree() {
    clean(Events::default().invoke(0, 1, get(0)).invoke(1, 2, get(0)).read(5, 1, 5).read(6, 2, 4));
}

#[test]
fn a_key_that_was_written_is_not_read_as_never_written() {
    let finding = stale(Events::default().put(0, 10, 5).get(11, 20, 0));
    assert!(finding.message.contains("read that it was never written"), "{}", finding.message);
    clean(Events::default().get(0, 1, 0).get(2, 3, 0));
}

#[test]
fn a_write_must_lie_above_what_was_written_or_read_before() {
    stale(Events::default().put(0, 10, 5).put(11, 20, 4));
    stale(Events::default().put(0, 10, 5).put(11, 20, 5));
    stale(Events::default().get(0, 10, 5).put(11, 20, 5));
    clean(Events::default().get(0, 10, 5).put(11, 20, 6));
}

#[test]
fn concurrent_writes_may_complete_in_either_order() {
    clean(Events::default().invoke(0, 1, put(0)).invoke(0, 2, put(0)).written(9, 2, 6).written(10, 1, 5));
}

#[test]
fn a_late_acknowledgement_does_not_lower_the_floor() {
    let overlapping = Events::default().invoke(0, 1, put(0)).invoke(0, 2, put(0)).written(9, 2, 6).written(10, 1, 5);
    stale(overlapping.get(11, 12, 5));
}

#[test]
fn what_failed_raises_no_floor() {
    for outcome in [Outcome::Unknown, Outcome::NotApplied] {
        clean(Events::default().put(0, 1, 3).invoke(2, 1, put(0)).gave_up(9, 1, outcome).get(10, 11, 3));
    }
}

#[test]
fn keys_do_not_concern_each_other() {
    clean(Events::default().put(0, 10, 5).invoke(11, 1, get(1)).read(12, 1, 0));
}

#[test]
fn a_compare_and_set_that_found_another_value_is_a_read() {
    let before = || Events::default().put(0, 10, 5).invoke(11, 1, cas(0));
    stale(before().complete(12, 1, unexpected(4)));
    clean(before().complete(12, 1, unexpected(5)));
    stale(before().complete(12, 1, unexpected(6)).get(13, 14, 5));
}

#[test]
fn a_compare_and_set_that_wrote_is_a_write() {
    stale(Events::default().put(0, 10, 5).invoke(11, 1, cas(0)).written(12, 1, 4));
    clean(Events::default().put(0, 10, 5).invoke(11, 1, cas(0)).written(12, 1, 7));
}

#[test]
fn a_script_must_not_read_below_the_floor() {
    let ran = |read| Events::default().put(0, 10, 5).invoke(11, 1, script(&[1, 0], 2)).ran(20, 1, &[0, read], 9);
    let finding = stale(ran(4));
    assert!(finding.message.starts_with("script of k0 by client 1 read version 4,"), "{}", finding.message);
    clean(ran(5));
}

#[test]
fn a_script_may_read_what_was_overwritten_while_it_ran() {
    // The script commits at 6; the put that follows it in the log is acknowledged first.
    clean(Events::default().invoke(0, 1, script(&[0], 1)).put(1, 5, 7).ran(6, 1, &[3], 6));
}

#[test]
fn a_script_raises_the_floor_of_what_it_read_and_of_what_it_wrote() {
    let ran = || Events::default().invoke(0, 1, script(&[0], 1)).ran(10, 1, &[5], 9);
    stale(ran().get(11, 12, 4));
    clean(ran().get(11, 12, 5));
    stale(ran().invoke(11, 2, get(1)).read(12, 2, 8));
    clean(ran().invoke(11, 2, get(1)).read(12, 2, 9));
}

#[test]
fn a_script_may_read_and_write_the_same_key() {
    clean(Events::default().put(0, 1, 5).invoke(2, 1, script(&[0], 0)).ran(3, 1, &[5], 6));
    stale(Events::default().put(0, 1, 5).invoke(2, 1, script(&[0], 0)).ran(3, 1, &[5], 5));
}

#[test]
fn every_key_of_a_successful_operation_is_one_evaluation() {
    let events = Events::default().put(0, 1, 1).get(2, 3, 1).invoke(4, 1, script(&[0, 1], 2)).ran(5, 1, &[1, 0], 2);
    assert_eq!(events.invoke(6, 2, get(0)).gave_up(7, 2, Outcome::Unknown).evaluated_by("staleness"), 5);
}

#[test]
fn an_answer_to_nothing_is_ignored() {
    clean(Events::default().read(1, 77, 5).invoke(2, 1, get(0)).written(3, 1, 5));
}

#[test]
fn the_story_says_who_wrote_what_who_answered_and_who_held_which_lease() {
    let events = Events::default().leads(100, 1, 4).extended(6_400, 1, 4, 7_300).leads(6_600, 2, 5);
    let events = events.invoke(6_300, 8, put(0)).takes_put(6_310, 41, 8, 0).written(6_320, 8, 41);
    let events = events
        .extended(6_620, 2, 5, 7_500)
        .takes_put(6_660, 45, 9, 0)
        .put(6_650, 6_700, 45)
        .invoke(6_710, 1, get(0))
        .hit(6_711, 1);
    let finding = stale(events.answers_client(6_712, 1, 1).read(6_712, 1, 41));
    assert_eq!(
        finding.story,
        [
            "#9, for which nobody waited any more, wrote k0 as version 45, first applied at 6.660000s",
            "client 1001 completed a put at 6.700000s that wrote version 45 of k0",
            "client 1 invoked a get of k0 at 6.710000s, after that",
            "at 6.712000s it was answered by n1: it read version 41 from the lease",
            "#8 of client 8 wrote k0 as version 41, first applied at 6.310000s",
            "n1 has led term 4 since 0.100000s; holds a lease of term 4, extended at 6.400000s, until 7.300000s; last answered \
             from a lease at 6.711000s",
            "n2 has led term 5 since 6.600000s; holds a lease of term 5, extended at 6.620000s, until 7.500000s",
            "so n1 had its lease of term 4 for 112ms while n2 led term 5: a lease must end before anybody else leads, but \
             7.300000s <= 6.600000s is untrue by 700ms",
        ]
    );
}

/// Key 0 is written as version 4 and deleted as version 5 until 20 ms.
fn deleted() -> Events {
    let written = Events::default().put(0, 10, 4).takes_put(5, 4, 1_001, 0);
    written.invoke(11, 1, delete(0)).takes(12, 5, tombstone(1, 0)).written(20, 1, 5)
}

#[test]
fn who_reads_less_than_a_tombstone_is_stale_also_where_it_finds_nothing() {
    clean(deleted().get(21, 30, 5));
    assert!(stale(deleted().get(21, 30, 4)).message.contains("client 1 had written version 5"));
    assert!(stale(deleted().get(21, 30, 0)).message.contains("read that it was never written"));
}

#[test]
fn each_of_several_keys_is_held_to_what_was_known_of_it() {
    let read = |first, second| {
        let events = Events::default().put(0, 10, 4).get(0, 10, 4).invoke(11, 1, mget(&[1, 0]));
        events.found(20, 1, 9, &[(1, Some((first, None))), (0, Some((second, None)))])
    };
    clean(read(0, 4));
    assert!(stale(read(4, 3)).message.starts_with("mget of k0 by client 1 read version 3 from the lease"));
}

#[test]
fn what_a_scan_leaves_out_is_read_as_deleted_where_the_log_has_it_so() {
    let scanned = |snapshot| deleted().invoke(21, 2, scan(&[0, 1])).found(30, 2, snapshot, &[(0, None), (1, None)]);
    clean(scanned(5));
    assert_eq!(scanned(5).seen_with(Premises::of_keys(&["k0", "k1"]), "staleness").1.evaluated(), 4);
    let later = scanned(5).takes_put(31, 6, 9, 0).invoke(32, 3, get(0)).read(33, 3, 4);
    assert!(stale(later).message.contains("client 2 had read version 5"));
}
