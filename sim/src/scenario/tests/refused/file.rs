//! The shape of the file, and what stands above its tables.

use super::{cluster, expect, kv, refuse, refuse_file, timeline, with};

#[test]
fn an_unknown_key_is_answered_with_the_nearest_known_one() {
    let said = refuse(&with("«sedes» = \"1..=20\"", ""), "unknown key `sedes`");
    assert!(said.starts_with("did you mean `seeds`?|allowed here: `name`, "), "{said}");
    let said = refuse(&cluster("«election_timeout» = \"1s\""), "unknown key `election_timeout`");
    assert!(said.starts_with("did you mean `election-timeout`?"), "{said}");
    let said = refuse(
        &timeline("{ at = \"1s\", heal = \"everything\" },\n{ at = \"2s\", «heel» = \"everything\" },"),
        "unknown key `heel`",
    );
    assert!(said.starts_with("did you mean `heal`?"), "{said}");
    let said = refuse(&cluster("network = { base = \"same-az\", «los» = \"1%\" }"), "unknown key `los`");
    assert!(said.starts_with("did you mean `loss`?"), "{said}");
    refuse(&kv("keys = { «size» = 3 }"), "unknown key `size`");
    refuse(&with("", "«wrkload» = 1"), "unknown key `wrkload`");
}

#[test]
fn a_value_of_the_wrong_type_is_named_in_words_of_toml() {
    refuse(&cluster("nodes = «\"3\"»"), "expected a whole number, found the text \"3\"");
    refuse(&cluster("disk = «[1]»"), "expected a quoted text or a table, found a list");
    refuse(&timeline("{ at = \"1s\", heal = «true» }"), "expected a quoted text or a table, found `true`");
    refuse(&timeline("{ at = \"1s\", partition = «\"n1\"» }"), "expected a table, found the text \"n1\"");
    refuse(&timeline("{ at = «07:32:00», heal = \"everything\" }"), "a date or time of day has no place in a scenario");
    refuse(&with("seeds = «true»", ""), "expected a quoted text or a number, found `true`");
    let said = refuse("name = \"t\"\nuntil = \"1s\"\n«[workload]»\nkind = \"kv\"", "expected a list, found a table");
    assert!(said.contains("`[[workload]]`"), "{said}");
}

#[test]
fn a_key_that_slipped_below_a_table_is_sent_above_the_first() {
    let hint = "must stand before the first [table]";
    assert!(refuse(&cluster("«timeline» = []"), "unknown key `timeline`").contains(hint));
    assert!(refuse(&with("", "«timeline» = []"), "unknown key `timeline`").contains(hint));
    assert!(refuse(&expect("«seeds» = \"1\""), "unknown metric or key `seeds`").contains(hint));
    assert!(refuse(&expect("«timeline» = []"), "unknown metric or key `timeline`").contains(hint));
    assert!(refuse(&with("", "[floors]\n«until» = 3"), "unknown count `until`").contains(hint));
    let said = refuse(&cluster("variant = «\"foo\"»"), "expected a table, found the text \"foo\"");
    assert!(said.contains(hint), "{said}");
}

#[test]
fn a_text_without_quotes_is_shown_with_them() {
    let text = "name = \"t\"\nuntil = «20s»\n[[workload]]\nkind = \"kv\"\n";
    assert!(refuse(text, "string values must be quoted, expected literal string").ends_with("`\"20s\"`"));
}

#[test]
fn a_key_is_written_once() {
    refuse(&cluster("nodes = 3\n«nodes» = 3"), "duplicate key");
}

#[test]
fn a_scenario_needs_name_until_and_workload() {
    refuse_file("until = \"1s\"\n[[workload]]\nkind = \"kv\"", "`name` is missing");
    refuse_file("name = \"t\"\n[[workload]]\nkind = \"kv\"", "`until` is missing");
    refuse_file("name = \"t\"\nuntil = \"1s\"", "no workload: nothing reads or writes");
}

#[test]
fn the_name_is_in_kebab_case() {
    let rest = "until = \"1s\"\n[[workload]]\nkind = \"kv\"";
    refuse(&format!("name = «\"T t\"»\n{rest}"), "`T t` is not a scenario's name");
}

#[test]
fn seeds_are_not_empty_reversed_or_too_many() {
    refuse(&with("seeds = «\"5..5\"»", ""), "`5..5` is empty; `5..=5`?");
    refuse(&with("seeds = «\"20..=1\"»", ""), "`20..=1` runs backwards; `1..=20`?");
    refuse(&with("seeds = «\"1..=2000000\"»", ""), "`1..=2000000` is 2000000 seeds; a sweep is at most 1000000");
    refuse(&with("seeds = «\"3..1\"»", ""), "`3..1` runs backwards; `1..3`?");
    refuse(&with("seeds = «-3»", ""), "`-3` is not a seed");
}

#[test]
fn a_duration_has_a_known_unit() {
    refuse(&cluster("tick = «10»"), "`10` has no unit; `10ms`?");
    refuse(&cluster("tick = «\"50\"»"), "`50` has no unit; `50ms`?");
    assert!(refuse(&cluster("tick = «\"5 msec\"»"), "unknown unit `msec`").starts_with("did you mean `ms`?"));
    let said = refuse(&timeline("{ at = «\"3 hartbeats\"», heal = \"everything\" }"), "unknown unit `hartbeats`");
    assert!(said.starts_with("did you mean `heartbeats`?"), "{said}");
    refuse(&timeline("{ at = «\"soon\"», heal = \"everything\" }"), "`soon` is not a duration");
    refuse(&kv("deadline = «\"0.1ns\"»"), "`0.1ns` is finer than a nanosecond");
    refuse(&kv("deadline = «\"-1s\"»"), "`-1s` is negative; a duration is not");
    refuse(&kv("deadline = «\"0s\"»"), "`deadline` must be longer than zero");
    refuse(&kv("deadline = «\"25h\"»"), "`25h` is too long: no duration is longer than 24h");
}

#[test]
fn protocol_units_need_what_they_measure() {
    refuse(&kv("deadline = «\"0.5 leases\"»"), "`leases` has no length here: `lease` is not given in [cluster]");
    refuse(
        &cluster("lease = «\"0.5 election-timeouts\"»"),
        "`election-timeouts` cannot be used in [cluster], which defines it",
    );
}

#[test]
fn the_run_has_a_length_of_at_most_a_day() {
    let file = |until: &str| format!("name = \"t\"\nuntil = «\"{until}\"»\n[[workload]]\nkind = \"kv\"");
    refuse(&file("0s"), "a run of no length has nothing to show");
    refuse(&file("1441m"), "`1441m` is too long: no duration is longer than 24h");
}

#[test]
fn a_file_is_of_limited_size() {
    refuse_file(&"#".repeat((1 << 20) + 1), "the file is larger than a scenario may be (1 MiB)");
}

#[test]
fn a_file_of_a_later_format_is_refused() {
    let said = refuse(&with("format = «2»", ""), "this file has the format 2; this version reads format 1");
    assert!(said.contains("a later version of leasehold reads it"), "{said}");
}
