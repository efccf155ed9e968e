//! `leasehold list`: what there is.

use super::{Stop, warn};
use clap::ValueEnum;
use leasehold_sim::check;
use leasehold_sim::mutant::variants;
use leasehold_sim::report::{Listed, Status, listing};
use leasehold_sim::runner::{Named, Places, catalogue, load};
use leasehold_sim::words::{Phase, Spelled, Verb};
use std::io::{self, Write};

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// Scenario files that can be named.
    Scenarios,
    /// Behaviours of the stack that can be chosen with --variant.
    Variants,
    /// Verbs of a timeline.
    Faults,
    /// Properties that every run is checked for.
    Checks,
}

pub(crate) fn list(what: What) -> Result<Status, Stop> {
    let text = match what {
        What::Scenarios => scenarios()?,
        What::Variants => listing(&Listed {
            head: ["variant", "class", "about", "source"],
            rows: variants().map(|it| [it.name, it.harm.name(), it.about, it.source].map(str::to_owned)).collect(),
        }),
        What::Faults => faults(),
        What::Checks => listing(&Listed {
            head: ["check", "class", "ends the run", "about", "source"],
            rows: check::ALL.iter().map(checked).collect(),
        }),
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(Status::AsExpected)
}

fn faults() -> String {
    let verbs = Verb::all().map(|verb| [verb.name(), verb.does(), verb.effective_if()].map(str::to_owned)).collect();
    let verbs = listing(&Listed { head: ["verb", "what it does", "effective if"], rows: verbs });
    let phases = Phase::all().map(|phase| {
        let example = if phase.is_foreseen() { format!("{phase} - 5ms") } else { format!("{phase} + 5ms") };
        [phase.to_string(), phase.about().to_owned(), format!("when = \"{example}\"")]
    });
    let phases = listing(&Listed {
        head: ["moment", "what happens, at @this", "so long before or after it"],
        rows: phases.collect(),
    });
    format!("{verbs}\n\nInstead of at a time, a step can act whenever something happens in the protocol:\n\n{phases}")
}

fn checked(check: &check::CheckInfo) -> [String; 5] {
    let stops = if check.stops { "yes" } else { "no" };
    [check.name.to_owned(), check.class.to_string(), stops.to_owned(), check.about.to_owned(), check.source.to_owned()]
}

fn scenarios() -> Result<String, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let mut groups = Vec::new();
    let row = |named: Named| match load(&named.path) {
        Ok(group) => {
            let row = [named.title, group.seeds.to_string(), group.scenario.about.clone()];
            groups.push(group);
            row
        }
        Err(_) => [named.title, "-".to_owned(), "(cannot be read; run it to see why)".to_owned()],
    };
    let rows = catalogue(&places, true).into_iter().map(row).collect();
    warn(&groups, false)?;
    Ok(listing(&Listed { head: ["scenario", "seeds", "about"], rows }))
}
