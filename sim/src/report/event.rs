//! One line an event.
//!
//! The line holds everything that enters the fingerprint, so that two histories are equal exactly if their lines are: what
//! `verify` compares between processes is this text. Times are simulated seconds to the nanosecond; `local` times are readings of
//! the node's own clock.

use crate::history::{
    Completion, Counts, Fate, Fault, Found, Head, Invocation, KeyId, OpId, Operation, ProcessChange, Record,
    StackRecord, What, local, words_of,
};
use crate::time::SimTime;
use crate::words::figures::duration;
use crate::words::{Lane, MessageKind};
use leasehold::env::{Address, GroupId, NodeId, ReplicaId, Stamp};
use leasehold::error::Outcome;
use leasehold::metrics::Counter;
use leasehold::request::Part;
use std::fmt;

/// An event in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// When.
    pub at: SimTime,
    /// Who: a replica, a link, a client.
    pub who: String,
    /// What.
    pub what: String,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, who, what } = self;
        write!(f, "{} {who:<6} {what}", at.exact())
    }
}

/// `record` on one line: when, who, what. `keys` are the names of the run's keys.
pub fn event_line(record: &Record, keys: &[String]) -> String {
    told_of(record, keys).to_string()
}

/// `record` in words, as on its line.
pub fn told_of(record: &Record, keys: &[String]) -> Told {
    let (who, what) = match &record.what {
        What::Invoked(invocation) => (format!("c{}", invocation.client), invoked(invocation, keys)),
        What::Completed { op, completion } => ("-".to_owned(), format!("#{} {}", op.0, completed(completion, keys))),
        What::Stack(stack) => (stack.replica.to_string(), told(stack)),
        What::Message { from, to, lane, fate, kind, head, stamp, echo } => {
            let of = if head.group == GroupId::FIRST { String::new() } else { format!("/g{}", head.group.0) };
            let who = format!("{}>{}{of}", address(*from), address(*to));
            let stamps = [stamped("sent", *stamp), stamped("answers", *echo)].concat();
            (who, format!("{} {}{}{stamps}", lane.name(), fated(*fate), message(*kind, head)))
        }
        What::Process { node, change } => (node.to_string(), process(*change)),
        What::Busy { node, cores, .. } => (node.to_string(), format!("busy for {}", duration(*cores))),
        What::Counted { replica, counts } => (replica.to_string(), counted(counts)),
        What::Clock { replica, clock, lease_until } => {
            let lease = lease_until
                .map_or(String::new(), |until| format!(", by which its lease lasts until {}", until.exact()));
            (replica.to_string(), format!("clock touched, shows {}{lease}", local(*clock)))
        }
        What::Fault(fault) => {
            let Fault { step, verb, phase, .. } = &**fault;
            ("fault".to_owned(), format!("step {step} {verb} {phase}: {fault}"))
        }
    };
    Told { at: record.at, who, what }
}

/// The name of a key.
pub(crate) fn key(keys: &[String], key: KeyId) -> String {
    usize::try_from(key.0)
        .ok()
        .and_then(|number| keys.get(number))
        .cloned()
        .unwrap_or_else(|| format!("key({})", key.0))
}

/// `n1`, or `c7` for a client.
pub(super) fn address(address: Address) -> String {
    match address {
        Address::Node(node) => node.to_string(),
        Address::Client(client) => format!("c{client}"),
    }
}

fn invoked(invocation: &Invocation, keys: &[String]) -> String {
    let name = |id: &KeyId| key(keys, *id);
    let what = match &invocation.operation {
        Operation::Get { key } => format!("get {}", name(key)),
        Operation::Put { key } => format!("put {}", name(key)),
        Operation::Cas { key, expected } => format!("cas {} expects {}", name(key), value(*expected)),
        Operation::Delete { key } => format!("delete {}", name(key)),
        Operation::Mget { keys, .. } => format!("mget {}", list(&keys.iter().map(name).collect::<Vec<_>>())),
        Operation::Scan { limit, keys, .. } => {
            format!("scan of at most {limit} of {}", list(&keys.iter().map(name).collect::<Vec<_>>()))
        }
        Operation::Script { reads, key } => {
            let reads: Vec<String> = reads.iter().map(name).collect();
            format!("script reads {} writes {}", list(&reads), name(key))
        }
    };
    format!("#{} {what} by {}, due {}", invocation.op.0, invocation.via, invocation.due.exact())
}

fn completed(completion: &Completion, keys: &[String]) -> String {
    match completion {
        Completion::Read { version, value: read, path } => {
            format!("read {}, version {version}, by {}", value(*read), path.name())
        }
        Completion::Reads { found, parts } => {
            let read = |(id, found): &(KeyId, Option<Found>)| {
                let found =
                    found.map_or("left out".to_owned(), |found| format!("{}@{}", value(found.value), found.version));
                format!("{} {found}", key(keys, *id))
            };
            let told = |part: &Part| format!("g{} at version {} by {}", part.group.0, part.snapshot, part.path.name());
            let (read, told): (Vec<_>, Vec<_>) = (found.iter().map(read).collect(), parts.iter().map(told).collect());
            format!("read {}, of {}", list(&read), list(&told))
        }
        Completion::Written { version } => format!("wrote version {version}"),
        Completion::Unexpected { version, value: found } => {
            format!("found {}, version {version}, not the one expected", value(*found))
        }
        Completion::Script { reads, version, attempts } => {
            let read = |found: &Found| format!("{}@{}", value(found.value), found.version);
            let reads: Vec<String> = reads.iter().map(read).collect();
            format!("script read {} wrote version {version} in attempt {attempts}", list(&reads))
        }
        Completion::Failed { error, outcome: Outcome::NotApplied } => format!("failed: {}, no effect", error.name()),
        Completion::Failed { error, outcome: Outcome::Unknown } => format!("failed: {}, effect unknown", error.name()),
    }
}

/// A value, by the operation that wrote it.
fn value(writer: Option<OpId>) -> String {
    match writer {
        None => "nothing".to_owned(),
        Some(OpId::NOBODY) => "foreign bytes".to_owned(),
        Some(op) => format!("#{}", op.0),
    }
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "nothing".to_owned() } else { words.join(",") }
}

pub(super) fn fated(fate: Fate) -> &'static str {
    match fate {
        Fate::Delivered => "",
        Fate::Cut => "CUT ",
        Fate::Held => "HELD ",
        Fate::Lost => "LOST ",
    }
}

fn message(kind: MessageKind, head: &Head) -> String {
    let Head { term, index, commit, entries, rejected, call, forwarded, .. } = head;
    let numbers = match kind.lane() {
        Lane::Heartbeat | Lane::Bulk => format!("term {term} index {index} commit {commit} entries {entries}"),
        Lane::Request if call.incarnation == 0 => format!("call {}", call.number),
        Lane::Request => format!("call {} of start {}", call.number, call.incarnation),
    };
    let forwarded = if *forwarded { " forwarded" } else { "" };
    let rejected = if *rejected { " rejected" } else { "" };
    format!("{kind} {numbers}{forwarded}{rejected}")
}

fn told(stack: &StackRecord) -> String {
    let Some(until) = stack.lease_until else { return words_of(&stack.event) };
    format!("{}, true end {}", words_of(&stack.event), until.exact())
}

/// A stamp, after what it was put on; nothing for none.
fn stamped(how: &str, stamp: Option<Stamp>) -> String {
    stamp.map_or(String::new(), |Stamp { term, incarnation, round, sent_at }| {
        format!(", {how} round {round} of term {term} and start {incarnation} at {}", local(sent_at))
    })
}

/// What became of a process.
pub(super) fn process(change: ProcessChange) -> String {
    match change {
        ProcessChange::Started { incarnation } => format!("process started, start {incarnation}"),
        ProcessChange::Killed => "process killed".to_owned(),
        ProcessChange::Paused => "process paused".to_owned(),
        ProcessChange::Resumed => "process resumed".to_owned(),
        ProcessChange::Failed { error } => format!("process could not start: {}", error.name()),
    }
}

/// The metrics of a process that are not zero.
fn counted(Counts { counters, scripts, retries }: &Counts) -> String {
    let named = Counter::ALL.map(Counter::name).into_iter().zip(counters.iter().copied());
    let named = named.chain([("scripts", *scripts), ("retries", *retries)]).filter(|(_, count)| *count > 0);
    let all: Vec<_> = named.map(|(name, count)| format!("{name} {count}")).collect();
    format!("counts {}", if all.is_empty() { "nothing".to_owned() } else { all.join(", ") })
}

/// The node that an event is about: who told it, or who received the message.
pub(super) fn node_of(what: &What) -> Option<NodeId> {
    match what {
        What::Stack(stack) => Some(stack.replica.node),
        What::Process { node, .. }
        | What::Busy { node, .. }
        | What::Counted { replica: ReplicaId { node, .. }, .. }
        | What::Clock { replica: ReplicaId { node, .. }, .. } => Some(*node),
        What::Message { to: Address::Node(node), .. } | What::Message { from: Address::Node(node), .. } => Some(*node),
        What::Invoked(_) | What::Completed { .. } | What::Message { .. } | What::Fault(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{OpId, OpKind};
    use leasehold::env::{Instant, Lane};
    use leasehold::error::ErrorKind;
    use leasehold::observe::EndCause;
    use leasehold::observe::Event;
    use leasehold::request::ReadPath;

    fn line(what: What) -> String {
        event_line(&Record { at: SimTime(2_500_123_456), what }, &["k0".to_owned(), "k1".to_owned()])
    }

    #[test]
    fn lines_say_when_who_and_what() {
        let ended = Event::LeaseEnded { generation: 7, cause: EndCause::Failed(ErrorKind::WriteConflict), held: true };
        let told = What::Stack(StackRecord {
            replica: ReplicaId::first(NodeId(1)),
            event: ended,
            lease_until: None,
            clock: Instant::default(),
            effect: None,
            moved: None,
        });
        insta::assert_snapshot!(line(told), @"2.500123456s n1     lease ended by write-conflict, was in force (generation 7)");

        let script = Operation::Script { reads: [KeyId(0), KeyId(1)].into(), key: KeyId(1) };
        assert_eq!(script.kind(), OpKind::Script);
        let invoked =
            Invocation { op: OpId(12), client: 3, via: NodeId(2), due: SimTime(2_500_000_000), operation: script };
        insta::assert_snapshot!(line(What::Invoked(invoked)), @"2.500123456s c3     #12 script reads k0,k1 writes k1 by n2, due 2.500000000s");

        let found = Found { version: 9, value: Some(OpId(12)) };
        let (found, part) = (vec![(KeyId(0), Some(found)), (KeyId(1), None)], GroupId(2));
        let parts = vec![Part { group: part, snapshot: 9, path: ReadPath::Lease }];
        let read = What::Completed { op: OpId(13), completion: Completion::Reads { found, parts } };
        insta::assert_snapshot!(line(read), @"2.500123456s -      #13 read k0 #12@9,k1 left out, of g2 at version 9 by lease");

        let message = What::Message {
            from: Address::Node(NodeId(1)),
            to: Address::Node(NodeId(2)),
            lane: Lane::Heartbeat,
            fate: Fate::Held,
            kind: MessageKind::Heartbeat,
            head: Head { term: 2, commit: 57, ..Head::default() },
            stamp: None,
            echo: None,
        };
        insta::assert_snapshot!(line(message), @"2.500123456s n1>n2  heartbeat HELD heartbeat term 2 index 0 commit 57 entries 0");
    }
}
