//! Many runs on several cores, in order.

use super::{Defaults, Spec};
use crate::verdict::RunReport;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

/// Runs that may be done while an earlier one is not, for each job. One slow seed must not make the others wait, nor the
/// finished ones fill the memory.
const AHEAD: usize = 8;

/// Says when no more runs are to begin.
pub trait Stops: Sync {
    /// From now on?
    fn is_over(&self) -> bool;
}

/// When it is set.
impl Stops for AtomicBool {
    fn is_over(&self) -> bool {
        self.load(Ordering::Relaxed)
    }
}

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

/// As [`sweep`], but it may end early: when `stop` says so no more runs are begun, and those that have begun are finished and handed
/// over; when `each` breaks nothing more is handed over. Either way what was handed over are the first of `specs`.
///
/// # Panics
///
/// As [`sweep`].
pub fn sweep_until(
    stop: &dyn Stops,
    specs: Vec<Spec>,
    jobs: usize,
    each: &mut dyn FnMut(RunReport) -> ControlFlow<()>,
) {
    let defaults = Defaults::of(&specs);
    in_order(&specs, jobs, stop, &|spec| defaults.run(spec), each);
}

/// Does `work` for each of `items` on `jobs` threads, and hands over what comes of it in the order of `items`, on this thread: until
/// `each` breaks or `stop` says so, as [`sweep_until`] says.
///
/// # Panics
///
/// If `each` panics, or `work` does.
pub fn in_order<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    stop: &dyn Stops,
    work: &(dyn Fn(&T) -> R + Sync),
    each: &mut dyn FnMut(R) -> ControlFlow<()>,
) {
    let jobs = jobs.clamp(1, items.len().max(1));
    let (give, numbers) = channel();
    let numbers = Mutex::new(numbers);
    let (done, results) = channel();
    thread::scope(|scope| {
        // Dropped also when `each` breaks or panics: then nobody waits for work, nor works for nobody.
        let (give, results) = (move |number: usize| give.send(number).unwrap_or_default(), results);
        for _ in 0..jobs {
            let done = done.clone();
            let numbers = &numbers;
            scope.spawn(move || {
                while let Some((number, goes_on)) = next(numbers, stop) {
                    let run = || panic::catch_unwind(AssertUnwindSafe(|| work(&items[number])));
                    if done.send((number, goes_on.then(run))).is_err() {
                        break;
                    }
                }
            });
        }
        let mut later = 0..items.len();
        later.by_ref().take(jobs * AHEAD).for_each(&give);
        let mut early = BTreeMap::new();
        for number in 0..items.len() {
            while !early.contains_key(&number) {
                early.extend(results.recv());
            }
            let Some(Some(result)) = early.remove(&number) else { break };
            if each(result.unwrap_or_else(|panic| panic::resume_unwind(panic))).is_break() {
                break;
            }
            later.next().into_iter().for_each(&give);
        }
    });
}

/// The next to be run, and whether it is begun: in one step, so that of what is begun nothing is missing before the last.
fn next(numbers: &Mutex<Receiver<usize>>, stop: &dyn Stops) -> Option<(usize, bool)> {
    let numbers = numbers.lock();
    let number = numbers.recv().ok()?;
    Some((number, !stop.is_over()))
}
