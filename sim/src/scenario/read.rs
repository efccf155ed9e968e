//! Text to [`schema::File`]: TOML first, then the shape.
//!
//! serde stops at the first key or value that does not fit. To find the others as well, what did not fit is taken out
//! of the parsed tree, and the rest is read again.

use std::{collections::BTreeMap, ops::Range};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer, Error},
};

use super::{
    MAX_PROBLEMS, Problem,
    problem::{Lines, quote, quote_all},
    schema,
};
use crate::words;

/// What a text is, as far as it has the shape of a scenario.
pub(super) struct Read<'t> {
    /// All but what `table` reads. `None` where nothing could be made of it.
    pub file: Option<schema::File>,
    /// For `table` to read.
    pub taken: DeTable<'t>,
    /// What has another shape.
    pub problems: Vec<Problem>,
}

/// Reads as much of `text` as has the shape of a scenario, and says what does not.
pub(super) fn read(text: &str) -> Read<'_> {
    let (mut tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Read { file: None, taken: DeTable::new(), problems: not_toml_at_all(&errors, text) };
    }
    let mut taken = DeTable::new();
    for key in TAKEN {
        if let Some((key, value)) = tree.get_mut().remove_entry(key) {
            taken.insert(key, value);
        }
    }
    let mut problems = Vec::new();
    while problems.len() <= MAX_PROBLEMS {
        let error = match schema::File::deserialize(Deserializer::from(tree.clone())) {
            Ok(file) => return Read { file: Some(file), taken, problems },
            Err(error) => error,
        };
        let place = error.span().and_then(|span| locate(tree.get_ref(), &span));
        let Some(place) = place else {
            problems.push(Problem::new(error.message()));
            break;
        };
        problems.push(misfit(&error, &place));
        remove(tree.get_mut(), &place.path);
    }
    Read { file: None, taken, problems }
}

/// What `table` reads.
const TAKEN: [&str; 3] = ["timeline", "expect", "floors"];

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
        Some(value) => problem
            .help(format!("a value that is not a plain number, `true` or `false` stands in quotes: `\"{value}\"`")),
        None => problem,
    }
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

/// Where in the tree an error is.
struct Place {
    path: Vec<Part>,
    /// The value is a date or a time of day, which serde is shown as a table.
    is_date: bool,
    span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Key(String),
    Item(usize),
}

impl Place {
    fn names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.path.iter().filter_map(|part| match part {
            Part::Key(key) => Some(key.as_str()),
            Part::Item(_) => None,
        })
    }
}

/// What serde says of a list where a table belongs, if nothing is wrong inside it: it takes a list for the fields in order.
const LIST_FOR_A_TABLE: &str = "invalid length";

/// The innermost entry of `tree` whose key or value covers `span`.
fn locate(tree: &DeTable<'_>, span: &Range<usize>) -> Option<Place> {
    let mut search = Search { wanted: span.clone(), path: Vec::new(), best: None };
    search.table(tree);
    search.best
}

struct Search {
    wanted: Range<usize>,
    path: Vec<Part>,
    best: Option<Place>,
}

impl Search {
    fn table(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            self.path.push(Part::Key(key.get_ref().to_string()));
            self.offer(key.span(), false);
            self.value(value);
            self.path.pop();
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>) {
        self.offer(value.span(), value.get_ref().is_datetime());
        match value.get_ref() {
            DeValue::Table(table) => self.table(table),
            DeValue::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Part::Item(index));
                    self.value(item);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    fn offer(&mut self, span: Range<usize>, is_date: bool) {
        let covers = span.start <= self.wanted.start && self.wanted.end <= span.end;
        let is_tighter = self.best.as_ref().is_none_or(|best| span.len() < best.span.len());
        if covers && is_tighter {
            self.best = Some(Place { path: self.path.clone(), is_date, span });
        }
    }
}

/// Takes the entry at `path` out of `table`.
fn remove(table: &mut DeTable<'_>, path: &[Part]) {
    let Some((Part::Key(key), rest)) = path.split_first() else { return };
    if rest.is_empty() {
        table.remove(key.as_str());
    } else if let Some(value) = table.get_mut(key.as_str()) {
        remove_inside(value.get_mut(), rest);
    }
}

fn remove_inside(value: &mut DeValue<'_>, path: &[Part]) {
    match (value, path) {
        (DeValue::Table(table), _) => remove(table, path),
        (DeValue::Array(items), [Part::Item(index)]) => {
            let others = items.iter().enumerate().filter(|(other, _)| other != index);
            *items = others.map(|(_, item)| item.clone()).collect();
        }
        (DeValue::Array(items), [Part::Item(index), rest @ ..]) => {
            if let Some(item) = items.get_mut(*index) {
                remove_inside(item.get_mut(), rest);
            }
        }
        _ => {}
    }
}

/// The problem that a key or a value has no place in a scenario.
fn misfit(error: &Error, place: &Place) -> Problem {
    let is_key = error.message().starts_with("unknown field");
    let problem = match place.names().next_back() {
        Some(key) if is_key => unknown_key(error.message(), key, &place.span),
        _ => wrong_type(error.message(), place),
    };
    match stray_root_key(place, is_key) {
        Some(help) => problem.label("").help(help),
        None => problem,
    }
}

fn unknown_key(message: &str, key: &str, span: &Range<usize>) -> Problem {
    let allowed = expected_names(message);
    let problem = Problem::new(format!("unknown key {}", quote(key))).at(span.clone());
    let problem = match words::nearest(key, allowed.iter().map(String::as_str)) {
        Some(meant) => problem.label(format!("did you mean `{meant}`?")),
        None => problem,
    };
    problem.help(format!("allowed here: {}", quote_all(allowed)))
}

/// The names between backticks at the end of serde's "unknown field `x`, expected one of `a`, `b`".
fn expected_names(message: &str) -> Vec<String> {
    let (_, names) = message.rsplit_once(", expected ").unwrap_or_default();
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn wrong_type(message: &str, place: &Place) -> Problem {
    let (found, expected) = types(message).unwrap_or_default();
    if place.is_date {
        return Problem::new("a date or time of day has no place in a scenario").at(place.span.clone());
    }
    if expected.is_empty() {
        return Problem::new(message).at(place.span.clone());
    }
    let problem = Problem::new(format!("expected {expected}, found {found}")).at(place.span.clone());
    match place.names().next_back() {
        Some("workload") => problem.help("workloads are a list: write `[[workload]]`, with double brackets"),
        _ if expected == "a list" && found.starts_with("the text ") => {
            let text = found.trim_start_matches("the text ");
            problem.help(format!("a list stands in brackets: `[{text}]`"))
        }
        _ if matches!(expected.as_str(), "a whole number" | "`true` or `false`") && found.starts_with("the text ") => {
            let text = found.trim_start_matches("the text ").trim_matches('"');
            problem.help(format!("it stands without quotes: `{text}`"))
        }
        Some(name) if name.starts_with('p') && super::units::quantile(name).is_ok() => {
            problem.help("a quantile with a decimal point stands in quotes: `\"p99.9\"`")
        }
        _ => problem,
    }
}

/// What was found and what was expected, if that is what `message` is about.
fn types(message: &str) -> Option<(String, String)> {
    if message.starts_with(LIST_FOR_A_TABLE) {
        return Some(("a list".to_owned(), "a table".to_owned()));
    }
    let (found, expected) = message.strip_prefix("invalid type: ")?.rsplit_once(", expected ")?;
    Some((in_toml_words(found), in_toml_words(expected)))
}

/// serde's words for types in those of somebody who writes TOML.
fn in_toml_words(text: &str) -> String {
    match text {
        "map" | "a map" => "a table".to_owned(),
        "sequence" | "a sequence" => "a list".to_owned(),
        "i64" => "a whole number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" => "a quoted text".to_owned(),
        _ if text.starts_with("struct ") => "a table".to_owned(),
        _ => text
            .replacen("string \"", "the text \"", 1)
            .replacen("boolean ", "", 1)
            .replacen("integer ", "", 1)
            .replacen("floating point ", "", 1),
    }
}

/// What to say of a top-level key that stands below a `[table]`, where TOML makes it a key of that table.
fn stray_root_key(place: &Place, is_key: bool) -> Option<String> {
    let names: Vec<&str> = place.names().collect();
    let [table, .., name] = names[..] else { return None };
    let is_elsewhere = is_key || (table, name) == ("cluster", "variant") && place.path.len() == 2;
    is_elsewhere.then(|| above_tables(name)).flatten()
}

/// The keys that stand above all tables.
pub(super) const ROOT: [&str; 7] = ["name", "about", "seeds", "until", "variant", "format", "timeline"];

/// The hint for a key `name` that belongs above the first `[table]`. `None` if it does not.
fn above_tables(name: &str) -> Option<String> {
    ROOT.contains(&name).then(|| {
        format!("`{name}` must stand before the first [table]: in TOML a key below a [table] belongs to that table")
    })
}
