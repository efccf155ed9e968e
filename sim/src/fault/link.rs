//! `link = { from = ["@leader"], to = ["@others"], lane = "heartbeat", loss = "5%", delay = "20ms", for = "2s" }`: links are
//! worse than they are: messages are lost, late, doubled, out of order, stalled, too many for the line or the queue.
//!
//! Effective: one was.

use super::prelude::*;
use crate::cluster::{Impairment, classify, size};
use crate::scenario::Link;
use crate::words::MessageKind;
use crate::world::network::{Bandwidth, Matches};
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
    let deed = act.deed(Verb::Link, Targets::Links(from, to), How::Plainly);
    deed.acts();
    let end = cluster.impair(&links, &impairment(link), &act.step.to_string(), deed.effective());
    deed.begins(&act.injector, end, link.lasts);
}

/// Tells messages of these kinds from others.
#[expect(clippy::borrowed_box, reason = "the network carries boxes, and shows them as they are")]
pub(super) fn matches(kinds: &[MessageKind]) -> Matches<Box<Packet>> {
    let kinds = kinds.to_vec();
    Arc::new(move |packet: &Box<Packet>| kinds.contains(&classify(packet).0))
}

#[expect(clippy::borrowed_box, reason = "the network carries boxes, and shows them as they are")]
fn impairment(link: &Link) -> Impairment {
    Impairment {
        matches: (!link.messages.is_empty()).then(|| matches(&link.messages)),
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
