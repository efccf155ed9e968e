//! Waiting for a moment.

use parking_lot::Mutex;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A wait. Dropped before its time, it is forgotten.
pub struct Timer {
    cell: Option<Arc<TimerCell>>,
}

#[derive(Default)]
pub(super) struct TimerCell {
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Waiting(Waker),
    Fired,
}

impl Timer {
    pub(super) fn new() -> (Self, Arc<TimerCell>) {
        let cell = Arc::new(TimerCell::default());
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
        if let State::Waiting(waker) = std::mem::replace(&mut *self.state.lock(), State::Fired) {
            waker.wake();
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
            State::Idle | State::Waiting(_) => *state = State::Waiting(cx.waker().clone()),
        }
        Poll::Pending
    }
}
