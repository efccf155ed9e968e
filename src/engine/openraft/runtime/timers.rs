//! What waits for the process's clock.

use super::clock::Moment;
use super::scope::Scope;
use crate::env::Wait;
use openraft_rt::OptionalSend;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

impl openraft_rt::Instant for Moment {
    fn now() -> Self {
        Scope::current().now()
    }
}

/// Over when the clock has gone on for so long.
pub(in crate::engine::openraft) struct Sleep(Wait);

impl Sleep {
    /// From now on.
    pub(super) fn begin(duration: Duration) -> Self {
        Self(Scope::current().host().sleep(duration))
    }

    /// At once, where that has passed.
    pub(super) fn until(deadline: Moment) -> Self {
        let left = deadline.since(Scope::current().now());
        if left.is_zero() { Self(Wait::Over) } else { Self::begin(left) }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}

/// The time of a future has passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine::openraft) struct Passed;

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time has passed")
    }
}

/// A future that has so much time. No timer is started for one that is ready at once.
pub(in crate::engine::openraft) struct Limited<F> {
    future: Pin<Box<F>>,
    deadline: Moment,
    timer: Option<Sleep>,
}

impl<F: Future + OptionalSend> Limited<F> {
    pub(super) fn new(deadline: Moment, future: F) -> Self {
        Self { future: Box::pin(future), deadline, timer: None }
    }
}

impl<F: Future> Future for Limited<F> {
    type Output = Result<F::Output, Passed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { future, deadline, timer } = self.get_mut();
        if let Poll::Ready(value) = future.as_mut().poll(cx) {
            return Poll::Ready(Ok(value));
        }
        let timer = timer.get_or_insert_with(|| Sleep::until(*deadline));
        Pin::new(timer).poll(cx).map(|()| Err(Passed))
    }
}
