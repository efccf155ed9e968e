//! Engines that break the contract in one place each, and the test of the kit that is about that place.

mod answered;
mod heard;
mod kept;
mod seen;

use super::odd::{Around, as_they_are};
use crate::engine::{Config, RenewalKind};
use crate::rules::Rule;

/// An engine that is wrong in one place.
pub(super) struct Mutant {
    /// What is wrong about it.
    pub(super) name: String,
    /// The tests of the kit that are about that.
    pub(super) tests: Vec<String>,
    /// What makes it of an engine that is right.
    pub(super) engines: Around,
    /// The rules that it does not keep.
    pub(super) rules_off: &'static [Rule],
    /// How it is set up.
    pub(super) config: fn(Config) -> Config,
}

impl Mutant {
    fn new(name: impl Into<String>, tests: &[&str], engines: Around) -> Self {
        let tests = tests.iter().map(|test| (*test).to_owned()).collect();
        Self { name: name.into(), tests, engines, rules_off: &[], config: |config| config }
    }

    /// The same, where ReadIndex rounds renew the lease.
    fn renewing_by_rounds(self) -> Self {
        Self { config: |config| Config { renewal: RenewalKind::ReadRounds, ..config }, ..self }
    }

    /// An engine that does not keep these rules.
    fn without(rules_off: &'static [Rule], tests: &[&str]) -> Self {
        let name = format!("without {}", rules_off.iter().map(|rule| rule.name()).collect::<Vec<_>>().join(", "));
        Self { rules_off, ..Self::new(name, tests, as_they_are()) }
    }
}

/// Those that an engine on openraft alone can be.
#[cfg(feature = "openraft")]
pub(super) fn of_openraft() -> Vec<Mutant> {
    vec![Mutant::without(&[Rule::CountsAsVotersDo], &[heard::MINORITY])]
}

/// All others.
pub(super) fn all() -> Vec<Mutant> {
    [answered::mutants(), heard::mutants(), seen::mutants(), kept::mutants()].into_iter().flatten().collect()
}
