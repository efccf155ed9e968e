//! What can be done to a cluster: each deed lasts until its guard is dropped. `effective` is told when it has changed something.

use super::clock::NodeClock;
use super::prelude::*;
use super::recorder::Watched;
use super::traps::Spring;
use super::{Cluster, Effective, Guard, Hold, Impairment, Running, TakenForClock};
use crate::words::{Cut, DiskHarm};

impl Cluster {
    /// Kills a node's process, and keeps it down until the guard is dropped.
    pub fn crash(&self, id: NodeId, tail: Tail) -> Guard {
        self.shared.slots[&id].held_down.store(true, Ordering::Relaxed);
        self.kill(id, tail);
        self.guard(move |cluster| cluster.start(id))
    }

    /// Something is wrong with a node's disk until the guard is dropped.
    pub fn harm_disk(&self, id: NodeId, harm: DiskHarm, effective: Effective) -> Guard {
        let number = self.shared.slots[&id].disk.lock().harm(harm, Box::new(move || effective(None)));
        self.guard(move |cluster| {
            let mended = cluster.shared.slots[&id].disk.lock().mend(cluster.world().now(), number);
            mended.change();
        })
    }

    /// Lets a node's process stand still until the guard is dropped, and its clock with it if `freeze`, or if it is of that kind.
    /// `None`: there is no process. It counts if that delayed anything that could have run.
    pub fn pause(&self, id: NodeId, freeze: bool, effective: Effective) -> Option<Guard> {
        let slot = &self.shared.slots[&id];
        let running = slot.running.lock();
        let running = running.as_ref()?;
        self.record(What::Process { node: id, change: ProcessChange::Paused });
        running.process.pause();
        let freeze = freeze || self.shared.plan.assembly.clock() == TakenForClock::Uptime;
        if freeze && !running.suspended.swap(true, Ordering::Relaxed) {
            self.touch_clock(id, Clock::freeze, None);
        }
        Some(self.guard(move |cluster| {
            if cluster.resume(id) {
                effective(None);
            }
        }))
    }

    /// Lets a node's process, and its clock, go on. Returns whether the pause delayed anything that could have run.
    fn resume(&self, id: NodeId) -> bool {
        let running = self.shared.slots[&id].running.lock();
        let Some(running) = &*running else { return false };
        self.wake(id, running);
        self.record(What::Process { node: id, change: ProcessChange::Resumed });
        running.process.resume()
    }

    /// The clock goes on that stood still with this process.
    pub(super) fn wake(&self, id: NodeId, running: &Running) {
        if running.suspended.swap(false, Ordering::Relaxed) {
            self.touch_clock(id, Clock::thaw, None);
        }
    }

    /// Does something to a node's clock, now. It counts once a process reads what it would not have read.
    pub fn touch_clock(&self, id: NodeId, act: impl FnOnce(&mut Clock, SimTime), effective: Option<Effective>) {
        self.touch(id, act, |clock| effective.map(|effective| clock.watch(effective)));
    }

    /// The same, until the guard is dropped, which does `undo`.
    pub fn hold_clock(
        &self,
        id: NodeId,
        act: impl FnOnce(&mut Clock, SimTime),
        undo: impl FnOnce(&mut Clock, SimTime) + Send + 'static,
        effective: Effective,
    ) -> Guard {
        let number = self.touch(id, act, |clock| clock.watch(effective));
        self.guard(move |cluster| {
            cluster.touch_clock(id, undo, None);
            cluster.shared.slots[&id].clock.lock().unwatch(number);
        })
    }

    fn touch<T>(
        &self,
        id: NodeId,
        act: impl FnOnce(&mut Clock, SimTime),
        before: impl FnOnce(&mut NodeClock) -> T,
    ) -> T {
        let now = self.shared.world.now();
        let slot = &self.shared.slots[&id];
        let (before, touched, clock) = {
            let mut clock = slot.clock.lock();
            (before(&mut clock), clock.touch(|clock| act(clock, now)), clock.clock)
        };
        self.shared.recorder.clock_changed(now, ReplicaId::first(id), &clock);
        if let Some(touched) = touched {
            touched.change();
        }
        before
    }

    /// Sets a trap at a point of a node's code. It is there, whether or not the node's process runs, until a task springs it or
    /// the guard is dropped.
    pub fn set_trap(&self, id: NodeId, point: Point, spring: Spring) -> Guard {
        let trap = self.shared.slots[&id].traps.set(point, spring);
        self.guard(move |cluster| cluster.shared.slots[&id].traps.remove(trap))
    }

    /// Lets all work on a node take `factor` times as long, until the guard is dropped. It counts if there was any.
    pub fn slow_down(&self, id: NodeId, factor: u32, effective: Effective) -> Guard {
        let slot = &self.shared.slots[&id];
        slot.cpu.lock().slow_down(factor);
        *slot.slowed.lock() = Some((slot.cpu.lock().busy(), effective));
        self.guard(move |cluster| {
            let slot = &cluster.shared.slots[&id];
            slot.cpu.lock().slow_down(1);
            slot.tell_slowed();
        })
    }

    /// Cuts links until the guard is dropped. It counts once a message of the protocol meets the cut.
    pub fn cut(&self, links: &[LinkId], how: Cut, effective: Effective) -> Guard {
        self.lay(self.shared.world.cut(links, how), false, effective)
    }

    /// Impairs links until the guard is dropped. It counts once something has come of it for a message. It draws from streams of
    /// the name `name`, which must be its own.
    pub fn impair(&self, links: &[LinkId], impairment: &Impairment, name: &str, effective: Effective) -> Guard {
        self.lay(self.shared.world.impair(links, impairment, name), true, effective)
    }

    /// Until the guard is dropped, which ends `end` too, what several groups say to a node goes apart if it has to: the fault is about the
    /// messages of one.
    pub fn apart(&self, has_to: bool, end: Guard) -> Guard {
        if !has_to {
            return end;
        }
        self.shared.apart.fetch_add(1, Ordering::Relaxed);
        self.guard(move |cluster| {
            cluster.shared.apart.fetch_sub(1, Ordering::Relaxed);
            drop(end);
        })
    }

    /// Sets messages aside until the guard is dropped, which delivers them or, if `drop_held`, drops them. It counts once there
    /// was one.
    pub fn hold(&self, links: &[LinkId], hold: Hold, drop_held: bool, effective: Effective) -> Guard {
        let rule = self.shared.world.hold(links, hold);
        let lift = self.lay(rule, true, effective);
        self.guard(move |cluster| {
            if drop_held {
                cluster.shared.world.drop_held(rule);
            }
            drop(lift);
        })
    }

    /// A rule of the network is laid; the guard lifts it.
    fn lay(&self, rule: RuleId, requests: bool, effective: Effective) -> Guard {
        self.shared.recorder.watch(rule, Watched { effective, requests });
        self.guard(move |cluster| cluster.shared.world.lift(rule))
    }
}
