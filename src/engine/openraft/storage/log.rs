//! The log, with vote and commit index.
//!
//! One write is under way at a time; what comes meanwhile gathers and goes into the next (group commit). The writer is a task that is
//! there as long as there is something to write.

use super::held::{Job, Staged, State, Then};
use super::records::{self, Encoder, Record};
use super::{Told, failed};
use crate::engine::Config;
use crate::engine::openraft::runtime::Runtime;
use crate::engine::openraft::types::{
    Entry, LogId, Payload, Types, Vote, change, content, is_change, members, position,
};
use crate::engine::wal::Damaged;
use crate::env::{Disk, DiskError, NodeId, Point};
use crate::error::Error;
use crate::observe::{Event, Host, Membership};
use openraft::OptionalSend;
use openraft::storage::{IOFlushed, LogState, RaftLogReader, RaftLogStorage};
use openraft_rt::AsyncRuntime;
use parking_lot::Mutex;
use std::fmt::Debug;
use std::io;
use std::ops::RangeBounds;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Name of the write-ahead log on the node's disk.
pub(super) const WAL: &str = "openraft.wal";

/// The log of one group on one node. A handle: clones are the same log.
#[derive(Clone)]
pub(in crate::engine::openraft) struct Logs(Arc<Shared>);

struct Shared {
    host: Arc<dyn Host>,
    disk: Arc<dyn Disk>,
    told: Arc<dyn Told>,
    /// The most bytes of a write, unless what was asked for at once has more.
    most_written: usize,
    /// How long a write waits for what could go with it.
    delay: Duration,
    /// The most bytes of commands that are read for one message, unless one entry has more.
    most_read: u64,
    state: Mutex<State>,
}

impl Logs {
    /// Opens the log on `disk`. A torn tail is cut off. What is left may have been written and never synced: nothing may rely on it
    /// before [`Logs::sync`].
    ///
    /// # Errors
    /// [`Error::Storage`]: the disk failed. [`Error::Damaged`]: the log is damaged where it had been durable.
    pub(in crate::engine::openraft) fn open(
        host: Arc<dyn Host>,
        disk: Arc<dyn Disk>,
        told: Arc<dyn Told>,
        config: &Config,
    ) -> Result<Self, Error> {
        let bytes = disk.read(WAL)?;
        let decoded = records::decode(&bytes).map_err(|Damaged| Error::Damaged)?;
        if decoded.sound < bytes.len() as u64 {
            disk.truncate(WAL, decoded.sound)?;
        }
        let mut state = State { written: decoded.sound, durable: decoded.proven, ..State::default() };
        for (start, record) in decoded.records {
            match record {
                Record::Vote(vote) => drop(state.votes(vote, host.node())),
                Record::Committed(committed) => state.committed = committed,
                Record::Entry(entry) => {
                    let index = entry.log_id.index();
                    if start >= decoded.proven {
                        state.unproven = Some(state.unproven.map_or(index, |first| first.min(index)));
                    }
                    state.entries.insert(index, entry);
                }
                Record::Truncated(last) => state.truncate(last),
                Record::Purged(purged) => state.purge(purged),
                Record::Snapshot(..) => return Err(Error::Damaged),
            }
        }
        let Config { max_write_bytes, group_commit_delay, max_append_bytes, .. } = *config;
        let (most_written, delay, most_read) = (max_write_bytes, group_commit_delay, max_append_bytes);
        Ok(Self(Arc::new(Shared { host, disk, told, most_written, delay, most_read, state: Mutex::new(state) })))
    }

    /// Lets the log fit the snapshot, where a crash came between writing that and cutting the log.
    pub(in crate::engine::openraft) fn align(&self, snapshot: Option<LogId>) {
        let Some(last) = snapshot else { return };
        let mut state = self.0.state.lock();
        state.committed = state.committed.max(snapshot);
        let is_past = state.purged >= Some(last);
        if !is_past && state.entries.get(&last.index()).map(|entry| entry.log_id) != Some(last) {
            state.entries.clear();
            state.purged = Some(last);
        }
    }

    /// Makes everything that was found durable.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub(in crate::engine::openraft) async fn sync(&self) -> Result<(), Error> {
        let (is_durable, written) = {
            let state = self.0.state.lock();
            (state.durable == state.written, state.written)
        };
        if !is_durable {
            self.0.disk.sync(WAL).await?;
        }
        let mut state = self.0.state.lock();
        state.durable = state.durable.max(written);
        Ok(())
    }

    /// Begins with the members that founded the group, where nothing has begun: the entry at 0, the same on every node.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub(in crate::engine::openraft) fn found(&self, founders: &Membership) -> Result<(), Error> {
        let mut state = self.0.state.lock();
        if state.written > 0 {
            return Ok(());
        }
        let log_id = LogId::new(0.into(), 0);
        let entry = Entry { log_id, payload: Payload::Membership(members(founders)) };
        let mut bytes = Vec::new();
        Encoder { durable: 0, out: &mut bytes }.entry(&entry);
        self.0.disk.append(WAL, &bytes)?;
        state.written = bytes.len() as u64;
        state.entries.insert(0, entry);
        Ok(())
    }

    /// Has this node never taken part in an election, nor followed a leader?
    pub(in crate::engine::openraft) fn is_fresh(&self) -> bool {
        self.vote().is_none() && position(self.last()).0 == 0
    }

    /// Waits until everything is durable that was to be written so far.
    ///
    /// # Errors
    /// The disk failed.
    pub(in crate::engine::openraft) async fn flushed(&self) -> Result<(), DiskError> {
        let (sender, waits) = oneshot::channel();
        self.stage(|_| {}, Then::Flushed(sender));
        waits.await.unwrap_or(Err(DiskError))
    }

    /// The number of the write that is under way; `None`: none is.
    pub(in crate::engine::openraft) fn writing(&self) -> Option<u64> {
        let state = self.0.state.lock();
        state.is_writing.then_some(state.writes)
    }

    /// Is there a change of membership after this index?
    pub(in crate::engine::openraft) fn has_change_after(&self, index: u64) -> bool {
        self.0.state.lock().entries.range(index + 1..).any(|(_, entry)| is_change(entry))
    }

    /// Term and vote, as saved last.
    pub(in crate::engine::openraft) fn vote(&self) -> Option<Vote> {
        self.0.state.lock().vote
    }

    /// The term, and for whom this node itself has voted in it.
    pub(in crate::engine::openraft) fn voted(&self) -> Option<(u64, Option<NodeId>)> {
        self.0.state.lock().voted
    }

    /// The last entry, or what stands in the place of it.
    pub(in crate::engine::openraft) fn last(&self) -> Option<LogId> {
        self.0.state.lock().last()
    }

    /// Where the last change of membership that it holds stands, and whom it makes the members.
    pub(in crate::engine::openraft) fn last_change(&self) -> Option<(u64, Membership)> {
        self.0.state.lock().last_change()
    }

    /// What there is to tell of the entries found when the log was opened of which nothing proved that they had been durable before.
    pub(in crate::engine::openraft) fn unproven(&self) -> Vec<Event> {
        let state = self.0.state.lock();
        let Some(first) = state.unproven else { return Vec::new() };
        state.entries.range(first..).flat_map(|(_, entry)| appended(entry)).collect()
    }

    /// Writes these bytes once what was staged before them is, and then does what is to be done.
    fn stage(&self, encode: impl FnOnce(&mut Encoder<'_>), then: Then) {
        let must_sync = then.must_sync();
        let starts = {
            let mut state = self.0.state.lock();
            let mut bytes = Vec::new();
            encode(&mut Encoder { durable: state.durable, out: &mut bytes });
            state.staged.push_back(Staged { bytes, then });
            must_sync && !std::mem::replace(&mut state.is_writing, true)
        };
        if starts {
            drop(Runtime::spawn(write(Arc::clone(&self.0))));
        }
    }

    /// Begins to write, where that is not under way.
    fn begin(&self) {
        if !std::mem::replace(&mut self.0.state.lock().is_writing, true) {
            drop(Runtime::spawn(write(Arc::clone(&self.0))));
        }
    }
}

/// Writes as long as there is something to write.
async fn write(shared: Arc<Shared>) {
    loop {
        if !shared.delay.is_zero() && !shared.state.lock().is_cut {
            shared.host.sleep(shared.delay).await;
        }
        let next = shared.state.lock().next(shared.most_written);
        let Some((job, of)) = next else { return };
        let written = shared.run(job).await;
        shared.settle(of, written);
    }
}

impl Shared {
    async fn run(&self, job: Job) -> Result<(), DiskError> {
        match job {
            Job::Append(bytes) => {
                self.disk.append(WAL, &bytes)?;
                self.host.point(Point::Appended).await;
                self.disk.sync(WAL).await?;
                self.host.point(Point::Persisted).await;
            }
            Job::Replace(bytes, first) => {
                self.disk.replace(WAL, bytes).await?;
                self.host.observe(Event::LogCompacted { first });
            }
        }
        Ok(())
    }

    /// Tells who waits for it that it is durable, or that it never will be.
    fn settle(&self, of: Vec<Staged>, written: Result<(), DiskError>) {
        {
            let mut state = self.state.lock();
            state.has_failed |= written.is_err();
            if written.is_ok() {
                state.durable = state.written;
            }
        }
        for Staged { then, .. } in of {
            match then {
                Then::Nothing => {}
                Then::Voted(vote, news, waits) => {
                    if written.is_ok() {
                        news.into_iter().for_each(|event| self.host.observe(event));
                        self.told.voted(&vote);
                    }
                    let _ = waits.send(written);
                }
                Then::Flushed(waits) => {
                    let _ = waits.send(written);
                }
                Then::Appended(events, callback) => {
                    if written.is_ok() {
                        events.into_iter().for_each(|event| self.host.observe(event));
                    }
                    callback.io_completed(written.map_err(|DiskError| failed()));
                }
            }
        }
    }
}

fn appended(entry: &Entry) -> impl Iterator<Item = Event> + use<> {
    let (index, term) = (entry.log_id.index(), entry.log_id.committed_leader_id().term);
    let change = is_change(entry).then_some(Event::ChangeAppended { index });
    std::iter::once(Event::Appended { index, term, digest: crc32fast::hash(&content(entry)) }).chain(change)
}

impl RaftLogReader<Types> for Logs {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<Entry>, io::Error> {
        let state = self.0.state.lock();
        Ok(state.entries.range(range).map(|(_, entry)| entry.clone()).collect())
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(self.vote())
    }

    /// As many as fit into a message, and one at least.
    async fn limited_get_log_entries(&mut self, start: u64, end: u64) -> Result<Vec<Entry>, io::Error> {
        let state = self.0.state.lock();
        let (mut bytes, mut entries) = (0, Vec::new());
        for (_, entry) in state.entries.range(start..end) {
            bytes += content(entry).len() as u64;
            if !entries.is_empty() && bytes > self.0.most_read {
                break;
            }
            entries.push(entry.clone());
        }
        Ok(entries)
    }
}

impl RaftLogStorage<Types> for Logs {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<Types>, io::Error> {
        let state = self.0.state.lock();
        Ok(LogState { last_purged_log_id: state.purged, last_log_id: state.last() })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let (sender, waits) = oneshot::channel();
        self.0.told.votes(vote);
        let news = self.0.state.lock().votes(*vote, self.0.host.node());
        self.stage(|encoder| encoder.vote(vote), Then::Voted(*vote, news, sender));
        match waits.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(DiskError)) | Err(_) => Err(failed()),
        }
    }

    /// The commit index is durable at the latest with the next entry: who has a change of membership in its log does not forget that
    /// the change before it is in force.
    async fn save_committed(&mut self, committed: Option<LogId>) -> Result<(), io::Error> {
        self.0.state.lock().committed = committed;
        self.stage(|encoder| encoder.committed(committed), Then::Nothing);
        Ok(())
    }

    async fn read_committed(&mut self) -> Result<Option<LogId>, io::Error> {
        Ok(self.0.state.lock().committed)
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Types>) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        {
            let mut state = self.0.state.lock();
            if state.has_failed {
                return Err(failed());
            }
            state.entries.extend(entries.iter().map(|entry| (entry.log_id.index(), entry.clone())));
        }
        if let Some(change) = entries.iter().rev().find_map(change) {
            self.0.told.last_change(Some(change));
        }
        let events = entries.iter().flat_map(appended).collect();
        self.stage(|encoder| entries.iter().for_each(|entry| encoder.entry(entry)), Then::Appended(events, callback));
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> Result<(), io::Error> {
        let last_change = {
            let mut state = self.0.state.lock();
            state.truncate(last);
            state.last_change()
        };
        self.0.told.last_change(last_change);
        self.stage(|encoder| encoder.truncated(last), Then::Nothing);
        Ok(())
    }

    async fn purge(&mut self, purged: LogId) -> Result<(), io::Error> {
        {
            let mut state = self.0.state.lock();
            state.purge(purged);
            state.is_cut = true;
        }
        self.begin();
        Ok(())
    }
}
