//! Processes: sets of tasks that live and die together.
//!
//! The world lets one process run at a time. Within a process the next task is drawn from the process's own stream, so that one
//! more task in one process leaves the order in every other untouched, and so that neighbouring seeds explore different orders.

use super::executor;
use super::streams::Stream;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A running process. A handle: clones are the same process.
#[derive(Clone)]
pub struct Process {
    shared: Arc<Shared>,
}

/// Which processes have something to do, in the order in which they came to have it.
#[derive(Default)]
pub(super) struct Scheduler {
    runnable: Mutex<VecDeque<Arc<Shared>>>,
    all: Mutex<Vec<Weak<Shared>>>,
}

struct Shared {
    name: String,
    scheduler: Arc<Scheduler>,
    state: Mutex<State>,
}

struct State {
    /// Tasks that can go on.
    ready: Vec<usize>,
    /// Tasks that have not begun.
    fresh: Vec<Task>,
    /// In the scheduler's list, or running.
    scheduled: bool,
    dead: bool,
    stream: Stream,
    driver: Option<Waker>,
    /// The world, while it waits for this process to be quiet.
    world: Option<Waker>,
}

impl Scheduler {
    /// Lets every process run until none has anything to do.
    pub(super) async fn settle(&self) {
        loop {
            let Some(process) = self.runnable.lock().pop_front() else { return };
            process.turn().await;
        }
    }

    /// Ends every process. All are dead before the first task is dropped, so that none runs on what another leaves behind.
    pub(super) async fn kill_all(&self) {
        let all = std::mem::take(&mut *self.all.lock());
        all.iter().filter_map(Weak::upgrade).for_each(|shared| Process { shared }.kill());
        self.settle().await;
    }
}

impl Process {
    pub(super) fn start(name: &str, scheduler: Arc<Scheduler>, stream: Stream) -> Self {
        let state = State {
            ready: Vec::new(),
            fresh: Vec::new(),
            scheduled: false,
            dead: false,
            stream,
            driver: None,
            world: None,
        };
        let shared = Arc::new(Shared { name: name.to_owned(), scheduler, state: Mutex::new(state) });
        shared.scheduler.all.lock().push(Arc::downgrade(&shared));
        Self { shared }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Runs `task` in this process. A dead process runs nothing.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_boxed(Box::pin(task));
    }

    /// As [`Process::spawn`], for a task that is boxed already.
    pub fn spawn_boxed(&self, task: Task) {
        let mut state = self.shared.state.lock();
        if !state.dead {
            state.fresh.push(task);
            self.shared.schedule(&mut state);
        }
    }

    /// Ends the process: its tasks are dropped at the end of the turn, and nothing of it runs again.
    pub fn kill(&self) {
        let mut state = self.shared.state.lock();
        state.dead = true;
        state.fresh.clear();
        self.shared.schedule(&mut state);
    }
}

impl Shared {
    fn schedule(self: &Arc<Self>, state: &mut State) {
        if !state.scheduled {
            state.scheduled = true;
            self.scheduler.runnable.lock().push_back(Arc::clone(self));
        }
    }

    /// The world's side of a turn: wakes the driver and waits until it is quiet.
    async fn turn(self: Arc<Self>) {
        let mut woken = false;
        poll_fn(|cx| {
            let mut state = self.state.lock();
            if !state.scheduled {
                return Poll::Ready(());
            }
            if !woken {
                woken = true;
                state.world = Some(cx.waker().clone());
                self.wake_driver(&mut state);
            }
            Poll::Pending
        })
        .await;
    }

    fn wake_driver(self: &Arc<Self>, state: &mut State) {
        match &state.driver {
            Some(driver) => driver.wake_by_ref(),
            None => {
                executor::spawn(&self.name, Driver { shared: Arc::clone(self), tasks: Vec::new(), free: Vec::new() })
            }
        }
    }

    fn task_ready(self: &Arc<Self>, task: usize) {
        let mut state = self.state.lock();
        if !state.dead && !state.ready.contains(&task) {
            state.ready.push(task);
            self.schedule(&mut state);
        }
    }
}

/// The process's side of a turn: one task of the executor that runs the tasks of the process.
struct Driver {
    shared: Arc<Shared>,
    tasks: Vec<Option<(Task, Waker)>>,
    free: Vec<usize>,
}

struct TaskWaker {
    process: Arc<Shared>,
    task: usize,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.process.task_ready(self.task);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.process.task_ready(self.task);
    }
}

impl Driver {
    /// The next task to run, drawn from those that can; `None` ends the turn.
    fn next(&mut self) -> Option<usize> {
        let mut state = self.shared.state.lock();
        for task in std::mem::take(&mut state.fresh) {
            let slot = self.free.pop().unwrap_or(self.tasks.len());
            let waker = Waker::from(Arc::new(TaskWaker { process: Arc::clone(&self.shared), task: slot }));
            match self.tasks.get_mut(slot) {
                Some(vacant) => *vacant = Some((task, waker)),
                None => self.tasks.push(Some((task, waker))),
            }
            state.ready.push(slot);
        }
        if state.dead || state.ready.is_empty() {
            state.scheduled = false;
            return None;
        }
        let choices = state.ready.len() as u64;
        let chosen = if choices == 1 { 0 } else { state.stream.below(choices) as usize };
        Some(state.ready.swap_remove(chosen))
    }

    fn run(&mut self, slot: usize) {
        // A waker of a task that has ended may wake the slot's next tenant: harmless, as any future bears a needless poll.
        let Some((task, waker)) = self.tasks[slot].as_mut() else { return };
        if task.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
            self.tasks[slot] = None;
            self.free.push(slot);
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = self.get_mut();
        while let Some(slot) = driver.next() {
            driver.run(slot);
        }
        let shared = Arc::clone(&driver.shared);
        let (dead, world) = {
            let mut state = shared.state.lock();
            if state.driver.is_none() {
                state.driver = Some(cx.waker().clone());
            }
            (state.dead, state.world.take())
        };
        if dead {
            // Dropping the tasks may wake others; the world goes on only after that.
            driver.tasks.clear();
        }
        if let Some(world) = world {
            world.wake();
        }
        if dead { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Lets the other tasks of the process go first.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
