//! `transfer = { from = "@leader", to = "@follower" }`: the leader is asked to hand over.
//!
//! Effective: the leader that was asked gave up its leadership. Refused: nobody answers to the selector, or the leader refused or
//! gave up, which it does after an election timeout.

use super::prelude::*;
use super::selector::group;
use crate::scenario::Transfer;
use leasehold::error::Error;

pub(super) fn perform(act: &Act, transfer: &Transfer) {
    let group = group(transfer.group.or(transfer.from.group()).or(act.group));
    let (from, to) = (act.select_in(group, transfer.from), act.select_in(group, transfer.to));
    let Some((from, to)) = from.first().copied().zip(to.first().copied()) else { return act.nobody(Verb::Transfer) };
    let deed = act.deed(Verb::Transfer, Targets::Handover(from, to), How::Plainly).within(group);
    deed.acts();
    act.injector.cluster.on_node(from, move |node| async move {
        match node.transfer(group, to).await {
            Ok(()) | Err(Error::LeadershipLost(_)) => deed.is_effective(None),
            Err(error) => deed.cannot_act(Some(Evidence::Error(error))),
        }
    });
}
