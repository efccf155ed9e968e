//! Traps at named points of the code: the next task of a node's process that comes to one is held there.

use super::prelude::*;

/// A trap, by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct TrapId(u64);

/// What a trap does with the task that springs it: how it waits.
pub type Spring = Box<dyn FnOnce() -> Wait + Send>;

/// The traps of one node. They outlive its process.
#[derive(Default)]
pub(super) struct Traps {
    /// Is there any? Points are passed often, and traps are rare.
    armed: AtomicBool,
    set: Mutex<Set>,
}

#[derive(Default)]
struct Set {
    last: u64,
    traps: Vec<(TrapId, Point, Spring)>,
}

impl Traps {
    pub(super) fn set(&self, point: Point, spring: Spring) -> TrapId {
        let mut set = self.set.lock();
        set.last += 1;
        let id = TrapId(set.last);
        set.traps.push((id, point, spring));
        self.armed.store(true, Ordering::Relaxed);
        id
    }

    /// Removes a trap, if nothing has sprung it.
    pub(super) fn remove(&self, id: TrapId) {
        let mut set = self.set.lock();
        let removed: Vec<_> = set.traps.extract_if(.., |(other, ..)| *other == id).collect();
        self.armed.store(!set.traps.is_empty(), Ordering::Relaxed);
        drop(set);
        drop(removed);
    }

    /// A task is at `point`: how it waits, if there is a trap.
    pub(super) fn spring(&self, point: Point) -> Option<Wait> {
        if !self.armed.load(Ordering::Relaxed) {
            return None;
        }
        let (.., spring) = {
            let mut set = self.set.lock();
            let position = set.traps.iter().position(|(_, at, _)| *at == point)?;
            let sprung = set.traps.remove(position);
            self.armed.store(!set.traps.is_empty(), Ordering::Relaxed);
            sprung
        };
        Some(spring())
    }

    /// Removes all traps: what they would do refers to the cluster that they are part of.
    pub(super) fn clear(&self) {
        let traps = std::mem::take(&mut self.set.lock().traps);
        drop(traps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_holds_the_first_task_that_comes_to_its_point_and_no_other() {
        let traps = Traps::default();
        assert!(traps.spring(Point::Sent).is_none());
        traps.set(Point::Sent, Box::new(|| Wait::Over));
        assert!(traps.spring(Point::Applied).is_none());
        assert!(traps.spring(Point::Sent).is_some());
        assert!(traps.spring(Point::Sent).is_none());
    }

    #[test]
    fn a_trap_that_was_removed_holds_nobody() {
        let traps = Traps::default();
        let id = traps.set(Point::Sent, Box::new(|| Wait::Over));
        traps.remove(id);
        assert!(traps.spring(Point::Sent).is_none());
    }
}
