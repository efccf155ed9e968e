//! The monotonic clocks of the nodes, as their records show them: when does a clock show what?
//!
//! A clock is a straight line until somebody touches it; two records of a node that are a while apart give its pace. Right
//! after a fault has touched it, the pace is that of before: a new one shows in the records that follow.

use crate::history::Hears;
use crate::time::SimTime;
use leasehold::env::{Instant, NodeId};

/// The clocks, by node.
#[derive(Default)]
pub(crate) struct Clocks(Vec<Option<Line>>);

/// Two records that are closer tell nothing of a clock's pace.
const APART: u64 = 1_000_000;

#[derive(Clone, Copy)]
struct Line {
    /// The first record since somebody touched it: when, and what it showed.
    from: (u64, u64),
    /// The last.
    last: (u64, u64),
    /// True time that passed, and time that it showed meanwhile.
    pace: (u64, u64),
}

impl Line {
    fn new(point: (u64, u64), pace: (u64, u64)) -> Self {
        Self { from: point, last: point, pace }
    }

    fn reached(&mut self, point: (u64, u64)) {
        self.last = point;
        let (passed, shown) = (point.0.saturating_sub(self.from.0), point.1.saturating_sub(self.from.1));
        if passed >= APART {
            self.pace = (passed, shown);
        }
    }
}

impl Hears for Clocks {
    fn tells(&mut self, at: SimTime, node: NodeId, clock: Instant) {
        let point = (at.0, clock.as_nanos());
        match self.of(node) {
            Some(line) => line.reached(point),
            none => *none = Some(Line::new(point, (1, 1))),
        }
    }

    fn clock(&mut self, at: SimTime, node: NodeId, reading: Instant, _: Option<SimTime>) {
        let (point, line) = ((at.0, reading.as_nanos()), self.of(node));
        *line = Some(Line::new(point, line.map_or((1, 1), |line| line.pace)));
    }
}

impl Clocks {
    fn of(&mut self, node: NodeId) -> &mut Option<Line> {
        let number = usize::try_from(node.0).unwrap_or(0);
        if self.0.len() <= number {
            self.0.resize(number + 1, None);
        }
        &mut self.0[number]
    }

    fn get(&self, node: NodeId) -> Option<&Line> {
        self.0.get(usize::try_from(node.0).ok()?)?.as_ref()
    }

    /// Has nobody touched the clock of `node` since then?
    pub(crate) fn runs_on(&self, node: NodeId, since: SimTime) -> bool {
        self.get(node).is_some_and(|line| line.from.0 <= since.0)
    }

    /// What the clock of `node` shows, showed or will show at `at`.
    pub(crate) fn reading(&self, node: NodeId, at: SimTime) -> Option<Instant> {
        let Line { last, pace, .. } = self.get(node)?;
        Some(Instant::from_nanos(moved(last.1, last.0, at.0, pace.1, pace.0)))
    }

    /// When the clock of `node` shows or showed `reading`; never, if it stands still.
    pub(crate) fn when(&self, node: NodeId, reading: Instant) -> Option<SimTime> {
        let Line { last, pace, .. } = self.get(node)?;
        let stands = pace.1 == 0;
        Some(if stands { SimTime::NEVER } else { SimTime(moved(last.0, last.1, reading.as_nanos(), pace.0, pace.1)) })
    }
}

/// `start` and as much as lies between `from` and `to`, `times` for each `per`.
fn moved(start: u64, from: u64, to: u64, times: u64, per: u64) -> u64 {
    let by = (i128::from(to) - i128::from(from)) * i128::from(times) / i128::from(per);
    u64::try_from((i128::from(start) + by).max(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::ms;
    use crate::history::{Record, StackRecord, What, tell};
    use leasehold::env::ReplicaId;
    use leasehold::observe::Event;

    const N1: NodeId = NodeId(1);

    fn shown(millis: u64) -> Instant {
        Instant::from_nanos(ms(millis).0)
    }

    /// At these times, in ms, the clock shows this, and is touched there or not.
    fn clocks(points: &[(u64, u64, bool)]) -> Clocks {
        let mut clocks = Clocks::default();
        for (at, clock, touched) in points {
            let clock = shown(*clock);
            let (event, lease_until, effect) = (Event::StaleTimeoutNow, None, None);
            let what = if *touched {
                What::Clock { replica: ReplicaId::first(N1), clock, lease_until }
            } else {
                What::Stack(StackRecord {
                    replica: ReplicaId::first(N1),
                    event,
                    lease_until,
                    clock,
                    effect,
                    moved: None,
                })
            };
            tell(&Record { at: ms(*at), what }, &mut clocks);
        }
        clocks
    }

    #[test]
    fn a_clock_is_a_line_through_what_it_has_shown() {
        let fast = clocks(&[(0, 100, false), (1_000, 1_200, false)]);
        assert_eq!(fast.reading(N1, ms(2_000)), Some(shown(2_300)));
        assert_eq!(fast.reading(N1, ms(0)), Some(shown(100)));
        assert_eq!(fast.when(N1, shown(2_300)), Some(ms(2_000)));
        assert_eq!(fast.when(NodeId(2), shown(2_300)), None);
    }

    #[test]
    fn who_touches_it_begins_another_line() {
        let jumped = clocks(&[(0, 0, false), (1_000, 1_000, false), (1_000, 1_500, true)]);
        assert_eq!(jumped.when(N1, shown(2_500)), Some(ms(2_000)));
        let slower = clocks(&[(0, 0, false), (1_000, 1_000, true), (2_000, 1_500, false)]);
        assert_eq!(slower.when(N1, shown(2_000)), Some(ms(3_000)));
    }

    #[test]
    fn one_that_stands_still_never_shows_anything_else() {
        let frozen = clocks(&[(0, 0, false), (1_000, 1_000, true), (2_000, 1_000, false)]);
        assert_eq!(frozen.when(N1, shown(2_000)), Some(SimTime::NEVER));
    }
}
