//! The links that a fault is about.

use super::Selector;

/// The most bytes a second that a bandwidth allows: 1 TB/s.
pub const MAX_BANDWIDTH: u64 = 1_000_000_000_000;

/// Who sends and who receives. Every list that is empty stands for every node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Who sends.
    pub from: Vec<Selector>,
    /// Who receives.
    pub to: Vec<Selector>,
}

impl Ends {
    /// All nodes that they name.
    pub fn selectors(&self) -> Vec<Selector> {
        [&self.from[..], &self.to].concat()
    }
}
