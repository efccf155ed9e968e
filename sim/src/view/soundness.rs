//! Who is as they should be, and since when: nodes, the links between them, and a leader with its quorum.
//!
//! Something is wrong with a node while a fault aims at it or its process does not run, and with a link while a fault lies on it. What
//! is lost on the way for no fault counts as a mishap of its link at that moment. How long a fault's consequences outlast it is for who
//! asks. What a fault has made late arrives after it as well: while a leader hears answers to what left longer ago than that, the links
//! to whoever answers are not as they should be.

use super::Group;
use super::replicas::Replicas;
use super::serving::Led;
use crate::history::{Fault, FaultPhase, Hears, How, ProcessChange, StepId, Targets};
use crate::time::SimTime;
use crate::words::{DiskHarm, Healed};
use leasehold::env::NodeId;
use std::collections::BTreeMap;
use std::time::Duration;

/// What has been wrong, and what is.
#[derive(Default)]
pub(crate) struct Soundness {
    in_force: Vec<Wrong>,
    /// When a fault of this node ended.
    nodes: BTreeMap<NodeId, SimTime>,
    /// What was wrong between two nodes, whichever way. The lower number is the first.
    links: BTreeMap<(NodeId, NodeId), Link>,
    /// When a message was last lost between a client and this node.
    lost_to_clients: BTreeMap<NodeId, SimTime>,
    /// When a fault of all links ended.
    all_links: Option<SimTime>,
    /// So many records were taken in.
    pub(super) records: u64,
}

/// What was wrong between two nodes.
#[derive(Default)]
struct Link {
    /// When a fault ended.
    ended: Option<SimTime>,
    /// When a message was last lost.
    lost: Option<SimTime>,
    /// Of the answers that a leader heard: how long after what they answer had left, and when, where none since has taken as long. The
    /// longest is the first.
    answers: Vec<(Duration, SimTime)>,
}

/// A fault in force.
struct Wrong {
    step: StepId,
    targets: Targets,
    /// Of a leader's disk that stands still: since when.
    stalls: Option<SimTime>,
}

/// A leader that a quorum follows, and since when nothing stands between them and whoever asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Standing {
    pub(crate) leader: NodeId,
    pub(crate) term: u64,
    pub(crate) since: SimTime,
}

/// How long what is wrong excuses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Excuses {
    /// After a fault has ended.
    pub(crate) settling: Duration,
    /// From when the disk of a leader began to stand still: then it must have handed over, or have been deposed.
    pub(crate) stalled_leader: Duration,
}

impl Hears for Soundness {
    fn lost(&mut self, at: SimTime, from: NodeId, to: NodeId) {
        self.between(from, to).lost = Some(at);
    }

    fn lost_to_client(&mut self, at: SimTime, node: NodeId) {
        self.lost_to_clients.insert(node, at);
    }

    fn fault(&mut self, at: SimTime, fault: &Fault) {
        if fault.phase == FaultPhase::Activated && fault.verb.lasts() {
            let (step, targets) = (fault.step.clone(), fault.targets.clone());
            self.in_force.push(Wrong { step, targets, stalls: None });
        } else if fault.phase == FaultPhase::Activated && fault.heals() == Some(Healed::Everything) {
            std::mem::take(&mut self.in_force).iter().for_each(|wrong| self.over(at, &wrong.targets));
        } else if fault.phase == FaultPhase::Ended && fault.verb.lasts() {
            let is_it = |wrong: &Wrong| wrong.step == fault.step && wrong.targets == fault.targets;
            if let Some(place) = self.in_force.iter().position(is_it) {
                self.in_force.remove(place);
            }
            self.over(at, &fault.targets);
        }
    }
}

impl Soundness {
    /// A record is about to be taken in.
    pub(super) fn begin(&mut self) {
        self.records += 1;
    }

    /// A fault, which has been taken in, may have begun that makes the disk of one of these leaders stand still.
    pub(super) fn stalls(&mut self, at: SimTime, fault: &Fault, mut leaders: impl Iterator<Item = NodeId>) {
        let of_leader = leaders.any(|leader| fault.targets == Targets::Node(leader));
        if of_leader && fault.phase == FaultPhase::Activated && fault.how == How::Disk(DiskHarm::Stall) {
            self.in_force.last_mut().into_iter().for_each(|begun| begun.stalls = Some(at));
        }
    }

    /// Does the disk of `node` stand still since it was a leader's?
    pub(super) fn has_stalled_disk(&self, node: NodeId) -> bool {
        self.in_force.iter().any(|wrong| wrong.stalls.is_some() && aims_at(&wrong.targets, node))
    }

    fn between(&mut self, one: NodeId, other: NodeId) -> &mut Link {
        self.links.entry((one.min(other), one.max(other))).or_default()
    }

    /// A leader hears the answer of `voter` to what left so long ago.
    pub(super) fn answered(&mut self, at: SimTime, (leader, voter): (NodeId, NodeId), took: Duration) {
        let answers = &mut self.between(leader, voter).answers;
        while answers.pop_if(|(before, _)| *before <= took).is_some() {}
        answers.push((took, at));
    }

    fn over(&mut self, at: SimTime, targets: &Targets) {
        match targets {
            Targets::Nobody | Targets::Asked(_) | Targets::Handover(..) => {}
            Targets::Node(node) | Targets::Task(node) => {
                self.nodes.insert(*node, at);
            }
            Targets::Links(..) | Targets::Sides { .. } => {
                pairs(targets).for_each(|(from, to)| self.between(from, to).ended = Some(at));
            }
            Targets::Ring => self.all_links = Some(at),
        }
    }

    /// Since when nothing has been wrong with `node`; `None`: something is.
    pub(crate) fn node(&self, node: NodeId, replicas: &Replicas, excuses: Excuses) -> Option<SimTime> {
        let Some((ProcessChange::Started { .. } | ProcessChange::Resumed, runs)) = replicas.get(node)?.process else {
            return None;
        };
        let ended = self.nodes.get(&node).map_or(runs, |at| at.after(excuses.settling));
        let mut wrong = self.in_force.iter().filter(|wrong| aims_at(&wrong.targets, node));
        wrong.try_fold(runs.max(ended), |since, wrong| Some(since.max(wrong.stalls?.after(excuses.stalled_leader))))
    }

    /// Since when nothing has been wrong with the links between two nodes; `None`: something is.
    pub(crate) fn link(&self, one: NodeId, other: NodeId, excuses: Excuses) -> Option<SimTime> {
        if one == other {
            return Some(SimTime::default());
        }
        let is_meant = |link: (NodeId, NodeId)| link == (one, other) || link == (other, one);
        let on_it = |wrong: &Wrong| wrong.targets == Targets::Ring || pairs(&wrong.targets).any(is_meant);
        if self.in_force.iter().any(on_it) {
            return None;
        }
        let link = self.links.get(&(one.min(other), one.max(other)));
        let late = link.and_then(|link| link.answers.iter().rfind(|(took, _)| *took > excuses.settling));
        let ended = link.and_then(|link| link.ended).max(self.all_links).max(late.map(|(_, at)| *at));
        let settled = ended.map(|at| at.after(excuses.settling));
        Some(settled.max(link.and_then(|link| link.lost)).unwrap_or_default())
    }

    /// Has any message been lost since then?
    pub(crate) fn lost_any_since(&self, at: SimTime) -> bool {
        let between_nodes = self.links.values().filter_map(|link| link.lost);
        between_nodes.chain(self.lost_to_clients.values().copied()).any(|lost| lost >= at)
    }

    /// A leader that a quorum follows and that `via` reaches, if there is one; it is not handing over. Whoever has never had a part in the
    /// group reaches it where all do that it may ask who leads.
    pub(super) fn standing(
        &self,
        via: NodeId,
        Group { replicas, serving, .. }: &Group,
        excuses: Excuses,
    ) -> Option<Standing> {
        let Led { by: leader, term, since, .. } = serving.leader()?;
        if replicas.leader() != Some(leader) {
            return None;
        }
        let (members, counted) = (replicas.members(leader), replicas.counted_by(leader));
        // Nothing is committed, nor acknowledged to renew a lease, without either.
        let is_quorum = |follows: &dyn Fn(NodeId) -> bool| {
            members.is_quorum(follows) && (members == counted || counted.is_quorum(follows))
        };
        if !members.votes(leader) {
            return None;
        }
        let asked = self.lost_to_clients.get(&via).copied().unwrap_or_default();
        let since = since.max(asked).max(self.node(leader, replicas, excuses)?);
        let since = since.max(self.node(via, replicas, excuses)?).max(self.link(via, leader, excuses)?);
        let follows = |voter: NodeId| {
            let replica = replicas.get(voter).filter(|replica| replica.term == term)?;
            // It acknowledges nothing before it has its snapshot, and the time until that is sent again doubles with each that was lost.
            let brought_up = replicas.is_brought_up_since(voter)?;
            let strictly = Excuses { stalled_leader: Duration::MAX, ..excuses };
            let sound = self.node(voter, replicas, strictly)?.max(self.link(leader, voter, excuses)?);
            Some(sound.max(replica.since).max(brought_up))
        };
        let since = if members.contains(via) {
            since
        } else {
            // It may ask any of those who have a vote, or had one when the group was founded: none may be unable to say who leads.
            let founders = replicas.founders().filter(|founders| !founders.contains(via))?;
            let mut asked = founders.voters.iter().chain(&members.voters);
            asked.try_fold(since, |since, voter| {
                Some(since.max(follows(*voter)?).max(self.link(via, *voter, excuses)?))
            })?
        };
        if is_quorum(&|voter| follows(voter).is_some_and(|followed| followed <= since)) {
            return Some(Standing { leader, term, since });
        }
        let mut voters: Vec<(SimTime, NodeId)> =
            replicas.iter().filter_map(|(voter, _)| Some((follows(voter)?, voter))).collect();
        voters.sort();
        let quorum = (1..=voters.len())
            .find(|count| is_quorum(&|voter| voters[..*count].iter().any(|(_, follower)| *follower == voter)))?;
        let (followed, _) = voters[quorum - 1];
        Some(Standing { leader, term, since: since.max(followed) })
    }
}

fn aims_at(targets: &Targets, node: NodeId) -> bool {
    match targets {
        Targets::Node(hit) | Targets::Task(hit) => *hit == node,
        Targets::Nobody
        | Targets::Asked(_)
        | Targets::Handover(..)
        | Targets::Links(..)
        | Targets::Sides { .. }
        | Targets::Ring => false,
    }
}

/// The links that lie between these, each way that is meant.
fn pairs(targets: &Targets) -> impl Iterator<Item = (NodeId, NodeId)> {
    let (first, second, both, bridge) = match targets {
        Targets::Links(from, to) => (&from[..], &to[..], false, None),
        Targets::Sides { first, second, one_way, bridge } => (&first[..], &second[..], !one_way, *bridge),
        Targets::Nobody
        | Targets::Node(_)
        | Targets::Task(_)
        | Targets::Asked(_)
        | Targets::Handover(..)
        | Targets::Ring => (&[][..], &[][..], false, None),
    };
    let there = first.iter().flat_map(move |from| second.iter().map(move |to| (*from, *to)));
    let there = there.filter(move |(from, to)| ![Some(*from), Some(*to)].contains(&bridge) || bridge.is_none());
    there.flat_map(move |(from, to)| [Some((from, to)), both.then_some((to, from))]).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::{Events, ms};
    use crate::history::{Fate, What};
    use crate::view::View;
    use crate::words::{Cut, Verb};
    use FaultPhase::{Activated, Ended};
    use leasehold::env::Address;
    use leasehold::observe::{Event, Membership};
    use std::sync::Arc;

    const EXCUSES: Excuses = Excuses { settling: Duration::from_secs(1), stalled_leader: Duration::from_secs(2) };

    fn node(events: &Events, node: u64) -> Option<SimTime> {
        View::after(events).first().sound(NodeId(node), EXCUSES)
    }

    fn link(events: &Events, one: u64, other: u64) -> Option<SimTime> {
        View::after(events).soundness.link(NodeId(one), NodeId(other), EXCUSES)
    }

    /// Since when the leader that n3 can ask has been there.
    fn standing(events: &Events) -> Option<(u64, SimTime)> {
        let standing = View::after(events).first().standing(NodeId(3), EXCUSES)?;
        Some((standing.leader.0, standing.since))
    }

    fn led() -> Events {
        Events::three_and_a_leader()
    }

    fn slow(events: Events, at: u64, node: u64, phase: FaultPhase) -> Events {
        events.fault_of(at, 0, (Verb::Slow, How::Slows(2)), Targets::Node(NodeId(node)), phase)
    }

    fn cut(events: Events, at: u64, targets: Targets, phase: FaultPhase) -> Events {
        events.fault_of(at, 0, (Verb::Partition, How::Cuts(Cut::Drop)), targets, phase)
    }

    fn sides(first: &[u64], second: &[u64], one_way: bool, bridge: Option<u64>) -> Targets {
        let nodes = |ids: &[u64]| ids.iter().copied().map(NodeId).collect();
        Targets::Sides { first: nodes(first), second: nodes(second), one_way, bridge: bridge.map(NodeId) }
    }

    #[test]
    fn a_node_is_sound_while_it_runs_and_no_fault_aims_at_it() {
        assert_eq!(node(&led(), 1), Some(ms(0)));
        assert_eq!([node(&led().killed(50, 1), 1), node(&slow(led(), 50, 1, Activated), 1)], [None; 2]);
        assert_eq!(node(&slow(led(), 50, 2, Activated), 1), Some(ms(0)), "a fault of another");
        assert_eq!(node(&led().killed(50, 1).started(60, 1, 2), 1), Some(ms(60)));
        let ended = slow(slow(led(), 50, 1, Activated), 60, 1, Ended);
        assert_eq!(node(&ended, 1), Some(ms(1_060)), "until what it left behind has settled");
        let healed = slow(led(), 50, 1, Activated).fault(70, 9, Verb::Heal, Activated);
        assert_eq!(node(&healed, 1), Some(ms(1_070)));
    }

    #[test]
    fn the_disk_of_a_leader_excuses_for_a_time() {
        let stalls = |node| (Verb::Disk, How::Disk(DiskHarm::Stall), Targets::Node(NodeId(node)));
        let stalled = |node_| {
            let (verb, how, targets) = stalls(node_);
            node(&led().fault_of(50, 0, (verb, how), targets, Activated), node_)
        };
        assert_eq!(
            [stalled(1), stalled(2)],
            [Some(ms(2_050)), None],
            "a follower may stand still for as long as it likes"
        );
    }

    #[test]
    fn a_link_is_sound_while_no_fault_lies_between_its_ends() {
        let begun = |targets| cut(led(), 50, targets, Activated);
        let apart = || sides(&[1], &[2, 3], false, None);
        let links = |events: &Events| [link(events, 1, 2), link(events, 3, 1), link(events, 2, 3)];
        assert_eq!(links(&begun(apart())), [None, None, Some(ms(0))]);
        assert_eq!(links(&begun(sides(&[1], &[2], true, None))), [None, Some(ms(0)), Some(ms(0))], "one way is enough");
        assert_eq!(links(&begun(sides(&[1], &[2, 3], false, Some(3)))), [None, Some(ms(0)), Some(ms(0))]);
        assert_eq!(links(&begun(Targets::Ring)), [None; 3]);
        let ended = cut(begun(apart()), 60, apart(), Ended);
        assert_eq!(links(&ended), [Some(ms(1_060)), Some(ms(1_060)), Some(ms(0))]);
        assert_eq!(link(&led(), 1, 1), Some(ms(0)));
    }

    #[test]
    fn a_leader_stands_once_it_can_serve_and_a_quorum_follows_it() {
        assert_eq!(standing(&led()), Some((1, ms(20))));
        let one_follows = slow(led(), 50, 2, Activated);
        assert_eq!(standing(&one_follows), Some((1, ms(20))), "n3 and the leader are a quorum");
        assert_eq!(
            standing(&cut(one_follows, 60, sides(&[3], &[1], false, None), Activated)),
            None,
            "n3 cannot ask it"
        );
        let alone = led().follows(50, 2, 5).follows(60, 3, 5);
        assert_eq!(standing(&alone), None, "nobody is in its term");
        assert_eq!(standing(&led().killed(50, 1)), None);
        assert_eq!(standing(&led().members(50, 1, 7, [&[2, 3], &[], &[]])), None, "it is removed");
        assert_eq!(standing(&led().members(50, 1, 7, [&[1, 2], &[], &[]])), None, "who asks is no member");
    }

    #[test]
    fn a_leader_stands_where_those_follow_by_whom_its_engine_counts() {
        let counts = |voters: &[u64]| {
            let voters = voters.iter().copied().map(NodeId).collect();
            let members = Membership { voters, ..Membership::default() };
            standing(&slow(led(), 50, 2, Activated).event(60, 1, Event::Counts { members: Arc::new(members) }))
        };
        assert_eq!(counts(&[1, 3]), Some((1, ms(20))));
        assert_eq!(counts(&[1, 2]), None, "something is wrong with n2, and nothing is committed without it");
    }

    #[test]
    fn who_has_not_answered_a_snapshot_does_not_follow_until_it_has_taken_the_next() {
        let sent = || {
            let (voters, to) = (vec![NodeId(1), NodeId(3)], NodeId(3));
            let counts = Event::Counts { members: Arc::new(Membership { voters, ..Default::default() }) };
            led().event(40, 1, counts).event(50, 1, Event::SnapshotSent { to, index: 7 })
        };
        let lost = |events: Events, by| events.event(60, 1, Event::SnapshotUnanswered { by: NodeId(by) });
        assert_eq!(standing(&sent()), Some((1, ms(20))), "the first is to come soon");
        assert_eq!(standing(&lost(sent(), 3)), None, "nothing is committed without n3");
        let restored = Event::SnapshotRestored { index: 7, term: 1, digest: 0, from: Some(NodeId(1)) };
        assert_eq!(standing(&lost(sent(), 3).event(70, 3, restored)), Some((1, ms(70))));
        assert_eq!(standing(&lost(led(), 3)), Some((1, ms(20))), "what it was to be sent is in its log");
        let of_another = led().event(50, 1, Event::SnapshotSent { to: NodeId(2), index: 7 });
        assert_eq!(standing(&lost(of_another, 2)), Some((1, ms(20))), "n3 and the leader are a quorum");
    }

    /// The group is of n1, n2 and n3; n4 has no part in it.
    #[test]
    fn whoever_has_no_part_in_the_group_reaches_its_leader_where_each_member_can_say_who_that_is() {
        let voters = (1..=3).map(NodeId).collect();
        let founders = leasehold::observe::Membership { voters, ..Default::default() };
        let standing = |events: Events| {
            let mut view = View::founded_by([(leasehold::env::GroupId::FIRST, founders.clone())]);
            events.started(0, 4, 1).records().iter().for_each(|record| view.record(record));
            Some(view.first().standing(NodeId(4), EXCUSES)?.leader)
        };
        assert_eq!(standing(led()), Some(NodeId(1)));
        assert_eq!(standing(slow(led(), 50, 2, Activated)), None, "n2 may be whom it asks");
        assert_eq!(standing(led().follows(50, 3, 5)), None, "n3 knows of another term");
        assert_eq!(standing(cut(led(), 50, sides(&[4], &[2], false, None), Activated)), None);
        assert_eq!(standing(led().members(50, 1, 7, [&[1, 2], &[], &[]])), Some(NodeId(1)), "n3 is asked all the same");
    }

    #[test]
    fn what_is_lost_on_the_way_is_a_mishap_of_that_moment() {
        let lost = |from, to| {
            let lost = What::Message {
                from,
                to,
                lane: leasehold::env::Lane::Request,
                fate: Fate::Lost,
                kind: crate::words::MessageKind::Request,
                head: crate::history::Head::default(),
                stamp: None,
                echo: None,
            };
            led().push(100, lost)
        };
        let node = |id| Address::Node(NodeId(id));
        assert_eq!(standing(&lost(node(3), node(1))), Some((1, ms(100))));
        assert_eq!(standing(&lost(node(2), node(1))), Some((1, ms(20))), "n3 and the leader do without n2");
        assert_eq!(standing(&lost(Address::Client(4), node(3))), Some((1, ms(100))));
        let view = View::after(&lost(node(2), node(1)));
        assert_eq!([99, 100, 101].map(|at| view.soundness.lost_any_since(ms(at))), [true, true, false]);
    }

    #[test]
    fn while_answers_come_to_what_left_before_the_last_fault_can_have_settled_the_link_is_not_sound() {
        let late = |took: u64| led().acknowledges(5_000, 2, 1, 4, 5_000 - took);
        assert_eq!([link(&late(1_000), 1, 2), link(&late(1_001), 1, 2)], [Some(ms(0)), Some(ms(6_000))]);
        let fresh = late(3_000).acknowledges(5_100, 2, 1, 4, 5_099);
        assert_eq!(link(&fresh, 2, 1), Some(ms(6_000)), "until what the late ones leave behind has settled");
        let later = late(3_000).acknowledges(7_000, 2, 1, 4, 5_500);
        assert_eq!([link(&later, 1, 2), link(&later, 1, 3)], [Some(ms(8_000)), Some(ms(0))]);
    }

    #[test]
    fn who_hands_over_does_not_stand_until_that_is_given_up() {
        let begun = || led().event(50, 1, Event::TransferStarted { to: NodeId(2) });
        assert_eq!(standing(&begun()), None);
        assert_eq!(standing(&begun().event(70, 1, Event::TransferAborted { to: NodeId(2) })), Some((1, ms(70))));
        let moved = || begun().follows(80, 1, 5).follows(80, 3, 5).leads(80, 2, 5);
        assert_eq!(standing(&moved()), None, "it has applied nothing of its term");
        assert_eq!(standing(&moved().event(90, 2, Event::CaughtUp { term: 5, index: 9 })), Some((2, ms(90))));
        let at_once = || moved().event(85, 2, Event::TransferStarted { to: NodeId(1) });
        let caught_up = || at_once().event(90, 2, Event::CaughtUp { term: 5, index: 9 });
        assert_eq!(standing(&caught_up()), None, "it hands over since before that");
        assert_eq!(standing(&caught_up().event(95, 2, Event::TransferAborted { to: NodeId(1) })), Some((2, ms(95))));
    }
}
