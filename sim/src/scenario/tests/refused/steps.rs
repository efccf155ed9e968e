//! When a step acts.

use super::{refuse, timeline};

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
fn no_two_steps_have_one_name() {
    let steps =
        "{ at = \"1s\", name = \"end\", heal = \"everything\" }, { at = \"2s\", name = «\"end\"», heal = \"network\" }";
    refuse(&timeline(steps), "two steps are called `end`");
    refuse(&timeline("{ at = \"1s\", name = «\"The End\"», heal = \"everything\" }"), "`The End` is not a step's name");
}
