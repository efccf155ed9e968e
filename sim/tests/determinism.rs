//! One seed, one history: however it is run.

mod given;

use leasehold_sim::history::{Fingerprint, Keep};
use leasehold_sim::runner::{Fresh, Group, Spec, Verified, WAYS, run, sweep, verify};
use leasehold_sim::scenario::Seeds;
use std::path::PathBuf;

/// A little of everything that draws: open and closed loops, gets, puts, compare-and-set and scripts, a transfer, a partition.
const SCENARIO: &str = r#"
name  = "everything"
about = "A little of everything that draws from the seed."
seeds = "1..=3"
until = "4s"

timeline = [
  { at = "2s",   transfer  = { from = "@leader", to = "@follower" } },
  { at = "2.5s", partition = { sides = [["@any"], ["@others"]], how = "hold", for = "600ms" } },
]

[[workload]]
kind = "kv"
clients = 4
mix = { get = 0.8, put = 0.1, cas = 0.1 }
rate = "200/s"

[[workload]]
kind = "script"
clients = 2
think = "5ms"
reads-per-script = 2
"#;

fn group(variant: &str) -> Group {
    given::written("everything", SCENARIO, Some(variant), None)
}

fn spec(seed: u64) -> Spec {
    group("default").spec(seed, Keep::All)
}

fn alone(seed: u64) -> Fingerprint {
    run(&spec(seed)).fingerprint
}

/// The fingerprints of a sweep, in order.
fn swept(seeds: &Seeds, jobs: usize) -> Vec<Fingerprint> {
    let mut fingerprints = Vec::new();
    sweep(seeds.iter().map(spec).collect(), jobs, &mut |report| fingerprints.push(report.fingerprint));
    fingerprints
}

fn fresh() -> Fresh {
    Fresh { program: PathBuf::from(env!("CARGO_BIN_EXE_leasehold")), folder: std::env::temp_dir() }
}

#[test]
fn a_seed_alone_is_that_seed_in_a_sweep_with_any_number_of_jobs() {
    let seeds = Seeds::range(1, 3);
    let one_job = swept(&seeds, 1);
    assert_eq!(one_job.last(), Some(&alone(3)));
    assert_eq!(one_job, swept(&seeds, 2));
    assert_eq!(one_job, swept(&seeds, 8));
}

#[test]
fn a_seed_again_after_others_in_the_same_process_is_the_same() {
    let first = run(&spec(3));
    for seed in 4..7 {
        assert_ne!(alone(seed), first.fingerprint);
    }
    let again = run(&spec(3));
    assert!(first.events > 1_000, "a run of {} events shows nothing", first.events);
    assert!(first.kept == again.kept);
    assert_eq!(first.fingerprint, again.fingerprint);
}

#[test]
fn what_is_kept_changes_nothing() {
    let none = Spec { keep: Keep::Nothing, ..spec(3) };
    assert_eq!(run(&none).fingerprint, alone(3));
}

#[test]
fn another_seed_or_variant_is_another_history() {
    let mut different = vec![alone(3), alone(4), run(&group("elastickv-549").spec(3, Keep::Nothing)).fingerprint];
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 3);
}

#[test]
fn verify_finds_one_history() {
    match verify(&spec(3), &fresh()).unwrap() {
        Verified::Same { fingerprint, .. } => assert_eq!(fingerprint, alone(3)),
        Verified::Differs(difference) => panic!("{}: {:?}, {:?}", difference.way, difference.alone, difference.other),
    }
}

#[test]
fn verify_finds_a_planted_leak_and_names_the_first_event_that_differs() {
    let leaking = Spec { leak: true, ..spec(3) };
    let Verified::Differs(difference) = verify(&leaking, &fresh()).unwrap() else {
        panic!("the leak was not found");
    };
    assert!(WAYS.contains(&difference.way));
    assert!(difference.alone.is_some() && difference.alone != difference.other);
    assert!(difference.before.is_some(), "they differ from event {} on", difference.number);
    assert!(difference.at().ends_with('s'), "{}", difference.at());
}
