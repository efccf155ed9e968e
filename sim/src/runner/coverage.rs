//! What scenarios meet, in which situations of a node: the first seed of each, under the default.

use super::matrix::in_parallel;
use super::run::observed;
use super::{Group, Spec};
use crate::history::{Keep, Observer};
use crate::verdict::{Meets, Met, MetIn};

/// What `groups` meet, each at its first seed.
///
/// # Panics
///
/// If a run does.
pub fn coverage(groups: &[Group], jobs: usize) -> MetIn {
    let met = in_parallel(groups, jobs, |group| {
        let seed = group.seeds.iter().next().unwrap_or(1);
        met(&group.spec(seed, Keep::Nothing).drawn())
    });
    let mut coverage = MetIn::new();
    for met in met.into_iter().flat_map(Met::into_keys) {
        *coverage.entry(met).or_default() += 1;
    }
    coverage
}

/// What one run meets. It has a thread of its own, as every run.
fn met(spec: &Spec) -> Met {
    let meets = Meets::new(&spec.scenario);
    let observers = vec![Box::new(meets.clone()) as Box<dyn Observer>];
    std::thread::scope(|scope| scope.spawn(|| observed(spec, observers)).join()).expect("the run goes through");
    meets.met()
}
