//! How long it took, after a fault, until a write was acknowledged again (`lease-bugs.md` L2).
//!
//! A clock starts where a fault ends: what lasts (a partition, a bad link, a downtime, a pause, a fault of a clock or a
//! disk, ...) ended, everything was healed, a transfer moved the leader, a change of membership is in force. It stops at the
//! first put, compare-and-set or script that is acknowledged and whose entry no node had applied when the clock started. That
//! the entry is new, not that the operation is, is what shows that the cluster commits again: a closed-loop client may hang in
//! an operation that it began under the fault, and an answer that a partition held back may arrive after it for an entry that
//! was committed long before.
//!
//! Clocks run only while no fault lasts: nothing is owed until then. A lasting fault that begins before a clock stops voids it, and
//! starts one of its own when it ends. A clock that is running at the end of the run counts as it stands, so that a cluster
//! which never recovers is seen.

use super::{Counts, Gauged, Stretch};
use crate::history::{Fault, FaultPhase};
use crate::verdict::prelude::*;
use crate::view::faults::{Change, Faults};
use crate::words::Disturbs;

/// The clocks of a run.
#[derive(Default)]
pub(super) struct Recovery {
    /// The highest index that any node has applied.
    applied: u64,
    /// Clocks that run, oldest first.
    running: Vec<Clock>,
    pub(super) over: Vec<Gauged>,
}

/// When a fault ended, and the highest index applied then.
#[derive(Clone, Copy)]
struct Clock {
    since: SimTime,
    applied: u64,
}

/// The clocks, and the faults beside which they run.
struct Beside<'a> {
    clocks: &'a mut Recovery,
    faults: &'a Faults,
}

impl Hears for Beside<'_> {
    fn applied(&mut self, _: SimTime, _: NodeId, entry: Place) {
        self.clocks.applied = self.clocks.applied.max(entry.index);
    }

    fn completed(&mut self, at: SimTime, _: OpId, completion: &Completion) {
        match completion {
            Completion::Written { version } | Completion::Script { version, .. } => {
                self.clocks.written(at, *version);
            }
            Completion::Read { .. }
            | Completion::Reads { .. }
            | Completion::Unexpected { .. }
            | Completion::Failed { .. } => {}
        }
    }

    fn fault(&mut self, at: SimTime, fault: &Fault) {
        self.clocks.fault(at, fault, self.faults);
    }
}

impl Recovery {
    /// Hears of a record that `view` has taken in already.
    pub(super) fn beside<'a>(&'a mut self, view: &GroupView<'a>) -> impl Hears + use<'a> {
        Beside { clocks: self, faults: view.faults }
    }

    /// The clocks that were never stopped.
    pub(super) fn finish(&mut self, end: SimTime) -> Vec<Gauged> {
        self.running.drain(..).map(|clock| clock.stop(end)).collect()
    }

    fn fault(&mut self, at: SimTime, fault: &Fault, faults: &Faults) {
        let moved = match fault.verb.disturbs() {
            Disturbs::Leadership | Disturbs::Members => fault.phase == FaultPhase::Effective,
            Disturbs::Routes
            | Disturbs::Reach
            | Disturbs::Messages
            | Disturbs::Lives
            | Disturbs::Standstill
            | Disturbs::Pace
            | Disturbs::Clocks
            | Disturbs::Nothing => false,
        };
        match faults.change() {
            Change::Began(_) => self.running.clear(),
            Change::Ended(_) | Change::Healed => self.start(at, faults),
            Change::None if moved => self.start(at, faults),
            Change::None => {}
        }
    }

    fn start(&mut self, at: SimTime, faults: &Faults) {
        if faults.calm_since().is_some() {
            self.running.push(Clock { since: at, applied: self.applied });
        }
    }

    fn written(&mut self, at: SimTime, version: u64) {
        let stopped = self.running.partition_point(|clock| clock.applied < version);
        self.over.extend(self.running.drain(..stopped).map(|clock| clock.stop(at)));
    }
}

impl Clock {
    fn stop(self, at: SimTime) -> Gauged {
        let stretch = Stretch { from: self.since, to: at };
        Gauged { span: Span::Recovery, stretch, counts: Counts::WhereItBegan }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, ms, script};
    use crate::view::View;
    use crate::words::Verb;
    use FaultPhase::{Activated, Effective, Ended, Refused};

    /// The longest recovery in ms, in a run of ten seconds.
    fn longest(events: &Events) -> Option<u128> {
        let (mut recovery, mut view) = (Recovery::default(), View::default());
        for record in events.records() {
            view.record(record);
            tell(record, &mut recovery.beside(&view.first()));
        }
        let mut all = std::mem::take(&mut recovery.over);
        all.extend(recovery.finish(ms(10_000)));
        all.iter().map(|recovered| recovered.stretch.took().as_millis()).max()
    }

    fn partitioned() -> Events {
        Events::default().applied(500, 40).fault(1_000, 0, Verb::Partition, Activated).fault(
            2_000,
            0,
            Verb::Partition,
            Ended,
        )
    }

    #[test]
    fn the_first_new_write_after_a_fault_ends_recovery() {
        assert_eq!(longest(&partitioned().put(2_100, 2_300, 41).put(2_400, 2_500, 42)), Some(300));
    }

    #[test]
    fn a_script_is_a_write() {
        assert_eq!(longest(&partitioned().invoke(2_100, 1, script(&[0], 1)).ran(2_400, 1, &[3], 41)), Some(400));
    }

    #[test]
    fn a_read_is_none() {
        assert_eq!(longest(&partitioned().get(2_100, 2_200, 40)), Some(8_000));
    }

    #[test]
    fn an_answer_that_comes_late_for_an_entry_applied_before_is_no_recovery() {
        assert_eq!(longest(&partitioned().put(900, 2_001, 40).put(2_100, 2_700, 41)), Some(700));
    }

    #[test]
    fn a_write_that_began_under_the_fault_and_is_applied_after_it_is_recovery() {
        assert_eq!(longest(&partitioned().put(1_500, 2_200, 41)), Some(200));
    }

    #[test]
    fn a_cluster_that_never_recovers_counts_until_the_end() {
        assert_eq!(longest(&partitioned()), Some(8_000));
    }

    #[test]
    fn nothing_is_owed_while_another_partition_lasts() {
        let second = || partitioned().fault(2_100, 1, Verb::Partition, Activated);
        assert_eq!(longest(&second()), None);
        assert_eq!(longest(&second().fault(5_000, 1, Verb::Partition, Ended).put(5_001, 5_400, 41)), Some(400));
        let overlapping =
            Events::default().fault(1, 0, Verb::Partition, Activated).fault(2, 1, Verb::Partition, Activated);
        assert_eq!(longest(&overlapping.fault(3, 0, Verb::Partition, Ended)), None);
    }

    #[test]
    fn a_heal_ends_every_partition() {
        let healed = Events::default().fault(1, 0, Verb::Partition, Activated).fault(2, 1, Verb::Partition, Activated);
        assert_eq!(longest(&healed.fault(3, 2, Verb::Heal, Activated).put(4, 10, 1)), Some(7));
    }

    #[test]
    fn a_transfer_counts_from_where_it_moved_the_leader() {
        let moved =
            Events::default().fault(1_000, 0, Verb::Transfer, Activated).fault(1_010, 0, Verb::Transfer, Effective);
        assert_eq!(longest(&moved.put(1_011, 1_050, 1)), Some(40));
        let refused =
            Events::default().fault(1_000, 0, Verb::Transfer, Activated).fault(1_010, 0, Verb::Transfer, Refused);
        assert_eq!(longest(&refused), None);
    }
}
