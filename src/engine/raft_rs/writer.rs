//! The one task that writes to the disk, so that the loop never waits for it.
//!
//! It does one thing after the other and tells the loop of each. When the loop has gone, nobody wants what is under way: it is
//! left as a crash would leave it, and a disk that stands still holds up no stop.

use super::Shared;
use crate::env::{BoxFuture, DiskError};
use crate::error::Error;
use crate::tasks::caught;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

/// Something to write.
pub(super) type Job = BoxFuture<Result<(), DiskError>>;

/// Where the loop puts what is to be done.
pub(super) type Writer = UnboundedSender<Job>;

/// Does what it is given, until nobody is there to give it anything.
pub(super) async fn write(mut jobs: UnboundedReceiver<Job>, shared: Arc<Shared>) {
    while let Some(mut job) = jobs.recv().await {
        let done = poll_fn(|cx| match job.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            // The loop gives one job at a time: what it can still say while one is under way is that it has gone.
            Poll::Pending => jobs.poll_recv(cx).map(|_| None),
        });
        match caught(done).await {
            Ok(None) => return,
            Ok(Some(done)) => shared.inbox.written(done.map_err(Error::from)),
            Err(panic) => {
                shared.inbox.written(Err(Error::Panicked));
                resume_unwind(panic);
            }
        }
    }
}
