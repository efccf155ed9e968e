//! Faults of clocks and disks in whole runs: what each does to a node, and what it must not do.

use super::given::Given;
use leasehold::env::{NodeId, ReplicaId};
use leasehold::error::ErrorKind;
use leasehold::observe::{EndCause, Event, Miss};
use leasehold_sim::history::{Completion, OpKind, ProcessChange, StackRecord, What};
use leasehold_sim::verdict::{Ruling, RunReport};
use std::time::Duration;

/// Three nodes for eight seconds, with this timeline.
fn ran(timeline: &str) -> RunReport {
    let report = Given::load("8s", "clients = 8\nrate = \"200/s\"").steps(timeline).run();
    assert_eq!(report.verdict.ruling, Ruling::Pass, "{:?}", report.verdict.failures);
    report
}

/// What became of the process of a node, and when, in milliseconds; without its first start.
fn process(report: &RunReport, of: NodeId) -> Vec<(u64, ProcessChange)> {
    let changes = report.kept.iter().filter_map(|record| match record.what {
        What::Process { node, change } if node == of => Some((record.at.millis(), change)),
        _ => None,
    });
    changes.skip(1).collect()
}

/// What a node told, with the time in milliseconds.
fn told(report: &RunReport, of: NodeId) -> impl Iterator<Item = (u64, &Event)> {
    report.kept.iter().filter_map(move |record| match &record.what {
        What::Stack(StackRecord { replica: ReplicaId { node, .. }, event, .. }) if *node == of => {
            Some((record.at.millis(), event))
        }
        _ => None,
    })
}

fn leader(report: &RunReport) -> NodeId {
    let elected = report.kept.iter().find_map(|record| match &record.what {
        What::Stack(StackRecord { replica: ReplicaId { node, .. }, event: Event::CaughtUp { .. }, .. }) => Some(*node),
        _ => None,
    });
    elected.expect("somebody leads")
}

fn effective(report: &RunReport, verb: &str) -> u64 {
    report.faults[verb].effective
}

#[test]
fn a_leader_whose_fsync_fails_stops_at_once_and_its_process_starts_again_a_second_later() {
    let report = ran(r#"{ at = "3s", disk = { node = "@leader", fail = "sync", for = "500ms" } }"#);
    let leader = leader(&report);
    let stopped: Vec<u64> = told(&report, leader)
        .filter(|(_, event)| **event == Event::Stopped { error: Some(ErrorKind::Storage) })
        .map(|(at, _)| at)
        .collect();
    let [at] = stopped[..] else { panic!("stopped once, not {stopped:?}") };
    assert!((3_000..3_500).contains(&at), "{at}");
    let ended = |event: &Event| matches!(event, Event::LeaseEnded { cause: EndCause::Stopped, held: true, .. });
    assert!(told(&report, leader).any(|(when, event)| when == at && ended(event)));
    let again = (at + 1_000, ProcessChange::Started { incarnation: 2 });
    assert_eq!(process(&report, leader), [(at, ProcessChange::Killed), again]);
    assert!(told(&report, leader).any(|(when, event)| when > at && matches!(event, Event::Opened { .. })));
    assert_eq!(effective(&report, "disk"), 1);
}

#[test]
fn a_full_disk_stops_a_node_as_often_as_it_starts() {
    let report = ran(r#"{ at = "3s", disk = { node = "n1", full = true, for = "2s" } }"#);
    let starts = process(&report, NodeId(1)).iter().filter(|(_, change)| *change != ProcessChange::Killed).count();
    assert!((2..=3).contains(&starts), "{:?}", process(&report, NodeId(1)));
}

#[test]
fn a_node_that_cannot_read_its_log_says_so_and_is_down_until_it_can() {
    let report = ran(r#"
        { at = "3s", crash = { node = "n1", for = "100ms" } },
        { at = "3s", disk = { node = "n1", fail = "read", for = "1500ms" } },"#);
    let failed = ProcessChange::Failed { error: ErrorKind::Storage };
    assert_eq!(
        process(&report, NodeId(1)),
        [
            (3_000, ProcessChange::Killed),
            (3_100, ProcessChange::Started { incarnation: 2 }),
            (3_100, failed),
            (4_100, ProcessChange::Started { incarnation: 3 }),
            (4_100, failed),
            (5_100, ProcessChange::Started { incarnation: 4 }),
        ]
    );
}

#[test]
fn nobody_starts_a_node_that_a_crash_keeps_down() {
    let report = ran(r#"
        { at = "3s", disk = { node = "n1", fail = "append", for = "500ms" } },
        { at = "4500ms", crash = { node = "n1", for = "2s" } },"#);
    let starts: Vec<u64> = process(&report, NodeId(1))
        .into_iter()
        .filter(|(_, change)| matches!(change, ProcessChange::Started { .. }))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(starts.last(), Some(&6_500), "{starts:?}");
}

#[test]
fn a_leader_whose_disk_stalls_loses_leadership_and_a_follower_whose_disk_stalls_takes_none() {
    let of = |node: &str| ran(&format!(r#"{{ at = "3s", disk = {{ node = "{node}", stall = true, for = "3s" }} }}"#));
    assert!(of("@leader").measures.whole.leader_changes > 0);
    let follower = of("@follower");
    assert_eq!((follower.measures.whole.leader_changes, effective(&follower, "disk")), (0, 1));
}

#[test]
fn slow_syncs_of_the_leader_delay_writes_and_those_of_a_follower_delay_nobody() {
    let slowest = |node: &str, harm: &str| {
        let report = ran(&format!(
            r#"{{ at = "3s", disk = {{ node = "{node}", {harm}, for = "3s" }} }}, {{ at = "3s..6s", tag = "slow" }},"#
        ));
        assert_eq!(effective(&report, "disk"), 1);
        report.measures.windows[0].ops[&OpKind::Put].max
    };
    for harm in ["fsync = \"300ms\"", "slow = 5000"] {
        assert!(slowest("@leader", harm).least() >= Duration::from_millis(150), "{harm}");
        assert!(slowest("@follower", harm).least() < Duration::from_millis(100), "{harm}");
    }
}

#[test]
fn a_step_of_the_wall_clock_is_seen_and_does_nothing() {
    let report = ran(r#"
        { at = "3s", clock = { node = "@leader", step = "-1h" } },
        { at = "4s", clock = { node = "@followers", step = "+1h" } },"#);
    let whole = &report.measures.whole;
    assert_eq!((whole.leader_changes, whole.lease.hit_rate(), effective(&report, "clock")), (0, Some(1.0), 2));
    assert_eq!(report.verdict.beyond_claims, None);
}

#[test]
fn without_a_clock_reads_and_writes_go_on_and_the_lease_does_not() {
    let report = ran(r#"{ at = "3s", clock = { node = "@leader", fail = true, for = "500ms" } }"#);
    let whole = &report.measures.whole;
    assert!(whole.lease.misses[&Miss::Clock] > 50, "{:?}", whole.lease);
    assert_eq!(whole.leader_changes, 0);
    let failed = report.kept.iter().filter(|record| {
        record.at.millis() >= 3_000
            && matches!(record.what, What::Completed { completion: Completion::Failed { .. }, .. })
    });
    assert_eq!(failed.count(), 0);
    assert!([OpKind::Get, OpKind::Put].iter().all(|kind| whole.ops[kind].ok > 100));
}

#[test]
fn a_clock_that_stands_still_is_beyond_what_is_claimed_and_one_that_drifts_a_little_is_not() {
    let beyond = |harm: &str| {
        let report = ran(&format!(r#"{{ at = "3s", clock = {{ node = "@leader", {harm}, for = "200ms" }} }}"#));
        assert_eq!(effective(&report, "clock"), 1, "{harm}");
        report.verdict.beyond_claims.is_some()
    };
    assert!(beyond("freeze = true"));
    assert!(beyond("rate = \"+2%\""));
    assert!(beyond("slew = \"-500ppm\""));
    assert!(!beyond("rate = \"+20ppm\""));
}
