//! The test bed: a cluster of real nodes on a clock, a network and disks that a test moves by hand.
//!
//! Time stands still until a test lets it run; messages arrive at once and in order; every run of a test is the same. What a test
//! can do to a cluster is a method of [`Cluster`]; what it sees are answers to clients, events and messages.

mod bus;
mod clients;
mod cluster;
mod disk;
mod host;
mod leadership;
mod setup;
mod sight;
mod signal;
mod stub;
mod trouble;
mod world;

pub(super) use bus::What;
pub(super) use clients::{get, put, script};
pub(super) use cluster::{Call, Cluster, Pending};
pub(super) use setup::{ELECTION, HEARTBEAT, Setup, TICK, lease_length};
pub(super) use stub::Stub;
