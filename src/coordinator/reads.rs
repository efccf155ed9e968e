//! Lease reads and linearizable reads.

use super::{Coordinator, InnerReads};
use crate::env::{Point, Work};
use crate::error::{Error, Outcome};
use crate::lease::Lease;
use crate::observe::{Event, RoundCause};
use crate::request::{ReadPath, Response};

/// The slow path of a lease read, under way. Dropped before it is settled, it has failed by its caller's deadline.
struct SlowPath<'a> {
    lease: &'a Lease,
    settled: bool,
}

impl SlowPath<'_> {
    fn settle(mut self, result: Result<(), Error>) -> Result<(), Error> {
        self.settled = true;
        result.inspect_err(|error| self.lease.read_failed(error))
    }
}

impl Drop for SlowPath<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.lease.read_failed(&Error::DeadlineExceeded(Outcome::NotApplied));
        }
    }
}

impl Coordinator {
    pub(super) async fn get(&self, key: &str, again: bool) -> Result<Response, Error> {
        let path = self.lease_read(again).await?;
        for _ in 1..self.parts.policy.reads_per_get {
            self.inner_fence(again).await?;
            self.parts.host.work(Work::Read).await;
        }
        self.inner_fence(again).await?;
        self.parts.host.work(Work::Read).await;
        let read = self.parts.store.read(key).map_err(|route| self.stale_route(None, route))?;
        Ok(Response::Value { value: read.value, version: read.version, path })
    }

    /// Makes sure that what this node has applied is not older than anything acknowledged before this call: by the lease if
    /// its gate opens, else by a ReadIndex round. `again` tells that the same read was decided before and is only repeated: a hit rate
    /// counts it once.
    ///
    /// # Errors
    /// Those of [`Coordinator::linearizable_read`].
    pub async fn lease_read(&self, again: bool) -> Result<ReadPath, Error> {
        let host = &*self.parts.host;
        host.work(Work::LeaseCheck).await;
        let now = host.monotonic();
        let status = self.parts.engine.status();
        let miss = self.parts.lease.check(now, &status).err();
        self.parts.metrics.lease_read(miss);
        host.observe(Event::LeaseRead { miss, now: now.ok(), again });
        if miss.is_none() {
            host.point(Point::LeaseChecked).await;
            return Ok(ReadPath::Lease);
        }
        let begun_under = self.parts.lease.generation();
        let slow_path = SlowPath { lease: &self.parts.lease, settled: false };
        slow_path.settle(self.linearizable_read(RoundCause::LeaseMiss).await)?;
        self.extend_lease(status.term, now, begun_under);
        Ok(ReadPath::ReadIndex)
    }

    /// What a read of storage pays for itself. Returns how many ReadIndex rounds that was.
    pub(super) async fn inner_fence(&self, again: bool) -> Result<u32, Error> {
        match self.parts.policy.inner_reads {
            InnerReads::Snapshot => Ok(0),
            InnerReads::Lease => self.lease_read(again).await.map(ReadPath::rounds),
            InnerReads::ReadIndex => self.linearizable_read(RoundCause::InnerRead).await.map(|()| 1),
        }
    }

    /// Makes sure of the same by a ReadIndex round, and waits until what it found committed is applied here.
    ///
    /// # Errors
    /// [`Error::NotLeader`], [`Error::TransferInProgress`], [`Error::LeadershipLost`], [`Error::Closed`].
    pub async fn linearizable_read(&self, cause: RoundCause) -> Result<(), Error> {
        let index = self.parts.engine.read_index(cause).await?;
        self.parts.engine.wait_applied(index).await?;
        self.parts.host.point(Point::IndexConfirmed).await;
        Ok(())
    }
}
