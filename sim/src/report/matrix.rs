//! Variants against checks: one table, or one JSON object a variant.
//!
//! `seeds_median` and `seeds_worst` are taken over disjoint ranges of seeds and are `null` where a range shows nothing;
//! `reached` says whether the variant did anything in these runs that the default does not do, and is `null` of the default itself;
//! `equivalent` says why a variant that breaks a rule is as right as the default, and is `null` of those that are not;
//! `chaos_seeds` is `null` where chaos shows nothing within its limit, or was not asked. `wall_ms` is the only field in which
//! two equal searches may differ.

use super::prelude::*;
use crate::mutant::Kind;
use crate::verdict::Row;

/// `row` as one line of JSON, without the newline.
pub fn matrix_line(row: &Row) -> String {
    let seen = row.variant.seen;
    Object::default()
        .with("variant", row.variant.name)
        .with("kind", row.variant.kind.name())
        .with("class", row.variant.harm.name())
        .with("killed", row.killed())
        .with("reached", row.reached)
        .with("by", row.first().map(|seen| &seen.by))
        .with("expected_by", seen.map(|seen| seen.by))
        .with("scenario", row.variant.scenario())
        .with("equivalent", row.variant.equivalent.map(|equivalent| equivalent.because))
        .with("seeds_median", row.median())
        .with("seeds_worst", row.worst())
        .with("chaos_seeds", row.chaos.as_ref().map(|seen| seen.after))
        .with("chaos_by", row.chaos.as_ref().map(|seen| &seen.by))
        // All checks that speak when the first run that shows it goes on to its end.
        .with("checks", &row.checks)
        .with("wall_ms", row.wall.as_secs_f64() * 1e3)
        .to_string()
}

/// `rows` as a table, as wide as the terminal: what aiming finds, and beside it what chance does.
pub fn matrix_table(rows: &[Row]) -> String {
    let head = ["variant", "class", "scenario", "seen by", "median", "worst", "chaos"];
    let reasons = rows.iter().filter_map(|row| row.variant.equivalent.map(|it| (row.variant.name, it.because)));
    let reasons: String = reasons.map(|(name, because)| format!("\n{name} is equivalent: {because}")).collect();
    let rows: Vec<_> = rows.iter().map(cells).collect();
    aligned(&head, &[4, 5, 6], &rows, terminal_width(super::WIDTH)) + &reasons
}

fn cells(row: &Row) -> [String; 7] {
    let seeds = |after: Option<u64>, limit: u64| after.map_or_else(|| format!("> {limit}"), |after| after.to_string());
    let none = || "-".to_owned();
    let is_default = row.variant.kind == Kind::Default;
    let by = match (row.first(), row.variant.seen) {
        (Some(first), Some(seen)) if first.by != seen.by => format!("{} (not {})", first.by, seen.by),
        (Some(first), _) => first.by.clone(),
        (None, _) if row.variant.equivalent.is_some() => "equivalent".to_owned(),
        (None, _) if is_default => "nothing".to_owned(),
        (None, _) if row.reached == Some(false) => "NOT REACHED".to_owned(),
        (None, _) => "NOTHING".to_owned(),
    };
    let chaos = if row.chaos_limit == 0 || is_default {
        none()
    } else {
        seeds(row.chaos.as_ref().map(|seen| seen.after), row.chaos_limit)
    };
    [
        row.variant.name.to_owned(),
        row.variant.harm.name().to_owned(),
        row.variant.scenario().map_or_else(none, str::to_owned),
        by,
        if is_default { none() } else { seeds(row.median(), row.range) },
        if is_default { none() } else { seeds(row.worst(), row.range) },
        chaos,
    ]
}
