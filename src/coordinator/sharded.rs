//! A node's coordinator: lets a request in, finds its groups by its keys, and hands each group's coordinator its share of it.

use super::admission::Admission;
use super::shares::{Share, join, split};
use super::{Coordinator, Policy};
use crate::env::{GroupId, Work, between, timeout};
use crate::error::{Error, Outcome};
use crate::metrics::{Counter, Metrics};
use crate::observe::Host;
use crate::request::{Key, KeyRange, Request, Response};
use crate::routes::Routes;
use crate::transport::Hop;
use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

/// So often does a write wait for a core until it is answered, about: each wait may be only so small a part of the whole.
const TURNS: u32 = 10;

/// Most keys that one request may read (elastickv's bound on a transaction's read set).
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
    /// here; it is for the `group` that its sender found. One that comes from a client is for whichever have its keys.
    ///
    /// What several keys of one group are answered with is of one snapshot. Of keys of several groups nothing is promised but that each
    /// group's part was so at some moment between call and answer: they are asked one after the other.
    ///
    /// # Errors
    /// [`Error::Overloaded`] at once, where too much waits already; [`Error::Unroutable`] where no group has a key, or none has all of
    /// them that must be of one, and then nothing is read; those of [`Error`] else. [`Error::outcome`] says whether a write may have taken effect all the same.
    pub async fn serve(
        &self,
        group: GroupId,
        request: &Arc<Request>,
        hop: Hop,
        budget: Duration,
    ) -> Result<Response, Error> {
        let host = &*self.door.host;
        let come = host.monotonic();
        let shares =
            if hop.forwarded { Some(vec![Share::whole(group, request)]) } else { split(request, &self.routes) };
        let behind = |share: &Share| self.groups.get(&share.group).is_some_and(Coordinator::is_behind);
        let Some(admitted) = self.admission.admit(shares.iter().flatten().any(behind), come) else {
            self.door.metrics.count(Counter::Refused);
            return Err(Error::Overloaded);
        };
        host.work(Work::Request).await;
        admitted.waited(come, host.monotonic());
        validate(request)?;
        let shares = shares.ok_or(Error::Unroutable)?;
        match timeout(host, budget, self.ask(request, shares, hop, budget)).await {
            Ok(result) => result,
            Err(_) => Err(Error::DeadlineExceeded(Outcome::Unknown)),
        }
    }

    /// Asks one group after another for its share, and puts their answers together. The first error ends it.
    async fn ask(
        &self,
        request: &Request,
        shares: Vec<Share>,
        hop: Hop,
        mut budget: Duration,
    ) -> Result<Response, Error> {
        let of = |share: &Share| self.groups.get(&share.group).ok_or(Error::Unroutable);
        let asked = shares.into_iter().map(|share| Ok((of(&share)?, share))).collect::<Result<Vec<_>, Error>>()?;
        if let [(of, share)] = &asked[..] {
            return of.serve(&share.request, hop, budget).await;
        }
        let mut answers = Vec::with_capacity(asked.len());
        for (of, share) in asked {
            let begun = self.door.host.monotonic();
            let answer = of.serve(&share.request, hop, budget).await?;
            answers.push((share, answer));
            budget = budget.saturating_sub(between(begun, self.door.host.monotonic()));
        }
        join(request, answers)
    }
}

fn validate(request: &Request) -> Result<(), Error> {
    let keys: &[Key] = match request {
        Request::Get { key } | Request::Put { key, .. } | Request::Cas { key, .. } | Request::Delete { key } => {
            slice::from_ref(key)
        }
        Request::Mget { keys } if keys.is_empty() => return Err(Error::Invalid("no key")),
        Request::Mget { keys } => keys,
        Request::Scan { ranges, limit } => return validate_scan(ranges, *limit),
        Request::Script { key, reads, .. } if !key.is_empty() => reads,
        Request::Script { key, .. } => slice::from_ref(key),
    };
    if keys.iter().any(String::is_empty) {
        return Err(Error::Invalid("an empty key"));
    }
    if keys.len() > READ_SET_BOUND {
        return Err(Error::Invalid("more than 10,000 keys read"));
    }
    Ok(())
}

fn validate_scan(ranges: &[KeyRange], limit: u32) -> Result<(), Error> {
    let in_order = |pair: &[KeyRange]| pair[0].to.as_ref().is_some_and(|to| *to <= pair[1].from);
    if ranges.is_empty() || ranges.iter().any(KeyRange::is_empty) || !ranges.windows(2).all(in_order) {
        return Err(Error::Invalid("a range without keys, or ranges out of order"));
    }
    if limit == 0 || limit as usize > READ_SET_BOUND {
        return Err(Error::Invalid("a limit of no keys, or of more than 10,000"));
    }
    Ok(())
}
