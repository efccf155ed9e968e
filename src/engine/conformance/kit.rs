//! The kit: its tests, and what came of them.

use super::checked::Checked;
use crate::engine::{Config, Factory};
use crate::tasks::Panic;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Holds the engines of one factory to the contract.
pub struct Kit {
    pub(super) engines: Arc<dyn Factory>,
    pub(super) config: fn(Config) -> Config,
}

impl Kit {
    /// For the engines that this makes.
    pub fn new(engines: Arc<dyn Factory>) -> Self {
        Self { engines, config: |config| config }
    }

    /// The same, but each engine is set up as `config` changes what the kit says: the other way to renew a lease, say. What the kit's
    /// tests rest on are the tick (10 ms), the heartbeat (100 ms), the election timeout (1 s), the stall (2 s), the founders and the queue
    /// for requests; who changes those asks for another contract.
    pub fn configured(self, config: fn(Config) -> Config) -> Self {
        Self { config, ..self }
    }

    /// Runs one test. A panic of the engine is a reason like any other.
    pub fn run(&self, test: &Test) -> Outcome {
        let checked = catch_unwind(AssertUnwindSafe(|| (test.run)(self)));
        let verdict = checked.unwrap_or_else(|panic| Err(format!("a panic: {}", words(&panic))));
        Outcome { name: test.name.clone(), holds: test.holds.clone(), source: test.source, verdict }
    }

    /// Runs them all.
    pub fn run_all(&self) -> Report {
        Report { outcomes: Self::tests().iter().map(|test| self.run(test)).collect() }
    }
}

fn words(panic: &Panic) -> &str {
    let literal = panic.downcast_ref::<&'static str>().copied();
    literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// One test of the kit.
pub struct Test {
    /// What it says, in short: unique.
    pub name: String,
    /// The sentence of the contract that it holds an engine to.
    pub holds: String,
    /// Where that is written, or what it was learned from.
    pub source: &'static str,
    pub(super) run: Box<dyn Fn(&Kit) -> Checked>,
}

/// What came of one test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// Its name.
    pub name: String,
    /// What it holds an engine to.
    pub holds: String,
    /// Where that is written.
    pub source: &'static str,
    /// Kept; or not, and why.
    pub verdict: Result<(), String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, holds, source, verdict } = self;
        match verdict {
            Ok(()) => write!(f, "kept    {name}"),
            Err(why) => write!(f, "broken  {name}\n        {why}\n        {holds} ({source})"),
        }
    }
}

/// What came of all tests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// One of each test, in the kit's order.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// Those that the engine has failed.
    pub fn broken(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.verdict.is_err())
    }

    /// For a `#[test]`: nothing, if the contract is kept.
    ///
    /// # Panics
    /// The engine has failed a test; the message names each.
    #[track_caller]
    pub fn assert_kept(&self) {
        assert!(self.broken().next().is_none(), "the contract of an engine is not kept\n{self}");
    }
}

/// What is broken, and how much is kept.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.broken().try_for_each(|outcome| writeln!(f, "{outcome}"))?;
        write!(f, "{} of {} kept", self.outcomes.len() - self.broken().count(), self.outcomes.len())
    }
}

/// The tests of one file, a row each: name, the sentence of the contract, its source.
macro_rules! tests {
    ($($test:ident: $holds:literal, $source:literal;)+) => {
        pub(super) fn tests() -> Vec<$crate::engine::conformance::Test> {
            vec![$($crate::engine::conformance::Test {
                name: stringify!($test).to_owned(),
                holds: $holds.to_owned(),
                source: $source,
                run: Box::new($test),
            }),+]
        }
    };
}
pub(super) use tests;
