//! The search that checks the checker: in the first seed of every committed scenario it must say of a key what the zones say.

use leasehold_sim::check;
use leasehold_sim::history::{Observer, Record};
use leasehold_sim::runner::Spec;
use leasehold_sim::time::SimTime;
use leasehold_sim::verdict::{Panels, panels};
use leasehold_sim::workload::KeySpace;
use parking_lot::Mutex;
use std::sync::Arc;

/// Scenarios in which it finds no order in so many steps as it may take, and nothing that rules one out.
const WORN_OUT: [&str; 3] = ["fast/s-06-pause-frozen", "planted/joined-round", "planted/suspended-clock"];

/// Judges a run by both.
#[derive(Clone)]
pub(crate) struct Search {
    panels: Arc<Mutex<Panels>>,
    found: Arc<Mutex<Vec<check::Finding>>>,
    end: SimTime,
}

impl Search {
    /// For this run, which is to be observed by a clone.
    pub(crate) fn of(spec: &Spec) -> Self {
        let spec = spec.drawn();
        let keys = KeySpace::new(&spec.scenario);
        let zones = check::ALL.iter().filter(|info| info.name == "linearizability");
        let routes = keys.routes();
        let both = panels(&spec.scenario, spec.seed, keys.names(), &routes, zones.chain([&check::EXACT_SEARCH]));
        Self { panels: Arc::new(Mutex::new(both)), found: Arc::default(), end: SimTime::at(spec.scenario.until) }
    }

    /// What came of it, of the scenario of this title: to be asked once, when the run is over.
    pub(crate) fn result(&self, title: &str) -> Result<(), String> {
        let (mut panels, mut found) = (self.panels.lock(), self.found.lock());
        found.extend(panels.finish(self.end));
        let by = |name| found.iter().filter(|finding| finding.check == name).collect::<Vec<_>>();
        let (exact, zones) = (by(check::EXACT_SEARCH.name), by("linearizability"));
        if exact.iter().any(|finding| zones.is_empty() || finding.message.contains("one of the two is wrong")) {
            return Err(format!("the exact search says {exact:?}\nand the zones {zones:?}"));
        }
        let evaluated = |name| {
            let watches = panels.iter().flat_map(|panel| panel.checks());
            watches.filter(|watch| watch.info.name == name).any(|watch| watch.evaluated() > 0)
        };
        match (evaluated(check::EXACT_SEARCH.name), WORN_OUT.contains(&title)) {
            (true, false) | (false, true) => Ok(()),
            // No client was told anything, so there is nothing to say.
            (false, false) if !evaluated("linearizability") => Ok(()),
            (true, true) => Err("it is listed as one that wears the search out, and does not".to_owned()),
            (false, false) => Err("it wears the search out: nothing was judged".to_owned()),
        }
    }
}

impl Observer for Search {
    fn record(&mut self, record: &Record) -> bool {
        self.found.lock().extend(self.panels.lock().record(record));
        true
    }
}
