//! The values of one register that may still be seen, in chains of which each link was replaced by the next, and their zones.
//!
//! Only what can still be contradicted is remembered. Let `oldest` be the begin of the oldest operation under way: whatever
//! ends from now on began at `oldest` or later. A block B with `f(B) < oldest` is *settled* if some other block C has
//! `f(C) < oldest` and must not come before it, `f(B) < s(C)`: one more operation of B would begin after C's first end, and so
//! contradict. B is forgotten, and whoever sees one of its values then is answered with [`Contradiction::Absent`]. A link of a
//! chain is settled if there is a later link Y with `f(Y) < oldest`. What remains is as much as ran at the same time as the
//! oldest operation under way.

use super::tree::MaxTree;
use super::{Contradiction, INITIAL, Mark, Time, Value, Zone};
use std::collections::BTreeMap;

/// So many values are not worth forgetting; a report may want to tell of them.
pub(super) const PATIENCE: usize = 32;

pub(super) struct Chains<T> {
    links: BTreeMap<Value, Link<T>>,
    /// One a chain, in the order of their first ends.
    blocks: Vec<Block<T>>,
    /// The blocks' last begins.
    latest: MaxTree,
    patience: usize,
    /// How many links or blocks there may be before some should be forgotten.
    bound: usize,
}

/// One value.
struct Link<T> {
    zone: Zone<T>,
    /// Position of the block of its chain.
    block: usize,
    /// What it replaced, if that is known. It may be forgotten by now.
    previous: Option<Value>,
    /// What replaced it, if that is known.
    next: Option<Value>,
}

/// A chain.
#[derive(Clone, Copy)]
struct Block<T> {
    zone: Zone<T>,
    /// The last link; `None`: this block has become part of another.
    tail: Option<Value>,
}

impl<T: Copy> Chains<T> {
    pub(super) fn new(patience: usize) -> Self {
        let origin = Mark { at: 0, by: None };
        let latest = MaxTree::new([].into_iter());
        let mut chains = Self { links: BTreeMap::new(), blocks: Vec::new(), latest, patience, bound: patience };
        chains.begin(INITIAL, Zone { ended: origin, began: origin });
        chains
    }

    /// `value`, whose write is all that `zone` holds, is seen for the first time.
    pub(super) fn begin(&mut self, value: Value, zone: Zone<T>) {
        let block = self.blocks.len();
        self.links.insert(value, Link { zone, block, previous: None, next: None });
        self.blocks.push(Block { zone, tail: Some(value) });
        if block < self.latest.room() {
            self.latest.set(block, zone.began.at);
        } else {
            self.plant();
        }
    }

    /// An operation that began at `began` concerned `value`.
    ///
    /// # Errors
    /// It came too late, or the value is none of those that may be seen.
    pub(super) fn touch(&mut self, value: Value, began: Mark<T>) -> Result<(), Contradiction<T>> {
        let Some(link) = self.links.get_mut(&value) else { return Err(self.absent(value, began)) };
        if began.at <= link.zone.began.at {
            return Ok(());
        }
        link.zone.began = began;
        let (block, next) = (link.block, link.next);
        self.check_later_links(value, next, began)?;
        if began.at <= self.blocks[block].zone.began.at {
            return Ok(());
        }
        self.blocks[block].zone.began = began;
        self.latest.set(block, began.at);
        self.check(block)
    }

    /// The write of `new` replaced `old`: nothing comes between them. It has touched both.
    ///
    /// # Errors
    /// Another write replaced `old`, or `new` was over before `old` was.
    pub(super) fn join(&mut self, old: Value, new: Value) -> Result<(), Contradiction<T>> {
        let (Some(one), Some(other)) = (self.links.get(&old), self.links.get(&new)) else { return Ok(()) };
        let (ahead, behind) = (one.block, other.block);
        match one.next {
            Some(next) if next == new => return Ok(()),
            Some(first) => return Err(Contradiction::Twice { value: old, first, second: new }),
            None if ahead == behind => return Err(Contradiction::Circle { old, new }),
            None => {}
        }
        let (first, second) = (self.blocks[ahead].zone, self.blocks[behind].zone);
        if second.precedes(&first) {
            return Err(Contradiction::Order { old, new, ended: second.ended, began: first.began });
        }
        self.link(old, new);
        let block = self.merge(ahead, behind);
        self.check(block)
    }

    /// Is it time to forget some?
    pub(super) fn are_many(&self) -> bool {
        self.size() > self.bound
    }

    /// Forgets what is settled, given that the oldest operation under way began at `oldest`.
    pub(super) fn forget(&mut self, oldest: Time) {
        self.forget_blocks(oldest);
        self.forget_links(oldest);
        self.compact();
        self.bound = self.patience.max(2 * self.size());
    }

    pub(super) fn size(&self) -> usize {
        self.links.len().max(self.blocks.len())
    }

    /// No later link may have ended before an operation on an earlier one began.
    fn check_later_links(&self, old: Value, next: Option<Value>, began: Mark<T>) -> Result<(), Contradiction<T>> {
        let mut later = next;
        while let Some(new) = later
            && let Some(link) = self.links.get(&new)
        {
            let ended = link.zone.ended;
            if ended.at < began.at {
                return Err(Contradiction::Order { old, new, ended, began });
            }
            later = link.next;
        }
        Ok(())
    }

    /// Must any other block come both before and after this one?
    fn check(&self, position: usize) -> Result<(), Contradiction<T>> {
        let one = self.blocks[position].zone;
        let before = self.blocks.partition_point(|block| block.zone.precedes(&one));
        let others = [0..position.min(before), position + 1..before];
        if others.iter().all(|others| self.latest.max(others.clone()) <= one.ended.at) {
            return Ok(());
        }
        let live = self.blocks[..before].iter().enumerate().filter(|(_, block)| block.tail.is_some());
        let mut others = live.filter(|(other, _)| *other != position).map(|(_, block)| block.zone);
        others.find(|other| one.precedes(other)).map_or(Ok(()), |other| Err(Contradiction::Crossed { one, other }))
    }

    /// What made an operation on a forgotten value impossible may be forgotten too, but then something newer has taken its place.
    fn absent(&self, value: Value, began: Mark<T>) -> Contradiction<T> {
        let zones = self.links.values().map(|link| link.zone);
        let over = zones.filter(|zone| zone.ended.by.is_some() && zone.ended.at < began.at);
        Contradiction::Absent { value, newer: over.max_by_key(|zone| zone.began.at) }
    }

    fn link(&mut self, old: Value, new: Value) {
        if let Some(link) = self.links.get_mut(&old) {
            link.next = Some(new);
        }
        if let Some(link) = self.links.get_mut(&new) {
            link.previous = Some(old);
        }
    }

    /// Makes one block of two; the one that ended first keeps its position.
    fn merge(&mut self, ahead: usize, behind: usize) -> usize {
        let (keep, give) = (ahead.min(behind), ahead.max(behind));
        let (first, second) = (self.blocks[ahead], self.blocks[behind]);
        let moved = if give == behind { second.tail } else { first.tail };
        self.relabel(moved, give, keep);
        let zone = first.zone.and(second.zone);
        self.blocks[keep] = Block { zone, tail: second.tail };
        self.blocks[give].tail = None;
        self.latest.set(give, 0);
        self.latest.set(keep, zone.began.at);
        keep
    }

    /// Tells the links of a chain, from its tail on, that their block is now `to`.
    fn relabel(&mut self, tail: Option<Value>, from: usize, to: usize) {
        let mut next = tail;
        while let Some(link) = next.and_then(|value| self.links.get_mut(&value)).filter(|link| link.block == from) {
            link.block = to;
            next = link.previous;
        }
    }

    fn forget_blocks(&mut self, oldest: Time) {
        let over = self.blocks.partition_point(|block| block.zone.ended.at < oldest);
        let live = || self.blocks[..over].iter().enumerate().filter(|(_, block)| block.tail.is_some());
        let Some((last, block)) = live().max_by_key(|(_, block)| block.zone.began.at) else { return };
        let began = block.zone.began.at;
        let others = live().filter(|(position, _)| *position != last);
        let second = others.map(|(_, block)| block.zone.began.at).max().unwrap_or(0);
        for position in 0..over {
            let began = if position == last { second } else { began };
            if self.blocks[position].zone.ended.at < began {
                let tail = self.blocks[position].tail.take();
                self.cut(tail);
            }
        }
    }

    fn forget_links(&mut self, oldest: Time) {
        for position in 0..self.blocks.len() {
            let mut next = self.blocks[position].tail;
            while let Some(link) = next.and_then(|value| self.links.get(&value)) {
                next = link.previous;
                if link.zone.ended.at < oldest {
                    self.cut(next);
                    break;
                }
            }
        }
    }

    /// Forgets a link and all before it.
    fn cut(&mut self, last: Option<Value>) {
        let mut next = last;
        while let Some(link) = next.and_then(|value| self.links.remove(&value)) {
            next = link.previous;
        }
    }

    /// Closes the gaps that forgotten and merged blocks leave.
    fn compact(&mut self) {
        self.blocks.retain(|block| block.tail.is_some());
        let tails: Vec<_> = self.blocks.iter().map(|block| block.tail).collect();
        for (position, tail) in tails.into_iter().enumerate() {
            let mut next = tail;
            while let Some(link) = next.and_then(|value| self.links.get_mut(&value)) {
                link.block = position;
                next = link.previous;
            }
        }
        self.plant();
    }

    fn plant(&mut self) {
        let began = |block: &Block<T>| block.tail.map_or(0, |_| block.zone.began.at);
        self.latest = MaxTree::new(self.blocks.iter().map(began));
    }
}
