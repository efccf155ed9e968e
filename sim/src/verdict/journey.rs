//! What each operation waited for, from when it was due to its end.
//!
//! The history tells moments: when its client had time for it, when its request reached a node and the leader, when its entry was durable
//! at the leader and at a quorum, when it was applied, when its client was answered. The time from each moment to the next belongs to
//! one [`Stage`]; what of it passed without a leader, to [`Stage::Leaderless`]. So the parts of an operation are all of its time. One
//! that its client has given up is followed until its entry is applied, for what it had waited for until then.

use super::prelude::*;
use super::spent::{PARTS, Stage};
use crate::history::{Answer, Arrival, Effect};
use leasehold::request::ReadPath;

/// A moment, and how long there had been no leader by then.
#[derive(Clone, Copy, Default)]
struct Mark {
    at: SimTime,
    leaderless: Duration,
}

/// Operations that have not ended, or whose entry may yet be applied.
#[derive(Default)]
pub(super) struct Journeys {
    under_way: BTreeMap<OpId, Journey>,
    /// By index: what nobody has applied yet.
    entries: BTreeMap<u64, Entry>,
    applied: u64,
    /// What the entry does that is about to be applied: its index, its operation, and whether that takes effect.
    effect: Option<(u64, OpId, bool)>,
    /// When each node's last write of its log was durable, and the one before.
    logs: BTreeMap<NodeId, [Mark; 2]>,
    /// Who led each term.
    leaders: BTreeMap<u64, NodeId>,
    /// Those of which no more is to be known.
    over: Vec<Travelled>,
}

struct Journey {
    client: u32,
    via: NodeId,
    kind: OpKind,
    due: SimTime,
    invoked: SimTime,
    /// Its request has reached the node that was asked.
    taken: Option<Mark>,
    /// It has reached this node last.
    reached: Option<(NodeId, Mark)>,
    /// Who led when its first entry was applied.
    leader: Option<NodeId>,
    /// The ways of its entries into the state machine, one after the other: a script has an entry for each attempt.
    logged: Vec<(Stage, Mark)>,
    /// An entry of it took effect; those of a script before the last met conflicts.
    took_effect: bool,
    /// When its client had an answer or waited no longer, and what it waited for at last.
    ended: Option<(Mark, Stage)>,
    answered: bool,
}

/// An entry that is in some log.
#[derive(Default)]
struct Entry {
    /// When an append with it arrived.
    delivered: BTreeMap<NodeId, Mark>,
    /// When the log's write before was done, and when the one that has it.
    written: BTreeMap<NodeId, [Mark; 2]>,
}

/// An operation of which no more is to be known.
pub(super) struct Travelled {
    pub(super) client: u32,
    pub(super) via: NodeId,
    pub(super) kind: OpKind,
    pub(super) due: SimTime,
    /// It was answered ok; `None`: it had not ended with the run.
    pub(super) answered: Option<bool>,
    pub(super) took: Duration,
    pub(super) parts: [Duration; PARTS],
}

impl Journeys {
    /// Hears of a record that `view` has taken in already; there had been no leader for so long by then.
    pub(super) fn beside<'a>(&'a mut self, view: &'a GroupView<'a>, leaderless: Duration) -> impl Hears + use<'a> {
        Beside { journeys: self, view, leaderless }
    }

    /// Those of which no more is to be known, since this was last asked.
    pub(super) fn over(&mut self) -> impl Iterator<Item = Travelled> {
        self.over.drain(..)
    }

    /// The run is over.
    pub(super) fn finish(&mut self, end: SimTime, leaderless: Duration, view: &GroupView<'_>) -> Vec<Travelled> {
        let now = Mark { at: end, leaderless };
        let left = std::mem::take(&mut self.under_way).into_values();
        left.map(|journey| {
            let last = journey.unfinished(view);
            journey.travelled((now, last))
        })
        .collect()
    }
}

/// What is known of operations, and the view that has taken in what happens.
struct Beside<'a> {
    journeys: &'a mut Journeys,
    view: &'a GroupView<'a>,
    leaderless: Duration,
}

impl Beside<'_> {
    fn now(&self, at: SimTime) -> Mark {
        Mark { at, leaderless: self.leaderless }
    }
}

impl Hears for Beside<'_> {
    fn invoked(&mut self, at: SimTime, Invocation { op, client, via, due, operation }: &Invocation) {
        if operation.share() == Share::Further {
            return;
        }
        let journey = Journey {
            client: *client,
            via: *via,
            kind: operation.kind(),
            due: *due,
            invoked: at,
            taken: None,
            reached: None,
            leader: None,
            logged: Vec::new(),
            took_effect: false,
            ended: None,
            answered: false,
        };
        self.journeys.under_way.insert(*op, journey);
    }

    fn asked(&mut self, at: SimTime, node: NodeId, op: OpId) {
        let now = self.now(at);
        if let Some(journey) = self.journeys.under_way.get_mut(&op) {
            journey.taken.get_or_insert(now);
            journey.reached = Some((node, now));
        }
    }

    fn passed_on(&mut self, at: SimTime, Arrival { to, .. }: Arrival<'_>, op: OpId) {
        self.asked(at, to, op);
    }

    fn entries(&mut self, at: SimTime, Arrival { to, head, .. }: Arrival<'_>) {
        let now = self.now(at);
        for index in (head.index + 1..=head.index + head.entries).filter(|index| *index > self.journeys.applied) {
            self.journeys.entries.entry(index).or_default().delivered.entry(to).or_insert(now);
        }
    }

    fn role(&mut self, _: SimTime, node: NodeId, role: Role, term: u64, _: Option<NodeId>) {
        if role == Role::Leader {
            self.journeys.leaders.insert(term, node);
        }
    }

    fn appended(&mut self, at: SimTime, node: NodeId, Place { index, .. }: Place) {
        let now = self.now(at);
        let log = self.journeys.logs.entry(node).or_default();
        if log[1].at != at {
            *log = [log[1], now];
        }
        if index > self.journeys.applied {
            self.journeys.entries.entry(index).or_default().written.insert(node, *log);
        }
    }

    fn effect(&mut self, _: SimTime, index: u64, effect: &Effect) {
        self.journeys.effect =
            Some((index, effect.op, !matches!(effect.answer, Answer::Conflict { .. } | Answer::Elsewhere)));
    }

    fn applied(&mut self, at: SimTime, node: NodeId, Place { index, term, .. }: Place) {
        let now = self.now(at);
        let journeys = &mut *self.journeys;
        if index <= journeys.applied {
            return;
        }
        journeys.applied = index;
        let entry = journeys.entries.remove(&index).unwrap_or_default();
        while journeys.entries.first_key_value().is_some_and(|(first, _)| *first < index) {
            journeys.entries.pop_first();
        }
        let Some((_, op, took_effect)) = journeys.effect.take_if(|(of, ..)| *of == index) else { return };
        let Some(journey) = journeys.under_way.get_mut(&op) else { return };
        let leader = journeys.leaders.get(&term).copied().unwrap_or(node);
        journey.leader.get_or_insert(leader);
        journey.took_effect = took_effect;
        journey.logged.extend(entry.applied(leader, &self.view.members(leader), now));
        if let Some(ended) = journey.ended {
            journeys.over.extend(journeys.under_way.remove(&op).map(|journey| journey.travelled(ended)));
        }
    }

    fn completed(&mut self, at: SimTime, op: OpId, completion: &Completion) {
        let now = self.now(at);
        let Some(journey) = self.journeys.under_way.get_mut(&op) else { return };
        let (answered, last) = match completion {
            Completion::Read { path: ReadPath::ReadIndex, .. } => (true, Stage::ReadIndex),
            Completion::Read { path: ReadPath::Lease, .. } => (true, Stage::Lease),
            Completion::Reads { parts, .. } => {
                let lease = parts.iter().all(|part| part.path == ReadPath::Lease);
                (true, if lease { Stage::Lease } else { Stage::ReadIndex })
            }
            Completion::Written { .. } | Completion::Unexpected { .. } | Completion::Script { .. } => {
                (true, Stage::Answer)
            }
            Completion::Failed { .. } => (false, journey.unfinished(self.view)),
        };
        (journey.answered, journey.ended) = (answered, Some((now, last)));
        let may_be_applied = matches!(completion, Completion::Failed { outcome: Outcome::Unknown, .. });
        if !may_be_applied || journey.kind.only_reads() || !journey.logged.is_empty() {
            let journey = self.journeys.under_way.remove(&op);
            self.journeys.over.extend(journey.map(|journey| journey.travelled((now, last))));
        }
    }
}

impl Entry {
    /// It is applied now, by a group of these members that `leader` led: what was waited for, in that order.
    fn applied(self, leader: NodeId, members: &Membership, now: Mark) -> Vec<(Stage, Mark)> {
        let mut in_order: Vec<_> =
            self.written.iter().map(|(node, [free, durable])| (*node, *free, *durable)).collect();
        in_order.sort_by_key(|(.., durable)| durable.at);
        let is_quorum = |last: &usize| members.is_quorum(|it| in_order[..=*last].iter().any(|(node, ..)| *node == it));
        let decides = (0..in_order.len()).find(is_quorum).map(|last| in_order[last]);
        let mut marks = Vec::with_capacity(6);
        if let Some([free, durable]) = self.written.get(&leader)
            && decides.is_none_or(|(.., last)| durable.at <= last.at)
        {
            marks.extend([(Stage::Queue, *free), (Stage::Fsync, *durable)]);
        }
        if let Some((node, _, durable)) = decides.filter(|(node, ..)| *node != leader) {
            marks.extend(self.delivered.get(&node).map(|delivered| (Stage::Lane, *delivered)));
            marks.push((Stage::Follower, durable));
        }
        marks.push((Stage::Apply, now));
        marks
    }
}

impl Journey {
    /// What it waits for if it has not been answered now.
    fn unfinished(&self, view: &GroupView<'_>) -> Stage {
        let last = self.reached.map_or(self.via, |(node, _)| node);
        match view.followed_leader() == Some(last) {
            _ if self.took_effect => Stage::Answer,
            true => Stage::AtLeader,
            false => Stage::Elsewhere,
        }
    }

    /// All of it, where it has ended no earlier than here.
    fn travelled(self, end: (Mark, Stage)) -> Travelled {
        let Self { client, via, kind, due, invoked, answered, ended, .. } = self;
        let (end, last) = ended.unwrap_or(end);
        let mut parts = [Duration::ZERO; PARTS];
        parts[Stage::Client as usize] = invoked.since(due);
        let taken = self.taken.filter(|taken| taken.at <= end.at).unwrap_or(end);
        parts[Stage::Sent as usize] = taken.at.since(invoked);
        let mut from = taken;
        let mut wait = |stage: Stage, mark: Mark| {
            let to = if mark.at < end.at { mark } else { end };
            if to.at > from.at {
                let all = to.at.since(from.at);
                let leaderless = to.leaderless.saturating_sub(from.leaderless).min(all);
                parts[Stage::Leaderless as usize] += leaderless;
                parts[stage as usize] += all - leaderless;
                from = to;
            }
        };
        // Who was asked may have become the leader meanwhile.
        let passed_on =
            self.reached.filter(|(node, _)| *node != via && self.leader.is_none_or(|leader| leader == *node));
        passed_on.iter().for_each(|(_, reached)| wait(Stage::PassedOn, *reached));
        self.logged.iter().for_each(|(stage, mark)| wait(*stage, *mark));
        wait(last, end);
        let answered = ended.map(|_| answered);
        Travelled { client, via, kind, due, answered, took: end.at.since(due), parts }
    }
}

#[cfg(test)]
mod tests {
    use super::super::gauge::Gauges;
    use super::*;
    use crate::history::testing::{Events, effect, get, head, ms, put, script};
    use crate::history::{Condition, Head, KeyId};
    use crate::view::View;
    use crate::words::MessageKind;
    use crate::words::Spelled;

    /// Was it answered, and how many milliseconds did it spend where?
    type Went = (Option<bool>, Vec<(&'static str, u128)>);

    /// Where the time of each operation went, in the order in which that became known: stages of some length, in milliseconds.
    fn went(events: &Events) -> Vec<Went> {
        let (mut view, mut journeys) = (View::default(), Journeys::default());
        let mut gauges = Gauges::new(Duration::from_millis(100));
        for record in events.records() {
            view.record(record);
            let leaderless = gauges.leadership.leaderless_by(record.at);
            gauges.tell(record, &view.first(), &mut journeys.beside(&view.first(), leaderless));
        }
        let mut all: Vec<_> = journeys.over().collect();
        all.extend(journeys.finish(ms(9_000), gauges.leadership.leaderless_by(ms(9_000)), &view.first()));
        let parts = |travelled: Travelled| {
            assert_eq!(travelled.parts.iter().sum::<Duration>(), travelled.took, "all of its time");
            let parts = Stage::all().zip(travelled.parts.map(|part| part.as_millis()));
            (
                travelled.answered,
                parts.filter(|(_, part)| *part > 0).map(|(stage, part)| (stage.name(), part)).collect(),
            )
        };
        all.into_iter().map(parts).collect()
    }

    /// Three nodes run, and two of them follow this one from 10 ms on.
    fn led_by(leader: u64) -> Events {
        let started = (1..=3).fold(Events::default(), |events, node| events.started(0, node, 1));
        let others = (1..=3).filter(|node| *node != leader);
        others.fold(started, |events, node| events.follows_whom(10, node, 4, leader)).leads(10, leader, 4)
    }

    /// The put of client 1 is due at 100 ms, and its entry applied at 145.
    fn logged(end: impl Fn(Events) -> Events, applied_first: bool) -> Events {
        let asked = led_by(1).invoke_due(110, 100, 1, put(0)).asks(115, 1, 1);
        let append = Head { entries: 2, ..head(4, 3, 0) };
        let durable = asked.appends(120, 1, 4, 4, 0).appends(130, 1, 5, 4, 0);
        let durable = durable.arrives(132, (1, 2), MessageKind::Append, append).appends(140, 2, 5, 4, 0);
        if applied_first { end(durable.takes_put(145, 5, 1, 0)) } else { end(durable).takes_put(145, 5, 1, 0) }
    }

    #[test]
    fn a_write_waits_for_its_client_its_way_a_queue_two_disks_and_its_answer() {
        let answered = [
            ("its client was busy with an earlier one", 10),
            ("on its way to the node that was asked", 5),
            ("queued at the leader", 5),
            ("fsync of the leader", 10),
            ("append on its way (lane, link)", 2),
            ("queue and fsync of a follower", 8),
            ("acknowledgement and apply", 5),
            ("answer on its way", 6),
        ];
        assert_eq!(went(&logged(|events| events.written(151, 1, 5), true)), [(Some(true), answered.into())]);
    }

    #[test]
    fn what_is_given_up_has_waited_for_what_its_entry_waited_for_until_then() {
        let parts = |outcome, end| went(&logged(|events| events.gave_up(end, 1, outcome), false));
        let [(Some(false), ref parts_of_unknown)] = parts(Outcome::Unknown, 142)[..] else { panic!("one") };
        assert_eq!(parts_of_unknown.last(), Some(&("acknowledgement and apply", 2)));
        let [(Some(false), ref refused)] = parts(Outcome::NotApplied, 142)[..] else { panic!("one") };
        assert_eq!(refused.last(), Some(&("at the leader, unfinished", 27)));
    }

    #[test]
    fn time_without_a_leader_is_told_as_that_wherever_it_was_spent() {
        let gone =
            led_by(2).invoke(100, 1, get(0)).asks(101, 1, 1).invoke(100, 2, get(0)).asks(102, 2, 1).killed(110, 2);
        let led = gone.follows_whom(150, 1, 5, 3).leads(160, 3, 5).asks(165, 1, 3).read(170, 1, 0);
        let went = went(&led.gave_up(200, 2, Outcome::NotApplied));
        let way = "on its way to the node that was asked";
        let served = [
            (way, 1),
            ("waiting for a leader", 50),
            ("passed on to the leader", 14),
            ("read from the lease and answered", 5),
        ];
        let given_up = [(way, 2), ("waiting for a leader", 50), ("at a node that does not lead, unfinished", 48)];
        assert_eq!(went, [(Some(true), served.into()), (Some(false), given_up.into())]);
    }

    #[test]
    fn a_script_goes_through_the_log_once_an_attempt() {
        let conflict = Answer::Conflict { key: KeyId(0), latest: 3 };
        let of = |answer| effect(1, 0, Condition::Always, answer);
        let first = led_by(1).invoke(100, 1, script(&[0], 1)).asks(101, 1, 1);
        let first = first.appends(110, 1, 5, 4, 0).appends(111, 2, 5, 4, 0).takes(115, 5, of(conflict));
        let second = first.appends(130, 1, 6, 4, 0).appends(130, 2, 6, 4, 0).takes(133, 6, of(Answer::Wrote)).ran(
            134,
            1,
            &[0],
            6,
        );
        let parts = [
            ("on its way to the node that was asked", 1),
            ("fsync of the leader", 24),
            ("queue and fsync of a follower", 1),
            ("acknowledgement and apply", 7),
            ("answer on its way", 1),
        ];
        assert_eq!(went(&second), [(Some(true), parts.into())]);
    }

    #[test]
    fn what_never_arrives_has_been_on_its_way() {
        let lost = led_by(1).invoke(100, 1, put(0)).gave_up(300, 1, Outcome::Unknown);
        assert_eq!(went(&lost), [(Some(false), vec![("on its way to the node that was asked", 200)])]);
        let open = led_by(1).invoke(100, 1, put(0)).asks(101, 1, 1);
        assert_eq!(went(&open)[0].0, None, "it has not ended");
    }
}
