//! S5, and S1 across keys: the log is the one order in which everything took place that clients were told of.
//!
//! **Proves** strict serializability of every operation that succeeded, scripts with all the keys that they read included: it
//! took place at one point of the log's order, in which each finds what the last before it wrote, and whatever was invoked
//! after it had completed comes after it. The log claims the order, so no search is needed (`libraries.md` §1.3: a certificate
//! proves what it accepts, whatever is wrong with the instrumentation). In particular:
//! - a script's reads are the state right before its write, across all its keys;
//! - what a group answers to a read of several keys is one snapshot: that of which it told the version, with each key as it was there,
//!   and what a scan left out without a value;
//! - what was acknowledged is in the log, once, at the version that the client was told; what was refused is not, nor is a
//!   conflict;
//! - what was answered as unknown is there once or not at all;
//! - each entry's answer (written, unexpected, conflict) is what all the entries before it make of it, executed again.
//!
//! A script that ended with an error is promised nothing about what it read: nobody was told. There is none that only reads.
//!
//! **Does not prove** anything across groups, each of which has a log and an order of its own: the parts of an `mget` or a `scan` lie somewhere between
//! its call and its answer, each by itself, and two that overlap may see two groups' writes in different orders. Nor that a value belongs to its version (`committed-reads`), nor that replicas are equal (R4): the first that
//! applies an entry speaks for all. It is judged from what the stack tells of its log, which `linearizability` is not.
//!
//! **Costs** a search among the versions of a key that still count, for each key that an operation touches. Remembers what is
//! under way, some versions a key, and each write of unknown outcome that has not taken effect.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, where it agrees with an exact search on random histories, and by
//! `long-lease` in `fast/stale-read`, `snapshot-too-new` in `planted/lost-update`, and `interrupted-is-done` and
//! `interrupted-is-refused` in `planted/unheard-answers`.

use crate::check::prelude::*;
use crate::history::{Answer, Effect};
use crate::scenario::Class;
use crate::view::ledger::{Misfit, Wrote};
use crate::view::operations::Completed;
use leasehold::error::Outcome;
use leasehold::request::Version;
use std::collections::BTreeSet;

#[derive(Default)]
pub(in crate::check) struct SerialOrder {
    /// Operations under way that have taken effect, and where.
    effective: BTreeMap<OpId, Version>,
    /// Writes of unknown outcome that have not taken effect.
    unknown: BTreeSet<OpId>,
}

impl Check for SerialOrder {
    fn effect(&mut self, now: &Now<'_>, index: Version, effect: &Effect) -> Option<Finding> {
        if effect.answer == Answer::Elsewhere {
            // Whether that is so `one-owner` judges.
            return None;
        }
        now.judge();
        let due = now.nodes.ledger.due(index, effect);
        if due != effect.answer {
            return Some(executed_otherwise(now, index, effect, due));
        }
        if effect.answer != Answer::Wrote {
            return None;
        }
        let op = effect.op;
        let under_way = now.nodes.operations.get(op).is_some();
        let first = if under_way { self.effective.insert(op, index).is_none() } else { self.unknown.remove(&op) };
        (!first).then(|| {
            let (op, key) = (op.0, now.premises.key(effect.key));
            let message = format!(
                "operation #{op} wrote {key} at index {index}, after it had taken effect or was told to have none"
            );
            let before = under_way.then(|| format!("#{op} had written {key} before"));
            lost(now.bare_finding(message, before.into_iter().collect()))
        })
    }

    fn leaves(&mut self, _: &Now<'_>, op: OpId) -> Option<Finding> {
        self.effective.remove(&op);
        self.unknown.remove(&op);
        None
    }

    fn comes(&mut self, _: &Now<'_>, Invocation { op, operation, .. }: &Invocation, given_up: bool) -> Option<Finding> {
        if given_up && operation.kind() != OpKind::Get {
            self.unknown.insert(*op);
        }
        None
    }

    fn completed(&mut self, now: &Now<'_>, op: OpId, completion: &Completion) -> Option<Finding> {
        let Completed { operation, did } = now.nodes.operations.completed()?;
        now.judge();
        let effective = self.effective.remove(&op);
        if let Completion::Failed { outcome: Outcome::Unknown, .. } = completion {
            if effective.is_none() && !operation.operation.kind().only_reads() {
                self.unknown.insert(op);
            }
            return None;
        }
        let told = did.as_ref().and_then(|did| did.wrote).map(|(_, version)| version);
        if told != effective {
            return Some(not_as_told(now, operation, told, effective));
        }
        let did = did.as_ref()?;
        let floor = operation.floor;
        let place = did.place(floor.place);
        if told.is_some_and(|version| version <= floor.place) {
            let message = format!("{} wrote at index {place}, but {}", operation.named(), before(operation));
            return Some(now.bare_finding(message, vec![operation.invocation()]));
        }
        let wrong = did.fits(now.nodes.ledger, place).err()?;
        Some(misfit(now, operation, place, wrong))
    }
}

fn executed_otherwise(now: &Now<'_>, index: Version, effect: &Effect, due: Answer) -> Finding {
    let words = |answer| match answer {
        Answer::Wrote => "wrote".to_owned(),
        Answer::Found(found) => format!("found version {} instead of what it expected", found.version),
        Answer::Conflict { key, latest } => format!("was refused for version {latest} of {}", now.premises.key(key)),
        Answer::Elsewhere => "was refused as the group does not have the key".to_owned(),
    };
    let (told, due) = (words(effect.answer), words(due));
    let message = format!("entry {index}, of operation #{}, {told}; by the entries before it, it {due}", effect.op.0);
    now.bare_finding(message, vec![format!("it is about {}", now.premises.key(effect.key))])
}

fn not_as_told(now: &Now<'_>, operation: &UnderWay, told: Option<Version>, effective: Option<Version>) -> Finding {
    let place =
        |version: Option<Version>| version.map_or("not at all".to_owned(), |version| format!("at index {version}"));
    let (kind, op, client) = (operation.operation.kind().name(), operation.op.0, operation.client);
    let message = format!(
        "{kind} #{op} of client {client} was told to have written {}; by the log it wrote {}",
        place(told),
        place(effective)
    );
    lost(now.bare_finding(message, vec![operation.invocation()]))
}

fn misfit(now: &Now<'_>, operation: &UnderWay, place: Version, Misfit { key, found, newer }: Misfit) -> Finding {
    let (named, key) = (operation.named(), now.premises.key(key));
    let found = match found {
        None => format!("no value of {key}"),
        Some(0) => format!("that it was never written of {key}"),
        Some(found) => format!("version {found} of {key}"),
    };
    let after = |place| {
        if place > operation.floor.place { format!("it took effect at index {place}") } else { before(operation) }
    };
    let why = newer.map_or_else(
        || format!("it took effect before that, at index {place}"),
        |Wrote { version, op, deleted, .. }| {
            let did = if deleted { "deleted it, as" } else { "written" };
            format!("#{} had {did} version {version} of it, and {}", op.0, after(place))
        },
    );
    now.bare_finding(format!("{named} found {found}, but {why}"), vec![operation.invocation()])
}

/// It is not an order of reads that is broken: an effect is missing, or there is one too many.
fn lost(finding: Finding) -> Finding {
    Finding { class: Class::LostWrite, ..finding }
}

/// What had completed before `operation` was invoked.
fn before(operation: &UnderWay) -> String {
    let place = operation.floor.place;
    operation.floor.by.map_or(format!("index {place} came before"), |(op, client, at)| {
        let ago = duration(operation.invoked.since(at));
        format!("#{} of client {client}, at index {place}, had completed {ago} before that began", op.0)
    })
}

#[cfg(test)]
mod tests;
