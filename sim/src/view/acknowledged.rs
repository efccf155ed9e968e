//! Who has answered what of each leader's, and when that had left: what the extension of a lease stands on.

use crate::history::{Arrival, Extension, Hears};
use crate::time::SimTime;
use leasehold::env::{Instant, NodeId, Stamp};
use std::collections::BTreeMap;

/// What each node has acknowledged to each leader: the latest, by (leader, node).
#[derive(Default)]
pub(crate) struct Acknowledged(BTreeMap<(NodeId, NodeId), Stamp>);

impl Hears for Acknowledged {
    fn echo(&mut self, _: SimTime, Arrival { from: voter, to: leader, .. }: Arrival<'_>, stamp: Stamp) {
        let latest = self.0.entry((leader, voter)).or_insert(stamp);
        if age(latest) < age(&stamp) {
            *latest = stamp;
        }
    }
}

impl Acknowledged {
    /// Has `node` acknowledged what this process of a leader sent at the base of its lease or later?
    pub(crate) fn backs(&self, leader: (NodeId, u64), lease: &Extension, node: NodeId) -> bool {
        self.latest(leader, lease.term, node).is_some_and(|stamp| stamp.sent_at >= lease.base)
    }

    /// The latest that `node` has acknowledged of what this process of a leader sent in this term.
    pub(crate) fn latest(&self, (leader, incarnation): (NodeId, u64), term: u64, node: NodeId) -> Option<&Stamp> {
        let latest = self.0.get(&(leader, node))?;
        ((latest.term, latest.incarnation) == (term, incarnation)).then_some(latest)
    }
}

/// What a later stamp has more of.
fn age(stamp: &Stamp) -> (u64, u64, Instant) {
    (stamp.incarnation, stamp.term, stamp.sent_at)
}
