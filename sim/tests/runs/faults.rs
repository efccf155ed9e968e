//! Each fault verb acts, and does no more than it says.

use super::given::Given;
use leasehold::env::{Address, NodeId, ReplicaId};
use leasehold::observe::{Event, Role};
use leasehold_sim::history::{Fate, FaultPhase, ProcessChange, Record, StackRecord, What};
use leasehold_sim::time::SimTime;
use leasehold_sim::words::{MessageKind, Verb};
use std::time::Duration;

/// What happened in a run.
struct Ran {
    records: Vec<Record>,
}

/// A message: when it met its fate, its kind, its ends.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Met {
    at: u64,
    kind: MessageKind,
    from: Address,
    to: Address,
}

/// Runs these steps on so many nodes for five seconds, with clients that read and write.
fn ran(nodes: u32, steps: &str) -> Ran {
    let load = "clients = 4\nmix = { get = 0.5, put = 0.5 }\nrate = \"200/s\"\ndeadline = \"500ms\"";
    let report = Given::load("5s", load).cluster(&format!("nodes = {nodes}")).steps(steps).run();
    assert_eq!(report.verdict.class, None, "{:?}", report.verdict.failures);
    Ran { records: report.kept }
}

fn ms(at: SimTime) -> u64 {
    at.0 / 1_000_000
}

impl Ran {
    /// When the verb reached the phase, with what it said.
    fn phases(&self, verb: Verb, phase: FaultPhase) -> Vec<(u64, String)> {
        let of = |record: &Record| match &record.what {
            What::Fault(fault) if (fault.verb, fault.phase) == (verb, phase) => {
                Some((ms(record.at), fault.to_string()))
            }
            _ => None,
        };
        self.records.iter().filter_map(of).collect()
    }

    fn effective(&self, verb: Verb) -> usize {
        self.phases(verb, FaultPhase::Effective).len()
    }

    /// The messages between nodes that met this fate in these milliseconds.
    fn met(&self, with: Fate, from_ms: u64, to_ms: u64) -> Vec<Met> {
        let of = |record: &Record| match record.what {
            What::Message { from: from @ Address::Node(_), to: to @ Address::Node(_), fate, kind, .. }
                if fate == with =>
            {
                Some(Met { at: ms(record.at), kind, from, to })
            }
            _ => None,
        };
        self.records.iter().filter_map(of).filter(|met| (from_ms..to_ms).contains(&met.at)).collect()
    }

    fn count(&self, with: Fate, kind: MessageKind, from_ms: u64, to_ms: u64) -> usize {
        self.met(with, from_ms, to_ms).iter().filter(|met| met.kind == kind).count()
    }

    fn processes(&self) -> Vec<(u64, NodeId, ProcessChange)> {
        let of = |record: &Record| match record.what {
            What::Process { node, change } => Some((ms(record.at), node, change)),
            _ => None,
        };
        self.records.iter().filter_map(of).collect()
    }

    /// What the node told of itself in these milliseconds.
    fn told(&self, of: NodeId, from_ms: u64, to_ms: u64) -> Vec<&Event> {
        let stack = |record: &'_ Record| (from_ms..to_ms).contains(&ms(record.at));
        let events = self.records.iter().filter(|record| stack(record)).filter_map(|record| match &record.what {
            What::Stack(StackRecord { replica: ReplicaId { node, .. }, event, .. }) if *node == of => Some(event),
            _ => None,
        });
        events.collect()
    }

    /// Core time that the node spent from one second of the run to the next.
    fn busy(&self, of: NodeId, second: u64) -> Duration {
        let at = |second: u64| {
            self.records.iter().find_map(|record| match record.what {
                What::Busy { node, cores, .. } if node == of && ms(record.at) == second * 1_000 => Some(cores),
                _ => None,
            })
        };
        at(second + 1).unwrap() - at(second).unwrap()
    }
}

fn node(number: &str) -> NodeId {
    NodeId(number.trim_start_matches('n').parse().unwrap())
}

#[test]
fn a_link_loses_messages_of_its_kind_for_its_time_and_no_others() {
    let ran = ran(3, r#"{ at = "2s", link = { messages = ["heartbeat-response"], loss = "100%", for = "500ms" } },"#);
    assert_eq!(ran.effective(Verb::Link), 1);
    assert!(ran.count(Fate::Lost, MessageKind::HeartbeatResponse, 2_000, 2_500) >= 8);
    assert_eq!(ran.count(Fate::Delivered, MessageKind::HeartbeatResponse, 2_010, 2_500), 0);
    assert!(ran.count(Fate::Delivered, MessageKind::Heartbeat, 2_010, 2_500) >= 8);
    assert!(ran.count(Fate::Delivered, MessageKind::AppendResponse, 2_010, 2_500) > 50);
    assert!(ran.count(Fate::Delivered, MessageKind::HeartbeatResponse, 2_500, 3_000) >= 8);
    assert_eq!(
        ran.met(Fate::Lost, 0, 5_000).len(),
        ran.count(Fate::Lost, MessageKind::HeartbeatResponse, 2_000, 2_500)
    );
}

#[test]
fn a_link_that_meets_no_message_is_not_effective() {
    let ran = ran(3, r#"{ at = "2s", link = { messages = ["snapshot"], loss = "100%", for = "500ms" } },"#);
    assert_eq!((ran.phases(Verb::Link, FaultPhase::Activated).len(), ran.effective(Verb::Link)), (1, 0));
}

#[test]
fn a_link_without_an_end_is_refused() {
    let ran = ran(3, r#"{ at = "2s", link = { from = ["@paused"], loss = "100%" } },"#);
    assert_eq!((ran.phases(Verb::Link, FaultPhase::Refused).len(), ran.effective(Verb::Link)), (1, 0));
}

#[test]
fn a_hold_delivers_late_or_not_at_all_and_lets_others_pass() {
    let steps = |then: &str| {
        format!(
            r#"{{ at = "2s", hold = {{ messages = ["timeout-now"], for = "700ms", then = "{then}" }} }},
               {{ at = "2s", transfer = {{}} }},"#
        )
    };
    for (then, delivered) in [("deliver", 1), ("drop", 0)] {
        let ran = ran(3, &steps(then));
        assert_eq!(ran.effective(Verb::Hold), 1);
        assert_eq!(ran.count(Fate::Held, MessageKind::TimeoutNow, 2_000, 2_100), 1);
        assert_eq!(ran.count(Fate::Delivered, MessageKind::TimeoutNow, 0, 2_700), 0);
        assert_eq!(ran.count(Fate::Delivered, MessageKind::TimeoutNow, 2_700, 2_710), delivered);
        assert!(ran.count(Fate::Delivered, MessageKind::Heartbeat, 2_000, 2_700) > 10);
    }
}

#[test]
fn a_hold_takes_no_more_than_it_says() {
    let ran = ran(3, r#"{ at = "2s", hold = { messages = ["append"], first = 2, for = "500ms" } },"#);
    assert_eq!(ran.met(Fate::Held, 0, 5_000).len(), 2);
}

#[test]
fn a_forced_vote_is_held_and_a_plain_one_is_not() {
    let forced =
        ran(3, r#"{ at = "2s", hold = { messages = ["forced-vote"], for = "500ms" } }, { at = "2s", transfer = {} },"#);
    assert_eq!(forced.effective(Verb::Hold), 1);
    let plain = ran(
        3,
        r#"{ at = "2s", hold = { messages = ["forced-vote"] } }, { at = "2s", crash = { node = "@leader", for = "0s" } },"#,
    );
    assert!(plain.count(Fate::Delivered, MessageKind::Vote, 2_000, 5_000) > 0);
    assert_eq!(plain.effective(Verb::Hold), 0);
}

#[test]
fn a_heal_drops_what_was_held_unless_it_is_told_to_deliver_it() {
    let steps = |heal: &str| {
        format!(
            r#"{{ at = "2s", hold = {{ messages = ["heartbeat-response"] }} }},
               {{ at = "2100ms", link = {{ messages = ["append-response"], delay = "900ms" }} }},
               {{ at = "2300ms", heal = {heal} }},"#
        )
    };
    let dropped = ran(3, &steps("\"everything\""));
    assert_eq!(dropped.effective(Verb::Heal), 1);
    let held = dropped.count(Fate::Held, MessageKind::HeartbeatResponse, 0, 5_000);
    assert!(held >= 4);
    assert_eq!(dropped.count(Fate::Cut, MessageKind::HeartbeatResponse, 2_300, 2_301), held);
    assert!(dropped.count(Fate::Cut, MessageKind::AppendResponse, 3_000, 3_300) > 0);
    let delivered = ran(3, &steps("{ messages = \"deliver\" }"));
    assert!(delivered.met(Fate::Cut, 0, 5_000).is_empty());
}

#[test]
fn a_heal_of_processes_leaves_the_network_as_it_is() {
    let steps = r#"
        { at = "2s", partition = { sides = [["n1"], ["@others"]] } },
        { at = "2s", crash = { node = "n2" } },
        { at = "2500ms", heal = "processes" },
        { at = "3500ms", heal = "network" },"#;
    let ran = ran(3, steps);
    let ended = |verb| ran.phases(verb, FaultPhase::Ended).iter().map(|(at, _)| *at).collect::<Vec<_>>();
    assert_eq!((ended(Verb::Crash), ended(Verb::Partition)), (vec![2_500], vec![3_500]));
}

#[test]
fn a_slow_node_is_slow_for_its_time_and_alone() {
    let ran = ran(3, r#"{ at = "2s", slow = { node = "@leader", factor = 20, for = "1s" } },"#);
    assert_eq!(ran.effective(Verb::Slow), 1);
    let (_, detail) = &ran.phases(Verb::Slow, FaultPhase::Activated)[0];
    let slow = node(detail.split(',').next().unwrap());
    assert!(ran.busy(slow, 2) > ran.busy(slow, 3) * 10, "{:?} {:?}", ran.busy(slow, 2), ran.busy(slow, 3));
    let other = NodeId(slow.0 % 3 + 1);
    assert!(ran.busy(other, 2) < ran.busy(other, 3) * 2);
}

#[test]
fn a_node_that_is_slow_to_the_end_of_the_run_has_been_slow() {
    let ran = ran(3, r#"{ at = "1s", slow = { node = "n1", factor = 2 } }"#);
    assert_eq!((ran.effective(Verb::Slow), ran.phases(Verb::Slow, FaultPhase::Ended).len()), (1, 0));
}

#[test]
fn slowness_kills_nobody_and_loses_no_message() {
    let ran = ran(3, r#"{ at = "2s", slow = { node = "@leader", factor = 20, for = "1s" } },"#);
    assert!(ran.processes().iter().all(|(at, ..)| *at < 2_000), "{:?}", ran.processes());
    for fate in [Fate::Lost, Fate::Cut] {
        assert!(ran.met(fate, 2_000, 5_000).is_empty(), "{fate:?}");
    }
}

#[test]
fn a_pause_at_a_point_begins_there_and_stops_the_whole_process() {
    let ran = ran(3, r#"{ at = "2s", pause = { node = "@leader", at = "lease-checked", for = "300ms" } },"#);
    let paused = ran
        .records
        .iter()
        .position(|record| matches!(record.what, What::Process { change: ProcessChange::Paused, .. }));
    let before = paused.and_then(|paused| {
        ran.records[..paused].iter().rev().find_map(|record| match &record.what {
            What::Stack(StackRecord { event, .. }) => Some(event),
            _ => None,
        })
    });
    assert!(matches!(before, Some(Event::LeaseRead { miss: None, .. })), "{before:?}");
    let (from, of, _) = ran.processes().into_iter().find(|(.., change)| *change == ProcessChange::Paused).unwrap();
    assert!(ran.told(of, from + 1, from + 299).is_empty());
    assert!(!ran.told(of, from + 300, from + 400).is_empty());
    assert_eq!(ran.effective(Verb::Pause), 1);
}

#[test]
fn a_paused_task_leaves_the_rest_of_its_process_alone() {
    let steps = r#"{ at = "2s", pause = { node = "@leader", at = "lease-checked", what = "task", for = "300ms" } },"#;
    let ran = ran(3, steps);
    let (from, detail) = ran.phases(Verb::Pause, FaultPhase::Activated).remove(0);
    let of = node(detail.trim_start_matches("a task of ").split(' ').next().unwrap());
    assert_eq!(ran.phases(Verb::Pause, FaultPhase::Ended)[0].0, from + 300);
    assert_eq!(ran.effective(Verb::Pause), 1);
    assert!(ran.told(of, from + 10, from + 290).len() > 50);
    assert!(ran.processes().iter().all(|(.., change)| matches!(change, ProcessChange::Started { .. })));
}

#[test]
fn a_pause_at_a_point_that_nobody_comes_to_does_not_act() {
    let ran = ran(3, r#"{ at = "3s", pause = { node = "@follower", at = "lease-checked", for = "300ms" } },"#);
    assert_eq!((ran.phases(Verb::Pause, FaultPhase::Activated).len(), ran.effective(Verb::Pause)), (0, 0));
}

#[test]
fn a_crash_kills_one_process_for_its_time_and_touches_no_other() {
    let ran = ran(3, r#"{ at = "2s", crash = { node = "n2", for = "700ms" } },"#);
    assert_eq!(ran.effective(Verb::Crash), 1);
    let changes: Vec<_> = ran.processes().into_iter().filter(|(at, ..)| *at > 0).collect();
    let of_n2 = [ProcessChange::Killed, ProcessChange::Started { incarnation: 2 }];
    assert_eq!(changes, [(2_000, NodeId(2), of_n2[0]), (2_700, NodeId(2), of_n2[1])]);
    assert!(ran.told(NodeId(2), 2_001, 2_700).is_empty() && !ran.told(NodeId(1), 2_001, 2_700).is_empty());
}

#[test]
fn a_fault_of_a_group_hits_each_of_it_once_and_nobody_else() {
    let steps = r#"
        { at = "2s", pause = { node = ["n3", "@leader"], for = "300ms" } },
        { at = "3s", crash = { node = ["n1", "n2"], for = "100ms" } },"#;
    let ran = ran(5, steps);
    let hit = |verb: Verb| {
        let acts = ran.phases(verb, FaultPhase::Activated).into_iter();
        acts.map(|(_, detail)| node(detail.split(' ').next().unwrap())).collect::<Vec<_>>()
    };
    let paused = hit(Verb::Pause);
    assert!(
        paused.contains(&NodeId(3)) && paused.is_sorted_by(|one, next| one < next) && paused.len() <= 2,
        "{paused:?}"
    );
    assert_eq!(hit(Verb::Crash), [NodeId(1), NodeId(2)]);
}

#[test]
fn a_transfer_moves_leadership_to_who_is_named_and_kills_nobody() {
    let ran = ran(3, r#"{ at = "2s", transfer = { to = "@follower" } },"#);
    let (_, detail) = &ran.phases(Verb::Transfer, FaultPhase::Effective)[0];
    let leads = |event: &&Event| matches!(event, Event::Role { role: Role::Leader, .. });
    let elected = |of: NodeId| ran.told(of, 2_000, 2_500).into_iter().filter(leads).count();
    let [from, to] = detail.split(" to ").map(node).collect::<Vec<_>>()[..] else { panic!("{detail}") };
    assert!(elected(to) > 0 && elected(from) == 0, "{detail}");
    assert!(ran.processes().iter().all(|(at, ..)| *at == 0));
}

#[test]
fn a_transfer_to_nobody_or_to_who_stands_still_is_given_up_and_moves_nobody() {
    let nobody = r#"{ at = "2s", transfer = { to = "@paused" } },"#;
    let still = r#"{ at = "1900ms", pause = { node = "@follower", for = "2500ms" } },"#;
    for steps in [nobody.to_owned(), format!("{still} {nobody}")] {
        let ran = ran(3, &steps);
        assert_eq!(
            (ran.phases(Verb::Transfer, FaultPhase::Refused).len(), ran.effective(Verb::Transfer)),
            (1, 0),
            "{steps}"
        );
        let mut told = (1..=3).flat_map(|of| ran.told(NodeId(of), 2_000, 5_000));
        assert!(!told.any(|event| matches!(event, Event::Role { role: Role::Leader, .. })), "{steps}");
    }
}

#[test]
fn a_partition_cuts_between_its_sides_and_neither_within_one_nor_before_or_after() {
    // Longer than the longest election timeout: the side without a leader has something to say to itself.
    let ran = ran(3, r#"{ at = "2s", partition = { sides = [["n1"], ["n2", "n3"]], for = "2500ms" } },"#);
    assert_eq!(ran.effective(Verb::Partition), 1);
    let of_n1 = |met: &Met| [met.from, met.to].contains(&Address::Node(NodeId(1)));
    let cut = ran.met(Fate::Cut, 0, 5_000);
    assert!(!cut.is_empty() && cut.iter().all(|met| of_n1(met) && (2_000..4_500).contains(&met.at)));
    let passed = ran.met(Fate::Delivered, 2_020, 4_500);
    assert!(!passed.is_empty() && !passed.iter().any(of_n1));
    assert!(ran.met(Fate::Delivered, 4_500, 5_000).iter().any(of_n1));
}

#[test]
fn a_partition_of_one_way_lets_the_other_way_pass() {
    let steps = r#"{ at = "2s", partition = { sides = [["@others"], ["@leader"]], one-way = true, for = "500ms" } },"#;
    let ran = ran(3, steps);
    let cut = ran.met(Fate::Cut, 0, 5_000);
    let leader = cut[0].to;
    assert!(cut.iter().all(|met| met.to == leader && met.from != leader));
    assert!(ran.met(Fate::Delivered, 2_020, 2_500).iter().any(|met| met.from == leader));
}

#[test]
fn a_fault_without_an_end_lasts_to_the_end_of_the_run_also_once_the_last_step_has_acted() {
    let ran = ran(3, r#"{ at = "1s", partition = { sides = [["n1"], ["n2", "n3"]] } },"#);
    assert!(!ran.met(Fate::Cut, 4_500, 5_000).is_empty());
}

#[test]
fn a_crash_of_no_length_starts_the_node_again_at_once() {
    let ran = ran(3, r#"{ at = "2s", crash = { node = "@leader", for = "0s" } },"#);
    let changes: Vec<_> = ran.processes().into_iter().filter(|(at, ..)| *at == 2_000).collect();
    assert!(matches!(
        changes[..],
        [(_, killed, ProcessChange::Killed), (_, started, ProcessChange::Started { incarnation: 2 })] if killed == started
    ));
}

#[test]
fn a_bridge_is_reached_by_both_halves() {
    let ran = ran(5, r#"{ at = "2s", partition = { shape = "bridge", node = "@follower", for = "1s" } },"#);
    let (_, detail) = &ran.phases(Verb::Partition, FaultPhase::Activated)[0];
    let bridge = Address::Node(node(detail.split("bridge ").nth(1).unwrap().split(' ').next().unwrap()));
    let cut = ran.met(Fate::Cut, 0, 5_000);
    assert!(!cut.is_empty() && ran.effective(Verb::Partition) == 1);
    assert!(cut.iter().all(|met| met.from != bridge && met.to != bridge && (2_000..3_000).contains(&met.at)));
    let passed = ran.met(Fate::Delivered, 2_100, 3_000);
    assert!(
        passed.iter().any(|met| met.from == bridge) && passed.iter().any(|met| met.from != bridge && met.to != bridge)
    );
}

#[test]
fn in_a_ring_only_neighbours_reach_each_other() {
    let ran = ran(5, r#"{ at = "2s", partition = { shape = "ring", for = "1s" } },"#);
    let apart = |met: &Met| match (met.from, met.to) {
        (Address::Node(from), Address::Node(to)) => from.0.abs_diff(to.0),
        _ => 0,
    };
    assert!(ran.met(Fate::Delivered, 2_100, 3_000).iter().all(|met| [1, 4].contains(&apart(met))));
    let cut = ran.met(Fate::Cut, 0, 5_000);
    assert!(!cut.is_empty() && cut.iter().all(|met| [2, 3].contains(&apart(met))));
}

#[test]
fn a_transfer_to_who_is_caught_up_is_never_to_who_was_cut_off() {
    let steps = r#"
        { at = "2s", partition = { sides = [["@follower"], ["@others"]], for = "800ms" } },
        { at = "2400ms", transfer = { to = "@caught-up" } },"#;
    let ran = ran(3, steps);
    let (_, cut) = &ran.phases(Verb::Partition, FaultPhase::Activated)[0];
    let (_, transfer) = &ran.phases(Verb::Transfer, FaultPhase::Activated)[0];
    assert_ne!(transfer.split(" to ").nth(1), cut.split(" | ").next());
    assert_eq!(ran.effective(Verb::Transfer), 1, "who is caught up can lead at once");
}

#[test]
fn selectors_name_who_lags_stands_still_and_was_started_again() {
    let steps = r#"
        { at = "2s", partition = { sides = [["@follower"], ["@others"]], for = "500ms" } },
        { at = "2400ms", transfer = { to = "@lagging" } },
        { at = "3s", pause = { node = "@follower", for = "800ms" } },
        { at = "3100ms", crash = { node = "@paused", for = "0s" } },
        { at = "3200ms", crash = { node = "@restarted", for = "0s" } },"#;
    let ran = ran(3, steps);
    let (_, cut) = &ran.phases(Verb::Partition, FaultPhase::Activated)[0];
    let (_, transfer) = &ran.phases(Verb::Transfer, FaultPhase::Activated)[0];
    assert_eq!(transfer.split(" to ").nth(1), cut.split(" | ").next());
    let (_, paused) = &ran.phases(Verb::Pause, FaultPhase::Activated)[0];
    let crashed: Vec<String> =
        ran.phases(Verb::Crash, FaultPhase::Activated).into_iter().map(|(_, detail)| detail).collect();
    let paused = paused.split(' ').next().unwrap().to_owned();
    assert_eq!(crashed, [paused.clone(), paused]);
}
