//! Around a node's surroundings: its clock, its timers, the points of its code.

use leasehold::env::{BoxFuture, ClockError, Env, Instant, NodeId, Point, Reading, Wait, Work};
use leasehold::observe::{Event, Host, Sink};
use std::sync::Arc;
use std::time::Duration;

/// What is odd about a host; what is not said is as it should be.
pub(super) trait Quirk: Send + Sync + 'static {
    fn monotonic(&self, host: &dyn Host) -> Reading {
        host.monotonic()
    }

    fn sleep(&self, host: &dyn Host, duration: Duration) -> Wait {
        host.sleep(duration)
    }

    fn point(&self, host: &dyn Host, point: Point) -> Wait {
        host.point(point)
    }
}

/// A host with a quirk.
struct Odd<Q> {
    host: Arc<dyn Host>,
    quirk: Q,
}

fn odd(host: Arc<dyn Host>, quirk: impl Quirk) -> Arc<dyn Host> {
    Arc::new(Odd { host, quirk })
}

impl<Q: Quirk> Env for Odd<Q> {
    fn node(&self) -> NodeId {
        self.host.node()
    }

    fn incarnation(&self) -> u64 {
        self.host.incarnation()
    }

    fn monotonic(&self) -> Reading {
        self.quirk.monotonic(&*self.host)
    }

    fn wall(&self) -> Result<Duration, ClockError> {
        self.host.wall()
    }

    fn sleep(&self, duration: Duration) -> Wait {
        self.quirk.sleep(&*self.host, duration)
    }

    fn spawn(&self, name: &'static str, task: BoxFuture<()>) {
        self.host.spawn(name, task);
    }

    fn entropy(&self, purpose: &'static str) -> u64 {
        self.host.entropy(purpose)
    }

    fn work(&self, work: Work) -> Wait {
        self.host.work(work)
    }

    fn point(&self, point: Point) -> Wait {
        self.quirk.point(&*self.host, point)
    }
}

impl<Q: Quirk> Sink for Odd<Q> {
    fn observe(&self, event: Event) {
        self.host.observe(event);
    }

    fn effect(&self, index: u64, command: &[u8], response: &[u8]) {
        self.host.effect(index, command, response);
    }
}

/// A clock that cannot be read shows zero.
pub(super) fn failure_is_zero(host: Arc<dyn Host>) -> Arc<dyn Host> {
    struct Zero;

    impl Quirk for Zero {
        fn monotonic(&self, host: &dyn Host) -> Reading {
            host.monotonic().or(Ok(Instant::default()))
        }
    }

    odd(host, Zero)
}
