//! What a read pays that is answered from the lease: the gate, and beside it what else is done for it.
//!
//! The gate is measured with its lock, as it is asked. A clock reading is that of this machine; metrics are counted, the event goes to a
//! sink that drops it, the store has one key. As it is in production, without switches for its rules:
//! `cargo bench -p leasehold-sim --bench gate --no-default-features`.

use leasehold::engine::{Listener, RenewalKind, Status};
use leasehold::env::{self, BoxFuture, ClockError, Env, GroupId, NodeId, Point, Reading, Wait, Work};
use leasehold::lease::{Lease, Policy};
use leasehold::metrics::{Counter, Metrics};
use leasehold::observe::{Event, Host, Role, Sink};
use leasehold::routes::Routes;
use leasehold::store::Store;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often each is done in a round.
const TIMES: u32 = 2_000_000;

/// Measured rounds; the fastest counts.
const ROUNDS: usize = 9;

const TERM: u64 = 1;

fn main() {
    let host: Arc<dyn Host> = Arc::new(Machine { begun: now() });
    let lease = Lease::new(Arc::clone(&host), Policy::new(Duration::from_secs(3_600), RenewalKind::Acks), true);
    let base = host.monotonic().expect("the clock can be read");
    lease.elected(TERM);
    lease.renewed(TERM, base);
    let status = Status { role: Role::Leader, term: TERM, applied_term: TERM, ..Status::default() };
    assert_eq!(lease.check(Ok(base), &status), Ok(()), "the gate opens");
    let (metrics, store) = (Metrics::default(), Store::new(GroupId::FIRST, Routes::all_to(GroupId::FIRST)));

    println!(
        "rules that can be switched off: {}",
        if cfg!(feature = "planted") { "yes" } else { "no, as in production" }
    );
    let clock = nanos(|| host.monotonic());
    let gate = nanos(|| lease.check(black_box(Ok(base)), black_box(&status)));
    let counted = nanos(|| metrics.count(black_box(Counter::LeaseReadHit)));
    let told = nanos(|| host.observe(Event::LeaseRead { miss: None, now: Some(black_box(base)), again: false }));
    let read = nanos(|| store.read(black_box("k0")));
    for (what, took) in
        [("clock reading", clock), ("gate", gate), ("metrics", counted), ("event", told), ("store, no such key", read)]
    {
        println!("{what:<20} {took:>6.1} ns");
    }
}

/// How long it takes once, in nanoseconds.
fn nanos<T>(mut act: impl FnMut() -> T) -> f64 {
    let round = |_| {
        let begun = now();
        for _ in 0..TIMES {
            let _ = black_box(act());
        }
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(TIMES)
    };
    (0..ROUNDS).map(round).min_by(f64::total_cmp).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// This machine, on which nothing else of a node runs.
struct Machine {
    begun: Instant,
}

impl Env for Machine {
    fn node(&self) -> NodeId {
        NodeId(1)
    }

    fn incarnation(&self) -> u64 {
        1
    }

    fn monotonic(&self) -> Reading {
        Ok(env::Instant::from_nanos(env::nanos(self.begun.elapsed())))
    }

    fn wall(&self) -> Result<Duration, ClockError> {
        Err(ClockError)
    }

    fn sleep(&self, _: Duration) -> Wait {
        Wait::Over
    }

    fn spawn(&self, _: &'static str, _: BoxFuture<()>) {}

    fn entropy(&self, _: &'static str) -> u64 {
        0
    }

    fn work_times(&self, _: Work, _: u32) -> Wait {
        Wait::Over
    }

    fn point(&self, _: Point) -> Wait {
        Wait::Over
    }
}

impl Sink for Machine {
    fn observe(&self, event: Event) {
        black_box(event);
    }
}
