//! Who has answered what of each leader's, and when that had left: what the extension of a lease stands on.

use super::{Nodes, words};
use crate::history::{Fate, Record, StackRecord, What};
use crate::time::SimTime;
use leasehold::env::{Address, Instant, NodeId, ReplicaId, Stamp};
use leasehold::observe::Event;
use std::collections::BTreeMap;

/// What each node has acknowledged to each leader: the latest, by (leader, node).
#[derive(Default)]
pub(super) struct Acknowledged(BTreeMap<(NodeId, NodeId), Stamp>);

/// An extension of a lease.
pub(super) struct Extension {
    pub(super) at: SimTime,
    pub(super) node: NodeId,
    pub(super) term: u64,
    base: Instant,
    incarnation: u64,
}

impl Extension {
    /// The extension that `record` tells of, if it does.
    pub(super) fn of(record: &Record, nodes: &Nodes) -> Option<Self> {
        let What::Stack(StackRecord {
            replica: ReplicaId { node, .. },
            event: Event::LeaseExtended { term, base, .. },
            ..
        }) = record.what
        else {
            return None;
        };
        Some(Self { at: record.at, node, term, base, incarnation: nodes.get(node)?.incarnation })
    }
}

impl Acknowledged {
    /// Sees a record: an answer that has arrived.
    pub(super) fn record(&mut self, record: &Record) {
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
    pub(super) fn backs(&self, extension: &Extension, node: NodeId) -> bool {
        self.latest(extension, node).is_some_and(|stamp| stamp.sent_at >= extension.base)
    }

    fn latest(&self, extension: &Extension, node: NodeId) -> Option<&Stamp> {
        self.latest_of((extension.node, extension.incarnation), extension.term, node)
    }

    /// The latest that `node` has acknowledged of what this process of a leader sent in this term.
    pub(super) fn latest_of(&self, (leader, incarnation): (NodeId, u64), term: u64, node: NodeId) -> Option<&Stamp> {
        let latest = self.0.get(&(leader, node))?;
        ((latest.term, latest.incarnation) == (term, incarnation)).then_some(latest)
    }

    /// What `node` has acknowledged, beside the base.
    pub(super) fn describe(&self, extension: &Extension, node: NodeId) -> String {
        let Some(stamp) = self.latest(extension, node) else {
            return format!("{node} has acknowledged nothing in this term");
        };
        let (base, sent) = (extension.base, stamp.sent_at);
        let (apart, order) = if sent < base { (base.since(sent), "before") } else { (sent.since(base), "after") };
        let apart = words::duration(apart);
        format!(
            "the latest that {node} has acknowledged is round {}, which left {apart} {order} the lease's base",
            stamp.round
        )
    }
}

/// What a later stamp has more of.
fn age(stamp: &Stamp) -> (u64, u64, Instant) {
    (stamp.incarnation, stamp.term, stamp.sent_at)
}
