//! The tables of `leasehold list`.

use super::style::{aligned, terminal_width};

/// A table: its head and its rows.
pub struct Listed<const N: usize> {
    /// Names of the columns; the last may be wrapped.
    pub head: [&'static str; N],
    /// The rows.
    pub rows: Vec<[String; N]>,
}

/// `listed`, aligned, as wide as the terminal (120 characters where there is none).
pub fn listing<const N: usize>(listed: &Listed<N>) -> String {
    aligned(&listed.head.map(str::to_owned), &[], &listed.rows, terminal_width(super::WIDTH))
}
