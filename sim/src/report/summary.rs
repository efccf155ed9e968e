//! One JSON object about all runs of a request: for programs that need not read every line of `--format jsonl`.
//!
//! It is one document, whole also where the request was interrupted. `docs/metrics.md` says what its fields mean.

use super::jsonl::{FORMAT, list, timed};
use super::prelude::*;
use super::tally::{Figure, Tallies, Tally};
use super::totals::Totals;

/// The file with the summary.
pub struct Summary {
    path: PathBuf,
    totals: Totals,
    tallies: Tallies,
}

impl Summary {
    /// Will write to `path`. The file is made at once, so that a path that cannot be written to is known before anything runs.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub fn new(path: &Path) -> io::Result<Self> {
        File::create(path)?;
        Ok(Self { path: path.to_owned(), totals: Totals::default(), tallies: Tallies::default() })
    }
}

/// The runs of one scenario under one variant; figures are medians over them.
fn row(tally: &Tally) -> Object {
    let object = Object::default()
        .with("scenario", &tally.planned.title)
        .with("variant", &tally.planned.variant)
        .with("runs", tally.runs())
        .with("not_as_expected", tally.unexpected())
        .with("verdicts", tally.verdicts())
        .with("availability", tally.availability())
        .with("lease_hit_rate", tally.median(Figure::HIT_RATE).map(|rate| rate.value));
    let latencies = [
        ("get_mean", Figure::GET_MEAN),
        ("get_p99", Figure::GET_P99),
        ("put_mean", Figure::PUT_MEAN),
        ("script_mean", Figure::SCRIPT_MEAN),
    ];
    latencies
        .into_iter()
        .fold(object, |object, (name, figure)| timed(object, name, tally.median(figure).map(Took::from)))
}

impl Witness for Summary {
    fn see(&mut self, report: &RunReport, _: &Left) -> io::Result<()> {
        self.totals.add(report);
        self.tallies.add(report);
        Ok(())
    }

    fn finish(&mut self, ended: &Ended) -> io::Result<()> {
        let totals = &self.totals;
        let object = Object::default()
            .with("format", FORMAT)
            .with("planned", ended.planned)
            .with("judged", ended.judged)
            .with("as_expected", totals.as_expected)
            .with("not_as_expected", totals.unexpected())
            .with("early", ended.early())
            .with("classes", &totals.classes)
            .with("failed", totals.failed())
            .with("scenarios", list(self.tallies.iter(), row));
        writeln!(File::create(&self.path)?, "{object}")
    }
}
