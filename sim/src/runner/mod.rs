//! One seed; many seeds; the same seed in other ways.

mod run;

pub use run::{Spec, run};
