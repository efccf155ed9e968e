//! A node's log, as it has told that it is durable.
//!
//! A kill takes nothing from it: what was written and not yet synced was never told. Where a crash leaves some of that (a torn
//! tail), it may be more than was told, or have overwritten it: a node that opens its log again tells anew what may have come
//! so.
//!
//! Each entry carries a hash of itself and all before it, so that two logs are compared up to an index by one comparison.
//! Memory: 16 bytes an entry. What every node has cut from its own log is forgotten: nobody tells of it any more.

use std::collections::VecDeque;
use xxhash_rust::xxh3::xxh3_64_with_seed;

#[derive(Default)]
pub(crate) struct Log {
    /// The node has cut what is before this index.
    begins: u64,
    /// How many entries are forgotten.
    forgotten: u64,
    /// Entry `i` has index `forgotten + i + 1`.
    entries: VecDeque<Entry>,
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
        let Some(before) = self.position(index) else { return };
        if before <= self.entries.len() {
            self.entries.truncate(before);
            let prefix = self.entries.back().map_or(0, |last| last.prefix);
            self.entries.push_back(Entry { term, prefix: extended(prefix, term, digest) });
        }
    }

    /// The node has cut its log, which begins with `index` now.
    pub(super) fn cut(&mut self, index: u64) {
        self.begins = index;
    }

    /// The least index that the node may still tell of; `None`: its log is empty.
    pub(super) fn begins(&self) -> Option<u64> {
        (self.last_index() > 0).then_some(self.begins)
    }

    /// Nobody will ask for what is before `index` any more.
    pub(super) fn forget(&mut self, index: u64) {
        let before = self.position(index).unwrap_or_default().min(self.entries.len().saturating_sub(1));
        self.entries.drain(..before);
        self.forgotten += before as u64;
    }

    /// Where the entry of `index` stands; `None`: it is forgotten.
    fn position(&self, index: u64) -> Option<usize> {
        usize::try_from(index.checked_sub(1)?.checked_sub(self.forgotten)?).ok()
    }

    /// The log of a node that has what this one has up to `index`, and that in a snapshot.
    pub(crate) fn up_to(&self, index: u64) -> Self {
        let length = self.position(index + 1).unwrap_or_default().min(self.entries.len());
        Self { begins: index, forgotten: self.forgotten, entries: self.entries.range(..length).copied().collect() }
    }

    pub(crate) fn get(&self, index: u64) -> Option<Entry> {
        self.entries.get(self.position(index)?).copied()
    }

    /// The index of the last entry; 0 of an empty log.
    pub(crate) fn last_index(&self) -> u64 {
        self.forgotten + self.entries.len() as u64
    }

    /// Term and index of the last entry, by which Raft compares logs in elections.
    pub(crate) fn last(&self) -> (u64, u64) {
        (self.entries.back().map_or(0, |entry| entry.term), self.last_index())
    }

    /// The first index at which two logs differ, be it that one of them ends there, as far as both remember; `None` for equal logs.
    pub(crate) fn first_difference(&self, other: &Log) -> Option<u64> {
        let from = self.forgotten.max(other.forgotten) + 1;
        let to = self.last_index().max(other.last_index());
        (from..=to).find(|index| self.get(*index) != other.get(*index))
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
    fn what_is_forgotten_changes_nothing_about_the_rest() {
        let all = [(1, 1, 10), (2, 1, 20), (3, 2, 30), (4, 2, 40)];
        let (whole, mut cut) = (log(&all), log(&all));
        cut.forget(3);
        assert_eq!((cut.get(2), cut.get(3), cut.last()), (None, whole.get(3), whole.last()));
        assert_eq!((cut.first_difference(&whole), cut.up_to(3).last_index()), (None, 3));
        cut.append(2, 9, 99);
        assert_eq!(cut.get(3), whole.get(3), "nobody writes what everybody has cut");
        cut.append(4, 3, 41);
        assert_eq!((cut.get(4).map(|entry| entry.term), cut.first_difference(&whole)), (Some(3), Some(4)));
        cut.forget(9);
        assert_eq!(cut.last(), (3, 4), "the last one stays");
    }

    #[test]
    fn an_entry_that_leaves_a_gap_is_not_taken() {
        let log = log(&[(1, 1, 10), (3, 1, 30), (0, 1, 1)]);
        assert_eq!((log.last_index(), log.get(3), log.get(0)), (1, None, None));
    }
}
