//! What engines say to each other, as far as anybody else may know.
//!
//! Transport, node and whoever watches the network see of a message its [`Kind`] and its [`Head`], in words that any Raft has.
//! The message itself is the engine's own and goes on in the engine's own form; it is made bytes only by a network that needs
//! bytes. Measured: to encode and decode a message takes 0.17 to 0.33 us (raft-rs, protobuf 2.28), a tenth of the 2.3 us that a
//! message of `leasehold run fast/steady` takes in all.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// A message from one engine to another of its group.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Which message of the protocol it is.
    pub kind: Kind,
    /// What an observer may know of it.
    pub head: Head,
    /// The message, for the engine alone.
    pub body: Arc<dyn Body>,
}

/// A message in an engine's own form.
pub trait Body: Any + Debug + Send + Sync {
    /// The same as bytes, which the engine's `decode` takes.
    fn encode(&self) -> Vec<u8>;
}

/// These bytes are not what they should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

/// Which message of the protocol one is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A leader says that it leads; carries ReadIndex rounds too.
    Heartbeat,
    /// The answer to that.
    HeartbeatResponse,
    /// Entries of the log, or none.
    Append,
    /// The answer to that, and to a snapshot.
    AppendResponse,
    /// A snapshot, for a follower that needs entries which the log no longer has.
    Snapshot,
    /// Would you vote for me?
    PreVote,
    /// The answer to that.
    PreVoteResponse,
    /// Vote for me.
    Vote,
    /// The same of a candidate that was told to stand for election by [`Kind::TimeoutNow`]: voters set their promise aside.
    ForcedVote,
    /// The answer to either.
    VoteResponse,
    /// Stand for election now: a transfer of leadership.
    TimeoutNow,
}

impl Kind {
    /// Every kind of message.
    pub const ALL: [Kind; 11] = [
        Kind::Heartbeat,
        Kind::HeartbeatResponse,
        Kind::Append,
        Kind::AppendResponse,
        Kind::Snapshot,
        Kind::PreVote,
        Kind::PreVoteResponse,
        Kind::Vote,
        Kind::ForcedVote,
        Kind::VoteResponse,
        Kind::TimeoutNow,
    ];

    /// Does it ask for a vote, or whether there would be one?
    pub const fn asks_for_vote(self) -> bool {
        matches!(self, Kind::PreVote | Kind::Vote | Kind::ForcedVote)
    }
}

/// What an observer may know of a message. What a kind has no use for is zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Head {
    /// The sender's term; of a pre-vote, the term that it would stand for.
    pub term: u64,
    /// An index of the log: before the entries of an append, up to which an answer agrees, of a candidate's last entry.
    pub index: u64,
    /// The sender's commit index, as far as the receiver may know it.
    pub commit: u64,
    /// How many entries it carries.
    pub entries: u64,
    /// An answer that says no.
    pub rejected: bool,
    /// A heartbeat that asks to confirm a ReadIndex, or an answer that does so.
    pub confirms: bool,
    /// Bytes of the entries' commands, of the snapshot and of contexts: what it is large by, framing aside.
    pub payload: u64,
}
