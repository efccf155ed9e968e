//! How single values and tables are written.

use std::time::Duration;

use crate::scenario::{Drift, Jump, Moment, Ppm, Selector, Verb, units::written};

/// A value, as TOML writes it.
pub(in crate::scenario) trait Value {
    fn toml(&self) -> String;
}

impl Value for str {
    fn toml(&self) -> String {
        toml::Value::from(self).to_string()
    }
}

impl Value for String {
    fn toml(&self) -> String {
        self.as_str().toml()
    }
}

impl Value for Duration {
    fn toml(&self) -> String {
        written(*self).toml()
    }
}

impl Value for Ppm {
    fn toml(&self) -> String {
        format!("{}ppm", self.0).toml()
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn toml(&self) -> String {
        (**self).toml()
    }
}

impl<T: Value> Value for [T] {
    fn toml(&self) -> String {
        let items: Vec<String> = self.iter().map(Value::toml).collect();
        format!("[{}]", items.join(", "))
    }
}

impl<T: Value> Value for Vec<T> {
    fn toml(&self) -> String {
        self.as_slice().toml()
    }
}

/// A table on one line.
impl Value for Keys {
    fn toml(&self) -> String {
        if self.0.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", self.0.join(", ")) }
    }
}

macro_rules! values {
    (plain: $($plain:ty)*; quoted: $($quoted:ty)*) => {
        $(impl Value for $plain {
            fn toml(&self) -> String {
                self.to_string()
            }
        })*
        $(impl Value for $quoted {
            fn toml(&self) -> String {
                self.to_string().toml()
            }
        })*
    };
}

values! {
    plain: u32 u64 bool;
    quoted: Drift Jump Moment Selector Verb
}

/// The keys of a table with their values, in order.
#[derive(Default)]
pub(in crate::scenario) struct Keys(Vec<String>);

impl Keys {
    pub(in crate::scenario) fn key(mut self, name: &str, value: impl Value) -> Self {
        self.0.push(format!("{} = {}", bare_or_quoted(name), value.toml()));
        self
    }

    /// With a value that is TOML already.
    pub(in crate::scenario) fn verbatim(mut self, name: &str, value: String) -> Self {
        self.0.push(format!("{} = {value}", bare_or_quoted(name)));
        self
    }

    /// Nodes, without a list where there is one.
    pub(in crate::scenario) fn whom(self, name: &str, nodes: &[Selector]) -> Self {
        match nodes {
            [one] => self.key(name, *one),
            [..] => self.key(name, nodes),
        }
    }

    /// Only what is there.
    pub(in crate::scenario) fn some(self, name: &str, value: Option<impl Value>) -> Self {
        match value {
            Some(value) => self.key(name, value),
            None => self,
        }
    }

    /// Only what is not the default.
    pub(in crate::scenario) fn unless<T: Value + PartialEq>(self, name: &str, value: T, default: T) -> Self {
        self.some(name, (value != default).then_some(value))
    }

    /// Only a table that says something.
    pub(in crate::scenario) fn table(self, name: &str, keys: Keys) -> Self {
        self.some(name, (!keys.0.is_empty()).then_some(keys))
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

fn bare_or_quoted(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if name.chars().all(is_bare) { name.to_owned() } else { name.toml() }
}
