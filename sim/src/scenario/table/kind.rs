//! What may be a value.

use std::{fmt::Display, marker::PhantomData, time::Duration};

use serde_json::{Value, json};

use super::{Definitions, Entries, Keys, Raw, Reader, Table, Value as Toml, found, misfit, texts};
use crate::scenario::{
    Misread, Ppm, Problem,
    problem::quote,
    units::{self, Protocol, written_bandwidth},
};
use crate::words::{self, Drift, Jump, Spelled};

/// What may be a value.
pub(in crate::scenario) trait Kind: 'static {
    type Of;

    /// For editors.
    fn schema(&self, definitions: &mut Definitions<'_>) -> Value;

    /// The value, or `None` after refusing it.
    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of>;

    fn toml(&self, value: &Self::Of) -> String;
}

/// A word of a closed set.
pub(in crate::scenario) struct Word<T>(PhantomData<T>);

pub(in crate::scenario) const fn word<T: Spelled>() -> Word<T> {
    Word(PhantomData)
}

impl<T: Spelled> Kind for Word<T> {
    type Of = T;

    fn schema(&self, _: &mut Definitions<'_>) -> Value {
        json!({ "enum": T::WORDS.iter().map(|(_, word)| *word).collect::<Vec<_>>() })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        let text = found::text(key, raw, reader.report)?;
        reader.report.take(T::spelled(text.get_ref()), text.span())
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

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        json!({ "type": "array", "items": word::<T>().schema(definitions), "default": [] })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<T>> {
        let texts = texts(key, raw, reader.report)?;
        let count = texts.len();
        let mut words = Vec::new();
        for text in texts {
            let Some(word) = reader.report.take(T::spelled(text.get_ref()), text.span()) else { continue };
            if words.contains(&word) {
                let message = format!("{} is there twice", quote(text.get_ref()));
                reader.report.refuse(Problem::new(message).at(text.span()));
            } else {
                words.push(word);
            }
        }
        (words.len() == count).then_some(words)
    }

    fn toml(&self, value: &Vec<T>) -> String {
        value.iter().map(|word| word.word()).collect::<Vec<_>>().toml()
    }
}

/// A number.
pub(in crate::scenario) const NUMBER: &str = r"[0-9][0-9_]*(\.[0-9_]+)?";

/// A number and the unit of a duration.
pub(in crate::scenario) const LENGTH: &str =
    r"[0-9][0-9_]*(\.[0-9_]+)?\s*(ns|us|µs|μs|ms|s|m|h|heartbeats?|election-timeouts?|leases?)";

/// A text of this form, with space around it.
pub(in crate::scenario) fn pattern(form: &str) -> Value {
    json!({ "type": "string", "pattern": format!(r"^\s*{form}\s*$") })
}

/// A quantity that is written with its unit: how it is described, read and written.
pub(in crate::scenario) struct Quantity<T> {
    pub named: &'static str,
    pub schema: fn() -> Value,
    pub read: fn(&str, Option<&Protocol>) -> Result<T, Misread>,
    pub write: fn(&T) -> String,
}

impl<T: 'static> Kind for Quantity<T> {
    type Of = T;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        definitions.named(self.named, |_| (self.schema)())
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        let text = found::quantity(key, raw, reader.report)?;
        reader.report.take((self.read)(text.get_ref(), reader.frame.protocol.as_ref()), text.span())
    }

    fn toml(&self, value: &T) -> String {
        (self.write)(value)
    }
}

/// A duration, also in units of the protocol.
pub(in crate::scenario) const DURATION: Quantity<Duration> = Quantity {
    named: "Duration",
    schema: || pattern(LENGTH),
    read: units::duration,
    write: |duration| duration.toml(),
};

/// A share of one.
pub(in crate::scenario) const SHARE: Quantity<Ppm> = Quantity {
    named: "Share",
    schema: || {
        let text = pattern(&format!(r"{NUMBER}\s*(%|ppm)?"));
        json!({ "anyOf": [{ "type": "number", "minimum": 0 }, text] })
    },
    read: |text, _| units::ppm(text),
    write: |share| share.toml(),
};

/// How much too fast or too slow a clock is.
pub(in crate::scenario) const DRIFT: Quantity<Drift> = Quantity {
    named: "Drift",
    schema: || pattern(&format!(r"[+-]\s*{NUMBER}\s*(%|ppm)")),
    read: |text, _| units::drift(text),
    write: |drift| drift.toml(),
};

/// How far a clock jumps.
pub(in crate::scenario) const JUMP: Quantity<Jump> = Quantity {
    named: "Jump",
    schema: || pattern(&format!(r"[+-]\s*{LENGTH}")),
    read: units::jump,
    write: |jump| jump.toml(),
};

/// Bytes a second.
pub(in crate::scenario) const BANDWIDTH: Quantity<u64> = Quantity {
    named: "Bandwidth",
    schema: || pattern(&format!(r"{NUMBER}\s*(B|kB|MB|GB)/s")),
    read: |text, _| units::bandwidth(text),
    write: |bandwidth| written_bandwidth(*bandwidth).toml(),
};

/// A duration that is not zero.
pub(in crate::scenario) struct Positive;

impl Kind for Positive {
    type Of = Duration;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        DURATION.schema(definitions)
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Duration> {
        let duration = DURATION.read(key, raw, reader)?;
        if duration.is_zero() {
            reader.report.refuse(Problem::new(format!("`{key}` must be longer than zero")).at(raw.span()));
            return None;
        }
        Some(duration)
    }

    fn toml(&self, value: &Duration) -> String {
        value.toml()
    }
}

/// A whole number from one to another.
pub(in crate::scenario) struct Whole<T> {
    pub least: T,
    pub most: T,
}

impl<T: Toml + TryFrom<i64> + PartialOrd + Display + Copy + Into<u64> + 'static> Kind for Whole<T> {
    type Of = T;

    fn schema(&self, _: &mut Definitions<'_>) -> Value {
        json!({ "type": "integer", "minimum": self.least.into(), "maximum": self.most.into() })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        let Self { least, most } = self;
        let number = found::whole(key, raw, reader.report)?;
        let value = T::try_from(number).ok().filter(|value| value >= least && value <= most);
        if value.is_none() {
            let message = format!("`{key}` is {least} to {most}, not {number}");
            reader.report.refuse(Problem::new(message).at(raw.span()));
        }
        value
    }

    fn toml(&self, value: &T) -> String {
        value.toml()
    }
}

/// `true` or `false`.
pub(in crate::scenario) struct Flag;

impl Kind for Flag {
    type Of = bool;

    fn schema(&self, _: &mut Definitions<'_>) -> Value {
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

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        definitions.named("True", |_| json!({ "const": true }))
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

/// A name in kebab-case; this is what a text that is none is not: `a tag`.
pub(in crate::scenario) struct Name(pub &'static str);

impl Name {
    /// The name that `text` is. `None` after refusing it.
    pub(in crate::scenario) fn of(
        &self,
        text: &str,
        span: std::ops::Range<usize>,
        reader: &mut Reader<'_>,
    ) -> Option<String> {
        const LONGEST: usize = 64;
        if text.len() <= LONGEST && words::is_kebab(text) {
            return Some(text.to_owned());
        }
        let help =
            "names are at most 64 lower-case letters and digits, in words joined by hyphens: `transfer-under-storm`";
        let problem = Problem::new(format!("{} is not {}", quote(text), self.0)).at(span).help(help);
        reader.report.refuse(match words::kebab(text) {
            Some(meant) => problem.label(format!("did you mean `{meant}`?")),
            None => problem,
        });
        None
    }
}

impl Kind for Name {
    type Of = String;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        let schema = json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64 });
        definitions.named("Name", |_| schema)
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<String> {
        let text = found::text(key, raw, reader.report)?;
        self.of(text.get_ref(), text.span(), reader)
    }

    fn toml(&self, value: &String) -> String {
        value.toml()
    }
}

/// A table inside a table.
pub(in crate::scenario) struct Inner<T>(PhantomData<T>);

pub(in crate::scenario) const fn inner<T: Table>() -> Inner<T> {
    Inner(PhantomData)
}

impl<T: Table> Inner<T> {
    pub(in crate::scenario) fn read_over(
        &self,
        base: Option<&T>,
        key: &str,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Option<T> {
        match Entries::of(raw) {
            Some(entries) => T::read(base, &entries, reader),
            None => reader.report.shape(misfit("a table", key, raw)),
        }
    }
}

impl<T: Table> Kind for Inner<T> {
    type Of = T;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        definitions.table::<T>()
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        self.read_over(None, key, raw, reader)
    }

    fn toml(&self, value: &T) -> String {
        value.put(None, Keys::default()).toml()
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
