//! Requests that the event loop has taken and not yet answered.
//!
//! A proposal is matched by index *and* term at apply: an entry of another term at its index means that it was overwritten
//! (elastickv HZ-2: matching by an identifier of the process alone acknowledges the wrong entry). A read is matched by a context
//! that is unique per node, incarnation and request (lease-bugs LB-52 to LB-55).

use super::super::Applied;
use super::inbox::Reply;
use crate::env::NodeId;
use crate::error::{Error, Outcome};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Proposals {
    by_index: BTreeMap<u64, (u64, Reply<Applied>)>,
}

impl Proposals {
    pub(super) fn insert(&mut self, index: u64, term: u64, reply: Reply<Applied>) {
        self.by_index.insert(index, (term, reply));
    }

    /// The proposal that waits for `index`, and whether the entry applied there, of `term`, is its own.
    pub(super) fn applied(&mut self, index: u64, term: u64) -> Option<(Reply<Applied>, bool)> {
        let (proposed_in, reply) = self.by_index.remove(&index)?;
        Some((reply, proposed_in == term))
    }

    /// Leadership is over: what waits may or may not have been committed.
    pub(super) fn fail_all(&mut self, error: &Error) -> usize {
        let failed = self.by_index.len();
        for (_, (_, reply)) in std::mem::take(&mut self.by_index) {
            let _ = reply.send(Err(error.clone()));
        }
        failed
    }
}

/// Builds contexts for ReadIndex rounds: 8 bytes of node, incarnation and counter each.
pub(super) struct Contexts {
    node: NodeId,
    incarnation: u64,
    last: u64,
}

/// A context of [`Contexts`].
pub(super) type Context = [u8; 24];

impl Contexts {
    pub(super) fn new(node: NodeId, incarnation: u64) -> Self {
        Self { node, incarnation, last: 0 }
    }

    pub(super) fn next(&mut self) -> Context {
        rule!(ContextUsedOnce => self.last += 1);
        let mut context = [0; 24];
        context[..8].copy_from_slice(&self.node.0.to_le_bytes());
        context[8..16].copy_from_slice(&self.incarnation.to_le_bytes());
        context[16..].copy_from_slice(&self.last.to_le_bytes());
        context
    }
}

#[derive(Default)]
pub(super) struct Reads {
    by_context: BTreeMap<Context, Reply<u64>>,
    /// Reads that came before an entry of the leader's term was committed; raft-rs would drop them without a word.
    early: Vec<(Context, Reply<u64>)>,
}

impl Reads {
    pub(super) fn insert(&mut self, context: Context, reply: Reply<u64>) {
        self.by_context.insert(context, reply);
    }

    pub(super) fn defer(&mut self, context: Context, reply: Reply<u64>) {
        self.early.push((context, reply));
    }

    pub(super) fn take_early(&mut self) -> Vec<(Context, Reply<u64>)> {
        std::mem::take(&mut self.early)
    }

    pub(super) fn confirmed(&mut self, context: &[u8]) -> Option<Reply<u64>> {
        self.by_context.remove(context)
    }

    /// Forgets the reads whose callers have gone: repeated under another context, or past their deadline.
    pub(super) fn prune(&mut self) {
        self.by_context.retain(|_, reply| !reply.is_closed());
        self.early.retain(|(_, reply)| !reply.is_closed());
    }

    pub(super) fn fail_all(&mut self, error: &Error) {
        let waiting = std::mem::take(&mut self.by_context).into_values();
        for reply in waiting.chain(self.take_early().into_iter().map(|(_, reply)| reply)) {
            let _ = reply.send(Err(error.clone()));
        }
    }
}

/// The error of a proposal at whose index another entry was applied: it is gone for good.
pub(super) const OVERWRITTEN: Error = Error::LeadershipLost(Outcome::NotApplied);

/// The error of a proposal, or a read, that was under way when leadership ended.
pub(super) const INTERRUPTED: Error = Error::LeadershipLost(Outcome::Unknown);
