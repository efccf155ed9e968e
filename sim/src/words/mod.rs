//! The vocabulary that scenario, history and reports share: each name once. Knows the stack and nothing of the harness.

mod hardware;
mod message;
mod network;
mod verb;

pub use hardware::{ClockHarm, DiskHarm, DiskOperation, Drift, Jump, Paused, PausedClock, Point, Tail};
pub use message::{LaneName, MessageKind, Says};
pub use network::{Cut, Leftover, Mishap};
pub use verb::{Healed, Verb};
