//! What a log holds in memory, and what of it is still to be written.

use super::records::Encoder;
use crate::engine::openraft::types::{Entry, LogId, Types, Vote, change, voted_for};
use crate::env::{DiskError, NodeId};
use crate::observe::{Event, Membership};
use openraft::storage::IOFlushed;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::oneshot;

/// Everything that was written, durable or not.
#[derive(Default)]
pub(super) struct State {
    pub(super) vote: Option<Vote>,
    /// The term, and for whom this node itself has voted in it.
    pub(super) voted: Option<(u64, Option<NodeId>)>,
    pub(super) committed: Option<LogId>,
    pub(super) purged: Option<LogId>,
    pub(super) entries: BTreeMap<u64, Entry>,
    /// Length of the file.
    pub(super) written: u64,
    /// How much of it is known to be durable.
    pub(super) durable: u64,
    /// The first entry of which, when the log was opened, nothing proved that it had been durable before.
    pub(super) unproven: Option<u64>,
    /// What is not written yet, in order.
    pub(super) staged: VecDeque<Staged>,
    pub(super) is_writing: bool,
    /// How many writes have begun.
    pub(super) writes: u64,
    /// The front of the log is gone: what is left is to be put in the place of the file.
    pub(super) is_cut: bool,
    pub(super) has_failed: bool,
}

/// What is written as one.
pub(super) struct Staged {
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

/// What happens once it is durable.
pub(super) enum Then {
    /// It waits for what is to be synced.
    Nothing,
    /// What there is to tell of it.
    Voted(Vote, Option<Event>, oneshot::Sender<Result<(), DiskError>>),
    Appended(Vec<Event>, IOFlushed<Types>),
    Flushed(oneshot::Sender<Result<(), DiskError>>),
}

impl Then {
    /// Is there somebody to be told?
    pub(super) const fn must_sync(&self) -> bool {
        match self {
            Then::Nothing => false,
            Then::Voted(..) | Then::Appended(..) | Then::Flushed(_) => true,
        }
    }
}

/// What the writer does next.
pub(super) enum Job {
    /// Appends these bytes.
    Append(Vec<u8>),
    /// Puts these in the place of the file. The first entry that it still has.
    Replace(Vec<u8>, u64),
}

impl State {
    /// Takes the vote that openraft goes by. Of a leader that node `me` follows, openraft writes down that a quorum has voted for it: `me`,
    /// perhaps, has not, and what it has voted itself stands. Returns what is news of that.
    pub(super) fn votes(&mut self, vote: Vote, me: NodeId) -> Option<Event> {
        let (term, of) = (vote.leader_id.term, voted_for(&vote));
        let own = !vote.committed || of == Some(me);
        let before = self.voted.filter(|(of_term, _)| *of_term == term);
        let voted = before.filter(|_| !own).unwrap_or((term, of.filter(|_| own)));
        self.vote = Some(vote);
        let is_news = self.voted.replace(voted) != Some(voted);
        is_news.then_some(Event::Voted { term: voted.0, vote: voted.1 })
    }

    /// The last entry, or what stands in the place of it.
    pub(super) fn last(&self) -> Option<LogId> {
        self.entries.values().next_back().map(|entry| entry.log_id).or(self.purged)
    }

    /// Where the last change of membership that it holds stands, and whom it makes the members.
    pub(super) fn last_change(&self) -> Option<(u64, Membership)> {
        self.entries.values().rev().find_map(change)
    }

    /// There is no entry after this one.
    pub(super) fn truncate(&mut self, last: Option<LogId>) {
        let first_gone = last.map_or(0, |last| last.index() + 1);
        drop(self.entries.split_off(&first_gone));
    }

    /// The log begins after this.
    pub(super) fn purge(&mut self, purged: LogId) {
        self.entries = self.entries.split_off(&(purged.index() + 1));
        self.purged = self.purged.max(Some(purged));
    }

    /// What is to be written next, and what is durable with it; `None`: nothing has to be.
    pub(super) fn next(&mut self, most: usize) -> Option<(Job, Vec<Staged>)> {
        if std::mem::take(&mut self.is_cut) {
            // Whatever was staged is among what is here, and must not be written again.
            let bytes = self.encoded();
            (self.written, self.durable) = (bytes.len() as u64, 0);
            let first = self.purged.map_or(0, |purged| purged.index() + 1);
            self.writes += 1;
            return Some((Job::Replace(bytes, first), self.staged.drain(..).collect()));
        }
        if !self.staged.iter().any(|staged| staged.then.must_sync()) {
            self.is_writing = false;
            return None;
        }
        let mut bytes = Vec::new();
        let mut of = Vec::new();
        while let Some(staged) =
            self.staged.pop_front_if(|staged| bytes.is_empty() || bytes.len() + staged.bytes.len() <= most)
        {
            bytes.extend_from_slice(&staged.bytes);
            of.push(staged);
        }
        self.written += bytes.len() as u64;
        self.writes += 1;
        Some((Job::Append(bytes), of))
    }

    fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder { durable: 0, out: &mut bytes };
        if let Some(purged) = self.purged {
            encoder.purged(purged);
        }
        if let Some(vote) = &self.vote {
            // A committed vote says nothing of what this node has voted itself, not even where that is the same.
            if let Some((term, Some(of))) = self.voted
                && vote.committed
            {
                encoder.vote(&Vote::new(term, of.0));
            }
            encoder.vote(vote);
        }
        encoder.committed(self.committed);
        self.entries.values().for_each(|entry| encoder.entry(entry));
        bytes
    }
}
