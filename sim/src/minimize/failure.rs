//! What failed, and must still fail in every smaller scenario: class and check.

use crate::check;
use crate::scenario::{Bound, Checks, Class, Expect, Expectation, Metric, Of, Op, Scenario, VariantExpect};
use crate::verdict::{Failure, Ruling, RunReport, Verdict};

/// A failure that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its class. Nothing graver may take its place.
    pub class: Class,
    /// The check that found it, or the metric whose bound does not hold.
    pub check: String,
    /// Of a panic: where in the sources. Another place is another bug.
    place: Option<String>,
}

impl Wanted {
    /// The gravest failure of a run, the first of several; `None`: the run did not fail.
    pub fn of(report: &RunReport) -> Option<Self> {
        let failure = report.verdict.failures.first().filter(|_| report.verdict.ruling == Ruling::Fail)?;
        Some(Self { class: failure.class, check: failure.check.clone(), place: place(failure) })
    }

    /// Where a verdict says so, and says nothing graver.
    pub fn found_in<'a>(&self, verdict: &'a Verdict) -> Option<&'a Failure> {
        let gravest = verdict.class.filter(|_| verdict.ruling == Ruling::Fail);
        let is_it = |failure: &&Failure| {
            (failure.class, &failure.check) == (self.class, &self.check) && place(failure) == self.place
        };
        verdict.failures.iter().find(is_it).filter(|_| gravest == Some(self.class))
    }

    /// What a file expects of the variant that fails so. No check finds a panic.
    pub fn section(&self) -> VariantExpect {
        let (class, check) = match self.class {
            Class::Panic => (Some(Class::Panic), None),
            _ => (None, Some(self.check.clone())),
        };
        VariantExpect { class, check, bounds: Vec::new() }
    }

    /// `scenario`, in which nothing else counts of what `verdict` says: other checks only record, other bounds and floors are gone, and
    /// rounds that need a reason have one.
    pub fn alone(&self, scenario: &Scenario, verdict: &Verdict) -> Scenario {
        let mut alone = scenario.clone();
        let others = verdict.failures.iter().filter(|failure| failure.class != self.class);
        for other in others.filter(|failure| failure.check != self.check) {
            if check::ALL.iter().any(|info| info.name == other.check) {
                record_only(&mut alone.checks, &other.check);
            } else if let Ok(metric) = other.check.parse::<Metric>() {
                excuse(&mut alone, metric);
            }
        }
        alone
    }
}

fn place(failure: &Failure) -> Option<String> {
    let is_panic = failure.class == Class::Panic;
    failure.message.rsplit_once(" (at ").filter(|_| is_panic).map(|(_, place)| place.to_owned())
}

fn record_only(checks: &mut Checks, check: &str) {
    if !checks.record_only.iter().any(|known| known == check) {
        checks.record_only.push(check.to_owned());
    }
}

/// No bound and no floor is left of `metric`, nor what holds of it where nothing is said.
fn excuse(scenario: &mut Scenario, metric: Metric) {
    let Expect { bounds, .. } = &mut scenario.expect;
    bounds.retain(|bound| bound.metric != metric);
    scenario.floors.retain(|floor| floor.metric != metric);
    if matches!(metric, Metric::ReadIndexPerWrite | Metric::ReadIndexPerInnerRead) {
        let bound = Bound { op: Op::Ge, value: 0.0, upper: None, text: ">= 0".to_owned() };
        bounds.push(Expectation { metric, of: Of::All, window: None, bound, line: 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SimTime;

    fn verdict(failures: &[(&str, Class)]) -> Verdict {
        let failure = |(check, class): &(&str, Class)| Failure::new(*check, *class, SimTime(7), String::new());
        let failures: Vec<Failure> = failures.iter().map(failure).collect();
        let class = failures.first().map(|failure| failure.class);
        Verdict { ruling: Ruling::Fail, class, failures, ..Verdict::default() }
    }

    fn wanted(verdict: &Verdict) -> Wanted {
        Wanted::of(&RunReport { verdict: verdict.clone(), ..RunReport::default() }).expect("it failed")
    }

    #[test]
    fn class_and_check_must_stay() {
        let wanted = wanted(&verdict(&[("one-lease", Class::LeaseInvariant), ("served", Class::Liveness)]));
        let found = |failures: &[(&str, Class)]| wanted.found_in(&verdict(failures)).is_some();
        assert!(found(&[("lease-base", Class::LeaseInvariant), ("one-lease", Class::LeaseInvariant)]));
        assert!(!found(&[("lease-base", Class::LeaseInvariant)]), "another check");
        assert!(!found(&[("staleness", Class::StaleRead), ("one-lease", Class::LeaseInvariant)]), "something graver");
        assert!(!found(&[("one-lease", Class::RaftInvariant)]), "another class");
        assert!(!found(&[]));
    }

    #[test]
    fn a_panic_elsewhere_is_another_bug() {
        let at = |place: &str| {
            let message = format!("index out of bounds (at {place})");
            let failure = Failure::new("panic", Class::Panic, SimTime(0), message);
            let (class, failures) = (Some(Class::Panic), vec![failure]);
            Verdict { ruling: Ruling::Fail, class, failures, ..Verdict::default() }
        };
        let wanted = wanted(&at("src/lease/mod.rs:7"));
        assert!(wanted.found_in(&at("src/lease/mod.rs:7")).is_some());
        assert!(wanted.found_in(&at("src/lease/mod.rs:8")).is_none());
        assert_eq!(wanted.section().class, Some(Class::Panic));
    }

    #[test]
    fn what_failed_beside_it_does_not_count() {
        let text = "name = \"p\"\nuntil = \"1s\"\n[[workload]]\nkind = \"kv\"\n[expect]\nget-p99 = \"<= 5ms\"\n[floors]\nreads = 9";
        let scenario = crate::scenario::parse(std::path::Path::new("p.toml"), text).expect("valid");
        let verdict = verdict(&[
            ("recovers", Class::Liveness),
            ("calls-succeed", Class::Availability),
            ("get-p99", Class::Expectation),
            ("read-index-per-write", Class::Expectation),
            ("reads", Class::Vacuous),
        ]);
        let alone = wanted(&verdict).alone(&scenario, &verdict);
        assert_eq!(alone.checks.record_only, ["calls-succeed"]);
        let bounds: Vec<String> = alone.expect.bounds.iter().map(|bound| bound.metric.to_string()).collect();
        assert_eq!((bounds, alone.floors), (vec!["read-index-per-write".to_owned()], vec![]));
    }
}
