//! What is due, in order of time; what is due at the same time, in the order in which it was put in.

use crate::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A queue of things due.
pub struct Queue<T> {
    heap: BinaryHeap<Reverse<(SimTime, u64, usize)>>,
    items: Vec<Option<T>>,
    free: Vec<usize>,
    next: u64,
}

impl<T> Queue<T> {
    /// Nothing is due.
    pub fn new() -> Self {
        Self { heap: BinaryHeap::new(), items: Vec::new(), free: Vec::new(), next: 0 }
    }

    /// `item` is due at `at`.
    pub fn push(&mut self, at: SimTime, item: T) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.items.push(None);
                self.items.len() - 1
            }
        };
        self.items[slot] = Some(item);
        self.heap.push(Reverse((at, self.next, slot)));
        self.next += 1;
    }

    /// How many things wait.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Does nothing wait?
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// Keeps only what `keep` says.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let (items, free) = (&mut self.items, &mut self.free);
        self.heap.retain(|Reverse((_, _, slot))| {
            let kept = items[*slot].as_ref().is_some_and(&mut keep);
            if !kept {
                items[*slot] = None;
                free.push(*slot);
            }
            kept
        });
    }

    /// Takes what is due next, unless that is after `end`.
    pub fn pop(&mut self, end: SimTime) -> Option<(SimTime, T)> {
        let Reverse((at, ..)) = *self.heap.peek()?;
        if at > end {
            return None;
        }
        let Reverse((at, _, slot)) = self.heap.pop()?;
        self.free.push(slot);
        let item = self.items[slot].take()?;
        Some((at, item))
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
    fn what_is_not_kept_is_gone_and_the_rest_stays_in_order() {
        let mut queue = Queue::new();
        (0..10).for_each(|item| queue.push(SimTime(100 - item), item));
        queue.retain(|item| item % 3 == 0);
        queue.push(SimTime(95), 77);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop(SimTime(200))).map(|(_, item)| item).collect();
        assert_eq!(order, [9, 6, 77, 3, 0]);
    }

    #[test]
    fn what_is_due_after_the_end_stays() {
        let mut queue = Queue::new();
        queue.push(SimTime(5), ());
        assert_eq!(queue.pop(SimTime(4)), None);
        assert_eq!(queue.pop(SimTime(5)), Some((SimTime(5), ())));
    }
}
