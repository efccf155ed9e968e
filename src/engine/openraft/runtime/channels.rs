//! Queues, answers and locks: those of the crate `tokio` that serve in order of arrival and need no runtime.

use openraft_rt::{Mpsc, MpscReceiver, MpscSender, MpscWeakSender, Oneshot, OneshotSender, OptionalSend};
use openraft_rt::{SendError, TryRecvError};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::{MutexGuard, mpsc, oneshot};

/// A bounded queue: who finds it full waits for those who came before.
pub(in crate::engine::openraft) struct Queue;

impl Mpsc for Queue {
    type Sender<T: OptionalSend> = Sender<T>;
    type Receiver<T: OptionalSend> = Receiver<T>;
    type WeakSender<T: OptionalSend> = WeakSender<T>;

    fn channel<T: OptionalSend>(buffer: usize) -> (Self::Sender<T>, Self::Receiver<T>) {
        let (sender, receiver) = mpsc::channel(buffer);
        (Sender(sender), Receiver(receiver))
    }
}

/// Where it is filled.
pub(in crate::engine::openraft) struct Sender<T>(mpsc::Sender<T>);

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: OptionalSend> MpscSender<Queue, T> for Sender<T> {
    async fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.0.send(message).await.map_err(|refused| SendError(refused.0))
    }

    fn downgrade(&self) -> WeakSender<T> {
        WeakSender(self.0.downgrade())
    }
}

/// A [`Sender`] that does not keep the queue open.
pub(in crate::engine::openraft) struct WeakSender<T>(mpsc::WeakSender<T>);

impl<T> Clone for WeakSender<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: OptionalSend> MpscWeakSender<Queue, T> for WeakSender<T> {
    fn upgrade(&self) -> Option<Sender<T>> {
        self.0.upgrade().map(Sender)
    }
}

/// Where it is emptied.
pub(in crate::engine::openraft) struct Receiver<T>(mpsc::Receiver<T>);

impl<T: OptionalSend> MpscReceiver<T> for Receiver<T> {
    async fn recv(&mut self) -> Option<T> {
        self.0.recv().await
    }

    fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.0.try_recv().map_err(|error| match error {
            mpsc::error::TryRecvError::Empty => TryRecvError::Empty,
            mpsc::error::TryRecvError::Disconnected => TryRecvError::Disconnected,
        })
    }
}

/// One answer.
pub(in crate::engine::openraft) struct Once;

impl Oneshot for Once {
    type Sender<T: OptionalSend> = Answer<T>;
    type Receiver<T: OptionalSend> = Answered<T>;
    type ReceiverError = oneshot::error::RecvError;

    fn channel<T: OptionalSend>() -> (Self::Sender<T>, Self::Receiver<T>) {
        let (answer, answered) = oneshot::channel();
        (Answer(answer), Answered(answered))
    }
}

/// Where it is given.
pub(in crate::engine::openraft) struct Answer<T>(oneshot::Sender<T>);

impl<T: OptionalSend> OneshotSender<T> for Answer<T> {
    fn send(self, answer: T) -> Result<(), T> {
        self.0.send(answer)
    }
}

/// Where it is awaited.
pub(in crate::engine::openraft) struct Answered<T>(oneshot::Receiver<T>);

impl<T> Future for Answered<T> {
    type Output = Result<T, oneshot::error::RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx)
    }
}

/// A lock: who finds it taken waits for those who came before.
pub(in crate::engine::openraft) struct Turns<T>(tokio::sync::Mutex<T>);

impl<T: OptionalSend + 'static> openraft_rt::Mutex<T> for Turns<T> {
    type Guard<'a> = MutexGuard<'a, T>;

    fn new(value: T) -> Self {
        Self(tokio::sync::Mutex::new(value))
    }

    async fn lock(&self) -> Self::Guard<'_> {
        self.0.lock().await
    }
}
