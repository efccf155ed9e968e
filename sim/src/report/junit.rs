//! JUnit XML, for what shows test results: one suite a scenario, one case a variant and seed.
//!
//! A failure that the file expects is a pass. The text of one that it does not is the screen that the terminal shows, the
//! command that runs it again included.

use super::prelude::*;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

/// A JUnit file.
pub struct Junit {
    path: PathBuf,
    suites: Vec<TestSuite>,
}

impl Junit {
    /// Will write to `path`. The file is made at once, so that a path that cannot be written
    /// to is known before anything runs.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub fn new(path: &Path) -> io::Result<Self> {
        File::create(path)?;
        Ok(Self { path: path.to_owned(), suites: Vec::new() })
    }

    /// The suite of a scenario.
    fn suite(&mut self, title: &str) -> &mut TestSuite {
        let known = self.suites.iter().position(|suite| suite.name.as_str() == title);
        let number = known.unwrap_or(self.suites.len());
        if known.is_none() {
            self.suites.push(TestSuite::new(title));
        }
        &mut self.suites[number]
    }

    fn status(&self, report: &RunReport, left: &Left) -> TestCaseStatus {
        if report.verdict.as_expected {
            return TestCaseStatus::success();
        }
        let screen = Screen::of(report, left);
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(screen.head.line(Style::PLAIN));
        status.set_type(report.verdict.class.map_or_else(|| "unexpected-pass".to_owned(), |class| class.to_string()));
        status.set_description(screen.full(Style::PLAIN));
        status
    }
}

/// A suite with what stands for the runs that were not begun: they must not look as if they had passed.
fn not_run(early: String) -> TestSuite {
    let mut skipped = TestCaseStatus::skipped();
    skipped.set_message(early);
    let mut suite = TestSuite::new("leasehold");
    suite.add_test_case(TestCase::new("runs that were not begun", skipped));
    suite
}

impl Witness for Junit {
    fn see(&mut self, report: &RunReport, left: &Left) -> io::Result<()> {
        let mut case = TestCase::new(format!("{}, seed {}", report.under(), report.seed), self.status(report, left));
        let title = title(&report.path);
        case.set_classname(title.as_str()).set_time(report.wall);
        self.suite(&title).add_test_case(case);
        Ok(())
    }

    fn finish(&mut self, ended: &Ended) -> io::Result<()> {
        let mut report = Report::new("leasehold");
        report.add_test_suites(std::mem::take(&mut self.suites));
        report.add_test_suites(ended.early().map(not_run));
        report.serialize(BufWriter::new(File::create(&self.path)?)).map_err(io::Error::other)
    }
}
