//! `[claims]` and `[checks]`: what the run claims to stay within, and which checks only record.

use crate::scenario::prelude::*;

table! {
    /// What the scenario promises of its clocks, and the stack relies on.
    #[derive(Copy)]
    pub struct Claims: Default {
        /// By how much the rates of any two clocks differ at most. Default `200ppm`.
        clock_drift: Ppm = "clock-drift", Or(Ppm(200), SHARE);
        /// By how much monotonic clocks jump or stand still at most, all together in a run. Default `0s`.
        clock_step: Duration = "clock-step", Or(Duration::ZERO, DURATION);
    }
}

table! {
    /// What becomes of the checks that ride on every run.
    pub struct Checks: Default {
        /// Checks that count and report what they find, but neither end nor fail the run.
        record_only: Vec<RecordOnly> = "record-only", Or(Vec::new(), List(RECORDED));
    }
}

/// A check that only records. The scenario room does not know which checks there are: the runner refuses a name that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOnly {
    /// The name of the check.
    pub check: String,
    /// The line of the file (1-based).
    pub line: usize,
}

const CHECK: Scalar<String> = Scalar {
    named: "CheckName",
    schema: |definitions| json!({ "enum": definitions.checks }),
    read: |text, _| named(text, "a check's name"),
    ..TEXT
};

/// The name of a check, and where it stands.
const RECORDED: Special<RecordOnly> = Special {
    schema: |definitions| CHECK.schema(definitions),
    read: |key, raw, reader| {
        Some(RecordOnly { check: CHECK.read(key, raw, reader)?, line: reader.report.line(&raw.span()) })
    },
    write: |value| CHECK.toml(&value.check),
};
