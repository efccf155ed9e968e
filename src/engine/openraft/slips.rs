//! Engines that do not translate one of openraft's errors: to whoever asked that is a message that was lost. The kit sees each that it meets.

use super::types::Types;
use crate::error::{Error, Outcome};
use openraft::errors::{ClientWriteError, Fatal, ForwardReason, LinearizableReadError, RaftError};
use std::cell::Cell;

/// What `errors` translates: an arm of its functions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arm {
    WriteStopped,
    WriteElsewhere,
    WriteAmidTransfer,
    WriteUnheard,
    WriteDiscarded,
    ChangeRefused,
    ChangePrecondition,
    RoundStopped,
    RoundUnanswered,
    RoundAmidTransfer,
    RoundElsewhere,
    StorageFailed,
    Panicked,
    Stopped,
}

impl Arm {
    pub(crate) const ALL: [Self; 14] = [
        Self::WriteStopped,
        Self::WriteElsewhere,
        Self::WriteAmidTransfer,
        Self::WriteUnheard,
        Self::WriteDiscarded,
        Self::ChangeRefused,
        Self::ChangePrecondition,
        Self::RoundStopped,
        Self::RoundUnanswered,
        Self::RoundAmidTransfer,
        Self::RoundElsewhere,
        Self::StorageFailed,
        Self::Panicked,
        Self::Stopped,
    ];

    /// The error, if engines of this thread do not translate it.
    fn untranslated(self) -> Option<Error> {
        (LEFT.get() == Some(self)).then_some(Error::Transport(Outcome::Unknown))
    }
}

thread_local! {
    static LEFT: Cell<Option<Arm>> = const { Cell::new(None) };
}

/// From now on engines of this thread translate all but this.
pub(crate) fn leave(arm: Option<Arm>) {
    LEFT.set(arm);
}

pub(super) fn of_write(error: &RaftError<Types, ClientWriteError<Types>>) -> Option<Error> {
    let arm = match error {
        RaftError::Fatal(_) => Arm::WriteStopped,
        RaftError::APIError(ClientWriteError::ForwardToLeader(forward)) => match forward.reason {
            ForwardReason::NotLeader => Arm::WriteElsewhere,
            ForwardReason::LeadershipTransfer => Arm::WriteAmidTransfer,
            ForwardReason::LeaseExpired => Arm::WriteUnheard,
        },
        RaftError::APIError(ClientWriteError::LogEntryDiscarded(_)) => Arm::WriteDiscarded,
        RaftError::APIError(ClientWriteError::ChangeMembershipError(_)) => Arm::ChangeRefused,
        RaftError::APIError(ClientWriteError::PreconditionFailed(_)) => Arm::ChangePrecondition,
    };
    arm.untranslated()
}

pub(super) fn of_round(error: &RaftError<Types, LinearizableReadError<Types>>) -> Option<Error> {
    let arm = match error {
        RaftError::Fatal(_) => Arm::RoundStopped,
        RaftError::APIError(LinearizableReadError::QuorumNotEnough(_)) => Arm::RoundUnanswered,
        RaftError::APIError(LinearizableReadError::ForwardToLeader(forward)) => match forward.reason {
            ForwardReason::LeadershipTransfer => Arm::RoundAmidTransfer,
            ForwardReason::NotLeader | ForwardReason::LeaseExpired => Arm::RoundElsewhere,
        },
    };
    arm.untranslated()
}

pub(super) fn of_fatal(fatal: &Fatal<Types>) -> Option<Error> {
    let arm = match fatal {
        Fatal::StorageError(_) => Arm::StorageFailed,
        Fatal::Panicked => Arm::Panicked,
        Fatal::Stopped => Arm::Stopped,
    };
    arm.untranslated()
}
