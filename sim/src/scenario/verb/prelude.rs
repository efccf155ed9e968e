//! What each verb is made of.

pub(super) use super::{
    Deed, Scope,
    draw::{BLACKOUTS, PAUSES, STALLS, Steps},
    nodes::{Ends, NODE, Nodes, ONE_NODE, WHOM, one},
    plainer::{each, ends, fewer, shorter, usual},
    told::{all, are_many, between, drawn, kinds_listed, lasting, percent},
};
pub(super) use crate::scenario::prelude::*;
pub(super) use crate::scenario::{Claims, Selector};
pub(super) use crate::words::figures::{exact as time, listed};
pub(super) use crate::words::{
    ClockHarm, Cut, DiskHarm, DiskOperation, Drift, Healed, Jump, Lane, Leftover, MessageKind, Paused, PausedClock,
    Point, Tail,
};
