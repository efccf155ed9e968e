//! A request that ends before all of its runs are judged.

use super::{Folder, GOOD, leasehold, leasehold_under, minimize::LARGE, program, refused, text};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// More runs than anybody waits for.
const MANY: &str = "1..=100_000";

fn begun(arguments: &[&str]) -> Child {
    let mut command = program();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap().success());
}

/// The rest of what it says: its exit status, standard output, standard error.
fn ended(mut child: Child) -> (Option<i32>, String, String) {
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), text(&output.stdout), told)
}

#[test]
fn what_was_judged_before_an_interrupt_is_reported_in_whole_documents() {
    let folder = Folder::new("interrupt");
    let path = folder.scenario("2s", "2s");
    for name in ["INT", "TERM"] {
        let junit = folder.0.join(format!("{name}.xml"));
        let options = ["--format", "jsonl", "--junit", &junit.to_string_lossy()];
        let mut child = begun(&[&["run", &path, "--seeds", MANY], &options[..]].concat());
        // One run at least is judged.
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = String::new();
        out.read_line(&mut lines).unwrap();
        signal(&child, name);
        out.read_to_string(&mut lines).unwrap();
        let (status, _, told) = ended(child);
        assert_eq!(status, Some(130), "{told}");
        for (number, line) in lines.lines().enumerate() {
            let run: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(run["seed"].as_u64(), Some(number as u64 + 1));
        }
        let judged = lines.lines().count();
        assert!(lines.ends_with('\n') && judged < 100_000);
        assert!(told.replace(',', "").contains(&format!("interrupted: {judged} of 100000 runs")), "{told}");
        let xml = fs::read_to_string(&junit).unwrap();
        assert!(xml.contains(&format!("tests=\"{}\" skipped=\"1\"", judged + 1)), "{xml}");
        assert!(xml.contains("of 100,000 runs") && xml.trim_end().ends_with("</testsuites>"), "{xml}");
    }
}

#[test]
fn the_report_of_an_interrupted_sweep_says_how_much_of_it_was_judged() {
    let folder = Folder::new("interrupt-text");
    let short = folder.file("short.toml", GOOD.replace("NAME", "short").as_bytes());
    let long = folder.file("long.toml", GOOD.replace("NAME", "long").replace("1..=2", MANY).as_bytes());
    // The report of the first scenario is there when its last run is judged.
    let mut child = begun(&["run", &short, &long]);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut lines = String::new();
    out.read_line(&mut lines).unwrap();
    signal(&child, "INT");
    out.read_to_string(&mut lines).unwrap();
    let (status, _, told) = ended(child);
    assert_eq!(status, Some(130), "{told}");
    assert!(lines.contains("short  variant default, seeds 1..=2: 2 pass"), "{lines}");
    // Where the interrupt came before any run of the second was judged, there is nothing to report of it.
    let mut second = lines.lines().filter(|line| line.starts_with("long  "));
    assert!(
        second.all(|line| {
            line.starts_with("long  variant default, seeds 1..=100000 (") && line.contains(" of 100,000): ")
        }),
        "{lines}"
    );
    let last: Vec<&str> = lines.lines().rev().take(2).collect();
    assert!(last[1].starts_with("interrupted: ") && last[1].ends_with(" of 100,002 runs"), "{lines}");
    assert!(last[0].starts_with("all of these as expected: "), "{lines}");
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let folder = Folder::new("interrupt-twice");
    // A day of simulated time.
    let path = folder.scenario("until = \"2s\"", "until = \"24h\"");
    let junit = folder.0.join("junit.xml");
    let interrupted_twice = || {
        let _ = fs::remove_file(&junit);
        let mut child = begun(&["run", &path, "--junit", &junit.to_string_lossy()]);
        // It listens before it makes the file.
        while !junit.exists() {
            std::thread::yield_now();
        }
        signal(&child, "INT");
        let (mut told, mut line) = (BufReader::new(child.stderr.take().unwrap()), String::new());
        told.read_line(&mut line).unwrap();
        assert!(line.starts_with("interrupted: "), "{line}");
        signal(&child, "INT");
        child.wait_with_output().unwrap()
    };
    let mut output = interrupted_twice();
    // Where the first came before a run had begun there was nothing to wait for, and it ended in good order.
    while text(&output.stdout).starts_with("interrupted: 0 of 2 runs") {
        output = interrupted_twice();
    }
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(130), ""));
    assert_eq!(fs::read_to_string(&junit).unwrap(), "", "nothing was waited for");
}

/// What is said once `first` was said on standard output (or error) and the command was interrupted: exit status 130, and the rest of both.
fn interrupted_after(first: &str, on_error: bool, arguments: &[&str]) -> (String, String) {
    let mut child = begun(arguments);
    let (mut out, mut err) =
        (BufReader::new(child.stdout.take().unwrap()), BufReader::new(child.stderr.take().unwrap()));
    let (mut told, mut complained) = (String::new(), String::new());
    let (pipe, lines): (&mut dyn BufRead, _) =
        if on_error { (&mut err, &mut complained) } else { (&mut out, &mut told) };
    while !lines.contains(first) {
        assert!(pipe.read_line(lines).unwrap() > 0, "`{first}` is not in:\n{lines}");
    }
    signal(&child, "INT");
    out.read_to_string(&mut told).unwrap();
    err.read_to_string(&mut complained).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{told}{complained}");
    (told, complained)
}

#[test]
fn whatever_is_interrupted_tells_what_it_has_judged_and_of_how_much() {
    let path = Folder::new("interrupt-others").scenario("2s", "2s");
    let (told, complained) = interrupted_after("seed 1: ", false, &["verify", &path, "--seeds", MANY]);
    let judged = told.matches("equal, ").count();
    assert!(complained.replace(',', "").contains(&format!("interrupted: {judged} of 100000 seeds")), "{complained}");

    let margin = ["margin", &path, "--dial", "clock-drift", "--dial", "leader-pause", "--seeds", "1..=2"];
    let (told, complained) = interrupted_after(" cuts", false, &margin);
    assert!(told.contains("by theory") && complained.contains("interrupted: 1 of 2 margins"), "{told}{complained}");

    let variants = ["elastickv-549", "long-lease"].map(|name| ["--variant", name]).concat();
    let matrix = [&["matrix", "--jobs", "1", "--chaos-seeds", "0", "--seeds", "1"], &variants[..]].concat();
    let (told, complained) = interrupted_after(": seen", true, &matrix);
    assert!(told.contains("elastickv-549 ") && !told.contains("default "), "{told}");
    assert!(complained.contains("interrupted: 1 of 3 variants"), "{complained}");

    let large = Folder::new("interrupt-minimize").file("large.toml", LARGE.as_bytes());
    let minimize = ["minimize", &large, "--seed", "1", "--variant", "unsynced-disk", "--jobs", "1"];
    let (told, complained) = interrupted_after("durability (raft-invariant) is to stay", true, &minimize);
    assert!(told.contains("[expect.variant.unsynced-disk]\ncheck = \"durability\""), "{told}");
    assert!(complained.contains("interrupted: it may get smaller still; minimise what was written"), "{complained}");

    let (told, _) = interrupted_after("files, for 86400s", true, &["fuzz", "--for", "24h"]);
    assert!(told.starts_with("interrupted after ") && told.contains("; nothing found"), "{told}");
}

/// The runs that these arguments give, without how long each took.
fn runs(arguments: &[&str]) -> Vec<serde_json::Value> {
    let output = leasehold(&[arguments, &["--format", "jsonl"]].concat());
    let run = |line: &str| {
        let mut run: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(run["wall_ms"].take().is_f64() && run["cpu_ms"].take().is_f64());
        run
    };
    text(&output.stdout).lines().map(run).collect()
}

/// A bound that some seeds miss.
fn failing_now_and_then(folder: &Folder) -> String {
    folder.scenario("rate = \"50/s\"\n", "rate = \"50/s\"\n[expect]\nget-ok = \"<= 90\"\n")
}

#[test]
fn a_sweep_ends_after_so_many_failures_with_the_same_runs_whatever_the_jobs() {
    let path = failing_now_and_then(&Folder::new("max-failures"));
    let arguments = ["run", &path, "--seeds", "1..=40"];
    let all = runs(&arguments);
    let failed: Vec<usize> = (0..all.len()).filter(|run| all[*run]["as_expected"] == false).collect();
    assert!((4..36).contains(&failed.len()), "{failed:?}");
    for (flags, failures) in [(&["--fail-fast"][..], 1), (&["--max-failures", "3"], 3), (&["--max-failures", "99"], 99)]
    {
        let judged = failed.get(failures - 1).map_or(all.len(), |last| last + 1);
        for jobs in ["1", "3"] {
            assert_eq!(
                runs(&[&arguments[..], flags, &["--jobs", jobs]].concat()),
                all[..judged],
                "{flags:?} --jobs {jobs}"
            );
        }
    }
}

#[test]
fn what_ended_after_failures_says_so_everywhere() {
    let folder = Folder::new("fail-fast");
    let (path, junit) = (failing_now_and_then(&folder), folder.0.join("junit.xml").to_string_lossy().into_owned());
    let summary = folder.0.join("summary.md").to_string_lossy().into_owned();
    let environment = [("GITHUB_ACTIONS", "true"), ("GITHUB_STEP_SUMMARY", &*summary)];
    let arguments = ["run", &path, "--seeds", "1..=40", "--fail-fast", "--junit", &junit];
    let output = leasehold_under(&environment, &arguments);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let words = told.lines().find(|line| line.starts_with("stopped after 1 failure: ")).unwrap();
    assert!(words.ends_with(" of 40 runs"), "{words}");
    assert!(told.lines().next_back().unwrap().starts_with("1 not as expected of "), "{told}");
    for file in [&junit, &summary] {
        let written = fs::read_to_string(file).unwrap();
        assert!(written.contains(words), "`{words}` is not in {file}:\n{written}");
    }
    let output = leasehold(&[&arguments[..], &["--format", "jsonl"]].concat());
    assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    refused(&["run", &path, "--fail-fast", "--max-failures", "2"], &["cannot be used with"]);
    refused(&["run", &path, "--max-failures", "0"], &["--max-failures", "not a whole number from 1"]);
}
