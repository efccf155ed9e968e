//! What happens in the protocol, at which a step may act instead of at a time.

super::words! {
    /// What happens in the protocol, and can be told when it happens. Random faults rarely hit these instants.
    pub enum Phase: "phase of the protocol" {
        /// `lease.begin`
        LeaseBegin = "lease.begin",
        /// `lease.extension`
        LeaseExtension = "lease.extension",
        /// `lease.expiry`
        LeaseExpiry = "lease.expiry",
        /// `lease.end`
        LeaseEnd = "lease.end",
        /// `election`
        Election = "election",
        /// `caught-up`
        CaughtUp = "caught-up",
        /// `step-down`
        StepDown = "step-down",
        /// `check-quorum`
        CheckQuorum = "check-quorum",
        /// `transfer.start`
        TransferStart = "transfer.start",
        /// `transfer.abort`
        TransferAbort = "transfer.abort",
        /// `timeout-now.sent`
        TimeoutNowSent = "timeout-now.sent",
        /// `timeout-now.received`
        TimeoutNowReceived = "timeout-now.received",
        /// `write.acknowledged`
        WriteAcknowledged = "write.acknowledged",
        /// `crash`
        Crash = "crash",
        /// `restart`
        Restart = "restart",
    }
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
