use std::time::Duration;

use crate::scenario::{Bound, Load, Metric, Op, Pace, Seeds, Selector, units};

const PROTOCOL: units::Protocol = units::Protocol {
    election_timeout: Duration::from_secs(1),
    heartbeat: Duration::from_millis(100),
    lease: Some(Duration::from_millis(900)),
};

fn nanos(text: &str) -> Option<u128> {
    units::duration(text, Some(&PROTOCOL)).ok().map(|duration| duration.as_nanos())
}

#[test]
fn durations_are_exact_to_the_nanosecond() {
    assert_eq!(nanos("1ns"), Some(1));
    assert_eq!(nanos("0.000000001s"), Some(1));
    assert_eq!(nanos("250us"), Some(250_000));
    assert_eq!(nanos("250µs"), Some(250_000));
    assert_eq!(nanos("1.1ms"), Some(1_100_000));
    assert_eq!(nanos("1_000 ms"), Some(1_000_000_000));
    assert_eq!(nanos("1.5h"), Some(5_400_000_000_000));
    assert_eq!(nanos("0.5000000000000000000000s"), Some(500_000_000));
}

#[test]
fn durations_may_be_in_units_of_the_protocol() {
    assert_eq!(nanos("1.5 election-timeouts"), Some(1_500_000_000));
    assert_eq!(nanos("1 election-timeout"), Some(1_000_000_000));
    assert_eq!(nanos("3 heartbeats"), Some(300_000_000));
    assert_eq!(nanos("0.3333333333333 leases"), Some(299_999_999));
}

#[test]
fn what_is_not_a_duration_is_refused() {
    for text in [
        "",
        " ",
        "s",
        ".5s",
        "5.s",
        "1.2.3s",
        "_1s",
        "1e3s",
        "+1s",
        "1s2",
        "99999999999999999999999999h",
        "1 2s",
        "NaNs",
        "𝟏s",
    ] {
        assert_eq!(nanos(text), None, "{text:?}");
    }
}

#[test]
fn seeds_are_ranges_or_single_ones_or_several_of_these() {
    let seeds = |text: &str| text.parse::<Seeds>().ok();
    assert_eq!(seeds("1..=20"), Some(Seeds::range(1, 20)));
    assert_eq!(seeds("0..20"), Some(Seeds::range(0, 19)));
    assert_eq!(seeds(" 7 "), Some(Seeds::one(7)));
    assert_eq!(seeds("18446744073709551615"), Some(Seeds::one(u64::MAX)));
    for text in [
        "",
        "..",
        "1..",
        "..=3",
        "3..1",
        "1..0",
        "0..0",
        "1...3",
        "a",
        "-1",
        "+1",
        "1..=18446744073709551616",
        "0..=18446744073709551615",
        ",",
        "1,",
        "1,,2",
        "1,2,1",
        "5,1..=9",
        "1..=9,9..=12",
        "1,0..=999_999",
    ] {
        assert_eq!(seeds(text), None, "{text:?}");
    }
    let seeds: Seeds = "0..3".parse().expect("seeds");
    assert_eq!(
        (seeds.len(), seeds.iter().collect::<Vec<_>>(), seeds.to_string()),
        (3, vec![0, 1, 2], "0..=2".to_owned())
    );
    let seeds: Seeds = "7, 1..3,9".parse().expect("seeds");
    assert_eq!(
        (seeds.len(), seeds.iter().collect::<Vec<_>>(), seeds.to_string()),
        (4, vec![7, 1, 2, 9], "7,1..=2,9".to_owned())
    );
}

#[test]
fn a_list_of_seeds_is_refused_by_the_part_that_is_wrong() {
    let refused = |text: &str| text.parse::<Seeds>().unwrap_err().message;
    assert_eq!(refused("1,9..5"), "`9..5` runs backwards; `5..9`?");
    assert_eq!(refused("1..=9,4"), "seed 4 stands twice in `1..=9,4`");
    assert_eq!(refused("1,x"), "`x` is not a seed");
}

#[test]
fn shares_are_exact() {
    assert_eq!(units::ppm("200ppm").map(|ppm| ppm.0), Ok(200));
    assert_eq!(units::ppm("0.1%").map(|ppm| ppm.0), Ok(1_000));
    assert_eq!(units::ppm("0.001").map(|ppm| ppm.0), Ok(1_000));
    assert_eq!(units::ppm("100%").map(|ppm| ppm.0), Ok(1_000_000));
    assert_eq!(units::per_mille("12.5%"), Ok(125));
    assert_eq!(units::quantile("p99.9"), Ok(999));
}

#[test]
fn bounds_hold_the_base_unit_and_keep_their_text() {
    let bound =
        |text, metric| Bound::read(text, metric, Some(&PROTOCOL)).map(|bound| (bound.op, bound.value, bound.text)).ok();
    assert_eq!(bound(">= 0.97", Metric::LeaseHitRate), Some((Op::Ge, 0.97, ">= 0.97".to_owned())));
    assert_eq!(bound(">=97%", Metric::LeaseHitRate), Some((Op::Ge, 0.97, ">=97%".to_owned())));
    assert_eq!(bound("0", Metric::StaleReads), Some((Op::Eq, 0.0, "0".to_owned())));
    assert_eq!(bound("< 2.5 heartbeats", Metric::RECOVERY), Some((Op::Lt, 0.25, "< 2.5 heartbeats".to_owned())));
    assert_eq!(bound("<= 3.5/s", Metric::ConflictsPerSecond), Some((Op::Le, 3.5, "<= 3.5/s".to_owned())));
    assert_eq!(bound("> 10_000", Metric::Reads), Some((Op::Gt, 10_000.0, "> 10_000".to_owned())));
}

#[test]
fn a_load_is_a_factor_within_limits_and_scales_open_loops() {
    let milli = |text: &str| text.parse::<Load>().map(|load| load.0).ok();
    assert_eq!(["0.8", "1", "1.25", "4", "0.01"].map(milli), [800, 1_000, 1_250, 4_000, 10].map(Some));
    assert_eq!(["0", "4.1", "-1", "80%", "", "0.0001", "x"].map(milli), [None; 7]);
    assert_eq!("0.80".parse::<Load>().map(|load| load.to_string()), Ok("0.8".to_owned()));
    let paces = |file: &str| {
        let scenario = super::read(&super::with("", file)).expect("valid").at_load(Load(1_200));
        scenario.workloads.into_iter().map(|workload| workload.pace()).collect::<Vec<_>>()
    };
    assert_eq!(paces("rate = \"50/s\""), [Pace::Open { per_second_milli: 60_000, burst: 1 }]);
    assert_eq!(paces("think = \"1ms\""), [Pace::Closed { think: Duration::from_millis(1) }]);
}

#[test]
fn a_bound_compares_as_its_operator_says() {
    let holds = |text: &str, value| {
        Bound::read(text, Metric::Reads, Some(&PROTOCOL)).map(|bound| bound.holds(value)) == Ok(true)
    };
    assert!(holds("<= 5", 5.0) && !holds("< 5", 5.0) && holds("5", 5.0) && holds(">= 5", 5.0) && !holds("> 5", 5.0));
}

#[test]
fn selectors_are_spelled_as_they_are_read() {
    for text in [
        "@leader",
        "@old-leader",
        "@follower",
        "@followers",
        "@lease-holder",
        "@others",
        "@majority",
        "@minority",
        "@any",
        "@this",
        "n1",
        "n12",
    ] {
        assert_eq!(text.parse::<Selector>().map(|selector| selector.to_string()), Ok(text.to_owned()));
    }
    for text in ["n", "n01", "n+1", "n99999999999", "@", "Leader "] {
        assert!(text.parse::<Selector>().is_err(), "{text:?}");
    }
}
