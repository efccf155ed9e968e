//! The tables of `leasehold list`, from which the tables of `docs/` are written too.

use super::prelude::*;
use crate::check;
use crate::mutant::{Variant, variants};
use crate::words::{Phase, Selector, Verb};

/// A table.
pub struct Listing {
    /// The names of its columns.
    pub head: Vec<&'static str>,
    /// Its rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
}

impl Listing {
    /// A table of rows of words.
    pub fn new<const N: usize, W: Into<String>>(
        head: [&'static str; N],
        rows: impl IntoIterator<Item = [W; N]>,
    ) -> Self {
        Self { head: head.to_vec(), rows: rows.into_iter().map(|row| row.map(Into::into).to_vec()).collect() }
    }

    /// Aligned, as wide as the terminal (120 characters where there is none); the last column is wrapped.
    pub fn text(&self) -> String {
        aligned(&self.head, &[], &self.rows, terminal_width(super::WIDTH))
    }

    /// One JSON object a row, its fields in the order of the columns, named by their heads up to the first comma.
    pub fn json_lines(&self) -> String {
        let name = |head: &str| head.split(',').next().unwrap_or_default().replace(' ', "_");
        let row = |row: &Vec<String>| {
            let fields = self.head.iter().zip(row);
            fields.fold(Object::default(), |object, (head, value)| object.with(&name(head), value)).to_string()
        };
        let lines: Vec<String> = self.rows.iter().map(row).collect();
        lines.join("\n")
    }

    /// A table of Markdown; what is in the first column is code.
    pub fn markdown(&self) -> String {
        let mut lines = vec![format!("| {} |", self.head.join(" | ")), format!("|{}", "---|".repeat(self.head.len()))];
        lines.extend(self.rows.iter().map(|row| {
            let cells = row.iter().enumerate().map(|(column, cell)| match cell.replace('|', "\\|") {
                name if column == 0 => format!("`{name}`"),
                cell => cell,
            });
            format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
        }));
        lines.join("\n")
    }
}

/// Behaviours of the stack that a run can choose.
pub fn variant_list() -> Listing {
    let row = |it: &Variant| [it.name, it.harm.name(), it.about, it.source];
    Listing::new(["variant", "class", "about", "source"], variants().map(row))
}

/// Properties that every run is checked for.
pub fn check_list() -> Listing {
    let row = |check: &check::CheckInfo| {
        let stops = if check.stops { "yes" } else { "no" };
        [check.name, &check.class.to_string(), stops, check.about, check.source].map(str::to_owned)
    };
    Listing::new(["check", "class", "ends the run", "about", "source"], check::ALL.iter().map(row))
}

/// Verbs of a timeline.
pub fn fault_list() -> Listing {
    let rows = Verb::all().map(|verb| [verb.name(), verb.does(), verb.effective_if()]);
    Listing::new(["verb", "what it does", "effective if"], rows)
}

/// What a step can wait for instead of a time.
pub fn moment_list() -> Listing {
    let rows = Phase::all().map(|phase| {
        let example = if phase.is_foreseen() { format!("{phase} - 5ms") } else { format!("{phase} + 5ms") };
        [phase.to_string(), phase.about().to_owned(), format!("when = \"{example}\"")]
    });
    Listing::new(["moment", "what happens, at @this", "so long before or after it"], rows)
}

/// Nodes by role.
pub fn selector_list() -> Listing {
    let row = |selector: Selector| {
        let drawn = if selector.is_of_the_seed() { "yes" } else { "no" };
        [selector.to_string(), selector.called(), drawn.to_owned()]
    };
    Listing::new(["selector", "who, when the step acts", "drawn from the seed"], Selector::roles().map(row))
}

/// What a scenario can bound.
pub fn metric_list() -> Listing {
    let rows = Metric::all().map(|metric| {
        let places = [
            Some("[expect]"),
            metric.is_of_clients().then_some("[expect.workload.NAME]"),
            metric.is_of_clients().then_some("[expect.via.NODE]"),
            metric.is_count().then_some("[floors]"),
        ];
        let bounded: Vec<&str> = places.into_iter().flatten().collect();
        [metric.to_string(), metric.unit().to_string(), bounded.join(" "), metric.meaning().to_owned()]
    });
    Listing::new(["metric", "unit", "bounded in", "meaning"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_rendered_for_programs_and_for_pages() {
        let table = Listing::new(["name", "ends the run, or not"], [["a|b", "say \"no\""]]);
        assert_eq!(table.json_lines(), r#"{"name":"a|b","ends_the_run":"say \"no\""}"#);
        assert_eq!(table.markdown(), "| name | ends the run, or not |\n|---|---|\n| `a\\|b` | say \"no\" |");
    }
}
