//! `[chaos]`: what a scenario leaves to the seed.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::scenario::{
    Problem,
    table::{Definitions, Entries, Kind, Or, Positive, Raw, Reader, Value as _, table, texts},
};
use crate::words::{self, Spelled, Verb};

table! {
    /// Each seed draws the cluster's shape and timing, which of these faults exist at all, how often they act and on whom.
    pub struct Chaos: Default {
        /// The faults that may exist in a run; which do, the seed says. Default: all that chaos can draw.
        faults: Vec<Verb> = "faults", Or(Chaos::all().collect(), Faults);
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

/// Faults that chaos can draw, none of them twice.
struct Faults;

impl Kind for Faults {
    type Of = Vec<Verb>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        let words = || json!({ "enum": Chaos::all().map(Verb::name).collect::<Vec<_>>() });
        json!({ "type": "array", "items": definitions.named("FaultWord", |_| words()) })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<Verb>> {
        let mut faults: Vec<Verb> = Vec::new();
        for word in texts(key, raw, reader.report)? {
            let known = Chaos::all().find(|verb| verb.name() == word.get_ref());
            let unknown = || words::unknown("fault that chaos can draw", word.get_ref(), Chaos::all());
            let fault: Verb = reader.report.take(known.ok_or_else(unknown), word.span())?;
            if faults.contains(&fault) {
                reader.report.refuse(Problem::new(format!("`{fault}` is named twice")).at(word.span()));
                return None;
            }
            faults.push(fault);
        }
        Some(faults)
    }

    fn toml(&self, value: &Vec<Verb>) -> String {
        value.toml()
    }
}
