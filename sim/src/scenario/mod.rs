//! The script: what a run was asked to do, as a TOML file.
//!
//! The file goes through this room once, from left to right, and leaves as plain data or as a list of problems:
//!
//! ```text
//! load        bytes    -> text      a file is read with a size limit, or refused in one sentence
//! read        text     -> schema    TOML and the shape of the file; goes on after a problem to find the next
//! validate    schema   -> plan      every rule that refuses a file which parses
//! print       plan     -> text      the way back
//! ```
//!
//! | file       | what it holds                                                              |
//! |------------|----------------------------------------------------------------------------|
//! | `plan`     | what a valid scenario is: plain data, the defaults and the limits          |
//! | `metric`   | the quantities that a scenario may bound or put a floor under              |
//! | `names`    | what the steps of a timeline are called                                    |
//! | `units`    | durations, rates, ppm, seeds and bounds, from text to exact integers       |
//! | `profiles` | networks and disks that have a name, with the source of their figures      |
//! | `schema`   | the shape of the file, with source spans                                   |
//! | `shape`    | what single values look like, for the JSON Schema                          |
//! | `dial`     | what can be turned up in any scenario until a stale read becomes possible  |
//! | `describe` | the JSON Schema, for editors                                               |
//! | `table`    | what a table may say: declared once, read, printed and described from that |
//! | `section`  | the sections of a file that are declared in that way                       |
//! | `verb`     | what a step may do: one file a verb                                        |
//! | `read`     | text to schema                                                             |
//! | `validate` | schema to plan                                                             |
//! | `explain`  | a plan in English, and drawn to scale                                      |
//! | `lint`     | what a file may say and hardly means to: warnings                          |
//! | `print`    | a plan as a file that a person could have written                          |
//! | `problem`  | what is wrong with a file, and how that is shown                           |
//!
//! Nothing here knows of Raft, of the simulated world or of a run.

mod chaos;
mod describe;
mod dial;
mod explain;
mod lint;
mod load;
mod metric;
mod names;
mod plan;
mod print;
mod problem;
mod profiles;
mod read;
mod schema;
mod section;
mod shape;
mod table;
mod units;
mod validate;
mod verb;

#[cfg(test)]
mod tests;

use std::{path::Path, time::Duration};

pub use self::{
    chaos::Dice,
    describe::json_schema,
    dial::{Dial, Reach},
    explain::{Context, explain},
    lint::lint,
    metric::*,
    names::step_names,
    plan::*,
    print::print,
    problem::*,
    section::*,
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
    let refuse = |problems| Err(Problems::new(path, text, problems));
    if text.len() > MAX_FILE {
        return Err(Problems::new(path, "", vec![load::too_large()]));
    }
    let read::Read { file, taken, mut problems } = read::read(text);
    let Some(file) = file else {
        return refuse(problems);
    };
    let complete = problems.is_empty();
    let (scenario, found) = validate::validate(file, &taken, path, text, complete);
    problems.extend(found);
    if problems.is_empty() { Ok(scenario) } else { refuse(problems) }
}
