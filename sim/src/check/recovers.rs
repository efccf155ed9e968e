//! L2: after the last fault there is a leader again.
//!
//! **Proves** that whenever no fault is in force any more, within six of the longest election timeouts some node leads the latest term that
//! anybody leads, has applied an entry of it, and has been answered in it, after the fault, by so many as make a quorum with itself: by
//! nobody, where its vote is the only one. No client is needed to see that. A fault that begins before makes it void. How soon clients are served is for the scenario to bound
//! (`recovery`).
//!
//! **Does not prove** that nodes which follow have caught up, nor anything while a fault is in force.
//!
//! **Costs** a look at each answer to a leader, while one is awaited, and at what leaders apply first.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`. Not tried yet, worth planting: a follower that never stands for election (`fast/restart`).

use super::nodes::{NodeState, Nodes};
use super::troubles::{Change, Troubles};
use super::{Check, CheckInfo, Finding, Kind, Premises, STORY, words};
use crate::history::{Fate, ProcessChange, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use leasehold::env::{Address, NodeId};
use leasehold::observe::{Event, Role};
use std::collections::BTreeSet;

pub(super) const INFO: CheckInfo = CheckInfo::new(
    "recovers",
    Class::Liveness,
    "after the last fault a quorum follows a leader that has committed, within six election timeouts",
    "lease-bugs.md L2, B2",
);

/// The check.
pub(super) struct Recovers {
    premises: Premises,
    troubles: Troubles,
    awaited: Option<Awaited>,
    late: Option<Finding>,
    evaluated: u64,
}

/// A leader is awaited since the last fault ended.
struct Awaited {
    since: SimTime,
    /// Who has answered which leader in which term.
    answered: BTreeSet<(NodeId, u64, NodeId)>,
    /// What the nodes were up to when time was out.
    late: Option<Finding>,
}

impl Recovers {
    pub(super) fn new(premises: Premises) -> Self {
        Self { premises, troubles: Troubles::default(), awaited: None, late: None, evaluated: 0 }
    }

    fn answered(&mut self, at: SimTime, leader: NodeId, term: u64, voter: NodeId, nodes: &Nodes) {
        let Some(awaited) = &mut self.awaited else { return };
        awaited.answered.insert((leader, term, voter));
        self.look_at(at, leader, term, nodes);
    }

    /// Leaders for whom nothing is left to be answered: those whose vote is the only one.
    fn look_at_leaders(&mut self, at: SimTime, nodes: &Nodes) {
        let leading = nodes.iter().filter(|(_, state)| state.role == Role::Leader);
        leading.for_each(|(leader, state)| self.look_at(at, leader, state.term, nodes));
    }

    fn look_at(&mut self, at: SimTime, leader: NodeId, term: u64, nodes: &Nodes) {
        let Some(awaited) = &mut self.awaited else { return };
        let backed = nodes
            .members(leader)
            .is_quorum(|voter| voter == leader || awaited.answered.contains(&(leader, term, voter)));
        let leads = nodes.get(leader).is_some_and(|state| leads_and_has_applied(state, term));
        let latest = nodes.iter().filter(|(_, state)| state.role == Role::Leader).all(|(_, state)| state.term <= term);
        let took = at.since(awaited.since);
        if backed && leads && latest {
            self.evaluated += 1;
            if took > self.premises.settling()
                && let Some(awaited) = self.awaited.take()
            {
                self.late = self.late.take().or(awaited.late);
            }
            self.awaited = None;
        } else if took > self.premises.settling() && awaited.late.is_none() {
            let since = awaited.since;
            awaited.late = Some(finding(at, since, nodes));
        }
    }

    fn watch(&mut self, at: SimTime, nodes: &Nodes) {
        let settling = self.premises.settling();
        if let Some(awaited) = &mut self.awaited
            && awaited.late.is_none()
            && at.since(awaited.since) > settling
        {
            awaited.late = Some(finding(at, awaited.since, nodes));
        }
    }
}

fn leads_and_has_applied(state: &NodeState, term: u64) -> bool {
    let stands = matches!(state.process, Some((ProcessChange::Paused | ProcessChange::Killed, _)));
    state.leads(term) && state.applied.is_some_and(|(_, of)| of == term) && !stands
}

fn finding(at: SimTime, since: SimTime, nodes: &Nodes) -> Finding {
    let waited = words::duration(at.since(since));
    let message = format!(
        "the last fault ended at {since}, and {waited} later no leader has committed and is followed by a quorum"
    );
    let pending = nodes.operations.len() as u64;
    let mut story = vec![format!("{} under way then", words::several(pending, "operation"))];
    story.extend(nodes.iter().take(STORY - 1).map(|(id, node)| format!("{id} {}", node.describe(at))));
    INFO.finding(at, message, story)
}

impl Check for Recovers {
    fn name(&self) -> &'static str {
        INFO.name
    }

    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Fault, Kind::BetweenNodes, Kind::Told, Kind::Cpu]
    }

    fn record(&mut self, record: &Record, nodes: &Nodes) -> Option<Finding> {
        match &record.what {
            What::Fault { .. } => match self.troubles.record(record) {
                Change::None | Change::Less => {}
                Change::Began => self.awaited = None,
                Change::Calm => {
                    self.awaited = Some(Awaited { since: record.at, answered: BTreeSet::new(), late: None });
                    self.look_at_leaders(record.at, nodes);
                }
            },
            What::Message {
                from: Address::Node(voter),
                to: Address::Node(leader),
                fate: Fate::Delivered,
                content: [term, ..],
                echo: Some(_),
                ..
            } => self.answered(record.at, *leader, *term, *voter, nodes),
            What::Stack(StackRecord { event: Event::CaughtUp { .. } | Event::Membership { .. }, .. }) => {
                self.look_at_leaders(record.at, nodes);
            }
            // Once a second: also where nobody says anything any more.
            What::Cpu { .. } => self.watch(record.at, nodes),
            What::Invoked(_)
            | What::Completed { .. }
            | What::Stack(_)
            | What::Message { .. }
            | What::Clock { .. }
            | What::Process { .. } => {}
        }
        None
    }

    fn evaluated(&self) -> u64 {
        self.evaluated
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        let awaited = self.awaited.take().filter(|awaited| end.since(awaited.since) > self.premises.settling());
        self.evaluated += u64::from(awaited.is_some());
        self.late.take().or(awaited.and_then(|awaited| awaited.late)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms};
    use crate::history::FaultPhase::{Activated, Ended};
    use std::time::Duration;

    /// The timeouts are those of an election timeout of one second: it must be over in 12.6.
    fn judged(events: &Events) -> (Vec<Finding>, u64) {
        let mut check = Recovers::new(Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "L2 is judged at the end");
        (check.finish(ms(60_000)), check.evaluated())
    }

    /// Three nodes; a partition ends at 2 s.
    fn healed() -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        started.fault(1_000, 0, "partition", Activated).fault(2_000, 0, "partition", Ended)
    }

    fn told(events: Events, at: u64) -> Events {
        events.push(at, What::Cpu { node: NodeId(1), busy: Duration::ZERO })
    }

    #[test]
    fn a_leader_that_has_applied_and_is_answered_has_recovered() {
        let events = healed().leads(3_000, 1, 4).applies(3_001, 1, 1, 4, 0).acknowledges(3_100, 2, 1, 4, 3_050);
        assert_eq!(judged(&events), (Vec::new(), 1));
    }

    #[test]
    fn nobody_for_six_of_the_longest_election_timeouts_is_too_long() {
        let (findings, evaluated) = judged(&told(healed(), 14_601));
        assert_eq!((findings.len(), evaluated), (1, 1));
        assert_eq!(
            findings[0].message,
            "the last fault ended at 2.000000s, and 12.601 s later no leader has committed and is followed by a quorum"
        );
        assert!(findings[0].story.len() <= STORY);
    }

    #[test]
    fn one_that_comes_too_late_is_late_all_the_same() {
        let late = told(healed(), 14_650).leads(15_000, 1, 4).applies(15_001, 1, 1, 4, 0);
        assert_eq!(judged(&late.acknowledges(15_100, 2, 1, 4, 15_050)).0.len(), 1);
    }

    #[test]
    fn a_leader_whom_nobody_answers_or_who_has_applied_nothing_of_its_term_has_not_recovered() {
        let alone = healed().leads(3_000, 1, 4).applies(3_001, 1, 1, 4, 0);
        assert_eq!(judged(&told(alone, 14_601)).0.len(), 1);
        let cold = healed().leads(3_000, 1, 4).acknowledges(3_100, 2, 1, 4, 3_050);
        assert_eq!(judged(&told(cold, 14_601)).0.len(), 1);
    }

    #[test]
    fn the_only_voter_needs_no_answer() {
        let led = |at| {
            Events::default().started(0, 1, 1).started(0, 2, 1).members(1, 1, 5, [&[1], &[], &[2]]).leads(at, 1, 4)
        };
        let before = led(500).applies(501, 1, 6, 4, 0).fault(1_000, 0, "crash", Activated);
        assert_eq!(judged(&told(before.fault(2_000, 0, "crash", Ended), 20_000)), (Vec::new(), 1));
        let after = Events::default().started(0, 1, 1).members(1, 1, 5, [&[1], &[], &[]]);
        let after = after.fault(1_000, 0, "crash", Activated).fault(2_000, 0, "crash", Ended).leads(3_000, 1, 4);
        let caught_up = Event::CaughtUp { term: 4, index: 6 };
        assert_eq!(judged(&after.applies(3_001, 1, 6, 4, 0).event(3_001, 1, caught_up)), (Vec::new(), 1));
    }

    #[test]
    fn nothing_is_owed_under_a_fault() {
        let again = healed().fault(3_000, 1, "crash", Activated);
        assert_eq!(judged(&told(again, 20_000)), (Vec::new(), 0));
    }
}
