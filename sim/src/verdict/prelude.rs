//! What nearly everything that measures a run speaks of.

pub(super) use crate::history::{
    Completion, Hears, Invocation, LeaseRead, OpId, OpKind, Place, ProcessChange, Record, Share, What, tell,
};
pub(super) use crate::scenario::{Metric, Of, Scenario, Span, Stat};
pub(super) use crate::time::{SimTime, mean};
pub(super) use crate::view::GroupView;
pub(super) use crate::words::figures::{count, counted, duration, number, percent, rate};
pub(super) use leasehold::env::{Lane, NodeId};
pub(super) use leasehold::error::Outcome;
pub(super) use leasehold::observe::{EndCause, Membership, Miss, Role, RoundCause};
pub(super) use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
