//! The pages say what the program says: the tables of `docs/` are those of `leasehold list`, and every id has its line in the
//! glossary. `INSTA_UPDATE=always` writes what stands between markers.

use leasehold_sim::report::{check_list, fault_list, metric_list, moment_list, selector_list, variant_list};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What stands in `page` between the marker `<!-- name -->` and `<!-- end -->` is `text`.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the knob of insta, which rewrites what tests hold; no run sees it")]
fn stands(page: &str, name: &str, text: &str) {
    let path = root().join(page);
    let found = fs::read_to_string(&path).unwrap();
    let marker = format!("<!-- {name} -->\n");
    let (before, rest) = found.split_once(&marker).unwrap_or_else(|| panic!("{page} has no marker {marker}"));
    let (_, after) = rest.split_once("<!-- end -->").unwrap_or_else(|| panic!("{page} does not end {marker}"));
    let right = format!("{before}{marker}{text}\n<!-- end -->{after}");
    if right == found {
        return;
    }
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        return File::create(path).and_then(|mut file| file.write_all(right.as_bytes())).unwrap();
    }
    panic!("{page} is not what `{name}` gives: INSTA_UPDATE=always cargo test --test docs");
}

#[test]
fn tables_are_those_of_the_lists() {
    stands("docs/checks.md", "leasehold list checks", &check_list().markdown());
    stands("docs/metrics.md", "leasehold list metrics", &metric_list().markdown());
    stands("docs/writing-scenarios.md", "leasehold list faults", &fault_list().markdown());
    stands("docs/writing-scenarios.md", "leasehold list moments", &moment_list().markdown());
    stands("docs/writing-scenarios.md", "leasehold list selectors", &selector_list().markdown());
    stands("docs/variants.md", "leasehold list variants", &variant_list().markdown());
}

#[test]
fn the_screen_on_the_first_page_is_what_is_printed() {
    let snapshot = fs::read_to_string(root().join("snapshots/screen__stale-read.snap")).unwrap();
    let screen = snapshot.splitn(3, "---\n").nth(2).unwrap();
    stands("README.md", "snapshots/screen__stale-read.snap", &format!("```text\n{}\n```", screen.trim_end()));
}

/// The files under `folder` whose names have one of these ends.
fn files(folder: &Path, ends: &[&str]) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path, ends) } else { vec![path] })
        .filter(|path| ends.iter().any(|end| path.to_string_lossy().ends_with(end)))
        .collect()
}

/// `LB-31`, `RL.8`, `P6`, `Pf1`, ...: the ids of the notes from which leasehold was built.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'));
    words.map(|word| word.trim_end_matches(['.', '-'])).filter(|word| {
        let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let (kind, number) = (&word[..word.len() - digits.len()], digits.trim_start_matches(['-', '.']));
        let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let joined = digits.len() - number.len();
        numbered
            && match kind {
                "LB" | "RL" => joined == 1,
                "Pf" => joined == 0 && number.len() == 1,
                // `S3` or `L1` may be anything in code; in the prose of a source they are not.
                "R" | "W" => joined == 0 && number.len() <= 2,
                // `P50` is a percentile.
                "P" => joined == 0 && number.len() == 1,
                _ => false,
            }
    })
}

#[test]
fn every_id_has_its_line_in_the_glossary() {
    let glossary = fs::read_to_string(root().join("docs/glossary.md")).unwrap();
    let explained: BTreeSet<&str> = glossary
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|ids| ids.split(", "))
        .collect();
    let range = |id: &str| {
        id.strip_prefix("LB-").is_some_and(|number| number.parse().is_ok_and(|n: u32| (84..=91).contains(&n)))
    };
    let texts: [(&str, &[&str]); 4] =
        [("src", &[".rs"]), ("sim/src", &[".rs"]), ("scenarios", &[".toml"]), ("docs", &[".md"])];
    let mut unexplained = BTreeSet::new();
    for path in texts.iter().flat_map(|(folder, ends)| files(&root().join(folder), ends)) {
        let text = fs::read_to_string(&path).unwrap();
        let missing = ids(&text).filter(|id| !explained.contains(id) && !range(id));
        unexplained.extend(missing.map(|id| format!("{id} in {}", path.strip_prefix(root()).unwrap().display())));
    }
    assert!(unexplained.is_empty(), "without a line in docs/glossary.md: {unexplained:#?}");
}
