//! Several variants of one scenario side by side.

use super::style::{Style, aligned, indented};
use super::tally::{Figures, Tally};
use crate::history::OpKind;
use crate::words::figures::{count, factor, number, percent, seconds};

/// Wide enough that no column of numbers is wrapped; with names as long as those of today the tables need less than 120.
const WIDTH: usize = 200;

/// The comparison of `tallies`, which are of one scenario, in the order in which the variants were asked for; empty for fewer than
/// two.
pub fn comparison(tallies: &[&Tally], style: Style) -> String {
    let [first, _, ..] = tallies else { return String::new() };
    let mut blocks = vec![format!(
        "{}  {}",
        style.strong(format!("{}: variants compared", first.planned.title)),
        style.faint("medians over the seeds; of an even number, the lower of the two in the middle")
    )];
    blocks.push(indented("  ", &outcome_table(tallies)));
    if tallies.iter().any(|tally| tally.median(total).is_some()) {
        let against = format!("each with its ratio to {}", first.planned.variant);
        blocks.push(format!("{}  {}", style.strong("where the time of a script goes"), style.faint(against)));
        blocks.push(indented("  ", &script_table(tallies)));
    }
    if tallies.iter().any(|tally| tally.median(|run| run.heartbeats_dropped) > Some(0.0)) {
        blocks.push(format!("{}  {}", style.strong("what overflows"), style.faint("means over the whole run")));
        blocks.push(indented("  ", &overflow_table(tallies)));
    }
    blocks.join("\n\n")
}

fn overflow_table(tallies: &[&Tally]) -> String {
    const HEAD: [&str; 5] =
        ["variant", "busy\ncores", "waiting for\nReadIndex", "ReadIndex\na script", "heartbeats\ndropped per s"];
    let figures: [Figure; 4] = [
        |run| run.busy_cores,
        |run| run.read_index_waiting,
        |run| run.read_index_per_script,
        |run| run.heartbeats_dropped,
    ];
    let row = |tally: &&Tally| {
        let [busy, waiting, rounds, dropped] =
            figures.map(|figure| tally.median(figure).map_or_else(|| "-".to_owned(), number));
        [tally.planned.variant.clone(), busy, waiting, rounds, dropped]
    };
    let rows: Vec<[String; 5]> = tallies.iter().map(row).collect();
    aligned(&HEAD.map(str::to_owned), &[1, 2, 3, 4], &rows, WIDTH)
}

/// What is taken from each run.
type Figure = fn(&Figures) -> Option<f64>;

fn outcome_table(tallies: &[&Tally]) -> String {
    const HEAD: [&str; 13] = [
        "variant",
        "lease\nhit rate",
        "GET\nmean",
        "GET\np99",
        "script\nmean",
        "answered ok\nin all runs",
        "conflicts\nper s",
        "leader\nchanges",
        "ReadIndex:\nlease miss",
        "\nrenewal",
        "\nwrite",
        "\ninner read",
        "verdict",
    ];
    let rows: Vec<[String; 13]> = tallies.iter().map(|tally| outcome_row(tally)).collect();
    aligned(&HEAD.map(str::to_owned), &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], &rows, WIDTH)
}

fn outcome_row(tally: &Tally) -> [String; 13] {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let time = |kind, figure| or_dash(tally.latency(kind, figure).map(|took| took.to_string()));
    let whole = |figure: &dyn Fn(&Figures) -> u64| {
        // A median is one of the values, so a median of counts is a count.
        or_dash(tally.median(|run| Some(figure(run) as f64)).map(|value| count(value as u64)))
    };
    let rounds = |cause: usize| whole(&|run| run.rounds.get(cause).copied().unwrap_or_default());
    [
        tally.planned.variant.clone(),
        or_dash(tally.median(|run| run.hit_rate).map(percent)),
        time(OpKind::Get, |op| op.mean),
        time(OpKind::Get, |op| op.p99),
        time(OpKind::Script, |op| op.mean),
        or_dash(tally.availability().map(percent)),
        or_dash(tally.median(|run| Some(run.conflicts_per_second)).map(number)),
        whole(&|run| run.leader_changes),
        rounds(0),
        rounds(1),
        rounds(2),
        rounds(3),
        tally.brief_verdicts(),
    ]
}

/// A row a part and a column a variant: there are few variants, and their names are long.
fn script_table(tallies: &[&Tally]) -> String {
    let parts: [(&str, Figure); 7] = [
        ("lease read (ReadIndex)", |run| part(run, 0)),
        ("reads", |run| part(run, 1)),
        ("write fence (ReadIndex)", |run| part(run, 2)),
        ("commit", |run| part(run, 3)),
        ("backoff", |run| part(run, 4)),
        ("whole script, on the node", total),
        ("ReadIndex wait per lease read", |run| run.lease_read_wait),
    ];
    let mut head = vec!["mean per script".to_owned()];
    for tally in tallies {
        head.extend([tally.planned.variant.clone(), String::new()]);
    }
    let whole = tallies.first().and_then(|tally| tally.median(total));
    let row = |(name, figure): (&str, Figure)| {
        let values: Vec<Option<f64>> = tallies.iter().map(|tally| tally.median(figure)).collect();
        let base = values.first().copied().flatten();
        let mut row = vec![name.to_owned()];
        for (position, value) in values.into_iter().enumerate() {
            row.push(value.map_or_else(|| "-".to_owned(), seconds));
            row.push(if position == 0 { String::new() } else { compared(value, base, whole) });
        }
        row
    };
    let rows: Vec<Vec<String>> = parts.into_iter().map(row).collect();
    let right: Vec<usize> = (1..head.len()).step_by(2).collect();
    aligned(&head, &right, &rows, WIDTH)
}

/// The ratio of `value` to `base`, which is a part of `whole`: `-` where it is next to nothing of it, and a ratio to it says nothing.
fn compared(value: Option<f64>, base: Option<f64>, whole: Option<f64>) -> String {
    const NOTHING: f64 = 1e4;
    let is_part = base.zip(whole).is_none_or(|(base, whole)| base * NOTHING >= whole);
    if is_part || value == base { factor(value, base) } else { "-".to_owned() }
}

fn total(run: &Figures) -> Option<f64> {
    run.script_parts.map(|parts| parts.iter().sum())
}

fn part(run: &Figures, part: usize) -> Option<f64> {
    run.script_parts.and_then(|parts| parts.get(part).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_to_next_to_nothing_is_none() {
        let of = |value, base| compared(Some(value), Some(base), Some(1.5e-3));
        assert_eq!(of(1.28e-6, 0.102e-9), "-", "not x12524");
        assert_eq!([of(2e-6, 1e-6), of(1e-3, 1e-3)], ["x2", "="]);
        assert_eq!([of(0.0, 0.0), compared(Some(1.0), None, None)], ["=", ""]);
    }
}
