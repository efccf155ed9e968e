//! Where scenario files are, and which of them a word on the command line means.

use super::meant_or_list;
use crate::report::{FOLDERS, title};
use std::fs;
use std::path::{Path, PathBuf};

/// Where names are looked up.
#[derive(Clone, Debug)]
pub struct Places {
    /// The working folder of this process: what relative paths are relative to.
    pub cwd: PathBuf,
    /// Folders that hold `fast/`, `incidents/` and `slow/`. The first that has a name wins.
    pub roots: Vec<PathBuf>,
}

impl Places {
    /// The nearest folder `scenarios` in `cwd` or above it, then that of the repository that this program was built from.
    pub fn around(cwd: &Path) -> Self {
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(|root| root.join("scenarios"));
        let near = cwd.ancestors().map(|folder| folder.join("scenarios")).find(|folder| folder.is_dir());
        let mut roots: Vec<PathBuf> = near.into_iter().chain(built_from).collect();
        roots.dedup();
        Self { cwd: cwd.to_owned(), roots }
    }

    /// `path` as a person in `cwd` would write it.
    fn shown(&self, path: PathBuf) -> PathBuf {
        path.strip_prefix(&self.cwd).map(Path::to_owned).unwrap_or(path)
    }
}

/// A scenario that can be asked for by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Named {
    /// `fast/steady`
    pub title: String,
    /// Its file.
    pub path: PathBuf,
}

/// All scenarios that can be asked for by name, in the order of their folders, by name within; those of `slow/` only if asked for.
pub fn catalogue(places: &Places, slow: bool) -> Vec<Named> {
    let folders = FOLDERS.iter().filter(|folder| slow || **folder != "slow");
    folders.flat_map(|folder| in_folder(places, folder)).collect()
}

fn in_folder(places: &Places, folder: &str) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    for path in places.roots.iter().flat_map(|root| files(&root.join(folder))) {
        let named = Named { title: title(&path), path: places.shown(path) };
        // The nearest root hides the others, as it does when a name is looked up.
        if all.iter().all(|known| known.title != named.title) {
            all.push(named);
        }
    }
    all.sort();
    all
}

/// The scenario files in `folder`, by name. A folder that is missing holds none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = entries(folder);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

/// The scenario files of `folder`, or, if there are none, those of the folders in it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let files_here = files(folder);
    if files_here.is_empty() { entries(folder).iter().flat_map(|inner| files(inner)).collect() } else { files_here }
}

/// The files that `wish` means: a path of a file or a folder, a name such as `pr-558` or `incidents/pr-558`, or a folder of those,
/// such as `fast`.
///
/// # Errors
///
/// One line that says what is not known and what may have been meant.
pub(super) fn scenario_files(wish: &str, places: &Places) -> Result<Vec<PathBuf>, String> {
    let direct = Path::new(wish);
    let known = catalogue(places, true);
    let absolute = places.cwd.join(direct);
    if absolute.exists() && !absolute.is_dir() {
        return Ok(vec![direct.to_owned()]);
    }
    let is_name = |named: &&Named| named.title == wish || named.path.file_stem().is_some_and(|stem| stem == wish);
    let named: Vec<&Named> = known.iter().filter(is_name).collect();
    match named.as_slice() {
        [one] => return Ok(vec![one.path.clone()]),
        [] => {}
        [..] => {
            let titles: Vec<&str> = named.iter().map(|named| named.title.as_str()).collect();
            return Err(format!("`{wish}` is the name of {} scenarios: {}", titles.len(), titles.join(", ")));
        }
    }
    if absolute.is_dir() {
        return in_the_folder(wish, files_below(&absolute), places);
    }
    let folder = wish.trim_end_matches('/');
    if FOLDERS.contains(&folder) {
        return in_the_folder(wish, in_folder(places, folder).into_iter().map(|named| named.path).collect(), places);
    }
    // `scenarios/fast/steady.toml`, from wherever the user is.
    let beside = places.roots.iter().filter_map(|root| root.parent()).map(|root| root.join(direct));
    match beside.into_iter().find(|path| path.exists()) {
        Some(found) if found.is_dir() => return in_the_folder(wish, files_below(&found), places),
        Some(found) => return Ok(vec![places.shown(found)]),
        None => {}
    }
    if direct.extension().is_some() || direct.is_absolute() {
        return Err(format!("there is no file `{wish}`"));
    }
    let stems = known.iter().filter_map(|named| named.path.file_stem()?.to_str());
    let words = known.iter().map(|named| named.title.as_str()).chain(stems).chain(FOLDERS);
    Err(format!("unknown scenario or folder `{wish}`{}", meant_or_list(wish, words, "scenarios")))
}

fn in_the_folder(wish: &str, files: Vec<PathBuf>, places: &Places) -> Result<Vec<PathBuf>, String> {
    if files.is_empty() {
        return Err(format!("there is no scenario file (`*.toml`) in the folder `{wish}`"));
    }
    Ok(files.into_iter().map(|path| places.shown(path)).collect())
}
