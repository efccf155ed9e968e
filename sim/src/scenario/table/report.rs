//! Where the rules put what they find, and the reading of single values.

use std::{fmt::Display, ops::Range, str::FromStr, time::Duration};

use toml::Spanned;

use crate::scenario::{
    Misread, Problem,
    problem::{Lines, quote},
    schema::{Quantity, Scalar, Text, Whole},
    units::{self, Protocol},
};
use crate::words::{self, Spelled};

/// The problems of a file so far.
pub(in crate::scenario) struct Report {
    /// In the order of discovery.
    pub problems: Vec<Problem>,
    text: String,
    lines: Lines,
    /// The keys that stand above all tables.
    top: Vec<&'static str>,
    complete: bool,
    /// Which of the problems say that something is missing, by position.
    missing: Vec<usize>,
}

impl Report {
    /// `top` are the keys that stand above all tables.
    pub(in crate::scenario) fn new(text: &str, top: Vec<&'static str>, complete: bool) -> Self {
        let (text, lines) = (text.to_owned(), Lines::new(text));
        Self { problems: Vec::new(), text, lines, top, complete, missing: Vec::new() }
    }

    /// What to say of a key `name` in the table at `table` if it belongs above all tables, and slipped below a header.
    pub(in crate::scenario) fn above_tables(&self, name: &str, table: &Range<usize>) -> Option<String> {
        let has_header = self.text.get(table.clone()).is_some_and(|table| table.starts_with('['));
        (has_header && self.top.contains(&name)).then(|| {
            format!("`{name}` must stand before the first [table]: in TOML a key below a [table] belongs to that table")
        })
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
        value.map_err(|misread| self.refuse(misread.at(span))).ok()
    }

    /// The word that `text` spells.
    pub(in crate::scenario) fn word<T: FromStr<Err = Misread>>(&mut self, text: Option<Text>) -> Option<T> {
        let text = text?;
        self.take(text.get_ref().parse(), text.span())
    }

    /// As [`Report::word`], of a set that the stack has.
    pub(in crate::scenario) fn spelled<T: Spelled>(&mut self, text: Option<Text>) -> Option<T> {
        let text = text?;
        self.take(T::spelled(text.get_ref()), text.span())
    }

    /// What `read` makes of a quantity.
    pub(in crate::scenario) fn scalar<T>(
        &mut self,
        quantity: Option<Quantity>,
        read: impl FnOnce(&str) -> Result<T, Misread>,
    ) -> Option<T> {
        let quantity = quantity?;
        let Scalar(text) = quantity.get_ref();
        self.take(read(text), quantity.span())
    }

    pub(in crate::scenario) fn duration(
        &mut self,
        quantity: Option<Quantity>,
        protocol: Option<&Protocol>,
    ) -> Option<Duration> {
        self.scalar(quantity, |text| units::duration(text, protocol))
    }

    /// A moment of the run.
    pub(in crate::scenario) fn moment(
        &mut self,
        quantity: Option<Quantity>,
        protocol: Option<&Protocol>,
    ) -> Option<Duration> {
        self.scalar(quantity, |text| units::moment(text, protocol))
    }

    /// A duration that is not zero; `what` names it.
    pub(in crate::scenario) fn positive(
        &mut self,
        what: &str,
        quantity: Option<Quantity>,
        protocol: Option<&Protocol>,
    ) -> Option<Duration> {
        let span = quantity.as_ref().map(Spanned::span)?;
        let duration = self.duration(quantity, protocol)?;
        if duration.is_zero() {
            self.refuse(Problem::new(format!("`{what}` must be longer than zero")).at(span));
            return None;
        }
        Some(duration)
    }

    /// A whole number from `least` to `most`; `what` names it.
    pub(in crate::scenario) fn whole<T>(&mut self, what: &str, number: Option<Whole>, least: T, most: T) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + Display,
    {
        let number = number?;
        let value = T::try_from(*number.get_ref()).ok().filter(|value| *value >= least && *value <= most);
        if value.is_none() {
            let message = format!("`{what}` is {least} to {most}, not {}", number.get_ref());
            self.refuse(Problem::new(message).at(number.span()));
        }
        value
    }

    /// A name in kebab-case; `what` says of what.
    pub(in crate::scenario) fn kebab(&mut self, what: &str, name: Text) -> Option<String> {
        if name.get_ref().len() <= 64 && words::is_kebab(name.get_ref()) {
            return Some(name.into_inner());
        }
        let message = format!("{} is not {what}", quote(name.get_ref()));
        let help =
            "names are at most 64 lower-case letters and digits, in words joined by hyphens: `transfer-under-storm`";
        let problem = Problem::new(message).at(name.span()).help(help);
        self.refuse(match words::kebab(name.get_ref()) {
            Some(meant) => problem.label(format!("did you mean `{meant}`?")),
            None => problem,
        });
        None
    }
}
