//! What a table of a scenario file may say: declared once, and read, printed and described from that.
//!
//! | file    | what it holds                                              |
//! |---------|------------------------------------------------------------|
//! | `mod`   | tables and their keys                                      |
//! | `kind`  | what may be a value: a word, a number, a duration, nodes   |
//! | `found` | values of a kind that does not belong where they stand     |

mod found;
mod kind;

use std::ops::Range;

use serde_json::{Map, Value, json};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(super) use self::{
    found::{misfit, quantity, text, whole},
    kind::*,
};
use super::{
    Problem,
    print::toml::Keys,
    problem::{quote, quote_all},
    validate::{Frame, report::Report},
    words,
};

/// A value of the file, and where it stands.
pub(super) type Raw<'t> = &'t Spanned<DeValue<'t>>;

/// What reading a table needs to know, and where it puts what is wrong.
pub(super) struct Reader<'a> {
    pub frame: &'a Frame,
    pub report: &'a mut Report,
}

/// A table of the file.
pub(super) struct Entries<'t> {
    table: &'t DeTable<'t>,
    pub span: Range<usize>,
}

impl<'t> Entries<'t> {
    /// The table that `raw` is. `None` if it is none.
    pub(super) fn of(raw: Raw<'t>) -> Option<Self> {
        raw.get_ref().as_table().map(|table| Self { table, span: raw.span() })
    }

    pub(super) fn get(&self, key: &str) -> Option<Raw<'t>> {
        self.table.get(key)
    }

    /// Where the value of `key` stands; without one, the table.
    pub(super) fn place(&self, key: &str) -> Range<usize> {
        self.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// Those of `keys` that are given, by position.
    pub(super) fn given<'k>(&self, keys: &[&'k str]) -> Vec<(Range<usize>, &'k str)> {
        let mut given: Vec<_> = keys.iter().filter_map(|key| Some((self.get(key)?.span(), *key))).collect();
        given.sort_by_key(|(span, _)| span.start);
        given
    }

    /// Refuses keys that are not among `known`.
    pub(super) fn refuse_unknown(&self, known: &[&str], report: &mut Report) {
        for key in self.table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let word = key.get_ref().as_ref();
            let problem = Problem::new(format!("unknown key {}", quote(word))).at(key.span());
            let problem = match words::nearest(word, known.iter().copied()) {
                Some(meant) => problem.label(format!("did you mean `{meant}`?")),
                None => problem,
            };
            report.shapeless(problem.help(format!("allowed here: {}", quote_all(known))));
        }
    }
}

/// A key of a table, as the JSON Schema has it.
pub(super) struct Key {
    pub name: &'static str,
    about: String,
    schema: Value,
    needed: bool,
}

impl Key {
    /// `about` is a docstring, by lines.
    pub(super) fn new(name: &'static str, about: &[&str], schema: Value) -> Self {
        let about = about.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n");
        Self { name, about, schema, needed: false }
    }

    fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    /// Draft 7 ignores what stands beside a `$ref`.
    pub(super) fn described(&self) -> Value {
        let mut schema = match self.schema.get("$ref") {
            Some(_) => json!({ "allOf": [self.schema] }),
            None => self.schema.clone(),
        };
        schema["description"] = self.about.as_str().into();
        schema
    }
}

/// The JSON Schema of a table with these keys and no others.
pub(super) fn closed(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), key.described())).collect();
    let needed: Vec<&str> = keys.iter().filter(|key| key.needed).map(|key| key.name).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !needed.is_empty() {
        schema["required"] = needed.into();
    }
    schema
}

/// A table of the file: its keys, and the way there and back.
pub(super) trait Table: Sized {
    /// Its name in the JSON Schema.
    const NAME: &'static str;

    fn keys() -> Vec<Key>;

    /// What the table says. `None` if something was refused.
    fn decode(entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self>;

    fn put(&self, keys: Keys) -> Keys;

    fn read(entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let keys: Vec<&str> = Self::keys().iter().map(|key| key.name).collect();
        entries.refuse_unknown(&keys, reader.report);
        Self::decode(entries, reader)
    }
}

/// Declares a table: a struct whose every field has a key, and what may stand there.
macro_rules! table {
    ($(#[$meta:meta])* $visible:vis struct $name:ident {
        $($(#[doc = $about:literal])* $field:ident: $of:ty = $key:literal, $kind:expr;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $visible struct $name {
            $($(#[doc = $about])* pub $field: $of,)*
        }

        impl $crate::scenario::table::Table for $name {
            const NAME: &'static str = stringify!($name);

            fn keys() -> Vec<$crate::scenario::table::Key> {
                let keys = [$($crate::scenario::table::Field::keys(&$kind, $key, &[$($about),*])),*];
                keys.into_iter().flatten().collect()
            }

            fn decode(
                entries: &$crate::scenario::table::Entries<'_>,
                reader: &mut $crate::scenario::table::Reader<'_>,
            ) -> Option<Self> {
                $(let $field: Option<$of> = $crate::scenario::table::Field::read(&$kind, $key, entries, reader);)*
                Some(Self { $($field: $field?),* })
            }

            fn put(&self, keys: $crate::scenario::print::toml::Keys) -> $crate::scenario::print::toml::Keys {
                $(let keys = $crate::scenario::table::Field::put(&$kind, $key, &self.$field, keys);)*
                keys
            }
        }
    };
}
pub(super) use table;

/// One or several keys of a table that give one field.
pub(super) trait Field {
    type Of;

    fn keys(&self, name: &'static str, about: &[&str]) -> Vec<Key>;

    /// `None` if what is there was refused.
    fn read(&self, key: &'static str, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self::Of>;

    fn put(&self, key: &str, value: &Self::Of, keys: Keys) -> Keys;
}

/// What may be left out.
pub(super) struct Maybe<K>(pub K);

impl<K: Kind> Field for Maybe<K> {
    type Of = Option<K::Of>;

    fn keys(&self, name: &'static str, about: &[&str]) -> Vec<Key> {
        vec![Key::new(name, about, self.0.schema())]
    }

    fn read(&self, key: &'static str, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        match entries.get(key) {
            Some(raw) => self.0.read(key, raw, reader).map(Some),
            None => Some(None),
        }
    }

    fn put(&self, key: &str, value: &Self::Of, keys: Keys) -> Keys {
        match value {
            Some(value) => keys.verbatim(key, self.0.toml(value)),
            None => keys,
        }
    }
}

/// What has a default.
pub(super) struct Or<T, K>(pub T, pub K);

impl<T: Clone + PartialEq, K: Kind<Of = T>> Field for Or<T, K> {
    type Of = T;

    fn keys(&self, name: &'static str, about: &[&str]) -> Vec<Key> {
        vec![Key::new(name, about, self.1.schema())]
    }

    fn read(&self, key: &'static str, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<T> {
        match entries.get(key) {
            Some(raw) => self.1.read(key, raw, reader),
            None => Some(self.0.clone()),
        }
    }

    fn put(&self, key: &str, value: &T, keys: Keys) -> Keys {
        if *value == self.0 { keys } else { keys.verbatim(key, self.1.toml(value)) }
    }
}

/// What must be there; else the problem, and what helps.
pub(super) struct Needed<K>(pub K, pub &'static str, pub &'static str);

impl<K: Kind> Field for Needed<K> {
    type Of = K::Of;

    fn keys(&self, name: &'static str, about: &[&str]) -> Vec<Key> {
        vec![Key::new(name, about, self.0.schema()).needed()]
    }

    fn read(&self, key: &'static str, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<K::Of> {
        let Self(kind, message, help) = self;
        match entries.get(key) {
            Some(raw) => kind.read(key, raw, reader),
            None => {
                reader.report.missing(Problem::new(message).at(entries.span.clone()).help(help));
                None
            }
        }
    }

    fn put(&self, key: &str, value: &K::Of, keys: Keys) -> Keys {
        keys.verbatim(key, self.0.toml(value))
    }
}
