//! What a table of a scenario file may say: declared once, and read, printed and described from that.
//!
//! | file     | what it holds                                          |
//! |----------|--------------------------------------------------------|
//! | `mod`    | tables and their keys                                  |
//! | `kind`   | what may be a value: a word, a number, a duration      |
//! | `found`  | values of a kind that does not belong where they stand |
//! | `report` | what is wrong, as it is found                          |
//! | `schema` | what the JSON Schema says of tables and values         |
//! | `text`   | how tables and values are written                      |

mod found;
mod kind;
mod report;
mod schema;
mod text;

use std::{collections::BTreeMap, ops::Range, time::Duration};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub(super) use self::{
    found::{Form, every, form, misfit, quantity, text, texts, whole},
    kind::*,
    report::Report,
    schema::{Definitions, Key},
    text::{Keys, Value},
};
use super::{problem::quote_all, units::Protocol};
use crate::words::{self, Misread};

/// A value of the file, and where it stands.
pub(super) type Raw<'t> = &'t Spanned<DeValue<'t>>;

/// A text of the file, and where it stands.
pub(super) type Text = Spanned<String>;

/// What the parts of a script may refer to.
#[derive(Clone)]
pub(super) struct Frame {
    /// How long the run lasts.
    pub until: Duration,
    /// How many nodes there are, voters or not.
    pub nodes: u32,
    /// `None` in the table that says what its units last.
    pub protocol: Option<Protocol>,
    /// The windows that have a name, and where each was given.
    pub tags: Tags,
    /// What workloads are called.
    pub workloads: Vec<String>,
}

/// Names, and where each was given.
pub(super) type Tags = BTreeMap<String, Range<usize>>;

/// What reading a table needs to know, and where it puts what is wrong.
pub(super) struct Reader<'a> {
    pub frame: &'a Frame,
    pub report: &'a mut Report,
}

/// A table of the file.
pub(super) struct Entries<'t> {
    /// `None`: the file says nothing of it.
    table: Option<&'t DeTable<'t>>,
    pub span: Range<usize>,
}

impl<'t> Entries<'t> {
    /// The table that `raw` is. `None` if it is none.
    pub(super) fn of(raw: Raw<'t>) -> Option<Self> {
        raw.get_ref().as_table().map(|table| Self { table: Some(table), span: raw.span() })
    }

    /// The file as a table.
    pub(super) fn root(tree: &'t Spanned<DeTable<'t>>) -> Self {
        Self { table: Some(tree.get_ref()), span: tree.span() }
    }

    /// A table that the file leaves out.
    pub(super) fn none() -> Self {
        Self { table: None, span: 0..0 }
    }

    /// What stands, or does not stand, at `key`.
    pub(super) fn entry<'a>(&'a self, key: &'a str) -> Entry<'a> {
        Entry { key, table: self }
    }

    pub(super) fn get(&self, key: &str) -> Option<Raw<'t>> {
        self.table?.get(key)
    }

    /// All keys with their values, in file order.
    pub(super) fn all(&self) -> Vec<(&'t Spanned<std::borrow::Cow<'t, str>>, Raw<'t>)> {
        let mut all: Vec<_> = self.table.into_iter().flatten().collect();
        all.sort_by_key(|(key, _)| key.span().start);
        all
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

    /// Refuses keys that are not among `known`, with what `unknown` says of them.
    pub(super) fn refuse_unknown(
        &self,
        known: &[Key],
        unknown: impl Fn(&str, &[&str]) -> Misread,
        report: &mut Report,
    ) {
        let known: Vec<&str> = known.iter().map(|key| key.name.as_ref()).collect();
        for (key, _) in self.all().into_iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let word = key.get_ref().as_ref();
            let misread = unknown(word, &known);
            report.shapeless(match report.above_tables(word, &self.span) {
                Some(help) => Misread { meant: None, ..misread }.help(help).at(key.span()),
                None => misread.at(key.span()),
            });
        }
    }
}

/// What stands, or does not stand, at a key of a table.
#[derive(Clone, Copy)]
pub(super) struct Entry<'t> {
    pub key: &'t str,
    pub table: &'t Entries<'t>,
}

impl<'t> Entry<'t> {
    pub(super) fn raw(self) -> Option<Raw<'t>> {
        self.table.get(self.key)
    }

    /// Where it stands; if it does not, the table.
    pub(super) fn place(self) -> Range<usize> {
        self.table.place(self.key)
    }
}

/// A table of the file: its keys, and the way there and back.
pub(super) trait Table: Sized + 'static {
    /// Its name in the JSON Schema.
    const NAME: &'static str;

    fn keys() -> Vec<Key>;

    /// What the table says; what it leaves out is as in `base`, if there is one. `None` if something was refused.
    fn decode(base: Option<&Self>, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self>;

    /// What differs from `base`, or from what a table that says nothing means.
    fn put(&self, base: Option<&Self>, keys: Keys) -> Keys;

    /// What to say of a key that is not among `known`.
    fn unknown(key: &str, known: &[&str]) -> Misread {
        words::unknown("key", key, known).help(format!("allowed here: {}", quote_all(known)))
    }

    fn read(base: Option<&Self>, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        entries.refuse_unknown(&Self::keys(), Self::unknown, reader.report);
        Self::decode(base, entries, reader)
    }
}

/// Declares a table: a struct whose every field has a key, and what may stand there. `struct NAME: Default` is of a table that may
/// be left out. `unknown` is what to say of other keys, `fits` what refuses, or completes, what fits or does not fit together.
macro_rules! table {
    ($(#[$meta:meta])* $visible:vis struct $name:ident: Default {
        $($(#[doc = $about:literal])* $field:ident: $of:ty = $key:literal, $kind:expr;)*
    } $(unknown = $unknown:path;)? $(fits = $fits:path;)?) => {
        $crate::scenario::table::table! {
            $(#[$meta])* $visible struct $name {
                $($(#[doc = $about])* $field: $of = $key, $kind;)*
            }
            $(unknown = $unknown;)?
            $(fits = $fits;)?
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $crate::scenario::table::Unsaid::unsaid(&$kind)),* }
            }
        }
    };
    ($(#[$meta:meta])* $visible:vis struct $name:ident {
        $($(#[doc = $about:literal])* $field:ident: $of:ty = $key:literal, $kind:expr;)*
    } $(unknown = $unknown:path;)? $(fits = $fits:path;)?) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $visible struct $name {
            $($(#[doc = $about])* pub $field: $of,)*
        }

        impl $crate::scenario::table::Table for $name {
            const NAME: &'static str = stringify!($name);

            fn keys() -> Vec<$crate::scenario::table::Key> {
                let keys = [$($crate::scenario::table::Field::keys($kind, $key, concat!($($about, "\n"),*))),*];
                keys.into_iter().flatten().collect()
            }

            fn decode(
                base: Option<&Self>,
                entries: &$crate::scenario::table::Entries<'_>,
                reader: &mut $crate::scenario::table::Reader<'_>,
            ) -> Option<Self> {
                $(let $field: Option<$of> =
                    $crate::scenario::table::Field::read(&$kind, entries.entry($key), base.map(|base| &base.$field), reader);)*
                let read = Self { $($field: $field?),* };
                $(let read = $fits(read, entries, reader)?;)?
                Some(read)
            }

            fn put(&self, base: Option<&Self>, keys: $crate::scenario::table::Keys) -> $crate::scenario::table::Keys {
                $(let keys = $crate::scenario::table::Field::put(
                    &$kind, $key, base.map(|base| &base.$field), &self.$field, keys);)*
                keys
            }

            $(fn unknown(key: &str, known: &[&str]) -> $crate::words::Misread {
                $unknown(key, known)
            })?
        }
    };
}
pub(super) use table;

/// One or several keys of a table that give one field.
pub(super) trait Field: Sized + 'static {
    type Of;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key>;

    /// What is there; what is not is as in `base`. `None` if what is there was refused.
    fn read(&self, entry: Entry<'_>, base: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of>;

    fn put(&self, key: &str, base: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys;
}

/// What may be left out, and then means something.
pub(super) trait Unsaid: Field {
    fn unsaid(&self) -> Self::Of;
}

/// What may be left out.
pub(super) struct Maybe<K>(pub K);

impl<K: Kind<Of: Clone + PartialEq>> Field for Maybe<K> {
    type Of = Option<K::Of>;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::of(name, about, self.0)]
    }

    fn read(&self, entry: Entry<'_>, base: Option<&Self::Of>, reader: &mut Reader<'_>) -> Option<Self::Of> {
        match entry.raw() {
            Some(raw) => self.0.read(entry.key, raw, reader).map(Some),
            None => Some(base.cloned().flatten()),
        }
    }

    fn put(&self, key: &str, base: Option<&Self::Of>, value: &Self::Of, keys: Keys) -> Keys {
        match value {
            Some(said) if base != Some(value) => keys.verbatim(key, self.0.toml(said)),
            Some(_) | None => keys,
        }
    }
}

impl<K: Kind<Of: Clone + PartialEq>> Unsaid for Maybe<K> {
    fn unsaid(&self) -> Self::Of {
        None
    }
}

/// What has a default.
pub(super) struct Or<T, K>(pub T, pub K);

impl<T: Clone + PartialEq + 'static, K: Kind<Of = T>> Field for Or<T, K> {
    type Of = T;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::of(name, about, self.1)]
    }

    fn read(&self, entry: Entry<'_>, base: Option<&T>, reader: &mut Reader<'_>) -> Option<T> {
        match entry.raw() {
            Some(raw) => self.1.read(entry.key, raw, reader),
            None => Some(base.unwrap_or(&self.0).clone()),
        }
    }

    fn put(&self, key: &str, base: Option<&T>, value: &T, keys: Keys) -> Keys {
        if value == base.unwrap_or(&self.0) { keys } else { keys.verbatim(key, self.1.toml(value)) }
    }
}

impl<T: Clone + PartialEq + 'static, K: Kind<Of = T>> Unsaid for Or<T, K> {
    fn unsaid(&self) -> T {
        self.0.clone()
    }
}

/// The line of the file (1-based) on which a table begins.
pub(super) struct Line;

impl Field for Line {
    type Of = usize;

    fn keys(self, _: &'static str, _: &'static str) -> Vec<Key> {
        Vec::new()
    }

    fn read(&self, entry: Entry<'_>, _: Option<&usize>, reader: &mut Reader<'_>) -> Option<usize> {
        Some(reader.report.line(&entry.table.span))
    }

    fn put(&self, _: &str, _: Option<&usize>, _: &usize, keys: Keys) -> Keys {
        keys
    }
}

/// A table inside a table, that says what is different from this.
pub(super) struct Over<T>(pub T);

impl<T: Table + Clone> Field for Over<T> {
    type Of = T;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::of(name, about, inner::<T>())]
    }

    fn read(&self, entry: Entry<'_>, base: Option<&T>, reader: &mut Reader<'_>) -> Option<T> {
        let base = base.unwrap_or(&self.0);
        match entry.raw() {
            Some(raw) => inner().read_over(Some(base), entry.key, raw, reader),
            None => Some(base.clone()),
        }
    }

    fn put(&self, key: &str, base: Option<&T>, value: &T, keys: Keys) -> Keys {
        keys.table(key, value.put(Some(base.unwrap_or(&self.0)), Keys::default()))
    }
}

impl<T: Table + Clone> Unsaid for Over<T> {
    fn unsaid(&self) -> T {
        self.0.clone()
    }
}

/// What must be there; else the problem, and what helps.
pub(super) struct Needed<K>(pub K, pub &'static str, pub &'static str);

impl<K: Kind> Field for Needed<K> {
    type Of = K::Of;

    fn keys(self, name: &'static str, about: &'static str) -> Vec<Key> {
        vec![Key::of(name, about, self.0).needed()]
    }

    fn read(&self, entry: Entry<'_>, _: Option<&K::Of>, reader: &mut Reader<'_>) -> Option<K::Of> {
        let Self(kind, message, help) = self;
        match entry.raw() {
            Some(raw) => kind.read(entry.key, raw, reader),
            None => reader.report.lacking(super::Problem::new(message).at(entry.table.span.clone()).help(help)),
        }
    }

    fn put(&self, key: &str, _: Option<&K::Of>, value: &K::Of, keys: Keys) -> Keys {
        keys.verbatim(key, self.0.toml(value))
    }
}

/// A table that is held otherwise than it is written.
pub(super) trait Held: Sized + 'static {
    /// Its name in the JSON Schema.
    const NAMED: &'static str;
    /// As it is written.
    type Written: Table;

    /// Refuses keys that do not go together, whatever they say.
    fn keys_fit(_: &Entries<'_>, _: &mut Reader<'_>) -> Option<()> {
        Some(())
    }

    fn of(written: Self::Written, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self>;

    fn written(&self) -> Self::Written;
}

impl<T: Held> Table for T {
    const NAME: &'static str = T::NAMED;

    fn keys() -> Vec<Key> {
        T::Written::keys()
    }

    fn decode(_: Option<&Self>, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let fit = T::keys_fit(entries, reader);
        let written = T::Written::decode(None, entries, reader)?;
        fit?;
        T::of(written, entries, reader)
    }

    fn put(&self, _: Option<&Self>, keys: Keys) -> Keys {
        self.written().put(None, keys)
    }
}
