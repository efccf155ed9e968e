//! A timeline as text: one column a node, or one for all where there are too many nodes, or words too long, for columns.

use super::timeline::{Row, Timeline};
use crate::words::wrapped;
use leasehold::env::NodeId;

/// Characters of a row where nobody says otherwise.
pub const WIDTH: usize = 120;

/// Characters of the mark and the time at the start of a row, where times are short.
const TIME: usize = 14;
/// Characters of the column for clients and faults, at least; of a wide sheet it has one in so many.
const OUTSIDE: usize = 25;
const OUTSIDE_ONE_IN: usize = 5;
/// Below this a column of its own for each node is not readable.
const NARROWEST: usize = 16;
/// Characters of the bar of a lease, and of the gap after a cell.
const BAR: usize = 2;
const GAP: usize = 1;
/// What stands before the words where there are no columns: bar and node.
const WHO: usize = 7;
/// By so many characters words that go on below are indented.
const HANG: usize = 2;

impl Timeline {
    /// A head and the rows, each at most `width` wide: words that do not fit go on below. `▶` marks the last event not after the moment, `┃`
    /// a lease in force.
    pub fn lines(&self, width: usize) -> Vec<String> {
        let sheet = Sheet::new(self, width);
        std::iter::once(sheet.head()).chain(self.rows.iter().flat_map(|row| sheet.row(row))).collect()
    }
}

/// The columns.
struct Sheet {
    /// Empty where there are no columns.
    nodes: Vec<NodeId>,
    time: usize,
    column: usize,
    outside: usize,
}

impl Sheet {
    fn new(timeline: &Timeline, width: usize) -> Self {
        let time = timeline.rows.iter().map(|row| row.at.to_string().len() + 3).fold(TIME, usize::max);
        let count = timeline.nodes as usize;
        let outside = OUTSIDE.max(width / OUTSIDE_ONE_IN);
        let column = width.saturating_sub(time + outside) / count.max(1);
        let outside = width.saturating_sub(time + column * count);
        let longest = |of_a_node: bool| {
            let rows = timeline.rows.iter().filter(|row| row.node.is_some() == of_a_node);
            rows.flat_map(|row| row.words.split(' ')).map(|word| word.chars().count() + HANG).max().unwrap_or(0)
        };
        let fits = column >= NARROWEST && longest(true) + BAR + GAP <= column && longest(false) <= outside;
        if fits {
            return Self { nodes: (1..=u64::from(timeline.nodes)).map(NodeId).collect(), time, column, outside };
        }
        Self { nodes: Vec::new(), time, column: 0, outside: width.saturating_sub(time) }
    }

    fn head(&self) -> String {
        let mut cells: Vec<String> = self.nodes.iter().map(|node| format!("  {node}")).collect();
        cells.push(if cells.is_empty() { "  who  what" } else { "clients and faults" }.to_owned());
        self.line("  simulated", &cells)
    }

    fn row(&self, Row { at, is_centre, node: about, words, leases }: &Row) -> Vec<String> {
        let bar = |node: &NodeId| if leases.contains(node) { "┃" } else { " " };
        let room = match about {
            _ if self.nodes.is_empty() => self.outside.saturating_sub(WHO),
            Some(_) => self.column.saturating_sub(BAR + GAP),
            None => self.outside,
        };
        let rows = wrapped(words, room, HANG).into_iter().enumerate();
        let line = |(number, words): (usize, String)| {
            let first = number == 0;
            let time = match (first, is_centre) {
                (true, true) => format!("▶ {at}"),
                (true, false) => format!("  {at}"),
                (false, _) => String::new(),
            };
            let of_node = |node: &NodeId| {
                let words = if *about == Some(*node) { words.as_str() } else { "" };
                format!("{} {words}", bar(node))
            };
            let mut cells: Vec<String> = self.nodes.iter().map(of_node).collect();
            cells.push(match about {
                Some(node) if self.nodes.is_empty() => {
                    let name = if first { node.to_string() } else { String::new() };
                    format!("{} {name:<4} {words}", bar(node))
                }
                Some(_) => String::new(),
                None if self.nodes.is_empty() => format!("{:WHO$}{words}", ""),
                None => words,
            });
            self.line(&time, &cells)
        };
        rows.map(line).collect()
    }

    /// Every cell but the last has the column's width; the last has what is left.
    fn line(&self, time: &str, cells: &[String]) -> String {
        let mut line = format!("{time:<width$}", width = self.time);
        for (number, cell) in cells.iter().enumerate() {
            let width = if number < self.nodes.len() { self.column } else { 0 };
            line.push_str(&format!("{cell:<width$}"));
        }
        line.trim_end().to_owned()
    }
}
