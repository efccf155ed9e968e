//! A history that is complete, handed to a [`Monitor`] event by event.

use super::{Contradiction, Kind, Mark, Monitor, Time, Value};
use std::collections::BTreeSet;

/// An operation on the register. What has failed without effect is no operation; nor is a read without an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operation {
    /// When it began, in any unit.
    pub began: u64,
    /// When it ended, not before it began; `None`: it is a write of unknown outcome.
    pub ended: Option<u64>,
    /// What it did.
    pub kind: Kind,
}

/// Why a history is not linearizable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The operation at whose end that was certain, by its position.
    pub operation: usize,
    /// What it contradicts; operations by their positions.
    pub contradiction: Contradiction<usize>,
}

/// Judges the history of one register that first holds [`INITIAL`](super::INITIAL). No two writes may write the same value. An
/// operation that begins when another ends overlaps it.
///
/// # Errors
/// The contradiction that was certain first.
pub fn judge(operations: &[Operation]) -> Result<(), Violation> {
    judge_by(Monitor::default(), operations)
}

pub(super) fn judge_by(monitor: Monitor<usize>, operations: &[Operation]) -> Result<(), Violation> {
    let mut trial = Trial { operations, monitor, began: vec![0; operations.len()], under_way: BTreeSet::new() };
    for (number, event) in events(operations).into_iter().enumerate() {
        trial.take(number as Time + 1, event)?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Begin,
    End,
}

/// When, which edge of an operation, and the operation's position.
type Event = (u64, Edge, usize);

/// The begins and ends of `operations` in order; of those at the same time, the begins first.
fn events(operations: &[Operation]) -> Vec<Event> {
    let mut events = Vec::with_capacity(2 * operations.len());
    for (position, operation) in operations.iter().enumerate() {
        events.push((operation.began, Edge::Begin, position));
        events.extend(operation.ended.map(|ended| (ended, Edge::End, position)));
    }
    events.sort_unstable();
    events
}

struct Trial<'a> {
    operations: &'a [Operation],
    monitor: Monitor<usize>,
    /// When each operation began, by the number of that event.
    began: Vec<Time>,
    /// When those began that have not ended yet but will.
    under_way: BTreeSet<Time>,
}

impl Trial<'_> {
    fn take(&mut self, now: Time, (_, edge, position): Event) -> Result<(), Violation> {
        match edge {
            Edge::Begin => self.begin(position, now),
            Edge::End => self.end(position, now)?,
        }
        Ok(())
    }

    fn begin(&mut self, position: usize, now: Time) {
        let Operation { ended, kind, .. } = self.operations[position];
        self.began[position] = now;
        if ended.is_some() {
            self.under_way.insert(now);
        }
        if let Some((value, expected)) = written(kind) {
            self.monitor.begin(value, expected, Mark { at: now, by: Some(position) });
        }
    }

    fn end(&mut self, position: usize, now: Time) -> Result<(), Violation> {
        let mark = |at| Mark { at, by: Some(position) };
        let began = self.began[position];
        let ended = self.monitor.end(self.operations[position].kind, mark(began), mark(now));
        ended.map_err(|contradiction| Violation { operation: position, contradiction })?;
        self.under_way.remove(&began);
        self.monitor.settle(self.under_way.first().copied().unwrap_or(now));
        Ok(())
    }
}

/// The value that an operation writes, and the one that it is known to expect.
fn written(kind: Kind) -> Option<(Value, Option<Value>)> {
    match kind {
        Kind::Write(value) | Kind::Update(_, value) => Some((value, None)),
        Kind::Cas(expected, value) => Some((value, Some(expected))),
        Kind::Read(_) | Kind::Refused(..) => None,
    }
}
