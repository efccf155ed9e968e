//! What measures how long something lasts: each gauge hears of what it folds into stretches of time, and keeps those that are over.
//!
//! | file         | what lasts                                                          |
//! |--------------|---------------------------------------------------------------------|
//! | `leadership` | how long there was no leader, and how long until another served     |
//! | `recovery`   | how long it took until writes were acknowledged again after a fault |
//! | `rewarm`     | how long the leases of new leaders stayed cold                      |

mod leadership;
mod recovery;
mod rewarm;

use super::prelude::*;
use leadership::Leadership;
use recovery::Recovery;
use rewarm::Rewarm;

/// The time between these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stretch {
    pub(super) from: SimTime,
    pub(super) to: SimTime,
}

impl Stretch {
    pub(super) fn took(self) -> Duration {
        self.to.since(self.from)
    }
}

/// This has lasted so long.
pub(super) struct Gauged {
    pub(super) span: Span,
    pub(super) stretch: Stretch,
    pub(super) counts: Counts,
}

/// Which windows a stretch of time counts in.
pub(super) enum Counts {
    /// In those in which it began, all of it.
    WhereItBegan,
    /// In each the part of it that is in there.
    ByItsParts,
}

/// All gauges.
pub(super) struct Gauges {
    pub(super) leadership: Leadership,
    recovery: Recovery,
    rewarm: Rewarm,
}

impl Gauges {
    pub(super) fn new(heartbeat: Duration) -> Self {
        Self { leadership: Leadership::new(heartbeat), recovery: Recovery::default(), rewarm: Rewarm::default() }
    }

    /// Tells them, and then `others`, of a record that `view` has taken in already.
    pub(super) fn tell(&mut self, record: &Record, view: &GroupView<'_>, others: &mut impl Hears) {
        let Self { leadership, recovery, rewarm } = self;
        let (leadership, recovery) = (&mut leadership.beside(view), &mut recovery.beside(view));
        tell(record, &mut (&mut (leadership, recovery), &mut (rewarm, others)));
    }

    /// What is over since this was last asked.
    pub(super) fn over(&mut self) -> impl Iterator<Item = Gauged> {
        let Self { leadership, recovery, rewarm } = self;
        leadership.over.drain(..).chain(recovery.over.drain(..)).chain(rewarm.over.drain(..))
    }

    /// The run is over; what had not ended before, as far as it counts.
    pub(super) fn finish(&mut self, end: SimTime) -> Vec<Gauged> {
        let Self { leadership, recovery, rewarm } = self;
        leadership.finish(end).into_iter().chain(recovery.finish(end)).chain(rewarm.finish()).collect()
    }
}
