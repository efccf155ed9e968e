//! The vocabulary that scenario, history and reports share: each name once.

mod hardware;
mod network;
mod verb;

pub use hardware::{ClockHarm, DiskHarm, DiskOperation, Drift, Jump, Paused, PausedClock, Point, Tail};
pub use network::{Cut, LaneName, Leftover, MessageKind};
pub use verb::{Healed, Verb};
