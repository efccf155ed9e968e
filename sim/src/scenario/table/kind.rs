//! What may be a value.

use std::{collections::BTreeMap, fmt::Display, marker::PhantomData, time::Duration};

use serde_json::{Map, Value, json};
use toml::de::DeValue;

use super::{Definitions, Entries, Frame, Key, Keys, Raw, Reader, Table, Tags, every, found, misfit, quoted, unquoted};
use crate::scenario::{
    Bytes, Misread, Ppm, Problem,
    problem::quote,
    units::{self, written, written_bandwidth, written_size},
};
use crate::words::{Drift, Jump, Spelled};

/// What may be a value.
pub(in crate::scenario) trait Kind: 'static {
    type Of;

    /// For editors.
    fn schema(&self, definitions: &mut Definitions<'_>) -> Value;

    /// The value, or `None` after refusing it.
    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of>;

    fn toml(&self, value: &Self::Of) -> String;

    /// As [`Kind::read`]; what a table leaves out is as in `base`.
    fn read_over(&self, _base: &Self::Of, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        self.read(key, raw, reader)
    }

    /// As [`Kind::toml`]; of a table what differs from `base`.
    fn toml_over(&self, _base: &Self::Of, value: &Self::Of) -> String {
        self.toml(value)
    }
}

impl Key {
    /// A key for one value of this kind.
    pub(in crate::scenario) fn of(name: &'static str, about: &'static str, kind: impl Kind) -> Self {
        Self::new(name, about, move |definitions| kind.schema(definitions))
    }
}

/// A number.
pub(in crate::scenario) const NUMBER: &str = r"[0-9][0-9_]*(\.[0-9_]+)?";

/// What a [`Short`] expects whose short form is a whole number.
pub(in crate::scenario) const NUMBER_OR_TABLE: &str = "a whole number or a table";

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
    pub read: fn(&str, &Frame) -> Result<T, Misread>,
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
        reader.report.take((self.read)(text.get_ref(), reader.frame), text.span())
    }

    fn toml(&self, value: &T) -> String {
        (self.write)(value)
    }
}

/// A value of a form of its own: how it is described, read and written.
pub(in crate::scenario) struct Special<T> {
    pub schema: fn(&mut Definitions<'_>) -> Value,
    pub read: fn(&str, Raw<'_>, &mut Reader<'_>) -> Option<T>,
    pub write: fn(&T) -> String,
}

impl<T: 'static> Kind for Special<T> {
    type Of = T;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        (self.schema)(definitions)
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        (self.read)(key, raw, reader)
    }

    fn toml(&self, value: &T) -> String {
        (self.write)(value)
    }
}

/// A word of a closed set.
pub(in crate::scenario) const fn word<T: Spelled>() -> Scalar<T> {
    Scalar {
        named: "",
        schema: |_| json!({ "enum": T::WORDS.iter().map(|(_, word)| *word).collect::<Vec<_>>() }),
        bare: false,
        read: |text, _| T::spelled(text),
        write: |member| quoted(member.word()),
    }
}

/// Any text.
pub(in crate::scenario) const TEXT: Scalar<String> = Scalar {
    named: "",
    schema: |_| json!({ "type": "string" }),
    bare: false,
    read: |text, _| Ok(text.to_owned()),
    write: |text| quoted(text),
};

/// A list, in which nothing is twice.
pub(in crate::scenario) struct List<K>(pub K);

impl<K: Kind> Kind for List<K> {
    type Of = Vec<K::Of>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        json!({ "type": "array", "items": self.0.schema(definitions) })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let mut seen = Tags::new();
        let read = items_of(key, raw, reader)?.into_iter().map(|item| {
            let value = self.0.read(key, item, reader)?;
            let word = self.0.toml(&value).trim_matches('"').to_owned();
            let twice = format!("{} is there twice", quote(&word));
            reader.report.once(&mut seen, word, item.span(), twice, "first here")?;
            Some(value)
        });
        every(read)
    }

    fn toml(&self, value: &Self::Of) -> String {
        list_of(value, |item| self.0.toml(item))
    }
}

/// A short form, or a table that says more.
pub(in crate::scenario) struct Short<K: Kind, L: Kind> {
    pub short: K,
    pub long: L,
    /// What the short form says.
    pub of: fn(K::Of) -> L::Of,
    /// The short form, if that is how a value is written.
    pub plain: fn(&L::Of) -> Option<K::Of>,
    /// What may stand there, for messages.
    pub expected: &'static str,
    /// What to write; may be empty.
    pub help: &'static str,
}

impl<K: Kind, L: Kind> Kind for Short<K, L> {
    type Of = L::Of;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        json!({ "anyOf": [self.short.schema(definitions), self.long.schema(definitions)] })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<L::Of> {
        let says = |word| self.expected.contains(word);
        match raw.get_ref() {
            DeValue::Table(_) => self.long.read(key, raw, reader),
            DeValue::Integer(_) if says("number") => self.short.read(key, raw, reader).map(self.of),
            DeValue::Float(_) if says("a number") => self.short.read(key, raw, reader).map(self.of),
            DeValue::String(_) if says("text") => self.short.read(key, raw, reader).map(self.of),
            _ => {
                let problem = misfit(self.expected, key, raw);
                reader.report.shape(if self.help.is_empty() { problem } else { problem.help(self.help) })
            }
        }
    }

    fn toml(&self, value: &L::Of) -> String {
        (self.plain)(value).map_or_else(|| self.long.toml(value), |plain| self.short.toml(&plain))
    }
}

/// A duration, also in units of the protocol.
pub(in crate::scenario) const DURATION: Scalar<Duration> = Scalar {
    named: "Duration",
    bare: true,
    schema: |_| pattern(LENGTH),
    read: |text, frame| units::duration(text, frame.protocol.as_ref()),
    write: |duration| quoted(written(*duration)),
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
    write: |Ppm(share)| quoted(format!("{share}ppm")),
};

/// How much too fast or too slow a clock is.
pub(in crate::scenario) const DRIFT: Scalar<Drift> = Scalar {
    named: "Drift",
    bare: true,
    schema: |_| pattern(&format!(r"[+-]\s*{NUMBER}\s*(%|ppm)")),
    read: |text, _| units::drift(text),
    write: |drift| quoted(drift),
};

/// How far a clock jumps.
pub(in crate::scenario) const JUMP: Scalar<Jump> = Scalar {
    named: "Jump",
    bare: true,
    schema: |_| pattern(&format!(r"[+-]\s*{LENGTH}")),
    read: |text, frame| units::jump(text, frame.protocol.as_ref()),
    write: |jump| quoted(jump),
};

/// Bytes a second.
pub(in crate::scenario) const BANDWIDTH: Scalar<u64> = Scalar {
    named: "Bandwidth",
    bare: true,
    schema: |_| pattern(&format!(r"{NUMBER}\s*(B|kB|MB|GB)/s")),
    read: |text, _| units::BANDWIDTH.read(text),
    write: |bandwidth| quoted(written_bandwidth(*bandwidth)),
};

/// The size of a value.
pub(in crate::scenario) const SIZE: Scalar<Bytes> = Scalar {
    named: "Size",
    bare: true,
    schema: |_| pattern(&format!(r"{NUMBER}\s*(B|kB|MB|GB)")),
    read: |text, _| units::size(text),
    write: |Bytes(size)| quoted(written_size(*size)),
};

/// A duration that is not zero.
pub(in crate::scenario) const POSITIVE: Special<Duration> = Special {
    schema: |definitions| DURATION.schema(definitions),
    read: |key, raw, reader| {
        let duration = DURATION.read(key, raw, reader)?;
        if duration.is_zero() {
            return reader.report.refused(Problem::new(format!("`{key}` must be longer than zero")).at(raw.span()));
        }
        Some(duration)
    },
    write: |duration| DURATION.toml(duration),
};

/// A whole number from one to another.
pub(in crate::scenario) struct Whole<T> {
    pub least: T,
    pub most: T,
}

impl<T: TryFrom<i64> + PartialOrd + Display + Copy + Into<u64> + 'static> Kind for Whole<T> {
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
        value.to_string()
    }
}

/// `true` or `false`.
pub(in crate::scenario) const FLAG: Special<bool> = Special {
    schema: |_| json!({ "type": "boolean" }),
    read: |key, raw, reader| {
        let flag = raw.get_ref().as_bool();
        flag.or_else(|| reader.report.shape(misfit("`true` or `false`", key, raw)))
    },
    write: bool::to_string,
};

/// What is said by `key = true` alone.
pub(in crate::scenario) const SAID: Special<bool> = Special {
    schema: |definitions| definitions.named("True", |_| json!({ "const": true })),
    read: |key, raw, reader| match FLAG.read(key, raw, reader)? {
        true => Some(true),
        false => reader.report.refused(Problem::new(format!("`{key}` is `true`, or is left out")).at(raw.span())),
    },
    ..FLAG
};

/// A table inside a table.
pub(in crate::scenario) struct Inner<T> {
    /// What it leaves out is as in what would be there without it.
    over: bool,
    of: PhantomData<T>,
}

/// A table that says all there is to say.
pub(in crate::scenario) const fn inner<T: Table>() -> Inner<T> {
    Inner { over: false, of: PhantomData }
}

/// A table that says what is different.
pub(in crate::scenario) const fn over<T: Table>() -> Inner<T> {
    Inner { over: true, of: PhantomData }
}

impl<T: Table> Kind for Inner<T> {
    type Of = T;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        definitions.table::<T>()
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        T::read(None, &table_of(key, raw, reader)?, reader)
    }

    fn toml(&self, value: &T) -> String {
        value.put(None, Keys::default()).inline()
    }

    fn read_over(&self, base: &T, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<T> {
        T::read(Some(base).filter(|_| self.over), &table_of(key, raw, reader)?, reader)
    }

    fn toml_over(&self, base: &T, value: &T) -> String {
        value.put(Some(base).filter(|_| self.over), Keys::default()).inline()
    }
}

/// The table that `raw` is.
pub(in crate::scenario) fn table_of<'t>(key: &str, raw: Raw<'t>, reader: &mut Reader<'_>) -> Option<Entries<'t>> {
    Entries::of(raw).or_else(|| reader.report.shape(misfit("a table", key, raw)))
}

/// Values as a list, each on its own as `write` has it.
pub(in crate::scenario) fn list_of<T>(values: &[T], write: impl Fn(&T) -> String) -> String {
    format!("[{}]", values.iter().map(write).collect::<Vec<_>>().join(", "))
}

/// The items of the list that `raw` is.
pub(in crate::scenario) fn items_of<'t>(key: &str, raw: Raw<'t>, reader: &mut Reader<'_>) -> Option<Vec<Raw<'t>>> {
    let items = raw.get_ref().as_array().map(|items| items.iter().collect());
    items.or_else(|| reader.report.shape(misfit("a list", key, raw)))
}

/// A table whose keys are names of something: a value for each.
pub(in crate::scenario) struct Named<N: 'static, K> {
    /// What the JSON Schema calls it.
    pub named: &'static str,
    pub name: Scalar<N>,
    pub value: K,
}

impl<N: Ord + Clone, K: Kind<Of: Clone + PartialEq>> Named<N, K> {
    /// What one leaves out is as in `base`.
    pub(in crate::scenario) fn read_each(
        &self,
        base: Option<&K::Of>,
        key: &str,
        raw: Raw<'_>,
        reader: &mut Reader<'_>,
    ) -> Option<BTreeMap<N, K::Of>> {
        let mut seen = BTreeMap::new();
        let read = table_of(key, raw, reader)?.all().into_iter().map(|(name, raw)| {
            let word = name.get_ref();
            let value = match base {
                Some(base) => self.value.read_over(base, word, raw, reader),
                None => self.value.read(word, raw, reader),
            };
            let (place, name) = (name.span(), reader.report.take((self.name.read)(word, reader.frame), name.span()));
            let (name, value) = (name?, value?);
            let twice = format!("{} is there twice", quote(word));
            reader.report.once(&mut seen, name.clone(), place, twice, "first here")?;
            Some((name, value))
        });
        Some(every(read)?.into_iter().collect())
    }

    /// Those that are not as in `base`, each as far as it differs from `of_each`.
    pub(in crate::scenario) fn put(
        &self,
        base: Option<&BTreeMap<N, K::Of>>,
        of_each: Option<&K::Of>,
        value: &BTreeMap<N, K::Of>,
    ) -> String {
        let new = value.iter().filter(|(name, of)| base.and_then(|base| base.get(name)) != Some(of));
        let key = |keys: Keys, (name, of): (&N, &K::Of)| {
            let of = of_each.map_or_else(|| self.value.toml(of), |base| self.value.toml_over(base, of));
            keys.key(unquoted(&self.name.toml(name)), of)
        };
        new.fold(Keys::default(), key).inline()
    }
}

impl<N: Ord + Clone, K: Kind<Of: Clone + PartialEq>> Kind for Named<N, K> {
    type Of = BTreeMap<N, K::Of>;

    /// Names are an enumeration or have a pattern.
    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        definitions.named(self.named, |definitions| {
            let (mut names, value) = ((self.name.schema)(definitions), self.value.schema(definitions));
            let (of, names) = match names["enum"].take() {
                Value::Array(names) => ("properties", names),
                _ => ("patternProperties", vec![names["pattern"].take()]),
            };
            let name = |name: &Value| (name.as_str().unwrap_or_default().to_owned(), value.clone());
            let values: Map<String, Value> = names.iter().map(name).collect();
            let mut schema = json!({ "type": "object", "additionalProperties": false });
            schema[of] = values.into();
            schema
        })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        self.read_each(None, key, raw, reader)
    }

    fn toml(&self, value: &Self::Of) -> String {
        self.put(None, None, value)
    }

    fn read_over(&self, base: &Self::Of, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        let own = self.read_each(None, key, raw, reader)?;
        Some(base.clone().into_iter().chain(own).collect())
    }

    fn toml_over(&self, base: &Self::Of, value: &Self::Of) -> String {
        self.put(Some(base), None, value)
    }
}
