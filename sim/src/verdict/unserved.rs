//! The stretches of time in which nobody was served.
//!
//! One begins when an operation is due and nothing else is waiting, or with an answer while others wait. It ends with the next answer;
//! a failure ends nothing, and neither does the time between one client's failure and its next try. At the end of the run it
//! ends there if somebody waits, or with the last failure.

use super::gauge::Stretch;
use super::latency::Fate;
use crate::time::SimTime;

/// Operations that wait, and since when nobody was answered.
#[derive(Default)]
pub(super) struct Unserved {
    since: Option<SimTime>,
    waiting: u64,
    failed: SimTime,
}

impl Unserved {
    /// An operation is due.
    pub(super) fn due(&mut self, at: SimTime) {
        self.waiting += 1;
        self.since.get_or_insert(at);
    }

    /// This became of one of those that wait; the stretch that ends by it.
    pub(super) fn ended(&mut self, at: SimTime, fate: Fate) -> Option<Stretch> {
        self.waiting = self.waiting.saturating_sub(1);
        if fate != Fate::Ok {
            self.failed = at;
            return None;
        }
        let from = self.since.take()?;
        self.since = (self.waiting > 0).then_some(at);
        Some(Stretch { from, to: at })
    }

    /// The run is over.
    pub(super) fn over(&mut self, end: SimTime) -> Option<Stretch> {
        let from = self.since.take()?;
        Some(Stretch { from, to: if self.waiting > 0 { end } else { self.failed } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::ms;

    fn stretch(from: u64, to: u64) -> Option<Stretch> {
        Some(Stretch { from: ms(from), to: ms(to) })
    }

    #[test]
    fn a_stretch_lasts_from_when_an_operation_is_due_to_the_next_answer_of_anybody() {
        let mut unserved = Unserved::default();
        unserved.due(ms(10));
        unserved.due(ms(40));
        assert_eq!(unserved.ended(ms(50), Fate::Ok), stretch(10, 50));
        assert_eq!(unserved.ended(ms(80), Fate::Ok), stretch(50, 80));
        unserved.due(ms(200));
        assert_eq!(unserved.ended(ms(210), Fate::Ok), stretch(200, 210));
    }

    #[test]
    fn a_failure_ends_no_stretch() {
        let mut unserved = Unserved::default();
        unserved.due(ms(10));
        assert_eq!(unserved.ended(ms(11), Fate::Refused), None);
        unserved.due(ms(300));
        assert_eq!(unserved.ended(ms(310), Fate::Ok), stretch(10, 310));
    }

    #[test]
    fn at_the_end_a_stretch_lasts_as_long_as_somebody_waits() {
        let mut unserved = Unserved::default();
        assert_eq!(unserved.over(ms(900)), None);
        unserved.due(ms(10));
        assert_eq!(unserved.ended(ms(110), Fate::Unknown), None);
        assert_eq!(unserved.over(ms(900)), stretch(10, 110));
        unserved.due(ms(500));
        assert_eq!(unserved.over(ms(900)), stretch(500, 900));
    }
}
