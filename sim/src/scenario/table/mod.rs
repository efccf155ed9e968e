//! What a table of a scenario file may say: declared once, and read, printed and described from that.
//!
//! | file     | what it holds                                          |
//! |----------|--------------------------------------------------------|
//! | `mod`    | tables and their keys                                  |
//! | `field`  | what stands at a key: with a default, needed, left out |
//! | `kind`   | what may be a value: a word, a number, a duration      |
//! | `name`   | what may be a name, and who knows which there are      |
//! | `choice` | one of several keys, each of which says another thing  |
//! | `found`  | values of a kind that does not belong where they stand |
//! | `report` | what is wrong, as it is found                          |
//! | `schema` | what the JSON Schema says of tables and values         |
//! | `text`   | how tables and values are written                      |

mod choice;
mod field;
mod found;
mod kind;
mod name;
mod report;
mod schema;
mod text;

use std::{collections::BTreeMap, ops::Range, time::Duration};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

pub use self::name::{Known, name_in};
pub(super) use self::{
    choice::{choice, only_one},
    field::{Among, Aside, Field, LINE, Maybe, Needed, Or, Unsaid, among},
    found::{as_written, every, misfit, place_in, quantity, whole},
    kind::*,
    name::{CHECK, FINDER, GROUP, NAME, SECTION, TITLE, VARIANT, named},
    report::Report,
    schema::{Definitions, Key},
    text::{Keys, quoted, unquoted},
};
use super::{problem::quote_all, units::Protocol};
use crate::words::{self, Misread};

/// A value of the file, and where it stands.
pub(super) type Raw<'t> = &'t Spanned<DeValue<'t>>;

/// A text of the file, and where it stands.
pub(super) type Text = Spanned<String>;

/// What the parts of a script may refer to: each part adds what those after it need.
#[derive(Clone, Default)]
pub(super) struct Frame {
    /// How long the run lasts.
    pub until: Duration,
    /// How many nodes there are, voters or not.
    pub nodes: u32,
    /// How many groups there are.
    pub groups: u32,
    /// Where ranges of keys begin and which group has each, by number, if a file says so.
    pub routes: Option<BTreeMap<String, Option<u32>>>,
    /// `None` in the table that says what its units last.
    pub protocol: Option<Protocol>,
    /// The windows that have a name, and where each was given.
    pub tags: Tags,
    /// Where the action of each step stands, by time.
    pub places: Vec<Range<usize>>,
    /// What workloads are called.
    pub workloads: Vec<String>,
    /// What is wrong with names that this room does not know.
    pub known: Known,
}

impl Frame {
    /// The node of this number, if there is one.
    pub(super) fn node(&self, number: u32) -> Result<u32, Misread> {
        if number <= self.nodes {
            return Ok(number);
        }
        let unknown = Misread::new(format!("there is no node `n{number}`: the cluster has {}", self.nodes));
        Err(unknown.help(format!("nodes are `n1` to `n{}`", self.nodes)).lacking())
    }

    /// The group of this number, if there is one.
    pub(super) fn group(&self, number: u32) -> Result<u32, Misread> {
        if number <= self.groups {
            return Ok(number);
        }
        let unknown = Misread::new(format!("there is no group `g{number}`: the cluster has {}", self.groups));
        Err(unknown.help("`[cluster] groups = 4` makes four, `g1` to `g4`").lacking())
    }
}

/// Names, and where each was given.
pub(super) type Tags = BTreeMap<String, Range<usize>>;

/// What reading a table needs to know, and where it puts what is wrong.
pub(super) struct Reader<'a> {
    pub frame: &'a mut Frame,
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

    /// Does anything stand at `key`?
    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
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

    /// Where `word` stands in the list at `key`; without it, where the list does.
    pub(super) fn place_in(&self, key: &str, word: &str) -> Range<usize> {
        self.get(key).map_or_else(|| self.span.clone(), |list| found::place_in(list, word))
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
/// be left out. `unknown` is what to say of other keys; `wrong` are the rules of what does not fit together, the first of which that
/// is broken is told at its key (`""`: the table), as `refused` or as `lacking`; `fits` refuses what a line does not say, or completes.
macro_rules! table {
    ($(#[$meta:meta])* $visible:vis struct $name:ident: Default {
        $($(#[doc = $about:literal])* $field:ident: $of:ty = $key:literal, $kind:expr;)*
    } $($rest:tt)*) => {
        $crate::scenario::table::table! {
            $(#[$meta])* $visible struct $name {
                $($(#[doc = $about])* $field: $of = $key, $kind;)*
            }
            $($rest)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $crate::scenario::table::Unsaid::unsaid(&$kind)),* }
            }
        }
    };
    ($(#[$meta:meta])* $visible:vis struct $name:ident {
        $($(#[doc = $about:literal])* $field:ident: $of:ty = $key:literal, $kind:expr;)*
    }
    $(unknown = $unknown:path;)?
    $(wrong |$this:ident, $given:ident, $frame:ident| {
        $($flavour:ident $at:literal if $wrong:expr => $message:expr $(, $help:expr)?;)*
    })?
    $(fits = $fits:path;)?) => {
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
                $(
                    let ($this, $given, $frame) = (&read, entries, &*reader.frame);
                    $(if $wrong {
                        let problem = $crate::scenario::Problem::new($message).at(entries.place($at));
                        return reader.report.$flavour(problem $(.help($help))?);
                    })*
                )?
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
