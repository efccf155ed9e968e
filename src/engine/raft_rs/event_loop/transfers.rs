//! Leadership is handed over, or that is given up and the lease regained.

use super::EventLoop;
use crate::engine::callers::Reply;
use crate::engine::raft_rs::pending::INTERRUPTED;
use crate::env::{Instant, NodeId};
use crate::error::Error;
use crate::metrics::Counter;
use crate::observe::{EndCause, Event};
use crate::rules::{Rule, before, is};
use raft::{INVALID_ID, StateRole};

/// What the loop itself proposes, after a transfer that was given up: nothing.
const NO_COMMAND: Vec<u8> = Vec::new();

/// Where this leader's transfer of leadership stands.
pub(super) enum Transfer {
    None,
    /// Under way.
    Pending {
        to: u64,
        /// `None`: nobody asked for it.
        reply: Option<Reply<()>>,
    },
    /// Given up; the lease is regained once this entry, proposed after that, is applied.
    Regaining {
        index: u64,
        base: Instant,
    },
    /// Given up, but the clock could not be read or the proposal was refused: tried again at the next tick.
    Unsettled,
}

impl Transfer {
    /// Forgets who asked for it, if nobody waits for it any more.
    pub(super) fn forget_who_has_gone(&mut self) {
        if let Transfer::Pending { reply, .. } = self {
            reply.take_if(|reply| reply.is_closed());
        }
    }
}

impl EventLoop {
    pub(super) fn start_transfer(&mut self, to: NodeId, reply: Reply<()>) {
        if let Err(error) = self.check_leading() {
            reply.send(Err(error));
            return;
        }
        let voter = self.raft.store().conf_state().voters.contains(&to.0);
        // Who has a change in its log and not applied it does not stand for election (LB-44): the cluster would wait for nothing.
        let amid_change = self.raft.store().first_change_after(self.applied.0).is_some();
        // Whether the target is alive is not asked: raft's `recent_active` says no for a heartbeat after every CheckQuorum, which
        // refused healthy targets; a dead one is given up after an election timeout.
        let eligible = Rule::TransferToEligible.holds(is(voter).and(!amid_change).and(to != self.host.node()));
        if !eligible {
            reply.send(Err(Error::TransferRefused));
            return;
        }
        self.begin_transfer(to, Some(reply));
        self.settle_transfer();
    }

    fn begin_transfer(&mut self, to: NodeId, reply: Option<Reply<()>>) {
        self.listener.suspended();
        self.raft.transfer_leader(to.0);
        self.transfer = Transfer::Pending { to: to.0, reply };
        self.host.observe(Event::TransferStarted { to });
    }

    /// A leader whose disk stands still hands over, once, to the voter that has most of its log; if that comes to nothing, or a change of
    /// membership forbids it, it resigns. It is not elected again before its disk goes on: what asks for votes waits for that.
    pub(super) fn leave_if_stalled(&mut self, ticks: usize) {
        let writes = Rule::LeaderWrites.holds(self.stall.map_or(is(true), |most| before(ticks, most)));
        if writes || self.raft.raft.state != StateRole::Leader || self.raft.raft.prs().is_singleton() {
            self.left_for_stall = false;
            return;
        }
        let is_first = !std::mem::replace(&mut self.left_for_stall, true);
        if is_first {
            let waited = self.tick_length.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX));
            self.host.observe(Event::DiskStalled { waited });
            self.metrics.count(Counter::DiskStalls);
            self.listener.ended(EndCause::DiskStalled);
        }
        if matches!(self.transfer, Transfer::Pending { .. }) {
            return;
        }
        let amid_change = self.raft.store().first_change_after(self.applied.0).is_some();
        match self.most_complete_voter().filter(|_| is_first && !amid_change) {
            Some(to) => self.begin_transfer(to, None),
            None => self.resign(),
        }
    }

    /// The voter, other than this node, that has most of the log; of several the first.
    fn most_complete_voter(&self) -> Option<NodeId> {
        let me = self.host.node();
        let members = self.raft.raft.prs().iter().map(|(id, progress)| (progress.matched, NodeId(*id)));
        let voters = members.filter(|(_, node)| *node != me && self.raft.store().has_vote(*node));
        voters.max_by_key(|(matched, node)| (*matched, std::cmp::Reverse(*node))).map(|(_, node)| node)
    }

    /// Leads no more. Not between `ready` and `advance`.
    pub(super) fn resign(&mut self) {
        let raft = &mut self.raft.raft;
        raft.become_follower(raft.term, INVALID_ID);
    }

    /// Leadership of `term` is over: who asked for a transfer hears whether it has gone where it was to go. It has not if nobody has
    /// stood for a later term, or another has this node's vote, or leads.
    pub(super) fn end_transfer(&mut self, term: u64) {
        let ended = std::mem::replace(&mut self.transfer, Transfer::None);
        if let Transfer::Pending { to, reply: Some(reply) } = ended {
            let raft = &self.raft.raft;
            let is_another = |node: u64| ![INVALID_ID, to].contains(&node);
            let is_lost = raft.term == term || is_another(raft.vote) || is_another(raft.leader_id);
            reply.send(if is_lost { Err(INTERRUPTED) } else { Ok(()) });
        }
    }

    /// Notices that raft has given a transfer up, which it does in silence, and sets about to regain the lease.
    pub(super) fn settle_transfer(&mut self) {
        let under_way = Rule::TransferUnderWay.holds(self.raft.raft.lead_transferee.is_some());
        if under_way {
            return;
        }
        match std::mem::replace(&mut self.transfer, Transfer::Unsettled) {
            Transfer::Pending { to, reply } => {
                self.host.observe(Event::TransferAborted { to: NodeId(to) });
                if let Some(reply) = reply {
                    reply.send(Err(Error::TransferRefused));
                }
            }
            Transfer::Unsettled => {}
            settled @ (Transfer::None | Transfer::Regaining { .. }) => {
                self.transfer = settled;
                return;
            }
        }
        let settled = Rule::RegainedByEntry.holds(!matches!(self.transfer, Transfer::Unsettled));
        if let Ok(base) = self.now()
            && !settled
            && let Ok(index) = self.append(NO_COMMAND)
        {
            self.transfer = Transfer::Regaining { index, base };
        }
    }
}
