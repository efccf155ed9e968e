//! A plainer setting: what is asked of the run, the cluster, and what clients do.

use super::size::Size;
use crate::scenario::{
    Checks, Claims, Cluster, Floor, Metric, Mix, Pace, Scenario, ScriptReads, Stat, Workload, WorkloadKind, parse,
};
use std::path::Path;
use std::time::Duration;

/// A change, and what it makes of a scenario that it changes.
fn changed<T: Clone + PartialEq>(from: &T, change: impl FnOnce(&mut T)) -> Option<T> {
    let mut to = from.clone();
    change(&mut to);
    (to != *from).then_some(to)
}

/// `scenario`, with the one floor that such a file has: that faults did something; where there are none, that somebody was served. How many
/// faults it says itself, as long as there are so many.
pub(super) fn grounded(scenario: Scenario) -> Scenario {
    let faults = Size::of(&scenario).faults as u64;
    let metric = if faults > 0 { Metric::FaultsEffective } else { Metric::Operations(None, Stat::Ok) };
    let least = match &scenario.floors[..] {
        [Floor { metric: Metric::FaultsEffective, least, .. }] if *least <= faults => *least,
        _ => 1,
    };
    Scenario { floors: vec![Floor { metric, least, line: 0 }], ..scenario }
}

/// All faults must have done something.
pub(super) fn all_effective(scenario: &Scenario) -> Option<Scenario> {
    let least = Size::of(scenario).faults as u64;
    changed(scenario, |it| it.floors.iter_mut().for_each(|floor| floor.least = least.max(1)))
}

/// Without expectations, claims and exceptions: all at once, or one by one.
pub(super) fn unasked(scenario: &Scenario) -> Vec<Scenario> {
    let of = |change: &dyn Fn(&mut Scenario)| changed(scenario, |it| change(it));
    let all = of(&|it| {
        it.expect.bounds.clear();
        (it.claims, it.checks) = (Claims::default(), Checks::default());
    });
    let each = [
        of(&|it| it.expect.bounds.clear()),
        of(&|it| it.claims = Claims::default()),
        of(&|it| it.checks = Checks::default()),
    ];
    let bounds = (0..scenario.expect.bounds.len()).map(|number| of(&|it| _ = it.expect.bounds.remove(number)));
    let recorded =
        (0..scenario.checks.record_only.len()).map(|number| of(&|it| _ = it.checks.record_only.remove(number)));
    [all].into_iter().chain(each).chain(bounds).chain(recorded).flatten().collect()
}

/// The usual cluster, but for its size and engine: all of it at once, or one thing after the other.
pub(super) fn usual(scenario: &Scenario) -> Vec<Scenario> {
    /// One thing of a cluster as it is where nothing is said.
    macro_rules! usually {
        ($($($field:ident)+),*) => {
            [$((|it: &mut Cluster| { $(it.$field = Cluster::default().$field;)+ }) as fn(&mut Cluster)),*]
        };
    }
    let one = usually![
        tick heartbeat election_timeout lease, heartbeat election_timeout, lease, renewal, compact_after, network, client_network,
        links, lanes, disk, cpu, reads_per_get, inner_reads, changes, async_writes, group_commit_delay, max_append_bytes,
        max_inflight, pre_vote, check_quorum, admission, placement replicas, routes
    ];
    let all = |it: &mut Cluster| {
        let Cluster { nodes, learners, spares, groups, engine, .. } = *it;
        *it = Cluster { nodes, learners, spares, groups, engine, ..Cluster::default() };
    };
    let clusters = [all as fn(&mut Cluster)].into_iter().chain(one);
    clusters.filter_map(|change| changed(scenario, |it| change(&mut it.cluster))).collect()
}

/// Fewer nodes, learners, spares and groups, the fewest first.
pub(super) fn fewer(scenario: &Scenario) -> Vec<Scenario> {
    let Cluster { nodes, learners, spares, groups, .. } = scenario.cluster;
    let of = |change: &dyn Fn(&mut Cluster)| changed(scenario, |it| change(&mut it.cluster));
    let beside = of(&|it| (it.learners, it.spares) = (0, 0));
    let spares = (0..spares).map(|spares| of(&|it| it.spares = spares));
    let learners = (0..learners).map(|learners| of(&|it| it.learners = learners));
    let one = (groups > 1).then(|| alone(scenario));
    let groups = (1..groups).map(|groups| of(&|it| it.groups = groups));
    let nodes = (1..nodes).map(|nodes| {
        of(&|it| {
            it.nodes = nodes;
            it.replicas = it.replicas.map(|replicas| replicas.min(nodes));
        })
    });
    [one, beside].into_iter().chain(groups).chain(nodes).chain(spares).chain(learners).flatten().collect()
}

/// With one group, of which nobody speaks by its number.
fn alone(scenario: &Scenario) -> Scenario {
    let usual = Cluster::default();
    let mut alone = scenario.clone();
    let Cluster { groups, replicas, placement, routes, .. } = usual;
    alone.cluster = Cluster { groups, replicas, placement, routes, ..alone.cluster };
    alone.timeline.iter_mut().for_each(|step| step.group = None);
    alone.workloads.iter_mut().for_each(|workload| workload.groups.clear());
    alone
}

/// Without one of the workloads.
pub(super) fn without(scenario: &Scenario) -> Vec<Scenario> {
    let several = scenario.workloads.len() > 1;
    let numbers = (0..scenario.workloads.len()).filter(|_| several);
    numbers.filter_map(|number| changed(scenario, |it| _ = it.workloads.remove(number))).collect()
}

/// The workload of this number, plainer: fewer clients, keys, operations and kinds of them; the usual values, and round numbers.
pub(super) fn plainer(scenario: &Scenario, number: usize) -> Vec<Scenario> {
    let Some(workload) = scenario.workloads.get(number) else { return Vec::new() };
    let Some(usual) = usual_of(workload.kind) else { return Vec::new() };
    let mut plainer: Vec<Workload> = Vec::new();
    let mut of = |change: &dyn Fn(&mut Workload)| plainer.extend(changed(workload, |it| change(it)));
    for clients in few(workload.clients) {
        of(&|it| it.clients = clients);
    }
    for keys in few(workload.keys.count) {
        of(&|it| it.keys.count = keys);
    }
    of(&|it| it.keys.distribution = usual.keys.distribution);
    of(&|it| it.groups.clear());
    for mix in mixes(workload) {
        of(&|it| it.mix = mix);
    }
    of(&|it| (it.mget_keys, it.scan_keys) = (usual.mget_keys, usual.scan_keys));
    of(&|it| it.reads = ScriptReads::constant(1));
    of(&|it| it.value_size = usual.value_size.clone());
    of(&|it| it.burst = 1);
    if let Pace::Open { per_second_milli, .. } = workload.pace() {
        for rate in [1, 2, 5, 10, 20, 50, 100, 200, 500].map(|rate| rate * 1_000) {
            if rate < per_second_milli {
                of(&|it| it.rate = Some(rate));
            }
        }
    }
    of(&|it| it.to = usual.to);
    of(&|it| it.budget = None);
    of(&|it| it.deadline = usual.deadline);
    of(&|it| (it.from, it.until) = (Duration::ZERO, None));
    let with = |workload| {
        let mut changed = scenario.clone();
        changed.workloads[number] = workload;
        changed
    };
    plainer.into_iter().map(with).collect()
}

/// The clients of a file that says no more of them than what they do.
fn usual_of(kind: WorkloadKind) -> Option<Workload> {
    let text = format!("name = \"usual\"\nuntil = \"1s\"\n[[workload]]\nkind = \"{kind}\"\n");
    parse(Path::new("usual.toml"), &text).ok()?.workloads.pop()
}

/// Few, and fewer than so many.
fn few(many: u32) -> impl Iterator<Item = u32> {
    [1, 2, 3, 4, 8].into_iter().filter(move |few| *few < many)
}

/// Mixes of fewer kinds: the usual one, or without one kind, whose share goes to the greatest.
fn mixes(workload: &Workload) -> Vec<Mix> {
    let shares = |mix: &Mix| [mix.get, mix.put, mix.cas, mix.update, mix.delete, mix.mget, mix.scan];
    let of = |[get, put, cas, update, delete, mget, scan]: [u32; 7]| Mix { get, put, cas, update, delete, mget, scan };
    let now = shares(&workload.mix);
    let kinds = now.iter().filter(|share| **share > 0).count();
    if workload.kind != WorkloadKind::Kv || kinds < 2 {
        return Vec::new();
    }
    let less = (0..now.len()).filter(|kind| now[*kind] > 0).map(|kind| {
        let mut left = now;
        let share = std::mem::take(&mut left[kind]);
        if let Some(greatest) = left.iter_mut().rev().max_by_key(|share| **share) {
            *greatest += share;
        }
        of(left)
    });
    [Mix::default()].into_iter().chain(less).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::scenario;
    use super::*;
    use crate::scenario::print;

    /// The lines of a printed scenario that are not in that of `base`, one scenario a row.
    fn rows(base: &Scenario, changed: &[Scenario]) -> String {
        let (text, mut rows) = (print(base), Vec::new());
        for changed in changed {
            let now = print(changed);
            let gone = text.lines().filter(|line| !now.contains(line)).map(|line| format!("-{line}"));
            let come = now.lines().filter(|line| !text.contains(line)).map(|line| format!("+{line}"));
            rows.push(gone.chain(come).collect::<Vec<_>>().join("  "));
        }
        rows.join("\n")
    }

    #[test]
    fn what_need_not_be_asked_goes_at_once_or_one_by_one() {
        let asks = scenario("", "[claims]\nclock-drift = \"1%\"\n[expect]\nstale-reads = 0\nget-p99 = \"<= 5ms\"\n");
        insta::assert_snapshot!(rows(&asks, &unasked(&asks)), @r#"
        -[claims]  -clock-drift = "10000ppm"  -[expect]  -stale-reads = 0  -get-p99 = "<= 5ms"
        -[expect]  -stale-reads = 0  -get-p99 = "<= 5ms"
        -[claims]  -clock-drift = "10000ppm"
        -stale-reads = 0
        -get-p99 = "<= 5ms"
        "#);
    }

    #[test]
    fn the_floor_is_that_faults_did_something_or_that_somebody_was_served() {
        let floor = |scenario: Scenario| {
            let [floor] = &grounded(scenario).floors[..] else { panic!("one floor") };
            format!("{} {}", floor.metric, floor.least)
        };
        let two = "timeline = [{ at = \"1s\", transfer = {} }, { at = \"2s\", transfer = {} }]";
        assert_eq!(floor(scenario("", "[floors]\nreads = 9")), "all-ok 1");
        assert_eq!(floor(scenario(two, "[floors]\nreads = 9")), "faults-effective 1");
        let all = all_effective(&grounded(scenario(two, ""))).expect("two are more than one");
        assert_eq!(all_effective(&all), None);
        assert_eq!(floor(all.clone()), "faults-effective 2");
        assert_eq!(floor(Scenario { timeline: all.timeline[1..].to_vec(), ..all }), "faults-effective 1");
    }

    #[test]
    fn the_cluster_becomes_the_usual_one() {
        let odd = scenario(
            "",
            "[cluster]\nelection-timeout = \"300ms\"\nheartbeat = \"50ms\"\nnetwork = \"cross-az\"\ncompact-after = 50\n",
        );
        insta::assert_snapshot!(rows(&odd, &usual(&odd)), @r#"
        -[cluster]  -compact-after = 50  -heartbeat = "50ms"  -election-timeout = "300ms"  -network = "cross-az"
        -heartbeat = "50ms"  -election-timeout = "300ms"
        -heartbeat = "50ms"  -election-timeout = "300ms"
        -compact-after = 50
        -network = "cross-az"
        "#);
    }

    #[test]
    fn the_cluster_has_fewer_nodes_and_one_group() {
        let large = scenario("", "[cluster]\nnodes = 4\nlearners = 1\ngroups = 2\n");
        insta::assert_snapshot!(rows(&large, &fewer(&large)), @r#"
        -groups = 2
        -learners = 1
        -groups = 2
        -nodes = 4  +nodes = 1
        -nodes = 4  +nodes = 2
        -nodes = 4
        -learners = 1
        "#);
    }

    #[test]
    fn clients_do_less_and_fewer_things() {
        let busy = scenario(
            "",
            "[[workload]]\nkind = \"kv\"\nname = \"busy\"\nclients = 3\nkeys = 2\nmix = { get = 0.6, put = 0.3, cas = 0.1 }\nrate = \"7/s\"\ndeadline = \"1s\"\n",
        );
        let last = busy.workloads.len() - 1;
        insta::assert_snapshot!(rows(&busy, &plainer(&busy, last)), @r#"
        -clients = 3  +clients = 1
        -clients = 3  +clients = 2
        -keys = { count = 2 }  +keys = { count = 1 }
        -mix = { get = 0.6, put = 0.3, cas = 0.1 }
        -mix = { get = 0.6, put = 0.3, cas = 0.1 }  +mix = { put = 0.9, cas = 0.1 }
        -mix = { get = 0.6, put = 0.3, cas = 0.1 }  +mix = { get = 0.9, cas = 0.1 }
        -mix = { get = 0.6, put = 0.3, cas = 0.1 }  +mix = { get = 0.7, put = 0.3 }
        -rate = "7/s"  +rate = "1/s"
        -rate = "7/s"  +rate = "2/s"
        -rate = "7/s"  +rate = "5/s"
        -deadline = "1s"
        "#);
        assert_eq!(without(&busy).len(), 2);
        assert_eq!(without(&scenario("", "")).len(), 0, "one must stay");
    }
}
