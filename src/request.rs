//! What a client asks and what it is answered.

use crate::env::GroupId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Bound;

/// A key.
pub type Key = String;

/// A value.
pub type Value = Vec<u8>;

/// A version of a key: the Raft index of the entry that wrote or deleted it. Zero: never written.
pub type Version = u64;

/// A value as read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Read {
    /// The value; `None`: deleted, or never written.
    pub value: Option<Value>,
    /// Its version: of what was deleted, that of the tombstone.
    pub version: Version,
}

/// Keys from one on, up to before another.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyRange {
    /// The first.
    pub from: Key,
    /// Before which it ends; `None`: it has no end.
    pub to: Option<Key>,
}

impl KeyRange {
    /// The keys that begin with `prefix`.
    pub fn of_prefix(prefix: &str) -> Self {
        // The next text that does not begin so: its last character that has a successor is that, and nothing comes behind it.
        let mut characters: Vec<char> = prefix.chars().collect();
        let mut to = None;
        while let Some(last) = characters.pop() {
            // What lies between are surrogates, which no text has.
            let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
            if let Some(next) = next {
                to = Some(characters.iter().collect::<Key>() + next.encode_utf8(&mut [0; 4]));
                break;
            }
        }
        Self { from: prefix.to_owned(), to }
    }

    /// Is there no key in it?
    pub fn is_empty(&self) -> bool {
        self.to.as_ref().is_some_and(|to| *to <= self.from)
    }

    /// Has it this key?
    pub fn has(&self, key: &str) -> bool {
        *self.from <= *key && self.to.as_ref().is_none_or(|to| key < to.as_str())
    }

    /// The range as two bounds, for a map of keys. Not of an empty one.
    pub fn bounds(&self) -> (Bound<&str>, Bound<&str>) {
        (Bound::Included(&*self.from), self.to.as_deref().map_or(Bound::Unbounded, Bound::Excluded))
    }

    /// The keys that both have; `None`: there are none.
    pub fn and(&self, other: &Self) -> Option<Self> {
        let from = self.from.clone().max(other.from.clone());
        let to = self.to.iter().chain(&other.to).min().cloned();
        Some(Self { from, to }).filter(|both| !both.is_empty())
    }
}

impl fmt::Display for KeyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Some(to) => write!(f, "{} to before {to}", self.from),
            None => write!(f, "{} and all after it", self.from),
        }
    }
}

/// What a client asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// Read a key.
    Get {
        /// The key.
        key: Key,
    },
    /// Write a key.
    Put {
        /// The key.
        key: Key,
        /// The new value.
        value: Value,
    },
    /// Write a key if it has the value that the client expects.
    Cas {
        /// The key.
        key: Key,
        /// The value expected; `None`: that the key has none, deleted or never written.
        expected: Option<Value>,
        /// The new value.
        value: Value,
    },
    /// Delete a key, whether or not it has a value.
    Delete {
        /// The key.
        key: Key,
    },
    /// Read several keys, of any number of groups: those of each group from one snapshot, and of different groups one after the other.
    Mget {
        /// The keys.
        keys: Vec<Key>,
    },
    /// Read the keys that have values in some ranges, of any number of groups: those of each group as for [`Request::Mget`].
    Scan {
        /// The ranges: each after the one before it. A client asks for one; of a group, there are those of its own.
        ranges: Vec<KeyRange>,
        /// Only so many keys, the first ones.
        limit: u32,
    },
    /// Run a script: a lease read, reads from a snapshot, one write checked against all that was read. Stands for EVALSHA.
    Script {
        /// The keys that it reads, in order.
        reads: Vec<Key>,
        /// The key that it writes.
        key: Key,
        /// The value that it writes.
        value: Value,
    },
    /// Of who administers the cluster, to the group that has a range: have it no more.
    Release {
        /// The keys.
        range: KeyRange,
        /// The group that shall have them.
        to: GroupId,
    },
    /// Of who administers the cluster, to the group to which a range was released: have it from now on.
    Adopt {
        /// The keys.
        range: KeyRange,
        /// The version at which they were released to it.
        version: u64,
    },
}

/// What a group has told of a read of several keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// The group.
    pub group: GroupId,
    /// The version of the snapshot that all of its keys were read from: what they were after the entry of that index in the group's log.
    pub snapshot: Version,
    /// How the read was fenced.
    pub path: ReadPath,
}

/// A key that has a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Its value.
    pub value: Value,
    /// Its version.
    pub version: Version,
}

/// How leadership was shown for a read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ReadPath {
    /// By the lease, without a message.
    Lease,
    /// By a ReadIndex round.
    ReadIndex,
}

impl ReadPath {
    /// How many ReadIndex rounds that took.
    pub const fn rounds(self) -> u32 {
        match self {
            ReadPath::Lease => 0,
            ReadPath::ReadIndex => 1,
        }
    }

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            ReadPath::Lease => "lease",
            ReadPath::ReadIndex => "read-index",
        }
    }
}

/// What a client is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// To a get.
    Value {
        /// The value; `None`: deleted, or never written.
        value: Option<Value>,
        /// The version read.
        version: Version,
        /// How the read was fenced.
        path: ReadPath,
    },
    /// To several keys.
    Values {
        /// What was read of each, in the order of the request.
        reads: Vec<Read>,
        /// From where: the groups by number.
        parts: Vec<Part>,
    },
    /// To a scan.
    Entries {
        /// The keys that have values, in their order.
        entries: Vec<Entry>,
        /// From where: the groups by number.
        parts: Vec<Part>,
    },
    /// To a put, a delete, or a compare-and-set that took effect.
    Written {
        /// The version written.
        version: Version,
    },
    /// To a compare-and-set whose expectation did not hold.
    Unexpected {
        /// The value that the key has.
        value: Option<Value>,
        /// Its version.
        version: Version,
    },
    /// To a script that committed.
    Script {
        /// What it read of each key, in the order of the request.
        reads: Vec<Read>,
        /// The version written.
        version: Version,
        /// How many attempts it took.
        attempts: u32,
    },
    /// To a release: the group has the range no more.
    Released {
        /// The version at which the other group has it.
        version: u64,
    },
    /// To an adoption: the group has had the range.
    Adopted,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: Option<&str>) -> KeyRange {
        KeyRange { from: from.into(), to: to.map(Key::from) }
    }

    #[test]
    fn a_prefix_has_the_keys_that_begin_with_it_and_no_other() {
        for prefix in ["a", "k1", "a\u{d7ff}", "b\u{10ffff}", "\u{10ffff}", ""] {
            let keys = KeyRange::of_prefix(prefix);
            for key in [
                "",
                "a",
                "a\u{d7ff}",
                "a\u{d7ff}x",
                "a\u{e000}",
                "b",
                "b\u{10ffff}x",
                "c",
                "k",
                "k1",
                "k19",
                "k2",
                "\u{10ffff}z",
            ] {
                assert_eq!(keys.has(key), key.starts_with(prefix), "{key:?} of {prefix:?}");
            }
        }
        assert_eq!(KeyRange::of_prefix("k1"), range("k1", Some("k2")));
    }

    #[test]
    fn two_ranges_have_in_common_what_is_after_both_begins_and_before_both_ends() {
        let and =
            |one: (&str, Option<&str>), other: (&str, Option<&str>)| range(one.0, one.1).and(&range(other.0, other.1));
        assert_eq!(and(("a", Some("f")), ("c", None)), Some(range("c", Some("f"))));
        assert_eq!(and(("a", None), ("", None)), Some(range("a", None)));
        assert_eq!(and(("a", Some("c")), ("c", Some("f"))), None);
        assert!(range("c", Some("c")).is_empty() && !range("c", None).is_empty());
    }
}
