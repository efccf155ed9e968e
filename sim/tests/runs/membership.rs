//! Membership and snapshots, on the whole stack: what a change does, what is refused, and what outlives the leader that began it.

use super::given::Given;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::observe::{Event, Membership, Role};
use leasehold_sim::history::{FaultPhase, ProcessChange, Record, StackRecord, What};
use leasehold_sim::time::SimTime;
use leasehold_sim::verdict::{Ruling, RunReport};
use leasehold_sim::words::Verb;
use std::ops::RangeInclusive;
use std::time::Duration;

/// One run of these steps for each seed, with a few clients. None may violate anything.
fn runs(seeds: RangeInclusive<u64>, steps: &str, cluster: &str) -> Vec<RunReport> {
    let load = "clients = 4\nrate = \"100/s\"\nmix = { get = 0.5, put = 0.5 }";
    let reports = Given::load("12s", load).cluster(cluster).steps(steps).run_seeds(seeds);
    for report in &reports {
        assert_eq!(report.verdict.ruling, Ruling::Pass, "seed {}: {:?}", report.seed, report.verdict.failures);
    }
    reports
}

/// What the nodes told, in order.
fn told(report: &RunReport) -> impl Iterator<Item = (SimTime, NodeId, &Event)> + Clone {
    report.kept.iter().filter_map(|Record { at, what }| match what {
        What::Stack(StackRecord { replica: ReplicaId { node, .. }, event, .. }) => Some((*at, *node, event)),
        _ => None,
    })
}

/// The phases of the verb `membership`, with their details.
fn acts(report: &RunReport) -> Vec<(FaultPhase, String)> {
    let acts = report.kept.iter().filter_map(|record| match &record.what {
        What::Fault(fault) if fault.verb == Verb::Membership => Some((fault.phase, fault.to_string())),
        _ => None,
    });
    acts.collect()
}

/// The latest membership that any node told.
fn members(report: &RunReport) -> Membership {
    let told = told(report).filter_map(|(_, _, event)| match event {
        Event::Membership { index, members } => Some((*index, members)),
        _ => None,
    });
    told.max_by_key(|(index, _)| *index).map(|(_, members)| (**members).clone()).unwrap_or_default()
}

fn nodes(ids: &[u64]) -> Vec<NodeId> {
    ids.iter().copied().map(NodeId).collect()
}

#[test]
fn a_change_is_effective_once_the_leader_has_applied_it() {
    let timeline = r#"
        { at = "3s", membership = { add-learner = "@spare" } },
        { at = "4s", membership = { promote = "@learner" } },
        { at = "5s", membership = { demote = "@follower" } },
        { at = "6s", membership = { joint = { add = ["@learner"], remove = ["@follower"] } } },
    "#;
    for report in runs(1..=3, timeline, "spares = 1") {
        let effective = acts(&report).iter().filter(|(phase, _)| *phase == FaultPhase::Effective).count();
        assert_eq!(effective, 4, "{:?}", acts(&report));
        let last = members(&report);
        assert_eq!((last.voters.len(), last.is_joint(), last.learners.len()), (3, false, 0), "{last}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let timeline = r#"
        { at = "3.0s", membership = { add-learner = "n2" } },
        { at = "3.1s", membership = { promote = "n2" } },
        { at = "3.2s", membership = { demote = "n4" } },
        { at = "3.3s", membership = { remove = "n5" } },
        { at = "3.4s", membership = { joint = { add = ["n1"] } } },
        { at = "3.5s", membership = { joint = { remove = ["n1", "n2", "n3"] } } },
    "#;
    for report in runs(1..=2, timeline, "learners = 1\nspares = 1") {
        let refused: Vec<String> =
            acts(&report).into_iter().filter(|(phase, _)| *phase == FaultPhase::Refused).map(|(_, why)| why).collect();
        assert_eq!(
            refused,
            [
                "add learner n2: membership change refused: it is a member already",
                "promote n2: membership change refused: it is no learner",
                "demote n4: membership change refused: it is no voter",
                "remove n5: membership change refused: it is no member",
                "joint: add n1; remove : membership change refused: it is a voter already",
                "joint: add ; remove n1 n2 n3: membership change refused: nobody would vote",
            ]
        );
        assert_eq!(members(&report), Membership::default(), "nobody has told of a change");
    }
}

#[test]
fn of_two_changes_at_once_the_second_is_refused() {
    let timeline = r#"
        { at = "2.95s", partition = { sides = [["@leader"], ["@others"]], how = "hold", for = "200ms" } },
        { at = "3s", membership = { add-learner = "n4" } },
        { at = "3s", membership = { add-learner = "n5" } },
    "#;
    for report in runs(1..=3, timeline, "spares = 2") {
        let said: Vec<String> = acts(&report).into_iter().map(|(_, detail)| detail).collect();
        assert!(
            said.iter().any(|said| said == "add learner n5: membership change refused: another change is under way"),
            "{said:?}"
        );
        assert_eq!(members(&report).learners, nodes(&[4]));
    }
}

#[test]
fn the_last_voter_stays_and_a_learner_is_never_led_by() {
    let timeline = r#"
        { at = "3s", membership = { remove = "@leader" } },
        { at = "4s", membership = { demote = "@leader" } },
        { at = "5s", transfer = { to = "@learner" } },
    "#;
    for report in runs(1..=2, timeline, "nodes = 1\nlearners = 1") {
        assert_eq!(members(&report), Membership::default());
        assert_eq!(report.faults["transfer"].effective, 0);
        let led = told(&report)
            .any(|(_, node, event)| node == NodeId(2) && matches!(event, Event::Role { role: Role::Leader, .. }));
        assert!(!led, "n2 has no vote");
    }
}

/// LB-43: of two voters the leader is removed. raft would let it lead on, and answer ReadIndex alone.
#[test]
fn a_removed_leader_neither_leads_nor_serves_and_another_leads_at_once() {
    let timeline = "{ at = \"5s\", membership = { remove = \"@leader\" } },";
    let mut at_once = 0;
    for report in runs(1..=5, timeline, "nodes = 2") {
        let removal = told(&report).find_map(|(at, node, event)| match event {
            Event::Membership { members, .. } if !members.votes(node) => Some((at, node)),
            _ => None,
        });
        let (at, removed) = removal.expect("it applies its removal");
        let removes = |event: &Event| matches!(event, Event::Membership { members, .. } if !members.votes(removed));
        let after =
            told(&report).skip_while(|(when, node, event)| !(*when == at && *node == removed && removes(event)));
        let mut of_removed = after.clone().filter(|(_, node, _)| *node == removed);
        assert!(
            of_removed.all(|(_, _, event)| !matches!(
                event,
                Event::LeaseRead { miss: None, .. }
                    | Event::LeaseExtended { .. }
                    | Event::RoundEnded { confirmed: true, .. }
                    | Event::Role { role: Role::Leader, .. }
            )),
            "seed {}",
            report.seed
        );
        let heir = after.clone().find_map(|(when, node, event)| {
            let leads = node != removed && matches!(event, Event::Role { role: Role::Leader, .. });
            leads.then(|| when.since(at))
        });
        at_once += u32::from(heir.expect("another leads") < Duration::from_millis(100));
    }
    // Where an entry is still on its way nobody has everything, and an election timeout passes.
    assert!(at_once >= 3, "{at_once} of 5");
}

/// LB-50: raft leaves a joint configuration for the leader that entered it; here that dies in between.
#[test]
fn a_joint_configuration_is_left_by_the_next_leader_if_the_one_that_entered_it_is_gone() {
    let timeline = r#"
        { at = "4s",       membership = { joint = { add = ["n4"], remove = ["@follower"] } } },
        { at = "4.0006s..4.0056s", every = "5ms", jitter = "2ms", crash = { node = "@leader", for = "3s" } },
    "#;
    let mut abandoned = 0;
    for report in runs(1..=30, timeline, "spares = 1") {
        let terms: Vec<(bool, u64)> = changes_by_term(&report);
        let entered = terms.iter().find(|(joint, _)| *joint).map(|(_, term)| *term);
        let left = terms.iter().rfind(|(joint, _)| !*joint).map(|(_, term)| *term);
        if let Some(entered) = entered {
            let left = left.unwrap_or_else(|| panic!("seed {}: nobody left it", report.seed));
            abandoned += u32::from(left > entered);
        }
        assert!(!members(&report).is_joint(), "seed {}", report.seed);
    }
    assert!(abandoned > 0, "no seed shows it");
}

/// Of each change that was applied, in order: is the membership joint from there on, and the term of its entry.
fn changes_by_term(report: &RunReport) -> Vec<(bool, u64)> {
    let mut changes = Vec::new();
    let mut applied = std::collections::BTreeMap::new();
    for (_, node, event) in told(report) {
        match event {
            Event::Applied { index, term, .. } => {
                applied.insert((node, *index), *term);
            }
            Event::Membership { index, members } => {
                let term = applied.get(&(node, *index)).copied().unwrap_or_default();
                changes.push((*index, (members.is_joint(), term)));
            }
            _ => {}
        }
    }
    changes.sort_unstable();
    changes.dedup();
    changes.into_iter().map(|(_, change)| change).collect()
}

#[test]
fn a_node_that_joins_after_the_log_was_cut_is_caught_up_by_a_snapshot_and_starts_again_on_it() {
    let timeline = r#"
        { at = "6s", membership = { add-learner = "n4" } },
        { at = "8s", crash = { node = "n4", for = "100ms" } },
    "#;
    for report in runs(1..=3, timeline, "spares = 1\ncompact-after = 50") {
        let restored: Vec<Option<NodeId>> = told(&report)
            .filter_map(|(_, node, event)| match event {
                Event::SnapshotRestored { from, .. } if node == NodeId(4) => Some(*from),
                _ => None,
            })
            .collect();
        assert!(restored.first().is_some_and(Option::is_some), "from the leader: {restored:?}");
        assert_eq!(restored.last(), Some(&None), "from its own disk");
        let applied = |id: u64| {
            told(&report).filter_map(move |(_, node, event)| match event {
                Event::Applied { index, .. } if node == NodeId(id) => Some(*index),
                _ => None,
            })
        };
        let behind = applied(1).max().unwrap().abs_diff(applied(4).max().unwrap());
        assert!(behind < 10, "it follows: {behind}");
    }
}

#[test]
fn a_snapshot_that_is_lost_is_sent_again() {
    let timeline = r#"
        { at = "3s", partition = { sides = [["n3"], ["@others"]], for = "3s" } },
    "#;
    let mut again = 0;
    for report in runs(1..=10, timeline, "compact-after = 20\nnetwork = { loss = \"20%\" }") {
        let unanswered =
            told(&report).filter(|(_, _, event)| matches!(event, Event::SnapshotUnanswered { .. })).count();
        let installed =
            told(&report).any(|(_, _, event)| matches!(event, Event::SnapshotRestored { from: Some(_), .. }));
        again += usize::from(unanswered > 0 && installed);
    }
    assert!(again > 0, "no seed shows it");
}

#[test]
fn no_snapshot_is_taken_where_none_is_asked_for() {
    for report in runs(1..=1, "{ at = \"3s\", crash = { node = \"@follower\", for = \"1s\" } },", "") {
        let any = told(&report).any(|(_, _, event)| {
            matches!(event, Event::SnapshotTaken { .. } | Event::SnapshotRestored { .. } | Event::LogCompacted { .. })
        });
        let started = report.kept.iter().any(|record| {
            matches!(record.what, What::Process { change: ProcessChange::Started { incarnation: 2 }, .. })
        });
        assert!(started && !any);
    }
}
