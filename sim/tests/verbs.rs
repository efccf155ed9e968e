//! Which test shows a fault verb act, and which shows what it must not do.

use leasehold_sim::fault::VERBS;
use std::fs;
use std::path::Path;

/// Verb, file, the test that shows it act, the test that shows what it must not do.
const SHOWN: [(&str, &str, &str, &str); 11] = [
    (
        "transfer",
        "faults",
        "a_transfer_moves_leadership_to_who_is_named_and_kills_nobody",
        "a_transfer_to_nobody_or_to_who_stands_still_is_given_up_and_moves_nobody",
    ),
    (
        "partition",
        "faults",
        "a_partition_cuts_between_its_sides_and_neither_within_one_nor_before_or_after",
        "a_partition_of_one_way_lets_the_other_way_pass",
    ),
    (
        "link",
        "faults",
        "a_link_loses_messages_of_its_kind_for_its_time_and_no_others",
        "a_link_that_meets_no_message_is_not_effective",
    ),
    ("hold", "faults", "a_hold_delivers_late_or_not_at_all_and_lets_others_pass", "a_hold_takes_no_more_than_it_says"),
    (
        "crash",
        "faults",
        "a_crash_of_no_length_starts_the_node_again_at_once",
        "a_crash_kills_one_process_for_its_time_and_touches_no_other",
    ),
    (
        "pause",
        "faults",
        "a_pause_at_a_point_begins_there_and_stops_the_whole_process",
        "a_paused_task_leaves_the_rest_of_its_process_alone",
    ),
    ("slow", "faults", "a_slow_node_is_slow_for_its_time_and_alone", "slowness_kills_nobody_and_loses_no_message"),
    (
        "membership",
        "membership",
        "a_change_is_effective_once_the_leader_has_applied_it",
        "what_makes_no_sense_is_refused_and_changes_nothing",
    ),
    (
        "clock",
        "hardware",
        "without_a_clock_reads_and_writes_go_on_and_the_lease_does_not",
        "a_step_of_the_wall_clock_is_seen_and_does_nothing",
    ),
    (
        "disk",
        "hardware",
        "a_leader_whose_fsync_fails_stops_at_once_and_its_process_starts_again_a_second_later",
        "slow_syncs_of_the_leader_delay_writes_and_those_of_a_follower_delay_nobody",
    ),
    (
        "heal",
        "faults",
        "a_heal_drops_what_was_held_unless_it_is_told_to_deliver_it",
        "a_heal_of_processes_leaves_the_network_as_it_is",
    ),
];

#[test]
fn each_verb_has_a_test_that_shows_it_act_and_one_that_shows_what_it_must_not_do() {
    let verbs: Vec<&str> = VERBS.iter().map(|(verb, ..)| *verb).collect();
    let shown: Vec<&str> = SHOWN.iter().map(|(verb, ..)| *verb).collect();
    let missing: Vec<_> = verbs.iter().filter(|verb| !shown.contains(verb)).collect();
    assert!(missing.is_empty() && shown.len() == verbs.len(), "without a test: {missing:?}");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (verb, file, acts, must_not) in SHOWN {
        let text = fs::read_to_string(tests.join(format!("{file}.rs"))).unwrap();
        for test in [acts, must_not] {
            assert!(text.contains(&format!("#[test]\nfn {test}()")), "{verb}: {file}.rs has no test {test}");
        }
    }
}
