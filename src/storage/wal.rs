//! The records of log and snapshot file: length, CRC-32, kind, protobuf. A record that does not check out ends the file.

use protobuf::Message;
use raft::eraftpb::{ConfState, Entry, HardState, Snapshot, SnapshotMetadata};

/// Length and checksum, both little-endian `u32`; they cover kind and payload.
const HEADER: usize = 8;

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

pub(super) fn encode_hard_state(state: &HardState, out: &mut Vec<u8>) {
    encode(HARD_STATE, state, out);
}

pub(super) fn encode_conf_state(state: &ConfState, out: &mut Vec<u8>) {
    encode(CONF_STATE, state, out);
}

pub(super) fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    encode(ENTRY, entry, out);
}

pub(super) fn encode_base(base: &SnapshotMetadata, out: &mut Vec<u8>) {
    encode(BASE, base, out);
}

pub(super) fn encode_snapshot(snapshot: &Snapshot, out: &mut Vec<u8>) {
    encode(SNAPSHOT, snapshot, out);
}

fn encode(kind: u8, message: &impl Message, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    out.push(kind);
    message.write_to_vec(out).expect("writing protobuf to memory cannot fail");
    let body = &out[start + HEADER..];
    let length = u32::try_from(body.len()).expect("raft bounds a record to far below 4 GiB");
    let checksum = crc32fast::hash(body);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + HEADER].copy_from_slice(&checksum.to_le_bytes());
}

/// The records of `bytes` up to the first that is torn or damaged, and how many bytes they take.
pub(super) fn decode(bytes: &[u8]) -> (Vec<Record>, usize) {
    let mut records = Vec::new();
    let mut sound = 0;
    while let Some((record, length)) = decode_one(&bytes[sound..]) {
        records.push(record);
        sound += length;
    }
    (records, sound)
}

fn decode_one(bytes: &[u8]) -> Option<(Record, usize)> {
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let checksum = u32::from_le_bytes(bytes.get(4..HEADER)?.try_into().ok()?);
    let body = bytes.get(HEADER..HEADER.checked_add(length)?)?;
    if crc32fast::hash(body) != checksum {
        return None;
    }
    let (&kind, payload) = body.split_first()?;
    let record = match kind {
        HARD_STATE => Record::HardState(Message::parse_from_bytes(payload).ok()?),
        CONF_STATE => Record::ConfState(Message::parse_from_bytes(payload).ok()?),
        ENTRY => Record::Entry(Message::parse_from_bytes(payload).ok()?),
        BASE => Record::Base(Message::parse_from_bytes(payload).ok()?),
        SNAPSHOT => Record::Snapshot(Message::parse_from_bytes(payload).ok()?),
        _ => return None,
    };
    Some((record, HEADER + length))
}
