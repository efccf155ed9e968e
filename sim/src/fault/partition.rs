//! `partition = { sides = [["@leader"], ["@others"]], how = "hold", for = "2s" }`: two sides cannot reach each other, or,
//! one-way, the first cannot reach the second. `shape = "bridge"`: two halves that both reach one node; `shape = "ring"`: each
//! node reaches its two neighbours.
//!
//! Effective: a message of the protocol met the cut. Clients reach all nodes throughout.

use super::{Act, Active, Harm, Injector, names, record};
use crate::history::FaultPhase;
use crate::scenario::{Cut, Partition, Shape};
use crate::world::network::{self, LinkId, RuleId};
use leasehold::env::NodeId;

pub(super) const VERB: &str = "partition";

pub(super) fn perform(act: &Act, partition: &Partition) {
    let Some((links, detail)) = apart(act, partition) else {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selectors of one side");
        return;
    };
    act.record(VERB, FaultPhase::Activated, &format!("{detail} ({})", partition.how));
    let rule = act.injector.cluster.cut(act.step, VERB, &links, how(partition.how));
    act.injector.begin(Active { step: act.step, harm: Harm::Partition(rule) }, partition.lasts);
}

/// The links to cut, and what to call that.
fn apart(act: &Act, partition: &Partition) -> Option<(Vec<LinkId>, String)> {
    match &partition.shape {
        Shape::Sides(sides) => between(act, act.select_sides(sides), partition.one_way),
        Shape::Bridge(node) => {
            let node = act.select(*node).first().copied()?;
            let (links, detail) = between(act, act.halves(node), partition.one_way)?;
            Some((links, format!("{detail}, bridge {node}")))
        }
        Shape::Ring => Some((across_the_ring(act), "ring".to_owned())),
    }
}

fn between(act: &Act, [first, second]: [Vec<NodeId>; 2], one_way: bool) -> Option<(Vec<LinkId>, String)> {
    if first.is_empty() || second.is_empty() {
        return None;
    }
    let cluster = &act.injector.cluster;
    let mut links = cluster.links_between(&first, &second);
    if !one_way {
        links.extend(cluster.links_between(&second, &first));
    }
    let arrow = if one_way { ">" } else { "|" };
    Some((links, format!("{} {arrow} {}", names(&first), names(&second))))
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

pub(super) fn end(injector: &Injector, step: u32, rule: RuleId) {
    injector.cluster.lift(rule);
    record(&injector.cluster, step, VERB, FaultPhase::Ended, "links restored");
}

fn how(cut: Cut) -> network::Cut {
    match cut {
        Cut::Drop => network::Cut::Drop,
        Cut::Hold => network::Cut::Hold,
        Cut::Flight => network::Cut::DropInFlight,
    }
}
