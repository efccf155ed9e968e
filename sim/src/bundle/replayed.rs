//! What came of running a bundle's run again.

use super::{Built, Identity};
use crate::report::{Left, Screen, Status, Style};
use crate::verdict::RunReport;
use crate::words::figures::count;
use crate::world::decisions::{Agreement, Departure};

/// A replay.
pub struct Replayed {
    /// The run that the bundle is of.
    pub was: Identity,
    /// The run that was made now.
    pub report: RunReport,
    /// How far it drew what that drew.
    pub agreement: Agreement,
}

impl Replayed {
    /// Is it the same run, judged in the same way?
    pub fn is_same(&self) -> bool {
        let is_same = self.report.fingerprint.to_string() == self.was.fingerprint;
        is_same && self.agreement.departure.is_none() && self.fails_alike() && self.exit() == self.was.exit
    }

    /// Does it fail in the same way, by class and check, whether or not it is the same run?
    fn fails_alike(&self) -> bool {
        let first = self.report.verdict.failures.first();
        let first = first.map(|failure| (failure.class.to_string(), failure.check.clone()));
        first == self.was.failed.as_ref().map(|failed| (failed.class.clone(), failed.check.clone()))
    }

    fn exit(&self) -> u8 {
        Status::of(&self.report).code()
    }

    /// What it means for the exit status: that of the run; a replay that is not the same run has not passed, whatever came of it.
    pub fn status(&self) -> Status {
        if self.is_same() { Status::of(&self.report) } else { Status::Nondeterministic }
    }

    /// For a person: the run, and last whether it is the same.
    pub fn told(&self, style: Style) -> String {
        let screen = Screen::of(&self.report, &Left::default()).full(style);
        format!("{screen}\n\n{}", style.fit(&self.comparison(style).join("\n")))
    }

    /// Whether it is the same, and if not, where it is another.
    pub fn comparison(&self, style: Style) -> Vec<String> {
        let Agreement { logged, matched, departure } = &self.agreement;
        let matching = format!("{} of {} decisions matched", count(*matched), count(*logged));
        let fingerprint = self.report.fingerprint.to_string();
        if self.is_same() {
            let same = style.good("THE SAME RUN:");
            let exit = self.was.exit;
            return vec![format!("{same} {matching}; fingerprint {fingerprint}, exit status {exit}, as in the bundle")];
        }
        let mut lines = vec![match departure {
            Some(departure) => format!("{} {}", style.bad("NOT THE SAME RUN:"), departed(departure)),
            None if fingerprint == self.was.fingerprint => {
                format!(
                    "{} {matching}, and its history is the same; it is judged in another way",
                    style.bad("NOT THE SAME:")
                )
            }
            None => format!("{} {matching}, but what happened is not the same", style.bad("NOT THE SAME RUN:")),
        }];
        if departure.is_some() {
            lines.push(format!("  {matching}, by stream, number and bound; where the log has none, the seed decided"));
        }
        lines.push(format!("  then   {}, fingerprint {}", self.was.outcome(), self.was.fingerprint));
        lines.push(format!("  today  {}, fingerprint {fingerprint}", self.outcome()));
        lines.push(match (&self.was.failed, self.fails_alike()) {
            (None, true) => {
                "  nothing fails, then or today; but this is no proof of what the bundle's run would do now".to_owned()
            }
            (Some(_), true) => "  it fails in the same way all the same".to_owned(),
            (_, false) => "  it does not fail in the same way: that says nothing of whether the bug is gone".to_owned(),
        });
        if self.was.built.sources != Built::this().sources {
            lines.push(format!("  the bundle is of {}; this is {}", self.was.built.words(), Built::this().words()));
        }
        lines
    }

    fn outcome(&self) -> String {
        Identity::of(&self.report, 0, 0).outcome()
    }
}

fn departed(Departure { number, logged, asked }: &Departure) -> String {
    let number = count(*number);
    match (logged, asked) {
        (Some(logged), Some(asked)) => {
            format!("diverged at decision {number}: {logged}; today's code asks for {asked}")
        }
        (Some(logged), None) => {
            format!("diverged at decision {number}: {logged}; today's run ends before it asks for that")
        }
        (None, asked) => {
            let asked = asked.as_ref().map_or(String::new(), |asked| format!(" for {asked}"));
            format!("diverged after the log's last decision, number {number}: today's code asks{asked}")
        }
    }
}
