//! Around a node's surroundings: its clock, its timers, the points of its code.

use leasehold::env::{self, BoxFuture, ClockError, Env, Instant, NodeId, Point, Reading, Wait, Work};
use leasehold::observe::{Event, Host, Sink};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// What is odd about a host; what is not said is as it should be.
trait Quirk: Send + Sync + 'static {
    fn monotonic(&self, host: &dyn Host) -> Reading {
        host.monotonic()
    }

    fn sleep(&self, host: &dyn Host, duration: Duration) -> Wait {
        host.sleep(duration)
    }

    fn entropy(&self, host: &dyn Host, purpose: &'static str) -> u64 {
        host.entropy(purpose)
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
        self.quirk.entropy(&*self.host, purpose)
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
pub(in crate::mutant) fn failure_is_zero(host: Arc<dyn Host>) -> Arc<dyn Host> {
    struct Zero;

    impl Quirk for Zero {
        fn monotonic(&self, host: &dyn Host) -> Reading {
            host.monotonic().or(Ok(Instant::default()))
        }
    }

    odd(host, Zero)
}

/// The clock is read when a timer is set, and shows that until the next one is.
pub(in crate::mutant) fn read_at_timers(host: Arc<dyn Host>) -> Arc<dyn Host> {
    #[derive(Default)]
    struct Cached(Mutex<Option<Reading>>);

    impl Quirk for Cached {
        fn monotonic(&self, host: &dyn Host) -> Reading {
            *self.0.lock().get_or_insert_with(|| host.monotonic())
        }

        fn sleep(&self, host: &dyn Host, duration: Duration) -> Wait {
            *self.0.lock() = Some(host.monotonic());
            host.sleep(duration)
        }
    }

    odd(host, Cached::default())
}

/// What is read is the wall clock, set to the monotonic one when the process begins; timers go by that.
pub(in crate::mutant) fn reads_the_wall(host: Arc<dyn Host>) -> Arc<dyn Host> {
    /// By so many nanoseconds the wall clock was ahead.
    struct Wall(i128);

    impl Quirk for Wall {
        fn monotonic(&self, host: &dyn Host) -> Reading {
            let since_epoch = i128::from(env::nanos(host.wall()?));
            Ok(Instant::from_nanos(u64::try_from(since_epoch - self.0).unwrap_or(0)))
        }
    }

    let (wall, monotonic) = (host.wall().unwrap_or_default(), host.monotonic().unwrap_or_default());
    odd(host, Wall(i128::from(env::nanos(wall)) - i128::from(monotonic.as_nanos())))
}

/// Nothing is random.
pub(in crate::mutant) fn draws_nothing(host: Arc<dyn Host>) -> Arc<dyn Host> {
    struct Constant;

    impl Quirk for Constant {
        fn entropy(&self, _host: &dyn Host, _purpose: &'static str) -> u64 {
            0
        }
    }

    odd(host, Constant)
}
