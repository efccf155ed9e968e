//! Something that changes, and who waits for it to do so.

use parking_lot::Mutex;
use std::collections::BTreeMap;
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
    /// By number, so that they are woken in the order in which they first waited.
    wakers: BTreeMap<u64, Waker>,
}

/// One who waits. Dropped, it is forgotten.
pub struct Waiter {
    signal: Signal,
    number: u64,
}

impl Signal {
    /// Somebody who does not wait yet.
    pub fn waiter(&self) -> Waiter {
        let mut waiting = self.waiting.lock();
        waiting.last += 1;
        Waiter { signal: self.clone(), number: waiting.last }
    }

    /// It has changed.
    pub fn change(&self) {
        let woken = std::mem::take(&mut self.waiting.lock().wakers);
        woken.into_values().for_each(Waker::wake);
    }
}

impl Waiter {
    /// Has `waker` woken at the next change.
    pub fn wait(&self, waker: &Waker) {
        self.signal.waiting.lock().wakers.insert(self.number, waker.clone());
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
        self.signal.waiting.lock().wakers.contains_key(&self.number)
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.signal.waiting.lock().wakers.remove(&self.number);
    }
}
