//! The runtime holds openraft's own suite, and what the suite does not ask: one order, one process, one clock.

use super::{Moment, Runtime, Scope};
use crate::bed::{Surroundings, TestHost, World};
use crate::env::{Instant, NodeId};
use crate::tasks::Tasks;
use openraft_rt::testing::Suite;
use openraft_rt::{AsyncRuntime, Instant as _, Mutex, Watch, WatchReceiver, WatchSender};
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// A world in which one process calls openraft.
pub(in crate::engine::openraft) struct Bench {
    pub(in crate::engine::openraft) world: Arc<World>,
    pub(in crate::engine::openraft) surroundings: Arc<Surroundings>,
    pub(in crate::engine::openraft) scope: Scope,
}

impl Default for Bench {
    fn default() -> Self {
        Self::of(NodeId(1), Arc::new(World::new(true)))
    }
}

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bench")
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Bench {
    fn of(node: NodeId, world: Arc<World>) -> Self {
        let surroundings = Arc::new(Surroundings::default());
        let host = TestHost::new(node, 1, Arc::clone(&world), Arc::clone(&surroundings));
        Self { world, surroundings, scope: Scope::new(Arc::new(host), Tasks::default()) }
    }

    /// Runs the world until `future` is ready, which is not one of its tasks.
    pub(in crate::engine::openraft) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(self.scope.enter(future));
        let woken = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&woken));
        loop {
            if woken.0.swap(false, Ordering::Relaxed)
                && let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker))
            {
                return value;
            }
            self.world.run_until_idle(|| {});
            if !woken.0.load(Ordering::Relaxed) {
                let next = self.world.next_timer().expect("somebody waits for nothing that can happen");
                self.world.advance_to(next);
            }
        }
    }
}

#[test]
fn it_passes_the_suite_that_openraft_holds_a_runtime_to() {
    Suite::<Runtime>::test_all();
}

/// In which order tasks that wait for the same change go on.
fn order_of_wakes(waiters: usize) -> Vec<usize> {
    Runtime::new(1).block_on(async move {
        let (sender, receiver) = <Runtime as AsyncRuntime>::Watch::channel(0);
        let woken = Arc::new(<Runtime as AsyncRuntime>::Mutex::new(Vec::new()));
        let tasks: Vec<_> = (0..waiters)
            .map(|number| {
                let (mut receiver, woken) = (receiver.clone(), Arc::clone(&woken));
                Runtime::spawn(async move {
                    receiver.changed().await.unwrap();
                    woken.lock().await.push(number);
                })
            })
            .collect();
        Runtime::sleep(Duration::from_millis(1)).await;
        sender.send(1).unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        let woken = woken.lock().await;
        woken.clone()
    })
}

#[test]
fn who_waits_for_a_change_is_woken_in_the_order_in_which_they_began_to() {
    assert_eq!(order_of_wakes(20), (0..20).collect::<Vec<_>>());
}

#[test]
fn what_two_processes_on_one_thread_spawn_stays_in_the_process_that_spawned_it() {
    let world = Arc::new(World::new(false));
    let [one, other] = [1, 2].map(|node| Bench::of(NodeId(node), Arc::clone(&world)));
    let node = || async {
        let inner = Runtime::spawn(async {
            Runtime::sleep(Duration::from_millis(1)).await;
            Scope::current().host().node()
        });
        inner.await.unwrap()
    };
    let mut first = pin!(one.scope.enter(node()));
    let mut context = Context::from_waker(Waker::noop());
    assert!(first.as_mut().poll(&mut context).is_pending());
    assert_eq!(other.block_on(node()), NodeId(2));
    assert_eq!(one.block_on(first), NodeId(1));
}

fn after(nanos: u64) -> Moment {
    Moment::after_origin(Duration::from_nanos(nanos))
}

#[test]
fn a_clock_that_cannot_be_read_stands_still_and_goes_on_where_it_is_then() {
    let bench = Bench::default();
    let now = || bench.block_on(async { Moment::now() });
    bench.world.advance_to(5_000);
    assert_eq!(now(), after(5_000));
    bench.surroundings.breaks_clock(true);
    bench.world.advance_to(6_000);
    assert_eq!(now(), after(5_000));
    bench.surroundings.breaks_clock(false);
    assert_eq!(now(), after(6_000));
}

#[test]
fn a_clock_that_is_set_back_goes_on_and_moments_are_told_by_what_it_reads_since() {
    let bench = Bench::default();
    let now = || bench.block_on(async { Moment::now() });
    bench.world.advance_to(5_000);
    assert_eq!((now(), bench.scope.reading(after(5_000))), (after(5_000), Instant::from_nanos(5_000)));
    // It reads 2 us less than it did.
    bench.world.advance_to(3_000);
    assert_eq!(now(), after(5_000));
    bench.world.advance_to(4_000);
    assert_eq!((now(), bench.scope.reading(after(5_500))), (after(6_000), Instant::from_nanos(3_500)));
}

#[test]
fn a_moment_before_the_origin_of_the_clock_is_before_it() {
    let origin = after(0);
    let before = origin - Duration::from_nanos(3);
    assert!(before < origin);
    assert_eq!(before + Duration::from_nanos(3), origin);
    assert_eq!((origin - before, before - origin), (Duration::from_nanos(3), Duration::ZERO));
}

#[test]
fn who_waits_for_a_task_hears_that_it_panicked_and_then_the_runtime_does() {
    let bench = Bench::default();
    let ended = bench.block_on(async { Runtime::spawn(async { crate::bed::panic("it was told to") }).await });
    assert!(matches!(&ended, Err(error) if Runtime::is_panic(error)), "{ended:?}");
    assert_eq!(bench.world.take_panics().len(), 1);
}

#[test]
fn a_future_that_is_ready_at_once_starts_no_timer() {
    let bench = Bench::default();
    let limited = bench.block_on(async { Runtime::timeout(Duration::from_secs(1), async { 7 }).await });
    assert_eq!((limited, bench.world.next_timer()), (Ok(7), None));
}
