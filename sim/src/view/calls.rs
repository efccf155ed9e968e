//! The calls under way: what a client has asked of a node, and what that has passed on to another.

use crate::history::{Arrival, ByOp, Completion, Hears, Invocation, OpId};
use crate::time::SimTime;
use leasehold::env::NodeId;
use leasehold::error::{ErrorKind, Outcome};
use leasehold::transport::CallId;
use std::collections::BTreeMap;

/// Calls that have reached a node and that it has not answered, of operations under way.
#[derive(Default)]
pub(crate) struct Calls {
    under_way: ByOp<Asked>,
    /// Those of nodes, by who has passed it on and its name for it.
    passed_on: BTreeMap<(NodeId, CallId), Call>,
    /// What the present record answers, and with what error, if it is one.
    answered: Option<(Call, Option<(ErrorKind, Outcome)>)>,
}

/// What has been asked for an operation.
#[derive(Default)]
struct Asked {
    /// By its client.
    client: Option<Call>,
    /// By a node, last: who has passed it on, and its name for it.
    passed_on: Option<(NodeId, CallId)>,
}

/// A call that has reached a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) op: OpId,
    /// The node that has passed it on, and its name for it; `None`: a client has made it.
    pub(crate) from: Option<(NodeId, CallId)>,
    /// The node that it has reached.
    pub(crate) by: NodeId,
    /// When; of what the network has doubled, the first.
    pub(crate) at: SimTime,
}

impl Hears for Calls {
    fn invoked(&mut self, _: SimTime, invocation: &Invocation) {
        self.comes(invocation);
    }

    fn asked(&mut self, at: SimTime, by: NodeId, op: OpId) {
        let Some(asked) = self.under_way.get_mut(op) else { return };
        asked.client.get_or_insert(Call { op, from: None, by, at });
    }

    fn passed_on(&mut self, at: SimTime, Arrival { from, to: by, head }: Arrival<'_>, op: OpId) {
        let Some(asked) = self.under_way.get_mut(op) else { return };
        let from = (from, head.call);
        self.passed_on.entry(from).or_insert(Call { op, from: Some(from), by, at });
        // Whoever asks again has heard from whom it asked before, or waits for it no more.
        if let Some(before) = asked.passed_on.replace(from).filter(|before| *before != from) {
            self.passed_on.remove(&before);
        }
    }

    fn answered(&mut self, _: SimTime, _: NodeId, op: OpId, error: Option<(ErrorKind, Outcome)>) {
        let call = self.under_way.get_mut(op).and_then(|asked| asked.client.take());
        self.answered = call.map(|call| (call, error));
    }

    fn returned(&mut self, _: SimTime, Arrival { to: from, head, .. }: Arrival<'_>) {
        self.answered = self.passed_on.remove(&(from, head.call)).map(|call| (call, head.error));
    }

    fn completed(&mut self, _: SimTime, op: OpId, _: &Completion) {
        self.leaves(op);
    }

    fn started(&mut self, _: SimTime, node: NodeId) {
        self.passed_on.retain(|(from, _), _| *from != node);
    }
}

impl Calls {
    /// An operation is under way from now on, and nobody has been asked yet.
    pub(super) fn comes(&mut self, invocation: &Invocation) {
        self.under_way.insert(invocation.op, Asked::default());
    }

    /// It is under way no more.
    pub(super) fn leaves(&mut self, op: OpId) {
        if let Some((from, call)) = self.under_way.remove(op).and_then(|asked| asked.passed_on) {
            self.passed_on.remove(&(from, call));
        }
    }

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
