//! What nearly every check speaks of: one line of it begins a check's imports.

pub(super) use super::handlers::{By, Check, Now};
pub(super) use super::{Finding, Premises, STORY};
pub(super) use crate::history::{
    Arrival, Completion, Extension, Fault, Invocation, KeyId, LeaseRead, OpId, OpKind, Opened, Operation, Place,
    ProcessChange, Share, Vote,
};
pub(super) use crate::time::SimTime;
pub(super) use crate::view::{Replica, operations::UnderWay};
pub(super) use crate::words::Disturbs;
pub(super) use crate::words::figures::{count, counted, duration};
pub(super) use leasehold::env::{Instant, Lane, NodeId};
pub(super) use leasehold::observe::{Membership, Role, RoundCause};
pub(super) use std::{collections::BTreeMap, sync::Arc, time::Duration};
