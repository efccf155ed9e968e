//! What a person is told of a key that is no register.

use super::Witness;
use crate::check::client::access::{Access, Done};
use crate::check::prelude::*;
use crate::check::story::path;
use crate::register::zones::{Contradiction, INITIAL, Kind, Mark, Value, Zone};

pub(super) fn finding(
    now: &Now<'_>,
    done: &Done<'_>,
    key: KeyId,
    access: Access,
    contradiction: Contradiction<Witness>,
) -> Finding {
    let key = now.premises.key(key);
    let did = format!("{}{}", told(access), path(done.completion));
    let (kind, client) = (done.was.operation.kind().name(), done.was.client);
    let message = format!("{kind} of {key} by client {client} {did}, {}", but(done, &contradiction));
    let mut story = proof(&key, &contradiction);
    story.push(done.was.invocation());
    story.push(format!("at {} it was answered{}: it {did}", now.at, now.answered_by(client)));
    now.bare_finding(message, story)
}

/// Why that cannot be.
fn but(done: &Done<'_>, contradiction: &Contradiction<Witness>) -> String {
    match contradiction {
        Contradiction::Crossed { one, other } => format!("but {}", too_late(done, &other.ended, &one.began)),
        Contradiction::Order { old, new, ended, began } => {
            format!("but {} replaced {}, and {}", name(*new), name(*old), too_late(done, ended, began))
        }
        Contradiction::Twice { value, first, second } => {
            format!("but {} and {} both replaced {}", name(*first), name(*second), name(*value))
        }
        Contradiction::Circle { old, new } => format!("but {} and {} replaced each other", name(*old), name(*new)),
        Contradiction::Refused { .. } => "which is what it expected".to_owned(),
        Contradiction::Denied { value } => format!("but {} was seen although its write had no effect", name(*value)),
        Contradiction::Absent { value, newer: None } => format!("but no write of {} had begun", name(*value)),
        Contradiction::Absent { value, newer: Some(Zone { ended, .. }) } => {
            let since =
                ended.by.map_or(String::new(), |witness| format!(": {} ended at {}", witness.named(), witness.at));
            format!("but {} had been overwritten long before, if it ever was written{since}", name(*value))
        }
    }
}

/// `ended` was over before `began` began.
fn too_late(done: &Done<'_>, ended: &Mark<Witness>, began: &Mark<Witness>) -> String {
    let (Some(ended), Some(began)) = (ended.by, began.by) else { return "that is older than all others".to_owned() };
    let before = duration(began.at.since(ended.at));
    let began = if began.op == done.was.op { "that".to_owned() } else { began.named() };
    format!("{} had ended {before} before {began} began", ended.named())
}

/// The operations that cannot be brought into an order.
fn proof(key: &str, contradiction: &Contradiction<Witness>) -> Vec<String> {
    match contradiction {
        Contradiction::Crossed { one, other } => {
            let mut pairs = [(one.ended, other.began), (other.ended, one.began)];
            pairs.sort_by_key(|(_, began)| began.at);
            let mut lines: Vec<_> = pairs.iter().map(|(ended, began)| one_after_another(key, ended, began)).collect();
            lines.push(format!("so {}, but {}", order(&pairs[0]), order(&pairs[1])));
            lines.extend([one, other].into_iter().filter_map(chain));
            lines
        }
        Contradiction::Order { old, new, ended, began } => {
            vec![one_after_another(key, ended, began), chained(*old, *new)]
        }
        Contradiction::Absent { newer: Some(newer), .. } => newer.ended.by.iter().map(Witness::ended).collect(),
        _ => Vec::new(),
    }
}

fn one_after_another(key: &str, ended: &Mark<Witness>, began: &Mark<Witness>) -> String {
    let ended = ended.by.map_or_else(|| format!("at first {key} was never written"), |witness| witness.ended());
    let began = began.by.map_or_else(String::new, |witness| format!("{} began at {}", witness.named(), witness.at));
    format!("{ended}; after that {began}")
}

fn order((first, second): &(Mark<Witness>, Mark<Witness>)) -> String {
    format!("{} comes before {}", name(value(first)), name(value(second)))
}

/// What ties the values of a chain together, where its first end and its last begin are of different ones.
fn chain(zone: &Zone<Witness>) -> Option<String> {
    let (ended, began) = (value(&zone.ended), value(&zone.began));
    (ended != began).then(|| chained(ended.min(began), ended.max(began)))
}

fn chained(old: Value, new: Value) -> String {
    format!(
        "nothing comes between {} and {}: each replaced the one before, by compare-and-set or script",
        name(old),
        name(new)
    )
}

/// A value that the operation concerned.
fn value(mark: &Mark<Witness>) -> Value {
    mark.by.map_or(INITIAL, |witness| match witness.access {
        Kind::Read(value) | Kind::Write(value) | Kind::Refused(_, value) => value,
        Kind::Cas(old, _) | Kind::Update(old, _) => old,
    })
}

impl Witness {
    fn named(&self) -> String {
        let Witness { op, client, kind, access, .. } = self;
        let did = match access {
            Kind::Write(_) => String::new(),
            access => format!(", which {},", did(*access)),
        };
        format!("{} #{} by client {client}{did}", kind.name(), op.0)
    }

    fn ended(&self) -> String {
        format!("{} ended at {}", self.named(), self.at)
    }
}

fn told(access: Access) -> String {
    match access {
        Access::Did(kind) => did(kind),
        Access::Failed => "failed without effect".to_owned(),
    }
}

fn did(access: Kind) -> String {
    match access {
        Kind::Read(INITIAL) => "read that it was never written".to_owned(),
        Kind::Read(value) => format!("read {}", name(value)),
        Kind::Write(value) => format!("wrote {}", name(value)),
        Kind::Cas(old, new) | Kind::Update(old, new) => format!("replaced {} by {}", name(old), name(new)),
        Kind::Refused(expected, found) => format!("expected {} and found {}", name(expected), name(found)),
    }
}

/// A value, by the operation that wrote it.
fn name(value: Value) -> String {
    match OpId(value) {
        OpId(INITIAL) => "nothing".to_owned(),
        OpId::NOBODY => "foreign bytes".to_owned(),
        OpId(number) => format!("#{number}"),
    }
}
