//! `leasehold matrix`: which check sees which planted bug.

use super::prelude::*;
use super::whole;
use leasehold_sim::mutant::{Kind, Variant, variants};
use leasehold_sim::report::{matrix_line, matrix_table};
use leasehold_sim::runner::matrix::{self, Search, dead_checks};
use leasehold_sim::runner::{Refusals, find_variant};
use leasehold_sim::verdict::Row;

#[derive(Args)]
pub(crate) struct MatrixArgs {
    /// Only these (repeatable) [default: all]
    #[arg(long = "variant", value_name = "V")]
    variants: Vec<String>,
    /// Raft implementation: those of the variants that it can have [default: what each one's scenario says]
    #[arg(long, value_name = "E")]
    engine: Option<Engine>,
    /// Seeds to a range; there are five ranges
    #[arg(long, alias = "seeds", value_name = "N", default_value = "20", value_parser = positive)]
    seeds_per_range: NonZeroUsize,
    /// Seeds of slow/chaos, beside the scenario that is aimed at each
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = whole)]
    chaos_seeds: u64,
    /// Variants at the same time [default: as many as there are cores]
    #[arg(long, value_name = "J", value_parser = positive)]
    jobs: Option<NonZeroUsize>,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Disjoint ranges of seeds, for a median.
const RANGES: u64 = 5;

pub(crate) fn matrix(args: &MatrixArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let named = args.variants.iter().map(|name| find_variant(name)).collect::<Result<Vec<_>, _>>();
    let named = named.map_err(|words| Stop::Refused(format!("error: {words}")))?;
    let all = named.is_empty();
    let chosen: Vec<_> = if all { variants().collect() } else { named };
    let is_on = |variant: &&&Variant| args.engine.is_none_or(|engine| variant.is_on(engine));
    let (chosen, absent): (Vec<_>, Vec<_>) = chosen.into_iter().partition(|variant| is_on(&variant));
    absent.iter().for_each(|variant| eprintln!("{}: not on this engine", variant.name));
    if chosen.iter().all(|variant| variant.kind == Kind::Default) {
        let words =
            "error: nothing is wrong with the default: it runs what the other variants are seen in; name one of those";
        return Err(Stop::Refused(words.to_owned()));
    }
    let refused = |refusals: Refusals| Stop::Refused(refusals.render(Style::stderr().is_color()));
    let targets = matrix::targets(&chosen, &places, args.engine).map_err(refused)?;
    let jobs = args.jobs.map_or_else(cores, NonZeroUsize::get);
    let search = Search { ranges: RANGES, seeds: args.seeds_per_range.get() as u64, chaos_seeds: args.chaos_seeds };
    let interrupted = interrupt::heard()?;
    let rows = matrix::matrix(&targets, search, jobs, &interrupted, &|row| {
        let seen = match (row.killed(), row.reached, row.variant.equivalent) {
            (true, _, _) => "seen",
            (false, _, Some(_)) => "equivalent",
            (false, Some(false), None) => "not reached",
            (false, _, None) => "not seen",
        };
        eprintln!("{}: {seen} ({:.1} s)", row.variant.name, row.wall.as_secs_f64());
    });
    // The default is the last that is judged.
    let planned = targets.len() as u64 + 1;
    let whole = rows.len() as u64 == planned;
    let lines = match args.format {
        Format::Text => matrix_table(&rows),
        Format::Jsonl => rows.iter().map(matrix_line).collect::<Vec<_>>().join("\n"),
    };
    writeln!(io::stdout(), "{lines}")?;
    let mut complaints: Vec<String> = rows.iter().filter_map(Row::complaint).collect();
    complaints.extend(if all && whole { dead_checks(&rows) } else { Vec::new() });
    complaints.iter().for_each(|complaint| eprintln!("error: {complaint}"));
    let status = if complaints.is_empty() { Status::AsExpected } else { Status::Failed };
    Ok(interrupt::or_early("variant", rows.len() as u64, planned, status))
}
