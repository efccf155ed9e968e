//! How runs fail.

super::words! {
    /// How a run failed. In order of precedence: a run is of the first class that applies.
    pub enum Class: "class" {
        /// Two runs of one seed differ.
        Nondeterminism = "nondeterminism",
        /// Something panicked.
        Panic = "panic",
        /// A read returned what was no longer the newest.
        StaleRead = "stale-read",
        /// An acknowledged write is gone.
        LostWrite = "lost-write",
        /// A rule of Raft was broken.
        RaftInvariant = "raft-invariant",
        /// A rule of the lease was broken.
        LeaseInvariant = "lease-invariant",
        /// Something that must happen did not.
        Liveness = "liveness",
        /// Somebody was not served though nothing stood in the way.
        Availability = "availability",
        /// A bound of the scenario does not hold.
        Expectation = "expectation",
        /// The run did not exercise what it must.
        Vacuous = "vacuous",
    }
}
