//! `leasehold verify`: the same seeds again in other ways.

use super::{Selection, Stop, fresh_process, knobs, refuse, under};
use clap::Args;
use leasehold_sim::history::Keep;
use leasehold_sim::report::{Status, Style};
use leasehold_sim::runner::{self, Difference, Places, Verified, WAYS};
use std::io::{self, Write};

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
    let knobs = knobs(&args.selection, false, true)?;
    let groups = refuse(&under(&knobs, args.selection.wish(&args.scenarios, false)), &places)?;
    let (fresh, style) = (fresh_process()?, Style::stdout());
    let mut out = io::stdout();
    writeln!(out, "each seed alone; {}\n", WAYS.join("; "))?;
    for group in &groups {
        let title = format!("{}, variant {}", group.title(), group.variant.name);
        writeln!(out, "{}", style.strong(&title))?;
        for seed in group.seeds.iter() {
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
    Ok(Status::AsExpected)
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
