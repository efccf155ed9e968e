use super::*;
use crate::check::Severity;
use crate::history::OpKind;
use crate::history::testing::ms;
use crate::verdict::testing::scenario;
use crate::verdict::{Lasted, LeaseMeasures, OpMeasures, RoundMeasures, ScriptMeasures, Took};
use std::time::Duration;

/// Ten seconds in which everything went well, and a storm from 2 s to 6 s in which one lease read of a hundred missed.
fn measures() -> Measures {
    let ops = OpMeasures { ok: 1_000, p99: Took::Exactly(Duration::from_millis(3)), ..OpMeasures::default() };
    let ops = [OpKind::Get, OpKind::Put, OpKind::Script].map(|kind| (kind, ops));
    let window = |name: &str, from, to| Window {
        name: name.to_owned(),
        from: ms(from),
        to: ms(to),
        ops: BTreeMap::from(ops),
        lease: LeaseMeasures { reads: 100, hits: 99, ..LeaseMeasures::default() },
        scripts: ScriptMeasures { ended: 1_000, attempts: 2_000, ..ScriptMeasures::default() },
        ..Window::default()
    };
    Measures { whole: window("whole", 0, 10_000), windows: vec![window("storm", 2_000, 6_000)], overload: Vec::new() }
}

fn hits(mut measures: Measures, hits: u64) -> Measures {
    measures.whole.lease.hits = hits;
    measures.windows[0].lease.hits = hits;
    measures
}

fn rounds(cause: RoundCause, started: u64) -> Measures {
    let mut measures = measures();
    measures.whole.rounds.insert(cause, RoundMeasures { started, ..RoundMeasures::default() });
    measures
}

fn finding(class: Class) -> Finding {
    let message = "it is so".to_owned();
    Finding {
        check: "a-check",
        class,
        severity: Severity::Actual,
        at: ms(5_000),
        message,
        story: vec!["once".to_owned()],
    }
}

fn judged(text: &str, variant: &str, findings: Vec<Finding>, measures: &Measures) -> Verdict {
    judge(&scenario(text), variant, findings, measures, &BTreeMap::new(), None)
}

fn run(text: &str, measures: &Measures) -> Verdict {
    judged(text, "default", Vec::new(), measures)
}

fn failed(verdict: &Verdict) -> Vec<(&str, Class)> {
    verdict.failures.iter().map(|failure| (failure.check.as_str(), failure.class)).collect()
}

const HIT_RATE: &str = "[expect]\nlease-hit-rate = { storm = \">= 0.97\" }\n";

#[test]
fn a_run_in_which_everything_holds_passes_as_expected() {
    let verdict = run(HIT_RATE, &measures());
    assert_eq!((verdict.ruling, verdict.as_expected, verdict.class), (Ruling::Pass, true, None));
    assert!(verdict.failures.is_empty() && verdict.unexpected.is_empty());
}

#[test]
fn a_bound_that_does_not_hold_fails_as_expectation_with_its_story() {
    let verdict = run(HIT_RATE, &hits(measures(), 4));
    assert_eq!((verdict.ruling, verdict.as_expected), (Ruling::Fail, false));
    assert_eq!(failed(&verdict), [("lease-hit-rate", Class::Expectation)]);
    let failure = &verdict.failures[0];
    assert_eq!(failure.message, "lease-hit-rate in storm: 4%; expected >= 0.97 (line 13)");
    assert_eq!(
        (failure.at, failure.story[0].as_str()),
        (ms(10_000), "4 of 100 lease reads were answered from the lease")
    );
    assert_eq!(verdict.unexpected.len(), 1);
}

#[test]
fn a_bound_of_which_nothing_can_be_said_is_vacuous() {
    let mut silent = measures();
    silent.windows[0].lease = LeaseMeasures::default();
    let verdict = run(HIT_RATE, &silent);
    assert_eq!(failed(&verdict), [("lease-hit-rate", Class::Vacuous)]);
    assert!(verdict.failures[0].message.contains("nothing to judge, no lease read reached a leader"), "{verdict:?}");
}

#[test]
fn a_cluster_that_does_not_recover_in_time_fails_as_liveness() {
    let text = "[expect]\nrecovery = \"<= 2s\"\n";
    let recovered = |took: Option<Duration>| {
        let mut measures = measures();
        let lasted = |longest| (Span::Recovery, Lasted { longest, ..Lasted::default() });
        measures.whole.lasted = took.map(lasted).into_iter().collect();
        failed(&run(text, &measures)).first().map(|(_, class)| *class)
    };
    assert_eq!(recovered(Some(Duration::from_secs(2))), None);
    assert_eq!(recovered(Some(Duration::from_nanos(2_000_000_001))), Some(Class::Liveness));
    assert_eq!(recovered(None), Some(Class::Vacuous));
}

#[test]
fn a_floor_that_is_not_reached_is_vacuous() {
    let verdict = run("[floors]\nreads = 10_000\nwrites = 1000\n", &measures());
    assert_eq!(failed(&verdict), [("reads", Class::Vacuous)]);
    assert_eq!(verdict.failures[0].message, "reads: 1,000; the floor is 10,000 (line 13)");
}

#[test]
fn a_floor_that_is_not_reached_says_which_faults_did_nothing() {
    let scenario = scenario("[floors]\nfaults-effective = 5\n");
    let told = |faults| judge(&scenario, "default", Vec::new(), &measures(), &faults, None).failures[0].story.clone();
    let refusal = Some("n1 is down already".to_owned());
    let crash = FaultCount { planned: 4, activated: 2, effective: 1, refused: 1, refusal };
    let heal = FaultCount { planned: 1, activated: 1, effective: 1, ..FaultCount::default() };
    assert_eq!(
        told(BTreeMap::from([("crash", crash), ("heal", heal)])),
        [
            "crash: 4 planned, 2 acted, 1 effective; 1 came to nothing, the first was refused: n1 is down already; the run ended before 1 could \
             act; it is effective if a running process was killed",
            "heal: 1 planned, 1 acted, 1 effective"
        ]
    );
    assert_eq!(told(BTreeMap::new()), ["no fault was planned"]);
}

#[test]
fn effective_faults_are_counted_over_all_verbs() {
    let scenario = scenario("[floors]\nfaults-effective = 2\n");
    let one = || FaultCount { effective: 1, ..FaultCount::default() };
    let judged = |faults| judge(&scenario, "default", Vec::new(), &measures(), &BTreeMap::from(faults), None).ruling;
    assert_eq!(judged([("heal", one()), ("transfer", one())]), Ruling::Pass);
    assert_eq!(judged([("heal", one()), ("transfer", FaultCount::default())]), Ruling::Fail);
}

#[test]
fn rounds_before_writes_and_for_inner_reads_must_be_none_where_the_file_says_nothing() {
    let verdict = run("", &rounds(RoundCause::Write, 1_500));
    assert_eq!(failed(&verdict), [("read-index-per-write", Class::Expectation)]);
    assert!(
        verdict.failures[0]
            .message
            .starts_with("1,500 ReadIndex rounds began before writes (read-index-per-write 0.75)")
    );
    assert_eq!(run("", &rounds(RoundCause::InnerRead, 1)).class, Some(Class::Expectation));
    assert_eq!(run("", &rounds(RoundCause::LeaseMiss, 9)).class, None);
}

#[test]
fn a_bound_of_the_file_replaces_the_default_budget() {
    let text = "[expect]\nread-index-per-write = \"<= 1\"\n";
    assert_eq!(run(text, &rounds(RoundCause::Write, 1_500)).class, None);
    assert_eq!(failed(&run(text, &rounds(RoundCause::Write, 2_500))), [("read-index-per-write", Class::Expectation)]);
}

#[test]
fn failures_are_sorted_and_the_most_severe_class_is_the_verdicts() {
    let text = format!("{HIT_RATE}[floors]\nreads = 10_000\n");
    let verdict = judged(&text, "default", vec![finding(Class::Liveness)], &hits(measures(), 4));
    let classes: Vec<_> = verdict.failures.iter().map(|failure| failure.class).collect();
    assert_eq!(classes, [Class::Liveness, Class::Expectation, Class::Vacuous]);
    assert_eq!(verdict.class, Some(Class::Liveness));
}

#[test]
fn a_run_that_a_check_has_ended_is_not_judged_by_bounds_and_floors() {
    let text = format!("{HIT_RATE}[floors]\nreads = 10_000\n");
    let stale = Finding { check: "staleness", ..finding(Class::StaleRead) };
    let verdict = judged(&text, "default", vec![stale], &hits(measures(), 4));
    assert_eq!(failed(&verdict), [("staleness", Class::StaleRead)]);
    assert_eq!(verdict.failures[0].at, ms(5_000));
}

#[test]
fn a_violation_that_ends_no_run_leaves_bounds_and_floors_in_force() {
    let text = format!("{HIT_RATE}[floors]\nreads = 10_000\n");
    let timing = Finding { check: "timing", ..finding(Class::LeaseInvariant) };
    let verdict = judged(&text, "long-lease", vec![timing], &hits(measures(), 4));
    let missed = [("lease-hit-rate", Class::Expectation), ("reads", Class::Vacuous)];
    assert_eq!(failed(&verdict), [("timing", Class::LeaseInvariant), missed[0], missed[1]]);
}

#[test]
fn what_might_have_failed_ends_no_run() {
    let promised = |severity| Finding { check: "one-lease", severity, ..finding(Class::LeaseInvariant) };
    assert!(ends_run(&promised(Severity::Actual)) && !ends_run(&promised(Severity::Potential)));
}

#[test]
fn a_negative_scenario_is_as_expected_only_if_it_fails_in_that_way() {
    let text = "[expect]\nviolation = \"stale-read\"\n";
    let with = |findings| judged(text, "default", findings, &measures());
    let caught = with(vec![finding(Class::StaleRead)]);
    assert_eq!((caught.ruling, caught.as_expected), (Ruling::Fail, true));
    let quiet = with(Vec::new());
    assert_eq!((quiet.ruling, quiet.as_expected), (Ruling::Pass, false));
    assert_eq!(quiet.unexpected, ["expected to fail as stale-read, passed"]);
    let other = with(vec![finding(Class::LeaseInvariant)]);
    assert_eq!(other.unexpected, ["expected to fail as stale-read, failed as lease-invariant: it is so"]);
}

#[test]
fn a_variants_bounds_replace_those_of_the_same_metric_and_window() {
    let text =
        format!("{HIT_RATE}get-p99 = \"<= 5ms\"\n[expect.variant.old]\nlease-hit-rate = {{ storm = \"<= 0.05\" }}\n");
    let slow = hits(measures(), 4);
    assert!(judged(&text, "old", Vec::new(), &slow).as_expected);
    assert!(!judged(&text, "default", Vec::new(), &slow).as_expected);
    let mut slower = slow.clone();
    slower
        .whole
        .ops
        .insert(OpKind::Get, OpMeasures { ok: 1, p99: Took::Exactly(Duration::from_secs(1)), ..OpMeasures::default() });
    assert_eq!(failed(&judged(&text, "old", Vec::new(), &slower)), [("get-p99", Class::Expectation)]);
    assert_eq!(failed(&judged(&text, "old", Vec::new(), &measures())), [("lease-hit-rate", Class::Expectation)]);
}

#[test]
fn a_variant_that_is_to_fail_must_miss_the_base_and_meet_its_own_bounds() {
    let section = "[expect.variant.old]\nclass = \"expectation\"\nlease-hit-rate = { storm = \"<= 0.05\" }\n";
    let text = format!("{HIT_RATE}{section}");
    let under_old = |findings, hits_of_hundred| judged(&text, "old", findings, &hits(measures(), hits_of_hundred));
    let collapsed = under_old(Vec::new(), 4);
    assert_eq!(
        (collapsed.ruling, collapsed.as_expected, collapsed.class),
        (Ruling::Fail, true, Some(Class::Expectation))
    );
    let half = under_old(Vec::new(), 50);
    assert_eq!(half.unexpected, ["of old, lease-hit-rate in storm: 50%; expected <= 0.05 (line 16)"]);
    let fine = under_old(Vec::new(), 99);
    assert_eq!((fine.ruling, fine.as_expected, fine.unexpected.len()), (Ruling::Pass, false, 2));
    assert!(!under_old(vec![finding(Class::StaleRead)], 4).as_expected);
}

#[test]
fn a_variant_that_is_to_fail_must_fail_in_no_other_way() {
    let section = "[expect.variant.old]\nclass = \"expectation\"\n[floors]\nreads = 10_000\n";
    let verdict = judged(&format!("{HIT_RATE}{section}"), "old", Vec::new(), &hits(measures(), 4));
    assert_eq!(verdict.class, Some(Class::Expectation));
    let also =
        "expected to fail as expectation only, also failed as vacuous: reads: 1,000; the floor is 10,000 (line 17)";
    assert_eq!(verdict.unexpected, [also]);
}

#[test]
fn the_section_of_a_variant_without_a_class_expects_it_to_pass_even_in_a_negative_scenario() {
    let text = "[expect]\nviolation = \"stale-read\"\n[expect.variant.default]\nget-p99 = \"<= 5ms\"\n";
    assert!(judged(text, "default", Vec::new(), &measures()).as_expected);
    assert!(judged(text, "planted", vec![finding(Class::StaleRead)], &measures()).as_expected);
}

#[test]
fn a_bound_without_an_operator_is_shown_as_equality() {
    let verdict = run("[expect]\nleader-changes = 1\n", &measures());
    assert_eq!(verdict.failures[0].message, "leader-changes over the whole run: 0; expected == 1 (line 13)");
}

/// A run that went beyond its claims and in which a check found this.
fn beyond(text: &str, variant: &str, findings: Vec<Finding>) -> Verdict {
    let beyond = Some("from 2.000000s on: a clock".to_owned());
    judge(&scenario(text), variant, findings, &measures(), &BTreeMap::new(), beyond)
}

#[test]
fn what_is_unsafe_beyond_the_claims_is_expected_unsafe() {
    for class in [Class::StaleRead, Class::LeaseInvariant] {
        let verdict = beyond("", "default", vec![finding(class)]);
        assert_eq!((verdict.ruling, verdict.as_expected, verdict.class), (Ruling::ExpectedUnsafe, true, Some(class)));
        assert!(verdict.unexpected.is_empty() && verdict.beyond_claims.is_some());
    }
}

#[test]
fn no_claim_of_clocks_excuses_what_needs_no_clock() {
    for class in [Class::Panic, Class::LostWrite, Class::RaftInvariant, Class::Liveness, Class::Expectation] {
        let verdict = beyond("", "default", vec![finding(class)]);
        assert_eq!((verdict.ruling, verdict.as_expected), (Ruling::Fail, false), "{class}");
    }
    let both = beyond("", "default", vec![finding(Class::StaleRead), finding(Class::RaftInvariant)]);
    assert_eq!(both.ruling, Ruling::Fail);
}

#[test]
fn a_panic_is_expected_where_the_file_says_so_and_never_of_the_harness() {
    let raft = "unexpected error (at raft-0.7.0/src/raft.rs:1543)";
    let of = |text: &str, variant: &str, panic: &str| panicked(&scenario(text), variant, panic.to_owned()).as_expected;
    let expecting = "[expect.variant.no-lease]\nclass = \"panic\"\n";
    assert!(of(expecting, "no-lease", raft) && of("[expect]\nviolation = \"panic\"\n", "default", raft));
    assert!(!of(expecting, "default", raft) && !of("", "default", raft));
    assert!(!of(expecting, "no-lease", "overflow (at sim/src/world/disk.rs:7)"));
    assert!(!of("[expect.variant.no-lease]\nclass = \"liveness\"\n", "no-lease", raft));
}

#[test]
fn a_run_beyond_its_claims_that_stays_safe_passes_and_says_so() {
    let verdict = beyond("", "default", Vec::new());
    assert_eq!((verdict.ruling, verdict.as_expected), (Ruling::Pass, true));
    assert!(verdict.beyond_claims.is_some());
}

#[test]
fn within_its_claims_nothing_is_excused() {
    assert_eq!(judged("", "default", vec![finding(Class::StaleRead)], &measures()).ruling, Ruling::Fail);
}

#[test]
fn beyond_the_claims_too_a_file_gets_the_class_that_it_names() {
    let text = "[expect]\nviolation = \"stale-read\"\n[expect.variant.old]\nclass = \"lease-invariant\"\n";
    let caught = beyond(text, "default", vec![finding(Class::StaleRead)]);
    assert_eq!((caught.ruling, caught.as_expected), (Ruling::ExpectedUnsafe, true));
    let other = beyond(text, "default", vec![finding(Class::LeaseInvariant)]);
    assert_eq!((other.ruling, other.as_expected), (Ruling::ExpectedUnsafe, false));
    assert!(!beyond(text, "default", Vec::new()).as_expected);
    assert!(beyond(text, "old", vec![finding(Class::LeaseInvariant)]).as_expected);
}

#[test]
fn a_run_in_which_nothing_was_answered_is_vacuous() {
    let mut dark = measures();
    dark.whole.all = OpMeasures { unknown: 5, ..OpMeasures::default() };
    assert_eq!(failed(&run("", &dark)), [("all-ok", Class::Vacuous)]);
    dark.whole.all.ok = 1;
    assert_eq!(failed(&run("", &dark)), []);
}

#[test]
fn a_stale_read_that_checks_only_record_is_never_a_pass() {
    let mut stale = measures();
    stale.whole.stale_reads = 3;
    assert_eq!(failed(&run("", &stale)), [("stale-reads", Class::StaleRead)]);
    let beyond = |measures| {
        judge(&scenario(""), "default", Vec::new(), measures, &BTreeMap::new(), Some("a clock".into())).ruling
    };
    assert_eq!([beyond(&stale), beyond(&measures())], [Ruling::ExpectedUnsafe, Ruling::Pass]);
}

#[test]
fn a_figure_of_operations_that_were_not_answered_fails_its_upper_bound() {
    let mut failing = measures();
    failing.whole.ops.insert(
        OpKind::Get,
        OpMeasures { ok: 1, refused: 1, p99: Took::AtLeast(Duration::from_secs(1)), ..OpMeasures::default() },
    );
    let verdict = run("[expect]\nget-p99 = \"<= 5s\"", &failing);
    assert_eq!(failed(&verdict), [("get-p99", Class::Expectation)]);
    assert!(verdict.failures[0].message.starts_with("get-p99 over the whole run: >= 1s; expected <= 5s"));
}

#[test]
fn a_bound_of_a_variant_replaces_none_that_is_about_other_clients() {
    let text = "[expect.workload.script]\nscript-mean = \"<= 1ms\"\n[expect.variant.old]\nscript-mean = \"<= 9s\"\n";
    let verdict = judged(text, "old", Vec::new(), &measures());
    let of_scripts = |failure: &Failure| failure.message.starts_with("script-mean of workload script");
    assert!(verdict.failures.iter().any(of_scripts), "{:?}", verdict.failures);
}

#[test]
fn a_class_of_failure_is_not_met_by_what_was_clear_before_anything_happened() {
    let text = "[expect.variant.old]\nclass = \"lease-invariant\"\n";
    let under_old = |text: &str, at| {
        let found = Finding { at, ..finding(Class::LeaseInvariant) };
        judged(text, "old", vec![found], &measures())
    };
    assert!(under_old(text, ms(5_000)).as_expected);
    let static_ = under_old(text, ms(0));
    assert_eq!(
        static_.unexpected,
        [
            "expected lease-invariant to be found by something that happened; a check that judges the set-up is named by `check`: it was found by a-check"
        ]
    );
    assert!(under_old(&format!("{text}check = \"a-check\"\n"), ms(0)).as_expected);
    let other = under_old(&format!("{text}check = \"one-lease\"\n"), ms(5_000));
    assert_eq!(other.unexpected, ["expected lease-invariant to be found by `one-lease`: it was found by a-check"]);
}

#[test]
fn what_is_expected_of_a_variant_that_was_not_reached_is_shown_of_nothing() {
    let mut passed = run("", &measures());
    let mut expected = passed.clone();
    passed.was_not_reached("old", false, Duration::from_secs(10));
    assert_eq!((passed.ruling, passed.as_expected), (Ruling::NotReached, true));
    expected.was_not_reached("old", true, Duration::from_secs(10));
    assert_eq!((expected.ruling, expected.as_expected, expected.class), (Ruling::Fail, false, Some(Class::Vacuous)));
    assert!(expected.failures[0].message.starts_with("`old` was not reached"));
}

#[test]
fn a_run_in_which_two_leases_were_good_at_once_does_not_pass_whatever_only_records() {
    let mut overlapping = measures();
    (overlapping.whole.two_leases, overlapping.whole.first_overlap) = (2, Some(ms(4_000)));
    let verdict = run("", &overlapping);
    assert_eq!((verdict.ruling, verdict.class), (Ruling::Fail, Some(Class::LeaseInvariant)));
    assert_eq!(verdict.failures[0].at, ms(4_000), "when it was first seen, and not when it was judged");
    assert_eq!(verdict.failures[0].message, "two leases were good at once, 2 times, seen by a check that only records");
    let beyond =
        judge(&scenario(""), "default", Vec::new(), &overlapping, &BTreeMap::new(), Some("a clock".to_owned()));
    assert_eq!((beyond.ruling, beyond.as_expected), (Ruling::ExpectedUnsafe, true));
    overlapping.whole.stale_reads = 1;
    assert_eq!(failed(&run("", &overlapping)), [("stale-reads", Class::StaleRead)], "that says it already");
}

#[test]
fn a_check_that_is_named_alone_must_fail_whatever_its_class() {
    let text = "[expect.variant.old]\ncheck = \"a-check\"\n";
    assert!(judged(text, "old", vec![finding(Class::LeaseInvariant)], &measures()).as_expected);
    let silent = judged(text, "old", Vec::new(), &measures());
    assert_eq!(silent.unexpected, ["expected `a-check` to fail; it did not"]);
    let other = "[expect.variant.old]\ncheck = \"one-lease\"\n";
    let other = judged(other, "old", vec![finding(Class::LeaseInvariant)], &measures());
    assert_eq!(other.unexpected[0], "expected `one-lease` to fail; it did not");
    assert_eq!(other.unexpected.len(), 2, "and what failed instead");
}
