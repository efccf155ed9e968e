//! Who has answered what of each leader's, and when that had left: what the extension of a lease stands on.

use crate::history::{Fate, Record, What};
use leasehold::env::{Address, Instant, NodeId, Stamp};
use std::collections::BTreeMap;

/// What each node has acknowledged to each leader: the latest, by (leader, node).
#[derive(Default)]
pub(crate) struct Acknowledged(BTreeMap<(NodeId, NodeId), Stamp>);

/// An extension of a lease.
#[derive(Clone, Copy)]
pub(crate) struct Extension {
    /// The process that extends its lease.
    pub(crate) node: NodeId,
    pub(crate) incarnation: u64,
    pub(crate) term: u64,
    pub(crate) generation: u64,
    /// The local time from which the lease is counted.
    pub(crate) base: Instant,
    /// The local time at which it runs out.
    pub(crate) expiry: Instant,
}

impl Acknowledged {
    /// Sees a record: an answer that has arrived.
    pub(crate) fn record(&mut self, record: &Record) {
        if let What::Message {
            from: Address::Node(voter),
            to: Address::Node(leader),
            fate: Fate::Delivered,
            echo: Some(stamp),
            ..
        } = record.what
        {
            let latest = self.0.entry((leader, voter)).or_insert(stamp);
            if age(latest) < age(&stamp) {
                *latest = stamp;
            }
        }
    }

    /// Has `node` acknowledged what the leader sent at the extension's base or later?
    pub(crate) fn backs(&self, extension: &Extension, node: NodeId) -> bool {
        self.latest(extension, node).is_some_and(|stamp| stamp.sent_at >= extension.base)
    }

    /// The latest that `node` has acknowledged to the process that extended its lease, in the lease's term.
    pub(crate) fn latest(&self, extension: &Extension, node: NodeId) -> Option<&Stamp> {
        self.latest_of((extension.node, extension.incarnation), extension.term, node)
    }

    /// The latest that `node` has acknowledged of what this process of a leader sent in this term.
    pub(crate) fn latest_of(&self, (leader, incarnation): (NodeId, u64), term: u64, node: NodeId) -> Option<&Stamp> {
        let latest = self.0.get(&(leader, node))?;
        ((latest.term, latest.incarnation) == (term, incarnation)).then_some(latest)
    }
}

/// What a later stamp has more of.
fn age(stamp: &Stamp) -> (u64, u64, Instant) {
    (stamp.incarnation, stamp.term, stamp.sent_at)
}
