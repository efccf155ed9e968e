//! A timeline as text: one column a node, or one for all where there are too many nodes.

use super::timeline::{Row, Timeline};
use leasehold::env::NodeId;

/// Characters of a row.
pub const WIDTH: usize = 120;

/// Characters of the mark and the time at the start of a row.
const TIME: usize = 14;
/// Characters of the column for clients and faults.
const OUTSIDE: usize = 25;
/// Below this a column of its own for each node is not readable.
const NARROWEST: usize = 16;

impl Timeline {
    /// A head and the rows, each at most [`WIDTH`] wide. `▶` marks the last event not after the moment, `┃` a lease in force.
    pub fn lines(&self) -> Vec<String> {
        let sheet = Sheet::new(self.nodes);
        std::iter::once(sheet.head()).chain(self.rows.iter().map(|row| sheet.row(row))).collect()
    }
}

/// The columns.
struct Sheet {
    /// Empty where there are too many nodes for columns.
    nodes: Vec<NodeId>,
    column: usize,
}

impl Sheet {
    fn new(nodes: u32) -> Self {
        let column = (WIDTH - TIME - OUTSIDE) / (nodes as usize).max(1);
        let nodes = if column < NARROWEST { Vec::new() } else { (1..=u64::from(nodes)).map(NodeId).collect() };
        Self { nodes, column }
    }

    fn head(&self) -> String {
        let mut cells: Vec<String> = self.nodes.iter().map(|node| format!("  {node}")).collect();
        cells.push(if cells.is_empty() { "  who  what" } else { "clients and faults" }.to_owned());
        self.line("  simulated", &cells)
    }

    fn row(&self, Row { at, is_centre, node: about, words, leases }: &Row) -> String {
        let time = format!("{} {at}", if *is_centre { "▶" } else { " " });
        let bar = |node| if leases.contains(node) { "┃" } else { " " };
        let mut cells: Vec<String> = Vec::with_capacity(self.nodes.len() + 1);
        for node in &self.nodes {
            cells.push(format!("{} {}", bar(node), if *about == Some(*node) { words } else { "" }));
        }
        cells.push(match about {
            Some(node) if self.nodes.is_empty() => format!("{} {node:<4} {words}", bar(node)),
            Some(_) => String::new(),
            None if self.nodes.is_empty() => format!("       {words}"),
            None => words.clone(),
        });
        self.line(&time, &cells)
    }

    /// Every cell but the last has the column's width; the last has what is left.
    fn line(&self, time: &str, cells: &[String]) -> String {
        let mut line = fit(time, TIME);
        let last = cells.len().saturating_sub(1);
        for (number, cell) in cells.iter().enumerate() {
            let width = if number == last { WIDTH - TIME - self.column * last } else { self.column };
            line.push_str(&fit(cell, width));
        }
        line.trim_end().to_owned()
    }
}

/// `text` at exactly `width` characters, the last of them a space.
fn fit(text: &str, width: usize) -> String {
    let room = width.saturating_sub(1);
    if text.chars().count() <= room {
        return format!("{text:<width$}");
    }
    let mut cut: String = text.chars().take(room.saturating_sub(1)).collect();
    cut.push_str("… ");
    cut
}
