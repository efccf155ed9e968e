//! `link = { from = ["@leader"], to = ["@others"], lane = "heartbeat", loss = "5%", delay = "20ms", for = "2s" }`: links are
//! worse than they are: messages are lost, late, doubled, out of order, stalled, too many for the line or the queue.
//!
//! Effective: one was.

use super::prelude::*;
use crate::cluster::{Impairment, classify, size};
use crate::scenario::Link;
use crate::words::MessageKind;
use crate::world::network::{Bandwidth, Matches};
use leasehold::env::Address;
use leasehold::transport::Packet;
use std::sync::Arc;

pub(super) fn perform(act: &Act, link: &Link) {
    let [from, to] = act.select_ends(&link.ends);
    let cluster = &act.injector.cluster;
    let links = match link.lane {
        Some(lane) => cluster.lane_between(&from, &to, lane),
        None => cluster.links_between(&from, &to),
    };
    if links.is_empty() {
        return act.nobody(Verb::Link);
    }
    // What is late, or waits for the line, holds up what others say behind it.
    let is_of_group = act.group.is_some() && link.passes_others();
    let (targets, how) = (Targets::Links(from, to), How::Plainly);
    let deed =
        if is_of_group { act.deed_of_messages(Verb::Link, targets, how) } else { act.deed(Verb::Link, targets, how) };
    deed.acts();
    let end = cluster.impair(&links, &impairment(link, act.group), &act.step.to_string(), deed.effective());
    let end = cluster.apart(act.group.is_some(), end);
    deed.begins(&act.injector, end, link.lasts);
}

/// Tells messages of these kinds, of all if there are none, and of this group, if one is named, from others.
#[expect(clippy::borrowed_box, reason = "the network carries boxes, and shows them as they are")]
pub(super) fn matches(kinds: &[MessageKind], group: Option<u32>) -> Matches<Box<Packet>> {
    let (kinds, group) = (kinds.to_vec(), group.map(|group| super::selector::group(Some(group))));
    Arc::new(move |packet: &Box<Packet>| {
        let is_of_group = group.is_none_or(|group| packet.group == group && matches!(packet.from, Address::Node(_)));
        is_of_group && (kinds.is_empty() || kinds.contains(&classify(packet).0))
    })
}

#[expect(clippy::borrowed_box, reason = "the network carries boxes, and shows them as they are")]
fn impairment(link: &Link, group: Option<u32>) -> Impairment {
    Impairment {
        matches: (!link.messages.is_empty() || group.is_some()).then(|| matches(&link.messages, group)),
        loss: link.loss.0,
        duplicate: link.duplicate.0,
        delay: link.delay,
        jitter: link.jitter,
        reorder: link.reorder,
        stall: link.stall.0,
        bandwidth: link.bandwidth.map(|rate| Bandwidth { rate, size: |packet: &Box<Packet>| size(packet) }),
        queue: link.queue.map(|queue| queue as usize),
    }
}
