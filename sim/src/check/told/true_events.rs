//! What a node tells of itself agrees with what it and others show. No check trusts one emitter.
//!
//! **Proves**, of a node that tells
//! - that it leads a term: a quorum of the members that it goes by has voted for it in that term, durably (its own vote aside, which may be
//!   on its way to the disk where nobody else has one);
//! - that it is caught up: the last entry that it has applied is of the term that it leads;
//! - that a quorum has answered (CheckQuorum): since it last asked, or was elected, answers of so many have arrived;
//! - of a conflict: the entry at that index was refused, by whoever applied it first.
//!
//! **Does not prove** the reverse: that what shows is told. For counters that is `true-counts`.
//!
//! **Costs** a look-up for each such event and each answer; remembers the votes of the last few terms, and conflicts that nobody has told of.
//!
//! **Seen alive by** `caught-up-at-election` (`fast/leader-transfer`), `quorum-taken-for-granted` (`fast/s-03-cut-after-check-quorum`) and
//! its unit tests.

use crate::check::calm::{hinders, undisturbed};
use crate::check::prelude::*;
use crate::history::{Answer, Effect};
use leasehold::env::Stamp;
use std::collections::BTreeSet;

/// Of so many terms the votes are remembered.
const TERMS: usize = 16;

#[derive(Default)]
pub(in crate::check) struct TrueEvents {
    /// By term, who has voted for whom, durably.
    votes: BTreeMap<u64, BTreeMap<NodeId, NodeId>>,
    /// Who has been told to lead which term.
    elected: BTreeMap<NodeId, u64>,
    /// Whose answers have reached whom, and when the last of them did.
    answered: BTreeMap<NodeId, BTreeMap<NodeId, SimTime>>,
    /// When each last asked for its quorum, and the time before that.
    asked: BTreeMap<NodeId, [SimTime; 2]>,
    /// The indices of transactions that were refused, of which nobody has told.
    refused: BTreeSet<u64>,
    found: Option<Finding>,
}

impl TrueEvents {
    fn vote(&mut self, node: NodeId, Vote { term, vote }: Vote) {
        let Some(whom) = vote else { return };
        self.votes.entry(term).or_default().insert(node, whom);
        while self.votes.len() > TERMS {
            self.votes.pop_first();
        }
    }

    fn answer(&mut self, now: &Now<'_>, Arrival { from, to, .. }: Arrival<'_>) {
        self.answered.entry(to).or_default().insert(from, now.at);
    }

    /// It is not so, as this shows.
    fn lie(&mut self, now: &Now<'_>, message: String, shows: Vec<String>) {
        self.found.get_or_insert_with(|| now.finding(message, shows));
    }

    fn judge_election(&mut self, now: &Now<'_>, node: NodeId, term: u64) {
        let Some(votes) = self.votes.get(&term).cloned().or((self.votes.len() < TERMS).then(BTreeMap::new)) else {
            return;
        };
        now.judge();
        let members = now.nodes.counted_by(node);
        if members.is_quorum(|voter| voter == node || votes.get(&voter) == Some(&node)) {
            return;
        }
        let of = votes.iter().map(|(voter, whom)| format!("{voter} has voted for {whom} in term {term}")).collect();
        self.lie(now, format!("{node} says that it leads term {term}; no quorum of {members} has voted for it"), of);
    }
}

impl Check for TrueEvents {
    fn voted(&mut self, _: &Now<'_>, By { node, .. }: By<'_>, voted: Vote) -> Option<Finding> {
        self.vote(node, voted);
        None
    }

    fn opened(&mut self, _: &Now<'_>, By { node, .. }: By<'_>, Opened { voted, .. }: Opened) -> Option<Finding> {
        self.vote(node, voted);
        None
    }

    fn role(
        &mut self,
        now: &Now<'_>,
        By { node, .. }: By<'_>,
        role: Role,
        term: u64,
        _: Option<NodeId>,
    ) -> Option<Finding> {
        if role == Role::Leader && self.elected.insert(node, term) != Some(term) {
            self.answered.remove(&node);
            self.judge_election(now, node, term);
        }
        None
    }

    fn started(&mut self, _: &Now<'_>, node: NodeId) -> Option<Finding> {
        self.elected.remove(&node);
        None
    }

    fn caught_up(&mut self, now: &Now<'_>, By { node, state, .. }: By<'_>, term: u64, index: u64) -> Option<Finding> {
        now.judge();
        let (applied, of) = state.applied.unwrap_or_default();
        if !state.leads(term) || of != term || applied < index {
            let shows = format!(
                "it is {} of term {}, and has applied up to {applied}, of term {of}",
                state.role.name(),
                state.term
            );
            self.lie(now, format!("{node} says that it is caught up at index {index} of its term {term}"), vec![shows]);
        }
        None
    }

    fn heard(&mut self, now: &Now<'_>, arrival: Arrival<'_>) -> Option<Finding> {
        self.answer(now, arrival);
        None
    }

    fn acknowledged(&mut self, now: &Now<'_>, arrival: Arrival<'_>) -> Option<Finding> {
        self.answer(now, arrival);
        None
    }

    fn echo(&mut self, now: &Now<'_>, arrival: Arrival<'_>, _: Stamp) -> Option<Finding> {
        self.answer(now, arrival);
        None
    }

    // raft counts who has just become a member as heard.
    fn membership(
        &mut self,
        now: &Now<'_>,
        By { node, .. }: By<'_>,
        _: u64,
        members: &Arc<Membership>,
    ) -> Option<Finding> {
        let all = [&members.voters, &members.outgoing].into_iter().flatten();
        self.answered.entry(node).or_default().extend(all.map(|member| (*member, now.at)));
        None
    }

    fn quorum_checked(&mut self, now: &Now<'_>, By { node, state, .. }: By<'_>, confirmed: bool) -> Option<Finding> {
        let [last, earlier] = self.asked.get(&node).copied().unwrap_or_default();
        self.asked.insert(node, [now.at, last]);
        if !confirmed {
            return None;
        }
        now.judge();
        // Who went on has found a queue, and who is slow has one: some of what had arrived by then it has yet to take, and counts the next time.
        let went_on = matches!(state.process, Some((ProcessChange::Resumed, at)) if at >= earlier);
        let since = if went_on || !undisturbed(now, last, hinders) { earlier } else { last };
        let lately = self.answered.get(&node).into_iter().flatten().filter(|(_, at)| **at >= since);
        let answered: BTreeSet<NodeId> = lately.map(|(from, _)| *from).collect();
        let members = now.nodes.members(node);
        if !members.is_quorum(|voter| voter == node || answered.contains(&voter)) {
            let who: Vec<_> = answered.iter().map(NodeId::to_string).collect();
            let shows = format!("since it last asked answers have reached it from: {}", who.join(" "));
            self.lie(now, format!("{node} says that a quorum of {members} has answered it"), vec![shows]);
        }
        None
    }

    fn effect(&mut self, now: &Now<'_>, index: u64, effect: &Effect) -> Option<Finding> {
        match effect.answer {
            Answer::Conflict { .. } => {
                self.refused = self.refused.split_off(&now.nodes.forgotten());
                self.refused.insert(index);
            }
            Answer::Wrote | Answer::Found(_) | Answer::Elsewhere => {}
        }
        None
    }

    fn conflict(&mut self, now: &Now<'_>, By { node, .. }: By<'_>, index: u64) -> Option<Finding> {
        if index < now.nodes.forgotten() {
            return None;
        }
        now.judge();
        if !self.refused.remove(&index) {
            let shows = vec!["by what its first applier showed, it was not refused, or was told of before".to_owned()];
            self.lie(now, format!("{node} says that the transaction at index {index} was refused"), shows);
        }
        None
    }

    fn at_end(&mut self, _: &Now<'_>) -> Vec<Finding> {
        self.found.take().into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, effect, head, unchanged};
    use crate::history::{FaultPhase, KeyId, What};
    use crate::words::{MessageKind, Verb};
    use leasehold::observe::Event;

    fn judged(events: &Events) -> (Vec<String>, u64) {
        let (found, judged) = events.judged_by("true-events", 9_000);
        (found.into_iter().map(|finding| finding.message).collect(), judged)
    }

    /// n1, n2 and n3 are the members, as each of them tells.
    fn group() -> Events {
        (1..=3).fold(Events::default(), |events, node| {
            events.started(0, node, 1).members(1, node, 1, [&[1, 2, 3], &[], &[]])
        })
    }

    fn votes(events: Events, at: u64, voter: u64, term: u64, whom: u64) -> Events {
        events.event(at, voter, Event::Voted { term, vote: Some(NodeId(whom)) })
    }

    fn checks(events: Events, at: u64, confirmed: bool) -> Events {
        events.event(at, 1, Event::QuorumChecked { confirmed })
    }

    fn hears(events: Events, at: u64, from: u64) -> Events {
        events.arrives(at, (from, 1), MessageKind::HeartbeatResponse, head(4, 0, 0))
    }

    #[test]
    fn who_says_that_it_leads_has_the_votes_of_a_quorum() {
        assert_eq!(judged(&votes(group(), 5, 2, 4, 1).leads(6, 1, 4)), (vec![], 1), "its own is the second");
        let lie = |events: Events| judged(&events.leads(6, 1, 4)).0;
        let message = "n1 says that it leads term 4; no quorum of n1 n2 n3 has voted for it";
        assert_eq!(lie(group()), [message]);
        assert_eq!(lie(votes(group(), 5, 2, 3, 1)), [message], "in another term");
        assert_eq!(lie(votes(group(), 5, 2, 4, 3)), [message], "for another");
        let opened = Event::Opened {
            term: 4,
            vote: Some(NodeId(1)),
            last_index: 0,
            last_term: 0,
            withholds: Default::default(),
        };
        assert_eq!(lie(group().event(5, 3, opened)), [""; 0], "a vote that is found again");
    }

    #[test]
    fn who_says_so_again_is_judged_once() {
        assert_eq!(judged(&votes(group(), 5, 2, 4, 1).leads(6, 1, 4).leads(7, 1, 4)).1, 1);
    }

    #[test]
    fn who_says_that_it_is_caught_up_has_applied_an_entry_of_its_term() {
        let led = || votes(group(), 5, 2, 4, 1).leads(6, 1, 4);
        let caught_up = |events: Events| judged(&events.event(9, 1, Event::CaughtUp { term: 4, index: 7 })).0;
        assert_eq!(caught_up(led().applies(8, 1, 7, 4, 0)), [""; 0]);
        let message = "n1 says that it is caught up at index 7 of its term 4";
        assert_eq!(caught_up(led().applies(8, 1, 7, 3, 0)), [message]);
        assert_eq!(caught_up(led().applies(8, 2, 7, 4, 0)), [message], "another has");
        assert_eq!(caught_up(group().applies(8, 1, 7, 4, 0)), [message], "it leads nobody");
    }

    #[test]
    fn who_says_that_a_quorum_has_answered_has_heard_it_since_it_last_asked() {
        let led = || votes(group(), 5, 2, 4, 1).leads(6, 1, 4);
        assert_eq!(judged(&checks(hears(led(), 50, 3), 60, true)), (vec![], 2));
        let message = "n1 says that a quorum of n1 n2 n3 has answered it";
        assert_eq!(judged(&checks(led(), 60, true)).0, [message]);
        assert_eq!(judged(&checks(checks(hears(led(), 50, 3), 60, true), 70, true)).0, [message], "that was before");
        assert_eq!(judged(&checks(led(), 60, false)), (vec![], 1), "who says that it has not is not asked why");
    }

    #[test]
    fn what_reached_one_that_stood_still_may_count_one_time_later() {
        let led = || votes(group(), 5, 2, 4, 1).leads(6, 1, 4);
        let process = |events: Events, at, change| events.push(at, What::Process { node: NodeId(1), change });
        let stood = || process(hears(process(led(), 20, ProcessChange::Paused), 50, 3), 55, ProcessChange::Resumed);
        let once_more = || checks(checks(stood(), 60, true), 70, true);
        assert_eq!(judged(&once_more()).0, [""; 0]);
        assert_eq!(judged(&checks(once_more(), 80, true)).0.len(), 1, "and no later");
    }

    #[test]
    fn what_reached_one_that_is_slow_may_count_one_time_later() {
        let slow = |events: Events| events.fault(20, 7, Verb::Slow, FaultPhase::Activated);
        let led = || votes(group(), 5, 2, 4, 1).leads(6, 1, 4);
        let once_more = |events: Events| checks(checks(hears(events, 50, 3), 60, true), 70, true);
        assert_eq!(judged(&once_more(slow(led()))).0, [""; 0]);
        assert_eq!(judged(&checks(once_more(slow(led())), 80, true)).0.len(), 1, "and no later");
    }

    #[test]
    fn who_tells_of_a_conflict_has_had_its_entry_refused() {
        let conflict = Answer::Conflict { key: KeyId(1), latest: 3 };
        let refused = || group().takes(5, 7, effect(1, 1, unchanged(2, &[1]), conflict));
        let told = |events: Events, index| judged(&events.event(6, 1, Event::Conflict { index })).0;
        assert_eq!(told(refused(), 7), [""; 0]);
        assert_eq!(told(refused(), 8), ["n1 says that the transaction at index 8 was refused"]);
        assert_eq!(told(refused().event(6, 1, Event::Conflict { index: 7 }), 7).len(), 1, "once");
    }
}
