//! What simulation costs on top of Raft itself.
//!
//! Three nodes replicate writes, once in the simulated world (no clients, no checks; clocks, links, disks and the engine's own loop
//! are there) and once in a bare loop that steps three `RawNode`s by hand. Both print microseconds a message; the last line is
//! their ratio, which is what to watch: it does not depend on the machine.

use leasehold::env::GroupId;
use leasehold::routes::Routes;
use leasehold::store::Command;
use leasehold_sim::cluster::{Cluster, Plan, Recorder, SimWorld, founders};
use leasehold_sim::history::{History, Keep};
use leasehold_sim::mutant::DEFAULT;
use leasehold_sim::scenario;
use leasehold_sim::time::SimTime;
use leasehold_sim::world::executor;
use raft::eraftpb::{ConfState, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};
use std::path::Path;
use std::sync::Arc;
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
    let rounds = (0..ROUNDS).map(|_| {
        let (messages, simulated) = simulated();
        let bare = bare(messages);
        (messages, simulated.as_secs_f64() * 1e6 / messages as f64, bare.as_secs_f64() * 1e6 / messages as f64)
    });
    let mut rounds: Vec<(u64, f64, f64)> = rounds.collect();
    rounds.sort_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
    let (messages, simulated, bare) = rounds[ROUNDS / 2];
    println!("messages        {messages}");
    println!("simulated world {simulated:.3} us a message, {:.2} M messages a second", 1.0 / simulated);
    println!("bare loop       {bare:.3} us a message, {:.2} M messages a second", 1.0 / bare);
    println!("ratio           {:.2} (median of {ROUNDS} rounds)", simulated / bare);
}

/// Replicates writes in the simulated world; returns the messages delivered and the time that took.
fn simulated() -> (u64, Duration) {
    let run = || {
        let scenario = Arc::new(scenario::parse(Path::new("traffic.toml"), SCENARIO).expect("a valid scenario"));
        let history = History::new(Keep::Nothing, Vec::new());
        let recorder = Arc::new(Recorder::new(history, founders(&scenario), &[]));
        let world = SimWorld::new(1);
        executor::run(1, || {
            let plan = Plan { scenario, assembly: &DEFAULT, routes: Routes::all_to(GroupId::FIRST), leak: false };
            let cluster = Cluster::build(world.clone(), Arc::clone(&recorder), plan);
            world.run(SimTime::at(Duration::from_secs(3)), || false);
            let leader = cluster.replicas().of(GroupId::FIRST).leader().expect("three healthy nodes elect a leader");
            for writer in 0..IN_FLIGHT {
                cluster.on_node(leader, |node| async move {
                    let command = Command::Put { key: format!("k{writer}"), value: vec![0; 8] }.encode();
                    while node.engine(GroupId::FIRST).propose(command.clone()).await.is_ok() {}
                });
            }
            world.run(SimTime::at(Duration::from_millis(3200)), || false);
            let past = recorder.close();
            world.dissolve();
            past.messages
        })
    };
    // Inside, the clock is madsim's. The three idle seconds of the election are a thousandth of the whole.
    let begun = now();
    let messages = std::thread::Builder::new().spawn(run).expect("a thread").join().expect("the run ends well");
    (messages, begun.elapsed())
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Steps three nodes by hand until as many messages have been delivered.
fn bare(messages: u64) -> Duration {
    let mut nodes: Vec<_> = (1..=3).map(bare_node).collect();
    nodes[0].campaign().expect("a voter may campaign");
    let mut inbox: Vec<Message> = Vec::new();
    let mut delivered = 0;
    let begun = now();
    while delivered < messages {
        for message in std::mem::take(&mut inbox) {
            delivered += 1;
            let node = &mut nodes[message.to as usize - 1];
            let _ = node.step(message);
            drain(node, &mut inbox);
        }
        if nodes[0].raft.state == StateRole::Leader && inbox.is_empty() {
            for _ in 0..IN_FLIGHT {
                nodes[0].propose(Vec::new(), vec![0; 16]).expect("the leader takes proposals");
                drain(&mut nodes[0], &mut inbox);
            }
        }
        for node in &mut nodes {
            drain(node, &mut inbox);
        }
    }
    begun.elapsed()
}

fn bare_node(id: u64) -> RawNode<MemStorage> {
    let storage = MemStorage::new_with_conf_state(ConfState::from((vec![1, 2, 3], vec![])));
    let config = Config { id, max_size_per_msg: 1 << 20, max_inflight_msgs: 1024, ..Default::default() };
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
