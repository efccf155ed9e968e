//! What scenarios meet: a row for each thing, a column for each situation, in each cell in how many scenarios it was met.

use super::object::Object;
use super::style::aligned;
use crate::verdict::{MetIn, Situation, things};

/// Wide enough for every column: a table that is wrapped cannot be read.
const WIDTH: usize = 160;

/// The table, and below it how many cells are empty. `.`: in none.
pub fn coverage_table(coverage: &MetIn) -> String {
    let head: Vec<String> =
        std::iter::once(String::new()).chain(Situation::all().map(|situation| situation.to_string())).collect();
    let rows: Vec<Vec<String>> = things().into_iter().map(|thing| row(coverage, thing)).collect();
    let cells = rows.iter().flatten().filter(|cell| *cell == ".").count();
    let right: Vec<usize> = (1..head.len()).collect();
    let never: Vec<_> = rows.iter().filter(|row| row[1..].iter().all(|cell| cell == ".")).map(|row| &*row[0]).collect();
    let never = if never.is_empty() { "nothing".to_owned() } else { never.join(", ") };
    format!(
        "{}\n\n{cells} empty of {}; never met: {never}",
        aligned(&head, &right, &rows, WIDTH),
        rows.len() * (head.len() - 1)
    )
}

fn row(coverage: &MetIn, thing: String) -> Vec<String> {
    let cell = |situation| coverage.get(&(thing.clone(), situation)).map_or(".".to_owned(), usize::to_string);
    let cells: Vec<String> = Situation::all().map(cell).collect();
    std::iter::once(thing).chain(cells).collect()
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
