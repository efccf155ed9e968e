//! The events around a moment: what a person looks at to see two leases overlap.
//!
//! A run has thousands of events around any moment and a screen has twenty rows, so events compete for them: the closer to the
//! moment the better, the rarer the kind the better, and each repetition of the same thing on the same node counts for less. Of what
//! fails, misses or is refused again and again one row stands for all, and says how many. What began the faults that are in force at
//! the moment is always there.

use super::event::{address, fated, key, node_of, process};
use crate::history::{
    About, Completion, Fate, Head, Invocation, OpId, Operation, Record, Weight, What, facts, in_brief, in_force,
    repeated,
};
use crate::scenario::{Class, Metric, Span};
use crate::time::SimTime;
use crate::verdict::Failure;
use crate::view::{Grouped, Replicas};
use crate::words::figures::duration;
use crate::words::{MessageKind, Says};
use leasehold::env::NodeId;
use leasehold::error::Outcome;
use std::collections::BTreeMap;

/// Some of the events around a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeline {
    /// The moment.
    pub moment: SimTime,
    /// How many nodes there are.
    pub nodes: u32,
    /// How many events there are from the first of the rows that are around the moment to the last.
    pub events: usize,
    /// Of these, how many have no row, and are in none.
    pub left_out: usize,
    /// Faults in force that have no row.
    pub more_faults: usize,
    /// At least one, in the order of the events: at most [`ROWS`], and before them what began faults that are in force.
    pub rows: Vec<Row>,
}

/// An event, and which leases are in force after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// When it happened.
    pub at: SimTime,
    /// It is the last event not after the timeline's moment.
    pub is_centre: bool,
    /// Which node it is about; `None`: clients, faults.
    pub node: Option<NodeId>,
    /// What happened.
    pub words: String,
    /// Whose lease is in force, in the order of the nodes.
    pub leases: Vec<NodeId>,
}

/// The most rows around the moment.
pub const ROWS: usize = 18;
/// The most faults that have a row before these.
const FAULTS: usize = 5;

impl About {
    /// What shows why this failed.
    pub fn of(failure: &Failure) -> Self {
        match (failure.class, failure.check.parse()) {
            (Class::Liveness, _) | (_, Ok(Metric::Longest(Span::Leaderless | Span::Failover))) => About::Elections,
            (Class::Availability, _) | (_, Ok(Metric::Longest(Span::Unserved | Span::UnservedVia))) => About::Service,
            (_, Ok(Metric::Operations(..) | Metric::BulkRefusedPerSecond | Metric::EntriesPerFsync)) => About::Service,
            _ => About::Leases,
        }
    }
}

/// The records of a timeline, and what their clients had asked for.
struct Scene<'a> {
    records: &'a [Record],
    centre: usize,
    keys: &'a [String],
    operations: BTreeMap<OpId, &'a Invocation>,
    about: About,
}

/// A row: the number of its record, and those of all that it stands for.
struct Chosen {
    number: usize,
    all: Vec<usize>,
}

impl Timeline {
    /// The timeline of `records`, kept of a run of so many nodes whose keys have these names, of which it is to show so much. `None`: none
    /// of them is from before `moment`.
    pub fn around(moment: SimTime, records: &[Record], keys: &[String], nodes: u32, about: About) -> Option<Self> {
        let centre = records.partition_point(|record| record.at <= moment).checked_sub(1)?;
        let operations = records.iter().filter_map(|record| match &record.what {
            What::Invoked(invocation) => Some((invocation.op, invocation)),
            _ => None,
        });
        let scene = Scene { records, centre, keys, operations: operations.collect(), about };
        let chosen = scene.choose();
        let (from, to) = (chosen.first()?.number, chosen.last()?.number);
        let faults = scene.in_force(from);
        let more_faults = faults.len().saturating_sub(FAULTS);
        let faults = faults.into_iter().skip(more_faults).map(|number| Chosen { number, all: Vec::new() });
        let chosen: Vec<Chosen> = faults.chain(chosen).collect();
        let told: usize = chosen.iter().map(|row| row.all.len()).sum();
        let mut rows = Vec::with_capacity(chosen.len());
        let mut replicas = Grouped::<Replicas>::default();
        for (number, record) in records.iter().enumerate().take(to + 1) {
            replicas.record(record);
            if let Ok(place) = chosen.binary_search_by_key(&number, |row| row.number) {
                let held = |node: &NodeId| {
                    replicas.all().any(|group| group.get(*node).is_some_and(|replica| replica.holds_lease(record.at)))
                };
                let words = scene.words_of_all(record, &chosen[place].all);
                rows.push(Row {
                    at: record.at,
                    is_centre: number == centre,
                    node: node_of(&record.what),
                    words,
                    leases: (1..=u64::from(nodes)).map(NodeId).filter(held).collect(),
                });
            }
        }
        let events = to + 1 - from;
        Some(Self { moment, nodes, events, left_out: events - told, more_faults, rows })
    }
}

impl Scene<'_> {
    /// What began the faults that are in force at the moment, before the record of this number.
    fn in_force(&self, before: usize) -> Vec<usize> {
        let mut begun = Vec::new();
        let until_then = self.records[..=self.centre].iter().enumerate();
        until_then.for_each(|record| in_force(&mut begun, record, |(_, record)| record.what.fault()));
        begun.into_iter().map(|(number, _)| number).filter(|number| *number < before).collect()
    }

    /// The rows to show, in the order of their records.
    fn choose(&self) -> Vec<Chosen> {
        let Self { records, centre, .. } = *self;
        let mut near: Vec<usize> = (0..records.len()).collect();
        near.sort_by_key(|number| (number.abs_diff(centre), *number));
        let mut seen: BTreeMap<(Option<NodeId>, &str), usize> = BTreeMap::new();
        let mut groups: BTreeMap<(Option<NodeId>, String), Vec<usize>> = BTreeMap::new();
        let mut scored: Vec<(usize, usize)> = Vec::with_capacity(near.len());
        for number in near {
            let (what, distance) = (&records[number].what, number.abs_diff(centre));
            let (kind, weight) = kind(what, self.about);
            let before = match self.repeated(&records[number]) {
                Some(words) => {
                    let group = groups.entry((node_of(what), words)).or_default();
                    group.push(number);
                    if group.len() > 1 {
                        continue;
                    }
                    0
                }
                None => {
                    let seen = seen.entry((node_of(what), kind)).or_default();
                    std::mem::replace(seen, *seen + 1)
                }
            };
            // What is rare is looked for farther away.
            let distance = if weight == Weight::Rare { distance / 8 } else { distance };
            scored.push((if number == centre { 0 } else { distance + handicap(weight) + 60 * before }, number));
        }
        scored.sort_unstable();
        let mut chosen: Vec<usize> = scored.into_iter().take(ROWS).map(|(_, number)| number).collect();
        chosen.sort_unstable();
        let shown = chosen.first().copied().unwrap_or(centre)..=chosen.last().copied().unwrap_or(centre);
        let all = |number| {
            let record: &Record = &records[number];
            let group = self.repeated(record).and_then(|words| groups.get(&(node_of(&record.what), words)));
            group.map_or_else(|| vec![number], |all| all.iter().copied().filter(|it| shown.contains(it)).collect())
        };
        chosen.into_iter().map(|number| Chosen { number, all: all(number) }).collect()
    }

    /// What an event is a repetition of that happens again and again, in words without what differs; `None` of all others.
    fn repeated(&self, record: &Record) -> Option<String> {
        match &record.what {
            What::Completed { op, completion: Completion::Failed { error, outcome } } => {
                let kind = self.operations.get(op)?.operation.kind();
                Some(format!("{kind} {} {}", failed(*outcome), error.name()))
            }
            What::Message { fate: Fate::Cut | Fate::Held | Fate::Lost, .. } => Some(self.words(record)),
            What::Message { head, kind, .. } if head.rejected && kind.says() != Says::Answers => {
                Some(self.words(record))
            }
            What::Stack(stack) => repeated(stack),
            What::Invoked(_)
            | What::Completed { .. }
            | What::Message { .. }
            | What::Process { .. }
            | What::Busy { .. }
            | What::Counted { .. }
            | What::Clock { .. }
            | What::Fault(_) => None,
        }
    }

    /// The words of a row for `record` that stands for all of these: `12x c3 get FAILED deadline-exceeded`.
    fn words_of_all(&self, record: &Record, all: &[usize]) -> String {
        let Some(words) = self.repeated(record).filter(|_| all.len() > 1) else { return self.words(record) };
        let client = |record: &Record| match &record.what {
            What::Completed { op, .. } => self.operations.get(op).map(|begun| begun.client),
            _ => None,
        };
        let whose =
            client(record).filter(|client_of| all.iter().all(|it| client(&self.records[*it]) == Some(*client_of)));
        let whose = whose.map_or(String::new(), |client| format!("c{client} "));
        format!("{}x {whose}{words}", all.len())
    }

    /// An event in a few words.
    fn words(&self, record: &Record) -> String {
        words(record, self.keys, &self.operations)
    }
}

/// An event in a few words.
fn words(record: &Record, keys: &[String], operations: &BTreeMap<OpId, &Invocation>) -> String {
    match &record.what {
        What::Invoked(invocation) => format!("c{} {}", invocation.client, operation(&invocation.operation, keys)),
        What::Completed { op, completion } => match operations.get(op) {
            Some(begun) => {
                format!("c{} {} {}", begun.client, operation(&begun.operation, keys), result(completion))
            }
            None => format!("#{} {}", op.0, result(completion)),
        },
        What::Stack(stack) => in_brief(stack),
        What::Message { from, to, fate, kind, head, .. } => {
            let term = if head.term > 0 { format!(" t{}", head.term) } else { String::new() };
            let fate = fated(*fate);
            let refuses = if head.rejected { " REFUSES" } else { "" };
            match node_of(&record.what) {
                Some(node) if address(*to) == node.to_string() => {
                    format!("← {} {fate}{kind}{term}{refuses}", address(*from))
                }
                _ => format!("→ {} {fate}{kind}{term}{refuses}", address(*to)),
            }
        }
        What::Process { change, .. } => process(*change).to_uppercase(),
        What::Busy { cores, .. } => format!("busy for {}", duration(*cores)),
        What::Counted { .. } => "counts".to_owned(),
        What::Clock { lease_until: Some(until), .. } => format!("CLOCK, lease to {until}"),
        What::Clock { lease_until: None, .. } => "CLOCK".to_owned(),
        What::Fault(fault) => {
            format!("{} {}: {fault}", fault.verb.name().to_uppercase(), fault.phase)
        }
    }
}

fn operation(operation: &Operation, keys: &[String]) -> String {
    match operation {
        Operation::Get { key: id } => format!("get {}", key(keys, *id)),
        Operation::Put { key: id } => format!("put {}", key(keys, *id)),
        Operation::Cas { key: id, .. } => format!("cas {}", key(keys, *id)),
        Operation::Script { key: id, .. } => format!("script {}", key(keys, *id)),
        Operation::Delete { key: id } => format!("delete {}", key(keys, *id)),
        Operation::Mget { keys: ids, .. } => format!("mget {} of {}", key(keys, ids[0]), ids.len()),
        Operation::Scan { keys: ids, .. } => format!("scan {} of {}", key(keys, ids[0]), ids.len()),
    }
}

/// How many events nearer to the moment one of this weight gives way to.
fn handicap(weight: Weight) -> usize {
    match weight {
        Weight::Rare => 0,
        Weight::Telling => 40,
        Weight::Common => 150,
    }
}

/// What an event is a repetition of, and how much it tells.
fn kind(what: &What, about: About) -> (&'static str, Weight) {
    match what {
        What::Fault(_) => ("fault", Weight::Rare),
        What::Process { .. } => ("process", Weight::Rare),
        What::Busy { .. } => ("cpu", Weight::Common),
        What::Counted { .. } => ("counts", Weight::Common),
        What::Clock { .. } => ("clock", Weight::Rare),
        What::Completed { completion: Completion::Failed { .. }, .. } => ("failed", Weight::Telling),
        What::Completed { .. } => ("completed", Weight::Telling),
        What::Invoked(_) => ("invoked", Weight::Common),
        What::Message { fate: Fate::Delivered, kind: MessageKind::TimeoutNow, .. } => ("timeout-now", Weight::Rare),
        What::Message { fate: Fate::Delivered, kind, head, .. } if decides(*kind, head, about) => {
            ("refused", Weight::Rare)
        }
        What::Message { fate: Fate::Delivered, .. } => ("message", Weight::Common),
        What::Message { .. } => ("message lost", Weight::Telling),
        What::Stack(stack) => {
            let facts = facts(&stack.event, about);
            (facts.kind, facts.weight)
        }
    }
}

/// Does it decide an election that it is about?
fn decides(kind: MessageKind, head: &Head, about: About) -> bool {
    about == About::Elections && head.rejected && matches!(kind.says(), Says::Votes | Says::Favours)
}

fn result(completion: &Completion) -> String {
    match completion {
        Completion::Read { version, path, .. } => format!("= v{version} {}", path.name()),
        Completion::Reads { found, .. } => {
            let there = found.iter().filter(|(_, found)| found.is_some_and(|found| found.value.is_some()));
            format!("= {} of {}", there.count(), found.len())
        }
        Completion::Written { version } | Completion::Script { version, .. } => format!("wrote v{version}"),
        Completion::Unexpected { version, .. } => format!("found v{version}"),
        Completion::Failed { error, outcome } => format!("{} {}", failed(*outcome), error.name()),
    }
}

fn failed(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::NotApplied => "FAILED",
        Outcome::Unknown => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests;
