use super::judge::judge_by;
use super::*;
use crate::register::Register;
use crate::register::exact::draws::Draws;
use crate::register::exact::has_order;
use Kind::{Cas, Read, Refused, Update, Write};

fn op(began: u64, ended: u64, kind: Kind) -> Operation {
    Operation { began, ended: Some(ended), kind }
}

fn unknown(began: u64, kind: Kind) -> Operation {
    Operation { began, ended: None, kind }
}

#[track_caller]
fn good(operations: &[Operation]) {
    assert_eq!(judge(operations), Ok(()));
    assert!(exists_order(operations));
}

#[track_caller]
fn bad(operations: &[Operation]) -> Contradiction<usize> {
    assert!(!exists_order(operations));
    judge(operations).expect_err("this history is not linearizable").contradiction
}

#[test]
fn a_read_of_what_was_overwritten_before_it_began() {
    let stale = [op(0, 1, Write(1)), op(2, 3, Write(2)), op(4, 5, Read(1))];
    let Contradiction::Crossed { one, other } = bad(&stale) else { panic!("not crossed") };
    assert_eq!((one.ended.by, other.began.by, other.ended.by, one.began.by), (Some(0), Some(1), Some(1), Some(2)));
    assert_eq!(judge(&stale).map_err(|violation| violation.operation), Err(2));
    good(&[op(0, 1, Write(1)), op(2, 4, Write(2)), op(4, 5, Read(1))]);
}

#[test]
fn reads_that_go_back() {
    bad(&[op(0, 9, Write(1)), op(2, 3, Read(1)), op(4, 5, Read(0))]);
    good(&[op(0, 9, Write(1)), op(2, 3, Read(0)), op(4, 5, Read(1))]);
}

#[test]
fn two_writes_whose_reads_take_turns() {
    let writes = [op(0, 1, Write(1)), op(0, 1, Write(2))];
    bad(&[&writes[..], &[op(2, 3, Read(1)), op(4, 5, Read(2)), op(6, 7, Read(1))]].concat());
    good(&[&writes[..], &[op(2, 3, Read(1)), op(4, 5, Read(1))]].concat());
    good(&[&writes[..], &[op(2, 3, Read(2)), op(4, 5, Read(2))]].concat());
}

#[test]
fn what_nobody_wrote_and_what_was_written_later() {
    assert_eq!(bad(&[op(0, 1, Read(7))]), Contradiction::Absent { value: 7, newer: None });
    assert_eq!(bad(&[op(0, 1, Read(7)), op(2, 3, Write(7))]), Contradiction::Absent { value: 7, newer: None });
    good(&[op(0, 2, Read(7)), op(2, 3, Write(7))]);
}

#[test]
fn a_write_of_unknown_outcome_takes_effect_whenever_it_likes_once_or_never() {
    let lost = || vec![unknown(0, Write(1)), op(1, 2, Write(2))];
    good(&[lost(), vec![op(3, 4, Read(2))]].concat());
    good(&[lost(), vec![op(3, 4, Read(2)), op(5, 6, Read(1)), op(7, 8, Read(1))]].concat());
    bad(&[lost(), vec![op(3, 4, Read(2)), op(5, 6, Read(1)), op(7, 8, Read(2))]].concat());
}

#[test]
fn a_compare_and_set_comes_right_after_what_it_expected() {
    let twice = [op(0, 9, Cas(0, 1)), op(0, 9, Cas(0, 2))];
    assert_eq!(bad(&twice), Contradiction::Twice { value: 0, first: 1, second: 2 });
    good(&[op(0, 9, Cas(0, 1)), op(0, 9, Cas(1, 2)), op(3, 9, Cas(2, 3))]);
    bad(&[op(0, 1, Write(1)), op(2, 3, Write(2)), op(4, 5, Cas(1, 3))]);
    good(&[op(0, 1, Write(1)), op(2, 5, Write(2)), op(4, 5, Cas(1, 3))]);
    // Between 1 and 3 nothing fits, but 2 was read between the two.
    bad(&[
        op(0, 1, Write(1)),
        op(2, 7, Cas(1, 3)),
        op(2, 7, Write(2)),
        op(2, 3, Read(1)),
        op(4, 5, Read(2)),
        op(6, 7, Read(3)),
    ]);
    let order = [op(0, 9, Write(1)), op(0, 9, Cas(1, 2)), op(0, 1, Read(2)), op(2, 3, Read(1))];
    assert!(matches!(bad(&order), Contradiction::Order { old: 1, new: 2, .. }));
}

#[test]
fn a_compare_and_set_of_unknown_outcome_counts_once_its_value_is_seen() {
    let cas = || vec![unknown(0, Write(1)), unknown(0, Cas(1, 2)), op(1, 2, Write(3))];
    good(&[cas(), vec![op(3, 4, Read(3))]].concat());
    good(&[cas(), vec![op(3, 4, Read(3)), op(5, 6, Read(2))]].concat());
    bad(&[cas(), vec![op(3, 4, Read(2)), op(5, 6, Read(1))]].concat());
}

#[test]
fn a_refusal_is_a_read_of_something_else() {
    assert_eq!(bad(&[op(0, 1, Refused(0, 0))]), Contradiction::Refused { value: 0 });
    bad(&[op(0, 1, Write(1)), op(2, 3, Refused(1, 0))]);
    good(&[op(0, 1, Write(1)), op(2, 3, Refused(0, 1))]);
}

#[test]
fn compare_and_sets_in_a_circle() {
    bad(&[op(0, 9, Cas(1, 2)), op(0, 9, Cas(2, 1))]);
    assert_eq!(bad(&[op(0, 9, Update(1, 2)), op(0, 9, Update(2, 1))]), Contradiction::Circle { old: 2, new: 1 });
    assert_eq!(bad(&[op(0, 9, Cas(1, 1))]), Contradiction::Circle { old: 1, new: 1 });
}

#[test]
fn an_update_is_a_blind_write_until_its_answer_says_what_it_found() {
    let begun = || vec![op(0, 1, Write(1)), op(2, 9, Write(2)), op(4, 5, Read(3))];
    good(&[begun(), vec![unknown(2, Update(0, 3))]].concat());
    good(&[begun(), vec![op(2, 9, Update(1, 3))]].concat());
    bad(&[begun(), vec![op(2, 9, Update(0, 3))]].concat());
    bad(&[begun(), vec![op(2, 9, Update(1, 3)), op(6, 7, Read(1))]].concat());
}

#[test]
fn a_write_that_failed_without_effect_is_never_seen() {
    let mark = |at| Mark { at, by: Some(()) };
    let seen_first = &mut Monitor::default();
    seen_first.begin(7, None, mark(1));
    assert_eq!(seen_first.end(Read(7), mark(2), mark(3)), Ok(()));
    assert_eq!(seen_first.deny(7), Err(Contradiction::Denied { value: 7 }));
    let seen_later = &mut Monitor::default();
    seen_later.begin(7, None, mark(1));
    assert_eq!(seen_later.deny(7), Ok(()));
    assert_eq!(seen_later.end(Read(INITIAL), mark(2), mark(3)), Ok(()));
    assert_eq!(seen_later.end(Read(7), mark(4), mark(5)), Err(Contradiction::Denied { value: 7 }));
}

#[test]
fn a_value_overwritten_long_ago_is_forgotten_and_not_to_be_seen() {
    let writes: Vec<_> = (1..1_000).map(|value| op(10 * value, 10 * value + 5, Write(value))).collect();
    good_at_length(&writes);
    let stale = judge(&[writes, vec![op(20_000, 20_001, Read(1))]].concat()).unwrap_err();
    let Contradiction::Absent { value: 1, newer: Some(newer) } = stale.contradiction else { panic!("{stale:?}") };
    assert_eq!((stale.operation, newer.ended.by), (999, Some(998)));
}

#[track_caller]
fn good_at_length(operations: &[Operation]) {
    assert_eq!(judge(operations), Ok(()));
}

/// By the exact search, which a history as short as these never wears out.
fn exists_order(operations: &[Operation]) -> bool {
    has_order(&Register(operations), INITIAL, usize::MAX) == Some(true)
}

/// A history that a register could have: up to `most` operations one after another, their times then stretched so that they
/// overlap.
fn stretched(draws: &mut Draws, most: u64) -> Vec<Operation> {
    let length = 1 + draws.below(most);
    let reach = 1 + draws.below(most.min(16));
    let mut value = INITIAL;
    let operations = (0..length).map(|step| {
        let (began, ended) = (40 + 2 * step - draws.below(reach), 40 + 2 * step + draws.below(reach));
        let kind = match draws.below(11) {
            0..4 => Read(value),
            4..7 => Write(value + 1),
            7 => Refused(value + 1, value),
            8 => Update(value, value + 1),
            _ => Cas(value, value + 1),
        };
        if let Write(written) | Update(_, written) | Cas(_, written) = kind {
            value = written;
        }
        let known = matches!(kind, Read(_) | Refused(..)) || draws.below(5) > 0;
        Operation { began, ended: known.then_some(ended), kind }
    });
    operations.collect()
}

/// `history` with up to `most` things wrong.
fn spoilt(mut history: Vec<Operation>, draws: &mut Draws, most: u64) -> Vec<Operation> {
    for _ in 0..draws.below(most + 1) {
        let victim = draws.below(history.len() as u64) as usize;
        let operation = &mut history[victim];
        match (&mut operation.kind, draws.below(3)) {
            (Read(value) | Refused(_, value) | Cas(value, _) | Update(value, _), 0..2) => {
                *value = (*value + draws.below(3)).saturating_sub(draws.below(4));
            }
            (_, 0) => operation.ended = operation.ended.map(|ended| ended + draws.below(6)),
            (_, _) => {
                let later = draws.below(6);
                operation.began += later;
                operation.ended = operation.ended.map(|ended| ended + later);
            }
        }
    }
    history
}

/// The kinds of contradiction, counted.
#[derive(Default, Debug)]
struct Tally {
    good: u32,
    bad: [u32; 6],
}

impl Tally {
    fn count(&mut self, judged: Result<(), Violation>) {
        match judged.map_err(|violation| violation.contradiction) {
            Ok(()) => self.good += 1,
            Err(Contradiction::Crossed { .. }) => self.bad[0] += 1,
            Err(Contradiction::Order { .. }) => self.bad[1] += 1,
            Err(Contradiction::Twice { .. }) => self.bad[2] += 1,
            Err(Contradiction::Circle { .. }) => self.bad[3] += 1,
            Err(Contradiction::Refused { .. }) => self.bad[4] += 1,
            Err(Contradiction::Absent { .. }) => self.bad[5] += 1,
            Err(Contradiction::Denied { .. }) => panic!("nothing was denied"),
        }
    }
}

#[test]
fn the_verdict_is_that_of_the_exact_search() {
    let (mut draws, mut tally) = (Draws(1), Tally::default());
    for _ in 0..150_000 {
        let history = stretched(&mut draws, 8);
        let history = spoilt(history, &mut draws, 4);
        let judged = judge(&history);
        assert_eq!(judged.is_ok(), exists_order(&history), "{judged:?} of {history:#?}");
        tally.count(judged);
    }
    assert!(tally.good > 50_000 && tally.bad.iter().sum::<u32>() > 35_000, "{tally:?}");
    assert!(tally.bad.iter().all(|count| *count > 1_000), "each kind of contradiction occurs often: {tally:?}");
}

#[test]
fn to_forget_what_is_settled_changes_no_verdict() {
    let (mut draws, mut tally) = (Draws(2), Tally::default());
    for round in 0..60_000 {
        let history = stretched(&mut draws, if round % 3 == 0 { 60 } else { 12 });
        let history = spoilt(history, &mut draws, 3);
        let remembering = judge_by(Monitor::with_patience(usize::MAX), &history);
        let certain = |judged: Result<(), Violation>| judged.map_err(|violation| violation.operation);
        for patience in [0, 4] {
            let forgetful = judge_by(Monitor::with_patience(patience), &history);
            assert_eq!(certain(forgetful), certain(remembering), "{forgetful:?}, {remembering:?} of {history:#?}");
        }
        tally.count(remembering);
    }
    assert!(tally.good > 10_000 && tally.bad.iter().sum::<u32>() > 10_000, "{tally:?}");
}

#[test]
fn what_is_remembered_of_a_million_operations_is_what_overlapped() {
    let mut monitor = Monitor::default();
    let mark = |at| Mark { at, by: Some(()) };
    let mut most = 0;
    for value in 1..=500_000 {
        let (began, ended) = (mark(4 * value), mark(4 * value + 1));
        let kind = if value % 3 == 0 { Write(value) } else { Cas(value - 1, value) };
        monitor.begin(value, None, began);
        monitor.end(kind, began, ended).unwrap();
        monitor.end(Read(value), mark(4 * value + 2), mark(4 * value + 3)).unwrap();
        monitor.settle(4 * value + 4);
        most = most.max(monitor.chains.size());
    }
    assert!(most <= 100 && monitor.unseen.is_empty(), "{most} links and blocks");
}

#[test]
fn a_write_without_effect_is_never_seen_however_many_came_after_it() {
    let mark = |at| Mark { at, by: None::<u32> };
    let seen_after = |others: u64| {
        let mut monitor = Monitor::with_patience(1);
        for value in 1..=1 + others {
            monitor.begin(value, None, mark(value * 2));
            monitor.deny(value).unwrap();
        }
        let remembered = monitor.unseen.len() as u64;
        (monitor.end(Kind::Read(1), mark(9_000_000), mark(9_000_001)), remembered)
    };
    assert_eq!(seen_after(10), (Err(Contradiction::Denied { value: 1 }), 11));
    assert_eq!(seen_after(5_000), (Err(Contradiction::Absent { value: 1, newer: None }), 100));
}
