//! The engine on raft-rs keeps the contract, and the kit sees every engine that breaks it in one place.

mod mutants;
mod odd;
#[cfg(feature = "openraft")]
mod openraft;

use crate::engine::conformance::{Kit, Test};
use crate::engine::raft_rs::RaftRs;
use crate::engine::{Config, Factory, RenewalKind};
use crate::rules;
use mutants::Mutant;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn engines() -> Arc<dyn Factory> {
    Arc::new(RaftRs::default())
}

fn kit() -> Kit {
    Kit::new(engines())
}

fn tests() -> BTreeMap<String, Test> {
    Kit::tests().into_iter().map(|test| (test.name.clone(), test)).collect()
}

#[test]
fn the_engine_on_raft_rs_keeps_the_contract() {
    kit().run_all().assert_kept();
}

#[test]
fn it_keeps_the_contract_where_read_index_rounds_renew_the_lease() {
    kit().configured(|config| Config { renewal: RenewalKind::ReadRounds, ..config }).run_all().assert_kept();
}

#[test]
fn it_keeps_the_contract_where_nobody_asks_before_it_stands() {
    kit().configured(|config| Config { pre_vote: false, ..config }).run_all().assert_kept();
}

#[test]
fn a_loop_that_waits_for_its_disk_breaks_it_where_disk_or_applier_stand_still_and_nowhere_else() {
    let report = kit().configured(|config| Config { async_writes: false, ..config }).run_all();
    let broken: Vec<_> = report.broken().map(|outcome| outcome.name.as_str()).collect();
    assert!(broken.contains(&"read_index_at_a_leader_whose_disk_stands_still_succeeds"), "{report}");
    let is_about_that = |name: &&str| ["disk", "behind"].iter().any(|word| name.contains(word));
    assert!(broken.iter().all(is_about_that), "{report}");
}

#[test]
fn no_two_tests_of_the_kit_have_the_same_name() {
    assert_eq!(tests().len(), Kit::tests().len());
}

/// By how many tests what is wrong with these engines is seen, where they are made of those that `engines` makes.
/// Tests that `is_asked` says no of are not run.
fn seen(engines: &Arc<dyn Factory>, mutants: &[Mutant], is_asked: impl Fn(&str) -> bool) -> Vec<Seen> {
    let tests = tests();
    let of_mutant = |mutant: &Mutant| {
        let kit = Kit::new((mutant.engines)(Arc::clone(engines))).configured(mutant.config);
        rules::switch_off(mutant.rules_off);
        let asked: Vec<_> = mutant.tests.iter().filter(|name| is_asked(name)).collect();
        let sees = |name: &&&String| {
            let test = tests.get(**name).unwrap_or_else(|| panic!("{}: the kit has no test {name}", mutant.name));
            kit.run(test).verdict.is_err()
        };
        let seeing = asked.iter().filter(sees).count();
        rules::switch_off(&[]);
        Seen { mutant: mutant.name.clone(), asked: asked.len(), seeing }
    };
    mutants.iter().map(of_mutant).collect()
}

/// By how many of the tests that were asked a wrong engine was seen.
struct Seen {
    mutant: String,
    asked: usize,
    seeing: usize,
}

#[test]
fn every_engine_that_breaks_the_contract_in_one_place_is_seen_by_the_test_that_is_about_that() {
    let seen = seen(&engines(), &mutants::all(), |_| true);
    let unseen: Vec<_> = seen.iter().filter(|seen| seen.seeing < seen.asked).map(|seen| &seen.mutant).collect();
    assert!(unseen.is_empty(), "{unseen:#?} are unseen");
    assert_eq!(seen.len(), 314, "docs/conformance.md counts them");
}

#[test]
fn every_test_of_the_kit_is_seen_to_fail() {
    let seen: BTreeSet<String> = mutants::all().into_iter().flat_map(|mutant| mutant.tests).collect();
    let never: Vec<_> = Kit::tests().into_iter().map(|test| test.name).filter(|name| !seen.contains(name)).collect();
    assert!(never.is_empty(), "no engine is known that these would refuse: {never:#?}");
}
