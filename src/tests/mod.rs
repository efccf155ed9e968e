//! The stack, tested from outside as scripts: what is done to a cluster of real nodes, and what it must answer. No simulator is
//! needed, and a change of the engine hears of it in seconds.
//!
//! [`cluster`] is what the scripts run on.

mod cluster;
mod conformance;
mod elections;
mod errors;
mod groups;
mod leases;
mod membership;
mod moves;
mod proposals;
mod queues;
mod requests;
mod restarts;
mod rounds;
mod scripts;
mod several;
mod snapshots;
mod stalls;
mod stops;
mod transfers;
