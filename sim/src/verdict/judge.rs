//! The judgement on a run: what the checks found, what the scenario expects, and whether the one is what the other asks for.
//!
//! Two questions are answered apart. *Did it fail?* ([`Verdict::ruling`]): a finding, a bound of `[expect]` that does not hold,
//! a floor that was not reached. *Is that what the file expects?* ([`Verdict::as_expected`]): a negative scenario, or the
//! section of a historical variant, may ask for a failure.
//!
//! | what fails                            | class          |
//! |---------------------------------------|----------------|
//! | a check                               | the check's    |
//! | a bound on `recovery`                 | `liveness`     |
//! | any other bound                       | `expectation`  |
//! | a bound that nothing can be said of   | `vacuous`      |
//! | a floor                               | `vacuous`      |
//! | that any operation is answered        | `vacuous`      |
//!
//! A stale read, or a lease that overlaps another, is *expected-unsafe* if the run had gone beyond what its scenario claims of
//! clocks before. That is as expected, unless the file names the class that it expects: then it must be that one. A run that
//! went beyond its claims and stayed safe passes.
//!
//! Where neither the base nor the variant's section bounds the ReadIndex rounds of writes and of reads inside scripts, there
//! must be none (Pf2): a failure under the name of the metric. A run that a check has ended is not judged against bounds and
//! floors: it did not get that far.

use super::grown::what_grew;
use super::prelude::*;
use super::reading::{Measured, read, shown_against};
use super::{Failure, FaultCount, Measures, Ruling, Verdict, Window, explain};
use crate::check::{Finding, STORY, TWO_LEASES, ends_run};
use crate::scenario::{Class, Expectation, Floor, VariantExpect, Verb};

/// Judges one run of `scenario` under `variant`.
pub fn judge(
    scenario: &Scenario,
    variant: &str,
    findings: Vec<Finding>,
    measures: &Measures,
    faults: &BTreeMap<&'static str, FaultCount>,
    beyond_claims: Option<String>,
) -> Verdict {
    let court = Court { measures, faults };
    let section = scenario.expect.variants.get(variant);
    let ended_early = findings.iter().any(ends_run);
    let mut failures: Vec<_> = findings.into_iter().map(Failure::from).collect();
    for failure in failures.iter_mut().filter(|failure| failure.class == Class::Availability) {
        failure.story.extend(explain::unanswered(&measures.whole));
        failure.story.extend(explain::overload(measures, &measures.whole));
    }
    if !ended_early {
        failures.extend(in_force(scenario, section).filter_map(|expectation| court.bound(expectation)));
        failures.extend(court.budgets(scenario, section));
        failures.extend(scenario.floors.iter().filter_map(|floor| court.floor(floor)));
        failures.extend(court.nobody_served());
    }
    failures.extend(court.stale_reads(&failures));
    failures.extend(court.two_leases(&failures));
    failures.sort_by_key(|failure| failure.class);
    court.tell_what_grew(in_force(scenario, section), &mut failures);
    let unexpected = match section {
        Some(section) => court.against_section(variant, section, &failures),
        None => against(scenario.expect.violation, &failures),
    };
    let excused = beyond_claims.is_some() && failures.iter().all(|failure| is_safety(failure.class));
    let names_a_class = section.map_or(scenario.expect.violation, |section| section.class).is_some();
    let ruling = match failures.as_slice() {
        [] => Ruling::Pass,
        _ if excused => Ruling::ExpectedUnsafe,
        _ => Ruling::Fail,
    };
    let as_expected = unexpected.is_empty() || (ruling == Ruling::ExpectedUnsafe && !names_a_class);
    Verdict {
        ruling,
        beyond_claims,
        as_expected,
        class: failures.first().map(|failure| failure.class),
        failures,
        unexpected: if as_expected { Vec::new() } else { unexpected },
    }
}

/// The verdict on a run that panicked: nothing else is known of it. A panic of the stack may be what the file expects; one of the harness
/// never is.
pub fn panicked(scenario: &Scenario, variant: &str, message: String) -> Verdict {
    let section = scenario.expect.variants.get(variant);
    let class = section.map_or(scenario.expect.violation, |section| section.class);
    let as_expected = class == Some(Class::Panic) && !is_of_the_harness(&message);
    let failure = Failure::new("panic", Class::Panic, SimTime(0), message.clone());
    Verdict {
        ruling: Ruling::Fail,
        as_expected,
        class: Some(Class::Panic),
        failures: vec![failure],
        unexpected: if as_expected { vec![] } else { vec![format!("the run panicked: {message}")] },
        ..Verdict::default()
    }
}

/// Is the place of a panic, which its message names, in the harness, and not in the stack under test?
pub fn is_of_the_harness(panic: &str) -> bool {
    panic.replace('\\', "/").contains("sim/src/")
}

/// The bounds that decide whether the run failed: the base ones, where the variant's section does not replace them. A section that
/// asks for a failure replaces nothing: it says how the base is missed.
fn in_force<'a>(scenario: &'a Scenario, section: Option<&'a VariantExpect>) -> impl Iterator<Item = &'a Expectation> {
    let replacing = section.filter(|section| section.class.is_none()).map_or(&[][..], |section| &section.bounds);
    let same = |one: &Expectation, other: &Expectation| {
        (one.metric, &one.of, &one.window) == (other.metric, &other.of, &other.window)
    };
    let base = scenario.expect.bounds.iter();
    base.filter(move |base| !replacing.iter().any(|other| same(base, other))).chain(replacing)
}

/// Is this a class of failure that a lease beyond its premises may show?
fn is_safety(class: Class) -> bool {
    match class {
        Class::StaleRead | Class::LeaseInvariant => true,
        Class::Nondeterminism
        | Class::Panic
        | Class::LostWrite
        | Class::RaftInvariant
        | Class::Liveness
        | Class::Availability
        | Class::Expectation
        | Class::Vacuous => false,
    }
}

/// What stands before what failed, where nothing should have.
pub(crate) const EXPECTED_TO_PASS: &str = "expected to pass";

/// What is unexpected, in words, about failures of a run that should fail as `class`, or pass.
fn against(class: Option<Class>, failures: &[Failure]) -> Vec<String> {
    let first = failures.first();
    match (class, first) {
        (None, None) => Vec::new(),
        (None, Some(first)) => vec![format!("{EXPECTED_TO_PASS}, failed as {}: {}", first.class, first.message)],
        (Some(class), None) => vec![format!("expected to fail as {class}, passed")],
        (Some(class), Some(first)) if class == first.class => Vec::new(),
        (Some(class), Some(first)) => {
            vec![format!("expected to fail as {class}, failed as {}: {}", first.class, first.message)]
        }
    }
}

/// Why what failed does not satisfy who expects that class of failure, found by that check. What was clear before anything had happened
/// tells of no fault.
fn found_by(class: Class, check: Option<&str>, failures: &[Failure]) -> Option<String> {
    let of_class = || failures.iter().filter(|failure| failure.class == class);
    let found = match check {
        Some(check) => of_class().any(|failure| failure.check == check),
        None => of_class().any(|failure| failure.at > SimTime::default()),
    };
    let by: Vec<_> = of_class().map(|failure| failure.check.as_str()).collect();
    let wanted = match check {
        Some(check) => format!("`{check}`"),
        None => "something that happened; a check that judges the set-up is named by `check`".to_owned(),
    };
    (!found).then(|| format!("expected {class} to be found by {wanted}: it was found by {}", by.join(", ")))
}

/// What a run is judged by.
struct Court<'a> {
    measures: &'a Measures,
    faults: &'a BTreeMap<&'static str, FaultCount>,
}

impl Court<'_> {
    /// The failure of a bound that does not hold, or of which nothing can be said.
    fn bound(&self, expectation: &Expectation) -> Option<Failure> {
        let metric = expectation.metric;
        let (class, value, story, shows) = match self.value(expectation) {
            Ok((value, _)) if value.is_within(&expectation.bound) => return None,
            Ok((value, window)) => {
                let shown = shown_against(metric, value, expectation.bound.value);
                let mut story = explain::story(metric, window);
                if let Metric::Operations(..) | Metric::Longest(Span::Unserved | Span::UnservedVia) = metric {
                    story.extend(explain::overload(self.measures, window));
                }
                (class_of(metric), shown, story, explain::shows(metric, window))
            }
            Err(reason) => (Class::Vacuous, format!("nothing to judge, {reason}"), Vec::new(), None),
        };
        let message = format!("{}: {value}; expected {}", what(expectation), asked(expectation));
        Some(Failure { line: Some(expectation.line), shows, ..self.failure(metric.to_string(), class, message, story) })
    }

    /// The first failure, where it is one of an expectation, tells too what grew by the first bound that says so.
    fn tell_what_grew<'s>(&self, bounds: impl Iterator<Item = &'s Expectation>, failures: &mut [Failure]) {
        let Some(first) = failures.first_mut().filter(|first| first.class == Class::Expectation) else { return };
        let mut grown = bounds.filter_map(|expectation| {
            let (value, window) = self.value(expectation).ok()?;
            let broken = !value.is_within(&expectation.bound);
            broken.then(|| what_grew(expectation, window, self.measures)).filter(|grown| !grown.is_empty())
        });
        if let Some(grown) = grown.next() {
            first.story.truncate(STORY - grown.len());
            first.story.extend(grown);
        }
    }

    /// The value that a bound speaks of, and the window that it is measured in.
    fn value(&self, Expectation { metric, of, window, .. }: &Expectation) -> Result<(Measured, &Window), &'static str> {
        let (window, faults) = match window {
            None => (&self.measures.whole, Some(self.faults)),
            Some(name) => {
                let window = self.measures.windows.iter().find(|window| window.name == *name);
                (window.ok_or("the run has no such window")?, None)
            }
        };
        let window = match of {
            Of::All => window,
            Of::Workload(_) | Of::Via(_) | Of::Group(_) => window.of.get(of).ok_or("nothing was due of these")?,
        };
        Ok((read(*metric, window, faults)?, window))
    }

    /// The budgets of Pf2 that hold where the file says nothing.
    fn budgets(&self, scenario: &Scenario, section: Option<&VariantExpect>) -> Vec<Failure> {
        let budgets = [
            (Metric::ReadIndexPerWrite, RoundCause::Write, "before writes"),
            (Metric::ReadIndexPerInnerRead, RoundCause::InnerRead, "for reads inside scripts"),
        ];
        let bounds = || scenario.expect.bounds.iter().chain(section.into_iter().flat_map(|section| &section.bounds));
        let silent = budgets.into_iter().filter(|(metric, ..)| bounds().all(|bound| bound.metric != *metric));
        silent.filter_map(|(metric, cause, what)| self.budget(metric, cause, what)).collect()
    }

    fn budget(&self, metric: Metric, cause: RoundCause, what: &str) -> Option<Failure> {
        let whole = &self.measures.whole;
        let started = whole.rounds.get(&cause).map_or(0, |rounds| rounds.started);
        let rate =
            read(metric, whole, None).map_or(String::new(), |value| format!(" ({metric} {})", value.shown(metric)));
        let rounds = counted(started, "ReadIndex round");
        let message = format!("{rounds} began {what}{rate}; none is needed, unless the scenario bounds `{metric}`");
        let story = explain::story(metric, whole);
        (started > 0).then(|| self.failure(metric.to_string(), Class::Expectation, message, story))
    }

    /// A read was stale, and the checks that saw it only record: the run is not safe for that.
    fn stale_reads(&self, failures: &[Failure]) -> Option<Failure> {
        let Window { stale_reads: stale, first_stale, .. } = self.measures.whole;
        if stale == 0 || failures.iter().any(|failure| failure.class == Class::StaleRead) {
            return None;
        }
        let message = format!("{} seen by checks that only record", counted(stale, "stale read"));
        let failure = self.failure(Metric::StaleReads.to_string(), Class::StaleRead, message, Vec::new());
        Some(Failure { at: first_stale.unwrap_or(failure.at), ..failure })
    }

    /// Two leases were good at once, and nothing else says that the run was unsafe.
    fn two_leases(&self, failures: &[Failure]) -> Option<Failure> {
        let Window { two_leases: times, first_overlap, .. } = self.measures.whole;
        if times == 0 || failures.iter().any(|failure| is_safety(failure.class)) {
            return None;
        }
        let message =
            format!("two leases were good at once, {}, seen by a check that only records", counted(times, "time"));
        let failure = self.failure(TWO_LEASES.to_owned(), Class::LeaseInvariant, message, Vec::new());
        Some(Failure { at: first_overlap.unwrap_or(failure.at), ..failure })
    }

    /// Operations were due and none was answered: whatever else holds, it holds of nothing.
    fn nobody_served(&self) -> Option<Failure> {
        let all = self.measures.whole.all;
        let message = format!("no operation was answered, of {} that were due", count(all.due()));
        let story = explain::story(Metric::Operations(None, Stat::Ok), &self.measures.whole);
        (all.ok == 0 && all.due() > 0).then(|| self.failure("all-ok".to_owned(), Class::Vacuous, message, story))
    }

    fn floor(&self, floor: &Floor) -> Option<Failure> {
        let value = read(floor.metric, &self.measures.whole, Some(self.faults)).map_or(0.0, |measured| measured.value);
        let (metric, least, line) = (floor.metric, count(floor.least), floor.line);
        let message = format!(
            "{metric}: {}; the floor is {least} (line {line})",
            shown_against(metric, value, floor.least as f64)
        );
        (value < floor.least as f64).then(|| {
            let mut story = explain::story(metric, &self.measures.whole);
            story.extend(self.faults_told());
            let failure = self.failure(metric.to_string(), Class::Vacuous, message, story);
            Failure { line: Some(line), ..failure }
        })
    }

    /// What the faults did, and why not more: why a run has exercised less than its file asks.
    fn faults_told(&self) -> Vec<String> {
        let told = |(verb, count): (&&str, &FaultCount)| {
            let FaultCount { planned, activated, effective, refused, refusal } = count;
            let mut told = vec![format!("{verb}: {planned} planned, {activated} acted, {effective} effective")];
            told.extend(refusal.as_ref().map(|why| format!("{refused} came to nothing, the first was refused: {why}")));
            let never = planned.saturating_sub(activated + refused);
            told.extend((never > 0).then(|| format!("the run ended before {never} could act")));
            let if_what = verb.parse().map_or("", Verb::effective_if);
            told.extend((effective < activated).then(|| format!("it is effective if {if_what}")));
            told.join("; ")
        };
        let told: Vec<String> = self.faults.iter().map(told).collect();
        if told.is_empty() { vec!["no fault was planned".to_owned()] } else { told }
    }

    /// What is unexpected under a variant that the file has a section for. A section without a class expects the run to pass; one
    /// with a class, that it fails in no other way and that the section's own bounds hold.
    fn against_section(&self, variant: &str, section: &VariantExpect, failures: &[Failure]) -> Vec<String> {
        let of_check =
            |check: &str| failures.iter().find(|failure| failure.check == check).map(|failure| failure.class);
        let class = match (section.class, section.check.as_deref()) {
            (Some(class), _) => class,
            (None, None) => return against(None, failures),
            // Whatever its class is.
            (None, Some(check)) => match of_check(check) {
                Some(class) => class,
                None => {
                    let other = failures.iter().map(|failure| format!("{}: {}", failure.check, failure.message));
                    return std::iter::once(format!("expected `{check}` to fail; it did not")).chain(other).collect();
                }
            },
        };
        let mut unexpected = against(Some(class), failures);
        if unexpected.is_empty() {
            let others = failures.iter().filter(|failure| failure.class != class);
            unexpected.extend(others.map(|failure| {
                format!("expected to fail as {class} only, also failed as {}: {}", failure.class, failure.message)
            }));
            unexpected.extend(found_by(class, section.check.as_deref(), failures));
        }
        let missed = section.bounds.iter().filter_map(|expectation| self.bound(expectation));
        unexpected.extend(missed.map(|failure| format!("of {variant}, {}", failure.message)));
        unexpected
    }

    fn failure(&self, check: String, class: Class, message: String, story: Vec<String>) -> Failure {
        Failure { story, ..Failure::new(check, class, self.measures.whole.to, message) }
    }
}

fn class_of(metric: Metric) -> Class {
    match metric {
        Metric::RECOVERY => Class::Liveness,
        _ => Class::Expectation,
    }
}

/// The metric and where it is measured.
fn what(expectation: &Expectation) -> String {
    let window = expectation.window.as_ref().map_or("over the whole run".to_owned(), |name| format!("in {name}"));
    let counted = match expectation.metric {
        Metric::RECOVERY => " (from the end of a fault to the next write)",
        _ => "",
    };
    format!("{}{counted}{} {window}", expectation.metric, expectation.of)
}

/// The bound, as the file says it, and where.
fn asked(Expectation { bound, line, .. }: &Expectation) -> String {
    format!("{} (line {line})", bound.asked())
}

impl From<Finding> for Failure {
    fn from(Finding { check, class, severity: _, at, message, story }: Finding) -> Self {
        Self { story, ..Self::new(check, class, at, message) }
    }
}

#[cfg(test)]
mod tests;
