//! A closed set of words: its members and how each is spelled.

use super::{Misread, misread::unknown};
use leasehold::coordinator::InnerReads;
use leasehold::engine::RenewalKind;
use leasehold::env::{Lane, Point, Work};

/// A closed set of words: the one place where each is spelled.
pub trait Spelled: Copy + PartialEq + Sized + 'static {
    /// What a member is, for messages: `"class"`.
    const WHAT: &'static str;
    /// Every member and its word.
    const WORDS: &'static [(Self, &'static str)];

    /// The word for this member.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(member, _)| *member == self).map_or("", |(_, word)| word)
    }

    /// The member that `text` spells.
    ///
    /// # Errors
    /// It spells none.
    fn spelled(text: &str) -> Result<Self, Misread> {
        let member = Self::WORDS.iter().find(|(_, word)| *word == text).map(|(member, _)| *member);
        member.ok_or_else(|| unknown(Self::WHAT, text, Self::WORDS.iter().map(|(_, word)| word)))
    }

    /// Every member.
    fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.iter().map(|(member, _)| *member)
    }
}

/// Declares a closed set: its members, what each means and how each is spelled.
macro_rules! words {
    ($(#[$about:meta])* $visible:vis enum $set:ident: $what:literal {
        $($(#[$meaning:meta])* $member:ident = $word:literal,)*
    }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visible enum $set {
            $($(#[$meaning])* $member,)*
        }

        impl $crate::words::Spelled for $set {
            const WHAT: &'static str = $what;
            const WORDS: &'static [(Self, &'static str)] = &[$((Self::$member, $word)),*];
        }

        impl $set {
            /// Its word in scenarios and reports.
            $visible fn name(self) -> &'static str {
                $crate::words::Spelled::word(self)
            }
        }

        impl std::fmt::Display for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::words::Spelled::word(*self))
            }
        }

        impl std::str::FromStr for $set {
            type Err = $crate::words::Misread;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::words::Spelled::spelled(text)
            }
        }
    };
}
pub(crate) use words;

/// As [`words!`], with what there is to say of each member in a sentence or less: `about`.
macro_rules! told_words {
    ($(#[$meta:meta])* $visible:vis enum $set:ident: $what:literal, $(#[doc = $telling:literal])* about {
        $($(#[$meaning:meta])* $member:ident = $word:literal: $about:literal)*
    }) => {
        $crate::words::words! {
            $(#[$meta])*
            $visible enum $set: $what {
                $(#[doc = $about] $(#[$meaning])* $member = $word,)*
            }
        }

        impl $set {
            $(#[doc = $telling])*
            $visible const fn about(self) -> &'static str {
                match self {
                    $(Self::$member => $about,)*
                }
            }
        }
    };
}
pub(crate) use told_words;

/// Spells a type of the stack: by the words that stand here, or by its own names.
macro_rules! spelled {
    ($($(#[$about:meta])* $set:ident: $what:literal { $($member:ident = $word:expr),* $(,)? })*) => {
        $($(#[$about])* impl Spelled for $set {
            const WHAT: &'static str = $what;
            const WORDS: &'static [(Self, &'static str)] = &[$((Self::$member, $word)),*];
        })*
    };
    ($($set:ident: $what:literal by name { $($member:ident),* $(,)? })*) => {
        spelled! { $($set: $what { $($member = $set::$member.name()),* })* }
    };
}

spelled! {
    Lane: "lane" by name { Heartbeat, Bulk, Request }
    Work: "cost" by name { Request, LeaseCheck, Read, ScriptRead, Propose, Step, Send, Apply, Snapshot, TakeOver }
}

spelled! {
    Point: "point of the code" {
        Stepped = "stepped", Appended = "appended", Persisted = "persisted", Sent = "sent", Applied = "applied", Published = "published",
        LeaseChecked = "lease-checked", IndexConfirmed = "index-confirmed",
    }
    InnerReads: "fence" { Snapshot = "snapshot", Lease = "lease", ReadIndex = "read-index" }
    /// Those that a scenario may choose: that callers renew it is the doing of a variant.
    RenewalKind: "renewal" { Acks = "acks", ReadRounds = "read-index" }
}
