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

impl Spelled for Lane {
    const WHAT: &'static str = "lane";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Heartbeat, Self::Heartbeat.name()),
        (Self::Bulk, Self::Bulk.name()),
        (Self::Request, Self::Request.name()),
    ];
}

impl Spelled for Point {
    const WHAT: &'static str = "point of the code";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Appended, "appended"),
        (Self::Persisted, "persisted"),
        (Self::Sent, "sent"),
        (Self::Applied, "applied"),
        (Self::Published, "published"),
        (Self::LeaseChecked, "lease-checked"),
        (Self::IndexConfirmed, "index-confirmed"),
    ];
}

impl Spelled for InnerReads {
    const WHAT: &'static str = "fence";
    const WORDS: &'static [(Self, &'static str)] =
        &[(Self::Snapshot, "snapshot"), (Self::Lease, "lease"), (Self::ReadIndex, "read-index")];
}

/// Those that a scenario may choose: that callers renew it is the doing of a variant.
impl Spelled for RenewalKind {
    const WHAT: &'static str = "renewal";
    const WORDS: &'static [(Self, &'static str)] = &[(Self::Acks, "acks"), (Self::ReadRounds, "read-index")];
}

impl Spelled for Work {
    const WHAT: &'static str = "cost";
    const WORDS: &'static [(Self, &'static str)] = &[
        (Self::Request, Self::Request.name()),
        (Self::LeaseCheck, Self::LeaseCheck.name()),
        (Self::Read, Self::Read.name()),
        (Self::ScriptRead, Self::ScriptRead.name()),
        (Self::Propose, Self::Propose.name()),
        (Self::Step, Self::Step.name()),
        (Self::Send, Self::Send.name()),
        (Self::Apply, Self::Apply.name()),
        (Self::Snapshot, Self::Snapshot.name()),
    ];
}
