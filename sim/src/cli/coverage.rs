//! `leasehold coverage`: what scenarios meet, and in which situations.

use super::{Format, Stop, cores, positive, refuse, told};
use clap::Args;
use leasehold_sim::mutant::DEFAULT;
use leasehold_sim::report::{Status, coverage_lines, coverage_table};
use leasehold_sim::runner::{Places, Wish, coverage};
use std::num::NonZeroUsize;

#[derive(Args)]
pub(crate) struct CoverageArgs {
    /// Files, names or folders [default: all]
    scenarios: Vec<String>,
    /// Scenarios at the same time [default: as many as there are cores]
    #[arg(long, value_name = "J", value_parser = positive)]
    jobs: Option<NonZeroUsize>,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn coverage(args: &CoverageArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let wish = Wish {
        scenarios: args.scenarios.clone(),
        slow: true,
        variants: vec![DEFAULT.name.to_owned()],
        ..Wish::default()
    };
    let groups = refuse(&wish, &places)?;
    let met = coverage::coverage(&groups, args.jobs.map_or_else(cores, NonZeroUsize::get));
    let words = match args.format {
        Format::Text => coverage_table(&met),
        Format::Jsonl => coverage_lines(&met).join("\n"),
    };
    told(&words, Status::AsExpected)
}
