//! Bundles: a run that failed is seen again from one file, a replay that is another run says so, and two runs are told apart.

mod given;

use given::{committed, pinned, root, written};
use leasehold_sim::bundle::{Archive, Bundle, Part, diff, packed};
use leasehold_sim::history::Keep;
use leasehold_sim::report::{Status, Style};
use leasehold_sim::runner::fuzz::{Campaign, Spoilt};
use leasehold_sim::runner::{Bundled, Defaults, Spec, bundles, replay, revisit, run};
use leasehold_sim::scenario::Scenario;
use leasehold_sim::verdict::RunReport;
use leasehold_sim::words::Spelled;
use std::io::Cursor;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Spoilt bundles; a thousand of them, and as many more as somebody wants, are the affair of `leasehold fuzz --bundle FILE`.
const INPUTS: u64 = 300;

fn ran(scenario: &str, variant: &str, seed: u64) -> (Spec, RunReport) {
    // So that paths are those that a person would type.
    std::env::set_current_dir(root()).unwrap();
    let group = committed(scenario, Some(variant));
    let spec = group.spec(seed, Keep::Nothing);
    let mut report = Defaults::of([&spec]).run(&spec);
    revisit(&mut report, &spec);
    (spec, report)
}

fn bytes(spec: &Spec, report: &RunReport) -> Vec<u8> {
    bundles::write(spec, report, Cursor::new(Vec::new())).unwrap().into_inner()
}

/// A stale read, as a bundle.
fn stale_read() -> &'static [u8] {
    static BUNDLE: OnceLock<Vec<u8>> = OnceLock::new();
    BUNDLE.get_or_init(|| {
        let (spec, report) = ran("fast/stale-read", "long-lease", 1);
        bytes(&spec, &report)
    })
}

fn read(bytes: &[u8]) -> Result<Bundled, String> {
    Bundle::read("stale.leasehold".to_owned(), Box::new(Cursor::new(bytes.to_vec()))).and_then(Bundled::of)
}

fn opened(bytes: &[u8]) -> Bundled {
    read(bytes).unwrap_or_else(|words| panic!("{words}"))
}

/// A bundle of which one part says something else.
fn changed(bytes: &[u8], part: Part, change: impl Fn(String) -> String) -> Vec<u8> {
    let mut archive = Archive::open(Box::new(Cursor::new(bytes.to_vec()))).unwrap();
    let text = |of: Part, archive: &mut Archive| archive.text(of).unwrap();
    let parts: Vec<_> = Part::all()
        .map(|of| (of, if of == part { change(text(of, &mut archive)) } else { text(of, &mut archive) }))
        .collect();
    packed(&parts).unwrap()
}

#[test]
fn the_same_run_leaves_the_same_bytes_and_whoever_asks_for_its_choices_changes_none() {
    let (spec, report) = ran("fast/stale-read", "long-lease", 1);
    assert!(bytes(&spec, &report) == stale_read(), "two bundles of one run differ");
    assert_eq!(opened(stale_read()).bundle.identity.fingerprint, report.fingerprint.to_string());
}

#[test]
fn a_bundle_says_what_failed_and_gives_the_same_run() {
    let mut bundled = opened(stale_read());
    let (class, check) = bundled.failed.clone().unwrap();
    assert_eq!((class.to_string().as_str(), check.as_str()), ("stale-read", "staleness"));
    let replayed = replay(&mut bundled, None).unwrap();
    assert!(replayed.is_same());
    assert_eq!(replayed.status(), Status::of(&replayed.report));
    pinned("replay", &replayed.told(Style::PLAIN));
}

/// A short one that is another cluster under a variant.
const CHANGED: &str = r#"
name = "changed"
until = "2s"
[cluster.variant]
elastickv-549 = { reads-per-get = 3, inner-reads = "read-index" }
[[workload]]
kind = "kv"
clients = 4
rate = "100/s"
"#;

#[test]
fn what_chaos_drew_what_a_load_made_of_rates_and_what_a_variant_changes_stand_in_the_bundle() {
    let chaos = committed("fast/chaos", Some("one-acknowledgement"));
    let changed = written("changed", CHANGED, Some("elastickv-549"), None);
    for (group, load) in [(chaos, "0.5"), (changed, "1.2")] {
        let load = load.parse().unwrap();
        let at_load = |scenario: &Arc<Scenario>| Arc::new(scenario.at_load(load));
        let spec = group.spec(3, Keep::Nothing);
        let spec = Spec { scenario: at_load(&spec.scenario), default: spec.default.as_ref().map(at_load), ..spec };
        let report = Defaults::of([&spec]).run(&spec);
        let mut bundled = opened(&bytes(&spec, &report));
        assert!(bundled.spec.scenario.chaos.is_none());
        let replayed = replay(&mut bundled, None).unwrap();
        assert!(replayed.is_same(), "{}", replayed.told(Style::PLAIN));
        assert_eq!((replayed.report.load, replayed.report.reached), (load, report.reached));
    }
}

#[test]
fn a_replay_that_asks_for_something_else_diverges_and_has_not_passed() {
    // As if the code of the day asked a delay with another bound than that of the bundle.
    let other = changed(stale_read(), Part::Decisions, |text| {
        let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
        let row: Vec<&str> = rows[600].split(',').collect();
        rows[600] = format!("{},{},{}", row[0], row[1].parse::<u64>().unwrap() + 1, row[2]);
        rows.join("\n")
    });
    let replayed = replay(&mut opened(&other), None).unwrap();
    assert_eq!(replayed.agreement.departure.as_ref().unwrap().number, 599);
    assert_eq!(replayed.agreement.logged - replayed.agreement.matched, 1, "it goes on by names");
    assert_eq!((replayed.status(), replayed.is_same()), (Status::Nondeterministic, false));
    pinned("replay-diverged", &replayed.comparison(Style::PLAIN).join("\n"));
}

#[test]
fn a_replay_of_another_scenario_or_with_another_outcome_has_not_passed() {
    let client_more = changed(stale_read(), Part::Scenario, |text| text.replacen("clients = ", "clients = 1", 1));
    let replayed = replay(&mut opened(&client_more), None).unwrap();
    assert!(replayed.agreement.departure.is_some() && replayed.agreement.matched > 0);
    assert_eq!(replayed.status(), Status::Nondeterministic);
    // The same history, of which another check was then told.
    let other = changed(stale_read(), Part::Identity, |text| text.replace("\"staleness\"", "\"one-lease\""));
    let replayed = replay(&mut opened(&other), None).unwrap();
    assert_eq!((replayed.agreement.departure.is_none(), replayed.status()), (true, Status::Nondeterministic));
    // Another history of the same choices.
    let fingerprint = opened(stale_read()).bundle.identity.fingerprint;
    let other =
        changed(stale_read(), Part::Identity, |text| text.replace(&fingerprint, &fingerprint.replace('0', "1")));
    assert_eq!(replay(&mut opened(&other), None).unwrap().status(), Status::Nondeterministic);
}

#[test]
fn what_this_leasehold_does_not_know_is_refused_in_words() {
    let refused = |part, from: &str, to: &str, words: &str| {
        let told = read(&changed(stale_read(), part, |text| text.replace(from, to))).err().unwrap();
        assert!(told.starts_with("stale.leasehold: ") && told.contains(words), "{told}");
    };
    refused(
        Part::Identity,
        "\"format\": 1",
        "\"format\": 2",
        "the bundle is of format 2; this leasehold reads format 1",
    );
    refused(Part::Identity, "\"long-lease\"", "\"lung-lease\"", "did you mean `long-lease`?");
    refused(Part::Identity, "\"staleness\"", "\"stalenes\"", "did you mean `staleness`?");
    refused(Part::Identity, "\"stale-read\"", "\"stale-reed\"", "stale-read");
    refused(Part::Identity, "\"fast/stale-read\"", "\"../stale-read\"", "is not the name of a scenario");
    refused(Part::Identity, "\"fast/stale-read\"", "\"/etc/stale-read\"", "is not the name of a scenario");
    refused(Part::Identity, "{", "[", "identity.json: damaged");
    refused(Part::Scenario, "until", "untill", "until");
    let told =
        changed(stale_read(), Part::Decisions, |text| text.lines().take(9).map(|row| format!("{row}\n")).collect());
    assert!(replay(&mut opened(&told), None).err().unwrap().contains("decisions.csv has 8 rows, not "));
}

#[test]
fn two_seeds_are_told_apart_in_words() {
    let bundle = |seed| {
        let (spec, report) = ran("fast/partition", "long-lease", seed);
        bundles::in_memory(&spec, &report).unwrap()
    };
    let (mut one, mut other) = (bundle(1), bundle(2));
    pinned("diff-seeds", &diff(&mut one, &mut other).unwrap().told(Style::PLAIN));
}

#[test]
fn a_variant_is_told_from_the_default_by_what_it_does_first() {
    let (spec, report) = ran("fast/stale-read", "default", 1);
    let mut passes = bundles::in_memory(&spec, &report).unwrap();
    let told = diff(&mut passes, &mut opened(stale_read()).bundle).unwrap();
    assert!(!told.is_same());
    let told = told.told(Style::PLAIN);
    assert!(told.lines().count() <= 50, "{} lines do not fit on a screen", told.lines().count());
    pinned("diff-variants", &told);
}

#[test]
fn two_equal_runs_are_told_to_be() {
    let (mut one, mut other) = (opened(stale_read()).bundle, opened(stale_read()).bundle);
    let same = diff(&mut one, &mut other).unwrap();
    assert!(same.is_same() && same.decision.is_none() && same.matters.is_empty());
    assert!(same.told(Style::PLAIN).contains("THE SAME HAPPENED IN BOTH: "));
}

#[test]
fn spoilt_bundles_are_refused_or_replayed() {
    let text = "name = \"short\"\nuntil = \"1.3s\"\n[[workload]]\nkind = \"kv\"\nclients = 2\nrate = \"50/s\"\n";
    let spec = written("short", text, None, None).spec(1, Keep::Nothing);
    let spoilt = Spoilt::of(bytes(&spec, &run(&spec)), 18).unwrap();
    let mut campaign = Campaign::default();
    for number in 0..INPUTS {
        let simulated = if number.is_multiple_of(8) { Duration::from_millis(1_200) } else { Duration::ZERO };
        let taken = campaign.take_bundle(&spoilt.input(number), spoilt.whole(), simulated);
        assert_eq!(taken, Ok(()), "input {number} of seed 18");
    }
    assert!(campaign.refused > INPUTS / 4 && campaign.valid > INPUTS / 20 && campaign.run > 2, "{campaign}");
}
