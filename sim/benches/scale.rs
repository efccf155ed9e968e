//! Does an event cost more where there is more of something?
//!
//! Of one thing at a time there is more and more: nodes, clients, keys, operations a second, simulated time. Each run has all measures and
//! checks, as in a sweep. It is told how much of the time of a core an event takes, and how many times that is of the first row; and the
//! most memory that the process had, likewise. What it takes before clients begin, setting up what there is, is told beside it and
//! left out.
//!
//! Each run has a process of its own, so that no other's memory is counted. Linux alone tells that (`/proc/self/status`).

use leasehold_sim::history::Keep;
use leasehold_sim::mutant::DEFAULT;
use leasehold_sim::runner::{Spec, run};
use leasehold_sim::scenario::{self, Scenario};
use std::env;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// How often each run is made; the fastest counts.
const ROUNDS: usize = 3;

/// What there is more of, and how much.
const AXES: [(&str, &[u64]); 5] = [
    ("nodes", &[3, 5, 9, 15]),
    ("clients", &[1, 10, 100, 1_000, 10_000]),
    ("keys", &[1, 100, 10_000, 1_000_000]),
    ("rate", &[10, 100, 1_000, 10_000, 50_000]),
    ("length", &[10, 100, 1_000, 7_200]),
];

/// When clients begin: the first election is over.
const BEGIN: Duration = Duration::from_secs(4);

/// How long they go on, if nothing else is said.
const USUAL: Duration = Duration::from_secs(10);

/// Of few operations a second there are so many, in as much time as that takes.
const OPERATIONS: u64 = 10_000;

/// One operation a second, as scenarios count rates.
const A_SECOND: u64 = 1_000;

const SCENARIO: &str = r#"
name = "scale"
until = "14s"
[cluster]
network = "same-az"
[[workload]]
kind = "kv"
clients = 16
keys = { count = 64 }
mix = { get = 0.9, put = 0.1 }
rate = "2000/s"
from = "4s"
to = "@leader"
"#;

/// `[AXIS...]`: of these alone. `run AXIS NUMBER`: one run, told in figures.
fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if let [word, axis, number] = &arguments[..]
        && word == "run"
    {
        let cost = Cost::of(axis, number.parse().expect("a number"));
        println!("{} {} {} {}", cost.events, cost.nanos, cost.setup, cost.memory);
        return;
    }
    let is_any = arguments.is_empty();
    for (axis, numbers) in AXES.iter().filter(|(axis, _)| is_any || arguments.iter().any(|word| word == axis)) {
        println!("{axis:>9}     events   setup ms   us an event          most MB");
        let mut first = None;
        for number in *numbers {
            let cost = measured(axis, *number);
            let of = *first.get_or_insert(cost);
            println!(
                "{number:>9} {:>10} {:>10.1} {:>7.2} {:>5.2}x {:>9.0} {:>5.2}x",
                cost.events,
                cost.setup as f64 / 1e6,
                cost.an_event() / 1e3,
                cost.an_event() / of.an_event(),
                cost.memory as f64 / 1e6,
                cost.memory as f64 / of.memory as f64,
            );
        }
        println!();
    }
}

/// What a run took.
#[derive(Clone, Copy)]
struct Cost {
    /// From when clients began.
    events: u64,
    /// Of CPU time, from then on.
    nanos: u64,
    /// Of CPU time, until then.
    setup: u64,
    /// The most bytes of memory.
    memory: u64,
}

impl Cost {
    fn of(axis: &str, number: u64) -> Self {
        let scenario = scenario(axis, number);
        let before = run_of(Scenario { until: BEGIN, ..scenario.clone() });
        let all = run_of(scenario);
        let nanos = |cpu: Duration| u64::try_from(cpu.as_nanos()).expect("less than centuries");
        Self {
            events: all.0 - before.0,
            nanos: nanos(all.1.saturating_sub(before.1)),
            setup: nanos(before.1),
            memory: most_memory(),
        }
    }

    /// Nanoseconds of CPU time an event.
    fn an_event(&self) -> f64 {
        self.nanos as f64 / self.events as f64
    }
}

/// Measured in processes of their own: of the fastest.
fn measured(axis: &str, number: u64) -> Cost {
    let once = |_| {
        let own = env::current_exe().expect("the path of this program");
        let output = Command::new(own).args(["run", axis, &number.to_string()]).output().expect("it runs");
        let told = String::from_utf8(output.stdout).expect("figures");
        let figures: Vec<u64> = told.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        let [events, nanos, setup, memory] = figures[..] else { panic!("{told}") };
        Cost { events, nanos, setup, memory }
    };
    (0..ROUNDS).map(once).min_by_key(|cost| cost.nanos).expect("one at least")
}

/// So much of one thing.
fn scenario(axis: &str, number: u64) -> Scenario {
    let mut scenario = scenario::parse(Path::new("scale.toml"), SCENARIO).expect("a valid scenario");
    let small = || u32::try_from(number).expect("a small number");
    let workload = &mut scenario.workloads[0];
    let length = match axis {
        "nodes" => {
            scenario.cluster.nodes = small();
            USUAL
        }
        "clients" => {
            workload.clients = small();
            USUAL
        }
        "keys" => {
            workload.keys.count = small();
            USUAL
        }
        "rate" => {
            workload.rate = Some(number * A_SECOND);
            Duration::from_secs((OPERATIONS / number).max(2))
        }
        "length" => {
            workload.rate = Some(100 * A_SECOND);
            Duration::from_secs(number)
        }
        other => panic!("there is no axis {other}"),
    };
    Scenario { until: BEGIN + length, ..scenario }
}

/// How many events there were, and how much CPU time it took.
fn run_of(scenario: Scenario) -> (u64, Duration) {
    let spec = Spec {
        scenario: Arc::new(scenario),
        seed: 1,
        variant: &DEFAULT,
        default: None,
        keep: Keep::Nothing,
        leak: false,
    };
    let report = run(&spec);
    (report.events, report.cpu)
}

/// The most memory that this process has had.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells how much memory a process has had");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the most it has had");
    let kilobytes = line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
    kilobytes.expect("a number") * 1_024
}
