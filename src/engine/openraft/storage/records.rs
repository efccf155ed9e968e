//! What the records of log and snapshot file say.

use crate::engine::openraft::types::{Entry, LogId, SnapshotMeta, Vote};
use crate::engine::wal::{self, Damaged, Decoded};
use serde::Serialize;

#[derive(PartialEq, Debug)]
pub(super) enum Record {
    Vote(Vote),
    Committed(Option<LogId>),
    Entry(Entry),
    /// There is no entry after this one.
    Truncated(Option<LogId>),
    /// The log begins after this.
    Purged(LogId),
    Snapshot(SnapshotMeta, Vec<u8>),
}

const VOTE: u8 = 1;
const COMMITTED: u8 = 2;
const ENTRY: u8 = 3;
const TRUNCATED: u8 = 4;
const PURGED: u8 = 5;
const SNAPSHOT: u8 = 6;

/// Encodes records behind a log of which the first `durable` bytes are.
pub(super) struct Encoder<'a> {
    pub(super) durable: u64,
    pub(super) out: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    pub(super) fn vote(&mut self, vote: &Vote) {
        self.record(VOTE, vote);
    }

    pub(super) fn committed(&mut self, committed: Option<LogId>) {
        self.record(COMMITTED, &committed);
    }

    pub(super) fn entry(&mut self, entry: &Entry) {
        self.record(ENTRY, entry);
    }

    pub(super) fn truncated(&mut self, last: Option<LogId>) {
        self.record(TRUNCATED, &last);
    }

    pub(super) fn purged(&mut self, purged: LogId) {
        self.record(PURGED, &purged);
    }

    pub(super) fn snapshot(&mut self, meta: &SnapshotMeta, state: &[u8]) {
        self.record(SNAPSHOT, &(meta, state));
    }

    fn record(&mut self, kind: u8, content: &impl Serialize) {
        wal::record(self.out, self.durable, kind, |out| {
            *out = postcard::to_extend(content, std::mem::take(out)).expect("writing to memory cannot fail");
        });
    }
}

/// The records of `bytes` up to a torn tail.
///
/// # Errors
/// What does not check out is no torn tail.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded<Record>, Damaged> {
    wal::decode(bytes, |kind, content| match kind {
        VOTE => postcard::from_bytes(content).ok().map(Record::Vote),
        COMMITTED => postcard::from_bytes(content).ok().map(Record::Committed),
        ENTRY => postcard::from_bytes(content).ok().map(Record::Entry),
        TRUNCATED => postcard::from_bytes(content).ok().map(Record::Truncated),
        PURGED => postcard::from_bytes(content).ok().map(Record::Purged),
        SNAPSHOT => postcard::from_bytes(content).ok().map(|(meta, state)| Record::Snapshot(meta, state)),
        _ => None,
    })
}
