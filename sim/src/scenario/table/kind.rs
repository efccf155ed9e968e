//! What may be a value.

use std::{marker::PhantomData, ops::Range, time::Duration};

use serde_json::{Value, json};
use toml::de::DeValue;

use super::{Entries, Field, Key, Raw, Reader, Table, found, found::misfit};
use crate::scenario::{
    Ends, Misread, Ppm, Problem, Selector,
    print::toml::{Keys, Value as Toml},
    schema::Text,
    units::{self, Protocol, written_bandwidth},
    validate::{nodes, nodes::selector},
    words::Spelled,
};

/// What may be a value.
pub(in crate::scenario) trait Kind {
    type Of;

    /// For editors.
    fn schema(&self) -> Value;

    /// The value, or `None` after refusing it.
    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of>;

    fn toml(&self, value: &Self::Of) -> String;
}

/// What the JSON Schema defines under a name.
fn defined(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// A word of a closed set.
pub(in crate::scenario) struct Word<T>(PhantomData<T>);

pub(in crate::scenario) const fn word<T: Spelled>() -> Word<T> {
    Word(PhantomData)
}

impl<T: Spelled> Kind for Word<T> {
    type Of = T;

    fn schema(&self) -> Value {
        json!({ "enum": T::WORDS.iter().map(|(_, word)| *word).collect::<Vec<_>>() })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        let text = found::text(key, raw, reader.report)?;
        reader.report.spelled(Some(text))
    }

    fn toml(&self, value: &T) -> String {
        value.word().toml()
    }
}

/// Words of a closed set, none of them twice.
pub(in crate::scenario) struct Words<T>(PhantomData<T>);

pub(in crate::scenario) const fn words<T: Spelled>() -> Words<T> {
    Words(PhantomData)
}

impl<T: Spelled> Kind for Words<T> {
    type Of = Vec<T>;

    fn schema(&self) -> Value {
        json!({ "type": "array", "items": word::<T>().schema(), "default": [] })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<T>> {
        let texts = texts(key, raw, reader)?;
        let count = texts.len();
        let words: Vec<T> = reader.report.words(texts);
        (words.len() == count).then_some(words)
    }

    fn toml(&self, value: &Vec<T>) -> String {
        value.iter().map(|word| word.word()).collect::<Vec<_>>().toml()
    }
}

/// The items of a list of texts.
pub(in crate::scenario) fn texts(key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Text>> {
    let Some(items) = raw.get_ref().as_array() else { return reader.report.shape(misfit("a list", key, raw)) };
    let texts: Vec<_> = items.iter().map(|item| found::text(key, item, reader.report)).collect();
    texts.into_iter().collect()
}

/// One text, or a list of them.
fn one_or_more(key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Text>> {
    match raw.get_ref() {
        DeValue::String(_) => Some(vec![found::text(key, raw, reader.report)?]),
        DeValue::Array(_) => texts(key, raw, reader),
        _ => reader.report.shape(misfit("a quoted text or a list of them", key, raw)),
    }
}

/// A quantity that is written with its unit: how it is read and written.
pub(in crate::scenario) struct Quantity<T> {
    named: &'static str,
    read: fn(&str, &Protocol) -> Result<T, Misread>,
    write: fn(&T) -> String,
}

impl<T> Kind for Quantity<T> {
    type Of = T;

    fn schema(&self) -> Value {
        defined(self.named)
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        let quantity = found::quantity(key, raw, reader.report)?;
        let protocol = reader.frame.protocol;
        reader.report.scalar(Some(quantity), |text| (self.read)(text, &protocol))
    }

    fn toml(&self, value: &T) -> String {
        (self.write)(value)
    }
}

/// A duration, also in units of the protocol.
pub(in crate::scenario) const DURATION: Quantity<Duration> = Quantity {
    named: "Duration",
    read: |text, protocol| units::duration(text, Some(protocol)),
    write: |duration| duration.toml(),
};

/// A share of one.
pub(in crate::scenario) const SHARE: Quantity<Ppm> =
    Quantity { named: "Share", read: |text, _| units::ppm(text), write: |share| share.toml() };

/// How much too fast or too slow a clock is.
pub(in crate::scenario) const DRIFT: Quantity<crate::words::Drift> =
    Quantity { named: "Drift", read: |text, _| units::drift(text), write: |drift| drift.toml() };

/// How far a clock jumps.
pub(in crate::scenario) const JUMP: Quantity<crate::words::Jump> =
    Quantity { named: "Jump", read: |text, protocol| units::jump(text, Some(protocol)), write: |jump| jump.toml() };

/// Bytes a second.
pub(in crate::scenario) const BANDWIDTH: Quantity<u64> = Quantity {
    named: "Bandwidth",
    read: |text, _| units::bandwidth(text),
    write: |bandwidth| written_bandwidth(*bandwidth).toml(),
};

/// A duration that is not zero.
pub(in crate::scenario) struct Positive;

impl Kind for Positive {
    type Of = Duration;

    fn schema(&self) -> Value {
        DURATION.schema()
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Duration> {
        let quantity = found::quantity(key, raw, reader.report)?;
        reader.report.positive(key, Some(quantity), Some(&reader.frame.protocol))
    }

    fn toml(&self, value: &Duration) -> String {
        value.toml()
    }
}

/// A whole number from one to another.
pub(in crate::scenario) struct Whole {
    pub least: u32,
    pub most: u32,
    /// The JSON Schema says so too.
    pub told: bool,
}

impl Kind for Whole {
    type Of = u32;

    fn schema(&self) -> Value {
        let [least, most] = if self.told { [json!(self.least), json!(self.most)] } else { [json!(0), Value::Null] };
        let mut schema = json!({ "type": "integer", "format": "uint32", "minimum": least });
        if !most.is_null() {
            schema["maximum"] = most;
        }
        schema
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<u32> {
        let number = found::whole(key, raw, reader.report)?;
        reader.report.whole(key, Some(number), self.least, self.most)
    }

    fn toml(&self, value: &u32) -> String {
        value.toml()
    }
}

/// `true` or `false`.
pub(in crate::scenario) struct Flag;

impl Kind for Flag {
    type Of = bool;

    fn schema(&self) -> Value {
        json!({ "type": "boolean" })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<bool> {
        let flag = raw.get_ref().as_bool();
        flag.or_else(|| reader.report.shape(misfit("`true` or `false`", key, raw)))
    }

    fn toml(&self, value: &bool) -> String {
        value.toml()
    }
}

/// What is said by `key = true` alone.
pub(in crate::scenario) struct Said;

impl Kind for Said {
    type Of = bool;

    fn schema(&self) -> Value {
        defined("True")
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<bool> {
        let said = Flag.read(key, raw, reader)?;
        if !said {
            reader.report.refuse(Problem::new(format!("`{key}` is `true`, or is left out")).at(raw.span()));
        }
        said.then_some(true)
    }

    fn toml(&self, value: &bool) -> String {
        value.toml()
    }
}

/// One node. `of` says what is one, `help` what to write for several.
pub(in crate::scenario) struct OneNode {
    pub of: &'static str,
    pub help: &'static str,
}

impl Kind for OneNode {
    type Of = Selector;

    fn schema(&self) -> Value {
        defined("OneNode")
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Selector> {
        let text = found::text(key, raw, reader.report)?;
        let selector = selector(text, reader.frame, reader.report)?;
        if selector.is_many() {
            let problem = Problem::new(format!("`{selector}` may be several nodes; {}", self.of)).at(raw.span());
            reader.report.refuse(problem.help(self.help));
            return None;
        }
        Some(selector)
    }

    fn toml(&self, value: &Selector) -> String {
        value.toml()
    }
}

/// A table inside a table.
pub(in crate::scenario) struct Inner<T>(PhantomData<T>);

pub(in crate::scenario) const fn inner<T: Table>() -> Inner<T> {
    Inner(PhantomData)
}

impl<T: Table> Kind for Inner<T> {
    type Of = T;

    fn schema(&self) -> Value {
        defined(T::NAME)
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        match Entries::of(raw) {
            Some(entries) => T::read(&entries, reader),
            None => reader.report.shape(misfit("a table", key, raw)),
        }
    }

    fn toml(&self, value: &T) -> String {
        value.put(Keys::default()).toml()
    }
}

/// Whom a fault of one side hits. `example` is what else such a fault says.
pub(in crate::scenario) struct Victims {
    pub verb: &'static str,
    pub example: &'static str,
}

impl Field for Victims {
    type Of = Vec<Selector>;

    fn keys(&self, name: &'static str, about: &[&str]) -> Vec<Key> {
        vec![Key::new(name, about, defined("Nodes")).needed()]
    }

    fn read(&self, key: &'static str, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let texts = match entries.get(key) {
            Some(raw) => one_or_more(key, raw, reader)?,
            None => Vec::new(),
        };
        nodes::victims(self.verb, texts, self.example, entries.place(key), reader)
    }

    fn put(&self, key: &str, value: &Self::Of, keys: Keys) -> Keys {
        keys.whom(key, value)
    }
}

/// Who sends and who receives: `from` and `to`.
pub(in crate::scenario) struct BothEnds;

impl Field for BothEnds {
    type Of = Ends;

    fn keys(&self, _: &'static str, _: &[&str]) -> Vec<Key> {
        let end = |name, about| Key::new(name, &[about], defined("Nodes"));
        vec![end("from", "Who sends. Default: every node."), end("to", "Who receives. Default: every node.")]
    }

    fn read(&self, _: &'static str, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Ends> {
        let mut end = |key| -> Option<(Vec<Text>, Option<Range<usize>>)> {
            let Some(raw) = entries.get(key) else { return Some((Vec::new(), None)) };
            Some((one_or_more(key, raw, reader)?, Some(raw.span())))
        };
        let (from, to) = (end("from"), end("to"));
        nodes::ends(from?, to?, reader)
    }

    fn put(&self, _: &str, value: &Ends, keys: Keys) -> Keys {
        let end = |keys: Keys, key, nodes: &[Selector]| if nodes.is_empty() { keys } else { keys.whom(key, nodes) };
        end(end(keys, "from", &value.from), "to", &value.to)
    }
}

/// Refuses a table in which not exactly one of `keys` is given: by `none`, or by `several` of the first two.
pub(in crate::scenario) fn only_one(
    keys: &[&str],
    entries: &Entries<'_>,
    reader: &mut Reader<'_>,
    none: Problem,
    several: impl FnOnce(&str, &str) -> Problem,
) -> Option<()> {
    match &entries.given(keys)[..] {
        [_] => return Some(()),
        [] => reader.report.missing(none.at(entries.span.clone())),
        [(first, one), (second, other), ..] => {
            reader.report.refuse(several(one, other).at(second.clone()).also(first.clone(), "the first"));
        }
    }
    None
}
