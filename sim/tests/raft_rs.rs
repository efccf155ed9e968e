//! What the crate `raft` does by itself, without anything of ours around it: the findings of `scenarios/findings` about
//! raft-rs, on its own program. Three or fewer nodes in memory; a message is delivered at once, or lost where its link is cut;
//! a tick is a tick for all.

use raft::eraftpb::{ConfChange, ConfChangeType, EntryType, Message, MessageType};
use raft::storage::MemStorage;
use raft::{Config, RawNode, ReadOnlyOption, ReadState, StateRole};
use std::collections::{BTreeMap, BTreeSet};

/// Ticks of an election timeout.
const ELECTION: usize = 10;

struct Group {
    nodes: BTreeMap<u64, RawNode<MemStorage>>,
    /// From, to: what is sent here is lost.
    cut: BTreeSet<(u64, u64)>,
    /// What has been answered to reads, by node.
    confirmed: BTreeMap<u64, Vec<ReadState>>,
    /// Messages of this kind wait here until they are released.
    held: Option<(MessageType, Vec<Message>)>,
}

impl Group {
    /// Node 1 leads these nodes, and has committed an entry of its term.
    fn led_by_one(size: u64, reads: ReadOnlyOption) -> Self {
        let voters: Vec<u64> = (1..=size).collect();
        let node = |id: u64| {
            let storage = MemStorage::new_with_conf_state((voters.clone(), Vec::new()));
            let config = Config {
                id,
                election_tick: ELECTION,
                heartbeat_tick: 1,
                // Distinct, so that it does not matter what raft draws: the higher a node's number, the later it stands.
                min_election_tick: ELECTION + id as usize,
                max_election_tick: ELECTION + id as usize + 1,
                check_quorum: true,
                pre_vote: true,
                read_only_option: reads,
                max_inflight_msgs: 256,
                max_size_per_msg: 1 << 20,
                ..Config::default()
            };
            let logger = slog::Logger::root(slog::Discard, slog::o!());
            (id, RawNode::new(&config, storage, &logger).expect("a valid configuration"))
        };
        let nodes = voters.iter().map(|id| node(*id)).collect();
        let mut group = Self { nodes, cut: BTreeSet::new(), confirmed: BTreeMap::new(), held: None };
        group.node(1).campaign().expect("a follower may");
        group.settle();
        assert!(group.leads(1));
        group
    }

    fn node(&mut self, id: u64) -> &mut RawNode<MemStorage> {
        self.nodes.get_mut(&id).expect("a node of the group")
    }

    fn leads(&self, id: u64) -> bool {
        self.nodes[&id].raft.state == StateRole::Leader
    }

    /// A tick of every node, and all that comes of it.
    fn tick(&mut self) {
        let ids: Vec<u64> = self.nodes.keys().copied().collect();
        ids.into_iter().for_each(|id| {
            self.node(id).tick();
        });
        self.settle();
    }

    fn ticks(&mut self, number: usize) {
        (0..number).for_each(|_| self.tick());
    }

    /// Both ways.
    fn cut_off(&mut self, id: u64) {
        let others: Vec<u64> = self.nodes.keys().copied().filter(|other| *other != id).collect();
        self.cut.extend(others.iter().flat_map(|other| [(id, *other), (*other, id)]));
    }

    /// Persists, applies and delivers until nothing is left to do.
    fn settle(&mut self) {
        loop {
            let ids: Vec<u64> = self.nodes.keys().copied().collect();
            let messages: Vec<Message> = ids.into_iter().flat_map(|id| self.ready(id)).collect();
            if messages.is_empty() {
                return;
            }
            messages.into_iter().for_each(|message| self.deliver(message));
        }
    }

    fn deliver(&mut self, message: Message) {
        if let Some((kind, held)) = &mut self.held
            && message.msg_type == *kind
        {
            held.push(message);
            return;
        }
        if !self.cut.contains(&(message.from, message.to)) {
            // A message that concerns the receiver no longer is an error of no consequence.
            let _ = self.node(message.to).step(message);
        }
    }

    fn release(&mut self) {
        let (_, held) = self.held.take().expect("something is held");
        held.into_iter().for_each(|message| self.deliver(message));
        self.settle();
    }

    fn ready(&mut self, id: u64) -> Vec<Message> {
        let mut sent = Vec::new();
        while self.node(id).has_ready() {
            let mut ready = self.node(id).ready();
            sent.extend(ready.take_messages());
            self.confirmed.entry(id).or_default().extend(ready.take_read_states());
            let store = self.node(id).raft.raft_log.store.clone();
            store.wl().append(ready.entries()).expect("entries in order");
            if let Some(state) = ready.hs() {
                store.wl().set_hardstate(state.clone());
            }
            sent.extend(ready.take_persisted_messages());
            let mut applied = ready.take_committed_entries();
            let mut light = self.node(id).advance(ready);
            sent.extend(light.take_messages());
            applied.extend(light.take_committed_entries());
            for _ in applied.iter().filter(|entry| entry.entry_type == EntryType::EntryConfChange) {
                let state = self.node(id).apply_conf_change(&removal_of_one()).expect("a change that makes sense");
                store.wl().set_conf_state(state);
            }
            self.node(id).advance_apply();
        }
        sent
    }

    /// Writes at `id`; returns the index if it was committed there.
    fn write(&mut self, id: u64) -> Option<u64> {
        self.node(id).propose(Vec::new(), b"x".to_vec()).ok()?;
        let index = self.nodes[&id].raft.raft_log.last_index();
        self.settle();
        (self.nodes[&id].raft.raft_log.committed >= index).then_some(index)
    }

    /// Asks `id` to confirm a read under `context`; returns what it has confirmed by then, all told.
    fn read(&mut self, id: u64, context: &[u8]) -> &[ReadState] {
        self.node(id).read_index(context.to_vec());
        self.settle();
        self.confirmed.entry(id).or_default()
    }

    /// Does `id` confirm a read at an index below `written`?
    fn reads_stale(&mut self, id: u64, written: u64) -> bool {
        self.read(id, b"stale?").last().is_some_and(|state| state.request_ctx == b"stale?" && state.index < written)
    }
}

/// The only change of membership that is ever proposed here.
fn removal_of_one() -> ConfChange {
    let mut change = ConfChange::default();
    change.set_change_type(ConfChangeType::RemoveNode);
    change.node_id = 1;
    change
}

#[test]
fn a_lease_based_read_is_stale_after_a_successor_was_elected_and_before_check_quorum_deposes() {
    let mut group = Group::led_by_one(3, ReadOnlyOption::LeaseBased);
    // Up to the tick at which the leader has just counted its quorum, and one more to hear it again.
    while group.nodes[&1].raft.election_elapsed != 1 {
        group.tick();
    }
    group.cut_off(1);
    let mut since = 0;
    while !group.leads(2) {
        group.tick();
        since += 1;
    }
    let written = group.write(2).expect("two of three commit");
    assert!(group.leads(1), "after {since} ticks, {ELECTION} being an election timeout");
    assert!(group.reads_stale(1, written));
    group.ticks(ELECTION);
    assert!(!group.leads(1));
}

#[test]
fn transfers_to_one_target_and_another_keep_check_quorum_from_deposing_a_leader_that_hears_nobody() {
    let mut group = Group::led_by_one(3, ReadOnlyOption::LeaseBased);
    group.cut_off(1);
    for _ in 0..50 {
        group.node(1).transfer_leader(2);
        group.ticks(ELECTION / 2);
        group.node(1).transfer_leader(3);
        group.ticks(ELECTION / 2);
    }
    assert!(group.leads(1), "for fifty election timeouts");
    let written = group.write(2).expect("two of three commit");
    assert!(group.reads_stale(1, written));
}

#[test]
fn one_transfer_alone_does_not() {
    let mut group = Group::led_by_one(3, ReadOnlyOption::LeaseBased);
    group.cut_off(1);
    group.node(1).transfer_leader(2);
    group.ticks(3 * ELECTION);
    assert!(!group.leads(1));
}

#[test]
fn timeout_now_is_obeyed_after_its_transfer_was_given_up() {
    let mut group = Group::led_by_one(3, ReadOnlyOption::LeaseBased);
    group.held = Some((MessageType::MsgTimeoutNow, Vec::new()));
    group.node(1).transfer_leader(2);
    group.ticks(2 * ELECTION);
    assert_eq!(group.nodes[&1].raft.lead_transferee, None);
    group.write(1).expect("the leader leads on");
    // It does not hear the others; they hear it, and have a moment ago.
    group.cut.extend([(2, 1), (3, 1)]);
    group.release();
    assert!(group.leads(2));
    let written = group.write(2).expect("two of three commit");
    assert!(group.leads(1) && group.reads_stale(1, written));
}

#[test]
fn a_leader_that_is_removed_and_leaves_one_voter_confirms_reads_alone() {
    let mut group = Group::led_by_one(2, ReadOnlyOption::Safe);
    while group.nodes[&1].raft.election_elapsed != 1 {
        group.tick();
    }
    group.node(1).propose_conf_change(Vec::new(), removal_of_one()).expect("a leader may");
    group.settle();
    group.tick();
    assert!(group.leads(1), "raft leaves it to lead");
    group.cut_off(1);
    while !group.leads(2) {
        group.tick();
    }
    let written = group.write(2).expect("the only voter commits");
    assert!(group.leads(1) && group.reads_stale(1, written), "by ReadIndex, not LeaseBased");
}

#[test]
fn a_read_under_a_context_that_is_pending_is_swallowed() {
    let mut group = Group::led_by_one(3, ReadOnlyOption::Safe);
    group.cut.extend([(2, 1), (3, 1)]);
    assert!(group.read(1, b"the same").is_empty());
    assert!(group.read(1, b"the same").is_empty());
    assert_eq!(group.nodes[&1].raft.pending_read_count(), 1, "one of two is known");
    group.cut.clear();
    group.ticks(2);
    assert_eq!(group.confirmed[&1].len(), 1, "two have asked, one is answered");
}

#[test]
fn who_asks_under_a_pending_context_gets_an_index_from_before_it_asked() {
    let mut group = Group::led_by_one(3, ReadOnlyOption::Safe);
    // What answers heartbeats is lost, what answers appends is not: nothing is confirmed, and writes commit.
    group.held = Some((MessageType::MsgHeartbeatResponse, Vec::new()));
    group.read(1, b"the same");
    let written = group.write(1).expect("appends are answered");
    group.read(1, b"the same");
    group.release();
    let answers = &group.confirmed[&1];
    assert_eq!(answers.len(), 1);
    assert!(answers[0].index < written, "the second asked after the write, which it is not to see");
}
