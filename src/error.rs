//! The errors callers see, and the two questions every one of them answers: does it mean that leadership is lost, and may the
//! write that failed with it have taken effect?
//!
//! The first question is what the incident behind this project was about: a write conflict was taken for a loss of leadership
//! (elastickv PR #558). The answers are exhaustive matches without a wildcard, so that a new error does not compile until
//! somebody decides.

use crate::env::{DiskError, NodeId};
use crate::routes::Route;
use std::fmt;

/// Whether a write that failed may have taken effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Outcome {
    /// It has not, and never will.
    NotApplied,
    /// It may have, or still may.
    Unknown,
}

/// What an error says about this node's leadership.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leadership {
    /// This node does not lead, or is about to stop.
    Lost,
    /// Nothing.
    Unaffected,
}

/// Why an operation failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Error {
    /// This node was not the leader when it was asked; nothing was proposed.
    NotLeader {
        /// Who leads, as far as this node knows.
        leader: Option<NodeId>,
    },
    /// Leadership ended while the operation was under way.
    LeadershipLost(Outcome),
    /// A leadership transfer is under way; nothing was proposed.
    TransferInProgress,
    /// No node is known to lead; nothing was sent anywhere.
    LeaderNotFound,
    /// A key that the transaction read or writes has changed since the transaction's snapshot.
    WriteConflict {
        /// The first such key.
        key: String,
        /// The version that it has now.
        latest: u64,
    },
    /// A script met a write conflict in every one of its attempts.
    RetriesExhausted {
        /// How many attempts were made.
        attempts: u32,
    },
    /// The request makes no sense.
    Invalid(&'static str),
    /// No group has the key, or none has all keys; nothing was proposed.
    Unroutable,
    /// The group does not have the key; nothing was done. This is what it knows of who has, which may be older than what the caller
    /// knows: it may yet have to learn that it has it.
    StaleRoute(Box<Route>),
    /// A range is not moved: a key in it has been written, and versions of different groups do not compare. Nothing was moved.
    RangeInUse {
        /// The first such key.
        key: String,
    },
    /// The caller's deadline passed.
    DeadlineExceeded(Outcome),
    /// A message could not be sent, or its answer did not come.
    Transport(Outcome),
    /// A queue is full; nothing was proposed.
    Overloaded,
    /// A leadership transfer was refused: the target has no vote, is this node, or a change of membership is under way.
    TransferRefused,
    /// A change of membership was refused; nothing was proposed.
    MembershipRefused(&'static str),
    /// The disk failed; the node stops.
    Storage,
    /// The log on disk is damaged where it had been durable; the node does not start.
    Damaged,
    /// The node is shutting down.
    Closed(Outcome),
    /// A task of the engine panicked; the node stops.
    Panicked,
}

impl Error {
    /// Does this error mean that leadership is lost? Only these may end a lease (rule RL.8; elastickv #558, #559).
    pub fn leadership(&self) -> Leadership {
        match self {
            Error::NotLeader { .. } | Error::LeadershipLost(_) | Error::TransferInProgress => Leadership::Lost,
            Error::LeaderNotFound
            | Error::WriteConflict { .. }
            | Error::RetriesExhausted { .. }
            | Error::Invalid(_)
            | Error::Unroutable
            | Error::StaleRoute(_)
            | Error::RangeInUse { .. }
            | Error::DeadlineExceeded(_)
            | Error::Transport(_)
            | Error::Overloaded
            | Error::TransferRefused
            | Error::MembershipRefused(_)
            | Error::Storage
            | Error::Damaged
            | Error::Closed(_)
            | Error::Panicked => Leadership::Unaffected,
        }
    }

    /// May the write that failed with this error have taken effect?
    pub fn outcome(&self) -> Outcome {
        match self {
            Error::LeadershipLost(outcome)
            | Error::DeadlineExceeded(outcome)
            | Error::Transport(outcome)
            | Error::Closed(outcome) => *outcome,
            Error::NotLeader { .. }
            | Error::TransferInProgress
            | Error::LeaderNotFound
            | Error::WriteConflict { .. }
            | Error::RetriesExhausted { .. }
            | Error::Invalid(_)
            | Error::Unroutable
            | Error::StaleRoute(_)
            | Error::RangeInUse { .. }
            | Error::Overloaded
            | Error::TransferRefused
            | Error::MembershipRefused(_)
            | Error::Damaged => Outcome::NotApplied,
            Error::Storage | Error::Panicked => Outcome::Unknown,
        }
    }

    /// Is it worth asking again, once a leader is there? True only of errors after which nothing can have been applied.
    pub fn is_transient(&self) -> bool {
        let leaderless = self.leadership() == Leadership::Lost || *self == Error::LeaderNotFound;
        leaderless && self.outcome() == Outcome::NotApplied
    }

    /// This error, if the operation may have been proposed before it failed.
    pub fn after_proposal(self) -> Error {
        match self {
            Error::DeadlineExceeded(_) => Error::DeadlineExceeded(Outcome::Unknown),
            Error::Transport(_) => Error::Transport(Outcome::Unknown),
            Error::Closed(_) => Error::Closed(Outcome::Unknown),
            other => other,
        }
    }

    /// The kind of error, for counters and events.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::NotLeader { .. } => ErrorKind::NotLeader,
            Error::LeadershipLost(_) => ErrorKind::LeadershipLost,
            Error::TransferInProgress => ErrorKind::TransferInProgress,
            Error::LeaderNotFound => ErrorKind::LeaderNotFound,
            Error::WriteConflict { .. } => ErrorKind::WriteConflict,
            Error::RetriesExhausted { .. } => ErrorKind::RetriesExhausted,
            Error::Invalid(_) => ErrorKind::Invalid,
            Error::Unroutable => ErrorKind::Unroutable,
            Error::StaleRoute(_) => ErrorKind::StaleRoute,
            Error::RangeInUse { .. } => ErrorKind::RangeInUse,
            Error::DeadlineExceeded(_) => ErrorKind::DeadlineExceeded,
            Error::Transport(_) => ErrorKind::Transport,
            Error::Overloaded => ErrorKind::Overloaded,
            Error::TransferRefused => ErrorKind::TransferRefused,
            Error::MembershipRefused(_) => ErrorKind::MembershipRefused,
            Error::Storage => ErrorKind::Storage,
            Error::Damaged => ErrorKind::Damaged,
            Error::Closed(_) => ErrorKind::Closed,
            Error::Panicked => ErrorKind::Panicked,
        }
    }
}

/// [`Error`] without its details.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[expect(missing_docs, reason = "each is described at the variant of Error that has its name")]
pub enum ErrorKind {
    NotLeader,
    LeadershipLost,
    TransferInProgress,
    LeaderNotFound,
    WriteConflict,
    RetriesExhausted,
    Invalid,
    DeadlineExceeded,
    Transport,
    Overloaded,
    TransferRefused,
    MembershipRefused,
    Storage,
    Damaged,
    Closed,
    Panicked,
    Unroutable,
    StaleRoute,
    RangeInUse,
}

impl ErrorKind {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorKind::NotLeader => "not-leader",
            ErrorKind::LeadershipLost => "leadership-lost",
            ErrorKind::TransferInProgress => "transfer-in-progress",
            ErrorKind::LeaderNotFound => "leader-not-found",
            ErrorKind::WriteConflict => "write-conflict",
            ErrorKind::RetriesExhausted => "retries-exhausted",
            ErrorKind::Invalid => "invalid",
            ErrorKind::DeadlineExceeded => "deadline-exceeded",
            ErrorKind::Transport => "transport",
            ErrorKind::Overloaded => "overloaded",
            ErrorKind::TransferRefused => "transfer-refused",
            ErrorKind::MembershipRefused => "membership-refused",
            ErrorKind::Storage => "storage",
            ErrorKind::Damaged => "damaged",
            ErrorKind::Closed => "closed",
            ErrorKind::Panicked => "panicked",
            ErrorKind::Unroutable => "unroutable",
            ErrorKind::StaleRoute => "stale-route",
            ErrorKind::RangeInUse => "range-in-use",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotLeader { leader: Some(leader) } => write!(f, "not leader; {leader} is"),
            Error::WriteConflict { key, latest } => write!(f, "write conflict: {key} is at version {latest}"),
            Error::RetriesExhausted { attempts } => write!(f, "write conflict in each of {attempts} attempts"),
            Error::Invalid(what) => write!(f, "invalid request: {what}"),
            Error::StaleRoute(route) => {
                write!(f, "stale route: {} belongs, at version {}, to ", route.range, route.version)?;
                route.owner.map_or(f.write_str("no group"), |group| write!(f, "g{}", group.0))
            }
            Error::RangeInUse { key } => write!(f, "the range is not moved: {key} has been written"),
            Error::MembershipRefused(why) => write!(f, "membership change refused: {why}"),
            other => f.write_str(other.kind().name()),
        }
    }
}

impl std::error::Error for Error {}

impl From<DiskError> for Error {
    fn from(_: DiskError) -> Self {
        Error::Storage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::GroupId;
    use crate::routes::Routes;

    #[test]
    fn only_not_leader_leadership_lost_and_transfer_in_progress_are_losses_of_leadership() {
        let lost = |error: Error| error.leadership() == Leadership::Lost;
        assert!(lost(Error::NotLeader { leader: None }));
        assert!(lost(Error::LeadershipLost(Outcome::Unknown)));
        assert!(lost(Error::TransferInProgress));
        assert!(!lost(Error::WriteConflict { key: "k".into(), latest: 1 }));
        assert!(!lost(Error::DeadlineExceeded(Outcome::Unknown)));
        assert!(!lost(Error::Transport(Outcome::Unknown)));
        assert!(!lost(Error::Invalid("empty")));
        assert!(!lost(Error::StaleRoute(Box::new(Routes::all_to(GroupId::FIRST).route("k")))));
    }

    #[test]
    fn an_error_that_may_have_applied_is_never_transient() {
        assert!(!Error::LeadershipLost(Outcome::Unknown).is_transient());
        assert!(Error::LeadershipLost(Outcome::NotApplied).is_transient());
        assert!(Error::NotLeader { leader: None }.is_transient());
        assert!(!Error::DeadlineExceeded(Outcome::NotApplied).is_transient());
    }
}
