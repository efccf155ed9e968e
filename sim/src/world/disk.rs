//! A disk: what was written is readable at once; what was synced survives a crash; operations fail, are slow, or stall.
//!
//! A sync moves its bytes, after those of every sync before it, and then flushes. Flushes go on beside each other and take as long as each
//! draws, so that of two syncs under way the later may be done first. It has then made durable what the earlier was to save, too.

use super::quantiles::Quantiles;
use super::signal::Signal;
use super::streams::Stream;
use crate::time::SimTime;
use crate::words::{DiskHarm, DiskOperation, Tail};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a disk writes as a whole, in bytes.
const SECTOR: usize = 512;

/// The files of one node. They outlive its processes.
pub struct Disk {
    files: BTreeMap<String, File>,
    fsync: Quantiles,
    /// Bytes a second; `None`: what a sync makes durable takes no time of its own.
    bandwidth: Option<u64>,
    stream: Stream,
    /// What is left of what was not synced.
    tails: Stream,
    /// Syncs that are not done, in the order in which they began.
    under_way: Vec<UnderWay>,
    /// Numbers syncs.
    syncs: u64,
    /// What the bytes took of all syncs that were ever begun, in nanoseconds, those that are under way to their ends.
    moved: u64,
    wrong: Vec<Wrong>,
    /// Faults that have changed something and have not been asked for.
    shown: Vec<Shown>,
    /// Numbers faults.
    harms: u64,
    mended: Signal,
}

/// A sync that the disk has yet to do.
struct UnderWay {
    number: u64,
    /// What it takes a disk with which nothing is wrong.
    regular: Takes,
    /// When its bytes have been moved.
    moved: SimTime,
    done: SimTime,
}

/// How long a sync takes, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Takes {
    /// However little there is to write.
    latency: u64,
    /// For what there is.
    transfer: u64,
}

impl Takes {
    fn all(self) -> u64 {
        self.latency.saturating_add(self.transfer)
    }
}

#[derive(Clone, Debug, Default)]
struct File {
    content: Vec<u8>,
    /// How much of the content is durable.
    durable: usize,
    /// How much of it some sync has written, or is to write.
    given: usize,
    /// A sync fails: what it was to save, from here on, is taken for clean and never written, whatever later syncs say.
    forsaken: Option<usize>,
}

/// A fault in force.
struct Wrong {
    number: HarmId,
    harm: DiskHarm,
    /// Is called once it has changed something; `None`: it was.
    shows: Option<Shown>,
}

/// What is called once a fault has changed something.
pub type Shown = Box<dyn FnOnce() + Send>;

/// A fault in force, by number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HarmId(u64);

/// The operation failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Failed;

/// A sync under way: when it is done, and what it makes durable then.
#[derive(Clone, Debug)]
pub struct Sync {
    /// When it is done, unless a stall holds it or the disk is mended before.
    pub done: SimTime,
    /// It takes longer than it would on a disk with which nothing is wrong.
    pub slowed: bool,
    number: u64,
    of: Vec<Given>,
    fails: bool,
}

/// What a sync is to make durable of a file.
#[derive(Clone, Debug)]
struct Given {
    file: String,
    from: usize,
    to: usize,
}

/// A replacement of a whole file under way: when it is done. Before that the old content is there, after it the new.
#[derive(Clone, Debug)]
pub struct Replace {
    /// The sync that ends it.
    pub sync: Sync,
    file: String,
    content: Vec<u8>,
}

impl Disk {
    /// An empty disk whose syncs take as long as their bytes take at `bandwidth`, in bytes a second, and then as drawn from `fsync` by
    /// `stream`. `tails` decides what crashes leave.
    pub fn new(fsync: Quantiles, bandwidth: Option<u64>, stream: Stream, tails: Stream) -> Self {
        Self {
            files: BTreeMap::new(),
            fsync,
            bandwidth,
            stream,
            tails,
            under_way: Vec::new(),
            syncs: 0,
            moved: 0,
            wrong: Vec::new(),
            shown: Vec::new(),
            harms: 0,
            mended: Signal::default(),
        }
    }

    /// The content of a file, durable or not; empty if there is none.
    ///
    /// # Errors
    /// Reading fails.
    pub fn read(&mut self, file: &str) -> Result<Vec<u8>, Failed> {
        self.attempt(|harm| harm == DiskHarm::Fail(DiskOperation::Read))?;
        Ok(self.files.get(file).map(|file| file.content.clone()).unwrap_or_default())
    }

    /// Appends to a file.
    ///
    /// # Errors
    /// Writing fails, or there is no room; nothing was written.
    pub fn append(&mut self, file: &str, bytes: &[u8]) -> Result<(), Failed> {
        self.attempt(|harm| matches!(harm, DiskHarm::Fail(DiskOperation::Append) | DiskHarm::Full))?;
        match self.files.get_mut(file) {
            Some(file) => file.content.extend_from_slice(bytes),
            None => {
                self.files.insert(file.to_owned(), File { content: bytes.to_vec(), ..File::default() });
            }
        }
        Ok(())
    }

    /// Cuts a file; the cut itself is durable at once.
    pub fn truncate(&mut self, file: &str, length: usize) {
        if let Some(file) = self.files.get_mut(file) {
            file.content.truncate(length);
            file.durable = file.durable.min(length);
            file.given = file.given.min(length);
        }
    }

    /// Begins to make durable, in one flush, what these files hold now.
    pub fn begin_sync(&mut self, now: SimTime, files: &[&str]) -> Sync {
        let given = |file: &&str| {
            let (from, to) = self.files.get_mut(*file).map_or((0, 0), |file| {
                let length = file.content.len();
                (std::mem::replace(&mut file.given, length), length)
            });
            Given { file: (*file).to_owned(), from, to }
        };
        let given: Vec<Given> = files.iter().map(given).collect();
        let bytes = given.iter().map(|Given { from, to, .. }| to - from).sum();
        let sync = self.begin(now, given, bytes);
        for Given { file, from, .. } in sync.of.iter().filter(|_| sync.fails) {
            if let Some(file) = self.files.get_mut(file) {
                file.forsaken = Some(file.forsaken.map_or(*from, |before| before.min(*from)));
            }
        }
        sync
    }

    /// Begins a sync that writes so many `bytes`, after which what was given is durable.
    fn begin(&mut self, now: SimTime, of: Vec<Given>, bytes: usize) -> Sync {
        let regular = Takes { latency: self.fsync.draw(&mut self.stream), transfer: self.transfer(bytes) };
        let takes = self.takes(regular);
        self.show(|harm| matches!(harm, DiskHarm::Fsync(_) | DiskHarm::Slow(_)) && takes != regular);
        let fails = self.attempt(|harm| harm == DiskHarm::Fail(DiskOperation::Sync)).is_err();
        self.under_way.retain(|sync| sync.done > now);
        let idle_at = self.under_way.last().map_or(now, |last| last.moved.max(now));
        let moved = SimTime(idle_at.0.saturating_add(takes.transfer));
        let done = SimTime(moved.0.saturating_add(takes.latency));
        self.moved = self.moved.saturating_add(takes.transfer);
        self.syncs += 1;
        let number = self.syncs;
        self.under_way.push(UnderWay { number, regular, moved, done });
        Sync { done, slowed: takes.all() > regular.all(), number, of, fails }
    }

    /// For how long it has moved bytes by `now`, whatever held the syncs at their ends.
    pub fn busy(&self, now: SimTime) -> Duration {
        Duration::from_nanos(self.moved.saturating_sub(self.left(now)))
    }

    /// How long it will move the bytes of what is under way.
    fn left(&self, now: SimTime) -> u64 {
        let mut idle_at = now;
        let left = self.under_way.iter().map(|sync| {
            let left = sync.moved.0.saturating_sub(idle_at.0);
            idle_at = idle_at.max(sync.moved);
            left
        });
        left.sum()
    }

    /// How long so many bytes take, in nanoseconds.
    fn transfer(&self, bytes: usize) -> u64 {
        let Some(bandwidth) = self.bandwidth else { return 0 };
        u64::try_from(bytes as u128 * 1_000_000_000 / u128::from(bandwidth.max(1))).unwrap_or(u64::MAX)
    }

    /// How long a sync takes that takes so long where nothing is wrong.
    fn takes(&self, regular: Takes) -> Takes {
        self.wrong.iter().fold(regular, |Takes { latency, transfer }, wrong| match wrong.harm {
            DiskHarm::Fsync(takes) => Takes { latency: u64::try_from(takes.as_nanos()).unwrap_or(u64::MAX), transfer },
            DiskHarm::Slow(times) => {
                let slower = |takes: u64| takes.saturating_mul(u64::from(times));
                Takes { latency: slower(latency), transfer: slower(transfer) }
            }
            DiskHarm::Stall | DiskHarm::Fail(_) | DiskHarm::Full => Takes { latency, transfer },
        })
    }

    /// When a sync is done, as it looks now: sooner than it began with, if the disk was mended since.
    pub fn due(&self, sync: &Sync) -> SimTime {
        let under_way = self.under_way.iter().find(|it| it.number == sync.number);
        under_way.map_or(SimTime(0), |it| it.done)
    }

    /// Changes whenever something is wrong no longer.
    pub fn mended(&self) -> Signal {
        self.mended.clone()
    }

    /// What holds a sync whose time has come; `None`: nothing does.
    pub fn held(&mut self) -> Option<Signal> {
        self.show(|harm| harm == DiskHarm::Stall);
        self.wrong.iter().any(|wrong| wrong.harm == DiskHarm::Stall).then(|| self.mended())
    }

    /// The sync is done.
    ///
    /// # Errors
    /// It failed; what it was to save is readable and will never be durable.
    pub fn end_sync(&mut self, sync: &Sync) -> Result<(), Failed> {
        for Given { file, to, .. } in &sync.of {
            if let Some(file) = self.files.get_mut(file) {
                let sound = file.forsaken.unwrap_or(usize::MAX);
                file.durable = file.durable.max((*to).min(file.content.len()).min(sound));
            }
        }
        if sync.fails { Err(Failed) } else { Ok(()) }
    }

    /// Begins to put `content` in the place of what the file holds.
    pub fn begin_replace(&mut self, now: SimTime, file: &str, content: Vec<u8>) -> Replace {
        let mut sync = self.begin(now, Vec::new(), content.len());
        sync.fails |=
            self.attempt(|harm| matches!(harm, DiskHarm::Fail(DiskOperation::Append) | DiskHarm::Full)).is_err();
        Replace { sync, file: file.to_owned(), content }
    }

    /// The replacement is done, and durable.
    ///
    /// # Errors
    /// It failed; the old content is there.
    pub fn end_replace(&mut self, Replace { sync, file, content }: Replace) -> Result<(), Failed> {
        if sync.fails {
            return Err(Failed);
        }
        let durable = content.len();
        self.files.insert(file, File { content, durable, given: durable, forsaken: None });
        Ok(())
    }

    /// The process is gone, and what was not durable with it, but for the tail that is left.
    pub fn crash(&mut self, tail: Tail) {
        for file in self.files.values_mut() {
            match tail {
                Tail::Kept => continue,
                Tail::Lost => file.content.truncate(file.durable),
                Tail::Torn => file.tear(&mut self.tails),
                Tail::Scattered => file.scatter(&mut self.tails),
            }
            let length = file.content.len();
            (file.durable, file.given, file.forsaken) = (length, length, None);
        }
    }

    /// Something is wrong from now on; `shows` is among the [`Disk::take_shown`] once that has changed something.
    pub fn harm(&mut self, harm: DiskHarm, shows: Shown) -> HarmId {
        self.harms += 1;
        self.wrong.push(Wrong { number: HarmId(self.harms), harm, shows: Some(shows) });
        HarmId(self.harms)
    }

    /// It is no longer, and what it has slowed down takes no longer from now on than it would without it. Who waits for the
    /// disk has to be told by the signal that comes back, once nothing is locked.
    #[must_use]
    pub fn mend(&mut self, now: SimTime, number: HarmId) -> Signal {
        let before = self.left(now);
        self.wrong.retain(|wrong| wrong.number != number);
        let mut idle_at = now;
        let all: Vec<Takes> = self.under_way.iter().map(|sync| self.takes(sync.regular)).collect();
        for (sync, takes) in self.under_way.iter_mut().zip(all) {
            sync.moved = sync.moved.min(SimTime(idle_at.0.saturating_add(takes.transfer)));
            idle_at = idle_at.max(sync.moved);
            sync.done = sync.done.min(SimTime(idle_at.0.saturating_add(takes.latency)));
        }
        self.moved -= before.saturating_sub(self.left(now));
        self.mended()
    }

    /// The faults that have changed something for the first time since this was last asked.
    pub fn take_shown(&mut self) -> Vec<Shown> {
        std::mem::take(&mut self.shown)
    }

    /// Fails if a fault in force `forbids` it.
    fn attempt(&mut self, forbids: impl Fn(DiskHarm) -> bool) -> Result<(), Failed> {
        self.show(&forbids);
        if self.wrong.iter().any(|wrong| forbids(wrong.harm)) { Err(Failed) } else { Ok(()) }
    }

    /// Notes that the faults in force which `changed` something have.
    fn show(&mut self, changed: impl Fn(DiskHarm) -> bool) {
        let changed = self.wrong.iter_mut().filter(|wrong| changed(wrong.harm));
        self.shown.extend(changed.filter_map(|wrong| wrong.shows.take()));
    }
}

impl File {
    fn tear(&mut self, stream: &mut Stream) {
        let pending = self.content.len() - self.durable;
        let left = stream.below(pending as u64 + 1) as usize;
        self.content.truncate(self.durable + left);
    }

    fn scatter(&mut self, stream: &mut Stream) {
        let mut end = self.durable;
        let mut from = self.durable;
        while from < self.content.len() {
            let to = ((from / SECTOR + 1) * SECTOR).min(self.content.len());
            if stream.below(2) == 0 {
                end = to;
            } else {
                self.content[from..to].fill(0);
            }
            from = to;
        }
        self.content.truncate(end);
    }
}

#[cfg(test)]
mod tests;
