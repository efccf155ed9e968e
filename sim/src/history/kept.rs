//! What is kept of a stream: its tail, and a scene before it if nothing in the tail tells why the run came out as it did.

use super::{Keep, Record};
use std::collections::VecDeque;

/// Records of a scene before the one that it is about, and after it.
const BEFORE: u64 = 1_000;
const AFTER: u64 = 200;

/// Records that are kept.
pub(super) struct Kept {
    keep: Keep,
    tail: VecDeque<Record>,
    /// The number of the tail's first record.
    first: u64,
    /// The number of the last record that tells by itself.
    telling: Option<u64>,
    /// What was around that record, where the tail has lost it.
    scene: Vec<Record>,
}

impl Kept {
    pub(super) fn new(keep: Keep) -> Self {
        Self { keep, tail: VecDeque::new(), first: 0, telling: None, scene: Vec::new() }
    }

    pub(super) fn push(&mut self, record: Record) {
        if let Keep::Last(bound) = self.keep {
            if bound == 0 {
                return;
            }
            if record.what.tells_by_itself() {
                self.telling = Some(self.first + self.tail.len() as u64);
            }
            if self.tail.len() == bound {
                self.lose_first();
            }
        }
        self.tail.push_back(record);
    }

    fn lose_first(&mut self) {
        // Done once a scene, and only if nothing tells later.
        if self.telling.is_some_and(|telling| telling.saturating_sub(BEFORE) == self.first) {
            let whole = (BEFORE + AFTER) as usize;
            self.scene = self.tail.iter().take(whole).cloned().collect();
        }
        self.tail.pop_front();
        self.first += 1;
    }

    /// The scene, if there is one, and the tail.
    pub(super) fn take(&mut self) -> Vec<Record> {
        let in_tail = self.telling.is_none_or(|telling| telling >= self.first);
        let scene = if in_tail { Vec::new() } else { std::mem::take(&mut self.scene) };
        scene.into_iter().chain(std::mem::take(&mut self.tail)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Events;
    use super::*;
    use crate::time::SimTime;
    use leasehold::observe::EndCause;

    /// The times in milliseconds of what is kept of so many records, a millisecond apart, of which these tell by themselves.
    fn kept(records: u64, telling: &[u64], bound: usize) -> Vec<u64> {
        let mut kept = Kept::new(Keep::Last(bound));
        for at in 0..records {
            let events = Events::default();
            let events =
                if telling.contains(&at) { events.ended(at, 1, EndCause::Transfer) } else { events.leads(at, 1, 1) };
            events.records().iter().cloned().for_each(|record| kept.push(record));
        }
        kept.take().into_iter().map(|Record { at: SimTime(nanos), .. }| nanos / 1_000_000).collect()
    }

    #[test]
    fn what_tells_is_kept_with_what_was_around_it_however_long_ago_it_was() {
        let of = |telling: &[u64]| kept(20_000, telling, 4_096);
        let tail: Vec<u64> = (15_904..20_000).collect();
        assert_eq!(of(&[]), tail);
        assert_eq!(of(&[5_000]), [(4_000..5_200).collect(), tail.clone()].concat());
        assert_eq!(of(&[300]), [(0..1_200).collect(), tail.clone()].concat());
        assert_eq!(of(&[300, 5_000]), of(&[5_000]), "the last of them");
        assert_eq!(of(&[5_000, 17_000]), tail, "the tail has what tells");
    }

    #[test]
    fn what_fits_is_kept_once() {
        assert_eq!(kept(4_096, &[7], 4_096), (0..4_096).collect::<Vec<_>>());
        assert!(kept(9, &[7], 0).is_empty());
    }
}
