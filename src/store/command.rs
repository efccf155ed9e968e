//! What is written into the log, and what applying it answers.

use crate::request::{Key, Value, Version};
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
}

impl Command {
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
