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
    let observe = || {
        hears_rules(&meets);
        observed(spec, observers)
    };
    std::thread::scope(|scope| scope.spawn(observe).join()).expect("the run goes through");
    meets.met()
}

/// From here on `meets` hears which rules are asked on this thread.
fn hears_rules(meets: &Meets) {
    #[cfg(feature = "planted")]
    {
        let meets = meets.clone();
        crate::mutant::hear(move |node, rule| meets.asked(node, rule));
    }
    #[cfg(not(feature = "planted"))]
    let _ = meets;
}

#[cfg(all(test, feature = "planted"))]
mod tests {
    use super::*;
    use crate::mutant::DEFAULT;
    use crate::verdict::Situation;
    use crate::verdict::testing::scenario;
    use std::sync::Arc;

    #[test]
    fn rules_are_heard_to_be_asked_and_nothing_else_changes() {
        let spec = Spec {
            scenario: Arc::new(scenario("[cluster]\nnodes = 3")),
            seed: 1,
            variant: &DEFAULT,
            default: None,
            keep: Keep::Nothing,
            leak: false,
        };
        let met = met(&spec);
        let is_met = |rule: &str| met.contains_key(&(format!("rule: {rule}"), Situation::Plain));
        assert!(is_met("leader") && is_met("ack-quorum") && is_met("who-followed-has-promised"));
        let fingerprint = |hears: bool| {
            let meets = Meets::new(&spec.scenario);
            let observe = || {
                if hears {
                    hears_rules(&meets);
                }
                observed(&spec, vec![Box::new(meets.clone())]).fingerprint
            };
            std::thread::scope(|scope| scope.spawn(observe).join()).expect("the run goes through")
        };
        assert_eq!(fingerprint(true), fingerprint(false));
    }
}
