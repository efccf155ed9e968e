//! `[claims]` and `[checks]`: what the run claims to stay within, and which checks only record.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::scenario::{
    Ppm,
    table::{DURATION, Definitions, Kind, List, Or, Raw, Reader, SHARE, Scalar, TEXT, named, table},
};

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
        record_only: Vec<RecordOnly> = "record-only", Or(Vec::new(), List(CheckName));
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

/// The name of a check, and where it stands.
struct CheckName;

const CHECK: Scalar<String> = Scalar {
    named: "CheckName",
    schema: |definitions| json!({ "enum": definitions.checks }),
    read: |text, _| named(text, "a check's name"),
    ..TEXT
};

impl Kind for CheckName {
    type Of = RecordOnly;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        CHECK.schema(definitions)
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<RecordOnly> {
        Some(RecordOnly { check: CHECK.read(key, raw, reader)?, line: reader.report.line(&raw.span()) })
    }

    fn toml(&self, value: &RecordOnly) -> String {
        CHECK.toml(&value.check)
    }
}
