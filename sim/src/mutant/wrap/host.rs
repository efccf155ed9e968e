//! Around a node's surroundings: its clock, its timers, its entropy, and who hears what it tells of itself.

use crate::mutant::bend::Situation;
use leasehold::env::{self, BoxFuture, ClockError, Env, Instant, NodeId, Point, Reading, Wait, Work};
use leasehold::observe::{Event, Host, Role, Sink};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

wrapper! {
    Around, odd, dyn Host;
    impl Env {
        odd monotonic() -> Reading;
        odd sleep(duration: Duration) -> Wait;
        odd entropy(purpose: &'static str) -> u64;
        odd spawn(name: &'static str, task: BoxFuture<()>);
        plain node() -> NodeId;
        plain incarnation() -> u64;
        plain wall() -> Result<Duration, ClockError>;
        plain work_times(work: Work, times: u32) -> Wait;
        plain point(point: Point) -> Wait;
    }
    impl Sink {
        odd observe(event: Event);
        plain effect(index: u64, command: &[u8], response: &[u8]);
    }
}

/// A clock that cannot be read shows zero.
pub(in crate::mutant) fn failure_is_zero(host: Arc<dyn Host>) -> Arc<dyn Host> {
    odd(host, (), |it| Around { monotonic: |(), host| host.monotonic().or(Ok(Instant::default())), ..it })
}

/// The clock is read when a timer is set, and shows that until the next one is.
pub(in crate::mutant) fn read_at_timers(host: Arc<dyn Host>) -> Arc<dyn Host> {
    odd(host, Mutex::new(None), |it| Around {
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
    odd(host, ahead, |it| Around {
        monotonic: |ahead, host| {
            let since_epoch = i128::from(env::nanos(host.wall()?));
            Ok(Instant::from_nanos(u64::try_from(since_epoch - ahead).unwrap_or(0)))
        },
        ..it
    })
}

/// Nothing is random.
pub(in crate::mutant) fn draws_nothing(host: Arc<dyn Host>) -> Arc<dyn Host> {
    odd(host, (), |it| Around { entropy: |(), _, _| 0, ..it })
}

/// What a node tells of itself, it tells as this has it.
fn telling(host: Arc<dyn Host>, tell: fn(&dyn Host, Event)) -> Arc<dyn Host> {
    odd(host, tell, |it| Around { observe: |tell, host, event| tell(host, event), ..it })
}

/// A leader says that it is caught up as soon as it is elected.
pub(in crate::mutant) fn caught_up_at_election(host: Arc<dyn Host>) -> Arc<dyn Host> {
    telling(host, |host, event| {
        let elected = match event {
            Event::Role { role: Role::Leader, term, .. } => Some(Event::CaughtUp { term, index: 1 }),
            _ => None,
        };
        host.observe(event);
        elected.into_iter().for_each(|caught_up| host.observe(caught_up));
    })
}

/// A leader says that a quorum has answered it, whether or not one has.
pub(in crate::mutant) fn quorum_taken_for_granted(host: Arc<dyn Host>) -> Arc<dyn Host> {
    telling(host, |host, event| {
        host.observe(match event {
            Event::QuorumChecked { .. } => Event::QuorumChecked { confirmed: true },
            event => event,
        });
    })
}

/// A conflict is told of the entry after it.
pub(in crate::mutant) fn conflict_of_the_next(host: Arc<dyn Host>) -> Arc<dyn Host> {
    telling(host, |host, event| {
        host.observe(match event {
            Event::Conflict { index } => Event::Conflict { index: index + 1 },
            event => event,
        });
    })
}

/// A read that was answered from the lease is told twice, and counted once.
pub(in crate::mutant) fn hits_told_twice(host: Arc<dyn Host>) -> Arc<dyn Host> {
    telling(host, |host, event| {
        if let Event::LeaseRead { miss: None, .. } = event {
            host.observe(event.clone());
        }
        host.observe(event);
    })
}

/// What the process tells of itself is known to the rules that are bent, and which of its tasks ask.
pub(in crate::mutant) fn watched(host: Arc<dyn Host>) -> Arc<dyn Host> {
    let situation = Arc::new(Situation::of(host.node()));
    odd(host, situation, |it| Around {
        spawn: |situation, host, name, task| host.spawn(name, situation.place(task)),
        observe: |situation, host, event| {
            situation.learn(&event);
            host.observe(event);
        },
        ..it
    })
}
