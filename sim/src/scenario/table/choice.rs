//! One of several keys, each of which says another thing.

use super::{Entries, Reader};
use crate::scenario::{Problem, problem::quote_all};

/// Declares how an enum is written: each variant by a key of its own, beside which others may say more. Exactly one of these keys is
/// there: `none` and `several` are what to say where it is not so.
macro_rules! choice {
    (
        $name:ident, $named:literal;
        none = $none:literal, $ways:literal;
        several = $several:literal, $help:literal;
        $($(#[doc = $about:literal])* $way:literal, $kind:expr => $variant:ident $(($by:ident))? $({
            $it:ident $(, $(#[doc = $more_about:literal])* $more:ident = $more_key:literal, $more_kind:expr)*
        })?;)*
    ) => {
        impl $crate::scenario::table::Table for $name {
            const NAME: &'static str = $named;

            fn keys() -> Vec<$crate::scenario::table::Key> {
                use $crate::scenario::table::Key;
                let keys = [$(
                    vec![Key::of($way, concat!($($about, "\n"),*), $kind)],
                    $($($crate::scenario::table::Field::keys($more_kind, $more_key, concat!($($more_about, "\n"),*)),)*)?
                )*];
                keys.into_iter().flatten().collect()
            }

            fn decode(
                _: Option<&Self>,
                entries: &$crate::scenario::table::Entries<'_>,
                reader: &mut $crate::scenario::table::Reader<'_>,
            ) -> Option<Self> {
                use $crate::scenario::table::{Kind, choice, only_one};
                let way = only_one(&[$($way),*], entries, reader, [$none, $ways], [$several, $help])?;
                $(if way == $way {
                    let it = Kind::read(&$kind, $way, entries.get($way)?, reader);
                    $($(let $more = $crate::scenario::table::Field::read(
                        &$more_kind, entries.entry($more_key), None, reader);)*)?
                    return choice!(@of it, $variant $(($by))? $({ $it $(, $more)* })?);
                })*
                None
            }

            fn put(
                &self,
                _: Option<&Self>,
                keys: $crate::scenario::table::Keys,
            ) -> $crate::scenario::table::Keys {
                use $crate::scenario::table::{Kind, choice};
                match self {
                    $(Self::$variant $(($by))? $({ $it $(, $more)* })? => {
                        let keys = keys.key($way, Kind::toml(&$kind, choice!(@value $($by)? $($it)?)));
                        $($(let keys = $crate::scenario::table::Field::put(&$more_kind, $more_key, None, $more, keys);)*)?
                        keys
                    })*
                }
            }
        }
    };
    (@of $it:ident, $variant:ident) => {
        $it.map(|_| Self::$variant)
    };
    (@of $it:ident, $variant:ident ($by:ident)) => {
        $it.map(Self::$variant)
    };
    (@of $it:ident, $variant:ident { $field:ident $(, $more:ident)* }) => {
        Some(Self::$variant { $field: $it?, $($more: $more?),* })
    };
    (@value) => {
        &true
    };
    (@value $value:ident) => {
        $value
    };
}
pub(in crate::scenario) use choice;

/// The one of `keys` that is given. Refuses a table in which there is none or several.
pub(in crate::scenario) fn only_one<'k>(
    keys: &[&'k str],
    entries: &Entries<'_>,
    reader: &mut Reader<'_>,
    [none, ways]: [&str; 2],
    [several, help]: [&str; 2],
) -> Option<&'k str> {
    let problem = match &entries.given(keys)[..] {
        [(_, one)] => return Some(one),
        [] => {
            let problem = Problem::new(none).at(entries.span.clone());
            return reader.report.lacking(problem.help(format!("{ways}{}", quote_all(keys))));
        }
        [(first, one), (second, other), ..] => {
            let problem = Problem::new(format!("{several} `{one}` and `{other}`")).at(second.clone());
            problem.also(first.clone(), "the first")
        }
    };
    reader.report.refused(problem.help(help))
}
