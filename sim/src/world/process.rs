//! Processes: sets of tasks that live and die together.
//!
//! The world lets one process run at a time, until it is quiet. Within a process the next task is drawn from the process's own
//! stream, so that one more task in one process leaves the order in every other untouched, and so that seeds explore different
//! orders. madsim could run the tasks, but it draws the order of all of them from one stream, and takes 0.2 us longer for each.

use super::streams::Stream;
use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A running process. A handle: clones are the same process.
#[derive(Clone)]
pub struct Process {
    scheduler: Arc<Scheduler>,
    number: usize,
}

/// The processes of a world. They live as long as it does, whoever else knows them.
#[derive(Default)]
pub(super) struct Scheduler {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    processes: Vec<Tasks>,
    /// Which processes have something to do, in the order in which they came to have it. It is the turn of the first.
    runnable: VecDeque<usize>,
}

/// The tasks of one process.
struct Tasks {
    /// `None`: of one that is running.
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    ready: Ready,
    /// Those that have not begun.
    fresh: Vec<Task>,
    /// The process is among the runnable.
    scheduled: bool,
    paused: bool,
    dead: bool,
    stream: Stream,
}

/// The slots of tasks that can go on.
#[derive(Default)]
struct Ready {
    places: Vec<usize>,
    /// How often each slot is among them: twice, where it was woken for one that had ended and another began in it.
    times: Vec<u32>,
}

/// A place of one task after the other. A waker of one that has ended may wake the next: harmless, as any future bears a needless poll.
struct Slot {
    /// `None`: it has ended.
    task: Option<Task>,
    waker: Waker,
}

impl Scheduler {
    /// Lets every process run until none has anything to do. While a task runs, or is dropped, nothing is locked: it may wake others.
    pub(super) fn settle(self: &Arc<Self>) {
        let state = &mut self.state.lock();
        while let Some(process) = state.runnable.front().copied() {
            let tasks = &mut state.processes[process];
            if let Some((place, mut slot)) = tasks.next(|place| TaskWaker::waker(self, process, place)) {
                // Of a task that panics what is left is dropped in there, too.
                let slot = MutexGuard::unlocked(state, move || {
                    slot.poll();
                    slot
                });
                state.processes[process].put_back(place, slot);
                continue;
            }
            tasks.scheduled = false;
            let left = tasks.dead.then(|| (std::mem::take(&mut tasks.fresh), std::mem::take(&mut tasks.slots)));
            state.runnable.pop_front();
            if left.is_some() {
                MutexGuard::unlocked(state, || drop(left));
            }
        }
    }

    /// Ends every process. All are dead before the first task is dropped, so that none runs on what another leaves behind.
    pub(super) fn kill_all(self: &Arc<Self>) {
        let count = self.state.lock().processes.len();
        (0..count).for_each(|number| Process { scheduler: Arc::clone(self), number }.kill());
        self.settle();
    }
}

impl State {
    fn schedule(&mut self, process: usize) {
        let tasks = &mut self.processes[process];
        if !tasks.scheduled && (!tasks.paused || tasks.dead) {
            tasks.scheduled = true;
            self.runnable.push_back(process);
        }
    }
}

impl Tasks {
    /// The task to run next, out of its place; `None`: none can, or may.
    fn next(&mut self, waker: impl Fn(usize) -> Waker) -> Option<(usize, Slot)> {
        if self.dead || self.paused {
            return None;
        }
        if !self.fresh.is_empty() {
            self.begin(waker);
        }
        self.draw()
    }

    /// What has not begun can go on from now on.
    fn begin(&mut self, waker: impl Fn(usize) -> Waker) {
        for task in self.fresh.drain(..) {
            let place = self.free.pop().unwrap_or(self.slots.len());
            match self.slots.get_mut(place) {
                Some(slot) => slot.get_or_insert_with(|| Slot { task: None, waker: waker(place) }).task = Some(task),
                None => self.slots.push(Some(Slot { task: Some(task), waker: waker(place) })),
            }
            self.ready.push(place);
        }
    }

    /// The next to run, drawn from those that can; it is taken out.
    fn draw(&mut self) -> Option<(usize, Slot)> {
        loop {
            let chosen = match self.ready.places.len() {
                0 => return None,
                1 => 0,
                choices => self.stream.below(choices as u64) as usize,
            };
            let place = self.ready.take(chosen);
            if let Some(slot) = self.slots[place].take_if(|slot| slot.task.is_some()) {
                return Some((place, slot));
            }
        }
    }

    fn put_back(&mut self, place: usize, slot: Slot) {
        if slot.task.is_none() {
            self.free.push(place);
        }
        self.slots[place] = Some(slot);
    }
}

impl Ready {
    fn push(&mut self, place: usize) {
        if place >= self.times.len() {
            self.times.resize(place + 1, 0);
        }
        self.times[place] += 1;
        self.places.push(place);
    }

    fn contains(&self, place: usize) -> bool {
        self.times.get(place).is_some_and(|times| *times > 0)
    }

    fn take(&mut self, chosen: usize) -> usize {
        let place = self.places.swap_remove(chosen);
        self.times[place] -= 1;
        place
    }
}

impl Slot {
    fn poll(&mut self) {
        let Self { task, waker } = self;
        if task.as_mut().is_some_and(|task| task.as_mut().poll(&mut Context::from_waker(waker)).is_ready()) {
            *task = None;
        }
    }
}

impl Process {
    pub(super) fn start(scheduler: Arc<Scheduler>, stream: Stream) -> Self {
        let number = {
            let processes = &mut scheduler.state.lock().processes;
            processes.push(Tasks {
                slots: Vec::new(),
                free: Vec::new(),
                ready: Ready::default(),
                fresh: Vec::new(),
                scheduled: false,
                paused: false,
                dead: false,
                stream,
            });
            processes.len() - 1
        };
        Self { scheduler, number }
    }

    /// Runs `task` in this process. A dead process runs nothing.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_boxed(Box::pin(task));
    }

    /// As [`Process::spawn`], for a task that is boxed already.
    pub fn spawn_boxed(&self, task: Task) {
        let mut state = self.scheduler.state.lock();
        let tasks = &mut state.processes[self.number];
        if !tasks.dead {
            tasks.fresh.push(task);
            state.schedule(self.number);
        }
    }

    /// Lets the process stand still: nothing of it runs, what wakes its tasks is remembered.
    pub fn pause(&self) {
        self.scheduler.state.lock().processes[self.number].paused = true;
    }

    /// Lets it go on. Returns whether the pause delayed anything that could have run.
    pub fn resume(&self) -> bool {
        let mut state = self.scheduler.state.lock();
        let tasks = &mut state.processes[self.number];
        tasks.paused = false;
        let delayed = !tasks.ready.places.is_empty() || !tasks.fresh.is_empty();
        if delayed {
            state.schedule(self.number);
        }
        delayed
    }

    /// Ends the process: nothing of it runs again, its tasks are dropped before the next event.
    pub fn kill(&self) {
        let mut state = self.scheduler.state.lock();
        state.processes[self.number].dead = true;
        state.schedule(self.number);
    }
}

struct TaskWaker {
    scheduler: Arc<Scheduler>,
    process: usize,
    place: usize,
}

impl TaskWaker {
    fn waker(scheduler: &Arc<Scheduler>, process: usize, place: usize) -> Waker {
        Waker::from(Arc::new(Self { scheduler: Arc::clone(scheduler), process, place }))
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.scheduler.state.lock();
        let tasks = &mut state.processes[self.process];
        if !tasks.dead && !tasks.ready.contains(self.place) {
            tasks.ready.push(self.place);
            state.schedule(self.process);
        }
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

#[cfg(test)]
mod tests {
    use super::super::World;
    use super::*;
    use crate::time::SimTime;
    use std::time::Duration;

    type Log = Arc<Mutex<Vec<(u64, usize)>>>;

    /// Three tasks that each note, twice, when they ran.
    fn three_tasks(seed: u64, after: impl FnOnce(&World<()>, &Process)) -> Vec<(u64, usize)> {
        let world = World::<()>::new(seed);
        let process = world.process("p");
        let log = Log::default();
        for task in 0..3 {
            let (world, log) = (world.clone(), Arc::clone(&log));
            process.spawn(async move {
                log.lock().push((world.now().0, task));
                world.sleep(Duration::from_nanos(10)).await;
                log.lock().push((world.now().0, task));
            });
        }
        after(&world, &process);
        world.run(SimTime(100), || false);
        std::mem::take(&mut *log.lock())
    }

    #[test]
    fn tasks_of_a_process_run_in_an_order_drawn_from_the_seed() {
        let order = |seed| three_tasks(seed, |_, _| {});
        assert_eq!(order(1), order(1));
        assert!((2..20).any(|seed| order(seed) != order(1)));
        assert!(order(1).iter().all(|(at, _)| [0, 10].contains(at)));
    }

    /// Panics when it runs, and wakes another task when it is dropped.
    struct Dying(Arc<Mutex<Option<Waker>>>);

    impl Future for Dying {
        type Output = ();

        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
            panic!("so be it")
        }
    }

    impl Drop for Dying {
        fn drop(&mut self) {
            self.0.lock().take().into_iter().for_each(Waker::wake);
        }
    }

    #[test]
    fn a_task_that_panics_may_wake_another_as_it_goes() {
        let (world, waits) = (World::<()>::new(1), Arc::new(Mutex::new(None)));
        let process = world.process("p");
        let waiting = Arc::clone(&waits);
        process.spawn(poll_fn(move |cx| {
            *waiting.lock() = Some(cx.waker().clone());
            Poll::Pending
        }));
        world.run(SimTime(1), || false);
        process.spawn(Dying(waits));
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.run(SimTime(2), || false)));
        assert!(ran.is_err(), "and does not wait for a lock that this thread has");
    }

    #[test]
    fn a_process_lives_as_long_as_its_world() {
        let world = World::<()>::new(1);
        let log = Log::default();
        let (timer, noted) = (world.sleep(Duration::from_nanos(10)), Arc::clone(&log));
        world.process("p").spawn(async move {
            timer.await;
            noted.lock().push((0, 0));
        });
        world.run(SimTime(100), || false);
        assert_eq!(log.lock().len(), 1);
    }

    #[test]
    fn a_dissolved_world_drops_its_tasks() {
        let world = World::<()>::new(1);
        let held = Arc::new(());
        let (kept, other) = (Arc::clone(&held), world.clone());
        world.process("p").spawn(async move {
            other.sleep(Duration::from_secs(1)).await;
            drop(kept);
        });
        world.run(SimTime(100), || false);
        assert_eq!(Arc::strong_count(&held), 2);
        world.dissolve();
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn a_killed_process_runs_nothing() {
        let log = three_tasks(1, |world, process| {
            let process = process.clone();
            world.call_at(SimTime(5), move || process.kill());
        });
        assert_eq!(log.len(), 3);
        assert!(log.iter().all(|(at, _)| *at == 0));
    }

    #[test]
    fn a_paused_process_runs_nothing_until_it_is_resumed() {
        let log = three_tasks(1, |world, process| {
            let (paused, resumed) = (process.clone(), process.clone());
            world.call_at(SimTime(5), move || paused.pause());
            world.call_at(SimTime(50), move || assert!(resumed.resume()));
        });
        assert_eq!(log.iter().filter(|(at, _)| *at == 0).count(), 3);
        assert_eq!(log.iter().filter(|(at, _)| *at == 50).count(), 3);
    }

    #[test]
    fn a_pause_that_delays_nothing_says_so() {
        three_tasks(1, |world, process| {
            let (paused, resumed) = (process.clone(), process.clone());
            world.call_at(SimTime(5), move || paused.pause());
            world.call_at(SimTime(9), move || assert!(!resumed.resume()));
        });
    }

    #[test]
    fn yielding_lets_the_others_go_first() {
        let world = World::<()>::new(1);
        let process = world.process("p");
        let log = Log::default();
        let (first, second) = (Arc::clone(&log), Arc::clone(&log));
        let other = process.clone();
        process.spawn(async move {
            other.spawn(async move { second.lock().push((0, 2)) });
            yield_now().await;
            yield_now().await;
            first.lock().push((0, 1));
        });
        world.run(SimTime(0), || false);
        assert_eq!(log.lock().len(), 2);
    }
}
