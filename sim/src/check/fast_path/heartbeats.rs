//! Pf2: where nothing is wrong, a leader's heartbeats go out and arrive.
//!
//! **Proves**, over all whole seconds in which nothing has disturbed the cluster for six election timeouts (two after a heal)
//! and one node leads on:
//! - every voter that runs gets at least nine of ten of the heartbeats that the interval gives, each a tick late: a loop that is busy looks
//!   at its clock when it comes to it, and no tick is made up for (`fast/overload`);
//! - no heartbeat finds a queue full, neither where it leaves nor where it arrives.
//!
//! However much is read or written meanwhile: a lease and a leadership that fail under load alone begin here (Pf4;
//! elastickv #1044).
//!
//! **Does not prove** that they are in time (`hit-rate`), nor anything of a network that loses messages of its own accord.
//!
//! **Costs** a counter for each heartbeat.
//!
//! **Seen alive by** `short-queues` (`planted/read-bursts`), its unit tests and `sim/tests/alive.rs`.

use crate::check::prelude::*;

/// Of ten heartbeats that the interval gives, so many must arrive.
const OF_TEN: u128 = 9;

#[derive(Default)]
pub(in crate::check) struct Heartbeats {
    leading: Option<Leading>,
    /// Heartbeats since the leader was last looked at, by receiver.
    lately: BTreeMap<NodeId, u64>,
    /// How many each has got in time that was calm, and how much of that there was.
    got: BTreeMap<NodeId, (u64, Duration)>,
    /// Heartbeats that found a queue full, and the first of them.
    dropped: u64,
    first_dropped: Option<(SimTime, NodeId)>,
}

/// Who leads, and since when without a disturbance or since it was last looked at.
#[derive(Clone, Copy)]
struct Leading {
    node: NodeId,
    term: u64,
    from: SimTime,
}

fn is_calm(now: &Now<'_>, at: SimTime) -> bool {
    now.premises.lossless && now.premises.is_settled(now.nodes.faults.calm_without_transfers(|_| true), at)
}

impl Heartbeats {
    fn begin(&mut self, leading: Option<Leading>) {
        self.leading = leading;
        self.lately.clear();
    }

    /// Something has disturbed the cluster.
    fn begin_anew(&mut self, from: SimTime) {
        self.begin(self.leading.map(|leading| Leading { from, ..leading }));
    }
}

impl Check for Heartbeats {
    fn heartbeat(&mut self, _: &Now<'_>, Arrival { from, to, .. }: Arrival<'_>) -> Option<Finding> {
        if self.leading.is_some_and(|leading| leading.node == from) {
            *self.lately.entry(to).or_default() += 1;
        }
        None
    }

    fn second(&mut self, now: &Now<'_>, node: NodeId, _: Duration) -> Option<Finding> {
        let leading = self.leading.filter(|leading| leading.node == node)?;
        if is_calm(now, leading.from) {
            now.judge();
            let members = now.nodes.members(node);
            for (voter, _) in now.nodes.others(node).filter(|(voter, _)| members.votes(*voter)) {
                let (number, time) = self.got.entry(voter).or_default();
                *number += self.lately.get(&voter).copied().unwrap_or(0);
                *time += now.at.since(leading.from);
            }
        }
        self.begin_anew(now.at);
        None
    }

    fn leads(&mut self, now: &Now<'_>, By { node, state, .. }: By<'_>) -> Option<Finding> {
        let term = state.term;
        if self.leading.is_none_or(|leading| (leading.node, leading.term) != (node, term)) {
            self.begin(Some(Leading { node, term, from: now.at }));
        }
        None
    }

    fn falls(&mut self, _: &Now<'_>, by: By<'_>) -> Option<Finding> {
        if self.leading.is_some_and(|leading| leading.node == by.node) {
            self.begin(None);
        }
        None
    }

    fn queue_full(&mut self, now: &Now<'_>, by: By<'_>, lane: Lane, _: Option<NodeId>) -> Option<Finding> {
        if lane == Lane::Heartbeat && is_calm(now, now.at) {
            self.dropped += 1;
            self.first_dropped.get_or_insert((now.at, by.node));
        }
        None
    }

    fn fault(&mut self, now: &Now<'_>, _: &Fault) -> Option<Finding> {
        self.begin_anew(now.at);
        None
    }

    fn transfer_started(&mut self, now: &Now<'_>, _: By<'_>, _: NodeId) -> Option<Finding> {
        self.begin_anew(now.at);
        None
    }

    fn transfer_aborted(&mut self, now: &Now<'_>, _: By<'_>) -> Option<Finding> {
        self.begin_anew(now.at);
        None
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        let dropped = self.first_dropped.map(|(at, node)| {
            let times = counted(self.dropped, "heartbeat");
            let message = format!("{times} found a queue full where nothing was wrong, the first at {node}");
            Finding { at, ..now.bare_finding(message, Vec::new()) }
        });
        let interval = (now.premises.heartbeat + now.premises.tick).as_nanos().max(1);
        let few = self.got.iter().map(|(voter, (number, time))| (voter, *number, *time, time.as_nanos() / interval));
        let few = few.filter(|(_, number, _, due)| u128::from(number + 1) * 10 < due * OF_TEN);
        let few = few.map(|(voter, number, time, due)| {
            let [number, due] = [number, u64::try_from(due).unwrap_or(u64::MAX)].map(count);
            let message = format!(
                "{voter} got {number} heartbeats in {} in which nothing was wrong, where {due} were due",
                duration(time)
            );
            now.bare_finding(message, Vec::new())
        });
        dropped.into_iter().chain(few).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, head};
    use crate::history::FaultPhase::Activated;
    use crate::words::{MessageKind, Verb};
    use leasehold::observe::Event;

    fn second(events: Events, from: u64, every: usize) -> Events {
        let beats = (from..from + 1_000).step_by(every);
        let beats = beats.fold(events, |events, at| {
            let beat = |events: Events, to| events.arrives(at, (1, to), MessageKind::Heartbeat, head(4, 0, 0));
            beat(beat(events, 2), 3)
        });
        beats.busy(from + 1_000, 1, Duration::ZERO)
    }

    /// n1 leads; a heartbeat is due every 100 ms; it is calm from 12.6 s on.
    fn led() -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        started.leads(900, 1, 4).busy(20_000, 1, Duration::ZERO)
    }

    fn judged(events: &Events) -> (Vec<String>, u64) {
        let (findings, evaluated) = events.judged_by("heartbeats", 60_000);
        (findings.into_iter().map(|finding| finding.message).collect(), evaluated)
    }

    fn beaten(every: usize) -> Events {
        (20..25).fold(led(), |events, at| second(events, at * 1_000, every))
    }

    #[test]
    fn nine_of_ten_that_are_due_must_arrive() {
        assert_eq!(judged(&beaten(100)), (Vec::new(), 5));
        assert_eq!(
            judged(&beaten(200)).0,
            Vec::<String>::new(),
            "each a tick late, which is as long as the interval here"
        );
        let (findings, _) = judged(&beaten(500));
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0], "n2 got 10 heartbeats in 5s in which nothing was wrong, where 25 were due");
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
