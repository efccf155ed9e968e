//! What an event is about, for who asks why two runs came out differently.

use super::words;

words! {
    /// What somebody asks about who asks why two runs came out differently, in the order of causes.
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
