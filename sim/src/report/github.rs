//! What a step of a GitHub workflow shows: an annotation at the line of the file that asks for what failed, and a summary.
//!
//! Annotations are commands on standard error, which the runner reads as it reads standard output: that one belongs to the report.

use super::prelude::*;
use super::screen::command;
use super::tally::{Figure, Planned, Tallies, Tally};
use std::fs::OpenOptions;

/// So many annotations does GitHub show of a step.
const ANNOTATIONS: usize = 10;
/// So many failures does the summary show in full: it may be a megabyte long.
const SCREENS: usize = 5;

/// A step of a workflow.
pub struct Github<W> {
    out: W,
    /// The root of the repository.
    workspace: Option<PathBuf>,
    summary: Option<PathBuf>,
    tallies: Tallies,
    unexpected: usize,
    screens: Vec<(String, String)>,
}

impl<W: Write> Github<W> {
    /// Writes commands to `out` and appends the summary to the file `summary`. Annotations name files relative to `workspace`.
    pub fn new(out: W, workspace: Option<PathBuf>, summary: Option<PathBuf>) -> Self {
        Self { out, workspace, summary, tallies: Tallies::default(), unexpected: 0, screens: Vec::new() }
    }

    fn annotate(&mut self, report: &RunReport, headline: &str) -> io::Result<()> {
        let path = std::path::absolute(&report.path)?;
        let file = self.workspace.as_ref().and_then(|root| path.strip_prefix(root).ok()).unwrap_or(&report.path);
        let failure = report.verdict.failures.first();
        let line = failure.and_then(|failure| failure.line).unwrap_or(1);
        let message = failure.map(|failure| failure.message.clone());
        let message = message.unwrap_or_else(|| report.verdict.unexpected.join("\n"));
        let body = data(&format!("{message}\n{}", command(report)));
        let (file, title) = (property(&file.to_string_lossy()), property(headline));
        writeln!(self.out, "::error file={file},line={line},title={title}::{body}")
    }

    fn markdown(&self, ended: &Ended) -> String {
        let runs: u64 = self.tallies.iter().map(Tally::runs).sum();
        let runs = counted(runs, "run");
        let heading = match self.unexpected {
            0 if ended.is_early() => format!("### leasehold: {runs} as expected, not all that were asked for"),
            0 => format!("### leasehold: {runs}, all as expected"),
            unexpected => format!("### leasehold: {unexpected} not as expected of {runs}"),
        };
        let mut lines = vec![heading, String::new()];
        lines.extend(ended.early().map(|early| format!("**{early}**\n")));
        lines.push("| scenario | variant | runs | answered ok | lease hit rate | GET p99 |".to_owned());
        lines.push("|---|---|---|--:|--:|--:|".to_owned());
        lines.extend(self.tallies.iter().map(row));
        for (headline, screen) in &self.screens {
            let summary = headline.replace('&', "&amp;").replace('<', "&lt;");
            lines.push(format!("\n<details><summary>{summary}</summary>\n\n~~~~text\n{screen}\n~~~~\n</details>"));
        }
        let hidden = self.unexpected - self.screens.len();
        if hidden > 0 {
            lines.push(format!("\nand {hidden} more that were not as expected"));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl<W: Write> Witness for Github<W> {
    fn see(&mut self, report: &RunReport, left: &Left) -> io::Result<()> {
        self.tallies.add(report);
        if report.verdict.as_expected {
            return Ok(());
        }
        let screen = Screen::of(report, left);
        let headline = screen.head.line(Style::PLAIN);
        if self.screens.len() < SCREENS {
            self.screens.push((headline.clone(), screen.full(Style::PLAIN)));
        }
        self.unexpected += 1;
        if self.unexpected <= ANNOTATIONS { self.annotate(report, &headline) } else { Ok(()) }
    }

    fn finish(&mut self, ended: &Ended) -> io::Result<()> {
        self.out.flush()?;
        let Some(path) = &self.summary else { return Ok(()) };
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(self.markdown(ended).as_bytes())
    }
}

fn row(tally: &Tally) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let Planned { title, variant, .. } = &tally.planned;
    let [hit_rate, p99] = [Figure::HIT_RATE, Figure::GET_P99].map(|figure| or_dash(tally.shown(figure)));
    let answered = or_dash(tally.availability().map(percent));
    let (title, variant, verdicts) = (cell(title), cell(variant), cell(&tally.verdicts()));
    format!("| {title} | {variant} | {verdicts} | {answered} | {hit_rate} | {p99} |")
}

/// The text of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_command_is_escaped() {
        assert_eq!(data("50 %: a,\r\nb"), "50 %25: a,%0D%0Ab");
        assert_eq!(property("50 %: a,\nb"), "50 %25%3A a%2C%0Ab");
    }
}
