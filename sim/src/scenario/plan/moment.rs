//! Moments of the protocol, at which a step may act instead of at a time.

use std::time::Duration;

/// `when = "lease.expiry - 5ms"`: a phase, and how long before or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What happens.
    pub phase: Phase,
    /// How long after it.
    pub after: Duration,
    /// How long before it. Zero, unless it is [known beforehand](Phase::is_foreseen).
    pub before: Duration,
}

/// What happens in the protocol, and can be told when it happens. Random faults rarely hit these instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// `lease.begin`
    LeaseBegin,
    /// `lease.extension`
    LeaseExtension,
    /// `lease.expiry`
    LeaseExpiry,
    /// `lease.end`
    LeaseEnd,
    /// `election`
    Election,
    /// `caught-up`
    CaughtUp,
    /// `step-down`
    StepDown,
    /// `check-quorum`
    CheckQuorum,
    /// `transfer.start`
    TransferStart,
    /// `transfer.abort`
    TransferAbort,
    /// `timeout-now.sent`
    TimeoutNowSent,
    /// `timeout-now.received`
    TimeoutNowReceived,
    /// `write.acknowledged`
    WriteAcknowledged,
    /// `crash`
    Crash,
    /// `restart`
    Restart,
}

impl Phase {
    /// What it is, and whose: `@this` in what a step does at it.
    pub const fn about(self) -> &'static str {
        match self {
            Self::LeaseBegin => "a node comes to hold a lease",
            Self::LeaseExtension => "a node extends the lease that it holds",
            Self::LeaseExpiry => "a lease runs out, not having been extended in time",
            Self::LeaseEnd => "a node ends a lease in force, before its time",
            Self::Election => "a node is elected; its first entry is appended and not yet committed",
            Self::CaughtUp => "a leader has applied an entry of its own term",
            Self::StepDown => "a leader leads no more",
            Self::CheckQuorum => "a leader counts, once an election timeout, whether a quorum has answered",
            Self::TransferStart => "a leader begins to hand over",
            Self::TransferAbort => "a leader gives up handing over",
            Self::TimeoutNowSent => "a leader tells its successor to stand for election",
            Self::TimeoutNowReceived => "the successor is told",
            Self::WriteAcknowledged => "a client learns that its write was done (@this: nobody)",
            Self::Crash => "a process is killed",
            Self::Restart => "a process starts again",
        }
    }

    /// Is it known beforehand when it will happen, so that a step may act before it?
    pub const fn is_foreseen(self) -> bool {
        matches!(self, Self::LeaseExpiry)
    }

    /// Does it happen to a node?
    pub const fn is_of_a_node(self) -> bool {
        !matches!(self, Self::WriteAcknowledged)
    }
}
