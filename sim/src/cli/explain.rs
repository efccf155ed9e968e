//! `leasehold explain`: what a scenario does, before anything runs.

use super::prelude::*;

pub(crate) fn explain(
    scenario: String,
    variant: Option<String>,
    engine: Option<Engine>,
    seed: Option<u64>,
    deny_warnings: bool,
) -> Result<Status, Stop> {
    let places = Places::around(&std::env::current_dir()?);
    let variants = variant.into_iter().collect();
    let groups =
        refuse(&Wish { scenarios: vec![scenario], variants, engines: on(engine), ..Wish::default() }, &places)?;
    warn(&groups, deny_warnings)?;
    let told: Vec<String> = groups.iter().map(|group| group.explain(seed)).collect();
    io::stdout().write_all(told.join("\n").as_bytes())?;
    Ok(Status::AsExpected)
}
