//! What goes to the disk, and what waits for it.
//!
//! One write is under way at a time; what comes meanwhile gathers and goes into the next (group commit). A `Ready` that needs no sync
//! waits for those before it. A message leaves once what it promises is durable: an acknowledgement or a request for votes, all that
//! was written before it; an answer that promises no more than its term, that term.

use super::{EventLoop, appended};
use crate::engine::Config;
use crate::engine::raft_rs::storage::Write;
use crate::engine::raft_rs::writer::{Job, Writer};
use crate::env::{DiskError, Point, Stamp};
use crate::observe::{Event, Host};
use crate::rules::{Rule, at_most};
use raft::Ready;
use raft::eraftpb::{Message as RaftMessage, MessageType, Snapshot};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// Of the entries between two snapshots, one in so many is kept before the later one, for followers that are a little behind
/// (etcd keeps 5,000 of 10,000).
const TAIL_ONE_IN: u64 = 2;

/// The log on its way to the disk.
pub(super) struct Log {
    /// `None`: the loop has ended.
    writer: Option<Writer>,
    /// The most bytes of a write, unless one `Ready` has more.
    bound: usize,
    /// How long a write waits for what could go with it.
    delay: Duration,
    /// It has.
    has_waited: bool,
    /// What is staged and not being written, in order.
    staged: VecDeque<Staged>,
    under_way: Option<UnderWay>,
    /// The number of the last `Ready`, of the last that has to be synced, and of the last with another term or vote.
    last: u64,
    last_synced: u64,
    last_vote: u64,
    /// Everything up to this `Ready` is durable.
    durable: u64,
    /// Term and vote, as staged last.
    voted: (u64, u64),
    /// Messages that wait for the disk.
    held: Vec<Held>,
    /// The store has adopted a snapshot, which is to be put in the place of both files.
    adopted: Option<Snapshot>,
    /// A snapshot that is to be kept.
    captured: Option<Snapshot>,
    /// The latest snapshot is durable, and the log may be cut.
    is_cut_due: bool,
    /// How many ticks have passed since the write under way began.
    ticks: usize,
}

/// What one `Ready` gives the disk to do.
struct Staged {
    number: u64,
    bytes: Vec<u8>,
    must_sync: bool,
    /// Term and vote as of then.
    voted: (u64, u64),
    entries: Vec<Event>,
}

struct UnderWay {
    of: Vec<Staged>,
    what: What,
}

/// What the writer does.
enum What {
    /// Waits for what could go with the next write.
    Wait,
    /// Appends to the log.
    Append,
    /// Puts a snapshot from the leader in the place of everything.
    Install(Snapshot),
    /// Keeps a snapshot of its own.
    Keep,
    /// Cuts the log; this is the first entry that it still has.
    Cut(u64),
}

struct Held {
    /// Until this `Ready` is durable.
    until: u64,
    /// The `Ready` has brought a snapshot.
    installs: bool,
    message: RaftMessage,
    echo: Option<Stamp>,
}

impl Held {
    fn may_leave(&self, durable: u64) -> bool {
        let is_durable = at_most(self.until, durable);
        match self.message.msg_type {
            MessageType::MsgRequestVote | MessageType::MsgRequestVoteResponse => Rule::VoteAfterWrite.holds(is_durable),
            _ if self.installs => Rule::InstallAfterWrite.holds(is_durable),
            _ => Rule::AckAfterWrite.holds(is_durable),
        }
    }
}

impl Log {
    /// A log in which this term and vote are durable.
    pub(super) fn new(writer: Writer, config: &Config, voted: (u64, u64)) -> Self {
        Self {
            writer: Some(writer),
            bound: config.max_write_bytes,
            delay: config.group_commit_delay,
            has_waited: false,
            staged: VecDeque::new(),
            under_way: None,
            last: 0,
            last_synced: 0,
            last_vote: 0,
            durable: 0,
            voted,
            held: Vec::new(),
            adopted: None,
            captured: None,
            is_cut_due: false,
            ticks: 0,
        }
    }

    /// Is everything durable?
    pub(super) fn is_durable(&self) -> bool {
        self.durable == self.last
    }

    /// Nothing is being written.
    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_none()
    }

    /// A tick has passed. Returns for how many the write that is under way has been.
    pub(super) fn tick(&mut self) -> usize {
        self.ticks = if self.under_way.is_some() { self.ticks + 1 } else { 0 };
        self.ticks
    }

    /// Lets the writer end.
    pub(super) fn close(&mut self) {
        self.writer = None;
    }

    /// A snapshot is to be kept, and then the log cut.
    pub(super) fn keep(&mut self, snapshot: Snapshot) {
        self.captured = Some(snapshot);
    }

    /// Takes what goes into the next write.
    fn gather(&mut self) -> Vec<Staged> {
        let mut bytes = 0;
        let fits = |staged: &Staged| {
            bytes += staged.bytes.len();
            bytes == staged.bytes.len() || bytes <= self.bound
        };
        let count = self.staged.iter().map(fits).take_while(|fits| *fits).count();
        self.staged.drain(..count).collect()
    }
}

impl EventLoop {
    /// Takes up what is to be written of `ready`, and the messages that wait for that.
    pub(super) fn stage(&mut self, ready: &mut Ready) {
        let hard_state = ready.hs().cloned();
        let voted = hard_state.as_ref().map_or(self.log.voted, |state| (state.term, state.vote));
        let entries: Vec<Event> = ready.entries().iter().flat_map(appended).collect();
        let new_entries = ready.take_entries();
        let store = self.raft.mut_store();
        let installs = !ready.snapshot().is_empty();
        let bytes = if !installs {
            store.stage(new_entries, hard_state)
        } else {
            store.adopt(ready.snapshot().clone(), hard_state);
            self.log.adopted = Some(ready.snapshot().clone());
            // One of its own that waits to be kept is older, and must not take the place of it.
            self.log.captured = None;
            self.applies.adopt(ready.snapshot().get_metadata().index);
            // What was staged and is not being written will never be: the snapshot stands in its place.
            self.log.staged.iter_mut().for_each(|staged| staged.entries.clear());
            // Whatever is staged after it is in the new files with it.
            store.stage(new_entries, None)
        };
        let log = &mut self.log;
        let number = ready.number();
        log.last = number;
        if ready.must_sync() {
            log.last_synced = number;
        }
        if std::mem::replace(&mut log.voted, voted) != voted {
            log.last_vote = number;
        }
        let (synced, vote) = (log.last_synced, log.last_vote);
        for message in ready.take_persisted_messages() {
            let until = if promises_its_term_alone(&message) { vote } else { synced };
            let echo = self.echo_for(&message);
            self.log.held.push(Held { until, installs, message, echo });
        }
        // One with nothing to write is as durable as what was staged before it. Kept, those of an idle group would gather for ever.
        let must_sync = ready.must_sync();
        if must_sync || installs || !bytes.is_empty() {
            self.log.staged.push_back(Staged { number, bytes, must_sync, voted, entries });
        }
    }

    /// Begins the next write, if none is under way and there is something that has to be.
    pub(super) fn write(&mut self) {
        if self.log.under_way.is_some() {
            return;
        }
        let Some((what, of, job)) = self.next_write() else {
            self.nothing_to_write();
            return;
        };
        self.log.ticks = 0;
        self.log.under_way = Some(UnderWay { of, what });
        if let Some(writer) = &self.log.writer {
            let _ = writer.send(job);
        }
    }

    fn next_write(&mut self) -> Option<(What, Vec<Staged>, Job)> {
        let log = &mut self.log;
        if let Some(snapshot) = log.adopted.take() {
            return Some((What::Install(snapshot), log.staged.drain(..).collect(), self.raft.mut_store().replace()));
        }
        if std::mem::take(&mut log.is_cut_due) {
            let tail = self.compact_after.map_or(0, |every| every.get() / TAIL_ONE_IN);
            let latest = self.raft.store().latest_snapshot().map_or(0, |snapshot| snapshot.get_metadata().index);
            if let Some(cut) = self.raft.mut_store().compact(tail) {
                return Some((What::Cut(latest.saturating_sub(tail) + 1), log.staged.drain(..).collect(), cut));
            }
        }
        if log.staged.iter().any(|staged| staged.must_sync) {
            if !log.delay.is_zero() && !std::mem::replace(&mut log.has_waited, true) {
                return Some((What::Wait, Vec::new(), Box::pin(wait(Arc::clone(&self.host), log.delay))));
            }
            log.has_waited = false;
            let mut of = log.gather();
            let mut bytes = Vec::with_capacity(of.iter().map(|staged| staged.bytes.len()).sum());
            of.iter_mut().for_each(|staged| bytes.append(&mut staged.bytes));
            let write = self.raft.mut_store().begin_write(bytes);
            return Some((What::Append, of, Box::pin(append(write, Arc::clone(&self.host)))));
        }
        let snapshot = log.captured.take()?;
        Some((What::Keep, Vec::new(), self.raft.mut_store().keep(snapshot)))
    }

    /// What has not to be synced waits for nothing.
    fn nothing_to_write(&mut self) {
        if self.log.durable < self.log.last {
            self.log.durable = self.log.last;
            self.raft.on_persist_ready(self.log.last);
        }
    }

    /// What was under way is durable. A snapshot from the leader has its place only once the state machine goes on from it.
    pub(super) fn written(&mut self) {
        match &self.log.under_way {
            Some(UnderWay { what: What::Install(snapshot), .. }) => self.applies.restore(snapshot.clone()),
            Some(_) => self.settle_write(),
            None => {}
        }
    }

    /// The write that was under way is over.
    pub(super) fn settle_write(&mut self) {
        let Some(UnderWay { of, what }) = self.log.under_way.take() else { return };
        let number = of.last().map(|staged| staged.number);
        for Staged { voted, entries, .. } in of {
            self.tell_vote(voted);
            entries.into_iter().for_each(|event| self.host.observe(event));
        }
        if let Some(number) = number {
            let is_last = Rule::PersistedIsWritten.holds(at_most(self.log.staged.len(), 0));
            let durable = if is_last { self.log.last } else { number };
            self.log.durable = self.log.durable.max(durable);
            self.raft.on_persist_ready(durable);
        }
        match what {
            What::Wait | What::Append | What::Install(_) => {}
            What::Keep => self.log.is_cut_due = true,
            What::Cut(first) => self.host.observe(Event::LogCompacted { first }),
        }
    }

    /// Sends what has waited for what is durable now.
    pub(super) async fn release(&mut self) {
        let Log { held, durable, .. } = &mut self.log;
        if held.is_empty() {
            return;
        }
        let may_leave = |held: &mut Held| held.may_leave(*durable);
        let mut ready: Vec<_> = held.extract_if(.., may_leave).map(|held| (held.message, held.echo)).collect();
        if ready.is_empty() {
            return;
        }
        if ready.len() > 1 {
            drop_superseded(&mut ready);
        }
        self.send_all(ready).await;
    }
}

async fn append(write: Write, host: Arc<dyn Host>) -> Result<(), DiskError> {
    write.append()?;
    host.point(Point::Appended).await;
    write.sync().await?;
    host.point(Point::Persisted).await;
    Ok(())
}

async fn wait(host: Arc<dyn Host>, delay: Duration) -> Result<(), DiskError> {
    host.sleep(delay).await;
    Ok(())
}

/// Of several acknowledgements for one leader only the last is worth a message: it says what those before it say. So it is with answers to
/// heartbeats: a round that is confirmed confirms those that began before it.
fn drop_superseded(messages: &mut Vec<(RaftMessage, Option<Stamp>)>) {
    let acknowledges = |message: &RaftMessage| match message.msg_type {
        MessageType::MsgAppendResponse => !message.reject,
        MessageType::MsgHeartbeatResponse => true,
        _ => false,
    };
    let mut later: Vec<(u64, u64, MessageType, bool)> = Vec::new();
    let mut kept: Vec<_> = std::mem::take(messages);
    kept.reverse();
    kept.retain(|(message, _)| {
        let of = (message.to, message.term, message.msg_type, message.context.is_empty());
        let superseded = acknowledges(message) && later.contains(&of);
        if acknowledges(message) && !superseded {
            later.push(of);
        }
        !superseded
    });
    kept.reverse();
    *messages = kept;
}

/// Does this message say nothing about the log or a vote, only that its sender has reached its term?
fn promises_its_term_alone(message: &RaftMessage) -> bool {
    match message.msg_type {
        MessageType::MsgHeartbeatResponse => true,
        MessageType::MsgAppendResponse | MessageType::MsgRequestVoteResponse => message.reject,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::conformance::config;
    use crate::observe::Membership;

    #[test]
    fn what_is_written_in_one_go_has_at_most_so_many_bytes_but_is_never_nothing() {
        let (writer, _jobs) = tokio::sync::mpsc::unbounded_channel();
        let config = Config { max_write_bytes: 100, ..config(Membership::default()) };
        let mut log = Log::new(writer, &config, (0, 0));
        let staged = |(number, bytes)| Staged {
            number,
            bytes: vec![0; bytes],
            must_sync: true,
            voted: (0, 0),
            entries: Vec::new(),
        };
        log.staged.extend((1..).zip([60, 40, 1, 500, 0]).map(staged));
        let mut next = || log.gather().iter().map(|staged| staged.number).collect::<Vec<_>>();
        assert_eq!([next(), next(), next(), next()], [vec![1, 2], vec![3], vec![4], vec![5]]);
    }
}
