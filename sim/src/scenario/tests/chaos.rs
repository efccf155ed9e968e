use std::{cell::Cell, collections::BTreeSet, path::Path, time::Duration};

use super::{read, refuse};
use crate::scenario::{Action, Chaos, Dice, Scenario, Verb, When, parse, print};

/// SplitMix64 (Steele et al., OOPSLA 2014).
struct Numbers(Cell<u64>);

impl Dice for Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let z = self.0.get();
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}

fn with(chaos: &str) -> String {
    format!("name = \"t\"\nuntil = \"20s\"\n{chaos}\n[[workload]]\nkind = \"kv\"\n")
}

fn drawn(chaos: &str, seed: u64) -> Scenario {
    let scenario = read(&with(chaos)).unwrap_or_else(|problems| panic!("{problems}"));
    let of = |purpose: &str| purpose.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    scenario.drawn(|purpose| Numbers(Cell::new(of(purpose))))
}

#[test]
fn whatever_is_drawn_could_stand_in_a_file() {
    for seed in 0..2_000 {
        let scenario = drawn("[chaos]", seed);
        let text = print(&scenario);
        if let Err(problems) = parse(Path::new("t.toml"), &text) {
            panic!("seed {seed}:\n{text}\n{problems}");
        }
    }
}

#[test]
fn a_seed_draws_some_of_the_faults_that_may_exist_and_all_seeds_all() {
    let verbs = |seed| {
        let steps = drawn("[chaos]", seed).timeline;
        steps.iter().filter_map(|step| step.action.verb()).filter(|verb| *verb != Verb::Heal).collect::<BTreeSet<_>>()
    };
    let usual: BTreeSet<Verb> = Chaos::all().filter(|verb| *verb != Verb::MoveRange).collect();
    let seen: BTreeSet<Verb> = (0..200).flat_map(verbs).collect();
    assert_eq!(seen, usual);
    assert!((0..200).all(|seed| !verbs(seed).is_empty()), "one always exists");
    assert!((0..200).any(|seed| verbs(seed).len() < 4) && (0..200).any(|seed| verbs(seed).len() > 4));
    let only = drawn("[chaos]\nfaults = [\"crash\"]", 1).timeline;
    assert!(only.iter().all(|step| matches!(step.action, Action::Crash(_) | Action::Heal(_))));
    let moves = drawn("[chaos]\nfaults = [\"move-range\"]\n[cluster]\ngroups = 3", 1).timeline;
    assert!(moves.iter().any(|step| matches!(step.action, Action::MoveRange(_))));
}

#[test]
fn of_several_groups_the_routes_are_drawn_too_and_ranges_move() {
    let groups = "[chaos]\n[cluster]\ngroups = 3";
    let drawn: Vec<Scenario> = (0..200).map(|seed| drawn(groups, seed)).collect();
    assert!(drawn.iter().all(|it| parse(Path::new("t.toml"), &print(it)).is_ok()), "each could stand in a file");
    let routes: BTreeSet<_> = drawn.iter().map(|it| it.cluster.routes.clone()).collect();
    assert!(routes.len() > 50 && routes.contains(&None), "{} different ones", routes.len());
    let moves = |it: &&Scenario| it.timeline.iter().any(|step| matches!(step.action, Action::MoveRange(_)));
    assert!(drawn.iter().filter(moves).count() > 50);
}

#[test]
fn groups_that_a_seed_adds_are_handed_over_as_the_last_of_the_file_is() {
    let handed_over = |seed| {
        let steps = "timeline = [{ at = \"18s\", transfer = { group = \"g1\" } }, { at = \"19s\", transfer = { group = \"g2\" } }]\n";
        let file = format!("{steps}[chaos]\nfaults = [\"crash\"]\n[cluster]\ngroups = 2");
        let drawn = drawn(&file, seed);
        let transfers = drawn.timeline.iter().filter_map(|step| match &step.action {
            Action::Transfer(transfer) => Some((step.at.start(), transfer.group)),
            _ => None,
        });
        (drawn.cluster.groups, transfers.collect::<Vec<_>>())
    };
    for (groups, transfers) in (0..20).map(handed_over) {
        let later = (2..=groups).map(|group| (Duration::from_secs(19), Some(group)));
        let expected: Vec<_> = [(Duration::from_secs(18), Some(1))].into_iter().chain(later).collect();
        assert_eq!(transfers, expected);
    }
}

#[test]
fn shapes_and_timing_differ_from_seed_to_seed() {
    let of = |part: fn(&Scenario) -> String| {
        (0..200).map(|seed| part(&drawn("[chaos]", seed))).collect::<BTreeSet<_>>().len()
    };
    assert_eq!(of(|scenario| scenario.cluster.nodes.to_string()), 2);
    assert_eq!(of(|scenario| scenario.cluster.learners.to_string()), 2);
    assert!(of(|scenario| format!("{:?}", scenario.cluster.election_timeout)) >= 3);
    assert!(of(|scenario| scenario.cluster.network.name.clone()) >= 3);
}

#[test]
fn at_the_end_all_is_healed_and_nothing_acts_any_more() {
    for seed in 0..200 {
        let timeline = drawn("[chaos]\nquiet = \"8s\"", seed).timeline;
        let calm = Duration::from_secs(12);
        let acts_later = |when: &When| match when {
            When::At(at) => *at > calm,
            When::On { to, .. } => *to > calm,
            When::Window { .. } | When::Every { .. } => true,
        };
        assert!(timeline.iter().all(|step| !acts_later(&step.at)), "seed {seed}");
        let heals = timeline.iter().filter(|step| matches!(step.action, Action::Heal(_)));
        assert_eq!(heals.map(|step| step.at).collect::<Vec<_>>(), [When::At(calm)]);
    }
}

#[test]
fn chaos_has_faults_and_leaves_time_for_them() {
    let chaos = |text: &str| read(&with(text)).map(|scenario| scenario.chaos);
    let all = Chaos::default();
    assert_eq!(chaos("[chaos]").ok(), Some(Some(all)));
    assert_eq!(chaos("").ok(), Some(None));
    refuse(&with("[chaos]\nfaults = «[]»"), "chaos without any fault");
    let said = refuse(&with("[chaos]\nfaults = [«\"crsh\"»]"), "unknown fault that chaos can draw `crsh`");
    assert!(said.contains("did you mean `crash`?"), "{said}");
    refuse(&with("[chaos]\nfaults = [\"crash\", «\"crash\"»]"), "`crash` is there twice");
    refuse(&with("[chaos]\nquiet = «\"20s\"»"), "the whole run is quiet: nothing ever goes wrong");
}
