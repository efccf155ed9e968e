//! What a step does.

use super::{read, refuse, timeline, with};
use crate::scenario::Verb;

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
    let said = refuse(&action("heal = «true»"), "expected a quoted text or a table, found `true`");
    cured(said, "heal = \"everything\"");
}

#[test]
fn the_shortest_form_of_every_verb_is_accepted() {
    for verb in Verb::ALL {
        for node in [None, Some("n2")] {
            let action = verb.least(node);
            let text = timeline(&format!("{{ at = \"1s\", {verb} = {action} }}"));
            read(&text).unwrap_or_else(|problems| panic!("{problems}"));
        }
    }
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
        "`@others` may be several nodes; one is asked for here",
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
        "who cannot reach whom is said in one way, here by `sides` and `shape`",
    );
    refuse(&partition("sides = [[\"n1\"], [\"n2\"]], node = «\"n3\"»"), "only a bridge has a `node`");
    refuse(
        &partition("shape = \"bridge\", node = «\"@followers\"»"),
        "`@followers` may be several nodes; one is asked for here",
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
    refuse(&link("from = «[]»"), "nobody is named here");
    refuse(&link("from = [\"n1\"], to = «[\"n1\"]»"), "there is no link from `n1` to itself");
    refuse(&link("to = [«\"n4\"»]"), "there is no node `n4`: the cluster has 3");
    refuse(&link("to = «\"n4\"»"), "there is no node `n4`: the cluster has 3");
    refuse(&link("from = \"n1\", to = «\"n1\"»"), "there is no link from `n1` to itself");
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
    refuse(&slow("«{ factor = 2 }»"), "whom does this hit? `node` is missing");
}

#[test]
fn one_thing_is_wrong_with_a_clock_and_is_said() {
    let clock = |keys: &str| timeline(&format!("{{ at = \"1s\", clock = {keys} }}"));
    let said = refuse(&clock("«{ node = \"n1\" }»"), "nothing is wrong with this clock");
    assert_eq!(said, "|say what is: `rate`, `slew`, `step`, `freeze`, `fail`");
    refuse(&clock("«{ fail = true }»"), "whom does this hit? `node` is missing");
    let message = "one thing is wrong with a clock at a time, here `rate` and `freeze`";
    refuse(&clock("{ node = \"n1\", rate = \"+1%\", freeze = «true» }"), message);
    refuse(&clock("{ node = \"n1\", freeze = «false» }"), "`freeze` is `true`, or is left out");
    refuse(&clock("{ node = «\"@others\"», fail = true }"), "`@others` of whom? This fault has one side");
}

#[test]
fn a_fault_of_nodes_names_each_once_and_somebody() {
    for fault in ["crash", "pause"] {
        let of = |nodes: &str| timeline(&format!("{{ at = \"1s\", {fault} = {{ node = {nodes}, for = \"1s\" }} }}"));
        refuse(&of("«[]»"), "nobody is named here");
        refuse(&of("[\"n1\", «\"n1\"»]"), "`n1` is named twice");
        refuse(&of("[\"n1\", «\"@others\"»]"), "`@others` of whom? This fault has one side");
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
