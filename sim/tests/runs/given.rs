//! A run as a test writes it: what differs from a plain one, and no more.

use leasehold_sim::history::Keep;
use leasehold_sim::mutant::find;
use leasehold_sim::runner::{Spec, run};
use leasehold_sim::scenario;
use leasehold_sim::verdict::RunReport;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

/// A scenario of these parts, to be run on the stack as it is.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    until: &'a str,
    timeline: &'a str,
    cluster: &'a str,
    load: &'a str,
}

impl<'a> Given<'a> {
    /// So much simulated time with this load of gets and puts: the lines of a `[[workload]]` of kind `kv`.
    pub(crate) fn load(until: &'a str, load: &'a str) -> Self {
        Self { until, timeline: "", cluster: "", load }
    }

    /// The steps, a line each.
    pub(crate) fn steps(self, timeline: &'a str) -> Self {
        Self { timeline, ..self }
    }

    /// The lines of `[cluster]`.
    pub(crate) fn cluster(self, cluster: &'a str) -> Self {
        Self { cluster, ..self }
    }

    /// The first seed's run, with all that happened.
    pub(crate) fn run(self) -> RunReport {
        self.run_seeds(1..=1).remove(0)
    }

    /// The runs of these seeds.
    pub(crate) fn run_seeds(self, seeds: RangeInclusive<u64>) -> Vec<RunReport> {
        let Self { until, timeline, cluster, load } = self;
        let text = format!(
            "name = \"given\"\nuntil = \"{until}\"\ntimeline = [\n{timeline}\n]\n[cluster]\n{cluster}\n\
             [[workload]]\nkind = \"kv\"\n{load}\n"
        );
        let parsed = scenario::parse(Path::new("given.toml"), &text);
        let scenario = Arc::new(parsed.unwrap_or_else(|problems| panic!("{problems}")));
        let variant = find("default").expect("there is a default");
        let spec = |seed| Spec { scenario: Arc::clone(&scenario), seed, variant, keep: Keep::All, leak: false };
        seeds.map(|seed| run(&spec(seed))).collect()
    }
}
