//! The calls under way: what a client has asked of a node, and what that has passed on to another.

use crate::history::{Arrival, ByOp, Completion, Hears, OpId};
use crate::time::SimTime;
use leasehold::env::NodeId;
use leasehold::error::{ErrorKind, Outcome};
use std::collections::BTreeMap;

/// Calls that have reached a node and that it has not answered.
#[derive(Default)]
pub(crate) struct Calls {
    /// Those of clients.
    asked: ByOp<Call>,
    /// Those of nodes, by who has passed it on and its number for it.
    passed_on: BTreeMap<(NodeId, u64), Call>,
    /// Of each operation, the last that was passed on for it.
    last: ByOp<(NodeId, u64)>,
    /// What the present record answers, and with what error, if it is one.
    answered: Option<(Call, Option<(ErrorKind, Outcome)>)>,
}

/// A call that has reached a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) op: OpId,
    /// The node that has passed it on, and its number for it; `None`: a client has made it.
    pub(crate) from: Option<(NodeId, u64)>,
    /// The node that it has reached.
    pub(crate) by: NodeId,
    /// When.
    pub(crate) at: SimTime,
}

impl Hears for Calls {
    fn asked(&mut self, at: SimTime, by: NodeId, op: OpId) {
        self.asked.insert(op, Call { op, from: None, by, at });
    }

    fn passed_on(&mut self, at: SimTime, Arrival { from, to: by, head }: Arrival<'_>, op: OpId) {
        let from = (from, head.call);
        // What another process of that node has numbered so may be on its way still.
        let since = self.passed_on.get(&from).map_or(at, |other| other.at);
        self.passed_on.insert(from, Call { op, from: Some(from), by, at: since });
        // Whoever asks again has heard from whom it asked before, or waits for it no more.
        if let Some(before) = self.last.get(op).copied().filter(|before| *before != from) {
            self.passed_on.remove(&before);
        }
        self.last.insert(op, from);
    }

    fn answered(&mut self, _: SimTime, _: NodeId, op: OpId, error: Option<(ErrorKind, Outcome)>) {
        self.answered = self.asked.remove(op).map(|call| (call, error));
    }

    fn returned(&mut self, _: SimTime, Arrival { to: from, head, .. }: Arrival<'_>) {
        self.answered = self.passed_on.remove(&(from, head.call)).map(|call| (call, head.error));
    }

    fn completed(&mut self, _: SimTime, op: OpId, _: &Completion) {
        self.asked.remove(op);
        if let Some(last) = self.last.remove(op) {
            self.passed_on.remove(&last);
        }
    }

    // It numbers from the beginning. What the process before it has answered may still be on its way.
    fn started(&mut self, _: SimTime, node: NodeId) {
        self.passed_on.retain(|(from, _), _| *from != node);
    }
}

impl Calls {
    /// A record comes, which answers nothing unless it is an answer.
    pub(super) fn begin(&mut self) {
        self.answered = None;
    }

    /// The call that the present record answers, if it is an answer, and with what error, if with one.
    pub(crate) fn answered(&self) -> Option<(Call, Option<(ErrorKind, Outcome)>)> {
        self.answered
    }

    /// What others have passed on to this node.
    pub(crate) fn passed_on_to(&self, node: NodeId) -> impl Iterator<Item = &Call> {
        self.passed_on.values().filter(move |call| call.by == node)
    }
}
