//! The command line: what it refuses, how, and with which exit status.

mod early;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A scenario that takes no time.
const GOOD: &str = r#"
name  = "NAME"
until = "2s"
seeds = "1..=2"

timeline = [
  { at = "1s", partition = { sides = [["n1"], ["n2"]], for = "200ms" } },
]

[[workload]]
kind = "kv"
clients = 2
rate = "50/s"

[floors]
reads = 1
"#;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
        // What an earlier run of the test has left.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, contents: &[u8]) -> String {
        let path = self.0.join(name);
        File::create(&path).unwrap().write_all(contents).unwrap();
        path.to_string_lossy().into_owned()
    }

    /// A scenario that is good but for this change.
    fn scenario(&self, from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        self.file("scenario.toml", GOOD.replace("NAME", "scenario").replace(from, to).as_bytes())
    }
}

/// The program, whatever knobs the tests themselves run under.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_leasehold"));
    let reaches = |name: &str| ["LEASEHOLD_", "MADSIM_TEST_", "GITHUB_"].iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in std::env::vars_os().filter(|(name, _)| reaches(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

fn leasehold(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

fn leasehold_under(environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    program().args(arguments).envs(environment.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exit status 2, all of `words` on standard error, nothing on standard output.
#[track_caller]
fn refused(arguments: &[&str], words: &[&str]) {
    let output = leasehold(arguments);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert_eq!(text(&output.stdout), "");
    for word in words {
        assert!(told.contains(word), "`{word}` is not in:\n{told}");
    }
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn a_good_scenario_runs() {
    let path = Folder::new("good").scenario("2s", "2s");
    let output = leasehold(&["run", &path]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", text(&output.stderr));
    for word in
        ["2 pass", "simulated s per CPU s", "events per CPU s", "CPU us an operation", "all as expected: 2 runs"]
    {
        assert!(told.contains(word), "`{word}` is not in:\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "colour where there is no terminal");
}

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
fn seeds_may_be_a_list_on_the_command_line_and_in_the_file() {
    let path = Folder::new("seeds").scenario("seeds = \"1..=2\"", "seeds = \"8,3..=4\"");
    let seeds = |more: &[&str]| {
        let output = leasehold(&[&["run", &path, "--format", "jsonl"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let seed = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["seed"].as_u64().unwrap();
        text(&output.stdout).lines().map(seed).collect::<Vec<_>>()
    };
    assert_eq!(seeds(&[]), [8, 3, 4]);
    assert_eq!(seeds(&["--seeds", "1,5,9..11"]), [1, 5, 9, 10]);
    assert!(text(&leasehold(&["run", &path]).stdout).contains("scenario  variant default, seeds 8,3..=4: 3 pass"));
    refused(&["run", &path, "--seeds", "1,5,4..9"], &["seed 5 stands twice in `1,5,4..9`"]);
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
fn a_floor_that_is_not_reached_exits_4() {
    let path = Folder::new("floor").scenario("reads = 1\n", "reads = 1_000_000\n");
    assert_eq!(leasehold(&["run", &path]).status.code(), Some(4));
}

#[test]
fn a_leak_exits_3() {
    let path = Folder::new("leak").scenario("2s", "2s");
    let output = leasehold(&["verify", &path, "--seed", "1", "--test-leak"]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("the first event that differs is number "), "{told}");
    let output = leasehold(&["verify", &path, "--seed", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
}

#[test]
fn a_bad_file_is_shown_with_line_and_caret() {
    let folder = Folder::new("bad");
    refused(&["run", &folder.scenario("clients = 2", "cleints = 2")], &["cleints", "scenario.toml:12", "^", "clients"]);
    refused(&["run", &folder.scenario("\"200ms\"", "\"200\"")], &["`200` has no unit", "scenario.toml:7", "^"]);
    refused(&["run", &folder.scenario("at = \"1s\"", "at = \"9s\"")], &["scenario.toml:7", "^"]);
    refused(&["run", &folder.scenario("[\"n2\"]", "[]")], &["scenario.toml:7", "^"]);
}

#[test]
fn a_variant_that_a_file_expects_something_of_must_exist() {
    let expect = "rate = \"50/s\"\n[expect.variant.elastikv-549]\nclass = \"expectation\"\n";
    let path = Folder::new("expected-variant").scenario("rate = \"50/s\"\n", expect);
    refused(
        &["run", &path],
        &["unknown variant `elastikv-549`", "did you mean `elastickv-549`?", "scenario.toml:14", "^"],
    );
}

#[test]
fn what_is_not_a_scenario_file_is_refused_in_a_sentence() {
    let folder = Folder::new("files");
    let large = folder.0.join("large.toml");
    File::create(&large).unwrap().set_len(100 << 20).unwrap();
    refused(&["run", &large.to_string_lossy()], &["larger than a scenario may be"]);
    refused(&["run", &folder.file("binary.toml", &[0x7f, b'E', b'L', b'F', 0xff, 0xfe, 0])], &["not UTF-8"]);
    refused(
        &["run", &Folder::new("empty").0.to_string_lossy()],
        &["there is no scenario file (`*.toml`) in the folder"],
    );
    refused(&["run", &folder.0.join("missing.toml").to_string_lossy()], &["there is no file"]);
    refused(&["run", "no/such/scenario.toml"], &["there is no file"]);
}

#[test]
fn several_bad_files_are_all_reported_and_nothing_runs() {
    let folder = Folder::new("several");
    let good = folder.file("good.toml", GOOD.replace("NAME", "good").as_bytes());
    let bad = folder.file("bad.toml", GOOD.replace("NAME", "bad").replace("kind = \"kv\"", "kind = \"vk\"").as_bytes());
    let worse = folder.file("worse.toml", b"until = ");
    refused(
        &["run", &good, &bad, &worse, "nobody"],
        &["bad.toml", "worse.toml", "unknown scenario or folder `nobody`"],
    );
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let path = Folder::new("arguments").scenario("2s", "2s");
    refused(&["run", &path, "--seeds", "9..1"], &["9..1"]);
    refused(&["run", &path, "--seeds", "3..3"], &["empty"]);
    refused(&["run", &path, "--seed", "minus"], &["--seed"]);
    refused(&["run", &path, "--seed", "1", "--seeds", "1..2"], &["cannot be used with"]);
    refused(&["run", &path, "--jobs", "0"], &["--jobs", "not a whole number from 1"]);
    refused(&["matrix", "--seeds-per-range", "x"], &["--seeds-per-range", "not a whole number from 1"]);
    refused(&["matrix", "--seeds", "0"], &["--seeds-per-range", "not a whole number from 1"]);
    refused(&["matrix", "--chaos-seeds", "x"], &["--chaos-seeds"]);
    refused(&["matrix", "--variant", "default"], &["nothing is wrong with the default", "name one of those"]);
    refused(&["run", &path, "--variant", "qqqqqq"], &["unknown variant `qqqqqq`; see `leasehold list variants`"]);
    refused(&["run", &path, "--engine", "etcd"], &["raft-rs"]);
    refused(&["run", &path, "--format", "xml"], &["jsonl"]);
    refused(&["run", &path, "--variant", "defualt"], &["unknown variant `defualt`", "did you mean `default`?"]);
    refused(&["run", "fast/stedy"], &["unknown scenario or folder `fast/stedy`", "did you mean `fast/steady`?"]);
    refused(&["run", &path, "--out", &path], &["--out"]);
    refused(&["run", &path, "--load", "80%"], &["`80%` is not a load", "a factor of 0.01 to 4"]);
    refused(&["verify"], &["SCENARIOS"]);
    refused(&["list", "nodes"], &["scenarios"]);
}

#[test]
fn a_cluster_of_a_variant_that_there_is_not_is_refused() {
    let path =
        Folder::new("changes").scenario("[[workload]]", "[cluster.variant]\nelastickv-54.cpu.cores = 2\n[[workload]]");
    refused(&["run", &path], &["unknown variant `elastickv-54`", "did you mean `elastickv-549`?", "^"]);
}

#[test]
fn the_load_scales_what_open_loops_ask_and_is_part_of_the_command_that_repeats_a_run() {
    let path = failing(&Folder::new("load"));
    let gets = |load: &str| {
        let arguments = ["run", &path, "--seed", "1", "--load", load, "--format", "jsonl"];
        let run: serde_json::Value = serde_json::from_str(&text(&leasehold(&arguments).stdout)).unwrap();
        assert_eq!(run["load"].as_f64(), load.parse().ok());
        run["ops"]["get"]["ok"].as_u64().unwrap()
    };
    assert!(gets("2") > gets("1") && gets("1") > gets("0.5"));
    let told = text(&leasehold(&["run", &path, "--seed", "1", "--load", "0.5"]).stdout);
    assert!(told.contains("--seed 1 --variant default --load 0.5\n"), "{told}");
}

#[test]
fn a_scenario_is_found_by_name_from_anywhere() {
    for name in ["steady", "fast/steady", "scenarios/fast/steady.toml"] {
        let mut command = program();
        command.args(["run", name, "--seed", "1", "--format", "jsonl"]).current_dir(std::env::temp_dir());
        let output = command.output().unwrap();
        assert!(text(&output.stdout).contains("\"scenario\":\"fast/steady\""), "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn lists_name_what_there_is() {
    let list = |what: &str| {
        let output = leasehold(&["list", what]);
        assert_eq!(output.status.code(), Some(0));
        let lines = text(&leasehold(&["list", what, "--format", "jsonl"]).stdout);
        assert!(lines.lines().count() > 1, "{what}: {lines}");
        assert!(
            lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).unwrap().is_object()),
            "{lines}"
        );
        text(&output.stdout)
    };
    assert!(list("scenarios").contains("fast/steady"));
    assert!(list("variants").contains("elastickv-549"));
    assert!(list("faults").contains("partition"));
    assert!(list("checks").contains("staleness"));
    assert!(list("selectors").contains("@lease-holder"));
    assert!(list("moments").contains("lease.expiry"));
    assert!(list("metrics").contains("get-p99"));
}

/// A scenario whose every run misses a bound.
fn failing(folder: &Folder) -> String {
    folder.scenario("rate = \"50/s\"\n", "rate = \"50/s\"\n[expect]\nget-mean = \"< 1ns\"\n")
}

#[test]
fn a_scenario_is_explained_and_nothing_runs() {
    let path = Folder::new("explain").scenario("2s", "2s");
    let output = leasehold(&["explain", &path, "--variant", "long-lease"]);
    let told = text(&output.stdout);
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    for word in
        ["under the variant `long-lease`", "1s: for 200ms n1 and n2 cannot reach each other", "A lease lasts 3s"]
    {
        assert!(told.contains(word), "`{word}` is not in:\n{told}");
    }
    refused(&["explain", &path, "--variant", "long-leas"], &["did you mean `long-lease`?"]);
    refused(&["explain"], &["SCENARIO"]);
}

#[test]
fn warnings_fail_no_run_unless_they_are_denied() {
    let folder = Folder::new("warnings");
    let path = folder.scenario("timeline = [\n", "timeline = [\n  { at = \"1s..2s\", tag = \"unused\" },\n");
    let warning = "warning: nothing is expected in the window `unused`";
    for command in [&["run", &path, "--seed", "1"][..], &["explain", &path]] {
        let output = leasehold(command);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(text(&output.stderr).matches(warning).count(), 1, "{}", text(&output.stderr));
        refused(&[command, &["--deny-warnings"]].concat(), &[warning, "scenario.toml:7", "they are denied"]);
    }
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
fn knobs_are_echoed_and_flags_beat_them() {
    let path = Folder::new("knobs").scenario("2s", "2s");
    let runs = |environment: &[(&str, &str)], flags: &[&str]| {
        let output = leasehold_under(environment, &[&["run", &path, "--format", "jsonl"], flags].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let seed = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["seed"].as_u64().unwrap();
        (text(&output.stdout).lines().map(seed).collect::<Vec<_>>(), text(&output.stderr).trim().to_owned())
    };
    assert_eq!(runs(&[], &[]), (vec![1, 2], String::new()));
    assert_eq!(runs(&[("LEASEHOLD_SEED", "7")], &[]), (vec![7], "knobs: LEASEHOLD_SEED=7".to_owned()));
    let (seeds, told) = runs(&[("LEASEHOLD_SEEDS", "7..9"), ("LEASEHOLD_JOBS", "1")], &["--seed", "3"]);
    assert_eq!(
        (seeds, told.as_str()),
        (vec![3], "knobs: LEASEHOLD_JOBS=1 LEASEHOLD_SEEDS=7..9 (the command line says otherwise)")
    );
    for (name, value, word) in [
        ("LEASEHOLD_SEDS", "1", "did you mean `LEASEHOLD_SEEDS`?"),
        ("LEASEHOLD_JOBS", "0", "not a whole number from 1"),
        ("LEASEHOLD_VARIANT", "defualt", "did you mean `default`?"),
    ] {
        let output = leasehold_under(&[(name, value)], &["run", &path]);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""));
        assert!(text(&output.stderr).contains(word), "{}", text(&output.stderr));
    }
    let output = leasehold_under(&[("LEASEHOLD_SCENARIO", "fast/stedy")], &["run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("did you mean `fast/steady`?"), "{}", text(&output.stderr));
}

#[test]
fn spoilt_files_are_made_for_as_long_as_is_asked_and_replayed() {
    let folder = Folder::new("fuzz");
    let output = program().args(["fuzz", "--for", "1s", "--seed", "3"]).current_dir(&folder.0).output().unwrap();
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}{}", text(&output.stderr));
    assert!(told.starts_with("fuzz, seed 3, ") && told.ends_with("; nothing found\n"), "{told}");
    let path = folder.file("spoilt.toml", b"until = \"\xff");
    let output = leasehold(&["fuzz", "--replay", &path]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("1 inputs, 1 refused"), "{}", text(&output.stdout));
}

#[test]
fn a_folder_is_all_of_its_scenarios() {
    let folder = Folder::new("folder");
    for name in ["one", "two"] {
        folder.file(&format!("{name}.toml"), GOOD.replace("NAME", name).as_bytes());
    }
    let titles = |arguments: &[&str], cwd: &Path| {
        let arguments = [&["run"], arguments, &["--seed", "1", "--format", "jsonl"]].concat();
        let output = program().args(arguments).current_dir(cwd).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let title = |line: &str| {
            let run: serde_json::Value = serde_json::from_str(line).unwrap();
            run["scenario"].as_str().unwrap().to_owned()
        };
        text(&output.stdout).lines().map(title).collect::<Vec<_>>()
    };
    let above = folder.0.parent().unwrap();
    let path = folder.0.to_string_lossy().into_owned();
    assert_eq!(titles(&[&path], above), ["one", "two"]);
    assert_eq!(titles(&["folder"], above), ["one", "two"]);
    assert_eq!(titles(&["."], &folder.0), ["one", "two"]);
    assert_eq!(titles(&["two.toml", "."], &folder.0), ["two", "one"], "a file that is named twice runs once");
}

#[test]
fn a_folder_of_the_catalogue_is_found_by_name_from_anywhere() {
    let listed = text(&leasehold(&["list", "scenarios"]).stdout);
    let incidents = listed.lines().filter(|line| line.starts_with("incidents/")).count();
    for folder in ["incidents", "incidents/", "scenarios/incidents"] {
        let output = program().args(["explain", folder]).current_dir(std::env::temp_dir()).output().unwrap();
        let told = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_eq!(told.lines().filter(|line| line.starts_with("incidents/")).count(), incidents, "{folder}: {told}");
        assert!(told.contains("\n\nincidents/pr-558\n"), "{told}");
    }
    refused(&["run", "fst"], &["unknown scenario or folder `fst`; did you mean `fast`?"]);
    refused(&["verify", "scenarios/incidentz"], &["unknown scenario or folder `scenarios/incidentz`"]);
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

#[test]
fn a_shell_gets_what_it_completes_command_lines_by() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = leasehold(&["completions", shell]);
        let script = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(["leasehold", "max-failures", "matrix"].iter().all(|word| script.contains(word)), "{shell}: {script}");
    }
    refused(&["completions", "tcsh"], &["bash"]);
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
    // What explains it happens in the second second, and many thousand events go by until the bound is judged at the end.
    let long = GOOD.replace("NAME", "long").replace("\"2s\"", "\"40s\"").replace("50/s", "400/s");
    let path = folder.file("long.toml", format!("{long}\n[expect]\nget-mean = \"< 1ns\"\n").as_bytes());
    let out = folder.0.join("out").to_string_lossy().into_owned();
    let without = text(&leasehold(&["run", &path, "--seed", "1"]).stdout);
    let with = text(&leasehold(&["run", &path, "--seed", "1", "--out", &out]).stdout);
    assert_eq!(screen(&without), screen(&with));
    assert!(screen(&without).contains("PARTITION is effective"), "{without}");
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
    let events = leasehold(&["events", &path, "--seed", "1", "--variant", "default", "--load", "1"]);
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
