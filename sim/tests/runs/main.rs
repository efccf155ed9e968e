//! Whole runs of small scenarios, each written where it is asserted: [`given`] makes them.
//!
//! One program, since what costs time is linking the simulator, not running it.

mod faults;
#[path = "../given/mod.rs"]
mod given;
mod hardware;
mod linearizability;
mod membership;
mod moments;
mod variants;
