//! The events around a moment: what a person looks at to see two leases overlap.
//!
//! A run has thousands of events around any moment and a screen has twenty rows, so events compete for them: the closer to the
//! moment the better, the rarer the kind the better, and each repetition of the same thing on the same node counts for less.

use super::event::{address, key, node_of, phase_name, process};
use crate::history::{Completion, Fate, Invocation, OpId, Operation, Record, StackRecord, What};
use crate::time::SimTime;
use crate::view::Replicas;
use crate::words::MessageKind;
use crate::words::figures::duration;
use leasehold::env::NodeId;
use leasehold::error::Outcome;
use leasehold::observe::{Event, Role};
use std::collections::BTreeMap;

/// Some of the events around a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeline {
    /// The moment.
    pub moment: SimTime,
    /// How many nodes there are.
    pub nodes: u32,
    /// At least one, at most [`ROWS`], in the order of the events.
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

/// The most rows.
pub const ROWS: usize = 18;
/// Events considered before the moment and after it.
const BEFORE: usize = 2_000;
const AFTER: usize = 200;
impl Timeline {
    /// The timeline of `records`, kept of a run of so many nodes whose keys have these names. `None`: none of them is from before
    /// `moment`.
    pub fn around(moment: SimTime, records: &[Record], keys: &[String], nodes: u32) -> Option<Self> {
        let centre = records.partition_point(|record| record.at <= moment).checked_sub(1)?;
        let chosen = choose(records, centre);
        let mut rows = Vec::with_capacity(chosen.len());
        let (mut replicas, mut operations) = (Replicas::default(), BTreeMap::new());
        for (number, record) in records.iter().enumerate().take(chosen.last().map_or(0, |last| last + 1)) {
            replicas.record(record);
            if let What::Invoked(invocation) = &record.what {
                operations.insert(invocation.op, invocation);
            }
            if chosen.binary_search(&number).is_ok() {
                let held = |node: &NodeId| replicas.get(*node).is_some_and(|replica| replica.holds_lease(record.at));
                rows.push(Row {
                    at: record.at,
                    is_centre: number == centre,
                    node: node_of(&record.what),
                    words: words(record, keys, &operations),
                    leases: (1..=u64::from(nodes)).map(NodeId).filter(held).collect(),
                });
            }
        }
        Some(Self { moment, nodes, rows })
    }
}

/// The numbers of the records to show, ascending.
fn choose(records: &[Record], centre: usize) -> Vec<usize> {
    let first = centre.saturating_sub(BEFORE);
    let last = (centre + AFTER).min(records.len() - 1);
    let mut near: Vec<usize> = (first..=last).collect();
    near.sort_by_key(|number| (number.abs_diff(centre), *number));
    let mut seen: BTreeMap<(Option<NodeId>, &str), usize> = BTreeMap::new();
    let mut scored: Vec<(usize, usize)> = near
        .into_iter()
        .filter_map(|number| records.get(number).map(|record| (number, record)))
        .map(|(number, record)| {
            let (kind, weight) = kind(&record.what);
            let repeated = seen.entry((node_of(&record.what), kind)).or_default();
            *repeated += 1;
            let score = if number == centre { 0 } else { number.abs_diff(centre) + weight + 60 * (*repeated - 1) };
            (score, number)
        })
        .collect();
    scored.sort_unstable();
    let mut chosen: Vec<usize> = scored.into_iter().take(ROWS).map(|(_, number)| number).collect();
    chosen.sort_unstable();
    chosen
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
        What::Stack(stack) => told(stack),
        What::Message { from, to, fate, kind, head, .. } => {
            let term = if head.term > 0 { format!(" t{}", head.term) } else { String::new() };
            let fate = match fate {
                Fate::Delivered => "",
                Fate::Cut => "CUT ",
                Fate::Held => "HELD ",
                Fate::Lost => "LOST ",
            };
            match node_of(&record.what) {
                Some(node) if address(*to) == node.to_string() => {
                    format!("← {} {fate}{kind}{term}", address(*from))
                }
                _ => format!("→ {} {fate}{kind}{term}", address(*to)),
            }
        }
        What::Process { change, .. } => process(*change).to_uppercase(),
        What::Cpu { busy, .. } => format!("busy for {}", duration(*busy)),
        What::Clock { lease_until: Some(until), .. } => format!("CLOCK, lease to {until}"),
        What::Clock { lease_until: None, .. } => "CLOCK".to_owned(),
        What::Fault(fault) => {
            format!("{} {}: {fault}", fault.verb.name().to_uppercase(), phase_name(fault.phase))
        }
    }
}

fn operation(operation: &Operation, keys: &[String]) -> String {
    match operation {
        Operation::Get { key: id } => format!("get {}", key(keys, *id)),
        Operation::Put { key: id } => format!("put {}", key(keys, *id)),
        Operation::Cas { key: id, .. } => format!("cas {}", key(keys, *id)),
        Operation::Script { key: id, .. } => format!("script {}", key(keys, *id)),
    }
}

/// What an event is a repetition of, and how many events nearer to the moment it gives way to.
fn kind(what: &What) -> (&'static str, usize) {
    const RARE: usize = 0;
    const TELLING: usize = 40;
    const COMMON: usize = 150;
    match what {
        What::Fault(_) => ("fault", RARE),
        What::Process { .. } => ("process", RARE),
        What::Cpu { .. } => ("cpu", COMMON),
        What::Clock { .. } => ("clock", RARE),
        What::Completed { completion: Completion::Failed { .. }, .. } => ("failed", TELLING),
        What::Completed { .. } => ("completed", TELLING),
        What::Invoked(_) => ("invoked", COMMON),
        What::Message { fate: Fate::Delivered, kind: MessageKind::TimeoutNow, .. } => ("timeout-now", RARE),
        What::Message { fate: Fate::Delivered, .. } => ("message", COMMON),
        What::Message { .. } => ("message lost", TELLING),
        What::Stack(stack) => match &stack.event {
            Event::Role { .. } => ("role", RARE),
            Event::CaughtUp { .. } => ("caught up", RARE),
            Event::LeaseEnded { held: true, .. } => ("lease ended", RARE),
            Event::TransferStarted { .. }
            | Event::TransferAborted { .. }
            | Event::TimeoutNowSent { .. }
            | Event::StaleTimeoutNow => ("transfer", RARE),
            Event::QuorumChecked { confirmed: false } => ("no quorum", RARE),
            Event::QuorumChecked { confirmed: true } => ("quorum", COMMON),
            Event::Membership { .. } | Event::CampaignedAmidChange { .. } => ("membership", RARE),
            Event::SnapshotRestored { .. } => ("snapshot restored", RARE),
            Event::SnapshotTaken { .. }
            | Event::SnapshotSent { .. }
            | Event::SnapshotUnanswered { .. }
            | Event::LogCompacted { .. } => ("snapshot", TELLING),
            Event::ChangeAppended { .. } => ("change appended", TELLING),
            Event::Stopped { .. } => ("stopped", RARE),
            Event::LeaseExtended { .. } => ("lease extended", TELLING),
            Event::LeaseEnded { held: false, .. } => ("lease ended, not held", TELLING),
            Event::LeaseRead { miss: Some(_), .. } => ("miss", TELLING),
            Event::LeaseRead { miss: None, .. } => ("hit", COMMON),
            Event::Conflict { .. } => ("conflict", TELLING),
            Event::RoundStarted { .. } => ("round started", COMMON),
            Event::RoundEnded { .. } => ("round ended", TELLING),
            Event::LaneFull { .. } | Event::InboxFull { .. } => ("full", TELLING),
            Event::VoteWithheld { .. } => ("vote withheld", TELLING),
            Event::Configured(_) => ("configured", COMMON),
            Event::Opened { .. } => ("opened", RARE),
            Event::Voted { .. } => ("voted", TELLING),
            Event::Appended { .. } => ("appended", COMMON),
            Event::Applied { .. } => ("applied", COMMON),
            Event::Script { .. } => ("script", COMMON),
        },
    }
}

fn told(stack: &StackRecord) -> String {
    match &stack.event {
        Event::Role { role: Role::Leader, term, .. } => format!("LEADER of term {term}"),
        Event::Role { role, term, leader: Some(leader) } => format!("{} of {leader}, term {term}", role.name()),
        Event::Role { role, term, leader: None } => format!("{}, term {term}", role.name()),
        Event::CaughtUp { index, .. } => format!("caught up at index {index}"),
        Event::LeaseExtended { .. } => match stack.lease_until {
            Some(until) => format!("lease to {until}"),
            None => "lease extended".to_owned(),
        },
        Event::LeaseEnded { cause, held: true, .. } => format!("LEASE END {}", cause.name()),
        Event::LeaseEnded { cause, held: false, .. } => format!("no lease: {}", cause.name()),
        Event::LeaseRead { miss: None, .. } => "lease read: hit".to_owned(),
        Event::LeaseRead { miss: Some(miss), .. } => format!("lease read: {}", miss.name()),
        Event::RoundStarted { cause, again } => {
            format!("ReadIndex{} {}", if *again { " again" } else { "" }, cause.name())
        }
        Event::RoundEnded { cause, waited, confirmed } => {
            let how = if *confirmed { "ok" } else { "FAILED" };
            format!("{} {how} {}", cause.name(), duration(*waited))
        }
        Event::TransferStarted { to } => format!("transfer to {to}"),
        Event::TransferAborted { to } => format!("no transfer to {to}"),
        Event::StaleTimeoutNow => "TimeoutNow is stale".to_owned(),
        Event::TimeoutNowSent { to } => format!("TimeoutNow to {to}"),
        Event::QuorumChecked { confirmed: true } => "has its quorum".to_owned(),
        Event::QuorumChecked { confirmed: false } => "NO QUORUM".to_owned(),
        Event::VoteWithheld { from } => format!("no vote for {from} yet"),
        Event::Appended { index, .. } => format!("has {index}"),
        Event::Configured(timing) => format!("leases of {}", duration(timing.lease)),
        Event::Opened { last_index, .. } => format!("opened its log to {last_index}"),
        Event::Voted { term, vote: Some(vote) } => format!("votes for {vote}, term {term}"),
        Event::Voted { term, vote: None } => format!("enters term {term}"),
        Event::Applied { index, .. } => format!("applied {index}"),
        Event::ChangeAppended { index } => format!("has change {index}"),
        Event::Membership { members, .. } => format!("VOTERS {members}"),
        Event::CampaignedAmidChange { index, .. } => format!("change {index} not applied"),
        Event::SnapshotTaken { index, .. } => format!("snapshot at {index}"),
        Event::SnapshotSent { to, index } => format!("snapshot {index} to {to}"),
        Event::SnapshotUnanswered { by } => format!("no answer to it by {by}"),
        Event::SnapshotRestored { index, .. } => format!("RESTORED to {index}"),
        Event::LogCompacted { first } => format!("log from {first} on"),
        Event::Conflict { index } => format!("conflict at {index}"),
        Event::Script { attempts, .. } => format!("script took {attempts}"),
        Event::LaneFull { to, lane } => format!("{} lane to {to} full", lane.name()),
        Event::InboxFull { lane } => format!("{} inbox full", lane.name()),
        Event::Stopped { .. } => "STOPPED".to_owned(),
    }
}

fn result(completion: &Completion) -> String {
    match completion {
        Completion::Read { version, path, .. } => format!("= v{version} {}", path.name()),
        Completion::Written { version } | Completion::Script { version, .. } => format!("wrote v{version}"),
        Completion::Unexpected { version, .. } => format!("found v{version}"),
        Completion::Failed { error, outcome: Outcome::NotApplied } => format!("FAILED {}", error.name()),
        Completion::Failed { error, outcome: Outcome::Unknown } => format!("UNKNOWN {}", error.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::WIDTH;
    use super::*;
    use crate::history::ProcessChange;
    use leasehold::env::{Instant, ReplicaId};

    fn told_by(node: u64, at: u64, event: Event, until: Option<u64>) -> Record {
        let clock = Instant::from_nanos(at);
        let stack = StackRecord {
            replica: ReplicaId::first(NodeId(node)),
            event,
            lease_until: until.map(SimTime),
            clock,
            effect: None,
        };
        Record { at: SimTime(at), what: What::Stack(stack) }
    }

    fn extended(node: u64, at: u64, until: u64) -> Record {
        let (base, expiry) = (Instant::from_nanos(at), Instant::from_nanos(until));
        told_by(node, at, Event::LeaseExtended { term: 1, generation: 1, base, expiry }, Some(until))
    }

    #[test]
    fn a_lease_is_drawn_until_its_true_end() {
        let mut records = vec![extended(1, 1_000_000, 3_000_000)];
        records.extend(
            [2, 4].map(|at| told_by(2, at * 1_000_000, Event::Applied { index: at, term: 1, digest: 0 }, None)),
        );
        let lines = Timeline::around(SimTime(4_000_000), &records, &[], 3).unwrap().lines(WIDTH);
        insta::assert_snapshot!(lines.join("\n"), @"
          simulated     n1                         n2                         n3                       clients and faults
          0.001000s   ┃ lease to 0.003000s
          0.002000s   ┃                            applied 2
        ▶ 0.004000s                                applied 4
        ");
    }

    #[test]
    fn no_lease_is_drawn_on_a_node_that_is_dead_or_leads_no_longer() {
        let killed = What::Process { node: NodeId(1), change: ProcessChange::Killed };
        let follows = Event::Role { role: Role::Follower, term: 2, leader: Some(NodeId(3)) };
        let records = [
            extended(1, 1_000_000, 9_000_000),
            Record { at: SimTime(2_000_000), what: killed },
            extended(2, 3_000_000, 9_000_000),
            told_by(2, 4_000_000, follows, None),
        ];
        let lines = Timeline::around(SimTime(4_000_000), &records, &[], 3).unwrap().lines(WIDTH);
        insta::assert_snapshot!(lines.join("\n"), @"
          simulated     n1                         n2                         n3                       clients and faults
          0.001000s   ┃ lease to 0.009000s
          0.002000s     PROCESS KILLED
          0.003000s                              ┃ lease to 0.009000s
        ▶ 0.004000s                                follower of n3, term 2
        ");
    }

    #[test]
    fn rare_events_are_shown_among_many_common_ones() {
        let mut records: Vec<Record> = (0..500)
            .map(|at| told_by(1, at * 1_000, Event::LeaseRead { miss: None, now: None, again: false }, None))
            .collect();
        records[300] = told_by(2, 300_000, Event::Role { role: Role::Leader, term: 2, leader: None }, None);
        let lines = Timeline::around(SimTime(499_000), &records, &[], 9).unwrap().lines(WIDTH);
        assert_eq!(lines.len(), ROWS + 1);
        assert!(lines.iter().any(|line| line.contains("LEADER of term 2")), "{lines:#?}");
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn no_word_is_cut_at_any_width() {
        let records = [
            extended(1, 10_000_000, 9_000_000_000),
            told_by(2, 20_000_000, Event::SnapshotUnanswered { by: NodeId(3) }, None),
            told_by(3, 1_200_000_000_000, Event::CampaignedAmidChange { index: 1_234_567, commit: 2 }, None),
        ];
        let timeline = Timeline::around(SimTime(1_200_000_000_000), &records, &[], 3).unwrap();
        for width in [60, 80, 90, 100, 120, 200] {
            let lines = timeline.lines(width);
            assert!(lines.iter().all(|line| line.chars().count() <= width && !line.contains('…')), "{lines:#?}");
            let told: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
            for row in &timeline.rows {
                let in_order = row
                    .words
                    .split(' ')
                    .try_fold(told.iter(), |mut rest, word| rest.any(|told| *told == word).then_some(rest));
                assert!(in_order.is_some() && told.contains(&&*row.at.to_string()), "{lines:#?}");
            }
        }
        insta::assert_snapshot!(timeline.lines(90).join("\n"), @"
          simulated      n1              n2              n3            clients and faults
          0.010000s    ┃ lease to
                       ┃   9.000000s
          0.020000s    ┃                 no answer to
                       ┃                   it by n3
        ▶ 1200.000000s                                   change
                                                           1234567 not
                                                           applied
        ");
        insta::assert_snapshot!(timeline.lines(70).join("\n"), @"
          simulated      who  what
          0.010000s    ┃ n1   lease to 9.000000s
          0.020000s      n2   no answer to it by n3
        ▶ 1200.000000s   n3   change 1234567 not applied
        ");
    }

    #[test]
    fn nothing_kept_or_nothing_yet_gives_no_timeline() {
        assert!(Timeline::around(SimTime(5), &[], &[], 3).is_none());
        let records = [extended(1, 10, 20)];
        assert!(Timeline::around(SimTime(5), &records, &[], 3).is_none());
    }
}
