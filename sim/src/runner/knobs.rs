//! The environment: knobs for `cargo test`, which has no flags of its own, and for `leasehold run`, `verify` and `margin`, whose
//! command lines beat them. The only file that reads it.
//!
//! | knob                 | what it sets                                      | alias                                     |
//! |----------------------|---------------------------------------------------|-------------------------------------------|
//! | `LEASEHOLD_SEED`     | one seed instead of the file's                    | `MADSIM_TEST_SEED`                        |
//! | `LEASEHOLD_SEEDS`    | seeds: `A..B`, `A..=B`, `1,5,9..12`               | `MADSIM_TEST_SEED` with `MADSIM_TEST_NUM` |
//! | `LEASEHOLD_JOBS`     | runs at the same time                             | `MADSIM_TEST_JOBS`                        |
//! | `LEASEHOLD_SCENARIO` | only scenarios whose name contains this           |                                           |
//! | `LEASEHOLD_VARIANT`  | this variant instead of those of the file         |                                           |
//! | `LEASEHOLD_KEEP`     | which runs leave a bundle: [`Leaves`]             |                                           |
//! | `LEASEHOLD_BUNDLES`  | the folder for bundles                            |                                           |
//! | `LEASEHOLD_CASES`    | of generated scenarios: how many                  |                                           |

use super::{Leaves, meant_or_list};
use crate::scenario::{Seeds, nearest};
use std::ffi::OsString;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

/// The names.
pub const NAMES: [&str; 8] = [
    "LEASEHOLD_SEED",
    "LEASEHOLD_SEEDS",
    "LEASEHOLD_JOBS",
    "LEASEHOLD_SCENARIO",
    "LEASEHOLD_VARIANT",
    "LEASEHOLD_KEEP",
    "LEASEHOLD_BUNDLES",
    "LEASEHOLD_CASES",
];

const PREFIX: &str = "LEASEHOLD_";

/// The knob that was meant by `name`, if one is near. All begin alike, which makes none of them nearer.
fn meant(name: &str) -> Option<String> {
    let own = |name: &'static str| name.strip_prefix(PREFIX);
    nearest(name.strip_prefix(PREFIX)?, NAMES.into_iter().filter_map(own)).map(|meant| format!("{PREFIX}{meant}"))
}

/// What the environment asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knobs {
    /// Seeds instead of the file's.
    pub seeds: Option<Seeds>,
    /// Runs at the same time. Not zero.
    pub jobs: Option<NonZeroUsize>,
    /// Only scenarios whose name contains this.
    pub scenario: Option<String>,
    /// This variant instead of those of the file.
    pub variant: Option<String>,
    /// Which runs leave a bundle.
    pub keep: Option<Leaves>,
    /// The folder for bundles.
    pub bundles: Option<PathBuf>,
    /// How many scenarios are generated. Not zero.
    pub cases: Option<NonZeroUsize>,
    /// What was set, as `NAME=VALUE`: echoed at the start of a test run.
    pub set: Vec<String>,
}

impl Knobs {
    /// What was set, for a person; empty if nothing was. `beaten` are the knobs of which the command line says otherwise, by their
    /// full names.
    pub fn echo(&self, beaten: &[&str]) -> String {
        let word = |set: &String| {
            let name = set.split('=').next().unwrap_or_default();
            if beaten.contains(&name) { format!("{set} (the command line says otherwise)") } else { set.clone() }
        };
        let words: Vec<String> = self.set.iter().map(word).collect();
        if words.is_empty() { String::new() } else { format!("knobs: {}", words.join(" ")) }
    }

    /// Does the scenario called `title` run?
    pub fn selects(&self, title: &str) -> bool {
        self.scenario.as_ref().is_none_or(|part| title.contains(part.as_str()))
    }

    /// What to say if no scenario is selected of those called `titles`.
    pub fn selects_none(&self, titles: &[String]) -> String {
        let part = self.scenario.as_deref().unwrap_or_default();
        let meant = meant_or_list(part, titles.iter().map(String::as_str), "scenarios");
        format!("LEASEHOLD_SCENARIO={part}: no scenario has that in its name{meant}")
    }
}

/// The knobs of this process.
///
/// # Errors
///
/// As [`parse`].
pub fn from_environment() -> Result<Knobs, Vec<String>> {
    parse(std::env::vars_os())
}

/// What a step of a GitHub workflow is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workflow {
    /// The root of the repository.
    pub workspace: Option<PathBuf>,
    /// The file that the summary of the step is appended to.
    pub summary: Option<PathBuf>,
}

/// The commit that a job of GitHub or of GitLab is about; `None`: this is none.
pub fn commit() -> Option<String> {
    ["GITHUB_SHA", "CI_COMMIT_SHA"].into_iter().find_map(set).map(|hash| hash.to_string_lossy().into_owned())
}

/// What a variable is set to, if to anything.
fn set(name: &str) -> Option<OsString> {
    std::env::vars_os().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value)
}

/// The workflow that this process is a step of. `None`: it is not.
pub fn workflow() -> Option<Workflow> {
    let is_step = set("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    let path = |name: &str| set(name).map(PathBuf::from);
    is_step.then(|| Workflow { workspace: path("GITHUB_WORKSPACE"), summary: path("GITHUB_STEP_SUMMARY") })
}

/// The knobs among `variables`. A knob of our own beats its alias; an empty one is not set.
///
/// # Errors
///
/// One line for each knob that is unknown or has a value that makes no sense.
pub fn parse(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Knobs, Vec<String>> {
    let mut reading = Reading::default();
    let mut ours: Vec<(String, String)> = variables
        .into_iter()
        .filter_map(|(name, value)| name.into_string().ok().map(|name| (name, value.to_string_lossy().into_owned())))
        .filter(|(name, value)| !value.is_empty() && (name.starts_with(PREFIX) || name.starts_with("MADSIM_TEST_")))
        .collect();
    ours.sort();
    for (name, value) in &ours {
        reading.take(name, value);
    }
    reading.finish()
}

/// The number that `text` is.
///
/// # Errors
///
/// It is none, or out of range.
pub fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("not a whole number from 0 to {}", u64::MAX))
}

/// The number that `text` is, and not zero.
///
/// # Errors
///
/// As [`whole`].
pub fn positive(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "not a whole number from 1".to_owned())
}

#[derive(Default)]
struct Reading {
    knobs: Knobs,
    problems: Vec<String>,
    seed: Option<Seeds>,
    madsim_seed: Option<u64>,
    madsim_count: Option<NonZeroUsize>,
    madsim_jobs: Option<NonZeroUsize>,
}

impl Reading {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "LEASEHOLD_SEED" => self.seed = self.read(name, value, whole).map(Seeds::one),
            "LEASEHOLD_SEEDS" => self.knobs.seeds = self.read(name, value, Seeds::from_str),
            "LEASEHOLD_JOBS" => self.knobs.jobs = self.read(name, value, positive),
            "LEASEHOLD_SCENARIO" => self.knobs.scenario = Some(value.to_owned()),
            "LEASEHOLD_VARIANT" => self.knobs.variant = Some(value.to_owned()),
            "LEASEHOLD_KEEP" => self.knobs.keep = self.read(name, value, Leaves::from_str),
            "LEASEHOLD_BUNDLES" => self.knobs.bundles = Some(PathBuf::from(value)),
            "LEASEHOLD_CASES" => self.knobs.cases = self.read(name, value, positive),
            "MADSIM_TEST_SEED" => self.madsim_seed = self.read(name, value, whole),
            "MADSIM_TEST_NUM" => self.madsim_count = self.read(name, value, positive),
            "MADSIM_TEST_JOBS" => self.madsim_jobs = self.read(name, value, positive),
            // madsim has further knobs of its own, which mean nothing here.
            _ if !name.starts_with(PREFIX) => return,
            _ => self.problems.push(format!(
                "unknown {name}{} (there are {})",
                meant(name).map_or_else(String::new, |meant| format!("; did you mean `{meant}`?")),
                NAMES.join(", ")
            )),
        }
        self.knobs.set.push(format!("{name}={value}"));
    }

    fn read<T, E: Display>(&mut self, name: &str, value: &str, read: impl Fn(&str) -> Result<T, E>) -> Option<T> {
        read(value).map_err(|error| self.problems.push(format!("{name}={value}: {error}"))).ok()
    }

    fn finish(mut self) -> Result<Knobs, Vec<String>> {
        if self.seed.is_some() && self.knobs.seeds.is_some() {
            self.problems.push("LEASEHOLD_SEED and LEASEHOLD_SEEDS are both set; which one?".to_owned());
        }
        let madsim = self.madsim_seeds();
        self.knobs.seeds = self.knobs.seeds.or(self.seed).or(madsim);
        self.knobs.jobs = self.knobs.jobs.or(self.madsim_jobs);
        if self.problems.is_empty() { Ok(self.knobs) } else { Err(self.problems) }
    }

    /// As madsim does: so many seeds from the first on. Its first seed is the time of day; ours is 1.
    fn madsim_seeds(&self) -> Option<Seeds> {
        if self.madsim_seed.is_none() && self.madsim_count.is_none() {
            return None;
        }
        let first = self.madsim_seed.unwrap_or(1);
        Some(Seeds::range(first, first.saturating_add(self.madsim_count.map_or(0, |count| count.get() as u64 - 1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Knobs, Vec<String>> {
        parse(variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    #[test]
    fn nothing_set_is_nothing_asked() {
        assert_eq!(of(&[("PATH", "/bin"), ("LEASEHOLD_SEED", "")]), Ok(Knobs::default()));
    }

    #[test]
    fn our_knobs_beat_their_aliases() {
        let knobs = of(&[("LEASEHOLD_SEEDS", "3..=5"), ("MADSIM_TEST_SEED", "9"), ("MADSIM_TEST_JOBS", "4")]).unwrap();
        assert_eq!((knobs.seeds, knobs.jobs), (Some(Seeds::range(3, 5)), NonZeroUsize::new(4)));
        assert_eq!(knobs.set, ["LEASEHOLD_SEEDS=3..=5", "MADSIM_TEST_JOBS=4", "MADSIM_TEST_SEED=9"]);
        let aliases = of(&[("MADSIM_TEST_SEED", "7"), ("MADSIM_TEST_NUM", "3")]).unwrap();
        assert_eq!(aliases.seeds, Some(Seeds::range(7, 9)));
    }

    #[test]
    fn what_is_set_is_echoed_with_what_beats_it() {
        let knobs = of(&[("LEASEHOLD_JOBS", "2"), ("MADSIM_TEST_SEED", "9")]).unwrap();
        assert_eq!(knobs.echo(&[]), "knobs: LEASEHOLD_JOBS=2 MADSIM_TEST_SEED=9");
        assert_eq!(
            knobs.echo(&["LEASEHOLD_SEED", "MADSIM_TEST_SEED"]),
            "knobs: LEASEHOLD_JOBS=2 MADSIM_TEST_SEED=9 (the command line says otherwise)"
        );
        assert_eq!(knobs.echo(&["SEED", "JOBS"]), knobs.echo(&[]), "by their full names");
        assert_eq!(Knobs::default().echo(&["LEASEHOLD_SEED"]), "");
    }

    #[test]
    fn a_scenario_is_selected_by_a_part_of_its_name() {
        let knobs = of(&[("LEASEHOLD_SCENARIO", "fast/")]).unwrap();
        assert!(knobs.selects("fast/steady") && !knobs.selects("incidents/pr-558"));
        assert!(Knobs::default().selects("fast/steady"));
    }

    #[test]
    fn what_knobs_have_in_common_makes_none_of_them_meant() {
        assert_eq!(meant("LEASEHOLD_FOO"), None);
        assert_eq!(meant("LEASEHOLD_SENARIO").as_deref(), Some("LEASEHOLD_SCENARIO"));
    }

    #[test]
    fn every_wrong_knob_is_named() {
        let problems = of(&[("LEASEHOLD_SEDS", "1"), ("LEASEHOLD_JOBS", "0"), ("LEASEHOLD_SEED", "-1")]).unwrap_err();
        insta::assert_snapshot!(problems.join("\n"), @"
        LEASEHOLD_JOBS=0: not a whole number from 1
        unknown LEASEHOLD_SEDS; did you mean `LEASEHOLD_SEEDS`? (there are LEASEHOLD_SEED, LEASEHOLD_SEEDS, LEASEHOLD_JOBS, LEASEHOLD_SCENARIO, LEASEHOLD_VARIANT, LEASEHOLD_KEEP, LEASEHOLD_BUNDLES, LEASEHOLD_CASES)
        LEASEHOLD_SEED=-1: not a whole number from 0 to 18446744073709551615
        ");
        assert!(of(&[("LEASEHOLD_SEED", "1"), ("LEASEHOLD_SEEDS", "1..3")]).is_err());
    }
}
