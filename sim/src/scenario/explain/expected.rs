//! What must come of a run.

use super::Context;
use crate::scenario::{EngineExpect, Expectation, Scenario, VariantExpect};
use crate::words::figures::{counted, listed};

pub(super) fn told(scenario: &Scenario, context: &Context<'_>) -> Vec<String> {
    let mut lines = vec![verdict(scenario, context)];
    lines.extend(scenario.expect.bounds.iter().map(|bound| format!("  {}", bounded(bound))));
    for (name, section) in &scenario.expect.variants {
        lines.push(variant(name, section));
        lines.extend(section.bounds.iter().map(|bound| format!("  {}", bounded(bound))));
    }
    lines.extend(otherwise(scenario));
    lines.extend(floors(scenario));
    lines.push(checks(scenario, context));
    lines
}

fn verdict(scenario: &Scenario, context: &Context<'_>) -> String {
    let own = scenario.expect.variants.get(context.variant);
    let bounds = if scenario.expect.bounds.is_empty() { "" } else { ", and all of this to hold" };
    match (scenario.expect.violation, own) {
        (Some(class), _) => {
            format!("A run must fail as `{class}`: the file is good only if what is planted is caught.")
        }
        (None, Some(_)) => {
            format!("The run is to be as it says below of `{}`; others must pass{bounds}:", context.variant)
        }
        (None, None) => format!("A run must pass: no check may find anything{bounds}:"),
    }
}

fn bounded(Expectation { metric, of, window, bound, line }: &Expectation) -> String {
    let place = window.as_ref().map_or_else(|| "over the whole run".to_owned(), |name| format!("in `{name}`"));
    format!("{metric}{of} {place} {} (line {line})", bound.asked())
}

fn variant(name: &str, section: &VariantExpect) -> String {
    let more = if section.bounds.is_empty() { "." } else { ", with" };
    match section.class {
        Some(class) => format!("Under `{name}` it must fail as `{class}` and in no other way{more}"),
        None if section.bounds.is_empty() => format!("Under `{name}` it must pass too."),
        None => format!("Under `{name}` it must pass too, with these in place of the bounds above on the same:"),
    }
}

/// Why what is expected of variants is not what it is on every engine.
fn otherwise(scenario: &Scenario) -> Vec<String> {
    let engine = scenario.cluster.engine;
    let own = scenario.expect.engines.get(&engine).into_iter().flatten();
    own.map(|(variant, EngineExpect { because, .. })| format!("Of `{variant}` that is so on {engine}: {because}"))
        .collect()
}

fn floors(scenario: &Scenario) -> Option<String> {
    let floors: Vec<String> = scenario.floors.iter().map(|floor| format!("{} {}", floor.least, floor.metric)).collect();
    let least = listed(&floors);
    (!floors.is_empty()).then(|| format!("It must have exercised at least {least}, or it proves nothing (`vacuous`)."))
}

fn checks(scenario: &Scenario, context: &Context<'_>) -> String {
    let names: Vec<String> = context.checks.iter().map(|(name, _)| (*name).to_owned()).collect();
    let checks = format!("{} ride on it: {}.", counted(names.len() as u64, "check"), listed(&names));
    let silent = &scenario.checks.record_only;
    if silent.is_empty() {
        return checks;
    }
    format!("{checks} Of these {} only counts what it finds, and neither ends nor fails the run.", listed(silent))
}
