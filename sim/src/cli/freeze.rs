//! `leasehold freeze`: what a seed draws, as a scenario file that a person could have written.

use super::out::{new_scenario, write_new};
use super::prelude::*;

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
    /// Raft implementation [default: what the file says]
    #[arg(long, value_name = "E")]
    engine: Option<Engine>,
    /// Write to this file, which must not exist yet [default: standard output]
    #[arg(long, short, value_name = "FILE", value_parser = new_scenario)]
    out: Option<PathBuf>,
}

pub(crate) fn freeze(args: &FreezeArgs) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let (scenarios, variants) = (vec![args.scenario.clone()], args.variant.clone().into_iter().collect());
    let groups = refuse(&Wish { scenarios, variants, engines: on(args.engine), ..Wish::default() }, &places)?;
    let [group] = &groups[..] else {
        return Err(Stop::Refused(format!("error: `{}` is {} scenarios; freeze one", args.scenario, groups.len())));
    };
    write_new(args.out.as_deref(), &group.frozen(args.seed, args.out.as_deref()))?;
    Ok(Status::AsExpected)
}
