//! R7: nothing is committed that a quorum does not have.
//!
//! **Proves** that whenever a node applies an entry, or a message says that an entry is committed, so many nodes as make a
//! quorum have told that this entry is durable in their logs.
//!
//! **Does not prove** that it was committed in a term in which it could be (Raft §5.4.2): R3 sees what comes of that. What a
//! node holds is what it has told (`log` says until when that is true). Where a node counts by changes that it has yet to apply, any of
//! those will do.
//!
//! **Costs** a comparison for each message of a leader and each entry applied; a look into each log where the commit index moves.
//!
//! **Seen alive by** `vote-not-durable` (`planted/second-vote`), where `durability` speaks first, its unit tests and
//! `sim/tests/alive.rs`.

use crate::check::prelude::*;
use crate::view::log::Entry;

#[derive(Default)]
pub(in crate::check) struct QuorumCommits {
    /// All up to this index has been found on a quorum.
    found: u64,
    /// The membership that each node went by before its present one: what is applied in one batch was committed under that.
    before: BTreeMap<NodeId, [Arc<Membership>; 2]>,
    /// Those by which each node counted before it had applied them, where it counts so.
    counted: BTreeMap<NodeId, Vec<Arc<Membership>>>,
    /// The memberships that each node's last process went by, or counted by: what it sent is still on its way.
    left: BTreeMap<NodeId, Vec<Arc<Membership>>>,
}

impl QuorumCommits {
    /// `node` takes everything up to `index` to be committed; `how` says by what that is known.
    fn committed(&mut self, now: &Now<'_>, node: NodeId, index: u64, how: &str) -> Option<Finding> {
        if index <= self.found {
            return None;
        }
        let (nodes, members) = (now.nodes, now.nodes.members(node));
        let own = nodes.get(node)?.log.get(index);
        now.judge();
        let holds = |id, entry| nodes.get(id).is_some_and(|state| state.log.get(index) == Some(entry));
        let before = self.before.get(&node).map(|[_, before]| before);
        let lately = || [&self.counted, &self.left].into_iter().filter_map(|of| of.get(&node)).flatten();
        let known = || std::iter::once(&members).chain(before).chain(lately());
        let durable = |entry: Entry| known().any(|members| members.is_quorum(|id| holds(id, entry)));
        // A leader's disk may have it last of all: what it counts is what its followers acknowledge.
        let mut elsewhere = nodes.iter().filter_map(|(_, state)| state.log.get(index));
        if own.map_or_else(|| elsewhere.any(durable), durable) {
            self.found = index;
            return None;
        }
        let holders = own.map_or(0, |entry| nodes.iter().filter(|(id, _)| holds(*id, entry)).count()) as u64;
        let (has, voters) = (counted(holders, "log"), members.voters.len());
        let message = format!("{node} {how} index {index}, but it is durable in {has}: no quorum of {voters} voters");
        let logs = nodes.iter().map(|(id, state)| {
            let held =
                state.log.get(index).map_or("nothing".to_owned(), |entry| format!("an entry of term {}", entry.term));
            format!("{id} has {held} at index {index}; its log ends at {}", state.log.last_index())
        });
        Some(now.finding(message, logs.take(STORY / 2).collect()))
    }
}

impl Check for QuorumCommits {
    fn applied(&mut self, now: &Now<'_>, by: By<'_>, Place { index, .. }: Place) -> Option<Finding> {
        self.committed(now, by.node, index, "applied")
    }

    fn told_commit(&mut self, now: &Now<'_>, leader: NodeId, commit: u64) -> Option<Finding> {
        self.committed(now, leader, commit, "told that it has committed")
    }

    fn membership(&mut self, now: &Now<'_>, by: By<'_>, _: u64, members: &Arc<Membership>) -> Option<Finding> {
        let first = || now.nodes.founders().unwrap_or_else(|| Arc::clone(members));
        let known = self.before.entry(by.node).or_insert_with(|| [(); 2].map(|()| first()));
        known.swap(0, 1);
        known[0] = Arc::clone(members);
        // What it has applied it counts by no more than by what came after.
        let counted = self.counted.entry(by.node).or_default();
        if let Some(applied) = counted.iter().position(|counted| counted == members) {
            drop(counted.drain(..applied));
        }
        None
    }

    fn counts(&mut self, _: &Now<'_>, by: By<'_>, members: &Arc<Membership>) -> Option<Finding> {
        self.counted.entry(by.node).or_default().push(Arc::clone(members));
        None
    }

    // A process begins with the members that it was founded with or that its snapshot names, and goes through all since again.
    fn started(&mut self, _: &Now<'_>, node: NodeId) -> Option<Finding> {
        let went_by = self.before.remove(&node).map(|[members, _]| members);
        let left: Vec<_> = went_by.into_iter().chain(self.counted.remove(&node).unwrap_or_default()).collect();
        if !left.is_empty() {
            self.left.insert(node, left);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, Of, head};
    use crate::view::View;
    use crate::words::MessageKind;
    use leasehold::env::GroupId;
    use leasehold::observe::Event;

    const CHECK: Of = Of("quorum-commits");

    /// Of three nodes, `holders` have entry 1 of term 4.
    fn held_by(holders: &[u64]) -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        holders.iter().fold(started, |events, node| events.appends(10, *node, 1, 4, 0xa))
    }

    #[test]
    fn what_a_quorum_has_may_be_applied_and_told() {
        let events = held_by(&[2, 3]).applies(20, 2, 1, 4, 0xa).applies(21, 3, 1, 4, 0xa);
        assert_eq!(events.evaluated_by("quorum-commits"), 1, "once an index");
        assert_eq!(CHECK.finds(&held_by(&[1, 2]).arrives(20, (1, 2), MessageKind::Heartbeat, head(4, 0, 1))), None);
    }

    #[test]
    fn what_only_one_node_has_may_not() {
        held_by(&[1]).applies(20, 1, 1, 4, 0xa).breaks(
            "quorum-commits",
            20,
            "n1 applied index 1, but it is durable in 1 log: no quorum of 3 voters",
        );
        let told =
            CHECK.finds(&held_by(&[1]).arrives(20, (1, 2), MessageKind::Append, head(4, 0, 1))).expect("a ghost");
        assert!(told.message.starts_with("n1 told that it has committed index 1,"), "{}", told.message);
    }

    #[test]
    fn another_entry_at_the_index_does_not_count() {
        assert!(CHECK.finds(&held_by(&[1]).appends(11, 2, 1, 5, 0xb).applies(20, 1, 1, 4, 0xa)).is_some());
    }

    #[test]
    fn what_was_committed_by_the_founders_is_not_asked_of_the_membership_that_they_apply_with_it() {
        let founders = Membership { voters: [1, 2, 3].map(NodeId).into(), ..Membership::default() };
        let events = held_by(&[1, 3]).members(20, 1, 1, [&[1, 2, 4], &[1, 2, 3], &[]]).applies(20, 1, 1, 4, 0xa);
        assert_nothing_is_found(founders, &events);
    }

    /// n1 was made a learner at index 1 by itself and n3, which then restarts, still counts n1 and commits index 2 with its help.
    #[test]
    fn who_restarts_goes_by_the_members_before_a_change_until_it_applies_that_again() {
        let founders = Membership { voters: [1, 2, 3].map(NodeId).into(), ..Membership::default() };
        let demoted: [&[u64]; 3] = [&[2, 3], &[], &[1]];
        let first = held_by(&[1, 3]).members(20, 3, 1, demoted).applies(20, 3, 1, 4, 0xa);
        let again = first.killed(30, 3).started(40, 3, 2).appends(50, 3, 2, 5, 0xb).appends(51, 1, 2, 5, 0xb);
        assert_nothing_is_found(founders, &again.members(60, 3, 1, demoted).applies(60, 3, 2, 5, 0xb));
    }

    /// n1 leads out of a joint configuration by index 2: that is durable on a quorum of the new half alone.
    #[test]
    fn who_counts_by_its_log_commits_a_change_by_that_change() {
        let founders = Membership { voters: [1, 2, 3].map(NodeId).into(), ..Membership::default() };
        let joint: [&[u64]; 3] = [&[1, 4, 5], &[1, 2, 3], &[]];
        let first = held_by(&[1, 2, 4]).appends(11, 5, 1, 4, 0xa).members(12, 1, 1, joint).applies(12, 1, 1, 4, 0xa);
        let out = [1, 4].iter().fold(first, |events, node| events.appends(20, *node, 2, 4, 0xb));
        let members = Arc::new(Membership { voters: [1, 4, 5].map(NodeId).into(), ..Membership::default() });
        let counts = Event::Counts { members };
        assert_nothing_is_found(founders.clone(), &out.clone().event(19, 1, counts).applies(30, 1, 2, 4, 0xb));
        let found = out.applies(30, 1, 2, 4, 0xb);
        assert!(found.found_from(View::founded_by([(GroupId::FIRST, founders)]), "quorum-commits").is_some());
    }

    /// n4 was added at index 1, and led; it restarts, and what it sent before arrives.
    #[test]
    fn what_a_process_sent_before_it_restarted_goes_by_the_members_that_it_went_by() {
        let founders = Membership { voters: [1, 2, 3].map(NodeId).into(), ..Membership::default() };
        let two = [2, 4].iter().fold(held_by(&[2, 3, 4]).members(20, 4, 1, [&[2, 3, 4], &[], &[]]), |events, node| {
            events.appends(30, *node, 2, 5, 0xb)
        });
        let restarted = two.applies(20, 4, 1, 4, 0xa).killed(40, 4).started(40, 4, 2);
        assert_nothing_is_found(founders, &restarted.arrives(41, (4, 2), MessageKind::Append, head(5, 2, 2)));
    }

    #[track_caller]
    fn assert_nothing_is_found(founders: Membership, events: &Events) {
        assert_eq!(events.found_from(View::founded_by([(GroupId::FIRST, founders)]), "quorum-commits"), None);
    }

    #[test]
    fn a_vote_says_nothing_about_what_is_committed() {
        assert_eq!(CHECK.finds(&held_by(&[1]).arrives(20, (1, 2), MessageKind::Vote, head(5, 1, 1))), None);
    }
}
