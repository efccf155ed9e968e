//! The committed scenarios say what they mean.

use leasehold_sim::runner::{Places, catalogue, load};
use std::path::Path;

#[test]
fn no_committed_scenario_has_a_warning() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let places = Places { cwd: std::env::current_dir().unwrap(), roots: vec![root.join("scenarios")] };
    let all = catalogue(&places, true);
    assert!(!all.is_empty());
    for named in all {
        let group = load(&places.cwd.join(&named.path)).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(group.warnings.is_empty(), "\n{}", group.warnings);
    }
}
