//! What simulation costs on top of Raft itself.
//!
//! Three nodes replicate writes, once in the simulated world (no clients, no checks; clocks, links, disks and the engine's own loop
//! are there) and once in a bare loop that steps three `RawNode`s by hand. How many writes go in one append in the world is counted, and
//! as many go in one in the bare loop. Both print microseconds a committed entry and a message; the last line is the ratio of the former,
//! which is what to watch: it does not depend on the machine, and a message more or less for the same entries does not move it.

use leasehold::env::GroupId;
use leasehold::routes::Routes;
use leasehold::store::Command;
use leasehold_sim::cluster::{Cluster, Plan, Recorder, SimWorld, founders};
use leasehold_sim::history::{Fate, History, Keep, Observer, Record, What};
use leasehold_sim::mutant::DEFAULT;
use leasehold_sim::scenario;
use leasehold_sim::time::SimTime;
use leasehold_sim::world::executor;
use raft::eraftpb::{ConfState, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Writes under way at any moment.
const IN_FLIGHT: usize = 32;

/// Measured rounds; the median is printed.
const ROUNDS: usize = 5;

const SCENARIO: &str = r#"
name = "traffic"
until = "6s"
[cluster]
network = "loopback"
disk = "instant"
[cluster.cpu]
costs = { request = "0ms", read = "0ms", script-read = "0ms", step = "0ms", propose = "0ms", apply = "0ms" }
[[workload]]
kind = "kv"
clients = 1
"#;

fn main() {
    let mut rounds: Vec<(Traffic, Traffic)> = (0..ROUNDS)
        .map(|_| {
            let simulated = simulated();
            let bare = bare(simulated.entries, simulated.batch());
            (simulated, bare)
        })
        .collect();
    let ratio = |(simulated, bare): &(Traffic, Traffic)| simulated.an_entry() / bare.an_entry();
    rounds.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let median = &rounds[ROUNDS / 2];
    median.0.print("simulated world");
    median.1.print("bare loop");
    println!("ratio            {:.2} an entry (median of {ROUNDS} rounds)", ratio(median));
}

/// What was replicated, and the time that took.
#[derive(Default)]
struct Traffic {
    /// Entries committed.
    entries: u64,
    /// Messages delivered.
    messages: u64,
    /// Of them, appends that carry entries.
    appends: u64,
    /// Entries that these carry.
    carried: u64,
    took: Duration,
}

impl Traffic {
    /// Entries in an append, in the mean.
    fn batch(&self) -> u64 {
        (self.carried as f64 / self.appends as f64).round() as u64
    }

    /// Microseconds a committed entry.
    fn an_entry(&self) -> f64 {
        self.took.as_secs_f64() * 1e6 / self.entries as f64
    }

    fn print(&self, what: &str) {
        println!(
            "{what:<16} {:.3} us an entry, {:.3} us a message: {} entries in {} messages, {} to an append",
            self.an_entry(),
            self.took.as_secs_f64() * 1e6 / self.messages as f64,
            self.entries,
            self.messages,
            self.batch(),
        );
    }
}

/// Counts appends that carry entries, and these.
struct Appends(Arc<[AtomicU64; 2]>);

impl Observer for Appends {
    fn record(&mut self, record: &Record) -> bool {
        if let What::Message { fate: Fate::Delivered, head, .. } = &record.what
            && head.entries > 0
        {
            self.0[0].fetch_add(1, Ordering::Relaxed);
            self.0[1].fetch_add(head.entries, Ordering::Relaxed);
        }
        true
    }
}

/// Replicates writes in the simulated world.
fn simulated() -> Traffic {
    let run = || {
        let scenario = Arc::new(scenario::parse(Path::new("traffic.toml"), SCENARIO).expect("a valid scenario"));
        let appends = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let history = History::new(Keep::Nothing, vec![Box::new(Appends(Arc::clone(&appends)))]);
        let recorder = Arc::new(Recorder::new(history, founders(&scenario), &[]));
        let world = SimWorld::new(1);
        executor::run(1, || {
            let plan = Plan { scenario, assembly: &DEFAULT, routes: Routes::all_to(GroupId::FIRST), leak: false };
            let cluster = Cluster::build(world.clone(), Arc::clone(&recorder), plan);
            world.run(SimTime::at(Duration::from_secs(3)), || false);
            let leader = cluster.replicas().of(GroupId::FIRST).leader().expect("three healthy nodes elect a leader");
            let committed = Arc::new(AtomicU64::new(0));
            for writer in 0..IN_FLIGHT {
                let committed = Arc::clone(&committed);
                cluster.on_node(leader, |node| async move {
                    let command = Command::Put { key: format!("k{writer}"), value: vec![0; 8] }.encode();
                    while node.engine(GroupId::FIRST).propose(command.clone()).await.is_ok() {
                        committed.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            world.run(SimTime::at(Duration::from_millis(3200)), || false);
            let past = recorder.close();
            world.dissolve();
            let [appends, carried] = [&appends[0], &appends[1]].map(|count| count.load(Ordering::Relaxed));
            Traffic {
                entries: committed.load(Ordering::Relaxed),
                messages: past.messages,
                appends,
                carried,
                took: Duration::ZERO,
            }
        })
    };
    // Inside, the clock is madsim's. The three idle seconds of the election are a thousandth of the whole.
    let begun = now();
    let traffic = std::thread::Builder::new().spawn(run).expect("a thread").join().expect("the run ends well");
    Traffic { took: begun.elapsed(), ..traffic }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Steps three nodes by hand until as many entries are committed, `batch` of them to an append.
fn bare(entries: u64, batch: u64) -> Traffic {
    let mut nodes: Vec<_> = (1..=3).map(bare_node).collect();
    nodes[0].campaign().expect("a voter may campaign");
    let mut inbox: Vec<Message> = Vec::new();
    let mut traffic = Traffic::default();
    let begun = now();
    while nodes[0].raft.raft_log.committed < entries {
        for message in std::mem::take(&mut inbox) {
            traffic.messages += 1;
            traffic.appends += u64::from(!message.entries.is_empty());
            traffic.carried += message.entries.len() as u64;
            let node = &mut nodes[message.to as usize - 1];
            let _ = node.step(message);
            drain(node, &mut inbox);
        }
        if nodes[0].raft.state == StateRole::Leader && inbox.is_empty() {
            for _ in 0..(IN_FLIGHT as u64 / batch).max(1) {
                for _ in 0..batch {
                    nodes[0].propose(Vec::new(), vec![0; 16]).expect("the leader takes proposals");
                }
                drain(&mut nodes[0], &mut inbox);
            }
        }
        for node in &mut nodes {
            drain(node, &mut inbox);
        }
    }
    traffic.took = begun.elapsed();
    traffic.entries = nodes[0].raft.raft_log.committed;
    traffic
}

fn bare_node(id: u64) -> RawNode<MemStorage> {
    let storage = MemStorage::new_with_conf_state(ConfState::from((vec![1, 2, 3], vec![])));
    let config =
        Config { id, max_size_per_msg: 1 << 20, max_inflight_msgs: 1024, batch_append: true, ..Default::default() };
    let logger = slog::Logger::root(slog::Discard, slog::o!());
    RawNode::new(&config, storage, &logger).expect("a valid configuration")
}

fn drain(node: &mut RawNode<MemStorage>, out: &mut Vec<Message>) {
    while node.has_ready() {
        let mut ready = node.ready();
        out.extend(ready.take_messages());
        let mut storage = node.mut_store().wl();
        storage.append(&ready.take_entries()).expect("entries follow the log");
        if let Some(state) = ready.hs() {
            storage.set_hardstate(state.clone());
        }
        drop(storage);
        out.extend(ready.take_persisted_messages());
        let mut light = node.advance(ready);
        out.extend(light.take_messages());
        node.advance_apply();
    }
}
