//! Values of a kind that does not belong where they stand.

use std::ops::Range;

use toml::{Spanned, de::DeValue};

use super::{Raw, Report, Text, report::above_tables};
use crate::scenario::{Problem, units};

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
        _ if key == "workload" => problem.help("workloads are a list: write `[[workload]]`, with double brackets"),
        _ if raw.get_ref().is_table() && units::quantile(key).is_ok() => {
            problem.help("a quantile with a decimal point stands in quotes: `\"p99.9\"`")
        }
        ("a table", Some(_)) if key == "variant" => problem.help(above_tables(key)),
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

/// Where the text `word` stands in a list; without it, where the list does.
pub(in crate::scenario) fn place_in(list: Raw<'_>, word: &str) -> Range<usize> {
    let mut items = list.get_ref().as_array().into_iter().flatten();
    items.find(|item| item.get_ref().as_str() == Some(word)).map_or_else(|| list.span(), Spanned::span)
}

/// All that is read, or `None` if one was refused. All are judged, so that all problems are told.
pub(in crate::scenario) fn every<T>(read: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    read.collect::<Vec<_>>().into_iter().collect()
}

/// The quoted text or the number that `raw` is, as it is written.
pub(in crate::scenario) fn quantity(key: &str, raw: Raw<'_>, report: &mut Report) -> Option<Text> {
    match as_written(raw) {
        Some(text) => Some(Spanned::new(raw.span(), text)),
        None => report.shape(misfit("a quoted text or a number", key, raw)),
    }
}

/// The same, or `None`.
pub(in crate::scenario) fn as_written(raw: Raw<'_>) -> Option<String> {
    Some(match raw.get_ref() {
        DeValue::String(text) => text.clone().into_owned(),
        DeValue::Integer(number) => integer(raw).map_or_else(|| number.to_string(), |number| number.to_string()),
        // `Display` of f64 gives the shortest decimal that reads back as the same number: what the author wrote.
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| number.to_string(), |number: f64| number.to_string())
        }
        _ => return None,
    })
}

/// The whole number that `raw` is.
pub(in crate::scenario) fn whole(key: &str, raw: Raw<'_>, report: &mut Report) -> Option<i64> {
    integer(raw).or_else(|| report.shape(misfit("a whole number", key, raw)))
}

fn integer(raw: Raw<'_>) -> Option<i64> {
    let number = raw.get_ref().as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}
