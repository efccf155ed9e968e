//! `leasehold fuzz`: spoilt scenario files, or spoilt copies of a bundle.

use super::prelude::*;
use super::told;
use leasehold_sim::runner::fuzz::{Campaign, Corpus, Input, Spoilt, keep};
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
    /// Spoil copies of this bundle instead
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    bundle: Option<PathBuf>,
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
    let source = match &args.bundle {
        None => Source::Scenarios(Corpus::of(&Places::around(&std::env::current_dir()?), args.seed)?),
        Some(path) => {
            let wrong = |words: String| Stop::Refused(format!("error: {}: {words}", path.display()));
            let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
            Source::Bundle(path.clone(), Spoilt::of(bytes, args.seed).map_err(wrong)?)
        }
    };
    let (begun, interrupted) = (wall_clock(), interrupt::heard()?);
    eprintln!("fuzz, seed {}, {}, for {}", args.seed, source.words(), figures::duration(args.lasts));
    let is_over = || begun.elapsed() >= args.lasts || interrupted.load(Ordering::Relaxed);
    for number in (0_u64..).take_while(|_| !is_over()) {
        let simulated = if number.is_multiple_of(RUN_ONE_IN) { RUN_FOR } else { Duration::ZERO };
        let (input, taken) = source.take(number, &mut campaign, simulated);
        if let Err(words) = taken {
            let path = keep(&input, &args.out.join(format!("{}-{number}", args.seed)))?;
            let again = format!("{} {}", source.again(), path.display());
            return told(&format!("input {number} of seed {}: {words}\n\n  {again}", args.seed), Status::Harness);
        }
    }
    let (early, status) = match interrupted.load(Ordering::Relaxed) {
        true => (format!("interrupted after {:.1} s: ", begun.elapsed().as_secs_f64()), Status::Interrupted),
        false => (String::new(), Status::AsExpected),
    };
    told(&format!("{early}fuzz, seed {}, {}: {campaign}; nothing found", args.seed, source.words()), status)
}

/// What is spoilt.
enum Source {
    Scenarios(Corpus),
    Bundle(PathBuf, Spoilt),
}

impl Source {
    fn words(&self) -> String {
        match self {
            Source::Scenarios(corpus) => format!("{} files", corpus.files()),
            Source::Bundle(path, _) => format!("copies of {}", path.display()),
        }
    }

    /// The input of this number, and what is wrong with the harness if something is.
    fn take(&self, number: u64, campaign: &mut Campaign, simulated: Duration) -> (Input, Result<(), String>) {
        match self {
            Source::Scenarios(corpus) => {
                let input = corpus.input(number);
                let taken = campaign.take(&input, simulated);
                (input, taken)
            }
            Source::Bundle(path, spoilt) => {
                let input = Input { path: path.clone(), bytes: spoilt.input(number) };
                let taken = campaign.take_bundle(&input.bytes, spoilt.whole(), simulated);
                (input, taken)
            }
        }
    }

    /// The command that shows what is wrong with an input again.
    fn again(&self) -> &'static str {
        match self {
            Source::Scenarios(_) => "leasehold fuzz --replay",
            Source::Bundle(..) => "leasehold replay",
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a person waits; no run sees it")]
fn wall_clock() -> Instant {
    Instant::now()
}
