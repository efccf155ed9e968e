//! S5, and S1 across keys: the log is the one order in which everything took place that clients were told of.
//!
//! **Proves** strict serializability of every operation that succeeded, scripts with all the keys that they read included: it
//! took place at one point of the log's order, in which each finds what the last before it wrote, and whatever was invoked
//! after it had completed comes after it. The log claims the order, so no search is needed (`libraries.md` §1.3: a certificate
//! proves what it accepts, whatever is wrong with the instrumentation). In particular:
//! - a script's reads are the state right before its write, across all its keys;
//! - what was acknowledged is in the log, once, at the version that the client was told; what was refused is not, nor is a
//!   conflict;
//! - what was answered as unknown is there once or not at all;
//! - each entry's answer (written, unexpected, conflict) is what all the entries before it make of it, executed again.
//!
//! A script that ended with an error is promised nothing about what it read: nobody was told. There is none that only reads.
//!
//! **Does not prove** that a value belongs to its version (`committed-reads`), nor that replicas are equal (R4): the first that
//! applies an entry speaks for all. It is judged from what the stack tells of its log, which `linearizability` is not.
//!
//! **Costs** a search among the versions of a key that still count, for each key that an operation touches. Remembers what is
//! under way, some versions a key, and each write of unknown outcome that has not taken effect.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, where it agrees with an exact search on random histories, and by
//! `long-lease` in `fast/stale-read`, `snapshot-too-new` in `planted/lost-update`, and `interrupted-is-done` and
//! `interrupted-is-refused` in `planted/unheard-answers`.

use crate::check::{Check, CheckInfo, Finding, Kind, Premises, words};
use crate::history::{Answer, Completion, Effect, KeyId, OpId, OpKind, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use crate::view::ledger::Misfit;
use crate::view::operations::{Completed, UnderWay};
use leasehold::error::Outcome;
use leasehold::observe::Event;
use leasehold::request::Version;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "serial-order",
    Class::StaleRead,
    "all operations, scripts across all their keys, take place in the order of the log and in real time",
    "lease-bugs.md S5, S1; Herlihy & Wing 1990; Papadimitriou 1979",
);

/// The check.
pub(in crate::check) struct SerialOrder {
    keys: Arc<[String]>,
    /// Operations under way that have taken effect, and where.
    effective: BTreeMap<OpId, Version>,
    /// Writes of unknown outcome that have not taken effect.
    unknown: BTreeSet<OpId>,
    evaluated: u64,
}

impl SerialOrder {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self { keys: Arc::clone(&premises.keys), effective: BTreeMap::new(), unknown: BTreeSet::new(), evaluated: 0 }
    }

    fn applied(&mut self, at: SimTime, index: Version, effect: &Effect, nodes: &View) -> Option<Finding> {
        self.evaluated += 1;
        let due = nodes.ledger.due(index, effect);
        if due != effect.answer {
            return Some(self.executed_otherwise(at, index, effect, due));
        }
        if effect.answer != Answer::Wrote {
            return None;
        }
        let op = effect.op;
        let under_way = nodes.operations.get(op).is_some();
        let first = if under_way { self.effective.insert(op, index).is_none() } else { self.unknown.remove(&op) };
        (!first).then(|| self.once_too_often(at, index, effect))
    }

    fn executed_otherwise(&self, at: SimTime, index: Version, effect: &Effect, due: Answer) -> Finding {
        let (told, due) = (self.answer(effect.answer), self.answer(due));
        let message =
            format!("entry {index}, of operation #{}, {told}; by the entries before it, it {due}", effect.op.0);
        INFO.finding(at, message, vec![format!("it is about {}", self.name(effect.key))])
    }

    fn once_too_often(&self, at: SimTime, index: Version, effect: &Effect) -> Finding {
        let (op, key) = (effect.op.0, self.name(effect.key));
        let message =
            format!("operation #{op} wrote {key} at index {index}, after it had taken effect or was told to have none");
        let before = self.effective.get(&effect.op);
        let story = before.map(|_| format!("#{op} had written {key} before")).into_iter().collect();
        lost(INFO.finding(at, message, story))
    }

    fn completed(&mut self, at: SimTime, op: OpId, completion: &Completion, nodes: &View) -> Option<Finding> {
        let Completed { operation, did, .. } = nodes.operations.completed()?;
        self.evaluated += 1;
        let effective = self.effective.remove(&op);
        if let Completion::Failed { outcome: Outcome::Unknown, .. } = completion {
            if effective.is_none() && operation.operation.kind() != OpKind::Get {
                self.unknown.insert(op);
            }
            return None;
        }
        let told = did.as_ref().and_then(|did| did.wrote).map(|(_, version)| version);
        if told != effective {
            return Some(self.not_as_told(at, op, operation, told, effective));
        }
        let did = did.as_ref()?;
        let floor = operation.floor;
        let place = did.place(floor.place);
        if told.is_some_and(|version| version <= floor.place) {
            return Some(self.before_the_floor(at, op, operation, place));
        }
        let misfit = did.fits(&nodes.ledger, place).err()?;
        Some(self.misfit(at, (op, operation), place, misfit))
    }

    fn not_as_told(
        &self,
        at: SimTime,
        op: OpId,
        operation: &UnderWay,
        told: Option<Version>,
        effective: Option<Version>,
    ) -> Finding {
        let place =
            |version: Option<Version>| version.map_or("not at all".to_owned(), |version| format!("at index {version}"));
        let (told, effective) = (place(told), place(effective));
        let (kind, client) = (operation.operation.kind().name(), operation.client);
        let message = format!(
            "{kind} #{} of client {client} was told to have written {told}; by the log it wrote {effective}",
            op.0
        );
        lost(INFO.finding(at, message, vec![invoked(op, operation)]))
    }

    fn before_the_floor(&self, at: SimTime, op: OpId, operation: &UnderWay, place: Version) -> Finding {
        let kind = operation.operation.kind().name();
        let message = format!(
            "{kind} #{} by client {} wrote at index {place}, but {}",
            op.0,
            operation.client,
            before(operation)
        );
        INFO.finding(at, message, vec![invoked(op, operation)])
    }

    fn misfit(&self, at: SimTime, (op, operation): (OpId, &UnderWay), place: Version, misfit: Misfit) -> Finding {
        let Misfit { key, found, newer } = misfit;
        let (kind, client, key) = (operation.operation.kind().name(), operation.client, self.name(key));
        let found = if found == 0 { "that it was never written".to_owned() } else { format!("version {found}") };
        let why = match newer {
            None => format!("it took effect before that, at index {place}"),
            Some((newer, writer)) => {
                let after = if place > operation.floor.place {
                    format!("it took effect at index {place}")
                } else {
                    before(operation)
                };
                format!("#{} had written version {newer} of it, and {after}", writer.0)
            }
        };
        let message = format!("{kind} #{} by client {client} found {found} of {key}, but {why}", op.0);
        INFO.finding(at, message, vec![invoked(op, operation)])
    }

    fn answer(&self, answer: Answer) -> String {
        match answer {
            Answer::Wrote => "wrote".to_owned(),
            Answer::Found(found) => format!("found version {} instead of what it expected", found.version),
            Answer::Conflict { key, latest } => format!("was refused for version {latest} of {}", self.name(key)),
        }
    }

    fn name(&self, key: KeyId) -> String {
        self.keys.get(key.0 as usize).cloned().unwrap_or_else(|| format!("key {}", key.0))
    }
}

/// It is not an order of reads that is broken: an effect is missing, or there is one too many.
fn lost(finding: Finding) -> Finding {
    Finding { class: Class::LostWrite, ..finding }
}

fn invoked(op: OpId, operation: &UnderWay) -> String {
    format!(
        "client {} invoked {} #{} at {}",
        operation.client,
        operation.operation.kind().name(),
        op.0,
        operation.invoked
    )
}

/// What had completed before `operation` was invoked.
fn before(operation: &UnderWay) -> String {
    let place = operation.floor.place;
    operation.floor.by.map_or(format!("index {place} came before"), |(op, client, at)| {
        let ago = words::duration(operation.invoked.since(at));
        format!("#{} of client {client}, at index {place}, had completed {ago} before that began", op.0)
    })
}

impl Check for SerialOrder {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Completed, Kind::Applied]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Completed { op, completion } => self.completed(record.at, *op, completion, nodes),
            What::Stack(StackRecord { event: Event::Applied { index, .. }, effect: Some(effect), .. }) => {
                self.applied(record.at, *index, effect, nodes)
            }
            _ => None,
        }
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }
}

#[cfg(test)]
mod tests;
