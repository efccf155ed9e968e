//! Three replicas on raft's own storage in memory, of which the leader proposes a hundred entries a second: the same for every simulator that
//! carries their messages. There are no clients, no disks and no checks.

use protobuf::Message as _;
use raft::eraftpb::{ConfState, Message};
use raft::storage::MemStorage;
use raft::{Config, RawNode, StateRole};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often a replica ticks, and a leader proposes.
pub const TICK: Duration = Duration::from_millis(10);

/// How long a message is under way.
pub const LATENCY: std::ops::Range<Duration> = Duration::from_millis(1)..Duration::from_millis(2);

/// By number.
pub const REPLICAS: std::ops::RangeInclusive<u64> = 1..=3;

/// One replica.
pub struct Replica {
    raft: RawNode<MemStorage>,
    ticks: u64,
    tally: Tally,
}

/// What was done by all. A handle.
#[derive(Clone, Default)]
pub struct Tally {
    sent: Arc<AtomicU64>,
    applied: Arc<AtomicU64>,
}

/// A message on its way: to whom, and in bytes.
pub type Letter = (u64, Vec<u8>);

impl Replica {
    /// A fresh one.
    pub fn new(id: u64, tally: &Tally) -> Self {
        let config = Config {
            id,
            election_tick: 100,
            heartbeat_tick: 10,
            check_quorum: true,
            pre_vote: true,
            max_inflight_msgs: 256,
            max_size_per_msg: 1 << 20,
            ..Config::default()
        };
        let storage = MemStorage::new_with_conf_state(ConfState::from((REPLICAS.collect::<Vec<_>>(), vec![])));
        let logger = slog::Logger::root(slog::Discard, slog::o!());
        let raft = RawNode::new(&config, storage, &logger).expect("a valid configuration");
        Self { raft, ticks: 0, tally: tally.clone() }
    }

    /// A tick has passed. Returns what is to be sent.
    pub fn tick(&mut self) -> Vec<Letter> {
        self.raft.tick();
        self.ticks += 1;
        if self.raft.raft.state == StateRole::Leader {
            self.raft.propose(Vec::new(), self.ticks.to_le_bytes().to_vec()).expect("the leader takes proposals");
        }
        self.drain()
    }

    /// A message has come. Returns what is to be sent.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<Letter> {
        let message = Message::parse_from_bytes(bytes).expect("a message of another replica");
        // One of an earlier term is an error that concerns nobody.
        let _ = self.raft.step(message);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Letter> {
        let (mut messages, mut applied) = (Vec::new(), 0);
        while self.raft.has_ready() {
            let mut ready = self.raft.ready();
            messages.extend(ready.take_messages());
            applied += ready.take_committed_entries().len();
            let mut storage = self.raft.mut_store().wl();
            storage.append(&ready.take_entries()).expect("entries follow the log");
            if let Some(state) = ready.hs() {
                storage.set_hardstate(state.clone());
            }
            drop(storage);
            messages.extend(ready.take_persisted_messages());
            let mut light = self.raft.advance(ready);
            messages.extend(light.take_messages());
            applied += light.take_committed_entries().len();
            self.raft.advance_apply();
        }
        self.tally.sent.fetch_add(messages.len() as u64, Ordering::Relaxed);
        self.tally.applied.fetch_add(applied as u64, Ordering::Relaxed);
        let letter = |message: Message| (message.to, message.write_to_bytes().expect("memory takes all"));
        messages.into_iter().map(letter).collect()
    }
}

/// For how many seconds to simulate: the only argument.
pub fn seconds() -> u64 {
    std::env::args().nth(1).and_then(|argument| argument.parse().ok()).unwrap_or(60)
}

impl Tally {
    /// Tells how fast that was.
    pub fn tell(&self, simulator: &str, begun: Instant) {
        let (sent, applied) = (self.sent.load(Ordering::Relaxed), self.applied.load(Ordering::Relaxed));
        let speed = seconds() as f64 / begun.elapsed().as_secs_f64();
        println!("{simulator:<10} {speed:>5.0} simulated s a s   {sent} messages, {applied} entries applied");
    }
}
