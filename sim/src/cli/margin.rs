//! `leasehold margin`: how far from unsafe.

use super::prelude::*;
use leasehold_sim::report::{margin_head, margin_json, margin_lines, write_scenario};
use leasehold_sim::runner::{broken, margin};
use leasehold_sim::scenario::{Dial, Scenario};
use leasehold_sim::verdict::Margin;
use leasehold_sim::words::Spelled;

#[derive(Args)]
pub(crate) struct MarginArgs {
    /// Files, names or folders
    #[arg(required = true)]
    scenarios: Vec<String>,
    #[command(flatten)]
    selection: Selection,
    #[arg(long = "dial", value_name = "D", value_parser = Dial::from_str, help = dials())]
    dials: Vec<Dial>,
    /// Runs at the same time [default: as many as there are cores]
    #[arg(long, value_name = "J", value_parser = positive)]
    jobs: Option<NonZeroUsize>,
    /// What standard output gets
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Folder for a scenario file of each least value that was found unsafe
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn dials() -> String {
    let names: Vec<&str> = Dial::all().map(Dial::name).collect();
    format!("What is turned up (repeatable) [default: each in turn] [possible values: {}]", names.join(", "))
}

pub(crate) fn margins(args: &MarginArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let knobs = knobs(
        &args.selection,
        &[(args.jobs.is_some(), &["LEASEHOLD_JOBS", "MADSIM_TEST_JOBS"]), (true, &["LEASEHOLD_SCENARIO"])],
    )?;
    let groups = refuse(&under(&knobs, args.selection.wish(&args.scenarios, false)), &places)?;
    if let Some(group) = groups.iter().find(|group| group.scenario.chaos.is_some()) {
        let title = group.title();
        let words = format!("error: {title} has [chaos]: each seed draws another cluster, with another margin");
        return Err(Stop::Refused(words));
    }
    let dials: Vec<Dial> = if args.dials.is_empty() { Dial::all().collect() } else { args.dials.clone() };
    let jobs = args.jobs.or(knobs.jobs).map_or_else(cores, NonZeroUsize::get);
    let (mut status, mut judged) = (Status::AsExpected, 0);
    let interrupted = interrupt::heard()?;
    for (group, dial) in groups.iter().flat_map(|group| dials.iter().map(move |dial| (group, *dial))) {
        let Some(margin) = margin(group, dial, jobs, &interrupted) else { break };
        show(&margin, judged % dials.len() == 0, args.format)?;
        if let (Some(dir), Some((value, breach))) = (&args.out, &margin.found.breach) {
            keep(&broken(group, dial, *value, breach), dir)?;
        }
        status = status.max(status_of(&margin));
        judged += 1;
    }
    Ok(interrupt::or_early("margin", judged as u64, (groups.len() * dials.len()) as u64, status))
}

fn show(margin: &Margin, first: bool, format: Format) -> io::Result<()> {
    let (mut out, style) = (io::stdout(), Style::stdout());
    match format {
        Format::Text if first => writeln!(out, "{}\n{}", margin_head(margin, style), margin_lines(margin, style)),
        Format::Text => writeln!(out, "{}", margin_lines(margin, style)),
        Format::Jsonl => writeln!(out, "{}", margin_json(margin)),
    }
}

fn status_of(margin: &Margin) -> Status {
    match (margin.is_below_claim(), margin.found.breach.is_none() && margin.cuts == 0) {
        (true, _) => Status::Failed,
        (false, true) => Status::Vacuous,
        (false, false) => Status::AsExpected,
    }
}

/// A scenario file that shows where it breaks.
fn keep(scenario: &Scenario, dir: &Path) -> Result<(), Stop> {
    write_scenario(scenario, dir).map_err(|error| Stop::Refused(format!("error: --out {}: {error}", dir.display())))
}
