//! What a step of the timeline does: one file a verb. Each declares its keys, from which it is read, printed and described, says
//! what must fit together, what it is called by people, how chaos draws it, and what is plainer than it. What performs it is a file of `fault/`.
//!
//! Which verbs there are, `words::verb` lists.

use super::section::WHOLE;
use super::table::{
    Definitions, Entries, Key, Keys, Kind, NAME, Raw, Reader, Scalar, Table, inner, misfit, named, only_one,
};
use super::{Claims, Selector, Verb};
use crate::scenario::prelude::*;
use draw::Steps;
use serde_json::Value;

pub(super) mod draw;
mod nodes;
mod plainer;
mod prelude;
mod told;

pub use {draw::Dice, nodes::Ends};

/// Whom a fault names, and how long what it does lasts.
pub(super) struct Scope {
    pub nodes: Vec<Selector>,
    /// It hits each by itself, and does not act on all of them at once.
    pub each: bool,
    /// `Some(None)`: until it is healed. `None`: it is over at once.
    pub lasts: Option<Option<Duration>>,
}

impl Scope {
    fn of(nodes: Vec<Selector>) -> Self {
        Self { nodes, each: false, lasts: None }
    }

    fn of_each(nodes: &[Selector]) -> Self {
        Self { each: true, ..Self::of(nodes.to_vec()) }
    }

    /// `None`: until it is healed.
    fn lasting(self, lasts: Option<Duration>) -> Self {
        Self { lasts: Some(lasts), ..self }
    }
}

/// What there is to say of a verb, and to ask of what a step does.
pub(super) trait Deed {
    fn scope(&self) -> Scope;

    /// May it take clocks beyond what is claimed of them?
    fn may_leave(&self, _: &Claims) -> bool {
        false
    }

    /// Does nobody whom it hits serve anything meanwhile?
    fn stops_processes(&self) -> bool {
        false
    }

    /// In a sentence, without its time.
    fn told(&self) -> String;

    /// How it is written.
    fn kind() -> impl Kind<Of = Self>
    where
        Self: Sized + Table,
    {
        Act(PhantomData)
    }

    /// How chaos draws it.
    fn drawn(steps: &mut Steps<'_>) -> Self
    where
        Self: Sized;

    /// What is plainer by one step, the plainest first.
    fn plainer(&self) -> Vec<Self>
    where
        Self: Sized;
}

/// A table that says what is done. What is none is answered with one, of the node that stands there if one does.
struct Act<F>(PhantomData<F>);

impl<F: Table> Kind for Act<F> {
    type Of = F;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Value {
        definitions.table::<F>()
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<F> {
        if let Some(entries) = Entries::of(raw) {
            return F::read(None, &entries, reader);
        }
        let problem = misfit("a table", key, raw);
        let node = raw.get_ref().as_str().filter(|text| text.parse::<Selector>().is_ok());
        let is_date = raw.get_ref().is_datetime();
        let least = key.parse().map(|verb: Verb| verb.least(node)).unwrap_or_default();
        let help = format!("write `{key} = {least}`");
        reader.report.shape(if is_date { problem } else { problem.help(help) })
    }

    fn toml(&self, value: &F) -> String {
        inner().toml(value)
    }
}

/// The name of a window.
const TAG: Scalar<String> = Scalar {
    read: |text, _| match named(text, "a tag")? {
        whole if whole == WHOLE => {
            Err(Misread::new("`whole` is what expectations call the whole run; no window may have that name"))
        }
        tag => Ok(tag),
    },
    ..NAME
};

macro_rules! faults {
    ($($(#[$does:meta])+ $verb:ident = $word:literal, $module:ident::$fault:ident { $($facts:tt)+ })*) => {
        $(mod $module;)*
        $(pub use $module::*;)*

        /// What a step does.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Action {
            /// Gives its window a name that expectations use. Unique; never `whole`.
            Tag {
                /// The name, kebab-case.
                name: String,
            },
            $($(#[$does])+ $verb($fault),)*
        }

        impl Action {
            /// The verb, if this is a fault.
            pub fn verb(&self) -> Option<Verb> {
                match self {
                    Self::Tag { .. } => None,
                    $(Self::$verb(_) => Some(Verb::$verb),)*
                }
            }

            pub(super) fn deed(&self) -> Option<&dyn Deed> {
                match self {
                    Self::Tag { .. } => None,
                    $(Self::$verb(fault) => Some(fault),)*
                }
            }

            /// Its value in a file.
            fn toml(&self) -> String {
                match self {
                    Self::Tag { name } => TAG.toml(name),
                    $(Self::$verb(fault) => $fault::kind().toml(fault),)*
                }
            }

            fn read_at(verb: Verb, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self> {
                match verb {
                    $(Verb::$verb => $fault::kind().read($word, raw, reader).map(Self::$verb),)*
                }
            }

            /// What is plainer by one step, the plainest first: a shorter fault, fewer nodes, the usual way. Not every one makes sense in
            /// every scenario.
            pub fn plainer(&self) -> Vec<Self> {
                match self {
                    Self::Tag { .. } => Vec::new(),
                    $(Self::$verb(fault) => fault.plainer().into_iter().map(Self::$verb).collect(),)*
                }
            }

            pub(super) fn drawn(verb: Verb, steps: &mut Steps<'_>) -> Self {
                match verb {
                    $(Verb::$verb => Self::$verb($fault::drawn(steps)),)*
                }
            }
        }

        /// The keys of a step that are verbs, as the JSON Schema has them.
        fn keys() -> Vec<Key> {
            vec![$(Key::new($word, Verb::$verb.does(), |definitions| $fault::kind().schema(definitions))),*]
        }
    };
}

crate::words::verbs!(faults);

impl Action {
    /// What a step may do, in the order in which people are told.
    pub(super) fn words() -> Vec<&'static str> {
        ["tag"].into_iter().chain(Verb::all().map(Verb::name)).collect()
    }

    /// Is what `other` does over when this is done?
    pub fn heals(&self, other: &Action) -> bool {
        let Self::Heal(Heal { what, .. }) = self else { return false };
        other.verb().is_some_and(|verb| what.ends(verb))
    }

    /// Whom it names.
    pub fn selectors(&self) -> Vec<Selector> {
        self.deed().map(|deed| deed.scope().nodes).unwrap_or_default()
    }

    /// How long what it does lasts; `Some(None)`: until it is healed. `None` if it is over at once.
    pub fn lasts(&self) -> Option<Option<Duration>> {
        self.deed().and_then(|deed| deed.scope().lasts)
    }
}

/// The one key of a step that says what it does.
impl Table for Action {
    const NAME: &'static str = "Action";

    fn keys() -> Vec<Key> {
        let tag = Key::of("tag", "Gives the window `at` a name that `[expect]` uses.", TAG);
        [tag].into_iter().chain(keys()).collect()
    }

    fn decode(_: Option<&Self>, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        let several = ["a step has one action, this has", "move one of them to a step of its own"];
        let word = only_one(&Self::words(), entries, reader, ["this step does nothing", "actions are "], several)?;
        let raw = entries.get(word)?;
        match word.parse() {
            Ok(verb) => Self::read_at(verb, raw, reader),
            Err(_) => TAG.read(word, raw, reader).map(|name| Self::Tag { name }),
        }
    }

    fn put(&self, _: Option<&Self>, keys: Keys) -> Keys {
        keys.key(self, self.toml())
    }
}

impl fmt::Display for Action {
    /// The verb: `partition`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb().map_or("tag", Verb::name))
    }
}
