//! What is committed is applied.

use super::EventLoop;
use super::transfers::Transfer;
use crate::engine::Applied;
use crate::engine::raft_rs::pending::OVERWRITTEN;
use crate::engine::raft_rs::storage::is_change;
use crate::env::Work;
use crate::observe::Event;
use raft::StateRole;
use raft::eraftpb::Entry;

impl EventLoop {
    pub(super) async fn apply(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            self.host.work(Work::Apply).await;
            let (index, term) = (entry.index, entry.term);
            let is_command = !is_change(&entry) && !entry.data.is_empty();
            let response = if is_command { self.machine.apply(index, &entry.data) } else { Vec::new() };
            if is_command {
                self.host.effect(index, &entry.data, &response);
            }
            self.host.observe(Event::Applied { index, term, digest: crc32fast::hash(&entry.data) });
            self.note_applied(index, term);
            self.apply_change(&entry);
            if self.is_snapshot_due(index) {
                self.capture().await;
            }
            if let Some((reply, own)) = self.proposals.applied(index, term) {
                let result = if own { Ok(Applied { index, response }) } else { Err(OVERWRITTEN) };
                self.answers.push((reply, result));
            }
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
            && index >= awaited
        {
            self.transfer = Transfer::None;
            self.listener.resumed(term, base);
        }
    }
}
