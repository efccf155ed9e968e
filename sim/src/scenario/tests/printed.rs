use std::path::Path;

use proptest::prelude::*;

use super::{SAMPLE, read, with};
use crate::scenario::{Expectation, Scenario, arbitrary::scenarios, parse, print};

/// `scenario` without what depends on where it stands in a file.
fn placeless(mut scenario: Scenario) -> Scenario {
    let lineless = |bounds: &mut Vec<Expectation>| bounds.iter_mut().for_each(|bound| bound.line = 0);
    scenario.timeline.iter_mut().for_each(|step| step.line = 0);
    scenario.floors.iter_mut().for_each(|floor| floor.line = 0);
    lineless(&mut scenario.expect.bounds);
    scenario.expect.variants.values_mut().for_each(|variant| lineless(&mut variant.bounds));
    let on_engines = scenario.expect.engines.values_mut().flat_map(|variants| variants.values_mut());
    on_engines.for_each(|variant| lineless(&mut variant.section.bounds));
    scenario
}

/// What a file says after it was printed.
#[track_caller]
fn again(scenario: &Scenario) -> Scenario {
    let text = print(scenario);
    match parse(&scenario.path, &text) {
        Ok(again) => placeless(again),
        Err(problems) => panic!("what was printed is refused:\n{text}\n{problems}"),
    }
}

#[test]
fn a_printed_file_reads_as_a_person_would_have_written_it() {
    let scenario = super::sample().expect("the sample is valid");
    insta::assert_snapshot!(print(&scenario), @r#"
    name = "transfer-under-storm"
    about = "Leadership moves while scripts fight over eight keys."
    seeds = "1..=20"
    until = "20s"

    timeline = [
      { at = "2s..6s", tag = "storm" },
      { at = "6s", transfer = {} },
      { at = "9s", partition = { sides = [["@leader"], ["@others"]], how = "hold", for = "1.5s" } },
      { at = "16s", heal = "everything" },
    ]

    [[workload]]
    kind = "script"
    clients = 32
    keys = { distribution = "zipf(1.1)" }
    reads-per-script = 7

    [expect]
    stale-reads = 0
    lease-hit-rate = { storm = ">= 0.97", whole = ">= 0.80" }
    recovery = "<= 3 election-timeouts"
    get-p99 = { storm = "<= 5ms" }

    [expect.variant.elastickv-549]
    class = "expectation"
    lease-hit-rate = { storm = "<= 0.05" }

    [floors]
    reads = 10000
    faults-effective = 2
    "#);
}

#[test]
fn what_is_the_default_is_not_printed() {
    let scenario =
        read(&with("seeds = \"1..=5\"", "clients = 8\nto = \"@any\"\n[cluster]\nnodes = 3\nnetwork = { loss = 0 }"))
            .expect("valid");
    assert_eq!(print(&scenario), "name = \"t\"\nuntil = \"20s\"\n\n[[workload]]\nkind = \"kv\"\n");
}

#[test]
fn the_engine_of_a_file_that_is_for_one_alone_is_not_printed() {
    let printed = |head: &str, cluster: &str| print(&read(&with(head, cluster)).expect("valid"));
    let named = "[cluster]\nengine = \"openraft\"";
    assert!(printed("", named).contains("[cluster]\nengine"));
    assert!(printed("engines = [\"raft-rs\", \"openraft\"]", named).contains("[cluster]\nengine"));
    assert!(!printed("engines = [\"openraft\"]", named).contains("[cluster]"));
}

#[test]
fn every_committed_scenario_survives_printing() {
    for (path, text) in super::committed() {
        let scenario = parse(&path, &text).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again(&scenario), placeless(scenario), "{}", path.display());
    }
    let sample = parse(Path::new("transfer-under-storm.toml"), SAMPLE).expect("valid");
    assert_eq!(again(&sample), placeless(sample));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_scenario_survives_printing(scenario in scenarios()) {
        prop_assert_eq!(again(&scenario), scenario);
    }
}

#[test]
fn the_name_of_a_step_survives_printing() {
    let text = super::timeline("{ at = \"1s\", name = \"the-end\", heal = \"everything\" }");
    let scenario = read(&text).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(again(&scenario).timeline[0].name.as_deref(), Some("the-end"));
}
