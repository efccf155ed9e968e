//! What may be a name, and who knows which there are.

use super::{Scalar, TEXT, quoted};
use crate::words::{self, GroupNumber, Misread, quote};
use serde_json::json;
use std::path::Path;

/// What is wrong with a name of a variant or a check: others know which there are. By default nothing is.
#[derive(Clone, Copy)]
pub struct Known {
    /// Of the variant that a file runs under.
    pub variant: fn(&str) -> Result<(), String>,
    /// Of a variant that it says something of.
    pub section: fn(&str) -> Result<(), String>,
    /// Of a check.
    pub check: fn(&str) -> Result<(), String>,
    /// Of what finds a failure: a check, or a metric whose bound does not hold.
    pub finder: fn(&str) -> Result<(), String>,
}

impl Default for Known {
    fn default() -> Self {
        let any = |_: &str| Ok(());
        Self { variant: any, section: any, check: any, finder: any }
    }
}

/// A name of our own making.
pub(in crate::scenario) const NAME: Scalar<String> = Scalar {
    named: "Name",
    schema: |_| json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64 }),
    read: |text, _| named(text, "a name"),
    ..TEXT
};

/// The name of the variant that a file runs under.
pub(in crate::scenario) const VARIANT: Scalar<String> = Scalar {
    named: "VariantName",
    schema: |definitions| json!({ "enum": definitions.variants }),
    read: |text, frame| known(text, "a variant's name", frame.known.variant),
    ..TEXT
};

/// The name of a variant that a file says something of.
pub(in crate::scenario) const SECTION: Scalar<String> =
    Scalar { read: |text, frame| known(text, "a variant's name", frame.known.section), ..VARIANT };

/// The name of a check.
pub(in crate::scenario) const CHECK: Scalar<String> = Scalar {
    named: "CheckName",
    schema: |definitions| json!({ "enum": definitions.checks }),
    read: |text, frame| known(text, "a check's name", frame.known.check),
    ..TEXT
};

/// What finds a failure: a check, or a metric whose bound does not hold.
pub(in crate::scenario) const FINDER: Scalar<String> =
    Scalar { read: |text, frame| known(text, "a name", frame.known.finder), ..NAME };

/// The name of a scenario.
pub(in crate::scenario) const TITLE: Scalar<String> = Scalar { read: |text, _| named(text, OF_SCENARIO), ..NAME };

/// What a word is not that cannot name a scenario.
const OF_SCENARIO: &str = "a scenario's name";

/// A group, by number: `g2`.
pub(in crate::scenario) const GROUP: Scalar<u32> = Scalar {
    named: "GroupName",
    schema: |_| json!({ "type": "string", "pattern": "^g[1-9][0-9]?$" }),
    bare: false,
    read: |text, frame| frame.group(text.parse::<GroupNumber>()?.0),
    write: |group| quoted(format!("g{group}")),
};

/// As [`named`], of a name that others know.
fn known(text: &str, what: &str, is_known: fn(&str) -> Result<(), String>) -> Result<String, Misread> {
    let name = named(text, what)?;
    is_known(&name).map(|()| name).map_err(Misread::new)
}

/// The name that a scenario has in the file `path`, which need not be there.
///
/// # Errors
///
/// One sentence: no file of that name is a scenario's.
pub fn name_in(path: &Path) -> Result<String, String> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let of = |stem: &str| quote(&format!("{stem}.toml"));
    if path.extension().is_none_or(|extension| extension != "toml") {
        return Err(format!("a scenario's file ends in `.toml`: {}", of(&stem)));
    }
    named(&stem, OF_SCENARIO).map_err(|misread| {
        let Misread { message, help, meant, .. } = misread;
        let meant = meant.map(|meant| format!("; did you mean {}?", of(&meant)));
        format!("{message}: {}{}", help.unwrap_or_default(), meant.unwrap_or_default())
    })
}

/// The name that `text` is; `what` it is not, if it is none.
///
/// # Errors
///
/// It is not in kebab-case, or long.
pub(in crate::scenario) fn named(text: &str, what: &str) -> Result<String, Misread> {
    const LONGEST: usize = 64;
    if text.len() <= LONGEST && words::is_kebab(text) {
        return Ok(text.to_owned());
    }
    let help = "names are at most 64 lower-case letters and digits, in words joined by hyphens: `transfer-under-storm`";
    let misread = Misread::new(format!("{} is not {what}", quote(text))).help(help);
    Err(Misread { meant: words::kebab(text), ..misread })
}
