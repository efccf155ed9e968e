//! The search that checks the checker: in the first seed of every committed scenario it must say of a key what the zones say.

use leasehold_sim::check::{self, Panel};
use leasehold_sim::history::{Observer, Record};
use leasehold_sim::runner::{Spec, observed};
use leasehold_sim::time::SimTime;
use leasehold_sim::verdict::panel;
use leasehold_sim::workload::KeySpace;
use libtest_mimic::Failed;
use parking_lot::Mutex;
use std::sync::Arc;

/// Scenarios in which it finds no order in so many steps as it may take, and nothing that rules one out.
const WORN_OUT: [&str; 3] = ["fast/s-06-pause-frozen", "planted/joined-round", "planted/suspended-clock"];

/// Sees a whole run, whatever is found.
struct Judges(Arc<Mutex<Panel>>, Arc<Mutex<Vec<check::Finding>>>);

impl Observer for Judges {
    fn record(&mut self, record: &Record) -> bool {
        self.1.lock().extend(self.0.lock().record(record));
        true
    }
}

/// Judges the run by both.
#[expect(
    clippy::disallowed_methods,
    reason = "a fresh thread a run, as the runner has it: nothing of one run reaches the next"
)]
pub(crate) fn search(title: &str, spec: &Spec) -> Result<(), Failed> {
    let spec = spec.drawn();
    let keys = KeySpace::new(&spec.scenario).names();
    let zones = check::ALL.iter().filter(|info| info.name == "linearizability");
    let both = panel(&spec.scenario, spec.seed, keys, zones.chain([&check::EXACT_SEARCH]));
    let (both, found) = (Arc::new(Mutex::new(both)), Arc::new(Mutex::new(Vec::new())));
    let (end, judges) = (SimTime::at(spec.scenario.until), Judges(Arc::clone(&both), Arc::clone(&found)));
    std::thread::spawn(move || observed(&spec, vec![Box::new(judges)])).join().map_err(|_| "the run panicked")?;
    let mut found = found.lock();
    found.extend(both.lock().finish(end));
    let by = |name| found.iter().filter(|finding| finding.check == name).collect::<Vec<_>>();
    let (exact, zones) = (by(check::EXACT_SEARCH.name), by("linearizability"));
    if exact.iter().any(|finding| zones.is_empty() || finding.message.contains("one of the two is wrong")) {
        return Err(Failed::from(format!("the exact search says {exact:?}\nand the zones {zones:?}")));
    }
    let evaluated = both
        .lock()
        .checks()
        .filter(|watch| watch.info.name == check::EXACT_SEARCH.name)
        .all(|watch| watch.evaluated() > 0);
    match (evaluated, WORN_OUT.contains(&title)) {
        (true, false) | (false, true) => Ok(()),
        (true, true) => Err(Failed::from("it is listed as one that wears the search out, and does not")),
        (false, false) => Err(Failed::from("it wears the search out: nothing was judged")),
    }
}
