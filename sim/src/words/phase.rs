//! What happens in the protocol, at which a step may act instead of at a time.

super::told_words! {
    /// What happens in the protocol, and can be told when it happens. Random faults rarely hit these instants.
    pub enum Phase: "phase of the protocol",
    /// What it is, and whose: `@this` in what a step does at it.
    about {
        LeaseBegin = "lease.begin": "a node comes to hold a lease"
        LeaseExtension = "lease.extension": "a node extends the lease that it holds"
        LeaseExpiry = "lease.expiry": "a lease runs out, not having been extended in time"
        LeaseEnd = "lease.end": "a node ends a lease in force, before its time"
        Election = "election": "a node is elected; its first entry is appended and not yet committed"
        CaughtUp = "caught-up": "a leader has applied an entry of its own term"
        StepDown = "step-down": "a leader leads no more"
        CheckQuorum = "check-quorum": "a leader counts, once an election timeout, whether a quorum has answered"
        TransferStart = "transfer.start": "a leader begins to hand over"
        TransferAbort = "transfer.abort": "a leader gives up handing over"
        TimeoutNowSent = "timeout-now.sent": "a leader tells its successor to stand for election"
        TimeoutNowReceived = "timeout-now.received": "the successor is told"
        WriteAcknowledged = "write.acknowledged": "a client learns that its write was done (@this: nobody)"
        Crash = "crash": "a process is killed"
        Restart = "restart": "a process starts again"
    }
}

impl Phase {
    /// Is it known beforehand when it will happen, so that a step may act before it?
    pub const fn is_foreseen(self) -> bool {
        matches!(self, Self::LeaseExpiry)
    }

    /// Does it happen to a node?
    pub const fn is_of_a_node(self) -> bool {
        !matches!(self, Self::WriteAcknowledged)
    }
}
