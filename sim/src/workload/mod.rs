//! Clients.
//!
//! Every client has a port of its own, picks a node, puts a deadline on each operation and counts latency from the moment the
//! operation was due. It never repeats a write: what may have taken effect is recorded as unknown. All writes carry a
//! value of their own.

mod client;
mod kv;
mod pace;
mod script;
mod several;

use crate::cluster::Cluster;
use crate::history::KeyId;
use crate::scenario::{KeyDistribution, Scenario, Workload, WorkloadKind};
use crate::time::SimTime;
use crate::world::streams::Stream;
use client::Client;
use leasehold::env::GroupId;
use leasehold::request::Key;
use leasehold::routes::Routes;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// The keys of all workloads of a scenario: workloads with the same prefix share theirs.
#[derive(Clone, Debug)]
pub struct KeySpace {
    names: Arc<[String]>,
    /// The group that has each key, by number; `None`: none has.
    owners: Arc<[Option<GroupId>]>,
    /// The routes, if the scenario says which.
    routes: Option<Routes>,
    /// All keys in the order of their names.
    order: Arc<[KeyId]>,
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
        let group = |number: &Option<u32>| number.map(|number| GroupId(u64::from(number)));
        let range = |(from, owner): (&Key, &Option<u32>)| (from.clone(), group(owner));
        let routes = scenario.cluster.routes.as_ref().map(|ranges| Routes::new(ranges.iter().map(range)));
        let (mut names, mut owners, mut first) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (prefix, count) in counts {
            first.insert(prefix.to_owned(), names.len() as u32);
            let keys: Vec<String> = (0..count).map(|number| format!("{prefix}{number}")).collect();
            match &routes {
                Some(routes) => owners.extend(keys.iter().map(|key| routes.owner(key))),
                None => owners.extend(dealt(&keys, scenario.cluster.groups).into_iter().map(Some)),
            }
            names.extend(keys);
        }
        Self { order: in_order(&names), names: names.into(), owners: owners.into(), routes, first }
    }

    /// The ranges of keys that the groups have when the run begins.
    pub fn routes(&self) -> Routes {
        if let Some(routes) = &self.routes {
            return routes.clone();
        }
        let mut keys: Vec<_> = self.names.iter().zip(&*self.owners).collect();
        keys.sort_unstable();
        let mut ranges = vec![(Key::new(), Some(GroupId::FIRST))];
        for (key, owner) in keys {
            if ranges.last().is_none_or(|(_, before)| *before != *owner) {
                ranges.push((key.clone(), *owner));
            }
        }
        Routes::new(ranges)
    }

    /// The keys' names, by number.
    pub fn names(&self) -> Arc<[String]> {
        Arc::clone(&self.names)
    }
}

/// The numbers of these keys in the order of their names.
fn in_order(names: &[String]) -> Arc<[KeyId]> {
    let mut order: Vec<KeyId> = (0..names.len() as u32).map(KeyId).collect();
    order.sort_unstable_by_key(|key| &names[key.0 as usize]);
    order.into()
}

/// The group that has each of these keys: in the order of their names each group has as many as another.
fn dealt(keys: &[String], groups: u32) -> Vec<GroupId> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_unstable_by_key(|key| &keys[*key]);
    let mut owners = vec![GroupId::FIRST; keys.len()];
    for (position, key) in order.into_iter().enumerate() {
        owners[key] = GroupId((position * groups as usize / keys.len()) as u64 + 1);
    }
    owners
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

/// Draws keys as a workload's distribution says: of each group apart.
struct KeyChooser {
    names: Arc<[String]>,
    owners: Arc<[Option<GroupId>]>,
    order: Arc<[KeyId]>,
    sets: Vec<KeySet>,
}

/// Keys that follow each other in the order of their names.
struct Row {
    keys: Arc<[KeyId]>,
    /// The one behind them; `None`: there is none.
    next: Option<KeyId>,
}

/// Keys of one group, or of none, the most frequent first.
struct KeySet {
    group: Option<GroupId>,
    keys: Vec<KeyId>,
    /// Cumulative weights of a distribution that is not uniform.
    cumulative: Vec<u64>,
}

/// Weights are integers of this much for the most frequent key.
const WEIGHT: f64 = 1_000_000_000.0;

impl KeyChooser {
    fn new(workload: &Workload, keys: &KeySpace) -> Self {
        let first = keys.first.get(&workload.keys.prefix).copied().unwrap_or_default();
        let mut sets = BTreeMap::<Option<GroupId>, Vec<KeyId>>::new();
        for key in first..first + workload.keys.count {
            sets.entry(keys.owners[key as usize]).or_default().push(KeyId(key));
        }
        let wanted = |group: &Option<GroupId>| {
            let is_named = |number: &u32| group.is_some_and(|group| group.0 == u64::from(*number));
            workload.groups.is_empty() || workload.groups.iter().any(is_named)
        };
        sets.retain(|group, _| wanted(group));
        let sets = sets.into_iter().map(|(group, keys)| KeySet::new(group, keys, workload.keys.distribution)).collect();
        Self { names: keys.names(), owners: Arc::clone(&keys.owners), order: Arc::clone(&keys.order), sets }
    }

    /// One of any of its groups.
    fn draw(&self, stream: &mut Stream) -> KeyId {
        let set = if self.sets.len() > 1 { stream.below(self.sets.len() as u64) as usize } else { 0 };
        self.sets[set].draw(stream)
    }

    /// One of the group that has `key`.
    fn draw_beside(&self, key: KeyId, stream: &mut Stream) -> KeyId {
        let group = self.owner(key);
        self.sets.iter().find(|set| set.group == group).map_or(key, |set| set.draw(stream))
    }

    /// So many keys of its groups, from `key` on; fewer, where there are no more.
    fn row(&self, key: KeyId, number: u32) -> Row {
        let begin = self.order.partition_point(|other| self.names[other.0 as usize] < self.names[key.0 as usize]);
        let is_own = |key: &&KeyId| self.sets.iter().any(|set| set.group == self.owner(**key));
        let keys: Arc<[KeyId]> = self.order[begin..].iter().take(number as usize).take_while(is_own).copied().collect();
        Row { next: self.order.get(begin + keys.len()).copied(), keys }
    }

    fn owner(&self, key: KeyId) -> Option<GroupId> {
        self.owners[key.0 as usize]
    }

    fn name(&self, key: KeyId) -> String {
        self.names[key.0 as usize].clone()
    }
}

impl KeySet {
    fn new(group: Option<GroupId>, keys: Vec<KeyId>, distribution: KeyDistribution) -> Self {
        let cumulative = match distribution {
            KeyDistribution::Uniform => Vec::new(),
            KeyDistribution::Zipf { exponent_milli } => {
                let exponent = f64::from(exponent_milli) / 1000.0;
                // libm, not std: its last bit is the same on every machine.
                let weights = (1..=keys.len()).map(|rank| (WEIGHT / libm::pow(rank as f64, exponent)) as u64);
                let running = weights.scan(0, |sum, weight| {
                    *sum += weight.max(1);
                    Some(*sum)
                });
                running.collect()
            }
        };
        Self { group, keys, cumulative }
    }

    fn draw(&self, stream: &mut Stream) -> KeyId {
        let rank = match self.cumulative.last() {
            None => stream.below(self.keys.len() as u64) as usize,
            Some(total) => {
                let point = stream.below(*total);
                self.cumulative.partition_point(|sum| *sum <= point)
            }
        };
        self.keys[rank]
    }
}

/// What a client of this workload does next, on `key` first of all.
async fn act(client: Arc<Client>, workload: &Workload, due: SimTime, key: KeyId) {
    match workload.kind {
        WorkloadKind::Kv => kv::act(&client, workload, due, key).await,
        WorkloadKind::Script => script::act(&client, workload.reads, due, key).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Count, Keys, Mix, ScriptReads};
    use crate::world::streams::Streams;

    fn space(text: &str) -> (Scenario, KeySpace) {
        let file = format!("name = \"p\"\nuntil = \"1s\"\n{text}");
        let scenario = crate::scenario::parse(std::path::Path::new("p.toml"), &file);
        let scenario = scenario.unwrap_or_else(|problems| panic!("{problems}"));
        let keys = KeySpace::new(&scenario);
        (scenario, keys)
    }

    #[test]
    fn each_group_has_as_many_keys_of_each_prefix_and_routes_say_which() {
        let (_, keys) = space(
            "[cluster]\ngroups = 3\n[[workload]]\nkind = \"kv\"\nkeys = 12\n[[workload]]\nkind = \"script\"\nkeys = { count = 3, prefix = \"q\" }",
        );
        let owners = &keys.owners;
        let count = |group| owners.iter().filter(|owner| **owner == Some(GroupId(group))).count();
        assert_eq!([1, 2, 3].map(count), [5, 5, 5]);
        let routes = keys.routes();
        let names = keys.names();
        assert!(names.iter().zip(&**owners).all(|(name, owner)| routes.owner(name) == *owner), "{routes:?}");
    }

    #[test]
    fn a_workload_of_one_group_draws_its_keys_alone_and_a_script_stays_in_the_group_of_its_first() {
        let (scenario, keys) = space(
            "[cluster]\ngroups = 2\n[[workload]]\nkind = \"kv\"\nkeys = 8\ngroups = [\"g2\"]\n[[workload]]\nkind = \"script\"\nkeys = 8",
        );
        let chooser = |workload: usize| KeyChooser::new(&scenario.workloads[workload], &keys);
        let (of_second, of_both) = (chooser(0), chooser(1));
        let mut stream = Streams::new(1).stream(&["keys"]);
        for _ in 0..100 {
            assert_eq!(of_second.owner(of_second.draw(&mut stream)), Some(GroupId(2)));
            let first = of_both.draw(&mut stream);
            assert_eq!(of_both.owner(of_both.draw_beside(first, &mut stream)), of_both.owner(first));
        }
    }

    #[test]
    fn a_row_follows_the_names_across_groups_up_to_where_there_are_no_more_or_another_groups() {
        let (scenario, keys) = space(
            "[cluster]\ngroups = 2\n[[workload]]\nkind = \"kv\"\nkeys = 12\n[[workload]]\nkind = \"kv\"\nkeys = 12\ngroups = [\"g1\"]",
        );
        let row = |workload: usize, key, number| {
            let Row { keys, next } = KeyChooser::new(&scenario.workloads[workload], &keys).row(KeyId(key), number);
            (keys.iter().map(|key| key.0).collect::<Vec<_>>(), next.map(|key| key.0))
        };
        // k0, k1, k10, k11, k2, k3 are the first group's.
        assert_eq!(row(0, 1, 4), (vec![1, 10, 11, 2], Some(3)));
        assert_eq!(row(0, 8, 4), (vec![8, 9], None));
        assert_eq!((row(0, 2, 3), row(1, 2, 3)), ((vec![2, 3, 4], Some(5)), (vec![2, 3], Some(4))));
    }

    #[test]
    fn zipf_prefers_the_first_keys_in_proportion() {
        let distribution = KeyDistribution::Zipf { exponent_milli: 1000 };
        let cumulative = |count| {
            let keys = Keys { count, distribution, prefix: "k".into() };
            let names: Arc<[String]> = (0..count).map(|n| format!("k{n}")).collect();
            let owners = vec![Some(GroupId::FIRST); count as usize].into();
            let space = KeySpace {
                order: in_order(&names),
                names,
                owners,
                routes: None,
                first: BTreeMap::from([("k".into(), 0)]),
            };
            let workload = Workload {
                groups: Vec::new(),
                name: "kv".into(),
                kind: WorkloadKind::Script,
                mix: Mix::default(),
                reads: ScriptReads::constant(1),
                mget_keys: Count::constant(4),
                scan_keys: Count::constant(4),
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
