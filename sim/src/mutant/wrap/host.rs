//! Around a node's surroundings: its clock, its timers, its entropy.

use leasehold::env::{self, BoxFuture, ClockError, Env, Instant, NodeId, Point, Reading, Wait, Work};
use leasehold::observe::{Event, Host, Sink};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// What a node finds around it, by what is known here: what is there, where nothing else is said.
struct Found<S> {
    monotonic: fn(&S, &dyn Host) -> Reading,
    sleep: fn(&S, &dyn Host, Duration) -> Wait,
    entropy: fn(&S, &dyn Host, &'static str) -> u64,
}

/// A host that is odd in something.
struct Odd<S> {
    host: Arc<dyn Host>,
    state: S,
    found: Found<S>,
}

fn odd<S: Send + Sync + 'static>(
    host: Arc<dyn Host>,
    state: S,
    odd: impl FnOnce(Found<S>) -> Found<S>,
) -> Arc<dyn Host> {
    let found = odd(Found {
        monotonic: |_, host| host.monotonic(),
        sleep: |_, host, duration| host.sleep(duration),
        entropy: |_, host, purpose| host.entropy(purpose),
    });
    Arc::new(Odd { host, state, found })
}

impl<S: Send + Sync + 'static> Env for Odd<S> {
    fn node(&self) -> NodeId {
        self.host.node()
    }

    fn incarnation(&self) -> u64 {
        self.host.incarnation()
    }

    fn monotonic(&self) -> Reading {
        (self.found.monotonic)(&self.state, &*self.host)
    }

    fn wall(&self) -> Result<Duration, ClockError> {
        self.host.wall()
    }

    fn sleep(&self, duration: Duration) -> Wait {
        (self.found.sleep)(&self.state, &*self.host, duration)
    }

    fn spawn(&self, name: &'static str, task: BoxFuture<()>) {
        self.host.spawn(name, task);
    }

    fn entropy(&self, purpose: &'static str) -> u64 {
        (self.found.entropy)(&self.state, &*self.host, purpose)
    }

    fn work(&self, work: Work) -> Wait {
        self.host.work(work)
    }

    fn point(&self, point: Point) -> Wait {
        self.host.point(point)
    }
}

impl<S: Send + Sync + 'static> Sink for Odd<S> {
    fn observe(&self, event: Event) {
        self.host.observe(event);
    }

    fn effect(&self, index: u64, command: &[u8], response: &[u8]) {
        self.host.effect(index, command, response);
    }
}

/// A clock that cannot be read shows zero.
pub(in crate::mutant) fn failure_is_zero(host: Arc<dyn Host>) -> Arc<dyn Host> {
    odd(host, (), |it| Found { monotonic: |(), host| host.monotonic().or(Ok(Instant::default())), ..it })
}

/// The clock is read when a timer is set, and shows that until the next one is.
pub(in crate::mutant) fn read_at_timers(host: Arc<dyn Host>) -> Arc<dyn Host> {
    odd(host, Mutex::new(None), |it| Found {
        monotonic: |cached, host| *cached.lock().get_or_insert_with(|| host.monotonic()),
        sleep: |cached, host, duration| {
            *cached.lock() = Some(host.monotonic());
            host.sleep(duration)
        },
        ..it
    })
}

/// What is read is the wall clock, set to the monotonic one when the process begins; timers go by that.
pub(in crate::mutant) fn reads_the_wall(host: Arc<dyn Host>) -> Arc<dyn Host> {
    let (wall, monotonic) = (host.wall().unwrap_or_default(), host.monotonic().unwrap_or_default());
    // By so many nanoseconds the wall clock was ahead.
    let ahead = i128::from(env::nanos(wall)) - i128::from(monotonic.as_nanos());
    odd(host, ahead, |it| Found {
        monotonic: |ahead, host| {
            let since_epoch = i128::from(env::nanos(host.wall()?));
            Ok(Instant::from_nanos(u64::try_from(since_epoch - ahead).unwrap_or(0)))
        },
        ..it
    })
}

/// Nothing is random.
pub(in crate::mutant) fn draws_nothing(host: Arc<dyn Host>) -> Arc<dyn Host> {
    odd(host, (), |it| Found { entropy: |(), _, _| 0, ..it })
}
