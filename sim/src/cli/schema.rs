//! `leasehold schema`: the JSON Schema of scenario files.

use super::Stop;
use leasehold_sim::report::Status;
use leasehold_sim::runner::scenario_schema;
use std::io::{self, Write};

pub(crate) fn schema() -> Result<Status, Stop> {
    io::stdout().write_all(scenario_schema().as_bytes())?;
    Ok(Status::AsExpected)
}
