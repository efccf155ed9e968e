//! Who leads, who holds a lease and who is a member, as the nodes themselves tell.

use crate::time::SimTime;
use leasehold::env::NodeId;
use leasehold::observe::{Event, Membership, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The roles of all nodes at one moment.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    nodes: BTreeMap<NodeId, NodeRole>,
    /// Who led before the present leader did.
    old_leader: Option<NodeId>,
    leader: Option<NodeId>,
    /// From the latest index on that anybody has told.
    members: Arc<Membership>,
    members_from: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct NodeRole {
    role: Role,
    term: u64,
    lease_until: Option<SimTime>,
}

impl Roles {
    /// The leader of the latest term.
    pub fn leader(&self) -> Option<NodeId> {
        let leaders = self.nodes.iter().filter(|(_, node)| node.role == Role::Leader);
        leaders.max_by_key(|(_, node)| node.term).map(|(id, _)| *id)
    }

    /// The node that led before the one that leads now, or led last.
    pub fn old_leader(&self) -> Option<NodeId> {
        self.old_leader
    }

    /// The node whose lease runs longest, if one runs at `now`.
    pub fn lease_holder(&self, now: SimTime) -> Option<NodeId> {
        let held =
            self.nodes.iter().filter_map(|(id, node)| Some((node.lease_until.filter(|until| *until > now)?, *id)));
        held.max().map(|(_, id)| id)
    }

    /// The members, by the latest change that any node has applied.
    pub fn members(&self) -> &Membership {
        &self.members
    }

    /// The group begins.
    pub(super) fn found(&mut self, founders: Membership) {
        self.members = Arc::new(founders);
    }

    /// The node's process is gone, and its role with it.
    pub(super) fn forget(&mut self, id: NodeId) {
        self.nodes.remove(&id);
    }

    pub(super) fn observe(&mut self, id: NodeId, event: &Event, lease_until: Option<SimTime>) {
        let node = self.nodes.entry(id).or_default();
        match event {
            Event::Role { role, term, .. } => {
                (node.role, node.term) = (*role, *term);
                if *role == Role::Leader && self.leader != Some(id) {
                    self.old_leader = self.leader.replace(id);
                }
            }
            Event::LeaseExtended { .. } => node.lease_until = lease_until,
            Event::LeaseEnded { .. } => node.lease_until = None,
            Event::Membership { index, members } if *index >= self.members_from => {
                (self.members, self.members_from) = (Arc::clone(members), *index);
            }
            _ => {}
        }
    }
}
