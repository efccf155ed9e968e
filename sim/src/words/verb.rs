//! The verbs of faults.

use super::Spelled;

/// The one list of verbs: the word, the file and the type of what is asked (`scenario/verb/`), and which heal ends such faults,
/// beside one of everything; without one they are over at once.
macro_rules! verbs {
    ($with:ident) => {
        $with! {
            /// Leadership is handed over.
            Transfer = "transfer", transfer::Transfer;
            /// Links are cut.
            Partition = "partition", partition::Partition, healed with Network;
            /// Links are impaired.
            Link = "link", link::Link, healed with Network;
            /// Single messages are set aside.
            Hold = "hold", hold::Hold, healed with Network;
            /// Processes are killed.
            Crash = "crash", crash::Crash, healed with Processes;
            /// Processes or tasks stand still.
            Pause = "pause", pause::Pause, healed with Processes;
            /// All work of a node takes longer.
            Slow = "slow", slow::Slow, healed with Processes;
            /// Clocks go wrong.
            Clock = "clock", clock::ClockFault, healed with Processes;
            /// Disks go wrong.
            Disk = "disk", disk::DiskFault, healed with Processes;
            /// Nodes join and leave the group.
            Membership = "membership", membership::MembershipChange;
            /// Faults end.
            Heal = "heal", heal::Heal;
        }
    };
}
pub(crate) use verbs;

macro_rules! verb {
    ($($(#[$about:meta])* $verb:ident = $word:literal, $module:ident::$fault:ident $(, healed with $healed:ident)?;)*) => {
        super::words! {
            /// What a fault does: the verb of its line in the timeline.
            pub enum Verb: "fault" {
                $($(#[$about])* $verb = $word,)*
            }
        }

        impl Verb {
            /// Every verb.
            pub const ALL: &[Verb] = &[$(Verb::$verb),*];

            /// Which heal, beside one of everything, ends faults of this verb; `None`: they are over at once.
            pub const fn healed_with(self) -> Option<Healed> {
                let [healed, ..]: &[Option<Healed>] = (match self {
                    $(Verb::$verb => &[$(Some(Healed::$healed),)? None],)*
                }) else {
                    return None;
                };
                *healed
            }
        }
    };
}

verbs!(verb);

impl Verb {
    /// Its word in scenarios and reports.
    pub fn name(self) -> &'static str {
        self.word()
    }

    /// What faults of this verb disturb.
    pub const fn disturbs(self) -> Disturbs {
        match self {
            Verb::Transfer => Disturbs::Leadership,
            Verb::Membership => Disturbs::Members,
            Verb::Partition => Disturbs::Reach,
            Verb::Link | Verb::Hold => Disturbs::Messages,
            Verb::Crash => Disturbs::Lives,
            Verb::Pause => Disturbs::Standstill,
            Verb::Slow | Verb::Disk => Disturbs::Pace,
            Verb::Clock => Disturbs::Clocks,
            Verb::Heal => Disturbs::Nothing,
        }
    }

    /// Is a fault of this verb in force from when it acts until it ends?
    pub const fn lasts(self) -> bool {
        self.healed_with().is_some()
    }
}

/// What a fault disturbs. Checks ask for this and never for the verb, and decide about each: a new verb states in its entry what it
/// disturbs, and where that is something new, no check compiles that has not considered it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Disturbs {
    /// Who leads.
    Leadership,
    /// Who belongs to the group.
    Members,
    /// Who reaches whom.
    Reach,
    /// What becomes of messages on links that are there.
    Messages,
    /// Which processes live, and what is left on their disks.
    Lives,
    /// Processes or tasks stand still, and go on as they were.
    Standstill,
    /// How fast a node works.
    Pace,
    /// What clocks show.
    Clocks,
    /// Nothing: it ends what does.
    Nothing,
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
