//! `leasehold fuzz`: spoilt scenario files.

use super::prelude::*;
use super::told;
use leasehold_sim::runner::fuzz::{Campaign, Corpus, Input, keep};
use leasehold_sim::scenario;
use leasehold_sim::words::figures;
use std::time::{Duration, Instant};

#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// How long, in real time
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = scenario::duration)]
    lasts: Duration,
    /// Which inputs
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One file instead: what was found before
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Where an input is kept that something is wrong with
    #[arg(long, value_name = "DIR", default_value = "target/fuzz")]
    out: PathBuf,
}

/// One in so many inputs is run if it is valid: a run takes a thousand times as long as reading.
const RUN_ONE_IN: u64 = 16;
/// Past the first election, and the first faults of some.
const RUN_FOR: Duration = Duration::from_secs(2);

pub(crate) fn fuzz(args: &FuzzArgs) -> Result<Status, Stop> {
    let mut campaign = Campaign::default();
    if let Some(path) = &args.replay {
        let input = Input { bytes: std::fs::read(path)?, path: path.clone() };
        return match campaign.take(&input, RUN_FOR) {
            Ok(()) => told(&format!("nothing is wrong with {}: {campaign}", path.display()), Status::AsExpected),
            Err(words) => told(&format!("{}: {words}", path.display()), Status::Harness),
        };
    }
    let corpus = Corpus::of(&Places::around(&std::env::current_dir()?), args.seed)?;
    let (begun, interrupted) = (wall_clock(), interrupt::heard()?);
    eprintln!("fuzz, seed {}, {} files, for {}", args.seed, corpus.files(), figures::duration(args.lasts));
    let is_over = || begun.elapsed() >= args.lasts || interrupted.load(Ordering::Relaxed);
    for number in (0..).take_while(|_| !is_over()) {
        let input = corpus.input(number);
        let simulated = if number.is_multiple_of(RUN_ONE_IN) { RUN_FOR } else { Duration::ZERO };
        if let Err(words) = campaign.take(&input, simulated) {
            let path = keep(&input, &args.out.join(format!("{}-{number}", args.seed)))?;
            let again = format!("leasehold fuzz --replay {}", path.display());
            return told(&format!("input {number} of seed {}: {words}\n\n  {again}", args.seed), Status::Harness);
        }
    }
    let (early, status) = match interrupted.load(Ordering::Relaxed) {
        true => (format!("interrupted after {:.1} s: ", begun.elapsed().as_secs_f64()), Status::Interrupted),
        false => (String::new(), Status::AsExpected),
    };
    told(&format!("{early}fuzz, seed {}, {} files: {campaign}; nothing found", args.seed, corpus.files()), status)
}

#[expect(clippy::disallowed_methods, reason = "how long a person waits; no run sees it")]
fn wall_clock() -> Instant {
    Instant::now()
}
