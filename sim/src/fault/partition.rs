//! `partition = { sides = [["@leader"], ["@others"]], how = "hold", for = "2s" }`: two sides cannot reach each other, or,
//! one-way, the first cannot reach the second. `shape = "bridge"`: two halves that both reach one node; `shape = "ring"`: each
//! node reaches its two neighbours.
//!
//! Effective: a message of the protocol met the cut. Clients reach all nodes throughout.

use super::prelude::*;
use crate::scenario::{Partition, Shape, ShapeName};
use crate::world::network::LinkId;

pub(super) fn perform(act: &Act, partition: &Partition) {
    let Some((links, targets)) = apart(act, partition) else { return act.nobody(Verb::Partition) };
    let deed = act.deed(Verb::Partition, targets, How::Cuts(partition.how));
    deed.acts();
    let end = act.injector.cluster.cut(&links, partition.how, deed.effective());
    deed.begins(&act.injector, end, partition.lasts);
}

/// The links to cut, and between whom they are.
fn apart(act: &Act, partition: &Partition) -> Option<(Vec<LinkId>, Targets)> {
    match &partition.shape {
        Shape::Sides(sides) => between(act, act.select_sides(sides), partition.one_way, None),
        Shape::Named { shape: ShapeName::Bridge, node } => {
            let node = act.select(*node).first().copied()?;
            between(act, act.halves(node), partition.one_way, Some(node))
        }
        Shape::Named { shape: ShapeName::Ring, .. } => Some((across_the_ring(act), Targets::Ring)),
    }
}

fn between(
    act: &Act,
    [first, second]: [Vec<NodeId>; 2],
    one_way: bool,
    bridge: Option<NodeId>,
) -> Option<(Vec<LinkId>, Targets)> {
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let cluster = &act.injector.cluster;
    let mut links = cluster.links_between(&first, &second);
    if !one_way {
        links.extend(cluster.links_between(&second, &first));
    }
    Some((links, Targets::Sides { first, second, one_way, bridge }))
}

/// All links but those between neighbours.
fn across_the_ring(act: &Act) -> Vec<LinkId> {
    let cluster = &act.injector.cluster;
    let count = cluster.nodes().len() as u64;
    let are_neighbours = |one: NodeId, other: NodeId| {
        let apart = one.0.abs_diff(other.0);
        apart == 1 || apart == count - 1
    };
    let pairs = cluster.nodes().flat_map(|from| cluster.nodes().map(move |to| (from, to)));
    let across = pairs.filter(|(from, to)| from != to && !are_neighbours(*from, *to));
    across.flat_map(|(from, to)| cluster.links_between(&[from], &[to])).collect()
}
