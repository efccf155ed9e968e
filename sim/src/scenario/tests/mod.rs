//! What a scenario file may say. The names of the tests are the list of rules.

mod accepted;
mod bounded;
mod chaos;
mod dialled;
mod explained;
mod files;
mod linted;
mod meant;
mod membership;
mod printed;
mod properties;
mod refused;
mod rendered;
mod values;

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Problems, Scenario, parse};

/// The sample of the design, without what is not there yet.
const SAMPLE: &str = include_str!("transfer-under-storm.toml");

fn sample() -> Result<Scenario, Problems> {
    parse(Path::new("scenarios/fast/transfer-under-storm.toml"), SAMPLE)
}

/// The files in `scenarios/`, by path.
fn committed() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let folders = ["regressions", "fast", "incidents", "planted", "findings", "slow"].map(|folder| root.join(folder));
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let text = |path: &PathBuf| fs::read_to_string(path).expect("a committed file is text");
    paths
        .into_iter()
        .map(|path| {
            let text = text(&path);
            (path, text)
        })
        .collect()
}

/// A file called `t` that runs for 20 s, with `top` above the tables and `tables` below, and one workload.
fn with(top: &str, tables: &str) -> String {
    format!("name = \"t\"\nuntil = \"20s\"\n{top}\n[[workload]]\nkind = \"kv\"\n{tables}\n")
}

/// A file with this timeline.
fn timeline(steps: &str) -> String {
    with(&format!("timeline = [\n{steps}\n]"), "")
}

fn read(text: &str) -> Result<Scenario, Problems> {
    parse(Path::new("t.toml"), text)
}

/// Asserts that `text` is refused with exactly one problem, `message`, whose caret is under what stands between « and
/// ». Gives label, help and the label of the second place, joined, for tests that look at them too.
#[track_caller]
fn refuse(text: &str, message: &str) -> String {
    let start = text.find('«').expect("the test marks a place");
    let text = text.replacen('«', "", 1);
    let end = text.find('»').expect("the test marks a place");
    let text = text.replacen('»', "", 1);
    let problems = read(&text).expect_err("refused");
    let found: Vec<_> = problems.iter().collect();
    let [problem] = found[..] else { panic!("not one problem:\n{problems}") };
    assert_eq!(problem.message, message, "\n{problems}");
    assert_eq!(problem.span, Some(start..end), "\n{problems}");
    assert_eq!(problems.line(problem), Some(1 + text[..start].matches('\n').count()));
    let also = problem.also.as_ref().map(|(_, label)| label.as_str());
    [Some(problem.label.as_str()), problem.help.as_deref(), also].into_iter().flatten().collect::<Vec<_>>().join("|")
}

/// As [`refuse`], for problems of the file as a whole.
#[track_caller]
fn refuse_file(text: &str, message: &str) {
    let problems = read(text).expect_err("refused");
    let found: Vec<_> = problems.iter().map(|problem| (problem.message.as_str(), problem.span.clone())).collect();
    assert_eq!(found, [(message, None)], "\n{problems}");
}
