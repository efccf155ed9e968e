//! W3: while a lease is valid, nobody can be elected without a voter that has promised not to let it happen.
//!
//! A voter's *promise* to the holder of a lease: it follows the holder in the lease's term, and grants no vote and does not
//! stand for election until its own clock has gone on by its promise, less one tick, from when the latest that it has
//! acknowledged had left. Or it has just started, and withholds its vote from everybody (RL.5).
//!
//! **Proves**, whenever a lease is extended, and while one is valid whenever a node changes its role, term or leader, starts
//! again, goes by other members or has its clock touched: take those away whose promises last until the lease runs out, by
//! their clocks as they run now. Then no node that is left has, by the membership that it goes by, the votes that it would
//! need, of those left whose logs are no further than its own. So it sees a lease that promises do not cover long before
//! anybody is elected. What it finds may do no harm (*potential*): who could be elected need not be. But under
//! the default, within what is claimed of clocks, there must be nothing to find: it fails the run.
//!
//! **Does not prove** anything where a log gets further, or a clock gets faster, between two of these moments. That a promise
//! is kept is seen by its breach: a role, or a term, that leaves the holder. Who has yet to apply a change that the holder has applied
//! does not stand: raft lets nobody who knows it to be committed, and who follows knows by the next heartbeat.
//!
//! **Costs** a line for each voter at each extension; the view follows the clocks.
//!
//! **Seen alive by** the variants `long-lease`, at the first extension of every run, and `wall-clock` (`fast/s-07-wall-steps`).

use crate::check::prelude::*;
use crate::check::story::moment;
use crate::view::{GroupView, Held};
use std::collections::BTreeSet;

#[derive(Default)]
pub(in crate::check) struct BackedByPromises {
    /// Who has started again votes for nobody until its clock shows this.
    withheld: BTreeMap<NodeId, Instant>,
    /// What voters have promised to leaders, by (leader, voter): as it was when the leader last counted on it.
    promises: BTreeMap<(NodeId, NodeId), Promise>,
    /// When each node last heard each leader, by (leader, node).
    heard: BTreeMap<(NodeId, NodeId), SimTime>,
    /// The changes of membership in each node's log, by index; not those that it is known to have applied.
    changes: BTreeMap<NodeId, BTreeSet<u64>>,
    /// The term of each holder in which its lease was found to be open to an election: once is enough.
    found: BTreeMap<NodeId, u64>,
    /// Those who are free to vote; kept for its memory alone.
    free: Vec<NodeId>,
}

/// Nothing but the voter's own clock moves its end once it is given.
#[derive(Clone, Copy)]
struct Promise {
    /// When that had left which was acknowledged, by the leader's clock.
    sent_at: Instant,
    /// The voter's reading until which it holds.
    until: Instant,
}

impl BackedByPromises {
    fn judge_all(&mut self, now: &Now<'_>) -> Option<Finding> {
        now.nodes.iter().find_map(|(holder, state)| self.judge(now, holder, state.lease?))
    }

    fn judge(&mut self, now: &Now<'_>, holder: NodeId, lease: Held) -> Option<Finding> {
        // Where the holder's clock stands still nobody knows the end; the lease is judged again when it goes on.
        if !lease.is_valid(now.at) || lease.until == SimTime::NEVER {
            return None;
        }
        now.judge();
        if self.found.get(&holder) == Some(&lease.term) {
            return None;
        }
        let process = (holder, now.nodes.get(holder)?.incarnation);
        let mut free = std::mem::take(&mut self.free);
        free.clear();
        let others = now.nodes.others(holder).map(|(node, _)| node);
        free.extend(
            others.filter(|node| self.promised(now, process, lease.term, *node).is_none_or(|end| end < lease.until)),
        );
        let mut stands = |node: NodeId| {
            self.may_stand(now, process, lease, node)
                && could_win(node, &free, now.nodes)
                && !self.is_amid_change(now.nodes, holder, lease.term, node)
        };
        let winner = free.iter().copied().find(|node| stands(*node));
        self.free = free;
        let winner = winner?;
        self.found.insert(holder, lease.term);
        Some(self.finding(now, process, lease, winner))
    }

    /// Until when `voter` will help elect nobody but the holder; `None`: it may at once.
    fn promised(&mut self, now: &Now<'_>, holder: (NodeId, u64), term: u64, voter: NodeId) -> Option<SimTime> {
        let state = now.nodes.get(voter)?;
        // Who is gone votes for nobody, and withholds its vote when it comes back, or is judged then.
        let gone = matches!(state.process, Some((ProcessChange::Killed | ProcessChange::Failed { .. }, _)));
        if state.opens || gone {
            return Some(SimTime::NEVER);
        }
        let withheld = self.withheld.get(&voter).and_then(|until| now.nodes.clocks.when(voter, *until));
        if (state.role, state.leader, state.term) != (Role::Follower, Some(holder.0), term) {
            return withheld;
        }
        let promise = state.timing.map_or(now.premises.election_timeout.saturating_sub(now.premises.tick), |timing| {
            timing.promise.saturating_sub(timing.tick)
        });
        let acknowledged = now.nodes.acknowledged.latest(holder, term, voter);
        let given = acknowledged.and_then(|stamp| self.given(now.nodes, (holder.0, voter), stamp.sent_at, promise));
        given.and_then(|given| now.nodes.clocks.when(voter, given.until)).max(withheld)
    }

    /// Has `node`, which follows the holder, yet to apply a change of membership that the holder has applied?
    fn is_amid_change(&mut self, nodes: &GroupView<'_>, holder: NodeId, term: u64, node: NodeId) -> bool {
        let (Some(state), Some(leader), Some(changes)) =
            (nodes.get(node), nodes.get(holder), self.changes.get_mut(&node))
        else {
            return false;
        };
        *changes = changes.split_off(&(state.applied_index() + 1));
        let is_applied = |index: &u64| {
            let entries = (state.log.get(*index), leader.log.get(*index));
            *index <= leader.applied_index() && entries.0.is_some() && entries.0 == entries.1
        };
        // Who counts by its log stands before it has applied it.
        let applies_first = state.counts.is_none();
        applies_first && (state.leader, state.term) == (Some(holder), term) && changes.iter().any(is_applied)
    }

    /// Does `node` stand for election while this lease lasts, if it hears nobody? A follower waits for longer than its promise lasts, and
    /// so does who has only followed another into a later term.
    fn may_stand(&mut self, now: &Now<'_>, holder: (NodeId, u64), lease: Held, node: NodeId) -> bool {
        let followers = now.nodes.get(node).filter(|state| state.role == Role::Follower);
        let Some((state, timing)) = followers.and_then(|state| Some((state, state.timing?))) else { return true };
        let waits_since = |at| {
            let since = now.nodes.clocks.reading(node, at)?;
            now.nodes.clocks.when(node, since.after(timing.patience.saturating_sub(timing.tick)))
        };
        let stands = if state.term > lease.term {
            waits_since(state.since)
        } else {
            let promised = self.promised(now, holder, lease.term, node);
            let promised = promised.map(|end| end.after(timing.patience.saturating_sub(timing.promise)));
            // What it has heard it may not have answered yet.
            let follows = (state.leader, state.term) == (Some(holder.0), lease.term);
            let heard = self.heard.get(&(holder.0, node)).filter(|_| follows);
            promised.max(heard.and_then(|at| waits_since(*at)))
        };
        stands.is_none_or(|stands| stands < lease.until)
    }

    /// What acknowledging that which left at `sent_at` promises.
    fn given(
        &mut self,
        nodes: &GroupView<'_>,
        (holder, voter): (NodeId, NodeId),
        sent_at: Instant,
        promise: Duration,
    ) -> Option<Promise> {
        if let Some(known) = self.promises.get(&(holder, voter)).filter(|known| known.sent_at == sent_at) {
            return Some(*known);
        }
        let left = nodes.clocks.when(holder, sent_at)?;
        let given = Promise { sent_at, until: nodes.clocks.reading(voter, left)?.after(promise) };
        self.promises.insert((holder, voter), given);
        Some(given)
    }

    fn finding(&mut self, now: &Now<'_>, process: (NodeId, u64), lease: Held, winner: NodeId) -> Finding {
        let (holder, until) = (process.0, moment(lease.until));
        let message = format!(
            "{holder} holds a lease of term {} until {until}, and before that {winner} could be elected by nodes that have not promised for so long",
            lease.term
        );
        let others = now.nodes.others(holder).map(|(node, _)| node);
        let promised = others.take(STORY - 4).map(|node| match self.promised(now, process, lease.term, node) {
            Some(end) => format!("{node} helps elect nobody else until {}", moment(end)),
            None => format!("{node} has promised nothing that holds"),
        });
        let story = promised.collect();
        now.finding(message, story).potential()
    }
}

/// Could `candidate` be elected by those of `free`, by the membership that it goes by? It applies what it knows to be committed before it
/// stands, and so goes by none that is older than what it had applied in an earlier life.
fn could_win(candidate: NodeId, free: &[NodeId], nodes: &GroupView<'_>) -> bool {
    let log_end = |node| nodes.get(node).map(|state| state.log.last());
    let repeats =
        nodes.get(candidate).is_some_and(|state| state.counts.is_none() && state.applied_index() < state.reached);
    let members = nodes.counted_by(candidate);
    let votes = |voter| free.contains(&voter) && log_end(voter) <= log_end(candidate);
    !repeats && members.votes(candidate) && members.is_quorum(votes)
}

impl Check for BackedByPromises {
    // What comes so late that the lease has run out extends nothing.
    fn lease_extended(&mut self, now: &Now<'_>, by: By<'_>, _: Extension) -> Option<Finding> {
        self.judge(now, by.node, by.state.lease?)
    }

    fn heartbeat(&mut self, now: &Now<'_>, Arrival { from, to, .. }: Arrival<'_>) -> Option<Finding> {
        self.heard.insert((from, to), now.at);
        None
    }

    fn entries(&mut self, now: &Now<'_>, Arrival { from, to, .. }: Arrival<'_>) -> Option<Finding> {
        self.heard.insert((from, to), now.at);
        None
    }

    fn leads(&mut self, now: &Now<'_>, _: By<'_>) -> Option<Finding> {
        self.judge_all(now)
    }

    // It takes nobody's messages before it has opened its log.
    fn leads_not(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        if by.state.opens { None } else { self.judge_all(now) }
    }

    fn opened(&mut self, now: &Now<'_>, by: By<'_>, Opened { withholds, .. }: Opened) -> Option<Finding> {
        let lost = now.premises.tick.min(withholds);
        self.withheld.insert(by.node, by.clock.after(withholds - lost));
        self.judge_all(now)
    }

    // Whatever it said that it would do.
    fn voted(&mut self, now: &Now<'_>, by: By<'_>, voted: Vote) -> Option<Finding> {
        voted.vote?;
        self.withheld.remove(&by.node);
        self.judge_all(now)
    }

    fn change_appended(&mut self, _: &Now<'_>, by: By<'_>, index: u64) -> Option<Finding> {
        self.changes.entry(by.node).or_default().insert(index);
        None
    }

    fn counts(&mut self, now: &Now<'_>, _: By<'_>, _: &Arc<Membership>) -> Option<Finding> {
        self.judge_all(now)
    }

    fn membership(&mut self, now: &Now<'_>, _: By<'_>, _: u64, _: &Arc<Membership>) -> Option<Finding> {
        self.judge_all(now)
    }

    fn clock(&mut self, now: &Now<'_>, _: NodeId, _: Instant, _: Option<SimTime>) -> Option<Finding> {
        self.judge_all(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, Of, ms};
    use leasehold::observe::Event;

    const CHECK: Of = Of("backed-by-promises");

    /// n1 leads term 4; n2 and n3 follow it. All have one entry. A promise is sure for 900 ms, a lease lasts 300.
    fn led() -> Events {
        let events = (1..=3).fold(Events::default(), |events, node| {
            let started = events.started(0, node, 1).configured(0, node, Duration::from_secs(1));
            started.appends(1, node, 1, 4, 0xa)
        });
        [2, 3].into_iter().fold(events.leads(2, 1, 4), |events, node| events.follows_whom(3, node, 4, 1))
    }

    #[test]
    fn a_lease_within_the_promises_of_a_quorum_is_backed() {
        let events = led().acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10);
        assert_eq!(events.evaluated_by("backed-by-promises"), 1);
    }

    #[test]
    fn a_lease_longer_than_the_promises_is_open_to_an_election() {
        let long = led().acknowledges(20, 2, 1, 4, 10).acknowledges(20, 3, 1, 4, 10).extended(21, 1, 4, 1_500);
        let finding = CHECK.finds(&long).expect("three nodes, and both others are free before 1.5 s");
        assert_eq!((finding.severity, finding.at), (crate::check::Severity::Potential, ms(21)));
        assert_eq!(
            finding.message,
            "n1 holds a lease of term 4 until 1.500000s, and before that n2 could be elected by nodes that have not promised for so long"
        );
        assert_eq!(finding.story[0], "n2 helps elect nobody else until 0.910000s");
    }

    #[test]
    fn one_of_two_that_has_promised_is_enough() {
        let events = led().acknowledges(20, 2, 1, 4, 10).extended(21, 1, 4, 905);
        assert_eq!(CHECK.finds(&events), None, "n2 until 910 ms; n3 never");
    }

    #[test]
    fn who_starts_again_has_forgotten_unless_it_withholds_its_vote() {
        let leased = || led().acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10).killed(30, 2).started(40, 2, 2);
        let acknowledged = led().acknowledges(20, 2, 1, 4, 10).killed(20, 2).leased(21, 1, 4, 0, 10);
        assert_eq!(CHECK.finds(&acknowledged), None, "who is gone votes for nobody");
        assert_eq!(CHECK.finds(&leased().follows(40, 2, 4)), None, "who has yet to open its log votes for nobody");
        let opened = |withholds| Event::Opened { term: 4, vote: None, last_index: 1, last_term: 4, withholds };
        assert!(CHECK.finds(&leased().event(41, 2, opened(Duration::ZERO))).is_some());
        assert_eq!(CHECK.finds(&leased().event(41, 2, opened(Duration::from_secs(1)))), None);
    }

    #[test]
    fn who_votes_though_it_said_that_it_would_not_breaks_its_promise() {
        let leased = led().acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10).killed(30, 2).started(40, 2, 2);
        let withholds = Duration::from_secs(1);
        let opened = Event::Opened { term: 4, vote: None, last_index: 1, last_term: 4, withholds };
        let voted = Event::Voted { term: 5, vote: Some(NodeId(3)) };
        assert!(CHECK.finds(&leased.event(41, 2, opened).follows(42, 2, 5).event(43, 2, voted)).is_some());
    }

    #[test]
    fn who_applies_again_what_it_had_applied_is_no_candidate_yet() {
        let applied = led().applies(4, 2, 1, 4, 0xa).applies(4, 3, 1, 4, 0xa).killed(5, 2).started(6, 2, 2);
        let long = applied.killed(5, 3).started(6, 3, 2).follows_whom(7, 2, 4, 1).follows_whom(7, 3, 4, 1);
        let long = long.acknowledges(20, 2, 1, 4, 10).extended(21, 1, 4, 1_500);
        assert_eq!(CHECK.finds(&long), None);
    }

    #[test]
    fn who_has_yet_to_apply_a_change_that_the_holder_has_applied_is_no_candidate() {
        let change = |events: Events, node| {
            events.appends(4, node, 2, 4, 0xb).event(4, node, Event::ChangeAppended { index: 2 })
        };
        let known = || change(change(change(led(), 1), 2), 3).applies(5, 1, 1, 4, 0xa);
        let long = |events: Events| events.acknowledges(20, 2, 1, 4, 10).extended(21, 1, 4, 1_500);
        assert_eq!(CHECK.finds(&long(known().applies(6, 1, 2, 4, 0xb))), None);
        assert!(CHECK.finds(&long(known())).is_some(), "it may not be committed");
    }

    #[test]
    fn who_stands_for_election_or_leaves_the_term_breaks_its_promise() {
        let leased = || led().acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10);
        let stands = |role| Event::Role { role, term: 4, leader: None };
        assert!(CHECK.finds(&leased().event(30, 2, stands(Role::PreCandidate))).is_some());
        assert!(CHECK.finds(&leased().follows(30, 2, 5)).is_some(), "n3 may stand, and win its vote");
        assert_eq!(CHECK.finds(&leased().follows(30, 3, 5)), None, "on whom the lease does not count");
    }

    #[test]
    fn a_log_that_lacks_an_entry_wins_no_vote_of_one_that_has_it() {
        let behind = led().appends(4, 3, 2, 4, 0xb).acknowledges(20, 2, 1, 4, 10).extended(21, 1, 4, 1_500);
        let finding = CHECK.finds(&behind).expect("n3 is further than n2, and could be elected by both");
        assert!(finding.message.contains("n3 could be elected"), "{}", finding.message);
    }

    #[test]
    fn who_follows_another_into_a_later_term_stands_no_sooner_than_any_follower() {
        let ahead = || led().appends(4, 2, 2, 4, 0xb).acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10);
        assert_eq!(CHECK.finds(&ahead().follows(30, 2, 5)), None, "n3 lacks an entry, and n2 waits for 1.1 s");
        let stands = Event::Role { role: Role::Candidate, term: 5, leader: None };
        assert!(CHECK.finds(&ahead().event(30, 2, stands)).is_some());
    }

    #[test]
    fn a_lease_is_not_judged_while_its_holders_clock_stands_still() {
        let backed = || led().acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10);
        assert_eq!(CHECK.finds(&backed().lease_shown(22, 1, 22, SimTime::NEVER)), None);
        let goes_on = backed().lease_shown(22, 1, 22, SimTime::NEVER).lease_shown(23, 1, 23, ms(2_000));
        assert!(CHECK.finds(&goes_on).is_some(), "so slow a clock outlasts the promises");
    }

    #[test]
    fn a_clock_that_jumps_ends_promises_early() {
        let jumps = led().acknowledges(20, 2, 1, 4, 10).leased(21, 1, 4, 0, 10).shows(22, 2, 22);
        assert_eq!(CHECK.finds(&jumps), None);
        assert!(
            CHECK.finds(&jumps.shows(30, 2, 800)).is_some(),
            "n2 is free from 140 ms on, the lease lasts until 310"
        );
    }
}
