//! What was done in a run: how gates answered, who led, which messages met which fate, what was applied and answered, and when. What is
//! only held or carried (expiries, bases, stamps) is no deed: two behaviours that differ in nothing else have done the same.

use super::encode::Encoder;
use super::{About, Observer, Record, StackRecord, What, facts};
use parking_lot::Mutex;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The digests of a run's deeds: each of all up to it.
#[derive(Clone, Default)]
pub struct Deeds(Arc<Mutex<Vec<u64>>>);

/// Folds deeds as they are done.
struct Folding {
    encoder: Encoder,
    deeds: Deeds,
}

impl Deeds {
    /// Who folds them.
    pub fn observer(&self) -> Box<dyn Observer> {
        Box::new(Folding { encoder: Encoder::default(), deeds: self.clone() })
    }

    /// Up to where the shorter of two runs ended: has the same been done?
    pub fn agree(&self, other: &Self) -> bool {
        if Arc::ptr_eq(&self.0, &other.0) {
            return true;
        }
        let (one, other) = (self.0.lock(), other.0.lock());
        let shorter = one.len().min(other.len());
        one[..shorter].last() == other[..shorter].last()
    }
}

impl Observer for Folding {
    fn record(&mut self, record: &Record) -> bool {
        if let Some(deed) = deed(record)
            && let Some(content) = self.encoder.encode(&deed)
        {
            let mut deeds = self.deeds.0.lock();
            let before = deeds.last().copied().unwrap_or_default();
            deeds.push(xxh3_64_with_seed(content, before));
        }
        true
    }
}

/// What has been done, if anything.
fn deed(record: &Record) -> Option<Record> {
    let what = match &record.what {
        What::Invoked(_) | What::Completed { .. } => record.what.clone(),
        What::Message { from, to, lane, fate, kind, head, .. } => {
            let (from, to, lane, fate, kind, head) = (*from, *to, *lane, *fate, *kind, *head);
            What::Message { from, to, lane, fate, kind, head, stamp: None, echo: None }
        }
        What::Stack(told) => {
            let event = facts(&told.event, About::Leases).deed?;
            What::Stack(StackRecord { event, lease_until: None, effect: None, moved: None, ..told.clone() })
        }
        What::Process { .. } | What::Clock { .. } | What::Busy { .. } | What::Counted { .. } | What::Fault(_) => {
            return None;
        }
    };
    Some(Record { at: record.at, what })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, get};
    use leasehold::observe::Miss;

    fn of(events: &Events) -> Deeds {
        let deeds = Deeds::default();
        let mut observer = deeds.observer();
        events.records().iter().for_each(|record| assert!(observer.record(record)));
        deeds
    }

    fn begun() -> Events {
        Events::default().leads(10, 1, 4).invoke(20, 1, get(0))
    }

    #[test]
    fn who_holds_a_lease_for_longer_has_done_the_same() {
        assert!(
            of(&begun().extended(30, 1, 4, 900).hit(40, 1)).agree(&of(&begun().extended(30, 1, 4, 100).hit(40, 1)))
        );
    }

    #[test]
    fn another_answer_or_another_time_is_another_deed() {
        let hit = of(&begun().hit(40, 1).read(50, 1, 7));
        assert!(!hit.agree(&of(&begun().missed(40, 1, Miss::Cold))));
        assert!(!hit.agree(&of(&begun().hit(40, 1).read(50, 1, 8))));
        assert!(!hit.agree(&of(&begun().hit(40, 1).read(51, 1, 7))));
    }

    #[test]
    fn of_two_runs_what_the_shorter_did_is_compared() {
        assert!(of(&begun()).agree(&of(&begun().hit(40, 1))));
        assert!(of(&Events::default()).agree(&of(&begun())));
    }
}
