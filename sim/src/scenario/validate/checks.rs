//! The rules of `[checks]` and of `[claims]`.

use std::collections::BTreeMap;

use crate::scenario::{Claims, Problem, RecordOnly, problem::quote, schema, table::Report, units};

/// The checks that only record. Which checks there are is not known here: the runner looks the names up.
pub(super) fn record_only(raw: schema::Checks, report: &mut Report) -> Vec<RecordOnly> {
    let mut seen = BTreeMap::new();
    let mut checks = Vec::new();
    for name in raw.record_only {
        let (span, line) = (name.span(), report.line(&name.span()));
        let Some(check) = report.kebab("a check's name", name) else { continue };
        if let Some(first) = seen.insert(check.clone(), span.clone()) {
            let problem = Problem::new(format!("the check {} is named twice", quote(&check))).at(span);
            report.refuse(problem.also(first, "first named here"));
        }
        checks.push(RecordOnly { check, line });
    }
    checks
}

pub(super) fn claims(raw: schema::Claims, report: &mut Report) -> Claims {
    let default = Claims::default();
    Claims {
        clock_drift: report.scalar(raw.clock_drift, units::ppm).unwrap_or(default.clock_drift),
        clock_step: report.duration(raw.clock_step, None).unwrap_or(default.clock_step),
    }
}
