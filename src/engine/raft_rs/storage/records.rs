//! What the records of log and snapshot file say, in raft's own protobuf.

use crate::engine::wal::{self, Damaged, Decoded};
use protobuf::Message;
use raft::eraftpb::{ConfState, Entry, HardState, Snapshot, SnapshotMetadata};

pub(super) enum Record {
    HardState(HardState),
    ConfState(ConfState),
    Entry(Entry),
    /// The log begins after this index, at which stood an entry of this term.
    Base(SnapshotMetadata),
    Snapshot(Snapshot),
}

const HARD_STATE: u8 = 1;
const CONF_STATE: u8 = 2;
const ENTRY: u8 = 3;
const BASE: u8 = 4;
const SNAPSHOT: u8 = 5;

/// Encodes records behind a log of which the first `durable` bytes are.
pub(super) struct Encoder<'a> {
    pub(super) durable: u64,
    pub(super) out: &'a mut Vec<u8>,
}

impl Encoder<'_> {
    pub(super) fn hard_state(&mut self, state: &HardState) {
        self.record(HARD_STATE, state);
    }

    pub(super) fn conf_state(&mut self, state: &ConfState) {
        self.record(CONF_STATE, state);
    }

    pub(super) fn entry(&mut self, entry: &Entry) {
        self.record(ENTRY, entry);
    }

    pub(super) fn base(&mut self, base: &SnapshotMetadata) {
        self.record(BASE, base);
    }

    pub(super) fn snapshot(&mut self, snapshot: &Snapshot) {
        self.record(SNAPSHOT, snapshot);
    }

    fn record(&mut self, kind: u8, message: &impl Message) {
        wal::record(self.out, self.durable, kind, |out| {
            message.write_to_vec(out).expect("writing protobuf to memory cannot fail");
        });
    }
}

/// The records of `bytes` up to a torn tail.
///
/// # Errors
/// What does not check out is no torn tail.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded<Record>, Damaged> {
    wal::decode(bytes, |kind, content| match kind {
        HARD_STATE => Message::parse_from_bytes(content).ok().map(Record::HardState),
        CONF_STATE => Message::parse_from_bytes(content).ok().map(Record::ConfState),
        ENTRY => Message::parse_from_bytes(content).ok().map(Record::Entry),
        BASE => Message::parse_from_bytes(content).ok().map(Record::Base),
        SNAPSHOT => Message::parse_from_bytes(content).ok().map(Record::Snapshot),
        _ => None,
    })
}
