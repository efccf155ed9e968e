//! Draws have names: whatever line, client or node comes or goes, every other stream gives the values that it gave.

use leasehold_sim::history::{Keep, Past};
use leasehold_sim::mutant::find;
use leasehold_sim::runner::{Spec, draws};
use leasehold_sim::scenario::{self, Scenario, step_names};
use leasehold_sim::time::SimTime;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Ten scenarios, and the line of the timeline that goes.
const SCENARIOS: [(&str, usize); 10] = [
    ("fast/clock", 2),
    ("fast/disk", 1),
    ("fast/held-messages", 1),
    ("fast/links", 2),
    ("fast/membership", 1),
    ("fast/partition-shapes", 1),
    ("fast/pause-points", 1),
    ("fast/s-01-transfer-and-hold", 1),
    ("fast/s-12-partial-cuts", 1),
    ("fast/chaos", 3),
];

/// How many numbers of each stream are compared.
const FIRST: usize = 4;

type Draws = BTreeMap<String, Vec<u64>>;

/// A committed scenario, with what it leaves to the seed.
fn committed(name: &str) -> Spec {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(name).with_extension("toml");
    let scenario = scenario::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
    let variant = find("default").unwrap();
    Spec { scenario: Arc::new(scenario), seed: 1, variant, keep: Keep::All, leak: false }.drawn()
}

/// The same, changed.
fn with(spec: &Spec, change: impl FnOnce(&mut Scenario)) -> Spec {
    let mut scenario = (*spec.scenario).clone();
    change(&mut scenario);
    Spec { scenario: Arc::new(scenario), ..spec.clone() }
}

/// What it draws, and what happens, on a thread that has run nothing before.
#[expect(
    clippy::disallowed_methods,
    reason = "a fresh thread a run, as the runner has it: nothing of one run reaches the next"
)]
fn drawn(spec: &Spec) -> (Past, Draws) {
    let spec = spec.clone();
    std::thread::spawn(move || draws(&spec, FIRST)).join().unwrap()
}

/// The names of streams that one run has and the other lacks. Those that both have give the same.
fn lacking(name: &str, has: &Draws, lacks: &Draws) -> Vec<String> {
    for (stream, values) in has {
        assert!(lacks.get(stream).is_none_or(|other| other == values), "{name}: {stream}");
    }
    has.keys().filter(|stream| !lacks.contains_key(*stream)).cloned().collect()
}

#[test]
fn a_run_without_a_line_is_the_same_until_that_line_would_have_acted() {
    for (name, line) in SCENARIOS {
        let whole = committed(name);
        let step = whole.scenario.timeline[line].clone();
        let without = with(&whole, |scenario| drop(scenario.timeline.remove(line)));
        let acts = SimTime::at(step.at.start());
        let [(one, ones), (other, others)] = [drawn(&whole), drawn(&without)];
        let before = |past: &Past| past.kept.iter().take_while(|record| record.at < acts).cloned().collect::<Vec<_>>();
        let [one, other] = [before(&one), before(&other)];
        assert!(one.len() > 100, "{name}: the line acts too early to tell");
        let differs = one.iter().zip(&other).find(|(one, other)| one != other);
        assert_eq!((differs, one.len()), (None, other.len()), "{name}");
        // What a fault does to links depends on what happened before; all other streams are there from the beginning.
        let own = &step_names(&whole.scenario.timeline)[line];
        let foreign = |stream: &&String| !stream.contains(&**own) && !stream.starts_with("impairment/");
        let lost: Vec<_> = lacking(name, &ones, &others);
        let lost: Vec<_> = lost.iter().filter(foreign).filter(|stream| !stream.ends_with("/targets")).collect();
        assert_eq!(lost, Vec::<&String>::new(), "{name}");
    }
}

#[test]
fn a_client_less_takes_its_own_streams_with_it_and_no_other() {
    for (name, _) in SCENARIOS {
        let spec = with(&committed(name), |scenario| scenario.until = Duration::from_secs(1));
        let workload = &spec.scenario.workloads[0];
        let last = workload.clients - 1;
        let (client, link) = (format!("/client {last}/"), format!("{} {last}", workload.name));
        let fewer = with(&spec, |scenario| scenario.workloads[0].clients -= 1);
        let [(_, all), (_, rest)] = [drawn(&spec), drawn(&fewer)];
        let gone = lacking(name, &all, &rest);
        assert!(!gone.is_empty() && lacking(name, &rest, &all).is_empty(), "{name}");
        assert!(gone.iter().all(|stream| stream.contains(&client) || stream.contains(&link)), "{name}: {gone:?}");
    }
}

#[test]
fn a_node_less_takes_its_own_streams_with_it_and_no_other() {
    for (name, _) in SCENARIOS {
        let spec = with(&committed(name), |scenario| scenario.until = Duration::from_secs(1));
        let node = format!("n{}", spec.scenario.cluster.size());
        let fewer = with(&spec, |scenario| {
            let cluster = &mut scenario.cluster;
            let last = [&mut cluster.spares, &mut cluster.learners, &mut cluster.nodes].into_iter().find(|of| **of > 0);
            *last.unwrap() -= 1;
        });
        let [(_, all), (_, rest)] = [drawn(&spec), drawn(&fewer)];
        let gone = lacking(name, &all, &rest);
        assert!(!gone.is_empty() && lacking(name, &rest, &all).is_empty(), "{name}");
        assert!(gone.iter().all(|stream| stream.contains(&node)), "{name}: {gone:?}");
    }
}
