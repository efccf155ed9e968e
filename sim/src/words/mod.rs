//! The vocabulary that scenario, history and reports share: each name once.

mod verb;

pub use verb::Verb;
