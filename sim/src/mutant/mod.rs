//! Variants: the stack as it is, as it was, and as it must not be.
//!
//! A variant is a set of policy values, of rules that are switched off, and of things put around and between the parts of a node.
//! Production code knows policies, parts and the register of rules; what of them was once a bug is known here alone.
//!
//! | file       | what it holds                                                             |
//! |------------|---------------------------------------------------------------------------|
//! | `table/`   | every variant, an entry each                                              |
//! | `variant`  | what an entry can say                                                     |
//! | `assembly` | how a process is put together by that                                     |
//! | `bend`     | how a rule is not quite kept                                              |
//! | `wrap/`    | what can be put around a node, and between its parts                      |
//!
//! # To plant a bug
//!
//! 1. One entry in `table/`, named by what is wrong, with the id of `lease-bugs.md` in `source`: `..PLANTED`, and what differs.
//!    Choose the outermost layer that can express it: a policy value, `host`, `tap` or `disk`; then `listener`, `engine` or
//!    `machine`; then `tuning`, which is raft's own; then `rules_off`. A rule that has no name yet gets one (`src/rules.rs` says how);
//!    a gap in a wrapper is filled in its file. A rule that is kept, but not quite, is a line of `table/bent.rs`.
//! 2. `seen`: the scenario that shows it, and the check or the metric that says so first. If none of `fast/` does, a small one in
//!    `scenarios/planted/`: few seconds, few clients, faults by the protocol's own moments; it must be green as it is.
//! 3. `leasehold matrix --variant NAME`: seen in each range of seeds, best at the first seed; `cargo test --test matrix`.
//!
//! `leasehold run SCENARIO --variant NAME` tells the story. A check that an entry brings to life names it ("seen alive by").

mod assembly;
mod bend;
mod table;
mod variant;
mod wrap;

#[cfg(feature = "planted")]
use crate::scenario::Metric;
#[cfg(feature = "planted")]
pub use bend::hear;
pub use bend::{Bend, Phase};
#[cfg(any(test, feature = "planted"))]
use std::collections::BTreeSet;
pub use variant::{Around, DEFAULT, Equivalent, Harm, Kind, MakeTap, Seen, StandIn, Tuning, Variant};
use variant::{PLANTED, any_error, no_error, seen, tuned};

/// Every variant, the default first; without the feature `planted`, those that keep every rule.
pub fn variants() -> impl Iterator<Item = &'static Variant> {
    let all = std::iter::once(&DEFAULT).chain(table::TABLE.into_iter().flatten());
    all.filter(|variant| cfg!(feature = "planted") || variant.rules_off.is_empty() && variant.rules_bent.is_empty())
}

/// The variant of this name.
pub fn find(name: &str) -> Option<&'static Variant> {
    variants().find(|variant| variant.name == name)
}

/// The rules that forbid what `check` finds: those of which a breach is planted that it is the first to see. None forbids what a bound on a
/// metric finds: that may have any reason.
#[cfg(feature = "planted")]
pub fn forbidden_by(check: &str) -> Vec<&'static str> {
    if check.parse::<Metric>().is_ok() {
        return Vec::new();
    }
    let seen = variants().filter(|variant| variant.seen.is_some_and(|seen| seen.by == check));
    let broken = |variant: &'static Variant| {
        let bent = variant.rules_bent.iter().map(|(rule, _)| rule);
        variant.rules_off.iter().chain(bent)
    };
    let rules: BTreeSet<_> = seen.flat_map(broken).collect();
    rules.into_iter().map(|rule| rule.name()).collect()
}

/// Without the register's names nobody can tell.
#[cfg(not(feature = "planted"))]
pub fn forbidden_by(_check: &str) -> Vec<&'static str> {
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "planted")]
    use leasehold::rules::Rule;

    #[test]
    fn names_are_distinct() {
        let names: BTreeSet<_> = variants().map(|variant| variant.name).collect();
        assert_eq!(names.len(), variants().count());
    }

    #[test]
    fn only_the_default_is_innocent() {
        let innocent: Vec<_> = variants().filter(|variant| variant.harm == Harm::Nothing).map(|it| it.name).collect();
        assert_eq!(innocent, ["default"]);
    }

    #[cfg(feature = "planted")]
    #[test]
    fn every_rule_that_has_a_name_is_switched_off_by_somebody() {
        let off: BTreeSet<_> = variants().flat_map(|variant| variant.rules_off).collect();
        let kept: Vec<_> = Rule::ALL.iter().filter(|rule| !off.contains(rule)).map(|rule| rule.name()).collect();
        // Where the clock cannot be read, the rule that the lease has not run out does not hold either: only the reason would be another.
        assert_eq!(kept, ["clock-readable"], "nobody would notice if these were not kept");
    }

    #[cfg(feature = "planted")]
    #[test]
    fn every_rule_is_kept_not_quite_by_somebody() {
        let bent: BTreeSet<_> = variants().flat_map(|variant| variant.rules_bent).map(|(rule, _)| rule).collect();
        let never: Vec<_> = Rule::ALL.iter().filter(|rule| !bent.contains(rule)).map(|rule| rule.name()).collect();
        assert!(never.is_empty(), "nobody knows what their boundaries are worth: {never:?}");
    }

    #[cfg(feature = "planted")]
    #[test]
    fn what_a_check_finds_is_forbidden_by_the_rules_whose_breach_it_sees() {
        let forbidden = forbidden_by("one-lease");
        assert!(forbidden.contains(&"no-transfer"), "{forbidden:?}");
        assert!(forbidden_by("lease-hit-rate").is_empty(), "a bound on a metric");
    }

    #[test]
    fn what_is_equivalent_is_seen_by_nothing_and_says_why() {
        for variant in variants() {
            assert!(variant.seen.is_none() || variant.equivalent.is_none(), "{}", variant.name);
            assert!(variant.equivalent.is_none_or(|equivalent| !equivalent.because.is_empty()), "{}", variant.name);
        }
    }
}
