//! A node's coordinator: lets a request in, finds its group by its keys, and hands it to that group's coordinator.

use super::admission::Admission;
use super::{Coordinator, Policy};
use crate::env::{GroupId, Work, timeout};
use crate::error::{Error, Outcome};
use crate::metrics::{Counter, Metrics};
use crate::observe::Host;
use crate::request::{Key, Request, Response};
use crate::routes::Routes;
use crate::transport::Hop;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// So often does a write wait for a core until it is answered, about: each wait may be only so small a part of the whole.
const TURNS: u32 = 10;

/// Most keys that one script may read (elastickv's bound on a transaction's read set).
const READ_SET_BOUND: usize = 10_000;

/// What is a node's own, whatever its groups.
pub struct Door {
    /// The seams.
    pub host: Arc<dyn Host>,
    /// This node's metrics.
    pub metrics: Arc<Metrics>,
    /// Whom it refuses.
    pub policy: Policy,
}

/// Serves requests on one node, for all groups that it has a part in.
pub struct ShardedCoordinator {
    door: Door,
    admission: Admission,
    routes: Routes,
    groups: BTreeMap<GroupId, Coordinator>,
}

impl ShardedCoordinator {
    /// A coordinator in front of these.
    pub fn new(door: Door, routes: Routes, groups: BTreeMap<GroupId, Coordinator>) -> Self {
        let admission = Admission::new(door.policy.admission / TURNS, door.policy.admission);
        Self { door, admission, routes, groups }
    }

    /// Serves `request`, which has come by `hop`, within `budget`. A request that was forwarded once is not forwarded again, nor retried
    /// here; it is for the `group` that its sender found. One that comes from a client is for whichever has its keys.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once, where too much waits already; [`Error::Unroutable`] where no group has a key, or none has all of
    /// them; those of [`Error`] else. [`Error::outcome`] says whether a write may have taken effect all the same.
    pub async fn serve(
        &self,
        group: GroupId,
        request: &Arc<Request>,
        hop: Hop,
        budget: Duration,
    ) -> Result<Response, Error> {
        let host = &*self.door.host;
        let come = host.monotonic();
        let to = if hop.forwarded { Some(group) } else { self.owner(request) };
        let of = to.and_then(|group| self.groups.get(&group));
        let Some(admitted) = self.admission.admit(of.is_some_and(Coordinator::is_behind), come) else {
            self.door.metrics.count(Counter::Refused);
            return Err(Error::Overloaded);
        };
        host.work(Work::Request).await;
        admitted.waited(come, host.monotonic());
        validate(request)?;
        let of = of.ok_or(Error::Unroutable)?;
        match timeout(host, budget, of.serve(request, hop, budget)).await {
            Ok(result) => result,
            Err(_) => Err(Error::DeadlineExceeded(Outcome::Unknown)),
        }
    }

    /// The group that has all keys of a request, if one has.
    fn owner(&self, request: &Request) -> Option<GroupId> {
        let (key, reads) = keys(request);
        let owner = self.routes.owner(key)?;
        reads.iter().all(|key| self.routes.owner(key) == Some(owner)).then_some(owner)
    }
}

/// The key that a request is about, and those that it reads beside.
fn keys(request: &Request) -> (&Key, &[Key]) {
    match request {
        Request::Get { key } | Request::Put { key, .. } | Request::Cas { key, .. } => (key, &[]),
        Request::Script { key, reads, .. } => (key, reads),
    }
}

fn validate(request: &Request) -> Result<(), Error> {
    let (key, reads) = keys(request);
    if key.is_empty() || reads.iter().any(String::is_empty) {
        return Err(Error::Invalid("an empty key"));
    }
    if reads.len() > READ_SET_BOUND {
        return Err(Error::Invalid("more than 10,000 keys read"));
    }
    Ok(())
}
