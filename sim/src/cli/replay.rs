//! `leasehold replay`: the run of a bundle again, from the bundle alone.

use super::prelude::*;
use leasehold_sim::history::{Observer, Record};
use leasehold_sim::report::event_line;
use leasehold_sim::runner::{Bundled, replay as again};
use leasehold_sim::scenario;
use leasehold_sim::time::SimTime;
use std::time::Duration;

#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// The bundle
    bundle: PathBuf,
    /// Print the run's events up to this simulated time: `4.2s`
    #[arg(long, value_name = "TIME", value_parser = scenario::duration)]
    until: Option<Duration>,
    /// Print the run's events that have this in their line: `n2`, `lease`, `#12 `
    #[arg(long, value_name = "TEXT")]
    events: Option<String>,
}

pub(crate) fn replay(args: &ReplayArgs) -> Result<Status, Stop> {
    let refused = |words: String| Stop::Refused(format!("error: {words}"));
    let mut bundled = Bundled::open(&args.bundle).map_err(refused)?;
    let prints = args.until.is_some() || args.events.is_some();
    let until = args.until.map_or(SimTime::NEVER, SimTime::at);
    let printer = Printer { keys: bundled.spec.keys(), until, having: args.events.clone().unwrap_or_default() };
    let printer = prints.then(|| Box::new(printer) as Box<dyn Observer>);
    let replayed = again(&mut bundled, printer).map_err(refused)?;
    let mut out = BufWriter::new(io::stdout());
    writeln!(out, "{}{}", if prints { "\n" } else { "" }, replayed.told(Style::stdout()))?;
    out.flush()?;
    Ok(replayed.status())
}

/// Prints events as they come.
struct Printer {
    keys: Vec<String>,
    until: SimTime,
    having: String,
}

impl Observer for Printer {
    fn record(&mut self, record: &Record) -> bool {
        if record.at <= self.until {
            let line = event_line(record, &self.keys);
            if line.contains(&self.having)
                && let Err(error) = writeln!(io::stdout(), "{line}")
            {
                super::give_up(&error);
            }
        }
        true
    }
}
