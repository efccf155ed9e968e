//! What becomes of an input.

use super::Input;
use crate::history::Keep;
use crate::runner::{Spec, request::read_as, run};
use crate::scenario::{self, Class, Problems, Scenario};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What became of an input that nothing is wrong with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It was refused, in words.
    Refused,
    /// It is a scenario.
    Valid,
    /// It is one, and was run.
    Run,
}

/// Judges `input`; runs it for `simulated`, if that is not zero.
///
/// # Errors
///
/// What is wrong with the harness.
///
/// # Panics
///
/// If the harness does: the caller catches it.
pub fn judge(input: &Input, simulated: Duration) -> Result<Fate, String> {
    let text = match scenario::decode(&input.path, input.bytes.clone()) {
        Ok(text) => text,
        Err(problems) => return refused("", &problems),
    };
    let group = match read_as(&input.path, &text) {
        Ok(group) => group,
        Err(problems) => return refused(&text, &problems),
    };
    placed(&text, &group.warnings)?;
    survives_printing(&input.path, &group.scenario)?;
    let _ = group.explain(Some(1));
    if simulated.is_zero() {
        return Ok(Fate::Valid);
    }
    let until = group.scenario.until.min(simulated);
    let scenario = Arc::new(Scenario { until, ..Scenario::clone(&group.scenario) });
    let report = run(&Spec { scenario, ..group.spec(1, Keep::Nothing) });
    let panic = report.verdict.failures.iter().find(|failure| failure.class == Class::Panic);
    panic.map_or(Ok(Fate::Run), |panic| Err(format!("its run panicked: {}", panic.message)))
}

/// A refusal says something.
fn refused(text: &str, problems: &Problems) -> Result<Fate, String> {
    let shown = problems.to_string();
    if problems.iter().next().is_none() || shown.is_empty() {
        return Err("refused without a word".to_owned());
    }
    placed(text, problems).map(|()| Fate::Refused)
}

/// What is said of a file is said of places that there are; to show it must not panic.
fn placed(text: &str, problems: &Problems) -> Result<(), String> {
    let _ = problems.render(true);
    let inside = |span: &std::ops::Range<usize>| span.start <= span.end && span.end <= text.len();
    for problem in problems.iter() {
        let spans = problem.span.iter().chain(problem.also.iter().map(|(span, _)| span));
        if let Some(span) = spans.into_iter().find(|span| !inside(span)) {
            return Err(format!("`{}` is placed at {span:?} of {} bytes", problem.message, text.len()));
        }
    }
    Ok(())
}

fn survives_printing(path: &Path, scenario: &Scenario) -> Result<(), String> {
    let printed = scenario::print(scenario);
    match scenario::parse(path, &printed) {
        Ok(again) if scenario::print(&again) == printed => Ok(()),
        Ok(again) => Err(format!("printed differently when read back:\n{printed}\n{}", scenario::print(&again))),
        Err(problems) => Err(format!("refused when printed:\n{printed}\n{problems}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Problem;

    #[test]
    fn a_problem_outside_of_the_file_is_found() {
        let problems = |at| Problems::new(Path::new("t.toml"), "abc", vec![Problem::new("wrong").at(at)]);
        assert_eq!(refused("abc", &problems(1..3)), Ok(Fate::Refused));
        assert_eq!(refused("abc", &problems(1..4)), Err("`wrong` is placed at 1..4 of 3 bytes".to_owned()));
        let without = Problems::new(Path::new("t.toml"), "abc", Vec::new());
        assert_eq!(refused("abc", &without), Err("refused without a word".to_owned()));
    }
}
