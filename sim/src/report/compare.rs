//! Several variants of one scenario side by side.

use super::figures::{self, number, percent, ratio, seconds};
use super::style::{Style, aligned};
use super::tally::{Figures, Tally};

/// Wide enough that no column of numbers is wrapped.
const WIDTH: usize = 160;

/// The comparison of `tallies`, which are of one scenario, in the order in which the variants were asked for; empty for fewer than
/// two.
pub fn comparison(tallies: &[&Tally], style: Style) -> String {
    let [first, _, ..] = tallies else { return String::new() };
    let mut blocks = vec![format!(
        "{}  {}",
        style.strong(format!("{}: variants compared", first.planned.title)),
        style.faint("medians over the seeds; of an even number, the lower of the two in the middle")
    )];
    blocks.push(indented(&outcome_table(tallies)));
    if tallies.iter().any(|tally| tally.median(total).is_some()) {
        let against = format!("each with its ratio to {}", first.planned.variant);
        blocks.push(format!("{}  {}", style.strong("where the time of a script goes"), style.faint(against)));
        blocks.push(indented(&script_table(tallies)));
    }
    blocks.join("\n\n")
}

fn outcome_table(tallies: &[&Tally]) -> String {
    let head = [
        "variant",
        "lease\nhit rate",
        "GET\nmean",
        "GET\np99",
        "script\nmean",
        "conflicts\nper s",
        "leader\nchanges",
        "ReadIndex rounds for\nlease miss",
        "\nrenewal",
        "\nwrite",
        "\ninner read",
        "verdict",
    ];
    let rows: Vec<[String; 12]> = tallies.iter().map(|tally| outcome_row(tally)).collect();
    aligned(head, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &rows, WIDTH)
}

fn outcome_row(tally: &Tally) -> [String; 12] {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let time = |figure: fn(&Figures) -> Option<f64>| or_dash(tally.median(figure).map(seconds));
    let plain = |figure: &dyn Fn(&Figures) -> f64| or_dash(tally.median(|run| Some(figure(run))).map(number));
    let rounds = |cause: usize| or_dash(tally.median(|run| run.rounds.get(cause).map(|n| *n as f64)).map(number));
    [
        tally.planned.variant.clone(),
        or_dash(tally.median(|run| run.hit_rate).map(percent)),
        time(|run| run.get_mean),
        time(|run| run.get_p99),
        time(|run| run.script_mean),
        plain(&|run| run.conflicts_per_second),
        plain(&|run| run.leader_changes as f64),
        rounds(0),
        rounds(1),
        rounds(2),
        rounds(3),
        tally.verdicts(),
    ]
}

fn script_table(tallies: &[&Tally]) -> String {
    let head = [
        "variant",
        "whole script",
        "",
        "lease read\n(ReadIndex)",
        "",
        "reads",
        "",
        "write fence\n(ReadIndex)",
        "",
        "commit",
        "",
        "backoff",
        "",
        "ReadIndex wait\nper lease read",
        "",
    ];
    let parts: [&dyn Fn(&Figures) -> Option<f64>; 7] = [
        &total,
        &|run| part(run, 0),
        &|run| part(run, 1),
        &|run| part(run, 2),
        &|run| part(run, 3),
        &|run| part(run, 4),
        &|run| run.lease_read_wait,
    ];
    let mut rows: Vec<[String; 15]> = Vec::new();
    for (position, tally) in tallies.iter().enumerate() {
        let mut row: [String; 15] = std::array::from_fn(|_| String::new());
        row[0].clone_from(&tally.planned.variant);
        for (cells, figure) in row[1..].chunks_exact_mut(2).zip(parts) {
            let value = tally.median(figure);
            cells[0] = value.map_or_else(|| "-".to_owned(), figures::seconds);
            if position > 0 {
                cells[1] = ratio(value, tallies[0].median(figure));
            }
        }
        rows.push(row);
    }
    aligned(head, &[1, 3, 5, 7, 9, 11, 13], &rows, WIDTH)
}

fn total(run: &Figures) -> Option<f64> {
    run.script_parts.map(|parts| parts.iter().sum())
}

fn part(run: &Figures, part: usize) -> Option<f64> {
    run.script_parts.and_then(|parts| parts.get(part).copied())
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    lines.join("\n")
}
