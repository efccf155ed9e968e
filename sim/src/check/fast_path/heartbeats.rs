//! Pf2: where nothing is wrong, a leader's heartbeats go out and arrive.
//!
//! **Proves**, over all whole seconds in which nothing has disturbed the cluster for six election timeouts (two after a heal)
//! and one node leads on:
//! - every voter that runs gets at least nine of ten of the heartbeats that the interval gives;
//! - no heartbeat finds a queue full, neither where it leaves nor where it arrives.
//!
//! However much is read or written meanwhile: a lease and a leadership that fail under load alone begin here (Pf4;
//! elastickv #1044).
//!
//! **Does not prove** that they are in time (`hit-rate`), nor anything of a network that loses messages of its own accord.
//!
//! **Costs** a comparison for each message between nodes, and a counter for each heartbeat.
//!
//! **Seen alive by** `short-queues` (`planted/read-bursts`), `failed-engine-goes-unnoticed` (`planted/failed-disks`), where
//! `recovers` speaks first, its unit tests and `sim/tests/alive.rs`.

use crate::check::{Check, CheckInfo, Finding, Kind, Premises, words};
use crate::history::{Fate, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::View;
use crate::words::Says;
use leasehold::env::{Address, Lane, NodeId, ReplicaId};
use leasehold::observe::{Event, Role};
use std::collections::BTreeMap;
use std::time::Duration;

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "heartbeats",
    Class::Expectation,
    "where nothing is wrong, a leader's heartbeats go out and arrive, whatever the load",
    "lease-bugs.md Pf2, Pf4; elastickv #1044",
);

/// Of ten heartbeats that the interval gives, so many must arrive.
const OF_TEN: u128 = 9;

/// The check.
pub(in crate::check) struct Heartbeats {
    premises: Premises,
    leading: Option<Leading>,
    /// Heartbeats since the leader was last looked at, by receiver.
    lately: BTreeMap<NodeId, u64>,
    /// How many each has got in time that was calm, and how much of that there was.
    got: BTreeMap<NodeId, (u64, Duration)>,
    /// Heartbeats that found a queue full, and the first of them.
    dropped: u64,
    first_dropped: Option<(SimTime, NodeId)>,
    evaluated: u64,
}

/// Who leads, and since when without a disturbance or since it was last looked at.
#[derive(Clone, Copy)]
struct Leading {
    node: NodeId,
    term: u64,
    from: SimTime,
}

impl Heartbeats {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self {
            premises: premises.clone(),
            leading: None,
            lately: BTreeMap::new(),
            got: BTreeMap::new(),
            dropped: 0,
            first_dropped: None,
            evaluated: 0,
        }
    }

    fn is_calm(&self, at: SimTime, nodes: &View) -> bool {
        self.premises.lossless && self.premises.is_settled(nodes.faults.calm_without_transfers(|_| true), at)
    }

    fn told(
        &mut self,
        at: SimTime,
        StackRecord { replica: ReplicaId { node, .. }, event, .. }: &StackRecord,
        nodes: &View,
    ) {
        match *event {
            Event::Role { role: Role::Leader, term, .. } => {
                let leads_on = self.leading.is_some_and(|leading| (leading.node, leading.term) == (*node, term));
                if !leads_on {
                    self.begin(Some(Leading { node: *node, term, from: at }));
                }
            }
            Event::Role { .. } | Event::Stopped { .. } if self.leading.is_some_and(|leading| leading.node == *node) => {
                self.begin(None);
            }
            Event::LaneFull { lane: Lane::Heartbeat, .. } | Event::InboxFull { lane: Lane::Heartbeat }
                if self.is_calm(at, nodes) =>
            {
                self.dropped += 1;
                self.first_dropped.get_or_insert((at, *node));
            }
            _ => {}
        }
    }

    fn begin(&mut self, leading: Option<Leading>) {
        self.leading = leading;
        self.lately.clear();
    }

    /// Something has disturbed the cluster.
    fn begin_anew(&mut self, at: SimTime) {
        self.begin(self.leading.map(|leading| Leading { from: at, ..leading }));
    }

    /// Once a second.
    fn look(&mut self, at: SimTime, nodes: &View) {
        let Some(leading) = self.leading else { return };
        if self.is_calm(leading.from, nodes) {
            self.evaluated += 1;
            let members = nodes.members(leading.node);
            let others = nodes.iter().map(|(node, _)| node);
            for voter in others.filter(|node| *node != leading.node && members.votes(*node)) {
                let (number, time) = self.got.entry(voter).or_default();
                *number += self.lately.get(&voter).copied().unwrap_or(0);
                *time += at.since(leading.from);
            }
        }
        self.begin(Some(Leading { from: at, ..leading }));
    }

    fn too_few(&self, end: SimTime) -> impl Iterator<Item = Finding> {
        let interval = self.premises.heartbeat.as_nanos().max(1);
        let few = self
            .got
            .iter()
            .filter(move |(_, (number, time))| u128::from(*number + 1) * 10 < time.as_nanos() / interval * OF_TEN);
        few.map(move |(voter, (number, time))| {
            let due = u64::try_from(time.as_nanos() / interval).unwrap_or(u64::MAX);
            let [number, due] = [*number, due].map(words::count);
            let message = format!(
                "{voter} got {number} heartbeats in {} in which nothing was wrong, where {due} were due",
                words::duration(*time)
            );
            INFO.finding(end, message, Vec::new())
        })
    }
}

impl Check for Heartbeats {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Told, Kind::BetweenNodes, Kind::Fault, Kind::Cpu]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Message { from, to: Address::Node(to), fate: Fate::Delivered, kind, .. }
                if kind.says() == Says::Beats
                    && self.leading.is_some_and(|leading| *from == Address::Node(leading.node)) =>
            {
                *self.lately.entry(*to).or_default() += 1;
            }
            What::Cpu { node, .. } if self.leading.is_some_and(|leading| leading.node == *node) => {
                self.look(record.at, nodes);
            }
            What::Fault(_) => self.begin_anew(record.at),
            What::Stack(told) => {
                if matches!(told.event, Event::TransferStarted { .. } | Event::TransferAborted { .. }) {
                    self.begin_anew(record.at);
                }
                self.told(record.at, told, nodes);
            }
            _ => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        let dropped = self.first_dropped.map(|(at, node)| {
            let times = words::several(self.dropped, "heartbeat");
            let message = format!("{times} found a queue full where nothing was wrong, the first at {node}");
            INFO.finding(at, message, Vec::new())
        });
        dropped.into_iter().chain(self.too_few(end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, head, ms};
    use crate::history::FaultPhase::Activated;
    use crate::words::{MessageKind, Verb};

    fn second(events: Events, from: u64, every: usize) -> Events {
        let beats = (from..from + 1_000).step_by(every);
        let beats = beats.fold(events, |events, at| {
            let beat = |events: Events, to| events.arrives(at, (1, to), MessageKind::Heartbeat, head(4, 0, 0));
            beat(beat(events, 2), 3)
        });
        beats.push(from + 1_000, What::Cpu { node: NodeId(1), busy: Duration::ZERO })
    }

    /// n1 leads; a heartbeat is due every 100 ms; it is calm from 12.6 s on.
    fn led() -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        started.leads(900, 1, 4).push(20_000, What::Cpu { node: NodeId(1), busy: Duration::ZERO })
    }

    fn judged(events: &Events) -> (Vec<String>, u64) {
        let mut check = Heartbeats::new(&Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "Pf2 is judged at the end");
        let findings = check.finish(ms(60_000));
        (findings.into_iter().map(|finding| finding.message).collect(), check.evaluated())
    }

    fn beaten(every: usize) -> Events {
        (20..25).fold(led(), |events, at| second(events, at * 1_000, every))
    }

    #[test]
    fn nine_of_ten_that_are_due_must_arrive() {
        assert_eq!(judged(&beaten(100)), (Vec::new(), 5));
        assert_eq!(judged(&beaten(110)).0, Vec::<String>::new());
        let (findings, _) = judged(&beaten(200));
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0], "n2 got 25 heartbeats in 5s in which nothing was wrong, where 50 were due");
    }

    #[test]
    fn a_fault_is_a_reason_for_silence() {
        let cut = led().fault(20_001, 0, Verb::Partition, Activated);
        assert_eq!(judged(&second(cut, 20_001, 900)), (Vec::new(), 0));
    }

    #[test]
    fn a_heartbeat_never_finds_a_queue_full() {
        let full = |at, lane| led().event(at, 1, Event::LaneFull { to: NodeId(2), lane });
        let (findings, _) = judged(&full(20_500, Lane::Heartbeat));
        assert_eq!(findings, ["1 heartbeat found a queue full where nothing was wrong, the first at n1"]);
        assert_eq!(judged(&full(20_500, Lane::Bulk)).0, Vec::<String>::new());
        assert_eq!(judged(&full(5_000, Lane::Heartbeat)).0, Vec::<String>::new(), "not calm for long enough");
    }
}
