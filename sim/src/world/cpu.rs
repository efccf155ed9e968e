//! Cores that work queues for.

use crate::time::SimTime;
use std::time::Duration;

/// The cores of one machine. Work is taken in the order in which it comes, by the core that is free first; it is not preempted.
#[derive(Clone, Debug)]
pub struct Cpu {
    /// When each core is free again.
    cores: Vec<SimTime>,
    busy: Duration,
    /// All work takes so many times as long.
    factor: u32,
}

impl Cpu {
    /// A machine with this many cores; at least one.
    pub fn new(cores: usize) -> Self {
        Self { cores: vec![SimTime(0); cores.max(1)], busy: Duration::ZERO, factor: 1 }
    }

    /// Takes work that costs `cost` and comes at `now`; returns when it is done.
    pub fn work(&mut self, now: SimTime, cost: Duration) -> SimTime {
        let cost = cost * self.factor;
        self.busy += cost;
        let mut first = 0;
        for (core, free) in self.cores.iter().enumerate() {
            if *free < self.cores[first] {
                first = core;
            }
        }
        let done = self.cores[first].max(now).after(cost);
        self.cores[first] = done;
        done
    }

    /// From now on all work takes `factor` times as long. What was taken before is done when it would have been.
    pub fn slow_down(&mut self, factor: u32) {
        self.factor = factor.max(1);
    }

    /// Core time spent so far.
    pub fn busy(&self) -> Duration {
        self.busy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Duration = Duration::from_nanos(10);

    #[test]
    fn work_on_two_cores_overlaps_and_on_one_queues() {
        let mut two = Cpu::new(2);
        assert_eq!([two.work(SimTime(0), COST), two.work(SimTime(0), COST)], [SimTime(10), SimTime(10)]);
        let mut one = Cpu::new(1);
        assert_eq!([one.work(SimTime(0), COST), one.work(SimTime(0), COST)], [SimTime(10), SimTime(20)]);
    }

    #[test]
    fn a_slow_machine_takes_longer_for_what_comes_from_then_on() {
        let mut cpu = Cpu::new(1);
        assert_eq!(cpu.work(SimTime(0), COST), SimTime(10));
        cpu.slow_down(3);
        assert_eq!(cpu.work(SimTime(0), COST), SimTime(40));
        cpu.slow_down(1);
        assert_eq!(cpu.work(SimTime(100), COST), SimTime(110));
    }

    #[test]
    fn an_idle_core_begins_at_once() {
        let mut cpu = Cpu::new(1);
        cpu.work(SimTime(0), COST);
        assert_eq!(cpu.work(SimTime(100), COST), SimTime(110));
        assert_eq!(cpu.busy(), COST * 2);
    }
}
