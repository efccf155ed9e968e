//! Something that changes, and who waits for it to do so.

use parking_lot::Mutex;
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};

/// Wakes, at each change, all who wait for the next. A handle: clones are the same signal.
#[derive(Clone, Default)]
pub struct Signal {
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    last: u64,
    places: Vec<Place>,
    free: Vec<usize>,
}

/// The place of one waiter after the other.
struct Place {
    /// Which of all waiters has it.
    number: u64,
    /// `None`: it does not wait.
    waker: Option<Waker>,
}

/// One who waits. Dropped, it is forgotten.
pub struct Waiter {
    signal: Signal,
    place: usize,
}

impl Signal {
    /// Somebody who does not wait yet.
    pub fn waiter(&self) -> Waiter {
        let waiting = &mut *self.waiting.lock();
        waiting.last += 1;
        let newcomer = Place { number: waiting.last, waker: None };
        let place = waiting.free.pop().unwrap_or(waiting.places.len());
        match waiting.places.get_mut(place) {
            Some(free) => *free = newcomer,
            None => waiting.places.push(newcomer),
        }
        Waiter { signal: self.clone(), place }
    }

    /// It has changed. Those who wait are woken in the order in which they came.
    pub fn change(&self) {
        let woken = |place: &mut Place| Some((place.number, place.waker.take()?));
        let mut woken: Vec<_> = self.waiting.lock().places.iter_mut().filter_map(woken).collect();
        woken.sort_by_key(|(number, _)| *number);
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl Waiter {
    /// Has `waker` woken at the next change.
    pub fn wait(&self, waker: &Waker) {
        let known = &mut self.signal.waiting.lock().places[self.place].waker;
        if !known.as_ref().is_some_and(|known| known.will_wake(waker)) {
            *known = Some(waker.clone());
        }
    }
}

impl Signal {
    /// Waits for the next change.
    pub async fn changed(&self) {
        self.changed_or(pending()).await;
    }

    /// Waits for the next change, or for `other`.
    pub async fn changed_or(&self, other: impl Future<Output = ()>) {
        let (waiter, mut other) = (self.waiter(), pin!(other));
        let mut waits = false;
        poll_fn(|cx| {
            let changed = std::mem::replace(&mut waits, true) && !waiter.is_waiting();
            if changed || other.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            waiter.wait(cx.waker());
            Poll::Pending
        })
        .await;
    }
}

impl Waiter {
    /// Has there been no change since it began to wait?
    fn is_waiting(&self) -> bool {
        self.signal.waiting.lock().places[self.place].waker.is_some()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiting = self.signal.waiting.lock();
        waiting.places[self.place].waker = None;
        waiting.free.push(self.place);
    }
}
