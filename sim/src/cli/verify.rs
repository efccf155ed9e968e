//! `leasehold verify`: the same seeds again in other ways.

use super::prelude::*;
use leasehold_sim::runner::{self, Difference, Verified, WAYS};

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// Files, names or folders
    #[arg(required = true)]
    scenarios: Vec<String>,
    #[command(flatten)]
    selection: Selection,
    /// Plant a leak of process-global state into every run, to see it found
    #[arg(long)]
    test_leak: bool,
}

pub(crate) fn verify(args: &VerifyArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let knobs = knobs(&args.selection, &[(true, &["LEASEHOLD_SCENARIO"])])?;
    let groups = refuse(&under(&knobs, args.selection.wish(&args.scenarios, false)), &places)?;
    let (fresh, style) = (fresh_process()?, Style::stdout());
    let interrupted = interrupt::heard()?;
    let (mut out, mut judged) = (io::stdout(), 0);
    writeln!(out, "each seed alone; {}\n", WAYS.join("; "))?;
    let goes_on = || !interrupted.load(Ordering::Relaxed);
    for group in groups.iter().take_while(|_| goes_on()) {
        let title = format!("{}, variant {}", group.title(), group.called());
        writeln!(out, "{}", style.strong(&title))?;
        for seed in group.seeds.iter().take_while(|_| goes_on()) {
            judged += 1;
            let mut spec = group.spec(seed, Keep::All);
            spec.leak = args.test_leak;
            match runner::verify(&spec, &fresh)? {
                Verified::Same { fingerprint, events } => {
                    writeln!(
                        out,
                        "  seed {seed}: {}, {events} events, fingerprint {fingerprint}",
                        style.good("equal")
                    )?;
                }
                Verified::Differs(difference) => {
                    writeln!(out, "\n{}", differs(&difference, &format!("{title}, seed {seed}"), style))?;
                    return Ok(Status::Nondeterministic);
                }
            }
        }
    }
    let planned = groups.iter().map(|group| group.seeds.len()).sum();
    Ok(interrupt::or_early("seed", judged, planned, Status::AsExpected))
}

fn differs(difference: &Difference, run: &str, style: Style) -> String {
    let ended = || "(the history has ended)".to_owned();
    let Difference { way, number, before, alone, other, fingerprints: [one, two] } = difference;
    let mut lines = vec![
        format!("{} {run} has another history {way}", style.bad("NOT DETERMINISTIC:")),
        format!("  the first event that differs is number {number}, at {}", difference.at()),
    ];
    lines.extend(before.as_ref().map(|before| format!("    both   {before}")));
    lines.push(format!("    alone  {}", alone.clone().unwrap_or_else(ended)));
    lines.push(format!("    other  {}", other.clone().unwrap_or_else(ended)));
    lines.push(format!("  fingerprints: alone {one}, other {two}"));
    lines.join("\n")
}
