//! A Raft key-value stack whose leader answers reads from a lease.
//!
//! Bottom to top; a module imports only from modules above it in this list (`sim/tests/layering/` holds it to that):
//!
//! | module | what it is |
//! |---|---|
//! | [`mod@env`] | the seams to the outside: clock, timers, tasks, entropy, disk, bus |
//! | [`rules`] | the register of rules: what each demands, why, and from where |
//! | [`request`] | what a client asks and what it is answered |
//! | [`routes`] | which group has which keys, and since which version |
//! | [`tasks`] | the tasks of one process, and their end |
//! | [`observe`] | what the stack tells about itself, as one typed event |
//! | [`folder`] | the groups' places on their node's disk, and their flushes together |
//! | [`ticker`] | the clock step of a process, one task for all its engines |
//! | [`error`] | the errors callers see, what each means for leadership and for the outcome of a write |
//! | [`metrics`] | counters and histograms under the reference system's names |
//! | [`wire`] | what engines say to each other, as far as anybody else may know |
//! | [`transport`] | messages between nodes: lanes, stamps, calls, what happens when a queue is full; what several groups say, put together |
//! | [`engine`] | consensus: the contract, quorum acknowledgements, lease renewal; [`engine::raft_rs`]; with the feature `openraft` a second, on that crate; with the feature `conformance` the contract as a kit of tests |
//! | [`lease`] | the rules by which a lease begins, is renewed and ends; the gate in front of a local read |
//! | [`store`] | the MVCC store and its write-conflict detection; which keys the group has |
//! | [`coordinator`] | of a node: routes, and the moves of ranges; of a group: dispatch, retry, forwarding, lease reads, linearizable reads, scripts |
//! | [`node`] | one process: all of the above, started and stopped as a unit |
//!
//! Start with [`lease`]: it is the reason for the rest.

#[cfg(any(test, feature = "conformance"))]
mod bed;
pub mod coordinator;
pub mod engine;
pub mod env;
pub mod error;
pub mod folder;
pub mod lease;
pub mod metrics;
pub mod node;
pub mod observe;
pub mod request;
pub mod routes;
pub mod rules;
pub mod store;
pub mod tasks;
pub mod ticker;
pub mod transport;
pub mod wire;

#[cfg(test)]
mod tests;

/// The examples of `docs/conformance.md` run.
#[cfg(doctest)]
#[doc = include_str!("../docs/conformance.md")]
struct HoldingAnEngineToTheContract;
