//! The tasks of one process: whoever starts them can wait until they have ended.

use crate::env::{BoxFuture, Env};
use parking_lot::Mutex;
use std::any::Any;
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// A process's tasks. A handle: clones are the same tasks.
#[derive(Clone, Default)]
pub struct Tasks {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// How many have not ended.
    running: usize,
    stopped: bool,
    last: u64,
    /// Those that end at a stop, by number.
    stoppable: BTreeMap<u64, Waker>,
    joining: Vec<Waker>,
}

/// The process was stopped before the future was ready.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stopped;

impl Tasks {
    /// Runs `task` beside the others.
    pub fn spawn(
        &self,
        env: &(impl Env + ?Sized),
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let _running = Running::one_more_of(self.clone());
        env.spawn(name, Box::pin(Counted { task: Box::pin(task), _running }));
    }

    /// Ends what runs [`Tasks::until_stopped`], now and later.
    pub fn stop(&self) {
        let stoppable = {
            let mut state = self.state.lock();
            state.stopped = true;
            std::mem::take(&mut state.stoppable)
        };
        stoppable.into_values().for_each(Waker::wake);
    }

    /// Have they been told to stop?
    pub fn are_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    /// Waits for `future`, but no longer than until [`Tasks::stop`]. Pinned by the caller, as for [`timeout`](crate::env::timeout).
    ///
    /// # Errors
    /// The stop came first.
    pub async fn until_stopped<T>(&self, mut future: impl Future<Output = T> + Unpin) -> Result<T, Stopped> {
        let mut stoppable = Stoppable::new(self);
        poll_fn(|cx| {
            if let Poll::Ready(value) = Pin::new(&mut future).poll(cx) {
                return Poll::Ready(Ok(value));
            }
            let mut state = self.state.lock();
            if state.stopped {
                return Poll::Ready(Err(Stopped));
            }
            if !stoppable.waker.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
                state.stoppable.insert(stoppable.number, cx.waker().clone());
                stoppable.waker = Some(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    /// Waits until none runs.
    pub async fn joined(&self) {
        poll_fn(|cx| {
            let mut state = self.state.lock();
            if state.running == 0 {
                return Poll::Ready(());
            }
            state.joining.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// What a panic was with, to be passed on by [`std::panic::resume_unwind`].
pub type Panic = Box<dyn Any + Send>;

/// Waits for `future`, and outlives its panic: for who has something to put in order before the panic goes on. Pinned by the caller, as for
/// [`timeout`](crate::env::timeout).
///
/// # Errors
/// The future has panicked; it is not polled again.
pub async fn caught<T>(mut future: impl Future<Output = T> + Unpin) -> Result<T, Panic> {
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut future).poll(cx))) {
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// A task that is counted. Boxed, as what is awaited in a block that owns it would have its place twice.
struct Counted {
    task: BoxFuture<()>,
    _running: Running,
}

impl Future for Counted {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.task.as_mut().poll(cx)
    }
}

/// Counts one task, until it is dropped.
struct Running(Tasks);

impl Running {
    fn one_more_of(tasks: Tasks) -> Self {
        tasks.state.lock().running += 1;
        Self(tasks)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let joining = {
            let mut state = self.0.state.lock();
            state.running -= 1;
            if state.running == 0 { std::mem::take(&mut state.joining) } else { Vec::new() }
        };
        joining.into_iter().for_each(Waker::wake);
    }
}

/// The number by which a stop finds a future, until that is over.
struct Stoppable<'a> {
    tasks: &'a Tasks,
    number: u64,
    /// By which it is woken; `None`: it has not waited yet.
    waker: Option<Waker>,
}

impl<'a> Stoppable<'a> {
    fn new(tasks: &'a Tasks) -> Self {
        let mut state = tasks.state.lock();
        state.last += 1;
        Self { tasks, number: state.last, waker: None }
    }
}

impl Drop for Stoppable<'_> {
    fn drop(&mut self) {
        self.tasks.state.lock().stoppable.remove(&self.number);
    }
}
