//! What is committed is applied, beside the loop: a batch at a time.

use super::transfers::Transfer;
use super::{EventLoop, known_node};
use crate::engine::Applied;
use crate::engine::raft_rs::applier::{Done, Job, is_snapshot_due};
use crate::engine::raft_rs::pending::OVERWRITTEN;
use crate::engine::raft_rs::storage::is_change;
use crate::env::Instant;
use crate::observe::Event;
use crate::rules::{Rule, at_least, at_most};
use raft::StateRole;
use raft::eraftpb::{Entry, Snapshot};
use std::collections::VecDeque;
use tokio::sync::mpsc::UnboundedSender;

/// The most entries that are applied before readers see it.
const BATCH: usize = 256;

/// What is on its way to the state machine.
pub(super) struct Applies {
    /// `None`: the loop has ended.
    applier: Option<UnboundedSender<Job>>,
    is_busy: bool,
    /// What is committed and not yet handed over.
    entries: VecDeque<Entry>,
    /// Up to which index was committed when.
    committed: VecDeque<(u64, Instant)>,
    /// A snapshot on disk, from which the state machine is to go on before it applies anything after it.
    restores: Option<Snapshot>,
    /// Index of the last snapshot from a leader: what is applied up to there, raft and members are past it.
    adopted: u64,
}

impl Applies {
    pub(super) fn new(applier: UnboundedSender<Job>) -> Self {
        Self {
            applier: Some(applier),
            is_busy: false,
            entries: VecDeque::new(),
            committed: VecDeque::new(),
            restores: None,
            adopted: 0,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        !self.is_busy
    }

    /// Lets the applier end.
    pub(super) fn close(&mut self) {
        self.applier = None;
    }

    /// When the first of what waits was committed.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.committed.front().map(|(_, at)| *at)
    }

    /// The snapshot is on disk: the state machine is to go on from it.
    pub(super) fn restore(&mut self, snapshot: Snapshot) {
        self.restores = Some(snapshot);
    }

    /// A snapshot takes the place of everything up to `index`.
    pub(super) fn adopt(&mut self, index: u64) {
        self.entries.clear();
        self.committed.clear();
        self.adopted = index;
    }
}

impl EventLoop {
    /// May this node stand for election?
    pub(super) fn may_stand(&self) -> bool {
        Rule::InstalledBeforeElection.holds(at_most(self.applies.adopted, self.applied.0))
    }

    /// Takes up what is committed.
    pub(super) fn commit(&mut self, entries: Vec<Entry>) {
        let Some(last) = entries.last() else { return };
        let at = self.now().unwrap_or(self.latest);
        self.applies.committed.push_back((last.index, at));
        self.applies.entries.extend(entries);
    }

    /// Gives the applier its next batch, if it has nothing to do. A batch ends with what concerns more than the state machine: a change
    /// of membership, which is in force before anything after it is applied, and a snapshot, which knows the members of its index.
    pub(super) fn hand_over(&mut self) {
        if self.applies.is_busy {
            return;
        }
        let Some(job) = self.next_job() else { return };
        self.applies.is_busy = true;
        if let Some(applier) = &self.applies.applier {
            let _ = applier.send(job);
        }
    }

    fn next_job(&mut self) -> Option<Job> {
        if let Some(snapshot) = self.applies.restores.take() {
            return Some(Job::Restore(snapshot, known_node(self.raft.raft.leader_id)));
        }
        let entries = &mut self.applies.entries;
        if !entries.is_empty() {
            let ends = |entry: &Entry| is_change(entry) || is_snapshot_due(self.compact_after, entry.index);
            let end = entries.iter().take(BATCH).position(ends).map_or(entries.len().min(BATCH), |last| last + 1);
            return Some(Job::Apply(entries.drain(..end).collect()));
        }
        let is_wanted = self.applied.0 > 0 && self.raft.store().take_wanted();
        is_wanted.then_some(Job::Save)
    }

    /// The applier has done what it was told.
    pub(super) fn applied(&mut self, Done { entries, restored, saved }: Done) {
        self.applies.is_busy = false;
        for (entry, response) in entries {
            self.entry_applied(&entry, response);
        }
        if let Some(applied) = restored {
            self.settle_write();
            self.applied = applied;
            // If another has come meanwhile, raft and members are past this one.
            if applied.0 >= self.applies.adopted {
                self.members_changed(applied.0);
                self.raft.advance_apply_to(applied.0);
            }
        }
        if let Some(state) = saved
            && self.applied.0 > self.applies.adopted
        {
            let snapshot = self.raft.store().snapshot_at(self.applied.0, self.applied.1, state);
            self.log.keep(snapshot);
        }
    }

    fn entry_applied(&mut self, entry: &Entry, response: Vec<u8>) {
        let (index, term) = (entry.index, entry.term);
        self.note_applied(index, term);
        while self.applies.committed.pop_front_if(|(last, _)| *last <= index).is_some() {}
        if index > self.applies.adopted {
            self.apply_change(entry);
            self.raft.advance_apply_to(index);
        }
        if let Some((reply, own)) = self.proposals.applied(index, term) {
            let result = if own { Ok(Applied { index, response }) } else { Err(OVERWRITTEN) };
            self.answers.push((reply, result));
        }
    }

    fn note_applied(&mut self, index: u64, term: u64) {
        let first_of_term = self.applied.1 != term;
        self.applied = (index, term);
        let leading = self.raft.raft.state == StateRole::Leader && self.raft.raft.term == term;
        if first_of_term && leading {
            self.host.observe(Event::CaughtUp { term, index });
        }
        if let Transfer::Regaining { index: awaited, base } = self.transfer
            && leading
            && Rule::AppliedSinceAbort.holds(at_least(index, awaited))
        {
            self.transfer = Transfer::None;
            self.listener.resumed(term, base);
        }
    }
}
