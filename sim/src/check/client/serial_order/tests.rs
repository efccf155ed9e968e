use super::*;
use crate::check::Premises;
use crate::check::testing::{Events, cas, effect, get, put, script, unchanged};
use crate::history::KeyId;
use crate::history::{Condition, Found, Operation};
use crate::register::exact::draws::Draws;
use crate::register::exact::{Machine, has_order};
use crate::view::ledger::Ledger;
use crate::view::operations::Did;
use leasehold::error::ErrorKind;

mod several;

fn first(events: &Events) -> Option<Finding> {
    events.found_with(Premises::of_keys(&["a", "b"]), "serial-order")
}

#[track_caller]
fn wrong(events: &Events, class: Class, message: &str) {
    let finding = first(events).expect("a violation");
    assert_eq!((finding.check, finding.class, finding.message.as_str()), ("serial-order", class, message));
}

/// Operation 1 has written a at index 1, from 0 to 10 ms.
fn written() -> Events {
    Events::default().invoke(0, 1, put(0)).takes_put(5, 1, 1, 0).written(10, 1, 1)
}

/// Then operation 2 writes b at index 2, from 20 to 30 ms.
fn both() -> Events {
    written().invoke(20, 2, put(1)).takes_put(25, 2, 2, 1).written(30, 2, 2)
}

/// A script of operation 3 that reads a and b and writes b at index 3.
fn transacted(events: Events) -> Events {
    let events = events.invoke(40, 3, script(&[0, 1], 1));
    events.takes(45, 3, effect(3, 1, unchanged(2, &[0, 1]), Answer::Wrote))
}

#[test]
fn a_script_sees_all_its_keys_as_they_are_right_before_its_write() {
    assert_eq!(first(&transacted(both()).ran(50, 3, &[1, 2], 3)), None);
    wrong(
        &transacted(both()).ran(50, 3, &[1, 0], 3),
        Class::StaleRead,
        "script #3 by client 3 found that it was never written of b, but #2 had written version 2 of it, and it took effect at index 3",
    );
}

#[test]
fn a_script_does_not_see_its_own_write() {
    wrong(
        &transacted(both()).ran(50, 3, &[1, 3], 3),
        Class::StaleRead,
        "script #3 by client 3 found version 3 of b, but it took effect before that, at index 3",
    );
}

#[test]
fn a_read_of_one_key_comes_after_what_completed_on_another() {
    // Key by key both are registers: the get of a overlaps the write of a. But the write of b came after that and had completed.
    let events = Events::default().invoke(0, 1, put(0)).takes_put(5, 1, 1, 0);
    let events = events.invoke(10, 2, put(1)).takes_put(15, 2, 2, 1).written(20, 2, 2);
    let asked = events.invoke(30, 3, get(0));
    wrong(
        &asked.read(40, 3, 0),
        Class::StaleRead,
        "get #3 by client 3 found that it was never written of a, but #1 had written version 1 of it, and #2 of client 2, at index 2, \
         had completed 10ms before that began",
    );
}

#[test]
fn a_read_that_began_before_that_may_have_come_before() {
    let events = Events::default().invoke(0, 1, put(0)).invoke(1, 3, get(0)).takes_put(5, 1, 1, 0);
    let events = events.invoke(10, 2, put(1)).takes_put(15, 2, 2, 1).written(20, 2, 2);
    assert_eq!(first(&events.read(40, 3, 0).written(50, 1, 1)), None);
}

#[test]
fn a_write_does_not_come_before_what_completed_before_it_began() {
    let events = Events::default().invoke(0, 1, put(0)).takes_put(5, 1, 1, 0).takes_put(6, 2, 9, 1);
    let events = events.invoke(7, 4, get(1)).read(8, 4, 2).invoke(9, 5, put(0));
    let told = events.written(10, 5, 1);
    let finding = first(&told).expect("operation 9 was never invoked");
    assert_eq!(finding.class, Class::LostWrite);
    let late = both().invoke(40, 3, put(0)).takes_put(41, 2, 3, 0).written(42, 3, 2);
    assert_eq!(
        first(&late).expect("index 2 twice").message,
        "put #3 by client 3 wrote at index 2, but #2 of client 2, at index 2, had completed 10ms before that began"
    );
}

#[test]
fn what_was_acknowledged_is_in_the_log_once_and_as_told() {
    wrong(
        &Events::default().invoke(0, 1, put(0)).written(10, 1, 1),
        Class::LostWrite,
        "put #1 of client 1 was told to have written at index 1; by the log it wrote not at all",
    );
    wrong(
        &written().takes_put(20, 2, 1, 0),
        Class::LostWrite,
        "operation #1 wrote a at index 2, after it had taken effect or was told to have none",
    );
    let twice = Events::default().invoke(0, 1, put(0)).takes_put(5, 1, 1, 0).takes_put(6, 2, 1, 0);
    assert_eq!(first(&twice).map(|finding| finding.class), Some(Class::LostWrite));
}

#[test]
fn what_was_refused_is_not_in_the_log() {
    let refused = || Events::default().invoke(0, 1, put(0));
    wrong(
        &refused().takes_put(5, 1, 1, 0).gave_up(10, 1, Outcome::NotApplied),
        Class::LostWrite,
        "put #1 of client 1 was told to have written not at all; by the log it wrote at index 1",
    );
    let later = refused().gave_up(10, 1, Outcome::NotApplied).takes_put(15, 1, 1, 0);
    assert_eq!(first(&later).map(|finding| finding.class), Some(Class::LostWrite));
    assert_eq!(first(&refused().gave_up(10, 1, Outcome::NotApplied)), None);
}

#[test]
fn what_is_unknown_is_in_the_log_once_or_not_at_all() {
    let unknown = || Events::default().invoke(0, 1, put(0)).gave_up(10, 1, Outcome::Unknown);
    assert_eq!(first(&unknown().takes_put(15, 1, 1, 0)), None);
    assert!(first(&unknown().takes_put(15, 1, 1, 0).takes_put(16, 2, 1, 0)).is_some());
    assert_eq!(
        first(&Events::default().invoke(0, 1, put(0)).takes_put(5, 1, 1, 0).gave_up(10, 1, Outcome::Unknown)),
        None
    );
}

#[test]
fn a_conflict_leaves_nothing_behind_and_must_have_been_one() {
    let conflict = |latest| Answer::Conflict { key: KeyId(1), latest };
    let refused = |answer| {
        let events = both().invoke(40, 3, script(&[0, 1], 0));
        events.takes(45, 3, effect(3, 0, unchanged(1, &[0, 1]), answer))
    };
    let failed = |events: Events| {
        let error = ErrorKind::RetriesExhausted;
        events.complete(50, 3, Completion::Failed { error, outcome: Outcome::NotApplied })
    };
    assert_eq!(first(&failed(refused(conflict(2)))), None);
    wrong(
        &refused(Answer::Wrote),
        Class::StaleRead,
        "entry 3, of operation #3, wrote; by the entries before it, it was refused for version 2 of b",
    );
    let unfounded = both().takes(45, 3, effect(3, 0, unchanged(2, &[0, 1]), conflict(2)));
    assert!(first(&unfounded).is_some());
}

#[test]
fn a_compare_and_set_is_executed_again() {
    let holds = |expected| Condition::Holds(expected);
    let found = |version, value| Answer::Found(Found { version, value });
    let set = |condition, answer| written().invoke(20, 2, cas(0)).takes(25, 2, effect(2, 0, condition, answer));
    assert_eq!(first(&set(holds(Some(OpId(1))), Answer::Wrote).written(30, 2, 2)), None);
    assert_eq!(first(&set(holds(None), found(1, Some(OpId(1))))), None);
    assert!(first(&set(holds(None), Answer::Wrote)).is_some());
    assert!(first(&set(holds(Some(OpId(1))), found(1, Some(OpId(1))))).is_some());
}

#[test]
fn every_entry_and_every_completion_is_one_evaluation() {
    assert_eq!(both().evaluated_by("serial-order"), 4);
}

/// An operation of a history that a machine made up. `ended`: `None` where its outcome is unknown.
#[derive(Clone, Debug)]
struct Op {
    began: u64,
    ended: Option<u64>,
    found: Vec<(KeyId, Found)>,
    wrote: Option<(KeyId, Version)>,
}

/// A rule that a judge may forget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rule {
    None,
    /// Reads come after what completed before on other keys.
    FloorOfReads,
    /// Writes do.
    FloorOfWrites,
    /// A script reads right before it writes.
    PlaceOfScripts,
    /// Only the first key that is read counts.
    AllKeys,
    /// A read raises the floor.
    ReadsCount,
}

fn did_of(found: &[(KeyId, Found)], wrote: Option<(KeyId, Version)>) -> Did {
    Did { found: found.iter().map(|(key, found)| (*key, Some(*found))).collect(), wrote, snapshot: None }
}

/// The verdict of the certificate, as the check reaches it.
fn judge(ops: &[Op], patience: usize, forgets: Rule) -> bool {
    let mut ledger = Ledger::with_patience(patience);
    let mut entries: Vec<(Version, KeyId)> =
        ops.iter().filter_map(|op| op.wrote).map(|(key, version)| (version, key)).collect();
    entries.sort_unstable();
    let mut entries = entries.into_iter().peekable();
    let mut events: Vec<(u64, bool, usize)> = Vec::new();
    for (position, op) in ops.iter().enumerate() {
        events.push((op.began, false, position));
        events.extend(op.ended.map(|ended| (ended, true, position)));
    }
    events.sort_unstable();
    let (mut floor, mut floors) = (0, vec![Version::MAX; ops.len()]);
    for (_, ends, position) in events {
        if !ends {
            if ops[position].ended.is_some() {
                floors[position] = floor;
            }
            continue;
        }
        let Op { found, wrote, .. } = &ops[position];
        let mut did = did_of(found, *wrote);
        let own = if forgets == Rule::FloorOfReads && wrote.is_none() { 0 } else { floors[position] };
        let place = did.place(own);
        let least = floors.iter().copied().min().unwrap_or(0).min(floor);
        // What is found was applied before; so was what is placed.
        while let Some((version, key)) = entries.next_if(|(version, _)| *version <= place) {
            let effect = effect(version, key.0, Condition::Always, Answer::Wrote);
            ledger.take((SimTime::default(), version), &effect, None, least);
        }
        floors[position] = Version::MAX;
        if forgets != Rule::FloorOfWrites && wrote.is_some_and(|(_, version)| version <= own) {
            return false;
        }
        if forgets == Rule::AllKeys {
            did.found.truncate(1);
        }
        if forgets == Rule::PlaceOfScripts && wrote.is_some() {
            did = Did { wrote: None, ..did };
        }
        if did.fits(&ledger, if forgets == Rule::PlaceOfScripts { did.place(own) } else { place }).is_err() {
            return false;
        }
        if forgets != Rule::ReadsCount || wrote.is_some() {
            floor = floor.max(place);
        }
    }
    true
}

/// What takes place in the order of the log: the versions of the keys, and how many writes have taken effect.
struct Serial<'a> {
    operations: &'a [Op],
    /// The versions written, in the order of the log.
    writes: Vec<Version>,
}

impl Machine for Serial<'_> {
    type State = (Vec<Version>, usize);

    fn len(&self) -> usize {
        self.operations.len()
    }

    fn span(&self, operation: usize) -> (u64, Option<u64>) {
        let Op { began, ended, .. } = &self.operations[operation];
        (*began, *ended)
    }

    fn after(&self, operation: usize, (state, written): &Self::State) -> Option<Self::State> {
        let Op { found, wrote, ended, .. } = &self.operations[operation];
        let in_turn = wrote.is_none_or(|(_, version)| self.writes.get(*written) == Some(&version));
        // Nobody was told what an operation of unknown outcome found.
        let sees = ended.is_none() || found.iter().all(|(key, found)| state[key.0 as usize] == found.version);
        if !in_turn || !sees {
            return None;
        }
        let (mut state, mut written) = (state.clone(), *written);
        if let Some((key, version)) = wrote {
            state[key.0 as usize] = *version;
            written += 1;
        }
        Some((state, written))
    }
}

/// By the exact search: is there an order that respects time and the log's order of the writes, in which each finds the last
/// before it?
fn exists_order(operations: &[Op]) -> bool {
    let mut writes: Vec<_> = operations.iter().filter_map(|op| op.wrote).map(|(_, version)| version).collect();
    writes.sort_unstable();
    has_order(&Serial { operations, writes }, (vec![0; KEYS as usize], 0), usize::MAX) == Some(true)
}

const KEYS: u64 = 3;

/// A history that a store could have: one operation after the other, their times then stretched so that they overlap.
fn stretched(draws: &mut Draws, most: u64) -> Vec<Op> {
    let reach = 1 + draws.below(most.min(10));
    let mut state = vec![0; KEYS as usize];
    let length = 1 + draws.below(most);
    let ops = (1..=length).map(|step| {
        let (began, ended) = (40 + 2 * step - draws.below(reach), 40 + 2 * step + draws.below(reach));
        let key = |draws: &mut Draws| KeyId(draws.below(KEYS) as u32);
        let (reads, writes) = match draws.below(4) {
            0 | 1 => (1, false),
            2 => (0, true),
            _ => (1 + draws.below(KEYS), true),
        };
        let found = |key: KeyId| (key, Found { version: state[key.0 as usize], value: None });
        let found = (0..reads).map(|_| found(key(draws))).collect();
        let wrote = writes.then(|| (key(draws), step));
        if let Some((key, version)) = wrote {
            state[key.0 as usize] = version;
        }
        let known = !writes || draws.below(6) > 0;
        Op { began, ended: known.then_some(ended), found, wrote }
    });
    ops.collect()
}

/// `history` with up to `most` things wrong.
fn spoilt(mut history: Vec<Op>, draws: &mut Draws, most: u64) -> Vec<Op> {
    for _ in 0..draws.below(most + 1) {
        let victim = draws.below(history.len() as u64) as usize;
        let versions: Vec<Vec<Version>> = (0..KEYS as u32)
            .map(|key| {
                [0].into_iter()
                    .chain(
                        history
                            .iter()
                            .filter_map(|op| op.wrote)
                            .filter(|(of, _)| of.0 == key)
                            .map(|(_, version)| version),
                    )
                    .collect()
            })
            .collect();
        let Op { began, ended, found, .. } = &mut history[victim];
        if draws.below(4) > 0
            && let Some(spoilt) = found.len().checked_sub(1).map(|last| draws.below(last as u64 + 1) as usize)
        {
            let (key, found) = &mut found[spoilt];
            let of_key = &versions[key.0 as usize];
            found.version = of_key[draws.below(of_key.len() as u64) as usize];
        } else {
            let later = draws.below(8);
            *began += later;
            *ended = ended.map(|ended| ended + later);
        }
    }
    history
}

/// Does anybody see an effect of unknown outcome before it was asked for? In a run that shows when its entry is applied: nobody
/// has asked for it. Here entries are taken when they are due.
fn sees_the_unasked(ops: &[Op]) -> bool {
    let unasked = |place: Version, ended: u64| {
        let unknown = ops.iter().filter(|op| op.ended.is_none() && op.began > ended);
        unknown.filter_map(|op| op.wrote).any(|(_, version)| version <= place)
    };
    let did = |op: &Op| did_of(&op.found, op.wrote);
    ops.iter().any(|op| op.ended.is_some_and(|ended| unasked(did(op).place(0), ended)))
}

#[test]
fn the_verdict_is_that_of_the_exact_search() {
    let (mut draws, mut good, mut bad) = (Draws(1), 0, 0);
    let mut killed = [0; 5];
    let rules = [Rule::FloorOfReads, Rule::FloorOfWrites, Rule::PlaceOfScripts, Rule::AllKeys, Rule::ReadsCount];
    for _ in 0..150_000 {
        let history = stretched(&mut draws, 9);
        let history = spoilt(history, &mut draws, 6);
        if sees_the_unasked(&history) {
            continue;
        }
        let exact = exists_order(&history);
        for patience in [0, usize::MAX] {
            assert_eq!(judge(&history, patience, Rule::None), exact, "{history:#?}");
        }
        for (rule, killed) in rules.iter().zip(&mut killed) {
            *killed += u32::from(judge(&history, usize::MAX, *rule) != exact);
        }
        if exact { good += 1 } else { bad += 1 }
    }
    assert!(good > 50_000 && bad > 20_000, "{good} good, {bad} bad");
    assert!(
        killed.iter().all(|killed| *killed > 100),
        "a judge that forgets a rule is seen to be wrong: {killed:?} of {rules:?}"
    );
}

#[test]
fn what_is_remembered_of_a_long_history_is_what_overlapped() {
    let mut ledger = Ledger::default();
    for version in 1..=100_000 {
        let effect = effect(version, (version % 3) as u32, Condition::Always, Answer::Wrote);
        ledger.take((SimTime::default(), version), &effect, None, version.saturating_sub(20));
    }
    assert!(ledger.size() <= 60, "{} versions", ledger.size());
}

#[test]
fn an_operation_reads_and_writes_what_its_completion_says() {
    let found = Found { version: 4, value: Some(OpId(2)) };
    let read = Completion::Unexpected { version: 4, value: Some(OpId(2)) };
    assert_eq!(Did::of(&cas(0), &read), Some(did_of(&[(KeyId(0), found)], None)));
    let Operation::Put { .. } = put(0) else { panic!("a put") };
    assert_eq!(Did::of(&put(0), &read), None);
}
