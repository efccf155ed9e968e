//! A node's clock as its process lives by it: readings, sleeps, and the faults that have yet to show.

use super::prelude::*;
use super::{Effective, SimTimer, SimWorld};
use crate::world::signal::{Signal, Waiter};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A node's clock. It outlives the node's processes.
pub(super) struct NodeClock {
    pub(super) clock: Clock,
    /// Counts what was done to it; a timer that was set before has to be set again.
    touched: u64,
    /// Tells who sleeps that it was touched. `None` where the scenario never touches a clock: no sleep pays for it.
    signal: Option<Signal>,
    /// Faults that no reading has shown yet.
    hidden: Vec<Hidden>,
    /// Numbers them.
    watched: u64,
}

/// A fault that changed a clock, and the clock as it would be without it.
struct Hidden {
    number: u64,
    effective: Effective,
    untouched: Clock,
}

impl NodeClock {
    /// `may_change`: the scenario touches clocks.
    pub(super) fn new(clock: Clock, may_change: bool) -> Self {
        let signal = may_change.then(Signal::default);
        Self { clock, touched: 0, signal, hidden: Vec::new(), watched: 0 }
    }

    /// Does something to the clock. Whoever sleeps by it has to be told by the signal that comes back, once nothing is locked.
    #[must_use]
    pub(super) fn touch(&mut self, act: impl FnOnce(&mut Clock)) -> Option<Signal> {
        act(&mut self.clock);
        self.touched += 1;
        self.signal.clone()
    }

    /// Something is about to be done to it: `effective` is for the first reading that shows that. Returns its number.
    pub(super) fn watch(&mut self, effective: Effective) -> u64 {
        self.watched += 1;
        self.hidden.push(Hidden { number: self.watched, effective, untouched: self.clock });
        self.watched
    }

    /// It is undone: what no reading has shown, none will.
    pub(super) fn unwatch(&mut self, number: u64) {
        self.hidden.retain(|hidden| hidden.number != number);
    }

    /// Is there a fault that no reading has shown yet?
    pub(super) fn hides(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// A process reads the clock at `now`: what to call for that which it shows for the first time.
    pub(super) fn revealed(&mut self, now: SimTime) -> Vec<Effective> {
        let clock = self.clock;
        let shows = |untouched: &Clock| {
            (clock.read(now), clock.read_wall(now)) != (untouched.read(now), untouched.read_wall(now))
        };
        self.hidden.extract_if(.., |hidden| shows(&hidden.untouched)).map(|hidden| hidden.effective).collect()
    }
}

/// Waits until a node's clock shows `end`, whatever is done to the clock meanwhile.
pub(super) struct Sleep {
    world: SimWorld,
    clock: Arc<Mutex<NodeClock>>,
    end: u64,
    /// `None` by a clock that stands still.
    timer: Option<SimTimer>,
    /// What the clock had been through when the timer was set; `None`: never.
    set: Option<u64>,
    waiter: Option<Waiter>,
}

impl Sleep {
    pub(super) fn new(world: &SimWorld, clock: &Arc<Mutex<NodeClock>>, nanos: u64) -> Self {
        let (end, waiter) = {
            let clock = clock.lock();
            let end = clock.clock.reading(world.now()).saturating_add(nanos);
            (end, clock.signal.as_ref().map(Signal::waiter))
        };
        Self { world: world.clone(), clock: Arc::clone(clock), end, timer: None, set: None, waiter }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        loop {
            {
                let clock = this.clock.lock();
                // While a timer is set it alone says when: two sleeps that end at one moment end in the order of their events.
                if this.set != Some(clock.touched) {
                    if clock.clock.reading(this.world.now()) >= this.end {
                        return Poll::Ready(());
                    }
                    this.timer = clock.clock.when(this.end).map(|at| this.world.until(at));
                    this.set = Some(clock.touched);
                }
            }
            if let Some(waiter) = &this.waiter {
                waiter.wait(cx.waker());
            }
            let Some(timer) = &mut this.timer else { return Poll::Pending };
            if Pin::new(timer).poll(cx).is_pending() {
                return Poll::Pending;
            }
            this.set = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SECOND: u64 = 1_000_000_000;

    /// When a sleep of ten seconds by a right clock is over, to which `act` does something after four.
    fn woken(act: impl FnOnce(&mut Clock, SimTime) + Send + 'static) -> Option<u64> {
        let world = SimWorld::new(1);
        let clock = Arc::new(Mutex::new(NodeClock::new(Clock::new(Duration::from_secs(5), 0), true)));
        let sleep = Sleep::new(&world, &clock, 10 * SECOND);
        let end = Arc::new(Mutex::new(None));
        let (sleeper, noted) = (world.clone(), Arc::clone(&end));
        world.process("p").spawn(async move {
            sleep.await;
            *noted.lock() = Some((sleeper.now().0 + 500_000) / 1_000_000);
        });
        let toucher = world.clone();
        world.call_at(SimTime(4 * SECOND), move || {
            let signal = clock.lock().touch(|clock| act(clock, toucher.now()));
            signal.expect("it may change").change();
        });
        world.run(SimTime(60 * SECOND), || false);
        let woken = *end.lock();
        world.dissolve();
        woken
    }

    #[test]
    fn a_sleep_follows_the_clock_whatever_is_done_to_it() {
        assert_eq!(woken(|_, _| {}), Some(10_000));
        assert_eq!(woken(|clock, now| clock.impose_rate(now, Some(500_000_000))), Some(8_000));
        assert_eq!(woken(|clock, now| clock.impose_rate(now, Some(-500_000_000))), Some(16_000));
        assert_eq!(woken(|clock, now| clock.step_monotonic(now, 5 * SECOND as i64)), Some(5_000));
        assert_eq!(woken(|clock, now| clock.step_monotonic(now, 7 * SECOND as i64)), Some(4_000));
        assert_eq!(woken(|clock, now| clock.step_monotonic(now, -3 * SECOND as i64)), Some(13_000));
        assert_eq!(woken(|clock, now| clock.freeze(now)), None);
    }

    #[test]
    fn a_step_of_the_wall_clock_and_readings_that_fail_delay_no_sleep() {
        assert_eq!(woken(|clock, now| clock.step_wall(now, 99 * SECOND as i64)), Some(10_000));
        assert_eq!(woken(|clock, _| clock.set_failing(true)), Some(10_000));
    }

    #[test]
    fn a_fault_is_revealed_by_the_first_reading_that_differs_and_by_no_other() {
        let mut clock = NodeClock::new(Clock::new(Duration::from_secs(5), 0), true);
        clock.watch(Box::new(|_| {}));
        let _ = clock.touch(|clock| clock.impose_rate(SimTime(SECOND), Some(1_000)));
        assert_eq!(clock.revealed(SimTime(SECOND)).len(), 0);
        assert_eq!(clock.revealed(SimTime(2 * SECOND)).len(), 1);
        assert_eq!(clock.revealed(SimTime(3 * SECOND)).len(), 0);
    }
}
