//! The script: what a run was asked to do, as a TOML file.
//!
//! The file goes through this room once, from left to right, and leaves as plain data or as a list of problems:
//!
//! ```text
//! load        bytes    -> text      a file is read with a size limit, or refused in one sentence
//! read        text     -> TOML      or why it is none
//! section     TOML     -> plan      and back; each table is declared once, with what must fit together
//! ```
//!
//! | file       | what it holds                                                              |
//! |------------|----------------------------------------------------------------------------|
//! | `section`  | what a valid scenario is, and how each part of it is written               |
//! | `verb`     | what a step may do: one file a verb                                        |
//! | `metric`   | the quantities that a scenario may bound or put a floor under              |
//! | `table`    | what a table may say: declared once, read, printed and described from that |
//! | `units`    | durations, rates, ppm, seeds and bounds, from text to exact integers       |
//! | `profiles` | networks and disks that have a name, with the source of their figures      |
//! | `names`    | what the steps of a timeline are called                                    |
//! | `gate`     | what a gate asks: profiles, known failures                                 |
//! | `chaos`    | what a seed makes of a scenario that leaves something to it                |
//! | `dial`     | what can be turned up in any scenario until a stale read becomes possible  |
//! | `describe` | the JSON Schema, for editors                                               |
//! | `explain`  | a plan in English, and drawn to scale                                      |
//! | `lint`     | what a file may say and hardly means to: warnings                          |
//! | `problem`  | what is wrong with a file, and how that is shown                           |
//! | `arbitrary`| for tests: whatever a file may say, and what is there to be run            |
//!
//! Nothing here knows of Raft, of the simulated world or of a run.

mod chaos;
mod describe;
mod dial;
mod explain;
pub mod gate;
mod lint;
mod load;
mod metric;
mod names;
mod prelude;
mod problem;
mod profiles;
mod read;
mod section;
mod table;
mod units;
mod verb;

#[cfg(test)]
pub(crate) mod arbitrary;
#[cfg(test)]
mod tests;

use std::{path::Path, time::Duration};

pub use crate::words::{
    Calls, Class, ClockHarm, Cut, DiskHarm, DiskOperation, Drift, Healed, InnerReads, Jump, Lane, Leftover,
    MessageKind, Misread, OpKind, Paused, PausedClock, Phase, Point, Selector, Tail, Verb, nearest,
};

pub use self::{
    describe::json_schema,
    dial::{Dial, Reach},
    explain::{Context, explain},
    lint::lint,
    metric::*,
    names::step_names,
    problem::*,
    section::*,
    table::{Known, name_in},
    units::{Bytes, MAX_BANDWIDTH, MAX_DRIFT, MAX_DURATION, MAX_VALUE, Ppm, down, rounder, shorter, up},
    verb::*,
};

/// Reads and validates the scenario file at `path`.
///
/// # Errors
///
/// As [`text`] and [`parse`].
pub fn load(path: &Path) -> Result<Scenario, Problems> {
    parse(path, &text(path)?)
}

/// The text of the file at `path`.
///
/// # Errors
///
/// One problem if the file cannot be read: it is missing, a folder, larger than [`MAX_FILE`], not UTF-8.
pub fn text(path: &Path) -> Result<String, Problems> {
    let text = load::bytes(path).and_then(load::text);
    text.map_err(|problem| Problems::new(path, "", vec![*problem]))
}

/// The duration that `text` is: `1.5s`.
///
/// # Errors
///
/// It is none, or in a unit of the protocol.
pub fn duration(text: &str) -> Result<Duration, Misread> {
    units::duration(text, None)
}

/// `bytes` as the text of the scenario file `path`, which is not touched.
///
/// # Errors
///
/// As [`text`].
pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, Problems> {
    load::text(bytes).map_err(|problem| Problems::new(path, "", vec![*problem]))
}

/// Validates `text` as the contents of the scenario file `path`, which is not touched: it gives the name that the
/// scenario must have and the name that problems are reported under.
///
/// # Errors
///
/// All problems that one pass can find, by position. A file whose shape is wrong is not judged for what it lacks or for
/// how its parts fit together, because what is missing may be what could not be read.
pub fn parse(path: &Path, text: &str) -> Result<Scenario, Problems> {
    parse_knowing(Known::default(), path, text)
}

/// As [`parse`], of a file in which every name of a variant or a check must be known.
///
/// # Errors
///
/// As [`parse`].
pub fn parse_knowing(known: Known, path: &Path, text: &str) -> Result<Scenario, Problems> {
    let refuse = |problems| Err(Problems::new(path, text, problems));
    if text.len() > MAX_FILE {
        return Err(Problems::new(path, "", vec![load::too_large()]));
    }
    let tree = match read::read(text) {
        Ok(tree) => tree,
        Err(problems) => return refuse(problems),
    };
    section::read(&table::Entries::root(&tree), known, path, text).or_else(refuse)
}
