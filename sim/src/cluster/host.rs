//! One node's surroundings: its clock, its cores, its disk, its randomness, its ear.

use super::clock::{NodeClock, Sleep};
use super::prelude::*;
use super::recorder::Recorder;
use super::traps::Traps;
use super::{Shared, SimTimer, SimWorld, Slot};
use crate::world::clock::Unreadable;
use crate::world::disk::{self, Failed};
use crate::world::process::yield_now;
use crate::world::streams::Stream;
use leasehold::env::{BoxFuture, ClockError, DiskError, Env};
use leasehold::observe::Sink;

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

/// Of one of the replicas of a process.
pub(super) struct SimHost {
    world: SimWorld,
    recorder: Arc<Recorder>,
    identity: Identity,
    replica: ReplicaId,
    process: Process,
    clock: Arc<Mutex<NodeClock>>,
    cpu: Arc<Mutex<Cpu>>,
    costs: [Duration; Work::ALL.len()],
    entropy: Mutex<BTreeMap<&'static str, Stream>>,
    yields: Mutex<Stream>,
    traps: Arc<Traps>,
    leak: bool,
}

impl SimHost {
    /// What the replica of `group` in this process of the node in `slot` finds around it.
    pub(super) fn new(shared: &Shared, slot: &Slot, identity: Identity, group: GroupId, process: Process) -> Self {
        let Shared { world, recorder, plan, .. } = shared;
        let replica = ReplicaId { group, node: identity.node };
        Self {
            world: world.clone(),
            recorder: Arc::clone(recorder),
            identity,
            replica,
            process,
            clock: Arc::clone(&slot.clock),
            cpu: Arc::clone(&slot.cpu),
            costs: Work::ALL.map(|work| plan.scenario.cluster.cpu.cost(work)),
            entropy: Mutex::default(),
            yields: Mutex::new(world.streams().stream(&["yield", &replica.to_string()])),
            traps: Arc::clone(&slot.traps),
            leak: plan.leak,
        }
    }

    fn wait(timer: SimTimer) -> Wait {
        if timer.is_over() { Wait::Over } else { Wait::For(Box::pin(timer)) }
    }

    /// What the process reads from its clock; tells which faults that shows.
    fn read<T>(&self, reading: impl FnOnce(&Clock, SimTime) -> Result<T, Unreadable>) -> Result<T, ClockError> {
        let now = self.world.now();
        let mut clock = self.clock.lock();
        let reading = reading(&clock.clock, now).map_err(|Unreadable| ClockError);
        if clock.hides() {
            let revealed = clock.revealed(now);
            drop(clock);
            revealed.into_iter().for_each(|effective| effective(None));
        }
        reading
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
        self.read(Clock::read).map(Instant::from_nanos)
    }

    fn wall(&self) -> Result<Duration, ClockError> {
        let since_epoch = self.read(Clock::read_wall)?;
        let apart = Duration::from_nanos(since_epoch.unsigned_abs());
        Ok(if since_epoch < 0 { EPOCH.saturating_sub(apart) } else { EPOCH + apart })
    }

    fn sleep(&self, duration: Duration) -> Wait {
        Wait::For(Box::pin(Sleep::new(&self.world, &self.clock, leasehold::env::nanos(duration))))
    }

    fn spawn(&self, _name: &'static str, task: BoxFuture<()>) {
        self.process.spawn_boxed(task);
    }

    fn entropy(&self, purpose: &'static str) -> u64 {
        let mut streams = self.entropy.lock();
        let fresh = || self.world.streams().stream(&["entropy", purpose, &self.replica.to_string()]);
        let number = streams.entry(purpose).or_insert_with(fresh).number();
        number ^ if self.leak { LEAK.fetch_add(1, Ordering::Relaxed) } else { 0 }
    }

    fn work_times(&self, work: Work, times: u32) -> Wait {
        let cost = self.costs[work as usize] * times;
        if cost.is_zero() {
            return Wait::Over;
        }
        let done = self.cpu.lock().work(self.world.now(), cost);
        Self::wait(self.world.until(done))
    }

    fn point(&self, point: Point) -> Wait {
        if let Some(wait) = self.traps.spring(point) {
            return wait;
        }
        if is_for_traps_alone(point) {
            return Wait::Over;
        }
        if self.yields.lock().below(YIELD_ONE_IN) == 0 { Wait::For(Box::pin(yield_now())) } else { Wait::Over }
    }
}

/// Does the scheduler leave tasks at this point alone? A yield more would shift the draws of all that follow: to let one happen
/// here too would change every run there is.
fn is_for_traps_alone(point: Point) -> bool {
    match point {
        Point::Stepped | Point::Appended | Point::IndexConfirmed => true,
        Point::Persisted | Point::Sent | Point::Applied | Point::Published | Point::LeaseChecked => false,
    }
}

impl Sink for SimHost {
    fn observe(&self, event: Event) {
        self.recorder.stack(self.world.now(), self.replica, &self.clock.lock().clock, event);
    }

    fn effect(&self, index: u64, command: &[u8], response: &[u8]) {
        self.recorder.effect(self.replica.group, index, command, response);
    }
}

/// A node's disk as its process sees it.
pub(super) struct SimDisk {
    world: SimWorld,
    recorder: Arc<Recorder>,
    node: NodeId,
    disk: Arc<Mutex<Disk>>,
}

impl SimDisk {
    pub(super) fn new(world: &SimWorld, recorder: &Arc<Recorder>, node: NodeId, disk: &Arc<Mutex<Disk>>) -> Self {
        Self { world: world.clone(), recorder: Arc::clone(recorder), node, disk: Arc::clone(disk) }
    }

    /// Asks the disk, and tells which faults that has shown.
    fn ask<T>(&self, ask: impl FnOnce(&mut Disk) -> T) -> T {
        let mut disk = self.disk.lock();
        let answer = ask(&mut disk);
        let shown = disk.take_shown();
        drop(disk);
        shown.into_iter().for_each(|shows| shows());
        answer
    }

    /// Waits until `sync` is done: `timer` is that, unless the disk is mended before.
    async fn done(&self, sync: &disk::Sync, mut timer: SimTimer) {
        if sync.slowed {
            let mended = self.ask(|disk| disk.mended());
            while !timer.is_over() {
                mended.changed_or(timer).await;
                timer = self.world.until(self.ask(|disk| disk.due(sync)));
            }
        }
        timer.await;
        while let Some(stall) = self.ask(Disk::held) {
            stall.changed().await;
        }
    }

    /// A handle for what outlives a call.
    fn again(&self) -> Self {
        Self::new(&self.world, &self.recorder, self.node, &self.disk)
    }
}

impl leasehold::env::Disk for SimDisk {
    fn read(&self, file: &str) -> Result<Vec<u8>, DiskError> {
        self.ask(|disk| disk.read(file)).map_err(|Failed| DiskError)
    }

    fn append(&self, file: &str, bytes: &[u8]) -> Result<(), DiskError> {
        self.ask(|disk| disk.append(file, bytes)).map_err(|Failed| DiskError)
    }

    fn truncate(&self, file: &str, length: u64) -> Result<(), DiskError> {
        let length = usize::try_from(length).map_err(|_| DiskError)?;
        self.ask(|disk| disk.truncate(file, length));
        Ok(())
    }

    fn sync(&self, file: &str) -> BoxFuture<Result<(), DiskError>> {
        self.sync_all(&[file])
    }

    fn sync_all(&self, files: &[&str]) -> BoxFuture<Result<(), DiskError>> {
        let sync = self.ask(|disk| disk.begin_sync(self.world.now(), files));
        let (timer, disk) = (self.world.until(sync.done), self.again());
        Box::pin(async move {
            disk.done(&sync, timer).await;
            disk.ask(|disk| disk.end_sync(&sync)).map_err(|Failed| DiskError)
        })
    }

    fn replace(&self, file: &str, bytes: Vec<u8>) -> BoxFuture<Result<(), DiskError>> {
        let replace = self.ask(|disk| disk.begin_replace(self.world.now(), file, bytes));
        let (timer, disk) = (self.world.until(replace.sync.done), self.again());
        Box::pin(async move {
            disk.done(&replace.sync, timer).await;
            disk.ask(|disk| disk.end_replace(replace)).map_err(|Failed| DiskError)
        })
    }
}
