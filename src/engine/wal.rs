//! The records of a log on disk, whatever they say: a mark, length, CRC-32, how much of the log was durable when the record was made,
//! kind, content.
//!
//! A crash in the middle of a write leaves a torn tail: what was not synced may be there in part, and where a disk writes its
//! sectors in another order, a later record may be whole where an earlier one is not. That is no damage: nobody was promised
//! what is lost. A record that does not check out *within what was once durable* is damage, and cutting the log there would
//! lose what others were promised without anybody knowing. The two look alike; a later record that is whole tells them apart,
//! as it says how far the log was durable before it (Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage",
//! FAST '18, §3.3.3: "disentangling crashes and corruptions"). Damage to the records of the very last sync, after which nothing
//! was written, has no such witness and passes for a torn tail, there as here.

/// What a record begins with, so that one is found behind another that is damaged.
const MARK: [u8; 4] = *b"LHW1";

/// Mark; length and checksum, both little-endian `u32`, of what follows.
const HEADER: usize = 12;

/// Durable length (little-endian `u64`) and kind.
const PREFIX: usize = 9;

/// So many bytes have most records: a log that grows takes them at once.
const USUAL: usize = 128;

/// Appends a record to `out`, behind a log of which the first `durable` bytes are. `content` appends what it says.
pub(super) fn record(out: &mut Vec<u8>, durable: u64, kind: u8, content: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.reserve(USUAL);
    out.extend_from_slice(&[0; HEADER]);
    out.extend_from_slice(&durable.to_le_bytes());
    out.push(kind);
    content(out);
    let body = &out[start + HEADER..];
    let length = u32::try_from(body.len()).expect("an engine bounds a record to far below 4 GiB");
    let checksum = crc32fast::hash(body);
    out[start..start + 4].copy_from_slice(&MARK);
    out[start + 4..start + 8].copy_from_slice(&length.to_le_bytes());
    out[start + 8..start + HEADER].copy_from_slice(&checksum.to_le_bytes());
}

/// What a log holds.
pub(super) struct Decoded<R> {
    /// The records up to the first that does not check out, and where each begins.
    pub(super) records: Vec<(u64, R)>,
    /// How many bytes these take.
    pub(super) sound: u64,
    /// So many bytes are known to have been durable before the last record was made.
    pub(super) proven: u64,
}

/// A record does not check out though it had been durable.
#[derive(Debug)]
pub(super) struct Damaged;

/// The records of `bytes` up to a torn tail. `parse` makes a record of kind and content; `None`: they are not such.
///
/// # Errors
/// What does not check out is no torn tail.
pub(super) fn decode<R>(bytes: &[u8], parse: impl Fn(u8, &[u8]) -> Option<R>) -> Result<Decoded<R>, Damaged> {
    let mut decoded = Decoded { records: Vec::new(), sound: 0, proven: 0 };
    let mut rest = bytes;
    while let Some(Whole { record, durable, length }) = decode_one(rest, &parse) {
        decoded.records.push((decoded.sound, record));
        decoded.sound += length as u64;
        decoded.proven = decoded.proven.max(durable);
        rest = &rest[length..];
    }
    if witnesses(rest, &parse).any(|durable| durable > decoded.sound) { Err(Damaged) } else { Ok(decoded) }
}

/// How far the log was durable, by each record that is whole behind one that is not.
fn witnesses<R>(bytes: &[u8], parse: impl Fn(u8, &[u8]) -> Option<R>) -> impl Iterator<Item = u64> {
    let marks = bytes.windows(MARK.len()).enumerate().filter(|(_, window)| *window == MARK);
    marks.filter_map(move |(start, _)| decode_one(&bytes[start..], &parse)).map(|whole| whole.durable)
}

struct Whole<R> {
    record: R,
    durable: u64,
    length: usize,
}

fn decode_one<R>(bytes: &[u8], parse: impl Fn(u8, &[u8]) -> Option<R>) -> Option<Whole<R>> {
    let word = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if !bytes.starts_with(&MARK) {
        return None;
    }
    let (length, checksum) = (word(4)? as usize, word(8)?);
    let body = bytes.get(HEADER..HEADER.checked_add(length)?)?;
    if crc32fast::hash(body) != checksum {
        return None;
    }
    let (prefix, content) = body.split_at_checked(PREFIX)?;
    let (durable, kind) = prefix.split_at_checked(8)?;
    let record = parse(*kind.first()?, content)?;
    Some(Whole { record, durable: u64::from_le_bytes(durable.try_into().ok()?), length: HEADER + length })
}
