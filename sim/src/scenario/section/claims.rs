//! `[claims]` and `[checks]`: what the run claims to stay within, and which checks only record.

use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::scenario::{
    Ppm, Problem,
    problem::quote,
    table::{DURATION, Definitions, Kind, Name, Or, Raw, Reader, SHARE, Tags, Value as _, table, texts},
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
        record_only: Vec<RecordOnly> = "record-only", Or(Vec::new(), CheckNames);
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

/// The names of checks, none of them twice.
struct CheckNames;

impl Kind for CheckNames {
    type Of = Vec<RecordOnly>;

    fn schema(&self, definitions: &mut Definitions<'_>) -> Json {
        let checks = json!({ "enum": definitions.checks });
        json!({ "type": "array", "items": definitions.named("CheckName", |_| checks), "default": [] })
    }

    fn read(&self, key: &str, raw: Raw<'_>, reader: &mut Reader<'_>) -> Option<Vec<RecordOnly>> {
        let mut seen = Tags::new();
        let read = texts(key, raw, reader.report)?.into_iter().map(|name| {
            let span = name.span();
            let check = Name("a check's name").of(name.get_ref(), span.clone(), reader)?;
            if let Some(first) = seen.insert(check.clone(), span.clone()) {
                let problem = Problem::new(format!("the check {} is named twice", quote(&check))).at(span.clone());
                reader.report.refuse(problem.also(first, "first named here"));
            }
            Some(RecordOnly { check, line: reader.report.line(&span) })
        });
        read.collect::<Vec<_>>().into_iter().collect()
    }

    fn toml(&self, value: &Vec<RecordOnly>) -> String {
        value.iter().map(|only| only.check.as_str()).collect::<Vec<_>>().toml()
    }
}
