//! Requests that the event loop has taken and not yet answered.
//!
//! A proposal is matched by index *and* term at apply: an entry of another term at its index means that it was overwritten
//! (elastickv HZ-2: matching by an identifier of the process alone acknowledges the wrong entry). A read is matched by a context
//! that is unique per node, incarnation and request (lease-bugs LB-52 to LB-55).

use super::super::Applied;
use crate::engine::callers::Reply;
use crate::env::NodeId;
use crate::error::{Error, Outcome};
use crate::rules::{Rule, same};
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
        Some((reply, Rule::OwnEntryAnswers.holds(same(proposed_in, term))))
    }

    /// Does none wait?
    pub(super) fn is_empty(&self) -> bool {
        self.by_index.is_empty()
    }

    /// Forgets the proposals whose callers have gone: their entries stay where they are.
    pub(super) fn prune(&mut self) {
        self.by_index.retain(|_, (_, reply)| !reply.is_closed());
    }

    /// Leadership is over: what waits may or may not have been committed.
    pub(super) fn fail_all(&mut self, error: &Error) -> usize {
        let failed = self.by_index.len();
        for (_, (_, reply)) in std::mem::take(&mut self.by_index) {
            reply.send(Err(error.clone()));
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
        self.last += 1;
        let mut context = [0; 24];
        context[..8].copy_from_slice(&self.node.0.to_le_bytes());
        context[8..16].copy_from_slice(&self.incarnation.to_le_bytes());
        context[16..].copy_from_slice(&self.last.to_le_bytes());
        context
    }
}

#[derive(Default)]
pub(super) struct Reads {
    by_context: BTreeMap<Context, Vec<Reply<u64>>>,
    /// Reads that came before an entry of the leader's term was committed; raft-rs would drop them without a word.
    early: Vec<(Context, Vec<Reply<u64>>)>,
}

impl Reads {
    pub(super) fn insert(&mut self, context: Context, replies: Vec<Reply<u64>>) {
        self.by_context.insert(context, replies);
    }

    pub(super) fn defer(&mut self, context: Context, replies: Vec<Reply<u64>>) {
        self.early.push((context, replies));
    }

    pub(super) fn take_early(&mut self) -> Vec<(Context, Vec<Reply<u64>>)> {
        std::mem::take(&mut self.early)
    }

    /// Does none wait?
    pub(super) fn is_empty(&self) -> bool {
        self.by_context.is_empty() && self.early.is_empty()
    }

    /// Those that the round of this context was for.
    pub(super) fn confirmed(&mut self, context: &[u8]) -> Vec<Reply<u64>> {
        self.by_context.remove(context).unwrap_or_default()
    }

    /// Forgets the reads whose callers have gone: repeated under another context, or past their deadline.
    pub(super) fn prune(&mut self) {
        let is_waited_for = |replies: &mut Vec<Reply<u64>>| {
            replies.retain(|reply| !reply.is_closed());
            !replies.is_empty()
        };
        self.by_context.retain(|_, replies| is_waited_for(replies));
        self.early.retain_mut(|(_, replies)| is_waited_for(replies));
    }

    pub(super) fn fail_all(&mut self, error: &Error) {
        let waiting = std::mem::take(&mut self.by_context).into_values();
        for reply in waiting.chain(self.take_early().into_iter().map(|(_, replies)| replies)).flatten() {
            reply.send(Err(error.clone()));
        }
    }
}

/// The error of a proposal at whose index another entry was applied: it is gone for good.
pub(super) const OVERWRITTEN: Error = Error::LeadershipLost(Outcome::NotApplied);

/// The error of a proposal, or a read, that was under way when leadership ended.
pub(super) const INTERRUPTED: Error = Error::LeadershipLost(Outcome::Unknown);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::callers::{Callers, Waits};

    fn proposed(proposals: &mut Proposals, index: u64, term: u64) -> Waits<Applied> {
        let (reply, waiting) = Callers::default().reply();
        proposals.insert(index, term, reply);
        waiting
    }

    fn read(keep: impl FnOnce(Vec<Reply<u64>>)) -> Waits<u64> {
        let (reply, waiting) = Callers::default().reply();
        keep(vec![reply]);
        waiting
    }

    #[test]
    fn a_proposal_is_answered_by_the_entry_of_its_index_and_term_and_only_once() {
        let mut proposals = Proposals::default();
        let _waiting = (proposed(&mut proposals, 5, 2), proposed(&mut proposals, 6, 2));
        assert!(proposals.applied(4, 2).is_none());
        assert!(matches!(proposals.applied(5, 2), Some((_, true))));
        assert!(matches!(proposals.applied(6, 3), Some((_, false))), "it was overwritten");
        assert!(proposals.applied(5, 2).is_none());
    }

    #[test]
    fn a_proposal_whose_caller_has_gone_is_forgotten() {
        let mut proposals = Proposals::default();
        drop(proposed(&mut proposals, 5, 2));
        let stays = proposed(&mut proposals, 6, 2);
        proposals.prune();
        assert!(proposals.applied(5, 2).is_none() && proposals.applied(6, 2).is_some());
        drop(stays);
    }

    #[test]
    fn all_proposals_fail_at_once_and_none_twice() {
        let mut proposals = Proposals::default();
        let mut waiting = [proposed(&mut proposals, 5, 2), proposed(&mut proposals, 6, 2)];
        proposals.fail_all(&INTERRUPTED);
        assert!(waiting.iter_mut().all(|waiting| waiting.try_recv() == Ok(Err(INTERRUPTED))));
        assert!(proposals.applied(5, 2).is_none());
    }

    #[test]
    fn no_context_is_that_of_another_request_incarnation_or_node() {
        let mut contexts = [(1, 1), (1, 2), (2, 1)].map(|(node, incarnation)| Contexts::new(NodeId(node), incarnation));
        let made: std::collections::BTreeSet<Context> =
            contexts.iter_mut().flat_map(|contexts| [contexts.next(), contexts.next(), contexts.next()]).collect();
        assert_eq!(made.len(), 9);
    }

    #[test]
    fn a_read_whose_caller_has_gone_is_forgotten_early_or_not() {
        let mut reads = Reads::default();
        let contexts = [1, 2, 3, 4].map(|first| [first; 24]);
        let gone = read(|reply| reads.insert(contexts[0], reply));
        let stays = read(|reply| reads.insert(contexts[1], reply));
        let gone_early = read(|reply| reads.defer(contexts[2], reply));
        let stays_early = read(|reply| reads.defer(contexts[3], reply));
        drop((gone, gone_early));
        reads.prune();
        assert!(reads.confirmed(&contexts[0]).is_empty() && reads.confirmed(&contexts[1]).len() == 1);
        let early: Vec<Context> = reads.take_early().into_iter().map(|(context, _)| context).collect();
        assert_eq!(early, [contexts[3]]);
        drop((stays, stays_early));
    }

    #[test]
    fn all_reads_fail_at_once_those_that_have_not_begun_too() {
        let mut reads = Reads::default();
        let mut waiting = [read(|reply| reads.insert([1; 24], reply)), read(|reply| reads.defer([2; 24], reply))];
        reads.fail_all(&INTERRUPTED);
        assert!(waiting.iter_mut().all(|waiting| waiting.try_recv() == Ok(Err(INTERRUPTED))));
        assert!(reads.confirmed(&[1; 24]).is_empty() && reads.take_early().is_empty());
    }
}
