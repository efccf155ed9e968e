//! `leasehold completions`: what a shell has to know to complete a command line.

use super::prelude::*;
use clap::Command;
use clap_complete::{Shell, generate};

pub(crate) fn completions(shell: Shell, command: &mut Command) -> Result<Status, Stop> {
    let mut script = Vec::new();
    generate(shell, command, "leasehold", &mut script);
    io::stdout().write_all(&script)?;
    Ok(Status::AsExpected)
}
