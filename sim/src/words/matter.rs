//! What an event is about, where two runs differ.

use super::words;

words! {
    /// What a difference between two runs is about, causes before what comes of them.
    pub enum Matter: "matter" {
        /// Who leads.
        Leadership = "leadership",
        /// Leases, and what is answered from them.
        Lease = "lease",
        /// What faults do.
        Fault = "fault",
        /// What clients are answered.
        Answer = "answer",
    }
}
