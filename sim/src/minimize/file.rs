//! The smallest scenario as a file: what was found, by which seed of what, what is seen when; and the scenario.

use super::failure::Wanted;
use super::trial::Shown;
use crate::scenario::print;
use crate::verdict::Failure;
use crate::words::wrapped;
use std::path::Path;

/// What a line of such a file begins with, by which it is known when it is minimised again.
const FOUND: &str = "# Found by ";
/// The longest line of a comment.
const WIDTH: usize = 120;

/// What stands first in a file: which seed of what has found it, under which variant.
pub(super) fn found_by(title: &str, seed: u64, variant: Option<&str>) -> String {
    let under = variant.map_or_else(String::new, |variant| format!(" under the variant `{variant}`"));
    found(&format!("seed {seed} of {title}{under}, and minimised"))
}

/// The same, of what these words say.
pub(super) fn found(by: &str) -> String {
    format!("{FOUND}{by}.")
}

/// Which seed of what has found it, if `text` is a file that this has written.
pub(super) fn known_by(text: &str) -> Option<&str> {
    text.lines().take_while(|line| line.starts_with('#')).find(|line| line.starts_with(FOUND))
}

/// What tells an editor where the schema of a scenario is, where it is kept beside the file's folder.
pub(crate) fn schema(path: &Path) -> Option<&'static str> {
    let beside = path.parent()?.join("../scenario.schema.json");
    beside.exists().then_some("#:schema ../scenario.schema.json\n")
}

/// The text of the file at `path`.
pub(super) fn written(path: &Path, found: &str, wanted: &Wanted, shown: &Shown) -> String {
    let told = wanted.found_in(&shown.report.verdict).map(|failure| told(wanted, failure));
    let rows = wrapped(&told.unwrap_or_default(), WIDTH, 2);
    let rows: String = rows.iter().map(|row| format!("# {row}\n")).collect();
    format!("{}{found}\n{rows}{}", schema(path).unwrap_or_default(), print(&shown.scenario))
}

/// What is seen, and when.
pub(super) fn told(Wanted { class, check, .. }: &Wanted, Failure { at, message, .. }: &Failure) -> String {
    format!("{check} ({class}), at {at}: {message}")
}
