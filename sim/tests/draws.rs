//! Draws have names: whatever line, client or node comes or goes, every other stream gives the values that it gave.

use leasehold::env::{Address, NodeId};
use leasehold_sim::history::{Keep, Past, What};
use leasehold_sim::mutant::find;
use leasehold_sim::runner::{Spec, draws};
use leasehold_sim::scenario::{self, Scenario, Workload, step_names};
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
    Spec { scenario: Arc::new(scenario), seed: 1, variant, default: None, keep: Keep::All, leak: false }.drawn()
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

/// One run has streams that the other lacks, all of them its `own`, and the other has none that it lacks.
fn assert_lacks_only(name: &str, [has, lacks]: [&Draws; 2], own: impl Fn(&str) -> bool) {
    let gone = lacking(name, has, lacks);
    assert!(!gone.is_empty() && lacking(name, lacks, has).is_empty(), "{name}");
    assert!(gone.iter().all(|stream| own(stream)), "{name}: {gone:?}");
}

/// What both tell before `moment` is the same.
fn assert_same_until(moment: SimTime, name: &str, [one, other]: [&Past; 2], tells: impl Fn(&What) -> bool) {
    let before = |past: &Past| {
        let early = past.kept.iter().take_while(|record| record.at < moment);
        early.filter(|record| tells(&record.what)).cloned().collect::<Vec<_>>()
    };
    let [one, other] = [before(one), before(other)];
    assert!(one.len() > 100, "{name}: so little happens before {moment:?} that it tells nothing");
    let differs = one.iter().zip(&other).find(|(one, other)| one != other);
    assert_eq!((differs, one.len()), (None, other.len()), "{name}");
}

#[test]
fn a_run_without_a_line_is_the_same_until_that_line_would_have_acted() {
    for (name, line) in SCENARIOS {
        let whole = committed(name);
        let step = whole.scenario.timeline[line].clone();
        let without = with(&whole, |scenario| drop(scenario.timeline.remove(line)));
        let [(one, ones), (other, others)] = [drawn(&whole), drawn(&without)];
        assert_same_until(SimTime::at(step.at.start()), name, [&one, &other], |_| true);
        // What a fault does to links depends on what happened before; all other streams are there from the beginning.
        let own = &step_names(&whole.scenario.timeline)[line];
        let foreign = |stream: &&String| !stream.contains(&**own) && !stream.starts_with("impairment/");
        let lost: Vec<_> = lacking(name, &ones, &others);
        let lost: Vec<_> = lost.iter().filter(foreign).filter(|stream| !stream.ends_with("/targets")).collect();
        assert_eq!(lost, Vec::<&String>::new(), "{name}");
    }
}

/// When the clients and the node begin that some runs have and others lack.
const LATE: Duration = Duration::from_millis(2500);

#[test]
fn a_client_less_takes_its_own_streams_with_it_and_no_other() {
    for (name, _) in SCENARIOS {
        let spec = with(&committed(name), |scenario| {
            scenario.until = LATE + Duration::from_millis(100);
            scenario.workloads.push(Workload { name: "late".into(), from: LATE, ..scenario.workloads[0].clone() });
        });
        let last = spec.scenario.workloads[0].clients - 1;
        let (client, link) = (format!("late/client {last}/"), format!("late {last}"));
        let fewer = with(&spec, |scenario| scenario.workloads.last_mut().unwrap().clients -= 1);
        let [(one, ones), (other, others)] = [drawn(&spec), drawn(&fewer)];
        assert_same_until(SimTime::at(LATE), name, [&one, &other], |_| true);
        assert_lacks_only(name, [&ones, &others], |stream| stream.contains(&client) || stream.contains(&link));
    }
}

/// Is this about nodes before `node` only?
fn is_without(node: NodeId, what: &What) -> bool {
    match what {
        What::Process { node: other, .. } | What::Busy { node: other, .. } => *other != node,
        What::Stack(record) => record.replica.node != node,
        What::Clock { replica, .. } | What::Counted { replica, .. } => replica.node != node,
        What::Message { from, to, .. } => ![from, to].contains(&&Address::Node(node)),
        What::Invoked(_) | What::Completed { .. } | What::Fault(_) => true,
    }
}

#[test]
fn a_node_less_takes_its_own_streams_with_it_and_no_other() {
    for (name, _) in SCENARIOS {
        // A spare, so that the group is the same; clients and steps, which may well choose it, come late.
        let whole = with(&committed(name), |scenario| {
            scenario.until = LATE + Duration::from_millis(100);
            scenario.timeline.clear();
            scenario.cluster.spares += 1;
            scenario.workloads.iter_mut().for_each(|workload| workload.from = LATE);
        });
        let fewer = with(&whole, |scenario| scenario.cluster.spares -= 1);
        let node = NodeId(u64::from(whole.scenario.cluster.size()));
        let [(one, ones), (other, others)] = [drawn(&whole), drawn(&fewer)];
        assert_same_until(SimTime::at(LATE), name, [&one, &other], |what| is_without(node, what));
        assert_lacks_only(name, [&ones, &others], |stream| stream.contains(&node.to_string()));
    }
}

#[test]
fn a_voter_less_takes_its_own_streams_with_it_and_no_other() {
    for (name, _) in SCENARIOS {
        let whole = with(&committed(name), |scenario| {
            scenario.until = Duration::from_secs(1);
            (scenario.cluster.learners, scenario.cluster.spares) = (0, 0);
        });
        let fewer = with(&whole, |scenario| scenario.cluster.nodes -= 1);
        let voter = format!("n{}", whole.scenario.cluster.nodes);
        let [(_, ones), (_, others)] = [drawn(&whole), drawn(&fewer)];
        assert_lacks_only(name, [&ones, &others], |stream| stream.contains(&voter));
    }
}
