//! A project's own files: the profiles of its gate, its known failures, and what its scenarios gave before.
//!
//! They stand beside the folder `scenarios`: `gate/profiles.toml`, `gate/known.toml`, and a file a scenario in `snapshots/`.

use super::prelude::*;
use crate::report::Figures;
use crate::runner::{Places, known_names};
use crate::scenario::gate::{KnownFailures, Profiles, known_failures, profiles};
use crate::scenario::{Problems, nearest, text};
use std::fs;

/// Where a project has what its gate needs.
#[derive(Clone, Debug)]
pub struct House {
    root: PathBuf,
    shown: PathBuf,
}

/// The folder of the gate's files.
const FOLDER: &str = "gate";

impl House {
    /// That of the nearest folder `scenarios`; `None`: there is none.
    pub fn of(places: &Places) -> Option<Self> {
        let root = places.roots.first()?.parent()?.to_owned();
        let shown = root.strip_prefix(&places.cwd).map_or_else(|_| root.clone(), Path::to_owned);
        Some(Self { root, shown })
    }

    /// The folder that all of it stands in.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file of profiles.
    pub fn profiles_file(&self) -> PathBuf {
        self.shown.join(FOLDER).join("profiles.toml")
    }

    /// The file of known failures.
    pub fn known_file(&self) -> PathBuf {
        self.shown.join(FOLDER).join("known.toml")
    }

    /// The profile of this name.
    ///
    /// # Errors
    ///
    /// For a person: the file cannot be read, what is wrong with it, or which profiles there are.
    pub fn profile(&self, name: &str) -> Result<Profile, String> {
        let path = self.profiles_file();
        let read = text(&path).and_then(|text| profiles(&path, &text));
        let Profiles { mut profiles } = read.map_err(|problems| problems.to_string())?;
        let names: Vec<String> = profiles.keys().map(|name| format!("`{name}`")).collect();
        let meant = nearest(name, profiles.keys().map(String::as_str));
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        let unknown = || format!("error: unknown profile `{name}`{meant} ({} has {})", path.display(), listed(&names));
        profiles.remove(name).ok_or_else(unknown)
    }

    /// The known failures; without a file there are none.
    ///
    /// # Errors
    ///
    /// What is wrong with the file: an entry that is of no scenario of `titles` included.
    pub fn known(&self, titles: &[String]) -> Result<Vec<KnownFailure>, Problems> {
        let path = self.known_file();
        if !path.exists() {
            return Ok(Vec::new());
        }
        let text = text(&path)?;
        let KnownFailures { known } = known_failures(known_names(), &path, &text)?;
        let nowhere = |entry: &&KnownFailure| !titles.iter().any(|title| entry.is_of(title));
        let problems: Vec<_> = known.iter().filter(nowhere).map(|entry| of_no_scenario(entry, titles)).collect();
        if problems.is_empty() { Ok(known) } else { Err(Problems::at_lines(&path, &text, problems)) }
    }

    /// What the scenario `title` gave before, under each variant; `None`: nobody knows.
    pub fn pins(&self, title: &str) -> Option<Vec<Figures>> {
        let file = self.root.join("snapshots").join(format!("{}.snap", title.replace('/', "__")));
        Some(Figures::of_all(&fs::read_to_string(file).ok()?))
    }
}

fn of_no_scenario(entry: &KnownFailure, titles: &[String]) -> (usize, String) {
    let pattern = entry.scenario.as_deref().unwrap_or_default();
    let meant = nearest(pattern, titles.iter().map(String::as_str));
    let meant = meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
    (entry.line, format!("this known failure is of no scenario: there is no `{pattern}`{meant}"))
}
