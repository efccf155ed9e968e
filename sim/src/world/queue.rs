//! What is due, in order of time; what is due at the same time, in the order in which it was put in.

use crate::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// A heap is not swept for fewer things that were taken back than this.
const SWEEP_LEAST: usize = 64;

/// A queue of things due.
pub struct Queue<T> {
    /// A place before all of the heap, if there is one. Most of what is put in is due next: it comes and goes without the heap.
    first: Option<Place>,
    heap: BinaryHeap<Reverse<Place>>,
    /// What waits, by slot, with its ticket. Where that is another than a place's, or none, what the place means was taken back.
    items: Vec<Option<(Ticket, T)>>,
    free: Vec<usize>,
    next: u64,
}

/// Names one thing of a queue, in the order in which they were put in: its number, and in the lowest bits its slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Ticket(u64);

/// So many bits of a ticket are the slot.
const SLOT_BITS: u32 = 24;

impl Ticket {
    fn new(number: u64, slot: usize) -> Self {
        assert!(slot < 1 << SLOT_BITS, "more than sixteen million things wait");
        Self((number << SLOT_BITS) | slot as u64)
    }

    fn slot(self) -> usize {
        (self.0 & ((1 << SLOT_BITS) - 1)) as usize
    }
}

/// A place in the order: when something is due, and in the lower half its ticket. One number is compared at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place(u128);

impl Place {
    fn new(at: SimTime, ticket: Ticket) -> Self {
        Self((u128::from(at.0) << u64::BITS) | u128::from(ticket.0))
    }

    fn at(self) -> SimTime {
        SimTime((self.0 >> u64::BITS) as u64)
    }

    fn ticket(self) -> Ticket {
        Ticket(self.0 as u64)
    }
}

impl<T> Queue<T> {
    /// Nothing is due.
    pub fn new() -> Self {
        Self { first: None, heap: BinaryHeap::new(), items: Vec::new(), free: Vec::new(), next: 0 }
    }

    /// `item` is due at `at`.
    pub fn push(&mut self, at: SimTime, item: T) -> Ticket {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.items.push(None);
                self.items.len() - 1
            }
        };
        let ticket = Ticket::new(self.next, slot);
        self.next += 1;
        self.items[slot] = Some((ticket, item));
        self.queue_up(Place::new(at, ticket));
        ticket
    }

    fn queue_up(&mut self, place: Place) {
        let behind = match self.first {
            Some(first) if first < place => place,
            Some(first) => {
                self.first = Some(place);
                first
            }
            None if self.heap.peek().is_none_or(|Reverse(least)| place < *least) => {
                self.first = Some(place);
                return;
            }
            None => place,
        };
        self.heap.push(Reverse(behind));
    }

    /// What has this ticket, if it still waits.
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        let (waiting, item) = self.items.get_mut(ticket.slot())?.as_mut()?;
        (*waiting == ticket).then_some(item)
    }

    /// Takes it back, if it still waits.
    pub fn take_back(&mut self, ticket: Ticket) -> Option<T> {
        let item = self.take(ticket)?;
        // Most timers are deadlines that never come. Their places in the heap are swept out when they are the greater part of it.
        let gone = self.heap.len() - (self.items.len() - self.free.len());
        if gone > self.heap.len() / 2 + SWEEP_LEAST {
            let items = &self.items;
            self.heap.retain(|Reverse(place)| {
                let ticket = place.ticket();
                items[ticket.slot()].as_ref().is_some_and(|(waiting, _)| *waiting == ticket)
            });
        }
        Some(item)
    }

    /// Takes what is due next, unless that is after `end`.
    pub fn pop(&mut self, end: SimTime) -> Option<(SimTime, T)> {
        loop {
            let place = match self.first.take_if(|first| first.at() <= end) {
                Some(first) => first,
                None if self.first.is_some() => return None,
                None => PeekMut::pop(self.heap.peek_mut().filter(|first| first.0.at() <= end)?).0,
            };
            if let Some(item) = self.take(place.ticket()) {
                return Some((place.at(), item));
            }
        }
    }

    fn take(&mut self, ticket: Ticket) -> Option<T> {
        let (_, item) = self.items.get_mut(ticket.slot())?.take_if(|(waiting, _)| *waiting == ticket)?;
        self.free.push(ticket.slot());
        Some(item)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_first_comes_first_and_equals_come_in_the_order_put_in() {
        let mut queue = Queue::new();
        for (at, item) in [(5, 'c'), (1, 'a'), (5, 'd'), (3, 'b')] {
            queue.push(SimTime(at), item);
        }
        let order: String = std::iter::from_fn(|| queue.pop(SimTime(9))).map(|(_, item)| item).collect();
        assert_eq!(order, "abcd");
    }

    #[test]
    fn what_is_taken_back_is_gone_and_the_rest_stays_in_order() {
        let mut queue = Queue::new();
        let tickets: Vec<_> = (0..10).map(|item| queue.push(SimTime(100 - item), item)).collect();
        let taken: Vec<_> = [1, 2, 4, 5, 7, 8].map(|item| queue.take_back(tickets[item])).into();
        assert_eq!(taken, [1, 2, 4, 5, 7, 8].map(Some));
        queue.push(SimTime(95), 77);
        assert_eq!(queue.get_mut(tickets[8]), None, "its slot has another tenant");
        assert_eq!(queue.take_back(tickets[8]), None);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(SimTime(200))).map(|(_, item)| item).collect();
        assert_eq!(order, [9, 6, 77, 3, 0]);
    }

    #[test]
    fn what_was_taken_back_does_not_stay_in_the_heap_until_it_would_be_due() {
        let mut queue = Queue::new();
        for _ in 0..10_000 {
            let deadline = queue.push(SimTime(1_000_000), ());
            queue.take_back(deadline);
        }
        assert!(queue.heap.len() <= 2 * SWEEP_LEAST, "{}", queue.heap.len());
    }

    #[test]
    fn what_comes_last_may_go_first() {
        let mut queue = Queue::new();
        for (at, item) in [(50, 'd'), (9, 'c'), (5, 'a'), (5, 'b')] {
            queue.push(SimTime(at), item);
        }
        assert_eq!(queue.pop(SimTime(60)), Some((SimTime(5), 'a')));
        let taken_back = queue.push(SimTime(1), 'x');
        queue.take_back(taken_back);
        queue.push(SimTime(60), 'e');
        let order: String = std::iter::from_fn(|| queue.pop(SimTime(60))).map(|(_, item)| item).collect();
        assert_eq!(order, "bcde");
    }

    #[test]
    fn what_is_due_after_the_end_stays() {
        let mut queue = Queue::new();
        queue.push(SimTime(5), ());
        assert_eq!(queue.pop(SimTime(4)), None);
        assert_eq!(queue.pop(SimTime(5)), Some((SimTime(5), ())));
    }
}
