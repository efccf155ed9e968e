//! What openraft runs on: tasks, timers, clock and random numbers of the process, by its [`Env`](crate::env::Env).
//!
//! openraft asks for all of that by functions without a `self`. Which process asks is therefore a property of the task: whoever calls
//! openraft does so inside a [`Scope`], and what openraft spawns there runs in the same one, at each poll.
//!
//! Nothing in here depends on a runtime, or draws an order: queues are first in, first out, of several that wait for a value the one that
//! has waited longest is woken first, and of several futures the first in the order of their names is taken (openraft 0.10.0-alpha.37 asks
//! for no other kind of `select`).

mod channels;
mod clock;
mod joins;
mod random;
mod scope;
mod timers;
mod watch;

use crate::tasks::caught;
use channels::{Once, Queue, Turns};
use clock::Moment;
use joins::{Ended, Joins};
use openraft_rt::{AsyncRuntime, OptionalSend};
use random::Draws;
use std::future::Future;
use std::io;
use std::panic::resume_unwind;
use std::pin::pin;
use std::time::Duration;
use timers::{Limited, Passed, Sleep};
use tokio::sync::oneshot;
use watch::Watched;

pub(super) use scope::Scope;
#[cfg(test)]
pub(super) use tests::Bench;

/// The process in whose [`Scope`] the caller is.
#[derive(Debug)]
pub(super) struct Runtime {
    #[cfg(test)]
    bench: tests::Bench,
}

impl AsyncRuntime for Runtime {
    type JoinError = Ended;
    type JoinHandle<T: OptionalSend + 'static> = Joins<T>;
    type Sleep = Sleep;
    type Instant = Moment;
    type TimeoutError = Passed;
    type Timeout<R, T: Future<Output = R> + OptionalSend> = Limited<T>;
    type ThreadLocalRng = Draws;
    type Mpsc = Queue;
    type Watch = Watched;
    type Oneshot = Once;
    type Mutex<T: OptionalSend + 'static> = Turns<T>;

    fn spawn<T>(future: T) -> Self::JoinHandle<T::Output>
    where
        T: Future + OptionalSend + 'static,
        T::Output: OptionalSend + 'static,
    {
        let scope = Scope::current();
        let (ended, waits) = oneshot::channel();
        scope.spawn(async move {
            match caught(pin!(future)).await {
                Ok(value) => {
                    let _ = ended.send(Ok(value));
                }
                // Who waits for the task hears of it; then the panic goes on to whoever runs the process.
                Err(panic) => {
                    let _ = ended.send(Err(Ended::Panicked));
                    Scope::current().panicked();
                    resume_unwind(panic);
                }
            }
        });
        Joins::new(waits)
    }

    fn sleep(duration: Duration) -> Self::Sleep {
        Sleep::begin(duration)
    }

    fn sleep_until(deadline: Self::Instant) -> Self::Sleep {
        Sleep::until(deadline)
    }

    fn timeout<R, F: Future<Output = R> + OptionalSend>(duration: Duration, future: F) -> Self::Timeout<R, F> {
        Limited::new(Scope::current().now() + duration, future)
    }

    fn timeout_at<R, F: Future<Output = R> + OptionalSend>(deadline: Self::Instant, future: F) -> Self::Timeout<R, F> {
        Limited::new(deadline, future)
    }

    fn is_panic(join_error: &Self::JoinError) -> bool {
        *join_error == Ended::Panicked
    }

    fn thread_rng() -> Self::ThreadLocalRng {
        Draws::new(Scope::current())
    }

    /// For openraft's tests of a runtime alone; openraft itself asks for none.
    ///
    /// # Panics
    /// Outside the tests of this crate: there is none to be made, the runtime is the process that calls.
    fn new(_threads: usize) -> Self {
        #[cfg(test)]
        return Self { bench: tests::Bench::default() };
        #[cfg(not(test))]
        panic!("openraft runs in the tasks of a process: nothing makes it a runtime of its own")
    }

    /// See [`Runtime::new`].
    #[cfg_attr(not(test), expect(unused_variables, reason = "outside tests there is no value of this type"))]
    fn block_on<F, T>(&mut self, future: F) -> T
    where
        F: Future<Output = T>,
    {
        #[cfg(test)]
        return self.bench.block_on(future);
        #[cfg(not(test))]
        panic!("openraft runs in the tasks of a process: nothing makes it a runtime of its own")
    }

    /// In the task that asks: a process has no threads beside its tasks. openraft asks for it in its tests alone.
    async fn spawn_blocking<F, T>(work: F) -> Result<T, io::Error>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Ok(work())
    }
}

#[cfg(test)]
mod tests;
