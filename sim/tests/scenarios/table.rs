//! A table of pins: one row a run, kept as a CSV file that a person can review.
//!
//! A run's row is compared alone, so that a change says which run it moved, and a build that lacks some variants compares the
//! rest. `INSTA_UPDATE=always`, which accepts what the other snapshots say, writes the row.

use libtest_mimic::Failed;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// One update of a file at a time: rows are compared on several threads.
static UPDATES: Mutex<()> = Mutex::new(());

/// A table of pins.
#[derive(Clone)]
pub(crate) struct Table {
    file: PathBuf,
    /// The names of its columns, the run's apart.
    columns: Vec<&'static str>,
}

/// What a file holds: the names of its columns, and each run's cells.
#[derive(Default)]
struct Content {
    columns: Vec<String>,
    rows: BTreeMap<String, Vec<String>>,
}

impl Table {
    /// The table kept in `file`.
    pub(crate) fn new(file: PathBuf, columns: Vec<&'static str>) -> Self {
        Self { file, columns }
    }

    /// The row of `run` must be `cells`, one a column.
    ///
    /// # Errors
    /// Which cells differ and how, and how to accept them.
    pub(crate) fn compare(&self, run: &str, cells: &[String]) -> Result<(), Failed> {
        let content = self.read()?;
        let known = content.rows.get(run);
        let kept = |column: &str| {
            let position = content.columns.iter().position(|name| name == column)?;
            known?.get(position).map(String::as_str)
        };
        let mut differences = String::new();
        for (column, cell) in self.columns.iter().zip(cells) {
            if kept(column) != Some(cell) {
                let pinned = kept(column).unwrap_or("nothing");
                let _ = writeln!(differences, "  {column}: {cell}, where {pinned} is pinned");
            }
        }
        let gone = content.columns.iter().filter(|name| !self.columns.contains(&name.as_str()));
        gone.for_each(|column| {
            let _ = writeln!(differences, "  {column} is pinned, and there is no such column");
        });
        if differences.is_empty() {
            return Ok(());
        }
        if is_to_be_accepted() {
            return self.update(run, cells);
        }
        let file = self.file.file_name().unwrap_or_default().to_string_lossy();
        Err(Failed::from(format!(
            "{run} differs from its row in snapshots/{file}:\n{differences}\
             after a change that is meant: INSTA_UPDATE=always and the same command"
        )))
    }

    /// No row may be left of a run that is not among `runs`.
    ///
    /// # Errors
    /// The runs whose rows are left.
    pub(crate) fn holds_only(&self, runs: &[&str]) -> Result<(), Failed> {
        let content = self.read()?;
        let left: Vec<&String> = content.rows.keys().filter(|run| !runs.contains(&run.as_str())).collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(Failed::from(format!("{} has rows of runs that are no more: {left:?}", self.file.display())))
    }

    fn read(&self) -> Result<Content, Failed> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Content::default()),
            Err(error) => return Err(Failed::from(format!("{}: {error}", self.file.display()))),
        };
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
        let columns = lines.next().map(|header| header.skip(1).collect()).unwrap_or_default();
        let rows = lines.filter_map(|mut cells| Some((cells.next()?, cells.collect()))).collect();
        Ok(Content { columns, rows })
    }

    /// Writes the row, and brings the others to today's columns: what is not known of them is left empty.
    #[expect(clippy::disallowed_methods, reason = "a pin is a file of the repository; no run sees it")]
    fn update(&self, run: &str, cells: &[String]) -> Result<(), Failed> {
        let _one = UPDATES.lock();
        let mut content = self.read()?;
        for row in content.rows.values_mut() {
            let kept = |column: &&str| content.columns.iter().position(|name| name == column);
            let cell = |column| kept(column).and_then(|position| row.get(position).cloned()).unwrap_or_default();
            *row = self.columns.iter().map(cell).collect();
        }
        content.rows.insert(run.to_owned(), cells.to_vec());
        let mut text = format!("run,{}\n", self.columns.join(","));
        for (run, cells) in content.rows {
            let _ = writeln!(text, "{run},{}", cells.join(","));
        }
        fs::write(&self.file, text).map_err(|error| Failed::from(format!("{}: {error}", self.file.display())))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "insta's own switch, for whoever accepts what has changed; no run sees it"
)]
fn is_to_be_accepted() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always")
}
