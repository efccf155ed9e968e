//! The command line: what it refuses, how, and with which exit status.

mod bundles;
mod early;
mod gate;
mod minimize;
mod refusals;
mod reports;

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
    // Runs that fail leave bundles.
    command.current_dir(env!("CARGO_TARGET_TMPDIR"));
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

/// A scenario whose every run misses a bound.
fn failing(folder: &Folder) -> String {
    folder.scenario("rate = \"50/s\"\n", "rate = \"50/s\"\n[expect]\nget-mean = \"< 1ns\"\n")
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
fn what_a_seed_draws_is_frozen_into_a_file_that_gives_the_same_history() {
    let folder = Folder::new("freeze");
    let path = folder.0.join("frozen.toml").to_string_lossy().into_owned();
    let freeze = ["freeze", "slow/groups-chaos", "--seed", "5", "-o", &path];
    assert_eq!(leasehold(&freeze).status.code(), Some(0));
    let frozen = std::fs::read_to_string(&path).unwrap();
    assert!(frozen.starts_with("# What seed 5 draws of slow/groups-chaos.\nname = \"frozen\"\n"), "{frozen}");
    assert!(frozen.contains("seeds = \"5\"") && !frozen.contains("[chaos]"), "{frozen}");
    let fingerprint = |scenario: &str| {
        let events = ["events", scenario, "--seed", "5", "--variant", "default", "--load", "1", "--fingerprint"];
        text(&leasehold(&events).stdout)
    };
    assert_eq!(fingerprint(&path), fingerprint("slow/groups-chaos"));
    refused(&freeze, &["--out", "frozen.toml"]);
    refused(&["freeze", "slow/chaos", "--seed", "5", "-o", "x y.toml"], &["did you mean `x-y.toml`?"]);
    refused(&["freeze", "planted", "--seed", "1"], &["freeze one"]);
    let printed = text(&leasehold(&["freeze", "fast/steady", "--seed", "3"]).stdout);
    assert!(printed.contains("name = \"steady-seed-3\""), "{printed}");
    let frozen = |variant| leasehold(&["freeze", "incidents/april-2026", "--seed", "1", "--variant", variant]).stdout;
    let [old, new] = ["elastickv-549", "default"].map(|variant| text(&frozen(variant)));
    let lanes = |frozen: &str| frozen.lines().find(|line| line.starts_with("lanes")).map(str::to_owned);
    assert_eq!(lanes(&old), lanes(&new), "what a variant changes stays the variant's: {old}");
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
fn a_shell_gets_what_it_completes_command_lines_by() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = leasehold(&["completions", shell]);
        let script = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(["leasehold", "max-failures", "matrix"].iter().all(|word| script.contains(word)), "{shell}: {script}");
    }
    refused(&["completions", "tcsh"], &["bash"]);
}
