//! How far from unsafe: something is turned up until a check says that a lease was wrong, then the least such value is sought.
//!
//! Whether a run breaks need not grow with the value: an acknowledgement that comes an election timeout late may renew a lease that
//! one which comes three late finds gone. So the values of a ladder are tried from the least on ([`Dial::ladder`]), each with every
//! seed, and bisection only narrows the first step from safe to unsafe.

use super::{Group, Spec, sweep_until};
use crate::check::is_violation;
use crate::history::Keep;
use crate::mutant::DEFAULT;
use crate::scenario::{Checks, Dial, Floor, Metric, Scenario, Seeds};
use crate::verdict::{Breach, Found, Margin, RunReport};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The least value is found to one part in so many.
const PRECISION: u64 = 100;

/// Checks that judge how a lease is counted, whatever comes of it. A lease that is counted wrongly is wrong at any value; how
/// far from unsafe it is nevertheless is the question here (elastickv bets that no acknowledgement takes longer than 300 ms).
const OF_THE_METHOD: [&str; 2] = ["lease-base", "counted-voters"];

/// The scenario of `group` with `dial` turned up to `value`. What the file only records counts, and what judges the method only
/// records.
pub fn dialled(group: &Group, dial: Dial, value: u64) -> Scenario {
    let record_only = OF_THE_METHOD.map(str::to_owned).into();
    Scenario { checks: Checks { record_only }, ..group.scenario.dialled(dial, value) }
}

/// As [`dialled`], as a file that shows the `breach` that was found: with the seed and the variant that it was found with.
pub fn broken(group: &Group, dial: Dial, value: u64, breach: &Breach) -> Scenario {
    let dialled = dialled(group, dial, value);
    let variant = (group.variant.name != DEFAULT.name).then(|| group.variant.name.to_owned());
    // Of a run that does nothing the file says nothing.
    let floors = vec![Floor { metric: Metric::Reads, least: 1, line: 0 }];
    Scenario { seeds: Seeds::one(breach.seed), variant, floors, ..dialled }
}

/// The margin of `group` as to `dial`, by runs on `jobs` threads; `None`: `stop` was set before it was found.
pub fn margin(group: &Group, dial: Dial, jobs: usize, stop: &AtomicBool) -> Option<Margin> {
    let scenario = &group.scenario;
    let cluster = &scenario.cluster;
    let lease = cluster.lease.unwrap_or_else(|| (group.variant.lease_length)(cluster.election_timeout, cluster.tick));
    let (mut runs, mut cuts) = (0, 0);
    let found = least(&dial.ladder(cluster), |value| {
        let trial = tried(group, Arc::new(dialled(group, dial, value)), jobs, stop);
        runs += group.seeds.len();
        cuts += trial.cuts;
        trial.breach
    });
    let is_whole = !stop.load(Ordering::Relaxed);
    is_whole.then(|| Margin {
        title: group.title(),
        variant: group.called(),
        seeds: group.seeds.clone(),
        dial,
        claimed: dial.claimed(&scenario.claims),
        by_theory: dial.by_theory(cluster, lease),
        found,
        runs,
        cuts,
    })
}

/// What came of one value.
#[derive(Default)]
struct Trial {
    breach: Option<Breach>,
    cuts: u64,
}

fn tried(group: &Group, scenario: Arc<Scenario>, jobs: usize, stop: &AtomicBool) -> Trial {
    let spec = |seed| Spec { scenario: Arc::clone(&scenario), ..group.spec(seed, Keep::Nothing) };
    let mut trial = Trial::default();
    sweep_until(stop, group.seeds.iter().map(spec).collect(), jobs, &mut |report| {
        trial.cuts += report.faults.get("partition").map_or(0, |count| count.effective);
        match (&mut trial.breach, breach(&report)) {
            (Some(known), Some(_)) => known.seeds += 1,
            (first @ None, found) => *first = found,
            (Some(_), None) => {}
        }
        ControlFlow::Continue(())
    });
    trial
}

/// What a run has violated. What it was slow at, or did not exercise, is no matter here.
fn breach(report: &RunReport) -> Option<Breach> {
    let failure = report.verdict.failures.iter().find(|failure| is_violation(failure.class))?;
    let (check, class, message) = (failure.check.clone(), failure.class, failure.message.clone());
    Some(Breach { seed: report.seed, seeds: 1, check, class, message })
}

/// The least value that breaks, of those between the rungs of `ladder`, which rise.
fn least<B>(ladder: &[u64], mut breaks: impl FnMut(u64) -> Option<B>) -> Found<B> {
    let mut found = Found { safe_to: None, breach: None };
    for &rung in ladder {
        match breaks(rung) {
            None => found.safe_to = Some(rung),
            breach => {
                found.breach = breach.map(|breach| (rung, breach));
                break;
            }
        }
    }
    while let (Some(safe), Some((broken, _))) = (found.safe_to, &found.breach)
        && *broken - safe > (*broken / PRECISION).max(1)
    {
        let middle = safe + (*broken - safe) / 2;
        match breaks(middle) {
            None => found.safe_to = Some(middle),
            breach => found.breach = breach.map(|breach| (middle, breach)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, and the values tried, where `breaks` says which break.
    fn search(ladder: &[u64], breaks: impl Fn(u64) -> bool) -> (Found<()>, Vec<u64>) {
        let mut tried = Vec::new();
        let found = least(ladder, |value| {
            tried.push(value);
            breaks(value).then_some(())
        });
        (found, tried)
    }

    #[test]
    fn the_first_step_from_safe_to_unsafe_is_narrowed_to_one_part_in_a_hundred() {
        let (found, tried) = search(&[0, 100, 1_000, 10_000], |value| value >= 1_234);
        let (safe, (broken, ())) = (found.safe_to.unwrap(), found.breach.unwrap());
        assert!(safe < 1_234 && 1_234 <= broken && broken - safe <= broken / PRECISION, "{safe}..{broken}");
        assert_eq!(&tried[..4], [0, 100, 1_000, 10_000]);
    }

    #[test]
    fn what_breaks_only_between_two_rungs_above_the_first_is_found_from_below() {
        let (found, _) = search(&[0, 100, 200, 400], |value| (150..250).contains(&value));
        assert_eq!((found.safe_to, found.breach), (Some(149), Some((150, ()))));
    }

    #[test]
    fn what_never_breaks_is_safe_to_the_limit() {
        let (found, tried) = search(&[0, 1, 10], |_| false);
        assert_eq!((found, tried), (Found { safe_to: Some(10), breach: None }, vec![0, 1, 10]));
    }

    #[test]
    fn what_is_broken_to_begin_with_has_no_margin() {
        let (found, tried) = search(&[0, 1, 10], |_| true);
        assert_eq!((found, tried), (Found { safe_to: None, breach: Some((0, ())) }, vec![0]));
    }
}
