//! Several variants of one scenario side by side.

use super::prelude::*;
use super::tally::{Figure, Tally};
use crate::words::figures::factor;

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
    let outcome: [(&str, Cell); 12] = [
        ("lease\nhit rate", &|tally| shown(tally, Figure::HIT_RATE)),
        ("GET\nmean", &|tally| shown(tally, Figure::GET_MEAN)),
        ("GET\np99", &|tally| shown(tally, Figure::GET_P99)),
        ("script\nmean", &|tally| shown(tally, Figure::SCRIPT_MEAN)),
        ("answered ok\nin all runs", &|tally| or_dash(tally.availability().map(percent))),
        ("conflicts\nper s", &|tally| shown(tally, Figure::Of(Metric::ConflictsPerSecond))),
        ("leader\nchanges", &|tally| shown(tally, Figure::Of(Metric::LeaderChanges))),
        ("ReadIndex:\nlease miss", &|tally| shown(tally, Figure::Rounds(RoundCause::LeaseMiss))),
        ("\nrenewal", &|tally| shown(tally, Figure::Rounds(RoundCause::Renewal))),
        ("\nwrite", &|tally| shown(tally, Figure::Rounds(RoundCause::Write))),
        ("\ninner read", &|tally| shown(tally, Figure::Rounds(RoundCause::InnerRead))),
        ("verdict", &|tally| tally.brief_verdicts()),
    ];
    blocks.push(table(tallies, &outcome));
    if tallies.iter().any(|tally| tally.median(Figure::Script).is_some()) {
        let against = format!("each with its ratio to {}", first.planned.variant);
        blocks.push(format!("{}  {}", style.strong("where the time of a script goes"), style.faint(against)));
        blocks.push(indented("  ", &script_table(tallies)));
    }
    let dropped = Figure::Of(Metric::HeartbeatsDroppedPerSecond);
    if tallies.iter().any(|tally| tally.median(dropped).is_some_and(|dropped| dropped.value > 0.0)) {
        blocks.push(format!("{}  {}", style.strong("what overflows"), style.faint("means over the whole run")));
        let overflow: [(&str, Cell); 4] = [
            ("busy\ncores", &|tally| shown(tally, Figure::Of(Metric::BusyCores))),
            ("waiting for\nReadIndex", &|tally| shown(tally, Figure::Of(Metric::ReadIndexWaiting))),
            ("ReadIndex\na script", &|tally| shown(tally, Figure::Of(Metric::ReadIndexPerScript))),
            ("heartbeats\ndropped per s", &|tally| shown(tally, dropped)),
        ];
        blocks.push(table(tallies, &overflow));
    }
    blocks.join("\n\n")
}

/// What stands in a column of a variant.
type Cell<'a> = &'a dyn Fn(&Tally) -> String;

/// A row a variant; numbers, which is all but the names of variants and verdicts, are aligned.
fn table(tallies: &[&Tally], columns: &[(&str, Cell<'_>)]) -> String {
    let head: Vec<&str> = ["variant"].into_iter().chain(columns.iter().map(|(name, _)| *name)).collect();
    let row = |tally: &&Tally| {
        let cells = columns.iter().map(|(_, cell)| cell(tally));
        [tally.planned.variant.clone()].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let rows: Vec<_> = tallies.iter().map(row).collect();
    let right: Vec<usize> = (1..head.len()).filter(|number| head[*number] != "verdict").collect();
    indented("  ", &aligned(&head, &right, &rows, WIDTH))
}

fn shown(tally: &Tally, figure: Figure) -> String {
    or_dash(tally.shown(figure))
}

/// A row a part and a column a variant: there are few variants, and their names are long.
fn script_table(tallies: &[&Tally]) -> String {
    let parts: [(&str, Figure); 7] = [
        ("lease read (ReadIndex)", Figure::Part(0)),
        ("reads", Figure::Part(1)),
        ("write fence (ReadIndex)", Figure::Part(2)),
        ("commit", Figure::Part(3)),
        ("backoff", Figure::Part(4)),
        ("whole script, on the node", Figure::Script),
        ("ReadIndex wait per lease read", Figure::LeaseReadWait),
    ];
    let mut head = vec!["mean per script".to_owned()];
    for tally in tallies {
        head.extend([tally.planned.variant.clone(), String::new()]);
    }
    let median = |tally: &Tally, figure| tally.median(figure).map(|median| median.value);
    let whole = tallies.first().and_then(|tally| median(tally, Figure::Script));
    let row = |(name, figure): (&str, Figure)| {
        let values: Vec<Option<f64>> = tallies.iter().map(|tally| median(tally, figure)).collect();
        let base = values.first().copied().flatten();
        let mut row = vec![name.to_owned()];
        for (position, value) in values.into_iter().enumerate() {
            row.push(or_dash(value.map(seconds)));
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
