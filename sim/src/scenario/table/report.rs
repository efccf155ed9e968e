//! Where the rules put what they find.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use crate::scenario::{Misread, Problem, problem::Lines};

/// The problems of a file so far.
pub(in crate::scenario) struct Report {
    /// In the order of discovery.
    pub problems: Vec<Problem>,
    text: String,
    lines: Lines,
    /// The keys that stand above all tables.
    top: Vec<Cow<'static, str>>,
    complete: bool,
    /// Which of the problems say that something is missing, by position.
    missing: Vec<usize>,
}

impl Report {
    /// `top` are the keys that stand above all tables.
    pub(in crate::scenario) fn new(text: &str, top: Vec<Cow<'static, str>>) -> Self {
        let (text, lines) = (text.to_owned(), Lines::new(text));
        Self { problems: Vec::new(), text, lines, top, complete: true, missing: Vec::new() }
    }

    /// One of which nobody hears.
    pub(in crate::scenario) fn silent() -> Self {
        Self::new("", Vec::new())
    }

    /// What to say of a key `name` in the table at `table` if it belongs above all tables, and slipped below a header.
    pub(in crate::scenario) fn above_tables(&self, name: &str, table: &Range<usize>) -> Option<String> {
        let has_header = self.text.get(table.clone()).is_some_and(|table| table.starts_with('['));
        (has_header && self.top.iter().any(|top| top == name)).then(|| above_tables(name))
    }

    /// The line (1-based) that `span` begins on.
    pub(in crate::scenario) fn line(&self, span: &Range<usize>) -> usize {
        self.lines.line(span.start)
    }

    pub(in crate::scenario) fn refuse(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Refuses what follows from something not being there. Not said of a file that could not be read as a whole: the
    /// part that is missing may be the one that has been refused.
    pub(in crate::scenario) fn missing(&mut self, problem: Problem) {
        self.missing.push(self.problems.len());
        self.refuse(problem);
    }

    /// As [`Report::refuse`], of a value that is needed.
    pub(in crate::scenario) fn refused<T>(&mut self, problem: Problem) -> Option<T> {
        self.refuse(problem);
        None
    }

    /// As [`Report::missing`], of a value that is needed.
    pub(in crate::scenario) fn lacking<T>(&mut self, problem: Problem) -> Option<T> {
        self.missing(problem);
        None
    }

    /// Refuses what has not the shape of a scenario.
    pub(in crate::scenario) fn shapeless(&mut self, problem: Problem) {
        self.complete = false;
        self.refuse(problem);
    }

    /// As [`Report::shapeless`], of a value that is needed.
    pub(in crate::scenario) fn shape<T>(&mut self, problem: Problem) -> Option<T> {
        self.shapeless(problem);
        None
    }

    /// Refuses what is among `seen` already, by what it is called: `twice` says so, and `first` what stands there.
    pub(in crate::scenario) fn once<T: Ord>(
        &mut self,
        seen: &mut BTreeMap<T, Range<usize>>,
        name: T,
        place: Range<usize>,
        twice: impl AsRef<str>,
        first: &str,
    ) -> Option<()> {
        if let Some(other) = seen.get(&name) {
            return self.refused(Problem::new(twice).at(place).also(other.clone(), first));
        }
        seen.insert(name, place);
        Some(())
    }

    /// All that is to be told.
    pub(in crate::scenario) fn finish(self) -> Vec<Problem> {
        let told = |position| self.complete || !self.missing.contains(&position);
        self.problems
            .into_iter()
            .enumerate()
            .filter(|(position, _)| told(*position))
            .map(|(_, problem)| problem)
            .collect()
    }

    /// The value, or `None` after refusing it.
    pub(in crate::scenario) fn take<T>(&mut self, value: Result<T, Misread>, span: Range<usize>) -> Option<T> {
        let tell = |misread: Misread| {
            if misread.lacks { self.missing(misread.at(span)) } else { self.refuse(misread.at(span)) }
        };
        value.map_err(tell).ok()
    }
}

/// What to say of a key that slipped below a header.
pub(super) fn above_tables(name: &str) -> String {
    format!("`{name}` must stand before the first [table]: in TOML a key below a [table] belongs to that table")
}
