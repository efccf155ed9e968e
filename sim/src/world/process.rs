//! Processes: sets of tasks that live and die together.
//!
//! The world lets one process run at a time, until it is quiet. Within a process the next task is drawn from the process's own
//! stream, so that one more task in one process leaves the order in every other untouched, and so that seeds explore different
//! orders. madsim could run the tasks, but it draws the order of all of them from one stream, and takes 0.2 us longer for each.

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
    /// Every process, so that it lives as long as its world, whoever else knows it.
    all: Mutex<Vec<Arc<Shared>>>,
}

struct Shared {
    name: String,
    scheduler: Arc<Scheduler>,
    queue: Mutex<RunQueue>,
    /// Locked for the length of a turn, by the world alone.
    tasks: Mutex<Tasks>,
}

struct RunQueue {
    /// Tasks that can go on.
    ready: Vec<usize>,
    /// Tasks that have not begun.
    fresh: Vec<Task>,
    /// In the scheduler's list, or running.
    scheduled: bool,
    paused: bool,
    dead: bool,
    stream: Stream,
}

#[derive(Default)]
struct Tasks {
    slots: Vec<Option<(Task, Waker)>>,
    free: Vec<usize>,
}

impl Scheduler {
    /// Lets every process run until none has anything to do.
    pub(super) fn settle(&self) {
        loop {
            let Some(process) = self.runnable.lock().pop_front() else { return };
            process.turn();
        }
    }

    /// Ends every process. All are dead before the first task is dropped, so that none runs on what another leaves behind.
    pub(super) fn kill_all(&self) {
        let all = std::mem::take(&mut *self.all.lock());
        all.into_iter().for_each(|shared| Process { shared }.kill());
        self.settle();
    }
}

impl Process {
    pub(super) fn start(name: &str, scheduler: Arc<Scheduler>, stream: Stream) -> Self {
        let queue =
            RunQueue { ready: Vec::new(), fresh: Vec::new(), scheduled: false, paused: false, dead: false, stream };
        let shared =
            Arc::new(Shared { name: name.to_owned(), scheduler, queue: Mutex::new(queue), tasks: Mutex::default() });
        shared.scheduler.all.lock().push(Arc::clone(&shared));
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
        let mut queue = self.shared.queue.lock();
        if !queue.dead {
            queue.fresh.push(task);
            self.shared.schedule(&mut queue);
        }
    }

    /// Lets the process stand still: nothing of it runs, what wakes its tasks is remembered.
    pub fn pause(&self) {
        self.shared.queue.lock().paused = true;
    }

    /// Lets it go on. Returns whether the pause delayed anything that could have run.
    pub fn resume(&self) -> bool {
        let mut queue = self.shared.queue.lock();
        queue.paused = false;
        let delayed = !queue.ready.is_empty() || !queue.fresh.is_empty();
        if delayed {
            self.shared.schedule(&mut queue);
        }
        delayed
    }

    /// Ends the process: nothing of it runs again, its tasks are dropped before the next event.
    pub fn kill(&self) {
        let mut queue = self.shared.queue.lock();
        queue.dead = true;
        self.shared.schedule(&mut queue);
    }
}

impl Shared {
    fn schedule(self: &Arc<Self>, queue: &mut RunQueue) {
        if !queue.scheduled && (!queue.paused || queue.dead) {
            queue.scheduled = true;
            self.scheduler.runnable.lock().push_back(Arc::clone(self));
        }
    }

    fn turn(self: &Arc<Self>) {
        let mut tasks = self.tasks.lock();
        while let Some(slot) = self.next(&mut tasks) {
            tasks.run(slot);
        }
    }

    /// The next task to run, drawn from those that can; `None` ends the turn.
    fn next(self: &Arc<Self>, tasks: &mut Tasks) -> Option<usize> {
        let mut queue = self.queue.lock();
        if queue.dead {
            queue.scheduled = false;
            let fresh = std::mem::take(&mut queue.fresh);
            drop(queue);
            drop((fresh, std::mem::take(tasks)));
            return None;
        }
        if queue.paused {
            queue.scheduled = false;
            return None;
        }
        for task in std::mem::take(&mut queue.fresh) {
            let slot = tasks.add(task, self);
            queue.ready.push(slot);
        }
        let choices = queue.ready.len() as u64;
        if choices == 0 {
            queue.scheduled = false;
            return None;
        }
        let chosen = if choices == 1 { 0 } else { queue.stream.below(choices) as usize };
        Some(queue.ready.swap_remove(chosen))
    }

    fn task_ready(self: &Arc<Self>, task: usize) {
        let mut queue = self.queue.lock();
        if !queue.dead && !queue.ready.contains(&task) {
            queue.ready.push(task);
            self.schedule(&mut queue);
        }
    }
}

impl Tasks {
    fn add(&mut self, task: Task, process: &Arc<Shared>) -> usize {
        let slot = self.free.pop().unwrap_or(self.slots.len());
        let waker = Waker::from(Arc::new(TaskWaker { process: Arc::downgrade(process), task: slot }));
        match self.slots.get_mut(slot) {
            Some(vacant) => *vacant = Some((task, waker)),
            None => self.slots.push(Some((task, waker))),
        }
        slot
    }

    fn run(&mut self, slot: usize) {
        // A waker of a task that has ended may wake the slot's next tenant: harmless, as any future bears a needless poll.
        let Some((task, waker)) = self.slots[slot].as_mut() else { return };
        if task.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
            self.slots[slot] = None;
            self.free.push(slot);
        }
    }
}

struct TaskWaker {
    process: Weak<Shared>,
    task: usize,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(process) = self.process.upgrade() {
            process.task_ready(self.task);
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
