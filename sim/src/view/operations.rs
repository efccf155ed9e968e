//! The operations under way, and the place in the log's order that they cannot lie before.
//!
//! Whatever was invoked after an operation had completed takes place after it, on whatever keys. The highest place of all that has
//! completed is the *floor* ([`ledger`](super::ledger) says what a place is).

use super::ledger::{Ledger, Misfit};
use crate::history::{ByOp, Completion, Found, Hears, Invocation, KeyId, OpId, Operation, Share};
use crate::time::SimTime;
use leasehold::env::NodeId;
use leasehold::request::Version;

/// Operations under way.
#[derive(Default)]
pub(crate) struct Operations {
    under_way: ByOp<UnderWay>,
    floor: Floor,
    /// How many operations have begun or ended.
    events: u64,
    /// The operation that the present record completes.
    completed: Option<Completed>,
    /// The last answer that each client was sent: from which node, and when it arrived.
    answers: Vec<Option<(NodeId, SimTime)>>,
}

/// An operation that has not completed.
#[derive(Clone)]
pub(crate) struct UnderWay {
    pub(crate) op: OpId,
    pub(crate) client: u32,
    /// The node that was asked.
    pub(crate) via: NodeId,
    /// When it was due.
    pub(crate) due: SimTime,
    pub(crate) invoked: SimTime,
    pub(crate) operation: Operation,
    /// Which of all begins and ends of operations its invocation was.
    pub(crate) began: u64,
    /// The floor when it was invoked.
    pub(crate) floor: Floor,
}

impl UnderWay {
    /// Its invocation.
    pub(crate) fn as_invoked(&self) -> Invocation {
        let Self { op, client, via, due, operation, .. } = self;
        Invocation { op: *op, client: *client, via: *via, due: *due, operation: operation.clone() }
    }
}

/// An operation at its completion.
pub(crate) struct Completed {
    pub(crate) operation: UnderWay,
    /// What it did, if its client was told.
    pub(crate) did: Option<Did>,
}

impl Completed {
    /// What its client was told that it found, of which keys ([`Did::reads`]).
    pub(crate) fn reads(&self, ledger: &Ledger) -> impl Iterator<Item = (KeyId, Found)> {
        self.did.iter().flat_map(|did| did.reads(ledger, did.place(self.operation.floor.place)))
    }
}

/// A place that an operation has taken in the log's order.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Floor {
    pub(crate) place: Version,
    /// Whose it is: the operation, its client, and when it completed.
    pub(crate) by: Option<(OpId, u32, SimTime)>,
}

/// What a completed operation did: what it found of which keys, and which version it wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Did {
    /// In the order of its keys; `None`: a scan found that the key has no value.
    pub(crate) found: Vec<(KeyId, Option<Found>)>,
    pub(crate) wrote: Option<(KeyId, Version)>,
    /// The version of the snapshot that it was told of.
    pub(crate) snapshot: Option<Version>,
}

impl Did {
    /// Nothing that a client was told of: `None`.
    pub(crate) fn of(operation: &Operation, completion: &Completion) -> Option<Self> {
        let (found, wrote, snapshot) = match (operation, completion) {
            (Operation::Get { key }, Completion::Read { version, value, .. })
            | (Operation::Cas { key, .. }, Completion::Unexpected { version, value }) => {
                (vec![(*key, Some(Found { version: *version, value: *value }))], None, None)
            }
            (
                Operation::Put { key } | Operation::Delete { key } | Operation::Cas { key, .. },
                Completion::Written { version },
            ) => (Vec::new(), Some((*key, *version)), None),
            (Operation::Script { reads, key }, Completion::Script { reads: found, version, .. }) => {
                let found = reads.iter().copied().zip(found.iter().copied().map(Some));
                (found.collect(), Some((*key, *version)), None)
            }
            (Operation::Mget { .. } | Operation::Scan { .. }, Completion::Reads { found, parts }) => {
                (found.clone(), None, parts.iter().map(|part| part.snapshot).max())
            }
            _ => return None,
        };
        Some(Self { found, wrote, snapshot })
    }

    /// The first place that real time allows it, where nothing invoked earlier lies beyond `floor`; of a snapshot that was told, the place
    /// of that.
    pub(crate) fn place(&self, floor: Version) -> Version {
        let newest = || self.found.iter().filter_map(|(_, found)| Some(found.as_ref()?.version)).max();
        let read = || self.snapshot.or_else(newest).unwrap_or(0).max(floor);
        self.wrote.map_or_else(read, |(_, version)| version)
    }

    /// What it found of which keys, where it took place there. Of what a scan left out, what was there then: nothing, or what was
    /// deleted; without those keys that had a value.
    pub(crate) fn reads(&self, ledger: &Ledger, place: Version) -> impl Iterator<Item = (KeyId, Found)> {
        let read = move |(key, found): &(KeyId, Option<Found>)| {
            Some((*key, found.or_else(|| ledger.without_value(*key, place))?))
        };
        self.found.iter().filter_map(read)
    }

    /// Does it take place there, by what the log says of all keys? It sees what was there right before its own write.
    pub(crate) fn fits(&self, ledger: &Ledger, place: Version) -> Result<(), Misfit> {
        let seen = if self.wrote.is_some() { place.saturating_sub(1) } else { place };
        ledger.fits(self.found.iter().map(|(key, found)| (*key, found.map(|found| found.version))), seen)
    }
}

impl UnderWay {
    /// Does it count here, or in the group that has the first of its keys?
    pub(crate) fn counts(&self) -> bool {
        self.operation.share() != Share::Further
    }
}

impl Hears for Operations {
    fn invoked(&mut self, at: SimTime, Invocation { op, client, via, due, operation }: &Invocation) {
        self.events += 1;
        let (floor, began) = (self.floor, self.events);
        let (op, client, via, due, operation) = (*op, *client, *via, *due, operation.clone());
        self.under_way.insert(op, UnderWay { op, client, via, due, invoked: at, operation, began, floor });
    }

    fn completed(&mut self, at: SimTime, op: OpId, completion: &Completion) {
        self.events += 1;
        let Some(operation) = self.under_way.remove(op) else { return };
        let did = Did::of(&operation.operation, completion);
        if let Some(did) = &did {
            let place = did.place(operation.floor.place);
            if place > self.floor.place {
                self.floor = Floor { place, by: Some((op, operation.client, at)) };
            }
        }
        self.completed = Some(Completed { operation, did });
    }

    fn replied(&mut self, at: SimTime, node: NodeId, client: u32) {
        let client = client as usize;
        if client >= self.answers.len() {
            self.answers.resize(client + 1, None);
        }
        self.answers[client] = Some((node, at));
    }
}

impl Operations {
    /// The key of `op` goes to another group, where it is told what becomes of it.
    pub(super) fn leaves(&mut self, op: OpId) -> Option<UnderWay> {
        self.under_way.remove(op)
    }

    /// The key of an operation under way has come from another group: here it begins now.
    pub(super) fn comes(&mut self, at: SimTime, invocation: &Invocation) {
        self.invoked(at, invocation);
    }

    /// A record comes, which completes nothing unless it is a completion.
    pub(super) fn begin(&mut self) {
        self.completed = None;
    }

    /// The operation that the present record completes, if it is a completion.
    pub(crate) fn completed(&self) -> Option<&Completed> {
        self.completed.as_ref()
    }

    /// The operation that the present record completes, and what its client was told that it did.
    pub(crate) fn did(&self) -> Option<(&UnderWay, &Did)> {
        self.completed().and_then(|completed| Some((&completed.operation, completed.did.as_ref()?)))
    }

    pub(crate) fn get(&self, op: OpId) -> Option<&UnderWay> {
        self.under_way.get(op)
    }

    /// How many are under way that count here.
    pub(crate) fn len(&self) -> usize {
        self.iter().filter(|operation| operation.counts()).count()
    }

    /// Those under way, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &UnderWay> {
        self.under_way.iter().map(|(_, operation)| operation)
    }

    /// The oldest under way.
    pub(crate) fn oldest(&self) -> Option<&UnderWay> {
        self.under_way.oldest()
    }

    /// From which node an answer arrived at the client at that very moment.
    pub(crate) fn answered_by(&self, at: SimTime, client: u32) -> Option<NodeId> {
        let (node, arrived) = (*self.answers.get(client as usize)?)?;
        (arrived == at).then_some(node)
    }

    /// How many operations have begun or ended.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// The highest place of all that has completed.
    pub(crate) fn floor(&self) -> Floor {
        self.floor
    }

    /// The least place that an operation under way, or one that is invoked later, may still take.
    pub(crate) fn least(&self) -> Version {
        self.oldest().map_or(self.floor.place, |operation| operation.floor.place)
    }
}
