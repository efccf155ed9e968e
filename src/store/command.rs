//! What is written into the log, and what applying it answers.

use crate::env::GroupId;
use crate::request::{Key, KeyRange, Value, Version};
use crate::routes::Route;
use serde::{Deserialize, Serialize};

/// An entry's command.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Write a key.
    Put {
        /// The key.
        key: Key,
        /// The new value.
        value: Value,
    },
    /// Write a key if it has the expected value.
    Cas {
        /// The key.
        key: Key,
        /// The value expected; `None`: that the key has none, deleted or never written.
        expected: Option<Value>,
        /// The new value.
        value: Value,
    },
    /// Write a key if nothing that was read, nor the key itself, has changed since the snapshot.
    Transaction {
        /// What the transaction read from.
        snapshot: Version,
        /// The keys that it read.
        reads: Vec<Key>,
        /// The key that it writes.
        key: Key,
        /// The new value.
        value: Value,
    },
    /// Delete a key: what is left of it is a tombstone, a version without a value.
    Delete {
        /// The key.
        key: Key,
        /// The client's number for the request ([`Hop::origin`](crate::transport::Hop)): a write is known by its value, and this has none.
        /// Nothing is decided by it.
        origin: u64,
    },
    /// Have a range no more.
    Release {
        /// The keys.
        range: KeyRange,
        /// The group that shall have them.
        to: GroupId,
    },
    /// Have a range that was released to this group.
    Adopt {
        /// The keys.
        range: KeyRange,
        /// The version at which they were released.
        version: u64,
    },
}

/// What applying a command came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Verdict {
    /// The write took effect, at the entry's index.
    Written,
    /// A compare-and-set found another value.
    Unexpected {
        /// The value found.
        value: Option<Value>,
        /// Its version.
        version: Version,
    },
    /// A transaction was refused.
    Conflict {
        /// The first key that has changed.
        key: Key,
        /// Its version now.
        latest: Version,
    },
    /// The entry is not a command.
    Malformed,
    /// The group does not have a key that the entry is about; this it knows of who has.
    Elsewhere(Route),
    /// The range was released, by this entry or before, and the other group has it at this version.
    Released {
        /// The version.
        version: u64,
    },
    /// The group has had the range, from this entry on or before.
    Adopted,
    /// The range is not released: this key in it has been written.
    InUse {
        /// The first such key.
        key: Key,
    },
}

impl Command {
    /// The keys that it reads or writes, in the order in which they are judged.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        let (key, reads) = match self {
            Command::Put { key, .. } | Command::Cas { key, .. } | Command::Delete { key, .. } => (Some(key), &[][..]),
            Command::Transaction { reads, key, .. } => (Some(key), &reads[..]),
            Command::Release { .. } | Command::Adopt { .. } => (None, &[][..]),
        };
        reads.iter().chain(key)
    }

    /// As bytes for the log.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// From the log; `None` if the bytes are not a command.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

impl Verdict {
    /// As an engine's opaque response.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// From an engine's response; `None` if it is not a verdict.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

pub(super) fn encode(message: &impl Serialize) -> Vec<u8> {
    postcard::to_allocvec(message).expect("encoding plain data to memory cannot fail")
}
