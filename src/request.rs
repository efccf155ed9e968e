//! What a client asks and what it is answered.

/// A key.
pub type Key = String;

/// A value.
pub type Value = Vec<u8>;

/// A version of a key: the Raft index of the entry that wrote it. Zero: never written.
pub type Version = u64;

/// A value as read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Read {
    /// The value; `None`: never written.
    pub value: Option<Value>,
    /// Its version.
    pub version: Version,
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
        /// The value expected; `None`: the key was never written.
        expected: Option<Value>,
        /// The new value.
        value: Value,
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
        /// The value; `None`: never written.
        value: Option<Value>,
        /// The version read.
        version: Version,
        /// How the read was fenced.
        path: ReadPath,
    },
    /// To a put or a compare-and-set that took effect.
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
}
