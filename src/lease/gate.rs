//! The gate in front of a local read: one list of named rules, checked in order; the first that fails is the reason for the miss.
//!
//! Each rule is a pure function of what the reader sees: a fresh clock reading, the engine's published status, the lease. Its
//! name is that of [`crate::rules`].

use super::State;
use crate::engine::Status;
use crate::env::{ClockError, Instant};
use crate::observe::Miss;

/// What a rule looks at.
pub(crate) struct View<'a> {
    pub(crate) now: Result<Instant, ClockError>,
    pub(crate) status: &'a Status,
    pub(crate) lease: &'a State,
}

/// A condition under which a local read may be answered.
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The reason for a miss where it fails.
    pub miss: Miss,
    /// Why it is there, and from where.
    pub why: &'static str,
    holds: fn(&View<'_>) -> bool,
}

/// The rules, in the order in which they are checked.
pub const RULES: [Rule; 6] = [
    Rule {
        name: "clock-readable",
        miss: Miss::Clock,
        why: "without a clock there is no telling whether the lease has run out: fail closed (P8; elastickv #604)",
        holds: |view| view.now.is_ok(),
    },
    Rule {
        name: "leader",
        miss: Miss::NotLeader,
        why: "a lease is a leader's; a follower may lag without bound (W5)",
        holds: |view| rule!(Leader, view.status.leads()),
    },
    Rule {
        name: "no-transfer",
        miss: Miss::Transfer,
        why: "a transfer permits an election in spite of every promise (P4; RL.2, RL.4; etcd-io/raft #99)",
        holds: |view| {
            rule!(NoTransfer, view.status.transferee.is_none()) && rule!(RegainedByEntry, !view.lease.suspended)
        },
    },
    Rule {
        name: "caught-up",
        miss: Miss::NotCaughtUp,
        why: "until an entry of its own term is applied, a leader may lack acknowledged writes (P7; LB-28)",
        holds: |view| rule!(CaughtUp, view.status.caught_up()),
    },
    Rule {
        name: "held-in-this-term",
        miss: Miss::Cold,
        why: "promises made to the leader of another term bind nobody now (P10)",
        holds: |view| rule!(HeldInThisTerm, view.lease.expiry.is_some() && view.lease.term == view.status.term),
    },
    Rule {
        name: "not-expired",
        miss: Miss::Expired,
        why: "the promises behind it last no longer (P6); the last instant does not count",
        holds: |view| rule!(NotExpired, view.now.ok().zip(view.lease.expiry).is_some_and(|(now, expiry)| now < expiry)),
    },
];

/// The first rule that does not hold decides.
pub(crate) fn check(view: &View<'_>) -> Result<(), Miss> {
    match RULES.iter().find(|rule| !(rule.holds)(view)) {
        Some(rule) => Err(rule.miss),
        None => Ok(()),
    }
}
