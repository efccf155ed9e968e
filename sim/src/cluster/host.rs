//! One node's surroundings: its clock, its cores, its disk, its randomness, its ear.

use super::recorder::Recorder;
use super::{Plan, SimWorld, wiring};
use crate::world::clock::Clock;
use crate::world::cpu::Cpu;
use crate::world::disk::Disk;
use crate::world::process::{Process, yield_now};
use crate::world::streams::Stream;
use crate::world::timer::Timer;
use leasehold::env::{BoxFuture, ClockError, DiskError, Env, Instant, NodeId, Point, Wait, Work};
use leasehold::observe::{Event, Sink};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The wall clock's time at the beginning of every run: the evening of the incident, 2026-04-20T13:52:00Z.
const EPOCH: Duration = Duration::from_secs(1_776_693_120);

/// At each point of the code, one time in so many, the task lets others go first.
const YIELD_ONE_IN: u64 = 8;

/// What the planted leak mixes into entropy.
static LEAK: AtomicU64 = AtomicU64::new(0);

/// Which process of which node.
#[derive(Clone, Copy)]
pub(super) struct Identity {
    pub(super) node: NodeId,
    pub(super) incarnation: u64,
}

pub(super) struct SimHost {
    world: SimWorld,
    recorder: Arc<Recorder>,
    identity: Identity,
    process: Process,
    clock: Arc<Mutex<Clock>>,
    cpu: Arc<Mutex<Cpu>>,
    costs: [Duration; Work::ALL.len()],
    entropy: Mutex<BTreeMap<&'static str, Stream>>,
    yields: Mutex<Stream>,
    leak: bool,
}

impl SimHost {
    pub(super) fn new(
        world: &SimWorld,
        plan: &Plan,
        recorder: &Arc<Recorder>,
        identity: Identity,
        clock: Arc<Mutex<Clock>>,
        cpu: Arc<Mutex<Cpu>>,
        process: Process,
    ) -> Self {
        let node = identity.node;
        Self {
            world: world.clone(),
            recorder: Arc::clone(recorder),
            identity,
            process,
            clock,
            cpu,
            costs: wiring::costs(&plan.scenario),
            entropy: Mutex::default(),
            yields: Mutex::new(world.streams().stream(&["yield", &node.to_string()])),
            leak: plan.leak,
        }
    }

    fn wait(timer: Timer) -> Wait {
        if timer.is_over() { Wait::Over } else { Wait::For(Box::pin(timer)) }
    }
}

impl Env for SimHost {
    fn node(&self) -> NodeId {
        self.identity.node
    }

    fn incarnation(&self) -> u64 {
        self.identity.incarnation
    }

    fn monotonic(&self) -> Result<Instant, ClockError> {
        Ok(Instant::from_nanos(self.clock.lock().reading(self.world.now())))
    }

    fn wall(&self) -> Result<Duration, ClockError> {
        Ok(EPOCH + Duration::from_nanos(self.clock.lock().reading(self.world.now())))
    }

    fn sleep(&self, duration: Duration) -> Wait {
        let (world, clock) = (self.world.clone(), Arc::clone(&self.clock));
        let end = clock.lock().reading(world.now()).saturating_add(leasehold::env::nanos(duration));
        Wait::For(Box::pin(async move {
            // Again, if the clock stood still meanwhile.
            loop {
                let (reading, until) = {
                    let clock = clock.lock();
                    (clock.reading(world.now()), clock.when(end))
                };
                if reading >= end {
                    return;
                }
                world.until(until).await;
            }
        }))
    }

    fn spawn(&self, _name: &'static str, task: BoxFuture<()>) {
        self.process.spawn_boxed(task);
    }

    fn entropy(&self, purpose: &'static str) -> u64 {
        let mut streams = self.entropy.lock();
        let fresh = || self.world.streams().stream(&["entropy", purpose, &self.identity.node.to_string()]);
        let number = streams.entry(purpose).or_insert_with(fresh).number();
        number ^ if self.leak { LEAK.fetch_add(1, Ordering::Relaxed) } else { 0 }
    }

    fn work(&self, work: Work) -> Wait {
        let cost = self.costs[work as usize];
        if cost.is_zero() {
            return Wait::Over;
        }
        let done = self.cpu.lock().work(self.world.now(), cost);
        Self::wait(self.world.until(done))
    }

    fn point(&self, _point: Point) -> Wait {
        if self.yields.lock().below(YIELD_ONE_IN) == 0 { Wait::For(Box::pin(yield_now())) } else { Wait::Over }
    }
}

impl Sink for SimHost {
    fn observe(&self, event: Event) {
        self.recorder.stack(self.world.now(), self.identity.node, &self.clock.lock(), event);
    }

    fn effect(&self, index: u64, command: &[u8], response: &[u8]) {
        self.recorder.effect(index, command, response);
    }
}

/// A node's disk as its process sees it.
pub(super) struct SimDisk {
    world: SimWorld,
    disk: Arc<Mutex<Disk>>,
}

impl SimDisk {
    pub(super) fn new(world: &SimWorld, disk: &Arc<Mutex<Disk>>) -> Self {
        Self { world: world.clone(), disk: Arc::clone(disk) }
    }
}

impl leasehold::env::Disk for SimDisk {
    fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
        Ok(self.disk.lock().read(file))
    }

    fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.disk.lock().append(file, bytes);
        Ok(())
    }

    fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
        self.disk.lock().truncate(file, usize::try_from(length).map_err(|_| DiskError)?);
        Ok(())
    }

    fn sync(&self, file: &str) -> BoxFuture<Result<(), DiskError>> {
        let sync = self.disk.lock().begin_sync(self.world.now(), file);
        let (timer, disk) = (self.world.until(sync.done), Arc::clone(&self.disk));
        Box::pin(async move {
            timer.await;
            disk.lock().end_sync(&sync);
            Ok(())
        })
    }

    fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
        let replace = self.disk.lock().begin_replace(self.world.now(), file, bytes);
        let (timer, disk) = (self.world.until(replace.done), Arc::clone(&self.disk));
        Box::pin(async move {
            timer.await;
            disk.lock().end_replace(replace);
            Ok(())
        })
    }
}
