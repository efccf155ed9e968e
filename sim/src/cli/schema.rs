//! `leasehold schema`: the JSON Schema of scenario files.

use super::prelude::*;
use leasehold_sim::runner::scenario_schema;

pub(crate) fn schema() -> Result<Status, Stop> {
    io::stdout().write_all(scenario_schema().as_bytes())?;
    Ok(Status::AsExpected)
}
