//! Bundles: who leaves one, and what `replay` and `diff` make of it.

use super::*;
use serde_json::Value;

/// What `run` says of its runs, and the bundles that it has left.
fn left(folder: &Folder, name: &str, arguments: &[&str]) -> (Vec<Value>, Vec<String>) {
    let bundles = folder.0.join(name);
    let options = ["--bundles", &bundles.to_string_lossy(), "--format", "jsonl"];
    let output = leasehold(&[&["run"], arguments, &options].concat());
    let runs = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut names: Vec<_> =
        fs::read_dir(&bundles).unwrap().map(|entry| entry.unwrap().path().to_string_lossy().into_owned()).collect();
    names.sort();
    (runs, names)
}

#[test]
fn the_first_runs_that_fail_in_a_way_leave_a_bundle_each_which_the_json_line_names() {
    let folder = Folder::new("bundles");
    let path = failing(&folder);
    let (runs, names) = left(&folder, "failures", &[&path, "--seeds", "1..=5"]);
    assert_eq!(runs.iter().filter_map(|run| run["bundle"].as_str()).collect::<Vec<_>>(), names);
    let seeds: Vec<_> = names.iter().map(|name| name.rsplit('/').next().unwrap()).collect();
    assert_eq!(seeds, [1, 2, 3].map(|seed| format!("scenario-default-{seed}.leasehold")), "three of a kind");
    let (runs, names) = left(&folder, "never", &[&path, "--seed", "1", "--keep", "never"]);
    assert_eq!((runs[0]["bundle"].is_null(), names), (true, Vec::new()));
    let good = folder.file("good.toml", GOOD.replace("NAME", "good").as_bytes());
    assert_eq!(left(&folder, "good", &[&good]).1, [""; 0]);
    assert_eq!(left(&folder, "always", &[&good, "--keep", "always"]).1.len(), 2);
    refused(&["run", &path, "--keep", "all"], &["--keep", "failures"]);
    refused(&["run", &path, "--bundles", &path], &["--bundles"]);
}

#[test]
fn a_run_that_failed_is_seen_again_from_its_bundle_alone() {
    let folder = Folder::new("replay");
    let output = program().args(["run", &failing(&folder), "--seed", "2"]).current_dir(&folder.0).output().unwrap();
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("\n  leasehold replay bundles/scenario-default-2.leasehold\n"), "{told}");
    let bundle = folder.0.join("bundles/scenario-default-2.leasehold").to_string_lossy().into_owned();
    // Where the scenario is no more.
    fs::remove_file(folder.0.join("scenario.toml")).unwrap();
    let output = program().args(["replay", &bundle]).current_dir(std::env::temp_dir()).output().unwrap();
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "the status that the run had\n{told}{}", text(&output.stderr));
    assert!(told.starts_with("FAIL: expectation (get-mean) in scenario, variant default, seed 2"), "{told}");
    assert!(told.contains("\nTHE SAME RUN: "), "{told}");
    let events = |more: &[&str]| {
        let output = leasehold(&[&["replay", &bundle], more].concat());
        let told = text(&output.stdout);
        told.split("\n\n").next().unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let early = events(&["--until", "1s", "--events", "n2"]);
    assert!(early.len() > 10 && early.iter().all(|line| line.starts_with("0.") || line.starts_with("1.000000000s ")));
    assert!(early.iter().all(|line| line.contains("n2")) && events(&["--until", "1s"]).len() > early.len());
}

#[test]
fn what_is_no_bundle_is_refused_and_says_why() {
    let folder = Folder::new("no-bundle");
    refused(&["replay", &folder.file("text.leasehold", b"not a zip")], &["text.leasehold: not a bundle, or damaged"]);
    refused(&["replay", &folder.0.join("missing.leasehold").to_string_lossy()], &["missing.leasehold: "]);
    refused(&["replay", &folder.0.to_string_lossy()], &["not a file"]);
    let (_, names) = left(&folder, "bundles", &[&failing(&folder), "--seed", "1"]);
    let whole = fs::read(&names[0]).unwrap();
    let cut = folder.file("cut.leasehold", &whole[..whole.len() / 2]);
    refused(&["replay", &cut], &["cut.leasehold: not a bundle, or damaged"]);
    refused(&["diff", &names[0], &cut], &["cut.leasehold: not a bundle, or damaged"]);
    refused(&["diff", &names[0]], &["is one bundle; name the other, too"]);
    refused(
        &["diff", &names[0], &names[0], "--seeds", "1"],
        &["`--seeds`, `--variants` and `--engine` are for a scenario"],
    );
    refused(&["fuzz", "--bundle", &cut], &["cut.leasehold: not a bundle, or damaged"]);
}

#[test]
fn two_runs_of_a_scenario_are_told_apart() {
    let path = Folder::new("diff").scenario("2s", "2s");
    let told = |arguments: &[&str]| {
        let output = leasehold(&[&["diff", &path], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let seeds = told(&["--seeds", "1,2"]);
    assert!(
        seeds.starts_with("A  scenario, variant default, seed 1\n     PASS\nB  scenario, variant default, seed 2\n")
    );
    assert!(
        seeds.contains("the first difference that matters is about ")
            && seeds.contains("the first decision that differs")
    );
    let variants = told(&["--seeds", "1", "--variants", "default,long-lease"]);
    assert!(variants.contains("the first difference that matters is about lease"), "{variants}");
    refused(&["diff", &path], &["two runs are compared"]);
    refused(&["diff", &path, "--seeds", "1..=3"], &["two runs are compared"]);
    refused(&["diff", &path, "--variants", "default,lung-lease"], &["did you mean `long-lease`?"]);
}
