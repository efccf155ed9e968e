//! What nearly every verb speaks of where it acts.

pub(super) use super::{Act, Injector};
pub(super) use crate::history::{Evidence, How, Targets};
pub(super) use crate::words::Verb;
pub(super) use leasehold::env::NodeId;
