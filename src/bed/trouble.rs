//! What a test may do to messages, clocks, disks and tasks.

use super::bus::{self, Fate, What};
use super::machines::{Bed, Software};
use crate::env::{Lane, Point, Work};
use crate::wire::Kind;
use std::time::Duration;

impl<S: Software> Bed<S> {
    /// Holds messages of this kind on this link, those to come.
    pub(crate) fn hold(&mut self, what: impl Into<What>, from: u64, to: u64) {
        let what = what.into();
        self.bus.rule(Fate::Hold, move |packet| bus::is(packet, what) && bus::goes(packet, from, to));
    }

    /// Lets go what is held, in order, and holds no more.
    pub(crate) fn release(&mut self) {
        self.hold_no_more();
        self.bus.release(|_| true);
        self.settle();
    }

    /// Lets go what is held of this kind, and goes on to hold.
    pub(crate) fn release_only(&mut self, kind: Kind) {
        self.bus.release(|packet| bus::is(packet, kind.into()));
        self.settle();
    }

    /// Lets go the first that is held of this kind, and goes on to hold.
    pub(crate) fn release_first(&mut self, kind: Kind) {
        let mut left = 1;
        self.bus.release(|packet| bus::is(packet, kind.into()) && std::mem::take(&mut left) == 1);
        self.settle();
    }

    /// Keeps what is held, and holds nothing more.
    pub(crate) fn hold_no_more(&mut self) {
        self.bus.lift(Fate::Hold);
    }

    /// Drops messages of this kind on this link.
    pub(crate) fn drop(&mut self, what: impl Into<What>, from: u64, to: u64) {
        let what = what.into();
        self.bus.rule(Fate::Drop, move |packet| bus::is(packet, what) && bus::goes(packet, from, to));
    }

    /// Drops all that goes from this node to that.
    pub(crate) fn cut(&mut self, from: u64, to: u64) {
        self.bus.rule(Fate::Drop, move |packet| bus::goes(packet, from, to));
    }

    /// Drops all between this node and the others.
    pub(crate) fn isolate(&mut self, node: u64) {
        self.bus.rule(Fate::Drop, move |packet| bus::touches(packet, node));
    }

    /// Lets the sender of this lane hear that it is full.
    pub(crate) fn fill(&mut self, lane: Lane, from: u64, to: u64) {
        self.bus.rule(Fate::Refuse, move |packet| packet.lane == lane && bus::goes(packet, from, to));
    }

    /// Drops and refuses nothing more.
    pub(crate) fn heal(&mut self) {
        self.bus.lift(Fate::Drop);
        self.bus.lift(Fate::Refuse);
    }

    /// How long messages take from now on.
    pub(crate) fn latency(&mut self, latency: Duration) {
        self.bus.delays(latency);
    }

    /// Makes the clock of `node` unreadable, or readable again.
    pub(crate) fn break_clock(&mut self, node: u64, broken: bool) {
        self.member(node).surroundings.breaks_clock(broken);
    }

    /// What a piece of work costs `node`.
    pub(crate) fn cost(&mut self, node: u64, work: Work, cost: Duration) {
        self.member(node).surroundings.costs(work, cost);
    }

    /// Lets all of a disk's operations fail, or none.
    pub(crate) fn fail_disk(&mut self, node: u64, fails: bool) {
        self.member(node).disk.fails(fails);
        self.settle();
    }

    /// Lets whoever asks a disk to make anything durable panic.
    pub(crate) fn panic_disk(&mut self, node: u64) {
        self.member(node).disk.panics();
    }

    /// Lets a node panic when it sends its next message.
    pub(crate) fn panic_bus(&mut self, node: u64) {
        self.bus.rule(Fate::Panic, move |packet| !bus::is_of_others(packet, node));
    }

    /// Lets a disk's syncs wait, or go on.
    pub(crate) fn stall_disk(&mut self, node: u64, stalls: bool) {
        self.member(node).disk.stalls(stalls);
        self.settle();
    }

    /// Changes a file behind a node's back.
    pub(crate) fn corrupt(&mut self, node: u64, file: &str, change: impl Fn(&mut Vec<u8>)) {
        self.member(node).disk.corrupt(file, change);
    }

    /// Holds every task of `node` that comes to `point`.
    pub(crate) fn hold_at(&mut self, node: u64, point: Point) {
        self.member(node).surroundings.hold_at(point);
    }

    /// How many tasks of `node` are held at a point.
    pub(crate) fn held_at_point(&self, node: u64) -> usize {
        self.member(node).surroundings.held()
    }

    /// Lets go the tasks of `node`.
    pub(crate) fn resume(&mut self, node: u64) {
        self.member(node).surroundings.resume();
        self.settle();
    }
}
