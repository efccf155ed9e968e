//! What measures how long something lasts: each gauge sees every record, and tells the stretches of time that are over by it.
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

/// What folds the history into stretches of time.
trait Gauge: Send {
    /// Sees a record, which `view` has taken in already; what is over by it.
    fn record(&mut self, record: &Record, view: &GroupView<'_>) -> Vec<Gauged>;

    /// The run is over; what had not ended before, as far as it counts.
    fn finish(&mut self, end: SimTime) -> Vec<Gauged>;
}

/// All gauges.
pub(super) struct Gauges {
    pub(super) leadership: Leadership,
    others: Vec<Box<dyn Gauge>>,
}

impl Gauges {
    pub(super) fn new(heartbeat: Duration) -> Self {
        let others: Vec<Box<dyn Gauge>> = vec![Box::<Recovery>::default(), Box::<Rewarm>::default()];
        Self { leadership: Leadership::new(heartbeat), others }
    }

    pub(super) fn record(&mut self, record: &Record, view: &GroupView<'_>) -> Vec<Gauged> {
        self.each(|gauge| gauge.record(record, view))
    }

    pub(super) fn finish(&mut self, end: SimTime) -> Vec<Gauged> {
        self.each(|gauge| gauge.finish(end))
    }

    fn each(&mut self, mut told: impl FnMut(&mut dyn Gauge) -> Vec<Gauged>) -> Vec<Gauged> {
        let mut all = told(&mut self.leadership);
        self.others.iter_mut().for_each(|gauge| all.extend(told(gauge.as_mut())));
        all
    }
}
