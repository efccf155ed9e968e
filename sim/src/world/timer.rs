//! Waiting for a moment.

use super::queue::Ticket;
use super::{Due, World};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A wait. Dropped before its time, it is forgotten.
pub struct Timer<M: 'static> {
    /// `None`: it is over.
    waits: Option<(World<M>, Ticket)>,
}

impl<M> Timer<M> {
    pub(super) fn waiting(world: World<M>, ticket: Ticket) -> Self {
        Self { waits: Some((world, ticket)) }
    }

    /// A wait that is over.
    pub(super) fn over() -> Self {
        Self { waits: None }
    }

    /// Is there nothing to wait for?
    pub fn is_over(&self) -> bool {
        self.waits.is_none()
    }
}

impl<M> Future for Timer<M> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some((world, ticket)) = &self.waits else { return Poll::Ready(()) };
        match world.shared.state.lock().queue.get_mut(*ticket) {
            Some(Due::Timer(Some(waker))) if waker.will_wake(cx.waker()) => return Poll::Pending,
            Some(due) => {
                *due = Due::Timer(Some(cx.waker().clone()));
                return Poll::Pending;
            }
            None => {}
        }
        self.waits = None;
        Poll::Ready(())
    }
}

impl<M> Drop for Timer<M> {
    fn drop(&mut self) {
        if let Some((world, ticket)) = &self.waits {
            let forgotten = world.shared.state.lock().queue.take_back(*ticket);
            drop(forgotten);
        }
    }
}
