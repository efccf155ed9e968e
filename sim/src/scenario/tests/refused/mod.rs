//! What a file may not say.

mod clients;
mod cluster;
mod expected;
mod faults;
mod file;
mod steps;

use super::{read, refuse, refuse_file, timeline, with};

fn cluster(keys: &str) -> String {
    with("", &format!("[cluster]\n{keys}"))
}

fn expect(keys: &str) -> String {
    with("timeline = [{ at = \"2s..6s\", tag = \"storm\" }]", &format!("[expect]\n{keys}"))
}

/// A second workload, of kind `script`.
fn workload(keys: &str) -> String {
    with("", &format!("[[workload]]\nkind = \"script\"\n{keys}"))
}

/// A workload of kind `kv`, alone.
fn kv(keys: &str) -> String {
    with("", keys)
}
