//! A thousand spoilt copies of the committed scenarios: each is refused in words that point into the file, or runs. No panic,
//! no hang.

use leasehold_sim::runner::Places;
use leasehold_sim::runner::fuzz::{Campaign, Corpus};
use std::path::Path;
use std::time::Duration;

const INPUTS: u64 = 1_000;
/// Simulated time: past the first election of most. In debug a second takes a quarter of one.
const RUN_FOR: Duration = Duration::from_millis(1_500);

#[test]
fn a_thousand_spoilt_scenarios_are_refused_or_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let places = Places { cwd: root.to_owned(), roots: vec![root.join("scenarios")] };
    let corpus = Corpus::of(&places, 559).unwrap();
    let mut campaign = Campaign::default();
    for number in 0..INPUTS {
        let input = corpus.input(number);
        assert_eq!(input, corpus.input(number), "the same number is the same input");
        let taken = campaign.take(&input, RUN_FOR);
        assert_eq!(taken, Ok(()), "input {number}:\n{}", String::from_utf8_lossy(&input.bytes));
    }
    assert_eq!(campaign.inputs, INPUTS);
    println!("{campaign}");
    // Neither all refused nor all harmless: else the test would show little.
    assert!(campaign.refused > INPUTS / 3 && campaign.run > INPUTS / 10, "{campaign}");
}
