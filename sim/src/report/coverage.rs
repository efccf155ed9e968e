//! What scenarios meet: a row for each thing, a column for each situation, in each cell in how many scenarios it was met.

use super::object::Object;
use super::style::aligned;
use crate::verdict::{MetIn, Situation, ruled_out, things};
use std::collections::BTreeMap;

/// Wide enough for every column: a table that is wrapped cannot be read.
const WIDTH: usize = 160;

/// The table, and below it what is empty, and why. `.`: in none; `-`: it cannot be.
pub fn coverage_table(coverage: &MetIn) -> String {
    let head: Vec<String> =
        std::iter::once(String::new()).chain(Situation::all().map(|situation| situation.to_string())).collect();
    let rows: Vec<Vec<String>> = things().into_iter().map(|thing| row(coverage, thing)).collect();
    let right: Vec<usize> = (1..head.len()).collect();
    let open = rows.iter().flatten().filter(|cell| *cell == EMPTY).count();
    let never = rows.iter().filter(|row| row[1..].iter().all(|cell| cell == EMPTY)).map(|row| &*row[0]);
    let mut lines = vec![aligned(&head, &right, &rows, WIDTH), String::new()];
    lines.push(format!("{open} of {} are met in no scenario (`{EMPTY}`)", rows.len() * (head.len() - 1)));
    lines.extend(never.map(|thing| format!("  {thing}: in no situation at all")));
    lines.push(format!("what cannot be (`{NEVER}`):"));
    lines.extend(reasons().into_iter().map(|(reason, what)| format!("  {reason}: {}", what.join("; "))));
    lines.join("\n")
}

const EMPTY: &str = ".";
const NEVER: &str = "-";

fn row(coverage: &MetIn, thing: String) -> Vec<String> {
    let cell = |situation| match coverage.get(&(thing.clone(), situation)) {
        Some(scenarios) => scenarios.to_string(),
        None if ruled_out(&thing, situation).is_some() => NEVER.to_owned(),
        None => EMPTY.to_owned(),
    };
    let cells: Vec<String> = Situation::all().map(cell).collect();
    std::iter::once(thing).chain(cells).collect()
}

/// Each reason, and for what it stands.
fn reasons() -> BTreeMap<&'static str, Vec<String>> {
    let mut reasons = BTreeMap::<_, Vec<String>>::new();
    for thing in things() {
        let mut by_reason = BTreeMap::<_, Vec<String>>::new();
        for situation in Situation::all() {
            if let Some(reason) = ruled_out(&thing, situation) {
                by_reason.entry(reason).or_default().push(situation.to_string());
            }
        }
        for (reason, situations) in by_reason {
            reasons.entry(reason).or_default().push(format!("{thing} ({})", situations.join(", ")));
        }
    }
    reasons
}

/// One JSON object for each thing: by situation, in how many scenarios it was met.
pub fn coverage_lines(coverage: &MetIn) -> Vec<String> {
    let line = |thing: String| {
        Situation::all()
            .fold(Object::default().with("met", &thing), |line, situation| {
                line.with(situation.name(), coverage.get(&(thing.clone(), situation)).copied().unwrap_or(0))
            })
            .to_string()
    };
    things().into_iter().map(line).collect()
}
