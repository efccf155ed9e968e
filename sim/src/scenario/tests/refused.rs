use super::{refuse, refuse_file, timeline, with};
use crate::scenario::{Verb, verb::shortest};

fn cluster(keys: &str) -> String {
    with("", &format!("[cluster]\n{keys}"))
}

fn expect(keys: &str) -> String {
    with("timeline = [{ at = \"2s..6s\", tag = \"storm\" }]", &format!("[expect]\n{keys}"))
}

/// A second workload, of kind `script`.
fn workload(keys: &str) -> String {
    with("", &format!("[[workload]]\nkind = \"script\"\n{keys}"))
}

/// A workload of kind `kv`, alone.
fn kv(keys: &str) -> String {
    with("", keys)
}

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
    refuse(&cluster("disk = «[1]»"), "expected a quoted text, a number or a table, found a list");
    refuse(&timeline("{ at = \"1s\", heal = «true» }"), "expected a quoted text, a number or a table, found `true`");
    refuse(&timeline("{ at = \"1s\", partition = «\"n1\"» }"), "expected a table, found the text \"n1\"");
    refuse(&timeline("{ at = «07:32:00», heal = \"everything\" }"), "a date or time of day has no place in a scenario");
    refuse(&with("seeds = «true»", ""), "expected a quoted text or a number, found `true`");
    let said = refuse("name = \"t\"\nuntil = \"1s\"\n«[workload]»\nkind = \"kv\"", "expected a list, found a table");
    assert!(said.contains("`[[workload]]`"), "{said}");
}

#[test]
fn an_action_that_is_no_table_is_answered_with_the_shortest_that_is() {
    let action = |action: &str| timeline(&format!("{{ at = \"1s\", {action} }}"));
    let list = "expected a table, found a list";
    let cured = |said: String, form: &str| assert_eq!(said, format!("|write `{form}`"));
    let sides = "partition = { sides = [[\"@leader\"], [\"@others\"]] }";
    cured(refuse(&action("partition = «[\"n1\", \"n2\"]»"), list), sides);
    cured(refuse(&action("partition = «[[\"n1\"], [\"n2\"]]»"), list), sides);
    cured(refuse(&action("crash = «[]»"), list), "crash = { node = \"@leader\" }");
    let said = refuse(&action("crash = «\"@follower\"»"), "expected a table, found the text \"@follower\"");
    cured(said, "crash = { node = \"@follower\" }");
    let said = refuse(&action("transfer = «\"n2\"»"), "expected a table, found the text \"n2\"");
    cured(said, "transfer = { to = \"n2\" }");
    let said = refuse(&action("heal = «true»"), "expected a quoted text, a number or a table, found `true`");
    cured(said, "heal = \"everything\"");
}

#[test]
fn the_shortest_form_of_every_verb_is_accepted() {
    for verb in Verb::ALL {
        for node in [None, Some("n2")] {
            let action = shortest(*verb, node);
            let text = timeline(&format!("{{ at = \"1s\", {verb} = {action} }}"));
            super::read(&text).unwrap_or_else(|problems| panic!("{problems}"));
        }
    }
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
fn a_variant_changes_lanes_cores_and_reads_only() {
    let said = refuse(&cluster("variant.old = { «nodes» = 5 }"), "unknown key `nodes`");
    assert!(said.contains("reads-per-get"), "{said}");
    refuse(&cluster("variant.old = { reads-per-get = «0» }"), "`reads-per-get` is 1 to 1000, not 0");
}

#[test]
fn a_step_waits_for_a_phase_that_there_is_and_not_before_what_nobody_foresees() {
    let said = refuse(
        &timeline("{ when = «\"lease.expire\"», heal = \"everything\" }"),
        "unknown phase of the protocol `lease.expire`",
    );
    assert!(said.contains("did you mean `lease.expiry`?"), "{said}");
    refuse(
        &timeline("{ when = «\"election - 5ms\"», heal = \"everything\" }"),
        "nobody knows beforehand when `election` will be",
    );
    refuse(&timeline("{ when = «\"election + 5\"», heal = \"everything\" }"), "`5` has no unit; `5ms`?");
    refuse(
        &timeline("{ when = \"election\", every = «\"1s\"», heal = \"everything\" }"),
        "a step that waits for a moment has no period",
    );
    let late = timeline("{ when = \"election\", at = «\"20s\"», heal = \"everything\" }");
    refuse(&late, "this step waits from the end of the run on");
    refuse(&timeline("{ at = \"1s\", times = «3», heal = \"everything\" }"), "`times` without `when`");
    refuse(&timeline("{ at = \"1s..2s\", when = «\"election\"», tag = \"a\" }"), "a tag names a window of time");
}

#[test]
fn this_is_nobody_where_a_step_waits_for_nothing_that_happens_to_a_node() {
    let crash = "crash = { node = \"@this\", for = \"1s\" }";
    refuse(&timeline(&format!("«{{ at = \"1s\", {crash} }}»")), "`@this` is nobody here");
    refuse(&timeline(&format!("«{{ when = \"write.acknowledged\", {crash} }}»")), "`@this` is nobody here");
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
fn a_step_has_one_time_and_one_action() {
    refuse(&timeline("«{ at = \"1s\" }»"), "this step does nothing");
    refuse(&timeline("«{ heal = \"everything\" }»"), "this step has no time");
    refuse(
        &timeline("{ at = \"1s\", transfer = {}, heal = «\"everything\"» }"),
        "a step has one action, this has `transfer` and `heal`",
    );
}

#[test]
fn a_step_lies_within_the_run() {
    refuse(&timeline("{ at = «\"21s\"», heal = \"everything\" }"), "this step is after the end of the run (20s)");
    refuse(&timeline("{ at = «\"2s..21s\"», tag = \"a\" }"), "this window ends after the end of the run (20s)");
}

#[test]
fn a_window_ends_after_it_begins() {
    refuse(&timeline("{ at = «\"6s..2s\"», tag = \"a\" }"), "this window ends before it begins");
    refuse(&timeline("{ at = «\"6s..6s\"», tag = \"a\" }"), "this window is empty");
    let said = refuse(&timeline("{ at = «\"2s..=6s\"», tag = \"a\" }"), "the end of a window is not part of it");
    assert!(said.starts_with("did you mean `2s..6s`?"), "{said}");
}

#[test]
fn only_a_tag_or_a_repeated_step_has_a_window() {
    refuse(&timeline("{ at = «\"2s\"», tag = \"a\" }"), "a tag names a window, not a moment");
    refuse(
        &timeline("{ at = «\"2s..6s\"», transfer = {} }"),
        "a window without `every` says when to begin, not how often",
    );
    refuse(&timeline("{ at = «\"2s\"», every = \"1s\", transfer = {} }"), "a step that is repeated needs a window");
    refuse(&timeline("{ at = \"2s..6s\", every = «\"1s\"», tag = \"a\" }"), "a tag is not repeated");
}

#[test]
fn a_period_is_not_zero_and_longer_than_its_jitter() {
    refuse(&timeline("{ at = \"2s..6s\", every = «\"0s\"», transfer = {} }"), "`every` must be longer than zero");
    refuse(
        &timeline("{ at = \"2s..6s\", every = \"1s\", jitter = «\"1s\"», transfer = {} }"),
        "`jitter` must be shorter than `every`, or the order of times is lost",
    );
    refuse(&timeline("{ at = \"2s\", jitter = «\"1s\"», transfer = {} }"), "`jitter` without `every`");
}

#[test]
fn a_tag_is_given_once_and_is_not_whole() {
    let said = refuse(
        &timeline("{ at = \"1s..2s\", tag = \"a\" },\n{ at = \"3s..4s\", tag = «\"a\"» },"),
        "the tag `a` is given twice",
    );
    assert!(said.ends_with("first given here"), "{said}");
    refuse(
        &timeline("{ at = \"1s..2s\", tag = «\"whole\"» }"),
        "`whole` is what expectations call the whole run; no window may have that name",
    );
    refuse(&timeline("{ at = \"1s..2s\", tag = «\"a b\"» }"), "`a b` is not a tag");
}

#[test]
fn a_selector_names_a_role_or_a_node_that_exists() {
    let said = refuse(&timeline("{ at = \"1s\", transfer = { from = «\"@leeder\"» } }"), "unknown selector `@leeder`");
    assert!(said.starts_with("did you mean `@leader`?"), "{said}");
    let said = refuse(&timeline("{ at = \"1s\", transfer = { from = «\"leader\"» } }"), "unknown selector `leader`");
    assert!(said.starts_with("did you mean `@leader`?"), "{said}");
    refuse(&timeline("{ at = \"1s\", transfer = { to = «\"n7\"» } }"), "there is no node `n7`: the cluster has 3");
    refuse(&timeline("{ at = \"1s\", transfer = { to = «\"n0\"» } }"), "unknown selector `n0`");
}

#[test]
fn a_transfer_goes_from_one_node_to_another() {
    refuse(
        &timeline("{ at = \"1s\", transfer = { from = \"n1\", to = «\"n1\"» } }"),
        "a transfer from `n1` to `n1` moves nothing",
    );
    refuse(
        &timeline("{ at = \"1s\", transfer = { to = «\"@leader\"» } }"),
        "a transfer from `@leader` to `@leader` moves nothing",
    );
    refuse(
        &timeline("{ at = \"1s\", transfer = { to = «\"@others\"» } }"),
        "`@others` may be several nodes; `to` of a transfer is one",
    );
}

#[test]
fn a_partition_has_two_sides_with_somebody_on_each() {
    let nobody = "nobody is on this side of the partition";
    let sides = |sides: &str| timeline(&format!("{{ at = \"1s\", partition = {{ sides = {sides} }} }}"));
    refuse(&timeline("{ at = \"1s\", partition = «{}» }"), "a partition needs `sides`, or a `shape`");
    refuse(&sides("«[[\"n1\"]]»"), "a partition has two sides, not 1");
    refuse(&sides("[[\"@leader\"], «[]»]"), nobody);
    refuse(&sides("[[\"n1\", \"n2\", \"n3\"], «[\"@others\"]»]"), nobody);
    refuse(&sides("[[\"@leader\", \"@followers\"], «[\"@others\"]»]"), nobody);
    refuse(
        &with(
            "timeline = [{ at = \"1s\", partition = { sides = [[\"@leader\"], «[\"@others\"]»] } }]",
            "[cluster]\nnodes = 1",
        ),
        nobody,
    );
}

#[test]
fn nobody_is_on_both_sides_of_a_partition() {
    let sides = |sides: &str| timeline(&format!("{{ at = \"1s\", partition = {{ sides = {sides} }} }}"));
    refuse(&sides("[[\"n1\", \"n2\"], [\"n3\", «\"n1\"»]]"), "`n1` is on both sides of the partition");
    refuse(&sides("[[\"@others\"], [«\"@others\"»]]"), "`@others` is on both sides of the partition");
}

#[test]
fn a_partition_cuts_in_a_known_way() {
    let said = refuse(
        &timeline("{ at = \"1s\", partition = { sides = [[\"n1\"], [\"n2\"]], how = «\"hodl\"» } }"),
        "unknown way to cut `hodl`",
    );
    assert_eq!(said, "did you mean `hold`?|allowed: `drop`, `hold`, `cut`");
}

#[test]
fn heal_is_of_everything_or_of_a_kind_of_fault() {
    let said = refuse(&timeline("{ at = \"1s\", heal = «\"n1\"» }"), "unknown thing to heal `n1`");
    assert_eq!(said, "|allowed: `everything`, `network`, `processes`");
    refuse(
        &timeline("{ at = \"1s\", heal = { what = \"processes\", messages = «\"deliver\"» } }"),
        "faults of processes leave no messages behind",
    );
    refuse(&timeline("{ at = \"1s\", heal = { messages = «\"keep\"» } }"), "unknown fate `keep`");
}

#[test]
fn a_shape_has_no_sides_and_needs_enough_nodes() {
    let partition = |keys: &str| timeline(&format!("{{ at = \"1s\", partition = {{ {keys} }} }}"));
    refuse(&partition("shape = «\"ring\"»"), "a ring needs 4 nodes; the cluster has 3");
    refuse(&partition("shape = «\"circle\"»"), "unknown shape `circle`");
    refuse(
        &partition("sides = [[\"n1\"], [\"n2\"]], shape = «\"bridge\"»"),
        "a partition has `sides` or a `shape`, not both",
    );
    refuse(&partition("sides = [[\"n1\"], [\"n2\"]], node = «\"n3\"»"), "only a bridge has a `node`");
    refuse(
        &partition("shape = \"bridge\", node = «\"@followers\"»"),
        "`@followers` may be several nodes; a bridge is one",
    );
    let ring = "timeline = [{ at = \"1s\", partition = { shape = «\"ring\"», one-way = true } }]";
    refuse(&with(ring, "[cluster]\nnodes = 5"), "a ring has no sides, so that it cannot be one-way");
}

#[test]
fn a_link_fault_says_what_is_wrong_with_the_link() {
    let link = |keys: &str| timeline(&format!("{{ at = \"1s\", link = {keys} }}"));
    let said = refuse(&link("«{ from = [\"@leader\"] }»"), "a link that nothing is wrong with");
    assert!(said.contains("`loss`, `delay`"), "{said}");
    refuse(&link("«{ loss = \"0%\" }»"), "a link that nothing is wrong with");
    refuse(
        &link("{ reorder = true, stall = «\"1%\"» }"),
        "a stall holds up what follows in order; with `reorder` there is none",
    );
    refuse(
        &link("«{ lane = \"bulk\", messages = [\"heartbeat\"], loss = \"1%\" }»"),
        "messages of the kind `heartbeat` do not go by the lane `bulk`",
    );
    refuse(&link("{ messages = [«\"hartbeat\"»], loss = \"1%\" }"), "unknown kind of message `hartbeat`");
    refuse(&link("{ queue = «0» }"), "`queue` is 1 to 1000000, not 0");
    refuse(&link("{ loss = «\"101%\"» }"), "`101%` is more than 1; a share lies between 0 and 1");
    refuse(&link("{ bandwidth = «\"1\"» }"), "`1` has no unit; `1B/s`?");
    let said = refuse(&link("{ bandwidth = «\"1Mbps\"» }"), "unknown unit `Mbps`");
    assert!(said.starts_with("did you mean `MB/s`?"), "{said}");
    refuse(&link("{ bandwidth = «\"0B/s\"» }"), "a bandwidth of zero lets nothing through");
    refuse(&link("{ bandwidth = «\"0.5B/s\"» }"), "`0.5B/s` is finer than a byte a second");
    refuse(&link("{ bandwidth = «\"1001GB/s\"» }"), "`1001GB/s` is too fast: at most 1000GB/s");
}

#[test]
fn the_ends_of_links_are_somebody() {
    let link = |keys: &str| timeline(&format!("{{ at = \"1s\", link = {{ loss = \"1%\", {keys} }} }}"));
    refuse(&link("from = «[\"@others\"]»"), "`@others` than whom? The other end names nobody");
    refuse(&link("from = «[]»"), "this end names nobody");
    refuse(&link("from = [\"n1\"], to = «[\"n1\"]»"), "there is no link from `n1` to itself");
    refuse(&link("to = [«\"n4\"»]"), "there is no node `n4`: the cluster has 3");
    refuse(&link("to = «\"n4\"»"), "there is no node `n4`: the cluster has 3");
    refuse(&link("from = \"n1\", to = «\"n1\"»"), "there is no link from `n1` to itself");
}

#[test]
fn a_link_of_the_cluster_joins_two_nodes_and_is_given_once() {
    let links = |links: &str| cluster(&format!("links = {{ {links} }}"));
    refuse(&links("«n1» = \"cross-az\""), "`n1` is not a link");
    refuse(&links("«\"n1-n4\"» = \"cross-az\""), "there is no node `n4`: the cluster has 3");
    refuse(&links("«\"n1>n1\"» = \"cross-az\""), "there is no link from `n1` to itself");
    refuse(&links("\"n1-n2\" = \"cross-az\", «\"n2-n1\"» = \"cross-az\""), "the link `n1-n2` is given twice");
    refuse(&links("\"n1-n2\" = «\"cross-as\"»"), "unknown network `cross-as`");
}

#[test]
fn a_hold_is_of_kinds_of_messages() {
    let hold = |keys: &str| timeline(&format!("{{ at = \"1s\", hold = {keys} }}"));
    refuse(&hold("«{ for = \"1s\" }»"), "a hold needs `messages`");
    refuse(&hold("{ messages = [\"vote\", «\"vote\"»] }"), "`vote` is there twice");
    refuse(&hold("{ messages = [\"vote\"], first = «0» }"), "`first` is 1 to 1000000, not 0");
    refuse(&hold("{ messages = [\"vote\"], then = «\"loose\"» }"), "unknown fate `loose`");
}

#[test]
fn a_pause_of_a_task_is_at_a_point_and_spares_the_clock() {
    let pause = |keys: &str| timeline(&format!("{{ at = \"1s\", pause = {{ node = \"n1\", {keys} }} }}"));
    refuse(&pause("what = «\"task\"»"), "which task? One that reaches a point of the code");
    refuse(
        &pause("at = \"sent\", what = «\"task\"», clock = \"frozen\""),
        "the clock of a process that goes on does not stand still",
    );
    let said = refuse(&pause("at = «\"lease-check\"»"), "unknown point of the code `lease-check`");
    assert!(said.starts_with("did you mean `lease-checked`?"), "{said}");
}

#[test]
fn a_slow_node_has_a_factor() {
    let slow = |keys: &str| timeline(&format!("{{ at = \"1s\", slow = {keys} }}"));
    refuse(&slow("«{ node = \"n1\" }»"), "how slow? `factor` is missing");
    refuse(&slow("{ node = \"n1\", factor = «1» }"), "`factor` is 2 to 1000, not 1");
    refuse(&slow("«{ factor = 2 }»"), "`slow` needs a `node`");
}

#[test]
fn recovery_is_not_expected_of_a_partition_that_never_heals() {
    let message = "`recovery` is expected, but this partition never heals";
    let file = |steps: &str| with(&format!("timeline = [{steps}]"), "[expect]\nrecovery = \"<= 3s\"");
    let sides = "sides = [[\"@leader\"], [\"@others\"]]";
    refuse(&file(&format!("{{ at = \"1s\", partition = «{{ {sides} }}» }}")), message);
    refuse(
        &file(&format!("{{ at = \"1s\", heal = \"everything\" }}, {{ at = \"2s\", partition = «{{ {sides} }}» }}")),
        message,
    );
    refuse(&file(&format!("{{ at = \"1s\", partition = «{{ {sides}, for = \"19s\" }}» }}")), message);
    let healed =
        file(&format!("{{ at = \"1s\", partition = {{ {sides} }} }},\n{{ at = \"1s\", heal = \"everything\" }}"));
    assert!(super::read(&healed).is_ok());
    let lasting = file(&format!("{{ at = \"1s\", partition = {{ {sides}, for = \"2s\" }} }}"));
    assert!(super::read(&lasting).is_ok());
}

#[test]
fn recovery_is_not_expected_of_a_process_that_stays_down() {
    let file = |steps: &str| with(&format!("timeline = [{steps}]"), "[expect]\nrecovery = \"<= 3s\"");
    let message = "`recovery` is expected, but this crash never ends";
    refuse(&file("{ at = \"1s\", crash = «{ node = \"n1\" }» }"), message);
    // The last of the repetitions counts, with its jitter.
    let again = "every = \"2s\", jitter = \"500ms\"";
    let message = "`recovery` is expected, but this pause never ends";
    refuse(
        &file(&format!("{{ at = \"1s..19s\", {again}, pause = «{{ node = \"n1\", for = \"2500ms\" }}» }}")),
        message,
    );
    let over = file(&format!("{{ at = \"1s..19s\", {again}, pause = {{ node = \"n1\", for = \"2499ms\" }} }}"));
    assert!(super::read(&over).is_ok());
}

#[test]
fn raft_times_fit_together() {
    refuse(&cluster("tick = «\"0s\"»"), "`tick` must be longer than zero");
    refuse(&cluster("heartbeat = «\"105ms\"»"), "`heartbeat` (105ms) is not a multiple of `tick` (10ms)");
    refuse(
        &cluster("election-timeout = «\"1005ms\"»"),
        "`election-timeout` (1.005s) is not a multiple of `tick` (10ms)",
    );
    refuse(
        &cluster("election-timeout = «\"100ms\"»"),
        "`election-timeout` (100ms) must be longer than `heartbeat` (100ms)",
    );
    refuse(&cluster("lease = «\"1s\"»"), "`lease` (1s) must be shorter than `election-timeout` (1s)");
}

#[test]
fn the_cluster_is_of_known_parts_and_limited_size() {
    refuse(&cluster("nodes = «10»"), "`nodes` is 1 to 9, not 10");
    refuse(&cluster("nodes = «0»"), "`nodes` is 1 to 9, not 0");
    assert!(refuse(&cluster("engine = «\"raft\"»"), "unknown engine `raft`").starts_with("did you mean `raft-rs`?"));
    refuse(&cluster("renewal = «\"ack\"»"), "unknown renewal `ack`");
    assert!(
        refuse(&cluster("network = «\"same-as\"»"), "unknown network `same-as`").starts_with("did you mean `same-az`?")
    );
    refuse(&cluster("network = { base = «\"moon\"» }"), "unknown network `moon`");
    refuse(&cluster("disk = «\"nvmee\"»"), "unknown disk `nvmee`");
    refuse(&cluster("lanes.bulk = { calls = «\"streams\"» }"), "unknown kind of calls `streams`");
    refuse(&cluster("lanes.bulk = { queue = «0» }"), "`queue` is 1 to 1000000, not 0");
    refuse(&cluster("cpu.cores = «0»"), "`cores` is 1 to 256, not 0");
    refuse(&cluster("cpu.costs = { «raed» = \"1us\" }"), "unknown cost `raed`");
}

#[test]
fn a_share_lies_between_0_and_1() {
    refuse(&cluster("network = { loss = «\"101%\"» }"), "`101%` is more than 1; a share lies between 0 and 1");
    refuse(&cluster("network = { loss = «5» }"), "`5` is more than 1; a share lies between 0 and 1");
    refuse(&cluster("network = { duplicate = «-0.5» }"), "`-0.5` is negative; a share lies between 0 and 1");
    refuse(&cluster("network = { loss = «\"0.00001%\"» }"), "`0.00001%` is finer than 1/1000000");
    refuse(&with("", "[claims]\nclock-drift = «\"200pm\"»"), "unknown unit `pm`");
}

#[test]
fn a_distribution_has_both_ends_and_ascends() {
    let latency = |knots: &str| cluster(&format!("network = {{ latency = {knots} }}"));
    refuse(&latency("«{ p0 = \"1ms\", p50 = \"2ms\" }»"), "`p100` is missing: a distribution needs `p0` and `p100`");
    refuse(
        &latency("{ p0 = \"2ms\", p50 = «\"1ms\"», p100 = \"3ms\" }"),
        "a higher quantile cannot be shorter than a lower one",
    );
    refuse(&latency("{ p0 = \"1ms\", «p101» = \"2ms\", p100 = \"3ms\" }"), "unknown quantile `p101`");
    refuse(&latency("{ p0 = \"1ms\", «\"p99.99\"» = \"2ms\", p100 = \"3ms\" }"), "unknown quantile `p99.99`");
    let said = refuse(
        &latency("{ p0 = \"1ms\", «p99».9 = \"2ms\", p100 = \"3ms\" }"),
        "expected a quoted text or a number, found a table",
    );
    assert!(said.contains("\"p99.9\""), "{said}");
}

#[test]
fn a_workload_has_a_known_kind_and_a_name_of_its_own() {
    refuse("name = \"t\"\nuntil = \"1s\"\n«[[workload]]»\nclients = 3", "this workload has no `kind`");
    refuse("name = \"t\"\nuntil = \"1s\"\n[[workload]]\nkind = «\"scirpt\"»", "unknown kind `scirpt`");
    refuse(&with("", "[[workload]]\nkind = «\"kv\"»"), "two workloads are called `kv`");
    refuse(&workload("name = «\"kv\"»"), "two workloads are called `kv`");
}

#[test]
fn a_workload_is_of_limited_size() {
    refuse(&kv("clients = «0»"), "`clients` is 1 to 10000, not 0");
    refuse(&kv("clients = «10_001»"), "`clients` is 1 to 10000, not 10001");
    refuse(&kv("keys = { count = «1_000_001» }"), "`count` is 1 to 1000000, not 1000001");
    refuse(&kv("keys = «0»"), "`keys` is 1 to 1000000, not 0");
    refuse(&workload("reads-per-script = «0»"), "`reads-per-script` is 1 to 1000, not 0");
    refuse(&kv("keys = { distribution = «\"zipf(0)\"» }"), "`0` is not an exponent");
    refuse(&kv("keys = { distribution = «\"zipfian\"» }"), "unknown distribution `zipfian`");
    let many: String = (0..16).map(|n| format!("[[workload]]\nkind = \"kv\"\nname = \"w{n}\"\n")).collect();
    let text = with("", &many)
        .replace("[[workload]]\nkind = \"kv\"\nname = \"w15\"", "«[[workload]]»\nkind = \"kv\"\nname = \"w15\"");
    refuse(&text, "a scenario has at most 16 workloads, this has 17");
}

#[test]
fn what_a_run_asks_of_the_machine_is_limited() {
    refuse(
        &kv("clients = 6_000\n«[[workload]]»\nkind = \"script\"\nclients = 6_000"),
        "up to this workload there may be 12000 clients; at most 10000 are possible",
    );
    let keys = "keys = 600_000\n«[[workload]]»\nkind = \"script\"\nkeys = { count = 600_000, prefix = \"other\" }";
    refuse(&kv(keys), "up to this workload there may be 1200000 keys; at most 1000000 are possible");
    assert!(super::read(&kv("keys = 600_000\n[[workload]]\nkind = \"script\"\nkeys = 600_000")).is_ok());
    let first = |keys: &str| format!("name = \"t\"\nuntil = \"24h\"\n«[[workload]]»\nkind = \"kv\"\n{keys}");
    refuse(
        &first("rate = \"20000/s\""),
        "up to this workload there may be 1728000000 operations; at most 1000000000 are possible",
    );
    refuse(
        &first("rate = \"10000/s\"\ndeadline = \"20s\""),
        "up to this workload there may be 200000 operations under way at once; at most 100000 are possible",
    );
    let instant = "[cluster]\nclient-network = { latency = \"0s\" }";
    refuse(&first(instant), "an operation of this workload takes no time, so that there is no end to them");
    assert!(super::read(&kv(&format!("think = \"1ms\"\n{instant}"))).is_ok());
    refuse(
        "name = \"t\"\nuntil = «\"1m\"»\n[[workload]]\nkind = \"kv\"\n[cluster]\ntick = \"1us\"",
        "180000000 ticks of 3 nodes; a run has at most 100000000",
    );
}

#[test]
fn absurd_sizes_are_refused_by_a_limit_that_has_a_name() {
    refuse(&kv("clients = «4000000000»"), "`clients` is 1 to 10000, not 4000000000");
    refuse(&kv("rate = «\"1e12/s\"»"), "`1e12/s` has an exponent");
    refuse(&kv("rate = «\"1000000000000/s\"»"), "`1000000000000/s` is too fast: at most 1000000/s");
    refuse(&kv("keys = «9223372036854775807»"), "`keys` is 1 to 1000000, not 9223372036854775807");
    let until = "name = \"t\"\nuntil = «\"900000h\"»\n[[workload]]\nkind = \"kv\"";
    refuse(until, "`900000h` is too long: no duration is longer than 24h");
}

#[test]
fn a_mix_adds_up_to_1() {
    refuse(&kv("mix = «{ get = 0.5, put = 0.45 }»"), "the mix adds up to 0.95, not to 1");
    refuse(&kv("mix = { get = «1.5» }"), "`1.5` is more than 1; a share lies between 0 and 1");
    refuse(&kv("mix = { get = «0.9999» }"), "`0.9999` is finer than 1/1000");
}

#[test]
fn keys_of_one_kind_of_workload_are_not_for_another() {
    refuse(&kv("reads-per-script = «3»"), "`reads-per-script` is for workloads of kind `script`");
    refuse(&workload("mix = «{ get = 1 }»"), "`mix` is for workloads of kind `kv`");
}

#[test]
fn a_workload_is_paced_in_one_way() {
    refuse(&kv("rate = \"5/s\"\nthink = «\"1ms\"»"), "`rate` and `think` cannot both be given");
    refuse(&kv("rate = «500»"), "`500` has no unit; `500/s`?");
    refuse(&kv("rate = «\"0/s\"»"), "a rate of zero does nothing");
    refuse(&kv("rate = «\"5/m\"»"), "unknown unit `/m`");
}

#[test]
fn a_workload_runs_within_the_run_and_forwards() {
    refuse(&kv("from = «\"20s\"»"), "the workload ends (20s) before it begins (20s)");
    refuse(&kv("from = «\"5s\"»\nuntil = \"4s\""), "the workload ends (4s) before it begins (5s)");
    refuse(&kv("until = «\"21s\"»"), "the workload ends after the run (20s)");
    refuse(&kv("to = «\"@follower\"»"), "unknown target `@follower`");
}

#[test]
fn an_expectation_is_of_a_known_metric_in_a_known_window() {
    let said = refuse(&expect("«stale-read» = 0"), "unknown metric or key `stale-read`");
    assert!(said.starts_with("did you mean `stale-reads`?|nearest: `stale-reads`, "), "{said}");
    assert_eq!(said.matches('`').count(), 2 + 2 * 4, "{said}");
    let said = refuse(&expect("«checks» = 0"), "unknown metric or key `checks`");
    assert!(said.contains("`[checks]`"), "{said}");
    let said = refuse(&expect("lease-hit-rate = { «sturm» = \">= 0.9\" }"), "unknown window `sturm`");
    assert!(said.starts_with("did you mean `storm`?|windows are `storm`, `whole`"), "{said}");
    refuse(&expect("lease-hit-rate = «{}»"), "`lease-hit-rate` has no bound");
    refuse(&expect("variant.a = { lease-hit-rate = { «sturm» = \">= 0.9\" } }"), "unknown window `sturm`");
}

#[test]
fn an_expectation_can_hold() {
    refuse(
        &expect("lease-hit-rate = «\">= 1.2\"»"),
        "`lease-hit-rate >= 1.2` can never hold: a ratio lies between 0 and 1",
    );
    refuse(
        &expect("lease-hit-rate = «\"> 100%\"»"),
        "`lease-hit-rate > 100%` can never hold: a ratio lies between 0 and 1",
    );
    refuse(
        &expect("lease-hit-rate = «\"<= 97\"»"),
        "`lease-hit-rate <= 97` always holds: a ratio lies between 0 and 1",
    );
    refuse(&expect("stale-reads = «\"< 0\"»"), "`stale-reads < 0` can never hold: `stale-reads` is never negative");
    refuse(&expect("stale-reads = «-1»"), "`-1` is negative; `stale-reads` never is");
    refuse(&expect("reads = «\">= 0.5\"»"), "`0.5` is not a whole number");
}

#[test]
fn a_bound_is_an_operator_and_a_value_in_the_metrics_unit() {
    let said = refuse(&expect("lease-hit-rate = «\"=> 0.9\"»"), "unknown operator `=>`");
    assert!(said.starts_with("did you mean `>=`?"), "{said}");
    refuse(&expect("get-p99 = «\"<= 5\"»"), "`5` has no unit; `5ms`?");
    refuse(&expect("lease-hit-rate = «\">= high\"»"), "`high` is not a ratio");
    refuse(&expect("reads = «\"\"»"), "`` is not a number");
    assert!(refuse(&expect("stale-reads = «\"none\"»"), "`none` is not a number").contains("`== 0`"));
}

#[test]
fn a_violation_is_a_known_class() {
    let said = refuse(&expect("violation = «\"stale-reads\"»"), "unknown class `stale-reads`");
    assert!(said.starts_with("did you mean `stale-read`?"), "{said}");
    refuse(&expect("variant.a = { class = «\"bug\"» }"), "unknown class `bug`");
}

#[test]
fn a_floor_is_under_a_count_and_not_negative() {
    refuse(&with("", "[floors]\nreads = «-1»"), "a floor cannot be negative: `reads` is never below 0");
    refuse(&with("", "[floors]\n«get-p99» = 1"), "`get-p99` is not a count, so it has no floor");
    refuse(&with("", "[floors]\n«raeds» = 1"), "unknown count `raeds`");
}

#[test]
fn a_timeline_is_of_limited_length() {
    let step = "{ at = \"1s\", heal = \"everything\" },\n";
    let text = timeline(&format!("{}«{}»,", step.repeat(10_000), step.trim_end_matches(",\n")));
    refuse(&text, "a timeline has at most 10000 steps, this has 10001");
    refuse(
        &timeline("«{ at = \"0s..20s\", every = \"100us\", transfer = {} }»"),
        "up to this step the timeline acts 200000 times; at most 100000 are possible",
    );
}

#[test]
fn a_file_is_of_limited_size() {
    refuse_file(&"#".repeat((1 << 20) + 1), "the file is larger than a scenario may be (1 MiB)");
}

#[test]
fn one_thing_is_wrong_with_a_clock_and_is_said() {
    let clock = |keys: &str| timeline(&format!("{{ at = \"1s\", clock = {keys} }}"));
    let said = refuse(&clock("«{ node = \"n1\" }»"), "nothing is wrong with this clock");
    assert_eq!(said, "|say what is: `rate`, `slew`, `step`, `freeze`, `fail`");
    refuse(&clock("«{ fail = true }»"), "`clock` needs a `node`");
    let message = "one thing is wrong with a clock at a time, here `rate` and `freeze`";
    refuse(&clock("{ node = \"n1\", rate = \"+1%\", freeze = «true» }"), message);
    refuse(&clock("{ node = \"n1\", freeze = «false» }"), "`freeze` is `true`, or is left out");
    refuse(&clock("{ node = «\"@others\"», fail = true }"), "`@others` of whom? `clock` has one side");
}

#[test]
fn a_fault_of_nodes_names_each_once_and_somebody() {
    for fault in ["crash", "pause"] {
        let of = |nodes: &str| timeline(&format!("{{ at = \"1s\", {fault} = {{ node = {nodes}, for = \"1s\" }} }}"));
        refuse(&of("«[]»"), &format!("`{fault}` needs a `node`"));
        refuse(&of("[\"n1\", «\"n1\"»]"), "`n1` is named twice");
        refuse(&of("[\"n1\", «\"@others\"»]"), &format!("`@others` of whom? `{fault}` has one side"));
        refuse(&of("[\"@leader\", «\"n4\"»]"), "there is no node `n4`: the cluster has 3");
    }
}

#[test]
fn a_drift_has_a_sign_and_bounds() {
    let rate = |rate: &str| timeline(&format!("{{ at = \"1s\", clock = {{ node = \"n1\", rate = «\"{rate}\"» }} }}"));
    assert!(refuse(&rate("500ppm"), "`500ppm` has no sign").starts_with("did you mean `+500ppm`?"));
    refuse(&rate("+0ppm"), "`+0ppm` changes nothing");
    refuse(&rate("-100%"), "`-100%` is out of range");
    refuse(&rate("+101%"), "`101%` is more than 1; a share lies between 0 and 1");
    refuse(&rate("+fast"), "`fast` is not a share");
    refuse(&rate("+0.1ppm"), "`0.1ppm` is finer than 1/1000000");
}

#[test]
fn a_step_is_over_at_once_and_alone_moves_the_monotonic_clock() {
    let clock = |keys: &str| timeline(&format!("{{ at = \"1s\", clock = {{ node = \"n1\", {keys} }} }}"));
    refuse(&clock("step = \"-3s\", for = «\"1s\"»"), "a `step` is over at once");
    refuse(&clock("freeze = true, monotonic = «true»"), "`monotonic` says which clock a `step` moves");
    refuse(&clock("step = «\"3s\"»"), "`3s` has no sign");
    refuse(&clock("step = «\"+0s\"»"), "`+0s` changes nothing");
    refuse(&clock("step = «\"-25h\"»"), "`25h` is too long: no duration is longer than 24h");
}

#[test]
fn one_thing_is_wrong_with_a_disk_and_is_said() {
    let disk = |keys: &str| timeline(&format!("{{ at = \"1s\", disk = {keys} }}"));
    refuse(&disk("«{ node = \"n1\", for = \"1s\" }»"), "nothing is wrong with this disk");
    let message = "one thing is wrong with a disk at a time, here `fsync` and `full`";
    refuse(&disk("{ node = \"n1\", fsync = \"1ms\", full = «true» }"), message);
    refuse(&disk("{ node = \"n1\", stall = «false» }"), "`stall` is `true`, or is left out");
    refuse(&disk("{ node = \"n1\", slow = «1» }"), "`slow` is 2 to 1000000, not 1");
    refuse(&disk("{ node = \"n1\", fsync = «\"0s\"» }"), "`fsync` must be longer than zero");
    let said = refuse(&disk("{ node = \"n1\", fail = «\"write\"» }"), "unknown operation of a disk `write`");
    assert!(said.starts_with("did you mean `append`?"), "{said}");
    refuse(&timeline("{ at = \"1s\", crash = { node = \"n1\", tail = «\"tron\"» } }"), "unknown tail of a file `tron`");
}

#[test]
fn no_two_steps_have_one_name() {
    let steps =
        "{ at = \"1s\", name = \"end\", heal = \"everything\" }, { at = \"2s\", name = «\"end\"», heal = \"network\" }";
    refuse(&timeline(steps), "two steps are called `end`");
    refuse(&timeline("{ at = \"1s\", name = «\"The End\"», heal = \"everything\" }"), "`The End` is not a step's name");
}

#[test]
fn a_file_of_a_later_format_is_refused() {
    let said = refuse(&with("format = «2»", ""), "this file has the format 2; this version reads format 1");
    assert!(said.contains("a later version of leasehold reads it"), "{said}");
}
