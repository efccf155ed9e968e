//! Colour, where somebody looks at it, and aligned tables.

use crate::words::wrapped;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use std::fmt::Display;

/// Colours or none, and how wide a line may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    color: bool,
    /// `None`: whoever reads it breaks lines as they like.
    columns: Option<usize>,
}

impl Style {
    /// No colour: for files, pipes and snapshots.
    pub const PLAIN: Style = Style { color: false, columns: None };

    /// Colour if standard output is a terminal that shows it and nobody objects (`NO_COLOR`, `CLICOLOR`); lines as wide as that terminal.
    pub fn stdout() -> Self {
        Self { color: console::colors_enabled(), columns: terminal_columns() }
    }

    /// The same of standard error.
    pub fn stderr() -> Self {
        Self { color: console::colors_enabled_stderr(), columns: None }
    }

    /// The same with lines of so many columns.
    pub fn at(self, columns: usize) -> Self {
        Self { columns: Some(columns), ..self }
    }

    /// How wide lines are; `otherwise` where nobody says.
    pub(super) fn width(self, otherwise: usize) -> usize {
        self.columns.unwrap_or(otherwise)
    }

    /// `text` in rows that fit; no word is cut.
    pub(crate) fn fit(self, text: &str) -> String {
        match self.columns {
            Some(columns) => text.lines().flat_map(|line| wrapped(line, columns, 2)).collect::<Vec<_>>().join("\n"),
            None => text.to_owned(),
        }
    }

    /// Is there colour?
    pub fn is_color(self) -> bool {
        self.color
    }

    /// What went wrong.
    pub fn bad(self, text: impl Display) -> String {
        self.apply(console::Style::new().red().bold(), text)
    }

    /// What went right.
    pub fn good(self, text: impl Display) -> String {
        self.apply(console::Style::new().green(), text)
    }

    /// What went wrong and was expected to.
    pub fn expected(self, text: impl Display) -> String {
        self.apply(console::Style::new().yellow().bold(), text)
    }

    /// A heading.
    pub fn strong(self, text: impl Display) -> String {
        self.apply(console::Style::new().bold(), text)
    }

    /// What explains the rest.
    pub fn faint(self, text: impl Display) -> String {
        self.apply(console::Style::new().dim(), text)
    }

    fn apply(self, style: console::Style, text: impl Display) -> String {
        style.force_styling(self.color).apply_to(text).to_string()
    }
}

/// What stands in a cell, or that nothing does.
pub(super) fn or_dash(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| "-".to_owned())
}

/// Each line behind `by`; nothing that cannot be seen at its end.
pub(super) fn indented(by: &str, text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("{by}{line}").trim_end().to_owned()).collect();
    lines.join("\n")
}

/// `rows` under `head`, columns aligned, at most `width` characters wide: the last column is wrapped if it must be. `right` are the
/// columns of numbers.
pub fn aligned<R: AsRef<[String]>>(head: &[impl AsRef<str>], right: &[usize], rows: &[R], width: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table.set_header(head.iter().map(AsRef::as_ref));
    for row in rows {
        table.add_row(row.as_ref());
    }
    for (number, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if number + 1 == head.len() { 0 } else { 2 }));
        if right.contains(&number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Width of the terminal on standard output, or `otherwise` where there is none.
pub(super) fn terminal_width(otherwise: usize) -> usize {
    terminal_columns().unwrap_or(otherwise)
}

fn terminal_columns() -> Option<usize> {
    console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns).max(60))
}
