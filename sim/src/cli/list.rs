//! `leasehold list`: what there is.

use super::prelude::*;
use clap::ValueEnum;
use leasehold_sim::report::{Listing, check_list, fault_list, metric_list, moment_list, selector_list, variant_list};
use leasehold_sim::runner::{Named, catalogue, load};

#[derive(Args)]
pub(crate) struct ListArgs {
    what: What,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Scenario files that can be named.
    Scenarios,
    /// Behaviours of the stack that can be chosen with --variant.
    Variants,
    /// Verbs of a timeline.
    Faults,
    /// What a step can wait for instead of a time.
    Moments,
    /// Nodes, named by their role at the moment that a step acts.
    Selectors,
    /// Properties that every run is checked for.
    Checks,
    /// Quantities that a scenario can bound.
    Metrics,
}

pub(crate) fn list(args: &ListArgs) -> Result<Status, Stop> {
    let listing = match args.what {
        What::Scenarios => scenarios()?,
        What::Variants => variant_list(),
        What::Faults => fault_list(),
        What::Moments => moment_list(),
        What::Selectors => selector_list(),
        What::Checks => check_list(),
        What::Metrics => metric_list(),
    };
    let text = match args.format {
        Format::Text => listing.text(),
        Format::Jsonl => listing.json_lines(),
    };
    writeln!(io::stdout(), "{text}")?;
    Ok(Status::AsExpected)
}

fn scenarios() -> Result<Listing, Stop> {
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
    let rows: Vec<_> = catalogue(&places, true).into_iter().map(row).collect();
    warn(&groups, false)?;
    Ok(Listing::new(["scenario", "seeds", "about"], rows))
}
