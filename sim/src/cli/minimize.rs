//! `leasehold minimize`: the smallest scenario that fails in the same way.

use super::out::{new_scenario, write_new};
use super::prelude::*;
use leasehold_sim::bundle::EXTENSION;
use leasehold_sim::minimize::{Cost, Minimized, Size, Start};
use leasehold_sim::mutant::DEFAULT;
use leasehold_sim::report::Effort;
use leasehold_sim::runner::{Bundled, Group, find_variant};
use leasehold_sim::scenario;
use leasehold_sim::words::figures::{counted, duration};
use std::sync::Arc;
use std::time::Duration;

#[derive(Args)]
pub(crate) struct MinimizeArgs {
    /// File, name, or bundle of a run that failed
    scenario: String,
    /// The seed that fails [default: the file's, if it has one]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Behaviour of the stack that fails [default: what the file says, or the one variant that it expects to fail]
    #[arg(long, value_name = "V")]
    variant: Option<String>,
    /// Raft implementation [default: what the file says]
    #[arg(long, value_name = "E")]
    engine: Option<Engine>,
    /// Write to this file, which must not exist yet [default: standard output]
    #[arg(long, short, value_name = "FILE", value_parser = new_scenario)]
    out: Option<PathBuf>,
    /// How long at most, in real time; what is smallest then is written
    #[arg(long = "for", value_name = "TIME", default_value = "5m", value_parser = scenario::duration)]
    lasts: Duration,
    /// Runs at the same time [default: as many as there are cores]
    #[arg(long, value_name = "J", value_parser = positive)]
    jobs: Option<NonZeroUsize>,
}

pub(crate) fn minimize(args: &MinimizeArgs) -> Result<Status, Stop> {
    let (group, seed) = chosen(args)?;
    if let Some(path) = args.out.as_ref().filter(|path| path.exists()) {
        return Err(Stop::Refused(format!("error: --out {}: it is there already", path.display())));
    }
    let refused = |words: String| Stop::Refused(format!("error: {words}"));
    let start = Start::of(&group, seed, args.out.as_deref()).map_err(refused)?;
    let wanted = start.wanted().clone();
    let interrupted = interrupt::heard()?;
    let (title, variant) = (group.title(), group.variant.name);
    eprintln!("{} ({}) is to stay, of seed {seed} of {title}, variant {variant}", wanted.check, wanted.class);
    let (stop, mut effort) = (Arc::clone(&interrupted), Effort::begin(args.lasts));
    let (before, mut late) = (start.size(), false);
    let minimized = start.minimize(args.jobs.map_or_else(cores, NonZeroUsize::get), &stop, &mut |size, cost| {
        if effort.is_over() && !stop.swap(true, Ordering::Relaxed) {
            late = true;
        }
        effort.tell(&so_far(&before, size, cost));
    });
    effort.finish();
    write_new(args.out.as_deref(), &minimized.text)?;
    let Minimized { before, after, cost, is_whole, .. } = minimized;
    let wall = duration(effort.elapsed());
    eprintln!("{} ({}): {} in {wall}", wanted.check, wanted.class, so_far(&before, &after, cost));
    match (is_whole, late) {
        (true, _) => Ok(Status::AsExpected),
        (false, true) => {
            let limit = duration(args.lasts);
            eprintln!(
                "stopped after {limit}: it may get smaller still; minimise what was written, or give it longer with --for"
            );
            Ok(Status::AsExpected)
        }
        (false, false) => {
            eprintln!("interrupted: it may get smaller still; minimise what was written");
            Ok(Status::Interrupted)
        }
    }
}

fn so_far(before: &Size, now: &Size, Cost { runs, cpu }: Cost) -> String {
    format!("{}; {}, {} of CPU time", before.to(now), counted(runs, "run"), duration(cpu))
}

/// The one scenario, under the variant that is to fail, and the seed.
fn chosen(args: &MinimizeArgs) -> Result<(Group, u64), Stop> {
    let refused = |words: String| Stop::Refused(format!("error: {words}"));
    if Path::new(&args.scenario).extension().is_some_and(|extension| extension == EXTENSION) {
        if args.seed.is_some() || args.variant.is_some() || args.engine.is_some() {
            return Err(refused(format!(
                "{} is a bundle: it has a seed, a variant and an engine of its own",
                args.scenario
            )));
        }
        let Bundled { group, spec, .. } = Bundled::open(Path::new(&args.scenario)).map_err(refused)?;
        return Ok((group, spec.seed));
    }
    let group = failing(args)?;
    match (args.seed, group.seeds.len()) {
        (Some(seed), _) => Ok((group, seed)),
        (None, 1) => Ok((group.clone(), group.seeds.first())),
        (None, several) => {
            Err(refused(format!("{} has {several} seeds; say which of them fails: --seed N", group.title())))
        }
    }
}

/// The one scenario, under the variant that is to fail.
fn failing(args: &MinimizeArgs) -> Result<Group, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let variants = args.variant.clone().into_iter().collect();
    let groups = refuse(
        &Wish { scenarios: vec![args.scenario.clone()], variants, engines: on(args.engine), ..Wish::default() },
        &places,
    )?;
    let [group] = &groups[..] else {
        return Err(Stop::Refused(format!("error: `{}` is {} scenarios; minimise one", args.scenario, groups.len())));
    };
    let sections = &group.scenario.expect.variants;
    let mut failing = sections.iter().filter(|(_, section)| section.class.is_some() || section.check.is_some());
    let only = failing.next().filter(|_| failing.next().is_none()).map(|(name, _)| name);
    match only.filter(|_| args.variant.is_none() && group.variant.name == DEFAULT.name) {
        Some(name) => {
            let variant = find_variant(name).map_err(|words| Stop::Refused(format!("error: {words}")))?;
            Ok(group.under(variant))
        }
        None => Ok(group.clone()),
    }
}
