//! How far from unsafe a scenario is: what was found when something was turned up until a lease was wrong.

use crate::scenario::{Class, Dial, Reach, Seeds};

/// What was found for one dial, in one scenario under one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Margin {
    /// What people call the scenario.
    pub title: String,
    /// The variant's name.
    pub variant: String,
    /// The seeds that each value was tried with.
    pub seeds: Seeds,
    /// What was turned up.
    pub dial: Dial,
    /// How far it may go by what the scenario claims.
    pub claimed: Reach,
    /// How far by theory; `None`: the lease is longer than the promises it rests on.
    pub by_theory: Option<Reach>,
    /// What was found.
    pub found: Found<Breach>,
    /// How many runs that took.
    pub runs: u64,
    /// How many cuts of the leader were effective in them: without any, nothing was tried.
    pub cuts: u64,
}

/// Where it breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<B> {
    /// The largest value below the first breach at which nothing was wrong; `None`: something is already at the least.
    pub safe_to: Option<u64>,
    /// The least value *found* at which something was wrong, and what; `None`: nothing up to the limit. What a seed shows need
    /// not grow with the value, so that a lesser one may exist.
    pub breach: Option<(u64, B)>,
}

/// What was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The first seed that shows it.
    pub seed: u64,
    /// How many seeds do.
    pub seeds: u64,
    /// The check that saw it.
    pub check: String,
    /// The class of what it saw.
    pub class: Class,
    /// One line with numbers.
    pub message: String,
}

impl Margin {
    /// Is it unsafe within what is claimed?
    pub fn is_below_claim(&self) -> bool {
        match (&self.found.breach, self.claimed) {
            (None, _) => false,
            (Some(_), Reach::Any) => true,
            (Some((value, _)), Reach::UpTo(claimed)) => *value <= claimed,
        }
    }
}
