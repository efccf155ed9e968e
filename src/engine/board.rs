//! What an engine has published, and who waits for what it publishes.

use super::Status;
use super::callers::{Callers, Reply};
use crate::error::{Error, Outcome};
use parking_lot::Mutex;
use std::collections::BTreeMap;

/// What readers beside the engine see.
#[derive(Default)]
pub(super) struct Board {
    pub(super) callers: Callers,
    published: Mutex<Published>,
}

#[derive(Default)]
struct Published {
    status: Status,
    closed: bool,
    /// Who waits for which index to be applied, in the order in which they came.
    waiting: BTreeMap<u64, (u64, Reply<()>)>,
    /// How the engine ended, and who waits for that.
    end: Option<Result<(), Error>>,
    awaiting_end: BTreeMap<u64, Reply<()>>,
    /// The number of the last who waits for either.
    last: u64,
}

impl Published {
    /// A number for one more who waits.
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

/// Forgets who waits for what is published when its future goes.
struct Registered<'a> {
    board: &'a Board,
    number: u64,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        let mut published = self.board.published.lock();
        published.waiting.remove(&self.number);
        published.awaiting_end.remove(&self.number);
    }
}

impl Board {
    /// What is published now.
    pub(super) fn status(&self) -> Status {
        self.published.lock().status
    }

    /// Publishes `status`, and lets those go who waited for its applied index. Is that another than before?
    pub(super) fn publish(&self, status: Status) -> bool {
        let mut published = self.published.lock();
        let advanced = status.applied != published.status.applied;
        published.status = status;
        if advanced {
            for (_, (_, waiter)) in published.waiting.extract_if(.., |_, (index, _)| *index <= status.applied) {
                waiter.send(Ok(()));
            }
        }
        advanced
    }

    /// The engine does nothing more: who waits for an index hears that nothing more is applied.
    pub(super) fn close(&self) {
        let mut published = self.published.lock();
        published.closed = true;
        published.status = Status { term: published.status.term, ..Status::default() };
        published.waiting.clear();
    }

    /// Tells who waits for it how the engine ended.
    pub(super) fn end(&self, end: Result<(), Error>) {
        let mut published = self.published.lock();
        for waiter in std::mem::take(&mut published.awaiting_end).into_values() {
            waiter.send(end.clone());
        }
        published.end = Some(end);
    }

    /// Waits until the published applied index is at least `index`.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub(super) async fn applied(&self, index: u64) -> Result<(), Error> {
        let (_registered, receiver) = {
            let mut published = self.published.lock();
            if published.status.applied >= index {
                return Ok(());
            }
            if published.closed {
                return Err(Error::Closed(Outcome::NotApplied));
            }
            let (reply, receiver) = self.callers.reply();
            let number = published.next();
            published.waiting.insert(number, (index, reply));
            (Registered { board: self, number }, receiver)
        };
        receiver.await.unwrap_or(Err(Error::Closed(Outcome::NotApplied)))
    }

    /// Waits until the engine has stopped.
    ///
    /// # Errors
    /// What stopped it, if nobody asked it to.
    pub(super) async fn ended(&self) -> Result<(), Error> {
        let (_registered, receiver) = {
            let mut published = self.published.lock();
            if let Some(end) = published.end.clone() {
                return end;
            }
            let (reply, receiver) = self.callers.reply();
            let number = published.next();
            published.awaiting_end.insert(number, reply);
            (Registered { board: self, number }, receiver)
        };
        // An engine that is gone without a word went with its process.
        receiver.await.unwrap_or(Ok(()))
    }
}
