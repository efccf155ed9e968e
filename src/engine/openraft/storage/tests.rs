//! Log and state machine hold openraft's own suite, and what the suite does not ask: what a crash leaves, and what a disk does.

use super::log::WAL;
use super::{Logs, Machine, Told};
use crate::bed::TestDisk;
use crate::engine::conformance::config;
use crate::engine::openraft::runtime::{Bench, Runtime, Scope};
use crate::engine::openraft::types::{Command, Entry, LogId, Payload, StoredMembers, Types, Vote, members};
use crate::engine::{Config, StateMachine};
use crate::env::{Disk, NodeId};
use crate::error::Error;
use crate::observe::{Event, Membership};
use crate::wire::Malformed;
use openraft::StorageError;
use openraft::storage::{IOFlushed, RaftLogReader, RaftLogStorage, RaftSnapshotBuilder, RaftStateMachine};
use openraft::testing::log::{StoreBuilder, Suite};
use openraft_rt::{AsyncRuntime, Oneshot};
use std::num::NonZeroU64;
use std::sync::Arc;

/// Keeps nothing but how long what it was told is.
#[derive(Default)]
struct Lengths(parking_lot::Mutex<Vec<u8>>);

impl StateMachine for Lengths {
    fn apply(&self, _index: u64, command: &[u8]) -> Vec<u8> {
        self.0.lock().push(command.len() as u8);
        Vec::new()
    }

    fn save(&self) -> Vec<u8> {
        self.0.lock().clone()
    }

    fn restore(&self, state: &[u8]) -> Result<(), Malformed> {
        *self.0.lock() = state.to_vec();
        Ok(())
    }
}

struct Nobody;

impl Told for Nobody {
    fn votes(&self, _vote: &Vote) {}
    fn voted(&self, _vote: &Vote) {}
    fn last_change(&self, _change: Option<(u64, Membership)>) {}
    fn members(&self, _index: u64, _members: &Membership) {}
    fn applied(&self, _log_id: LogId) {}
    fn publishes(&self) {}
    fn snapshot_due(&self) {}
}

fn founders() -> Membership {
    Membership { voters: [1, 2, 3].map(NodeId).to_vec(), ..Membership::default() }
}

/// Both, on this disk, in the process that asks.
fn open(disk: &TestDisk, config: &Config) -> Result<(Logs, Machine), Error> {
    let (host, disk): (_, Arc<dyn Disk>) = (Arc::clone(Scope::current().host()), Arc::new(disk.clone()));
    let logs = Logs::open(Arc::clone(&host), Arc::clone(&disk), Arc::new(Nobody), config)?;
    let machine = Arc::new(Lengths::default());
    let machine = Machine::open(host, disk, machine, logs.clone(), Arc::new(Nobody), config.compact_after)?;
    Ok((logs, machine))
}

struct Builder;

impl StoreBuilder<Types, Logs, Machine> for Builder {
    async fn build(&self) -> Result<((), Logs, Machine), StorageError<Types>> {
        let (logs, machine) = open(&TestDisk::default(), &config(founders())).unwrap();
        Ok(((), logs, machine))
    }
}

#[test]
fn they_pass_the_suite_that_openraft_holds_storage_to() {
    Runtime::new(1).block_on(Suite::test_all(Builder)).unwrap();
}

/// A process with a disk, and a log on it.
struct Node {
    bench: Bench,
    disk: TestDisk,
    config: Config,
}

impl Default for Node {
    fn default() -> Self {
        Self { bench: Bench::default(), disk: TestDisk::default(), config: config(founders()) }
    }
}

type Durable = <<Runtime as AsyncRuntime>::Oneshot as Oneshot>::Receiver<Result<(), std::io::Error>>;

impl Node {
    fn on<F: Future>(&self, ask: impl FnOnce() -> F) -> F::Output {
        self.bench.block_on(async { ask().await })
    }

    fn open(&self) -> (Logs, Machine) {
        self.on(async || open(&self.disk, &self.config)).unwrap()
    }

    fn logs(&self) -> Logs {
        self.open().0
    }

    /// Begins to append, and returns what tells when it is durable.
    fn append(&self, logs: &Logs, entries: &[Entry]) -> Durable {
        let mut logs = logs.clone();
        let (sender, durable) = <Runtime as AsyncRuntime>::Oneshot::channel();
        self.on(async || logs.append(entries.to_vec(), IOFlushed::signal(sender)).await).unwrap();
        durable
    }

    fn appended(&self, logs: &Logs, entries: &[Entry]) {
        self.bench.block_on(self.append(logs, entries)).unwrap().unwrap();
    }

    fn found(&self) -> Vec<Entry> {
        let mut logs = self.logs();
        self.on(async || logs.try_get_log_entries(..).await).unwrap()
    }

    /// Lets go on what can.
    fn settle(&self) {
        self.bench.world.run_until_idle(|| {});
    }
}

fn log_id(index: u64, term: u64) -> LogId {
    LogId::new(term.into(), index)
}

fn entry(index: u64, term: u64) -> Entry {
    Entry { log_id: log_id(index, term), payload: Payload::Normal(Command(vec![index as u8; 3])) }
}

fn entries(indexes: std::ops::RangeInclusive<u64>, term: u64) -> Vec<Entry> {
    indexes.map(|index| entry(index, term)).collect()
}

#[test]
fn a_crash_loses_what_nobody_was_told_to_be_durable_and_nothing_else() {
    let node = Node::default();
    let logs = node.logs();
    node.appended(&logs, &entries(1..=2, 1));
    node.disk.stalls(true);
    let mut third = node.append(&logs, &[entry(3, 1)]);
    node.settle();
    let waits = std::pin::Pin::new(&mut third).poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    assert!(waits.is_pending() && node.found().len() == 3, "it is readable, and not durable");
    node.disk.crash();
    assert_eq!(node.found(), entries(1..=2, 1));
}

#[test]
fn what_comes_while_the_disk_writes_goes_into_the_next_write_together() {
    let node = Node::default();
    let logs = node.logs();
    node.disk.stalls(true);
    let all: Vec<Durable> = (1..=5)
        .map(|index| {
            let appended = node.append(&logs, &[entry(index, 1)]);
            node.settle();
            appended
        })
        .collect();
    assert_eq!(node.disk.syncs(), 1);
    node.disk.stalls(false);
    for durable in all {
        node.bench.block_on(durable).unwrap().unwrap();
    }
    assert_eq!(node.disk.syncs(), 2);
    assert_eq!(node.found(), entries(1..=5, 1));
}

#[test]
fn a_vote_is_durable_when_it_is_saved_and_told_then() {
    let node = Node::default();
    let mut logs = node.logs();
    let vote = Vote::new(3, 2);
    node.on(async || logs.save_vote(&vote).await).unwrap();
    node.disk.crash();
    assert_eq!(node.logs().vote(), Some(vote));
    assert_eq!(node.bench.surroundings.events(), [Event::Voted { term: 3, vote: Some(NodeId(2)) }]);
}

#[test]
fn who_follows_a_leader_that_it_has_not_voted_for_has_voted_for_nobody_or_for_another() {
    let node = Node::default();
    let mut logs = node.logs();
    let saved = [
        Vote::new_committed(3, 2),
        Vote::new(4, 3),
        Vote::new_committed(4, 2),
        Vote::new(5, 1),
        Vote::new_committed(5, 1),
    ];
    node.on(async || {
        for vote in &saved {
            logs.save_vote(vote).await.unwrap();
        }
    });
    let told = [(3, None), (4, Some(NodeId(3))), (5, Some(NodeId(1)))];
    assert_eq!(node.bench.surroundings.events(), told.map(|(term, vote)| Event::Voted { term, vote }));
}

#[test]
fn what_a_node_has_voted_itself_is_found_again_beside_the_leader_that_it_follows() {
    for own in [2, 3] {
        let node = Node::default();
        let mut logs = node.logs();
        let followed = Vote::new_committed(4, 2);
        node.on(async || logs.save_vote(&Vote::new(4, own)).await).unwrap();
        node.on(async || logs.save_vote(&followed).await).unwrap();
        node.disk.crash();
        let found = || (node.logs().vote(), node.logs().voted());
        assert_eq!(found(), (Some(followed), Some((4, Some(NodeId(own))))));
        let mut again = node.logs();
        node.on(async || again.save_vote(&followed).await).unwrap();
        assert_eq!(
            node.bench.surroundings.events(),
            [Event::Voted { term: 4, vote: Some(NodeId(own)) }],
            "that is no news"
        );
        node.appended(&again, &entries(1..=6, 4));
        node.on(async || again.purge(log_id(4, 4)).await).unwrap();
        node.settle();
        node.disk.crash();
        assert_eq!(found(), (Some(followed), Some((4, Some(NodeId(own))))), "when the log is written anew, too");
    }
}

#[test]
fn entries_are_told_when_they_are_durable_and_before_anybody_is_answered() {
    let node = Node::default();
    let logs = node.logs();
    node.disk.stalls(true);
    let durable = node.append(&logs, &[entry(1, 4)]);
    node.settle();
    assert_eq!(node.bench.surroundings.events(), []);
    node.disk.stalls(false);
    node.bench.block_on(durable).unwrap().unwrap();
    let digest = crc32fast::hash(&[1; 3]);
    assert_eq!(node.bench.surroundings.events(), [Event::Appended { index: 1, term: 4, digest }]);
}

#[test]
fn on_a_disk_that_fails_nothing_becomes_durable_and_nothing_more_is_taken() {
    let node = Node::default();
    let mut logs = node.logs();
    node.disk.fails(true);
    let durable = node.append(&logs, &[entry(1, 1)]);
    assert!(node.bench.block_on(durable).unwrap().is_err());
    node.disk.fails(false);
    assert!(node.on(async || logs.append([entry(2, 1)], IOFlushed::noop()).await).is_err());
    assert!(
        node.on(async || Ok::<_, Error>(open(
            &{
                node.disk.fails(true);
                node.disk.clone()
            },
            &node.config
        )?))
        .is_err()
    );
}

#[test]
fn a_torn_tail_is_cut_off_at_every_length() {
    let node = Node::default();
    node.appended(&node.logs(), &[entry(1, 1)]);
    let sound = node.disk.read(WAL).unwrap().len();
    node.appended(&node.logs(), &[entry(2, 1)]);
    let whole = node.disk.read(WAL).unwrap();
    for length in sound..whole.len() {
        node.disk.corrupt(WAL, |bytes| *bytes = whole[..length].to_vec());
        assert_eq!(node.found(), [entry(1, 1)], "cut at {length} of {}", whole.len());
        assert_eq!(node.disk.read(WAL).unwrap().len(), sound);
    }
}

#[test]
fn a_flipped_bit_in_what_was_durable_is_damage_wherever_it_is() {
    let node = Node::default();
    let logs = node.logs();
    let length = || node.disk.read(WAL).unwrap().len();
    node.appended(&logs, &[entry(1, 1)]);
    let last = length();
    node.appended(&logs, &[entry(2, 1)]);
    for at in 0..last {
        node.disk.corrupt(WAL, |bytes| bytes[at] ^= 1);
        let opened = node.on(async || open(&node.disk, &node.config).map(|_| ()));
        assert_eq!(opened, Err(Error::Damaged), "at {at} of {last}");
        node.disk.corrupt(WAL, |bytes| bytes[at] ^= 1);
    }
    assert_eq!(node.found().len(), 2);
}

#[test]
fn what_nothing_proves_durable_is_known_until_it_is_synced() {
    let node = Node::default();
    let logs = node.logs();
    node.appended(&logs, &[entry(1, 1)]);
    node.appended(&logs, &[entry(2, 1)]);
    let again = node.logs();
    let digest = crc32fast::hash(&[2; 3]);
    assert_eq!(again.unproven(), [Event::Appended { index: 2, term: 1, digest }]);
    let syncs = node.disk.syncs();
    node.on(async || again.sync().await).unwrap();
    assert_eq!(node.disk.syncs(), syncs + 1);
}

#[test]
fn what_was_truncated_stays_so_and_another_entry_takes_its_place() {
    let node = Node::default();
    let mut logs = node.logs();
    node.appended(&logs, &entries(1..=4, 1));
    node.on(async || logs.truncate_after(Some(log_id(2, 1))).await).unwrap();
    node.appended(&logs, &[entry(3, 2)]);
    assert_eq!(node.found(), [entry(1, 1), entry(2, 1), entry(3, 2)]);
}

#[test]
fn a_commit_index_is_durable_with_what_is_synced_after_it() {
    let node = Node::default();
    let mut logs = node.logs();
    node.appended(&logs, &[entry(1, 1)]);
    node.on(async || logs.save_committed(Some(log_id(1, 1))).await).unwrap();
    node.appended(&logs, &[entry(2, 1)]);
    node.disk.crash();
    let committed = node.on(async || node.logs().read_committed().await);
    assert_eq!(committed.unwrap(), Some(log_id(1, 1)));
}

#[test]
fn a_purged_log_is_written_anew_and_goes_on() {
    let node = Node::default();
    let mut logs = node.logs();
    node.appended(&logs, &entries(1..=6, 1));
    node.on(async || logs.save_vote(&Vote::new(1, 1)).await).unwrap();
    node.on(async || logs.purge(log_id(4, 1)).await).unwrap();
    node.settle();
    assert!(node.bench.surroundings.events().contains(&Event::LogCompacted { first: 5 }));
    node.appended(&logs, &[entry(7, 1)]);
    node.disk.crash();
    assert_eq!(node.found(), entries(5..=7, 1));
    assert_eq!(node.logs().vote(), Some(Vote::new(1, 1)));
}

#[test]
fn a_log_is_founded_once_and_is_fresh_until_there_is_a_vote_or_an_entry() {
    let node = Node::default();
    let logs = node.logs();
    logs.found(&founders()).unwrap();
    assert!(logs.is_fresh() && node.logs().is_fresh());
    node.logs().found(&Membership { voters: vec![NodeId(9)], ..Membership::default() }).unwrap();
    let [Entry { log_id: first, payload: Payload::Membership(founded) }] = &node.found()[..] else { panic!() };
    assert_eq!((*first, founded), (log_id(0, 0), &members(&founders())));
    node.appended(&node.logs(), &[entry(1, 1)]);
    assert!(!node.logs().is_fresh());
}

#[test]
fn a_log_knows_its_last_change_when_it_is_opened_again() {
    let node = Node::default();
    let change = Entry { payload: Payload::Membership(members(&founders())), ..entry(2, 1) };
    node.appended(&node.logs(), &[vec![entry(1, 1), change], entries(3..=4, 1)].concat());
    let mut logs = node.logs();
    assert_eq!(logs.last_change(), Some((2, founders())));
    node.on(async || logs.truncate_after(Some(log_id(1, 1))).await).unwrap();
    assert_eq!(logs.last_change(), None);
}

#[test]
fn so_many_entries_are_read_for_a_message_as_fit_into_it_and_one_at_least() {
    let node = Node { config: Config { max_append_bytes: 7, ..config(founders()) }, ..Node::default() };
    let mut logs = node.logs();
    let large = Entry { payload: Payload::Normal(Command(vec![0; 50])), ..entry(4, 1) };
    node.appended(&logs, &[entries(1..=3, 1), vec![large]].concat());
    let mut read = |start| node.on(async || logs.limited_get_log_entries(start, 9).await).unwrap().len();
    assert_eq!((read(1), read(3), read(4)), (2, 1, 1));
}

/// Applies `entries`, and keeps a snapshot of the last index at which one is due.
fn kept(node: &Node, entries: Vec<Entry>) -> (Logs, Machine) {
    let (logs, mut machine) = node.open();
    node.appended(&logs, &entries);
    node.on(async || {
        let stream = futures_util::stream::iter(entries.into_iter().map(|entry| Ok((entry, None))));
        machine.apply(stream).await.unwrap();
        machine.try_create_snapshot_builder(false).await.unwrap().build_snapshot().await.unwrap();
    });
    (logs, machine)
}

#[test]
fn a_snapshot_is_of_the_index_at_which_it_is_due_however_late_it_is_written() {
    let every = NonZeroU64::new(4);
    let node = Node { config: Config { compact_after: every, ..config(founders()) }, ..Node::default() };
    let (_logs, mut machine) = kept(&node, entries(1..=6, 1));
    let snapshot = node.on(async || machine.get_current_snapshot().await).unwrap().unwrap();
    assert_eq!((snapshot.meta.last_log_id, snapshot.snapshot.len()), (Some(log_id(4, 1)), 4));
    node.disk.crash();
    let mut again = node.open().1;
    node.on(async || again.recover().await).unwrap();
    let applied = node.on(async || again.applied_state().await).unwrap();
    assert_eq!(applied, (Some(log_id(4, 1)), StoredMembers::default()));
}

#[test]
fn a_damaged_snapshot_is_damage() {
    let every = NonZeroU64::new(4);
    let node = Node { config: Config { compact_after: every, ..config(founders()) }, ..Node::default() };
    drop(kept(&node, entries(1..=4, 1)));
    node.disk.corrupt("openraft.snapshot", |bytes| bytes[30] ^= 1);
    assert_eq!(node.on(async || open(&node.disk, &node.config).map(|_| ())), Err(Error::Damaged));
}

#[test]
fn a_crash_in_the_middle_of_an_installation_leaves_the_snapshot_and_drops_the_log_that_does_not_fit_it() {
    let every = NonZeroU64::new(4);
    let other = Node { config: Config { compact_after: every, ..config(founders()) }, ..Node::default() };
    let (_logs, mut machine) = kept(&other, entries(1..=4, 3));
    let sent = other.on(async || machine.get_current_snapshot().await).unwrap().unwrap();
    for own in [entries(1..=2, 1), entries(1..=9, 1)] {
        let node = Node::default();
        let (logs, mut machine) = node.open();
        node.appended(&logs, &own);
        node.on(async || machine.install_snapshot(&sent.meta, Arc::clone(&sent.snapshot)).await).unwrap();
        node.disk.crash();
        let (mut logs, _machine) = node.open();
        let state = node.on(async || logs.get_log_state().await).unwrap();
        assert_eq!((state.last_purged_log_id, state.last_log_id), (Some(log_id(4, 3)), Some(log_id(4, 3))));
    }
}

#[test]
fn a_snapshot_of_its_own_does_not_take_the_place_of_a_later_one_of_the_leader() {
    let every = NonZeroU64::new(4);
    let node = Node { config: Config { compact_after: every, ..config(founders()) }, ..Node::default() };
    let (_logs, mut machine) = kept(&node, entries(1..=8, 3));
    let late = node.on(async || machine.get_current_snapshot().await).unwrap().unwrap();
    let other = Node { config: node.config.clone(), ..Node::default() };
    let (logs, mut machine) = other.open();
    other.appended(&logs, &entries(1..=4, 3));
    let built = other.on(async || {
        let stream = futures_util::stream::iter(entries(1..=4, 3).into_iter().map(|entry| Ok((entry, None))));
        machine.apply(stream).await.unwrap();
        let mut builder = machine.try_create_snapshot_builder(false).await.unwrap();
        machine.install_snapshot(&late.meta, Arc::clone(&late.snapshot)).await.unwrap();
        builder.build_snapshot().await.unwrap()
    });
    assert_eq!(built.meta, late.meta);
    let current = other.on(async || machine.get_current_snapshot().await).unwrap().unwrap();
    assert_eq!(current.meta, late.meta);
}
