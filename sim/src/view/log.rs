//! A node's log, as it has told that it is durable.
//!
//! A kill takes nothing from it: what was written and not yet synced was never told. Where a crash leaves some of that (a torn
//! tail), it may be more than was told, or have overwritten it: a node that opens its log again tells anew what may have come
//! so.
//!
//! Each entry carries a hash of itself and all before it, so that two logs are compared up to an index by one comparison.
//! Memory: 16 bytes an entry; it is not cut where a node cuts its own.

use xxhash_rust::xxh3::xxh3_64_with_seed;

#[derive(Default)]
pub(crate) struct Log {
    /// Entry `i` has index `i + 1`.
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    pub(crate) term: u64,
    /// Hash of this entry and all before it.
    pub(crate) prefix: u64,
}

impl Log {
    /// The entry is in the log at `index`; what was there and after it is gone. One that leaves a gap is not taken.
    pub(crate) fn append(&mut self, index: u64, term: u64, digest: u32) {
        let Some(before) = index.checked_sub(1).and_then(|length| usize::try_from(length).ok()) else { return };
        if before <= self.entries.len() {
            self.entries.truncate(before);
            let prefix = self.entries.last().map_or(0, |last| last.prefix);
            self.entries.push(Entry { term, prefix: extended(prefix, term, digest) });
        }
    }

    /// The log as it was up to `index`.
    pub(crate) fn up_to(&self, index: u64) -> Self {
        let length = usize::try_from(index).unwrap_or(usize::MAX).min(self.entries.len());
        Self { entries: self.entries[..length].to_vec() }
    }

    pub(crate) fn get(&self, index: u64) -> Option<Entry> {
        let position = usize::try_from(index.checked_sub(1)?).ok()?;
        self.entries.get(position).copied()
    }

    /// The index of the last entry; 0 of an empty log.
    pub(crate) fn last_index(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Term and index of the last entry, by which Raft compares logs in elections.
    pub(crate) fn last(&self) -> (u64, u64) {
        (self.entries.last().map_or(0, |entry| entry.term), self.last_index())
    }

    /// The first index at which two logs differ, be it that one of them ends there; `None` for equal logs.
    pub(crate) fn first_difference(&self, other: &Log) -> Option<u64> {
        let equal = self.entries.iter().zip(&other.entries).take_while(|(one, two)| one == two).count();
        let differ = equal < self.entries.len().max(other.entries.len());
        differ.then_some(equal as u64 + 1)
    }
}

fn extended(prefix: u64, term: u64, digest: u32) -> u64 {
    let mut content = [0; 12];
    content[..8].copy_from_slice(&term.to_le_bytes());
    content[8..].copy_from_slice(&digest.to_le_bytes());
    xxh3_64_with_seed(&content, prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(entries: &[(u64, u64, u32)]) -> Log {
        let mut log = Log::default();
        entries.iter().for_each(|(index, term, digest)| log.append(*index, *term, *digest));
        log
    }

    #[test]
    fn a_new_entry_replaces_those_from_its_index_on() {
        let log = log(&[(1, 1, 10), (2, 1, 20), (3, 1, 30), (2, 2, 25)]);
        assert_eq!((log.last_index(), log.get(2).map(|entry| entry.term), log.get(3)), (2, Some(2), None));
    }

    #[test]
    fn equal_prefixes_mean_that_everything_before_is_equal() {
        let one = log(&[(1, 1, 10), (2, 1, 20), (3, 2, 30)]);
        assert_eq!(one.first_difference(&log(&[(1, 1, 10), (2, 1, 20), (3, 2, 30)])), None);
        let other = log(&[(1, 1, 10), (2, 1, 21), (3, 2, 30)]);
        assert_eq!(one.first_difference(&other), Some(2));
        assert_ne!(one.get(3), other.get(3));
        assert_eq!(one.first_difference(&log(&[(1, 1, 10)])), Some(2));
    }

    #[test]
    fn an_entry_that_leaves_a_gap_is_not_taken() {
        let log = log(&[(1, 1, 10), (3, 1, 30), (0, 1, 1)]);
        assert_eq!((log.last_index(), log.get(3), log.get(0)), (1, None, None));
    }
}
