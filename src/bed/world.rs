//! One thread, one clock, one queue of tasks that are ready: what a cluster does depends on nothing else.

use crate::env::{BoxFuture, NodeId};
use crate::tasks::Panic;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Whoever is polled so often while time stands still never comes to rest.
const RESTLESS: usize = 1_000_000;

/// Time and tasks of all nodes. Time moves only when a test moves it.
#[derive(Default)]
pub(crate) struct World {
    /// A task that panics is dropped, and the others run on, as a runtime has it; if not, the test ends.
    outlives_panics: bool,
    state: Mutex<State>,
    ready: Arc<Mutex<VecDeque<u64>>>,
}

#[derive(Default)]
struct State {
    now: u64,
    tasks: BTreeMap<u64, Task>,
    timers: BTreeMap<Timer, Waker>,
    /// The last number that was given to a task or a timer.
    last: u64,
    panics: Vec<Panic>,
}

/// The moment at which it goes off, and its number.
type Timer = (u64, u64);

struct Task {
    /// The node that dies with it; `None`: a client's.
    of: Option<NodeId>,
    future: BoxFuture<()>,
}

impl State {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }
}

impl World {
    pub(crate) fn new(outlives_panics: bool) -> Self {
        Self { outlives_panics, ..Self::default() }
    }

    /// True time in nanoseconds.
    pub(crate) fn now(&self) -> u64 {
        self.state.lock().now
    }

    pub(crate) fn spawn(&self, of: Option<NodeId>, future: BoxFuture<()>) {
        let mut state = self.state.lock();
        let number = state.next();
        state.tasks.insert(number, Task { of, future });
        self.ready.lock().push_back(number);
    }

    /// Drops the tasks of a node, wherever they wait.
    pub(crate) fn kill(&self, node: NodeId) {
        let killed: Vec<_> = self.state.lock().tasks.extract_if(.., |_, task| task.of == Some(node)).collect();
        drop(killed);
    }

    /// How many tasks a node has that have not ended.
    pub(crate) fn tasks_of(&self, node: NodeId) -> usize {
        self.state.lock().tasks.values().filter(|task| task.of == Some(node)).count()
    }

    /// Polls what is ready until nothing is, and tells of each poll.
    pub(crate) fn run_until_idle(&self, polled: impl Fn()) {
        let mut polls = 0;
        while let Some(number) = self.take_ready() {
            polls += 1;
            assert!(polls < RESTLESS, "the tasks do not come to rest");
            let Some(mut task) = self.state.lock().tasks.remove(&number) else { continue };
            let waker = Waker::from(Arc::new(Wakeup { task: number, ready: Arc::clone(&self.ready) }));
            let mut context = Context::from_waker(&waker);
            match catch_unwind(AssertUnwindSafe(|| task.future.as_mut().poll(&mut context))) {
                Ok(Poll::Ready(())) => {}
                Ok(Poll::Pending) => drop(self.state.lock().tasks.insert(number, task)),
                Err(panic) if self.outlives_panics => self.state.lock().panics.push(panic),
                Err(panic) => resume_unwind(panic),
            }
            polled();
        }
    }

    /// What tasks have panicked with since this was asked last.
    pub(crate) fn take_panics(&self) -> Vec<Panic> {
        std::mem::take(&mut self.state.lock().panics)
    }

    fn take_ready(&self) -> Option<u64> {
        self.ready.lock().pop_front()
    }

    /// When the next timer goes off.
    pub(crate) fn next_timer(&self) -> Option<u64> {
        self.state.lock().timers.keys().next().map(|(at, _)| *at)
    }

    /// Moves time to `now` and wakes whose timers have gone off.
    pub(crate) fn advance_to(&self, now: u64) {
        let gone_off: Vec<_> = {
            let mut state = self.state.lock();
            state.now = now;
            state.timers.extract_if(..=(now, u64::MAX), |_, _| true).collect()
        };
        gone_off.into_iter().for_each(|(_, waker)| waker.wake());
    }

    pub(crate) fn sleep(self: &Arc<Self>, nanos: u64) -> Sleep {
        let mut state = self.state.lock();
        let timer = (state.now.saturating_add(nanos), state.next());
        Sleep { world: Arc::clone(self), timer }
    }
}

struct Wakeup {
    task: u64,
    ready: Arc<Mutex<VecDeque<u64>>>,
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.ready.lock().push_back(self.task);
    }
}

/// Over once time has come to its timer.
pub(crate) struct Sleep {
    world: Arc<World>,
    timer: Timer,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.world.state.lock();
        if state.now >= self.timer.0 {
            return Poll::Ready(());
        }
        state.timers.insert(self.timer, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.world.state.lock().timers.remove(&self.timer);
    }
}
