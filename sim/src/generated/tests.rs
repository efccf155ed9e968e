//! What must be so of any scenario.

use super::found::folder;
use super::judge::{AskedLess, as_file, shows, stands};
use super::search::{Search, rng};
use crate::history::Keep;
use crate::minimize::Size;
use crate::mutant::{self, DEFAULT, Harm, Variant};
use crate::runner::knobs::{self, Knobs};
use crate::runner::{Defaults, find_variant, load};
use crate::scenario::arbitrary::runs;
use crate::scenario::{Engine, Scenario, Verb};
use crate::verdict::Ruling;
use crate::words::Spelled;
use proptest::prelude::RngExt;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;

/// So many scenarios are run where no knob says how many,
const CASES: u32 = 16;
/// so many show any bug that is planted here,
const CASES_TO_FIND: u32 = 150;
/// and so many smaller ones are tried.
const TRIALS: u32 = 40;

fn asked() -> Knobs {
    knobs::from_environment().unwrap_or_else(|problems| panic!("{}", problems.join("\n")))
}

/// The search for `cases` scenarios, or as many as a knob says.
fn search(knobs: &Knobs, cases: u32, trials: u32) -> Search {
    let asked = knobs.cases.and_then(|cases| u32::try_from(cases.get()).ok());
    Search { cases: asked.unwrap_or(cases), seed: knobs.seeds.as_ref().map_or(1, |seeds| seeds.first()), trials }
}

#[test]
fn neither_the_validator_nor_the_lint_has_anything_against_what_is_drawn_or_what_it_shrinks_to() {
    let mut runner = TestRunner::new_with_rng(Config::default(), rng(1));
    let mut verbs = BTreeSet::new();
    for case in 0..240 {
        let mut tree = runs().new_tree(&mut runner).expect("a scenario");
        let drawn = tree.current();
        verbs.extend(drawn.timeline.iter().filter_map(|step| step.action.verb()));
        as_file(&drawn);
        // Every way down: each step is gone on from, or taken back.
        let mut trials = 0;
        while case % 30 == 0 && trials < 80 && tree.simplify() {
            as_file(&tree.current());
            if trials % 3 == 0 {
                tree.complicate();
            }
            trials += 1;
        }
    }
    let missing: Vec<&str> = Verb::all().filter(|verb| !verbs.contains(verb)).map(Verb::name).collect();
    assert!(missing.is_empty(), "nothing that is drawn does {missing:?}");
}

#[test]
fn the_stack_as_it_is_violates_nothing_and_does_the_same_twice() {
    let search = search(&asked(), CASES, 300);
    let less = Cell::new(AskedLess::default());
    let judge = |scenario: &Scenario| {
        let mut counted = less.get();
        let failed = stands(scenario, &mut counted);
        less.set(counted);
        failed
    };
    if let Some(found) = search.first(&judge) {
        let path = found.write(&folder());
        panic!("{}", found.told(&path));
    }
    let (AskedLess { idle, slow, beyond }, cases) = (less.get(), search.cases);
    assert!(idle * 4 <= cases, "in {idle} of {cases} runs nobody is served");
    let told = format!("of {cases} runs {slow} owe no speed, and in {beyond} clocks are worse than claimed");
    assert!(
        slow * 4 <= cases * 3 && beyond * 4 <= cases * 3,
        "{told}: what is asked of the others is asked of too few"
    );
}

/// Of those that chaos sees at once: what so short a run seldom has time for, restarts on what was not durable above all.
const SELDOM: [&str; 6] = [
    "unsynced-disk",
    "group-half-written",
    "answered-before-own-term",
    "applied-twice",
    "vote-not-durable",
    "snapshot-acknowledged-early",
];

/// Those that are never safe and that plain chaos sees in its first seed, as the matrix says.
fn plants() -> Vec<&'static Variant> {
    let rows = include_str!("../../../snapshots/matrix.jsonl").lines();
    let rows = rows.map(|row| serde_json::from_str::<serde_json::Value>(row).expect("a row of the matrix"));
    let at_once = rows.filter(|row| row["chaos_seeds"] == 1);
    let known = at_once.filter_map(|row| mutant::find(row["variant"].as_str()?));
    let is_here = |it: &Variant| it.harm == Harm::StaleRead && it.is_on(Engine::default());
    known.filter(|it| is_here(it) && !SELDOM.contains(&it.name)).collect()
}

/// One of them, as a knob or the seed says.
fn plant(knobs: &Knobs, seed: u64) -> &'static Variant {
    let drawn = || {
        let plants = plants();
        plants[rng(seed).random_range(0..plants.len())]
    };
    knobs.variant.as_ref().map_or_else(drawn, |name| find_variant(name).unwrap_or_else(|words| panic!("{words}")))
}

#[test]
fn a_planted_bug_drawn_at_random_is_found_and_shrunk_to_a_file_that_fails_with_it_and_passes_without() {
    let knobs = asked();
    let search = search(&knobs, CASES_TO_FIND, TRIALS);
    let variant = plant(&knobs, search.seed);
    let found = search.first(&|scenario| shows(scenario, variant));
    let found = found.unwrap_or_else(|| panic!("`{}` is not found in {} cases", variant.name, search.cases));
    let path = found.write(&folder().join(variant.name));
    let told = found.told(&path);
    let (before, after) = (found.drawn, Size::of(&found.scenario));
    assert!(after.faults <= 2.max(before.faults / 2), "{told}");
    assert!(
        after.nodes <= before.nodes.max(3) && after.clients <= before.clients && found.trials <= TRIALS + 1,
        "{told}"
    );
    let group = load(&path).unwrap_or_else(|problems| panic!("{told}\n{problems}"));
    assert!(group.warnings.is_empty() && group.seeds.len() == 1, "{told}\n{}", group.warnings);
    let ruling = |variant: &'static Variant| {
        let group = group.under(variant);
        let report = Defaults::default().run(&group.spec(group.seeds.first(), Keep::Nothing));
        (report.verdict.ruling, report.verdict.as_expected)
    };
    assert_eq!(ruling(variant), (Ruling::Fail, true), "{told}");
    assert_eq!(ruling(&DEFAULT), (Ruling::Pass, true), "{told}");
    let text = fs::read_to_string(&path).expect("it was read");
    let first = format!("#:schema ../scenario.schema.json\n# Found by case {} of generated scenarios", found.case);
    assert!(text.starts_with(&first), "{text}");
    for command in ["leasehold run ", "leasehold minimize ", "mv "] {
        assert!(told.contains(&format!("{command}{}", path.display())), "{told}");
    }
}
