//! Which process the code that runs now belongs to.

use super::clock::Moment;
use crate::env::{Instant, nanos};
use crate::observe::Host;
use crate::tasks::Tasks;
use parking_lot::Mutex;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

thread_local! {
    static CURRENT: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// One process, for functions that are given none. A handle: clones are the same.
#[derive(Clone)]
pub(in crate::engine::openraft) struct Scope(Arc<Process>);

struct Process {
    host: Arc<dyn Host>,
    tasks: Tasks,
    clock: Mutex<Clock>,
    panicked: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// A clock that only goes on.
#[derive(Default)]
struct Clock {
    reading: Instant,
    /// How far it has gone on, in all.
    passed: Duration,
}

impl Scope {
    /// What is spawned in it is one of `tasks`.
    pub(in crate::engine::openraft) fn new(host: Arc<dyn Host>, tasks: Tasks) -> Self {
        Self(Arc::new(Process { host, tasks, clock: Mutex::default(), panicked: OnceLock::new() }))
    }

    /// That of the code that runs now.
    ///
    /// # Panics
    /// It belongs to none: openraft was called outside of [`Scope::enter`].
    pub(in crate::engine::openraft) fn current() -> Self {
        let current = CURRENT.with_borrow(Clone::clone);
        current.expect("openraft is called inside a scope alone")
    }

    /// Lets `future` run in this scope, whoever polls or drops it.
    pub(in crate::engine::openraft) fn enter<F: Future>(&self, future: F) -> Entered<F> {
        Entered { scope: self.clone(), future: Some(Box::pin(future)) }
    }

    pub(in crate::engine::openraft) fn host(&self) -> &Arc<dyn Host> {
        &self.0.host
    }

    /// Runs `task` beside the others, until it ends or they are stopped; then it is dropped where it is.
    pub(in crate::engine::openraft) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let tasks = self.0.tasks.clone();
        let task = self.enter(task);
        self.0.tasks.spawn(&**self.host(), "openraft", async move {
            let _ = tasks.until_stopped(task).await;
        });
    }

    /// What is done when a task panics, before whoever runs the process hears of it.
    pub(in crate::engine::openraft) fn when_panicked(&self, then: impl Fn() + Send + Sync + 'static) {
        let _ = self.0.panicked.set(Box::new(then));
    }

    pub(super) fn panicked(&self) {
        if let Some(then) = self.0.panicked.get() {
            then();
        }
    }

    /// Reads the clock. One that cannot be read stands still, and one that is set back goes on from where it was: openraft knows of neither.
    /// Whatever decides by the present whether a lease is in force reads the clock itself, and fails closed.
    pub(super) fn now(&self) -> Moment {
        let mut clock = self.0.clock.lock();
        if let Ok(reading) = self.host().monotonic() {
            let passed = reading.since(clock.reading);
            clock.passed += passed;
            clock.reading = reading;
        }
        Moment::after_origin(clock.passed)
    }

    /// What the clock read at `moment`, had it never been set.
    pub(in crate::engine::openraft) fn reading(&self, moment: Moment) -> Instant {
        let clock = self.0.clock.lock();
        let ago = Moment::after_origin(clock.passed) - moment;
        Instant::from_nanos(clock.reading.as_nanos().saturating_sub(nanos(ago)))
    }

    fn inside(&self) -> Inside {
        Inside(CURRENT.replace(Some(self.clone())))
    }
}

/// The present scope, until it is dropped; then that before it.
struct Inside(Option<Scope>);

impl Drop for Inside {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// A future in a scope.
pub(in crate::engine::openraft) struct Entered<F> {
    scope: Scope,
    /// `None`: it is being dropped.
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Entered<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Self { scope, future } = self.get_mut();
        let _inside = scope.inside();
        match future {
            Some(future) => future.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Entered<F> {
    fn drop(&mut self) {
        let _inside = self.scope.inside();
        self.future = None;
    }
}
