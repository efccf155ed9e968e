//! Why an expectation does not hold, in domain words with numbers. At most [`STORY`] lines each.

use super::prelude::*;
use super::reading::{WRITES, ops};
use super::{Durable, Measures, OpMeasures, RoundMeasures, Spent, Window};
use crate::check::{STORY, is_loss_of_leadership};
use crate::scenario::OpKind;
use crate::words::Spelled;
use leasehold::error::ErrorKind;
use std::cmp::Reverse;

/// What stands behind the value of `metric` in `window`; empty where the value says it all.
pub(super) fn story(metric: Metric, window: &Window) -> Vec<String> {
    let mut story = match metric {
        Metric::LeaseHitRate | Metric::LeaseHits | Metric::LeaseMisses | Metric::Renewals => hit_rate(window),
        Metric::Reads => service(OpKind::Get, window).into_iter().collect(),
        Metric::Writes => WRITES.into_iter().filter_map(|kind| service(kind, window)).collect(),
        Metric::Scripts => script_latency(Stat::Ok, window),
        Metric::Operations(Some(OpKind::Script), stat) => script_latency(stat, window),
        Metric::Operations(Some(kind), stat) => latency(kind, stat, window),
        Metric::Operations(None, stat) => all_kinds(stat, window),
        Metric::Longest(Span::Unserved | Span::UnservedVia) => all_kinds(Stat::Availability, window),
        Metric::ReadIndexPerWrite | Metric::ReadIndexPerInnerRead => vec![rounds(window)],
        _ => Vec::new(),
    };
    story.truncate(STORY);
    story
}

/// The moment that shows best why the value of `metric` in `window` is what it is, if one does.
pub(super) fn shows(metric: Metric, window: &Window) -> Option<SimTime> {
    match metric {
        Metric::Operations(kind, _) => all_spent(kind, window).worst(),
        Metric::Longest(Span::Unserved | Span::UnservedVia) => all_spent(None, window).worst(),
        Metric::Longest(Span::Leaderless) => window.lasted.get(&Span::Leaderless).map(|lasted| lasted.over),
        _ => None,
    }
}

fn length(window: &Window) -> Duration {
    window.to.since(window.from)
}

fn hit_rate(window: &Window) -> Vec<String> {
    let lease = &window.lease;
    let mut story = vec![
        format!("{} of {} lease reads were answered from the lease", count(lease.hits), count(lease.reads)),
        misses(window),
    ];
    story.extend(invalidations(window));
    story.push(format!(
        "it was extended {}, {}; {}, {}",
        counted(lease.renewals, "time"),
        rate(lease.renewals, length(window)),
        counted(window.conflicts, "write conflict"),
        rate(window.conflicts, length(window))
    ));
    story.extend(cost_of_a_miss(window));
    story.extend(means(window));
    story.extend(mechanism(window));
    story
}

fn misses(window: &Window) -> String {
    let mut counted: Vec<_> = window.lease.misses.iter().filter(|(miss, _)| miss.counts()).collect();
    counted.sort_by_key(|(_, number)| Reverse(**number));
    let list = |(miss, number): &(&Miss, &u64)| format!("{} {}", miss.name(), count(**number));
    let counted: Vec<_> = counted.iter().map(list).collect();
    let others: u64 = window.lease.misses.iter().filter(|(miss, _)| !miss.counts()).map(|(_, number)| number).sum();
    let missed = if counted.is_empty() { "none missed".to_owned() } else { format!("missed: {}", counted.join(", ")) };
    match others {
        0 => missed,
        _ => format!("{missed} (and {} where no leader was caught up, not counted)", count(others)),
    }
}

/// The ends of leases by cause, the most frequent first: in force, and all. They count where no lease was in force too: each voids the
/// extension that is under way.
fn by_cause(window: &Window) -> Vec<(EndCause, u64, u64)> {
    let (held, voided) = (&window.lease.invalidations, &window.lease.voided);
    let of = |ends: &BTreeMap<EndCause, u64>, cause| ends.get(&cause).copied().unwrap_or_default();
    let causes: BTreeSet<EndCause> = held.keys().chain(voided.keys()).copied().collect();
    let counts = causes.into_iter().map(|cause| (cause, of(held, cause), of(held, cause) + of(voided, cause)));
    let mut counts: Vec<_> = counts.collect();
    counts.sort_by_key(|(cause, _, all)| (Reverse(*all), cause.name()));
    counts
}

/// What is wrong with a cause that is no loss of leadership.
fn unfounded(cause: EndCause) -> Option<&'static str> {
    match cause {
        EndCause::Failed(ErrorKind::WriteConflict) => {
            Some("a write conflict is not a loss of leadership (elastickv #558)")
        }
        EndCause::Failed(ErrorKind::DeadlineExceeded) => {
            Some("a deadline that passed is not a loss of leadership (elastickv #559)")
        }
        EndCause::Failed(kind) if is_loss_of_leadership(kind) => None,
        EndCause::Failed(_) => Some("such an error is not a loss of leadership (lease-bugs.md RL.8)"),
        EndCause::RoleChange | EndCause::Transfer | EndCause::Removal | EndCause::DiskStalled | EndCause::Stopped => {
            None
        }
    }
}

fn invalidations(window: &Window) -> Vec<String> {
    let causes = by_cause(window);
    let Some((first, held, all)) = causes.first().copied() else {
        return vec!["nothing invalidated a lease before its time".to_owned()];
    };
    let voided = match all - held {
        0 => String::new(),
        voided => format!(", and voided what would have brought one back {}", counted(voided, "time")),
    };
    let mut lines = vec![format!(
        "{} ended a lease in force {}{voided}, {} in all",
        first.name(),
        counted(held, "time"),
        rate(all, length(window))
    )];
    if causes.len() > 1 {
        let others = causes[1..].iter().map(|(cause, held, all)| match all - held {
            0 => format!("{} {}", cause.name(), count(*held)),
            voided => format!("{} {}, {} voided", cause.name(), count(*held), count(voided)),
        });
        lines.push(format!("other causes: {}", others.collect::<Vec<_>>().join("; ")));
    }
    lines
}

fn cost_of_a_miss(window: &Window) -> Option<String> {
    let RoundMeasures { started, repeated, ended, waited } = window.rounds.get(&RoundCause::LeaseMiss).copied()?;
    let mean = duration(mean(waited, ended));
    let rounds = counted(started, "round");
    Some(format!("a miss waited for its ReadIndex {mean} in the mean ({rounds}, {} of them repeated)", count(repeated)))
}

fn means(window: &Window) -> Option<String> {
    let kinds = [("get", OpKind::Get), ("script", OpKind::Script)];
    let means: Vec<_> = kinds
        .into_iter()
        .map(|(name, kind)| (name, ops(window, kind)))
        .filter(|(_, ops)| ops.due() > 0)
        .map(|(name, ops)| format!("{name}: mean {}, p99 {}", ops.mean, ops.p99))
        .collect();
    (!means.is_empty()).then(|| means.join("; "))
}

/// One sentence on what went wrong, where the counts say it: an end without cause that dominates, else the reason of most misses.
fn mechanism(window: &Window) -> Option<String> {
    if let Some(sentence) = by_cause(window).first().and_then(|(cause, ..)| unfounded(*cause)) {
        return Some(sentence.to_owned());
    }
    let counted = window.lease.misses.iter().filter(|(miss, _)| miss.counts());
    let sentence = match counted.max_by_key(|(_, number)| **number)?.0 {
        Miss::Expired => "leases ran out before anything extended them",
        Miss::Cold => "no lease was held: none had been won yet, or it had been ended",
        Miss::Transfer => "a transfer was under way, or the lease not regained after one",
        Miss::Clock => "the clock could not be read, and the lease fails closed",
        Miss::NotLeader | Miss::NotCaughtUp => return None,
    };
    Some(sentence.to_owned())
}

/// Operations that some check holds to be owed an answer.
pub(super) fn unanswered(window: &Window) -> Vec<String> {
    spent(None, Stat::Availability, window).into_iter().chain(log(window)).collect()
}

/// What was full in `window`, what excuses first.
pub(super) fn overload(measures: &Measures, window: &Window) -> Vec<String> {
    let meanwhile = measures.overload.iter().filter(|it| it.from < window.to && it.to >= window.from);
    let mut meanwhile: Vec<_> = meanwhile.collect();
    meanwhile.sort_by_key(|overload| !overload.of.excuses());
    meanwhile.into_iter().take(2).map(|overload| format!("overload: {overload}")).collect()
}

fn all_kinds(stat: Stat, window: &Window) -> Vec<String> {
    let kinds = OpKind::all().filter_map(|kind| service(kind, window));
    kinds.chain(spent(None, stat, window)).chain(log(window)).collect()
}

/// What operations of a kind, or of all, spent their time on.
pub(super) fn all_spent(kind: Option<OpKind>, window: &Window) -> Spent {
    let mut spent = Spent::default();
    window.spent.iter().filter(|(it, _)| kind.is_none_or(|kind| kind == **it)).for_each(|(_, it)| spent.merge(it));
    spent
}

/// Where the time of operations of a kind, or of all, went: of those by which this figure is what it is.
fn spent(kind: Option<OpKind>, stat: Stat, window: &Window) -> Vec<String> {
    let spent = all_spent(kind, window);
    let what = kind.map_or("operations", OpKind::many);
    match stat {
        Stat::Ok | Stat::Refused | Stat::Unknown | Stat::Availability | Stat::PerSecond => {
            let unanswered = spent.of_unanswered(what);
            if unanswered.is_empty() { spent.of_slowest(what, 0.01) } else { unanswered }
        }
        Stat::Mean | Stat::P50 => spent.of_slowest(what, 1.0),
        Stat::P90 => spent.of_slowest(what, 0.1),
        Stat::P99 | Stat::P999 | Stat::Max => spent.of_slowest(what, 0.01),
    }
}

/// What the logs of the nodes took in.
fn log(window: &Window) -> Option<String> {
    let Durable { entries, writes } = window.durable;
    let entries = (writes > 0).then(|| entries as f64 / writes as f64)?;
    let (entries, refused) = (number(entries), counted(window.bulk_refused, "append"));
    Some(format!("a write of a log made {entries} entries durable in the mean; {refused} found a queue full"))
}

fn latency(kind: OpKind, stat: Stat, window: &Window) -> Vec<String> {
    let lease = &window.lease;
    let mut story = vec![distribution(ops(window, kind))];
    story.extend(spent(Some(kind), stat, window));
    story.extend(log(window).filter(|_| !kind.only_reads()));
    if kind.only_reads() && lease.reads > 0 {
        let (hits, reads) = (count(lease.hits), count(lease.reads));
        story.push(format!("{hits} of {reads} lease reads were answered from the lease"));
        story.extend(cost_of_a_miss(window));
    }
    story
}

fn distribution(ops: OpMeasures) -> String {
    let OpMeasures { ok, mean, p50, p99, max, .. } = ops;
    let failed = not_answered(ops).unwrap_or_else(|| "none failed".to_owned());
    format!("{} answered, {failed}; mean {mean}, p50 {p50}, p99 {p99}, longest {max}", count(ok))
}

/// `12 refused, 3 unknown`, without what there is none of; `None`: everything was answered.
pub(crate) fn not_answered(ops: OpMeasures) -> Option<String> {
    let counts = [(ops.refused, "refused"), (ops.unknown, "unknown"), (ops.overdue, "open beyond its deadline")];
    let told: Vec<_> = counts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{} {word}", count(number)))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// What became of the operations of a kind that was due.
fn service(kind: OpKind, window: &Window) -> Option<String> {
    let ops = ops(window, kind);
    (ops.due() > 0).then(|| format!("{kind}: {}", distribution(ops)))
}

fn script_latency(stat: Stat, window: &Window) -> Vec<String> {
    let scripts = &window.scripts;
    let mut story = vec![distribution(ops(window, OpKind::Script))];
    story.extend(spent(Some(OpKind::Script), stat, window));
    if scripts.ended > 0 {
        let (ended, attempts) = (counted(scripts.ended, "script"), counted(scripts.attempts, "attempt"));
        story.push(format!("on their nodes {ended} ended after {attempts}; in the mean of a script:"));
        let times = scripts.times;
        let parts = [
            ("lease reads at the start of attempts", times.lease_read),
            ("reads inside", times.reads),
            ("ReadIndex before the write", times.write_fence),
            ("proposal to applied", times.commit),
            ("backoff between attempts", times.backoff),
        ];
        let spent = |(part, sum)| format!("  {part} {}", duration(mean(sum, scripts.ended)));
        story.extend(parts.map(spent));
    }
    story.push(rounds(window));
    story
}

fn rounds(window: &Window) -> String {
    let of = |cause: RoundCause| {
        let started = window.rounds.get(&cause).map_or(0, |rounds| rounds.started);
        format!("{} {}", cause.name(), count(started))
    };
    format!("ReadIndex rounds: {}", RoundCause::ALL.map(of).join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history;
    use crate::verdict::{LeaseMeasures, Took};
    use std::collections::BTreeMap;

    const CONFLICT: EndCause = EndCause::Failed(ErrorKind::WriteConflict);

    fn storm(invalidations: BTreeMap<EndCause, u64>, misses: BTreeMap<Miss, u64>) -> Window {
        let ms = Duration::from_millis;
        let waited = RoundMeasures { started: 4_000, repeated: 12, ended: 2_000, waited: ms(2_469_000) };
        let ops = OpMeasures {
            ok: 10,
            mean: Took::Exactly(ms(1_110)),
            p99: Took::Exactly(ms(4_000)),
            ..OpMeasures::default()
        };
        Window {
            to: SimTime::at(ms(20_000)),
            lease: LeaseMeasures {
                reads: 5_000,
                hits: 150,
                misses,
                voided: invalidations,
                renewals: 40,
                ..LeaseMeasures::default()
            },
            rounds: BTreeMap::from([(RoundCause::LeaseMiss, waited)]),
            ops: BTreeMap::from([(history::OpKind::Get, ops), (history::OpKind::Script, ops)]),
            conflicts: 4_812,
            ..Window::default()
        }
    }

    #[test]
    fn a_storm_of_conflicts_is_told_in_domain_words() {
        let misses = BTreeMap::from([(Miss::Cold, 4_800), (Miss::Expired, 50), (Miss::NotLeader, 7)]);
        let window = storm(BTreeMap::from([(EndCause::RoleChange, 1), (CONFLICT, 4_812)]), misses);
        assert_eq!(
            story(Metric::LeaseHitRate, &window),
            [
                "150 of 5,000 lease reads were answered from the lease",
                "missed: cold 4,800, expired 50 (and 7 where no leader was caught up, not counted)",
                "write-conflict ended a lease in force 0 times, and voided what would have brought one back 4,812 times, 241/s in all",
                "other causes: role-change 0, 1 voided",
                "it was extended 40 times, 2/s; 4,812 write conflicts, 241/s",
                "a miss waited for its ReadIndex 1.23s in the mean (4,000 rounds, 12 of them repeated)",
                "get: mean 1.11s, p99 4s; script: mean 1.11s, p99 4s",
                "a write conflict is not a loss of leadership (elastickv #558)",
            ]
        );
    }

    #[test]
    fn where_leadership_was_lost_the_reason_of_most_misses_explains() {
        for cause in [EndCause::RoleChange, EndCause::DiskStalled, EndCause::Failed(ErrorKind::NotLeader)] {
            let misses = BTreeMap::from([(Miss::Cold, 50), (Miss::Expired, 4_800)]);
            let story = story(Metric::LeaseHitRate, &storm(BTreeMap::from([(cause, 3)]), misses));
            assert_eq!(story.last().map(String::as_str), Some("leases ran out before anything extended them"));
        }
    }

    #[test]
    fn no_story_is_longer_than_a_screen_allows_even_of_an_empty_window() {
        let full = storm(
            BTreeMap::from([(EndCause::Failed(ErrorKind::Transport), 3), (EndCause::Transfer, 2)]),
            Miss::ALL.map(|miss| (miss, 1)).into(),
        );
        for window in [full, Window::default()] {
            assert!(Metric::all().all(|metric| story(metric, &window).len() <= STORY));
        }
    }
}
