//! Where the time of a sweep goes: how much of it the checks take, together and one by one.
//!
//! Seeds of calm, of chaos and of what other simulators are given to do (`peers.sh`) run by turns with nobody looking and under all measures
//! and checks, as in a sweep; the difference is what those cost. Which of them costs what is told by replays: the history of each seed is shown again to the fingerprint
//! alone, to the meter alone, to what the checks have in common alone, and to that and one check. Replays are a little too
//! cheap, as caches hold nothing else then, so their sum stands beside the difference. What is left is the stack, `raft`, the
//! world and its clients: the bench `rooms` tells those apart.
//!
//! Times are those of the thread on its core (Linux: `/proc/thread-self/schedstat`), so that other load matters little. All is
//! printed as a share of the run under all checks, which is what to watch: it hardly depends on the machine.

use leasehold::env::GroupId;
use leasehold::routes::Routes;
use leasehold_sim::check::{self, CheckInfo};
use leasehold_sim::history::{Fingerprint, History, Keep, Observer, Record};
use leasehold_sim::mutant::DEFAULT;
use leasehold_sim::runner::{Spec, observed};
use leasehold_sim::scenario;
use leasehold_sim::verdict::{Auditor, Meter, SharedAuditor, panels};
use leasehold_sim::view::View;
use leasehold_sim::workload::KeySpace;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What is run: a name, a scenario, and under how many seeds.
const WORK: [(&str, &str, u64); 3] =
    [("steady", "scenarios/fast/steady.toml", 8), ("chaos", "scenarios/slow/chaos.toml", 24), ("peers", PEERS, 4)];

/// What `peers.sh` gives others to do, too.
const PEERS: &str = "sim/benches/peers/peers.toml";

/// How often each seed runs in each way; the fastest counts.
const ROUNDS: usize = 3;

/// `[NAME...]`: of these works alone.
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_asked = |name: &str| arguments.iter().any(|argument| argument == name);
    let is_any = WORK.iter().any(|(name, ..)| is_asked(name));
    for (name, scenario, seeds) in WORK.into_iter().filter(|(name, ..)| !is_any || is_asked(name)) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(scenario);
        let scenario = Arc::new(scenario::load(&path).expect("a valid scenario"));
        let spec = |seed| {
            let (scenario, keep) = (Arc::clone(&scenario), Keep::Nothing);
            Spec { scenario, seed, variant: &DEFAULT, default: None, keep, leak: false }.drawn()
        };
        let mut costs = Costs::default();
        (1..=seeds).for_each(|seed| costs.add(&spec(seed)));
        println!("{name}: {seeds} seeds, {} simulated s, {} events", costs.simulated.as_secs(), costs.events);
        costs.print();
    }
}

/// Sums over all seeds.
#[derive(Default)]
struct Costs {
    events: u64,
    simulated: Duration,
    unobserved: Duration,
    audited: Duration,
    history: Duration,
    meter: Duration,
    in_common: Duration,
    checks: BTreeMap<&'static str, Duration>,
}

impl Costs {
    fn add(&mut self, spec: &Spec) {
        let [mut unobserved, mut audited] = [Duration::MAX; 2];
        for _ in 0..ROUNDS {
            let (alone, fingerprint) = run(spec, Vec::new());
            let (watched, same) = under_all(spec);
            assert_eq!(fingerprint, same, "seed {}: a check ended the run, or changed it", spec.seed);
            (unobserved, audited) = (unobserved.min(alone), audited.min(watched));
        }
        self.unobserved += unobserved;
        self.audited += audited;
        self.replay(spec, &records(spec));
    }

    fn replay(&mut self, spec: &Spec, records: &[Record]) {
        self.events += records.len() as u64;
        self.simulated += spec.scenario.until;
        self.history += fastest(|| recorded(records));
        let nobody = fastest(|| shown(records, |_| {}));
        let folded = fastest(|| {
            let mut view = View::default();
            shown(records, |record| view.record(record))
        });
        self.meter += fastest(|| {
            let (mut view, mut meter) = (View::default(), Meter::new(&spec.scenario));
            shown(records, |record| {
                view.record(record);
                meter.record(record, &view.within(GroupId::FIRST));
            })
        })
        .saturating_sub(folded);
        let in_common = fastest(|| judged(spec, records, None));
        self.in_common += in_common.saturating_sub(nobody);
        for info in check::ALL {
            let with_this = fastest(|| judged(spec, records, Some(info)));
            *self.checks.entry(info.name).or_default() += with_this.saturating_sub(in_common);
        }
    }

    fn print(&self) {
        let per_event = |time: Duration| time.as_secs_f64() * 1e6 / self.events as f64;
        let speed = |time: Duration| self.simulated.as_secs_f64() / time.as_secs_f64();
        let line = |what: &str, time: Duration| {
            let share = time.as_secs_f64() / self.audited.as_secs_f64();
            println!("{what:<28} {:>6.1} % {:>8.3} us an event", share * 100.0, per_event(time));
        };
        line("all", self.audited);
        line("with nobody looking", self.unobserved);
        line("measures and checks", self.audited.saturating_sub(self.unobserved));
        println!("simulated s a s of one core: {:.0}, unobserved {:.0}", speed(self.audited), speed(self.unobserved));
        println!("\nby replay");
        let checks = self.checks.values().sum::<Duration>() + self.in_common;
        line("history", self.history);
        line("measures", self.meter);
        line("checks", checks);
        line("  in common", self.in_common);
        let mut dearest: Vec<_> = self.checks.iter().collect();
        dearest.sort_by_key(|(_, time)| std::cmp::Reverse(**time));
        dearest.iter().for_each(|(name, time)| line(&format!("  {name}"), **time));
        line("stack, raft, world, clients", self.unobserved.saturating_sub(self.history));
        println!();
    }
}

fn keys(spec: &Spec) -> Arc<[String]> {
    KeySpace::new(&spec.scenario).names()
}

fn routes(spec: &Spec) -> Routes {
    KeySpace::new(&spec.scenario).routes()
}

/// Runs it under all measures and checks.
fn under_all(spec: &Spec) -> (Duration, Fingerprint) {
    let auditor = SharedAuditor::new(Auditor::new(&spec.scenario, spec.seed, keys(spec), &routes(spec)));
    run(spec, vec![Box::new(auditor)])
}

/// Runs it on a thread of its own.
fn run(spec: &Spec, observers: Vec<Box<dyn Observer>>) -> (Duration, Fingerprint) {
    let spec = spec.clone();
    on_a_thread(move || {
        let past = observed(&spec, observers);
        (on_core(), past.fingerprint)
    })
}

fn records(spec: &Spec) -> Vec<Record> {
    let spec = Spec { keep: Keep::All, ..spec.clone() };
    on_a_thread(move || observed(&spec, Vec::new()).kept)
}

fn on_a_thread<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().spawn(act).expect("a thread").join().expect("the run ends well")
}

fn fastest(mut once: impl FnMut() -> Duration) -> Duration {
    (0..ROUNDS).map(|_| once()).min().unwrap_or_default()
}

/// Shows each record to `see`.
fn shown(records: &[Record], mut see: impl FnMut(&Record)) -> Duration {
    let begun = on_core();
    records.iter().for_each(|record| see(std::hint::black_box(record)));
    on_core() - begun
}

/// Shows them to this check. What it finds is for the run to judge: that something only might have failed is no failure.
fn judged(spec: &Spec, records: &[Record], check: Option<&'static CheckInfo>) -> Duration {
    let mut panel = panels(&spec.scenario, spec.seed, keys(spec), &routes(spec), check);
    shown(records, |record| drop(panel.record(record)))
}

/// Takes them into a history: fingerprint, and what is kept.
fn recorded(records: &[Record]) -> Duration {
    let mut history = History::new(Keep::Nothing, Vec::new());
    let begun = on_core();
    records.iter().for_each(|record| history.record(record));
    std::hint::black_box(history.close());
    on_core() - begun
}

/// How long this thread has been on a core. The kernel brings the number up to date when a thread yields.
fn on_core() -> Duration {
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells how long a thread has run");
    let nanos = told.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.expect("a number of nanoseconds"))
}
