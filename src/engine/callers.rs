//! Who waits for an answer of the engine.

use crate::error::Error;
use std::sync::Arc;
use tokio::sync::oneshot;

/// Where the answer to a request of this node goes.
pub(super) struct Reply<T> {
    to: oneshot::Sender<Result<T, Error>>,
    /// As long as the reply is kept anywhere, its caller waits.
    _counted: Arc<()>,
}

/// The other end: what a caller waits on.
pub(super) type Waits<T> = oneshot::Receiver<Result<T, Error>>;

impl<T> Reply<T> {
    pub(super) fn send(self, answer: Result<T, Error>) {
        let _ = self.to.send(answer);
    }

    /// Nobody waits for it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.to.is_closed()
    }
}

/// Counts the callers who wait.
#[derive(Default)]
pub(super) struct Callers(Arc<()>);

impl Callers {
    /// One more waits.
    pub(super) fn reply<T>(&self) -> (Reply<T>, Waits<T>) {
        let (to, waits) = oneshot::channel();
        (Reply { to, _counted: Arc::clone(&self.0) }, waits)
    }

    pub(super) fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}
