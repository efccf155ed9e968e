//! What this node asks of its engine: proposals and ReadIndex rounds.

use super::{EventLoop, known_node};
use crate::engine::raft_rs::inbox::{Proposal, ReadIndex};
use crate::env::{Work, between};
use crate::error::Error;
use crate::metrics::Counter;
use crate::observe::Event;
use crate::rules::{Rule, at_most};
use raft::{ReadState, StateRole};

/// The most proposals that are taken in a row.
const PROPOSALS: usize = 64;

impl EventLoop {
    /// Proposes what this node asks, and what waits right behind it, so that it leaves, and is written, as one.
    pub(super) async fn propose_all(&mut self, proposal: Proposal) {
        let most = if self.async_writes { PROPOSALS } else { 1 };
        let others = std::iter::from_fn(|| self.shared.inbox.next_proposal()).take(most - 1);
        let proposals: Vec<_> = std::iter::once(proposal).chain(others).collect();
        // Who has several to do does them in one go.
        self.host.work_times(Work::Propose, proposals.len() as u32).await;
        for proposal in proposals {
            self.propose(proposal);
        }
    }

    fn propose(&mut self, Proposal { command, asked, reply }: Proposal) {
        // Nobody waits for it any more: beyond capacity nothing else would be done than what nobody waits for.
        if reply.is_closed() {
            return;
        }
        let waited = between(asked, self.now());
        if !Rule::HasRoom.holds(at_most(waited, self.admission).and(!self.is_behind())) {
            self.metrics.count(Counter::ProposalsFailed);
            reply.send(Err(Error::Overloaded));
            return;
        }
        match self.append(command) {
            Ok(index) => self.proposals.insert(index, self.raft.raft.term, reply),
            Err(error) => {
                self.metrics.count(Counter::ProposalsFailed);
                reply.send(Err(error));
            }
        }
    }

    /// Has what waits for the loop, or for the applier, waited too long?
    pub(super) fn is_behind(&self) -> bool {
        let oldest = [self.shared.inbox.oldest_ask(), self.applies.oldest()];
        oldest.into_iter().flatten().any(|since| self.latest.since(since) > self.admission)
    }

    /// Forgets the calls that nobody waits for any more. What they have begun goes on.
    pub(super) fn forget_who_has_gone(&mut self) {
        self.proposals.prune();
        self.reads.prune();
        self.forget_change();
        self.transfer.forget_who_has_gone();
    }

    /// Appends an entry to this leader's log and returns its index.
    pub(super) fn append(&mut self, command: Vec<u8>) -> Result<u64, Error> {
        self.check_leading()?;
        match self.raft.propose(Vec::new(), command) {
            Ok(()) => Ok(self.raft.raft.raft_log.last_index()),
            Err(_) => Err(Error::Overloaded),
        }
    }

    pub(super) fn check_leading(&self) -> Result<(), Error> {
        let raft = &self.raft.raft;
        if raft.state != StateRole::Leader {
            return Err(Error::NotLeader { leader: known_node(raft.leader_id) });
        }
        if !Rule::NothingDuringTransfer.holds(raft.lead_transferee.is_none()) {
            return Err(Error::TransferInProgress);
        }
        Ok(())
    }

    /// Begins a round for this read, and for those that wait right behind it: all of them have come before it begins.
    pub(super) fn read_index_all(&mut self, read: ReadIndex) {
        let others = if self.async_writes { self.shared.inbox.next_reads() } else { Vec::new() };
        let reads = std::iter::once(read).chain(others);
        if let Err(error) = self.check_leading() {
            reads.for_each(|read| read.reply.send(Err(error.clone())));
            return;
        }
        let begun = |ReadIndex { cause, again, reply }| {
            self.host.observe(Event::RoundStarted { cause, again });
            reply
        };
        let replies = reads.map(begun).collect();
        let context = self.contexts.next();
        if Rule::RoundAfterOwnTerm.holds(self.raft.raft.commit_to_current_term()) {
            self.reads.insert(context, replies);
            self.raft.read_index(context.to_vec());
        } else {
            self.reads.defer(context, replies);
        }
    }

    pub(super) fn confirm(&mut self, states: &[ReadState]) {
        for state in states {
            if let Some(base) = self.renewal.confirmed(&state.request_ctx) {
                self.listener.renewed(self.raft.raft.term, base);
            }
            let replies = self.reads.confirmed(&state.request_ctx);
            self.confirmed.extend(replies.into_iter().map(|reply| (reply, state.index)));
        }
    }

    /// Starts the reads that came before an entry of this term was committed.
    pub(super) fn release_early_reads(&mut self) {
        if self.raft.raft.state == StateRole::Leader && self.raft.raft.commit_to_current_term() {
            for (context, replies) in self.reads.take_early() {
                self.reads.insert(context, replies);
                self.raft.read_index(context.to_vec());
            }
        }
    }
}
