//! Values of a kind that does not belong where they stand.

use toml::{Spanned, de::DeValue};

use super::Raw;
use crate::scenario::{
    Problem,
    schema::{Quantity, Scalar, Text, Whole},
    validate::report::Report,
};

/// The problem that `raw` is not what is `expected` at `key`.
pub(in crate::scenario) fn misfit(expected: &str, key: &str, raw: Raw<'_>) -> Problem {
    if raw.get_ref().is_datetime() {
        return Problem::new("a date or time of day has no place in a scenario").at(raw.span());
    }
    let found = found(raw.get_ref());
    let problem = Problem::new(format!("expected {expected}, found {found}")).at(raw.span());
    let text = found.strip_prefix("the text ");
    match (expected, text) {
        _ if key == "timeline" => {
            problem.help("the timeline is a list of steps: `timeline = [{ at = \"6s\", heal = \"everything\" }]`")
        }
        ("a list", Some(text)) => problem.help(format!("a list stands in brackets: `[{text}]`")),
        ("a whole number" | "`true` or `false`", Some(text)) => {
            problem.help(format!("it stands without quotes: `{}`", text.trim_matches('"')))
        }
        _ => problem,
    }
}

/// What a value is, in the words of somebody who writes TOML.
fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {:?}", text.as_ref()),
        DeValue::Integer(number) => format!("`{number}`"),
        DeValue::Float(number) => format!("`{number}`"),
        DeValue::Boolean(value) => format!("`{value}`"),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// The quoted text that `raw` is.
pub(in crate::scenario) fn text(key: &str, raw: Raw<'_>, report: &mut Report) -> Option<Text> {
    match raw.get_ref() {
        DeValue::String(text) => Some(Spanned::new(raw.span(), text.clone().into_owned())),
        _ => report.shape(misfit("a quoted text", key, raw)),
    }
}

/// The quoted text or the number that `raw` is, as it is written.
pub(in crate::scenario) fn quantity(key: &str, raw: Raw<'_>, report: &mut Report) -> Option<Quantity> {
    let text = match raw.get_ref() {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => integer(raw).map_or_else(|| number.to_string(), |number| number.to_string()),
        // `Display` of f64 gives the shortest decimal that reads back as the same number: what the author wrote.
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| number.to_string(), |number: f64| number.to_string())
        }
        _ => return report.shape(misfit("a quoted text or a number", key, raw)),
    };
    Some(Spanned::new(raw.span(), Scalar(text)))
}

/// The whole number that `raw` is.
pub(in crate::scenario) fn whole(key: &str, raw: Raw<'_>, report: &mut Report) -> Option<Whole> {
    match integer(raw) {
        Some(number) => Some(Spanned::new(raw.span(), number)),
        None => report.shape(misfit("a whole number", key, raw)),
    }
}

fn integer(raw: Raw<'_>) -> Option<i64> {
    let number = raw.get_ref().as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}
