//! What clients do, and how it ends.

use crate::time::SimTime;
use crate::words::OpKind;
use leasehold::env::{GroupId, NodeId};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::request::{Part, ReadPath, Version};
use std::sync::Arc;

/// Number of an operation, unique in a run, from 1 on. A write writes its own number, so that a value says who wrote it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OpId(pub u64);

impl OpId {
    /// Whose a value is that no operation of the run can have written.
    pub const NOBODY: OpId = OpId(u64::MAX);

    /// The value that the operation writes, of this many bytes, but eight at least: its number, over and over.
    pub fn value(self, bytes: usize) -> Vec<u8> {
        let number = self.0.to_le_bytes();
        let mut value = number.repeat(bytes.div_ceil(number.len()).max(1));
        value.truncate(bytes.max(number.len()));
        value
    }

    /// The operation that wrote `value`, as [`OpId::value`] has it; `None`: the key was never written.
    pub fn of(value: Option<&[u8]>) -> Option<OpId> {
        value.map(|bytes| OpId::written(bytes).unwrap_or(OpId::NOBODY))
    }

    fn written(value: &[u8]) -> Option<OpId> {
        let number = value.first_chunk()?;
        let whole = value.chunks(number.len()).all(|chunk| number.starts_with(chunk));
        Some(u64::from_le_bytes(*number)).filter(|number| whole && *number > 0).map(OpId)
    }
}

/// A key, by its number in the run's key space.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyId(pub u32);

/// An operation begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invocation {
    /// Its number.
    pub op: OpId,
    /// The client that invoked it, numbered through all workloads.
    pub client: u32,
    /// The node that it asks.
    pub via: NodeId,
    /// When it was due; latency is counted from here.
    pub due: SimTime,
    /// What it is.
    pub operation: Operation,
}

/// What a client does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// Read a key.
    Get {
        /// The key.
        key: KeyId,
    },
    /// Write a key.
    Put {
        /// The key.
        key: KeyId,
    },
    /// Compare and set a key.
    Cas {
        /// The key.
        key: KeyId,
        /// Whose value it expects; `None`: that the key has none, deleted or never written.
        expected: Option<OpId>,
    },
    /// Run a script.
    Script {
        /// The keys that it reads.
        reads: Arc<[KeyId]>,
        /// The key that it writes.
        key: KeyId,
    },
    /// Delete a key.
    Delete {
        /// The key.
        key: KeyId,
    },
    /// Read several keys.
    Mget {
        /// The keys, one at least.
        keys: Arc<[KeyId]>,
        /// How much of it is seen.
        share: Share,
    },
    /// Read the keys of a range that have values.
    Scan {
        /// Only so many.
        limit: u32,
        /// The keys that the range has, one at least, in the order of their names.
        keys: Arc<[KeyId]>,
        /// How much of it is seen.
        share: Share,
    },
}

/// How much of an operation is seen: a history has all of it, each group what of it is its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Share {
    /// All of it.
    #[default]
    Whole,
    /// The keys of the group that has the first of them. There it counts, as an operation.
    First,
    /// Those of another group.
    Further,
}

impl Operation {
    /// The key that it is about: of a script, that which it writes; of several, the first.
    pub fn key(&self) -> KeyId {
        match self {
            Operation::Get { key }
            | Operation::Put { key }
            | Operation::Cas { key, .. }
            | Operation::Script { key, .. }
            | Operation::Delete { key } => *key,
            Operation::Mget { keys, .. } | Operation::Scan { keys, .. } => keys[0],
        }
    }

    /// The keys that it reads, where that may be several.
    pub fn reads(&self) -> &[KeyId] {
        match self {
            Operation::Script { reads: keys, .. } | Operation::Mget { keys, .. } | Operation::Scan { keys, .. } => keys,
            Operation::Get { .. } | Operation::Put { .. } | Operation::Cas { .. } | Operation::Delete { .. } => &[],
        }
    }

    /// How much of it is seen.
    pub fn share(&self) -> Share {
        match self {
            Operation::Mget { share, .. } | Operation::Scan { share, .. } => *share,
            Operation::Get { .. }
            | Operation::Put { .. }
            | Operation::Cas { .. }
            | Operation::Script { .. }
            | Operation::Delete { .. } => Share::Whole,
        }
    }

    /// What of it is about these keys, where it is about others too.
    pub fn within(&self, own: impl Fn(KeyId) -> bool) -> Self {
        let within = |all: &Arc<[KeyId]>| -> (Arc<[KeyId]>, Share) {
            let keys: Arc<[KeyId]> = all.iter().copied().filter(|key| own(*key)).collect();
            let share = if keys.len() == all.len() {
                Share::Whole
            } else if keys.first() == all.first() {
                Share::First
            } else {
                Share::Further
            };
            (keys, share)
        };
        match self {
            Operation::Mget { keys, .. } => {
                let (keys, share) = within(keys);
                Operation::Mget { keys, share }
            }
            Operation::Scan { limit, keys, .. } => {
                let (keys, share) = within(keys);
                Operation::Scan { limit: *limit, keys, share }
            }
            Operation::Get { .. }
            | Operation::Put { .. }
            | Operation::Cas { .. }
            | Operation::Script { .. }
            | Operation::Delete { .. } => self.clone(),
        }
    }

    /// Its kind.
    pub fn kind(&self) -> OpKind {
        match self {
            Operation::Get { .. } => OpKind::Get,
            Operation::Put { .. } => OpKind::Put,
            Operation::Cas { .. } => OpKind::Cas,
            Operation::Script { reads, key } if reads[..] == [*key] => OpKind::Update,
            Operation::Script { .. } => OpKind::Script,
            Operation::Delete { .. } => OpKind::Delete,
            Operation::Mget { .. } => OpKind::Mget,
            Operation::Scan { .. } => OpKind::Scan,
        }
    }
}

/// How an operation ended. A version is the Raft index of the write or delete that made it; 0: never written. A value is told by the
/// operation that wrote it; `None`: deleted, or never written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Completion {
    /// A get read this version.
    Read {
        /// The version read.
        version: Version,
        /// The value read.
        value: Option<OpId>,
        /// How it was fenced.
        path: ReadPath,
    },
    /// Several keys were read, or a range of them.
    Reads {
        /// What was found of each key that was told of, in their order; `None`: a scan left it out, so that it has no value.
        found: Vec<(KeyId, Option<Found>)>,
        /// What each group told, by number.
        parts: Vec<Part>,
    },
    /// A put, a delete or a compare-and-set wrote this version.
    Written {
        /// The version written.
        version: Version,
    },
    /// A compare-and-set found this version, whose value was not the expected one; nothing was written.
    Unexpected {
        /// The version found.
        version: Version,
        /// The value found.
        value: Option<OpId>,
    },
    /// A script committed.
    Script {
        /// What it read, in the order of its keys.
        reads: Arc<[Found]>,
        /// The version it wrote.
        version: Version,
        /// How many attempts it took.
        attempts: u32,
    },
    /// The operation failed; `outcome` says whether its write may have taken effect.
    Failed {
        /// With what error.
        error: ErrorKind,
        /// May it have taken effect?
        outcome: Outcome,
    },
}

impl Completion {
    /// What of it is about these keys, and was told by this group, where it is about others too.
    pub fn within(&self, group: GroupId, own: impl Fn(KeyId) -> bool) -> Self {
        match self {
            Completion::Reads { found, parts } => Completion::Reads {
                found: found.iter().copied().filter(|(key, _)| own(*key)).collect(),
                parts: parts.iter().copied().filter(|part| part.group == group).collect(),
            },
            Completion::Read { .. }
            | Completion::Written { .. }
            | Completion::Unexpected { .. }
            | Completion::Script { .. }
            | Completion::Failed { .. } => self.clone(),
        }
    }
}

/// What was read of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Found {
    /// The version read.
    pub version: Version,
    /// The value read.
    pub value: Option<OpId>,
}
