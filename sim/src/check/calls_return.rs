//! L1: every call returns.
//!
//! **Proves** that each operation is answered, or given up at its client's deadline, and ends once: at the end of a run what was invoked is
//! what has ended, and what is still under way within its deadline.
//!
//! **Does not prove** that the stack answers: the client gives up by itself. What it loses shows in the outcomes and in latencies.
//!
//! **Costs** a counter; a look at what is under way, at the end.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`. Not tried yet, worth planting: a client that waits for an answer without a deadline (`fast/partition`).

use super::nodes::Nodes;
use super::{Check, CheckInfo, Finding, Kind, Premises, STORY, words};
use crate::history::{ByOp, OpId, Record, What};
use crate::scenario::Class;
use crate::time::SimTime;

pub(super) const INFO: CheckInfo = CheckInfo::new(
    "calls-return",
    Class::Liveness,
    "every call is answered or given up by its deadline, once",
    "lease-bugs.md L1",
);

/// The check.
pub(super) struct CallsReturn {
    premises: Premises,
    /// Those under way, and when they must have ended.
    open: ByOp<(u32, SimTime)>,
    twice: Vec<(OpId, SimTime)>,
    evaluated: u64,
}

impl CallsReturn {
    pub(super) fn new(premises: Premises) -> Self {
        Self { premises, open: ByOp::default(), twice: Vec::new(), evaluated: 0 }
    }

    fn overdue(&self, end: SimTime) -> Option<Finding> {
        let overdue: Vec<_> = self.open.iter().filter(|(_, (_, deadline))| *deadline < end).collect();
        let (op, (client, deadline)) = overdue.first()?;
        let calls = words::several(overdue.len() as u64, "call");
        let message = format!("{calls} never returned: the first is #{} of client {client}, due by {deadline}", op.0);
        let line = |(op, (client, deadline)): &(OpId, &(u32, SimTime))| {
            format!("#{} of client {client} has been overdue for {}", op.0, words::duration(end.since(*deadline)))
        };
        Some(INFO.finding(end, message, overdue.iter().take(STORY).map(line).collect()))
    }

    fn ended_twice(&self) -> Option<Finding> {
        let (op, at) = self.twice.first()?;
        let number = words::several(self.twice.len() as u64, "call");
        Some(INFO.finding(*at, format!("{number} ended that were not under way: the first is #{}", op.0), Vec::new()))
    }
}

impl Check for CallsReturn {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Invoked, Kind::Completed]
    }

    fn record(&mut self, record: &Record, _nodes: &Nodes) -> Option<Finding> {
        match &record.what {
            What::Invoked(invocation) => {
                let deadline = self.premises.deadlines.get(invocation.client as usize);
                let deadline = deadline.map_or(SimTime(u64::MAX), |deadline| invocation.due.after(*deadline));
                // A client behind its schedule begins what is overdue already; it gives that up at once.
                self.open.insert(invocation.op, (invocation.client, deadline.max(record.at)));
            }
            What::Completed { op, .. } => {
                self.evaluated += 1;
                if self.open.remove(*op).is_none() {
                    self.twice.push((*op, record.at));
                }
            }
            What::Stack(_)
            | What::Message { .. }
            | What::Process { .. }
            | What::Clock { .. }
            | What::Cpu { .. }
            | What::Fault { .. } => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        self.ended_twice().into_iter().chain(self.overdue(end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, get, ms};

    /// Clients have a deadline of one second.
    fn judged(events: &Events) -> Vec<Finding> {
        let mut check = CallsReturn::new(Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "L1 is judged at the end");
        check.finish(ms(5_000))
    }

    #[test]
    fn a_call_that_is_overdue_at_the_end_never_returned() {
        let findings = judged(&Events::default().invoke(100, 1, get(0)).invoke(4_500, 2, get(0)));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, "1 call never returned: the first is #1 of client 1, due by 1.100000s");
        assert_eq!(findings[0].class, Class::Liveness);
    }

    #[test]
    fn what_ended_and_what_has_time_left_is_in_order() {
        assert_eq!(judged(&Events::default().invoke(100, 1, get(0)).read(200, 1, 0).invoke(4_500, 2, get(0))), []);
    }

    #[test]
    fn a_call_ends_once() {
        let findings = judged(&Events::default().invoke(100, 1, get(0)).read(200, 1, 0).read(300, 1, 0));
        assert_eq!(findings[0].message, "1 call ended that were not under way: the first is #1");
    }
}
