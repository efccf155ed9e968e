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

mod story;

use crate::check::Leaderless;
use crate::check::prelude::*;
use crate::history::FaultPhase;
use crate::view::GroupView;
use crate::view::faults::Change;
use leasehold::env::Stamp;
use std::collections::{BTreeSet, VecDeque};

#[derive(Default)]
pub(in crate::check) struct Recovers {
    awaited: Option<Awaited>,
    following: Option<Following>,
    late: Option<Finding>,
    /// How long it took, each time.
    recoveries: Vec<Leaderless>,
    /// What became of the faults of late, the last at the end.
    faults: VecDeque<String>,
}

/// How many of the last faults are remembered for the story.
const FAULTS: usize = 2;

/// A leader is awaited since the last fault ended.
struct Awaited {
    since: SimTime,
    /// Who has answered which leader in which term.
    answered: BTreeSet<(NodeId, u64, NodeId)>,
    /// When who was last asked for its vote by whom, by (candidate, voter), and what it last said to that, and when.
    ballots: BTreeMap<(NodeId, NodeId), Ballot>,
    /// What the nodes were up to when time was out.
    late: Option<Finding>,
}

#[derive(Clone, Copy)]
struct Ballot {
    asked: SimTime,
    /// When, and whether it refused.
    said: Option<(SimTime, bool)>,
}

impl Awaited {
    fn since(since: SimTime) -> Self {
        Self { since, answered: BTreeSet::new(), ballots: BTreeMap::new(), late: None }
    }

    /// Has a quorum, with the leader itself, answered it in this term?
    fn backs(&self, leader: NodeId, term: u64, nodes: &GroupView<'_>) -> bool {
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
    fn stragglers(&self, nodes: &GroupView<'_>) -> Vec<NodeId> {
        let Some((leader, _)) = latest_leader(nodes) else { return Vec::new() };
        let members = nodes.members(leader);
        let follows = |id: NodeId, state: &Replica| !members.votes(id) || !state.runs() || self.followed.contains(&id);
        nodes.others(leader).filter(|(id, state)| !follows(*id, state)).map(|(id, _)| id).collect()
    }
}

/// Does it take processes away, and disturb those that are left in nothing else?
fn takes_lives(disturbs: Disturbs) -> bool {
    match disturbs {
        Disturbs::Lives => true,
        Disturbs::Leadership
        | Disturbs::Members
        | Disturbs::Routes
        | Disturbs::Reach
        | Disturbs::Messages
        | Disturbs::Standstill
        | Disturbs::Pace
        | Disturbs::Clocks
        | Disturbs::Nothing => false,
    }
}

impl Recovers {
    fn remember(&mut self, at: SimTime, fault: &Fault) {
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

    /// Somebody has answered a leader of this term.
    fn follows(&mut self, term: u64, voter: NodeId, nodes: &GroupView<'_>) {
        if let Some(following) = &mut self.following
            && term >= following.term
            && following.followed.insert(voter)
            && following.stragglers(nodes).is_empty()
        {
            self.following = None;
        }
    }

    /// Leaders for whom nothing is left to be answered: those whose vote is the only one.
    fn look_at_leaders(&mut self, now: &Now<'_>) {
        leaders(now.nodes).for_each(|(leader, state)| self.look_at(now, leader, state.term));
    }

    fn look_at(&mut self, now: &Now<'_>, leader: NodeId, term: u64) {
        let Some(awaited) = &self.awaited else { return };
        let backed = awaited.backs(leader, term, now.nodes);
        let leads = now.nodes.get(leader).is_some_and(|state| leads_and_has_applied(state, term));
        if backed && leads && leaders(now.nodes).all(|(_, state)| state.term <= term) {
            self.recovered(now, term);
        } else {
            self.watch(now);
        }
    }

    /// Who stands, or would, asks for this vote.
    fn asks(&mut self, asked: SimTime, candidate: NodeId, voter: NodeId) -> Option<Finding> {
        let awaited = self.awaited.as_mut()?;
        let ballot = awaited.ballots.entry((candidate, voter)).or_insert(Ballot { asked, said: None });
        ballot.asked = asked;
        None
    }

    fn says(&mut self, at: SimTime, Arrival { from: voter, to: candidate, head }: Arrival<'_>) -> Option<Finding> {
        let ballot = self.awaited.as_mut()?.ballots.get_mut(&(candidate, voter))?;
        ballot.said = Some((at, head.rejected));
        None
    }

    fn recovered(&mut self, now: &Now<'_>, term: u64) {
        let Some(Awaited { since, answered, late, .. }) = self.awaited.take() else { return };
        now.judge();
        let took = now.at.since(since);
        self.recoveries.push(Leaderless { since, took });
        let followers = answered.iter().filter(|(_, of, _)| *of >= term);
        let followed = followers.map(|(_, _, voter)| *voter).collect();
        self.following = Some(Following { since, term, followed });
        if took > now.premises.settling() {
            self.late = self.late.take().or(late);
        }
    }

    fn watch(&mut self, now: &Now<'_>) {
        // Who is down for another reason than a crash is no excuse.
        if now.nodes.faults.in_force(takes_lives) > 0 && !quorum_runs(now.nodes) {
            self.awaited = None;
        }
        if let Some(awaited) = &mut self.awaited
            && awaited.late.is_none()
            && now.at.since(awaited.since) > now.premises.settling()
        {
            awaited.late = Some(story::pending(now, awaited, &self.faults));
        }
    }

    /// When time is out, who does not follow?
    fn watch_followers(&mut self, now: &Now<'_>) {
        let out = |following: &mut Following| now.at.since(following.since) > now.premises.settling();
        if let Some(following) = self.following.take_if(out)
            && let Some(straggler) = following.stragglers(now.nodes).first()
            && let Some((leader, term)) = latest_leader(now.nodes)
        {
            let since = following.since;
            let waited = duration(now.at.since(since));
            let message = format!(
                "the last fault was over at {since}, and {waited} later {straggler}, which runs and votes, has not followed {leader}, \
                 which leads term {term}"
            );
            self.late.get_or_insert_with(|| now.finding(message, self.faults.iter().cloned().collect()));
        }
    }
}

/// Does a quorum run, by the membership of everybody who does? A node that knows of no change yet must not be believed.
fn quorum_runs(nodes: &GroupView<'_>) -> bool {
    let runs = |id| nodes.get(id).is_some_and(Replica::runs);
    let knows = |id: NodeId| nodes.members(id).is_quorum(runs);
    let mut running = nodes.iter().map(|(id, _)| id).filter(|id| runs(*id)).peekable();
    running.peek().is_some() && running.all(knows)
}

fn leaders<'a>(nodes: &GroupView<'a>) -> impl Iterator<Item = (NodeId, &'a Replica)> + use<'a> {
    nodes.iter().filter(|(_, state)| state.role == Role::Leader)
}

/// Who leads the latest term that anybody leads, and that term.
fn latest_leader(nodes: &GroupView<'_>) -> Option<(NodeId, u64)> {
    leaders(nodes).map(|(id, state)| (id, state.term)).max_by_key(|(_, term)| *term)
}

fn leads_and_has_applied(state: &Replica, term: u64) -> bool {
    state.leads(term) && state.applied.is_some_and(|(_, of)| of == term) && !state.is_out()
}

impl Check for Recovers {
    fn fault(&mut self, now: &Now<'_>, fault: &Fault) -> Option<Finding> {
        self.remember(now.at, fault);
        match now.nodes.faults.change() {
            Change::None => {}
            Change::Began(disturbs) if !takes_lives(disturbs) => (self.awaited, self.following) = (None, None),
            // After a crash too: those who are left, or are there again, are to go on at once.
            Change::Began(_) | Change::Ended(_) | Change::Healed => {
                if now.nodes.faults.in_force(|disturbs| !takes_lives(disturbs)) == 0 {
                    (self.awaited, self.following) = (Some(Awaited::since(now.at)), None);
                    self.look_at_leaders(now);
                }
            }
        }
        None
    }

    fn echo(
        &mut self,
        now: &Now<'_>,
        Arrival { from: voter, to: leader, head }: Arrival<'_>,
        _: Stamp,
    ) -> Option<Finding> {
        if let Some(awaited) = &mut self.awaited {
            awaited.answered.insert((leader, head.term, voter));
            self.look_at(now, leader, head.term);
        }
        self.follows(head.term, voter, now.nodes);
        None
    }

    fn candidacy(&mut self, now: &Now<'_>, Arrival { from, to, .. }: Arrival<'_>) -> Option<Finding> {
        self.asks(now.at, from, to)
    }

    fn probe(&mut self, now: &Now<'_>, Arrival { from, to, .. }: Arrival<'_>) -> Option<Finding> {
        self.asks(now.at, from, to)
    }

    fn vote(&mut self, now: &Now<'_>, arrival: Arrival<'_>) -> Option<Finding> {
        self.says(now.at, arrival)
    }

    fn favour(&mut self, now: &Now<'_>, arrival: Arrival<'_>) -> Option<Finding> {
        self.says(now.at, arrival)
    }

    fn caught_up(&mut self, now: &Now<'_>, _: By<'_>, _: u64, _: u64) -> Option<Finding> {
        self.look_at_leaders(now);
        None
    }

    fn membership(&mut self, now: &Now<'_>, _: By<'_>, _: u64, _: &Arc<Membership>) -> Option<Finding> {
        self.look_at_leaders(now);
        None
    }

    /// Also where nobody says anything any more.
    fn second(&mut self, now: &Now<'_>, _: NodeId, _: Duration) -> Option<Finding> {
        self.watch(now);
        self.watch_followers(now);
        None
    }

    fn recoveries(&self) -> &[Leaderless] {
        &self.recoveries
    }

    fn at_end(&mut self, now: &Now<'_>) -> Vec<Finding> {
        let overdue = self.awaited.take().and_then(|awaited| {
            let recovery = Leaderless { since: awaited.since, took: now.at.since(awaited.since) };
            self.recoveries.extend(Some(recovery).filter(|recovery| recovery.took > now.premises.usual_settling()));
            (recovery.took > now.premises.settling()).then(|| {
                now.judge();
                // Time may have run out after the nodes were last looked at.
                awaited.late.unwrap_or_else(|| story::overdue(now, awaited.since, &self.faults))
            })
        });
        self.late.take().or(overdue).into_iter().collect()
    }
}

#[cfg(test)]
mod tests;
