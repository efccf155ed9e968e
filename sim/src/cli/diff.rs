//! `leasehold diff`: two runs beside each other, from bundles or run now.

use super::prelude::*;
use leasehold_sim::bundle::{Bundle, EXTENSION, diff as compared};
use leasehold_sim::runner::bundles::in_memory;
use leasehold_sim::runner::{Defaults, Group, revisit};
use leasehold_sim::scenario::Seeds;

#[derive(Args)]
#[command(override_usage = "leasehold diff BUNDLE BUNDLE
       leasehold diff SCENARIO --seeds 41,42 [--variants V]
       leasehold diff SCENARIO --seeds 41 --variants V,W")]
pub(crate) struct DiffArgs {
    /// Two bundles, or a scenario: its file or name
    #[arg(required = true, num_args = 1..=2)]
    what: Vec<String>,
    /// Of a scenario: the seed, or two of them: `41,42` [default: the file's first]
    #[arg(long, value_name = "SEEDS")]
    seeds: Option<Seeds>,
    /// Of a scenario: the variant, or two of them: `default,long-lease` [default: what the file says]
    #[arg(long, value_name = "VARIANTS", value_delimiter = ',')]
    variants: Vec<String>,
    /// Of a scenario: the Raft implementation [default: what the file says]
    #[arg(long, value_name = "E")]
    engine: Option<Engine>,
}

pub(crate) fn diff(args: &DiffArgs) -> Result<Status, Stop> {
    let [mut one, mut other] = two(args)?;
    let difference = compared(&mut one, &mut other).map_err(refused)?;
    writeln!(io::stdout(), "{}", difference.told(Style::stdout()))?;
    Ok(Status::AsExpected)
}

fn refused(words: impl std::fmt::Display) -> Stop {
    Stop::Refused(format!("error: {words}"))
}

/// The two runs.
fn two(args: &DiffArgs) -> Result<[Bundle; 2], Stop> {
    match &args.what[..] {
        [one, other] => {
            if args.seeds.is_some() || !args.variants.is_empty() || args.engine.is_some() {
                return Err(refused(
                    "two bundles have their seeds, variants and engines; `--seeds`, `--variants` and `--engine` are for a scenario",
                ));
            }
            let open = |path: &String| Bundle::open(Path::new(path)).map_err(refused);
            Ok([open(one)?, open(other)?])
        }
        [bundle] if Path::new(bundle).extension().is_some_and(|extension| extension == EXTENSION) => {
            Err(refused(format!("{bundle} is one bundle; name the other, too")))
        }
        [scenario] => run_two(scenario, args),
        _ => Err(refused("name two bundles, or a scenario")),
    }
}

/// Two runs of a scenario, made now.
fn run_two(scenario: &str, args: &DiffArgs) -> Result<[Bundle; 2], Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let (scenarios, variants) = (vec![scenario.to_owned()], args.variants.clone());
    let groups = refuse(
        &Wish { scenarios, variants, seeds: args.seeds.clone(), engines: on(args.engine), ..Wish::default() },
        &places,
    )?;
    let seeds = |group: &Group| match &args.seeds {
        Some(seeds) => seeds.iter().take(3).collect::<Vec<_>>(),
        None => vec![group.seeds.first()],
    };
    let specs = groups.iter().flat_map(|group| seeds(group).into_iter().map(|seed| group.spec(seed, Keep::Nothing)));
    let specs: Vec<Spec> = specs.take(3).collect();
    let [one, other] = &specs[..] else {
        let told =
            "two runs are compared: of one scenario two seeds (`--seeds 41,42`) or two variants (`--variants V,W`)";
        return Err(refused(told));
    };
    let defaults = Defaults::of(&specs);
    let bundle = |spec: &Spec| {
        let mut report = defaults.run(spec);
        revisit(&mut report, spec);
        in_memory(spec, &report).map_err(refused)
    };
    Ok([bundle(one)?, bundle(other)?])
}
