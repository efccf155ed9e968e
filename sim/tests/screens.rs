//! The one screen that a failing run ends with, word for word, for the failures that matter most. Each is produced by a real
//! variant; `LEASEHOLD_*` knobs do not reach these.

mod given;

use given::{committed, pinned, root};
use leasehold_sim::history::Keep;
use leasehold_sim::report::{Left, Screen, Style};
use leasehold_sim::runner::{revisit, run};
use leasehold_sim::scenario::Class;

/// Lines and columns that fit on a screen: what is longer is wrapped, and nobody reads it at night.
const ROWS: usize = 50;

/// What a person sees of seed 1 of `scenario` under `variant`.
fn screen(scenario: &str, variant: &str, class: Class) -> Screen {
    // So that paths on the screen are those that a person would type.
    std::env::set_current_dir(root()).unwrap();
    let spec = committed(scenario, Some(variant)).spec(1, Keep::Nothing);
    let mut report = run(&spec);
    revisit(&mut report, &spec);
    assert_eq!(report.verdict.class, Some(class));
    Screen::of(&report, &Left::default())
}

#[track_caller]
fn shown(name: &str, screen: &Screen) {
    for width in [80, 200] {
        let told = screen.full(Style::PLAIN.at(width));
        let too_wide = |line: &&str| line.chars().count() > width && !line.contains("leasehold run ");
        assert_eq!(told.lines().find(too_wide), None, "wider than {width}");
        assert!(!told.contains('…'), "a word is cut: {told}");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let story = words(&screen.story.join(" "));
        assert!(words(&told).windows(story.len()).any(|told| told == story), "{told}");
    }
    let screen = screen.full(Style::PLAIN);
    assert!(screen.lines().count() <= ROWS, "{} lines do not fit on a screen", screen.lines().count());
    pinned(name, &screen);
}

#[test]
fn a_stale_read() {
    shown("stale-read", &screen("fast/stale-read", "long-lease", Class::StaleRead));
}

#[test]
fn a_lost_hit_rate() {
    shown("hit-rate", &screen("incidents/pr-558", "elastickv-549", Class::Expectation));
}

#[test]
fn two_leases_at_once() {
    shown("lease-invariant", &screen("fast/partition", "long-lease", Class::LeaseInvariant));
}

#[test]
fn nobody_leads_any_more() {
    shown("liveness", &screen("planted/all-alone", "candidates-refuse-each-other", Class::Liveness));
}
