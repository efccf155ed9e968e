//! `leasehold freeze`: what a seed draws, as a scenario file that a person could have written.

use super::prelude::*;
use std::fs::File;

#[derive(Args)]
pub(crate) struct FreezeArgs {
    /// File or name
    scenario: String,
    /// The seed whose run is written down
    #[arg(long, value_name = "N")]
    seed: u64,
    /// Behaviour of the stack [default: what the file says]
    #[arg(long, value_name = "V")]
    variant: Option<String>,
    /// Write to this file, which must not exist yet [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn freeze(args: &FreezeArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let (scenarios, variants) = (vec![args.scenario.clone()], args.variant.clone().into_iter().collect());
    let groups = refuse(&Wish { scenarios, variants, ..Wish::default() }, &places)?;
    let [group] = &groups[..] else {
        return Err(Stop::Refused(format!("error: `{}` is {} scenarios; freeze one", args.scenario, groups.len())));
    };
    let frozen = group.frozen(args.seed, args.out.as_deref());
    let Some(path) = &args.out else {
        io::stdout().write_all(frozen.as_bytes())?;
        return Ok(Status::AsExpected);
    };
    let written = File::create_new(path).and_then(|mut file| file.write_all(frozen.as_bytes()));
    written.map_err(|error| Stop::Refused(format!("error: --out {}: {error}", path.display())))?;
    eprintln!("{}", path.display());
    Ok(Status::AsExpected)
}
