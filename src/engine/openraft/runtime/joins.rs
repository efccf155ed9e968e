//! The end of a task.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// What a task has come to that has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine::openraft) enum Ended {
    /// It panicked.
    Panicked,
    /// It was dropped, as its process was killed.
    Dropped,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ended::Panicked => "the task panicked",
            Ended::Dropped => "the task was dropped",
        })
    }
}

/// Waits for a task; the task runs on when this is dropped.
pub(in crate::engine::openraft) struct Joins<T>(oneshot::Receiver<Result<T, Ended>>);

impl<T> Joins<T> {
    pub(super) fn new(waits: oneshot::Receiver<Result<T, Ended>>) -> Self {
        Self(waits)
    }
}

impl<T> Future for Joins<T> {
    type Output = Result<T, Ended>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = Pin::new(&mut self.get_mut().0).poll(cx);
        ended.map(|ended| ended.unwrap_or(Err(Ended::Dropped)))
    }
}
