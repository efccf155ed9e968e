//! What is left of a scenario that failed: a file that says what it showed, with its seed pinned.

use super::judge::start;
use super::search::Found;
use crate::minimize::{Size, schema};
use crate::mutant::DEFAULT;
use crate::scenario::{Scenario, print};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

impl Found {
    /// Writes what is left to a file of `folder`. It expects of the stack as it is that it passes, and of a variant that it fails.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub(super) fn write(&self, folder: &Path) -> PathBuf {
        let Self { case, seed, scenario, failed, .. } = self;
        let check = failed.how.rsplit_once('(').map_or(failed.how.as_str(), |(_, check)| check.trim_end_matches(')'));
        let name = format!("{check}-seed-{seed}-case-{case}.toml");
        let path = folder.join(&name);
        // Where it is to be kept, and so what it has to say.
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/regressions").join(name);
        let under = match failed.variant.name == DEFAULT.name {
            true => String::new(),
            false => format!(" under the variant `{}`,", failed.variant.name),
        };
        let by = format!("case {case} of generated scenarios (LEASEHOLD_SEED={seed}),{under} and shrunk");
        let text = match start(scenario, failed.variant, Some(&kept)) {
            Ok(start) => start.found(&by).text(),
            // One run does not show it.
            Err(_) => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let text = print(&Scenario { name, ..scenario.clone() });
                format!(
                    "{}# Found by {by}.\n# {}: {}\n{text}",
                    schema(&kept).unwrap_or_default(),
                    failed.how,
                    failed.told
                )
            }
        };
        let write = || File::create(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        let written = fs::create_dir_all(folder).and_then(|()| write());
        written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// What to say of it, where it is at `path`.
    pub(super) fn told(&self, path: &Path) -> String {
        let Self { case, seed, trials, drawn, scenario, failed } = self;
        let (path, size) = (path.display(), drawn.to(&Size::of(scenario)));
        let variant = failed.variant.name;
        format!(
            "`{variant}` fails as {}: {}\n\
             case {case} of LEASEHOLD_SEED={seed}, shrunk in {trials} trials: {size}\n\n\
             \x20 leasehold run {path} --variant {variant}\n\
             \x20 leasehold minimize {path} --variant {variant}\n\
             \x20 mv {path} scenarios/regressions/\n\n\
             The second makes it smaller yet. The third keeps it: `cargo test` runs what lies there first.",
            failed.how, failed.told
        )
    }
}

/// Where what is found is left: beside what cargo has built.
///
/// # Panics
///
/// If nobody knows where this program is.
pub(super) fn folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_else(|error| panic!("where is this program? {error}"));
    // target/debug/deps/leasehold_sim-...
    program.ancestors().nth(3).unwrap_or(Path::new("target")).join("tmp/generated")
}
