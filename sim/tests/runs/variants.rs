//! Variants beside the default: what is expected of one that did nothing is shown of nothing.

use crate::given::written;
use leasehold_sim::history::Keep;
use leasehold_sim::runner::{Defaults, Spec};
use leasehold_sim::scenario::Class;
use leasehold_sim::verdict::{Ruling, RunReport};

/// Nothing goes wrong; `sections` say what is expected of variants.
fn calm(name: &str, sections: &str, variant: &str) -> RunReport {
    let text = format!(
        "name = \"{name}\"\nuntil = \"4s\"\n[cluster]\nnodes = 3\n[[workload]]\nkind = \"kv\"\nrate = \"50/s\"\nfrom = \"2s\"\n{sections}"
    );
    let spec = written(name, &text, Some(variant), None).spec(1, Keep::Nothing);
    Defaults::default().run(&spec)
}

#[test]
fn a_longer_lease_that_nobody_leans_on_is_not_reached() {
    // The lease lasts longer, which `timing` says of the set-up; no read or leader has made anything of it.
    let section = "[checks]\nrecord-only = [\"timing\"]\n";
    let report = calm("not-reached", section, "long-lease");
    assert_eq!(
        (report.reached, report.verdict.ruling, report.verdict.as_expected),
        (Some(false), Ruling::NotReached, true)
    );
}

#[test]
fn what_a_file_expects_of_a_variant_that_is_not_reached_is_vacuous() {
    let section = "[checks]\nrecord-only = [\"timing\"]\n[expect.variant.long-lease]\n";
    let verdict = calm("expected-of-it", section, "long-lease").verdict;
    assert_eq!((verdict.class, verdict.as_expected), (Some(Class::Vacuous), false));
    assert_eq!(verdict.failures[0].check, "reached");
}

#[test]
fn a_variant_that_answers_otherwise_is_reached() {
    assert_eq!(calm("reached", "", "no-lease").reached, Some(true));
    assert_eq!(calm("the-default", "", "default").reached, None, "the default is what others are compared with");
}

#[test]
fn one_run_of_the_default_serves_all_variants_of_a_seed() {
    let text =
        "name = \"shared\"\nuntil = \"3s\"\n[cluster]\nnodes = 3\n[[workload]]\nkind = \"kv\"\nrate = \"20/s\"\n";
    let spec = |variant| written("shared", text, Some(variant), None).spec(1, Keep::Nothing);
    let specs: Vec<Spec> = ["default", "no-lease", "long-lease"].map(spec).into();
    let defaults = Defaults::of(&specs);
    let reached: Vec<_> = specs.iter().map(|spec| defaults.run(spec).reached).collect();
    assert_eq!(reached, [None, Some(true), Some(false)]);
}
