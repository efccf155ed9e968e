//! What `leasehold explain` says of three scenarios, word for word: it must read well to a stranger.

mod given;

use given::{committed, root};

#[track_caller]
fn explained(scenario: &str, variant: Option<&str>) {
    let told = committed(scenario, variant).explain(None);
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(root().join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("explain__{}", scenario.replace('/', "__")), told));
}

#[test]
fn cuts_of_three_kinds() {
    explained("fast/partition", None);
}

#[test]
fn crashes_and_pauses() {
    explained("fast/restart", None);
}

#[test]
fn an_incident_under_the_variant_that_it_happened_to() {
    explained("incidents/pr-558", Some("elastickv-549"));
}
