//! What a test of the kit expects, and says where it is disappointed.

use std::fmt::Debug;

/// What a test has found out, or why the contract is not kept.
pub(super) type Checked<T = ()> = Result<T, String>;

/// Expects that it holds.
pub(super) fn holds(condition: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if condition { Ok(()) } else { Err(otherwise()) }
}

/// Expects these to be the same.
pub(super) fn same<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> Checked {
    holds(found == expected, || format!("{what}: {found:?}, and not {expected:?}"))
}

/// Expects the first to have come before the second, if that has come at all.
pub(super) fn before(what: &str, first: Option<usize>, second: Option<usize>) -> Checked {
    match (first, second) {
        (_, None) => Ok(()),
        (Some(first), Some(second)) if first < second => Ok(()),
        (None, Some(_)) => Err(format!("{what}: the first of these did not come")),
        (Some(_), Some(_)) => Err(format!("{what}: they came in the other order")),
    }
}
