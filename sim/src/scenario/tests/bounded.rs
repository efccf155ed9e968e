//! Bounds on both sides, and bounds on what some clients get.

use std::path::Path;

use super::with;
use crate::scenario::{Of, Scenario, parse, print};

fn accept(text: &str) -> Scenario {
    parse(Path::new("t.toml"), text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn expect(bounds: &str) -> String {
    with("", &format!("[expect]\n{bounds}"))
}

fn bounds(scenario: &Scenario) -> Vec<String> {
    let told = scenario.expect.bounds.iter().map(|it| format!("{}{} {}", it.metric, it.of, it.bound.asked()));
    told.collect()
}

#[test]
fn a_range_bounds_on_both_sides() {
    let scenario =
        accept(&expect("leader-changes = \"1..=2\"\nall-availability = \"0.1..0.2\"\nunserved = \"1ms..=2s\""));
    let holds = |at: usize, values: &[f64]| -> Vec<bool> {
        values.iter().map(|value| scenario.expect.bounds[at].bound.holds(*value)).collect()
    };
    assert_eq!(holds(0, &[0.0, 1.0, 2.0, 3.0]), [false, true, true, false]);
    assert_eq!(holds(1, &[0.09, 0.1, 0.19, 0.2]), [false, true, true, false]);
    assert_eq!(holds(2, &[0.0009, 2.0, 2.1]), [false, true, false]);
    assert_eq!(scenario.expect.bounds[0].bound.asked(), "within 1..=2");
    assert_eq!(scenario.expect.bounds[0].bound.most(), Some(2.0));
}

#[test]
fn what_the_clients_of_a_workload_or_of_a_node_get_is_bounded_in_a_table_of_theirs() {
    let text = "stale-reads = 0\n[expect.workload.kv]\nget-p99 = \"<= 5ms\"\n[expect.via.n2]\nget-availability = 1\nunserved = \"<= 1s\"";
    let scenario = accept(&expect(text));
    let told =
        ["stale-reads == 0", "get-p99 of workload kv <= 5ms", "get-availability via n2 == 1", "unserved via n2 <= 1s"];
    assert_eq!(bounds(&scenario), told);
    assert_eq!(scenario.expect.bounds[2].of, Of::Via(2));
    assert_eq!(bounds(&accept(&print(&scenario))), told, "and so it is printed");
}

#[test]
fn what_a_group_does_is_bounded_in_a_table_of_its_own_by_any_metric() {
    let text = "[expect.group]\ng2.lease-hit-rate = \">= 0.97\"\ng2.leader-changes = 0";
    let file = expect(text).replace("[expect.group]", "[cluster]\ngroups = 2\n[expect.group]");
    let scenario = accept(&file);
    let told = ["lease-hit-rate of g2 >= 0.97", "leader-changes of g2 == 0"];
    assert_eq!(bounds(&scenario), told);
    assert_eq!(scenario.expect.bounds[0].of, Of::Group(2));
    assert_eq!(bounds(&accept(&print(&scenario))), told, "and so it is printed");
}
