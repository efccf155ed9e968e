//! The gate, and the recipe by which CI runs it.

use super::{Folder, program, refused, text};
use leasehold_sim::history::Keep;
use leasehold_sim::report::behaviour;
use leasehold_sim::runner::{load, run};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const COMMIT: &str = "1f0c9a7e55b6c1d2e3f4a5b6c7d8e9f001122334";

const TINY: &str = r#"
name  = "tiny"
until = "3s"
seeds = "1..=2"

[cluster]
network = "same-az"

[[workload]]
kind = "kv"
clients = 4
rate = "200/s"
mix = { get = 0.7, put = 0.3 }
keys = { count = 2 }
"#;

const PROFILES: &str = r#"
[profile.tiny]
time = "10m"
runs = [{ of = ["fast/tiny"], seeds = 1 }]

[profile.again]
time = "1ns"
unseen-after = 3
runs = [{ of = ["fast/tiny"], seeds = 1 }, { of = ["fast/tiny"], pinned = false, seeds = 2, most = 9 }]
"#;

/// A project whose scenario is good but for this change.
fn project(name: &str, from: &str, to: &str) -> Folder {
    let folder = Folder::new(name);
    ["scenarios/fast", "gate", "snapshots"].iter().for_each(|inner| fs::create_dir_all(folder.0.join(inner)).unwrap());
    assert!(TINY.contains(from), "{from}");
    folder.file("scenarios/fast/tiny.toml", TINY.replace(from, to).as_bytes());
    folder.file("gate/profiles.toml", PROFILES.as_bytes());
    folder
}

impl Folder {
    fn gate(&self, arguments: &[&str]) -> Output {
        let all = [&["gate"], arguments, &["--commit", COMMIT, "--today", "2026-11-30"]].concat();
        program().current_dir(&self.0).args(all).output().unwrap()
    }

    /// Pins what its scenario gives.
    fn pin(&self) {
        let group = load(&self.0.join("scenarios/fast/tiny.toml")).unwrap();
        let behaviour = behaviour(&run(&group.spec(1, Keep::Nothing)));
        let pinned = format!("---\nsource: x\n---\n{behaviour}");
        self.file("snapshots/fast__tiny.snap", pinned.as_bytes());
    }
}

/// Compares a screen with `snapshots/screen__gate-NAME.snap`.
fn pinned(name: &str, screen: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(repository().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("screen__gate-{name}"), screen));
}

fn lines(output: &Output) -> Vec<Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of<'a>(lines: &'a [Value], about: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["about"] == about).collect()
}

#[test]
fn the_same_commit_runs_the_same_seeds_beside_those_of_the_files() {
    let folder = project("gate-plan", "same-az", "same-az").0;
    let plan = |commit: &str| {
        let output =
            program().current_dir(&folder).args(["gate", "again", "--plan", "--commit", commit]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    pinned("plan", &plan(COMMIT));
    assert_eq!(plan(&COMMIT[..12]), plan("1F0C9A7E55B6"));
    assert_ne!(plan("1f0c9a8e55b6"), plan(COMMIT));
}

#[test]
fn a_stale_read_is_one_group_with_its_bundle_until_it_is_known() {
    let folder = project("gate-failure", "until = \"3s\"", "until = \"3s\"\nvariant = \"cached-gets\"");
    let output = folder.gate(&["tiny", "--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let told = lines(&output);
    let [failure] = of(&told, "failure")[..] else { panic!("{told:?}") };
    assert_eq!(
        (&failure["class"], &failure["check"], &failure["runs"]),
        (&"stale-read".into(), &"staleness".into(), &2.into())
    );
    let failures: Vec<&Value> = failure["beside"].as_array().unwrap().iter().chain([failure]).collect();
    assert_eq!(failure["seeds"], serde_json::json!([1, 2]), "of a planted bug no seed is drawn");
    assert!(folder.0.join(failure["bundle"].as_str().unwrap()).exists());
    let known = |but: &str, expires: &str| {
        let entry = |failure: &&Value| {
            let [class, check, signature] = ["class", "check", "signature"].map(|name| failure[name].to_string());
            format!(
                "[[known]]\nclass = {class}\ncheck = {check}\nvariant = \"cached-gets\"\nsignature = {signature}\n\
                 reason = \"It is planted.\"\nlink = \"https://example.org/7\"\nexpires = {expires}\n"
            )
        };
        let entries: String = failures.iter().filter(|failure| failure["check"] != but).map(entry).collect();
        folder.file("gate/known.toml", entries.as_bytes());
        folder.gate(&["tiny", "--keep", "never"])
    };
    let output = known("", "2026-11-30");
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("seen in 2 runs, known until 2026-11-30. It is planted."), "{told}");
    for (but, expires) in [("", "2026-11-29"), ("staleness", "2026-11-30")] {
        let output = known(but, expires);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        assert!(text(&output.stdout).contains("NEW stale-read (staleness), variant cached-gets: 2 runs"));
    }
}

#[test]
fn a_network_that_has_changed_is_told_by_the_figures_that_moved() {
    let folder = project("gate-moved", "same-az", "same-az");
    folder.pin();
    let still = lines(&folder.gate(&["tiny", "--format", "jsonl"]));
    assert!(of(&still, "moved").is_empty(), "{still:?}");
    assert_eq!(of(&still, "verdict")[0]["unpinned"], serde_json::json!([]));
    folder.file("scenarios/fast/tiny.toml", TINY.replace("same-az", "cross-region").as_bytes());
    let output = folder.gate(&["tiny", "--format", "jsonl", "--markdown", "outcome.md"]);
    assert_eq!(output.status.code(), Some(0), "what moved fails nobody by itself");
    let told = lines(&output);
    let moved: Vec<_> =
        of(&told, "moved").into_iter().map(|moved| (moved["figure"].as_str().unwrap(), moved)).collect();
    let (_, put) = moved.iter().find(|(figure, _)| *figure == "put-mean").unwrap_or_else(|| panic!("{told:?}"));
    let value = |name: &str| put[name].as_f64().unwrap();
    assert!(value("by") > 30.0 && put["worse"] == true, "{put}");
    assert!((value("now") - value("pinned") - value("by")).abs() < 1e-3, "{put}");
    let markdown = fs::read_to_string(folder.0.join("outcome.md")).unwrap();
    assert!(markdown.contains("| fast/tiny | whole | put-mean |"), "{markdown}");
}

#[test]
fn what_there_was_no_time_for_is_named_and_is_an_exit_status_of_its_own() {
    let output = project("gate-time", "same-az", "same-az").gate(&["again"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.contains("fast/tiny, variant default: 4 of 4 runs"), "{told}");
    assert!(told.contains("gate again is incomplete: there was no time for 4 of 4 runs"), "{told}");
}

#[test]
fn what_a_gate_cannot_mean_is_refused_before_anything_runs() {
    let folder = project("gate-refused", "same-az", "same-az");
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = folder.gate(arguments);
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{told}");
        words.iter().for_each(|word| assert!(told.contains(word), "`{word}` is not in:\n{told}"));
    };
    refused(&["tinny"], &["unknown profile `tinny`; did you mean `tiny`? (gate/profiles.toml has `again` and `tiny`)"]);
    refused(&["tiny", "--time", "soon"], &["--time"]);
    let entry = "[[known]]\nclass = \"liveness\"\ncheck = \"recover\"\nscenario = \"fast/tinny\"\nreason = \"x\"\nlink = \"https://x\"\nexpires = 2027-01-01\n";
    folder.file("gate/known.toml", entry.as_bytes());
    refused(&["tiny"], &["gate/known.toml:3:9", "unknown check `recover`; did you mean `recovers`?"]);
    folder.file("gate/known.toml", entry.replace("\"recover\"", "\"recovers\"").as_bytes());
    refused(&["tiny"], &["gate/known.toml:1:1", "there is no `fast/tinny`; did you mean `fast/tiny`?"]);
}

#[test]
fn no_knob_says_what_a_gate_runs() {
    let folder = project("gate-knobs", "same-az", "same-az");
    let mut gate = program();
    gate.current_dir(&folder.0).args(["gate", "tiny", "--plan", "--commit", COMMIT]).env("LEASEHOLD_SEEDS", "1..3");
    let output = gate.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("LEASEHOLD_SEEDS=1..3: what is run the profile says"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_commit_is_a_hash() {
    refused(&["gate", "tiny", "--commit", "main"], &["a commit is 7 to 64 hexadecimal digits"]);
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn workflow(name: &str) -> String {
    fs::read_to_string(repository().join(".github/workflows").join(name)).unwrap()
}

/// What a workflow says at `key`, as often as it does.
fn said<'a>(workflow: &'a str, key: &str) -> Vec<&'a str> {
    let lines = workflow.lines().map(|line| line.trim_start().trim_start_matches("- "));
    lines.filter_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).collect()
}

#[test]
fn the_steps_of_the_workflow_run_as_they_stand_and_leave_what_is_uploaded() {
    let workflow = workflow("gate.yml");
    let steps = said(&workflow, "run");
    assert_eq!(steps, [".ci/rust", ".ci/gate \"$PROFILE\""], "each step is one line, which is run here");
    let folder = project("gate-recipe", "same-az", "same-az");
    for inner in [".ci", "bin"] {
        fs::create_dir_all(folder.0.join(inner)).unwrap();
    }
    for script in [".ci/rust", ".ci/gate", "Cargo.toml"] {
        fs::copy(repository().join(script), folder.0.join(script)).unwrap();
    }
    // Nothing is installed: what would be is written down.
    folder.file("bin/rustup", b"#!/bin/sh\necho \"$@\" >>rustup.log\n");
    let made = Command::new("chmod").arg("+x").arg(folder.0.join("bin/rustup")).status().unwrap();
    assert!(made.success());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = format!("{}:{}", folder.0.join("bin").display(), path.to_string_lossy());
    let run = |step: &str| {
        let mut command = Command::new("bash");
        command.args(["-e", "-c", step]).current_dir(&folder.0).env_clear().env("PATH", &path);
        command.env("LEASEHOLD", env!("CARGO_BIN_EXE_leasehold")).env("PROFILE", "tiny");
        // As GitHub has it; there is no repository to ask.
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_SHA", COMMIT).env("GIT_DIR", "none");
        command
            .env("GITHUB_WORKSPACE", &folder.0)
            .env("GITHUB_STEP_SUMMARY", folder.0.join("summary.md"))
            .output()
            .unwrap()
    };
    let told = |output: &Output| format!("{}{}", text(&output.stdout), text(&output.stderr));
    for step in &steps {
        let output = run(step);
        assert_eq!(output.status.code(), Some(0), "{step}: {}", told(&output));
    }
    let read = |name: &str| fs::read_to_string(folder.0.join(name)).unwrap();
    assert!(read("rustup.log").starts_with("toolchain install 1."), "{}", read("rustup.log"));
    assert!(
        read("summary.md").starts_with("### leasehold: gate tiny, commit 1f0c9a7e55b6 passes"),
        "{}",
        read("summary.md")
    );
    assert_eq!(read("summary.md"), read("target/gate/outcome.md"));

    folder.file("scenarios/fast/tiny.toml", TINY.replace("\"3s\"", "\"3s\"\nvariant = \"cached-gets\"").as_bytes());
    let output = run(steps[1]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(text(&output.stderr).contains("::error file=scenarios/fast/tiny.toml"), "{}", told(&output));
    let uploaded =
        said(&workflow, "path").into_iter().find(|path| path.starts_with("target/gate")).expect("it is uploaded");
    let bundles = fs::read_dir(folder.0.join(uploaded).join("bundles")).unwrap();
    assert_eq!(bundles.count(), 2);
    assert!(read("target/gate/outcome.md").contains("#### new: stale-read"));
}

#[test]
fn the_profiles_of_this_repository_name_what_there_is() {
    for profile in ["pull-request", "nightly", "soak"] {
        let mut gate = program();
        let output =
            gate.current_dir(repository()).args(["gate", profile, "--plan", "--commit", COMMIT]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("regressions/half-of-joint"), "{profile}");
    }
}

#[test]
fn workflows_may_read_alone_and_name_versions_of_what_they_use() {
    for name in ["gate.yml", "leasehold.yml"] {
        let workflow = workflow(name);
        assert!(workflow.contains("\npermissions:\n  contents: read\n"), "{name}");
        for used in said(&workflow, "uses") {
            let version = used.split_once("@v").map_or("", |(_, version)| version);
            let parts: Vec<&str> = version.split('.').collect();
            let is_whole = parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok());
            assert!(is_whole, "{name}: {used} may be another tomorrow");
        }
    }
}
