//! Text to TOML, or why it is none.

use std::collections::BTreeMap;

use toml::{
    Spanned,
    de::{DeTable, Error},
};

use super::{Problem, problem::Lines, units::DAY_FORM};

/// The table that `text` is.
///
/// # Errors
///
/// It is no TOML.
pub(super) fn read(text: &str) -> Result<Spanned<DeTable<'_>>, Vec<Problem>> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() { Ok(tree) } else { Err(not_toml_at_all(&errors, text)) }
}

/// The first error of each line: what follows on the same line is mostly its echo.
fn not_toml_at_all(errors: &[Error], text: &str) -> Vec<Problem> {
    let lines = Lines::new(text);
    let mut problems = BTreeMap::new();
    for error in errors {
        let line = lines.line(error.span().unwrap_or_default().start);
        problems.entry(line).or_insert_with(|| not_toml(error, text));
    }
    problems.into_values().collect()
}

/// The problem that `text` is not TOML.
fn not_toml(error: &Error, text: &str) -> Problem {
    let span = error.span().unwrap_or_default();
    let problem = Problem::new(error.message()).at(span.clone());
    if error.message().contains("duplicate key") {
        return problem.help("each key may be written once");
    }
    match unquoted_value(text, span.start) {
        Some(value) if is_like_a_day(value) => problem.help(DAY_FORM),
        Some(value) => problem
            .help(format!("a value that is not a plain number, `true` or `false` stands in quotes: `\"{value}\"`")),
        None => problem,
    }
}

/// `2027-02-30`: TOML has days without quotes.
fn is_like_a_day(value: &str) -> bool {
    let mut parts = value.split('-');
    let is_year = parts.next().is_some_and(|year| year.len() == 4);
    is_year && parts.count() == 2 && value.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
}

/// The value without quotes that the byte at `offset` is in or follows: `20s`, `@leader`.
fn unquoted_value(text: &str, offset: usize) -> Option<&str> {
    // ASCII only, so that one byte further is the next character.
    let begin = |c: char| c.is_ascii_whitespace() || "=,[{".contains(c);
    let end = |c: char| c.is_ascii_whitespace() || ",]}#".contains(c);
    let (before, after) = text.split_at_checked(offset)?;
    let start = before.rfind(begin).map_or(0, |at| at + 1);
    let stop = offset + after.find(end).unwrap_or(after.len());
    let value = text.get(start..stop)?;
    let is_value = before[..start].trim_end().ends_with(['=', ',', '[']);
    let is_word = value.chars().all(|c| c.is_ascii_alphanumeric() || "@._-%/=<>()".contains(c));
    let says_something = value.len() <= 40 && value.contains(|c: char| c.is_ascii_alphanumeric());
    (is_value && is_word && says_something).then_some(value)
}
