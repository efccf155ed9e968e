//! What each verb is made of.

pub(super) use std::time::Duration;

pub(super) use super::{
    Deed, Fault, Scope,
    draw::{BLACKOUTS, Dice, PAUSES, STALLS, Steps, chance, pick},
    nodes::{Ends, NODE, Nodes, ONE_NODE, WHOM, one},
    told::{all, are_many, between, drawn, kinds_listed, lasting, percent},
};
pub(super) use crate::scenario::{
    Claims, Problem, Selector,
    table::{
        BANDWIDTH, DRIFT, DURATION, Entries, FLAG, Frame, JUMP, Kind, List, Maybe, Needed, Or, POSITIVE, Reader, SAID,
        SHARE, Scalar, Whole, among, choice, every, inner, items_of, table, word,
    },
};
pub(super) use crate::words::figures::{exact as time, listed};
pub(super) use crate::words::{
    ClockHarm, Cut, DiskHarm, DiskOperation, Drift, Healed, Jump, Lane, Leftover, MessageKind, Misread, Paused,
    PausedClock, Point, Spelled, Tail,
};
