use super::{read, with};
use crate::scenario::{Class, lint};

const CHECKS: [(&str, Class); 2] = [("staleness", Class::StaleRead), ("one-lease", Class::LeaseInvariant)];

/// The warnings about a file that is valid: line, message, help.
#[track_caller]
fn warned(text: &str) -> Vec<String> {
    let scenario = read(text).unwrap_or_else(|problems| panic!("refused:\n{problems}"));
    let warnings = lint(&scenario, text, &CHECKS);
    let words = warnings.iter().map(|warning| {
        let line = warnings.line(warning).map_or_else(String::new, |line| format!("{line}: "));
        format!("{line}{} ({})", warning.message, warning.help.clone().unwrap_or_default())
    });
    // Few of these texts have floors; what is said of that has a test of its own.
    words.filter(|words| !words.starts_with(NO_FLOORS)).collect()
}

const NO_FLOORS: &str = "there are no [floors]";

fn steps(steps: &str) -> String {
    with(&format!("timeline = [\n{steps}\n]"), "")
}

#[test]
fn a_warning_is_shown_as_one_with_its_line() {
    let text = steps("  { at = \"2s..6s\", tag = \"storm\" },   # never used") + "[floors]\nreads = 1\n";
    let scenario = read(&text).expect("valid");
    insta::assert_snapshot!(lint(&scenario, &text, &[]).render(false), @r#"
    warning: nothing is expected in the window `storm`
     --> t.toml:4:3
      |
    4 |   { at = "2s..6s", tag = "storm" },   # never used
      |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: bound a metric in it: `get-p99 = { storm = "<= 5ms" }`
    "#);
}

#[test]
fn a_copy_with_another_name_runs_with_a_warning() {
    let warned = warned(&with("", "").replace("name = \"t\"", "name = \"other\""));
    assert_eq!(
        warned,
        ["1: the name `other` is not the file's (rename the file to `other.toml`, or write `name = \"t\"`)"]
    );
}

#[test]
fn a_good_file_has_none() {
    assert_eq!(warned(&with("", "")), Vec::<String>::new());
}

#[test]
fn the_sample_of_the_design_bounds_what_its_scripts_do_not_do() {
    let sample = super::sample().expect("valid");
    let warnings = lint(&sample, super::SAMPLE, &CHECKS);
    let words: Vec<_> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    let no_gets = "`get-p99` in `storm` has no value: no workload reads single keys from 2s to 6s";
    assert_eq!(words, [no_gets, "the floor of 10000 `reads` cannot be met: 0 at most"]);
}

#[test]
fn what_an_engine_that_is_named_does_not_heed() {
    let of = |head: &str, engine: &str| warned(&with(head, &format!("[cluster]\n{engine}async-writes = false")));
    let unheeded = "openraft goes on while its disk writes: `async-writes = false` is not heeded (name `raft-rs` alone, or leave it out)";
    for (head, engine) in [("engines = [\"raft-rs\", \"openraft\"]", ""), ("", "engine = \"openraft\"\n")] {
        let warned = of(head, engine);
        assert!(warned.len() == 1 && warned[0].ends_with(unheeded), "{warned:#?}");
    }
    assert_eq!(of("", ""), Vec::<String>::new(), "it runs on each as far as it can");
    assert_eq!(of("engines = [\"raft-rs\"]", ""), Vec::<String>::new());
}

#[test]
fn steps_that_nothing_comes_of() {
    insta::assert_debug_snapshot!(warned(&steps(
        r#"
        { at = "1s..2s", tag = "used-by-nobody" },
        { at = "20s", transfer = {} },
        { at = "500ms", crash = { node = "@leader", for = "1s" } },
        { at = "500ms", pause = { node = "@follower", for = "1s" } },
        { at = "900ms..9s", every = "1s", partition = { sides = [["@lease-holder"], ["@others"]], for = "1s" } },
        { at = "15s", partition = { sides = [["n1"], ["@others"]], for = "6s" } },
        { at = "16s", partition = { sides = [["n2"], ["@others"]] } },
        "#,
    )), @r#"
    [
        "5: nothing is expected in the window `used-by-nobody` (bound a metric in it: `get-p99 = { used-by-nobody = \"<= 5ms\" }`)",
        "6: this transfer acts when the run ends: nothing can come of it (let it act earlier, or the run last longer)",
        "7: nobody is `@leader` at 500ms yet (the first election takes at least an election timeout (1s))",
        "9: nobody is `@lease-holder` at 900ms yet (the first election takes at least an election timeout (1s))",
        "10: this partition lasts until 21s, but the run ends at 20s (what comes after it is never seen)",
    ]
    "#);
}

#[test]
fn bounds_that_nothing_is_measured_by() {
    let file = |expect: &str| {
        let timeline = r#"timeline = [
            { at = "2s..6s", tag = "early" },
            { at = "8s..9s", tag = "late" },
            { at = "8s", crash = { node = "@majority", for = "1s" } },
        ]"#;
        let tables = format!(
            "from = \"1s\"\nuntil = \"9s\"\nmix = {{ get = 1.0 }}\n[[workload]]\nkind = \"script\"\nfrom = \"8s\"\n[expect]\n{expect}"
        );
        with(timeline, &tables)
    };
    let all = r#"
        get-p99 = { early = "<= 5ms", late = "<= 5ms" }
        put-p99 = "<= 5ms"
        script-p99 = { early = "<= 1s" }
        faults-effective = { early = ">= 1" }
        leader-changes = { late = ">= 1" }
    "#;
    insta::assert_debug_snapshot!(warned(&file(all)), @r#"
    [
        "18: `get-p99` is bounded where no majority runs (line 6) (without a majority nobody leads, and nothing is served)",
        "19: `put-p99` has no value: no workload puts from 0s to 20s (a bound on what is not measured makes the run vacuous)",
        "20: `script-p99` in `early` has no value: no workload runs scripts from 2s to 6s (a bound on what is not measured makes the run vacuous)",
        "21: `faults-effective` in `early` has no value: faults are counted over the whole run only (a bound on what is not measured makes the run vacuous)",
    ]
    "#);
    assert_eq!(
        warned(&with("", "[expect]\nrecovery = \"<= 3s\"")),
        [
            "7: `recovery` has no value: no fault ends in this timeline (a bound on what is not measured makes the run vacuous)"
        ]
    );
}

#[test]
fn a_range_that_moves_has_a_key_that_is_used() {
    let moving = |range: &str| {
        let step = format!("timeline = [\n  {{ at = \"3s\", move-range = {{ {range}, group = \"g2\" }} }},\n]");
        warned(&with(&step, "[cluster]\ngroups = 2"))
    };
    assert_eq!(moving("from = \"k5\", until = \"k6\""), Vec::<String>::new());
    assert_eq!(moving("from = \"a\""), Vec::<String>::new(), "it goes on to the last key");
    insta::assert_debug_snapshot!(moving("from = \"k5a\", until = \"k6\""), @r#"
    [
        "4: no workload uses a key of the range that moves (move a range with a key that is used: a scan over others is judged as if they had not moved)",
    ]
    "#);
}

#[test]
fn the_faults_of_chaos_end() {
    assert_eq!(warned(&with("", "[chaos]\n[expect]\nrecovery = \"<= 6s\"")), Vec::<String>::new());
}

#[test]
fn floors_that_cannot_be_met() {
    let timeline = r#"timeline = [
        { at = "2s..6s", every = "1s", crash = { node = "@followers", for = "100ms" } },
        { at = "7s", heal = "everything" },
    ]"#;
    let file = |floors: &str| with(timeline, &format!("rate = \"100/s\"\n[floors]\n{floors}"));
    assert_eq!(warned(&file("faults-effective = 9\nreads = 1_800\nwrites = 200")), Vec::<String>::new());
    insta::assert_debug_snapshot!(warned(&file("faults-effective = 10\nreads = 1_801\nwrites = 201\nscripts = 1")), @r#"
    [
        "11: the floor of 10 `faults-effective` cannot be met: 9 at most (the timeline acts no more often)",
        "12: the floor of 1801 `reads` cannot be met: 1800 at most (the workloads ask for no more in the mean)",
        "13: the floor of 201 `writes` cannot be met: 200 at most (the workloads ask for no more in the mean)",
        "14: the floor of 1 `scripts` cannot be met: 0 at most (the workloads ask for no more in the mean)",
    ]
    "#);
}

#[test]
fn a_check_that_only_records_what_is_expected() {
    let file = |expect: &str| with("", &format!("[checks]\nrecord-only = [\"one-lease\"]\n[expect]\n{expect}"));
    assert_eq!(warned(&file("violation = \"stale-read\"")), Vec::<String>::new());
    insta::assert_debug_snapshot!(warned(&file("variant.long-lease = { class = \"lease-invariant\" }")), @r#"
    [
        "7: `one-lease` only records, but its class `lease-invariant` is expected (what a check only records fails no run)",
    ]
    "#);
}

#[test]
fn a_lease_that_its_promises_do_not_cover_or_that_runs_out_between_rounds_is_odd() {
    let lease = |keys: &str| warned(&with("", &format!("[cluster]\n{keys}")));
    assert_eq!(lease("lease = \"989ms\""), Vec::<String>::new());
    assert_eq!(
        lease("lease = \"990ms\""),
        ["7: a lease of 990ms is longer than the promises behind it \
          (with an election timeout of 1s, ticks of 10ms and what is claimed of clocks they cover 989.802ms)"]
    );
    let claims = |claims: &str| warned(&with("", &format!("[cluster]\nlease = \"900ms\"\n[claims]\n{claims}")));
    assert_eq!(claims("clock-drift = \"9%\"").len(), 0);
    assert_eq!(claims("clock-drift = \"11%\"").len(), 1);
    assert_eq!(claims("clock-step = \"100ms\"").len(), 1);
    assert!(lease("lease = \"100ms\"")[0].contains("a lease of 100ms runs out before it is renewed"));
}

#[test]
fn service_is_not_bounded_while_a_majority_of_disks_answers_nothing() {
    let text = |harm: &str| {
        let fault = format!("{{ at = \"2s\", disk = {{ node = \"@majority\", {harm}, for = \"5s\" }} }}");
        let storm = "{ at = \"3s..6s\", tag = \"storm\" }";
        with(&format!("timeline = [{fault}, {storm}]"), "[expect]\nget-p99 = { storm = \"<= 5ms\" }")
    };
    assert_eq!(warned(&text("stall = true")).len(), 1);
    assert_eq!(warned(&text("fail = \"sync\"")).len(), 1);
    assert_eq!(warned(&text("slow = 2")).len(), 0);
    assert_eq!(warned(&text("fail = \"read\"")).len(), 0);
}

#[test]
fn a_bound_that_is_an_equality_by_oversight() {
    let expected = |bounds: &str| warned(&with("", &format!("[expect]\n{bounds}")));
    assert_eq!(
        expected("lease-hit-rate = 0.9\nget-p99 = \"5ms\"\nread-index-per-write = 0.5"),
        [
            "7: `lease-hit-rate` is to be exactly 0.9? (`>= 0.9`; what has no operator means `==`)",
            "8: `get-p99` is to be exactly 5ms? (`<= 5ms`; what has no operator means `==`)",
            "9: `read-index-per-write` is to be exactly 0.5? (`<= 0.5`; what has no operator means `==`)",
        ]
    );
    let meant = "lease-hit-rate = \"== 0.9\"\nget-p99 = \"<= 5ms\"\nstale-reads = 0\nread-index-per-write = 0";
    assert_eq!(expected(meant), Vec::<String>::new());
    assert_eq!(expected("lease-hit-rate = 1"), Vec::<String>::new());
}

#[test]
fn an_upper_bound_on_a_latency_is_below_the_deadline() {
    let expected = |bound: &str| {
        warned(&format!(
            "name = \"x\"\nuntil = \"9s\"\n[cluster]\nnodes = 3\n[[workload]]\nkind = \"kv\"\ndeadline = \"2s\"\n[expect]\n{bound}"
        ))
        .into_iter()
        .filter(|warning| warning.contains("deadline"))
        .count()
    };
    assert_eq!([expected("get-p99 = \"<= 2s\""), expected("get-max = \"<= 3s\"")], [1, 1]);
    assert_eq!([expected("get-p99 = \"<= 1999ms\""), expected("get-p99 = \">= 3s\"")], [0, 0]);
}

#[test]
fn a_scenario_says_what_a_run_must_have_done_unless_it_has_to_fail() {
    let told = |text: &str| {
        let scenario = read(text).unwrap_or_else(|problems| panic!("refused:\n{problems}"));
        lint(&scenario, text, &CHECKS).iter().filter(|warning| warning.message.starts_with(NO_FLOORS)).count()
    };
    assert_eq!(told(&with("", "")), 1);
    assert_eq!(told(&with("", "[floors]\nreads = 1")), 0);
    assert_eq!(told(&with("", "[expect]\nviolation = \"stale-read\"")), 0);
}

#[test]
fn a_bound_that_holds_whatever_happens_asks_nothing() {
    let expected = |bounds: &str| {
        warned(&with(
            "timeline = [{ at = \"2s..6s\", tag = \"storm\" }]",
            &format!("[expect]\nget-p99 = {{ storm = \"< 1s\" }}\n{bounds}"),
        ))
    };
    let asks_nothing = ": such a bound asks nothing of a run";
    assert_eq!(
        expected(
            "stale-reads = \">= 0\"\nlease-hit-rate = \"<= 100%\"\nunserved = { storm = \"<= 4s\" }\nput-availability = \"0..=1\""
        ),
        [
            format!("8: `stale-reads` is always >= 0 (it is never negative{asks_nothing})"),
            format!("9: `lease-hit-rate` is always <= 100% (a ratio lies between 0 and 1{asks_nothing})"),
            format!("10: `unserved` is always <= 4s (no more than 4s pass{asks_nothing})"),
            format!("11: `put-availability` is always within 0..=1 (a ratio lies between 0 and 1{asks_nothing})"),
        ]
    );
    assert_eq!(
        expected("get-unknown = \"<= 5\""),
        [format!("8: `get-unknown` is always <= 5 (a read that failed has had no effect{asks_nothing})")]
    );
    let asking = "stale-reads = \">= 1\"\nlease-hit-rate = \"< 1\"\nunserved = { storm = \"< 4s\" }\nput-availability = \"0..1\"";
    assert_eq!(expected(asking), Vec::<String>::new());
}

#[test]
fn a_floor_of_nothing_is_no_floor() {
    let warned = warned(&with("", "[floors]\nreads = 0\nwrites = 1"));
    assert_eq!(
        warned,
        ["7: the floor of 0 `reads` is always met (say how many there are at least in a run that is worth its name)"]
    );
}

#[test]
fn a_deadline_that_network_and_disk_do_not_keep_is_told() {
    let with_deadline = |deadline: &str, mix: &str| {
        let cluster =
            "client-network = { latency = \"1ms\" }\nnetwork = { latency = \"2ms\" }\ndisk = { fsync = \"10ms\" }";
        warned(&format!(
            "name = \"t\"\nuntil = \"9s\"\n[cluster]\n{cluster}\n[[workload]]\nkind = \"kv\"\ndeadline = \"{deadline}\"\nmix = {mix}"
        ))
    };
    assert_eq!(
        with_deadline("15ms", "{ get = 0.5, put = 0.5 }"),
        [
            "9: the puts of `kv` are given up after 15ms, done or not (network, disk and reads of storage alone take 16ms, every other time more)"
        ]
    );
    assert_eq!(with_deadline("16ms", "{ get = 0.5, put = 0.5 }"), Vec::<String>::new());
    assert_eq!(with_deadline("2002us", "{ get = 1.0 }"), Vec::<String>::new());
    assert_eq!(with_deadline("2001us", "{ get = 1.0 }").len(), 1);
}

#[test]
fn a_bound_on_one_workload_is_held_to_the_deadline_of_that_one() {
    let text = "name = \"t\"\nuntil = \"9s\"\n[[workload]]\nname = \"slow\"\nkind = \"kv\"\ndeadline = \"9s\"\n\
                [[workload]]\nname = \"quick\"\nkind = \"kv\"\ndeadline = \"1s\"\n[expect.workload.";
    let bounded = |workload: &str| warned(&format!("{text}{workload}]\nget-p99 = \"<= 2s\"")).len();
    assert_eq!([bounded("quick"), bounded("slow")], [1, 0]);
}
