//! The lease: when may a leader answer a read from its own state, without asking anybody?
//!
//! Every voter that hears from its leader promises not to help elect another for an election timeout. A leader whose messages,
//! sent at `base`, were heard by a quorum therefore stays the only leader until `base` + election timeout, as long as clocks run
//! at about the same rate. The lease is that time, made shorter by what can go wrong ([`longest_safe`]). A promise can be
//! bypassed in one way, a transfer of leadership, so the lease ends before a transfer begins.
//!
//! | how a lease | rule | source |
//! |---|---|---|
//! | begins | a quorum acknowledged what was *sent* at `base`, in this term | dissertation §6.4.1; premise P1; [`Lease::renewed`](Listener::renewed) |
//! | | or the caller's own quorum operation that *began* at `base` succeeded, no lease having ended since | elastickv #549; [`Lease::extend`] |
//! | grows | never shrinks within a generation | invariant W8 |
//! | ends | role or term change, start of a transfer, loss of the leader's vote, stop of the engine, a failed operation that means one of these | RL.3, RL.8 |
//! | stays | when others come or go: it is backed by what every election after that needs | [`acks`](crate::engine::acks); W3, W11 |
//! | returns after it has ended | by what began after that, never by what was on its way | RL.3; invariant W8 |
//! | returns after a transfer that was given up | by an entry proposed after that and applied | RL.4; [`Lease::resumed`](Listener::resumed) |
//! | permits a read | the rules of the `gate`, all of them | RL.2 |

pub(crate) mod gate;

use crate::engine::{Listener, RenewalKind, Status};
use crate::env::{ClockError, Instant};
use crate::error::{Error, Leadership};
use crate::observe::{EndCause, Event, Host, Miss};
use crate::rules::{Rule, at_least, before, is, same};
use gate::View;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// The longest lease that promises of this length cover (RL.7, premise P6).
///
/// A promise is counted in ticks and may begin just before one, so a tick is lost; clocks may differ in rate by one in a thousand,
/// twice what NTP slews at most (500 ppm each way).
pub fn longest_safe(election_timeout: Duration, tick: Duration) -> Duration {
    let promise = election_timeout.saturating_sub(tick);
    promise - promise / 1000
}

/// How a lease behaves. [`Policy::new`] is the lease that is right; the rest is history.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// How long after its base a lease runs out.
    pub length: Duration,
    /// What extends it.
    pub renewal: RenewalKind,
    /// Which errors of a write end it.
    pub write_ends: fn(&Error) -> bool,
    /// Which errors of a lease read's slow path end it.
    pub read_ends: fn(&Error) -> bool,
}

impl Policy {
    /// A lease of `length`, renewed by the engine, that only a loss of leadership ends.
    pub fn new(length: Duration, renewal: RenewalKind) -> Self {
        Self { length, renewal, write_ends: means_loss, read_ends: means_loss }
    }
}

/// Rule RL.8: conflicts, validation failures, deadlines and transport errors say nothing about leadership.
fn means_loss(error: &Error) -> bool {
    error.leadership() == Leadership::Lost
}

/// Later than every reading of a clock.
const NEVER: Instant = Instant::from_nanos(u64::MAX);

/// Names one lease out of a node's succession of leases. An extension that was begun under an older one is void.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Generation(u64);

/// One node's lease.
pub struct Lease {
    host: Arc<dyn Host>,
    policy: Policy,
    promised: bool,
    state: Mutex<State>,
}

/// A lease's state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct State {
    /// The term this node was last elected in.
    pub(crate) term: u64,
    generation: u64,
    /// The lease that was granted last, of whatever generation: until when, and in which.
    granted: Option<(Instant, u64)>,
    /// When the last lease of this term ended: what began before that brings none back.
    ended: Instant,
    /// A transfer has begun, and an entry proposed after it was given up is not applied yet.
    pub(crate) suspended: bool,
}

impl State {
    /// When the lease that is held runs out; `None`: none is held.
    pub(crate) fn expiry(&self) -> Option<Instant> {
        let (expiry, generation) = self.granted?;
        Rule::HeldInThisGeneration.holds(same(generation, self.generation)).then_some(expiry)
    }
}

impl Lease {
    /// No lease; and none is ever granted unless it is `promised` by the voters of the group that they help elect nobody else while they
    /// hear their leader.
    pub fn new(host: Arc<dyn Host>, policy: Policy, promised: bool) -> Self {
        Self { host, policy, promised, state: Mutex::default() }
    }

    /// May this node answer a read from its own state at `now`? `now` must be sampled after the read arrived (premise P8).
    ///
    /// # Errors
    /// The reason why not: the first rule of the `gate` that fails.
    pub fn check(&self, now: Result<Instant, ClockError>, status: &Status) -> Result<(), Miss> {
        let lease = *self.state.lock();
        gate::check(&View { now, status, lease: &lease })
    }

    /// The present generation; to be taken *before* an operation whose success is to extend the lease.
    pub fn generation(&self) -> Generation {
        Generation(self.state.lock().generation)
    }

    /// An operation of this node that needed a quorum of `term` began at `base` and succeeded. Extends the lease where that is
    /// the policy, unless one has ended since `begun_under` was taken.
    pub fn extend(&self, term: u64, base: Instant, begun_under: Generation) {
        let mut state = self.state.lock();
        let goes_on = Rule::SameGeneration.holds(same(state.generation, begun_under.0));
        if self.policy.renewal == RenewalKind::Caller && goes_on {
            self.renew(&mut state, term, base);
        }
    }

    /// A write failed. Ends the lease if the error means that leadership is lost (RL.8), and only then.
    pub fn write_failed(&self, error: &Error) {
        self.failed(self.policy.write_ends, error);
    }

    /// The slow path of a lease read failed. As for a write.
    pub fn read_failed(&self, error: &Error) {
        self.failed(self.policy.read_ends, error);
    }

    fn failed(&self, ends: fn(&Error) -> bool, error: &Error) {
        if ends(error) {
            self.end(&mut self.state.lock(), EndCause::Failed(error.kind()));
        }
    }

    fn renew(&self, state: &mut State, term: u64, base: Instant) {
        if !Rule::EndSettledByClock.holds(state.ended != NEVER) {
            state.ended = self.now();
        }
        let expiry = base.after(self.policy.length);
        let counts = Rule::VotersPromise.holds(self.promised)
            && Rule::RegainedByEntry.holds(!state.suspended)
            && Rule::RenewedInThisTerm.holds(same(state.term, term))
            && Rule::BegunSinceEnd.holds(at_least(base, state.ended))
            && Rule::NeverShortened.holds(state.expiry().map_or(is(true), |held| before(held, expiry)));
        if !counts {
            return;
        }
        state.granted = Some((expiry, state.generation));
        self.host.observe(Event::LeaseExtended { term, generation: state.generation, base, expiry });
    }

    /// The present; where the clock cannot be read, later than all that it ever shows.
    fn now(&self) -> Instant {
        self.host.monotonic().unwrap_or(NEVER)
    }

    /// Moves the generation: what was granted in it is held no longer, and an extension begun in it brings nothing back. Without a clock
    /// there is no telling what began before; the end is then taken to be where the clock can be read again.
    fn end(&self, state: &mut State, cause: EndCause) {
        let held = state.expiry().is_some();
        let generation = state.generation;
        state.generation += 1;
        state.ended = self.now();
        self.host.observe(Event::LeaseEnded { generation, cause, held });
    }
}

impl Listener for Lease {
    fn elected(&self, term: u64) {
        let mut state = self.state.lock();
        state.term = term;
        state.suspended = false;
        state.ended = Instant::default();
    }

    fn renewed(&self, term: u64, base: Instant) {
        self.renew(&mut self.state.lock(), term, base);
    }

    fn suspended(&self) {
        let mut state = self.state.lock();
        if !state.suspended {
            self.end(&mut state, EndCause::Transfer);
            state.suspended = true;
        }
    }

    fn resumed(&self, term: u64, base: Instant) {
        let mut state = self.state.lock();
        state.suspended = false;
        self.renew(&mut state, term, base);
    }

    fn ended(&self, cause: EndCause) {
        self.end(&mut self.state.lock(), cause);
    }
}

#[cfg(test)]
mod tests;
