//! The verbs of faults.

/// The one list of verbs: what each does, its word, the file and the type of what is asked (`scenario/verb/`), what it disturbs, which
/// heal ends such faults, beside one of everything (without one they are over at once), when one counts as effective, and the least that
/// a step says of it.
macro_rules! verbs {
    ($with:ident) => {
        $with! {
            /// Hands leadership to another node.
            Transfer = "transfer", transfer::Transfer { disturbs Leadership, effective if "the leader that was asked gave up its leadership", least "{ to = \"@follower\" }" }
            /// Cuts the links between two sides, or into a bridge or a ring: drop, hold, or cut in flight.
            Partition = "partition", partition::Partition { disturbs Reach, healed with Network, effective if "a protocol message met the cut", least "{ sides = [[\"@leader\"], [\"@others\"]] }" }
            /// Impairs links: loss, delay, duplication, disorder, stalls, bandwidth, queues; of a lane or of kinds of messages.
            Link = "link", link::Link { disturbs Messages, healed with Network, effective if "a message was lost, late, doubled, out of order or refused", least "{ loss = \"1%\" }" }
            /// Sets messages of some kinds aside, and delivers or drops them later.
            Hold = "hold", hold::Hold { disturbs Messages, healed with Network, effective if "a message was set aside", least "{ messages = [\"heartbeat-response\"] }" }
            /// Kills processes, which start again after a time on what was durable.
            Crash = "crash", crash::Crash { disturbs Lives, healed with Processes, effective if "a running process was killed", least "{ node = \"@leader\" }" }
            /// Lets processes stand still, at once or at a point of the code, with their clocks running or frozen.
            Pause = "pause", pause::Pause { disturbs Standstill, healed with Processes, effective if "a task that could run was delayed", least "{ node = \"@leader\" }" }
            /// Lets all work of a node take many times as long.
            Slow = "slow", slow::Slow { disturbs Pace, healed with Processes, effective if "there was work", least "{ node = \"@leader\", factor = 10 }" }
            /// Makes clocks go wrong: rate, slew, step, freeze, fail.
            Clock = "clock", clock::ClockFault { disturbs Clocks, healed with Processes, effective if "a process read a clock that would have shown something else", least "{ node = \"@leader\", step = \"+1s\" }" }
            /// Makes disks go wrong: fsync, slow, stall, fail, full.
            Disk = "disk", disk::DiskFault { disturbs Pace, healed with Processes, effective if "an operation failed, or a sync took another time", least "{ node = \"@leader\", stall = true }" }
            /// Adds, promotes, demotes and removes nodes, one by one or by a joint configuration.
            Membership = "membership", membership::MembershipChange { disturbs Members, effective if "the leader that was asked applied the change", least "{ remove = \"@follower\" }" }
            /// Moves a range of keys, in which nothing was ever written, to another group.
            MoveRange = "move-range", move_range::MoveRange { disturbs Routes, effective if "one group released the range, and the other adopted it", least "{ from = \"k5\", group = \"g1\" }" }
            /// Ends faults, and drops what they have left in flight.
            Heal = "heal", heal::Heal { disturbs Nothing, effective if "there was a fault", least "\"everything\"" }
        }
    };
}
pub(crate) use verbs;

macro_rules! verb {
    ($($(#[doc = $does:literal])+ $verb:ident = $word:literal, $module:ident::$fault:ident {
        disturbs $disturbs:ident $(, healed with $healed:ident)?, effective if $effective:literal, least $least:literal
    })*) => {
        super::words! {
            /// What a fault does: the verb of its line in the timeline.
            pub enum Verb: "fault" {
                $($(#[doc = $does])+ $verb = $word,)*
            }
        }

        impl Verb {

            fn facts(self) -> &'static Facts {
                match self {
                    $(Self::$verb => &Facts {
                        does: concat!($($does),+),
                        effective_if: $effective,
                        least: $least,
                    },)*
                }
            }

            /// What faults of this verb disturb.
            pub const fn disturbs(self) -> Disturbs {
                match self {
                    $(Self::$verb => Disturbs::$disturbs,)*
                }
            }

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

/// What there is to say of a verb.
struct Facts {
    does: &'static str,
    effective_if: &'static str,
    least: &'static str,
}

impl Verb {
    /// What it does, as a sentence.
    pub fn does(self) -> &'static str {
        self.facts().does.trim()
    }

    /// When a fault of this verb counts as effective.
    pub fn effective_if(self) -> &'static str {
        self.facts().effective_if
    }

    /// The least that a step says of it, as TOML; of `node`, if it names any.
    pub(crate) fn least(self, node: Option<&str>) -> String {
        let least = self.facts().least;
        let role = least.split('"').find(|word| word.starts_with('@'));
        role.zip(node).map_or_else(|| least.to_owned(), |(role, node)| least.replacen(role, node, 1))
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
    /// Which group has which keys.
    Routes,
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
