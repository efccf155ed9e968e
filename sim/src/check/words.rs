//! Numbers as people read them, and lists of who.

pub use crate::time::mean;
pub use crate::words::figures::{count, counted as several, duration, number, percent, rate as per_second};

/// `n1, n2`, or that there is nobody.
pub fn list(of: impl Iterator<Item = impl ToString>) -> String {
    let words: Vec<String> = of.map(|one| one.to_string()).collect();
    if words.is_empty() { "nobody".to_owned() } else { words.join(", ") }
}
