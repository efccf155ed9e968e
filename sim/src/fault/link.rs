//! `link = { from = ["@leader"], to = ["@others"], lane = "heartbeat", loss = "5%", delay = "20ms", for = "2s" }`: links are
//! worse than they are: messages are lost, late, doubled, out of order, stalled, too many for the line or the queue.
//!
//! Effective: one was.

use super::{Act, Active, Harm, Injector, names, record};
use crate::cluster::{Impairment, classify, size};
use crate::history::FaultPhase;
use crate::scenario::{LaneName, Link, MessageKind};
use crate::world::network::{Bandwidth, Matches, RuleId};
use leasehold::env::Lane;
use leasehold::transport::Packet;
use std::sync::Arc;

pub(super) const VERB: &str = "link";

pub(super) fn perform(act: &Act, link: &Link) {
    let [from, to] = act.select_ends(&link.ends);
    let cluster = &act.injector.cluster;
    let links = match link.lane {
        Some(lane) => cluster.lane_between(&from, &to, lane_of(lane)),
        None => cluster.links_between(&from, &to),
    };
    if links.is_empty() {
        act.record(VERB, FaultPhase::Refused, "nobody answers to the selectors of one end");
        return;
    }
    act.record(VERB, FaultPhase::Activated, &format!("{} > {}", names(&from), names(&to)));
    let rule = cluster.impair(act.step, VERB, &links, &impairment(link));
    act.injector.begin(Active { step: act.step, harm: Harm::Link(rule) }, link.lasts);
}

pub(super) fn end(injector: &Injector, step: u32, rule: RuleId) {
    injector.cluster.lift(rule);
    record(&injector.cluster, step, VERB, FaultPhase::Ended, "links restored");
}

/// Tells messages of these kinds from others.
#[expect(clippy::borrowed_box, reason = "the network carries boxes, and shows them as they are")]
pub(super) fn matches(kinds: &[MessageKind]) -> Matches<Box<Packet>> {
    let kinds = kinds.to_vec();
    Arc::new(move |packet: &Box<Packet>| kinds.contains(&classify(&packet.body).0))
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

fn lane_of(lane: LaneName) -> Lane {
    match lane {
        LaneName::Heartbeat => Lane::Heartbeat,
        LaneName::Bulk => Lane::Bulk,
        LaneName::Request => Lane::Request,
    }
}
