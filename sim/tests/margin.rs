//! How far from unsafe: the stack as it is within what it claims, and a lease that is too long within nothing.

mod given;

use leasehold_sim::history::Keep;
use leasehold_sim::report::write_scenario;
use leasehold_sim::runner::{broken, load, margin, run};
use leasehold_sim::scenario::{Dial, Reach, Seeds};
use leasehold_sim::verdict::Margin;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Short, few operations: what is turned up brings its own cuts.
const SCENARIO: &str = r#"
name  = "margin"
until = "15s"

[cluster]
election-timeout = "400ms"
heartbeat = "50ms"

[[workload]]
kind = "kv"
clients = 6
keys = { count = 2 }
mix = { get = 0.7, put = 0.3 }
rate = "100/s"
deadline = "300ms"
"#;

fn of(variant: &str, dial: Dial) -> Margin {
    let group = given::written("margin", SCENARIO, Some(variant), Some(Seeds::range(1, 2)));
    let margin = margin(&group, dial, 2, &AtomicBool::new(false)).unwrap();
    assert!(margin.cuts > 0);
    margin
}

#[test]
fn the_default_lease_bears_more_drift_than_is_claimed_and_than_theory_promises() {
    let margin = of("default", Dial::ClockDrift);
    assert_eq!((margin.claimed, margin.by_theory.is_some()), (Reach::UpTo(200), true));
    let safe_to = margin.found.safe_to.unwrap();
    assert!(safe_to > 1_000, "{margin:?}");
    let (value, _) = margin.found.breach.as_ref().expect("a clock at half its rate is unsafe");
    assert!(*value < 500_000 && !margin.is_below_claim(), "{margin:?}");
}

#[test]
fn a_clock_that_does_not_count_a_suspend_makes_the_default_lease_unsafe_beyond_its_claim() {
    let margin = of("default", Dial::LeaderSuspend);
    assert!(margin.found.breach.is_some() && margin.found.safe_to > Some(0) && !margin.is_below_claim(), "{margin:?}");
}

#[test]
fn no_late_acknowledgement_and_no_pause_makes_the_default_lease_unsafe() {
    for dial in [Dial::LateAcknowledgement, Dial::LeaderPause, Dial::FollowerPause] {
        let margin = of("default", dial);
        assert_eq!((margin.found.safe_to, margin.found.breach.is_none()), (Some(dial.limit()), true), "{margin:?}");
    }
}

#[test]
fn a_lease_longer_than_the_promises_it_rests_on_has_no_margin() {
    let margin = of("long-lease", Dial::ClockDrift);
    assert_eq!((margin.found.safe_to, margin.by_theory), (None, None));
    assert!(margin.is_below_claim(), "{margin:?}");
}

#[test]
fn the_file_of_a_margin_draws_no_warning_and_breaks_as_it_was_found() {
    let text =
        SCENARIO.replace("until = \"15s\"\n", "until = \"15s\"\ntimeline = [{ at = \"1s..2s\", tag = \"window\" }]\n");
    for variant in ["default", "long-lease"] {
        let group = given::written("margin", &text, Some(variant), Some(Seeds::range(1, 2)));
        let (value, breach) =
            margin(&group, Dial::ClockDrift, 2, &AtomicBool::new(false)).unwrap().found.breach.unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("margin-files").join(variant);
        write_scenario(&broken(&group, Dial::ClockDrift, value, &breach), &folder).unwrap();
        let file = load(&folder.join("margin-clock-drift.toml")).unwrap();
        assert!(file.warnings.is_empty(), "{}", file.warnings);
        assert_eq!((file.variant.name, file.seeds.iter().collect::<Vec<_>>()), (variant, vec![breach.seed]));
        let report = run(&file.spec(breach.seed, Keep::Nothing));
        assert_eq!(report.verdict.class, Some(breach.class));
    }
}
