//! Scenarios are drawn, and the first that fails is shrunk, by proptest: fewer steps, plainer clients, the usual cluster. What it shrinks to
//! is as valid as what was drawn, and fails in the same way.

use super::judge::Failed;
use crate::minimize::Size;
use crate::scenario::Scenario;
use crate::scenario::arbitrary::runs;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use std::cell::{Cell, RefCell};

/// How far to look.
pub(super) struct Search {
    /// So many scenarios,
    pub cases: u32,
    /// drawn from this seed.
    pub seed: u64,
    /// So many smaller ones are tried, at most.
    pub trials: u32,
}

/// A scenario that fails, and how it was found.
pub(super) struct Found {
    /// The first that failed was this one, from 1 on.
    pub case: u32,
    /// Of those that were drawn from this seed.
    pub seed: u64,
    /// So many smaller ones were tried,
    pub trials: u32,
    /// beginning with one of this size.
    pub drawn: Size,
    /// What is left.
    pub scenario: Scenario,
    /// How it fails.
    pub failed: Failed,
}

impl Search {
    /// The first scenario of which `judge` says that it fails, as small as it gets while it fails in the same way.
    pub(super) fn first(&self, judge: &dyn Fn(&Scenario) -> Option<Failed>) -> Option<Found> {
        let config =
            Config { cases: self.cases, max_shrink_iters: self.trials, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, rng(self.seed));
        let (case, trials) = (Cell::new(0), Cell::new(0));
        let first: RefCell<Option<(String, Size)>> = RefCell::default();
        let last: RefCell<Option<(Scenario, Failed)>> = RefCell::default();
        let test = |scenario: Scenario| {
            let count = if first.borrow().is_some() { &trials } else { &case };
            count.set(count.get() + 1);
            let Some(failed) = judge(&scenario) else { return Ok(()) };
            let how = failed.how.clone();
            let (wanted, _) = first.borrow_mut().get_or_insert_with(|| (how.clone(), Size::of(&scenario))).clone();
            if how != wanted {
                return Ok(());
            }
            *last.borrow_mut() = Some((scenario, failed));
            Err(TestCaseError::fail(how))
        };
        match runner.run(&runs(), test) {
            Ok(()) => None,
            Err(TestError::Abort(reason)) => panic!("no scenarios can be drawn: {reason}"),
            Err(TestError::Fail(..)) => {
                let (case, trials) = (case.get(), trials.get());
                let ((_, drawn), (scenario, failed)) = first.into_inner().zip(last.into_inner())?;
                Some(Found { case, seed: self.seed, trials, drawn, scenario, failed })
            }
        }
    }
}

/// What is drawn from.
pub(super) fn rng(seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}
