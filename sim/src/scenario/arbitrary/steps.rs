//! When steps act, and what they do.

use std::time::Duration;

use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::{Breadth, durations, shares, words};
use crate::scenario::{
    Action, ClockFault, ClockHarm, Crash, Cut, DiskFault, DiskHarm, DiskOperation, Drift, Ends, Heal, Healed, Hold,
    Joint, Jump, Lane, Leftover, Link, MAX_BANDWIDTH, MAX_DRIFT, MAX_FACTOR, MAX_QUEUE, MAX_SLOWER, MembershipChange,
    MessageKind, Moment, MoveRange, Partition, Pause, Paused, PausedClock, Phase, Point, Ppm, Selector, Shape,
    ShapeName, Slow, Tail, Transfer, When,
};
use crate::words::Spelled;

pub(super) fn times(breadth: &Breadth) -> impl Strategy<Value = When> + use<> {
    let until = breadth.until;
    let apart = (durations(until), durations(until)).prop_filter("two times", |(one, other)| one != other);
    let windows = apart.prop_map(|(one, other)| (one.min(other), one.max(other)));
    let every = (windows, 1_u32..=30, option::of(0_u32..10)).prop_map(move |((from, to), parts, jitter)| {
        let every = until / 60 * parts;
        // It is over at the end, however late.
        let jitter = Some(every / 10 * jitter.unwrap_or_default()).filter(|jitter| to + *jitter <= until);
        When::Every { from, to, every, jitter: jitter.unwrap_or_default() }
    });
    prop_oneof![durations(until).prop_map(When::At), Just(When::At(Duration::ZERO)), every, moments(until)]
}

fn moments(until: Duration) -> impl Strategy<Value = When> {
    let shifts = (words::<Phase>(), option::of(durations(until)), any::<bool>());
    (shifts, 1_u32..=5).prop_map(move |((phase, shift, is_before), times)| {
        let (shift, zero) = (shift.unwrap_or_default(), Duration::ZERO);
        let (after, before) = if is_before && phase.is_foreseen() { (zero, shift) } else { (shift, zero) };
        When::On { moment: Moment { phase, after, before }, from: zero, to: until, times }
    })
}

pub(super) fn actions(breadth: &Breadth) -> impl Strategy<Value = Action> + use<> {
    let until = breadth.until;
    let (lasts, victims) = (|| lasting(until), || victims(*breadth.nodes.end()));
    let down = prop_oneof![lasts(), Just(Some(Duration::ZERO))];
    let crash =
        (victims(), down, words::<Tail>()).prop_map(|(nodes, lasts, tail)| Action::Crash(Crash { nodes, lasts, tail }));
    let slow = (victims(), 2..=MAX_FACTOR, lasts())
        .prop_map(|(nodes, factor, lasts)| Action::Slow(Slow { nodes, factor, lasts }));
    let cut = (shapes(), words::<Cut>(), any::<bool>(), lasts()).prop_map(|(shape, how, one_way, lasts)| {
        Action::Partition(Partition {
            one_way: one_way && !matches!(shape, Shape::Named { shape: ShapeName::Ring, .. }),
            shape,
            how,
            lasts,
        })
    });
    let heal = (words::<Healed>(), words::<Leftover>()).prop_map(|(what, messages)| {
        let messages = if what.network() { messages } else { Leftover::Drop };
        Action::Heal(Heal { what, messages })
    });
    let ends = select(vec![
        (Selector::Leader, Selector::Follower),
        (Selector::LeaseHolder, Selector::Node(5)),
        (Selector::Any, Selector::Any),
        (Selector::Node(1), Selector::OldLeader),
    ]);
    let clock = (victims(), clock_harms(until), lasts()).prop_map(|(nodes, harm, lasts)| {
        let lasts = lasts.filter(|_| !matches!(harm, ClockHarm::Step { .. }));
        Action::Clock(ClockFault { nodes, harm, lasts })
    });
    let disk = (victims(), disk_harms(until), lasts())
        .prop_map(|(nodes, harm, lasts)| Action::Disk(DiskFault { nodes, harm, lasts }));
    let transfer = ends.prop_map(|(from, to)| Action::Transfer(Transfer { group: None, from, to }));
    let network = prop_oneof![cut, links(breadth), holds(until)];
    let processes = prop_oneof![crash, pauses(victims(), until), slow];
    prop_oneof![transfer, network, processes, clock, disk, changes_of_membership(), moves(breadth), heal]
}

fn clock_harms(until: Duration) -> impl Strategy<Value = ClockHarm> {
    let drift = || MAX_DRIFT.prop_filter("a change", |ppm| *ppm != 0).prop_map(Drift);
    let jump = (any::<bool>(), durations(until)).prop_map(|(back, by)| Jump { back, by });
    prop_oneof![
        drift().prop_map(ClockHarm::Rate),
        drift().prop_map(ClockHarm::Slew),
        (jump, any::<bool>()).prop_map(|(by, monotonic)| ClockHarm::Step { by, monotonic }),
        Just(ClockHarm::Freeze),
        Just(ClockHarm::Fail),
    ]
}

fn disk_harms(until: Duration) -> impl Strategy<Value = DiskHarm> {
    prop_oneof![
        durations(until).prop_map(DiskHarm::Fsync),
        (2..=MAX_SLOWER).prop_map(DiskHarm::Slow),
        Just(DiskHarm::Stall),
        words::<DiskOperation>().prop_map(DiskHarm::Fail),
        Just(DiskHarm::Full),
    ]
}

fn changes_of_membership() -> impl Strategy<Value = Action> {
    use Selector::{Any, Follower, Leader, Learner, Node, Spare};
    select(vec![
        MembershipChange::AddLearner(Spare),
        MembershipChange::AddLearner(Node(4)),
        MembershipChange::Promote(Learner),
        MembershipChange::Demote(Follower),
        MembershipChange::Remove(Leader),
        MembershipChange::Joint(Joint { add: vec![Spare, Spare, Node(1)], remove: vec![Leader, Any] }),
        MembershipChange::Joint(Joint { add: vec![], remove: vec![Node(3)] }),
        MembershipChange::Joint(Joint { add: vec![Learner], remove: vec![] }),
    ])
    .prop_map(Action::Membership)
}

fn moves(breadth: &Breadth) -> impl Strategy<Value = Action> + use<> {
    let via = select(vec![Selector::Any, Selector::Leader, Selector::Node(2)]);
    ("[a-m]{0,3}", option::of("[n-z]{1,3}"), 1..=*breadth.groups.end(), via, durations(breadth.until))
        .prop_map(|(from, until, group, via, within)| MoveRange { from, until, group, via, within })
        .prop_map(Action::MoveRange)
}

fn lasting(until: Duration) -> impl Strategy<Value = Option<Duration>> {
    // Mostly it is over soon.
    option::weighted(0.8, prop_oneof![durations(until / 10), durations(until)])
}

fn pauses(victims: impl Strategy<Value = Vec<Selector>>, until: Duration) -> impl Strategy<Value = Action> {
    let at = option::of((words::<Point>(), words::<Paused>()));
    (victims, lasting(until), words::<PausedClock>(), at).prop_map(|(nodes, lasts, clock, at)| {
        let what = at.map_or(Paused::Process, |(_, what)| what);
        let clock = if what == Paused::Task { PausedClock::Running } else { clock };
        Action::Pause(Pause { nodes, lasts, clock, at: at.map(|(point, _)| point), what })
    })
}

fn shapes() -> impl Strategy<Value = Shape> {
    let one = select(vec![Selector::Any, Selector::Leader, Selector::Node(3)]);
    let bridge = |node| Shape::Named { shape: ShapeName::Bridge, node };
    let ring = Shape::Named { shape: ShapeName::Ring, node: Selector::Any };
    prop_oneof![sides().prop_map(Shape::Sides), one.prop_map(bridge), Just(ring)]
}

fn link_ends() -> impl Strategy<Value = Ends> {
    use Selector::{Follower, Leader, Majority, Node, Others};
    let ends = vec![
        (vec![], vec![]),
        (vec![Leader], vec![Others]),
        (vec![Others], vec![Node(1), Follower]),
        (vec![Majority], vec![]),
        (vec![], vec![Leader]),
        (vec![Node(1), Node(2)], vec![Node(2), Node(5)]),
    ];
    select(ends).prop_map(|(from, to)| Ends { from, to })
}

fn message_kinds(least: usize) -> impl Strategy<Value = Vec<MessageKind>> {
    subsequence(MessageKind::WORDS.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), least..4).prop_shuffle()
}

fn links(breadth: &Breadth) -> impl Strategy<Value = Action> + use<> {
    let (until, shares) = (breadth.until, || shares(breadth.share));
    let times = || prop_oneof![Just(Duration::ZERO), durations(until)];
    let which = (link_ends(), option::of(words::<Lane>()), message_kinds(0));
    let line = (option::of(1..=MAX_BANDWIDTH), option::of(1..=MAX_QUEUE));
    (which, [shares(), shares(), shares()], [times(), times()], line, any::<bool>(), lasting(until)).prop_map(
        |((ends, lane, messages), [loss, duplicate, stall], [delay, jitter], (bandwidth, queue), reorder, lasts)| {
            Action::Link(Link {
                ends,
                lane: lane.filter(|_| messages.is_empty()),
                messages,
                loss,
                delay: delay.max(Duration::from_nanos(1)),
                jitter,
                duplicate,
                reorder,
                stall: if reorder { Ppm(0) } else { stall },
                bandwidth,
                queue,
                lasts,
            })
        },
    )
}

fn holds(until: Duration) -> impl Strategy<Value = Action> {
    (message_kinds(1), link_ends(), option::of(1..=MAX_QUEUE), words::<Leftover>(), lasting(until))
        .prop_map(|(messages, ends, first, then, lasts)| Action::Hold(Hold { messages, ends, first, then, lasts }))
}

/// Some of so many nodes.
fn victims(nodes: u32) -> impl Strategy<Value = Vec<Selector>> {
    let roles: Vec<_> = Selector::roles().filter(|role| !matches!(role, Selector::Others | Selector::This)).collect();
    let one = prop_oneof![select(roles), (1..=nodes).prop_map(Selector::Node)];
    let once = |nodes: &Vec<Selector>| nodes.iter().enumerate().all(|(n, node)| !nodes[..n].contains(node));
    vec(one, 1..=3).prop_filter("named twice", once)
}

fn sides() -> impl Strategy<Value = [Vec<Selector>; 2]> {
    use Selector::{Any, Follower, Followers, Leader, LeaseHolder, Majority, Minority, Node, OldLeader, Others};
    select(vec![
        [vec![Leader], vec![Others]],
        [vec![Others], vec![Any]],
        [vec![Leader], vec![Followers]],
        [vec![Majority], vec![Others]],
        [vec![Others], vec![Minority]],
        [vec![Node(1), Node(2)], vec![Node(3), OldLeader]],
        [vec![LeaseHolder, Follower], vec![Follower, Node(4)]],
    ])
}
