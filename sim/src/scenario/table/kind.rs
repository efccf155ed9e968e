//! What may be a value.

use std::{fmt::Display, marker::PhantomData, time::Duration};

use serde_json::{Value, json};

use super::{Definitions, Entries, Keys, Raw, Reader, Table, Tags, Value as Toml, every, found, misfit};
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

/// A number.
pub(in crate::scenario) const NUMBER: &str = r"[0-9][0-9_]*(\.[0-9_]+)?";

/// A number and the unit of a duration.
pub(in crate::scenario) const LENGTH: &str =
    r"[0-9][0-9_]*(\.[0-9_]+)?\s*(ns|us|µs|μs|ms|s|m|h|heartbeats?|election-timeouts?|leases?)";

/// A text of this form, with space around it.
pub(in crate::scenario) fn pattern(form: &str) -> Value {
    json!({ "type": "string", "pattern": format!(r"^\s*{form}\s*$") })
}

/// A value that is one text, or one number: how it is described, read and written.
pub(in crate::scenario) struct Scalar<T> {
    /// Its name in the JSON Schema; empty: it is described where it stands.
    pub named: &'static str,
    pub schema: fn(&Definitions<'_>) -> Value,
    /// It may stand without quotes, as a number.
    pub bare: bool,
    pub read: fn(&str, Option<&Protocol>) -> Result<T, Misread>,
    pub write: fn(&T) -> String,
}

impl<T: 'static> Kind for Scalar<T> {
    type Of = T;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        let schema = self.schema;
        if self.named.is_empty() { schema(definitions) } else { definitions.named(self.named, |all| schema(all)) }
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        let read = if self.bare { found::quantity } else { found::text };
        let text = read(key, raw, reader.report)?;
        reader.report.take((self.read)(text.get_ref(), reader.frame.protocol.as_ref()), text.span())
    }

    fn toml(&self, value: &T) -> String {
        (self.write)(value)
    }
}

/// A word of a closed set.
pub(in crate::scenario) fn word<T: Spelled>() -> Scalar<T> {
    Scalar {
        named: "",
        schema: |_| json!({ "enum": T::WORDS.iter().map(|(_, word)| *word).collect::<Vec<_>>() }),
        bare: false,
        read: |text, _| T::spelled(text),
        write: |member| member.word().toml(),
    }
}

/// Any text.
pub(in crate::scenario) const TEXT: Scalar<String> = Scalar {
    named: "",
    schema: |_| json!({ "type": "string" }),
    bare: false,
    read: |text, _| Ok(text.to_owned()),
    write: |text| text.toml(),
};

/// A name of our own making.
pub(in crate::scenario) const NAME: Scalar<String> = Scalar {
    named: "Name",
    schema: |_| json!({ "type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64 }),
    read: |text, _| named(text, "a name"),
    ..TEXT
};

/// The name of a variant.
pub(in crate::scenario) const VARIANT: Scalar<String> = Scalar {
    named: "VariantName",
    schema: |definitions| json!({ "enum": definitions.variants }),
    read: |text, _| named(text, "a variant's name"),
    ..TEXT
};

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

/// A list, in which nothing is twice.
pub(in crate::scenario) struct List<K>(pub K);

impl<K: Kind> Kind for List<K> {
    type Of = Vec<K::Of>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        json!({ "type": "array", "items": self.0.schema(definitions) })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let Some(items) = raw.get_ref().as_array() else { return reader.report.shape(misfit("a list", key, raw)) };
        let mut seen = Tags::new();
        let read = items.iter().map(|item| {
            let value = self.0.read(key, item, reader)?;
            let word = self.0.toml(&value).trim_matches('"').to_owned();
            if let Some(first) = seen.get(&word) {
                let problem = Problem::new(format!("{} is there twice", quote(&word))).at(item.span());
                return reader.report.refused(problem.also(first.clone(), "first here"));
            }
            seen.insert(word, item.span());
            Some(value)
        });
        every(read)
    }

    fn toml(&self, value: &Self::Of) -> String {
        let items: Vec<String> = value.iter().map(|item| self.0.toml(item)).collect();
        format!("[{}]", items.join(", "))
    }
}

/// A whole number from 1 to the most, or a table that says more.
pub(in crate::scenario) struct NumberOr<T> {
    pub most: u32,
    /// The table that says the same as a number.
    pub of: fn(u32) -> T,
    /// The number, if that is how it is written.
    pub plain: fn(&T) -> Option<u32>,
    /// What to write.
    pub help: &'static str,
}

impl<T: Table> NumberOr<T> {
    fn number(&self) -> Whole<u32> {
        Whole { least: 1, most: self.most }
    }
}

impl<T: Table> Kind for NumberOr<T> {
    type Of = T;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        json!({ "anyOf": [self.number().schema(definitions), definitions.table::<T>()] })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        match Entries::of(raw) {
            Some(entries) => T::read(None, &entries, reader),
            None if raw.get_ref().is_integer() => self.number().read(key, raw, reader).map(self.of),
            None => reader.report.shape(misfit("a whole number or a table", key, raw).help(self.help)),
        }
    }

    fn toml(&self, value: &T) -> String {
        (self.plain)(value).map_or_else(|| inner().toml(value), |number| number.toml())
    }
}

/// A duration, also in units of the protocol.
pub(in crate::scenario) const DURATION: Scalar<Duration> = Scalar {
    named: "Duration",
    bare: true,
    schema: |_| pattern(LENGTH),
    read: units::duration,
    write: |duration| duration.toml(),
};

/// A share of one.
pub(in crate::scenario) const SHARE: Scalar<Ppm> = Scalar {
    named: "Share",
    bare: true,
    schema: |_| {
        let text = pattern(&format!(r"{NUMBER}\s*(%|ppm)?"));
        json!({ "anyOf": [{ "type": "number", "minimum": 0 }, text] })
    },
    read: |text, _| units::ppm(text),
    write: |share| share.toml(),
};

/// How much too fast or too slow a clock is.
pub(in crate::scenario) const DRIFT: Scalar<Drift> = Scalar {
    named: "Drift",
    bare: true,
    schema: |_| pattern(&format!(r"[+-]\s*{NUMBER}\s*(%|ppm)")),
    read: |text, _| units::drift(text),
    write: |drift| drift.toml(),
};

/// How far a clock jumps.
pub(in crate::scenario) const JUMP: Scalar<Jump> = Scalar {
    named: "Jump",
    bare: true,
    schema: |_| pattern(&format!(r"[+-]\s*{LENGTH}")),
    read: units::jump,
    write: |jump| jump.toml(),
};

/// Bytes a second.
pub(in crate::scenario) const BANDWIDTH: Scalar<u64> = Scalar {
    named: "Bandwidth",
    bare: true,
    schema: |_| pattern(&format!(r"{NUMBER}\s*(B|kB|MB|GB)/s")),
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
            return reader.report.refused(Problem::new(format!("`{key}` must be longer than zero")).at(raw.span()));
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
