//! Waiting for a moment.

use parking_lot::Mutex;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

/// A wait. Dropped before its time, it is forgotten.
pub struct Timer {
    cell: Option<Arc<TimerCell>>,
}

pub(super) struct TimerCell {
    state: Mutex<State>,
    /// Counts the timers that were dropped before their time.
    forgotten: Arc<AtomicUsize>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Waiting(Waker),
    Fired,
    Forgotten,
}

impl Timer {
    pub(super) fn new(forgotten: &Arc<AtomicUsize>) -> (Self, Arc<TimerCell>) {
        let cell = Arc::new(TimerCell { state: Mutex::default(), forgotten: Arc::clone(forgotten) });
        (Self { cell: Some(Arc::clone(&cell)) }, cell)
    }

    /// A wait that is over.
    pub(super) fn over() -> Self {
        Self { cell: None }
    }

    /// Is there nothing to wait for?
    pub fn is_over(&self) -> bool {
        self.cell.is_none()
    }
}

impl TimerCell {
    pub(super) fn fire(&self) {
        let before = std::mem::replace(&mut *self.state.lock(), State::Fired);
        if let State::Waiting(waker) = before {
            waker.wake();
        }
    }

    pub(super) fn is_forgotten(&self) -> bool {
        matches!(*self.state.lock(), State::Forgotten)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let Some(cell) = &self.cell else { return };
        let mut state = cell.state.lock();
        if !matches!(*state, State::Fired) {
            *state = State::Forgotten;
            cell.forgotten.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(cell) = &self.cell else { return Poll::Ready(()) };
        let mut state = cell.state.lock();
        match &*state {
            State::Fired => return Poll::Ready(()),
            State::Waiting(waker) if waker.will_wake(cx.waker()) => {}
            State::Idle | State::Waiting(_) | State::Forgotten => *state = State::Waiting(cx.waker().clone()),
        }
        Poll::Pending
    }
}
