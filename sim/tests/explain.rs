//! What `leasehold explain` says of three scenarios, word for word: it must read well to a stranger.

use leasehold_sim::runner::{Places, Wish, resolve};
use std::path::Path;

#[track_caller]
fn explained(scenario: &str, variants: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let places = Places { cwd: std::env::current_dir().unwrap(), roots: vec![root.join("scenarios")] };
    let variants = variants.iter().map(|variant| (*variant).to_owned()).collect();
    let wish = Wish { scenarios: vec![scenario.to_owned()], variants, ..Wish::default() };
    let told = resolve(&wish, &places).unwrap_or_else(|refusals| panic!("{}", refusals.render(false)))[0].explain(None);
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(root.join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("explain__{}", scenario.replace('/', "__")), told));
}

#[test]
fn cuts_of_three_kinds() {
    explained("fast/partition", &[]);
}

#[test]
fn crashes_and_pauses() {
    explained("fast/restart", &[]);
}

#[test]
fn an_incident_under_the_variant_that_it_happened_to() {
    explained("incidents/pr-558", &["elastickv-549"]);
}
