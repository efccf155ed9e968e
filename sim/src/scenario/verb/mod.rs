//! What a step of the timeline does: one file a verb. Each declares its keys, from which it is read, printed and described, says
//! what must fit together, what it is called by people, and how chaos draws it. What performs it is a file of `fault/`.
//!
//! Which verbs there are, `words::verb` lists.

use std::{fmt, time::Duration};

use serde_json::Value;

use super::{
    Claims, Selector, Verb,
    chaos::{Dice, Steps},
    table::{Definitions, Entries, Key, Keys, Raw, Reader, Table, Value as _, misfit},
};

mod nodes;
mod told;

pub use nodes::Ends;

/// What an example of a crash or a pause says beside whom it hits.
const LASTING: &str = "for = \"500ms\"";

/// What can be asked of what a step does.
pub(super) trait Deed {
    /// Whom it names.
    fn selectors(&self) -> Vec<Selector> {
        self.victims().map(<[Selector]>::to_vec).unwrap_or_default()
    }

    /// Whom it hits, each by itself; `None`: it acts on all that it names at once.
    fn victims(&self) -> Option<&[Selector]> {
        None
    }

    /// How long what it does lasts; `Some(None)`: until it is healed. `None` if it is over at once.
    fn lasts(&self) -> Option<Option<Duration>> {
        None
    }

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

    /// As a scenario file has it.
    fn toml(&self) -> String
    where
        Self: Table,
    {
        inline(self)
    }
}

/// What there is to say of a verb.
pub(super) trait Fault: Deed + Table {
    /// In the JSON Schema.
    const ABOUT: &'static str;
    /// In lists of verbs.
    const DOES: &'static str;
    /// When it counts as effective.
    const EFFECTIVE_IF: &'static str;
    /// Chaos can draw it.
    const IS_DRAWN: bool = true;

    /// The least that it says, of `node` if it can.
    fn shortest(node: Option<&str>) -> String;

    /// How chaos draws it.
    fn drawn<D: Dice>(steps: &mut Steps<'_, D>) -> Self;

    fn schema(definitions: &mut Definitions<'_>) -> Value {
        definitions.table::<Self>()
    }

    fn from_raw(key: &'static str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self> {
        match Entries::of(raw) {
            Some(entries) => Self::read(None, &entries, reader),
            None => no_action::<Self>("a table", key, raw, reader),
        }
    }
}

/// A table on one line.
fn inline<T: Table>(table: &T) -> String {
    table.put(None, Keys::default()).toml()
}

/// Refuses what is no action, and shows one, of the node that stands there if one does.
fn no_action<F: Fault>(expected: &str, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<F> {
    let problem = misfit(expected, key, raw);
    if raw.get_ref().is_datetime() {
        return reader.report.shape(problem);
    }
    let named = raw.get_ref().as_str().filter(|text| text.parse::<Selector>().is_ok());
    reader.report.shape(problem.help(format!("write `{key} = {}`", F::shortest(named))))
}

macro_rules! faults {
    ($($(#[$about:meta])* $verb:ident = $word:literal, $module:ident::$fault:ident $(, healed with $healed:ident)?;)*) => {
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
            $($(#[$about])* $verb($fault),)*
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

            pub(super) fn toml(&self) -> String {
                match self {
                    Self::Tag { name } => name.toml(),
                    $(Self::$verb(fault) => Deed::toml(fault),)*
                }
            }

            pub(super) fn read(verb: Verb, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Self> {
                match verb {
                    $(Verb::$verb => $fault::from_raw($word, raw, reader).map(Self::$verb),)*
                }
            }

            pub(super) fn drawn<D: Dice>(verb: Verb, steps: &mut Steps<'_, D>) -> Self {
                match verb {
                    $(Verb::$verb => Self::$verb($fault::drawn(steps)),)*
                }
            }
        }

        impl Verb {
            /// What it does, for lists of verbs.
            pub fn does(self) -> &'static str {
                match self {
                    $(Self::$verb => $fault::DOES,)*
                }
            }

            /// When a fault of this verb counts as effective.
            pub fn effective_if(self) -> &'static str {
                match self {
                    $(Self::$verb => $fault::EFFECTIVE_IF,)*
                }
            }

            /// Chaos can draw it.
            pub(super) fn is_drawn(self) -> bool {
                match self {
                    $(Self::$verb => $fault::IS_DRAWN,)*
                }
            }
        }

        /// The keys of a step that are verbs, as the JSON Schema has them.
        pub(super) fn keys() -> Vec<Key> {
            vec![$(Key::new($word, $fault::ABOUT, <$fault as Fault>::schema)),*]
        }

        /// The least that an action of `verb` says, of `node` if it can.
        #[cfg(test)]
        pub(super) fn shortest(verb: Verb, node: Option<&str>) -> String {
            match verb {
                $(Verb::$verb => $fault::shortest(node),)*
            }
        }
    };
}

crate::words::verbs!(faults);

impl Action {
    /// Is what `other` does over when this is done?
    pub fn heals(&self, other: &Action) -> bool {
        let Self::Heal(Heal { what, .. }) = self else { return false };
        other.verb().is_some_and(|verb| what.ends(verb))
    }

    /// Whom it names.
    pub fn selectors(&self) -> Vec<Selector> {
        self.deed().map(Deed::selectors).unwrap_or_default()
    }

    /// How long what it does lasts; `Some(None)`: until it is healed. `None` if it is over at once.
    pub fn lasts(&self) -> Option<Option<Duration>> {
        self.deed().and_then(Deed::lasts)
    }
}

impl fmt::Display for Action {
    /// The verb: `partition`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb().map_or("tag", Verb::name))
    }
}
