//! L2: after the last fault there is a leader again, and everybody follows it.
//!
//! **Proves** that whenever no fault is in force any more but crashes that leave a quorum running, within six of the longest
//! election timeouts some node leads the latest term that anybody leads, has applied an entry of it, and has been answered in
//! it, after the fault, by so many as make a quorum with itself: by nobody, where its vote is the only one. No client is needed
//! to see that. A fault that begins before makes it void, a crash makes it begin anew. How soon clients are served is for the
//! scenario to bound (`recovery`).
//!
//! In the same time whoever runs and votes has answered that leader or one after it: a node of a later term that nobody hears stays
//! alone for ever, and the next fault may find no quorum (LB-76).
//!
//! How long each took it tells as well: that most take no longer than two elections (B1) can be said of many runs together
//! alone, and is judged where they are summed up (`verdict::recoveries`).
//!
//! **Does not prove** that nodes which follow have caught up, nor anything while a fault of another kind is in force.
//!
//! **Costs** a look at each answer to a leader, while one is awaited, and at what leaders apply first.
//!
//! **Seen alive by** its unit tests and `sim/tests/alive.rs`, by `no-vote-after-restart` in `planted/all-restart`,
//! `failed-engine-goes-unnoticed` in `planted/failed-disks`, `candidates-refuse-each-other` in `planted/all-alone`,
//! `same-election-timeouts` in `planted/split-votes`; of who follows, by `higher-term-stranded` in `planted/stranded`.

use crate::check::{Check, CheckInfo, Finding, Kind, Leaderless, Premises, STORY, words};
use crate::history::{Fate, FaultPhase, KeyId, Operation, ProcessChange, Record, StackRecord, What};
use crate::scenario::Class;
use crate::time::SimTime;
use crate::view::faults::Change;
use crate::view::{Replica, View};
use crate::words::Disturbs;
use leasehold::env::{Address, NodeId};
use leasehold::observe::{Event, Role};
use std::collections::{BTreeSet, VecDeque};

pub(in crate::check) const INFO: CheckInfo = CheckInfo::new(
    "recovers",
    Class::Liveness,
    "after the last fault a quorum follows a leader that has committed, and who runs follows it, within six election timeouts",
    "lease-bugs.md L2, B2, LB-76",
);

/// The check.
pub(in crate::check) struct Recovers {
    premises: Premises,
    /// All but crashes.
    awaited: Option<Awaited>,
    following: Option<Following>,
    late: Option<Finding>,
    /// How long it took, each time.
    recoveries: Vec<Leaderless>,
    /// What became of the faults of late, the last at the end.
    faults: VecDeque<String>,
    evaluated: u64,
}

/// How many of the last faults are remembered for the story.
const FAULTS: usize = 2;
/// Of the operations that wait, as many are told of.
const OPERATIONS: usize = 2;

/// A leader is awaited since the last fault ended.
struct Awaited {
    since: SimTime,
    /// Who has answered which leader in which term.
    answered: BTreeSet<(NodeId, u64, NodeId)>,
    /// What the nodes were up to when time was out.
    late: Option<Finding>,
}

impl Awaited {
    fn since(since: SimTime) -> Self {
        Self { since, answered: BTreeSet::new(), late: None }
    }

    /// Has a quorum, with the leader itself, answered it in this term?
    fn backs(&self, leader: NodeId, term: u64, nodes: &View) -> bool {
        let backs = |voter| voter == leader || self.answered.contains(&(leader, term, voter));
        nodes.members(leader).is_quorum(backs)
    }
}

/// There is a leader again; who runs and votes is to follow it, or whoever leads after it.
struct Following {
    /// When the last fault ended.
    since: SimTime,
    term: u64,
    /// Who has answered a leader of this term or a later one.
    followed: BTreeSet<NodeId>,
}

impl Following {
    /// Those who run and vote and have not followed the present leader.
    fn stragglers(&self, nodes: &View) -> Vec<NodeId> {
        let Some((leader, _)) = latest_leader(nodes) else { return Vec::new() };
        let members = nodes.members(leader);
        let stays_away = |id: NodeId, state: &Replica| {
            id != leader && members.votes(id) && runs(state) && !self.followed.contains(&id)
        };
        nodes.iter().filter(|(id, state)| stays_away(*id, state)).map(|(id, _)| id).collect()
    }
}

/// Does it take processes away, and disturb those that are left in nothing else?
fn takes_lives(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Lives => true,
        Disturbs::Leadership
        | Disturbs::Members
        | Disturbs::Reach
        | Disturbs::Messages
        | Disturbs::Standstill
        | Disturbs::Pace
        | Disturbs::Clocks
        | Disturbs::Nothing => false,
    }
}

impl Recovers {
    pub(in crate::check) fn new(premises: &Premises) -> Self {
        Self {
            premises: premises.clone(),
            awaited: None,
            following: None,
            late: None,
            recoveries: Vec::new(),
            faults: VecDeque::new(),
            evaluated: 0,
        }
    }

    fn fault(&mut self, record: &Record, nodes: &View) {
        self.remember(record);
        match nodes.faults.change() {
            Change::None => {}
            Change::Began(disturbs) if !takes_lives(disturbs) => (self.awaited, self.following) = (None, None),
            // After a crash too: those who are left, or are there again, are to go on at once.
            Change::Began(_) | Change::Ended(_) | Change::Healed => {
                if nodes.faults.in_force(|disturbs| !takes_lives(disturbs)) == 0 {
                    (self.awaited, self.following) = (Some(Awaited::since(record.at)), None);
                    self.look_at_leaders(record.at, nodes);
                }
            }
        }
    }

    fn remember(&mut self, Record { at, what }: &Record) {
        let What::Fault(fault) = what else { return };
        let became = match fault.phase {
            FaultPhase::Activated => "began",
            FaultPhase::Ended => "ended",
            FaultPhase::Effective | FaultPhase::Refused | FaultPhase::BeyondClaims => return,
        };
        if self.faults.len() == FAULTS {
            self.faults.pop_front();
        }
        self.faults.push_back(format!("{} {became} at {at} ({fault})", fault.verb));
    }

    fn answered(&mut self, at: SimTime, leader: NodeId, term: u64, voter: NodeId, nodes: &View) {
        if let Some(awaited) = &mut self.awaited {
            awaited.answered.insert((leader, term, voter));
            self.look_at(at, leader, term, nodes);
        }
        self.follows(term, voter, nodes);
    }

    /// Somebody has answered a leader of this term.
    fn follows(&mut self, term: u64, voter: NodeId, nodes: &View) {
        if let Some(following) = &mut self.following
            && term >= following.term
            && following.followed.insert(voter)
            && following.stragglers(nodes).is_empty()
        {
            self.following = None;
        }
    }

    /// Leaders for whom nothing is left to be answered: those whose vote is the only one.
    fn look_at_leaders(&mut self, at: SimTime, nodes: &View) {
        let leading = nodes.iter().filter(|(_, state)| state.role == Role::Leader);
        leading.for_each(|(leader, state)| self.look_at(at, leader, state.term, nodes));
    }

    fn look_at(&mut self, at: SimTime, leader: NodeId, term: u64, nodes: &View) {
        let Some(awaited) = &self.awaited else { return };
        let backed = awaited.backs(leader, term, nodes);
        let leads = nodes.get(leader).is_some_and(|state| leads_and_has_applied(state, term));
        let latest = nodes.iter().filter(|(_, state)| state.role == Role::Leader).all(|(_, state)| state.term <= term);
        if backed && leads && latest {
            self.recovered(at, term);
        } else {
            self.watch(at, nodes);
        }
    }

    fn recovered(&mut self, at: SimTime, term: u64) {
        let Some(awaited) = self.awaited.take() else { return };
        self.evaluated += 1;
        let took = at.since(awaited.since);
        self.recoveries.push(Leaderless { since: awaited.since, took });
        let followers = awaited.answered.iter().filter(|(_, of, _)| *of >= term);
        let followed = followers.map(|(_, _, voter)| *voter).collect();
        self.following = Some(Following { since: awaited.since, term, followed });
        if took > self.premises.settling() {
            self.late = self.late.take().or(awaited.late);
        }
    }

    fn watch(&mut self, at: SimTime, nodes: &View) {
        // Who is down for another reason than a crash is no excuse.
        if nodes.faults.in_force(takes_lives) > 0 && !quorum_runs(nodes) {
            self.awaited = None;
        }
        let settling = self.premises.settling();
        if let Some(awaited) = &self.awaited
            && awaited.late.is_none()
            && at.since(awaited.since) > settling
        {
            let late = self.finding(at, awaited, nodes);
            self.awaited.iter_mut().for_each(|awaited| awaited.late = Some(late.clone()));
        }
    }

    /// When time is out, who does not follow?
    fn watch_followers(&mut self, at: SimTime, nodes: &View) {
        let Some(Following { since, .. }) = self.following else { return };
        if at.since(since) <= self.premises.settling() {
            return;
        }
        if let Some(following) = self.following.take()
            && let Some(straggler) = following.stragglers(nodes).first()
            && let Some((leader, term)) = latest_leader(nodes)
        {
            let waited = words::duration(at.since(since));
            let message = format!(
                "the last fault was over at {since}, and {waited} later {straggler}, which runs and votes, has not followed {leader}, \
                 which leads term {term}"
            );
            let late = INFO.finding(at, message, nodes.complete(at, self.faults.iter().cloned().collect()));
            self.late.get_or_insert(late);
        }
    }

    /// What is pending, and why.
    fn finding(&self, at: SimTime, awaited: &Awaited, nodes: &View) -> Finding {
        let mut late = self.overdue(at, awaited.since);
        let story = &mut late.story;
        let leaders = nodes.iter().filter(|(_, state)| state.role == Role::Leader);
        story.extend(leaders.map(|(leader, state)| lacks(awaited, leader, state, nodes)).take(2));
        story.extend(waiting(at, &self.premises, nodes));
        let room = STORY - story.len();
        story.extend(nodes.iter().take(room).map(|(id, node)| format!("{id} {}", node.describe(at))));
        late
    }

    fn overdue(&self, at: SimTime, since: SimTime) -> Finding {
        let waited = words::duration(at.since(since));
        let message = format!(
            "the last fault was over at {since}, and {waited} later no leader has committed and is followed by a quorum"
        );
        INFO.finding(at, message, self.faults.iter().cloned().collect())
    }
}

/// Does a quorum run, by the membership of everybody who does? A node that knows of no change yet must not be believed.
fn quorum_runs(nodes: &View) -> bool {
    let runs = |id| nodes.get(id).is_some_and(runs);
    nodes.iter().filter(|(id, _)| runs(*id)).all(|(id, _)| nodes.members(id).is_quorum(runs))
}

/// Who leads the latest term that anybody leads, and that term.
fn latest_leader(nodes: &View) -> Option<(NodeId, u64)> {
    let leading = nodes.iter().filter(|(_, state)| state.role == Role::Leader);
    leading.map(|(id, state)| (id, state.term)).max_by_key(|(_, term)| *term)
}

fn runs(state: &Replica) -> bool {
    matches!(state.process, Some((ProcessChange::Started { .. } | ProcessChange::Resumed, _)))
}

/// What a leader waits for.
fn lacks(awaited: &Awaited, leader: NodeId, state: &Replica, nodes: &View) -> String {
    let term = state.term;
    let members = nodes.members(leader);
    let answered = awaited.answered.iter().filter(|(of, in_term, _)| (*of, *in_term) == (leader, term));
    let answered = words::list(answered.map(|(_, _, voter)| voter));
    let quorum = if awaited.backs(leader, term, nodes) {
        format!("{leader} leads term {term}, answered by {answered}, a quorum of {members}")
    } else {
        format!("{leader} leads term {term} and waits for a quorum of {members}: answered since by {answered}")
    };
    match state.applied {
        Some((_, of)) if of == term => quorum,
        Some((index, of)) => format!("{quorum}; it has applied up to {index}, of term {of}, and nothing of its own"),
        None => format!("{quorum}; it has applied nothing"),
    }
}

/// How many operations wait, and the first of them.
fn waiting(at: SimTime, Premises { keys, .. }: &Premises, nodes: &View) -> Vec<String> {
    let name = |key: &KeyId| keys.get(key.0 as usize).map_or_else(|| format!("key {}", key.0), String::clone);
    let first = nodes.operations.iter().take(OPERATIONS).map(|operation| {
        let (kind, client) = (operation.operation.kind().name(), operation.client);
        let (key, what) = match &operation.operation {
            Operation::Get { key } => (key, "for a leader that is sure to lead"),
            Operation::Put { key } | Operation::Cas { key, .. } | Operation::Script { key, .. } => {
                (key, "for its entry to be committed")
            }
        };
        let waited = words::duration(at.since(operation.invoked));
        format!("c{client} waits with a {kind} of {} since {}, for {waited}, {what}", name(key), operation.invoked)
    });
    let mut lines = vec![format!("{} under way then", words::several(nodes.operations.len() as u64, "operation"))];
    lines.extend(first);
    lines
}

fn leads_and_has_applied(state: &Replica, term: u64) -> bool {
    let stands = matches!(state.process, Some((ProcessChange::Paused | ProcessChange::Killed, _)));
    state.leads(term) && state.applied.is_some_and(|(_, of)| of == term) && !stands
}

impl Check for Recovers {
    fn looks_at(&self) -> &'static [Kind] {
        &[Kind::Fault, Kind::BetweenNodes, Kind::Told, Kind::Cpu]
    }

    fn record(&mut self, record: &Record, nodes: &View) -> Option<Finding> {
        match &record.what {
            What::Fault(_) => self.fault(record, nodes),
            What::Message {
                from: Address::Node(voter),
                to: Address::Node(leader),
                fate: Fate::Delivered,
                head,
                echo: Some(_),
                ..
            } => self.answered(record.at, *leader, head.term, *voter, nodes),
            What::Stack(StackRecord { event: Event::CaughtUp { .. } | Event::Membership { .. }, .. }) => {
                self.look_at_leaders(record.at, nodes);
            }
            // Once a second: also where nobody says anything any more.
            What::Cpu { .. } => {
                self.watch(record.at, nodes);
                self.watch_followers(record.at, nodes);
            }
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

    fn recoveries(&self) -> &[Leaderless] {
        &self.recoveries
    }

    fn finish(&mut self, end: SimTime) -> Vec<Finding> {
        let awaited = self.awaited.take();
        let unfinished =
            awaited.as_ref().map(|awaited| Leaderless { since: awaited.since, took: end.since(awaited.since) });
        self.recoveries.extend(unfinished.filter(|recovery| recovery.took > self.premises.usual_settling()));
        let awaited = awaited.filter(|awaited| end.since(awaited.since) > self.premises.settling());
        self.evaluated += u64::from(awaited.is_some());
        // Time may have run out after the nodes were last looked at.
        let late = awaited.map(|awaited| awaited.late.unwrap_or_else(|| self.overdue(end, awaited.since)));
        self.late.take().or(late).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, ms, put};
    use crate::history::FaultPhase::{Activated, Ended};
    use crate::words::Verb;
    use std::time::Duration;

    /// The timeouts are those of an election timeout of one second: it must be over in 12.6.
    fn judged(events: &Events) -> (Vec<Finding>, u64) {
        judged_at(60_000, events)
    }

    fn judged_at(end: u64, events: &Events) -> (Vec<Finding>, u64) {
        let mut check = Recovers::new(&Premises::of_tests());
        assert_eq!(events.first(&mut check), None, "L2 is judged at the end");
        (check.finish(ms(end)), check.evaluated())
    }

    /// Three nodes; a partition ends at 2 s.
    fn healed() -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        started.fault(1_000, 0, Verb::Partition, Activated).fault(2_000, 0, Verb::Partition, Ended)
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
    fn who_runs_and_votes_follows_in_the_same_time() {
        let two = || healed().leads(3_000, 1, 4).applies(3_001, 1, 1, 4, 0).acknowledges(3_100, 2, 1, 4, 3_050);
        let (findings, _) = judged(&told(two(), 14_601));
        assert_eq!(
            findings[0].message,
            "the last fault was over at 2.000000s, and 12.6s later n3, which runs and votes, has not followed n1, which leads term 4"
        );
        assert_eq!(judged(&told(two(), 14_600)).0, [], "it has time yet");
        assert_eq!(judged(&told(two().acknowledges(9_000, 3, 1, 4, 8_950), 14_601)).0, []);
        assert_eq!(judged(&told(two().acknowledges(9_000, 3, 1, 3, 8_950), 14_601)).0.len(), 1, "in an earlier term");
        assert_eq!(judged(&told(two().killed(9_000, 3), 14_601)).0, []);
        assert_eq!(judged(&told(two().members(9_000, 1, 7, [&[1, 2], &[], &[3]]), 14_601)).0, []);
        assert_eq!(judged(&told(two().fault(9_000, 1, Verb::Slow, Activated), 14_601)).0, []);
    }

    #[test]
    fn nobody_for_six_of_the_longest_election_timeouts_is_too_long() {
        let (findings, evaluated) = judged(&told(healed(), 14_601));
        assert_eq!((findings.len(), evaluated), (1, 1));
        assert_eq!(
            findings[0].message,
            "the last fault was over at 2.000000s, and 12.6s later no leader has committed and is followed by a quorum"
        );
        assert!(findings[0].story.len() <= STORY);
    }

    #[test]
    fn the_story_says_what_waits_for_what() {
        let stuck = healed().invoke(2_500, 3, put(0)).leads(3_000, 2, 4).applies(3_001, 2, 7, 3, 0);
        let story = judged(&told(stuck, 14_601)).0.remove(0).story;
        assert_eq!(
            story[..5],
            [
                "partition began at 1.000000s ()",
                "partition ended at 2.000000s (links restored)",
                "n2 leads term 4 and waits for a quorum of n1 n2 n3: answered since by nobody; it has applied up to 7, of term 3, and nothing of its own",
                "1 operation under way then",
                "c3 waits with a put of key 0 since 2.500000s, for 12.1s, for its entry to be committed",
            ]
        );
    }

    #[test]
    fn it_tells_how_long_each_recovery_took() {
        let mut check = Recovers::new(&Premises::of_tests());
        let once = healed().leads(3_000, 1, 4).applies(3_001, 1, 1, 4, 0).acknowledges(3_100, 2, 1, 4, 3_050);
        let twice = once.fault(5_000, 1, Verb::Crash, Activated).fault(6_000, 1, Verb::Crash, Ended);
        assert_eq!(twice.first(&mut check), None);
        check.finish(ms(6_100));
        let took =
            |check: &Recovers| check.recoveries.iter().map(|recovery| recovery.took.as_millis()).collect::<Vec<_>>();
        assert_eq!(took(&check), [1_100], "the other has time yet");
        let mut check = Recovers::new(&Premises::of_tests());
        assert_eq!(twice.first(&mut check), None);
        check.finish(ms(11_000));
        assert_eq!(took(&check), [1_100, 5_000], "and is too late to be usual");
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
        let before = led(500).applies(501, 1, 6, 4, 0).fault(1_000, 0, Verb::Slow, Activated);
        assert_eq!(judged(&told(before.fault(2_000, 0, Verb::Slow, Ended), 20_000)), (Vec::new(), 1));
        let after = Events::default().started(0, 1, 1).members(1, 1, 5, [&[1], &[], &[]]);
        let after = after.fault(1_000, 0, Verb::Slow, Activated).fault(2_000, 0, Verb::Slow, Ended).leads(3_000, 1, 4);
        let caught_up = Event::CaughtUp { term: 4, index: 6 };
        assert_eq!(judged(&after.applies(3_001, 1, 6, 4, 0).event(3_001, 1, caught_up)), (Vec::new(), 1));
    }

    #[test]
    fn nothing_is_owed_under_a_fault() {
        let again = healed().fault(3_000, 1, Verb::Slow, Activated);
        assert_eq!(judged(&told(again, 20_000)), (Vec::new(), 0));
    }

    #[test]
    fn a_majority_goes_on_without_those_who_crashed() {
        let crashed = |events: Events, node| {
            events.fault(3_000 + node, node as u32, Verb::Crash, Activated).killed(3_000 + node, node)
        };
        let one = || crashed(healed(), 3);
        assert_eq!(judged_at(15_603, &one()).0, [], "it has six election timeouts from the crash on");
        assert_eq!(judged_at(15_604, &one()).0.len(), 1);
        let led = one().leads(4_000, 1, 4).applies(4_001, 1, 1, 4, 0).acknowledges(4_100, 2, 1, 4, 4_050);
        assert_eq!(judged(&told(led, 20_000)), (Vec::new(), 1));
        assert_eq!(judged(&told(crashed(one(), 2), 20_000)), (Vec::new(), 0), "one of three is none");
    }

    #[test]
    fn a_quorum_that_is_down_though_nothing_is_wrong_any_more_has_not_recovered() {
        let down = |events: Events| events.killed(2_500, 2).killed(2_500, 3);
        assert_eq!(judged(&told(down(healed()), 14_601)).0.len(), 1, "it did not start, or died of itself");
        let again = healed().fault(1_500, 1, Verb::Crash, Activated).fault(2_000, 1, Verb::Crash, Ended);
        assert_eq!(judged(&told(down(again), 14_601)).0.len(), 1);
        let healed = healed().fault(1_500, 1, Verb::Crash, Activated).fault(2_000, 2, Verb::Heal, Activated);
        assert_eq!(judged(&told(down(healed), 14_601)).0.len(), 1);
    }

    #[test]
    fn a_crash_under_another_fault_changes_nothing_of_what_is_owed() {
        let cut = healed()
            .fault(2_500, 7, Verb::Partition, Activated)
            .fault(3_000, 1, Verb::Crash, Activated)
            .killed(3_000, 3);
        assert_eq!(judged(&told(cut, 20_000)), (Vec::new(), 0));
    }

    #[test]
    fn the_end_of_a_run_finds_it_late_where_nobody_looked_any_more() {
        let (findings, evaluated) = judged(&healed());
        assert_eq!((findings.len(), evaluated), (1, 1));
    }
}
