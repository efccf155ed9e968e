//! What `leasehold margin` makes of a scenario.

use super::super::{Action, Claims, Dial, Ppm, Reach, parse, print};
use super::sample;
use crate::words::Spelled;
use std::path::PathBuf;
use std::time::Duration;

#[test]
fn a_dial_turned_up_is_a_scenario_that_a_person_could_have_written() {
    let sample = sample().expect("the sample is valid");
    for dial in Dial::all() {
        for value in dial.ladder(&sample.cluster) {
            let dialled = sample.dialled(dial, value);
            let path = PathBuf::from(format!("{}.toml", dialled.name));
            let again = parse(&path, &print(&dialled)).unwrap_or_else(|problems| panic!("{problems}"));
            assert_eq!(again.timeline.len(), dialled.timeline.len());
            assert_eq!((again.until, again.cluster), (dialled.until, dialled.cluster));
        }
    }
}

#[test]
fn each_value_comes_with_cuts_of_the_leader_and_nothing_comes_alone() {
    let sample = sample().expect("the sample is valid");
    let verbs = |value| {
        let dialled = sample.dialled(Dial::LeaderSuspend, value);
        let count = |verb| dialled.timeline.iter().filter(|step| step.action.to_string() == verb).count();
        [count("partition"), count("hold"), count("pause")]
    };
    let of_its_own = |verb| sample.timeline.iter().filter(|step| step.action.to_string() == verb).count();
    let [cuts, holds, pauses] = verbs(1_000);
    let [cuts, holds, pauses] =
        [cuts - of_its_own("partition"), holds - of_its_own("hold"), pauses - of_its_own("pause")];
    assert!(cuts > 1 && cuts == holds && holds == pauses, "{cuts} {holds} {pauses}");
    assert_eq!(verbs(0)[2], of_its_own("pause"));
}

#[test]
fn a_run_too_short_for_what_is_turned_up_lasts_longer() {
    let sample = sample().expect("the sample is valid");
    let dialled = sample.dialled(Dial::LeaderPause, 60_000_000);
    assert!(dialled.until > Duration::from_secs(60) && sample.until < Duration::from_secs(60));
    let pauses = dialled
        .timeline
        .iter()
        .filter(|step| matches!(&step.action, Action::Pause(pause) if pause.lasts == Some(Duration::from_secs(60))));
    assert_eq!(pauses.count(), 1);
}

#[test]
fn a_ladder_rises_from_nothing_to_the_limit() {
    let cluster = sample().expect("the sample is valid").cluster;
    for dial in Dial::all() {
        let ladder = dial.ladder(&cluster);
        assert!(ladder.is_sorted_by(|one, next| one < next), "{ladder:?}");
        assert_eq!((ladder[0], ladder.last()), (0, Some(&dial.limit())));
    }
}

#[test]
fn theory_gives_what_is_left_of_the_promise_after_the_lease() {
    let cluster = sample().expect("the sample is valid").cluster;
    let promise = cluster.election_timeout - cluster.tick;
    let of = |dial: Dial, lease| dial.by_theory(&cluster, lease);
    let shorter = promise * 999 / 1_000;
    assert!(
        matches!(of(Dial::ClockDrift, shorter), Some(Reach::UpTo(1_000 | 1_001))),
        "{:?}",
        of(Dial::ClockDrift, shorter)
    );
    assert_eq!(of(Dial::LeaderSuspend, promise - Duration::from_millis(3)), Some(Reach::UpTo(3_000)));
    assert_eq!(of(Dial::LeaderPause, promise), Some(Reach::Any));
    assert_eq!(of(Dial::LeaderPause, cluster.election_timeout), None);
}

#[test]
fn clocks_are_claimed_and_what_they_count_is_not() {
    let claims = Claims { clock_drift: Ppm(300), clock_step: Duration::from_millis(7) };
    assert_eq!(
        Dial::all().map(|dial| dial.claimed(&claims)).collect::<Vec<_>>(),
        [Reach::UpTo(300), Reach::Any, Reach::Any, Reach::UpTo(7_000), Reach::Any]
    );
}
