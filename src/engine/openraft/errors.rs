//! openraft's errors in the words that every engine has: what each says about leadership, and about what was asked.
//!
//! Who does not lead, hands over or has heard no quorum for its lease refuses before it appends: nothing was proposed. What was appended
//! and then discarded may have been committed by another leader, or may yet be.

use super::types::Types;
use crate::env::NodeId;
use crate::error::{Error, Outcome};
use openraft::errors::{ChangeMembershipError, ClientWriteError, Fatal, ForwardReason, ForwardToLeader};
use openraft::errors::{LinearizableReadError, RaftError};

/// The error of what was under way when leadership ended.
pub(super) const INTERRUPTED: Error = Error::LeadershipLost(Outcome::Unknown);

/// The error of what a leader has not taken, as no quorum has heard it for as long as its voters keep their promise.
pub(super) const UNHEARD: Error = Error::LeadershipLost(Outcome::NotApplied);

/// What became of a proposal, or of a change of membership.
pub(super) fn of_write(error: RaftError<Types, ClientWriteError<Types>>) -> Error {
    #[cfg(test)]
    if let Some(untranslated) = super::slips::of_write(&error) {
        return untranslated;
    }
    match error {
        // Why openraft has stopped is told to who asks how the engine ended.
        RaftError::Fatal(_) => Error::Closed(Outcome::Unknown),
        RaftError::APIError(error) => match error {
            ClientWriteError::ForwardToLeader(forward) => of_refusal(&forward),
            ClientWriteError::LogEntryDiscarded(_) => INTERRUPTED,
            ClientWriteError::ChangeMembershipError(why) => Error::MembershipRefused(of_change(&why)),
            ClientWriteError::PreconditionFailed(_) => Error::MembershipRefused("another change came before it"),
        },
    }
}

/// What became of a round of heartbeats that this node began as a leader; `None`: it was not answered in time, and is to be repeated.
pub(super) fn of_round(error: RaftError<Types, LinearizableReadError<Types>>) -> Option<Error> {
    #[cfg(test)]
    if let Some(untranslated) = super::slips::of_round(&error) {
        return Some(untranslated);
    }
    match error {
        RaftError::Fatal(_) => Some(Error::Closed(Outcome::Unknown)),
        RaftError::APIError(LinearizableReadError::QuorumNotEnough(_)) => None,
        RaftError::APIError(LinearizableReadError::ForwardToLeader(forward)) => Some(match forward.reason {
            ForwardReason::LeadershipTransfer => Error::TransferInProgress,
            ForwardReason::NotLeader | ForwardReason::LeaseExpired => INTERRUPTED,
        }),
    }
}

/// Why nothing was proposed.
fn of_refusal(forward: &ForwardToLeader<Types>) -> Error {
    match forward.reason {
        ForwardReason::NotLeader => Error::NotLeader { leader: forward.leader_id.map(NodeId) },
        ForwardReason::LeadershipTransfer => Error::TransferInProgress,
        ForwardReason::LeaseExpired => UNHEARD,
    }
}

/// What has stopped openraft.
pub(super) fn of_fatal(fatal: &Fatal<Types>) -> Error {
    #[cfg(test)]
    if let Some(untranslated) = super::slips::of_fatal(fatal) {
        return untranslated;
    }
    match fatal {
        Fatal::StorageError(_) => Error::Storage,
        Fatal::Panicked => Error::Panicked,
        Fatal::Stopped => Error::Closed(Outcome::NotApplied),
    }
}

type Change = ChangeMembershipError<super::types::Term, u64>;

fn of_change(why: &Change) -> &'static str {
    match why {
        ChangeMembershipError::InProgress(_) => "another change is under way",
        ChangeMembershipError::EmptyMembership(_) => "nobody would vote",
        ChangeMembershipError::LearnerNotFound(_) => "it is no learner",
        ChangeMembershipError::UnsupportedMembershipTransition(_) => "it is too much at once",
        ChangeMembershipError::UncommittedLeaderLog(_) => "the leader has not applied an entry of its own term",
        ChangeMembershipError::NodeMetadataChanged(_) => "it is a member already",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Leadership;

    fn forward(reason: ForwardReason) -> ForwardToLeader<Types> {
        ForwardToLeader::new(2, ()).with_reason(reason)
    }

    #[test]
    fn what_is_refused_was_not_proposed_and_says_who_leads() {
        let refused = |reason| of_write(RaftError::APIError(ClientWriteError::ForwardToLeader(forward(reason))));
        assert_eq!(refused(ForwardReason::NotLeader), Error::NotLeader { leader: Some(NodeId(2)) });
        assert_eq!(refused(ForwardReason::LeadershipTransfer), Error::TransferInProgress);
        assert_eq!(refused(ForwardReason::LeaseExpired), UNHEARD);
    }

    #[test]
    fn what_was_appended_and_discarded_may_have_been_applied() {
        let discarded = ClientWriteError::LogEntryDiscarded(forward(ForwardReason::NotLeader));
        assert_eq!(of_write(RaftError::APIError(discarded)).outcome(), Outcome::Unknown);
        assert_eq!(of_write(RaftError::Fatal(Fatal::Stopped)), Error::Closed(Outcome::Unknown));
    }

    #[test]
    fn a_round_without_a_quorum_is_repeated_and_one_without_leadership_is_lost() {
        use openraft::errors::QuorumNotEnough;
        let few = QuorumNotEnough { cluster: String::new(), got: [1].into() };
        assert_eq!(of_round(RaftError::APIError(LinearizableReadError::QuorumNotEnough(few))), None);
        let answered = |reason| of_round(RaftError::APIError(LinearizableReadError::ForwardToLeader(forward(reason))));
        assert_eq!(answered(ForwardReason::NotLeader), Some(INTERRUPTED));
        assert_eq!(answered(ForwardReason::LeaseExpired), Some(INTERRUPTED));
        assert_eq!(answered(ForwardReason::LeadershipTransfer), Some(Error::TransferInProgress));
        assert_eq!(of_round(RaftError::Fatal(Fatal::Stopped)), Some(Error::Closed(Outcome::Unknown)));
    }

    #[test]
    fn what_has_stopped_openraft_is_told_apart() {
        use openraft::{ErrorSubject, ErrorVerb, StorageError};
        let full = StorageError::from_io_error(ErrorSubject::Logs, ErrorVerb::Write, std::io::Error::other("full"));
        assert_eq!(of_fatal(&Fatal::StorageError(full)), Error::Storage);
        assert_eq!(of_fatal(&Fatal::Panicked), Error::Panicked);
        assert_eq!(of_fatal(&Fatal::Stopped), Error::Closed(Outcome::NotApplied));
    }

    #[test]
    fn a_change_that_another_came_before_is_refused() {
        use openraft::errors::PreconditionFailed;
        let late = PreconditionFailed::LastLogIdMismatch { expected: None, actual: None };
        let error = of_write(RaftError::APIError(ClientWriteError::PreconditionFailed(late)));
        assert_eq!((error.leadership(), error.outcome()), (Leadership::Unaffected, Outcome::NotApplied));
    }

    #[test]
    fn a_change_that_is_refused_says_why_and_nothing_about_leadership() {
        use openraft::errors::{EmptyMembership, InProgress, LearnerNotFound, NodeMetadataChanged};
        use openraft::errors::{UncommittedLeaderLog, UnsupportedMembershipTransition};
        let leader_log_id = super::super::types::LogId::new(2.into(), 5);
        let reasons = [
            Change::InProgress(InProgress { committed: None, membership_log_id: None }),
            Change::EmptyMembership(EmptyMembership {}),
            Change::LearnerNotFound(LearnerNotFound { node_id: 4 }),
            Change::UnsupportedMembershipTransition(UnsupportedMembershipTransition {
                previous: Vec::new(),
                proposed: Vec::new(),
            }),
            Change::UncommittedLeaderLog(UncommittedLeaderLog { committed: None, leader_log_id }),
            Change::NodeMetadataChanged(NodeMetadataChanged { node_id: 4 }),
        ];
        let errors = reasons.map(|why| of_write(RaftError::APIError(ClientWriteError::ChangeMembershipError(why))));
        for error in &errors {
            assert_eq!((error.leadership(), error.outcome()), (Leadership::Unaffected, Outcome::NotApplied));
        }
        let told: std::collections::BTreeSet<_> = errors.iter().map(Error::to_string).collect();
        assert_eq!(told.len(), errors.len());
    }
}
