//! The verbs of faults.

use super::Spelled;

super::words! {
    /// What a fault does: the verb of its line in the timeline.
    pub enum Verb: "fault" {
        /// Leadership is handed over.
        Transfer = "transfer",
        /// Links are cut.
        Partition = "partition",
        /// Links are impaired.
        Link = "link",
        /// Single messages are set aside.
        Hold = "hold",
        /// Processes are killed.
        Crash = "crash",
        /// Processes or tasks stand still.
        Pause = "pause",
        /// All work of a node takes longer.
        Slow = "slow",
        /// Clocks go wrong.
        Clock = "clock",
        /// Disks go wrong.
        Disk = "disk",
        /// Nodes join and leave the group.
        Membership = "membership",
        /// Faults end.
        Heal = "heal",
    }
}

impl Verb {
    /// Every verb.
    pub const ALL: [Verb; 11] = [
        Verb::Transfer,
        Verb::Partition,
        Verb::Link,
        Verb::Hold,
        Verb::Crash,
        Verb::Pause,
        Verb::Slow,
        Verb::Clock,
        Verb::Disk,
        Verb::Membership,
        Verb::Heal,
    ];

    /// Its word in scenarios and reports.
    pub fn name(self) -> &'static str {
        self.word()
    }

    /// Which heal, beside one of everything, ends faults of this verb; `None`: they are over at once.
    pub const fn healed_with(self) -> Option<Healed> {
        match self {
            Verb::Transfer | Verb::Membership | Verb::Heal => None,
            Verb::Partition | Verb::Link | Verb::Hold => Some(Healed::Network),
            Verb::Crash | Verb::Pause | Verb::Slow | Verb::Clock | Verb::Disk => Some(Healed::Processes),
        }
    }

    /// Is a fault of this verb in force from when it acts until it ends?
    pub const fn lasts(self) -> bool {
        self.healed_with().is_some()
    }
}

super::words! {
    /// Which faults end.
    pub enum Healed: "thing to heal" {
        /// `"everything"`: all.
        Everything = "everything",
        /// `"network"`: partitions, impaired links, holds.
        Network = "network",
        /// `"processes"`: downtimes, pauses, slow CPUs, clocks, disks.
        Processes = "processes",
    }
}

impl Healed {
    /// Does it end faults of this verb?
    pub fn ends(self, verb: Verb) -> bool {
        verb.healed_with().is_some_and(|with| self == Self::Everything || self == with)
    }

    /// Are faults of the network among them?
    pub fn network(self) -> bool {
        matches!(self, Self::Everything | Self::Network)
    }

    /// Are faults of processes among them?
    pub fn processes(self) -> bool {
        matches!(self, Self::Everything | Self::Processes)
    }
}
