//! What a node is given in a test: a clock that a test may shift or break, points at which it may hold a task, a log of events.

use super::signal::Signal;
use super::world::World;
use crate::env::{BoxFuture, ClockError, Env, Instant, NodeId, Point, Reading, Wait, Work, nanos};
use crate::observe::{Event, Sink};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// A node's surroundings, which survive its process.
#[derive(Default)]
pub(crate) struct Surroundings {
    state: Mutex<State>,
    resumed: Signal,
}

#[derive(Default)]
struct State {
    clock_broken: bool,
    /// How far the monotonic clock is ahead of true time.
    ahead: Duration,
    trap: Option<Point>,
    trapped: usize,
    costs: BTreeMap<Work, Duration>,
    events: Vec<Event>,
    /// How many of them a test wants to hear of no more.
    forgotten: usize,
}

impl Surroundings {
    pub(crate) fn breaks_clock(&self, broken: bool) {
        self.state.lock().clock_broken = broken;
    }

    /// Every task that comes to `point` is held there.
    pub(crate) fn hold_at(&self, point: Point) {
        self.state.lock().trap = Some(point);
    }

    /// Lets go who is held.
    pub(crate) fn resume(&self) {
        self.state.lock().trap = None;
        self.resumed.changed();
    }

    /// How many tasks are held.
    pub(crate) fn held(&self) -> usize {
        self.state.lock().trapped
    }

    pub(crate) fn costs(&self, work: Work, cost: Duration) {
        self.state.lock().costs.insert(work, cost);
    }

    pub(crate) fn all_events(&self) -> Vec<Event> {
        self.state.lock().events.clone()
    }

    /// Those since the last [`Surroundings::forget`].
    pub(crate) fn events(&self) -> Vec<Event> {
        let state = self.state.lock();
        state.events[state.forgotten..].to_vec()
    }

    pub(crate) fn forget(&self) {
        let mut state = self.state.lock();
        state.forgotten = state.events.len();
    }
}

/// `env_of!(Type)`: everything that an [`Env`] does goes through to what `Type` has in its field `host`, which is another.
macro_rules! env_of {
    ($around:ty) => {
        impl $crate::env::Env for $around {
            fn node(&self) -> $crate::env::NodeId {
                self.host.node()
            }

            fn incarnation(&self) -> u64 {
                self.host.incarnation()
            }

            fn monotonic(&self) -> $crate::env::Reading {
                self.host.monotonic()
            }

            fn wall(&self) -> Result<std::time::Duration, $crate::env::ClockError> {
                self.host.wall()
            }

            fn sleep(&self, duration: std::time::Duration) -> $crate::env::Wait {
                self.host.sleep(duration)
            }

            fn spawn(&self, name: &'static str, task: $crate::env::BoxFuture<()>) {
                self.host.spawn(name, task);
            }

            fn entropy(&self, purpose: &'static str) -> u64 {
                self.host.entropy(purpose)
            }

            fn work_times(&self, work: $crate::env::Work, times: u32) -> $crate::env::Wait {
                self.host.work_times(work, times)
            }

            fn point(&self, point: $crate::env::Point) -> $crate::env::Wait {
                self.host.point(point)
            }
        }
    };
}
pub(crate) use env_of;

/// What one process runs on.
pub(crate) struct TestHost {
    node: NodeId,
    incarnation: u64,
    world: Arc<World>,
    surroundings: Arc<Surroundings>,
    /// How often each purpose has drawn.
    drawn: Mutex<BTreeMap<&'static str, u64>>,
}

impl TestHost {
    pub(crate) fn new(node: NodeId, incarnation: u64, world: Arc<World>, surroundings: Arc<Surroundings>) -> Self {
        Self { node, incarnation, world, surroundings, drawn: Mutex::default() }
    }
}

impl Env for TestHost {
    fn node(&self) -> NodeId {
        self.node
    }

    fn incarnation(&self) -> u64 {
        self.incarnation
    }

    fn monotonic(&self) -> Reading {
        let state = self.surroundings.state.lock();
        let now = Instant::from_nanos(self.world.now()).after(state.ahead);
        if state.clock_broken { Err(ClockError) } else { Ok(now) }
    }

    fn wall(&self) -> Result<Duration, ClockError> {
        self.monotonic().map(|now| Duration::from_nanos(now.as_nanos()))
    }

    fn sleep(&self, duration: Duration) -> Wait {
        Wait::For(Box::pin(self.world.sleep(nanos(duration))))
    }

    fn spawn(&self, _name: &'static str, task: BoxFuture<()>) {
        self.world.spawn(Some(self.node), task);
    }

    /// Different for each node, purpose and draw, and the same in each run (the finalizer of SplitMix64).
    fn entropy(&self, purpose: &'static str) -> u64 {
        let mut drawn = self.drawn.lock();
        let count = drawn.entry(purpose).or_default();
        *count += 1;
        let seed = [self.node.0, self.incarnation, u64::from(crc32fast::hash(purpose.as_bytes())), *count];
        seed.into_iter().fold(0, |mixed: u64, part| {
            let mut z = mixed.wrapping_add(part).wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        })
    }

    fn work_times(&self, work: Work, times: u32) -> Wait {
        match self.surroundings.state.lock().costs.get(&work) {
            Some(cost) => self.sleep(*cost * times),
            None => Wait::Over,
        }
    }

    fn point(&self, point: Point) -> Wait {
        if self.surroundings.state.lock().trap != Some(point) {
            return Wait::Over;
        }
        let surroundings = Arc::clone(&self.surroundings);
        Wait::For(Box::pin(async move {
            surroundings.state.lock().trapped += 1;
            surroundings.resumed.until(|| surroundings.state.lock().trap.is_none()).await;
            surroundings.state.lock().trapped -= 1;
        }))
    }
}

impl Sink for TestHost {
    fn observe(&self, event: Event) {
        self.surroundings.state.lock().events.push(event);
    }
}
