//! Panics inside a run are a result, with a message and a place; they do not go to the terminal on their own.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// On a run's thread: the panic that ended it. Elsewhere `None`.
    static KEPT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes the process keep the panics of runs; all others go where they went before. Done once.
pub(super) fn keep_those_of_runs() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let kept = KEPT.with_borrow_mut(|kept| kept.as_mut().map(|kept| *kept = describe(info)).is_some());
            if !kept {
                others(info);
            }
        }));
    });
}

/// Calls `run` on this thread, which is a run's.
///
/// # Errors
/// What it panicked with, and where.
pub(super) fn kept<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    KEPT.set(Some(String::new()));
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    let message = KEPT.take().unwrap_or_default();
    result.map_err(|_| message)
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    match info.location() {
        Some(place) => format!("{message} (at {}:{})", portable(place.file()), place.line()),
        None => message.to_owned(),
    }
}

/// A file of another crate without the folder in which this machine keeps it: `raft-0.7.0/src/raft.rs`.
fn portable(file: &str) -> &str {
    match file.split_once("/registry/src/") {
        Some((_, kept)) => kept.split_once('/').map_or(kept, |(_, file)| file),
        None => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_no_folder_of_this_machine() {
        let of = portable("/home/me/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/raft-0.7.0/src/raft.rs");
        assert_eq!([of, portable("sim/src/main.rs")], ["raft-0.7.0/src/raft.rs", "sim/src/main.rs"]);
    }

    #[test]
    fn a_panic_of_a_run_is_kept_with_its_place() {
        keep_those_of_runs();
        let run = || {
            kept(|| {
                if true {
                    panic!("broken {}", 7)
                }
            })
        };
        let message = std::thread::Builder::new().spawn(run).unwrap().join().unwrap().unwrap_err();
        assert!(message.starts_with("broken 7 (at "), "{message}");
        assert!(message.contains("panics.rs:"), "{message}");
    }
}
