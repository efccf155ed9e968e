//! What runs mean for the exit status of the command.

use crate::scenario::Class;
use crate::verdict::{RunReport, is_of_the_harness};

/// Outcomes of a request that was carried out, the gravest last. A request that was refused exits with 2 before anything runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Status {
    /// Every verdict as expected.
    #[default]
    AsExpected,
    /// A run did not exercise what it must.
    Vacuous,
    /// There was no time for all that was owed; what was judged was as expected.
    OutOfTime,
    /// A check or an expectation failed.
    Failed,
    /// A run was not deterministic.
    Nondeterministic,
    /// The harness itself is broken.
    Harness,
    /// Somebody interrupted it: what was judged until then says nothing of the rest.
    Interrupted,
}

impl Status {
    /// The exit status of the process.
    pub const fn code(self) -> u8 {
        match self {
            Status::AsExpected => 0,
            Status::Failed => 1,
            Status::Nondeterministic => 3,
            Status::Vacuous => 4,
            Status::OutOfTime => 5,
            Status::Harness => 70,
            // As a shell says it of SIGINT.
            Status::Interrupted => 130,
        }
    }

    /// What one run means. Of several runs the greatest counts.
    pub fn of(report: &RunReport) -> Self {
        if report.verdict.as_expected {
            return Status::AsExpected;
        }
        match report.verdict.class {
            Some(Class::Nondeterminism) => Status::Nondeterministic,
            Some(Class::Vacuous) => Status::Vacuous,
            Some(Class::Panic) if harness_panicked(report) => Status::Harness,
            _ => Status::Failed,
        }
    }
}

/// A panic of the stack under test is a finding about the stack; one whose place is in the harness is our own.
fn harness_panicked(report: &RunReport) -> bool {
    let mut panics = report.verdict.failures.iter().filter(|failure| failure.class == Class::Panic);
    panics.any(|failure| is_of_the_harness(&failure.message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_the_gravest_counts() {
        use Status::{AsExpected, Failed, Harness, Interrupted, Nondeterministic, OutOfTime, Vacuous};
        let mut all = [Interrupted, AsExpected, OutOfTime, Vacuous, Failed, Nondeterministic, Harness];
        all.sort();
        assert_eq!(all.map(Status::code), [0, 4, 5, 1, 3, 70, 130]);
    }
}
