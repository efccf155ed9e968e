//! The command line: what it refuses, how, and with which exit status.

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

fn leasehold(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_leasehold")).args(arguments).output().unwrap()
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
    for word in ["2 pass", "simulated s per wall s", "events/s", "us an operation", "all as expected: 2 runs"] {
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
        assert!(run["wall_ms"].take().is_f64());
    }
    assert_eq!(one, two, "wall_ms is the only field that may differ");
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
    assert!(told.contains(&format!("run {path} --seed 2 --variant default")), "{told}");
    assert!(
        told.lines().all(|line| line.chars().count() <= 120 || line.contains(&path) || line.contains("out/")),
        "{told}"
    );
    let events = fs::read_to_string(out.join("scenario-default-2.events")).unwrap();
    assert!(events.lines().count() > 100);
}

#[test]
fn a_floor_that_is_not_reached_exits_4() {
    let path = Folder::new("floor").scenario("rate = \"50/s\"\n", "rate = \"50/s\"\n[floors]\nreads = 1_000_000\n");
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
    refused(&["run", &folder.0.to_string_lossy()], &["folder"]);
    refused(&["run", &folder.0.join("missing.toml").to_string_lossy()], &["there is no file"]);
    refused(&["run", "no/such/scenario.toml"], &["there is no file"]);
}

#[test]
fn several_bad_files_are_all_reported_and_nothing_runs() {
    let folder = Folder::new("several");
    let good = folder.file("good.toml", GOOD.replace("NAME", "good").as_bytes());
    let bad = folder.file("bad.toml", GOOD.replace("NAME", "bad").replace("kind = \"kv\"", "kind = \"vk\"").as_bytes());
    let worse = folder.file("worse.toml", b"until = ");
    refused(&["run", &good, &bad, &worse, "nobody"], &["bad.toml", "worse.toml", "unknown scenario `nobody`"]);
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let path = Folder::new("arguments").scenario("2s", "2s");
    refused(&["run", &path, "--seeds", "9..1"], &["9..1"]);
    refused(&["run", &path, "--seeds", "3..3"], &["empty"]);
    refused(&["run", &path, "--seed", "minus"], &["--seed"]);
    refused(&["run", &path, "--seed", "1", "--seeds", "1..2"], &["cannot be used with"]);
    refused(&["run", &path, "--jobs", "0"], &["--jobs"]);
    refused(&["run", &path, "--engine", "etcd"], &["raft-rs"]);
    refused(&["run", &path, "--format", "xml"], &["jsonl"]);
    refused(&["run", &path, "--variant", "defualt"], &["unknown variant `defualt`", "did you mean `default`?"]);
    refused(&["run", "fast/stedy"], &["unknown scenario `fast/stedy`", "did you mean `fast/steady`?"]);
    refused(&["run", &path, "--out", &path], &["--out"]);
    refused(&["verify"], &["SCENARIOS"]);
    refused(&["list", "nodes"], &["scenarios"]);
}

#[test]
fn a_scenario_is_found_by_name_from_anywhere() {
    for name in ["steady", "fast/steady", "scenarios/fast/steady.toml"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leasehold"));
        command.args(["run", name, "--seed", "1", "--format", "jsonl"]).current_dir(std::env::temp_dir());
        let output = command.output().unwrap();
        assert!(text(&output.stdout).contains("\"scenario\":\"steady\""), "{name}: {}", text(&output.stderr));
    }
}

#[test]
fn lists_name_what_there_is() {
    let list = |what: &str| {
        let output = leasehold(&["list", what]);
        assert_eq!(output.status.code(), Some(0));
        text(&output.stdout)
    };
    assert!(list("scenarios").contains("fast/steady"));
    assert!(list("variants").contains("elastickv-549"));
    assert!(list("faults").contains("partition"));
    assert!(list("checks").contains("staleness"));
}
