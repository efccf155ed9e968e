//! Deterministic simulation testing of leasehold: does the lease fast path hold, and is it ever wrong?
//!
//! A pipeline; the rooms read in the order in which data flows:
//!
//! | room | what it is |
//! |---|---|
//! | [`words`] | the vocabulary that all share |
//! | [`scenario`] | what is asked: the script, validated |
//! | [`time`] | instants of the simulated world |
//! | [`world`] | simulated hardware: clock, network, disk, CPU, processes; all randomness. Knows no Raft |
//! | [`history`] | what happened: operations, events, the fingerprint |
//! | [`view`] | what is so: replicas, logs, leases, operations, faults in force; history folded once |
//! | [`cluster`] | the stack wired into the world |
//! | [`mutant`] | variants of the stack: what real systems did, planted bugs; the rows of the matrix |
//! | [`workload`] | clients |
//! | [`fault`] | one file a verb |
//! | [`register`] | one register, judged by zones and by exact search |
//! | [`check`] | one file a property; reads history, never the cluster |
//! | [`verdict`] | measures, expectations, classes of failure |
//! | [`report`] | terminal, JSON lines, comparison |
//! | [`bundle`] | all that a run leaves behind, in one file |
//! | [`runner`] | one seed; many seeds; the same seed in other ways |
//! | [`minimize`] | the smallest scenario that still fails in the same way |
//! | [`gate`] | which runs a change has to pass, and what is told of them |
//! | `generated` | for tests: scenarios that nobody wrote, and what must be so of any |

pub mod bundle;
pub mod check;
pub mod cluster;
pub mod fault;
pub mod gate;
#[cfg(test)]
mod generated;
pub mod history;
pub mod minimize;
pub mod mutant;
pub mod register;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod time;
pub mod verdict;
pub mod view;
pub mod words;
pub mod workload;
pub mod world;
