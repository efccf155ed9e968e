//! `leasehold events`: a run's history, for who compares two of them.

use super::prelude::*;
use leasehold_sim::report::event_line;
use leasehold_sim::runner::{Engines, run};
use leasehold_sim::scenario::Load;

#[derive(Args)]
pub(crate) struct EventsArgs {
    scenario: String,
    #[arg(long)]
    seed: u64,
    #[arg(long)]
    variant: String,
    #[arg(long)]
    engine: Engine,
    #[arg(long)]
    load: Load,
    #[arg(long)]
    test_leak: bool,
    /// Print the fingerprint alone
    #[arg(long)]
    fingerprint: bool,
}

pub(crate) fn events(args: &EventsArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let (scenarios, variants) = (vec![args.scenario.clone()], vec![args.variant.clone()]);
    let wish = Wish { scenarios, variants, engines: Engines::One(args.engine), load: args.load, ..Wish::default() };
    let groups = refuse(&wish, &places)?;
    let mut out = BufWriter::new(io::stdout());
    for group in &groups {
        let mut spec = group.spec(args.seed, if args.fingerprint { Keep::Nothing } else { Keep::All });
        spec.leak = args.test_leak;
        let report = run(&spec);
        for record in &report.kept {
            writeln!(out, "{}", event_line(record, &report.keys))?;
        }
        writeln!(out, "{}", report.fingerprint)?;
    }
    out.flush()?;
    Ok(Status::AsExpected)
}
