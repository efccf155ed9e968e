//! What openraft keeps: the log with vote and commit index (`log`), the state machine and its snapshot (`machine`).
//!
//! Log and snapshot are a file each. What was written is readable at once; what waits for its being durable is told when it is. A crash
//! between a snapshot and the cut of the log leaves a log that overlaps it, or one that ends before it, or has another entry in its
//! place, and is then dropped ([`Logs::align`]).

mod held;
mod log;
mod machine;
mod records;

pub(super) use log::Logs;
pub(super) use machine::Machine;

use super::types::{LogId, Vote};
use crate::observe::Membership;
use std::io;

/// Is told of what is kept, in time to tell others.
pub(super) trait Told: Send + Sync + 'static {
    /// Another vote is about to be written. What it says holds from now on; nobody has heard of it.
    fn votes(&self, vote: &Vote);

    /// It is durable.
    fn voted(&self, vote: &Vote);

    /// The last change of membership in the log stands at this index, and makes these the members; `None`: the log holds none.
    fn last_change(&self, change: Option<(u64, Membership)>);

    /// Other members are in force, from this index on; nobody has heard of it.
    fn members(&self, index: u64, members: &Membership);

    /// An entry was applied; the sink knows.
    fn applied(&self, log_id: LogId);

    /// What was applied so far may be seen.
    fn publishes(&self);

    /// A snapshot is due, of a state that is kept ready.
    fn snapshot_due(&self);
}

/// openraft takes errors of storage as those of the operating system; whatever it was, the node stops.
fn failed() -> io::Error {
    io::Error::other("the disk failed")
}

#[cfg(test)]
mod tests;
