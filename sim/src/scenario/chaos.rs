//! From `[chaos]` and a seed to a scenario like any other: a cluster, and a timeline that a person could have written.
//!
//! A fault exists in a run or it does not (swarm testing, Groce et al., ISSTA 2012): where everything is always wrong, most of
//! what needs two things to meet in peace is never seen. What is drawn stays within what is claimed of clocks, so that whatever is
//! violated is a bug: no monotonic clock stands still or jumps.

use std::{collections::BTreeSet, time::Duration};

use super::{
    Action, Claims, Cluster, Disk, Heal, Healed, Leftover, Moment, Network, Phase, Ppm, Profiled, Ranges, Scenario,
    Step, Transfer, Verb, When,
    verb::draw::{Dice, Steps},
};
use crate::words::{RenewalKind, Spelled};

impl Scenario {
    /// What a seed makes of a scenario with `[chaos]`: `dice` gives a source of numbers for each purpose. One without stays as
    /// it is.
    pub fn drawn<D: Dice>(&self, dice: impl Fn(&str) -> D) -> Self {
        let Some(chaos) = &self.chaos else { return self.clone() };
        let keys: BTreeSet<String> = self.workloads.iter().flat_map(|workload| workload.keys.names()).collect();
        let keys = Vec::from_iter(keys);
        let cluster = self.drawn_cluster(&keys, &mut dice("cluster"));
        let claims = claims(self.claims, &mut dice("claims"));
        let mut timeline = self.timeline.clone();
        // As a file hands over the last of its groups, those that the seed adds are handed over.
        for added in self.cluster.groups + 1..=cluster.groups {
            timeline.extend(self.timeline.iter().filter_map(|step| step.of_another(self.cluster.groups, added)));
        }
        let may_exist: Vec<Verb> = chaos.among(cluster.groups).collect();
        let exist = existing(&may_exist, &mut dice("faults"));
        for fault in exist {
            let mut steps = Steps { cluster: &cluster, keys: &keys, claims, dice: &mut dice(fault.word()) };
            let last = self.until.saturating_sub(chaos.quiet);
            act(fault, last, &mut steps, &mut timeline);
        }
        timeline.push(Step {
            line: 0,
            name: None,
            group: None,
            at: When::At(self.until.saturating_sub(chaos.quiet)),
            action: Action::Heal(CALM),
        });
        timeline.sort_by_key(|step| step.at.start());
        Self { cluster, claims, timeline, chaos: None, ..self.clone() }
    }

    fn drawn_cluster(&self, keys: &[String], dice: &mut dyn Dice) -> Cluster {
        let drawn = cluster(&self.cluster, dice);
        // A workload that names its groups needs keys of theirs.
        let are_named = self.workloads.iter().any(|workload| !workload.groups.is_empty());
        if drawn.groups == 1 || drawn.routes.is_some() || are_named {
            return drawn;
        }
        Cluster { routes: dice.chance(50).then(|| ranges(keys, drawn.groups, dice)), ..drawn }
    }
}

impl Step {
    /// The same of group `other`, if it is a transfer of leadership in `group`.
    fn of_another(&self, group: u32, other: u32) -> Option<Self> {
        match &self.action {
            Action::Transfer(transfer) if transfer.group == Some(group) => {
                let action = Action::Transfer(Transfer { group: Some(other), ..transfer.clone() });
                Some(Self { line: 0, name: None, action, ..self.clone() })
            }
            _ => None,
        }
    }
}

/// By which chaos ends.
const CALM: Heal = Heal { what: Healed::Everything, messages: Leftover::Drop };

/// Each exists in two of five runs, and one always does.
fn existing(faults: &[Verb], dice: &mut dyn Dice) -> Vec<Verb> {
    let always = dice.pick(faults);
    faults.iter().copied().filter(|fault| dice.chance(40) || *fault == always).collect()
}

fn cluster(file: &Cluster, dice: &mut dyn Dice) -> Cluster {
    // Election timeout, heartbeat: ten to one as in TiKV, etcd and elastickv, and tighter.
    let (election, heartbeat) = dice.pick(&[(300, 50), (500, 50), (1_000, 100), (1_000, 200), (1_000, 100)]);
    let network = |dice: &mut dyn Dice| {
        let names = ["same-az", "same-az", "cross-az", "cross-region"];
        Network::named(dice.pick(&names)).unwrap_or_else(|| file.network.clone())
    };
    let drawn = Cluster {
        nodes: dice.pick(&[3, 3, 5]),
        learners: u32::from(dice.chance(25)),
        spares: u32::from(dice.chance(25)),
        compact_after: if dice.chance(40) { Some(dice.pick(&[50, 200, 1_000])) } else { file.compact_after },
        tick: Duration::from_millis(10),
        heartbeat: Duration::from_millis(heartbeat),
        election_timeout: Duration::from_millis(election),
        lease: dice.chance(20).then(|| Duration::from_millis(election * dice.pick(&[5, 7, 9]) / 10)),
        renewal: if dice.chance(20) { RenewalKind::ReadRounds } else { RenewalKind::Acks },
        network: network(dice),
        disk: Disk::named(dice.pick(&["nvme", "nvme", "cloud-ssd"])).unwrap_or_else(|| file.disk.clone()),
        ..file.clone()
    };
    // Of a file with several groups at least these; on all nodes, or each on three.
    match drawn.groups {
        1 => drawn,
        least => Cluster { groups: least + dice.pick(&[0, 0, 1, 3]), replicas: dice.chance(50).then_some(3), ..drawn },
    }
}

/// Ranges of one or more of these keys, and a group for each; some group may have none.
fn ranges(keys: &[String], groups: u32, dice: &mut dyn Dice) -> Ranges {
    let mut ranges = Ranges::new();
    let begins: Vec<&String> = keys.iter().filter(|_| dice.chance(40)).collect();
    for from in [&String::new()].into_iter().chain(begins) {
        let owner = Some(dice.below(u64::from(groups)) as u32 + 1);
        // One range, where neighbours have the same.
        if ranges.last_key_value().is_none_or(|(_, before)| *before != owner) {
            ranges.insert(from.clone(), owner);
        }
    }
    ranges
}

/// Oscillators differ by 200 ppm at most where nobody disciplines them, by 1,000 where NTP slews one each way.
fn claims(file: Claims, dice: &mut dyn Dice) -> Claims {
    Claims { clock_drift: dice.pick(&[file.clock_drift, file.clock_drift, Ppm(1_000)]), ..file }
}

/// The steps of one fault, until `last`.
fn act(fault: Verb, last: Duration, steps: &mut Steps<'_>, timeline: &mut Vec<Step>) {
    let election = steps.cluster.election_timeout;
    // From often to seldom; a fault that acts all the time hides what happens after it.
    let apart = election * steps.dice.pick(&[2, 4, 8]);
    let mut at = election * 2 + steps.within(apart);
    while at < last {
        let action = Action::drawn(fault, steps);
        let at_phase = steps.dice.chance(25) && !matches!(fault, Verb::Membership);
        let when = if at_phase { moment(steps, at, last) } else { When::At(at) };
        let groups = steps.cluster.groups;
        let group = (groups > 1 && steps.dice.chance(60)).then(|| steps.dice.below(u64::from(groups)) as u32 + 1);
        timeline.push(Step { line: 0, name: None, group, at: when, action });
        at += apart / 5 + steps.within(apart * 8 / 5);
    }
}

fn moment(steps: &mut Steps<'_>, from: Duration, to: Duration) -> When {
    let phases: Vec<Phase> = Phase::all().collect();
    let phase = steps.dice.pick(&phases);
    let shift = steps.dice.pick(&[0, 0, 1, 5, 20, 100]);
    let (shift, zero) = (Duration::from_millis(shift), Duration::ZERO);
    let early = phase.is_foreseen() && steps.dice.chance(50);
    let (after, before) = if early { (zero, shift) } else { (shift, zero) };
    When::On { moment: Moment { phase, after, before }, from, to, times: 1 }
}
