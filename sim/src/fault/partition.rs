//! `partition = { sides = [["@leader"], ["@others"]], how = "hold", for = "2s" }`: two sides cannot reach each other, or, one-way,
//! the first cannot reach the second.
//!
//! Effective: a message of the protocol met the cut. Clients reach all nodes throughout.

use super::{Act, Active, Harm, Injector, record};
use crate::history::FaultPhase;
use crate::scenario::{Cut, Partition};
use crate::world::network::{self, RuleId};
use leasehold::env::NodeId;

pub(super) const VERB: &str = "partition";

pub(super) fn perform(act: &Act, partition: &Partition) {
    let [first, second] = act.select_sides(&partition.sides);
    if first.is_empty() || second.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selectors of one side");
        return;
    }
    let (arrow, how) = (if partition.one_way { ">" } else { "|" }, how(partition.how));
    let detail = format!("{} {arrow} {} ({})", names(&first), names(&second), partition.how);
    act.record(VERB, FaultPhase::Activated, &detail);
    let cluster = &act.injector.cluster;
    let mut links = cluster.links_between(&first, &second);
    if !partition.one_way {
        links.extend(cluster.links_between(&second, &first));
    }
    let rule = cluster.cut(act.step, VERB, &links, how);
    act.injector.begin(Active { step: act.step, harm: Harm::Partition(rule) }, partition.lasts);
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

fn names(nodes: &[NodeId]) -> String {
    nodes.iter().map(NodeId::to_string).collect::<Vec<_>>().join(" ")
}
