//! What a test sees, beside answers.

use super::bus::{self, What};
use super::machines::{Bed, Software};
use crate::env::{Instant, Stamp};
use crate::observe::Event;
use crate::transport::Packet;
use crate::wire::Kind;
use std::time::Duration;

impl<S: Software> Bed<S> {
    /// True time; what every clock shows.
    pub(crate) fn now(&self) -> Instant {
        Instant::from_nanos(self.world.now())
    }

    /// What `node` told since the start, or the last [`Bed::forget`].
    pub(crate) fn events(&self, node: u64) -> Vec<Event> {
        self.member(node).surroundings.events()
    }

    /// What it has told since the bed was made.
    pub(crate) fn all_events(&self, node: u64) -> Vec<Event> {
        self.member(node).surroundings.all_events()
    }

    /// Forgets, lets `span` pass, and forgets nothing after that.
    pub(crate) fn watch(&mut self, span: Duration) {
        self.forget();
        self.run(span);
    }

    /// How many of these.
    pub(crate) fn told(&self, node: u64, is: impl Fn(&Event) -> bool) -> usize {
        self.events(node).iter().filter(|event| is(event)).count()
    }

    /// The messages of this kind that this node sent to that, those that were dropped or held too.
    pub(crate) fn sent(&self, what: impl Into<What>, from: u64, to: u64) -> Vec<Packet> {
        self.sent_with_times(what.into(), from, to).map(|(_, packet)| packet).collect()
    }

    /// Those of this kind to whomever, in order.
    pub(crate) fn all_sent(&self, kind: Kind) -> Vec<Packet> {
        let sent = self.bus.sent().into_iter().map(|(_, packet)| packet);
        sent.filter(|packet| bus::is(packet, kind.into())).collect()
    }

    /// When that was.
    pub(crate) fn moments(&self, what: impl Into<What>, from: u64, to: u64) -> Vec<Instant> {
        self.sent_with_times(what.into(), from, to).map(|(at, _)| Instant::from_nanos(at)).collect()
    }

    fn sent_with_times(&self, what: What, from: u64, to: u64) -> impl Iterator<Item = (u64, Packet)> {
        let matches = move |packet: &Packet| bus::is(packet, what) && bus::goes(packet, from, to);
        self.bus.sent().into_iter().filter(move |(_, packet)| matches(packet))
    }

    /// Their stamps.
    pub(crate) fn stamps(&self, kind: Kind, from: u64, to: u64) -> Vec<Stamp> {
        self.sent(kind, from, to).into_iter().filter_map(|packet| packet.stamp).collect()
    }

    /// Forgets events and messages so far.
    pub(crate) fn forget(&mut self) {
        self.nodes().into_iter().for_each(|node| self.member(node).surroundings.forget());
        self.bus.forget_sent();
    }

    /// How many syncs its disk was asked for.
    pub(crate) fn syncs(&self, node: u64) -> usize {
        self.member(node).disk.syncs()
    }
}
