//! What the engine's own task is told to do.

use crate::env::NodeId;
use crate::error::Error;
use std::task::Waker;

/// What the engine's own task is to do.
#[derive(Default)]
pub(super) struct Wants {
    pub(super) stop: Option<Result<(), Error>>,
    pub(super) leave: bool,
    /// Out of this term.
    pub(super) step_down: Option<u64>,
    pub(super) hand_over: Option<NodeId>,
    pub(super) leave_joint: Option<bool>,
    pub(super) snapshot: bool,
    pub(super) round: Option<Vec<u8>>,
    pub(super) may_stand: bool,
    pub(super) waker: Option<Waker>,
}

/// One of these.
#[derive(PartialEq, Debug)]
pub(super) enum Want {
    /// Stop, as asked, or as something has failed.
    Stop(Result<(), Error>),
    /// Hand over to whoever can lead.
    Leave,
    /// Lead no more in this term, though nobody can be handed over to.
    StepDown {
        term: u64,
    },
    HandOver(NodeId),
    /// Leave the joint configuration; its old voters stay as learners, or go.
    LeaveJoint {
        retains: bool,
    },
    Snapshot,
    /// Run a ReadIndex round that renews the lease, of this context.
    Round(Vec<u8>),
    /// Stand for election when it is time.
    MayStand,
}

impl Wants {
    /// The next thing to do.
    pub(super) fn take(&mut self) -> Option<Want> {
        if let Some(end) = self.stop.take() {
            return Some(Want::Stop(end));
        }
        if std::mem::take(&mut self.leave) {
            return Some(Want::Leave);
        }
        if let Some(term) = self.step_down.take() {
            return Some(Want::StepDown { term });
        }
        if let Some(to) = self.hand_over.take() {
            return Some(Want::HandOver(to));
        }
        if let Some(retains) = self.leave_joint.take() {
            return Some(Want::LeaveJoint { retains });
        }
        if std::mem::take(&mut self.snapshot) {
            return Some(Want::Snapshot);
        }
        if std::mem::take(&mut self.may_stand) {
            return Some(Want::MayStand);
        }
        self.round.take().map(Want::Round)
    }

    /// Whoever does it is to look.
    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
