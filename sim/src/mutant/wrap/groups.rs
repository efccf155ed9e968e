//! Between the groups of a process, which are nothing to each other.

use leasehold::engine::{Listener, Malformed, StateMachine};
use leasehold::env::{GroupId, Instant, NodeId};
use leasehold::error::ErrorKind;
use leasehold::node::Parts;
use leasehold::observe::EndCause;
use leasehold::request::{Key, KeyRange};
use leasehold::routes::Routes;
use leasehold::store::Verdict;
use std::sync::Arc;

/// What one group's lease is told of leadership, all are.
struct ToAll {
    own: Arc<dyn Listener>,
    others: Vec<Arc<dyn Listener>>,
    renewals: bool,
    transfers: bool,
    ends: bool,
}

impl Listener for ToAll {
    fn elected(&self, term: u64) {
        self.own.elected(term);
    }

    fn renewed(&self, term: u64, base: Instant) {
        self.own.renewed(term, base);
        self.others.iter().filter(|_| self.renewals).for_each(|other| other.renewed(term, base));
    }

    fn suspended(&self) {
        self.own.suspended();
        self.others.iter().filter(|_| self.transfers).for_each(|other| other.suspended());
    }

    fn resumed(&self, term: u64, base: Instant) {
        self.own.resumed(term, base);
    }

    fn ended(&self, cause: EndCause) {
        self.own.ended(cause);
        self.others.iter().filter(|_| self.ends).for_each(|other| other.ended(cause));
    }
}

/// Of each group, the listeners of the others.
fn others(replicas: &[Parts]) -> Vec<Vec<Arc<dyn Listener>>> {
    let but = |own: GroupId| {
        let others = replicas.iter().filter(move |parts| parts.group != own);
        others.map(|parts| Arc::clone(&parts.listener)).collect()
    };
    replicas.iter().map(|parts| but(parts.group)).collect()
}

/// Puts something in front of the listener of each group, made of it and those of the others.
fn listening(
    mut replicas: Vec<Parts>,
    between: impl Fn(Arc<dyn Listener>, Vec<Arc<dyn Listener>>) -> ToAll,
) -> Vec<Parts> {
    for (others, parts) in others(&replicas).into_iter().zip(&mut replicas) {
        parts.listener = Arc::new(between(Arc::clone(&parts.listener), others));
    }
    replicas
}

/// What a quorum of one group acknowledges renews the leases of all.
pub(in crate::mutant) fn renewed_by_any(replicas: Vec<Parts>) -> Vec<Parts> {
    listening(replicas, |own, others| ToAll { own, others, renewals: true, transfers: false, ends: false })
}

/// A transfer in one group suspends the leases of all.
pub(in crate::mutant) fn suspended_by_any(replicas: Vec<Parts>) -> Vec<Parts> {
    listening(replicas, |own, others| ToAll { own, others, renewals: false, transfers: true, ends: false })
}

/// A loss of leadership in one group ends the leases of all.
pub(in crate::mutant) fn ended_by_any(replicas: Vec<Parts>) -> Vec<Parts> {
    listening(replicas, |own, others| ToAll { own, others, renewals: false, transfers: false, ends: true })
}

/// Reads of every group ask for the lease of the first.
pub(in crate::mutant) fn one_lease(mut replicas: Vec<Parts>) -> Vec<Parts> {
    if let Some(first) = replicas.first().map(|parts| Arc::clone(&parts.lease)) {
        replicas.iter_mut().for_each(|parts| parts.lease = Arc::clone(&first));
    }
    replicas
}

/// A write conflict in one group ends the leases of the others.
pub(in crate::mutant) fn conflict_ends_others(mut replicas: Vec<Parts>) -> Vec<Parts> {
    struct Between {
        store: Arc<dyn StateMachine>,
        others: Vec<Arc<dyn Listener>>,
    }

    impl StateMachine for Between {
        fn apply(&self, index: u64, command: &[u8]) -> Vec<u8> {
            let answer = self.store.apply(index, command);
            if matches!(Verdict::decode(&answer), Some(Verdict::Conflict { .. })) {
                self.others.iter().for_each(|other| other.ended(EndCause::Failed(ErrorKind::WriteConflict)));
            }
            answer
        }

        fn save(&self) -> Vec<u8> {
            self.store.save()
        }

        fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
            self.store.restore(state)
        }
    }

    for (others, parts) in others(&replicas).into_iter().zip(&mut replicas) {
        parts.machine = Arc::new(Between { store: Arc::clone(&parts.machine), others });
    }
    replicas
}

/// The store of the first group applies what the second commits, and the other way round.
pub(in crate::mutant) fn stores_exchanged(mut replicas: Vec<Parts>) -> Vec<Parts> {
    if let [first, second, ..] = &mut replicas[..] {
        std::mem::swap(&mut first.machine, &mut second.machine);
    }
    replicas
}

/// The second node takes all keys for those of the first group.
pub(in crate::mutant) fn second_node_routes_to_first(node: NodeId, routes: Routes) -> Routes {
    if node == NodeId(2) { Routes::all_to(GroupId::FIRST) } else { routes }
}

/// The second node knows of nobody who has the second group's keys.
pub(in crate::mutant) fn second_node_misses_second_group(node: NodeId, routes: Routes) -> Routes {
    if node != NodeId(2) {
        return routes;
    }
    let all = KeyRange { from: Key::new(), to: None };
    let known = |owner: &GroupId| *owner != GroupId(2);
    Routes::new(routes.pieces(&all).map(|piece| (piece.range.from, piece.owner.filter(known))))
}
