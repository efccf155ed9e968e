//! Many runs on several cores, in order.

use super::{Defaults, Spec};
use crate::verdict::RunReport;
use parking_lot::{Condvar, Mutex};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Runs that may be done while an earlier one is not, for each job. One slow seed must not make the others wait, nor the
/// finished ones fill the memory.
const AHEAD: usize = 8;

/// Runs `specs` on `jobs` threads and hands over their reports in the order of `specs`, on this thread. The jobs change nothing
/// else: [`run`](super::run) gives every run a thread of its own.
///
/// # Panics
///
/// If `each` panics, or the harness itself does.
pub fn sweep(specs: Vec<Spec>, jobs: usize, each: &mut dyn FnMut(RunReport)) {
    sweep_until(&AtomicBool::new(false), specs, jobs, &mut |report| {
        each(report);
        ControlFlow::Continue(())
    });
}

/// As [`sweep`], but it may end early: when `stop` is set no more runs are begun, and those that have begun are finished and handed
/// over; when `each` breaks nothing more is handed over. Either way what was handed over are the first of `specs`.
///
/// # Panics
///
/// As [`sweep`].
pub fn sweep_until(
    stop: &AtomicBool,
    specs: Vec<Spec>,
    jobs: usize,
    each: &mut dyn FnMut(RunReport) -> ControlFlow<()>,
) {
    let jobs = jobs.clamp(1, specs.len().max(1));
    let defaults = Defaults::of(&specs);
    let queue = Queue { ahead: jobs * AHEAD, stop, defaults, state: Mutex::default(), changed: Condvar::new() };
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| queue.work(&specs));
        }
        // Dropped also when `each` breaks or panics: the workers must not wait for ever.
        let _abandon = Abandon(&queue, true);
        for number in 0..specs.len() {
            if queue.take(number).is_none_or(|report| each(report).is_break()) {
                break;
            }
        }
    });
}

/// What is yet to be run and what is yet to be handed over.
struct Queue<'a> {
    ahead: usize,
    stop: &'a AtomicBool,
    defaults: Defaults,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The next to be run.
    next: usize,
    /// How many were handed over.
    taken: usize,
    done: BTreeMap<usize, RunReport>,
    /// No more runs are begun.
    closed: bool,
    /// Nobody waits for what is not done.
    abandoned: bool,
}

impl Queue<'_> {
    /// Runs one after the other until there are no more.
    fn work(&self, specs: &[Spec]) {
        let abandon = Abandon(self, false);
        while let Some((number, spec)) = self.next(specs) {
            let report = self.defaults.run(spec);
            self.state.lock().done.insert(number, report);
            self.changed.notify_all();
        }
        drop(abandon);
    }

    fn next<'a>(&self, specs: &'a [Spec]) -> Option<(usize, &'a Spec)> {
        let mut state = self.state.lock();
        while !state.abandoned && state.next < specs.len() && state.next >= state.taken + self.ahead {
            self.changed.wait(&mut state);
        }
        if state.abandoned || self.stop.load(Ordering::Relaxed) {
            state.closed = true;
            drop(state);
            self.changed.notify_all();
            return None;
        }
        let number = state.next;
        let spec = specs.get(number)?;
        state.next += 1;
        Some((number, spec))
    }

    fn take(&self, number: usize) -> Option<RunReport> {
        let mut state = self.state.lock();
        loop {
            if let Some(report) = state.done.remove(&number) {
                state.taken = number + 1;
                drop(state);
                self.changed.notify_all();
                return Some(report);
            }
            if state.abandoned || (state.closed && number >= state.next) {
                return None;
            }
            self.changed.wait(&mut state);
        }
    }
}

/// Ends the sweep for everybody: always, or only if this thread panics.
struct Abandon<'a>(&'a Queue<'a>, bool);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        if self.1 || thread::panicking() {
            self.0.state.lock().abandoned = true;
            self.0.changed.notify_all();
        }
    }
}
