//! Every check is alive (V5): the history of a healthy run is spoilt in one place, and the check must say so.

mod given;

use leasehold::env::{Address, GroupId, Instant, NodeId, ReplicaId};
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::{EndCause, Event, Membership, Miss, Role, RoundCause};
use leasehold_sim::check::{self, CheckInfo, Finding, Panel, Premises};
use leasehold_sim::history::{Answer, Completion, FaultPhase, Found, OpId, ProcessChange, Record, StackRecord, What};
use leasehold_sim::runner::run;
use leasehold_sim::time::SimTime;
use leasehold_sim::verdict::RunReport;
use leasehold_sim::view::View;
use leasehold_sim::words::MessageKind;
use std::sync::Arc;
use std::time::Duration;

const SCENARIO: &str = r#"
name = "alive"
about = "A cut and two transfers, with time to calm down."
until = "40s"
timeline = [
  { at = "2s", membership = { add-learner = "@spare" } },
  { at = "5s", partition = { sides = [["@leader"], ["@others"]], for = "3s" } },
  { at = "25s", transfer = { from = "@leader", to = "@follower" } },
  { at = "26s", transfer = { from = "@leader", to = "@follower" } },
]
[cluster]
nodes = 3
spares = 1
[[workload]]
kind = "kv"
clients = 8
keys = { count = 4 }
mix = { get = 0.6, put = 0.3, cas = 0.1 }
rate = "100/s"
[[workload]]
kind = "script"
clients = 2
keys = { count = 4 }
rate = "20/s"
"#;

type History = Vec<Record>;

/// A check, and what spoils a history for it.
type Spoil = (&'static str, fn(&mut History));

/// For each check, that of tests last.
const SPOILT: &[Spoil] = &[
    ("staleness", |history| read(history, |version, _| *version = 0)),
    ("linearizability", |history| read(history, |_, value| *value = None)),
    ("one-owner", |history| {
        told(history, |told| match &mut told.effect {
            Some(effect) => std::mem::replace(&mut effect.answer, Answer::Elsewhere) == Answer::Wrote,
            None => false,
        });
    }),
    ("serial-order", |history| told(history, |told| told.effect.take().is_some())),
    ("committed-reads", |history| read(history, |_, value| *value = Some(OpId::NOBODY))),
    ("monotone-reads", |history| read(history, |version, _| *version = 0)),
    ("election-safety", |history| {
        let (at, node, term) = elected(history);
        let event = Event::Role { role: Role::Leader, term, leader: None };
        tell(history, at + 1, other(node), event);
    }),
    ("state-machine-safety", |history| {
        told(history, |told| match &mut told.event {
            Event::Applied { digest, .. } => flip(digest),
            _ => false,
        });
    }),
    ("log-matching", |history| {
        told(history, |told| match &mut told.event {
            Event::Appended { digest, .. } => flip(digest),
            _ => false,
        });
    }),
    ("leader-completeness", |history| {
        let (at, node, _) = elected(history);
        tell(history, at, node, Event::Appended { index: 1, term: 77, digest: 7 });
    }),
    ("durability", |history| {
        told(history, |told| match &mut told.event {
            Event::Voted { term, .. } => std::mem::take(term) > 0,
            _ => false,
        });
    }),
    ("quorum-commits", |history| {
        let appended = |record: &Record, of| matches!(stack(record), Some((node, Event::Appended { index, .. })) if node.0 != of && *index > 50);
        history.retain(|record| !appended(record, 1));
    }),
    ("configuration", |history| {
        let (at, node, _) = elected(history);
        tell(history, at + 1, node, Event::CampaignedAmidChange { index: 6, commit: 6 });
    }),
    ("one-lease", outlive),
    ("exclusive-commits", outlive),
    ("transfer-lease", |history| {
        let (at, node) = position(history, |event| matches!(event, Event::TransferStarted { .. }));
        hit(history, at + 1, node);
    }),
    ("applied-before-read", forgetful),
    ("lease-base", |history| {
        told(history, |told| match &mut told.event {
            Event::LeaseExtended { base, .. } => shift(base, 5),
            _ => false,
        });
    }),
    ("counted-voters", exchanged),
    ("backed-by-promises", outlive),
    ("timing", |history| {
        for record in history {
            if let What::Stack(StackRecord { event: Event::Configured(timing), .. }) = &mut record.what {
                timing.lease = Some(timing.promise);
            }
        }
    }),
    ("live-leader", |history| {
        let (at, node, _) = elected(history);
        hit(history, at + 1, other(node));
    }),
    ("caught-up", forgetful),
    ("monotone-lease", |history| {
        let (at, node) = last(history, |event| matches!(event, Event::LeaseExtended { .. }));
        let What::Stack(told) = &history[at].what else { return };
        let mut again = told.event.clone();
        if let Event::LeaseExtended { expiry, .. } = &mut again {
            *expiry = Instant::from_nanos(expiry.as_nanos() - 1_000);
        }
        tell(history, at + 1, node, again);
    }),
    ("fresh-clock", |history| {
        told(history, |told| match &mut told.event {
            Event::LeaseRead { miss: None, now: Some(now), .. } => shift(now, -1),
            _ => false,
        });
    }),
    ("calls-return", |history| {
        let late = history.len() / 2;
        let lost = history.iter().skip(late).position(|record| matches!(record.what, What::Completed { .. }));
        history.remove(late + lost.expect("something completes"));
    }),
    ("recovers", |history| {
        let ended = |record: &Record| matches!(&record.what, What::Fault(fault) if fault.phase == FaultPhase::Ended);
        let from = history.iter().position(ended).expect("the partition ends");
        let at = history[from].at;
        history.retain(|record| record.at <= at || !matches!(record.what, What::Message { echo: Some(_), .. }));
    }),
    ("transfers-end", |history| {
        let (at, node) = position(history, |event| matches!(event, Event::TransferStarted { .. }));
        let from = history[at].at;
        history.retain(|record| {
            record.at < from
                || !matches!(stack(record), Some((of, Event::Role { .. } | Event::TransferAborted { .. })) if *of == node)
        });
    }),
    ("changes-end", |history| {
        history.retain(|record| !matches!(stack(record), Some((_, Event::Membership { members, .. })) if !members.learners.is_empty()));
    }),
    ("interrupted-calls", |history| {
        for record in history {
            if let What::Message { kind: MessageKind::Request, from: Address::Node(from), to, head, .. } =
                &mut record.what
                && head.forwarded
            {
                *from = [1, 2, 3]
                    .map(NodeId)
                    .into_iter()
                    .find(|node| *to != Address::Node(*node) && node != from)
                    .expect("a third");
                return;
            }
        }
    }),
    ("interrupted-rounds", |history| {
        let (led, node) = position(history, |event| matches!(event, Event::Role { role: Role::Leader, .. }));
        let falls = |record: &Record| matches!(stack(record), Some((of, Event::Role { .. })) if *of == node);
        let fell = led + 1 + history[led + 1..].iter().position(falls).expect("it is cut off");
        tell(history, fell, node, Event::RoundStarted { cause: RoundCause::LeaseMiss, again: false });
        let from = history[fell].at;
        let late = history.iter().position(|record| record.at.since(from) > Duration::from_secs(1));
        let waited = Duration::from_secs(2);
        let end = Event::RoundEnded { cause: RoundCause::LeaseMiss, waited, confirmed: false };
        tell(history, late.expect("the run goes on"), node, end);
    }),
    ("steady-leadership", |history| {
        let is_reason = |record: &Record| {
            matches!(record.what, What::Fault(_)) || matches!(stack(record), Some((_, Event::TransferStarted { .. })))
        };
        history.retain(|record| !is_reason(record));
    }),
    ("commit-progress", |history| {
        let from = SimTime::at(Duration::from_secs(10));
        history.retain(|record| {
            let written = matches!(
                record.what,
                What::Completed { completion: Completion::Written { .. } | Completion::Script { .. }, .. }
            );
            record.at < from || !(written || matches!(stack(record), Some((_, Event::Applied { .. }))))
        });
    }),
    ("served", unanswered),
    ("calls-succeed", unanswered),
    ("true-errors", |history| {
        let leader = Address::Node(elected(history).1);
        let late = history.len() * 9 / 10;
        for record in &mut history[late..] {
            if let What::Message { from, to: Address::Client(_), head, .. } = &mut record.what
                && *from == leader
            {
                head.error = Some((ErrorKind::NotLeader, Outcome::NotApplied));
                return;
            }
        }
    }),
    ("true-events", |history| {
        let (at, node, term) = elected(history);
        tell(history, at + 1, node, Event::CaughtUp { term, index: 1 });
    }),
    ("true-counts", |history| {
        let (at, _) = last(history, |event| matches!(event, Event::LeaseRead { .. }));
        history.remove(at);
    }),
    ("end-causes", |history| {
        let (at, node, _) = elected(history);
        let cause = EndCause::Failed(ErrorKind::WriteConflict);
        tell(history, at + 1, node, Event::LeaseEnded { generation: 0, cause, held: false });
    }),
    ("read-index-budget", |history| {
        let (at, node, _) = elected(history);
        let event = Event::RoundStarted { cause: RoundCause::LeaseMiss, again: false };
        tell(history, at + 1, node, event);
        let round = history[at + 1].clone();
        history.splice(at..at, std::iter::repeat_n(round, 10_000));
    }),
    ("hit-rate", cold),
    ("heartbeats", |history| {
        history.retain(|record| !matches!(record.what, What::Message { kind: MessageKind::Heartbeat, .. }));
    }),
    ("warm-lease", cold),
    ("read-gap", |history| {
        let (at, _) = position(history, |event| matches!(event, Event::TransferStarted { .. }));
        let (from, to) = (history[at].at, history[at].at.after(Duration::from_millis(500)));
        history.retain(|record| {
            let read = matches!(record.what, What::Completed { completion: Completion::Read { .. }, .. });
            !(read && from <= record.at && record.at < to)
        });
    }),
    ("read-index-latency", |history| {
        let (_, node, _) = elected(history);
        let waited = Duration::from_millis(100);
        let event = Event::RoundEnded { cause: RoundCause::LeaseMiss, waited, confirmed: true };
        (0..100).for_each(|_| tell(history, history.len(), node, event.clone()));
    }),
    ("lease-used", cold),
    ("exact-search", |history| {
        // Among the few operations that are judged.
        let late = history.len() / 1_000;
        for record in history.iter_mut().skip(late) {
            match &mut record.what {
                What::Completed { completion: Completion::Read { value, .. }, .. } => *value = None,
                What::Completed { completion: Completion::Script { reads, .. }, .. } => {
                    *reads = reads.iter().map(|found| Found { value: None, ..*found }).collect();
                }
                _ => {}
            }
        }
    }),
];

fn stack(record: &Record) -> Option<(&NodeId, &Event)> {
    match &record.what {
        What::Stack(told) => Some((&told.replica.node, &told.event)),
        _ => None,
    }
}

/// Changes what one of the last gets found: of a key that had been written by then.
fn read(history: &mut History, change: impl Fn(&mut u64, &mut Option<OpId>)) {
    let late = history.len() * 9 / 10;
    for record in history.iter_mut().skip(late) {
        if let What::Completed { completion: Completion::Read { version, value, .. }, .. } = &mut record.what {
            change(version, value);
            return;
        }
    }
}

/// Changes one of the later records of the stack: the first that lets itself be changed.
fn told(history: &mut History, change: impl Fn(&mut StackRecord) -> bool) {
    let late = history.len() / 2;
    for record in history.iter_mut().skip(late) {
        if let What::Stack(told) = &mut record.what
            && change(told)
        {
            return;
        }
    }
}

fn flip(digest: &mut u32) -> bool {
    *digest ^= 1;
    true
}

fn shift(instant: &mut Instant, seconds: i64) -> bool {
    *instant = Instant::from_nanos(instant.as_nanos().saturating_add_signed(seconds * 1_000_000_000));
    true
}

fn position(history: &History, is: impl Fn(&Event) -> bool) -> (usize, NodeId) {
    let found = history.iter().position(|record| stack(record).is_some_and(|(_, event)| is(event)));
    let at = found.expect("the run has one");
    (at, *stack(&history[at]).expect("an event of the stack").0)
}

fn last(history: &History, is: impl Fn(&Event) -> bool) -> (usize, NodeId) {
    let found = history.iter().rposition(|record| stack(record).is_some_and(|(_, event)| is(event)));
    let at = found.expect("the run has one");
    (at, *stack(&history[at]).expect("an event of the stack").0)
}

/// The last that became leader, where that is told, and of which term.
fn elected(history: &History) -> (usize, NodeId, u64) {
    let (at, node) = last(history, |event| matches!(event, Event::Role { role: Role::Leader, .. }));
    let Some((_, Event::Role { term, .. })) = stack(&history[at]) else { unreachable!("a role") };
    (at, node, *term)
}

fn other(node: NodeId) -> NodeId {
    NodeId(node.0 % 3 + 1)
}

fn tell(history: &mut History, position: usize, node: NodeId, event: Event) {
    let at = history[position - 1].at;
    let clock = Instant::from_nanos(u64::MAX / 2);
    let told =
        StackRecord { replica: ReplicaId::first(node), event, lease_until: None, clock, effect: None, moved: None };
    history.insert(position, Record { at, what: What::Stack(told) });
}

fn hit(history: &mut History, position: usize, node: NodeId) {
    tell(
        history,
        position,
        node,
        Event::LeaseRead { miss: None, now: Some(Instant::from_nanos(u64::MAX / 2)), again: false },
    );
}

/// Every lease lasts a minute longer than it does, and none is ever ended.
fn outlive(history: &mut History) {
    let first = elected(history).1;
    for record in history.iter_mut() {
        if let What::Stack(StackRecord { event: Event::LeaseExtended { .. }, lease_until: Some(until), .. }) =
            &mut record.what
        {
            *until = until.after(Duration::from_secs(60));
        }
    }
    let keeps = |event: &Event| !matches!(event, Event::LeaseEnded { .. } | Event::Role { role: Role::Follower, .. });
    history.retain(|record| stack(record).is_none_or(|(node, event)| *node == first || keeps(event)));
}

/// No read finds a lease.
fn cold(history: &mut History) {
    for record in history {
        if let What::Stack(StackRecord { event: Event::LeaseRead { miss, .. }, .. }) = &mut record.what {
            miss.get_or_insert(Miss::Cold);
        }
    }
}

/// Long after the last fault every hundredth operation is refused.
fn unanswered(history: &mut History) {
    let refused = Completion::Failed { error: ErrorKind::Overloaded, outcome: Outcome::NotApplied };
    let half = history.len() / 2;
    for record in &mut history[half..] {
        if let What::Completed { op, completion } = &mut record.what
            && op.0 % 100 == 0
        {
            *completion = refused.clone();
        }
    }
}

/// A leader's process begins anew and answers at once.
fn forgetful(history: &mut History) {
    let (at, node) = last(history, |event| matches!(event, Event::LeaseRead { miss: None, .. }));
    let began =
        Record { at: history[at].at, what: What::Process { node, change: ProcessChange::Started { incarnation: 1 } } };
    history.insert(at, began);
}

/// A leader goes by another membership from one moment to the next: none of those that it knew.
fn exchanged(history: &mut History) {
    let (at, node) = last(history, |event| matches!(event, Event::LeaseExtended { .. }));
    let members = Membership { voters: [7, 8, 9].map(NodeId).into(), ..Membership::default() };
    tell(history, at, node, Event::Membership { index: 1, members: Arc::new(members) });
}

fn all() -> impl Iterator<Item = &'static CheckInfo> {
    check::ALL.iter().chain([&check::EXACT_SEARCH])
}

fn recorded() -> RunReport {
    run(&given::spec(&given::parsed("alive", SCENARIO), 1))
}

fn judged(report: &RunReport, history: &History) -> Vec<Finding> {
    let premises = Premises {
        deletes: false,
        keys: report.keys.clone().into(),
        owners: Arc::from([]),
        deadlines: Arc::from([Duration::from_secs(2); 10]),
        budgets: Arc::from([Duration::from_secs(2); 10]),
        election_timeout: Duration::from_secs(1),
        tick: Duration::from_millis(10),
        heartbeat: Duration::from_millis(100),
        round_trip: Duration::from_millis(1),
        slowest_round_trip: Duration::from_millis(4),
        client_round_trip: Duration::from_millis(4),
        cores: 4,
        lossless: true,
        clients_lossless: true,
        unowned: false,
        fsync: Duration::from_millis(1),
        slowest_fsync: Duration::from_millis(5),
        reading: Duration::from_micros(2),
        started_again_after: Duration::from_secs(1),
        drift_ppm: 200,
        seed: 1,
    };
    let founders = Membership { voters: [1, 2, 3].map(NodeId).into(), ..Membership::default() };
    let mut panel = Panel::new(View::founded_by([(GroupId::FIRST, founders)]), premises, all());
    let mut found: Vec<_> = history.iter().flat_map(|record| panel.record(record)).collect();
    found.extend(panel.finish(SimTime::at(report.sim)));
    found
}

#[test]
fn every_check_sees_what_spoils_a_history_for_it() {
    let report = recorded();
    assert_eq!(report.verdict.failures, [], "a healthy run");
    assert_eq!(judged(&report, &report.kept), [], "and a healthy history");
    let known: Vec<_> = SPOILT.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        known,
        all().map(|info| info.name).collect::<Vec<_>>(),
        "each check has something that spoils a history for it, in the same order"
    );
    let silent: Vec<_> = SPOILT
        .iter()
        .filter(|(name, spoil)| {
            let mut history = report.kept.clone();
            spoil(&mut history);
            !judged(&report, &history).iter().any(|finding| finding.check == *name)
        })
        .map(|(name, _)| *name)
        .collect();
    assert!(silent.is_empty(), "silent: {silent:?}");
}
