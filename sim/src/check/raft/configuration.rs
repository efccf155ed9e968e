//! R6: one change of membership at a time, from each configuration to one whose quorums meet its own.
//!
//! **Proves** that
//! - all nodes go by the same members from the same index on;
//! - the members after a change differ from those before it in one voter at most, or are a joint configuration of both (its
//!   other half is what was in force before), or leave such a one by its new half alone (dissertation §4.1, §4.3);
//! - a leader takes no change into its log while it has not applied another that is there, nor, unless to leave a joint configuration, before
//!   it has applied an entry of its own term (Ongaro on raft-dev, 2015: a bug in single-server changes);
//! - no node that counts by what it has applied stands for election with a change in its log that it knows to be committed and has not
//!   applied (raft-rs #225, LB-44);
//! - a leader leaves a joint configuration within [`BOUND`] and [`ENTRIES`] that it applies (LB-50).
//!
//! **Does not prove** anything of a change that no node applied, nor that a joint configuration is left where nobody leads (L2).
//!
//! **Costs** a look-up for each entry applied; memory for every change.
//!
//! **Seen alive by** `joint-never-left` (`planted/joint`); of the other rules, by its unit tests.

use crate::check::prelude::*;

/// How long a leader may stay in a joint configuration, and how many entries it may apply in it. Leaving takes one entry, right
/// after that which enters or at the next tick: more than this is not on its way before it, and only a cluster that cannot
/// commit takes longer.
const BOUND: Duration = Duration::from_secs(10);
const ENTRIES: u32 = 100;

#[derive(Default)]
pub(in crate::check) struct Configuration {
    /// Who first went by which members, from which index on.
    known: BTreeMap<u64, Known>,
    nodes: BTreeMap<NodeId, State>,
}

#[derive(Clone)]
struct Known {
    members: Arc<Membership>,
    node: NodeId,
    at: SimTime,
}

/// What one process has told.
#[derive(Default)]
struct State {
    /// Indices of changes in its log that it has not applied. Those of the log outlive the process.
    unapplied: Vec<u64>,
    /// Since when it has led, in a joint configuration, without standing still.
    joint_since: Option<SimTime>,
    is_joint: bool,
    /// How many entries it has applied since then.
    joint_entries: u32,
}

impl State {
    /// Leads from `since` on, or does not lead.
    fn begin(&mut self, since: Option<SimTime>) {
        (self.joint_since, self.joint_entries) = (since, 0);
    }

    fn applied(&mut self, index: u64) {
        self.joint_entries += 1;
        self.unapplied.retain(|change| *change > index);
    }
}

impl Configuration {
    fn of(&mut self, node: NodeId) -> &mut State {
        self.nodes.entry(node).or_default()
    }
}

impl Check for Configuration {
    fn leads(&mut self, now: &Now<'_>, by: By<'_>) -> Option<Finding> {
        self.of(by.node).begin(Some(now.at));
        None
    }

    fn falls(&mut self, _: &Now<'_>, by: By<'_>) -> Option<Finding> {
        self.of(by.node).begin(None);
        None
    }

    fn membership(&mut self, now: &Now<'_>, by: By<'_>, index: u64, members: &Arc<Membership>) -> Option<Finding> {
        now.judge();
        if let Some(members) = now.nodes.founders().filter(|_| self.known.is_empty()) {
            self.known.insert(0, Known { members, node: NodeId(0), at: SimTime(0) });
        }
        let state = self.of(by.node);
        if state.is_joint != members.is_joint() {
            state.is_joint = members.is_joint();
            state.begin(state.joint_since.map(|_| now.at));
        }
        let known = Known { members: Arc::clone(members), node: by.node, at: now.at };
        // A snapshot tells who belongs to the group at its index, be there a change or not.
        let before = self.known.range(..=index).next_back().map(|(from, known)| (*from, known.clone()));
        match before {
            Some((from, before)) if from == index || before.members == *members => {
                (before.members != *members).then(|| two_memberships(now, index, &known, &before))
            }
            before => {
                let after_known = self.known.range(index..).next().is_some();
                let allowed = before.as_ref().is_none_or(|(_, before)| follows(&before.members, members));
                self.known.insert(index, known.clone());
                (!allowed && !after_known).then(|| leap(now, index, &known, before.map(|(_, before)| before)))
            }
        }
    }

    fn applied(&mut self, now: &Now<'_>, By { node, .. }: By<'_>, Place { index, .. }: Place) -> Option<Finding> {
        let state = self.of(node);
        state.applied(index);
        let lasted = now.at.since(state.joint_since.filter(|_| state.is_joint)?);
        now.judge();
        (lasted > BOUND && state.joint_entries > ENTRIES).then(|| {
            let lasted = duration(lasted);
            let message = format!("{node} leads, applies, and has not left its joint configuration for {lasted}");
            let members = now.nodes.members(node);
            now.finding(message, vec![format!("the members are {members}, by what {node} has applied")])
        })
    }

    fn snapshot_restored(&mut self, _: &Now<'_>, by: By<'_>, last: Place, _: Option<NodeId>) -> Option<Finding> {
        self.of(by.node).applied(last.index);
        None
    }

    fn appended(&mut self, _: &Now<'_>, by: By<'_>, entry: Place) -> Option<Finding> {
        self.of(by.node).unapplied.retain(|change| *change < entry.index);
        None
    }

    fn change_appended(&mut self, now: &Now<'_>, by: By<'_>, index: u64) -> Option<Finding> {
        let State { unapplied, .. } = self.of(by.node);
        unapplied.retain(|change| *change < index);
        let pending = unapplied.first().copied();
        // A leader's own disk may have last what the others have made it commit.
        unapplied.extend((index > by.state.applied_index()).then_some(index));
        if by.state.role != Role::Leader {
            return None;
        }
        now.judge();
        let node = by.node;
        // What it has taken over may have been written only now.
        let is_own = by.state.log.get(index).is_some_and(|entry| entry.term == by.state.term);
        let leaves = now.nodes.members(node).is_joint();
        if is_own && !leaves && by.state.applied.is_none_or(|(_, term)| term != by.state.term) {
            let message = format!(
                "{node} leads and took a change of membership at index {index} before it had applied an entry of its own term"
            );
            let why = "it may not know of a change of an earlier term that is committed";
            return Some(now.finding(message, vec![why.to_owned()]));
        }
        let pending = pending?;
        let message = format!(
            "{node} leads and took a change of membership at index {index} before it had applied the one at index {pending}"
        );
        let why = "two changes that are under way together may lead to two quorums that do not meet";
        Some(now.finding(message, vec![why.to_owned()]))
    }

    fn campaigned_amid_change(&mut self, now: &Now<'_>, by: By<'_>, index: u64, commit: u64) -> Option<Finding> {
        now.judge();
        // Who counts by its log has not to apply a change to count by it.
        (index <= commit && by.state.counts.is_none()).then(|| {
            let message = format!(
                "{} stands for election without having applied the change of membership at index {index}, which it knows to be committed",
                by.node
            );
            let members = now.nodes.members(by.node);
            now.finding(message, vec![format!("its commit index is {commit}; it counts votes by {members}")])
        })
    }

    fn process(&mut self, now: &Now<'_>, node: NodeId, change: ProcessChange) -> Option<Finding> {
        let state = self.of(node);
        match change {
            ProcessChange::Started { .. } | ProcessChange::Killed | ProcessChange::Failed { .. } => {
                state.begin(None);
                state.is_joint = false;
            }
            ProcessChange::Paused => {}
            ProcessChange::Resumed => state.begin(state.joint_since.map(|_| now.at)),
        }
        None
    }
}

/// May `after` come next after `before`? By one voter at most, into a joint configuration of both, or out of one.
fn follows(before: &Membership, after: &Membership) -> bool {
    match (before.is_joint(), after.is_joint()) {
        (false, false) => {
            let lost = before.voters.iter().filter(|node| !after.voters.contains(node)).count();
            let won = after.voters.iter().filter(|node| !before.voters.contains(node)).count();
            lost + won <= 1
        }
        (false, true) => after.outgoing == before.voters,
        (true, false) => after.voters == before.voters,
        (true, true) => false,
    }
}

fn two_memberships(now: &Now<'_>, index: u64, known: &Known, before: &Known) -> Finding {
    let message = format!("{} and {} go by different members from index {index} on", known.node, before.node);
    let line = |Known { members, node, at }: &Known| format!("{node}, at {at}: {members}");
    now.finding(message, vec![line(before), line(known)])
}

fn leap(now: &Now<'_>, index: u64, known: &Known, before: Option<Known>) -> Finding {
    let message = format!("the members from index {index} on do not follow from those before it in one step");
    let before = before.map_or_else(String::new, |before| format!("before: {}", before.members));
    now.finding(message, vec![before, format!("from index {index} on, by {}: {}", known.node, known.members)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::testing::{Events, Of};
    use leasehold::observe::Event;

    const CHECK: Of = Of("configuration");

    /// n1 to n3 vote from index 5 on.
    fn three() -> Events {
        let events = (1..=5).fold(Events::default(), |events, node| events.started(0, node, 1));
        events.leads(1, 1, 4).members(2, 1, 5, [&[1, 2, 3], &[], &[]]).applies(3, 1, 5, 4, 0)
    }

    #[test]
    fn one_voter_may_come_go_or_learn() {
        let learner = || three().members(10, 1, 6, [&[1, 2, 3], &[], &[4]]);
        assert_eq!(CHECK.finds(&learner().members(20, 1, 7, [&[1, 2, 3, 4], &[], &[]])), None);
        assert_eq!(CHECK.finds(&learner().members(20, 1, 7, [&[1, 2], &[], &[3, 4]])), None);
        assert_eq!(CHECK.finds(&learner().members(20, 1, 7, [&[2, 3], &[], &[4]])), None);
    }

    #[test]
    fn two_voters_at_once_are_a_violation() {
        let finding = three().members(10, 1, 6, [&[1, 2, 4], &[], &[]]).breaks(
            "configuration",
            10,
            "the members from index 6 on do not follow from those before it in one step",
        );
        assert_eq!(finding.story[..2], ["before: n1 n2 n3", "from index 6 on, by n1: n1 n2 n4"]);
    }

    #[test]
    fn a_joint_configuration_has_what_was_before_as_one_half_and_leaves_the_other() {
        let joint = || three().members(10, 1, 6, [&[1, 4, 5], &[1, 2, 3], &[]]);
        assert_eq!(CHECK.finds(&joint().members(20, 1, 7, [&[1, 4, 5], &[], &[]])), None);
        assert!(CHECK.finds(&joint().members(20, 1, 7, [&[1, 2, 3], &[], &[]])).is_some());
        assert!(CHECK.finds(&joint().members(20, 1, 7, [&[1, 2, 4], &[1, 4, 5], &[]])).is_some(), "joint upon joint");
        assert!(CHECK.finds(&three().members(10, 1, 6, [&[1, 4, 5], &[1, 2], &[]])).is_some(), "n3 voted too");
    }

    #[test]
    fn other_members_from_the_same_index_on_are_a_violation() {
        let told = || three().members(10, 1, 6, [&[1, 2], &[], &[]]);
        assert_eq!(CHECK.finds(&told().members(20, 2, 6, [&[1, 2], &[], &[]])), None);
        let finding = CHECK.finds(&told().members(20, 2, 6, [&[1, 3], &[], &[]])).expect("two memberships");
        assert_eq!(finding.message, "n2 and n1 go by different members from index 6 on");
    }

    #[test]
    fn a_snapshot_between_two_changes_tells_what_was_in_force() {
        let told = || three().members(10, 1, 9, [&[1, 2], &[], &[]]);
        assert_eq!(CHECK.finds(&told().members(20, 2, 7, [&[1, 2, 3], &[], &[]])), None);
        assert_eq!(CHECK.finds(&told().members(20, 2, 12, [&[1, 2], &[], &[]])), None);
    }

    #[test]
    fn a_leader_takes_no_change_before_it_has_applied_an_entry_of_its_own_term() {
        let change = |events: Events, at, term| {
            events.appends(at, 1, 1, term, 0).event(at, 1, Event::ChangeAppended { index: 1 })
        };
        let again = || three().follows(10, 1, 5).leads(20, 1, 6);
        assert_eq!(CHECK.finds(&change(again(), 30, 4)), None, "it has it from the term before");
        assert_eq!(CHECK.finds(&change(again().applies(25, 1, 6, 6, 0), 30, 6)), None);
        let finding = CHECK.finds(&change(again(), 30, 6)).expect("it may not know of another");
        assert_eq!(
            finding.message,
            "n1 leads and took a change of membership at index 1 before it had applied an entry of its own term"
        );
        let joint = again().members(22, 1, 6, [&[1, 4, 5], &[1, 2, 3], &[]]);
        assert_eq!(
            CHECK.finds(&change(joint, 30, 6)),
            None,
            "raft leaves a joint configuration as soon as it knows of it"
        );
    }

    #[test]
    fn a_leader_takes_one_change_after_another_is_applied() {
        let change = |events: Events, at, index| {
            events.appends(at, 1, index, 4, 0).event(at, 1, Event::ChangeAppended { index })
        };
        let two = |between: fn(Events) -> Events| change(between(change(three(), 10, 6)), 20, 7);
        assert_eq!(CHECK.finds(&two(|events| events.applies(15, 1, 6, 4, 0))), None);
        let finding = CHECK.finds(&two(|events| events)).expect("two at once");
        assert_eq!(
            finding.message,
            "n1 leads and took a change of membership at index 7 before it had applied the one at index 6"
        );
        assert_eq!(
            CHECK.finds(&two(|events| events.follows(15, 1, 5))),
            None,
            "a follower learns of both in one message"
        );
        assert_eq!(CHECK.finds(&change(change(three(), 10, 6), 20, 6)), None, "the first is overwritten");
    }

    #[test]
    fn who_stands_for_election_has_applied_every_change_that_it_knows_to_be_committed() {
        let stands = |commit| three().event(10, 2, Event::CampaignedAmidChange { index: 6, commit });
        assert_eq!(CHECK.finds(&stands(5)), None);
        assert!(CHECK.finds(&stands(6)).is_some());
    }

    #[test]
    fn a_leader_that_applies_leaves_a_joint_configuration_in_time() {
        let joint = || three().members(1_000, 1, 6, [&[1, 4, 5], &[1, 2, 3], &[]]);
        let applies = |events: Events, node| {
            (0..100).fold(events, |events, more| events.applies(9_000 + more, node, 7 + more, 4, 0))
        };
        assert_eq!(CHECK.finds(&applies(joint(), 1).applies(11_000, 1, 107, 4, 0)), None);
        assert_eq!(CHECK.finds(&joint().applies(11_001, 1, 7, 4, 0)), None, "it may have been cut off");
        let finding = CHECK.finds(&applies(joint(), 1).applies(11_001, 1, 107, 4, 0)).expect("too long");
        assert_eq!(finding.message, "n1 leads, applies, and has not left its joint configuration for 10s");
        assert_eq!(CHECK.finds(&applies(joint(), 2).applies(11_001, 2, 107, 4, 0)), None, "a follower leaves nothing");
        let paused = applies(joint().process(8_000, 1, ProcessChange::Resumed), 1);
        assert_eq!(CHECK.finds(&paused.applies(11_001, 1, 107, 4, 0)), None);
        let left = applies(joint().members(2_000, 1, 7, [&[1, 4, 5], &[], &[]]), 1);
        assert_eq!(CHECK.finds(&left.applies(13_001, 1, 107, 4, 0)), None);
    }
}
