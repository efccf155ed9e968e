use std::time::Duration;

use super::{read, sample, timeline, with};
use crate::scenario::{
    Action, Calls, Class, ClockFault, ClockHarm, Cluster, Count, Cut, DiskFault, DiskHarm, Drift, Ends, Engine, Heal,
    Healed, Jump, KeyDistribution, Keys, Leftover, MessageKind, Metric, Mix, Moment, OpKind, Pace, Paused, PausedClock,
    Phase, Point, Ppm, Scenario, ScriptReads, Seeds, Selector, Shape, ShapeName, Stat, Tail, Target, Transfer, When,
    WorkloadKind,
};
use crate::words::{RenewalKind, Spelled, Work};

const SECOND: Duration = Duration::from_secs(1);

#[track_caller]
fn accept(text: &str) -> Scenario {
    match read(text) {
        Ok(scenario) => scenario,
        Err(problems) => panic!("refused:\n{problems}"),
    }
}

#[test]
fn a_file_that_is_for_one_engine_alone_means_that_one() {
    let engine = |head: &str| accept(&with(head, "")).cluster.engine;
    assert_eq!(engine("engines = [\"openraft\"]"), Engine::Openraft);
    assert_eq!(engine("engines = [\"raft-rs\"]"), Engine::RaftRs);
    assert_eq!(engine("engines = [\"openraft\", \"raft-rs\"]"), Engine::RaftRs);
    assert_eq!(engine(""), Engine::RaftRs);
}

#[test]
fn the_sample_of_the_design_says_what_it_seems_to_say() {
    let scenario = sample().expect("the sample is valid");
    assert_eq!(scenario.name, "transfer-under-storm");
    assert_eq!(scenario.seeds, Seeds::range(1, 20));
    assert_eq!(scenario.until, 20 * SECOND);
    assert_eq!(scenario.cluster, Cluster::default());
    assert_eq!(scenario.claims.clock_drift, Ppm(200));

    let verbs: Vec<String> = scenario.timeline.iter().map(|step| step.action.to_string()).collect();
    assert_eq!(verbs, ["tag", "transfer", "partition", "heal"]);
    let lines: Vec<usize> = scenario.timeline.iter().map(|step| step.line).collect();
    assert_eq!(lines, [7, 8, 9, 10]);
    assert_eq!(scenario.timeline[0].at, When::Window { from: 2 * SECOND, to: 6 * SECOND });
    assert_eq!(
        scenario.timeline[1].action,
        Action::Transfer(Transfer { group: None, from: Selector::Leader, to: Selector::Follower })
    );
    let Action::Partition(partition) = &scenario.timeline[2].action else { panic!("a partition") };
    assert_eq!(partition.shape, Shape::Sides([vec![Selector::Leader], vec![Selector::Others]]));
    assert_eq!((partition.how, partition.lasts), (Cut::Hold, Some(SECOND * 3 / 2)));

    let [workload] = &scenario.workloads[..] else { panic!("one workload") };
    assert_eq!((workload.kind, workload.reads), (WorkloadKind::Script, ScriptReads::constant(7)));
    assert_eq!(workload.clients, 32);
    assert_eq!(workload.keys.distribution, KeyDistribution::Zipf { exponent_milli: 1100 });

    let bounds: Vec<_> =
        scenario.expect.bounds.iter().map(|e| (e.metric.to_string(), e.window.as_deref(), e.bound.value)).collect();
    let expected = [
        ("stale-reads".to_owned(), None, 0.0),
        ("lease-hit-rate".to_owned(), Some("storm"), 0.97),
        ("lease-hit-rate".to_owned(), None, 0.8),
        ("recovery".to_owned(), None, 3.0),
        ("get-p99".to_owned(), Some("storm"), 0.005),
    ];
    assert_eq!(bounds, expected);
    assert_eq!(scenario.expect.variants["elastickv-549"].class, Some(Class::Expectation));
    assert_eq!(scenario.floors.iter().map(|floor| floor.least).collect::<Vec<_>>(), [10_000, 2]);
}

#[test]
fn what_a_file_leaves_out_has_a_default() {
    let scenario = accept(&with("", ""));
    assert_eq!(scenario.seeds.to_string(), "1..=5");
    assert_eq!(scenario.cluster, Cluster::default());
    let workload = &scenario.workloads[0];
    assert_eq!((workload.name.as_str(), workload.clients, workload.to), ("kv", 8, Target::Any));
    let mix = Mix { get: 900, put: 100, cas: 0, update: 0, delete: 0, mget: 0, scan: 0 };
    assert_eq!((workload.kind, workload.mix), (WorkloadKind::Kv, mix));
    assert_eq!(workload.keys, Keys::default());
    assert_eq!(workload.pace(), Pace::Closed { think: Duration::ZERO });
    assert_eq!((workload.deadline, workload.from, workload.until), (2 * SECOND, Duration::ZERO, None));
}

#[test]
fn steps_are_by_time_and_by_line_among_equals() {
    let text = timeline(
        "{ at = \"5s\", heal = \"everything\" },\n{ at = \"1s\", transfer = {} },\n{ at = \"1s\", heal = \"everything\" },",
    );
    let lines: Vec<usize> = accept(&text).timeline.iter().map(|step| step.line).collect();
    assert_eq!(lines, [5, 6, 4]);
}

#[test]
fn a_timeline_may_be_an_array_of_tables() {
    let scenario = accept(&with("[[timeline]]\nat = \"1s\"\nheal = \"everything\"", ""));
    let heal = Action::Heal(Heal { what: Healed::Everything, messages: Leftover::Drop });
    assert_eq!((scenario.timeline[0].line, &scenario.timeline[0].action), (3, &heal));
}

#[test]
fn a_fault_says_only_what_differs() {
    let of = |step: &str| accept(&timeline(&format!("{{ at = \"1s\", {step} }}"))).timeline[0].action.clone();
    let Action::Link(link) = of("link = { stall = \"1%\", bandwidth = \"1.5MB/s\" }") else { panic!("a link") };
    assert_eq!((&link.ends, link.lane, &link.messages[..]), (&Ends::default(), None, &[][..]));
    assert_eq!((link.stall, link.bandwidth, link.queue), (Ppm(10_000), Some(1_500_000), None));
    let Action::Hold(hold) = of("hold = { messages = [\"forced-vote\"], to = [\"n2\"] }") else { panic!("a hold") };
    let one_word = of("hold = { messages = [\"forced-vote\"], to = \"n2\" }");
    assert_eq!(one_word, Action::Hold(hold.clone()), "an end may be one word");
    assert_eq!((&hold.messages[..], hold.first, hold.then), (&[MessageKind::ForcedVote][..], None, Leftover::Deliver));
    let Action::Pause(pause) = of("pause = { node = \"n1\", at = \"lease-checked\" }") else { panic!("a pause") };
    assert_eq!((pause.at, pause.what, pause.clock), (Some(Point::LeaseChecked), Paused::Process, PausedClock::Running));
    let Action::Partition(bridge) = of("partition = { shape = \"bridge\" }") else { panic!("a partition") };
    assert_eq!((bridge.shape, bridge.how), (Shape::Named { shape: ShapeName::Bridge, node: Selector::Any }, Cut::Drop));
    assert_eq!(of("crash = { node = \"n1\", for = \"0s\" }").lasts(), Some(Some(Duration::ZERO)));
    let delivered = Heal { what: Healed::Everything, messages: Leftover::Deliver };
    assert_eq!(of("heal = { messages = \"deliver\" }"), Action::Heal(delivered));
}

#[test]
fn a_repeated_step_has_window_period_and_jitter() {
    let scenario =
        accept(&timeline("{ at = \"12s..15s\", every = \"4 heartbeats\", jitter = \"100ms\", transfer = {} }"));
    let every = When::Every {
        from: 12 * SECOND,
        to: 15 * SECOND,
        every: Duration::from_millis(400),
        jitter: Duration::from_millis(100),
    };
    assert_eq!(scenario.timeline[0].at, every);
}

#[test]
fn a_cluster_may_be_described_in_full() {
    let scenario = accept(&with(
        "",
        r#"
        [cluster]
        nodes = 5
        tick = "5ms"
        heartbeat = "50ms"
        election-timeout = "500ms"
        lease = "400ms"
        renewal = "read-index"
        network = { base = "cross-az", loss = "0.1%", duplicate = 0.002, fifo = false }
        links = { "n3-n1" = "cross-region", "n1>n3" = { loss = "1%" } }
        client-network = { latency = { p0 = "1ms", "p99.9" = "2ms", p100 = "3ms" } }
        disk = { base = "cloud-ssd", fsync = "1ms" }
        lanes.heartbeat = { calls = "unary", queue = 8 }
        cpu = { cores = 2, costs = { script-read = "25us" } }
        "#,
    ));
    let cluster = scenario.cluster;
    assert_eq!(
        (cluster.nodes, cluster.renewal, cluster.lease),
        (5, RenewalKind::ReadRounds, Some(Duration::from_millis(400)))
    );
    assert_eq!((cluster.network.name.as_str(), cluster.network.fifo), ("cross-az (changed)", false));
    assert_eq!((cluster.network.loss, cluster.network.duplicate), (Ppm(1_000), Ppm(2_000)));
    let between = |from, to| cluster.network_between(from, to).name.as_str();
    assert_eq!(
        (between(3, 1), between(1, 3), between(1, 2)),
        ("cross-region", "same-az (changed)", "cross-az (changed)")
    );
    let knots: Vec<_> =
        cluster.client_network.latency.knots.iter().map(|(at, value)| (*at, value.as_millis())).collect();
    assert_eq!(knots, [(0, 1), (999, 2), (1000, 3)]);
    assert_eq!(cluster.disk.fsync.knots, [(0, Duration::from_millis(1)), (1000, Duration::from_millis(1))]);
    let lane = cluster.lanes.heartbeat;
    assert_eq!((lane.calls, lane.queue, lane.inbound), (Calls::Unary, 8, 1024));
    assert_eq!(cluster.cpu.costs[&Work::ScriptRead], Duration::from_micros(25));
}

#[test]
fn a_workload_may_be_described_in_full() {
    let scenario = accept(&with(
        "",
        r#"
        name = "readers"
        clients = 3
        keys = 4
        mix = { get = 0.7, put = 0.25, cas = "5%" }
        rate = "0.5/s"
        deadline = "2 heartbeats"
        to = "@leader"
        from = "1s"
        until = "2s"
        "#,
    ));
    let workload = &scenario.workloads[0];
    assert_eq!((workload.name.as_str(), workload.keys.count), ("readers", 4));
    let mix = Mix { get: 700, put: 250, cas: 50, update: 0, delete: 0, mget: 0, scan: 0 };
    assert_eq!((workload.kind, workload.mix), (WorkloadKind::Kv, mix));
    assert_eq!(workload.pace(), Pace::Open { per_second_milli: 500, burst: 1 });
    assert_eq!((workload.deadline, workload.to), (Duration::from_millis(200), Target::Leader));
    assert_eq!((workload.from, workload.until), (SECOND, Some(2 * SECOND)));
}

#[test]
fn a_mix_may_delete_and_read_several_keys() {
    let scenario =
        accept(&with("", "mix = { put = 0.5, delete = 0.1, mget = 0.3, scan = 0.1 }\nkeys-per-mget = \"1..=7\""));
    let workload = &scenario.workloads[0];
    assert_eq!(workload.mix, Mix { get: 0, put: 500, cas: 0, update: 0, delete: 100, mget: 300, scan: 100 });
    let counts = (workload.mget_keys, workload.scan_keys);
    assert_eq!(counts, (Count { least: 1, most: 7 }, Count::constant(4)));
    let said = super::explained::told(&scenario);
    assert!(said.contains("10% deletes, 30% reads of 1 to 7 keys and 10% scans"), "{said}");
}

#[test]
fn a_step_may_wait_for_a_moment_of_the_protocol() {
    let at = |step: &str| {
        accept(&timeline(&format!("{{ {step}, crash = {{ node = \"@this\", for = \"1s\" }} }}"))).timeline[0].at
    };
    let moment = |phase, after, before| Moment { phase, after, before };
    let (zero, until) = (Duration::ZERO, 20 * SECOND);
    let expiry = moment(Phase::LeaseExpiry, zero, Duration::from_millis(5));
    assert_eq!(at("when = \"lease.expiry - 5ms\""), When::On { moment: expiry, from: zero, to: until, times: 1 });
    let sent = moment(Phase::TimeoutNowSent, 2 * SECOND, zero);
    let waits = When::On { moment: sent, from: 2 * SECOND, to: 6 * SECOND, times: 3 };
    assert_eq!(at("when = \"timeout-now.sent + 2 election-timeouts\", at = \"2s..6s\", times = 3"), waits);
    let election = moment(Phase::Election, zero, zero);
    assert_eq!(
        at("when = \"election\", at = \"4s\""),
        When::On { moment: election, from: 4 * SECOND, to: until, times: 1 }
    );
    for phase in Phase::all() {
        assert_eq!(phase.to_string().parse(), Ok(phase));
    }
}

#[test]
fn a_variant_changes_what_it_names_of_the_cluster_and_leaves_the_rest() {
    let base =
        "cpu = { cores = 6, costs = { read = \"100us\" } }\nlanes.heartbeat = { calls = \"unary\", queue = 512 }";
    let old = "old = { lanes.heartbeat = { queue = 64 }, reads-per-get = 3, cpu.costs = { read = \"567us\" } }";
    let scenario = accept(&with("", &format!("[cluster]\n{base}\n[cluster.variant]\n{old}")));
    let (now, then) = (scenario.under("default").cluster, scenario.under("old").cluster);
    assert_eq!((now.lanes.heartbeat.queue, now.reads_per_get), (512, 1));
    assert_eq!((then.lanes.heartbeat.queue, then.lanes.heartbeat.calls, then.reads_per_get), (64, Calls::Unary, 3));
    assert_eq!((then.cpu.cores, then.cpu.costs[&Work::Read]), (6, Duration::from_micros(567)));
    assert_eq!(then.lanes.bulk, now.lanes.bulk);
}

#[test]
fn a_negative_scenario_names_its_class() {
    let scenario = accept(&with("variant = \"elastickv-549\"", "[expect]\nviolation = \"stale-read\""));
    assert_eq!(scenario.variant.as_deref(), Some("elastickv-549"));
    assert_eq!(scenario.expect.violation, Some(Class::StaleRead));
    assert!(scenario.expect.bounds.is_empty());
}

#[test]
fn every_metric_may_be_expected_by_its_name() {
    for metric in Metric::all() {
        assert_eq!(metric.to_string().parse(), Ok(metric));
    }
    assert_eq!("script-max".parse(), Ok(Metric::Operations(Some(OpKind::Script), Stat::Max)));
}

#[test]
fn classes_are_in_order_of_precedence() {
    let order = [
        "nondeterminism",
        "panic",
        "stale-read",
        "lost-write",
        "raft-invariant",
        "lease-invariant",
        "liveness",
        "expectation",
        "vacuous",
    ];
    let classes: Vec<Class> = order.iter().map(|word| word.parse().expect("a class")).collect();
    assert!(classes.is_sorted());
}

#[test]
fn windows_line_ends_and_byte_order_mark_are_no_problem() {
    assert!(read(&with("", "").replace('\n', "\r\n")).is_ok());
    assert!(read(&format!("\u{feff}{}", with("", ""))).is_ok());
}

#[test]
fn clocks_and_disks_go_wrong_as_the_file_says() {
    let steps = r#"
        { at = "1s", clock = { node = "@leader", rate = "+500ppm", for = "2s" } },
        { at = "2s", clock = { node = "@followers", slew = "-2%" } },
        { at = "3s", clock = { node = "n1", step = "-3s" } },
        { at = "4s", clock = { node = "n1", step = "+1 election-timeouts", monotonic = true } },
        { at = "5s", disk = { node = "n2", slow = 20, for = "1s" } },
        { at = "6s", disk = { node = "n2", fail = "sync" } },
        { at = "7s", crash = { node = "n3", for = "1s", tail = "scattered" } },"#;
    let scenario = accept(&timeline(steps));
    let action = |number: usize| scenario.timeline[number].action.clone();
    let clock = |number| match action(number) {
        Action::Clock(ClockFault { harm, lasts, .. }) => (harm, lasts),
        other => panic!("a clock, not {other}"),
    };
    assert_eq!(clock(0), (ClockHarm::Rate(Drift(500)), Some(2 * SECOND)));
    assert_eq!(clock(1), (ClockHarm::Slew(Drift(-20_000)), None));
    assert_eq!(clock(2).0, ClockHarm::Step { by: Jump { back: true, by: 3 * SECOND }, monotonic: false });
    assert_eq!(clock(3).0, ClockHarm::Step { by: Jump { back: false, by: SECOND }, monotonic: true });
    let Action::Disk(disk) = action(4) else { panic!("a disk") };
    assert_eq!(disk, DiskFault { nodes: vec![Selector::Node(2)], harm: DiskHarm::Slow(20), lasts: Some(SECOND) });
    let Action::Crash(crash) = action(6) else { panic!("a crash") };
    assert_eq!(crash.tail, Tail::Scattered);
    assert!(scenario.touches_clocks());
}

#[test]
fn a_fault_of_nodes_may_name_a_group() {
    let steps = r#"{ at = "1s", clock = { node = ["@leader", "n2"], fail = true, for = "2s" } },
        { at = "4s", slow = { node = ["@follower", "@follower"], factor = 3, for = "1s" } },"#;
    let named = |number: usize| accept(&timeline(steps)).timeline[number].action.selectors();
    assert_eq!(named(0), [Selector::Leader, Selector::Node(2)]);
    assert_eq!(named(1), [Selector::Follower, Selector::Follower], "each is drawn by itself");
}

#[test]
fn what_may_leave_the_claims_is_known_beforehand() {
    let leaving = |claims: &str, step: &str| {
        let text = with(&format!("timeline = [{{ at = \"1s\", {step} }}]"), &format!("[claims]\n{claims}"));
        accept(&text).may_leave_claims().count() == 1
    };
    assert!(leaving("", "clock = { node = \"n1\", rate = \"-101ppm\" }"));
    assert!(!leaving("", "clock = { node = \"n1\", rate = \"-100ppm\" }"));
    assert!(!leaving("clock-drift = \"1%\"", "clock = { node = \"n1\", rate = \"+500ppm\" }"));
    assert!(!leaving("", "clock = { node = \"n1\", step = \"-8h\" }"));
    assert!(leaving("", "clock = { node = \"n1\", step = \"-1ms\", monotonic = true }"));
    assert!(!leaving("clock-step = \"1ms\"", "clock = { node = \"n1\", step = \"-1ms\", monotonic = true }"));
    assert!(leaving("", "pause = { node = \"n1\", for = \"1s\", clock = \"frozen\" }"));
    assert!(!leaving("", "clock = { node = \"n1\", fail = true }"));
}

#[test]
fn workloads_without_a_name_are_called_after_their_kind_and_told_apart() {
    let more = "[[workload]]\nkind = \"kv\"\nclients = 2\n[[workload]]\nname = \"mine\"\nkind = \"kv\"";
    let file = with("", &format!("{more}\n[[workload]]\nkind = \"script\"\n[expect.workload.kv-2]\nget-ok = \">= 1\""));
    let scenario = read(&file).unwrap();
    let names: Vec<_> = scenario.workloads.iter().map(|workload| workload.name.as_str()).collect();
    assert_eq!(names, ["kv", "kv-2", "mine", "script"]);
    let printed = crate::scenario::print(&scenario);
    assert_eq!(printed.matches("name = ").count(), 2, "{printed}");
    assert_eq!(read(&printed).unwrap().workloads, scenario.workloads);
}
