//! The gate in front of a local read: one list of rules, checked in order; the first that fails is the reason for the miss.
//!
//! Each is a pure function of what the reader sees: a fresh clock reading, the engine's published status, the lease. Why it is
//! there, and where from, stands in the register: [`crate::rules`].

use super::State;
use crate::engine::Status;
use crate::env::{ClockError, Instant};
use crate::observe::Miss;
use crate::rules::{Condition, Rule, before, is, same};

/// What a rule looks at.
pub(crate) struct View<'a> {
    pub(crate) now: Result<Instant, ClockError>,
    pub(crate) status: &'a Status,
    pub(crate) lease: &'a State,
}

/// A rule's condition.
type Asks = fn(&View<'_>) -> Condition;

/// The rules, in the order in which they are checked, with the reason for a miss where they fail.
pub(super) const GATE: [(Rule, Miss, Asks); 7] = [
    (Rule::ClockReadable, Miss::Clock, |view| is(view.now.is_ok())),
    (Rule::Leader, Miss::NotLeader, |view| is(view.status.leads())),
    (Rule::NoTransfer, Miss::Transfer, |view| is(view.status.transferee.is_none())),
    (Rule::RegainedByEntry, Miss::Transfer, |view| is(!view.lease.suspended)),
    (Rule::CaughtUp, Miss::NotCaughtUp, |view| same(view.status.applied_term, view.status.term)),
    (Rule::HeldInThisTerm, Miss::Cold, |view| {
        is(view.lease.expiry().is_some()).and(same(view.lease.term, view.status.term))
    }),
    (Rule::NotExpired, Miss::Expired, |view| {
        view.now.ok().zip(view.lease.expiry()).map_or(is(false), |(now, expiry)| before(now, expiry))
    }),
];

/// The first rule that does not hold decides.
pub(crate) fn check(view: &View<'_>) -> Result<(), Miss> {
    match GATE.iter().find(|(rule, _, condition)| !rule.holds(condition(view))) {
        Some((_, miss, _)) => Err(*miss),
        None => Ok(()),
    }
}
