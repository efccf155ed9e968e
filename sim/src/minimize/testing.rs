//! Scenarios for tests.

use crate::scenario::{Scenario, parse, print};
use std::path::Path;

/// One of ten seconds, with what stands above its tables, and with further tables.
pub(super) fn scenario(above: &str, tables: &str) -> Scenario {
    let text = format!("name = \"s\"\nuntil = \"10s\"\n{above}\n[[workload]]\nkind = \"kv\"\n{tables}");
    parse(Path::new("s.toml"), &text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The steps of its timeline, as they are printed.
pub(super) fn lines(scenario: &Scenario) -> Vec<String> {
    let text = print(scenario);
    let steps = text.lines().filter_map(|line| line.strip_prefix("  {")?.strip_suffix(','));
    steps.map(|step| format!("{{{step}")).collect()
}
