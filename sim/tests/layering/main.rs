//! The house rules about who may know whom, read from manifests and sources.

mod modules;

#[cfg(feature = "planted")]
use leasehold::rules::Rule;
#[cfg(feature = "planted")]
use leasehold_sim::mutant::{DEFAULT, Variant};
#[cfg(feature = "planted")]
use leasehold_sim::scenario::Engine;
use modules::Modules;
use std::collections::BTreeMap;
#[cfg(feature = "planted")]
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below `folder`, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The room a file of `folder` stands in: the first part of its path below it.
fn room(folder: &str, file: &str) -> String {
    let below = file.strip_prefix(folder).unwrap().trim_start_matches('/');
    below.split('/').next().unwrap().trim_end_matches(".rs").to_owned()
}

/// The rooms that a source file imports by `crate::`.
fn imports(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let after = code.flat_map(|line| line.split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>());
    after.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

/// Asserts that every room of `folder` imports only rooms of lower rank, or itself.
fn assert_order(folder: &str, ranks: &[&[&str]]) {
    let rank: BTreeMap<&str, usize> =
        ranks.iter().enumerate().flat_map(|(rank, rooms)| rooms.iter().map(move |room| (*room, rank))).collect();
    for (file, text) in sources(folder) {
        let from = room(folder, &file);
        let Some(from_rank) = rank.get(from.as_str()) else {
            assert!(["lib", "main"].contains(&from.as_str()), "{file}: a room that sim/tests/layering does not know");
            continue;
        };
        for to in imports(&text).iter().filter(|to| **to != from) {
            let to_rank =
                rank.get(to.as_str()).unwrap_or_else(|| panic!("{file} imports crate::{to}, which is no room"));
            assert!(to_rank < from_rank, "{file} imports crate::{to}: {from} stands below it, or beside it");
        }
    }
}

#[test]
fn a_module_of_the_stack_imports_only_modules_above_it() {
    assert_order(
        "src",
        &[
            &["env"],
            &["request", "rules"],
            &["routes"],
            &["error", "tasks"],
            &["folder", "ticker"],
            &["observe"],
            &["metrics", "wire"],
            &["transport"],
            &["bed"],
            &["engine"],
            &["lease"],
            &["store"],
            &["coordinator"],
            &["node"],
            &["tests"],
        ],
    );
}

#[test]
fn the_foundations_of_the_harness_know_nothing_of_each_other_and_imports_go_one_way() {
    assert_order(
        "sim/src",
        &[
            &["time", "words", "register"],
            &["scenario", "world", "history"],
            &["view"],
            &["cluster", "check"],
            &["mutant"],
            &["workload", "fault", "verdict"],
            &["report"],
            &["bundle"],
            &["runner"],
            &["minimize", "gate"],
            &["generated"],
            &["cli"],
        ],
    );
}

#[test]
fn no_modules_take_from_each_other_in_a_circle_inside_a_room_either() {
    let circles: Vec<String> = ["src", "sim/src"]
        .iter()
        .flat_map(|folder| {
            let modules = Modules::of(folder, sources(folder));
            modules.circles().iter().map(|circle| circle.join(" ")).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(circles, [""; 0], "files that take from each other");
}

#[test]
fn a_file_is_one_thing_that_can_be_read_at_a_sitting() {
    const LONGEST: usize = 500;
    const MEDIAN: usize = 200;
    let files = ["src", "sim/src"].iter().flat_map(|folder| sources(folder));
    let lengths: BTreeMap<String, usize> = files.map(|(file, text)| (file, text.lines().count())).collect();
    for (file, lines) in &lengths {
        assert!(*lines <= LONGEST, "{file} has {lines} lines; {LONGEST} are the most");
    }
    let mut lines: Vec<usize> = lengths.into_values().collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(median <= MEDIAN, "half of the files have more than {median} lines");
}

#[test]
fn the_stack_has_no_path_to_madsim() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let package = manifest.split("[package]").nth(1).unwrap();
    assert!(!package.contains("madsim"));
    for (file, text) in sources("src") {
        assert!(!text.contains("madsim"), "{file} mentions madsim");
    }
}

#[test]
fn madsim_appears_in_one_file_of_the_harness() {
    let users: Vec<_> = sources("sim/src").into_iter().filter(|(_, text)| text.contains("madsim::")).collect();
    let names: Vec<_> = users.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["sim/src/world/executor.rs"]);
}

#[test]
fn what_an_engine_is_built_on_is_known_to_that_engine_alone() {
    let engines: [(&str, &[&str]); 2] = [
        ("raft_rs", &["use raft::", "raft::eraftpb", "protobuf::"]),
        ("openraft", &["use openraft", "openraft::Raft"]),
    ];
    for (engine, names) in engines {
        let folder = format!("src/engine/{engine}/");
        for (file, text) in sources("src").into_iter().filter(|(file, _)| !file.starts_with(&folder)) {
            for name in names {
                assert!(!text.contains(name), "{file} names a type of {engine}");
            }
            let chooses =
                ["src/engine/mod.rs", "src/lib.rs"].contains(&file.as_str()) || file.starts_with("src/tests/");
            // The register of rules says why there is each, and where it is from.
            let words: &[&str] = if file == "src/rules.rs" { &["//", "reason: ", "source: "] } else { &["//"] };
            let is_told = |line: &str| words.iter().any(|word| line.trim_start().starts_with(word));
            let code = text.lines().filter(|line| !is_told(line) && !line.contains("feature"));
            let knows = code.into_iter().any(|line| line.contains(engine));
            assert!(chooses || !knows, "{file} knows which engine it is given");
        }
    }
}

#[test]
fn no_select_without_an_order_and_no_watch() {
    for (file, text) in sources("src").into_iter().chain(sources("sim/src")) {
        for banned in ["tokio::select!", "futures::select!", "sync::watch"] {
            assert!(!text.contains(banned), "{file} uses {banned}, whose order depends on what ran before");
        }
    }
}

#[cfg(feature = "planted")]
#[test]
fn every_rule_that_has_a_name_is_kept_somewhere() {
    let kept = kept(&|_| true);
    let idle: Vec<_> = Rule::ALL.iter().filter(|rule| !kept.contains(&format!("{rule:?}"))).collect();
    assert!(idle.is_empty(), "no code keeps {idle:?}: see the head of src/rules.rs");
}

/// The names of the rules that the sources of a folder keep.
#[cfg(feature = "planted")]
fn kept(of: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
    let own = sources("src").into_iter().filter(|(file, _)| file != "src/rules.rs" && of(file));
    let names = own.flat_map(|(_, text)| text.split("Rule::").skip(1).map(str::to_owned).collect::<Vec<_>>());
    names.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect()).collect()
}

#[cfg(feature = "planted")]
#[test]
fn a_variant_of_rules_that_an_engine_has_none_of_is_not_on_that_engine() {
    let is_test =
        |file: &str| ["src/tests/", "src/engine/conformance/", "src/bed/"].iter().any(|of| file.starts_with(of));
    let by_others = kept(&|file| !is_test(file) && !file.starts_with("src/engine/raft_rs/"));
    for rule in Rule::ALL {
        let variant = Variant { rules_off: std::slice::from_ref(rule), ..DEFAULT };
        let is_on = [Engine::RaftRs, Engine::Openraft].map(|engine| variant.is_on(engine));
        assert_eq!(is_on, [true, by_others.contains(&format!("{rule:?}"))], "{rule:?}");
    }
}

#[test]
fn the_test_sees_an_import_that_goes_up() {
    assert_eq!(imports("use crate::lease::Lease;\n// use crate::node::Node;\n"), ["lease"]);
}
