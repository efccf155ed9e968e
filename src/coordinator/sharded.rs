//! A node's coordinator: lets a request in, finds its groups by its keys, and hands each group's coordinator its share of it; moves ranges of
//! keys from group to group.

use super::admission::Admission;
use super::shares::{Share, join, split};
use super::{Coordinator, Policy, RETRY_INTERVAL};
use crate::env::{GroupId, Work, between, timeout};
use crate::error::{Error, Outcome};
use crate::metrics::{Counter, Metrics};
use crate::observe::Host;
use crate::request::{Key, KeyRange, Request, Response};
use crate::routes::{Move, Route, Table};
use crate::rules::{Rule, is};
use crate::transport::Hop;
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
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
    routes: Arc<Table>,
    groups: BTreeMap<GroupId, Coordinator>,
}

impl ShardedCoordinator {
    /// A coordinator in front of these.
    pub fn new(door: Door, routes: Arc<Table>, groups: BTreeMap<GroupId, Coordinator>) -> Self {
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
            if hop.forwarded { Some(vec![Share::whole(group, request)]) } else { split(request, &self.routes.known()) };
        let behind = |share: &Share| self.groups.get(&share.group).is_some_and(Coordinator::is_behind);
        let Some(admitted) = self.admission.admit(shares.iter().flatten().any(behind), come) else {
            self.door.metrics.count(Counter::Refused);
            return Err(Error::Overloaded);
        };
        host.work(Work::Request).await;
        admitted.waited(come, host.monotonic());
        validate(request)?;
        self.in_time(budget, pin!(self.routed(request, shares, hop, budget))).await
    }

    /// Serves a request in the groups that have its keys, these `shares` first. A group that does not have a key has done nothing, and says
    /// what it knows: where that is news, whoever has it is asked at once, and else all is tried again, as a group may yet have to learn that
    /// it has a key. One that was forwarded is not: its sender does.
    async fn routed(
        &self,
        request: &Arc<Request>,
        mut shares: Option<Vec<Share>>,
        mut hop: Hop,
        budget: Duration,
    ) -> Result<Response, Error> {
        let host = &*self.door.host;
        let begun = host.monotonic();
        loop {
            let asked = shares.ok_or(Error::Unroutable)?;
            let several = asked.len() > 1;
            let left = budget.saturating_sub(between(begun, host.monotonic()));
            let refused = match self.ask(request, asked, hop, left).await {
                Err(Error::StaleRoute(refused)) => refused,
                settled => return settled,
            };
            if Rule::StaleRouteIsRoutedAgain.holds(is(hop.forwarded)) {
                return Err(Error::StaleRoute(refused));
            }
            let is_news = self.routes.learn(&refused);
            // Of one and the same group it is the same read, decided before.
            hop.again = several || !is_news;
            if !is_news {
                host.sleep(RETRY_INTERVAL).await;
            }
            shares = split(request, &self.routes.known());
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
        if let [share] = &shares[..] {
            return self.of(share.group)?.serve(&share.request, hop, budget).await;
        }
        let asked =
            shares.into_iter().map(|share| Ok((self.of(share.group)?, share))).collect::<Result<Vec<_>, Error>>()?;
        let mut answers = Vec::with_capacity(asked.len());
        for (of, share) in asked {
            let begun = self.door.host.monotonic();
            let answer = of.serve(&share.request, hop, budget).await?;
            answers.push((share, answer));
            budget = budget.saturating_sub(between(begun, self.door.host.monotonic()));
        }
        join(request, answers)
    }

    /// Moves a range from one group to another: see [`Node::move_range`](crate::node::Node::move_range).
    ///
    /// # Errors
    /// As there.
    pub async fn move_range(&self, Move { range, from, to }: Move, budget: Duration) -> Result<u64, Error> {
        if from == to || self.of(to).is_err() {
            return Err(Error::Invalid("a range moves to another group of the node"));
        }
        let moving = pin!(async {
            let release = Request::Release { range: range.clone(), to };
            let version = match self.administer(from, release, budget).await? {
                Response::Released { version } => version,
                _ => return Err(Error::Invalid("a release was answered as something else")),
            };
            self.routes.learn(&Route { range: range.clone(), owner: Some(to), version });
            // From here on nobody has the range until this is done: who is asked again begins with the release, and comes here.
            let adopt = Request::Adopt { range, version };
            self.administer(to, adopt, budget).await.map(|_| version).map_err(Error::after_proposal)
        });
        self.in_time(budget, moving).await
    }

    /// What is known of who has `key`.
    pub fn route(&self, key: &str) -> Route {
        self.routes.known().route(key)
    }

    /// Asks a group for what concerns its keys as a whole.
    async fn administer(&self, group: GroupId, request: Request, budget: Duration) -> Result<Response, Error> {
        validate(&request)?;
        self.of(group)?.serve(&Arc::new(request), Hop::default(), budget).await
    }

    /// What `serving` comes to, if it does within `budget`.
    async fn in_time<T>(
        &self,
        budget: Duration,
        serving: Pin<&mut impl Future<Output = Result<T, Error>>>,
    ) -> Result<T, Error> {
        timeout(&*self.door.host, budget, serving).await.unwrap_or(Err(Error::DeadlineExceeded(Outcome::Unknown)))
    }

    fn of(&self, group: GroupId) -> Result<&Coordinator, Error> {
        self.groups.get(&group).ok_or(Error::Unroutable)
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
        Request::Release { range, .. } | Request::Adopt { range, .. } if range.is_empty() => {
            return Err(Error::Invalid("an empty range"));
        }
        Request::Release { .. } | Request::Adopt { .. } => return Ok(()),
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
