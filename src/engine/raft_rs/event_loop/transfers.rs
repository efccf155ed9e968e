//! Leadership is handed over, or that is given up and the lease regained.

use super::EventLoop;
use crate::engine::raft_rs::inbox::Reply;
use crate::env::{Instant, NodeId};
use crate::error::Error;
use crate::observe::Event;
use crate::rules::Rule;

/// What the loop itself proposes, after a transfer that was given up: nothing.
const NO_COMMAND: Vec<u8> = Vec::new();

/// Where this leader's transfer of leadership stands.
pub(super) enum Transfer {
    None,
    /// Under way.
    Pending {
        to: u64,
        reply: Reply<()>,
    },
    /// Given up; the lease is regained once this entry, proposed after that, is applied.
    Regaining {
        index: u64,
        base: Instant,
    },
    /// Given up, but the clock could not be read or the proposal was refused: tried again at the next tick.
    Unsettled,
}

impl EventLoop {
    pub(super) fn start_transfer(&mut self, to: NodeId, reply: Reply<()>) {
        if let Err(error) = self.check_leading() {
            let _ = reply.send(Err(error));
            return;
        }
        let voter = self.raft.store().conf_state().voters.contains(&to.0);
        // Who has a change in its log and not applied it does not stand for election (LB-44): the cluster would wait for nothing.
        let amid_change = self.raft.store().first_change_after(self.applied.0).is_some();
        // Whether the target is alive is not asked: raft's `recent_active` says no for a heartbeat after every CheckQuorum, which
        // refused healthy targets; a dead one is given up after an election timeout.
        let eligible = Rule::TransferToEligible.holds(voter && !amid_change && to != self.host.node());
        if !eligible {
            let _ = reply.send(Err(Error::TransferRefused));
            return;
        }
        self.listener.suspended();
        self.raft.transfer_leader(to.0);
        self.transfer = Transfer::Pending { to: to.0, reply };
        self.host.observe(Event::TransferStarted { to });
        self.settle_transfer();
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
                let _ = reply.send(Err(Error::TransferRefused));
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
