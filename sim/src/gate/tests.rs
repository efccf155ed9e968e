//! What is told of a gate, of runs that a test makes up.

use super::prelude::*;
use super::*;
use crate::history::Keep;
use crate::mutant::DEFAULT;
use crate::report::{Figures, Left, Status};
use crate::runner::{Places, Spec};
use crate::scenario::gate::{known_failures, profiles};
use crate::scenario::{Known as Names, parse};
use crate::time::SimTime;
use crate::verdict::{Failure, FaultCount, Ruling, Verdict};
use std::sync::Arc;

const PROFILE: &str = "[profile.nightly]\ntime = \"10m\"\nunseen-after = 2\nruns = [{ of = [\"fast\"], seeds = 2 }]";

const STALE: &str = "get of k2 by client 17 read version 616 from the lease, but client 3 had read version 623 4.96ms before that began";

/// A gate of which runs are told one by one.
struct Told {
    outcome: Outcome,
    specs: Vec<Spec>,
}

impl Told {
    fn new(known: &str, today: &str) -> Self {
        let mut profiles = profiles(Path::new("profiles.toml"), PROFILE).expect("valid").profiles;
        let profile = profiles.remove("nightly").expect("it is there");
        let commit = "1f0c9a7e55b6c1d2e3f4a5b6c7d8e9f001122334".parse().expect("a hash");
        let request = Request { name: "nightly".to_owned(), profile, commit };
        let places = Places { cwd: PathBuf::from("/nowhere"), roots: vec![PathBuf::from("/nowhere/scenarios")] };
        let known = known_failures(Names::default(), Path::new("known.toml"), known);
        let known = known.unwrap_or_else(|problems| panic!("{problems}")).known;
        let known = Known::new(known, today.parse().expect("a day"));
        Self { outcome: Outcome::new(request, House::of(&places).expect("a root"), known), specs: Vec::new() }
    }

    /// A run that failed so, in the given scenario, at the given seed; none of it: it passed.
    fn run(mut self, title: &str, seed: u64, failures: &[(&str, Class, &str)], verbs: &[&'static str]) -> Self {
        let report = report(title, seed, failures, verbs);
        let bundle = (!failures.is_empty())
            .then(|| PathBuf::from(format!("bundles/{}-{seed}.leasehold", title.replace('/', "-"))));
        self.outcome.see(
            &report,
            &Left { events: None, bundle },
            if seed < 1_000 { Chosen::Pinned } else { Chosen::Drawn },
        );
        self.owed(title, seed)
    }

    /// A run that is owed.
    fn owed(mut self, title: &str, seed: u64) -> Self {
        let path = PathBuf::from(format!("scenarios/{title}.toml"));
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = format!("name = \"{name}\"\nuntil = \"1s\"\n[[workload]]\nkind = \"kv\"");
        let scenario = Arc::new(parse(&path, &text).unwrap_or_else(|problems| panic!("{problems}")));
        self.specs.push(Spec { scenario, seed, variant: &DEFAULT, default: None, keep: Keep::Nothing, leak: false });
        self
    }

    fn end(self) -> Ended {
        let owed = self.specs.len();
        let plan = Plan { specs: self.specs, owed, seeds: vec![812_345_671, 93_456_782], groups: Vec::new() };
        self.outcome.end(&plan, Duration::from_secs(312), false)
    }
}

fn report(title: &str, seed: u64, failures: &[(&str, Class, &str)], verbs: &[&'static str]) -> RunReport {
    let failure =
        |(check, class, message): &(&str, Class, &str)| Failure::new(*check, *class, SimTime(7), (*message).to_owned());
    let failures: Vec<Failure> = failures.iter().map(failure).collect();
    let as_expected = failures.is_empty();
    let ruling = if as_expected { Ruling::Pass } else { Ruling::Fail };
    let class = failures.first().map(|failure| failure.class);
    let verdict = Verdict { ruling, as_expected, class, failures, ..Verdict::default() };
    let acted = |verb: &&'static str| (*verb, FaultCount { effective: 1, ..FaultCount::default() });
    let path = PathBuf::from(format!("scenarios/{title}.toml"));
    let variant = "default".to_owned();
    RunReport { path, seed, variant, verdict, faults: verbs.iter().map(acted).collect(), ..RunReport::default() }
}

const STALE_READ: (&str, Class, &str) = ("staleness", Class::StaleRead, STALE);
const SLOW: (&str, Class, &str) = ("get-p99", Class::Expectation, "get-p99 in storm: 7.1ms; expected <= 5ms (line 38)");

fn entry(class: &str, check: &str, more: &str, expires: &str) -> String {
    format!(
        "[[known]]\nclass = \"{class}\"\ncheck = \"{check}\"\n{more}\nreason = \"Waits for new disks.\"\n\
         link = \"https://example.org/7\"\nexpires = {expires}\n"
    )
}

fn signed(words: &str) -> String {
    format!("signature = \"{}\"", signature(words))
}

/// Compares a screen with `snapshots/screen__gate-NAME.snap`.
#[track_caller]
fn pinned(name: &str, screen: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("screen__gate-{name}"), screen));
}

fn fails(told: Told) -> (Status, String) {
    let ended = told.end();
    (ended.status, ended.reasons().join(", "))
}

#[test]
fn failures_are_told_in_groups_what_is_new_last_and_the_gravest_at_the_end() {
    let known = entry("expectation", "get-p99", "scenario = \"fast/*\"", "2027-02-28");
    let other = "get of k0 by client 4 read version 1,616 from the lease, but client 12 had read version 1,623 496us before that began";
    let ended = Told::new(&known, "2026-11-30")
        .run("fast/steady", 1, &[SLOW], &[])
        .run("fast/steady", 2, &[], &[])
        .run("slow/chaos", 812_345_671, &[STALE_READ, SLOW], &["partition", "pause"])
        .run("slow/chaos", 93_456_782, &[("staleness", Class::StaleRead, other)], &["partition", "transfer"])
        .run("fast/restart", 3, &[("recovers", Class::Liveness, "no leader for 12s, since 3.4s")], &["crash"])
        .end();
    assert_eq!(ended.status, Status::Failed);
    pinned("groups", &screen(&ended, Style::PLAIN));
}

#[test]
fn a_known_failure_fails_nobody_and_hides_nothing_else() {
    let told = || Told::new(&entry("stale-read", "staleness", &signed(STALE), "2027-02-28"), "2027-02-28");
    let of = |failures: &[(&str, Class, &str)]| fails(told().run("fast/steady", 1, failures, &[]));
    assert_eq!(of(&[STALE_READ]), (Status::AsExpected, String::new()));
    let new = |number| (Status::Failed, format!("{number} of failure"));
    assert_eq!(of(&[("linearizability", Class::StaleRead, STALE)]), new("1 new kind"), "another check");
    assert_eq!(of(&[("staleness", Class::LostWrite, STALE)]), new("1 new kind"), "another class");
    assert_eq!(of(&[("staleness", Class::StaleRead, "a scan read version 3")]), new("1 new kind"), "other words");
    assert_eq!(
        of(&[STALE_READ, SLOW, ("one-lease", Class::LeaseInvariant, "2 leases")]),
        new("1 new kind"),
        "beside it"
    );
}

#[test]
fn a_known_failure_that_has_expired_fails_the_gate_whether_it_is_seen_or_not() {
    let known = entry("expectation", "get-p99", "scenario = \"fast/*\"", "2026-11-29");
    let unseen = Told::new(&known, "2026-11-30").run("fast/steady", 1, &[], &[]);
    assert_eq!(fails(unseen), (Status::Failed, "1 known failure expired".to_owned()));
    let ended = Told::new(&known, "2026-11-30").run("fast/steady", 1, &[SLOW], &[]).end();
    assert_eq!(ended.status, Status::Failed);
    pinned("expired", &screen(&ended, Style::PLAIN));
}

#[test]
fn a_known_failure_that_is_seen_no_more_fails_where_that_is_told_and_there_were_runs_enough() {
    let known = entry("expectation", "get-p99", "scenario = \"fast/*\"", "2027-02-28");
    let told = || Told::new(&known, "2026-11-30").run("fast/steady", 1, &[], &[]);
    let ended = told().end();
    assert_eq!((ended.status, ended.known[0].1), (Status::AsExpected, Fate::Unseen(1)));
    assert_eq!(fails(told().run("slow/chaos", 1, &[], &[])).0, Status::AsExpected, "a run of another scenario");
    assert_eq!(fails(told().run("fast/steady", 2, &[], &[])), (Status::Failed, "1 known failure gone".to_owned()));
    let incomplete = told().run("fast/steady", 2, &[], &[]).owed("fast/steady", 3);
    assert_eq!(fails(incomplete).0, Status::OutOfTime, "what was not run may have shown it");
}

#[test]
fn what_there_was_no_time_for_is_never_green() {
    let ended = Told::new("", "2026-11-30")
        .run("fast/steady", 1, &[], &[])
        .owed("fast/steady", 2)
        .owed("fast/steady", 3)
        .owed("slow/chaos", 1)
        .end();
    assert_eq!((ended.status, ended.status.code()), (Status::OutOfTime, 5));
    pinned("no-time", &screen(&ended, Style::PLAIN));
    let told = Told::new("", "2026-11-30").run("fast/steady", 1, &[SLOW], &[]).owed("fast/steady", 2);
    assert_eq!(fails(told).0, Status::Failed, "what failed has failed");
}

#[test]
fn a_drawn_seed_that_meets_little_shows_nothing_and_one_that_is_pinned_is_vacuous() {
    let idle = ("reads", Class::Vacuous, "reads: 3; at least 100 are asked for");
    let of = |seed, failures: &[(&str, Class, &str)]| {
        Told::new("", "2026-11-30").run("fast/steady", seed, failures, &[]).end()
    };
    let drawn = of(812_345_671, &[idle]);
    assert_eq!((drawn.status, drawn.groups.len(), drawn.idle["fast/steady"]), (Status::AsExpected, 0, 1));
    assert_eq!(drawn.idle().expect("told"), "1 run at a drawn seed met less than the floors ask for: fast/steady (1)");
    assert_eq!(of(1, &[idle]).status, Status::Vacuous);
    assert_eq!(of(812_345_671, &[STALE_READ, idle]).status, Status::Failed, "what is graver counts");
}

fn figures(text: &str) -> Figures {
    Figures::of_all(&format!("run: steady, variant default, raft-rs, seed 1\n{text}")).remove(0)
}

#[test]
fn what_moved_is_told_against_the_pins_what_matters_first() {
    let before = figures(
        "window: whole, 0s to 9s\n  get: 990 ok, 10 refused, 0 unknown, 0 open; mean 1ms, p99 4ms, max 9ms\n  lease hit rate: 100% (990 of 990)\n\
         window: storm, 3s to 5s\n  get: 90 ok, 10 refused, 0 unknown, 0 open; mean 2ms, p99 8ms, max 9ms\n  lease hit rate: 50% (45 of 90)\n",
    );
    let now = figures(
        "window: whole, 0s to 9s\n  get: 900 ok, 90 refused, 10 unknown, 0 open; mean 1.02ms, p99 >= 400ms, max >= 400ms\n  lease hit rate: 97% (873 of 900)\n\
         window: storm, 3s to 5s\n  get: 90 ok, 10 refused, 0 unknown, 0 open; mean 1.2ms, p99 8ms, max 9ms\n  lease hit rate: 60% (54 of 90)\n",
    );
    let mut ended = Told::new("", "2026-11-30").run("fast/steady", 1, &[], &[]).end();
    ended.moves.compare("fast/steady", &now, Some(&before));
    ended.moves.compare("fast/new", &now, None);
    ended.moves = std::mem::take(&mut ended.moves).sorted();
    pinned("moved", &screen(&ended, Style::PLAIN));
    pinned("moved-markdown", &markdown(&ended));
    pinned("moved-lines", &json_lines(&ended));
}

#[test]
fn a_run_is_told_under_its_gravest_failure_that_is_not_known() {
    let lease = ("one-lease", Class::LeaseInvariant, "n1 and n2 hold a lease");
    let known = entry("stale-read", "staleness", &signed(STALE), "2027-02-28");
    let told = Told::new(&known, "2026-11-30").run("fast/steady", 1, &[STALE_READ, lease, SLOW], &[]);
    let ended = told.run("fast/steady", 2, &[STALE_READ], &[]).end();
    let told = |group: &Group| (group.kind.check.clone(), group.known, group.runs, group.others());
    let groups: Vec<_> = ended.groups.iter().map(told).collect();
    let beside = "beside it stale-read (staleness) (1), expectation (get-p99) (1)".to_owned();
    assert_eq!(groups, [("one-lease".to_owned(), None, 1, Some(beside)), ("staleness".to_owned(), Some(0), 1, None)]);
    assert_eq!((ended.known[0].1, ended.status), (Fate::Seen(2), Status::Failed));
}

#[test]
fn what_a_file_expects_of_a_variant_is_not_excused_by_what_is_known() {
    let mut told = Told::new(&entry("expectation", "get-p99", "scenario = \"fast/*\"", "2027-02-28"), "2026-11-30");
    let mut report = report("fast/steady", 1, &[SLOW], &[]);
    let see = |told: &mut Told, report: &RunReport| told.outcome.see(report, &Left::default(), Chosen::Pinned);
    report.verdict.unexpected = vec!["expected to pass, failed as expectation: get-p99".to_owned()];
    assert!(!see(&mut told, &report), "that is the failure itself");
    report.verdict.unexpected = vec!["expected to fail as stale-read, failed as expectation".to_owned()];
    assert!(see(&mut told, &report));
    let ended = told.end();
    let kinds: Vec<String> = ended.groups.iter().map(|group| group.kind.name()).collect();
    assert_eq!(
        (ended.status, kinds),
        (Status::Failed, vec!["not as the file expects".to_owned(), "expectation (get-p99)".to_owned()])
    );
}

/// What a person can read on a screen of this many columns.
#[test]
fn a_screen_fits() {
    let mut told = Told::new(&entry("expectation", "get-p99", "scenario = \"fast/*\"", "2027-02-28"), "2026-11-30");
    for seed in 0..40 {
        let words = format!("no {} for 12s", "x".repeat(seed as usize + 1));
        told = told.run("slow/chaos", seed, &[("recovers", Class::Liveness, &words)], &["crash"]);
        told = told.run("fast/steady", seed, &[STALE_READ], &["partition"]);
    }
    let screen = screen(&told.end(), Style::PLAIN.at(100));
    assert!(screen.lines().count() <= 60, "{screen}");
    let too_wide = |line: &&str| line.chars().count() > 100;
    assert_eq!(screen.lines().find(too_wide), None);
    assert!(screen.contains("NEW stale-read (staleness), variant default: 40 runs"), "{screen}");
    assert!(screen.contains("new too:"), "{screen}");
}
