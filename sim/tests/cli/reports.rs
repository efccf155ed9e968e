//! What is told of runs: screens, JSON lines, JUnit, annotations, files of events.

use super::*;

#[test]
fn jsonl_is_one_object_a_run_and_nothing_else() {
    let path = Folder::new("jsonl").scenario("2s", "2s");
    let lines = |jobs: &str| {
        let output = leasehold(&["run", &path, "--format", "jsonl", "--seeds", "1..=3", "--jobs", jobs]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let parse = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
        text(&output.stdout).lines().map(parse).collect::<Vec<_>>()
    };
    let (mut one, mut two) = (lines("1"), lines("2"));
    assert_eq!(one.iter().map(|run| run["seed"].as_u64()).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert_eq!((one[0]["verdict"].as_str(), one[0]["as_expected"].as_bool()), (Some("pass"), Some(true)));
    for run in one.iter_mut().chain(&mut two) {
        assert!(run["wall_ms"].take().is_f64() && run["cpu_ms"].take().as_f64() > Some(0.0));
    }
    assert_eq!(one, two, "only wall_ms and cpu_ms may differ");
}

#[test]
fn a_bound_that_does_not_hold_exits_1_and_says_how_to_see_it_again() {
    let folder = Folder::new("bound");
    let path = folder.scenario("rate = \"50/s\"\n", "rate = \"50/s\"\n[expect]\nget-mean = \"< 1ns\"\n");
    let out = folder.0.join("out");
    let output = leasehold(&["run", &path, "--seed", "2", "--out", &out.to_string_lossy()]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("FAIL: expectation (get-mean) in scenario, variant default, seed 2"), "{told}");
    assert!(told.contains(&format!("\n  leasehold run {path} --seed 2 --variant default\n")), "{told}");
    assert!(
        told.lines().all(|line| line.chars().count() <= 120 || line.contains(&path) || line.contains("out/")),
        "{told}"
    );
    let events = fs::read_to_string(out.join("scenario-default-2.events")).unwrap();
    assert!(events.lines().count() > 100);
}

#[test]
fn junit_has_a_case_for_every_run_with_the_screen_of_those_that_fail() {
    let folder = Folder::new("junit");
    let (bad, junit) = (failing(&folder), folder.0.join("junit.xml").to_string_lossy().into_owned());
    let good = folder.file("good.toml", GOOD.replace("NAME", "good").as_bytes());
    let output = leasehold(&["run", &bad, &good, "--junit", &junit]);
    assert_eq!(output.status.code(), Some(1));
    let xml = fs::read_to_string(&junit).unwrap();
    for part in [
        r#"<testsuites name="leasehold" tests="4" skipped="0" failures="2" errors="0">"#,
        r#"<testsuite name="good" tests="2" skipped="0" errors="0" failures="0""#,
        r#"<testcase name="default, seed 2" classname="scenario""#,
        r#"message="FAIL: expectation (get-mean) in scenario, variant default, seed 1, at 2.000000s" type="expectation""#,
        "expected &lt; 1ns (line 15)",
        "scenario.toml --seed 1 --variant default",
    ] {
        assert!(xml.contains(part), "`{part}` is not in:\n{xml}");
    }
    assert!(!xml.contains("expected < 1ns"), "{xml}");
    refused(&["run", &good, "--junit", &folder.0.join("no/such/folder.xml").to_string_lossy()], &["--junit"]);
}

#[test]
fn a_summary_says_of_all_runs_what_failed_where_and_of_each_scenario_what_clients_got() {
    let folder = Folder::new("summary");
    let (bad, file) = (failing(&folder), folder.0.join("summary.json").to_string_lossy().into_owned());
    let good = folder.file("good.toml", GOOD.replace("NAME", "good").as_bytes());
    let summary = |arguments: &[&str]| -> serde_json::Value {
        leasehold(&[&["run", &good, &bad, "--summary", &file], arguments].concat());
        serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap()
    };
    let all = summary(&[]);
    assert_eq!(
        [&all["planned"], &all["judged"], &all["as_expected"], &all["not_as_expected"], &all["early"]],
        [&4.into(), &4.into(), &2.into(), &2.into(), &serde_json::Value::Null]
    );
    assert_eq!(all["classes"]["expectation"], 2);
    let failed = serde_json::json!([
        { "scenario": "scenario", "variant": "default", "check": "get-mean", "runs": 2, "first_seed": 1 },
    ]);
    assert_eq!(all["failed"], failed);
    let good = &all["scenarios"][0];
    assert_eq!((good["scenario"].as_str(), good["verdicts"].as_str()), (Some("good"), Some("2 pass")));
    assert!(good["get_p99_ms"].as_f64() > Some(0.0) && good["availability"].as_f64() > Some(0.0), "{good}");
    let early = summary(&["--fail-fast"]);
    assert_eq!(
        (early["judged"].as_u64(), early["early"].as_str()),
        (Some(3), Some("stopped after 1 failure: 3 of 4 runs"))
    );
}

#[test]
fn a_json_line_says_what_was_expected_instead() {
    let folder = Folder::new("unexpected");
    let section = "[expect]\nget-mean = \"< 1ns\"\nput-ok = 0\n[expect.variant.no-lease]\nclass = \"stale-read\"\n";
    let path = folder.file("two.toml", format!("{}\n{section}", GOOD.replace("NAME", "two")).as_bytes());
    let output = leasehold(&["run", &path, "--seed", "1", "--variant", "no-lease", "--format", "jsonl"]);
    let run: serde_json::Value = serde_json::from_str(text(&output.stdout).trim()).unwrap();
    let told = run["unexpected"][0].as_str().unwrap_or_default();
    assert!(told.starts_with("expected to fail as stale-read, failed as expectation: "), "{run}");
    assert!(run["unserved_ms"].as_f64() > Some(0.0) && run["entries_per_fsync"].as_f64() >= Some(1.0), "{run}");
}

#[test]
fn a_workflow_gets_annotations_and_a_summary() {
    let folder = Folder::new("github");
    let (path, summary) = (failing(&folder), folder.0.join("summary.md"));
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_WORKSPACE", &*folder.0.to_string_lossy()),
        ("GITHUB_STEP_SUMMARY", &*summary.to_string_lossy()),
    ];
    let output = leasehold_under(&environment, &["run", &path, "--seeds", "1..=12", "--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).lines().all(|line| line.starts_with('{')));
    let told = text(&output.stderr);
    let annotations: Vec<&str> = told.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(annotations.len(), 10, "{told}");
    let first = "::error file=scenario.toml,line=15,title=FAIL%3A expectation (get-mean) in scenario%2C variant default%2C seed 1%2C at 2.000000s::get-mean over the whole run: ";
    assert!(annotations[0].starts_with(first), "{}", annotations[0]);
    assert!(
        annotations[0].contains("%0A") && annotations[0].ends_with("--seed 1 --variant default"),
        "{}",
        annotations[0]
    );
    let markdown = fs::read_to_string(&summary).unwrap();
    for part in [
        "### leasehold: 12 not as expected of 12 runs",
        "| scenario | default | 12 FAIL: expectation |",
        "<details><summary>FAIL: expectation (get-mean) in scenario",
        "and 7 more that were not as expected",
    ] {
        assert!(markdown.contains(part), "`{part}` is not in:\n{markdown}");
    }
    let output = leasehold(&["run", &path, "--seed", "1"]);
    assert!(!text(&output.stderr).contains("::error"));
}

#[test]
fn a_quiet_run_says_what_is_not_as_expected_and_the_verdict_of_the_whole() {
    let folder = Folder::new("quiet");
    let (bad, good) = (failing(&folder), folder.file("good.toml", GOOD.replace("NAME", "good").as_bytes()));
    let told = |arguments: &[&str]| text(&leasehold(arguments).stdout);
    let said = told(&["run", "-q", &good]);
    assert!(said.starts_with("all as expected: 2 runs, ") && said.lines().count() == 1, "{said}");
    let said = told(&["run", "--quiet", &good, &bad]);
    assert!(said.starts_with("scenario  variant default, seeds 1..=2: 2 FAIL: expectation\n"), "{said}");
    assert!(said.contains("\nFAIL: expectation (get-mean) in scenario") && !said.contains("good"), "{said}");
}

/// The screen of the one run that fails: from its verdict on, without where its events are and what it cost.
fn screen(told: &str) -> String {
    let from = told.find("\nFAIL: ").unwrap_or_else(|| panic!("{told}"));
    let lines = told[from..].lines();
    let lines = lines.filter(|line| !line.starts_with("events: ") && !line.contains(" of CPU time"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_screen_of_a_failure_is_the_same_with_and_without_an_events_file() {
    let folder = Folder::new("same-screen");
    // What explains it happens in the first two seconds, and many thousand events go by until the bound is judged at the end.
    let long = GOOD.replace("NAME", "long").replace("\"2s\"", "\"40s\"").replace("50/s", "400/s");
    let path = folder.file("long.toml", format!("{long}\n[expect]\nget-mean = \"< 1ns\"\n").as_bytes());
    let out = folder.0.join("out").to_string_lossy().into_owned();
    let without = text(&leasehold(&["run", &path, "--seed", "1"]).stdout);
    let with = text(&leasehold(&["run", &path, "--seed", "1", "--out", &out]).stdout);
    assert_eq!(screen(&without), screen(&with));
    assert!(screen(&without).contains(" events, ") && screen(&without).contains(", around 0."), "{without}");
}

/// What `--out` keeps of the runs of `path` with these options: the lines of the files by name, and what is said.
fn kept(folder: &Folder, path: &str, options: &[&str]) -> (Vec<(String, Vec<String>)>, String) {
    let out = folder.0.join("out");
    // What another call has left.
    let _ = fs::remove_dir_all(&out);
    let output = leasehold(&[&["run", path, "--out", &out.to_string_lossy()], options].concat());
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let lines = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        (path.file_name().unwrap().to_string_lossy().into_owned(), lines)
    };
    let mut files: Vec<_> = fs::read_dir(out).unwrap().map(read).collect();
    files.sort();
    (files, text(&output.stdout) + &text(&output.stderr))
}

/// So many bytes are these lines in a file.
fn bytes(lines: &[String]) -> usize {
    lines.iter().map(|line| line.len() + 1).sum()
}

#[test]
fn an_events_file_has_all_events_of_its_run_or_says_what_it_has_no_room_for() {
    let folder = Folder::new("events");
    let path = failing(&folder);
    let events =
        leasehold(&["events", &path, "--seed", "1", "--variant", "default", "--engine", "raft-rs", "--load", "1"]);
    let mut all: Vec<String> = text(&events.stdout).lines().map(str::to_owned).collect();
    let fingerprint = all.pop().unwrap();
    let (files, told) = kept(&folder, &path, &[]);
    let [(name, lines), (second, _)] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!([name.as_str(), second], ["scenario-default-1.events", "scenario-default-2.events"]);
    assert_eq!(lines[0], format!("# scenario, variant default, seed 1, fingerprint {fingerprint}"));
    assert!(lines[1].starts_with("# its ") && lines[2..] == all, "all of them");
    assert!(told.contains("out/scenario-default-1.events\n") && !told.contains("no room"), "{told}");

    let (files, told) = kept(&folder, &path, &["--out-per-run", "20kB"]);
    let last = &files[0].1[2..];
    assert!(files[0].1[1].starts_with("# the last of its "));
    assert!(bytes(last) <= 20_000 && bytes(last) > 19_000 && all.ends_with(last), "the last of them");
    let dropped = format!("scenario-default-1.events, without the first {}:", grouped(all.len() - last.len()));
    assert!(told.contains(&dropped), "`{dropped}` is not in {told}");
    assert!(told.contains("--out: no room for the first events of 2 runs; see --out-per-run"), "{told}");

    let (files, told) = kept(&folder, &path, &["--out-total", "20kB"]);
    assert_eq!(files.len(), 1);
    assert!(bytes(&files[0].1[2..]) <= 20_000);
    assert!(told.contains("no room for the first events of 1 run and all events of 1 run"), "{told}");
    refused(&["run", &path, "--out", "x", "--out-total", "1"], &["a size is `500B`"]);
    refused(&["run", &path, "--out-total", "1GB"], &["--out"]);
}

/// `4,812`
fn grouped(number: usize) -> String {
    leasehold_sim::words::figures::count(number as u64)
}
