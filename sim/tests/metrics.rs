//! The stack's own metrics, under the reference system's names, say what the history says.

mod given;

use leasehold::metrics::Counter;
use leasehold::observe::Event;
use leasehold_sim::cluster::{Cluster, Plan, Recorder, SimWorld, founders};
use leasehold_sim::history::{History, Keep, Observer, Record, What};
use leasehold_sim::mutant::find;
use leasehold_sim::time::SimTime;
use leasehold_sim::workload::{self, KeySpace};
use leasehold_sim::world::executor;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Counts what the metrics count, from the history.
#[derive(Clone, Default)]
struct Counts(Arc<Mutex<BTreeMap<Counter, u64>>>);

impl Observer for Counts {
    fn record(&mut self, record: &Record) -> bool {
        let What::Stack(told) = &record.what else { return true };
        let counter = match &told.event {
            Event::LeaseRead { miss: None, .. } => Counter::LeaseReadHit,
            Event::LeaseRead { miss: Some(_), .. } => Counter::LeaseReadMiss,
            Event::Conflict { .. } => Counter::WriteConflict,
            Event::LaneFull { .. } => Counter::DispatchDropped,
            Event::InboxFull { .. } => Counter::StepQueueFull,
            _ => return true,
        };
        *self.0.lock().entry(counter).or_default() += 1;
        true
    }
}

const SCENARIO: &str = r#"
name = "metrics"
until = "5s"
[cluster]
network = "cross-az"
[cluster.lanes]
heartbeat = { calls = "unary", queue = 8 }
bulk = { calls = "unary", queue = 8 }
[[workload]]
kind = "script"
clients = 32
reads-per-script = 3
"#;

/// Runs the scenario under a variant; returns the sums of the nodes' metrics, and the same from the history.
fn run(variant: &'static str) -> (BTreeMap<Counter, u64>, BTreeMap<Counter, u64>, u64, u64) {
    let simulate = move || {
        let scenario = given::parsed("metrics", SCENARIO);
        let counts = Counts::default();
        let history = History::new(Keep::Nothing, vec![Box::new(counts.clone())]);
        let recorder = Arc::new(Recorder::new(history, founders(&scenario), &[]));
        let world = SimWorld::new(1);
        executor::run(1, || {
            let variant = find(variant).unwrap();
            let plan = Plan {
                scenario: Arc::clone(&scenario),
                assembly: variant,
                routes: KeySpace::new(&scenario).routes(),
                leak: false,
            };
            let cluster = Cluster::build(world.clone(), Arc::clone(&recorder), plan);
            workload::start(&cluster, &scenario, &KeySpace::new(&scenario));
            world.run(SimTime::at(scenario.until), || false);
            let nodes: Vec<_> = cluster.nodes().filter_map(|id| cluster.node(id)).collect();
            let sum = |counter| {
                nodes.iter().map(|node| node.metrics(leasehold::env::GroupId::FIRST).get(counter)).sum::<u64>()
            };
            let metrics = Counter::ALL.map(|counter| (counter, sum(counter)));
            let scripts =
                nodes.iter().map(|node| node.metrics(leasehold::env::GroupId::FIRST).conflict_retries.count()).sum();
            let retries =
                nodes.iter().map(|node| node.metrics(leasehold::env::GroupId::FIRST).conflict_retries.sum()).sum();
            recorder.close();
            world.dissolve();
            (metrics.into_iter().filter(|(_, count)| *count > 0).collect(), counts.0.lock().clone(), scripts, retries)
        })
    };
    std::thread::Builder::new().spawn(simulate).unwrap().join().unwrap()
}

#[test]
fn counters_agree_with_the_history() {
    for variant in ["default", "elastickv-549"] {
        let (metrics, history, ..) = run(variant);
        for (counter, count) in &history {
            assert_eq!(metrics.get(counter), Some(count), "{} under {variant}", counter.name());
        }
        assert!(history.contains_key(&Counter::LeaseReadHit));
        assert!(history.contains_key(&Counter::DispatchDropped), "the lanes were never full: nothing was tested");
    }
}

#[test]
fn the_histogram_of_retries_counts_scripts_and_their_conflicts() {
    let (metrics, _, scripts, retries) = run("default");
    assert!(scripts > 100);
    assert!(retries <= metrics[&Counter::WriteConflict]);
    assert!(retries > scripts, "in this storm a script meets more than one conflict");
}
