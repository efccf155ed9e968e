//! The records of log and snapshot file: a mark, length, CRC-32, how much of the log was durable when the record was made,
//! kind, protobuf.
//!
//! A crash in the middle of a write leaves a torn tail: what was not synced may be there in part, and where a disk writes its
//! sectors in another order, a later record may be whole where an earlier one is not. That is no damage: nobody was promised
//! what is lost. A record that does not check out *within what was once durable* is damage, and cutting the log there would
//! lose what others were promised without anybody knowing. The two look alike; a later record that is whole tells them apart,
//! as it says how far the log was durable before it (Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage",
//! FAST '18, §3.3.3: "disentangling crashes and corruptions"). Damage to the records of the very last sync, after which nothing
//! was written, has no such witness and passes for a torn tail, there as here.

use protobuf::Message;
use raft::eraftpb::{ConfState, Entry, HardState, Snapshot, SnapshotMetadata};

/// What a record begins with, so that one is found behind another that is damaged.
const MARK: [u8; 4] = *b"LHW1";

/// Mark; length and checksum, both little-endian `u32`, of what follows.
const HEADER: usize = 12;

/// Durable length (little-endian `u64`) and kind.
const PREFIX: usize = 9;

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
        let start = self.out.len();
        self.out.extend_from_slice(&[0; HEADER]);
        self.out.extend_from_slice(&self.durable.to_le_bytes());
        self.out.push(kind);
        message.write_to_vec(self.out).expect("writing protobuf to memory cannot fail");
        let body = &self.out[start + HEADER..];
        let length = u32::try_from(body.len()).expect("raft bounds a record to far below 4 GiB");
        let checksum = crc32fast::hash(body);
        self.out[start..start + 4].copy_from_slice(&MARK);
        self.out[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
        self.out[start + 8..start + HEADER].copy_from_slice(&checksum.to_le_bytes());
    }
}

/// What a log holds.
pub(super) struct Decoded {
    /// The records up to the first that does not check out, and where each begins.
    pub(super) records: Vec<(u64, Record)>,
    /// How many bytes these take.
    pub(super) sound: u64,
    /// So many bytes are known to have been durable before the last record was made.
    pub(super) proven: u64,
}

/// A record does not check out though it had been durable.
#[derive(Debug)]
pub(super) struct Damaged;

/// The records of `bytes` up to a torn tail.
///
/// # Errors
/// What does not check out is no torn tail.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, Damaged> {
    let mut decoded = Decoded { records: Vec::new(), sound: 0, proven: 0 };
    let mut rest = bytes;
    while let Some(Whole { record, durable, length }) = decode_one(rest) {
        decoded.records.push((decoded.sound, record));
        decoded.sound += length as u64;
        decoded.proven = decoded.proven.max(durable);
        rest = &rest[length..];
    }
    if witnesses(rest).any(|durable| durable > decoded.sound) { Err(Damaged) } else { Ok(decoded) }
}

/// How far the log was durable, by each record that is whole behind one that is not.
fn witnesses(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let marks = bytes.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    marks.filter_map(|(start, _)| decode_one(&bytes[start..])).map(|whole| whole.durable)
}

struct Whole {
    record: Record,
    durable: u64,
    length: usize,
}

fn decode_one(bytes: &[u8]) -> Option<Whole> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if !bytes.starts_with(&MARK) {
        return None;
    }
    let (length, checksum) = (word(4)? as usize, word(8)?);
    let body = bytes.get(HEADER..HEADER.checked_add(length)?)?;
    if crc32fast::hash(body) != checksum {
        return None;
    }
    let (prefix, payload) = body.split_at_checked(PREFIX)?;
    let (durable, kind) = prefix.split_at_checked(8)?;
    let record = match kind {
        [HARD_STATE] => Record::HardState(Message::parse_from_bytes(payload).ok()?),
        [CONF_STATE] => Record::ConfState(Message::parse_from_bytes(payload).ok()?),
        [ENTRY] => Record::Entry(Message::parse_from_bytes(payload).ok()?),
        [BASE] => Record::Base(Message::parse_from_bytes(payload).ok()?),
        [SNAPSHOT] => Record::Snapshot(Message::parse_from_bytes(payload).ok()?),
        _ => return None,
    };
    Some(Whole { record, durable: u64::from_le_bytes(durable.try_into().ok()?), length: HEADER + length })
}
