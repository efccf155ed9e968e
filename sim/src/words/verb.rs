//! The verbs of faults.

use std::fmt;

/// What a fault does: the verb of its line in the timeline.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verb {
    /// Leadership is handed over.
    Transfer,
    /// Links are cut.
    Partition,
    /// Links are impaired.
    Link,
    /// Single messages are set aside.
    Hold,
    /// Processes are killed.
    Crash,
    /// Processes or tasks stand still.
    Pause,
    /// All work of a node takes longer.
    Slow,
    /// Nodes join and leave the group.
    Membership,
    /// Clocks go wrong.
    Clock,
    /// Disks go wrong.
    Disk,
    /// Faults end.
    Heal,
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
        Verb::Membership,
        Verb::Clock,
        Verb::Disk,
        Verb::Heal,
    ];

    /// Its word in scenarios and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Verb::Transfer => "transfer",
            Verb::Partition => "partition",
            Verb::Link => "link",
            Verb::Hold => "hold",
            Verb::Crash => "crash",
            Verb::Pause => "pause",
            Verb::Slow => "slow",
            Verb::Membership => "membership",
            Verb::Clock => "clock",
            Verb::Disk => "disk",
            Verb::Heal => "heal",
        }
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

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which faults end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Healed {
    /// `"everything"`: all.
    Everything,
    /// `"network"`: partitions, impaired links, holds.
    Network,
    /// `"processes"`: downtimes, pauses, slow CPUs, clocks, disks.
    Processes,
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
