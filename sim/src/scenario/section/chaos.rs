//! `[chaos]`: what a scenario leaves to the seed.

use std::time::Duration;

use serde_json::json;

use crate::scenario::{
    Problem,
    table::{Entries, List, Or, Positive, Reader, Scalar, Value as _, table},
};
use crate::words::{self, Spelled, Verb};

table! {
    /// Each seed draws the cluster's shape and timing, which of these faults exist at all, how often they act and on whom.
    pub struct Chaos: Default {
        /// The faults that may exist in a run; which do, the seed says. Default: all that chaos can draw.
        faults: Vec<Verb> = "faults", Or(Chaos::all().collect(), List(FAULT));
        /// How long, at the end, nothing is wrong any more. Default `5s`.
        quiet: Duration = "quiet", Or(Duration::from_secs(5), Positive);
    }
    fits = something_is_wrong;
}

impl Chaos {
    /// Every fault that chaos can draw.
    pub fn all() -> impl Iterator<Item = Verb> {
        Verb::all().filter(|verb| verb.is_drawn())
    }
}

fn something_is_wrong(chaos: Chaos, entries: &Entries<'_>, reader: &mut Reader<'_>) -> Option<Chaos> {
    if chaos.quiet >= reader.frame.until {
        let problem = Problem::new("the whole run is quiet: nothing ever goes wrong").at(entries.place("quiet"));
        reader.report.missing(problem.help("let the run be longer, or `quiet` shorter"));
    }
    if chaos.faults.is_empty() {
        let problem = Problem::new("chaos without any fault").at(entries.place("faults"));
        reader.report.missing(problem.help("leave `faults` out for all of them"));
    }
    Some(chaos)
}

/// A fault that chaos can draw.
const FAULT: Scalar<Verb> = Scalar {
    named: "FaultWord",
    schema: |_| json!({ "enum": Chaos::all().map(Verb::name).collect::<Vec<_>>() }),
    bare: false,
    read: |text, _| {
        let known = Chaos::all().find(|verb| verb.name() == text);
        known.ok_or_else(|| words::unknown("fault that chaos can draw", text, Chaos::all()))
    },
    write: |verb| verb.toml(),
};
