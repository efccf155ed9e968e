//! A cluster of real nodes on a [bed](crate::bed): what clients ask of it, who leads it, how it is set up.

mod clients;
mod leadership;
mod setup;
mod stub;

use crate::bed::Bed;

pub(super) use crate::bed::{Pending, What};
pub(super) use crate::engine::conformance::{ELECTION, HEARTBEAT, TICK};
pub(super) use clients::{Call, delete, get, mget, put, scan, script};
pub(super) use setup::{Setup, lease_length};
pub(super) use stub::Stub;

/// Real nodes on a world of their own.
pub(super) type Cluster = Bed<Setup>;
