//! Who is meant: selectors name nodes by their role at the moment the fault acts.

use super::prelude::*;
use crate::scenario::{Ends, Selector};
use crate::view::Replicas;
use leasehold::env::GroupId;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// The group of this number; of none is said, the first.
pub(super) fn group(number: Option<u32>) -> GroupId {
    number.map_or(GroupId::FIRST, |number| GroupId(u64::from(number)))
}

impl Act {
    /// The nodes that a selector names now. Empty if nobody answers to it.
    pub(super) fn select(&self, selector: Selector) -> Vec<NodeId> {
        self.select_in(group(self.group), selector)
    }

    /// The same; a role that names no group is that in `group`.
    pub(super) fn select_in(&self, group: GroupId, selector: Selector) -> Vec<NodeId> {
        let (group, selector) = match selector {
            Selector::In(within) => (self::group(Some(within.group)), within.role()),
            other => (group, other),
        };
        let cluster = &self.injector.cluster;
        let (nodes, replicas) = (cluster.nodes().collect::<Vec<_>>(), cluster.replicas());
        if selector == Selector::Leaders {
            let leaders: BTreeSet<NodeId> = replicas.all().filter_map(Replicas::leader).collect();
            return leaders.into_iter().collect();
        }
        let replicas = replicas.of(group);
        let (leader, members) = (replicas.leader(), replicas.membership());
        let voters = &members.voters;
        let followers = || voters.iter().copied().filter(|node| Some(*node) != leader).collect::<Vec<_>>();
        // How far the followers that run have applied the log.
        let applied = || {
            let index = |node: NodeId| cluster.node(node).map(|running| running.status(group).applied);
            followers().into_iter().filter_map(move |node| Some((index(node)?, node)))
        };
        let spares = || nodes.iter().copied().filter(|node| !members.contains(*node)).collect();
        match selector {
            Selector::Node(number) => vec![NodeId(u64::from(number))],
            Selector::Leader => leader.into_iter().collect(),
            Selector::OldLeader => replicas.old_leader().into_iter().collect(),
            Selector::Follower => self.draw(followers(), 1),
            Selector::Followers => followers(),
            Selector::LeaseHolder => replicas.lease_holder(cluster.world().now()).into_iter().collect(),
            Selector::Majority => self.draw(voters.clone(), voters.len() / 2 + 1),
            Selector::Minority => self.draw(voters.clone(), voters.len().saturating_sub(1) / 2),
            Selector::Learner => self.draw(members.learners.clone(), 1),
            Selector::Spare => self.draw(spares(), 1),
            Selector::Any => self.draw(nodes, 1),
            Selector::This => self.this.into_iter().collect(),
            Selector::Lagging => applied().min().into_iter().map(|(_, node)| node).collect(),
            Selector::CaughtUp => applied()
                .min_by_key(|(index, node)| (Reverse(*index), *node))
                .into_iter()
                .map(|(_, node)| node)
                .collect(),
            Selector::Paused => self.paused().into_iter().collect(),
            Selector::Restarted => cluster.restarted().into_iter().collect(),
            // Meaningful only beside another selection: see `select_sides`.
            Selector::Others | Selector::In(_) | Selector::Leaders => Vec::new(),
        }
    }

    /// The nodes that any of these name now, each once.
    pub(super) fn select_all(&self, selectors: &[Selector]) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = selectors.iter().flat_map(|selector| self.select(*selector)).collect();
        if selectors.len() > 1 {
            nodes.sort_unstable();
            nodes.dedup();
        }
        nodes
    }

    /// The first node, of those that stand still.
    fn paused(&self) -> Option<NodeId> {
        let in_force = self.injector.in_force.lock();
        let paused = in_force.deeds().filter_map(|fault| match (fault.verb, &fault.targets) {
            (Verb::Pause, Targets::Node(node)) => Some(*node),
            _ => None,
        });
        paused.min()
    }

    /// The nodes of two sides; `@others` on one is everybody who is not on the other.
    pub(super) fn select_sides(&self, sides: &[Vec<Selector>; 2]) -> [Vec<NodeId>; 2] {
        let [first, mut second] = self.select_both(sides.each_ref());
        second.retain(|node| !first.contains(node));
        [first, second]
    }

    /// Who sends and who receives; `@others` at one end is everybody who is not at the other. A list that is empty is everybody.
    pub(super) fn select_ends(&self, Ends { from, to }: &Ends) -> [Vec<NodeId>; 2] {
        self.select_both([from, to])
    }

    fn select_both(&self, ends: [&Vec<Selector>; 2]) -> [Vec<NodeId>; 2] {
        let all: Vec<NodeId> = self.injector.cluster.nodes().collect();
        let mut selected = ends.map(|end| match &end[..] {
            [] => all.clone(),
            end => end.iter().flat_map(|selector| self.select(*selector)).collect(),
        });
        for number in 0..2 {
            if ends[number].contains(&Selector::Others) {
                let other = selected[1 - number].clone();
                selected[number].extend(all.iter().filter(|node| !other.contains(node)));
            }
            selected[number].sort_unstable();
            selected[number].dedup();
        }
        selected
    }

    /// All nodes but `node`, in two halves drawn from the seed.
    pub(super) fn halves(&self, node: NodeId) -> [Vec<NodeId>; 2] {
        let rest: Vec<NodeId> = self.injector.cluster.nodes().filter(|other| *other != node).collect();
        let first = self.draw(rest.clone(), rest.len() / 2);
        let second = rest.into_iter().filter(|node| !first.contains(node)).collect();
        [first, second]
    }

    fn draw(&self, mut nodes: Vec<NodeId>, count: usize) -> Vec<NodeId> {
        let mut stream = self.stream.lock();
        let mut drawn = Vec::new();
        while drawn.len() < count && !nodes.is_empty() {
            drawn.push(nodes.swap_remove(stream.below(nodes.len() as u64) as usize));
        }
        drawn
    }
}
