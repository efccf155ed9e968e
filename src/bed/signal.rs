//! A condition that tasks wait for and a test makes true.

use parking_lot::Mutex;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Wakes those who wait whenever something may have changed.
#[derive(Default)]
pub(crate) struct Signal(Mutex<Vec<Waker>>);

impl Signal {
    /// Waits until `holds`; it is asked again after each [`Signal::changed`].
    pub(crate) async fn until(&self, holds: impl Fn() -> bool) {
        poll_fn(|cx| {
            if holds() {
                return Poll::Ready(());
            }
            self.0.lock().push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    pub(crate) fn changed(&self) {
        std::mem::take(&mut *self.0.lock()).into_iter().for_each(Waker::wake);
    }
}
