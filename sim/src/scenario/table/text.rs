//! How single values and tables are written.

use std::fmt::Display;

/// A text, as TOML writes it.
pub(in crate::scenario) fn quoted(text: impl Display) -> String {
    toml::Value::from(text.to_string()).to_string()
}

/// What `toml` says: a text without its quotes, anything else as it is written.
pub(in crate::scenario) fn unquoted(toml: &str) -> String {
    match toml.parse() {
        Ok(toml::Value::String(text)) => text,
        Ok(_) | Err(_) => toml.to_owned(),
    }
}

/// A key, as TOML writes it: in quotes if it has to be. Unlike [`quoted`] texts, keys are never on several lines.
fn key(name: &str) -> String {
    let line = toml::Table::from_iter([(name.to_owned(), true.into())]).to_string();
    line.trim_end().trim_end_matches("true").trim_end_matches([' ', '=']).to_owned()
}

/// The keys of a table with their values, in order.
#[derive(Default)]
pub(in crate::scenario) struct Keys(Vec<String>);

impl Keys {
    /// With one more, whose value is TOML.
    pub(in crate::scenario) fn key(mut self, name: impl Display, value: impl Display) -> Self {
        self.0.push(format!("{} = {value}", key(&name.to_string())));
        self
    }

    /// Without those.
    pub(in crate::scenario) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|line| !names.iter().any(|name| line.starts_with(&format!("{name} = "))));
        self
    }

    /// On one line.
    pub(in crate::scenario) fn inline(&self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", self.0.join(", ")) }
    }

    /// One key a line, below `header`; nothing if there are none.
    pub(in crate::scenario) fn section(&self, header: &str) -> String {
        if self.0.is_empty() { String::new() } else { format!("{header}\n{}", self.lines()) }
    }

    /// One key a line.
    pub(in crate::scenario) fn lines(&self) -> String {
        self.0.iter().map(|line| format!("{line}\n")).collect()
    }
}
