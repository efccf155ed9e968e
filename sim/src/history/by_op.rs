//! What is known of each operation under way.

use super::OpId;
use std::collections::VecDeque;

/// A map by operation, for what is remembered of those under way.
///
/// Operations are numbered in the order in which they begin, and end in about the same order. So the map is a window that
/// slides over their numbers: what begins goes in at the end, what has ended is dropped at the front, and between them lie at
/// most as many places as operations have begun since the oldest of them did.
pub struct ByOp<T> {
    /// By number, ascending. The first is under way; of those that have ended the place is left.
    window: VecDeque<(OpId, Option<T>)>,
    len: usize,
}

impl<T> Default for ByOp<T> {
    fn default() -> Self {
        Self { window: VecDeque::new(), len: 0 }
    }
}

impl<T> ByOp<T> {
    /// `op` begins, and this is known of it.
    pub fn insert(&mut self, op: OpId, known: T) {
        let is_last = self.window.back().is_none_or(|(last, _)| *last < op);
        let position = if is_last { self.window.len() } else { self.window.partition_point(|(other, _)| *other < op) };
        match self.window.get_mut(position) {
            Some((other, place)) if *other == op => self.len += usize::from(place.replace(known).is_none()),
            _ => {
                self.window.insert(position, (op, Some(known)));
                self.len += 1;
            }
        }
    }

    /// `op` has ended: what was known of it, if it was under way.
    pub fn remove(&mut self, op: OpId) -> Option<T> {
        let position = self.position(op)?;
        let known = self.window[position].1.take()?;
        self.len -= 1;
        while self.window.pop_front_if(|(_, known)| known.is_none()).is_some() {}
        Some(known)
    }

    /// What is known of `op`, if it is under way.
    pub fn get(&self, op: OpId) -> Option<&T> {
        self.window[self.position(op)?].1.as_ref()
    }

    /// What is known of `op`, if it is under way, to be changed.
    pub fn get_mut(&mut self, op: OpId) -> Option<&mut T> {
        let position = self.position(op)?;
        self.window[position].1.as_mut()
    }

    /// What is known of the oldest operation under way.
    pub fn oldest(&self) -> Option<&T> {
        self.window.front().and_then(|(_, known)| known.as_ref())
    }

    /// Each operation under way, by number.
    pub fn iter(&self) -> impl Iterator<Item = (OpId, &T)> {
        self.window.iter().filter_map(|(op, known)| Some((*op, known.as_ref()?)))
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Is none under way?
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn position(&self, op: OpId) -> Option<usize> {
        // Where no number is left out, it says the place.
        let (first, _) = self.window.front()?;
        let place = usize::try_from(op.0.checked_sub(first.0)?).ok()?;
        if self.window.get(place).is_some_and(|(other, _)| *other == op) {
            return Some(place);
        }
        self.window.binary_search_by_key(&op, |(other, _)| *other).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(ops: &[u64]) -> ByOp<u64> {
        let mut window = ByOp::default();
        ops.iter().for_each(|op| window.insert(OpId(*op), op * 10));
        window
    }

    #[test]
    fn what_ended_is_gone_and_the_rest_is_found() {
        let mut window = window(&[1, 2, 3, 5]);
        assert_eq!((window.remove(OpId(2)), window.remove(OpId(2)), window.remove(OpId(4))), (Some(20), None, None));
        assert_eq!((window.get(OpId(1)), window.get(OpId(2)), window.get(OpId(5))), (Some(&10), None, Some(&50)));
        assert_eq!((window.len(), window.iter().map(|(op, _)| op.0).collect::<Vec<_>>()), (3, vec![1, 3, 5]));
    }

    #[test]
    fn the_oldest_is_the_first_that_has_not_ended() {
        let mut window = window(&[1, 2, 3]);
        window.remove(OpId(2));
        assert_eq!(window.oldest(), Some(&10));
        window.remove(OpId(1));
        assert_eq!((window.oldest(), window.window.len()), (Some(&30), 1), "and no place is left of those before it");
        window.remove(OpId(3));
        assert!(window.oldest().is_none() && window.is_empty());
    }

    #[test]
    fn numbers_may_come_in_any_order_and_twice() {
        let mut window = window(&[7, 3, 99, 5, 3]);
        assert_eq!(window.iter().map(|(op, _)| op.0).collect::<Vec<_>>(), [3, 5, 7, 99]);
        assert_eq!((window.len(), window.remove(OpId(3)), window.oldest()), (4, Some(30), Some(&50)));
    }
}
