use super::*;
use crate::history::FaultPhase;
use crate::history::testing::{Events, get, ms, put};
use crate::verdict::testing::scenario;
use crate::verdict::{Lasted, LeaseMeasures, Took};
use crate::view::View;
use crate::words::Verb;
use leasehold::env::GroupId;
use leasehold::error::{ErrorKind, Outcome};
use leasehold::observe::Event;
use leasehold::observe::{EndCause, RoundCause, ScriptTimes};
use std::time::Duration;

/// A run of ten seconds, whose storm is from 2 s to 6 s.
fn measured(events: &Events) -> Measures {
    let mut meter = Meter::new(&scenario(""));
    let mut view = View::default();
    for record in events.records() {
        meter.until(record.at, || view.first().operations.len());
        view.record(record);
        meter.record(record, &view.first());
    }
    meter.finish(ms(10_000), &view.first())
}

#[test]
fn an_operation_belongs_to_the_window_in_which_it_was_due_and_is_measured_from_there() {
    let early = Events::default().invoke_due(2_100, 1_999, 1, get(0)).read(2_200, 1, 0);
    let in_storm = early.invoke_due(7_000, 2_000, 2, get(0)).read(8_000, 2, 0);
    let Measures { whole, windows, .. } = measured(&in_storm.invoke_due(6_000, 6_000, 3, get(0)).read(6_001, 3, 0));
    assert_eq!(whole.ops[&OpKind::Get].ok, 3);
    let storm = windows[0].ops[&OpKind::Get];
    assert_eq!(
        (storm.ok, storm.mean, storm.max),
        (1, Took::Exactly(Duration::from_secs(6)), Took::Exactly(Duration::from_secs(6)))
    );
}

#[test]
fn the_clients_that_a_bound_is_about_are_measured_apart() {
    let text = "[expect.workload.script]\nget-ok = 1\n[expect.via.n1]\nunserved = \"<= 1s\"";
    let mut meter = Meter::new(&scenario(text));
    let mut view = View::default();
    // The clients of the scripts come after the eight of the first workload; all ask n1.
    let events = Events::default().invoke(2_500, 1, get(0)).read(2_600, 1, 0);
    let events = events.invoke(3_000, 9, get(0)).read(3_400, 9, 0).invoke(7_000, 9, get(0)).read(7_100, 9, 0);
    for record in events.records() {
        view.record(record);
        meter.record(record, &view.first());
    }
    let Measures { whole, windows, .. } = meter.finish(ms(10_000), &view.first());
    let (scripts, via) = (Of::Workload("script".to_owned()), Of::Via(1));
    assert_eq!((whole.all.ok, whole.of[&scripts].all.ok, windows[0].of[&scripts].all.ok), (3, 2, 1));
    assert_eq!(whole.of[&via].longest(Span::Unserved), Some(Duration::from_millis(400)));
    assert_eq!(whole.of[&scripts].ops[&OpKind::Get].max, Took::Exactly(Duration::from_millis(400)));
}

#[test]
fn every_operation_that_was_due_counts_and_kinds_that_did_not_occur_are_absent() {
    let events = Events::default().invoke(1, 1, put(0)).invoke(2, 2, get(0)).gave_up(3, 2, Outcome::Unknown);
    let whole = measured(&events.invoke(4, 3, put(0)).gave_up(5, 3, Outcome::Unknown)).whole;
    assert_eq!(whole.ops.keys().collect::<Vec<_>>(), [&OpKind::Get, &OpKind::Put]);
    let (gets, puts) = (whole.ops[&OpKind::Get], whole.ops[&OpKind::Put]);
    assert_eq!((gets.refused, puts.unknown, puts.open, puts.overdue), (1, 1, 1, 1));
    assert_eq!((whole.all.due(), whole.all.availability()), (3, Some(0.0)));
    assert!([gets.p50, puts.p50, whole.all.max].iter().all(|took| took.exactly().is_none()), "{whole:?}");
}

#[test]
fn a_read_that_its_node_tries_again_counts_once_by_its_first_decision() {
    let again = |miss| Event::LeaseRead { miss, now: None, again: true };
    let events = Events::default().missed(1, 1, Miss::Transfer).event(2, 1, again(Some(Miss::Transfer)));
    let lease = measured(&events.event(3, 1, again(None)).hit(4, 1)).whole.lease;
    assert_eq!((lease.reads, lease.hits, lease.retries), (2, 1, 2));
}

#[test]
fn the_end_of_a_lease_that_was_not_in_force_is_told_apart() {
    let ended = |held| Event::LeaseEnded { generation: 1, cause: EndCause::Transfer, held };
    let lease = measured(&Events::default().event(1, 1, ended(true)).event(2, 1, ended(false))).whole.lease;
    let once = BTreeMap::from([(EndCause::Transfer, 1)]);
    assert_eq!((lease.invalidations, lease.voided), (once.clone(), once));
}

#[test]
fn a_window_has_its_part_of_the_time_in_which_nobody_was_served() {
    // The storm lasts from 2 s to 6 s.
    let events = Events::default().invoke(1_500, 1, get(0)).gave_up(1_600, 1, Outcome::NotApplied);
    let events = events.invoke(2_900, 2, get(0)).read(3_000, 2, 0).invoke(5_800, 3, get(0)).read(6_500, 3, 0);
    let Measures { whole, windows, .. } = measured(&events);
    let unserved = [&whole, &windows[0]].map(|window| window.longest(Span::Unserved));
    assert_eq!(unserved, [1_500, 1_000].map(|millis| Some(Duration::from_millis(millis))));
    let via = Lasted { longest: Duration::from_millis(1_500), over: ms(3_000), via: Some(NodeId(1)) };
    assert_eq!(whole.lasted[&Span::UnservedVia], via);
}

#[test]
fn entries_that_become_durable_at_one_moment_on_one_node_were_written_together() {
    let events = Events::default().appends(1, 1, 1, 4, 0xa).appends(1, 1, 2, 4, 0xb).appends(1, 2, 1, 4, 0xa);
    let durable = measured(&events.appends(2, 2, 2, 4, 0xb)).whole.durable;
    assert_eq!((durable.entries, durable.writes), (4, 3));
}

#[test]
fn only_reads_at_a_leader_that_is_caught_up_count_for_the_hit_rate() {
    let reads = Events::default().hit(1, 1).hit(2, 1).hit(3, 1).missed(4, 1, Miss::Expired);
    let lease = measured(&reads.missed(5, 2, Miss::NotLeader).missed(6, 1, Miss::NotCaughtUp)).whole.lease;
    assert_eq!((lease.reads, lease.hits, lease.hit_rate()), (4, 3, Some(0.75)));
    assert_eq!(lease.misses.values().sum::<u64>(), 3);
}

#[test]
fn events_belong_to_the_window_in_which_they_happen() {
    let events = Events::default().hit(1_999, 1).hit(2_000, 1).hit(5_999, 1).hit(6_000, 1);
    let Measures { whole, windows, .. } = measured(&events);
    assert_eq!((whole.lease.hits, windows[0].lease.hits), (4, 2));
}

#[test]
fn the_first_election_is_no_change_and_a_leader_that_repeats_itself_is_none() {
    let events = Events::default().leads(100, 1, 4).leads(200, 1, 4).leads(2_500, 2, 5).leads(7_000, 1, 6);
    let Measures { whole, windows, .. } = measured(&events);
    assert_eq!((whole.leader_changes, windows[0].leader_changes), (2, 1));
}

#[test]
fn rounds_scripts_conflicts_and_ends_of_leases_are_counted() {
    let times = ScriptTimes { commit: Duration::from_millis(3), ..ScriptTimes::default() };
    let events = Events::default().round(1, 1, RoundCause::LeaseMiss).round_again(2, 1, RoundCause::LeaseMiss);
    let events = events.round_ended(3, 1, RoundCause::LeaseMiss, 7).event(4, 1, Event::Conflict { index: 3 });
    let events = events.event(5, 1, Event::Script { reads: 2, attempts: 4, times }).event(
        6,
        1,
        Event::Script { reads: 2, attempts: 1, times },
    );
    let events = events.failed(7, 1, ErrorKind::WriteConflict).ended(8, 1, EndCause::Transfer).extended(9, 1, 4, 300);
    let whole = measured(&events).whole;
    let rounds = whole.rounds[&RoundCause::LeaseMiss];
    assert_eq!((rounds.started, rounds.repeated, rounds.ended), (2, 1, 1));
    assert_eq!((rounds.waited, whole.conflicts, whole.lease.renewals), (Duration::from_millis(7), 1, 1));
    assert_eq!((whole.scripts.ended, whole.scripts.attempts), (2, 5));
    assert_eq!(whole.scripts.times.commit, Duration::from_millis(6));
    let LeaseMeasures { invalidations, voided, .. } = &whole.lease;
    assert_eq!(invalidations.values().chain(voided.values()).sum::<u64>(), 2);
}

#[test]
fn the_backlog_is_what_is_under_way_in_the_middle_and_at_the_end_of_a_window() {
    // The storm lasts from 2 s to 6 s.
    let events = Events::default().invoke(1_000, 1, get(0)).invoke(2_500, 2, get(0)).read(3_000, 1, 0);
    let events = events.invoke(4_500, 3, get(0)).invoke(5_000, 4, get(0)).read(7_000, 2, 0);
    assert_eq!(measured(&events).windows[0].backlog, [1, 3]);
}

#[test]
fn the_halves_of_a_window_have_means_of_their_own() {
    let events = Events::default().invoke(2_500, 1, get(0)).read(2_510, 1, 0);
    let events = events.invoke(3_500, 2, get(0)).read(3_530, 2, 0).invoke(4_100, 3, get(0)).read(4_160, 3, 0);
    let halves = measured(&events).windows[0].ops[&OpKind::Get].halves;
    assert_eq!(halves, [20, 60].map(|millis| Took::Exactly(Duration::from_millis(millis))));
}

#[test]
fn a_run_that_ends_early_cuts_its_windows_short() {
    let mut meter = Meter::new(&scenario(""));
    let Measures { whole, windows, .. } = meter.finish(ms(3_000), &View::default().first());
    assert_eq!((whole.to, windows[0].from, windows[0].to), (ms(3_000), ms(2_000), ms(3_000)));
    let Measures { windows, .. } = Meter::new(&scenario("")).finish(ms(1_000), &View::default().first());
    assert_eq!((windows[0].from, windows[0].to), (ms(1_000), ms(1_000)));
}

#[test]
fn nobody_is_served_from_when_somebody_asks_whatever_faults_end_meanwhile() {
    let faulty = Events::default().fault(1_000, 0, Verb::Partition, FaultPhase::Activated).invoke(1_500, 1, get(0));
    let healed = faulty.fault(3_000, 0, Verb::Partition, FaultPhase::Ended).invoke(3_500, 2, get(0));
    let Measures { whole, windows, .. } = measured(&healed.read(4_000, 1, 0).read(4_000, 2, 0));
    assert_eq!(whole.longest(Span::Unserved), Some(Duration::from_millis(2_500)), "not 1 s, from the fault's end on");
    assert_eq!(windows[0].longest(Span::Unserved), Some(Duration::from_secs(2)), "its part of the storm");
    assert_eq!(whole.longest(Span::UnservedVia), whole.longest(Span::Unserved));
}

#[test]
fn of_several_groups_counts_are_summed_and_the_longest_stretch_of_any_stands() {
    let meter = |events: &Events| {
        let mut meter = Meter::new(&scenario(""));
        let mut view = View::default();
        for record in events.records() {
            view.record(record);
            meter.record(record, &view.first());
        }
        (meter, view)
    };
    let served = |took: u64| Events::default().invoke(3_000, 1, get(0)).read(3_000 + took, 1, 0);
    let (mut first, view_of_first) = meter(&served(100).hit(3_000, 1).hit(3_001, 1));
    let (mut second, view_of_second) = meter(&served(700).missed(3_000, 1, Miss::Cold));
    let groups = [(GroupId(1), &mut first, view_of_first.first()), (GroupId(2), &mut second, view_of_second.first())];
    let Measures { whole, windows, .. } = Meter::finish_all(ms(10_000), groups.into_iter());
    for window in [&whole, &windows[0]] {
        assert_eq!((window.all.ok, window.lease.hits, window.lease.reads), (2, 2, 3));
        assert_eq!(window.longest(Span::Unserved), Some(Duration::from_millis(700)));
        let of = |group| &window.of[&Of::Group(group)];
        assert_eq!((of(1).lease.hit_rate(), of(2).lease.hit_rate()), (Some(1.0), Some(0.0)));
        assert_eq!(of(1).longest(Span::Unserved), Some(Duration::from_millis(100)));
    }
}
