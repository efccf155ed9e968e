//! What must come of it.

use super::{expect, read, refuse, with};

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
    assert!(read(&healed).is_ok());
    let lasting = file(&format!("{{ at = \"1s\", partition = {{ {sides}, for = \"2s\" }} }}"));
    assert!(read(&lasting).is_ok());
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
    assert!(read(&over).is_ok());
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
