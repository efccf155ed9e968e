//! Clients.
//!
//! Every client has a port of its own, picks a node, puts a deadline on each operation and counts latency from the moment the
//! operation was due. It never repeats a write: what may have taken effect is recorded as unknown. All writes carry a
//! value of their own.

mod client;
mod kv;
mod pace;
mod script;

use crate::cluster::Cluster;
use crate::history::KeyId;
use crate::scenario::{KeyDistribution, Scenario, Workload, WorkloadKind};
use crate::time::SimTime;
use crate::world::streams::Stream;
use client::Client;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The keys of all workloads of a scenario: workloads with the same prefix share theirs.
#[derive(Clone, Debug)]
pub struct KeySpace {
    names: Arc<[String]>,
    /// First key of each prefix.
    first: BTreeMap<String, u32>,
}

impl KeySpace {
    /// The keys that a scenario's workloads use.
    pub fn new(scenario: &Scenario) -> Self {
        let mut counts = BTreeMap::<&str, u32>::new();
        for workload in &scenario.workloads {
            let count = counts.entry(&workload.keys.prefix).or_default();
            *count = (*count).max(workload.keys.count);
        }
        let mut names = Vec::new();
        let mut first = BTreeMap::new();
        for (prefix, count) in counts {
            first.insert(prefix.to_owned(), names.len() as u32);
            names.extend((0..count).map(|number| format!("{prefix}{number}")));
        }
        Self { names: names.into(), first }
    }

    /// The keys' names, by number.
    pub fn names(&self) -> Arc<[String]> {
        Arc::clone(&self.names)
    }
}

/// Starts every workload of the scenario.
pub fn start(cluster: &Cluster, scenario: &Arc<Scenario>, keys: &KeySpace) {
    let operations = Arc::new(AtomicU64::new(0));
    let mut number = 0;
    for workload in &scenario.workloads {
        let process = cluster.world().process(&format!("clients of {}", workload.name));
        let chooser = Arc::new(KeyChooser::new(workload, keys));
        let plan = Arc::new(workload.clone());
        let clients = (0..workload.clients).map(|index| {
            let number = number + index;
            Arc::new(Client::new(cluster, (number, index), &plan, &chooser, Arc::clone(&operations)))
        });
        let clients: Vec<_> = clients.collect();
        let end = workload.until.unwrap_or(scenario.until);
        pace::start(cluster, &process, workload, clients, SimTime::at(end));
        number += workload.clients;
    }
}

/// Draws keys as a workload's distribution says.
struct KeyChooser {
    names: Arc<[String]>,
    first: u32,
    /// Cumulative weights of a distribution that is not uniform.
    cumulative: Vec<u64>,
    count: u32,
}

/// Weights are integers of this much for the most frequent key.
const WEIGHT: f64 = 1_000_000_000.0;

impl KeyChooser {
    fn new(workload: &Workload, keys: &KeySpace) -> Self {
        let count = workload.keys.count;
        let cumulative = match workload.keys.distribution {
            KeyDistribution::Uniform => Vec::new(),
            KeyDistribution::Zipf { exponent_milli } => {
                let exponent = f64::from(exponent_milli) / 1000.0;
                // libm, not std: its last bit is the same on every machine.
                let weights = (1..=count).map(|rank| (WEIGHT / libm::pow(f64::from(rank), exponent)) as u64);
                let running = weights.scan(0, |sum, weight| {
                    *sum += weight.max(1);
                    Some(*sum)
                });
                running.collect()
            }
        };
        let first = keys.first.get(&workload.keys.prefix).copied().unwrap_or_default();
        Self { names: keys.names(), first, cumulative, count }
    }

    fn draw(&self, stream: &mut Stream) -> KeyId {
        let rank = match self.cumulative.last() {
            None => stream.below(u64::from(self.count)) as u32,
            Some(total) => {
                let point = stream.below(*total);
                self.cumulative.partition_point(|sum| *sum <= point) as u32
            }
        };
        KeyId(self.first + rank)
    }

    fn name(&self, key: KeyId) -> String {
        self.names[key.0 as usize].clone()
    }
}

/// What a client of this workload does next, on `key` first of all.
async fn act(client: Arc<Client>, workload: &Workload, due: SimTime, key: KeyId) {
    match workload.kind {
        WorkloadKind::Kv => kv::act(&client, workload.mix, due, key).await,
        WorkloadKind::Script => script::act(&client, workload.reads, due, key).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Keys, Mix, ScriptReads};
    use crate::world::streams::Streams;

    #[test]
    fn zipf_prefers_the_first_keys_in_proportion() {
        let distribution = KeyDistribution::Zipf { exponent_milli: 1000 };
        let cumulative = |count| {
            let keys = Keys { count, distribution, prefix: "k".into() };
            let names: Arc<[String]> = (0..count).map(|n| format!("k{n}")).collect();
            let space = KeySpace { names, first: BTreeMap::from([("k".into(), 0)]) };
            let workload = Workload {
                name: "kv".into(),
                kind: WorkloadKind::Script,
                mix: Mix::default(),
                reads: ScriptReads::constant(1),
                clients: 1,
                keys,
                rate: None,
                burst: 1,
                think: std::time::Duration::ZERO,
                deadline: std::time::Duration::from_secs(2),
                budget: None,
                to: crate::scenario::Target::Any,
                value_size: crate::scenario::Distribution::constant(crate::scenario::Bytes(8)),
                from: std::time::Duration::ZERO,
                until: None,
            };
            KeyChooser::new(&workload, &space)
        };
        let chooser = cumulative(4);
        let mut stream = Streams::new(1).stream(&["zipf"]);
        let mut counts = [0_u32; 4];
        (0..25_000).for_each(|_| counts[chooser.draw(&mut stream).0 as usize] += 1);
        // Weights 1, 1/2, 1/3, 1/4: shares 0.48, 0.24, 0.16, 0.12.
        for (count, share) in counts.iter().zip([12_000, 6_000, 4_000, 3_000]) {
            assert!(count.abs_diff(share) < share / 10, "{counts:?}");
        }
    }
}
