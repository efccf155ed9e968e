//! `transfer = { from = "@leader", to = "@follower" }`: the leader is asked to hand over.
//!
//! Effective: the leader that was asked gave up its leadership. Refused: nobody answers to the selector, or the leader refused or
//! gave up, which it does after an election timeout.

use super::{Act, record};
use crate::history::FaultPhase;
use crate::scenario::Selector;

pub(super) const VERB: &str = "transfer";

pub(super) fn perform(act: &Act, from: Selector, to: Selector) {
    let (from, to) = (act.select(from), act.select(to));
    let Some((from, to)) = from.first().copied().zip(to.first().copied()) else {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selector");
        return;
    };
    let detail = format!("{from} to {to}");
    act.record(VERB, FaultPhase::Activated, &detail);
    let (cluster, step) = (act.injector.cluster.clone(), act.step);
    act.injector.cluster.on_node(from, move |node| async move {
        match node.transfer(to).await {
            Ok(()) => record(&cluster, step, VERB, FaultPhase::Effective, &detail),
            Err(error) => record(&cluster, step, VERB, FaultPhase::Refused, &format!("{detail}: {error}")),
        }
    });
}
