//! `linearizability` is alive: where a planted bug makes clients read what is stale, it finds that by itself, from values alone.

use super::given::{root, written};
use leasehold_sim::history::Keep;
use leasehold_sim::runner::run;
use leasehold_sim::scenario::Class;
use leasehold_sim::verdict::RunReport;
use std::fs;

/// `fast/stale-read` with nothing to end a run but `linearizability`.
fn scenario() -> String {
    let text = fs::read_to_string(root().join("scenarios/fast/stale-read.toml")).unwrap();
    let alone = text.replace(
        r#"record-only = ["one-lease", "exclusive-commits", "applied-before-read"]"#,
        r#"record-only = ["one-lease", "exclusive-commits", "applied-before-read", "staleness"]"#,
    );
    assert_ne!(alone, text);
    alone
}

fn reports() -> Vec<RunReport> {
    written("stale-read", &scenario(), None, None).specs(Keep::Nothing).map(|spec| run(&spec)).collect()
}

#[test]
fn stale_reads_are_found_from_values_alone_at_the_moment_at_which_versions_tell_of_them() {
    for report in reports() {
        assert_eq!(report.verdict.class, Some(Class::StaleRead), "seed {}", report.seed);
        assert_eq!(report.verdict.failures[0].check, "linearizability");
        let violations = |check: &str| report.checks[check].violations;
        assert_eq!((violations("staleness"), violations("linearizability")), (1, 1), "seed {}", report.seed);
    }
}
