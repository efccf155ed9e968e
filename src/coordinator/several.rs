//! Reads of several keys, as one group serves its share of them: a lease read, then all keys from one snapshot.

use super::{Coordinator, GroupFence};
use crate::env::{GroupId, Work};
use crate::error::{Error, Outcome};
use crate::request::{Entry, Key, KeyRange, Part, ReadPath, Response};
use crate::store::{Snapshot, Unread};

/// The least text behind each key's own.
const NEXT: char = '\0';

impl Coordinator {
    /// Reads `keys`, in their order.
    pub(super) async fn mget(&self, keys: &[Key], again: bool) -> Result<Response, Error> {
        let path = self.fence(again).await?;
        let snapshot = self.parts.store.snapshot();
        let mut reads = Vec::with_capacity(keys.len());
        for key in keys {
            self.pay_for_read(again).await?;
            reads.push(snapshot.read(key).map_err(|unread| self.unread(unread))?);
        }
        Ok(Response::Values { reads, parts: vec![self.part(&snapshot, path)] })
    }

    /// Reads the first `limit` keys of `ranges` that have values.
    pub(super) async fn scan(&self, ranges: &[KeyRange], limit: u32, again: bool) -> Result<Response, Error> {
        let path = self.fence(again).await?;
        let snapshot = self.parts.store.snapshot();
        let mut entries: Vec<Entry> = Vec::new();
        for range in ranges {
            let mut rest = range.clone();
            while entries.len() < limit as usize {
                self.pay_for_read(again).await?;
                let Some(entry) = snapshot.first(&rest).map_err(|unread| self.unread(unread))? else { break };
                rest.from = entry.key.clone() + NEXT.encode_utf8(&mut [0]);
                entries.push(entry);
            }
        }
        Ok(Response::Entries { entries, parts: vec![self.part(&snapshot, path)] })
    }

    fn unread(&self, unread: Unread) -> Error {
        match unread {
            // The replica has gone on from a leader's snapshot since it looked: it leads no more.
            Unread::Overwritten { latest: _ } => Error::LeadershipLost(Outcome::NotApplied),
            Unread::Elsewhere(route) => self.stale_route(None, route),
        }
    }

    async fn fence(&self, again: bool) -> Result<ReadPath, Error> {
        match self.parts.policy.group_fence {
            GroupFence::FirstAlone if self.parts.group != GroupId::FIRST => Ok(ReadPath::Lease),
            GroupFence::Each | GroupFence::FirstAlone => self.lease_read(again).await,
        }
    }

    /// What one read of storage costs. What was read before has been read by then: only a snapshot makes them one.
    async fn pay_for_read(&self, again: bool) -> Result<(), Error> {
        self.inner_fence(again).await?;
        self.parts.host.work(Work::Read).await;
        Ok(())
    }

    fn part(&self, snapshot: &Snapshot<'_>, path: ReadPath) -> Part {
        Part { group: self.parts.group, snapshot: snapshot.version(), path }
    }
}
