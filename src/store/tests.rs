use super::*;

fn put(store: &Store, index: u64, key: &str, value: &[u8]) {
    let command = Command::Put { key: key.into(), value: value.to_vec() };
    assert_eq!(apply(store, index, command), Verdict::Written);
}

fn apply(store: &Store, index: u64, command: Command) -> Verdict {
    Verdict::decode(&StateMachine::apply(store, index, &command.encode())).unwrap()
}

fn transaction(snapshot: Version, reads: &[&str], key: &str) -> Command {
    let reads = reads.iter().map(|key| Key::from(*key)).collect();
    Command::Transaction { snapshot, reads, key: key.into(), value: b"new".to_vec() }
}

#[test]
fn a_read_at_a_snapshot_sees_the_newest_version_not_after_it() {
    let store = Store::default();
    let before = store.snapshot();
    put(&store, 3, "a", b"three");
    let between = store.snapshot();
    put(&store, 5, "a", b"five");
    assert_eq!((before.version(), before.read("a")), (0, Ok(Read::default())));
    assert_eq!(between.read("a"), Ok(Read { value: Some(b"three".to_vec()), version: 3 }));
    assert_eq!(store.read("a"), Ok(Read { value: Some(b"five".to_vec()), version: 5 }));
}

fn versions_of(store: &Store, key: &str) -> Vec<Version> {
    store.state.lock().versions[key].iter().map(|(version, _)| *version).collect()
}

#[test]
fn of_a_key_that_nobody_reads_the_newest_version_is_kept_alone() {
    let store = Store::default();
    (1..=100).for_each(|index| put(&store, index, "a", b"new"));
    assert_eq!(versions_of(&store, "a"), [100]);
}

#[test]
fn what_the_oldest_snapshot_in_use_may_read_is_kept_until_that_is_dropped() {
    let store = Store::default();
    (1..=3).for_each(|index| put(&store, index, "a", b"new"));
    let [oldest, same] = [store.snapshot(), store.snapshot()];
    put(&store, 4, "a", b"new");
    let newest = store.snapshot();
    (5..=7).for_each(|index| put(&store, index, "a", b"new"));
    drop(oldest);
    put(&store, 8, "a", b"new");
    assert_eq!(versions_of(&store, "a"), [3, 4, 5, 6, 7, 8]);
    drop(same);
    put(&store, 9, "a", b"new");
    assert_eq!(versions_of(&store, "a"), [4, 5, 6, 7, 8, 9]);
    drop(newest);
    put(&store, 10, "a", b"new");
    assert_eq!(versions_of(&store, "a"), [10]);
    assert!(store.state.lock().in_use.is_empty());
}

#[test]
fn a_transaction_conflicts_if_a_key_it_read_has_changed_since_its_snapshot() {
    let store = Store::default();
    put(&store, 3, "a", b"three");
    let verdict = apply(&store, 4, transaction(2, &["a"], "b"));
    assert_eq!(verdict, Verdict::Conflict { key: "a".into(), latest: 3 });
    assert_eq!(store.read("b"), Ok(Read::default()));
}

#[test]
fn a_transaction_conflicts_if_the_key_it_writes_has_changed_since_its_snapshot() {
    let store = Store::default();
    put(&store, 3, "b", b"three");
    assert!(matches!(apply(&store, 4, transaction(2, &["a"], "b")), Verdict::Conflict { .. }));
}

#[test]
fn a_transaction_whose_keys_are_as_it_read_them_is_written_at_its_index() {
    let store = Store::default();
    put(&store, 3, "a", b"three");
    assert_eq!(apply(&store, 4, transaction(3, &["a"], "b")), Verdict::Written);
    assert_eq!(store.read("b").map(|read| read.version), Ok(4));
}

#[test]
fn compare_and_set_writes_only_over_the_expected_value() {
    let store = Store::default();
    let cas = |expected: Option<&[u8]>| Command::Cas {
        key: "a".into(),
        expected: expected.map(<[u8]>::to_vec),
        value: b"new".to_vec(),
    };
    assert_eq!(apply(&store, 1, cas(Some(b"old"))), Verdict::Unexpected { value: None, version: 0 });
    assert_eq!(apply(&store, 2, cas(None)), Verdict::Written);
}

#[test]
fn a_restored_store_has_the_newest_of_every_key_and_refuses_the_same_transactions() {
    let saved = Store::default();
    put(&saved, 3, "a", b"three");
    let in_use = saved.snapshot();
    put(&saved, 5, "a", b"five");
    let store = Store::default();
    put(&store, 1, "z", b"what was there is gone");
    store.restore(&saved.save()).unwrap();
    assert_eq!((store.snapshot().version(), store.read("z")), (5, Ok(Read::default())));
    assert_eq!(store.read("a"), Ok(Read { value: Some(b"five".to_vec()), version: 5 }));
    assert!(matches!(apply(&store, 6, transaction(4, &["a"], "b")), Verdict::Conflict { .. }));
    apply(&saved, 6, transaction(4, &["a"], "b"));
    assert_eq!(store.save(), saved.save(), "who reads from one of them is not in it");
    drop(in_use);
}

#[test]
fn who_read_from_before_a_restored_state_is_told_which_keys_are_newer_in_it() {
    let leaders = Store::default();
    put(&leaders, 2, "a", b"two");
    put(&leaders, 5, "b", b"five");
    let store = Store::default();
    put(&store, 2, "a", b"two");
    put(&store, 3, "b", b"three");
    let snapshot = store.snapshot();
    store.restore(&leaders.save()).unwrap();
    assert_eq!(snapshot.read("a"), Ok(Read { value: Some(b"two".to_vec()), version: 2 }));
    assert_eq!(snapshot.read("b"), Err(Unread::Overwritten { latest: 5 }));
    assert_eq!(snapshot.read("c"), Ok(Read::default()));
    put(&store, 6, "c", b"six");
    assert_eq!(store.snapshot().read("c"), Ok(Read { value: Some(b"six".to_vec()), version: 6 }));
}

#[test]
fn bytes_that_are_no_state_change_nothing() {
    let store = Store::default();
    put(&store, 3, "a", b"three");
    assert_eq!(store.restore(&[0xff]), Err(Malformed));
    assert_eq!(store.read("a").map(|read| read.version), Ok(3));
}

#[test]
fn bytes_that_are_no_command_change_nothing() {
    let store = Store::default();
    let verdict = Verdict::decode(&StateMachine::apply(&store, 1, &[0xff, 0xff])).unwrap();
    assert_eq!(verdict, Verdict::Malformed);
}

fn delete(store: &Store, index: u64, key: &str) {
    let command = Command::Delete { key: key.into(), origin: 0 };
    assert_eq!(apply(store, index, command), Verdict::Written);
}

const DELETED_AT_5: Read = Read { value: None, version: 5 };

#[test]
fn what_was_deleted_has_no_value_and_the_version_of_its_tombstone() {
    let store = Store::default();
    put(&store, 3, "a", b"three");
    let before = store.snapshot();
    delete(&store, 5, "a");
    assert_eq!((store.read("a"), store.snapshot().read("a")), (Ok(DELETED_AT_5), Ok(DELETED_AT_5)));
    assert_eq!(before.read("a").map(|read| read.version), Ok(3));
    delete(&store, 6, "b");
    assert_eq!(store.read("b"), Ok(Read { value: None, version: 6 }), "that there was nothing to delete is no matter");
    put(&store, 7, "a", b"seven");
    assert_eq!(store.read("a").map(|read| read.version), Ok(7));
}

#[test]
fn a_delete_is_a_change_to_whoever_has_read_the_key_or_writes_it() {
    let store = Store::default();
    put(&store, 3, "a", b"three");
    delete(&store, 5, "a");
    let conflict = Verdict::Conflict { key: "a".into(), latest: 5 };
    assert_eq!(apply(&store, 6, transaction(4, &["a"], "b")), conflict);
    assert_eq!(apply(&store, 7, transaction(4, &["b"], "a")), conflict);
    assert_eq!(apply(&store, 8, transaction(7, &["a"], "b")), Verdict::Written);
}

#[test]
fn compare_and_set_takes_a_tombstone_for_no_value() {
    let store = Store::default();
    put(&store, 3, "a", b"three");
    delete(&store, 5, "a");
    let cas = |expected: Option<&[u8]>| Command::Cas {
        key: "a".into(),
        expected: expected.map(<[u8]>::to_vec),
        value: b"new".to_vec(),
    };
    assert_eq!(apply(&store, 6, cas(Some(b"three"))), Verdict::Unexpected { value: None, version: 5 });
    assert_eq!(apply(&store, 7, cas(None)), Verdict::Written);
    assert_eq!(apply(&store, 8, cas(None)), Verdict::Unexpected { value: Some(b"new".to_vec()), version: 7 });
}

#[test]
fn a_restored_store_has_the_tombstones_and_refuses_the_same_transactions() {
    let saved = Store::default();
    put(&saved, 3, "a", b"three");
    put(&saved, 4, "b", b"four");
    delete(&saved, 5, "a");
    let store = Store::default();
    store.restore(&saved.save()).unwrap();
    assert_eq!((store.read("a"), store.read("b").map(|read| read.version)), (Ok(DELETED_AT_5), Ok(4)));
    let late = || transaction(4, &["a"], "c");
    assert_eq!(apply(&store, 6, late()), apply(&saved, 6, late()));
    assert_eq!(store.save(), saved.save());
}

#[test]
fn a_state_without_tombstones_is_saved_as_it_was_before_there_were_any() {
    let store = Store::default();
    put(&store, 3, "a", b"v");
    assert_eq!(store.save(), [1, 1, b'a', 3, 1, b'v', 3], "one key: its name, version and value; then the last entry");
    let saved = store.save();
    delete(&store, 4, "b");
    assert_eq!(store.save(), [&saved[..6], &[4, 1, 1, b'b', 4]].concat());
    assert_eq!(store.restore(&[&saved[..], &[1]].concat()), Err(Malformed));
    assert_eq!(store.read("b").map(|read| read.version), Ok(4), "bytes that are no state change nothing");
}

/// The keys that the first entries of what is left of a range have, one after the other.
fn scanned(snapshot: &Snapshot<'_>, from: &str, to: &str) -> Vec<(Key, Version)> {
    let mut range = KeyRange { from: from.into(), to: Some(to.into()) };
    let mut found = Vec::new();
    while let Some(entry) = snapshot.first(&range).unwrap() {
        range.from = entry.key.clone() + "\0";
        found.push((entry.key, entry.version));
    }
    found
}

#[test]
fn a_scan_finds_the_keys_of_its_range_that_had_values_at_its_snapshot() {
    let store = Store::default();
    for (index, key) in (1..).zip(["a", "b", "c", "d"]) {
        put(&store, index, key, b"v");
    }
    delete(&store, 5, "b");
    let snapshot = store.snapshot();
    delete(&store, 6, "c");
    put(&store, 7, "b", b"again");
    assert_eq!(scanned(&snapshot, "a", "d"), [("a".into(), 1), ("c".into(), 3)]);
    assert_eq!(scanned(&store.snapshot(), "b", "z"), [("b".into(), 7), ("d".into(), 4)]);
    assert_eq!(scanned(&store.snapshot(), "d", "b"), []);
}

#[test]
fn a_scan_of_a_snapshot_older_than_a_restored_state_is_told_so() {
    let leaders = Store::default();
    delete(&leaders, 5, "b");
    let store = Store::default();
    put(&store, 3, "b", b"three");
    let snapshot = store.snapshot();
    store.restore(&leaders.save()).unwrap();
    let range = KeyRange { from: "a".into(), to: None };
    assert_eq!(snapshot.first(&range), Err(Unread::Overwritten { latest: 5 }));
}

const SECOND: GroupId = GroupId(2);

fn release(from: &str, until: &str, to: GroupId) -> Command {
    Command::Release { range: KeyRange { from: from.into(), to: Some(until.into()) }, to }
}

#[test]
fn a_released_range_is_neither_read_nor_written_and_whoever_asks_is_told_who_has_it() {
    let store = Store::default();
    put(&store, 1, "a", b"one");
    let snapshot = store.snapshot();
    assert_eq!(apply(&store, 2, release("b", "c", SECOND)), Verdict::Released { version: 2 });
    assert_eq!(apply(&store, 3, release("b", "c", SECOND)), Verdict::Released { version: 2 }, "asked again");
    let range = KeyRange { from: "b".into(), to: Some("c".into()) };
    let gone = Route { range, owner: Some(SECOND), version: 2 };
    assert_eq!(store.read("b"), Err(gone.clone()));
    assert_eq!(snapshot.read("b"), Err(Unread::Elsewhere(gone.clone())));
    let refused = Verdict::Elsewhere(gone);
    assert_eq!(apply(&store, 4, Command::Put { key: "b".into(), value: b"new".to_vec() }), refused);
    let cas = Command::Cas { key: "bb".into(), expected: None, value: b"new".to_vec() };
    assert_eq!(apply(&store, 5, cas), refused);
    assert_eq!(apply(&store, 6, transaction(5, &["a", "b"], "a")), refused);
    assert_eq!(store.read("a").map(|read| read.version), Ok(1));
}

#[test]
fn a_range_with_a_key_that_was_ever_written_is_not_released() {
    let store = Store::default();
    put(&store, 1, "b", b"one");
    assert_eq!(apply(&store, 2, release("a", "c", SECOND)), Verdict::InUse { key: "b".into() });
    put(&store, 3, "b", b"three");
    assert!(matches!(apply(&store, 4, release("c", "d", SECOND)), Verdict::Released { .. }));
}

#[test]
fn an_adoption_that_comes_after_the_next_release_brings_nothing_back() {
    let store = Store::new(SECOND, Routes::all_to(GroupId::FIRST));
    let range = KeyRange { from: "b".into(), to: Some("c".into()) };
    let adopt = Command::Adopt { range, version: 2 };
    assert!(matches!(apply(&store, 1, release("b", "c", GroupId(3))), Verdict::Elsewhere(_)), "not yet its own");
    assert_eq!(apply(&store, 2, adopt.clone()), Verdict::Adopted);
    assert_eq!(store.read("b"), Ok(Read::default()));
    assert_eq!(apply(&store, 3, release("b", "c", GroupId(3))), Verdict::Released { version: 3 });
    assert!(matches!(apply(&store, 4, adopt), Verdict::Elsewhere(Route { version: 3, .. })));
    assert!(store.read("b").is_err());
}

#[test]
fn a_snapshot_tells_which_keys_have_moved_and_is_as_ever_where_none_has() {
    let (store, founded) = (Store::default(), Store::default());
    apply(&store, 1, release("b", "c", SECOND));
    let moved = store.save();
    assert!(moved.len() > founded.save().len());
    founded.restore(&moved).unwrap();
    assert!(founded.read("b").is_err());
    founded.restore(&Store::default().save()).unwrap();
    assert_eq!(founded.read("b"), Ok(Read::default()));
    assert_eq!(founded.restore(&[&moved[..], &[0xff]].concat()), Err(Malformed));
}

#[test]
fn the_node_learns_of_what_its_replicas_apply_and_of_what_they_knew_before() {
    let (store, table) = (Store::default(), Arc::new(Table::new(Routes::all_to(GroupId::FIRST))));
    apply(&store, 1, release("b", "c", SECOND));
    store.teach(Arc::clone(&table));
    apply(&store, 2, release("d", "e", SECOND));
    assert_eq!(["b", "c", "d", "e"].map(|key| table.known().owner(key).map(|group| group.0)), [2, 1, 2, 1].map(Some));
}

#[test]
fn a_scan_of_a_range_of_which_a_part_is_released_is_refused_and_one_beside_it_is_not() {
    let store = Store::default();
    apply(&store, 1, release("b", "c", SECOND));
    let first = |from: &str, to: &str| store.snapshot().first(&KeyRange { from: from.into(), to: Some(to.into()) });
    assert!(matches!(first("a", "d"), Err(Unread::Elsewhere(Route { owner: Some(SECOND), .. }))));
    assert_eq!((first("a", "b"), first("c", "d")), (Ok(None), Ok(None)));
}

#[test]
fn a_range_with_a_key_that_was_deleted_is_not_released_and_both_are_in_a_snapshot() {
    let (store, restored) = (Store::default(), Store::default());
    apply(&store, 1, Command::Delete { key: "b".into(), origin: 7 });
    assert_eq!(apply(&store, 2, release("a", "c", SECOND)), Verdict::InUse { key: "b".into() });
    apply(&store, 3, release("c", "d", SECOND));
    restored.restore(&store.save()).unwrap();
    assert_eq!((restored.read("b").map(|read| read.version), restored.read("c").is_err()), (Ok(1), true));
}
