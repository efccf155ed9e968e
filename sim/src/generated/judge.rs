//! What must be so of any scenario.

use crate::history::Keep;
use crate::minimize::Start;
use crate::mutant::{DEFAULT, Variant};
use crate::runner::{Group, read_as, run};
use crate::scenario::{Class, Scenario, print};
use crate::verdict::Ruling;
use std::path::Path;

/// How a scenario fails.
pub(super) struct Failed {
    /// Class and check: what stays while it shrinks.
    pub how: String,
    /// What is seen, for people.
    pub told: String,
    /// Under which variant.
    pub variant: &'static Variant,
}

/// The scenario as a file says it.
///
/// # Panics
///
/// If no file can, or something is odd about it.
pub(super) fn as_file(scenario: &Scenario) -> Group {
    let text = print(scenario);
    let group = read_as(&scenario.path, &text).unwrap_or_else(|problems| panic!("refused:\n{text}\n{problems}"));
    assert!(group.warnings.is_empty(), "there are warnings:\n{text}\n{}", group.warnings);
    group
}

/// The stack as it is: nothing is violated, nothing panics, and twice the same happens. A run in which nobody is served shows nothing, and
/// fails nothing; `idle` counts these.
pub(super) fn stands(scenario: &Scenario, idle: &mut u32) -> Option<Failed> {
    let (group, variant) = (as_file(scenario), &DEFAULT);
    let spec = group.spec(group.seeds.first(), Keep::Nothing);
    let (report, again) = (run(&spec), run(&spec));
    if report.fingerprint != again.fingerprint {
        let told = format!("one seed, two fingerprints: {} and {}", report.fingerprint, again.fingerprint);
        return Some(Failed { how: Class::Nondeterminism.to_string(), told, variant });
    }
    let verdict = &report.verdict;
    *idle += u32::from(verdict.class == Some(Class::Vacuous));
    let asked = |class: &Class| is_asked(*class, verdict.beyond_claims.is_some());
    verdict.class.filter(asked).filter(|_| verdict.ruling == Ruling::Fail)?;
    let failure = verdict.failures.first()?;
    let how = format!("{} ({})", failure.class, failure.check);
    Some(Failed { how, told: format!("at {}: {}", failure.at, failure.message), variant })
}

/// Must a run not fail so? One in which nobody is served shows nothing. One that goes beyond what it claims of clocks owes neither what rests
/// on a lease nor speed, which clocks are the measure of.
fn is_asked(class: Class, beyond_claims: bool) -> bool {
    match class {
        Class::Nondeterminism | Class::Panic | Class::LostWrite | Class::RaftInvariant | Class::Liveness => true,
        Class::StaleRead | Class::LeaseInvariant | Class::Availability | Class::Expectation => !beyond_claims,
        Class::Vacuous => false,
    }
}

/// Under `variant` something fails that a file can expect of it, and under the stack as it is nothing does.
pub(super) fn shows(scenario: &Scenario, variant: &'static Variant) -> Option<Failed> {
    let start = start(scenario, variant, None).ok()?;
    let wanted = start.wanted();
    Some(Failed { how: format!("{} ({})", wanted.class, wanted.check), told: start.told(), variant })
}

/// What is to be written of it: to `out`, if there is one.
pub(super) fn start(scenario: &Scenario, variant: &'static Variant, out: Option<&Path>) -> Result<Start, String> {
    let group = as_file(scenario).under(variant);
    Start::of(&group, scenario.seeds.first(), out)
}
