//! What a person is shown of one run, as values: what was broken, the command that shows it again, the story, the events around it.

use super::stored::Left;
use super::timeline::Timeline;
use crate::history::About;
use crate::mutant::forbidden_by;
use crate::scenario::{Class, Engine, Load};
use crate::time::SimTime;
use crate::verdict::{EXPECTED_TO_PASS, Potential, Ruling, RunReport};
use std::collections::BTreeMap;
use std::path::Path;

/// The folders of scenarios, which are part of a scenario's name.
pub const FOLDERS: [&str; 6] = ["regressions", "fast", "incidents", "planted", "findings", "slow"];

/// What people call the scenario in this file: `fast/steady`, or `steady` where the file lies elsewhere.
pub fn title(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy();
    let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy());
    match folder {
        Some(folder) if FOLDERS.contains(&folder.as_ref()) => format!("{folder}/{stem}"),
        _ => stem.into_owned(),
    }
}

/// The command that runs `report`'s run again, complete and ready to paste by whoever has a `leasehold`, on any machine.
pub fn command(report: &RunReport) -> String {
    let path = shell_word(&portable(&report.path).to_string_lossy());
    let load = if report.load == Load::default() { String::new() } else { format!(" --load {}", report.load) };
    let engine =
        if report.engine == Engine::default() { String::new() } else { format!(" --engine {}", report.engine) };
    format!("leasehold run {path} --seed {} --variant {}{engine}{load}", report.seed, report.variant)
}

/// A scenario of the catalogue is found from wherever one is: `scenarios/fast/steady.toml`, whatever the path on this machine. Any other
/// file is called as the user has called it.
fn portable(path: &Path) -> &Path {
    let catalogued = |path: &&Path| {
        let mut parts = path.iter().rev().skip(1).map(|part| part.to_string_lossy());
        parts.next().is_some_and(|folder| FOLDERS.contains(&&*folder))
            && parts.next().is_some_and(|root| root == "scenarios")
    };
    let root = Some(path).filter(catalogued).and_then(|path| path.ancestors().nth(3));
    root.and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path)
}

/// The command that gives the run of the bundle at `path` again.
pub fn replay(path: &Path) -> String {
    format!("leasehold replay {}", shell_word(&path.to_string_lossy()))
}

fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+,@%:=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The rules of the stack of which what failed first may be a breach, by the check that sees such a breach first. Where clients saw it, and
/// checks that only record had seen it before them, theirs say more.
fn forbidden(report: &RunReport) -> BTreeMap<&'static str, Vec<&'static str>> {
    let Some(first) = report.verdict.failures.first() else { return BTreeMap::new() };
    let own = report.checks.keys().find(|name| **name == first.check);
    let failed = |name: &str| report.verdict.failures.iter().any(|failure| failure.check == name);
    let only_recorded = report.checks.iter().filter(|(name, count)| count.violations > 0 && !failed(name));
    let rules = |seers: Vec<&&'static str>| -> BTreeMap<_, _> {
        let of = seers.into_iter().map(|seer| (*seer, forbidden_by(seer)));
        of.filter(|(_, rules)| !rules.is_empty()).collect()
    };
    let own = || rules(own.into_iter().collect());
    match first.class {
        Class::RaftInvariant | Class::LeaseInvariant => own(),
        Class::StaleRead | Class::LostWrite => {
            let before = rules(only_recorded.map(|(name, _)| name).collect());
            if before.is_empty() { own() } else { before }
        }
        _ => BTreeMap::new(),
    }
}

/// One run, as a person is shown it.
#[derive(Clone, PartialEq, Debug)]
pub struct Screen {
    /// What was run, and what came of it.
    pub head: Head,
    /// The command that runs it again.
    pub command: String,
    /// What failed, a line each.
    pub failures: Vec<String>,
    /// What first took the run beyond what its scenario claims.
    pub beyond_claims: Option<String>,
    /// What was expected instead, where the failures do not say so.
    pub unexpected: Vec<String>,
    /// The story of the first failure that has one.
    pub story: Vec<String>,
    /// Violations of checks that only record, by check.
    pub recorded: BTreeMap<&'static str, u64>,
    /// The rules of the stack of which the first failure may be a breach, by the check that sees such a breach first.
    pub rules: BTreeMap<&'static str, Vec<&'static str>>,
    /// What might have failed, by check.
    pub potential: BTreeMap<&'static str, Potential>,
    /// How many events the run had.
    pub events: u64,
    /// The moment that shows best what failed; `None`: none says more than another.
    pub moment: Option<SimTime>,
    /// The events around it; `None`: none is kept.
    pub timeline: Option<Timeline>,
    /// What it has left behind: all of its events, a bundle.
    pub left: Left,
}

/// What was run, and what came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// What people call the scenario.
    pub title: String,
    /// The variant.
    pub variant: String,
    /// The seed.
    pub seed: u64,
    /// How the run was judged.
    pub ruling: Ruling,
    /// Was that expected?
    pub as_expected: bool,
    /// The first failure: its class, its check, its moment.
    pub first: Option<(Class, String, SimTime)>,
}

impl Screen {
    /// What is shown of `report`, whose run has `left` this behind.
    pub fn of(report: &RunReport, left: &Left) -> Self {
        let verdict = &report.verdict;
        let failures = || verdict.failures.iter();
        // That it failed at all needs no second saying.
        let unexpected = verdict.unexpected.iter().filter(|words| !words.starts_with(EXPECTED_TO_PASS));
        let failed = |name: &str| failures().any(|failure| failure.check == name);
        let recorded = report.checks.iter().filter(|(name, count)| count.violations > 0 && !failed(name));
        let about = failures().next().map_or(About::Leases, About::of);
        let timeline = |moment| Timeline::around(moment, &report.kept, &report.keys, report.nodes, about);
        Self {
            head: Head {
                title: title(&report.path),
                variant: report.under(),
                seed: report.seed,
                ruling: verdict.ruling,
                as_expected: verdict.as_expected,
                first: failures().next().map(|failure| (failure.class, failure.check.clone(), failure.at)),
            },
            command: command(report),
            failures: failures().map(|failure| failure.message.clone()).collect(),
            beyond_claims: verdict.beyond_claims.clone(),
            unexpected: unexpected.cloned().collect(),
            story: failures().map(|failure| failure.story.clone()).find(|story| !story.is_empty()).unwrap_or_default(),
            rules: forbidden(report),
            recorded: recorded.map(|(name, count)| (*name, count.violations)).collect(),
            potential: report.potential.clone(),
            events: report.events,
            moment: report.moment(),
            timeline: report.moment().and_then(timeline),
            left: left.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_is_called_by_its_folder_and_stem() {
        let of = |path: &str| title(Path::new(path));
        assert_eq!(of("/x/scenarios/fast/steady.toml"), "fast/steady");
        assert_eq!(of("mine/steady.toml"), "steady");
        assert_eq!(of("steady.toml"), "steady");
    }

    #[test]
    fn a_command_names_no_folder_of_this_machine() {
        let of = |path: &str| portable(Path::new(path)).to_string_lossy().into_owned();
        assert_eq!(of("/home/me/leasehold/scenarios/fast/steady.toml"), "scenarios/fast/steady.toml");
        assert_eq!(of("scenarios/fast/steady.toml"), "scenarios/fast/steady.toml");
        assert_eq!([of("fast/steady.toml"), of("steady.toml")], ["fast/steady.toml", "steady.toml"]);
        assert_eq!(of("/mine/steady.toml"), "/mine/steady.toml", "only who asked knows where it is");
    }

    #[test]
    fn a_path_survives_the_shell() {
        assert_eq!(shell_word("scenarios/fast/steady.toml"), "scenarios/fast/steady.toml");
        assert_eq!(shell_word("my files/it's.toml"), r"'my files/it'\''s.toml'");
    }
}
