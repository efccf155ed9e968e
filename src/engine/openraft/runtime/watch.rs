//! A value that tasks wait on for a change. `tokio`'s wakes its waiters in an order drawn from a process-global counter; this one in the
//! order in which they began to wait.

use openraft_rt::watch::SendError;
use openraft_rt::{OptionalSend, OptionalSync, RecvError, Watch, WatchReceiver, WatchSender};
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// See above.
pub(in crate::engine::openraft) struct Watched;

impl Watch for Watched {
    type Sender<T: OptionalSend + OptionalSync> = Sender<T>;
    type Receiver<T: OptionalSend + OptionalSync> = Receiver<T>;
    type Ref<'a, T: OptionalSend + 'a> = Ref<'a, T>;

    fn channel<T: OptionalSend + OptionalSync>(init: T) -> (Self::Sender<T>, Self::Receiver<T>) {
        let present = RwLock::new(Present { value: init, version: 0 });
        let shared = Arc::new(Shared { present, ends: Mutex::new(Ends { senders: 1, ..Ends::default() }) });
        let receiver = Receiver::new(&shared);
        (Sender { shared }, receiver)
    }
}

struct Shared<T> {
    present: RwLock<Present<T>>,
    ends: Mutex<Ends>,
}

struct Present<T> {
    value: T,
    /// How often it has changed.
    version: u64,
}

#[derive(Default)]
struct Ends {
    senders: usize,
    receivers: usize,
    /// Who waits for a change, by when they began to.
    waiting: BTreeMap<u64, Waker>,
    /// The number of the last who waits.
    last: u64,
}

impl<T> Shared<T> {
    fn changed(&self) {
        let waiting = std::mem::take(&mut self.ends.lock().waiting);
        waiting.into_values().for_each(Waker::wake);
    }

    /// The value. Read again by one who reads it already: it is not changed meanwhile, as all is one thread's or short.
    fn read(&self) -> Ref<'_, T> {
        Ref(self.present.read_recursive())
    }
}

/// The value, as it is now; it does not change as long as this is kept.
pub(in crate::engine::openraft) struct Ref<'a, T>(RwLockReadGuard<'a, Present<T>>);

impl<T> Deref for Ref<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

/// Changes the value.
pub(in crate::engine::openraft) struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.ends.lock().senders += 1;
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let is_last = {
            let mut ends = self.shared.ends.lock();
            ends.senders -= 1;
            ends.senders == 0
        };
        if is_last {
            self.shared.changed();
        }
    }
}

impl<T: OptionalSend + OptionalSync> WatchSender<Watched, T> for Sender<T> {
    fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.shared.ends.lock().receivers == 0 {
            return Err(SendError(value));
        }
        self.send_if_modified(|present| {
            *present = value;
            true
        });
        Ok(())
    }

    fn send_if_modified<F>(&self, modify: F) -> bool
    where
        F: FnOnce(&mut T) -> bool,
    {
        let is_modified = {
            let mut present = self.shared.present.write();
            let is_modified = modify(&mut present.value);
            present.version += u64::from(is_modified);
            is_modified
        };
        if is_modified {
            self.shared.changed();
        }
        is_modified
    }

    fn borrow_watched(&self) -> Ref<'_, T> {
        self.shared.read()
    }

    fn subscribe(&self) -> Receiver<T> {
        Receiver::new(&self.shared)
    }
}

/// Sees the value change.
pub(in crate::engine::openraft) struct Receiver<T> {
    shared: Arc<Shared<T>>,
    /// The version that it has seen.
    seen: u64,
}

impl<T> Receiver<T> {
    /// One that has seen the present value.
    fn new(shared: &Arc<Shared<T>>) -> Self {
        shared.ends.lock().receivers += 1;
        let seen = shared.present.read().version;
        Self { shared: Arc::clone(shared), seen }
    }

    fn poll_changed(&mut self, number: u64, cx: &Context<'_>) -> Poll<Result<(), RecvError>> {
        let version = self.shared.present.read().version;
        if version != self.seen {
            self.seen = version;
            return Poll::Ready(Ok(()));
        }
        let mut ends = self.shared.ends.lock();
        if ends.senders == 0 {
            return Poll::Ready(Err(RecvError(())));
        }
        ends.waiting.insert(number, cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.shared.ends.lock().receivers += 1;
        Self { shared: Arc::clone(&self.shared), seen: self.seen }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.shared.ends.lock().receivers -= 1;
    }
}

impl<T: OptionalSend + OptionalSync> WatchReceiver<Watched, T> for Receiver<T> {
    async fn changed(&mut self) -> Result<(), RecvError> {
        let waits = Waits::new(&self.shared);
        poll_fn(|cx| self.poll_changed(waits.number, cx)).await
    }

    fn borrow_watched(&self) -> Ref<'_, T> {
        self.shared.read()
    }

    fn borrow_and_update(&mut self) -> Ref<'_, T> {
        let present = self.shared.read();
        self.seen = present.0.version;
        present
    }
}

/// Forgets who waits when it waits no more.
struct Waits<T> {
    shared: Arc<Shared<T>>,
    number: u64,
}

impl<T> Waits<T> {
    fn new(shared: &Arc<Shared<T>>) -> Self {
        let mut ends = shared.ends.lock();
        ends.last += 1;
        Self { shared: Arc::clone(shared), number: ends.last }
    }
}

impl<T> Drop for Waits<T> {
    fn drop(&mut self) {
        self.shared.ends.lock().waiting.remove(&self.number);
    }
}
