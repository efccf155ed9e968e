//! Who is meant: selectors name nodes by their role at the moment the fault acts.

use super::Act;
use crate::scenario::Selector;
use leasehold::env::NodeId;

impl Act {
    /// The nodes that a selector names now. Empty if nobody answers to it.
    pub(super) fn select(&self, selector: Selector) -> Vec<NodeId> {
        let cluster = &self.injector.cluster;
        let (nodes, roles) = (cluster.nodes().collect::<Vec<_>>(), cluster.roles());
        let leader = roles.leader();
        let voters = &roles.members().voters;
        let followers = || voters.iter().copied().filter(|node| Some(*node) != leader).collect::<Vec<_>>();
        let spares = || nodes.iter().copied().filter(|node| !roles.members().contains(*node)).collect();
        match selector {
            Selector::Node(number) => vec![NodeId(u64::from(number))],
            Selector::Leader => leader.into_iter().collect(),
            Selector::OldLeader => roles.old_leader().into_iter().collect(),
            Selector::Follower => self.draw(followers(), 1),
            Selector::Followers => followers(),
            Selector::LeaseHolder => roles.lease_holder(cluster.world().now()).into_iter().collect(),
            Selector::Majority => self.draw(voters.clone(), voters.len() / 2 + 1),
            Selector::Learner => self.draw(roles.members().learners.clone(), 1),
            Selector::Spare => self.draw(spares(), 1),
            Selector::Any => self.draw(nodes, 1),
            Selector::This => self.this.into_iter().collect(),
            // Meaningful only beside another selection: see `select_sides`.
            Selector::Others => Vec::new(),
        }
    }

    /// The nodes of two sides; `@others` on one is everybody who is not on the other.
    pub(super) fn select_sides(&self, sides: &[Vec<Selector>; 2]) -> [Vec<NodeId>; 2] {
        let mut selected = [Vec::new(), Vec::new()];
        for (side, nodes) in sides.iter().zip(&mut selected) {
            nodes.extend(side.iter().flat_map(|selector| self.select(*selector)));
            nodes.sort_unstable();
            nodes.dedup();
        }
        for side in 0..2 {
            if sides[side].contains(&Selector::Others) {
                let other = selected[1 - side].clone();
                let rest = self.injector.cluster.nodes().filter(|node| !other.contains(node));
                selected[side] = rest.collect();
            }
        }
        let first = selected[0].clone();
        selected[1].retain(|node| !first.contains(node));
        selected
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
